"""`tiktok-marketing plan`: what a sync is going to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tiktok_marketing.cli.common import announce, config_option, console, debug_option, span, table

if TYPE_CHECKING:
    from tiktok_marketing.config import Config
    from tiktok_marketing.sync.forecast import Forecast
    from tiktok_marketing.sync.plan.selection import Selected

_AT_ONCE = 16


@click.command(
    short_help="Show what a sync would ask, and how long the quota makes it take.",
    epilog="Exit codes: 0 it can be read; 1 TikTok refuses; 2 wrong usage or configuration.",
)
@config_option
@click.option("--streams", "names", metavar="A,B", help="Only these streams.")
@click.option(
    "--state",
    "state_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The state that the sync would go on from, as Airbyte keeps it. Without it and --to: a first sync.",
)
@click.option(
    "--to",
    metavar="DESTINATION",
    help="Plan the next sync into this database, as it would be given to `sync`: it goes on from what is there.",
)
@click.option(
    "--dataset", default="tiktok_ads", show_default=True, metavar="NAME", help="Schema of the tables in the database."
)
@click.option(
    "--ask", is_flag=True, help="Ask first which days have data, as the sync would: then idle ones are known."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@debug_option
def plan(
    config_path: Path,
    names: str | None,
    state_path: Path | None,
    to: str | None,
    dataset: str,
    ask: bool,
    as_json: bool,
) -> int:
    """Show what a sync would ask: requests by stream and endpoint, the time they take, and what bounds it.

    Only the accounts are asked for, a request for each hundred of them.
    """
    import msgspec

    from tiktok_marketing.airbyte.inputs import states_by_stream
    from tiktok_marketing.config import load_config, read_json
    from tiktok_marketing.sync.plan.selection import Selected, choose_streams, select_for_database

    if to is not None and state_path is not None:
        raise click.UsageError("Give --state or --to: a sync goes on from one of them.")
    config = load_config(config_path)
    chosen = None if names is None else [name.strip() for name in names.split(",") if name.strip()]
    streams = choose_streams(config, chosen)
    states: Mapping[str, Any] = states_by_stream(read_json(state_path, "state")) if state_path else {}
    if to is not None:
        states = _states_in(to, dataset)
    selected = (
        [Selected(stream, incremental=True) for stream in streams] if to is None else select_for_database(streams)
    )
    found = asyncio.run(_forecast(config, selected, states, ask=ask))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({**msgspec.structs.asdict(found), "bound": found.bound})))
    else:
        show_forecast(found, config)
    return 0


def _states_in(to: str, dataset: str) -> Mapping[str, Any]:
    from tiktok_marketing.pipelines import destination_of, states_in

    destination = destination_of(to, dataset)
    states = states_in(destination)
    if states is None:
        click.echo(f"No sync has filled {destination.display_name} yet: this is the first one.", err=True)
    return states or {}


async def _forecast(config: Config, selected: Sequence[Selected], states: Mapping[str, Any], *, ask: bool) -> Forecast:
    from tiktok_marketing.clock import SystemClock
    from tiktok_marketing.connect import connect
    from tiktok_marketing.sync.forecast import forecast
    from tiktok_marketing.sync.plan.plan_sync import plan_sync, read_states
    from tiktok_marketing.sync.read.accounts import find_accounts
    from tiktok_marketing.sync.read.empty_days import EmptyDayFinder

    clock = SystemClock()
    async with connect(config, clock=clock, on_wait=announce) as api:
        found = await find_accounts(config, api)
        if found.incomplete is not None:
            click.echo(f"Accounts may be missing here. {found.incomplete.message}", err=True)
        plan = plan_sync(config, selected, read_states(selected, states), found, api.clock_reading())
        for notice in plan.notices:
            click.echo(notice.text, err=True)
        empty_days = EmptyDayFinder.of_sync(config, api, plan.all_partitions)
        if ask:
            await empty_days.ask_all(_AT_ONCE)
        return forecast(config, plan, found.chosen, empty_days, api.limiters.tier)


def show_forecast(found: Forecast, config: Config) -> None:
    """Print it for people."""
    out = console()
    shown = table("Stream", "Accounts", "First day", "Last day", "Windows", "Empty", "Requests",
                  right=("Accounts", "Windows", "Empty", "Requests"))  # fmt: skip
    for stream in found.streams:
        shown.add_row(
            stream.name,
            f"{stream.accounts:,}",
            str(stream.first or "-"),
            str(stream.last or "-"),
            f"{stream.windows:,}",
            f"{stream.empty:,}",
            f"{stream.requests:,}",
        )
    out.print(shown)
    lanes = table("Endpoint", "Requests", "Takes", right=("Requests", "Takes"))
    for endpoint, requests in sorted(found.requests.items(), key=lambda item: -item[1]):
        lanes.add_row(f"/{endpoint}", f"{requests:,}", span(found.seconds[endpoint]))
    out.print(lanes)
    rate = 1 if config.sandbox else config.requests_per_second
    out.print(
        f"At least {sum(found.requests.values()):,} requests for {found.accounts:,} account(s), in about "
        f"{span(found.seconds[found.bound])} at {rate:g} a second for each endpoint. /{found.bound} bounds it.",
        soft_wrap=True,
    )
    out.print(
        "Each further page is a request more: 1,000 rows of a report, campaigns or ads, 20 to 100 of most assets."
    )
    if found.questions_open:
        out.print(
            f"{found.questions_open:,} of these requests tell first which days have any data, five accounts at a time. "
            "Windows without any are then left out, so that idle accounts cost nothing more: --ask shows how many.",
            soft_wrap=True,
        )
