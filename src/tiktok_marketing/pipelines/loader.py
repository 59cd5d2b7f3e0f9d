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
- Users and other programs can change the database. Before a sync reads, it forgets the states of streams whose rows are
  gone (`inspection`). While it runs, the transactions of each package make sure that the packages before it are still
  there (`Loader._check`), and otherwise the sync stops.

dlt is told to append, and load jobs of our own delete what is replaced (`load_job` of each kind of database). dlt's own
merge strategies know keys but no days, and write each row twice. If a package has two rows with the same key, the newer
one was chosen before (`LoadPackage.tables`).

Everything here runs in one thread, because dlt's contexts belong to the thread that created them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import dlt

from tiktok_marketing.catalog import STREAMS, AnyStream, Stream
from tiktok_marketing.errors import ConnectorError, DestinationChangedError, DestinationError, DestinationLockedError
from tiktok_marketing.pipelines.arrow.columns import ColumnType
from tiktok_marketing.pipelines.arrow.tables import MISFITS, columns_of
from tiktok_marketing.pipelines.bookkeeping_repair import delete_unreadable_states, repair_bookkeeping
from tiktok_marketing.pipelines.contents import LOAD_ID, describe, expected_columns, refusal_of
from tiktok_marketing.pipelines.databases.bookkeeping import PACKAGES_TABLE, PIPELINE, STATES_TABLE
from tiktok_marketing.pipelines.databases.destination import Destination, Relation, Session
from tiktok_marketing.pipelines.databases.errors import first_line, innermost, text_of
from tiktok_marketing.pipelines.databases.replacement import Replacement, TableChanges
from tiktok_marketing.pipelines.dlt_context import isolated_dlt
from tiktok_marketing.pipelines.inspection import (
    Contents,
    filled_at_last_sync,
    find_damage,
    is_incremental,
    unreadable_states,
    with_coverage,
)
from tiktok_marketing.pipelines.package import LoadPackage
from tiktok_marketing.pipelines.summary import Summary
from tiktok_marketing.pipelines.sync_record import write_record

