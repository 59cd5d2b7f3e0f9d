"""`tiktok-marketing demo`: the whole way, from an API to answers, on this machine alone."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from tiktok_marketing.cli.common import console, debug_option, table
from tiktok_marketing.errors import ConnectorError, DestinationError

if TYPE_CHECKING:
    from rich.console import Console

    from tiktok_marketing.config import Config
    from tiktok_marketing.emulator import Emulator
    from tiktok_marketing.pipelines import Destination, Summary

_MARK = "_tiktok_demo"
"""A table that only the demo makes, so that it never deletes a file that is somebody's."""


@click.command(short_help="See it work, without an account: a local TikTok, a sync, answers.")
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    default="demo.duckdb",
    show_default=True,
    metavar="FILE",
    help="The file to load into; one that an earlier demo made is made anew.",
)
@click.option("--days", type=click.IntRange(1, 85), default=45, show_default=True, help="Days of reports to read.")
@debug_option
def demo(database: Path, days: int) -> int:
    """See it work: a local TikTok, a sync into DuckDB, and answers from the data.

    Needs no account and no network: it starts an emulator of TikTok's API with six ad accounts in it, checks the
    connection, reads every stream into the database, and reads again to show that only what may have changed is asked
    for. Takes less than a minute.
    """
    out = console()
    destination = _destination_of(database)
    path = database.expanduser().absolute()
    _make_room(path, destination)
    asyncio.run(_shown(out, path, destination, days))
    _answers(out, path)
    _what_next(out, database)
    return 0


def _destination_of(database: Path) -> Destination:
    from tiktok_marketing.pipelines import destination_of

    return destination_of(f"duckdb:///{quote(str(database))}")


def _make_room(path: Path, destination: Destination) -> None:
    """Delete what an earlier demo left.

    Raises:
        DestinationError: The file is not of a demo, or in use.
    """
    if not path.exists():
        return
    try:
        import duckdb

        with duckdb.connect(str(path), read_only=True) as connection:
            found = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [_MARK]).fetchone()
    except duckdb.Error as error:
        raise destination.describe_error(error) from error
    if found is None:
        raise DestinationError(
            f"{path} exists, and no demo made it.", remedy="Give another file with --database, or move that one away."
        )
    path.unlink()
    path.with_name(path.name + ".wal").unlink(missing_ok=True)


async def _shown(out: Console, path: Path, destination: Destination, days: int) -> None:
    from tiktok_marketing.access_check import check_access
    from tiktok_marketing.cli.check import show_results
    from tiktok_marketing.clock import SystemClock
    from tiktok_marketing.connect import connect
    from tiktok_marketing.emulator import Emulator, Options

    async with Emulator(Options(tier="unlimited", record_requests=100_000)) as emulator:
        config = _config(emulator, days)
        out.print(f"\n[bold]1. An emulator of TikTok's API runs at {emulator.url}[/bold]")
        out.print("\n[bold]2. Can it be read?[/bold]")
        async with connect(config, address=emulator.url) as api:
            results = await check_access(config, api, SystemClock())
        show_results(results)
        if not all(result.ok for result in results):
            raise ConnectorError("The demo's own API cannot be read.", remedy="Report this with what is printed above.")
        out.print(f"\n[bold]3. Every stream of the last {days} days into {path.name}[/bold]")
        first, asked_first = await _sync(emulator, config, path, destination)
        out.print("\n[bold]4. The same once more: only what may have changed is asked for[/bold]")
        second, asked_second = await _sync(emulator, config, path, destination)
        _compare(out, first, asked_first, second, asked_second)


def _config(emulator: Emulator, days: int) -> Config:
    from tiktok_marketing.config import parse_config

    start = datetime.now(UTC).date() - timedelta(days=days)
    return parse_config(
        {
            "credentials": {
                "auth_type": "oauth2.0",
                "app_id": emulator.app_id,
                "secret": emulator.secret,
                "access_token": emulator.access_token,
            },
            "start_date": start.isoformat(),
            "include_deleted": True,
            "requests_per_second": 200,
        }
    )


async def _sync(
    emulator: Emulator, config: Config, path: Path, destination: Destination
) -> tuple[Summary, Counter[str]]:
    """Run a sync. Returns its summary, and how many requests each stream took."""
    from tiktok_marketing.cli.progress import Reporter
    from tiktok_marketing.pipelines import RunOptions, load_async

    emulator.counters.reset()
    async with Reporter(quiet=not console(stderr=True).is_terminal) as reporter:
        summary = await load_async(config, destination, watcher=reporter, options=RunOptions(address=emulator.url))
    _mark(path)
    if not summary.complete:
        raise ConnectorError(f"The demo is incomplete. {' '.join(summary.missing())}", remedy="Report this.")
    return summary, _requests_by_stream(emulator)


