"""`tiktok-marketing sync`: from TikTok into a database."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from tiktok_marketing.cli.assets import check_assets, store
from tiktok_marketing.cli.choices import read_options, shard_options
from tiktok_marketing.cli.common import (
    CommandWithSettings,
    Number,
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
from tiktok_marketing.cli.lines import LineStyle, can_draw, set_line_style
from tiktok_marketing.cli.views import check_views, refresh_views
from tiktok_marketing.interrupts import call_on_signal
from tiktok_marketing.sync.plan.bounds import Bounds
from tiktok_marketing.text import shown_line

if TYPE_CHECKING:
    from tiktok_marketing.cli.progress import Reporter
    from tiktok_marketing.config import Config
    from tiktok_marketing.config_sources import ConfigSources
    from tiktok_marketing.pipelines import Summary


@click.command(
    cls=CommandWithSettings,
    examples=[
        "tiktok-marketing sync --to duckdb:///tiktok.duckdb --preset basics",
        "tiktok-marketing sync --to duckdb:///tiktok.duckdb --since 30d --streams 'ads*,campaigns'",
        "tiktok-marketing sync --to duckdb:///tiktok.duckdb --since 2026-11-01 --until yesterday --dry-run",
    ],
    short_help="Read streams into DuckDB or Postgres.",
    epilog="Exit codes: 0 everything was delivered; 1 something is missing, and the output names it; 2 wrong usage or "
    "configuration; 130 or 143 ended by Ctrl-C or a signal. After the first Ctrl-C or signal, sync loads what it has "
    "read. A second one ends it at once.",
)
@config_option
@click.option(
    "--to",
    required=True,
    metavar="DESTINATION",
    help="The database: duckdb:///tiktok.duckdb for a file in this folder, duckdb:////data/tiktok.duckdb for an "
    "absolute path, or postgresql://user@host:5432/database. A Postgres password can be in the address "
    "(user:password@host), in PGPASSWORD or in ~/.pgpass. Also parquet:folder, s3://bucket/prefix, snowflake://…, "
    "bigquery://… and the others of docs/destinations.md.",
)
@streams_option("Read only these streams; `tiktok-marketing streams` lists all.")
@read_options
@shard_options
@click.option("--dataset", default="tiktok_ads", show_default=True, metavar="NAME", help="The schema for the tables.")
@click.option("--views", "with_views", is_flag=True, help="Create or refresh the views that answer questions.")
@click.option(
    "--assets",
    "assets_folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Store images, thumbnails and videos in a folder, before their addresses end.",
)
@click.option("--full", is_flag=True, help="Read the streams again from start_date, whatever was read before.")
@click.option(
    "--wait",
    type=Number(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for a database that another process has open, such as a DuckDB file in a notebook.",
)
@click.option("--dry-run", is_flag=True, help="Read nothing: print what `plan` says about exactly this command.")
@json_option("Print the summary as JSON.")
@click.option("--quiet", is_flag=True, help="Print only what is missing, and with --json the summary.")
@click.option(
    "--log-format",
    type=click.Choice([LineStyle.TIMED.value, LineStyle.JSON.value]),
    help="Print lines with time and level, or lines of JSON, instead of drawing the progress.  [default: a drawing on "
    "a terminal, elsewhere text]",
)
@debug_option
def sync(  # noqa: PLR0913, PLR0917 - a parameter for each option
    sources: ConfigSources,
    names: list[str] | None,
    accounts: list[str] | None,
    choose_shard: Callable[[Config], Config],
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    with_views: bool,
    assets_folder: Path | None,
    log_format: str | None,
    **load: Any,
) -> int:
    """Read streams into a DuckDB file or a Postgres database, from where the last run ended.

    Each stream becomes a table. Rows that arrive again replace those with the same key. Rows are loaded together with
    the state that covers them. However a run ends, the next one goes on from there, and no row is lost or doubled.
    The table of a stream without a cursor has what the last complete read returned, and nothing else.
    """
    from tiktok_marketing.sync.plan.bounds import with_accounts
    from tiktok_marketing.sync.plan.selection import choose_streams

    draws = log_format is None and can_draw()
    if not draws:
        set_line_style(LineStyle(log_format or LineStyle.TIMED.value))
    config = choose_shard(with_accounts(load_settings(sources), accounts))
    request = LoadRequest(**load)
    if dry_run:
        from tiktok_marketing.cli.plan import plan_load

        streams = choose_streams(config, names)
        return plan_load(
            config, streams, request.to, request.dataset, request.bounds, full=request.full, as_json=as_json
        )
    if with_views:
        check_views(request.to, request.dataset)
    if assets_folder is not None:
        check_assets(request.to, request.dataset)
    summary, received = asyncio.run(_sync(config, names, request, quiet=quiet, draws=draws))
    if as_json:
        print_json(summary_as_json(summary))
    elif not quiet:
        show_summary(summary)
    show_missing(summary, with_differences=not (quiet or as_json))
    if summary.interrupted:
        say(level="WARNING", text=f"The sync ended early. {_what_next(request, summary)}.")
        return 128 + (received or signal.SIGINT)
    if with_views:
        refresh_views(request.to, request.dataset)
    stored = assets_folder is None or store(request.to, request.dataset, assets_folder).complete
    return 0 if summary.complete and stored else 1


class LoadRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a sync is asked to do, besides its configuration and streams.

    Args:
        to: The address of the destination.
        dataset: The schema of the tables.
        full: Whether everything is read again.
        wait: Seconds to wait for another process that has the database open.
        bounds: The days of reports to read.
    """

    to: str
    dataset: str
    full: bool
    wait: float
    bounds: Bounds


