"""The streams that a sync gives up because of their tables. One table costs one stream, whatever is done with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from tiktok_marketing.errors import ConnectorError, DestinationError
from tiktok_marketing.pipelines.bookkeeping_repair import delete_old_states
from tiktok_marketing.pipelines.databases.bookkeeping import PACKAGES_TABLE, SCHEMAS_TABLE, STATES_TABLE
from tiktok_marketing.pipelines.databases.destination import Database, Session
from tiktok_marketing.pipelines.databases.errors import first_line, innermost, text_of
from tiktok_marketing.pipelines.databases.replacement import RowsRefusedError, TableChanges
from tiktok_marketing.pipelines.inspection import Contents

UNREADABLE = "cannot be read"
_ROWS_REFUSED = "does not accept the rows of a sync"


class Refusals:
    """Says which errors cost a stream, and remembers these streams.

    Args:
        destination: The database.
        changes: What happens to the tables. If packages wait in it, all of them are loaded or none.
        notice: Called with a sentence that a person should see.
    """

    def __init__(self, destination: Database, changes: TableChanges, notice: Callable[[str], None]) -> None:
        self._destination = destination
        self._changes = changes
        self._notice = notice
        self._keeps_old_states = False
        self.by_stream: dict[str, DestinationError] = {}
        """Streams whose tables accept no rows, with the reason."""

    def is_about_table(self, error: BaseException) -> bool:
        """Whether an error lies in one table, so that the others can still be loaded."""
        if isinstance(error, ConnectorError):
            return False
        return isinstance(error, RowsRefusedError) or self._destination.is_about_table(error)

    @contextmanager
    def of(self, name: str, *, what: str = _ROWS_REFUSED) -> Iterator[None]:
        """Do something with the table of one stream, and give up that stream alone if the table is why it fails.

        Args:
            name: The stream.
            what: What the table does not do, for the message.

        Raises:
            DestinationError: Packages wait: all of them are loaded, or none.
        """
        try:
            yield
        except Exception as error:
            if not self.is_about_table(error):
                raise
            self._changes.failures.pop(name, None)
            self.add(name, error, what=what)

    def say_locked(self, names: Collection[str]) -> None:
        """Say which of these tables, or of a sync's own, are locked now, before the sync waits for them in silence."""
        for name, holder in self._destination.locked_tables().items():
            if name in {*names, STATES_TABLE, PACKAGES_TABLE, SCHEMAS_TABLE}:
                self._notice(f"The table {name} is locked by {holder}. The sync waits for it.")

    def non_empty(self, contents: Contents, names: Collection[str], *, failed: Exception | None = None) -> set[str]:
        """The tables that have rows. A table that cannot be read costs its stream alone.

        Args:
            contents: The database.
            names: The tables.
            failed: The error that reading them has already raised. What is still locked then has been waited for.
        """
        if failed is None:
            try:
                return contents.non_empty(names)
            except Exception as error:
                if not self.is_about_table(error):
                    raise
                failed = error
        locked = set(names) & self._destination.locked_tables(failed).keys()
        for name in sorted(locked):
            self.add(name, failed, what=UNREADABLE)
        filled: set[str] = set()
        for name in sorted(set(names) - locked):
            with self.of(name, what=UNREADABLE):
                filled |= contents.non_empty([name])
        return filled

    def forget_old_states(self, session: Session) -> None:
        """Delete states that a newer one has replaced. If that fails, say so once: they do no harm."""
        try:
            delete_old_states(session, self._destination.dataset)
        except Exception as error:
            if not self.is_about_table(error):
                raise
            if not self._keeps_old_states:
                self._keeps_old_states = True
                what = "grows, because old states cannot be deleted from it"
                self._notice(str(self.describe(STATES_TABLE, error, what=what)))

    def noted(self) -> list[str]:
        """The tables whose load jobs have failed because of the table."""
        return [name for name, error in self._changes.failures.items() if self.is_about_table(error)]

    def add(self, name: str, error: BaseException, *, what: str = _ROWS_REFUSED) -> None:
        """Give up a stream because of its table.

        Raises:
            DestinationError: Packages wait: all of them are loaded, or none.
        """
        self.by_stream[name] = self.describe(name, error, what=what)
        if self._changes.held is not None:
            raise self.by_stream[name] from error

    def describe(self, name: str, error: BaseException, *, what: str = _ROWS_REFUSED) -> DestinationError:
        """Say what the table of a stream does not do, why, and what helps."""
        nothing = "" if self._changes.held is None else " So nothing of this read was loaded."
        return DestinationError(
            f"The table {name} {what}: {first_line(text_of(innermost(error)))}{nothing}",
            remedy=self._destination.remedy_for(error, name)
            or "Change the column, constraint, trigger or right that is in the way, and run the sync again.",
            detail=self._destination.describe_error(error).detail,
        )
