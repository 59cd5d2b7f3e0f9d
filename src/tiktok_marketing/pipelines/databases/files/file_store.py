"""A dataset in a folder or bucket: tables of one format, and a file that holds the states and is written last."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa

from tiktok_marketing.catalog import Stream
from tiktok_marketing.errors import ConfigurationError, DestinationChangedError
from tiktok_marketing.pipelines.databases.bookkeeping import SYNCS_TABLE
from tiktok_marketing.pipelines.databases.files.arrow_rows import with_load_id
from tiktok_marketing.pipelines.databases.files.folder import Folder, Lease
from tiktok_marketing.pipelines.databases.files.table_format import (
    File,
    FilesState,
    TableFormat,
    files_from_state,
    files_to_state,
)
from tiktok_marketing.pipelines.databases.replacement import Replacement
from tiktok_marketing.pipelines.databases.store import RecordTable, Source, newest_of_each

STATE = "_tiktok/state.json"
_VERSION = 1


class _State(msgspec.Struct):
    """What a sync leaves in the file of the states. `load` writes it."""

    version: int
    package: str
    streams: dict[str, Any]
    filled: list[str]
    columns: dict[str, list[str]]
    reports: dict[str, Any] | None = None
    files: FilesState | None = None

    def written(self) -> dict[str, dict[str, File]]:
        """Table to its files.

        Raises:
            IndexError: If a file has columns that are not listed.
        """
        return files_from_state(self.files)


_STATE = msgspec.json.Decoder(_State)


class FileStore:
    """One dataset, as one sync uses it.

    Args:
        folder: The dataset's folder.
        tables: Its tables.
        lease: Keeps syncs on other machines out; None for a folder of this machine.
        shown: The destination's name in messages.
    """

    def __init__(self, folder: Folder, tables: TableFormat, lease: Lease | None, shown: str) -> None:
        self._folder = folder
        self._tables = tables
        self._lease = lease
        self._shown = shown
        self._columns: dict[str, list[str]] = {}
        self._last: str | None = None
        """The package whose state is in the folder."""

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Do nothing: a folder is always open."""
        yield

    def begin(self) -> Source | None:
        """Return what the last sync left; None if there was none.

        Raises:
            ConfigurationError: It is not what a sync leaves.
        """
        state = self._stored()
        if state is None:
            return None
        self._last = state.package
        self._columns = state.columns
        self._tables.written = state.written()
        return Source(state.streams, state.filled, state.reports or {})

    def create(self) -> None:
        """Make sure that the folder exists and accepts writes."""
        self._folder.create()
        self._folder.write("_tiktok/writable", b"")
        self._folder.delete("_tiktok/writable")

    def remove_empty(self) -> None:
        """Remove the folders that `create` made, if they are empty."""
        self._folder.remove_empty()

    def tables(self, streams: Collection[Stream]) -> Mapping[str, frozenset[str]]:
        """Return the tables of these streams that exist, each with its columns."""
        tables = {}
        for stream in streams:
            columns = self._tables.columns(stream.name)
            if columns is None and stream.name in self._columns:
                columns = frozenset(self._columns[stream.name])
            if columns is not None:
                tables[stream.name] = columns
        return tables

    def known_columns(self) -> Mapping[str, Collection[str]]:
        """Return the columns that each table had after the last sync."""
        return self._columns

    def non_empty(self, streams: Collection[Stream]) -> set[str]:
        """Return the tables of these streams that have rows."""
        return {stream.name for stream in streams if self._tables.has_rows(stream.name)}

    def lost_files(self, stream: Stream) -> Sequence[str]:
        """Return the files of a table that are gone since the last sync, or have lost rows or columns.

        Versions that did not record the files say nothing about them. Then those that are there count from now on.
        """
        found = self._tables.files(stream.name)
        if found is None:
            return ()
        before = self._tables.written.get(stream.name, {})
        self._tables.written[stream.name] = found
        gone = File(0, frozenset())
        return [name for name, file in before.items() if found.get(name, gone).has_lost(file)]

    def check(self) -> None:
        """Make sure that nobody else has written since this sync began.

        Raises:
            DestinationChangedError: Somebody has.
        """
        if self._lease is not None:
            self._lease.renew()
        state = self._stored()
        package = None if state is None else state.package
        if package != self._last:
            what = "the states are gone" if state is None else "another program loaded something"
            raise DestinationChangedError(
                f"While the sync ran, {self._shown} was changed: {what}.",
                remedy="The sync has stopped, so that no state covers rows that are gone. Run it again.",
            )

    def empty_days(self, replacement: Replacement) -> None:
        """Remove what a package replaces in a table for which it has no rows."""
        self._tables.replace(replacement, _no_rows(replacement.stream))

    def load(self, tables: Mapping[str, pa.Table], replacements: Mapping[str, Replacement], source: Source) -> str:
        """Load a package, and then its states. Returns the package's id."""
        package = f"{time.time_ns() / 1e9:.6f}"
        for name, table in tables.items():
            rows = with_load_id(table, package)
            self._columns[name] = list(dict.fromkeys([*self._columns.get(name, ()), *rows.schema.names]))
            if rows.num_rows:
                self._tables.replace(replacements[name], rows)
        state = _State(
            version=_VERSION,
            package=package,
            streams=dict(source.streams),
            filled=list(source.filled),
            columns=self._columns,
            reports=dict(source.reports),
            files=files_to_state(self._tables.written),
        )
        self._folder.write(STATE, msgspec.json.encode(state))
        self._last = package
        return package

    def remove_vanished(
        self, stream: Stream, packages: Collection[str], read: Collection[int] | None, skipped: Collection[int]
    ) -> None:
        """Remove the rows that other packages brought."""
        self._tables.remove_vanished(stream, packages, read, skipped)

    def rows_by_package(self, stream: Stream, packages: Collection[str]) -> Mapping[str, int]:
        """Return how many rows of each package are in a table."""
        return self._tables.rows_by_package(stream, packages)

    def record(self, tables: Sequence[RecordTable]) -> None:
        """Add rows to the tables of the record of syncs."""
        for table in tables:
            if table.rows:
                self._tables.append(table.name, table.as_arrow())

    def last_syncs(self) -> Mapping[str, datetime]:
        """Return when the last sync of each stream ended, in UTC, as far as it is recorded."""
        rows = self._tables.recorded(SYNCS_TABLE, ["stream", "ended_at"])
        return {} if rows is None else newest_of_each((row["stream"], row["ended_at"]) for row in rows.to_pylist())

    def _stored(self) -> _State | None:
        content = self._folder.read(STATE)
        if content is None:
            return None
        try:
            state = _STATE.decode(content)
            state.written()
            if state.version == _VERSION:
                return state
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, IndexError):
            pass
        raise ConfigurationError(
            f"The states in {self._folder.url}/{STATE} cannot be read.",
            remedy="Upgrade tiktok-marketing if a later version wrote them. Otherwise delete the file: then "
            "everything is read again from the start, and replaces what is there.",
        )


def _no_rows(stream: Stream) -> pa.Table:
    from tiktok_marketing.pipelines.arrow.tables import TableBuilder

    return with_load_id(TableBuilder(stream, lambda _: None).schema.empty_table(), "")
