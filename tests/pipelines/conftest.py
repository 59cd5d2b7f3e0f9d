"""A fake sync: the events that a test wants, through the real loop into a real database of each kind."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from postgres_server import Database, Server, server
from support import quickly
from tiktok_marketing.catalog import ReportStream, Stream, field_types, stream_named
from tiktok_marketing.clock import SystemClock
from tiktok_marketing.pipelines import Summary, Watcher
from tiktok_marketing.pipelines.databases.kinds import destination_of
from tiktok_marketing.pipelines.databases.lock import reserved
from tiktok_marketing.pipelines.load_loop import LoaderThread, LoadLoop
from tiktok_marketing.pipelines.loader import Loader
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.events import Checkpoint, Event, Failure, Rows, StreamEnded, StreamStarted
from tiktok_marketing.sync.run.progress import Progress, StreamProgress

ACCOUNT = 7000000000000000001
AD = 1700000000000000001

_PYTHON: dict[str, Any] = {"string": str, "integer": int, "number": float}


class FakeSync:
    """Yields events. It raises the errors among them, and awaits the functions among them."""

    def __init__(self, events: Iterable[Any]) -> None:
        self._events = list(events)
        self.taken = 0

    async def events(self) -> AsyncIterator[Event]:
        """Yield one event after another."""
        for event in self._events:
            if isinstance(event, BaseException):
                raise event
            if callable(event):
                await event()
                continue
            self.taken += 1
            yield event
            await asyncio.sleep(0)

    def progress(self) -> Progress:
        """Return placeholder figures."""
        return Progress(
            accounts=1,
            streams=(StreamProgress(name="ads", phase="reading", records=0, windows=0, windows_total=0),),
            requests={"report/integrated/get/": 3},
            retried=0,
            refused=0,
            received=0,
            rates={},
            quota=10.0,
            seconds=0.0,
        )


def stream(name: str) -> Stream:
    """A stream of the catalog."""
    named = stream_named(name)
    assert named is not None
    return named


def row_types(of: Stream) -> tuple[type, type, type]:
    """The structs that a sync creates for a report: row, dimensions, metrics."""
    types = field_types(of)
    dimensions = msgspec.defstruct(
        "Dimensions", [(name, _PYTHON[kind.kind]) for name, kind in types["dimensions"].fields.items()]
    )
    metrics = msgspec.defstruct(
        "Metrics", [(name, _PYTHON[kind.kind] | None, None) for name, kind in types["metrics"].fields.items()]
    )
    return msgspec.defstruct("Row", [("dimensions", dimensions), ("metrics", metrics)]), dimensions, metrics


_TYPES: dict[str, tuple[type, type, type]] = {}


def report_row(name: str, dimensions: Mapping[str, Any], **metrics: Any) -> Any:
    """One row of a report."""
    if name not in _TYPES:
        _TYPES[name] = row_types(stream(name))
    row, dimension_type, metric_type = _TYPES[name]
    return row(dimension_type(**dimensions), metric_type(**metrics))


def campaign_row(campaign: int, day: str, spend: str = "1.10", **metrics: Any) -> Any:
    """One row of campaigns_reports_daily, which has a third of the columns of ads_reports_daily."""
    dimensions = {"campaign_id": AD + campaign, "stat_time_day": f"{day} 00:00:00"}
    return report_row("campaigns_reports_daily", dimensions, spend=spend, **metrics)


def day_row(ad: int, day: str, spend: str = "1.10", **metrics: Any) -> Any:
    """One row of ads_reports_daily."""
    return report_row(
        "ads_reports_daily", {"ad_id": AD + ad, "stat_time_day": f"{day} 00:00:00"}, spend=spend, **metrics
    )


def batch(name: str, records: list[Any], account: int | None = ACCOUNT) -> Rows:
    """A page."""
    return Rows(stream(name), account, RecordList(records), 1000 * len(records))


def state(day: str, name: str = "campaigns_reports_daily") -> Checkpoint:
    """A state of one account."""
    cursor = stream(name).cursor
    value = {
        "use_global_cursor": False,
        "states": [{"partition": {"advertiser_id": str(ACCOUNT)}, "cursor": {cursor: f"{day} 00:00:00"}}],
    }
    return Checkpoint(stream(name), value, 0)


def whole(name: str, *between: Any, failures: tuple[Failure, ...] = ()) -> list[Any]:
    """The events of a stream from its start to its end."""
    return [StreamStarted(stream(name)), *between, StreamEnded(stream(name), failures, 0)]


class Loaded(msgspec.Struct):
    """The outcome of a fake sync."""

    summary: Summary
    states_before: dict[str, Any]
    notices: list[str]


class _NoticeCollector(Watcher):
    def __init__(self) -> None:
        self.notices: list[str] = []

    def says(self, text: str) -> None:
        self.notices.append(text)


class DuckDB:
    """A DuckDB file of a test."""

    kind = "duckdb"

    def __init__(self, path: Path) -> None:
        self.address = str(path)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement that reads in the schema of the tables."""
        with duckdb.connect(self.address, read_only=True) as connection:
            connection.execute("USE tiktok_ads")
            rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            return rows

    def change(self, sql: str) -> None:
        """Run statements that change the database, as a user would."""
        with duckdb.connect(self.address) as connection:
            if not sql.startswith("DROP SCHEMA"):
                connection.execute("USE tiktok_ads")
            connection.execute(sql)

    def copy(self, folder: Path) -> DuckDB:
        """A copy of the file."""
        path = shutil.copy(self.address, folder / "copy.duckdb")
        return DuckDB(path)


