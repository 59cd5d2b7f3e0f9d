"""Where tables go: the kinds of database there are, the addresses that a user writes, and keeping syncs apart.

A kind of database is a class: an address becomes an object of it, and all that differs between databases is asked of
that object or of the session that it opens. Adding one is adding such a class and a line in `KINDS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tiktok_marketing.errors import ConfigurationError, DestinationError, DestinationLockedError
from tiktok_marketing.pipelines.databases.duckdb import address as duckdb_file
from tiktok_marketing.pipelines.databases.duckdb.address import DEFAULT_DATASET, DuckDBFile
from tiktok_marketing.pipelines.databases.postgres import address as postgres
from tiktok_marketing.pipelines.databases.postgres.address import PostgresDatabase
from tiktok_marketing.pipelines.databases.replacement import Replacement

if TYPE_CHECKING:
    import pyarrow as pa

    from tiktok_marketing.catalog import Stream

NAME = "tiktok"
"""Of dlt's pipeline, schema and source: the states in a database are found by it, so it never changes."""

__all__ = [
    "DEFAULT_DATASET",
    "NAME",
    "Destination",
    "DestinationLockedError",
    "DuckDBFile",
    "PostgresDatabase",
    "Session",
    "describe_error",
    "destination_of",
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

    def ensure_schema(self) -> None:
        """Make sure that the schema exists and can be written to."""
        ...

    def create_indexes(self, stream: Stream) -> None:
        """Give a stream's table what only this kind of database needs. Called once a sync, after its first rows."""
        ...

    def uncommented_columns(self, table: str) -> list[str]:
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
    def display_name(self) -> str:
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

    def exclusive_lock(self, token: str) -> AbstractContextManager[None]:
        """Keep syncs of other machines away. `token` names this sync."""
        ...

    def dlt_destination(self, changes: Mapping[str, Replacement]) -> Any:
        """The destination as dlt knows it.

        Args:
            changes: Table to what becomes of its rows; looked at when a package is loaded.
        """
        ...

    def connect(self, token: str) -> Session:
        """Open it, for the sync of this name."""
        ...

    def sanitize(self, table: pa.Table, stream: Stream) -> pa.Table:
        """Return a table of a stream with every value such that the database takes it."""
        ...

    def describe_error(self, error: BaseException, *, reading: bool = False) -> DestinationError:
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


def describe_error(error: BaseException, destination: Destination, *, reading: bool = False) -> DestinationError:
    """Say in one sentence why nothing can be written (or read), whatever raised it."""
    return destination.describe_error(error, reading=reading)
