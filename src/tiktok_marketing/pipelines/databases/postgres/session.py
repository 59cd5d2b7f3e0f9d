"""An open Postgres database: a session that a sync writes through, and a view for reading only.

The session also does what dlt does not: it creates a unique index on each table's key, for reports with account and day
first. Without the index, every package would read the whole table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from tiktok_marketing.pipelines.arrow.columns import ColumnType
from tiktok_marketing.pipelines.arrow.tables import columns_of
from tiktok_marketing.pipelines.databases.read_only import grouped
from tiktok_marketing.pipelines.databases.replacement import day_column

if TYPE_CHECKING:
    from tiktok_marketing.catalog import Stream

_FETCHED = "_fetched"
_ROWS_PER_FETCH = 50_000


class PostgresSession:
    """An open connection to a Postgres database."""

    def __init__(self, connection: Any, dataset: str) -> None:
        self._connection = connection
        self._dataset = dataset

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement, with `?` for each value, and return its rows."""
        with self._connection.cursor() as cursor:
            if values:
                cursor.execute(_with_placeholders(sql), list(values))
            else:
                cursor.execute(sql)
            return [] if cursor.description is None else list(cursor.fetchall())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the statements in the `with` block as one transaction; an exception rolls it back."""
        self.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def ensure_schema(self) -> None:
        """Make sure that the schema exists. A user who may not create one can load into one that somebody created."""
        if self.execute("SELECT to_regnamespace(quote_ident(?)) IS NULL", [self._dataset])[0][0]:
            self.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._dataset}"')

    def create_indexes(self, stream: Stream) -> None:
        """Index the key, in reports with account and day first: the days of an account are replaced together."""
        table = f'"{self._dataset}"."{stream.name}"'
        # A key with whole objects in it can be too large for an index; tables of that kind are small.
        if json_columns(stream) & set(stream.row_key):
            return
        first: list[str] = []
        if stream.is_report:
            first = ["advertiser_id", *filter(None, [day_column(stream)])]
        key = ", ".join(f'"{name}"' for name in dict.fromkeys((*first, *stream.row_key)))
        name = f"{stream.name}_{'days' if first else 'key'}"
        self.execute(f'CREATE UNIQUE INDEX IF NOT EXISTS "{name}" ON {table} ({key})')
        if first:
            self.execute(f'DROP INDEX IF EXISTS "{self._dataset}"."{stream.name}_key"')  # an earlier version's

    def uncommented_columns(self, table: str) -> list[str]:
        """Return the columns of a table that have no comment."""
        rows = self.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
            " AND col_description(attrelid, attnum) IS NULL",
            [f'"{self._dataset}"."{table}"'],
        )
        return [name for (name,) in rows]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class ReadOnlyPostgres:
    """A Postgres database that is open for reading only, beside a DuckDB in memory."""

    def __init__(self, connection: Any, memory: Any, dataset: str) -> None:
        self._connection = connection
        self.memory = memory
        self._dataset = dataset

    def tables_by_schema(self) -> Mapping[str, set[str]]:
        """Return each schema that has tables, with the names of its tables."""
        return grouped(self.rows("SELECT table_schema, table_name FROM information_schema.tables"))

    def columns_by_table(self) -> Mapping[str, set[str]]:
        """Return each table of the dataset, with the names of its columns."""
        sql = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ?"
        return grouped(self.rows(sql, [self._dataset]))

    def table(self, name: str) -> str:
        """Return the name of a table of the dataset as SQL accepts it."""
        return f'"{self._dataset}"."{name}"'

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query, with `?` for each value, and return its rows."""
        with self._run(sql, values) as cursor:
            return list(cursor.fetchall())

    def copy_to_memory(self, table: str, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a query and insert its rows into a table in memory that has the same number of columns."""
        import pyarrow as pa

        with self._run(sql, values) as cursor:
            while rows := cursor.fetchmany(_ROWS_PER_FETCH):
                columns = zip(*rows, strict=True)
                fetched = pa.table({f"c{number}": pa.array(column) for number, column in zip(count(), columns)})
                self.memory.register(_FETCHED, fetched)
                self.memory.execute(f"INSERT INTO {table} FROM {_FETCHED}")
                self.memory.unregister(_FETCHED)

    @contextmanager
    def _run(self, sql: str, values: Sequence[Any]) -> Iterator[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(_with_placeholders(sql), list(values))
            yield cursor


def json_columns(stream: Stream) -> set[str]:
    """Return the columns of a stream's table that hold JSON."""
    return {column.name for column in columns_of(stream) if column.type is ColumnType.JSON}


def _with_placeholders(sql: str) -> str:
    """Write psycopg2's placeholder for each `?`."""
    return sql.replace("%", "%%").replace("?", "%s")
