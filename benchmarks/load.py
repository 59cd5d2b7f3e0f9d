"""Rows per second of `ads_reports_daily` into DuckDB and Postgres, compared with the database's own bulk load.

Pages are recorded from the emulator first, so that it does not compete for the processor. Then, for each database:

- bare: DuckDB reads a Parquet file into a table; Postgres copies a CSV file into one. Nothing else is done.
- tables: the connector's loader loads Arrow tables, package by package, each with a state. By day: the rows of each day
  replace those in the table, as with `include_deleted`. By key: rows are merged, as without it.
- pages: everything from the bytes of a page on: tables, packages, loading; by key. With `TIKTOK_PURE_PYTHON=1` in the
  environment the C extension is left out.

`first` is into an empty database, `again` the same rows into the same database, all of which are then replaced. The
Postgres is one of the tests' own, with Postgres' default settings; `--postgres` names another, whose schema `benchmark`
is deleted.

    python benchmarks/load.py [--pages 250] [--runs 3] [--postgres postgresql://user@host/database]
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import msgspec
import psutil
import psycopg2
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from harness import Figure, emulator, leave, machine, options
from read_ads import STREAM, pages_of
from tiktok_marketing.catalog import ReportStream, report_stream
from tiktok_marketing.clock import SystemClock
from tiktok_marketing.pipelines import Watcher
from tiktok_marketing.pipelines.arrow.sink import ArrowSink
from tiktok_marketing.pipelines.arrow.tables import TableBuilder
from tiktok_marketing.pipelines.databases.destination import Destination
from tiktok_marketing.pipelines.databases.kinds import destination_of
from tiktok_marketing.pipelines.databases.lock import reserved
from tiktok_marketing.pipelines.databases.replacement import Span
from tiktok_marketing.pipelines.load_loop import LoaderThread, LoadLoop
from tiktok_marketing.pipelines.loader_of import loader_of
from tiktok_marketing.pipelines.package import FULL_ROWS, LoadPackage
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.events import Checkpoint, DaysComplete, Event, Rows, StreamEnded, StreamStarted
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.run.progress import Progress

ACCOUNT = 7
DATASET = "benchmark"
LEAST = {"DuckDB": 60_000, "Postgres": 30_000}
"""Rows per second into a database that is empty, of the loader."""
PAGES_A_DAY = 9
"""Of 40,000 ads, about as many have rows on a day."""


class Run(msgspec.Struct, frozen=True):
    """One measurement: seconds on the clock and of CPU, the database's included."""

    seconds: float
    cpu: float


class Recorded:
    """The pages of a stream and what they become.

    Args:
        stream: Whose they are.
        days: Days and their pages as they came from the API.
    """

    def __init__(self, stream: ReportStream, days: Sequence[tuple[date, Sequence[bytes]]]) -> None:
        self.stream = stream
        self.days = days
        pages = [page for _, own in days for page in own]
        self._reader = report_reader(stream)
        self._maker = TableBuilder(stream, print)
        began = time.process_time()
        self.tables = [self._read(page).table() for page in pages]
        self.making = time.process_time() - began
        self.rows = sum(table.num_rows for table in self.tables)

    def _read(self, page: bytes) -> ArrowSink:
        return self._reader.read_into(page, lambda: ArrowSink(self._maker, ACCOUNT)).records

    async def events(self) -> AsyncIterator[Event]:
        """The events of a sync."""
        yield StreamStarted(self.stream)
        for part, (day, pages) in enumerate(self.days, 1):
            for page in pages:
                yield Rows(self.stream, ACCOUNT, self._read(page), len(page), part)
                await asyncio.sleep(0)
            yield DaysComplete(self.stream, part, ACCOUNT, Window(day, day), exact=False)
            yield Checkpoint(self.stream, {"stat_time_day": str(day)}, 0)
        yield StreamEnded(self.stream, (), self.rows)

    def progress(self) -> Progress:
        """Nothing of worth."""
        return Progress(
            accounts=1, streams=(), requests={}, retried=0, refused=0, received=0, rates={}, quota=0.0, seconds=0.0
        )