def _mark(path: Path) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE IF NOT EXISTS tiktok_ads.{_MARK} (made_by VARCHAR)")


def _requests_by_stream(emulator: Emulator) -> Counter[str]:
    """Tell requests apart by what they ask for: all reports share one endpoint."""
    from tiktok_marketing.catalog import STREAMS, ReportStream

    names: dict[tuple[str, ...], str] = {}
    for stream in STREAMS:
        if isinstance(stream, ReportStream):
            asked_for = stream.source
            key = (stream.endpoint, asked_for.report_type, asked_for.data_level, *sorted(asked_for.dimensions))
            names[key] = stream.name
        else:
            names[(stream.endpoint,)] = stream.name
    counted: Counter[str] = Counter()
    for asked in emulator.counters.requests:
        key = (asked.path,)
        if "dimensions" in asked.params:
            dimensions = json.loads(asked.params["dimensions"])
            kind = (asked.params.get("report_type", ""), asked.params.get("data_level", ""))
            key = (asked.path, *kind, *sorted(dimensions))
        counted[names.get(key, asked.path)] += 1
    return counted


def _compare(out: Console, first: Summary, asked: Counter[str], second: Summary, asked_again: Counter[str]) -> None:
    numbers = ("Rows", "Requests", "Seconds", "Rows again", "Requests again", "Seconds again")
    shown = table("Stream", *numbers, right=numbers)
    for one, again in zip(first.streams, second.streams, strict=True):
        shown.add_row(
            one.name,
            f"{one.rows:,}",
            f"{asked[one.name]:,}",
            f"{one.seconds:.1f}",
            f"{again.rows:,}",
            f"{asked_again[one.name]:,}",
            f"{again.seconds:.1f}",
        )
    shown.add_section()
    shown.add_row(
        "all",
        f"{first.rows:,}",
        f"{asked.total():,}",
        f"{first.seconds:.1f}",
        f"{second.rows:,}",
        f"{asked_again.total():,}",
        f"{second.seconds:.1f}",
        style="bold",
    )
    out.print(shown)
    out.print(
        "Streams are read side by side, so their seconds overlap. Lifetime reports and accounts have no cursor and are "
        "read whole; the rest goes on from its state, and reads the last days again because TikTok still corrects them."
    )


def _answers(out: Console, path: Path) -> None:
    import duckdb
    from rich.markup import escape

    from tiktok_marketing.cli import demo_questions as questions

    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("USE tiktok_ads")
        for number, question in enumerate(questions.QUESTIONS, start=5):
            cursor = connection.execute(question.sql)
            headings = [column[0] for column in cursor.description]
            rows = cursor.fetchall()
            out.print(f"\n[bold]{number}. {question.title}[/bold]")
            out.print(question.sql, style="dim", markup=False)
            right = tuple(
                heading for heading, value in zip(headings, rows[0] if rows else (), strict=False) if _is_number(value)
            )
            shown = table(*headings, right=right)
            for row in rows:
                shown.add_row(*(escape(questions.shown(value)) for value in row))
            out.print(shown)


def _is_number(value: Any) -> bool:
    from decimal import Decimal

    return isinstance(value, (int, float, Decimal))


def _typed(program: str) -> str:
    """How this program of the same environment is called from here: by name if it is found, else by its path."""
    own = Path(sys.executable).with_name(program)
    found = shutil.which(program)
    return program if found and Path(found).resolve() == own.resolve() else os.path.relpath(own)


def _what_next(out: Console, database: Path) -> None:
    command = _typed("tiktok-marketing")
    out.print("[bold]What next[/bold]")
    out.print(
        "  Ask it more:       "
        f"{_typed('python')} -c \"import duckdb; duckdb.connect('{database}').sql('SHOW ALL TABLES').show()\"\n"
        "  Your own accounts: write config.json (see docs/configuration.md), then\n"
        f"                     {command} check --config config.json\n"
        f"                     {command} sync --config config.json --to duckdb:///tiktok.duckdb\n"
        f"  What there is:     {command} streams",
        markup=False,
        soft_wrap=True,
    )
