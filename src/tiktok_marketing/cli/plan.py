"""`tiktok-marketing plan`: which requests a sync would send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from tiktok_marketing.cli.choices import read_options, shard_options
from tiktok_marketing.cli.common import (
    CommandWithSettings,
    announce,
    config_option,
    console,
    debug_option,
    json_option,
    load_settings,
    print_json,
    say,
    span,
    streams_option,
    table,
)
from tiktok_marketing.errors import IncompleteReadError, TikTokError
from tiktok_marketing.sync.plan.bounds import NO_BOUNDS, Bounds, with_accounts

if TYPE_CHECKING:
    from tiktok_marketing.api.client import Client
    from tiktok_marketing.catalog import AnyStream, ObjectStream
    from tiktok_marketing.config import AdvertiserId, Config
    from tiktok_marketing.config_sources import ConfigSources
    from tiktok_marketing.sync.forecast import Forecast
    from tiktok_marketing.sync.plan.accounts import Account, Accounts
    from tiktok_marketing.sync.plan.selection import Selected

_QUERIES_IN_FLIGHT = 16
"""Queries about empty days that may wait for their answer at the same time."""


@click.command(
    cls=CommandWithSettings,
    examples=[
        "tiktok-marketing plan --preset basics",
        "tiktok-marketing plan --to duckdb:///tiktok.duckdb --since 30d",
    ],
    short_help="Show how many requests a sync would send, and how long they take.",
    epilog="Exit codes: 0 the plan is complete; 1 TikTok refused a request; 2 wrong usage or configuration.",
)
@config_option
@streams_option("Plan only these streams; `tiktok-marketing streams` lists all.")
@read_options
@shard_options
@click.option(
    "--state",
    "state_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Plan a sync that goes on from this state, in any form that Airbyte writes or shows. Without --state and "
    "--to, plan a first sync.",
)
@click.option(
    "--to",
    metavar="DESTINATION",
    help="Plan the next sync into this database. Write the address as for `sync`.",
)
@click.option("--dataset", default="tiktok_ads", show_default=True, metavar="NAME", help="The schema of the tables.")
@click.option(
    "--ask", is_flag=True, help="Ask TikTok which days have data, as the sync would, and leave out the empty ones."
)
@json_option()
@debug_option
def plan(  # noqa: PLR0913, PLR0917 - a parameter for each option
    sources: ConfigSources,
    names: list[str] | None,
    accounts: list[str] | None,
    choose_shard: Callable[[Config], Config],
    bounds: Bounds,
    state_path: Path | None,
    to: str | None,
    dataset: str,
    ask: bool,
    as_json: bool,
) -> int:
    """Show how many requests a sync would send, per stream and endpoint, and how long they take.

    The plan itself asks TikTok only for the accounts: one request per hundred.
    """
    from tiktok_marketing.airbyte.inputs import load_states
    from tiktok_marketing.sync.plan.selection import Selected, choose_streams, streams_of
    from tiktok_marketing.sync.plan.state_forms import unknown_streams

    if to is not None and state_path is not None:
        raise click.UsageError("--state and --to exclude each other: a sync goes on from one of them. Leave one out.")
    config = choose_shard(with_accounts(load_settings(sources), accounts))
    streams = choose_streams(config, names)
    if to is not None:
        return plan_load(config, streams, to, dataset, bounds, ask=ask, as_json=as_json)
    states: Mapping[str, Any] = load_states(state_path, streams_of(config))
    if unknown := unknown_streams(states, streams_of(config)):
        say(unknown)
    selected = [Selected(stream, incremental=True) for stream in streams]
    return _print_plan(config, selected, states, Request(bounds, ask=ask), as_json=as_json)


class Request(msgspec.Struct, frozen=True):
    """What a sync is asked to do, besides its configuration.

    Args:
        bounds: The days of reports to read.
        ask: Whether to find out which days have data.
        into_database: Whether it loads into a database, and so reads what is missing there.
        full: Whether it reads everything again.
    """

    bounds: Bounds = NO_BOUNDS
    ask: bool = False
    into_database: bool = False
    full: bool = False


def plan_load(
    config: Config,
    streams: Sequence[AnyStream],
    to: str,
    dataset: str,
    bounds: Bounds,
    *,
    ask: bool = False,
    full: bool = False,
    as_json: bool = False,
) -> int:
    """Print the plan of a sync into a database. Returns the exit code."""
    from tiktok_marketing.clock import SystemClock
    from tiktok_marketing.pipelines.load import check_bounded_read, describe_bounded_read
    from tiktok_marketing.sync.plan.selection import select_for_database

    check_bounded_read(config, bounds, SystemClock(), full=full)
    states = _states_in(to, dataset, streams)
    if note := describe_bounded_read(bounds, streams):
        say(note)
    request = Request(bounds, ask=ask, into_database=True, full=full)
    return _print_plan(config, select_for_database(streams), states, request, as_json=as_json)


def _print_plan(
    config: Config, selected: Sequence[Selected], states: Mapping[str, Any], request: Request, *, as_json: bool
) -> int:
    planned = asyncio.run(_forecast(config, selected, states, request))
    if as_json:
        print_json({**msgspec.to_builtins(planned), "bound": planned.bound})
    else:
        show_forecast(planned, config)
    return 0


def _states_in(to: str, dataset: str, streams: Sequence[AnyStream]) -> Mapping[str, Any]:
    from tiktok_marketing.pipelines import destination_of, next_start

    destination = destination_of(to, dataset)
    start = next_start(destination, streams)
    if start is None:
        say(f"No sync has filled {destination.display_name} yet, so this is the plan of the first one.")
        return {}
    for notice in start.notices:
        say(notice)
    return start.states


async def _forecast(
    config: Config, selected: Sequence[Selected], states: Mapping[str, Any], request: Request
) -> Forecast:
    from tiktok_marketing.clock import SystemClock
    from tiktok_marketing.connect import connect
    from tiktok_marketing.pipelines.inspection import from_the_start
    from tiktok_marketing.sync.forecast import by_store, forecast, with_parents
    from tiktok_marketing.sync.plan.new_stores import accounts_to_compare
    from tiktok_marketing.sync.plan.plan_sync import plan_sync, read_states
    from tiktok_marketing.sync.plan.refresh import unreadable_states
    from tiktok_marketing.sync.read.accounts import find_accounts, stop_if_nothing_answers
    from tiktok_marketing.sync.read.empty_days import EmptyDayFinder
    from tiktok_marketing.sync.read.store_counts import StoreCounts

    clock = SystemClock()
    if unreadable := unreadable_states(selected, states):
        states = {name: state for name, state in states.items() if name not in unreadable}
        if not request.full:
            for name, error in unreadable.items():
                remedy = from_the_start(name) if request.into_database else error.remedy
                say(f"{error.message} The sync does not read this stream. {remedy}")
            selected = [of for of in selected if of.stream.name not in unreadable]
    async with connect(config, clock=clock, on_wait=announce) as api:
        accounts = await find_accounts(config, api)
        stop_if_nothing_answers(api, accounts.chosen)
        for problem in await _problems(config, api, selected, accounts):
            say(problem)
        if accounts.incomplete is not None:
            say(f"The plan may lack accounts. {accounts.incomplete.message}")
        cursors = read_states(selected, states)
        stores = StoreCounts(config, api)
        ids = [account.advertiser_id for account in accounts.chosen] if request.ask else []
        plan = plan_sync(
            config,
            selected,
            cursors,
            accounts,
            api.clock_reading(),
            bounds=request.bounds,
            fill_gaps=request.into_database,
            restart=request.full,
            stores=await stores.seen(accounts_to_compare(selected, cursors, ids)),
        )
        for notice in plan.notices:
            say(notice.text)
        empty_days = EmptyDayFinder.of_sync(config, api, plan.all_partitions)
        counted: dict[tuple[str, AdvertiserId], int] = {}
        if request.ask:
            await empty_days.ask_centers()
            await empty_days.ask_all(_QUERIES_IN_FLIGHT)
            today = api.clock_reading().tiktok.date()
            for stream, account in with_parents(plan):
                with suppress(TikTokError, IncompleteReadError):  # the sync will say so; the usual number counts here
                    counted[stream.name, account.advertiser_id] = await _count(config, api, stream, account, today)
            for report, account, days in by_store(plan):
                with suppress(TikTokError, IncompleteReadError):  # likewise
                    counted[report.name, account.advertiser_id] = await stores.requests(report, account, days)
        return forecast(config, plan, accounts.chosen, empty_days, api.limiters.tier, counted)


async def _count(config: Config, api: Client, stream: ObjectStream, account: Account, today: date) -> int:
    """How many requests a stream needs whose requests come from another list."""
    from tiktok_marketing.sync.read.objects import ObjectLists

    lists = ObjectLists(api, stream, account.advertiser_id, include_deleted=config.include_deleted, today=today)
    return await lists.count_requests()


async def _problems(config: Config, api: Client, selected: Sequence[Selected], accounts: Accounts) -> list[str]:
    """Why streams about the accounts themselves cannot be read, although the others can be."""
    from tiktok_marketing.catalog import Scope
    from tiktok_marketing.sync.read.accounts import list_problem

    streams = [selection.stream for selection in selected]
    listing = None if accounts.listed is not None else await list_problem(config, api, streams)
    problems = [] if listing is None else [f"The stream advertiser_ids cannot be read. {listing}"]
    if any(stream.scope is Scope.BATCH for stream in streams):
        errors = dict.fromkeys(account.error for account in accounts.chosen if account.error is not None)
        problems += [f"The stream advertisers cannot be read in full. {error}" for error in errors]
    return problems


def show_forecast(planned: Forecast, config: Config) -> None:
    """Print a forecast for people."""
    from tiktok_marketing.config import describe_settings

    out = console()
    streams = table("Stream", "Accounts", "First day", "Last day", "Windows", "Empty", "Requests",
                    right=("Accounts", "Windows", "Empty", "Requests"))  # fmt: skip
    for stream in planned.streams:
        streams.add_row(
            stream.name,
            f"{stream.accounts:,}",
            str(stream.first or "-"),
            str(stream.last or "-"),
            f"{stream.windows:,}",
            f"{stream.empty:,}",
            f"{stream.requests:,}",
        )
    out.print(streams)
    endpoints = table("Endpoint", "Requests", "Time", right=("Requests", "Time"))
    for endpoint, requests in sorted(planned.requests.items(), key=lambda item: -item[1]):
        endpoints.add_row(f"/{endpoint}", f"{requests:,}", span(planned.seconds[endpoint]))
    out.print(endpoints)
    rate = 1 if config.sandbox else config.requests_per_second
    out.print(
        f"The sync would send at least {sum(planned.requests.values()):,} requests for {planned.accounts:,} "
        f"account{'' if planned.accounts == 1 else 's'}. At {rate:g} requests per second and endpoint they take about "
        f"{span(planned.seconds[planned.bound])}. The slowest endpoint is /{planned.bound}.",
        soft_wrap=True,
    )
    out.print(
        "Each further page is another request. A page has 1,000 rows of a report; 1,000 campaigns, ad groups or ads; "
        "or 20 to 100 of most assets.",
        soft_wrap=True,
    )
    out.print(f"Settings: {describe_settings(config)}.", soft_wrap=True)
    if planned.questions_open:
        out.print(
            f"{planned.questions_open:,} of these requests find out which days have data, for five accounts at a time. "
            "Where such an answer lacks an account or a day, the sync asks about that account alone. "
            "The sync then leaves out empty windows. To see how many that saves, add --ask.",
            soft_wrap=True,
        )
