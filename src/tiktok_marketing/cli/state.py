"""`tiktok-marketing state`: how far a database has been read, and how to read some of it again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tiktok_marketing.cli.choices import accounts_option
from tiktok_marketing.cli.common import (
    CommandWithExamples,
    GroupWithExamples,
    console,
    debug_option,
    json_option,
    print_json,
    say,
    streams_option,
    table,
)

if TYPE_CHECKING:
    from datetime import date, datetime

    from tiktok_marketing.catalog import AnyStream
    from tiktok_marketing.pipelines import Destination
    from tiktok_marketing.pipelines.state_overview import AccountState, Reset

T = TypeVar("T")

_database_option = click.option(
    "--database",
    required=True,
    metavar="URI",
    help="The database that a sync filled, written as for `sync --to`.",
)
_dataset_option = click.option(
    "--dataset", default="tiktok_ads", show_default=True, metavar="NAME", help="The schema of the tables."
)


@click.group(
    cls=GroupWithExamples,
    examples=[
        "tiktok-marketing state show --database duckdb:///tiktok.duckdb",
        "tiktok-marketing state reset --database duckdb:///tiktok.duckdb --from 30d --yes",
    ],
    short_help="Show how far a database has been read, read some of it again, or merge states.",
)
def state() -> None:
    """Show how far a database has been read, set that back so that it is read again, or merge states."""


@state.command(
    cls=CommandWithExamples,
    examples=["tiktok-marketing state show --database duckdb:///tiktok.duckdb --streams 'ads*'"],
    short_help="Show how far each stream and account has been read.",
    epilog="Exit codes: 0 the states are shown; 1 the database cannot be read; 2 wrong usage, or no sync has filled "
    "the database.",
)
@_database_option
@_dataset_option
@streams_option("Show only these streams.")
@accounts_option("Show only these accounts.")
@json_option()
@debug_option
def show(database: str, dataset: str, names: list[str] | None, accounts: list[str] | None, as_json: bool) -> int:
    """Show the cursor of each stream and account, the days that were read without a gap, and the last sync.

    Accounts of a stream that have been read equally far share a line; --json has each of them. Streams that each sync
    reads whole, such as campaigns, have no state.
    """
    from tiktok_marketing.pipelines.state_overview import account_states, last_syncs, refuse_unknown

    destination, states, known = _states(database, dataset)
    chosen, ids = _chosen(names, known), _ids(accounts)
    refuse_unknown(states, chosen, ids, known)
    rows = [row for row in account_states(states, chosen, known) if ids is None or row.advertiser_id in ids]
    ended = last_syncs(destination)
    if as_json:
        print_json({"database": destination.display_name, "dataset": dataset, "states": _as_json(rows, ended)})
    else:
        _show(rows, ended)
    return 0


@state.command(
    cls=CommandWithExamples,
    examples=["tiktok-marketing state reset --database duckdb:///tiktok.duckdb --streams 'ads*' --from 30d"],
    short_help="Set states back, so that the next sync reads some of it again.",
    epilog="Exit codes: 0 the states are set back, or nothing had to be; 1 the database cannot be changed; 2 wrong "
    "usage, or no sync has filled the database; 130 the question was answered with no.",
)
@_database_option
@_dataset_option
@streams_option("Set back only these streams.")
@accounts_option("Set back only these accounts.")
@click.option(
    "--from",
    "first",
    metavar="DAY",
    help="Read again from this day on: 2026-11-01, yesterday, or 30d for 30 days ago.  [default: start_date]",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option()
@debug_option
def reset(
    database: str,
    dataset: str,
    names: list[str] | None,
    accounts: list[str] | None,
    first: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Set states back, so that the next sync reads some of it again. Rows stay until they are read again.

    The states change in one transaction. A state never moves forward. To read some days again without a change of the
    states, use `sync --since`.
    """
    from tiktok_marketing.pipelines.state_overview import ResetRequest, plan_reset, refuse_unknown, reset_states

    destination, states, known = _states(database, dataset)
    request = ResetRequest(streams=_chosen(names, known), accounts=_ids(accounts), first=_first(first))
    refuse_unknown(states, request.streams, request.accounts, known)
    resets, _ = plan_reset(states, request, known)
    if not resets:
        say("No state is set back: what was chosen has no state, or has not been read up to that day.")
    elif not as_json:
        for line in describe(resets):
            sys.stdout.write(f"{line}\n")
    if resets and not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("This changes the states. To confirm it where nobody can be asked, add --yes.")
        click.confirm("Set these states back?", abort=True, err=True)
    done = reset_states(destination, request, known) if resets else []
    if as_json:
        print_json(
            [
                {
                    "stream": each.stream,
                    "advertiser_id": each.advertiser_id,
                    "cursor_before": each.cursor,
                    "read_again_from": None if each.day is None else str(each.day),
                }
                for each in done
            ]
        )
    elif done:
        say(f"{_count(len({each.stream for each in done}), 'stream')} set back in {destination.display_name}.")
    return 0


