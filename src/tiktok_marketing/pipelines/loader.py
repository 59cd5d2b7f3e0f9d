"""Loads packages of Arrow tables into a database through dlt, each package together with the state that covers it.

Why a sync that is killed, at whatever moment, loses nothing and duplicates nothing:

- dlt loads a package table by table, and ends it with a row in `_dlt_loads`. The state is part of the package, as a
  row in `_dlt_pipeline_state`. It is read with a join on `_dlt_loads`, so the state of an unfinished package does not
  count.
- Each table gets its rows in one transaction, which also deletes the rows that they replace: all rows of an account's
  days that are whole, otherwise the rows with the same keys (`databases.replacement`). After a kill, some tables of a
  package may be in the database without its state. The next run reads these records again, and loading them again
  changes nothing.
- dlt would keep an unfinished package in its working folder and load it first in the next run. By then the same rows
  may have been read again elsewhere, and the old rows would overwrite them. So the working folder is empty at the start
  of every run, and the state comes from the database alone. After a file or schema is deleted, everything is read from
  the beginning, and two databases have two states.

dlt is told to append, and load jobs of our own delete what is replaced (`load_job` of each kind of database). dlt's own
merge strategies know keys but no days, and write each row twice. If a package has two rows with the same key, the newer
one was chosen before (`LoadPackage.tables`).

Everything here runs in one thread, because dlt's contexts belong to the thread that created them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt

from tiktok_marketing.catalog import Stream
from tiktok_marketing.errors import ConnectorError, DestinationLockedError
from tiktok_marketing.pipelines.arrow.columns import ColumnType
from tiktok_marketing.pipelines.arrow.tables import MISFITS, columns_of
from tiktok_marketing.pipelines.databases.bookkeeping import (
    LOADS_TABLE,
    PACKAGES_TABLE,
    PIPELINE,
    STATES_TABLE,
    SYNCS_TABLE,
)
from tiktok_marketing.pipelines.databases.destination import Destination, Session
from tiktok_marketing.pipelines.databases.replacement import Replacement
from tiktok_marketing.pipelines.dlt_context import isolated_dlt
from tiktok_marketing.pipelines.package import LoadPackage
from tiktok_marketing.pipelines.summary import Summary

_LOCK_WAIT = 120.0
"""Seconds to wait for another process that has the database open when a package is due. At the start nothing waits."""

_ADDED_TO_SYNCS = ("misfits BIGINT",)
"""Columns that the table of syncs did not have in earlier versions."""


class Loader:
    """Loads packages into one database.

    Args:
        destination: The database.
        folder: An empty folder for this loader alone.
        notice: Called with a sentence that a person should see.
    """

    def __init__(self, destination: Destination, folder: Path, notice: Callable[[str], None]) -> None:
        self._destination = destination
        self._folder = folder
        self._notice = notice
        self._pipeline: Any = None
        self._states: dict[str, Mapping[str, Any]] = {}
        self._load_ids: list[str] = []
        self._prepared: set[str] = set()
        """Tables that have their indexes and comments."""
        self._changes: dict[str, Replacement] = {}
        self._new: set[str] = set()
        """Tables that this sync creates, so that all their rows are its own."""
        self.tables: set[str] = set()
        """Tables that exist in the database."""
        self.columns: dict[str, set[str]] = {}
        """The columns that these tables had when the sync began."""

    def open(self) -> dict[str, Mapping[str, Any]]:
        """Open the database, create it if needed, and return the states of its streams.

        Raises:
            DestinationError: The database cannot be written to.
        """
        with self._opened(wait=0.0) as session:
            session.ensure_schema()
            self._pipeline = dlt.pipeline(
                PIPELINE,
                destination=self._destination.dlt_destination(self._changes),
                dataset_name=self._destination.dataset,
                pipelines_dir=str(self._folder),
            )
            self._pipeline.sync_destination()
            source = self._pipeline.state.get("sources", {}).get(PIPELINE, {})
            self._states = dict(source.get("streams", {}))
            self.tables = self._existing(session)
            self.columns = self._existing_columns(session)
            return dict(self._states)

    def load(self, package: LoadPackage) -> dict[str, int]:
        """Load a package and its states. Returns the number of rows per stream.

        Raises:
            DestinationError: The database does not accept the package.
        """
        delivered = package.tables()
        tables = {name: self._destination.sanitize(table, package.streams[name]) for name, table in delivered.items()}
        for name, table in tables.items():
            self._report_lost(name, delivered[name].num_rows - table.num_rows)
        states = {**self._states, **package.states}
        kept = {name: state for name, state in states.items() if state is not None}
        with self._opened(wait=_LOCK_WAIT) as session:
            self._new |= tables.keys() - self.tables
            self._changes.clear()
            self._changes.update({name: self._change(package, name) for name in {*tables, *package.spans}})
            without_rows = [name for name in package.spans if name not in tables or not tables[name].num_rows]
            self._empty_days(session, without_rows)
            if tables or package.states:
                source = _source(tables, package.streams, kept)
                info = self._pipeline.run(source, loader_file_format="parquet" if tables else None)
                self._load_ids += info.loads_ids
                self._states = kept
            self.tables |= tables.keys()
            for name in tables.keys() - self._prepared:
                session.create_indexes(package.streams[name])
                self._comment(session, package.streams[name])
                self._prepared.add(name)
            for name, (read, skipped) in package.whole.items():
                self._remove_vanished(session, package.streams[name], read, skipped)
            self._forget_old_states(session)
        return {name: table.num_rows for name, table in tables.items()}

    def _report_lost(self, name: str, count: int) -> None:
        """Say that different rows share a key, and that the database accepts each key once."""
        if count:
            rows = "1 more row" if count == 1 else f"{count:,} more rows"
            self._notice(
                f"{name}: TikTok delivered {rows} with the key of another row. {self._destination.display_name} has "
                "a unique index and keeps the last row of each key, so sums lack the others. A DuckDB file keeps all "
                "rows."
            )

    def _change(self, package: LoadPackage, name: str) -> Replacement:
        return Replacement(
            stream=package.streams[name],
            spans=() if name in self._new else package.spans.get(name, ()),
            loads=tuple(self._load_ids),
            by_key=name in package.by_key,
            exists=name in self.tables,
        )

    def _empty_days(self, session: Session, names: Iterable[str]) -> None:
        """Empty days that no longer have rows: before the states are loaded, after which nothing reads them again."""
        for name in names:
            if name in self.tables:
                with session.transaction():
                    self._changes[name].delete_replaced(session.execute, self._destination.dataset)

    def finish(self, summary: Summary) -> None:
        """Record the sync in the tables of syncs and loads.

        Raises:
            DestinationError: The database does not accept the record.
        """
        table = f'"{self._destination.dataset}".{SYNCS_TABLE}'
        with self._opened(wait=_LOCK_WAIT) as session:
            session.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (sync_id VARCHAR, started_at TIMESTAMP, ended_at TIMESTAMP,"
                " stream VARCHAR, loaded_rows BIGINT, requests_of_sync BIGINT, complete BOOLEAN, missing VARCHAR)"
            )
            for column in _ADDED_TO_SYNCS:
                session.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column}")
            with session.transaction():
                for row in summary.as_rows():
                    columns, places = ", ".join(row), ", ".join("?" * len(row))
                    session.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", list(row.values()))  # noqa: S608 - our own names
            self._write_loads(session, summary)

    def _write_loads(self, session: Session, summary: Summary) -> None:
        """Record how many rows each package left, so that the doctor notices if some of them disappear later."""
        dataset = self._destination.dataset
        session.execute(
            f'CREATE TABLE IF NOT EXISTS "{dataset}".{LOADS_TABLE} (sync_id VARCHAR, stream VARCHAR, load_id VARCHAR,'
            " kept_rows BIGINT)"
        )
        for stream in summary.streams:
            if stream.name in self.tables:
                session.execute(
                    f'INSERT INTO "{dataset}".{LOADS_TABLE} SELECT ?, ?, _dlt_load_id, count(*)'  # noqa: S608
                    f' FROM "{dataset}"."{stream.name}" WHERE _dlt_load_id = ANY(?) GROUP BY _dlt_load_id',
                    [summary.sync_id, stream.name, self._load_ids],
                )

    @contextmanager
    def _opened(self, *, wait: float) -> Iterator[Session]:
        """Keep the database open, so that nobody can interfere between the steps of a package."""
        try:
            with isolated_dlt(self._folder), self._session(wait) as session:
                yield session
        except ConnectorError:
            raise
        except Exception as error:
            raise self._destination.describe_error(error) from error

    @contextmanager
    def _session(self, wait: float) -> Iterator[Session]:
        until = time.monotonic() + wait
        noticed = False
        while True:
            try:
                session = self._destination.connect(self._folder.name)
                break
            except Exception as error:
                reason = self._destination.describe_error(error)
                if not isinstance(reason, DestinationLockedError) or time.monotonic() >= until:
                    raise reason from error
                if not noticed:
                    noticed = True
                    self._notice(f"{reason.message} Waiting up to {wait:.0f} s for it.")
                time.sleep(0.5)
        try:
            yield session
        finally:
            session.close()

    def _existing(self, session: Session) -> set[str]:
        rows = session.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = ?", [self._destination.dataset]
        )
        return {name for (name,) in rows}

    def _existing_columns(self, session: Session) -> dict[str, set[str]]:
        rows = session.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ?",
            [self._destination.dataset],
        )
        columns: dict[str, set[str]] = {}
        for table, column in rows:
            columns.setdefault(table, set()).add(column)
        return columns

    def _comment(self, session: Session, stream: Stream) -> None:
        """Write the catalog's descriptions into the database as comments, which tools show."""
        table = f'"{self._destination.dataset}"."{stream.name}"'
        texts = {column.name: column.description for column in columns_of(stream)}
        texts[MISFITS] = "Values that do not fit the type of their column, as JSON: field to value."
        texts["_dlt_load_id"] = f"The package that brought the row: see {PACKAGES_TABLE}."
        missing = [(name, texts[name]) for name in session.uncommented_columns(stream.name) if texts.get(name)]
        if not missing:
            return
        with session.transaction():
            session.execute(f"COMMENT ON TABLE {table} IS {_quoted(stream.description)}")
            for name, text in missing:
                session.execute(f'COMMENT ON COLUMN {table}."{name}" IS {_quoted(text)}')

    def _remove_vanished(
        self, session: Session, stream: Stream, read: Sequence[int] | None, skipped: Sequence[int]
    ) -> None:
        """Remove the rows that this sync did not bring, from a stream that is read whole each time."""
        if stream.name not in self.tables:
            return
        session.execute(
            f'DELETE FROM "{self._destination.dataset}"."{stream.name}"'  # noqa: S608 - names of the catalog
            " WHERE _dlt_load_id <> ALL(?) AND advertiser_id <> ALL(?)"
            + ("" if read is None else " AND advertiser_id = ANY(?)"),
            [self._load_ids, list(skipped), *([] if read is None else [list(read)])],
        )

    def _forget_old_states(self, session: Session) -> None:
        """Keep the current state and the one before it: a long sync writes thousands, and each names every account.

        A package whose states did not change has no row of states, so rows of states are counted, not packages.
        """
        dataset = self._destination.dataset
        session.execute(
            f'DELETE FROM "{dataset}".{STATES_TABLE} WHERE pipeline_name = ? AND _dlt_load_id NOT IN ('  # noqa: S608
            f'SELECT s._dlt_load_id FROM "{dataset}".{STATES_TABLE} s'
            f' JOIN "{dataset}".{PACKAGES_TABLE} l ON l.load_id = s._dlt_load_id'
            " WHERE s.pipeline_name = ? AND l.status = 0 ORDER BY l.load_id DESC LIMIT 2)",
            [PIPELINE, PIPELINE],
        )


