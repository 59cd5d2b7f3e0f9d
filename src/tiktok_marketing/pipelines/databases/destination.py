"""What a kind of destination has to offer. A kind is a class that implements `Destination`; `kinds` lists them.

There are two sorts. A `Database` has load jobs of our own. It also implements `Session`, an open connection that a sync
writes through, and `ReadOnlyDatabase`, an open connection that the doctor and `plan` read through. A `StoreDestination`
is anything else that takes tables: it implements `Store` (`store`), which asks for much less.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, runtime_checkable

import msgspec

from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.extras import install_hint

if TYPE_CHECKING:
    import pyarrow as pa

    from tiktok_marketing.catalog import Stream
    from tiktok_marketing.pipelines.databases.replacement import Replacement, TableChanges
    from tiktok_marketing.pipelines.databases.store import Store

DEFAULT_DATASET = "tiktok_ads"
"""The schema of the tables. Not `tiktok`: in a file named `tiktok.duckdb`, DuckDB could not distinguish `tiktok.ads`
from the name of the database, and would refuse every query that is written that way."""


class StoredColumn(msgspec.Struct, frozen=True):
    """A column of a table in the database.

    Args:
        type: Its type, in the database's words.
        required: Whether a row needs a value for it: it accepts no null and has no default.
        computed: Whether the database computes it, so that nothing can be written to it.
        numbered: Whether the database numbers the rows in it, so that a row keeps its value only if it stays.
    """

    type: str
    required: bool = False
    computed: bool = False
    numbered: bool = False


class Relation(msgspec.Struct, frozen=True):
    """A table, or something else that has the name of one.

    Args:
        kind: "table", "view" or another word for people.
        columns: The columns by name.
        referenced: Whether a foreign key of another table refers to it.
        writable: Whether the user of the connection may read it and change its rows.
        guarded: Whether a trigger, a rule or a policy may keep rows that are deleted.
        user: The user of the connection, as SQL accepts it; empty where a destination has no users.
    """

    kind: str
    columns: Mapping[str, StoredColumn]
    referenced: bool = False
    writable: bool = True
    guarded: bool = False
    user: str = ""

    @property
    def is_table(self) -> bool:
        """Whether rows can be written to it."""
        return self.kind == "table"


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

    def ensure_schema(self) -> bool:
        """Make sure that the schema exists and accepts writes. Returns whether it did not exist before."""
        ...

    def remove_empty_schema(self, *, database: bool) -> None:
        """Remove the schema. It stays if it holds anything, which raises the database's own error.

        Args:
            database: Whether the database was created for it, so that an empty one is removed, too.
        """
        ...

    def relations(self) -> Mapping[str, Relation]:
        """Return the tables of the schema, and what else could have the name of one, with their columns."""
        ...

    def add_column(self, table: str, name: str, data_type: str) -> None:
        """Add a column that accepts null to a table.

        Args:
            table: The table.
            name: The column.
            data_type: "bigint", "decimal" (money), "double", "bool", "text", "date", "timestamp", "timestamptz" or
                "json".
        """
        ...

    def lock(self, table: str) -> None:
        """Keep out others who write to a table, until the transaction ends. A database with one writer does nothing."""
        ...

    def create_indexes(self, stream: Stream) -> int:
        """Make sure of the indexes that this kind of database needs. Called once per sync.

        Returns:
            How many rows were deleted because they repeated a key, which a unique index does not accept.
        """
        ...

    def uncommented_columns(self, table: str) -> list[str]:
        """Return the columns of a table that have no comment."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class DescribedColumn(msgspec.Struct, frozen=True):
    """A column as people read it.

    Args:
        name: Its name.
        type: Its type, as the database spells it.
        comment: Its comment; empty without one.
    """

    name: str
    type: str
    comment: str


class DescribedTable(msgspec.Struct, frozen=True):
    """A table or a view as people read it.

    Args:
        name: Its name.
        is_view: Whether it is a view.
        comment: Its comment; empty without one.
        columns: Its columns, in order.
    """

    name: str
    is_view: bool
    comment: str
    columns: tuple[DescribedColumn, ...]


class BoundedRows(msgspec.Struct, frozen=True):
    """The first rows that a query returns.

    Args:
        columns: The names of the columns.
        rows: The rows.
        more: Whether the query returns more rows than these.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool


class QueryRefusedError(Exception):
    """The database refuses a query of somebody else's, with a sentence that says why."""


ONE_QUERY = "Only one query is accepted, which begins with SELECT or WITH."


def too_slow(seconds: float) -> str:
    """The sentence about a query that was stopped."""
    return f"The query took longer than {seconds:g} seconds. Ask for fewer days or accounts, or add a WHERE clause."


