"""What a destination without load jobs of our own has to offer: `Store`, which takes packages and keeps states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tiktok_marketing.catalog import Stream
from tiktok_marketing.pipelines.databases.replacement import Replacement

if TYPE_CHECKING:
    import pyarrow as pa


class Source(msgspec.Struct, frozen=True):
    """What a sync leaves beside its rows.

    Args:
        streams: Stream name to its state.
        filled: The reports that had rows.
        reports: The reports of configurations' own, by name, as a configuration describes them.
    """

    streams: Mapping[str, Mapping[str, Any]]
    filled: Sequence[str] = ()
    reports: Mapping[str, Any] = {}


class RecordTable(msgspec.Struct, frozen=True):
    """Rows for a table of the record of syncs.

    Args:
        name: The table.
        columns: Its columns, with their types: "text", "timestamp", "bigint" or "bool".
        rows: The rows.
    """

    name: str
    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]

    def as_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table."""
        import pyarrow as pa

        types = {"text": pa.string(), "timestamp": pa.timestamp("us"), "bigint": pa.int64(), "bool": pa.bool_()}
        arrays = [pa.array([row.get(name) for row in self.rows], types[type_]) for name, type_ in self.columns.items()]
        return pa.table(arrays, names=list(self.columns))


class Store(Protocol):
    """A destination, as one sync uses it.

    A package is written in an order in which a kill at any moment loses nothing: rows first, then the state that covers
    them. Rows that are there without their state are read again, and replace themselves.
    """

    def opened(self) -> AbstractContextManager[None]:
        """Open the destination. The other methods are called in the `with` block, which may come several times."""
        ...

    def begin(self) -> Source | None:
        """Return what the last sync left; None if there was none. Nothing is created.

        Raises:
            ConfigurationError: It is not what a sync leaves.
        """
        ...

    def create(self) -> None:
        """Make sure that the destination accepts writes."""
        ...

    def remove_empty(self) -> None:
        """Remove what `create` made, as far as nothing is in it."""
        ...

    def tables(self, streams: Collection[Stream]) -> Mapping[str, frozenset[str]]:
        """Return the tables of these streams that exist, each with its columns."""
        ...

    def known_columns(self) -> Mapping[str, Collection[str]]:
        """Return the columns that each table had after the last sync."""
        ...

    def non_empty(self, streams: Collection[Stream]) -> set[str]:
        """Return the tables of these streams that have rows."""
        ...

    def lost_files(self, stream: Stream) -> Sequence[str]:
        """Return the files of a table that are gone since the last sync, or have lost rows or columns.

        A destination that keeps account of its files itself has none. What is found counts from now on.
        """
        ...

    def check(self) -> None:
        """Make sure that nobody else has written since this sync began.

        Raises:
            DestinationChangedError: Somebody has.
        """
        ...

    def empty_days(self, replacement: Replacement) -> None:
        """Remove what a package replaces in a table for which it has no rows."""
        ...

    def load(self, tables: Mapping[str, pa.Table], replacements: Mapping[str, Replacement], source: Source) -> str:
        """Load a package, and then its states. Returns the package's id, which its rows have in `_dlt_load_id`.

        Args:
            tables: Table name to its rows.
            replacements: Table name to what the package replaces there.
            source: What is true once the rows are there.
        """
        ...

    def remove_vanished(
        self, stream: Stream, packages: Collection[str], read: Collection[int] | None, skipped: Collection[int]
    ) -> None:
        """Remove rows that other packages brought.

        Args:
            stream: The stream.
            packages: The packages whose rows stay.
            read: The accounts whose rows are removed; None for all.
            skipped: The accounts whose rows stay.
        """
        ...

    def rows_by_package(self, stream: Stream, packages: Collection[str]) -> Mapping[str, int]:
        """Return how many rows of each package are in a table."""
        ...

    def record(self, tables: Sequence[RecordTable]) -> None:
        """Add rows to the tables of the record of syncs."""
        ...

    def last_syncs(self) -> Mapping[str, datetime]:
        """Return when the last sync of each stream ended, in UTC without a time zone, as far as it is recorded."""
        ...


def newest_of_each(rows: Iterable[tuple[Any, Any]]) -> dict[str, datetime]:
    """The newest time of each stream, in UTC. Databases return times with and without a time zone, and as text.

    Args:
        rows: Streams and times, which may be null.
    """
    newest: dict[str, datetime] = {}
    for stream, value in rows:
        if stream is None or value is None:
            continue
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        time = time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
        newest[str(stream)] = max(time, newest.get(str(stream), time))
    return newest
