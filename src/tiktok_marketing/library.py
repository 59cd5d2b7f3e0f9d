"""What `import tiktok_marketing` offers to programs and notebooks; `docs/python.md` describes it with examples.

Everything here works with and without a running event loop. What loads, examines or converts is imported only when it
is used: importing this module costs what `spec` costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import aclosing
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from tiktok_marketing.catalog import ALL_STREAMS, AnyStream
from tiktok_marketing.config import Config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.extras import install_hint
from tiktok_marketing.loop_thread import LoopThread

if TYPE_CHECKING:
    import pyarrow as pa

    from tiktok_marketing.access_check import CheckResult
    from tiktok_marketing.doctor import Finding
    from tiktok_marketing.sync.events import Event, Failure, Rows
    from tiktok_marketing.sync.forecast import Forecast
    from tiktok_marketing.sync.plan.selection import Selected

T = TypeVar("T")


class Batch:
    """Records of one stream, as many as came in one page.

    Attributes:
        stream: The stream's name.
        advertiser_id: The account they were read for; None for streams that are not read per account.
    """

    __slots__ = ("_rows", "advertiser_id", "stream")

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.stream = rows.stream.name
        self.advertiser_id = rows.advertiser_id

    def __len__(self) -> int:
        return len(self._rows.records)

    def __repr__(self) -> str:
        return f"Batch(stream={self.stream!r}, advertiser_id={self.advertiser_id}, records={len(self)})"

    def to_pylist(self) -> list[dict[str, Any]]:
        """The records as flat dictionaries, with the types of the stream's schema.

        Example:
            `[{"advertiser_id": 7000000000000000001, "campaign_id": 17…, "stat_time_day": "2026-11-01 00:00:00", …}]`
        """
        records = list(cast("list[Any]", self._rows.records))
        if not self._rows.stream.is_report:
            return [dict(record) for record in records]
        account = {} if self.advertiser_id is None else {"advertiser_id": self.advertiser_id}
        as_dict = msgspec.structs.asdict
        # A metric may have the name of a dimension (`campaign_id`), whose value is then the dimension's.
        return [account | as_dict(record.metrics) | as_dict(record.dimensions) for record in records]

    def to_arrow(self) -> pa.Table:
        """The records as an Arrow table, with the columns and types that a database gets: numbers are numbers.

        Raises:
            ConfigurationError: If pyarrow, which the extra `load` brings, is not installed.
        """
        try:
            from tiktok_marketing.pipelines.arrow.tables import TableBuilder
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f"Arrow tables need {error.name}, which is not installed.", remedy=install_hint("load")
            ) from None
        builder = TableBuilder(self._rows.stream, _ignore)
        return builder.table(list(cast("list[Any]", self._rows.records)), self.advertiser_id)


class Checkpoint(msgspec.Struct, frozen=True):
    """Everything that this state covers has been delivered: keep it, and pass it to the next `read_async`.

    Args:
        stream: The stream's name.
        state: The whole state of the stream, ready for JSON.
    """

    stream: str
    state: Mapping[str, Any]


class Result(msgspec.Struct, frozen=True):
    """What `load` did.

    Args:
        complete: Whether everything that was asked for is in the database.
        rows: Rows loaded.
        missing: What is missing and what to do about it, one text each; empty if complete.
        streams: Stream name to rows loaded.
        notices: What else a person should know.
        seconds: How long it took.
    """

    complete: bool
    rows: int
    missing: tuple[str, ...]
    streams: Mapping[str, int]
    notices: tuple[str, ...]
    seconds: float


def streams() -> tuple[AnyStream, ...]:
    """All streams, in the order of the documentation."""
    return ALL_STREAMS


def stream(name: str) -> AnyStream:
    """The stream of this name: its endpoint, keys, cursor and, for a report, its dimensions and metrics.

    Raises:
        ConfigurationError: If there is no such stream; the error names the nearest ones.
    """
    from tiktok_marketing.sync.plan.selection import find_stream

    return find_stream(name)


def read(config: Config, *, streams: Iterable[str] | None = None) -> Iterator[Batch]:
    """Read streams whole, from the start date on.

    Args:
        config: From `load_config`, or a `Config`.
        streams: Names of streams, or patterns like `ads*`; None for all that the configuration can read.

    Yields:
        Batches, as they arrive. Reading waits while none is taken.

    Raises:
        ConfigurationError: If what was asked for cannot be read.
        TikTokError: If TikTok refuses the token or the application, and nothing was read.
        ConnectorError: At the end, after everything else was delivered, if something is missing: the error itself if
            there is one cause, otherwise an `IncompleteReadError` that names them.
    """
    with LoopThread() as loop:
        events = read_async(config, streams=streams)
        try:
            while (event := loop.run(anext(events, None))) is not None:
                if isinstance(event, Batch):
                    yield event
        finally:
            loop.run(events.aclose())


async def read_async(
    config: Config, *, streams: Iterable[str] | None = None, state: Mapping[str, Any] | None = None
) -> AsyncGenerator[Batch | Checkpoint, None]:
    """Read streams, going on from where an earlier run ended.

    Args:
        config: As for `read`.
        streams: As for `read`.
        state: Stream name to the state of its last `Checkpoint`, or the states of the Airbyte source in any form; None
            to read everything from the start date on.

    Yields:
        Batches, and checkpoints: a checkpoint never comes before a record that it covers.

    Raises:
        ConnectorError: As `read`.

    Example:
        async for event in read_async(config, streams=["ads_reports_daily"], state=saved):
            if isinstance(event, Checkpoint): saved[event.stream] = event.state
    """
    from tiktok_marketing.connect import connect
    from tiktok_marketing.sync.events import Checkpoint as StateReached
    from tiktok_marketing.sync.events import Rows, StreamEnded, combined
    from tiktok_marketing.sync.plan.selection import streams_of
    from tiktok_marketing.sync.plan.state_forms import states_by_stream
    from tiktok_marketing.sync.run.engine import Sync

    selected = _selected(config, streams)
    failures: list[Failure] = []
    async with connect(config) as api:
        sync = Sync(config, selected, states_by_stream(state, streams_of(config)), api, _clock())
        async with aclosing(cast("Any", sync.events())) as events:
            event: Event
            async for event in events:
                match event:
                    case Rows():
                        yield Batch(event)
                    case StateReached() if event.stream.cursor is not None:
                        yield Checkpoint(event.stream.name, event.state)
                    case StreamEnded():
                        failures += [failure for failure in event.failures if not failure.tolerated]
    if failures:
        raise combined(failures)


def load(
    config: Config,
    to: str,
    *,
    streams: Iterable[str] | None = None,
    since: date | str | None = None,
    until: date | str | None = None,
    accounts: Iterable[str | int] | None = None,
    dataset: str | None = None,
    full: bool = False,
) -> Result:
    """Load streams into a database, going on from where the last run into it ended.

    Args:
        config: As for `read`.
        to: The database: `duckdb:///tiktok.duckdb`, `postgresql://user:password@host/database`, or another address of
            docs/destinations.md.
        streams: As for `read`.
        since: The first day of reports to read, instead of the days that are due: a date, `2026-11-01`, `30d` for 30
            days ago, `yesterday` or `today`, in the account's time zone. The days are replaced; the state never passes
            over days that were not read.
        until: The last day of reports to read, in the same form; None for the configured one.
        accounts: The ids of the accounts to read; None for all that the configuration selects.
        dataset: Schema of the tables; None for `tiktok_ads`.
        full: Whether to forget the state of these streams and read them from the start date on.

    Raises:
        ConfigurationError: If what was asked for cannot be read or loaded; nothing was read.
        TikTokError: If TikTok refuses the token or the application; nothing was read.
        DestinationError: If the database does not accept what was read.
    """
    from tiktok_marketing.pipelines import DEFAULT_DATASET, RunOptions, load_async
    from tiktok_marketing.sync.plan.bounds import parse_bound

    options = RunOptions(
        since=parse_bound(since, "since"),
        until=parse_bound(until, "until"),
        accounts=None if accounts is None else [str(account) for account in accounts],
    )
    summary = _run(
        lambda: load_async(config, to, streams=streams, dataset=dataset or DEFAULT_DATASET, full=full, options=options)
    )
    return Result(
        complete=summary.complete,
        rows=summary.rows,
        missing=tuple(summary.missing()),
        streams={each.name: each.rows for each in summary.streams},
        notices=summary.notices,
        seconds=summary.seconds,
    )


def check(config: Config) -> list[CheckResult]:
    """Check the token and the application, each account, and the right to read reports.

    Returns:
        What was checked, each with `name`, `ok`, `message` and `remedy`.
    """
    from tiktok_marketing.access_check import check_access
    from tiktok_marketing.api.retry_policy import INTERACTIVE_RETRIES
    from tiktok_marketing.connect import connect

    async def run() -> list[CheckResult]:
        clock = _clock()
        async with connect(config, clock=clock, policy=INTERACTIVE_RETRIES) as api:
            return await check_access(config, api, clock)

    return _run(run)


def plan(config: Config, *, streams: Iterable[str] | None = None, state: Mapping[str, Any] | None = None) -> Forecast:
    """Find out how many requests a read needs and how long the quota makes it take. Only the accounts are asked for.

    Args:
        config: As for `read`.
        streams: As for `read`.
        state: As for `read_async`.

    Returns:
        Requests per stream and per endpoint, and the seconds they take.

    Raises:
        ConnectorError: If the accounts cannot be listed.
    """
    from tiktok_marketing.connect import connect
    from tiktok_marketing.sync.forecast import forecast
    from tiktok_marketing.sync.plan.plan_sync import plan_sync, read_states
    from tiktok_marketing.sync.plan.selection import streams_of
    from tiktok_marketing.sync.plan.state_forms import states_by_stream
    from tiktok_marketing.sync.read.accounts import find_accounts, stop_if_nothing_answers
    from tiktok_marketing.sync.read.empty_days import EmptyDayFinder

    selected = _selected(config, streams)
    cursors = read_states(selected, states_by_stream(state, streams_of(config)))

    async def run() -> Forecast:
        async with connect(config) as api:
            accounts = await find_accounts(config, api)
            stop_if_nothing_answers(api, accounts.chosen)
            sync_plan = plan_sync(config, selected, cursors, accounts, api.clock_reading())
            empty_days = EmptyDayFinder.of_sync(config, api, sync_plan.all_partitions)
            return forecast(config, sync_plan, accounts.chosen, empty_days, api.limiters.tier)

    return _run(run)


def diagnose(
    config: Config, *, database: str | None = None, dataset: str | None = None, streams: Iterable[str] | None = None
) -> list[Finding]:
    """Find out what is wrong with an access or with a database that was loaded.

    Args:
        config: As for `read`.
        database: The database, as for `load`; None to examine the access alone.
        dataset: As for `load`.
        streams: As for `read`.

    Returns:
        Findings, the gravest first, each with `severity`, `message` and `remedy`; empty if all is well.

    Raises:
        ConfigurationError: If there is no such database.
        DestinationError: If the database cannot be read now.
    """
    from tiktok_marketing.doctor import DoctorOptions, examine
    from tiktok_marketing.pipelines import DEFAULT_DATASET, destination_of

    place = None if database is None else destination_of(database, dataset or DEFAULT_DATASET)
    options = DoctorOptions(database=place, streams=None if streams is None else tuple(streams))
    return list(_run(lambda: examine(config, options)).findings)


def _selected(config: Config, names: Iterable[str] | None) -> list[Selected]:
    from tiktok_marketing.sync.plan.selection import Selected, choose_streams

    return [Selected(chosen, incremental=chosen.cursor is not None) for chosen in choose_streams(config, names)]


def _clock() -> Any:
    from tiktok_marketing.clock import SystemClock

    return SystemClock()


def _ignore(_notice: str) -> None:
    """Values that do not fit their column stand in the table's `_misfits`."""


def _run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run to its end, in a thread of its own if this thread has a running event loop (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work())
    with LoopThread() as loop:
        return loop.run(work())