_LOCK_WAIT = 120.0
"""Seconds to wait for another process that has the database open when a package is due. At the start nothing waits."""
_DATA_TYPES: Mapping[ColumnType, str] = {
    ColumnType.INTEGER: "bigint",
    ColumnType.MONEY: "decimal",
    ColumnType.NUMBER: "double",
    ColumnType.BOOLEAN: "bool",
    ColumnType.TEXT: "text",
    ColumnType.DAY: "date",
    ColumnType.TIME: "timestamp",
    ColumnType.JSON: "json",
}
"""The words of `Session.add_column`."""


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
        self._pipeline_folders = count()
        self._states: dict[str, Mapping[str, Any]] = {}
        self._load_ids: list[str] = []
        self._load_count = 0
        """The number of complete packages in the database, of this sync and earlier ones."""
        self._identity: Any = None
        self._prepared: set[str] = set()
        """Tables that have their columns, indexes and comments."""
        self._changes = TableChanges(self._check)
        self._new: set[str] = set()
        """Tables that this sync creates, so that all their rows are its own."""
        self._filled: set[str] = set()
        """Tables that have rows."""
        self._arriving: set[str] = set()
        """Tables that get rows from the package that is being loaded."""
        self._filled_before: set[str] = set()
        """Reports that had rows at the end of the last sync, and that this sync does not read."""
        self._stored: dict[str, dict[str, int]] | None = None
        self.tables: set[str] = set()
        """Tables that exist in the database."""
        self.columns: dict[str, set[str]] = {}
        """The columns that these tables had when the sync began."""
        self.covered_states: dict[str, Mapping[str, Any]] = {}
        """The states of the streams. Each says what it covers, also if an earlier version wrote it."""
        self.refused: dict[str, DestinationError] = {}
        """Streams whose tables accept no rows, with the reason."""
        self.repeated: dict[str, int] = {}
        """Stream name to the number of rows that were replaced by later rows of this sync with the same key."""

    def open(self, streams: Iterable[AnyStream] = STREAMS, *, full: bool = False) -> dict[str, Mapping[str, Any]]:
        """Open the database, create it if needed, and return the states of its streams.

        Streams whose tables or columns are gone lose their state, so that they are read again.

        Args:
            streams: The streams that will be loaded.
            full: Whether they are read from the start, so that a state that cannot be read is no obstacle.

        Raises:
            ConfigurationError: A state cannot be read, and the sync is not a full one.
            DestinationError: The database cannot be written to.
        """
        with self._opened(wait=0.0) as session:
            session.ensure_schema()
            self._identity = self._destination.identity()
            relations = session.relations()
            repair_bookkeeping(session, self._destination.dataset, relations)
            if delete_unreadable_states(session, self._destination.dataset, relations):
                self._notice("The states in the database cannot be read, so all streams are read again from the start.")
            self._open_pipeline()
            self._load_count = self._count_loads(session) if PACKAGES_TABLE in relations else 0
            self.tables = {name for name, relation in relations.items() if relation.is_table}
            self.columns = {name: set(relation.columns) for name, relation in relations.items()}
            return self._examine(session, relations, list(streams), full=full)

    def _open_pipeline(self) -> None:
        """Start dlt from what the database has, and from nothing else."""
        self._pipeline = dlt.pipeline(
            PIPELINE,
            destination=self._destination.dlt_destination(self._changes),
            dataset_name=self._destination.dataset,
            pipelines_dir=str(self._folder / str(next(self._pipeline_folders))),
        )
        self._pipeline.sync_destination()
        self._states = dict(self._source_state().get("streams", {}))

    def _source_state(self) -> Mapping[str, Any]:
        state: Mapping[str, Any] = self._pipeline.state.get("sources", {}).get(PIPELINE, {})
        return state

    def _known_columns(self) -> dict[str, set[str]]:
        """Return the columns that earlier syncs created, by table."""
        schema = self._pipeline.schemas.get(PIPELINE)
        return {} if schema is None else {name: set(table["columns"]) for name, table in schema.tables.items()}

    def _examine(
        self, session: Session, relations: Mapping[str, Relation], streams: Sequence[AnyStream], *, full: bool
    ) -> dict[str, Mapping[str, Any]]:
        """Find what the user has changed, and forget the states that are no longer true. Returns the others."""
        known = self._known_columns()
        for stream in streams:
            refusal = refusal_of(stream.name, relations.get(stream.name), self._ours(stream, known))
            if refusal is not None:
                self.refused[stream.name] = refusal
        streams = [stream for stream in streams if stream.name not in self.refused]
        names = {stream.name for stream in streams}
        contents = self._contents(session, relations)
        source = self._source_state()
        self._filled = contents.non_empty(self.tables & names)
        self._filled_before = filled_at_last_sync(contents, source) - names
        damages = find_damage(contents, streams, source, known)
        if damages:
            self._notice(describe(damages))
        elif not self._states and self._filled:
            self._notice("The database has rows of earlier syncs and no state of them, so all is read from the start.")
        self._forget(session, [damage.stream.name for damage in damages if damage.stream.name in self._states])
        if full:
            self._forget(session, unreadable_states(streams, self._states))
        stored = dict(self._states)
        self.covered_states = with_coverage(contents, streams, self._states)
        if (
            self.covered_states != self._states
        ):  # once rows of earlier days are there, nothing shows what was there before
            self._run({}, {}, self.covered_states)
            self._forget_old_states(session)
        return stored

    def _contents(self, session: Session, relations: Mapping[str, Relation]) -> Contents:
        return Contents(
            {name: tuple(of.columns) for name, of in relations.items() if of.is_table and of.writable},
            session.execute,
            lambda name: f'"{self._destination.dataset}"."{name}"',
        )

    def _forget(self, session: Session, names: Sequence[str]) -> None:
        """Delete states in the database itself, before anything hides that they are no longer true."""
        if names:
            self._run({}, {}, {name: state for name, state in self._states.items() if name not in names})
            self._forget_old_states(session)

    def _ours(self, stream: Stream, known: Mapping[str, set[str]]) -> set[str]:
        """Return the columns of a stream's table that are not the user's."""
        return {*expected_columns(stream), *known.get(stream.name, ()), MISFITS, "_dlt_id"}

    def load(self, package: LoadPackage) -> dict[str, int]:
        """Load a package and its states. Returns the number of rows per stream, without rows that repeat a key.

        A stream whose table accepts no rows is added to `refused`; the others are loaded.

        Raises:
            DestinationError: The database does not accept the package, or something is gone that was loaded before.
        """
        offered = package.rows_by_stream()
        tables = {
            name: self._destination.sanitize(table, package.streams[name])
            for name, table in package.tables().items()
            if name not in self.refused
        }
        with self._opened(wait=_LOCK_WAIT) as session:
            self._check(session, None)
            relations = session.relations()
            self.tables = {name for name, relation in relations.items() if relation.is_table}
            self._new |= tables.keys() - self.tables
            names = {*tables, *(name for name in package.spans if name not in self.refused)}
            for name in names:
                self._prepare(session, package.streams[name], relations.get(name), tables.get(name))
            self._changes.replacements.clear()
            known = self._known_columns()
            for name in names - self.refused.keys():
                self._changes.replacements[name] = self._change(package, name, relations.get(name), known)
            for name in names - self.refused.keys():
                if name not in tables or not tables[name].num_rows:
                    self._empty_days(session, name)
            tables = {name: table for name, table in tables.items() if name not in self.refused}
            self._load_tables(tables, package)
            self.tables |= tables.keys()
            for name in tables.keys() - self._prepared:
                session.create_indexes(package.streams[name])
                self._comment(session, package.streams[name])
                self._prepared.add(name)
            for name, (read, skipped) in package.whole.items():
                if name not in self.refused:
                    self._remove_vanished(session, package.streams[name], read, skipped)
            self._forget_old_states(session)
            self._check_identity()
        for name, table in tables.items():
            change = self._changes.replacements[name]
            self._report_lost(name, change.lost)
            repeated = offered[name] - table.num_rows + change.repeated + change.lost
            self.repeated[name] = self.repeated.get(name, 0) + repeated
        return {name: table.num_rows - self._changes.replacements[name].lost for name, table in tables.items()}

    def _report_lost(self, name: str, count: int) -> None:
        """Say that different rows share a key that the table accepts only once."""
        if count:
            rows = "1 more row" if count == 1 else f"{count:,} more rows"
            self._notice(
                f"{name}: TikTok delivered {rows} with the key of another row. A foreign key or constraint of yours "
                "needs the unique index of the table, so it keeps only the last row of each key, and sums lack the "
                "others. Drop that constraint, and run the sync again."
            )

    def _load_tables(self, tables: dict[str, Any], package: LoadPackage) -> None:
        """Load the rows and states of a package. A table that does not accept its rows is left out."""
        while tables or package.states:
            states = {**self._states, **{name: of for name, of in package.states.items() if name not in self.refused}}
            try:
                self._run(tables, package.streams, {name: state for name, state in states.items() if state is not None})
            except Exception as error:
                if isinstance(innermost(error), ConnectorError):
                    raise
                name = next(filter(self._is_refused, self._changes.failures), None)
                if name is None:
                    raise
                self._refuse(name, self._changes.failures.pop(name))
                tables.pop(name, None)
                states_before = self._states
                self._open_pipeline()
                self._states = states_before
                continue
            return

    def _is_refused(self, table: str) -> bool:
        return self._destination.is_about_table(self._changes.failures[table])

    def _refuse(self, name: str, error: BaseException) -> None:
        """Give up a stream, because its table accepts no rows."""
        described = self._destination.describe_error(error)
        self.refused[name] = DestinationError(
            f"The table {name} does not accept the rows of a sync: {first_line(text_of(innermost(error)))}",
            remedy="Change the column, constraint, trigger or right that refuses them, and run the sync again.",
            detail=described.detail,
        )

    def _run(self, tables: Mapping[str, Any], streams: Mapping[str, Stream], states: Mapping[str, Any]) -> None:
        """Load one package through dlt."""
        reports = {stream.name for stream in STREAMS if is_incremental(stream)}
        self._changes.failures.clear()
        self._arriving = {name for name, table in tables.items() if table.num_rows}
        try:
            filled = sorted(reports & (self._filled | self._arriving) | self._filled_before)
            source = _source(tables, streams, states, filled)
            info = self._pipeline.run(source, loader_file_format="parquet" if tables else None)
            self._filled |= self._arriving
        finally:
            self._arriving = set()
        self._load_ids += info.loads_ids
        self._load_count += len(info.loads_ids)
        self._states = dict(states)

    def _prepare(self, session: Session, stream: Stream, relation: Relation | None, rows: Any) -> None:
        """Bring a table that exists to the form that the rows need; a new one is created with it."""
        if relation is None:
            return
        name = stream.name
        types = {column.name: _DATA_TYPES[column.type] for column in columns_of(stream)}
        needed = [*types, LOAD_ID] if name not in self._prepared else []
        needed += [] if rows is None else [column for column in rows.schema.names if column not in needed]
        missing = [column for column in needed if column not in relation.columns]
        try:
            for column in missing:
                session.add_column(name, column, "json" if column == MISFITS else types.get(column, "text"))
            if set(missing) & set(stream.table_key):
                self._delete_rows_without_key(session, stream)
            if name not in self._prepared:
                repeated = session.create_indexes(stream)
                if repeated:
                    self._notice(f"{repeated:,} rows of {name} repeated the key of another, and were deleted.")
                self._comment(session, stream)
        except Exception as error:
            if not self._destination.is_about_table(error):
                raise
            self._refuse(name, error)
            return
        self._prepared.add(name)

    def _delete_rows_without_key(self, session: Session, stream: Stream) -> None:
        """Delete rows that lost a part of their key: nothing says which row replaces them."""
        table = f'"{self._destination.dataset}"."{stream.name}"'
        without_key = " OR ".join(f'"{name}" IS NULL' for name in stream.table_key)
        with session.transaction():
            ((rows,),) = session.execute(f"SELECT count(*) FROM {table} WHERE {without_key}")  # noqa: S608
            session.execute(f"DELETE FROM {table} WHERE {without_key}")  # noqa: S608
            self._note_if_empty(session, stream.name)
        if rows:
            self._notice(
                f"{rows:,} rows of {stream.name} had lost a part of their key ({', '.join(stream.table_key)}) with the "
                "column that is gone. They are deleted and read again."
            )

    def _change(
        self, package: LoadPackage, name: str, relation: Relation | None, known: Mapping[str, set[str]]
    ) -> Replacement:
        stream = package.streams[name]
        ours = self._ours(stream, known)
        stored = {} if relation is None else relation.columns
        return Replacement(
            stream=stream,
            spans=() if name in self._new else package.spans.get(name, ()),
            loads=tuple(self._load_ids),
            by_key=name in package.by_key,
            exists=name in self.tables,
            columns=tuple(column for column in stored if column in ours),
            user_columns=tuple(column for column, facts in stored.items() if column not in ours and not facts.computed),
            referenced=relation is not None and relation.referenced,
        )

    def _empty_days(self, session: Session, name: str) -> None:
        """Empty days that no longer have rows: before the states are loaded, after which nothing reads them again."""
        if name not in self.tables:
            return
        with session.transaction():
            session.lock(name)
            self._check(session, name)
            self._changes.replacements[name].delete_replaced(session.execute, self._destination.dataset)
            self._note_if_empty(session, name)

    def _note_if_empty(self, session: Session, name: str) -> None:
        """Note that a table has no rows any more, because this sync has removed them."""
        if name in self._filled and not self._contents(session, {}).non_empty([name]):
            self._filled.discard(name)

    def _count_loads(self, session: Session) -> int:
        """Return the number of complete packages in the database."""
        ((packages,),) = session.execute(
            f'SELECT count(*) FROM "{self._destination.dataset}".{PACKAGES_TABLE} WHERE schema_name = ?',  # noqa: S608
            [PIPELINE],
        )
        return int(packages)

    def _check(self, session: Session, table: str | None) -> None:
        """Make sure that what this sync and earlier ones loaded is still there.

        Args:
            session: The session, in whose transaction it is checked.
            table: The table that is about to be changed; None for everything.

        Raises:
            DestinationChangedError: Something is gone, or another program has loaded something.
        """
        if table is not None:
            names = {table} & self._filled
        else:
            names = self._filled | self._arriving
            self._check_identity()
            self._check_loads(session)
        existing = self._existing(session) if names else set()
        for name in sorted(names - existing):
            raise self._gone(f"the table {name} was dropped or renamed")
        for name in sorted(names - self._contents(session, {}).non_empty(names)):
            raise self._gone(f"the table {name} was emptied")

    def _check_identity(self) -> None:
        if self._identity != self._destination.identity():
            raise self._gone("the file was deleted or replaced")

    def _check_loads(self, session: Session) -> None:
        """Make sure that the packages in the database are those of earlier syncs and of this one."""
        if not self._load_count:
            return
        existing = self._existing(session)
        if not existing:
            raise self._gone(f"the schema {self._destination.dataset} was dropped")
        if PACKAGES_TABLE not in existing:
            raise self._gone(f"the table {PACKAGES_TABLE} was dropped")
        packages = self._count_loads(session)
        if packages < self._load_count:
            raise self._gone(f"it lacks {self._load_count - packages:,} of the packages that were loaded")
        if packages > self._load_count:
            raise self._gone("another program loaded something")

    def _gone(self, what: str) -> DestinationChangedError:
        return DestinationChangedError(
            f"While the sync ran, {self._destination.display_name} was changed: {what}.",
            remedy="The sync has stopped, so that no state covers rows that are gone. Run it again: it reads what is "
            "missing. Let no other program change these tables while a sync runs.",
        )

    def stored(self) -> Mapping[str, int]:
        """Return the number of rows of this sync that are in the database now, per stream.

        Raises:
            DestinationError: The database cannot be read, or something is gone that was loaded before.
        """
        with self._opened(wait=_LOCK_WAIT) as session:
            self._check(session, None)
            self._stored = {}
            for name in sorted(self._prepared & self.tables):
                rows = session.execute(
                    f'SELECT _dlt_load_id, count(*) FROM "{self._destination.dataset}"."{name}"'  # noqa: S608
                    " WHERE _dlt_load_id = ANY(?) GROUP BY _dlt_load_id",
                    [self._load_ids],
                )
                self._stored[name] = dict(rows)
        return {name: sum(packages.values()) for name, packages in self._stored.items()}

    def finish(self, summary: Summary) -> None:
        """Record the sync in the tables of syncs and loads.

        Raises:
            DestinationError: The database cannot be written to.
        """
        if self._stored is None:
            self.stored()
        with self._opened(wait=_LOCK_WAIT) as session:
            self._check(session, None)
            try:
                write_record(session, self._destination.dataset, session.relations(), summary, self._stored or {})
            except Exception as error:
                if not self._destination.is_about_table(error):
                    raise
                reason = first_line(text_of(innermost(error)))
                self._notice(f"The sync is not recorded in the tables whose names begin with _tiktok_: {reason}")
            self._check_identity()

    @contextmanager
    def _opened(self, *, wait: float) -> Iterator[Session]:
        """Keep the database open, so that nobody can interfere between the steps of a package."""
        if self._identity is not None:
            self._check_identity()  # before it is opened, because DuckDB would create a file that is gone
        try:
            with isolated_dlt(self._folder), self._session(wait) as session:
                yield session
        except ConnectorError:
            raise
        except Exception as error:
            cause = innermost(error)
            if isinstance(cause, ConnectorError):
                raise cause from error
            self._raise_if_changed(error)
            raise self._destination.describe_error(self._changes.stopped_by() or error) from error

    def _raise_if_changed(self, error: Exception) -> None:
        """Raise a clearer error if another was raised because something is gone that was loaded before."""
        if not self._load_ids:
            return
        try:
            with self._session(0.0) as session:
                self._check(session, None)
        except DestinationChangedError as changed:
            raise changed from error
        except Exception:  # noqa: BLE001 - the first error says more
            return

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
        """Return the names of the tables in the schema."""
        rows = session.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = ?", [self._destination.dataset]
        )
        return {name for (name,) in rows}

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
        with session.transaction():
            session.lock(stream.name)
            self._check(session, stream.name)
            session.execute(
                f'DELETE FROM "{self._destination.dataset}"."{stream.name}"'  # noqa: S608 - names of the catalog
                " WHERE (_dlt_load_id IS NULL OR _dlt_load_id <> ALL(?)) AND advertiser_id <> ALL(?)"
                + ("" if read is None else " AND advertiser_id = ANY(?)"),
                [self._load_ids, list(skipped), *([] if read is None else [list(read)])],
            )
            self._note_if_empty(session, stream.name)

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
    filled: Sequence[str],
) -> Any:
    """Return a package as a dlt source: a resource per table, and one that carries the states.

    Args:
        tables: Rows per stream name.
        streams: The streams by name.
        states: State per stream name.
        filled: The reports whose tables have rows once the package is loaded.
    """

    def keep_states() -> Iterator[Any]:
        dlt.current.source_state().update(streams=states, filled=list(filled))
        yield from ()

    @dlt.source(name=PIPELINE)  # type: ignore[untyped-decorator]
    def package() -> list[Any]:
        resources = [
            dlt.resource(
                [table],
                name=name,
                primary_key=list(streams[name].row_key),  # for dlt, only the columns that accept no null
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
