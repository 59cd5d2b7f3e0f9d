"""What a kind of database has to offer. A kind is a class that implements `Destination`; `kinds` lists them.

A kind also implements `Session`, an open connection that a sync writes through, and `ReadOnlyDatabase`, an open
connection that the doctor and `plan` read through. Everything that differs between databases is asked of these three.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.extras import install_hint
from tiktok_marketing.pipelines.databases.replacement import Replacement

if TYPE_CHECKING:
    import pyarrow as pa

    from tiktok_marketing.catalog import Stream

DEFAULT_DATASET = "tiktok_ads"
"""The schema of the tables. Not `tiktok`: in a file named `tiktok.duckdb`, DuckDB could not distinguish `tiktok.ads`
from the name of the database, and would refuse every query that is written that way."""


class Session(Protocol):
    """An open connection to a destination."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows.

        Args:
            sql: In the SQL that DuckDB and Postgres share, with `?` for each value. A list goes with `= ANY(?)` or
                `<> ALL(?)`.
            values: The values.
        """
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Run the statements in the `with` block as one transaction; an exception rolls it back."""
        ...

    def ensure_schema(self) -> None:
        """Make sure that the schema exists and accepts writes."""
        ...

    def create_indexes(self, stream: Stream) -> None:
        """Create the indexes that this kind of database needs. Called once per sync, after the stream's first rows."""
        ...

    def uncommented_columns(self, table: str) -> list[str]:
        """Return the columns of a table that have no comment."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class ReadOnlyDatabase(Protocol):
    """A database that is open for reading only, beside a DuckDB in memory that takes what is read.

    The database itself answers only SQL that every kind understands: lists of tables, rows and sums per day, rows of
    some days. All further computing happens in memory.
    """

    @property
    def memory(self) -> Any:
        """The connection to the DuckDB in memory."""
        ...

    def tables_by_schema(self) -> Mapping[str, set[str]]:
        """Return each schema that has tables, with the names of its tables."""
        ...

    def columns_by_table(self) -> Mapping[str, set[str]]:
        """Return each table of the dataset, with the names of its columns."""
        ...

    def table(self, name: str) -> str:
        """Return the name of a table of the dataset as SQL accepts it."""
        ...

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query, with `?` for each value, and return its rows."""
        ...

    def copy_to_memory(self, table: str, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a query and insert its rows into a table in memory that has the same number of columns."""
        ...


class Destination(Protocol):
    """A database, and the schema in it that holds the tables."""

    example: ClassVar[str]
    """An address, for messages."""
    file_endings: ClassVar[tuple[str, ...]]
    """Endings of a path that can be written without a scheme; empty for a database that is not a file."""
    extra: ClassVar[str]
    """The extra of this distribution that installs what this kind needs."""
    libraries: ClassVar[tuple[str, ...]]
    """The modules that this kind needs."""

    @classmethod
    def at(cls, address: str, dataset: str) -> Self:
        """Read an address.

        Args:
            address: With its scheme, or a path that ends in one of `file_endings`.
            dataset: The schema.

        Raises:
            ConfigurationError: The address or the dataset is not valid for this kind.
        """
        ...

    @property
    def dataset(self) -> str:
        """The schema."""
        ...

    @property
    def display_name(self) -> str:
        """The database's name in messages, without secrets."""
        ...

    @property
    def working_folder(self) -> Path:
        """The folder where packages are prepared: always the same one for the same destination on one machine."""
        ...

    def exclusive_lock(self, token: str) -> AbstractContextManager[None]:
        """Keep out syncs that run on other machines. `token` identifies this sync."""
        ...

    def dlt_destination(self, changes: Mapping[str, Replacement]) -> Any:
        """Return the destination that dlt loads into.

        Args:
            changes: For each table, what happens to the rows it has. Read when a package is loaded.
        """
        ...

    def connect(self, token: str) -> Session:
        """Open the database for the sync that `token` identifies."""
        ...

    def open_read_only(self, memory: Any) -> AbstractContextManager[ReadOnlyDatabase]:
        """Open the database so that nothing in it can change and others can still read it.

        Args:
            memory: A connection to a DuckDB in memory.

        Raises:
            NothingToReadError: There is no such database.
            ConfigurationError: The address is that of something else.
            DestinationError: The database cannot be read now.
        """
        ...

    def sanitize(self, table: pa.Table, stream: Stream) -> pa.Table:
        """Return a stream's table with every value changed into one that the database accepts."""
        ...

    def describe_error(self, error: BaseException, *, reading: bool = False) -> DestinationError:
        """Say in one sentence why the database cannot be written to (or read from), whatever raised the error."""
        ...


def require_libraries(destination: Destination, purpose: str, *, also: Sequence[str] = ()) -> None:
    """Import what a destination needs.

    Args:
        destination: The destination.
        purpose: What the libraries are needed for: "Loading into" or "Reading from".
        also: Modules that the purpose needs whatever the destination is.

    Raises:
        ConfigurationError: A library is not installed.
    """
    for name in (*also, *destination.libraries):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            raise ConfigurationError(
                f"{purpose} {destination.display_name} needs {name}, which is not installed.",
                remedy=install_hint(destination.extra),
            ) from None
