"""How each kind of database is asked, so that nobody else in this room needs to know which kind it is.

What is asked of the database itself is SQL that every kind understands: which tables there are, rows and sums by day,
and rows of some days. The answers go into a DuckDB in memory, where everything else is done with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import count
from typing import Any, Protocol

from tiktok_marketing.errors import ConfigurationError, DestinationError, NothingToReadError
from tiktok_marketing.extras import install_hint
from tiktok_marketing.pipelines.databases.destination import (
    Destination,
    DuckDBFile,
    PostgresDatabase,
    describe_error,
)

_FILE = "looked_at"
_COMING = "_coming"
_AT_ONCE = 50_000


class Reader(Protocol):
    """A database that is open to be read, and the one in memory that takes what is read."""

    @property
    def memory(self) -> Any:
        """The connection to the database in memory."""
        ...

    def schemas(self) -> Mapping[str, set[str]]:
        """The schemas that have tables, and those."""
        ...

    def columns(self) -> Mapping[str, set[str]]:
        """The tables of our schema, and their columns."""
        ...

    def table(self, name: str) -> str:
        """A table's name as SQL takes it."""
        ...

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Ask, with `?` for each value."""
        ...

    def bring(self, into: str, sql: str, values: Sequence[Any] = ()) -> None:
        """Ask, and put the rows into a table that is in memory, which has as many columns."""
        ...


class _DuckDBReader:
    def __init__(self, memory: Any, dataset: str) -> None:
        self.memory = memory
        self._dataset = dataset

    def schemas(self) -> Mapping[str, set[str]]:
        return _grouped(
            self.rows("SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ?", [_FILE])
        )

    def columns(self) -> Mapping[str, set[str]]:
        sql = "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = ?"
        return _grouped(self.rows(sql, [_FILE, self._dataset]))

    def table(self, name: str) -> str:
        return f'{_FILE}."{self._dataset}"."{name}"'

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.memory.execute(sql, list(values)).fetchall()
        return found

    def bring(self, into: str, sql: str, values: Sequence[Any] = ()) -> None:
        self.memory.execute(f"INSERT INTO {into} {sql}", list(values))


class _PostgresReader:
    def __init__(self, connection: Any, memory: Any, dataset: str) -> None:
        self._connection = connection
        self.memory = memory
        self._dataset = dataset

    def schemas(self) -> Mapping[str, set[str]]:
        return _grouped(self.rows("SELECT table_schema, table_name FROM information_schema.tables"))

    def columns(self) -> Mapping[str, set[str]]:
        sql = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ?"
        return _grouped(self.rows(sql, [self._dataset]))

    def table(self, name: str) -> str:
        return f'"{self._dataset}"."{name}"'

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._asked(sql, values) as cursor:
            return list(cursor.fetchall())

    def bring(self, into: str, sql: str, values: Sequence[Any] = ()) -> None:
        import pyarrow as pa

        with self._asked(sql, values) as cursor:
            while rows := cursor.fetchmany(_AT_ONCE):
                columns = zip(*rows, strict=True)
                table = pa.table({f"c{number}": pa.array(column) for number, column in zip(count(), columns)})
                self.memory.register(_COMING, table)
                self.memory.execute(f"INSERT INTO {into} FROM {_COMING}")
                self.memory.unregister(_COMING)

    @contextmanager
    def _asked(self, sql: str, values: Sequence[Any]) -> Iterator[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql.replace("%", "%%").replace("?", "%s"), list(values))
            yield cursor


def _grouped(pairs: Sequence[tuple[Any, ...]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
    return found


@contextmanager
def _in_duckdb(destination: DuckDBFile, memory: Any) -> Iterator[Reader]:
    import duckdb

    path = destination.path
    if not path.is_file():
        missing = not path.exists()
        raise (NothingToReadError if missing else ConfigurationError)(
            f"There is no database {path}." if missing else f"{path} is no file.",
            remedy="Give the address that the sync was given with --to.",
        )
    quoted = str(path).replace("'", "''")
    try:
        memory.execute(f"ATTACH '{quoted}' AS {_FILE} (READ_ONLY)")
    except duckdb.Error as error:
        told = describe_error(error, destination, reading=True)
        if any(sign in str(error).lower() for sign in ("valid duckdb database", "version number")):
            raise ConfigurationError(told.message, remedy=told.remedy, detail=told.detail) from error
        raise told from error
    yield _DuckDBReader(memory, destination.dataset)


@contextmanager
def _in_postgres(destination: PostgresDatabase, memory: Any) -> Iterator[Reader]:
    import psycopg2

    try:
        with closing(psycopg2.connect(destination.dsn("doctor"))) as connection:
            connection.set_session(readonly=True, autocommit=True)
            with connection.cursor() as cursor:
                cursor.execute("SET datestyle TO ISO")
            yield _PostgresReader(connection, memory, destination.dataset)
    except psycopg2.Error as error:
        raise describe_error(error, destination, reading=True) from None  # its text may quote the address


KINDS: Mapping[type, Callable[[Any, Any], AbstractContextManager[Reader]]] = {
    DuckDBFile: _in_duckdb,
    PostgresDatabase: _in_postgres,
}
"""Kind of database to what opens one, given the connection to the database in memory."""


@contextmanager
def reading(destination: Destination) -> Iterator[Reader]:
    """Open a database to look at it; others may read it meanwhile, and nothing in it changes.

    Raises:
        ConfigurationError: There is no such database.
        DestinationError: It cannot be read now.
    """
    try:
        import duckdb
        from dlt.common import versioned_state  # noqa: F401 - to know now whether states can be read

        if isinstance(destination, PostgresDatabase):
            import psycopg2  # noqa: F401
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"Looking into a database needs {error.name}, which is not installed.",
            remedy=install_hint(destination.extra),
        ) from None
    try:
        with duckdb.connect(":memory:") as memory, KINDS[type(destination)](destination, memory) as reader:
            yield reader
    except (ConfigurationError, DestinationError):
        raise
    except duckdb.Error as error:
        raise describe_error(error, destination, reading=True) from error
