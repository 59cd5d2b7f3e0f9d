"""An open DuckDB file: a session that a sync writes through, and a view for reading only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tiktok_marketing.pipelines.databases.read_only import grouped

if TYPE_CHECKING:
    from tiktok_marketing.catalog import Stream

_ATTACHED = "database_file"


class DuckDBSession:
    """An open connection to a DuckDB file."""

    def __init__(self, connection: Any, dataset: str) -> None:
        self._connection = connection
        self._dataset = dataset

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement, with `?` for each value, and return its rows."""
        rows: list[tuple[Any, ...]] = self._connection.execute(sql, list(values)).fetchall()
        return rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the statements in the `with` block as one transaction; an exception rolls it back."""
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def ensure_schema(self) -> None:
        """Make sure that the schema exists. A read-only file opens without an error; this statement fails on it."""
        self._connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._dataset}"')

    def create_indexes(self, stream: Stream) -> None:
        """Do nothing: DuckDB needs no index."""

    def uncommented_columns(self, table: str) -> list[str]:
        """Return the columns of a table that have no comment."""
        rows = self.execute(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? AND comment IS NULL",
            [self._dataset, table],
        )
        return [name for (name,) in rows]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class ReadOnlyDuckDB:
    """A DuckDB file that is attached to a DuckDB in memory, for reading only."""

    def __init__(self, memory: Any, dataset: str) -> None:
        self.memory = memory
        self._dataset = dataset

    @classmethod
    def attach(cls, memory: Any, path: Path, dataset: str) -> Self:
        """Attach a file.

        Raises:
            duckdb.Error: The file cannot be read.
        """
        quoted = str(path).replace("'", "''")
        memory.execute(f"ATTACH '{quoted}' AS {_ATTACHED} (READ_ONLY)")
        return cls(memory, dataset)

    def tables_by_schema(self) -> Mapping[str, set[str]]:
        """Return each schema that has tables, with the names of its tables."""
        sql = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ?"
        return grouped(self.rows(sql, [_ATTACHED]))

    def columns_by_table(self) -> Mapping[str, set[str]]:
        """Return each table of the dataset, with the names of its columns."""
        sql = "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = ?"
        return grouped(self.rows(sql, [_ATTACHED, self._dataset]))

    def table(self, name: str) -> str:
        """Return the name of a table of the dataset as SQL accepts it."""
        return f'{_ATTACHED}."{self._dataset}"."{name}"'

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query, with `?` for each value, and return its rows."""
        rows: list[tuple[Any, ...]] = self.memory.execute(sql, list(values)).fetchall()
        return rows

    def copy_to_memory(self, table: str, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a query and insert its rows into a table in memory that has the same number of columns."""
        self.memory.execute(f"INSERT INTO {table} {sql}", list(values))
