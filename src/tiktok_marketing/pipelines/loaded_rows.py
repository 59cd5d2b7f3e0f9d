"""What this sync and earlier ones loaded into a database, and whether it is still there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tiktok_marketing.errors import DestinationChangedError
from tiktok_marketing.pipelines.databases.bookkeeping import PACKAGES_TABLE, PIPELINE
from tiktok_marketing.pipelines.databases.destination import Database, Relation, Session
from tiktok_marketing.pipelines.inspection import Contents


def contents_of(session: Session, dataset: str, relations: Mapping[str, Relation]) -> Contents:
    """Return what a database holds that a sync has opened."""
    return Contents(
        {name: tuple(of.columns) for name, of in relations.items() if of.is_table and of.writable},
        session.execute,
        lambda name: f'"{dataset}"."{name}"',
    )


class LoadedRows:
    """Remembers which tables and packages must be in the database.

    Args:
        destination: The database.
    """

    def __init__(self, destination: Database) -> None:
        self._destination = destination
        self._identity: Any = None
        self._package_count = 0
        """The number of complete packages in the database, of this sync and earlier ones."""
        self._columns: dict[str, set[str]] = {}
        """The columns that tables have had since the sync began."""
        self.packages: list[str] = []
        """The ids of the packages of this sync."""
        self.filled: set[str] = set()
        """Tables that have rows."""
        self.arriving: set[str] = set()
        """Tables that get rows from the package that is being loaded."""
        self.waiting: set[str] = set()
        """Tables that get rows from packages that wait."""

    def begin(self) -> None:
        """Remember which file the database is, if it is one."""
        self._identity = self._destination.identity()

    @property
    def has_begun(self) -> bool:
        """Whether it is known which file the database is."""
        return self._identity is not None

    def count_packages(self, session: Session, relations: Mapping[str, Relation]) -> None:
        """Remember how many packages earlier syncs loaded."""
        self._package_count = self._count_packages(session) if PACKAGES_TABLE in relations else 0

    @contextmanager
    def package(self, tables: Mapping[str, Any], *, waits: bool) -> Iterator[None]:
        """While a package is loaded, its tables may have rows already. Afterwards they have, unless the package waits.

        Args:
            tables: The rows of the package.
            waits: Whether the package is not loaded yet.
        """
        self.arriving = {name for name, table in tables.items() if table.num_rows}
        try:
            yield
            (self.waiting if waits else self.filled).update(self.arriving)
        finally:
            self.arriving = set()

    def add_packages(self, ids: Sequence[str]) -> None:
        """Remember packages that were loaded."""
        self.packages += ids
        self._package_count += len(ids)

    @contextmanager
    def packages_that_waited(self, ids: Sequence[str]) -> Iterator[None]:
        """While packages are loaded in one transaction, they are those of this sync; not if that fails."""
        packages, filled = list(self.packages), set(self.filled)
        self.packages += ids
        try:
            yield
        except BaseException:
            self.packages, self.filled = packages, filled
            raise
        self._package_count += len(ids)
        self.waiting.clear()

    def note_rows(self, session: Session, name: str) -> None:
        """Note whether a table has rows, after this sync has changed it."""
        if contents_of(session, self._destination.dataset, {}).non_empty([name]):
            self.filled.add(name)
        else:
            self.filled.discard(name)

    def _count_packages(self, session: Session) -> int:
        """Return the number of complete packages in the database."""
        ((packages,),) = session.execute(
            f'SELECT count(*) FROM "{self._destination.dataset}".{PACKAGES_TABLE} WHERE schema_name = ?',  # noqa: S608
            [PIPELINE],
        )
        return int(packages)

    def check(self, session: Session, table: str | None) -> None:
        """Make sure that what this sync and earlier ones loaded is still there.

        Args:
            session: The session, in whose transaction it is checked.
            table: The table that is about to be changed; None for everything.

        Raises:
            DestinationChangedError: Something is gone, or another program has loaded something.
        """
        if table is not None:
            names = {table} & self.filled
        else:
            names = self.filled | self.arriving
            self.check_identity()
            self._check_loads(session)
        existing = self._existing(session) if names else set()
        for name in sorted(names - existing):
            raise self._gone(f"the table {name} was dropped or renamed")
        for name in sorted(names - contents_of(session, self._destination.dataset, {}).non_empty(names)):
            raise self._gone(f"the table {name} was emptied")

    def note_columns(self, columns: Mapping[str, Collection[str]]) -> None:
        """Remember that tables have these columns."""
        for name, names in columns.items():
            self._columns.setdefault(name, set()).update(names)

    def check_columns(self, name: str, missing: Collection[str]) -> None:
        """Make sure that a table with rows has lost no column: it would come back without the values of these rows.

        Args:
            name: The table.
            missing: The columns of a sync's own that it lacks.

        Raises:
            DestinationChangedError: It had one of them since the sync began.
        """
        gone = sorted(self._columns.get(name, set()) & set(missing))
        if gone and name in self.filled:
            raise self._gone(f"the column {gone[0]} of the table {name} was dropped or renamed")

    def check_identity(self) -> None:
        """Make sure that the database is the same file.

        Raises:
            DestinationChangedError: It was deleted or replaced.
        """
        if self._identity != self._destination.identity():
            raise self._gone("the file was deleted or replaced")

    def _check_loads(self, session: Session) -> None:
        """Make sure that the packages in the database are those of earlier syncs and of this one."""
        if not self._package_count:
            return
        existing = self._existing(session)
        if not existing:
            raise self._gone(f"the schema {self._destination.dataset} was dropped")
        if PACKAGES_TABLE not in existing:
            raise self._gone(f"the table {PACKAGES_TABLE} was dropped")
        packages = self._count_packages(session)
        if packages < self._package_count:
            raise self._gone(f"it lacks {self._package_count - packages:,} of the packages that were loaded")
        if packages > self._package_count:
            raise self._gone("another program loaded something")

    def _gone(self, what: str) -> DestinationChangedError:
        return DestinationChangedError(
            f"While the sync ran, {self._destination.display_name} was changed: {what}.",
            remedy="The sync has stopped, so that no state covers rows that are gone. Run it again: it reads what is "
            "missing. Let no other program change these tables while a sync runs.",
        )

    def _existing(self, session: Session) -> set[str]:
        """Return the names of the tables in the schema."""
        return set(session.relations())