class ReadOnlyDatabase(Protocol):
    """A database that is open for reading only, beside a DuckDB in memory that takes what is read.

    The database itself answers only SQL that every kind understands: lists of tables, rows and sums per day, rows of
    some days. All further computing happens in memory.
    """

    @property
    def dataset(self) -> str:
        """The schema of the tables."""
        ...

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

    def relations(self) -> Mapping[str, Relation]:
        """Return the tables and views of the dataset, with their columns."""
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

    def described_tables(self, schema: str) -> list[DescribedTable]:
        """Return the tables and views of a schema with their comments, by name."""
        ...

    def foreign_query(self, sql: str, *, schemas: Sequence[str], most: int, seconds: float) -> BoundedRows:
        """Run one query of somebody who is not trusted: it can change nothing, and reaches nothing but the database.

        Args:
            sql: The query, in the SQL of the database.
            schemas: Where a table is looked for that the query writes without a schema, in this order.
            most: How many rows to return.
            seconds: How long it may run.

        Raises:
            QueryRefusedError: If it is not one query, fails, or takes too long.
        """
        ...


class Destination(Protocol):
    """Where tables go, and the schema there that holds them."""

    example: ClassVar[str]
    """An address, for messages."""
    file_endings: ClassVar[tuple[str, ...]]
    """Endings of a path that can be written without a scheme; empty for a destination that is not a file."""
    sql_dialect: ClassVar[str]
    """The name of its SQL in `views.dialects`; empty for a destination that has no views."""

    @property
    def extra(self) -> str:
        """The extra of this distribution that installs what the destination needs."""
        ...

    @property
    def libraries(self) -> tuple[str, ...]:
        """The modules that the destination needs."""
        ...

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
        """The destination's name in messages, without secrets."""
        ...

    @property
    def working_folder(self) -> Path:
        """The folder where packages are prepared: always the same one for the same destination on one machine."""
        ...

    def exclusive_lock(self, token: str) -> AbstractContextManager[None]:
        """Keep out syncs that run on other machines. `token` identifies this sync."""
        ...

    def open_read_only(self, memory: Any) -> AbstractContextManager[ReadOnlyDatabase]:
        """Open the destination so that nothing in it can change and others can still read it.

        Args:
            memory: A connection to a DuckDB in memory.

        Raises:
            NothingToReadError: There is no such database.
            ConfigurationError: The address is that of something else, or of something that cannot be looked at.
            DestinationError: The database cannot be read now.
        """
        ...

    def sanitize(self, table: pa.Table, stream: Stream) -> pa.Table:
        """Return a stream's table with every value changed into one that the destination accepts."""
        ...

    def describe_error(self, error: BaseException, *, reading: bool = False) -> DestinationError:
        """Say in one sentence why nothing can be written to it (or read from it), whatever raised the error."""
        ...


class Database(Destination, Protocol):
    """A database with load jobs of our own."""

    def dlt_destination(self, changes: TableChanges) -> Any:
        """Return the destination that dlt loads into.

        Args:
            changes: What happens to the tables. Read when a package is loaded.
        """
        ...

    def load_file(self, session: Any, path: Path, change: Replacement) -> None:
        """Load a Parquet file, and delete the rows that its rows replace, in the transaction that is open.

        Args:
            session: A session of this kind.
            path: The file.
            change: What its rows replace.
        """
        ...

    def identity(self) -> Any:
        """Return what the address stands for now, to notice that a file was replaced; None if there is nothing yet.

        A server needs no such check, because it ends the connections to a database that it drops.
        """
        ...

    def is_about_table(self, error: BaseException) -> bool:
        """Whether an error lies in one table, so that the rows of other tables can still be loaded."""
        ...

    def remedy_for(self, error: BaseException, table: str) -> str:
        """Say what helps against an error that lies in a table; empty if there is nothing special to say."""
        ...

    def locked_tables(self, error: BaseException | None = None) -> Mapping[str, str]:
        """Return the tables that others keep locked now, so that they cannot even be read, with words for who they are.

        Args:
            error: None are returned if this error has another reason.
        """
        ...

    def connect(self, token: str) -> Session:
        """Open the database for the sync that `token` identifies."""
        ...


@runtime_checkable
class StoreDestination(Destination, Protocol):
    """A destination without load jobs of our own."""

    def store(self, folder: Path) -> Store:
        """Return what a sync writes through.

        Args:
            folder: An empty folder for this sync alone.
        """
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
            if not f"{name}.".startswith(f"{error.name}."):
                raise
            raise ConfigurationError(
                f"{purpose} {destination.display_name} needs {name}, which is not installed.",
                remedy=install_hint(destination.extra),
            ) from None