class Postgres:
    """A Postgres database of a test."""

    kind = "postgres"

    def __init__(self, started: Server) -> None:
        database = started.new_database()
        self.address = database.address
        self.ask = database.ask
        self.change = database.ask
        self.connect = database.connect
        self.another = lambda: Postgres(started)
        self._started = started

    def copy(self, _folder: Path) -> Postgres:
        """A copy of the database."""
        copied = Postgres(self._started)
        name, template = (place.address.rpartition("/")[2] for place in (copied, self))
        server_of_both = Database(self._started.address("postgres"))
        server_of_both.ask(f"DROP DATABASE {name}")
        server_of_both.ask(f"CREATE DATABASE {name} TEMPLATE {template}")
        return copied


class Places:
    """Makes databases for fixtures that are older than a test.

    Args:
        started: The Postgres server.
    """

    def __init__(self, started: Server) -> None:
        self._started = started

    def duckdb(self, folder: Path) -> DuckDB:
        """A place for a DuckDB file."""
        return DuckDB(folder / "loaded.duckdb")

    def postgres(self) -> Postgres:
        """A new Postgres database."""
        return Postgres(self._started)


@pytest.fixture(scope="session")
def places(postgres_server: Server) -> Places:
    """Makes databases."""
    return Places(postgres_server)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """One server for all tests."""
    with server() as started:
        yield started


@pytest.fixture
def duckdb_only(tmp_path: Path) -> DuckDB:
    """A place for a DuckDB file."""
    return DuckDB(tmp_path / "test.duckdb")


@pytest.fixture
def postgres_only(postgres_server: Server) -> Postgres:
    """A new Postgres database."""
    return Postgres(postgres_server)


@pytest.fixture(params=quickly("duckdb", "postgres"))
def database(request: pytest.FixtureRequest) -> DuckDB | Postgres:
    """The database of a test. Each test runs once per kind."""
    database: DuckDB | Postgres = request.getfixturevalue(f"{request.param}_only")
    return database


def in_sink(rows: Rows, loop: LoadLoop) -> Rows:
    """The same rows in a sink of the loop, as a sync delivers them. A page of TikTok's is decoded into it."""
    sink = loop.sink(rows.stream, rows.advertiser_id)
    if isinstance(rows.records, bytes) and isinstance(rows.stream, ReportStream):
        report_reader(rows.stream).read_into(rows.records, lambda: sink)
        return msgspec.structs.replace(rows, records=sink)
    records = rows.records
    if isinstance(records, bytes):
        records = ObjectReader(rows.stream, str(rows.advertiser_id)).read(records).records  # type: ignore[arg-type]
    sink.extend(list(records), records.misfits)  # type: ignore[call-overload, attr-defined]
    return msgspec.structs.replace(rows, records=sink)


def runner(place: DuckDB | Postgres) -> Callable[..., Loaded]:
    """Return a function that loads events into a database."""

    def run_events(
        events: Iterable[Any], *, full: bool = False, stop: asyncio.Event | None = None, names: Iterable[str] = ()
    ) -> Loaded:
        async def main() -> Loaded:
            destination = destination_of(place.address)
            listed = list(events)
            chosen = {event.stream.name: event.stream for event in listed if isinstance(event, StreamStarted)}
            chosen |= {name: stream(name) for name in names}
            watcher = _NoticeCollector()
            with reserved(destination) as folder, LoaderThread() as thread:
                loop = LoadLoop(destination, chosen.values(), watcher, SystemClock(), stop or asyncio.Event())
                loader = Loader(destination, folder, loop.notice_from_thread)
                states = await thread.do(loader.open)
                loop.begin_from(states, loader.columns, full=full)
                read = [in_sink(event, loop) if isinstance(event, Rows) else event for event in listed]
                summary = await loop.run(FakeSync(read), loader, thread)  # type: ignore[arg-type]
            return Loaded(summary, states, watcher.notices)

        return asyncio.run(main())

    return run_events


@pytest.fixture
def run(database: DuckDB | Postgres) -> Callable[..., Loaded]:
    """Load events into the test's database."""
    return runner(database)


@pytest.fixture
def query(database: DuckDB | Postgres) -> Callable[[str], list[tuple[Any, ...]]]:
    """Query the test's database."""
    return database.ask


class Make:
    """The functions that tests build events with."""

    account = ACCOUNT
    ad = AD
    stream = staticmethod(stream)
    report_row = staticmethod(report_row)
    day_row = staticmethod(day_row)
    campaign_row = staticmethod(campaign_row)
    batch = staticmethod(batch)
    state = staticmethod(state)
    whole = staticmethod(whole)
    runner = staticmethod(runner)


@pytest.fixture
def make() -> type[Make]:
    """The functions above, because test folders are not packages that can be imported from."""
    return Make
