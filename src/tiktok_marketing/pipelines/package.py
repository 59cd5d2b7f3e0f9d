"""What is loaded in one go: tables, and the states that are true once these tables are in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from tiktok_marketing.catalog import Stream
from tiktok_marketing.pipelines.arrow.tables import newest_of_each_key
from tiktok_marketing.pipelines.databases.replacement import Span
from tiktok_marketing.sync.events import StreamEnded

FULL_ROWS = 125_000
"""Slightly more than a row group of DuckDB has (122,880). Full row groups go to the file at once. Fewer rows go to the
log first, which took 21 instead of 15 us of CPU per row (ads_reports_daily, 104 columns)."""
FULL_BYTES = 128 * 2**20
"""Arrow memory of a package. It is enough for FULL_ROWS rows of ads_reports_daily. Memory holds at most two packages:
one is filled while another is loaded."""
HELD_BYTES = 96 * 2**20
"""Arrow memory for rows of days that are not whole yet."""
FULL_SECONDS = 10.0
FIRST_SECONDS = 3.0
"""The first package goes early, so that a person who waits sees data, and a wrong destination is noticed soon."""


class UnfinishedDays:
    """Rows of days that are not whole yet.

    A day that has more rows than fit into memory is released early, in several packages.
    """

    def __init__(self) -> None:
        self._tables: dict[int, list[tuple[Stream, pa.Table]]] = {}
        self._sizes: dict[int, int] = {}
        self.begun: set[int] = set()
        """The windows that had rows released early."""

    def add(self, window_id: int, stream: Stream, table: pa.Table) -> list[tuple[Stream, pa.Table]]:
        """Hold rows of a window. Returns the rows that are released early because memory is short."""
        self._tables.setdefault(window_id, []).append((stream, table))
        self._sizes[window_id] = self._sizes.get(window_id, 0) + table.nbytes
        if sum(self._sizes.values()) <= HELD_BYTES:
            return []
        largest = max(self._sizes, key=self._sizes.__getitem__)
        del self._sizes[largest]
        self.begun.add(largest)
        return self._tables.pop(largest)

    def release(self, window_id: int) -> list[pa.Table]:
        """Release the rows of a window that are still held."""
        self._sizes.pop(window_id, None)
        return [table for _, table in self._tables.pop(window_id, ())]


class LoadPackage:
    """Tables of several streams, in the order of their arrival.

    Args:
        began: When filling began, in seconds of the clock.
    """

    def __init__(self, began: float) -> None:
        self.began = began
        self.rows = 0
        self.size = 0
        self.states: dict[str, Mapping[str, Any] | None] = {}
        """Stream name to its new state; None deletes the old state."""
        self.whole: dict[str, tuple[Sequence[int] | None, Sequence[int]]] = {}
        """Streams without a cursor that are complete with this package. For each: the accounts that it was read for
        (None for all), and the accounts among them whose old rows stay."""
        self.streams: dict[str, Stream] = {}
        self.spans: dict[str, list[Span]] = {}
        """Stream name to the days of accounts for which this package has all rows."""
        self.by_key: set[str] = set()
        """Streams with rows in this package that are of other days, or have no day."""
        self._tables: dict[str, list[pa.Table]] = {}
        self._last_spans: dict[tuple[str, int], int] = {}
        """Stream name and account to the position of the account's last span."""

    def add(self, stream: Stream, table: pa.Table, *, whole: bool = False) -> None:
        """Add rows of a stream; an empty table makes sure that the stream's table is created.

        Args:
            stream: The stream.
            table: The rows.
            whole: Whether `replace` covers their days.
        """
        self.streams[stream.name] = stream
        if table.num_rows and not whole:
            self.by_key.add(stream.name)
        self._tables.setdefault(stream.name, []).append(table)
        self.rows += table.num_rows
        self.size += table.nbytes

    def replace(self, stream: Stream, span: Span) -> None:
        """Note that this package has all rows of these days; there may be none."""
        self.streams[stream.name] = stream
        spans = self.spans.setdefault(stream.name, [])
        position = self._last_spans.get((stream.name, span.advertiser_id))
        longer = None if position is None else spans[position].with_next(span)
        if position is not None and longer is not None:
            spans[position] = longer
            return
        self._last_spans[stream.name, span.advertiser_id] = len(spans)
        spans.append(span)

    def ended(self, event: StreamEnded, *, hides: bool = False) -> None:
        """Note that a stream that is read whole each time is complete.

        Rows that such a stream no longer has are gone at TikTok, and are removed from the database: after a complete
        read and never before. Rows of accounts that were skipped on purpose or not requested stay.

        Args:
            event: The end of the stream.
            hides: Whether TikTok may hide rows of the stream, so that a missing row does not mean that it is gone.
        """
        if event.stream.cursor is None and event.complete and not hides:
            skipped = [failure.advertiser_id for failure in event.failures]
            if None not in skipped:
                read = None if event.accounts is None else [int(account) for account in event.accounts]
                self.whole[event.stream.name] = read, [int(account) for account in skipped if account is not None]
                self.streams[event.stream.name] = event.stream

    @property
    def empty(self) -> bool:
        """Whether there is nothing to load."""
        return not (self._tables or self.states or self.whole or self.spans)

    @property
    def full(self) -> bool:
        """Whether it has reached the size at which a package is loaded."""
        return self.rows >= FULL_ROWS or self.size >= FULL_BYTES

    def rows_by_stream(self) -> dict[str, int]:
        """Return the number of rows per stream name, including those that repeat a key."""
        return {name: sum(table.num_rows for table in tables) for name, tables in self._tables.items()}

    def tables(self) -> dict[str, pa.Table]:
        """Return the rows per stream name: of objects each key once, of reports all rows.

        TikTok may deliver different rows of a report with one key, for example an hour twice. None of them is left out.
        """
        tables = {name: pa.concat_tables(tables, promote_options="default") for name, tables in self._tables.items()}
        return {
            name: table if self.streams[name].is_report else newest_of_each_key(table, self.streams[name].table_key)
            for name, table in tables.items()
        }
