"""Reads streams for dlt's resources, which run side by side: all through one client, and so within one quota."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import AnyStream, Stream
from tiktok_marketing.clock import SystemClock
from tiktok_marketing.config import Config
from tiktok_marketing.connect import connect
from tiktok_marketing.dlt.removed import removed_rows
from tiktok_marketing.loop_thread import LoopThread
from tiktok_marketing.pipelines.arrow.sink import ArrowSink
from tiktok_marketing.pipelines.arrow.stand_ins import in_their_day
from tiktok_marketing.pipelines.arrow.tables import TableBuilder, check_key
from tiktok_marketing.pipelines.databases.replacement import day_column
from tiktok_marketing.sync.events import (
    Checkpoint,
    DaysComplete,
    DaysEmpty,
    DaysIncomplete,
    Event,
    Failure,
    Rows,
    StreamEnded,
)
from tiktok_marketing.sync.plan.selection import select_for_database
from tiktok_marketing.sync.run.engine import Sync

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_OBJECTS = 10_000
"""Objects that are handed on together."""
KeepState = Callable[[Mapping[str, Any]], None]
"""Keeps the state of a stream, which covers the rows that were taken before."""


class Reader:
    """Reads streams of one configuration. Its connection is open while any of them is being read.

    Args:
        config: The configuration.
        notice: Called with a sentence that a person should see.
    """

    def __init__(self, config: Config, notice: Callable[[str], None]) -> None:
        self._config = config
        self._notice = notice
        self._lock = threading.Lock()
        self._users = 0
        self._loop: LoopThread | None = None
        self._connection: AbstractAsyncContextManager[Client] | None = None
        self._client: Client | None = None

    def tables(
        self, stream: AnyStream, state: Mapping[str, Any] | None, keep_state: KeepState, *, removes: bool
    ) -> Iterator[pa.Table]:
        """Yield the rows of a stream from its state on: of reports whole days, of objects a page at a time.

        Args:
            stream: The stream.
            state: Where an earlier run ended; None for the start.
            keep_state: Called with each new state.
            removes: Whether rows are needed that remove days without rows (`removed`).

        Yields:
            Tables with rows.

        Raises:
            IncompleteStreamError: At the end, if something is missing.
        """
        loop, client = self._open()
        builder = TableBuilder(stream, self._notice)
        events = self._events(stream, state, client, builder)
        days = _WholeDays(stream, builder.schema if removes else None)
        failures: tuple[Failure, ...] = ()
        try:
            while (event := loop.run(anext(events, None))) is not None:
                yield from days.released_by(event)
                if isinstance(event, Checkpoint) and stream.cursor is not None and stream.is_report:
                    keep_state(event.state)
                elif isinstance(event, StreamEnded):
                    failures = tuple(failure for failure in event.failures if not failure.tolerated)
        finally:
            loop.run(events.aclose())
            self._close()
        if failures:
            raise IncompleteStreamError(failures)

    async def _events(
        self, stream: Stream, state: Mapping[str, Any] | None, client: Client, builder: TableBuilder
    ) -> AsyncGenerator[Event, None]:
        sync = Sync(
            self._config,
            select_for_database([cast(Any, stream)]),
            {} if state is None else {stream.name: state},
            client,
            SystemClock(),
            sink_factory=lambda _, advertiser_id: ArrowSink(builder, advertiser_id),
            fill_gaps=True,
        )
        async with aclosing(cast("AsyncGenerator[Event, None]", sync.events())) as events:
            async for event in events:
                yield event

    def _open(self) -> tuple[LoopThread, Client]:
        with self._lock:
            if self._users == 0:
                self._loop = LoopThread().__enter__()
                self._connection = connect(self._config)
                try:
                    self._client = self._loop.run(self._connection.__aenter__())
                except BaseException:
                    self._loop.__exit__(None, None, None)
                    raise
            self._users += 1
            assert self._loop is not None  # noqa: S101 - set above
            assert self._client is not None  # noqa: S101
            return self._loop, self._client

    def _close(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._loop is not None and self._connection is not None:
                self._loop.run(self._connection.__aexit__(None, None, None))
                self._loop.__exit__(None, None, None)
                self._loop = self._connection = self._client = None


class IncompleteStreamError(Exception):
    """Something of a stream could not be read; the rest was."""

    def __init__(self, failures: tuple[Failure, ...]) -> None:
        self.failures = failures
        super().__init__(*(str(failure.error) for failure in failures))


class _WholeDays:
    """Holds the rows of days until these are whole, and those of objects until they are many or all.

    Args:
        stream: The stream.
        schema: The schema of its rows, to make rows that remove days without rows; None if none are needed.
    """

    def __init__(self, stream: Stream, schema: pa.Schema | None) -> None:
        self._stream = stream
        self._schema = schema
        self._held: dict[int | None, list[pa.Table]] = {}

    def released_by(self, event: Event) -> Iterator[pa.Table]:
        """Yield the rows that an event completes."""
        match event:
            case Rows(window_id=window):
                table = cast(ArrowSink, event.records).table()
                check_key(table, self._stream)
                held = self._held.setdefault(window, [])
                held.append(table)
                if window is None and sum(each.num_rows for each in held) >= _OBJECTS:
                    yield from self._release(None)
            case DaysComplete(window_id=window):
                yield from self._release(window, event)
            case DaysEmpty():
                yield from self._release(None, event)
            case DaysIncomplete(window_id=window):
                self._held.pop(window, None)  # days that are not whole are not loaded
            case StreamEnded():
                yield from self._release(None)
            case _:
                pass

    def _release(self, window: int | None, complete: DaysComplete | DaysEmpty | None = None) -> Iterator[pa.Table]:
        tables = self._held.pop(window, [])
        column = day_column(self._stream)
        if column is not None and complete is not None and complete.days is not None and complete.days.days == 1:
            tables = in_their_day(tables, column, self._stream.table_key, complete.days.start)
        if complete is not None and complete.exact and self._schema is not None:
            removed = removed_rows(self._stream, self._schema, complete.advertiser_id, complete.days, tables)
            tables = [*tables, *([] if removed is None else [removed])]
        if any(table.num_rows for table in tables):
            yield _with_whole_keys(pa.concat_tables(tables, promote_options="default").combine_chunks(), self._stream)


def _with_whole_keys(table: pa.Table, stream: Stream) -> pa.Table:
    """Say in the schema that the columns of the key accept no null, as dlt expects of a primary key."""
    fields = [field.with_nullable(False) if field.name in stream.table_key else field for field in table.schema]
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields))