def _what_next(request: LoadRequest, summary: Summary) -> str:
    if summary.discarded:
        return "Run it again to read the days between these bounds"
    if request.bounds:
        return "What it had read is loaded. Run it again to read the other days between these bounds"
    if request.full and not summary.packages:
        return "What it had read is loaded. Run it again with --full"
    return "What it had read is loaded. The next run goes on from there"


async def _sync(
    config: Config, names: list[str] | None, request: LoadRequest, *, quiet: bool, draws: bool
) -> tuple[Summary, int | None]:
    from tiktok_marketing.cli.progress import Reporter
    from tiktok_marketing.pipelines import RunOptions, load_async

    stop = asyncio.Event()
    async with Reporter(quiet=quiet, draws=draws) as reporter:
        signals = _Signals(stop, reporter, loads=request.bounds.since is None)
        with call_on_signal(signals.receive):
            summary = await load_async(
                config,
                request.to,
                streams=names,
                dataset=request.dataset,
                full=request.full,
                watcher=reporter,
                stop=stop,
                options=RunOptions(wait=request.wait, since=request.bounds.since, until=request.bounds.until),
            )
    return summary, signals.received


class _Signals:
    """Handles Ctrl-C and SIGTERM: the first one ends the sync in order, the second one ends the program."""

    def __init__(self, stop: asyncio.Event, reporter: Reporter, *, loads: bool) -> None:
        self.received: int | None = None
        self._loads = loads
        self._stop = stop
        self._reporter = reporter

    def receive(self, number: int) -> None:
        """Take a signal."""
        if self.received is not None:
            self._reporter.leave()
            # A plain exit would wait for the thread that loads. The database survives a kill at any moment.
            os._exit(128 + number)
        self.received = number
        self._stop.set()
        loading = "Loading what was read. " if self._loads else ""
        self._reporter.informs(f"Stopping. {loading}Interrupt once more to end at once.")


def show_summary(summary: Summary) -> None:
    """Print what was loaded."""
    from rich.text import Text

    streams = table("Stream", "Rows", "Seconds", "Cursor before", "Cursor after", "Status", right=("Rows", "Seconds"))
    for stream in summary.streams:
        streams.add_row(
            stream.name,
            f"{stream.rows:,}",
            f"{stream.seconds:.1f}",
            stream.state_from or "-",
            stream.state_to or "-",
            "complete" if stream.complete else Text("incomplete", "red"),
        )
    out = console()
    out.print(streams)
    rate = summary.rows / summary.seconds if summary.seconds else 0
    out.print(
        f"{summary.rows:,} rows in {span(summary.seconds)} ({rate:,.0f} per second), "
        f"{sum(summary.requests.values()):,} requests: {summary.destination}, schema {summary.dataset}",
        soft_wrap=True,
    )


def show_missing(summary: Summary, *, with_differences: bool = True) -> None:
    """Print on stderr what is missing, and why fewer rows are in the database than were read."""
    for text in summary.differences() if with_differences else ():
        say(text)
    for text in summary.missing():
        say(f"Missing: {text}" if not text.endswith("(skipped, as configured)") else text, is_error=True)


def summary_as_json(summary: Summary) -> dict[str, Any]:
    """A summary, ready for JSON."""
    return {
        "complete": summary.complete,
        "interrupted": summary.interrupted,
        "destination": summary.destination,
        "dataset": summary.dataset,
        "sync_id": summary.sync_id,
        "started_at": summary.started.isoformat(),
        "ended_at": summary.ended.isoformat(),
        "seconds": round(summary.seconds, 3),
        "rows": summary.rows,
        "packages": summary.packages,
        "requests": dict(summary.requests),
        "streams": [
            {
                "name": stream.name,
                "complete": stream.complete,
                "rows": stream.rows,
                "read_rows": stream.read,
                "misfits": stream.misfits,
                "seconds": round(stream.seconds, 3),
                "cursor_before": stream.state_from,
                "cursor_after": stream.state_to,
                "difference": stream.difference or None,
            }
            for stream in summary.streams
        ],
        "missing": [shown_line(text) for text in summary.missing()],
        "notices": [shown_line(text) for text in summary.notices],
    }
