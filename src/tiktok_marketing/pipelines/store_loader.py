"""Loads packages into a destination without load jobs of our own: its `Store` says how (`databases.store`).

The promises are those of `loader`, as far as the destination can keep them. A package's rows are there before its
state. A sync that is killed leaves at most rows without their state. The next one reads them again, and they replace
themselves. So nothing is lost, and nothing is there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tiktok_marketing.catalog import ALL_STREAMS, AnyStream, Stream
from tiktok_marketing.errors import ConnectorError, DestinationError
from tiktok_marketing.pipelines.contents import changed_key_refusal, describe
from tiktok_marketing.pipelines.databases.bookkeeping import LOADS_TABLE, SYNCS_TABLE
from tiktok_marketing.pipelines.databases.destination import StoreDestination
from tiktok_marketing.pipelines.databases.errors import innermost
from tiktok_marketing.pipelines.databases.known_streams import described_reports, key_before
from tiktok_marketing.pipelines.databases.replacement import Replacement
from tiktok_marketing.pipelines.databases.store import RecordTable, Source, Store
from tiktok_marketing.pipelines.inspection import damage_in_store, is_incremental, refusals_of_states
from tiktok_marketing.pipelines.opening import opened_in_time
from tiktok_marketing.pipelines.package import LoadPackage
from tiktok_marketing.pipelines.summary import Summary
from tiktok_marketing.pipelines.sync_record import LOADS_COLUMNS, SYNCS_COLUMNS, rows_of_loads


class StoreLoader:
    """Loads packages into one destination. It has the interface of `loader.Loader`.

    Args:
        destination: The destination.
        folder: An empty folder for this loader alone.
        notice: Called with a sentence that a person should see.
    """

    def __init__(self, destination: StoreDestination, folder: Path, notice: Callable[[str], None]) -> None:
        self._destination = destination
        self._notice = notice
        self._store: Store = destination.store(folder)
        self._states: dict[str, Mapping[str, Any]] = {}
        self._reports: dict[str, Any] = {}
        """The descriptions of the reports of configurations' own, by name."""
        self._filled: set[str] = set()
        """Reports whose tables have rows."""
        self._packages: list[str] = []
        self._is_new = False
        self._streams: dict[str, Stream] = {}
        """The streams that have been loaded, by name."""
        self._stored: dict[str, Mapping[str, int]] = {}
        """Table to the rows that each package of this sync has in it."""
        self.tables: set[str] = set()
        """Tables that exist."""
        self.columns: dict[str, set[str]] = {}
        """The columns that these tables had when the sync began."""
        self.covered_states: dict[str, Mapping[str, Any]] = {}
        """The states of the streams."""
        self.refused: dict[str, DestinationError] = {}
        """Streams that are not read, because of their table's key or their state. A table that accepts no rows ends the
        sync."""
        self.repeated: dict[str, int] = {}
        """Stream name to the number of rows that were replaced by later rows of this sync with the same key."""

    def open(
        self, streams: Iterable[AnyStream] = ALL_STREAMS, *, full: bool = False, wait: float = 0.0
    ) -> dict[str, Mapping[str, Any]]:
        """Open the destination, create it if needed, and return the states of its streams.

        Streams whose tables or columns are gone lose their state, so that they are read again.

        Args:
            streams: The streams that will be loaded.
            full: Whether they are read from the start, so that a state that cannot be read is no obstacle.
            wait: Seconds to wait for another process that has the destination open.

        Raises:
            DestinationError: Nothing can be written to the destination.
        """
        chosen = list(streams)
        return opened_in_time(lambda: self._open(chosen, full=full), wait, self._notice)

    def _open(self, streams: Sequence[AnyStream], *, full: bool) -> dict[str, Mapping[str, Any]]:
        with self._opened():
            source = self._store.begin()
            self._is_new = source is None
            self._store.create()
            tables = self._store.tables(streams)
            self.tables = set(tables)
            self.columns = {name: set(columns) for name, columns in tables.items()}
            source = source or Source({})
            for stream in streams:
                if refusal := changed_key_refusal(stream, key_before(source.reports, stream)):
                    self.refused[stream.name] = refusal
            readable = [stream for stream in streams if stream.name not in self.refused]
            self._states = dict(source.streams)
            self._reports = described_reports(source.reports, streams)
            damages = damage_in_store(self._store, readable, source)
            if damages:
                self._notice(describe(damages))
            gone = {damage.stream.name for damage in damages}
            unreadable = refusals_of_states([stream for stream in readable if stream.name not in gone], self._states)
            if full:
                gone |= unreadable.keys()
            else:
                self.refused.update(unreadable)
            self._filled = set(source.filled) - gone
            self._forget(gone)
            self.covered_states = dict(self._states)
            return {name: state for name, state in self._states.items() if name not in self.refused}

    def _forget(self, names: Collection[str]) -> None:
        """Delete states in the destination itself, before anything hides that they are no longer true."""
        if not self._states.keys().isdisjoint(names):
            self._states = {name: state for name, state in self._states.items() if name not in names}
            self._load({}, {})

    def undo_opening(self) -> None:
        """Remove what `open` created, if nothing was loaded into it. It stays if that is not possible."""
        if self._is_new and not self._packages:
            with suppress(Exception), self._store.opened():
                self._store.remove_empty()

    def load(self, package: LoadPackage) -> dict[str, int]:
        """Load a package and its states. Returns the number of rows per stream, without rows that repeat a key.

        Raises:
            DestinationError: The destination does not accept the package, or something is gone that was loaded before.
        """
        offered = package.rows_by_stream()
        tables = {
            name: self._destination.sanitize(table, package.streams[name]) for name, table in package.tables().items()
        }
        with self._opened():
            self._store.check()
            replacements = {name: self._replacement(package, name) for name in dict.fromkeys([*tables, *package.spans])}
            for name, replacement in replacements.items():
                if name in self.tables and replacement.spans and (name not in tables or not tables[name].num_rows):
                    self._empty_days(replacement)
            self._states.update({name: state for name, state in package.states.items() if state is not None})
            for name in [name for name, state in package.states.items() if state is None]:
                self._states.pop(name, None)
            self._load(tables, replacements)
            self.tables |= tables.keys()
            for name, table in tables.items():
                self._streams[name] = package.streams[name]
                replaced = self._count(package.streams[name]) if table.num_rows else 0
                self.repeated[name] = self.repeated.get(name, 0) + offered[name] - table.num_rows + replaced
            for name, (read, skipped) in package.whole.items():
                if name in self.tables:
                    self._store.remove_vanished(package.streams[name], self._packages, read, skipped)
        return {name: table.num_rows for name, table in tables.items()}

    @property
    def holds_packages(self) -> bool:
        """Never: most destinations have no transaction over several tables."""
        return False

    def hold_packages(self) -> None:
        """Do nothing: each package is loaded when it is full."""

    def release(self) -> None:
        """Do nothing: no package waits."""

    def stored(self) -> Mapping[str, int]:
        """Return the number of rows of this sync that are in the destination now, per stream.

        Raises:
            DestinationError: The destination cannot be read.
        """
        with self._opened():
            self._store.check()
            for stream in self._streams.values():
                self._count(stream)
        return {name: sum(rows.values()) for name, rows in self._stored.items()}

    def finish(self, summary: Summary) -> None:
        """Record the sync in the tables of syncs and loads.

        Raises:
            DestinationError: Nothing can be written to the destination.
        """
        with self._opened():
            self._forget([stream.name for stream in summary.streams if stream.lost])
            self._store.record(
                [
                    RecordTable(SYNCS_TABLE, SYNCS_COLUMNS, summary.as_rows()),
                    RecordTable(LOADS_TABLE, LOADS_COLUMNS, rows_of_loads(summary, self._stored)),
                ]
            )

    @contextmanager
    def _opened(self) -> Iterator[None]:
        try:
            with self._store.opened():
                yield
        except ConnectorError:
            raise
        except Exception as error:
            cause = innermost(error)
            if isinstance(cause, ConnectorError):
                raise cause from None
            raise self._destination.describe_error(error) from error

    def _replacement(self, package: LoadPackage, name: str) -> Replacement:
        return Replacement(
            stream=package.streams[name],
            spans=package.spans.get(name, ()),
            loads=tuple(self._packages),
            by_key=name in package.by_key,
            exists=name in self.tables,
        )

    def _empty_days(self, replacement: Replacement) -> None:
        """Empty days that no longer have rows: before the states are loaded, after which nothing reads them again."""
        self._store.empty_days(replacement)
        if not self._store.non_empty([replacement.stream]):
            self._filled.discard(replacement.stream.name)

    def _load(self, tables: Mapping[str, Any], replacements: Mapping[str, Replacement]) -> None:
        reports = {stream.name for stream in (*ALL_STREAMS, *self._streams.values()) if is_incremental(stream)}
        self._filled |= reports & {name for name, table in tables.items() if table.num_rows}
        package = self._store.load(tables, replacements, Source(self._states, sorted(self._filled), self._reports))
        if tables:
            self._packages.append(package)

    def _count(self, stream: Stream) -> int:
        """Count the rows of each package of this sync. Returns how many of earlier ones a later one has replaced."""
        before = self._stored.get(stream.name, {})
        after = self._stored[stream.name] = dict(self._store.rows_by_package(stream, self._packages))
        return sum(rows - after.get(package, 0) for package, rows in before.items())