class Place:
    """A database to load into.

    Args:
        title: What it is called here.
        address: Where it is.
        clear: Makes it empty.
        server: The processes that work for it besides this one.
    """

    def __init__(self, title: str, address: str, clear: Callable[[], None], server: Callable[[], float]) -> None:
        self.title = title
        self.clear = clear
        self._server = server
        self.destination: Destination = destination_of(address, DATASET)

    def measured(self, work: Callable[[], None]) -> Run:
        """Load the rows."""
        began, cpu, server = time.perf_counter(), time.process_time(), self._server()
        work()
        seconds, own = time.perf_counter() - began, time.process_time() - cpu
        time.sleep(0.5)  # a server's process is counted once it has ended
        return Run(seconds, own + self._server() - server)


def load_tables(place: Place, recorded: Recorded, *, by_day: bool) -> None:
    """Load Arrow tables, package by package."""
    with reserved(place.destination) as folder:
        loader = loader_of(place.destination, folder, print)
        loader.open()
        package = LoadPackage(0.0)
        tables = iter(recorded.tables)
        for part, (day, pages) in enumerate(recorded.days, 1):
            for _ in pages:
                package.add(recorded.stream, next(tables), whole=by_day)
            if by_day:
                package.replace(recorded.stream, Span(ACCOUNT, Window(day, day)))
            package.states[STREAM] = {"stat_time_day": str(day)}
            if package.full or part == len(recorded.days):
                loader.load(package)
                package = LoadPackage(0.0)


def load_pages(place: Place, recorded: Recorded) -> None:
    """Load everything from the bytes on, as a sync does."""

    async def main() -> None:
        with reserved(place.destination) as folder, LoaderThread() as thread:
            pump = LoadLoop(place.destination, [recorded.stream], Watcher(), SystemClock(), asyncio.Event())
            loader = loader_of(place.destination, folder, print)
            pump.begin_from(await thread.do(loader.open), loader.columns, full=False)
            summary = await pump.run(recorded, loader, thread)  # type: ignore[arg-type]
            assert summary.rows == recorded.rows

    asyncio.run(main())


LOADS: dict[str, Callable[[Place, Recorded], None]] = {
    "tables by day": partial(load_tables, by_day=True),
    "tables by key": partial(load_tables, by_day=False),
    "pages": load_pages,
}


def bare_duckdb(recorded: Recorded, folder: Path) -> Callable[[], None]:
    """DuckDB's own way: Parquet files of a package's size into a table."""
    files = []
    step = FULL_ROWS // 1000
    for first in range(0, len(recorded.tables), step):
        files.append(folder / f"{first}.parquet")
        pq.write_table(pa.concat_tables(recorded.tables[first : first + step]), files[-1])

    def work() -> None:
        path = folder / "bare.duckdb"
        path.unlink(missing_ok=True)
        for file in files:
            with duckdb.connect(str(path)) as connection:
                source = f"FROM read_parquet('{file}')"
                connection.execute(f"CREATE TABLE IF NOT EXISTS bare AS {source} LIMIT 0")
                connection.execute(f"INSERT INTO bare {source}")

    return work


def bare_postgres(recorded: Recorded, folder: Path, address: str) -> Callable[[], None]:
    """Postgres' own way: a CSV file into a table."""
    path = folder / "bare.csv"
    table = pa.concat_tables(recorded.tables)
    pc.write_csv(table, path, pc.WriteOptions(include_header=False))
    kinds = {"int64": "bigint", "double": "double precision", "string": "varchar", "date32[day]": "date"}
    columns = ", ".join(f'"{field.name}" {kinds.get(str(field.type), "numeric(18,4)")}' for field in table.schema)

    def work() -> None:
        with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor, path.open("rb") as file:
            cursor.execute("DROP TABLE IF EXISTS bare_copy")
            cursor.execute(f"CREATE TABLE bare_copy ({columns})")
            connection.commit()
            cursor.copy_expert("COPY bare_copy FROM STDIN (FORMAT csv)", file, 1 << 20)
            connection.commit()
            cursor.execute("DROP TABLE bare_copy")
            connection.commit()

    return work


