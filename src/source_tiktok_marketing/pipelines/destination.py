"""Where tables go: the kinds of database there are, the addresses that a user writes, and keeping syncs apart.

A kind of database is a class: an address becomes an object of it, and all that differs between databases is asked of
that object or of the session that it opens. Adding one is adding such a class and a line in `KINDS`.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from source_tiktok_marketing.errors import ConfigurationError, DestinationError
from source_tiktok_marketing.pipelines import duckdb_file, postgres
from source_tiktok_marketing.pipelines.changes import Change
from source_tiktok_marketing.pipelines.duckdb_file import DEFAULT_DATASET, DuckDBFile
from source_tiktok_marketing.pipelines.postgres import PostgresDatabase
from source_tiktok_marketing.pipelines.trouble import Locked

if TYPE_CHECKING:
    import pyarrow as pa

    from source_tiktok_marketing.catalog import Stream

NAME = "tiktok"
"""Of dlt's pipeline, schema and source: the states in a database are found by it, so it never changes."""

__all__ = [
    "DEFAULT_DATASET",
    "NAME",
    "Destination",
    "DuckDBFile",
    "Locked",
    "PostgresDatabase",
    "Session",
    "destination_of",
    "explained",
    "install",
    "loading_now",
    "reserved",
]

_DATASET = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


class Session(Protocol):
    """An open connection to a destination."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement, with `?` for each value, and return its rows. Lists go with `= ANY(?)`, `<> ALL(?)`."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All of it or nothing."""
        ...

    def make_room(self) -> None:
        """Make sure that the schema exists and can be written to."""
        ...

    def settle(self, stream: Stream) -> None:
        """Give a stream's table what only this kind of database needs. Called once a sync, after its first rows."""
        ...

    def undescribed(self, table: str) -> list[str]:
        """Columns of a table that have no comment."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class Destination(Protocol):
    """A database and the schema in it that takes the tables."""

    @property
    def dataset(self) -> str:
        """The schema."""
        ...

    @property
    def shown(self) -> str:
        """How it is called in messages, without a secret."""
        ...

    @property
    def working_folder(self) -> Path:
        """Where packages are prepared: always the same place for the same destination, on one machine."""
        ...

    @property
    def extra(self) -> str:
        """The extra of this project that brings what it needs."""
        ...

    @property
    def libraries(self) -> Sequence[str]:
        """Modules that it needs."""
        ...

    def held(self, token: str) -> AbstractContextManager[None]:
        """Keep syncs of other machines away. `token` names this sync."""
        ...

    def loading(self, changes: Mapping[str, Change]) -> Any:
        """The destination as dlt knows it.

        Args:
            changes: Table to what becomes of its rows; looked at when a package is loaded.
        """
        ...

    def connect(self, token: str) -> Session:
        """Open it, for the sync of this name."""
        ...

    def fitting(self, table: pa.Table, stream: Stream) -> pa.Table:
        """Return a table of a stream with every value such that the database takes it."""
        ...

    def explained(self, error: BaseException, *, reading: bool = False) -> DestinationError:
        """Say in one sentence why nothing can be written (or read), whatever raised it."""
        ...


KINDS: Mapping[str, Callable[[str, str], Destination]] = {
    "duckdb": DuckDBFile.at,
    "postgresql": PostgresDatabase.at,
    "postgres": PostgresDatabase.at,
}
"""Scheme of an address to what reads it."""

_EXAMPLES = f"{duckdb_file.EXAMPLE} or {postgres.EXAMPLE}"


def destination_of(address: str, dataset: str = DEFAULT_DATASET) -> Destination:
    """Read the address of a destination.

    Args:
        address: `duckdb:///relative.duckdb`, `duckdb:////absolute/path.duckdb`, a path that ends in `.duckdb`, or
            `postgresql://user:password@host:5432/database`.
        dataset: Schema for the tables.

    Raises:
        ConfigurationError: If it is no address that can be written to.
    """
    address = address.strip()
    scheme, separator, _ = address.partition("://")
    if not separator:
        if not address.lower().endswith(duckdb_file.FILE_ENDINGS):
            named = address.rpartition("@")[2]  # before it may stand a password
            raise ConfigurationError(f"{named!r} is no destination.", remedy=f"Write it as {_EXAMPLES}.")
        scheme = "duckdb"
    if scheme not in KINDS:
        raise ConfigurationError(
            f"Destinations of the kind {scheme}:// are not supported.", remedy=f"Write it as {_EXAMPLES}."
        )
    if not _DATASET.fullmatch(dataset):
        raise ConfigurationError(
            f"The dataset {dataset!r} is no name that works in SQL without quotes.",
            remedy="Use letters, digits and underscores, with a letter first.",
        )
    if dataset.lower() != dataset:
        # dlt would make it lower case silently, and the user would look for the other one.
        raise ConfigurationError(
            f"The dataset {dataset!r} has capital letters.", remedy=f"Write it as {dataset.lower()}."
        )
    return KINDS[scheme](address, dataset)


def install(destination: Destination) -> str:
    """The command that installs what a destination needs."""
    return f"pip install 'source-tiktok-marketing[{destination.extra}]'"


@contextmanager
def reserved(destination: Destination) -> Iterator[Path]:
    """Keep other syncs away from this database and give an empty working folder, which is removed at the end.

    A database's own locks are not enough: they are given back between packages, so that others can look at the data
    meanwhile.

    Raises:
        DestinationError: If another sync is loading into it, or the folder cannot be written to.
    """
    folder = destination.working_folder
    if not folder.parent.is_dir():
        raise DestinationError(f"The folder {folder.parent} does not exist.", remedy="Create it first.")
    lock = -1
    try:
        try:
            lock = _locked(folder, destination)
            for left in folder.glob("packages-*"):
                shutil.rmtree(left, ignore_errors=True)
            packages = folder / f"packages-{secrets.token_hex(4)}"
            packages.mkdir()
        except OSError as error:
            raise explained(error, destination) from error
        with destination.held(packages.name):
            yield packages
    finally:
        if lock >= 0:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _locked(folder: Path, destination: Destination) -> int:
    """Lock the working folder; returns the open file that holds the lock."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.geteuid():
            raise DestinationError(f"The folder {folder} belongs to somebody else.", remedy="Remove it first.")
        path = folder / "lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it may have removed the folder in the meantime: then this is a lock on nothing.
            if path.exists() and os.fstat(lock).st_ino == path.stat().st_ino:
                os.ftruncate(lock, 0)
                os.write(lock, str(os.getpid()).encode())
                return lock
        except BlockingIOError:
            pid = os.read(lock, 20).decode(errors="replace")
            os.close(lock)
            raise DestinationError(
                f"Another sync is loading into {destination.shown}" + (f" (process {pid})." if pid else "."),
                remedy="Wait until it is done, or end it.",
            ) from None
        except FileNotFoundError:
            pass
        os.close(lock)


def loading_now(destination: Destination) -> str | None:
    """The id of the process that is loading into it at this moment; empty if it cannot be told, None if none is."""
    try:
        lock = os.open(destination.working_folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(lock, 20).decode(errors="replace")
    finally:
        os.close(lock)
    return None


def explained(error: BaseException, destination: Destination, *, reading: bool = False) -> DestinationError:
    """Say in one sentence why nothing can be written (or read), whatever raised it."""
    return destination.explained(error, reading=reading)
