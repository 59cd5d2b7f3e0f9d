"""Opens a database for the steps of a load, and says what is wrong if a step fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tiktok_marketing.errors import ConnectorError, DestinationChangedError, DestinationLockedError
from tiktok_marketing.pipelines.databases.destination import Database, Session
from tiktok_marketing.pipelines.databases.dlt_context import isolated_dlt
from tiktok_marketing.pipelines.databases.errors import innermost
from tiktok_marketing.pipelines.databases.replacement import TableChanges
from tiktok_marketing.pipelines.loaded_rows import LoadedRows

T = TypeVar("T")


class SessionOpener:
    """Opens one database, again and again.

    Args:
        destination: The database.
        folder: The folder of the loader.
        loaded: What must be in the database.
        changes: What a package does to the tables.
        notice: Called with a sentence that a person should see.
    """

    def __init__(
        self,
        destination: Database,
        folder: Path,
        loaded: LoadedRows,
        changes: TableChanges,
        notice: Callable[[str], None],
    ) -> None:
        self._destination = destination
        self._folder = folder
        self._loaded = loaded
        self._changes = changes
        self._notice = notice

    @contextmanager
    def opened(self, *, wait: float) -> Iterator[Session]:
        """Keep the database open, so that nobody can interfere between the steps of a package.

        Args:
            wait: Seconds to wait for another process that has the database open.

        Raises:
            DestinationError: The database cannot be opened, does not accept a step, or was changed meanwhile.
        """
        if self._loaded.has_begun:
            self._loaded.check_identity()  # before it is opened, because DuckDB would create a file that is gone
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
        if not self._loaded.packages:
            return
        try:
            with self._session(0.0) as session:
                self._loaded.check(session, None)
        except DestinationChangedError as changed:
            raise changed from error
        except Exception:  # noqa: BLE001 - the first error says more
            return

    @contextmanager
    def _session(self, wait: float) -> Iterator[Session]:
        session = opened_in_time(self._connect, wait, self._notice)
        try:
            yield session
        finally:
            session.close()

    def _connect(self) -> Session:
        try:
            return self._destination.connect(self._folder.name)
        except Exception as error:
            raise self._destination.describe_error(error) from error


def opened_in_time(attempt: Callable[[], T], wait: float, notice: Callable[[str], None]) -> T:
    """Open a destination, and try again while another process has it open.

    Args:
        attempt: Opens it.
        wait: The seconds to go on trying.
        notice: Called with a sentence that says who has it open and that this waits.

    Raises:
        DestinationLockedError: The other process still has it open after that time.
    """
    until = time.monotonic() + wait
    noticed = False
    while True:
        try:
            return attempt()
        except DestinationLockedError as error:
            if time.monotonic() >= until:
                raise
            if not noticed:
                noticed = True
                notice(f"{error.message} Waiting up to {wait:.0f} s for it.")
            time.sleep(0.5)