@contextmanager
def places(address: str | None, folder: Path, recorded: Recorded) -> Iterator[list[tuple[Place, Callable[[], None]]]]:
    """The databases, each with its bare way."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    server = importlib.import_module("postgres_server").server
    with ExitStack() as stack:
        where = address
        if where is None:
            started = stack.enter_context(server("fsync=on", "full_page_writes=on", "max_wal_size=1GB"))
            where = started.new_database().address
        path = folder / "test.duckdb"

        def clear_postgres() -> None:
            with closing(psycopg2.connect(where)) as connection, connection.cursor() as cursor:
                for schema in (DATASET, f"{DATASET}_staging"):
                    cursor.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
                connection.commit()

        yield [
            (
                Place("DuckDB", str(path), lambda: path.unlink(missing_ok=True), lambda: 0.0),
                bare_duckdb(recorded, folder),
            ),
            (Place("Postgres", where, clear_postgres, children_cpu), bare_postgres(recorded, folder, where)),
        ]


def children_cpu() -> float:
    """CPU seconds of the child processes, including those that have ended."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def show(title: str, runs: Sequence[Run], rows: int, bare: float, least: int | None = None) -> Figure:
    """Print one line.

    Args:
        title: What was done.
        runs: How it went, each time.
        rows: What was loaded each time.
        bare: Microseconds of CPU per row of the database's own way; 0 for that itself.
        least: Rows per second that are to be reached.
    """
    rates = sorted(rows / run.seconds for run in runs)
    cpu = min(run.cpu for run in runs) / rows * 1e6
    share = f", {cpu / bare:.1f} times bare" if bare else ""
    print(
        f"{title:>28}: {rates[-1]:>9,.0f} rows per second (runs {rates[0]:,.0f} to {rates[-1]:,.0f}), "
        f"{cpu:.1f} us CPU per row, the database's included{share}",
        flush=True,
    )
    spread = f"runs {rates[0]:,.0f} to {rates[-1]:,.0f}; {cpu:.1f} µs CPU per row{share}"
    return Figure(what=f"{title}: rows per second", value=rates[-1], least=least, remark=spread)


def main() -> None:
    """Run it and print the figures."""
    parser = options(__doc__)
    parser.add_argument("--pages", type=int, default=250, help="pages of 1,000 rows")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--postgres", metavar="ADDRESS", help="instead of a server of the tests' own")
    arguments = parser.parse_args()
    stream = report_stream(STREAM)
    today = datetime.now(UTC).date()
    settings = ["--advertisers", "1", "--days", "60", "--ads-per-account", "40000", "--ad-report-limit", "10000000"]
    with emulator(*settings, "--record-requests", "0") as ready:
        days = [today - timedelta(days=number) for number in range(30, 0, -1)]
        count = max(1, arguments.pages // PAGES_A_DAY)
        given = Recorded(stream, [(day, pages_of(ready, day, day, PAGES_A_DAY)) for day in days[:count]])
    columns = given.tables[0].num_columns
    print(f"{machine()}, load {os.getloadavg()[0]:.1f}; {STREAM}: {given.rows:,} rows, {columns} columns")
    print(f"us CPU per row from the bytes of a page to a table: {given.making / given.rows * 1e6:.1f}")
    with tempfile.TemporaryDirectory() as folder, places(arguments.postgres, Path(folder), given) as found:
        figures = []
        for place, bare in found:
            runs = [place.measured(bare) for _ in range(arguments.runs)]
            best = min(run.cpu for run in runs) / given.rows * 1e6
            figures.append(show(f"{place.title} bare", runs, given.rows, 0))
            for title, work in LOADS.items():
                first_runs, again_runs = [], []
                for _ in range(arguments.runs):
                    place.clear()
                    first_runs.append(place.measured(partial(work, place, given)))
                    again_runs.append(place.measured(partial(work, place, given)))
                for when, runs in (("first", first_runs), ("again", again_runs)):
                    least = LEAST[place.title] if when == "first" and work is not load_pages else None
                    figures.append(show(f"{place.title} {title}, {when}", runs, given.rows, best, least))
            place.clear()
    leave(figures, arguments.json)


if __name__ == "__main__":
    main()
