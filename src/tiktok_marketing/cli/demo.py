"""`tiktok-marketing demo`: from an API to answers, on this machine alone."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click
import msgspec

from tiktok_marketing.cli.common import CommandWithExamples, console, debug_option, json_option, print_json, table
from tiktok_marketing.cli.sync import summary_as_json
from tiktok_marketing.errors import ConfigurationError, ConnectorError, DestinationError
from tiktok_marketing.paths import absolute_path
from tiktok_marketing.text import shown_line

if TYPE_CHECKING:
    from rich.console import Console

    from tiktok_marketing.config import Config
    from tiktok_marketing.emulator import Emulator
    from tiktok_marketing.pipelines import Destination, Summary

_PAGE_MARK = 'content="tiktok-marketing report"'
_MARK = "_tiktok_demo"
"""A table that only the demo creates. A file without it belongs to the user, and the demo never deletes it."""


@click.command(
    cls=CommandWithExamples,
    examples=["tiktok-marketing demo", "tiktok-marketing demo --database try.duckdb --days 14"],
    short_help="Show a sync and its results, without an account.",
)
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    default="demo.duckdb",
    show_default=True,
    metavar="FILE",
    help="The DuckDB file to load into. The demo replaces a file that an earlier demo created.",
)
@click.option(
    "--days", type=click.IntRange(1, 85), default=45, show_default=True, help="How many days of reports to read."
)
@json_option("Print both syncs, the answers and where the page is as JSON, and nothing else.")
@debug_option
def demo(database: Path, days: int, as_json: bool) -> int:
    """Show a sync and its results: start a local TikTok, read it into DuckDB, and query the data.

    The demo needs no account and no network. It starts an emulator of TikTok's API with six ad accounts and checks the
    connection. Then it reads every stream into the database, and reads again to show how little the second sync asks
    for. At the end it makes a page with charts. It takes about a minute.
    """
    out = console(quiet=as_json)
    path = Path(absolute_path(database))
    destination = _destination_of(path)
    page = path.with_name(f"{path.stem}-report.html")
    if not path.parent.is_dir():
        raise ConfigurationError(f"The folder {path.parent} does not exist.", remedy="Create it first.")
    _refuse_foreign_page(page)
    _delete_earlier_demo(path, destination)
    syncs = asyncio.run(_load_twice(out, path, destination, days))
    answers = _answers(path)
    _print_answers(out, answers)
    _make_page(out, destination, page)
    _print_next_steps(out, database)
    if as_json:
        print_json(
            {
                "database": str(path),
                "page": str(page),
                "syncs": [summary_as_json(sync) for sync in syncs],
                "answers": [msgspec.structs.asdict(answer) for answer in answers],
            }
        )
    return 0


class _Answer(msgspec.Struct, frozen=True):
    """What the database answers to a question.

    Args:
        title: The question.
        sql: The question in SQL.
        columns: The names of the columns.
        rows: The values, as a person reads them.
        numbers: The columns that have numbers.
    """

    title: str
    sql: str
    columns: list[str]
    rows: list[list[str]]
    numbers: list[str]


def _destination_of(database: Path) -> Destination:
    from tiktok_marketing.pipelines import destination_of

    return destination_of(f"duckdb:///{quote(str(database))}")


def _refuse_foreign_page(page: Path) -> None:
    """Make sure that the page of the demo replaces no file of the user's.

    Raises:
        DestinationError: A file of that name is there, and no `report` made it.
    """
    # A pipe has no end to read up to.
    if page.exists() and not (page.is_file() and _PAGE_MARK in _beginning_of(page)):
        raise DestinationError(
            f"{page} exists, and the demo did not create it.",
            remedy="Name another file with --database, or move this one away.",
        )


def _beginning_of(page: Path) -> str:
    with page.open(encoding="utf-8", errors="replace") as file:
        return file.read(4000)


def _delete_earlier_demo(path: Path, destination: Destination) -> None:
    """Delete the file of an earlier demo.

    Raises:
        DestinationError: No demo created the file, or the file is in use.
    """
    if not path.exists():
        return
    if not path.is_file():
        raise DestinationError(f"{path} is not a file.", remedy="Name another file with --database.")
    try:
        import duckdb

        with duckdb.connect(str(path), read_only=True) as connection:
            mark = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [_MARK]).fetchone()
    except duckdb.Error as error:
        raise destination.describe_error(error) from error
    if mark is None:
        raise DestinationError(
            f"{path} exists, and the demo did not create it.",
            remedy="Name another file with --database, or move this one away.",
        )
    target = path.resolve()  # a link stays one, and leads to the new file
    target.unlink()
    for place in {path, target}:
        place.with_name(place.name + ".wal").unlink(missing_ok=True)


async def _load_twice(out: Console, path: Path, destination: Destination, days: int) -> tuple[Summary, Summary]:
    from tiktok_marketing.access_check import check_access
    from tiktok_marketing.cli.check import show_results
    from tiktok_marketing.clock import SystemClock
    from tiktok_marketing.connect import connect
    from tiktok_marketing.emulator import Emulator, Options

    async with Emulator(Options(tier="unlimited", record_requests=100_000)) as emulator:
        config = _config(emulator, days)
        _print_heading(out, f"1. An emulator of TikTok's API runs at {emulator.url}")
        _print_heading(out, "2. Check the access")
        async with connect(config, address=emulator.url) as api:
            results = await check_access(config, api, SystemClock())
        show_results(results, out)
        if not all(result.ok for result in results):
            raise ConnectorError("The demo cannot read its own API.", remedy="Report this with the output above.")
        _print_heading(out, f"3. Read the usual streams, and {days} days of reports, into {path.name}")
        first, first_requests = await _sync(emulator, config, path, destination)
        _print_heading(out, "4. Read again: only what may have changed")
        second, second_requests = await _sync(emulator, config, path, destination)
        _compare(out, first, first_requests, second, second_requests)
        return first, second


def _print_heading(out: Console, text: str) -> None:
    out.print()
    out.print(shown_line(text), style="bold")


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
    """Run a sync. Returns its summary, and the number of requests per stream."""
    from tiktok_marketing.cli.progress import Reporter
    from tiktok_marketing.pipelines import RunOptions, load_async

    emulator.counters.reset()
    async with Reporter(quiet=not console(stderr=True).is_terminal) as reporter:
        summary = await load_async(config, destination, watcher=reporter, options=RunOptions(address=emulator.url))
    _mark(path)
    if not summary.complete:
        raise ConnectorError(f"The demo is incomplete. {' '.join(summary.missing())}", remedy="Report this message.")
    return summary, _requests_by_stream(emulator)


def _mark(path: Path) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE IF NOT EXISTS tiktok_ads.{_MARK} (made_by VARCHAR)")


def _requests_by_stream(emulator: Emulator) -> Counter[str]:
    """Count requests per stream. All reports share one endpoint, so their parameters decide."""
    from tiktok_marketing.catalog import STREAMS, ReportStream

    names: dict[tuple[str, ...], str] = {}
    for stream in STREAMS:
        if isinstance(stream, ReportStream):
            source = stream.source
            names[(stream.endpoint, source.report_type, source.data_level, *sorted(source.dimensions))] = stream.name
        else:
            names[(stream.endpoint,)] = stream.name
    counts: Counter[str] = Counter()
    for request in emulator.counters.requests:
        key: tuple[str, ...] = (request.path,)
        if "dimensions" in request.params:
            kind = (request.params.get("report_type", ""), request.params.get("data_level", ""))
            key = (request.path, *kind, *sorted(json.loads(request.params["dimensions"])))
        counts[names.get(key, request.path)] += 1
    return counts


def _compare(
    out: Console, first: Summary, first_requests: Counter[str], second: Summary, second_requests: Counter[str]
) -> None:
    numbers = ("Rows", "Requests", "Seconds", "Rows again", "Requests again", "Seconds again")
    rows = table("Stream", *numbers, right=numbers)
    for before, after in zip(first.streams, second.streams, strict=True):
        rows.add_row(
            before.name,
            f"{before.rows:,}",
            f"{first_requests[before.name]:,}",
            f"{before.seconds:.1f}",
            f"{after.rows:,}",
            f"{second_requests[before.name]:,}",
            f"{after.seconds:.1f}",
        )
    rows.add_section()
    rows.add_row(
        "all",
        f"{first.rows:,}",
        f"{first_requests.total():,}",
        f"{first.seconds:.1f}",
        f"{second.rows:,}",
        f"{second_requests.total():,}",
        f"{second.seconds:.1f}",
        style="bold",
    )
    out.print(rows)
    out.print(
        "Streams are read in parallel, so their seconds overlap. Reports with a cursor go on from where the first sync "
        "ended. They read the last days again, because TikTok still corrects their figures. Every other stream is read "
        "whole."
    )


def _answers(path: Path) -> list[_Answer]:
    """Ask the questions of the demo."""
    import duckdb

    from tiktok_marketing.cli import demo_questions as questions

    answers = []
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("USE tiktok_ads")
        for question in questions.QUESTIONS:
            cursor = connection.execute(question.sql)
            columns = [column[0] for column in cursor.description]
            rows = cursor.fetchall()
            first = rows[0] if rows else ()
            answers.append(
                _Answer(
                    question.title,
                    question.sql,
                    columns,
                    [[questions.value_text(value) for value in row] for row in rows],
                    [column for column, value in zip(columns, first, strict=False) if _is_number(value)],
                )
            )
    return answers


def _print_answers(out: Console, answers: Sequence[_Answer]) -> None:
    for number, answer in enumerate(answers, start=5):
        _print_heading(out, f"{number}. {answer.title}")
        out.print(answer.sql, style="dim")
        rows = table(*answer.columns, right=tuple(answer.numbers))
        for row in answer.rows:
            rows.add_row(*row)
        out.print(rows)


def _make_page(out: Console, destination: Destination, page: Path) -> None:
    from tiktok_marketing.cli import demo_questions as questions
    from tiktok_marketing.cli.output_file import write_whole
    from tiktok_marketing.report import ReportOptions, collect, html_page

    _print_heading(out, f"{5 + len(questions.QUESTIONS)}. Make a page with charts from the database")
    write_whole(page, html_page(collect(destination, ReportOptions())))
    out.print(f"Open it in a browser: {page}", soft_wrap=True)
    out.print()


def _is_number(value: Any) -> bool:
    from decimal import Decimal

    return isinstance(value, (int, float, Decimal))


def _program_path(program: str) -> str:
    """What to type to run a program of this environment: its name if the shell finds it, else its path."""
    own = Path(sys.executable).with_name(program)
    on_path = shutil.which(program)
    if on_path and Path(on_path).resolve() == own.resolve():
        return program
    try:
        return os.path.relpath(own)
    except OSError:  # the working folder is gone
        return str(own)


def _print_next_steps(out: Console, database: Path) -> None:
    command = _program_path("tiktok-marketing")
    out.print("Next steps", style="bold")
    out.print(
        "  Query the data:    "
        f"{_program_path('python')} -c \"import duckdb; duckdb.connect('{database}').sql('SHOW ALL TABLES').show()\"\n"
        "  Your own accounts: docs/credentials.md says what TikTok wants first. Then run\n"
        f"                     {command} login\n"
        f"                     {command} sync --to duckdb:///tiktok.duckdb\n"
        f"  All streams:       {command} streams\n"
        f"  A page of yours:   {command} report --database duckdb:///tiktok.duckdb",
        soft_wrap=True,
    )
