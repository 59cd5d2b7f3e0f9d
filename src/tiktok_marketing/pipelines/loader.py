"""Loads packages of Arrow tables into a database through dlt, each package together with the state that covers it.

Why a sync that is killed, at whatever moment, loses nothing and duplicates nothing:

- dlt loads a package table by table, and ends it with a row in `_dlt_loads`. The state is part of the package, as a
  row in `_dlt_pipeline_state`. It is read with a join on `_dlt_loads`, so the state of an unfinished package does not
  count.
- Each table gets its rows in one transaction, which also deletes the rows that they replace: all rows of an account's
  days that are whole, otherwise the rows with the same keys (`databases.replacement`). After a kill, some tables of a
  package may be in the database without its state. The next run reads these records again, and loading them again
  changes nothing.
- Where all days are to change together, the packages wait in the working folder until the last one is there. Then one
  transaction does what they would have done (`databases.held`). After a kill before it, nothing has changed.
- dlt would keep an unfinished package in its working folder and load it first in the next run. By then the same rows
  may have been read again elsewhere, and the old rows would overwrite them. So the working folder is empty at the start
  of every run, and the state comes from the database alone. After a file or schema is deleted, everything is read from
  the beginning, and two databases have two states.
- Users and other programs can change the database. Before a sync reads, it forgets the states of streams whose rows are
  gone (`inspection`). While it runs, the transactions of each package make sure that the packages before it are still
  there (`loaded_rows`), and otherwise the sync stops.

dlt is told to append, and load jobs of our own delete what is replaced (`load_job` of each kind of database). dlt's own
merge strategies know keys but no days, and write each row twice. If a package has two rows with the same key, the newer
one was chosen before (`LoadPackage.tables`).

Everything here runs in one thread, because dlt's contexts belong to the thread that created them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tiktok_marketing.catalog import ALL_STREAMS, AnyStream, Stream
from tiktok_marketing.errors import ConnectorError, DestinationError
from tiktok_marketing.pipelines.arrow.tables import MISFITS
from tiktok_marketing.pipelines.bookkeeping_repair import (
    delete_unreadable_schemas,
    delete_unreadable_states,
    hides_newest_state,
    repair_bookkeeping,
)
from tiktok_marketing.pipelines.column_types import key_type_refusal
from tiktok_marketing.pipelines.contents import changed_key_refusal, describe, expected_columns, refusal_of
from tiktok_marketing.pipelines.databases.destination import Database, Relation, Session
from tiktok_marketing.pipelines.databases.errors import first_line, innermost, text_of
from tiktok_marketing.pipelines.databases.held import HeldPackages, Step
from tiktok_marketing.pipelines.databases.known_streams import REPORTS, described_reports, key_before
from tiktok_marketing.pipelines.databases.replacement import Replacement, TableChanges, delete_vanished
from tiktok_marketing.pipelines.dlt_pipeline import DltPipeline
from tiktok_marketing.pipelines.inspection import (
    filled_at_last_sync,
    find_damage,
    is_incremental,
    refusals_of_states,
    with_coverage,
)
from tiktok_marketing.pipelines.loaded_rows import LoadedRows, contents_of
from tiktok_marketing.pipelines.opening import SessionOpener
from tiktok_marketing.pipelines.package import LoadPackage
from tiktok_marketing.pipelines.refusals import UNREADABLE, Refusals
from tiktok_marketing.pipelines.summary import Summary
from tiktok_marketing.pipelines.sync_record import write_record
from tiktok_marketing.pipelines.table_setup import TableSetup

_LOCK_WAIT = 120.0
"""Seconds to wait for another process that has the database open when a package is due."""
_KEEPS_ROWS = "does not let a sync delete the rows that TikTok no longer has"


class Loader:
    """Loads packages into one database.

    Args:
        destination: The database.
        folder: An empty folder for this loader alone.
        notice: Called with a sentence that a person should see.
    """

    def __init__(self, destination: Database, folder: Path, notice: Callable[[str], None]) -> None:
        self._destination = destination
        self._notice = notice
        self._states: dict[str, Mapping[str, Any]] = {}
        self._loaded = LoadedRows(destination)
        self._changes = TableChanges(self._loaded.check)
        self._pipeline = DltPipeline(destination, folder, self._changes)
        self._opener = SessionOpener(destination, folder, self._loaded, self._changes, notice)
        self._setup = TableSetup(destination.dataset, notice, self._loaded.note_rows, destination.is_about_table)
        self._folder = folder
        self._held: HeldPackages | None = None
        """The packages that wait; None if they are loaded at once."""
        self._stated_filled: list[str] = []
        """The reports of which the newest state says that they have rows."""
        self._created_database = self._created_schema = False
        self._opened_for: tuple[AnyStream, ...] = ()
        self._reports: dict[str, Any] = {}
        """The descriptions of the reports of configurations' own, by name."""
        self._new: set[str] = set()
        """Tables that this sync creates, so that all their rows are its own."""
        self._filled_before: set[str] = set()
        """Reports that had rows at the end of the last sync, and that this sync does not read."""
        self._stored: dict[str, dict[str, int]] | None = None
        self.tables: set[str] = set()
        """Tables that exist in the database."""
        self.columns: dict[str, set[str]] = {}
        """The columns that these tables had when the sync began."""
        self.covered_states: dict[str, Mapping[str, Any]] = {}
        """The states of the streams. Each says what it covers, also if an earlier version wrote it."""
        self._refusals = Refusals(destination, self._changes, notice)
        self.refused = self._refusals.by_stream
        """Streams whose tables accept no rows, with the reason."""
        self.repeated: dict[str, int] = {}
        """Stream name to the number of rows that were replaced by later rows of this sync with the same key."""

    def open(
        self, streams: Iterable[AnyStream] = ALL_STREAMS, *, full: bool = False, wait: float = 0.0
    ) -> dict[str, Mapping[str, Any]]:
        """Open the database, create it if needed, and return the states of its streams.

        Streams whose tables or columns are gone lose their state, so that they are read again.

        Args:
            streams: The streams that will be loaded.
            full: Whether they are read from the start, so that a state that cannot be read is no obstacle.
            wait: Seconds to wait for another process that has the database open.

        Raises:
            DestinationError: The database cannot be written to.
        """
        self._opened_for = tuple(streams)
        absent = self._destination.identity() is None
        with self._opener.opened(wait=wait) as session:
            self._created_database = absent and self._destination.identity() is not None
            self._created_schema = session.ensure_schema()
            self._loaded.begin()
            relations = session.relations()
            self._refusals.say_locked([stream.name for stream in self._opened_for])
            repair_bookkeeping(session, self._destination.dataset, relations)
            delete_unreadable_schemas(session, self._destination.dataset, relations)
            if delete_unreadable_states(session, self._destination.dataset, relations):
                self._notice("The states in the database cannot be read, so all streams are read again from the start.")
            if hides_newest_state(session, self._destination.dataset, relations):
                self._refusals.forget_old_states(session)
            self._open_pipeline()
            self._loaded.count_packages(session, relations)
            self.tables = {name for name, relation in relations.items() if relation.is_table}
            self.columns = {name: set(relation.columns) for name, relation in relations.items()}
            self._loaded.note_columns(self.columns)
            return self._examine(session, relations, self._opened_for, full=full)

    def undo_opening(self) -> None:
        """Remove what `open` created, if nothing was loaded into it. It stays if that is not possible."""
        if self._loaded.packages or not (self._created_schema or self._created_database):
            return
        with suppress(Exception), self._opener.opened(wait=0.0) as session:
            session.remove_empty_schema(database=self._created_database)

    @property
    def holds_packages(self) -> bool:
        """Whether packages wait for `release`."""
        return self._held is not None

    def hold_packages(self) -> None:
        """From now on, let packages wait beside the database until `release` loads all of them.

        Raises:
            DestinationError: A table accepts no rows, so that not all of them could be loaded.
        """
        for name, error in self.refused.items():
            raise DestinationError(
                f"{error.message} All days of this read are replaced, or none, so nothing was read.",
                remedy=f"{error.remedy} Or leave out the stream {name}.",
                detail=error.detail,
            )
        self._held = self._changes.held = HeldPackages(
            self._folder / "held", self._destination.dataset, self._destination.load_file
        )

    def release(self) -> None:
        """Load all packages that wait, in one transaction.

        Raises:
            DestinationError: The database does not accept them, or something is gone that was loaded before. The
                database is as it was.
        """
        held = self._held
        if held is None:
            return
        self._changes.failures.clear()
        with self._opener.opened(wait=_LOCK_WAIT) as session:
            try:
                with self._loaded.packages_that_waited(held.load_ids), session.transaction():
                    self._loaded.check(session, None)
                    held.apply(session, lambda table, step: self._apply(session, table, step))
            except Exception as error:
                for refused in self._refusals.noted():
                    raise self._refusals.describe(refused, self._changes.failures[refused]) from error
                raise
            self._held = self._changes.held = None
            if set(self._stated_filled) != self._filled_reports():  # the last rows of a report may be gone
                self._run({}, {}, self._states)
            self._refusals.forget_old_states(session)
            self._loaded.check_identity()

    def _change_table(self, session: Session, table: str, step: Step) -> None:
        """Change a table: in a transaction of its own, or with everything else that waits."""
        if self._held is not None:
            self._held.add_step(table, step)
            return
        with session.transaction():
            session.lock(table)
            self._apply(session, table, step)

    def _apply(self, session: Session, table: str, step: Step) -> None:
        with self._changes.watched(table):
            self._loaded.check(session, table)
            step(session)
            self._loaded.note_rows(session, table)

    def _open_pipeline(self) -> None:
        self._pipeline.open()
        source = self._pipeline.source_state()
        self._states = dict(source.get("streams", {}))
        self._reports = described_reports(source.get(REPORTS), self._opened_for)

    def _examine(
        self, session: Session, relations: Mapping[str, Relation], streams: Sequence[AnyStream], *, full: bool
    ) -> dict[str, Mapping[str, Any]]:
        """Find what the user has changed, and forget the states that are no longer true. Returns the others."""
        known, source = self._pipeline.known_columns(), self._pipeline.source_state()
        for stream in streams:
            relation = relations.get(stream.name)
            refusal = refusal_of(stream.name, relation, self._ours(stream, known), self._destination.dataset)
            refusal = refusal or key_type_refusal(stream, relation, self._destination.dataset)
            refusal = refusal or changed_key_refusal(stream, key_before(source.get(REPORTS), stream))
            if refusal is not None:
                self.refused[stream.name] = refusal
        contents = contents_of(session, self._destination.dataset, relations)
        wanted = {stream.name for stream in streams} - self.refused.keys()
        self._loaded.filled = self._refusals.non_empty(contents, self.tables & wanted)
        streams = [stream for stream in streams if stream.name not in self.refused]
        names = {stream.name for stream in streams}
        self._filled_before = filled_at_last_sync(contents, source) - names
        damages = find_damage(contents, streams, source, known)
        if damages:
            self._notice(describe(damages))
        elif not self._states and self._loaded.filled:
            self._notice("The database has rows of earlier syncs and no state of them, so all is read from the start.")
        self._forget(session, [damage.stream.name for damage in damages])
        unreadable = refusals_of_states(streams, self._states)
        if full:
            self._forget(session, list(unreadable))
        else:
            self.refused.update(unreadable)
        stored = {name: state for name, state in self._states.items() if name not in self.refused}
        contents = contents_of(
            session, self._destination.dataset, {n: relations[n] for n in relations if n not in self.refused}
        )
        self.covered_states = with_coverage(contents, streams, self._states)
        # Once rows of earlier days are there, nothing shows what was there before.
        if self.covered_states != self._states:
            self._run({}, {}, self.covered_states)
            self._refusals.forget_old_states(session)
        return stored

    def _check(self, session: Session) -> None:
        """Make sure that what was loaded is still there. A table that cannot be read costs its stream alone."""
        try:
            self._loaded.check(session, None)
        except Exception as error:
            if not self._give_up_unreadable(session, error, self._loaded.filled):
                raise
            self._loaded.check(session, None)

    def _give_up_unreadable(self, session: Session, error: Exception, names: Collection[str]) -> set[str]:
        """Give up the streams whose tables could not be read, which raised an error. Returns them."""
        if not self._refusals.is_about_table(error):
            return set()
        before = set(names) - self.refused.keys()
        self._refusals.non_empty(contents_of(session, self._destination.dataset, {}), before, failed=error)
        unreadable = before & self.refused.keys()
        self._filled_before |= unreadable & self._loaded.filled  # what the next sync expects to be there
        self._loaded.filled -= unreadable
        return unreadable

    def _forget(self, session: Session, names: Sequence[str]) -> None:
        """Delete states in the database itself, before anything hides that they are no longer true."""
        if not self._states.keys().isdisjoint(names):
            self._run({}, {}, {name: state for name, state in self._states.items() if name not in names})
            self._refusals.forget_old_states(session)

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
        with self._opener.opened(wait=_LOCK_WAIT) as session:
            self._check(session)
            relations = session.relations()
            self.tables = {name for name, relation in relations.items() if relation.is_table}
            self._new |= tables.keys() - self.tables
            names = {*tables, *(name for name in package.spans if name not in self.refused)}
            for name in names:
                self._prepare(session, package.streams[name], relations.get(name), tables.get(name))
            self._changes.replacements.clear()
            known = self._pipeline.known_columns()
            for name in names - self.refused.keys():
                self._changes.replacements[name] = self._change(package, name, relations.get(name), known)
            for name in names - self.refused.keys():
                if name not in tables or not tables[name].num_rows:
                    with self._refusals.of(name, what=_KEEPS_ROWS):
                        self._empty_days(session, name)
            tables = {name: table for name, table in tables.items() if name not in self.refused}
            self._load_tables(session, tables, package)
            self.tables |= tables.keys()
            self._loaded.note_columns({name: table.schema.names for name, table in tables.items()})
            for name in tables.keys() - self._setup.done:
                with self._refusals.of(name):
                    self._setup.complete(session, package.streams[name])
            for name, (read, skipped) in package.whole.items():
                if name not in self.refused:
                    with self._refusals.of(name, what=_KEEPS_ROWS):
                        guarded = name in relations and relations[name].guarded
                        self._remove_vanished(session, package.streams[name], read, skipped, guarded=guarded)
            if self._held is None:
                self._refusals.forget_old_states(session)
            self._loaded.check_identity()
        for name, table in tables.items():
            self._count_repeated(offered[name] - table.num_rows, self._changes.replacements[name])
        return {name: table.num_rows - self._changes.replacements[name].lost for name, table in tables.items()}

    def _count_repeated(self, copies: int, change: Replacement) -> None:
        """Count the rows that have no row of their own in a table, once the package is loaded.

        Args:
            copies: How many rows of the package repeat a key of the package.
            change: What the package has replaced.
        """

        def count(*_: Any) -> None:
            name = change.stream.name
            self._report_lost(name, change.lost)
            self.repeated[name] = self.repeated.get(name, 0) + copies + change.repeated + change.lost

        if self._held is None:
            count()
        else:
            self._held.add_step(change.stream.name, count)

    def _report_lost(self, name: str, count: int) -> None:
        """Say that different rows share a key that the table accepts only once."""
        if count:
            rows = "1 more row" if count == 1 else f"{count:,} more rows"
            self._notice(
                f"{name}: TikTok delivered {rows} with the key of another row. A foreign key or constraint of yours "
                "needs the unique index of the table, so it keeps only the last row of each key, and sums lack the "
                "others. Drop that constraint, and run the sync again."
            )

    def _load_tables(self, session: Session, tables: dict[str, Any], package: LoadPackage) -> None:
        """Load the rows and states of a package. A table that does not accept its rows is left out."""
        while tables or package.states:
            states = {**self._states, **{name: of for name, of in package.states.items() if name not in self.refused}}
            try:
                self._run(tables, package.streams, {name: state for name, state in states.items() if state is not None})
            except Exception as error:
                if isinstance(innermost(error), ConnectorError):
                    raise
                noted = self._refusals.noted()
                for name in noted:
                    self._refusals.add(name, self._changes.failures.pop(name))
                if not noted:
                    noted += self._give_up_unreadable(session, error, self._loaded.filled | tables.keys())
                if not noted:
                    raise
                for name in noted:
                    tables.pop(name, None)
                states_before = self._states
                self._open_pipeline()
                self._states = states_before
                continue
            return

    def _run(self, tables: Mapping[str, Any], streams: Mapping[str, Stream], states: Mapping[str, Any]) -> None:
        """Load one package through dlt."""
        self._changes.failures.clear()
        with self._loaded.package(tables, waits=self._held is not None):
            self._stated_filled = sorted(self._filled_reports())
            ids = self._pipeline.run(tables, streams, states, self._stated_filled, self._reports)
        if self._held is None:
            self._loaded.add_packages(ids)
        self._states = dict(states)

    def _filled_reports(self) -> set[str]:
        """The reports whose tables have rows, or will have once all packages are loaded."""
        reports = {stream.name for stream in (*ALL_STREAMS, *self._opened_for) if is_incremental(stream)}
        return reports & (self._loaded.filled | self._loaded.arriving | self._loaded.waiting) | self._filled_before

    def _prepare(self, session: Session, stream: Stream, relation: Relation | None, rows: Any) -> None:
        """Bring a table that exists to the form that the rows need; a new one is created with it."""
        if relation is None:
            return
        self._loaded.check_columns(stream.name, {*expected_columns(stream), MISFITS} - relation.columns.keys())
        with self._refusals.of(stream.name):
            self._setup.adapt(session, stream, relation, rows)

    def _change(
        self, package: LoadPackage, name: str, relation: Relation | None, known: Mapping[str, set[str]]
    ) -> Replacement:
        stream = package.streams[name]
        ours = self._ours(stream, known)
        stored = {} if relation is None else relation.columns
        numbered = any(facts.numbered for facts in stored.values())
        return Replacement(
            stream=stream,
            spans=() if name in self._new else package.spans.get(name, ()),
            loads=(*self._loaded.packages, *(() if self._held is None else self._held.load_ids)),
            by_key=name in package.by_key,
            exists=name in self.tables,
            columns=tuple(column for column in stored if column in ours),
            user_columns=tuple(column for column, facts in stored.items() if column not in ours and not facts.computed),
            referenced=numbered or (relation is not None and relation.referenced),
            guarded=relation is not None and relation.guarded,
        )

    def _empty_days(self, session: Session, name: str) -> None:
        """Empty days that no longer have rows: before the states are loaded, after which nothing reads them again."""
        if name not in self.tables:
            return
        change, dataset = self._changes.replacements[name], self._destination.dataset
        self._change_table(session, name, lambda of: change.delete_replaced(of.execute, dataset))

    def stored(self) -> Mapping[str, int]:
        """Return the number of rows of this sync that are in the database now, per stream.

        A stream whose rows cannot be counted is added to `refused`.

        Raises:
            DestinationError: The database cannot be read, or something is gone that was loaded before.
        """
        with self._opener.opened(wait=_LOCK_WAIT) as session:
            self._check(session)
            self._stored = {}
            for name in sorted(self._setup.done & self.tables) if self._loaded.packages else ():
                with self._refusals.of(name, what=UNREADABLE):
                    rows = session.execute(
                        f'SELECT _dlt_load_id, count(*) FROM "{self._destination.dataset}"."{name}"'  # noqa: S608
                        " WHERE _dlt_load_id = ANY(?) GROUP BY _dlt_load_id",
                        [self._loaded.packages],
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
        with self._opener.opened(wait=_LOCK_WAIT) as session:
            self._check(session)
            self._forget(session, [stream.name for stream in summary.streams if stream.lost])
            try:
                write_record(session, self._destination.dataset, session.relations(), summary, self._stored or {})
            except Exception as error:
                if not self._refusals.is_about_table(error):
                    raise
                reason = first_line(text_of(innermost(error)))
                self._notice(f"The sync is not recorded in the tables whose names begin with _tiktok_: {reason}")
            self._loaded.check_identity()

    def _remove_vanished(
        self, session: Session, stream: Stream, read: Sequence[int] | None, skipped: Sequence[int], *, guarded: bool
    ) -> None:
        """Remove the rows that this sync did not bring, from a stream that is read whole each time."""
        if stream.name not in self.tables:
            return

        def remove(of: Session) -> None:
            table = f'"{self._destination.dataset}"."{stream.name}"'
            delete_vanished(of.execute, table, self._loaded.packages, read, skipped, guarded=guarded)

        self._change_table(session, stream.name, remove)
