"""Reads and loads at the same time, package after package.

Rows of a report wait until their days are whole. So no package, and no database, holds half of a day.

One package is filled while another is loaded in a thread of its own. If the first is full before the second is loaded,
the loop takes nothing more from the sync. Then the sync's own queue fills up, and reading stops.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any, ParamSpec, Self, TypeVar, cast

import msgspec

from tiktok_marketing.api.client import Announcement
from tiktok_marketing.catalog import Stream
from tiktok_marketing.clock import Clock
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConnectorError, IncompleteReadError
from tiktok_marketing.pipelines.arrow.sink import ArrowSink
from tiktok_marketing.pipelines.arrow.stand_ins import in_their_day
from tiktok_marketing.pipelines.arrow.tables import TableBuilder, check_key, count_misfits
from tiktok_marketing.pipelines.databases.destination import Destination
from tiktok_marketing.pipelines.databases.replacement import Span, day_column
from tiktok_marketing.pipelines.loader_of import PackageLoader
from tiktok_marketing.pipelines.package import FIRST_SECONDS, FULL_SECONDS, LoadPackage, UnfinishedDays
from tiktok_marketing.pipelines.summary import Snapshot, StreamSummary, Summary, Watcher, earliest_cursor
from tiktok_marketing.sync.events import (
    Checkpoint,
    DaysComplete,
    DaysEmpty,
    DaysIncomplete,
    Event,
    Failure,
    Notice,
    Rows,
    StreamEnded,
    StreamStarted,
)
from tiktok_marketing.sync.run.engine import Sync
from tiktok_marketing.sync.run.progress import Progress

P = ParamSpec("P")
T = TypeVar("T")


class LoadLoop:
    """Moves what one sync reads into one database.

    Args:
        destination: The database.
        streams: The streams that were requested.
        watcher: Is told what happens.
        clock: The time.
        stop: Once it is set, reading ends and what was read is loaded.
    """

    def __init__(
        self,
        destination: Destination,
        streams: Iterable[Stream],
        watcher: Watcher,
        clock: Clock,
        stop: asyncio.Event,
    ) -> None:
        self._destination = destination
        self._streams = tuple(streams)
        self._watcher = watcher
        self._clock = clock
        self._stop = stop
        self._started = clock.now()
        self._began = clock.monotonic()
        self._loop = asyncio.get_running_loop()
        self._builders = {stream.name: TableBuilder(stream, self.notice) for stream in self._streams}
        self._states_before: Mapping[str, Mapping[str, Any]] = {}
        self._states: dict[str, Mapping[str, Any]] = {}
        self._forgotten: set[str] = set()
        """Streams whose state is deleted when they start."""
        self._begun: dict[str, float] = {}
        self._seconds: dict[str, float] = {}
        self._ended: dict[str, StreamEnded] = {}
        self._broken: dict[str, Failure] = {}
        self._notices: list[str] = []
        self._taken: dict[str, int] = {}
        """Stream name to the number of rows that were read."""
        self._offered: dict[str, int] = {}
        """Stream name to the number of rows that were put into a package that was loaded."""
        self._loaded: dict[str, int] = {}
        self._misfits: Counter[str] = Counter()
        self._packages = 0
        self._filling = LoadPackage(clock.monotonic())
        self._unfinished = UnfinishedDays()
        self._streams_hiding_rows: set[str] = set()
        """Streams whose rows TikTok may hide, so that a missing row does not mean that it is gone."""
        self._loading: asyncio.Task[None] | None = None
        self._discarded = False
        """Whether what was read is not loaded, because it is only a part of what belongs together."""

    def sink(self, stream: Stream, advertiser_id: int | None) -> ArrowSink:
        """Return a new sink for a page."""
        return ArrowSink(self._builders[stream.name], advertiser_id)

    def begin_from(
        self, states: Mapping[str, Mapping[str, Any]], columns: Mapping[str, Iterable[str]], *, full: bool
    ) -> None:
        """Set what the database has.

        A full sync deletes the state of each of its streams before it loads rows of it, unless the sync itself delivers
        one first: that state has the cursors of the accounts that the sync does not read.

        Args:
            states: The state of each stream.
            columns: The columns of each table.
            full: Whether this is a full sync.
        """
        self._states_before = states
        for stream in self._streams:
            self._builders[stream.name].has_columns(columns.get(stream.name, ()))
        if full:
            self._forgotten = {stream.name for stream in self._streams if stream.name in states}

    def refuse(self, failures: Mapping[str, ConnectorError]) -> None:
        """Give up streams whose tables accept no rows. They are not read, or no longer loaded."""
        for name, error in failures.items():
            if name in self._broken:
                continue
            failure = self._broken[name] = Failure(name, None, "", error)
            stream = next(stream for stream in self._streams if stream.name == name)
            ended = self._ended.get(name, StreamEnded(stream, (), 0))
            if name in self._ended or name not in self._begun:
                self._ended[name] = StreamEnded(stream, (*ended.failures, failure), ended.records)

    def notice_from_thread(self, text: str) -> None:
        """Accept a notice from the loader's thread."""
        self._loop.call_soon_threadsafe(self.notice, text)

    def notice(self, text: str) -> None:
        """Tell the watcher, and keep the text for the summary."""
        self._notices.append(text)
        self._watcher.says(text)

    def inform(self, text: str) -> None:
        """The same for a text about what is as it should be."""
        self._notices.append(text)
        self._watcher.informs(text)

    def waits(self, waiting: Announcement) -> None:
        """Tell the watcher that a request waits before it is retried."""
        self._watcher.says(str(waiting))

    async def run(self, sync: Sync, loader: PackageLoader, thread: LoaderThread) -> Summary:
        """Load everything that the sync reads.

        Raises:
            TikTokError: Nothing could be read.
            ConfigurationError: There is nothing to read.
            DestinationError: The database does not accept a package.
        """
        self._watcher.begins(
            lambda: Snapshot(
                reading=sync.progress(),
                loaded=dict(self._loaded),
                packages=self._packages,
                waits_for=sync.waits_for(),
            )
        )
        stopped: ConnectorError | None = None
        try:
            try:
                async with aclosing(cast("AsyncGenerator[Event, None]", sync.events())) as events:
                    await self._read(events, loader, thread)
            except ConnectorError as error:
                if not self._begun or self._loading_failed:
                    raise  # there is nothing to summarize, or no database for it
                stopped = error
            if self._loading is not None:
                await self._loading
            if loader.holds_packages and (stopped is not None or self._interrupted):
                self._discard()
            else:
                if not self._filling.empty:
                    await self._load(self._filling, loader, thread)
                await thread.do(loader.release)
        finally:
            if self._loading is not None:
                await asyncio.wait({self._loading})
        stored = await thread.do(loader.stored)
        self.refuse(loader.refused)
        summary = self._summary(sync.progress(), stopped, stored, loader.repeated)
        await thread.do(loader.finish, summary)
        return summary

    @property
    def _interrupted(self) -> bool:
        return self._stop.is_set() and any(stream.name not in self._ended for stream in self._streams)

    def _discard(self) -> None:
        """Give up the packages that wait: all days that were to be read are replaced, or none."""
        self._discarded = True
        self._loaded.clear()
        self._offered.clear()
        self._states.clear()
        self._packages = 0
        self.notice("The read did not end, so nothing of it is loaded: all of its days are replaced, or none.")

    async def _read(self, events: AsyncGenerator[Event, None], loader: PackageLoader, thread: LoaderThread) -> None:
        upcoming = asyncio.ensure_future(anext(events))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            while not self._stop.is_set():
                await self._hand_over(loader, thread)
                await self._wait(upcoming, stopping)
                if upcoming.done() and not self._filling.full:
                    try:
                        event = upcoming.result()
                    except StopAsyncIteration:
                        return
                    self._take(event, loader)
                    upcoming = asyncio.ensure_future(anext(events))
        finally:
            stopping.cancel()
            upcoming.cancel()
            await asyncio.wait({upcoming, stopping})
            if not upcoming.cancelled():
                upcoming.exception()  # retrieved, because asyncio warns about an exception that nobody retrieved

    async def _hand_over(self, loader: PackageLoader, thread: LoaderThread) -> None:
        """Start to load the package that was filled, if it is due and no other package is being loaded."""
        if self._loading is not None and self._loading.done():
            await self._loading  # raises the error of the load, if it failed
            self._loading = None
        if self._loading is None and self._due():
            self._loading = asyncio.create_task(self._load(self._filling, loader, thread))
            self._filling = LoadPackage(self._clock.monotonic())

    async def _wait(self, upcoming: asyncio.Future[Event], stopping: asyncio.Future[Any]) -> None:
        waited: set[asyncio.Future[Any]] = {stopping}
        if self._loading is not None:
            waited.add(self._loading)
        if not self._filling.full:
            waited.add(upcoming)
        timeout = None if self._filling.empty or self._loading is not None else max(0.0, self._seconds_until_due())
        await asyncio.wait(waited, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)

    @property
    def _loading_failed(self) -> bool:
        task = self._loading
        return task is not None and task.done() and not task.cancelled() and task.exception() is not None

    def _seconds_until_due(self) -> float:
        """Return the seconds until the package that is being filled is due."""
        seconds = FULL_SECONDS if self._packages else FIRST_SECONDS
        return self._filling.began + seconds - self._clock.monotonic()

    def _due(self) -> bool:
        return self._filling.full or (not self._filling.empty and self._seconds_until_due() <= 0)

    async def _load(self, package: LoadPackage, loader: PackageLoader, thread: LoaderThread) -> None:
        for name, rows in (await thread.do(loader.load, package)).items():
            self._loaded[name] = self._loaded.get(name, 0) + rows
            self._offered[name] = self._offered.get(name, 0) + package.rows_by_stream()[name]
        self.refuse(loader.refused)
        self._states.update(
            {name: of for name, of in package.states.items() if of is not None and name not in self._broken}
        )
        self._packages += 1

    def _take(self, event: Event, loader: PackageLoader) -> None:
        package = self._filling
        match event:
            case StreamStarted(stream=stream):
                self._begun[stream.name] = self._clock.monotonic()
                if stream.name in self._forgotten:
                    package.states[stream.name] = None
                if stream.name not in loader.tables:
                    package.add(stream, self._builders[stream.name].schema.empty_table())
            case Rows(stream=stream) if stream.name not in self._broken:
                self._take_rows(event, package)
            case Checkpoint(stream=stream, state=state) if stream.cursor and stream.name not in self._broken:
                package.states[stream.name] = state
                self._forgotten.discard(stream.name)
            case DaysComplete() | DaysEmpty() | DaysIncomplete():
                self._take_days(event, package)
            case StreamEnded(stream=stream):
                self._seconds[stream.name] = self._clock.monotonic() - self._begun.get(
                    stream.name, self._clock.monotonic()
                )
                if stream.name in self._broken:
                    event = StreamEnded(stream, (*event.failures, self._broken[stream.name]), event.records)
                self._ended[stream.name] = event
                package.ended(event, hides=stream.name in self._streams_hiding_rows)
                self._watcher.ended(event)
            case Notice(level=level, text=text):
                (self.inform if level == "info" else self.notice)(text)
            case _:
                pass  # an event of a stream that cannot be loaded

    def _take_days(self, event: DaysComplete | DaysEmpty | DaysIncomplete, package: LoadPackage) -> None:
        tables = [] if isinstance(event, DaysEmpty) else self._unfinished.release(event.window_id)
        if isinstance(event, DaysIncomplete) or event.stream.name in self._broken:
            return  # days that are not whole are not loaded
        column = day_column(event.stream)
        if column is not None and event.days is not None and event.days.days == 1:
            tables = in_their_day(tables, column, event.stream.table_key, event.days.start)
        for table in tables:
            package.add(event.stream, table, whole=event.exact)
        if not event.exact:
            self._streams_hiding_rows.add(event.stream.name)
            return
        begun = isinstance(event, DaysComplete) and event.window_id in self._unfinished.begun
        package.replace(event.stream, Span(event.advertiser_id, event.days, begun))

    def _take_rows(self, rows: Rows, package: LoadPackage) -> None:
        name = rows.stream.name
        table = cast(ArrowSink, rows.records).table()  # as `sink` made them
        self._taken[name] = self._taken.get(name, 0) + table.num_rows
        try:
            check_key(table, rows.stream)
        except IncompleteReadError as error:
            # From here on the stream's states are ignored too: they would cover rows that are not in the database.
            account = None if rows.advertiser_id is None else AdvertiserId(str(rows.advertiser_id))
            self._broken[name] = Failure(name, account, "", error)
            return
        self._misfits[name] += count_misfits(table)
        if rows.window_id is None:
            package.add(rows.stream, table)
            return
        for stream, released in self._unfinished.add(rows.window_id, rows.stream, table):
            package.add(stream, released)

    def _summary(
        self,
        progress: Progress,
        stopped: ConnectorError | None,
        stored: Mapping[str, int],
        repeated: Mapping[str, int],
    ) -> Summary:
        streams = []
        for stream in self._streams:
            name = stream.name
            ended = self._ended.get(name)
            before = self._states_before.get(name)
            read = self._taken.get(name, 0)
            uncounted = name in self._broken and name in self._loaded and name not in stored
            summary = StreamSummary(
                name=name,
                rows=stored.get(name, 0),
                misfits=self._misfits[name],
                seconds=self._seconds.get(name, 0.0),
                complete=ended is not None and ended.complete and not self._discarded,
                failures=() if ended is None else ended.failures,
                state_from=earliest_cursor(before),
                state_to=earliest_cursor(self._states.get(name, before)),
                read=None if uncounted else read,
                repeated=0 if uncounted else repeated.get(name, 0),
                held_back=0 if uncounted else read - self._offered.get(name, 0),
            )
            streams.append(_with_lost_rows(summary))
        return Summary(
            destination=self._destination.display_name,
            dataset=self._destination.dataset,
            started=self._started,
            ended=self._clock.now(),
            seconds=self._clock.monotonic() - self._began,
            streams=tuple(streams),
            requests=progress.requests,
            packages=self._packages,
            notices=tuple(dict.fromkeys(self._notices)),
            interrupted=self._interrupted,
            stopped=stopped,
            discarded=self._discarded,
        )


def _with_lost_rows(summary: StreamSummary) -> StreamSummary:
    """Make a stream incomplete if rows that were loaded are not in the database."""
    if not summary.lost:
        return summary
    error = IncompleteReadError(
        f"{summary.lost:,} rows that were loaded are not in the table {summary.name}.",
        remedy="A trigger, a rule or another program removes them. Find it, and run the sync again: it reads the "
        "stream from the start.",
    )
    failure = Failure(summary.name, None, "", error)
    return msgspec.structs.replace(summary, complete=False, failures=(*summary.failures, failure))


class LoaderThread:
    """A thread that runs one call after another."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="loader")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown()

    async def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call in the thread. A task that is cancelled meanwhile waits for it: it cannot be interrupted."""
        task = asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise
