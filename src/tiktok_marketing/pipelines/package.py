"""What is loaded in one go: tables, and the states that are true once those tables are in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from tiktok_marketing.catalog import Stream
from tiktok_marketing.pipelines.arrow.tables import newest_of_each_key
from tiktok_marketing.pipelines.databases.replacement import Span
from tiktok_marketing.sync.events import StreamEnded

FULL_ROWS = 125_000
"""A little more than DuckDB's row groups have (122,880): full ones go to the file at once, less than one goes to the
log first, which took 21 instead of 15 us of CPU a row (ads_reports_daily, 104 columns)."""
FULL_BYTES = 128 * 2**20
"""Of Arrow memory, so that a package of ads_reports_daily is full by its rows. There are two packages in memory at
most: one is filled while one is loaded."""
HELD_BYTES = 96 * 2**20
"""Of Arrow memory, for rows of days that are not whole yet."""
FULL_SECONDS = 10.0
FIRST_SECONDS = 3.0
"""The first package goes early, so that somebody who waits sees data, and a wrong destination is found out soon."""


class UnfinishedDays:
    """Rows of days that are not whole yet.

    A day that alone has more than a package's worth of rows is given up early, in parts: it would not fit into memory.
    """

    def __init__(self) -> None:
        self._tables: dict[int, list[tuple[Stream, pa.Table]]] = {}
        self._sizes: dict[int, int] = {}
        self.begun: set[int] = set()
        """Parts of which something was given up early."""

    def add(self, part: int, stream: Stream, table: pa.Table) -> list[tuple[Stream, pa.Table]]:
        """Keep rows of a part. Returns what cannot be kept."""
        self._tables.setdefault(part, []).append((stream, table))
        self._sizes[part] = self._sizes.get(part, 0) + table.nbytes
        if sum(self._sizes.values()) <= HELD_BYTES:
            return []
        largest = max(self._sizes, key=self._sizes.__getitem__)
        del self._sizes[largest]
        self.begun.add(largest)
        return self._tables.pop(largest)

    def release(self, part: int) -> list[pa.Table]:
        """Give the rows of a part that are still here."""
        self._sizes.pop(part, None)
        return [table for _, table in self._tables.pop(part, ())]


class LoadPackage:
    """Tables of several streams, in the order in which they came.

    Args:
        began: When it was begun, in seconds of the clock.
    """

    def __init__(self, began: float) -> None:
        self.began = began
        self.rows = 0
        self.size = 0
        self.states: dict[str, Mapping[str, Any] | None] = {}
        """Stream name to its new state; None forgets the one there is."""
        self.whole: dict[str, tuple[Sequence[int] | None, Sequence[int]]] = {}
        """Streams without a cursor that are complete with this package: the accounts that they were read for, None for
        all there are, and those among them whose old rows stay all the same."""
        self.streams: dict[str, Stream] = {}
        self.spans: dict[str, list[Span]] = {}
        """Stream name to the days of accounts of which the rows here are all there are."""
        self.by_key: set[str] = set()
        """Streams that have rows here of other days, or of none."""
        self._tables: dict[str, list[pa.Table]] = {}
        self._ends: dict[tuple[str, int], int] = {}

    def add(self, stream: Stream, table: pa.Table, *, whole: bool = False) -> None:
        """Take rows of a stream; an empty table makes sure that the stream's table exists.

        Args:
            stream: Whose they are.
            table: The rows.
            whole: Whether `replace` tells of their days.
        """
        self.streams[stream.name] = stream
        if table.num_rows and not whole:
            self.by_key.add(stream.name)
        self._tables.setdefault(stream.name, []).append(table)
        self.rows += table.num_rows
        self.size += table.nbytes

    def replace(self, stream: Stream, span: Span) -> None:
        """Note that the rows here are all there are of these days; it may be none."""
        self.streams[stream.name] = stream
        spans = self.spans.setdefault(stream.name, [])
        place = self._ends.get((stream.name, span.advertiser_id))
        longer = None if place is None else spans[place].with_next(span)
        if place is not None and longer is not None:
            spans[place] = longer
            return
        self._ends[stream.name, span.advertiser_id] = len(spans)
        spans.append(span)

    def ended(self, event: StreamEnded, *, hides: bool = False) -> None:
        """Note that a stream which is read whole each time is complete.

        What such a stream no longer holds has vanished at TikTok, and goes from the database too: after a complete read
        and never before. Rows of accounts that were skipped on purpose stay, and of those that were not asked for.

        Args:
            event: The end of the stream.
            hides: Whether TikTok may hide rows of it, so that what did not come has not vanished.
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
        """Whether it is as big as a package should get."""
        return self.rows >= FULL_ROWS or self.size >= FULL_BYTES

    def tables(self) -> dict[str, pa.Table]:
        """Stream name to its rows, each key once."""
        return {
            name: newest_of_each_key(pa.concat_tables(tables, promote_options="default"), self.streams[name].row_key)
            for name, tables in self._tables.items()
        }
