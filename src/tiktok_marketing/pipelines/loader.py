"""Packages of Arrow tables through dlt into a database, each together with the state that covers it.

Why a killed sync loses nothing and doubles nothing, whenever it is killed:

- dlt loads a package table by table, and ends it with a row in `_dlt_loads`. The state travels in the same package (a
  row in `_dlt_pipeline_state`), and is looked up joined with `_dlt_loads`: a state whose package was not finished does
  not count.
- Each table takes its rows in one transaction, in which those that they replace go: all of the account's days that are
  whole, else those with their keys (`changes`). Part of a package may be in the database without its state after a
  kill; the next run reads those records again, and loading them again changes nothing.
- dlt would keep an unfinished package in its working folder and load it before all else at the next run. By then the
  same rows may have been read anew elsewhere, and the old ones would overwrite them. So the working folder starts empty
  in every run, and the state comes from the database alone: what is in it is all there is to know, a file (or schema)
  that is deleted starts anew, and two databases have two states.

dlt is told to append, and what goes before is done by jobs of our own (`duckdb_dlt`, `postgres_dlt`): its ways to merge
know keys and no days, and write each row twice. Of two rows with the same key in a package, the newer one is picked
before (`Package.tables`).

Everything here runs in one thread: dlt's contexts belong to the thread that made them.
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
from tiktok_marketing.pipelines.databases.destination import NAME, Destination, Session, describe_error
from tiktok_marketing.pipelines.databases.replacement import Replacement
from tiktok_marketing.pipelines.dlt_context import isolated_dlt
from tiktok_marketing.pipelines.package import LoadPackage
from tiktok_marketing.pipelines.summary import LOADS_TABLE, SYNCS_TABLE, Summary

_LOCK_WAIT = 120.0
"""Seconds to wait for somebody who has the database open when a package is due; at the start nobody waits."""


class Loader:
    """Loads packages into one database.

    Args:
        destination: Where to.
        folder: An empty folder of its own.
        notice: Called with a sentence that a person should see.
    """

    def __init__(self, destination: Destination, folder: Path, notice: Callable[[str], None]) -> None:
        self._destination = destination
        self._folder = folder
        self._notice = notice
        self._pipeline: Any = None
        self._states: dict[str, Mapping[str, Any]] = {}
        self._load_ids: list[str] = []
        self._settled: set[str] = set()
        self._changes: dict[str, Replacement] = {}
        self._new: set[str] = set()
        """Tables that were not there before: they have no rows but this sync's."""
        self.tables: set[str] = set()
        """Tables that exist in the database."""

    def open(self) -> dict[str, Mapping[str, Any]]:
        """Look into the database, creating it if need be, and return the states of its streams.

        Raises:
            DestinationError: It cannot be written to.
        """
        with self._opened(wait=0.0) as session:
            session.ensure_schema()
            self._pipeline = dlt.pipeline(
                NAME,
                destination=self._destination.dlt_destination(self._changes),
                dataset_name=self._destination.dataset,
                pipelines_dir=str(self._folder),
            )
            self._pipeline.sync_destination()
            source = self._pipeline.state.get("sources", {}).get(NAME, {})
            self._states = dict(source.get("streams", {}))
            self.tables = self._existing(session)
            return dict(self._states)

    def load(self, package: LoadPackage) -> dict[str, int]:
        """Load a package and its states. Returns how many rows of each stream it was.

        Raises:
            DestinationError: The database does not take it.
        """
        tables = {
            name: self._destination.sanitize(table, package.streams[name]) for name, table in package.tables().items()
        }
        states = {**self._states, **package.states}
        kept = {name: state for name, state in states.items() if state is not None}
        with self._opened(wait=_LOCK_WAIT) as session:
            self._new |= tables.keys() - self.tables
            self._changes.clear()
            self._changes.update({name: self._change(package, name) for name in {*tables, *package.spans}})
            self._empty(session, [name for name in package.spans if name not in tables or not tables[name].num_rows])
            if tables or package.states:
                source = _source(tables, package.streams, kept)
                info = self._pipeline.run(source, loader_file_format="parquet" if tables else None)
                self._load_ids += info.loads_ids
                self._states = kept
            self.tables |= tables.keys()
            for name in tables.keys() - self._settled:
                session.create_indexes(package.streams[name])
                self._describe(session, package.streams[name])
                self._settled.add(name)
            for name, (read, skipped) in package.whole.items():
                self._remove_vanished(session, package.streams[name], read, skipped)
            self._forget_old_states(session)
        return {name: table.num_rows for name, table in tables.items()}

    def _change(self, package: LoadPackage, name: str) -> Replacement:
        return Replacement(
            stream=package.streams[name],
            spans=() if name in self._new else package.spans.get(name, ()),
            loads=tuple(self._load_ids),
            by_key=name in package.by_key,
            exists=name in self.tables,
        )

    def _empty(self, session: Session, names: Iterable[str]) -> None:
        """Empty days that have no rows any more. Before the states, which may say that they need not be read again."""
        for name in names:
            if name in self.tables:
                with session.transaction():
                    self._changes[name].delete_replaced(session.execute, self._destination.dataset)

    def finish(self, summary: Summary) -> None:
        """Write down the sync in a table of its own.

        Raises:
            DestinationError: The database does not take it.
        """
        table = f'"{self._destination.dataset}".{SYNCS_TABLE}'
        with self._opened(wait=_LOCK_WAIT) as session:
            session.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (sync_id VARCHAR, started_at TIMESTAMP, ended_at TIMESTAMP,"
                " stream VARCHAR, loaded_rows BIGINT, requests_of_sync BIGINT, complete BOOLEAN, missing VARCHAR)"
            )
            with session.transaction():
                for row in summary.as_rows():
                    session.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - a checked name
            self._write_loads(session, summary)

    def _write_loads(self, session: Session, summary: Summary) -> None:
        """Write down how many rows each package left, by which a row that goes missing is noticed later."""
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
        """Hold the database open, so that nobody comes between the steps of a package."""
        try:
            with isolated_dlt(self._folder), self._session(wait) as session:
                yield session
        except ConnectorError:
            raise
        except Exception as error:
            raise describe_error(error, self._destination) from error

    @contextmanager
    def _session(self, wait: float) -> Iterator[Session]:
        until = time.monotonic() + wait
        said = False
        while True:
            try:
                session = self._destination.connect(self._folder.name)
                break
            except Exception as error:
                reason = describe_error(error, self._destination)
                if not isinstance(reason, DestinationLockedError) or time.monotonic() >= until:
                    raise reason from error
                if not said:
                    said = True
                    self._notice(f"{reason.message} Waiting for it up to {wait:.0f} s.")
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

    def _describe(self, session: Session, stream: Stream) -> None:
        """Write the catalog's descriptions into the database, where tools show them."""
        table = f'"{self._destination.dataset}"."{stream.name}"'
        texts = {column.name: column.description for column in columns_of(stream)}
        texts[MISFITS] = "Values that do not fit the type of their column, as JSON: field to value."
        texts["_dlt_load_id"] = "The package that brought the row: see _dlt_loads."
        todo = [(name, texts[name]) for name in session.uncommented_columns(stream.name) if texts.get(name)]
        if not todo:
            return
        with session.transaction():
            session.execute(f"COMMENT ON TABLE {table} IS {_quoted(stream.description)}")
            for name, text in todo:
                session.execute(f'COMMENT ON COLUMN {table}."{name}" IS {_quoted(text)}')

    def _remove_vanished(
        self, session: Session, stream: Stream, read: Sequence[int] | None, skipped: Sequence[int]
    ) -> None:
        """Remove the rows of a stream that is read whole which this sync did not bring."""
        if stream.name not in self.tables:
            return
        session.execute(
            f'DELETE FROM "{self._destination.dataset}"."{stream.name}"'  # noqa: S608 - names of the catalog
            " WHERE _dlt_load_id <> ALL(?) AND advertiser_id <> ALL(?)"
            + ("" if read is None else " AND advertiser_id = ANY(?)"),
            [self._load_ids, list(skipped), *([] if read is None else [list(read)])],
        )

    def _forget_old_states(self, session: Session) -> None:
        """Keep the state in use and the one before it: a long sync writes thousands, each naming every account.

        A package whose states did not change has no row of them, so it is rows of states that are counted.
        """
        dataset = self._destination.dataset
        session.execute(
            f'DELETE FROM "{dataset}"._dlt_pipeline_state WHERE pipeline_name = ? AND _dlt_load_id NOT IN ('  # noqa: S608
            f'SELECT s._dlt_load_id FROM "{dataset}"._dlt_pipeline_state s'
            f' JOIN "{dataset}"._dlt_loads l ON l.load_id = s._dlt_load_id'
            " WHERE s.pipeline_name = ? AND l.status = 0 ORDER BY l.load_id DESC LIMIT 2)",
            [NAME, NAME],
        )


def _source(
    tables: Mapping[str, Any],
    streams: Mapping[str, Stream],
    states: Mapping[str, Any],
) -> Any:
    """One package as a dlt source: a resource for each table, and one that carries the states.

    Args:
        tables: Stream name to rows.
        streams: Those streams.
        states: Stream name to state.
    """

    def keep_states() -> Iterator[Any]:
        dlt.current.source_state()["streams"] = states
        yield from ()

    @dlt.source(name=NAME)  # type: ignore[untyped-decorator]
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
    """What Arrow's types do not say: which texts are JSON, and that times have no zone."""
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