def _source(
    tables: Mapping[str, Any],
    streams: Mapping[str, Stream],
    states: Mapping[str, Any],
) -> Any:
    """Return a package as a dlt source: a resource per table, and one that carries the states.

    Args:
        tables: Rows per stream name.
        streams: The streams by name.
        states: State per stream name.
    """

    def keep_states() -> Iterator[Any]:
        dlt.current.source_state()["streams"] = states
        yield from ()

    @dlt.source(name=PIPELINE)  # type: ignore[untyped-decorator]
    def package() -> list[Any]:
        resources = [
            dlt.resource(
                [table],
                name=name,
                primary_key=list(streams[name].row_key),
                columns=_hints(streams[name], table),
                write_disposition="append",
            )
            for name, table in tables.items()
        ]
        return [dlt.resource(keep_states, name="states"), *resources]

    return package()


def _hints(stream: Stream, table: Any) -> dict[str, dict[str, Any]]:
    """Return what Arrow's types do not say: which texts are JSON, and that times have no zone."""
    hints: dict[str, dict[str, Any]] = {}
    for column in columns_of(stream):
        hint: dict[str, Any] = {"description": column.description}
        if column.type is ColumnType.JSON:
            hint["data_type"] = "json"
        elif column.type is ColumnType.TIME:
            hint["timezone"] = False
        hints[column.name] = hint
    if MISFITS in table.schema.names:
        hints[MISFITS] = {"data_type": "json"}
    return hints


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