@state.command(
    cls=CommandWithExamples,
    examples=["tiktok-marketing state merge shard-0.json shard-1.json > state.json"],
    short_help="Merge the states that several shards wrote into one.",
    epilog="Exit codes: 0 the merged state is printed; 2 a file cannot be read, or has no state of this connector.",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@json_option("Print errors as JSON, too. The merged state always is JSON.")
@debug_option
def merge(files: tuple[Path, ...], as_json: bool) -> int:
    """Merge the states of several processes, each of which read some accounts, and print one for the next sync.

    A file has a state in any form that Airbyte writes or shows, also the whole output of a read. Of two cursors of an
    account the later one counts, so the order of the files does not matter.
    """
    from tiktok_marketing.airbyte.inputs import load_states
    from tiktok_marketing.sync.plan.merged_states import is_own_report, merge_states
    from tiktok_marketing.sync.plan.state_forms import unknown_streams

    del as_json  # which only errors need
    states = [load_states(path, others=True) for path in files]
    strange = [{name: state for name, state in of.items() if not is_own_report(name, state)} for of in states]
    for unknown in dict.fromkeys(filter(None, map(unknown_streams, strange))):
        say(unknown)
    print_json(
        [
            {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": merged}}
            for name, merged in merge_states(states).items()
        ]
    )
    return 0


def _states(database: str, dataset: str) -> tuple[Destination, Mapping[str, Any], Sequence[AnyStream]]:
    """The database, its states, and the streams that it knows."""
    from tiktok_marketing.errors import ConfigurationError
    from tiktok_marketing.pipelines import destination_of
    from tiktok_marketing.pipelines.databases.known_streams import known_streams
    from tiktok_marketing.pipelines.inspection import source_in

    destination = destination_of(database, dataset)
    source = source_in(destination)
    if source is None:
        raise ConfigurationError(
            f"No sync has filled {destination.display_name}, schema {dataset}, yet.",
            remedy="Give --database and --dataset as `sync` got them with --to and --dataset.",
        )
    return destination, source.streams, known_streams(source.reports)


def _chosen(names: list[str] | None, known: Sequence[AnyStream]) -> list[str] | None:
    from tiktok_marketing.sync.plan.selection import streams_named

    return None if names is None else [stream.name for stream in streams_named(names, known, sandbox=False)]


def _ids(accounts: list[str] | None) -> list[str] | None:
    """The accounts that an option names, without blanks."""
    if accounts is None:
        return None
    ids = [part.strip() for text in accounts for part in text.split(",") if part.strip()]
    if not ids:
        raise click.UsageError("--accounts names no account.")
    return list(dict.fromkeys(ids))


def _first(text: str | None) -> date | None:
    """The day of `--from`. The time zones of the accounts are not known here, so a relative day is the earliest."""
    from datetime import UTC, datetime

    from tiktok_marketing.clock import ClockReading
    from tiktok_marketing.sync.plan.bounds import Bounds, check_bounds, day_of, parse_bound
    from tiktok_marketing.sync.plan.zones import ZONE_BEHIND_ALL, day_in

    bound = parse_bound(text, "--from")
    if bound is None:
        return None
    now = datetime.now(UTC)
    check_bounds(Bounds(bound), None, ClockReading.at(now))
    return day_of(bound, day_in(ZONE_BEHIND_ALL, now))


def describe(resets: Sequence[Reset]) -> list[str]:
    """What will be read again, a line per stream and day."""
    groups = _grouped(resets, lambda each: (each.stream, each.day, each.cursor))
    return [
        f"{stream}: {_accounts(group)} {'is' if len(group) == 1 else 'are'} read again from "
        f"{'start_date' if day is None else day} on, and had been read up to {cursor[:10]}."
        for (stream, day, cursor), group in groups.items()
    ]


def _grouped(rows: Sequence[T], key: Callable[[T], Any]) -> dict[Any, list[T]]:
    groups: dict[Any, list[T]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _accounts(group: Sequence[AccountState | Reset]) -> str:
    return f"account {group[0].advertiser_id}" if len(group) == 1 else f"{len(group):,} accounts"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _show(rows: Sequence[AccountState], ended: Mapping[str, datetime]) -> None:
    out = console()
    if not rows:
        out.print("No stream that was chosen has a state.")
        return
    listing = table("Stream", "Accounts", "Read up to", "Without a gap from", "Gap", "Last sync (UTC)")
    groups = _grouped(rows, lambda row: (row.stream, row.cursor, row.covered_from, row.gap))
    for (stream, cursor, covered_from, gap), group in groups.items():
        last = ended.get(stream)
        listing.add_row(
            stream,
            group[0].advertiser_id if len(group) == 1 else f"{len(group):,} accounts",
            cursor[:10],
            "-" if covered_from is None else str(covered_from),
            "-" if gap is None else str(gap),
            "-" if last is None else f"{last:%Y-%m-%d %H:%M}",
        )
    out.print(listing)


def _as_json(rows: Sequence[AccountState], ended: Mapping[str, datetime]) -> list[dict[str, Any]]:
    return [
        {
            "stream": row.stream,
            "advertiser_id": row.advertiser_id,
            "cursor": row.cursor,
            "covered_from": None if row.covered_from is None else str(row.covered_from),
            "gap_from": None if row.gap is None else str(row.gap.start),
            "gap_to": None if row.gap is None else str(row.gap.end),
            "last_sync_ended_at": ended[row.stream].isoformat() if row.stream in ended else None,
        }
        for row in rows
    ]
