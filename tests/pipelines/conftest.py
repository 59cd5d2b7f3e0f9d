"""A sync that is not one: events as a test wants them, through the real pump into a real database of each kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from postgres_server import Server, server
from tiktok_marketing.catalog import Stream, field_types, stream_named
from tiktok_marketing.clock import SystemClock
from tiktok_marketing.pipelines import Summary, Watcher
from tiktok_marketing.pipelines.databases.destination import destination_of
from tiktok_marketing.pipelines.databases.lock import reserved
from tiktok_marketing.pipelines.load_loop import LoaderThread, LoadLoop
from tiktok_marketing.pipelines.loader import Loader
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.events import Checkpoint, Event, Failure, Rows, StreamEnded, StreamStarted
from tiktok_marketing.sync.run.progress import Progress, StreamProgress

ACCOUNT = 7000000000000000001
AD = 1700000000000000001

_PYTHON: dict[str, Any] = {"string": str, "integer": int, "number": float}


class FakeSync:
    """Yields events, or raises the errors among them; an awaitable among them is awaited."""

    def __init__(self, events: Iterable[Any]) -> None:
        self._events = list(events)
        self.taken = 0

    async def events(self) -> AsyncIterator[Event]:
        """Give one event after the other."""
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
        """Tell nothing of worth."""
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
    found = stream_named(name)
    assert found is not None
    return found


def row_types(of: Stream) -> tuple[type, type, type]:
    """Structs as the sync makes them for a report: row, dimensions, metrics."""
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
    """The events of one stream from its start to its end."""
    return [StreamStarted(stream(name)), *between, StreamEnded(stream(name), failures, 0)]


class Loaded(msgspec.Struct):
    """What came of a fake sync."""

    summary: Summary
    states_before: dict[str, Any]
    said: list[str]


class _Ear(Watcher):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def says(self, text: str) -> None:
        self.heard.append(text)


class DuckDB:
    """A DuckDB file of a test."""

    kind = "duckdb"

    def __init__(self, path: Path) -> None:
        self.address = str(path)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement in the schema of the tables."""
        with duckdb.connect(self.address, read_only=True) as connection:
            connection.execute("USE tiktok_ads")
            rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            return rows


class Postgres:
    """A Postgres database of a test."""

    kind = "postgres"

    def __init__(self, started: Server) -> None:
        made = started.new_database()
        self.address = made.address
        self.ask = made.ask
        self.another = lambda: Postgres(started)


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


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest) -> DuckDB | Postgres:
    """Where a test's rows go: each test runs once with each kind."""
    made: DuckDB | Postgres = request.getfixturevalue(f"{request.param}_only")
    return made


def in_sink(rows: Rows, loop: LoadLoop) -> Rows:
    """The same rows in a sink of the loop's, as a sync would deliver them."""
    sink = loop.sink(rows.stream, rows.advertiser_id)
    sink.extend(list(rows.records))  # type: ignore[call-overload]
    return msgspec.structs.replace(rows, records=sink)


def runner(place: DuckDB | Postgres) -> Callable[..., Loaded]:
    """Runs events into a database."""

    def run_events(
        events: Iterable[Any], *, full: bool = False, stop: asyncio.Event | None = None, names: Iterable[str] = ()
    ) -> Loaded:
        async def main() -> Loaded:
            destination = destination_of(place.address)
            listed = list(events)
            chosen = {event.stream.name: event.stream for event in listed if isinstance(event, StreamStarted)}
            chosen |= {name: stream(name) for name in names}
            ear = _Ear()
            with reserved(destination) as folder, LoaderThread() as thread:
                pump = LoadLoop(destination, chosen.values(), ear, SystemClock(), stop or asyncio.Event())
                loader = Loader(destination, folder, pump.notice_from_thread)
                states = await thread.do(loader.open)
                pump.begin_from(states, full=full)
                read = [in_sink(event, pump) if isinstance(event, Rows) else event for event in listed]
                summary = await pump.run(FakeSync(read), loader, thread)  # type: ignore[arg-type]
            return Loaded(summary, states, ear.heard)

        return asyncio.run(main())

    return run_events


@pytest.fixture
def run(database: DuckDB | Postgres) -> Callable[..., Loaded]:
    """Run events into the test's database."""
    return runner(database)


@pytest.fixture
def query(database: DuckDB | Postgres) -> Callable[[str], list[tuple[Any, ...]]]:
    """Ask the test's database."""
    return database.ask


class Make:
    """What tests make events of."""

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
    """The functions above, since test folders are no packages to import from."""
    return Make
