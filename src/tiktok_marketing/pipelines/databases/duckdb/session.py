"""An open DuckDB file: a session that a sync writes through, and a view for reading only."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tiktok_marketing.pipelines.databases.destination import (
    ONE_QUERY,
    BoundedRows,
    DescribedTable,
    QueryRefusedError,
    Relation,
    StoredColumn,
    too_slow,
)
from tiktok_marketing.pipelines.databases.read_only import described, grouped
from tiktok_marketing.pipelines.databases.replacement import Execute

if TYPE_CHECKING:
    from tiktok_marketing.catalog import Stream

_ATTACHED = "database_file"
_TYPES: Mapping[str, str] = {
    "bigint": "BIGINT",
    "decimal": "DECIMAL(18, 4)",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "text": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "json": "JSON",
}
_COMPUTED = re.compile(r'(?:"((?:[^"]|"")+)"|(\w+)) [A-Z][\w ]*(?:\([^)]*\))?[\[\]]* GENERATED ALWAYS AS')


class DuckDBSession:
    """An open connection to a DuckDB file."""

    def __init__(self, connection: Any, dataset: str) -> None:
        self._connection = connection
        self._dataset = dataset
        self._removed: Path | None = None

    @property
    def dataset(self) -> str:
        """The schema."""
        return self._dataset

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

    def ensure_schema(self) -> bool:
        """Make sure that the schema exists. A read-only file opens without an error; this statement fails on it.

        Returns:
            Whether it did not exist before.
        """
        existed = self.has_schema()
        self._connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._dataset}"')
        return not existed

    def has_schema(self) -> bool:
        """Whether the schema exists, in whatever case its name is written."""
        return folded(self._dataset) in map(folded, self._schemas())

    def remove_empty_schema(self, *, database: bool) -> None:
        """Remove the schema, and the file if `database` says so. Neither is removed if it holds anything."""
        self._connection.execute(f'DROP SCHEMA IF EXISTS "{self._dataset}"')
        ((path,),) = self.execute("SELECT path FROM duckdb_databases() WHERE database_name = current_database()")
        if database and self._schemas() == {"main"} and not self._objects():
            self._removed = Path(path).resolve()
            self._removed.unlink()  # while it is open, so that nobody else can have it open

    def _schemas(self) -> set[str]:
        sql = "SELECT schema_name FROM duckdb_schemas() WHERE database_name = current_database()"
        return {name for (name,) in self.execute(sql)} - {"information_schema", "pg_catalog"}

    def _objects(self) -> int:
        """The number of tables, views, types, macros and sequences that somebody created."""
        counts = [
            f"SELECT count(*) AS n FROM duckdb_{kind}() WHERE database_name = current_database() AND NOT internal"  # noqa: S608
            for kind in ("tables", "views", "types", "functions")
        ]
        counts.append("SELECT count(*) AS n FROM duckdb_sequences() WHERE database_name = current_database()")
        ((count,),) = self.execute(f"SELECT sum(n) FROM ({' UNION ALL '.join(counts)})")  # noqa: S608 - our own words
        return int(count)

    def relations(self) -> Mapping[str, Relation]:
        """Return the tables and views of the schema, with their columns: all names as `folded` returns them."""
        ((here,),) = self.execute("SELECT current_database()")
        return _relations(self.execute, here, self._dataset)

    def add_column(self, table: str, name: str, data_type: str) -> None:
        """Add a column that accepts null to a table."""
        self.execute(f'ALTER TABLE "{self._dataset}"."{table}" ADD COLUMN "{name}" {_TYPES[data_type]}')

    def lock(self, table: str) -> None:
        """Do nothing: a file has one writer."""

    def create_indexes(self, stream: Stream) -> int:
        """Do nothing: DuckDB needs no index."""
        del stream
        return 0

    def uncommented_columns(self, table: str) -> list[str]:
        """Return the columns of a table that have no comment."""
        rows = self.execute(
            "SELECT column_name FROM duckdb_columns()"
            " WHERE lower(schema_name) = ? AND lower(table_name) = ? AND comment IS NULL",
            [self._dataset, table],
        )
        return [folded(name) for (name,) in rows]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        if self._removed is not None:
            self._removed.with_name(self._removed.name + ".wal").unlink(missing_ok=True)


def _relations(execute: Execute, database: str, dataset: str) -> Mapping[str, Relation]:
    here = "database_name = ? AND lower(schema_name) = ?"
    tables = dict(execute(f"SELECT table_name, sql FROM duckdb_tables() WHERE {here}", [database, dataset]))  # noqa: S608
    tables = {folded(table): sql for table, sql in tables.items()}
    computed = {table: _computed(sql) for table, sql in tables.items()}
    columns: dict[str, dict[str, StoredColumn]] = {}
    for table, column, data_type, nullable, default in execute(
        "SELECT table_name, column_name, data_type, is_nullable, column_default"  # noqa: S608 - our own words
        f" FROM duckdb_columns() WHERE {here}",
        [database, dataset],
    ):
        required = not nullable and default is None
        table, name = folded(table), folded(column)  # noqa: PLW2901
        columns.setdefault(table, {})[name] = StoredColumn(data_type, required, name in computed.get(table, ()))
    return {name: Relation("table" if name in tables else "view", of) for name, of in columns.items()}


def _computed(sql: str | None) -> set[str]:
    """Return the names of the columns that a table computes, from the statement that creates it."""
    return {folded(quoted.replace('""', '"') or plain) for quoted, plain in _COMPUTED.findall(sql or "")}


def folded(name: str) -> str:
    """Return a name in small letters, as ours are: to DuckDB, names that differ only in ASCII case are the same."""
    return name.lower() if name.isascii() else name


class ReadOnlyDuckDB:
    """A DuckDB file that is attached to a DuckDB in memory, for reading only."""

    def __init__(self, memory: Any, dataset: str) -> None:
        self.memory = memory
        self.dataset = dataset

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
        return grouped((folded(schema), folded(table)) for schema, table in self.rows(sql, [_ATTACHED]))

    def columns_by_table(self) -> Mapping[str, set[str]]:
        """Return each table of the dataset, with the names of its columns."""
        sql = "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ? AND lower(schema_name) = ?"
        return grouped((folded(table), folded(column)) for table, column in self.rows(sql, [_ATTACHED, self.dataset]))

    def relations(self) -> Mapping[str, Relation]:
        """Return the tables and views of the dataset, with their columns: all names as `folded` returns them."""
        return _relations(self.rows, _ATTACHED, self.dataset)

    def table(self, name: str) -> str:
        """Return the name of a table of the dataset as SQL accepts it."""
        return f'{_ATTACHED}."{self.dataset}"."{name}"'

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query, with `?` for each value, and return its rows."""
        rows: list[tuple[Any, ...]] = self.memory.execute(sql, list(values)).fetchall()
        return rows

    def copy_to_memory(self, table: str, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a query and insert its rows into a table in memory that has the same number of columns."""
        self.memory.execute(f"INSERT INTO {table} {sql}", list(values))

    def described_tables(self, schema: str) -> list[DescribedTable]:
        """Return the tables and views of a schema with their comments, by name."""
        here = "WHERE database_name = ? AND schema_name = ?"
        return described(
            self.rows(
                "SELECT table_name, is_view, t.comment, column_name, data_type, c.comment FROM ("  # noqa: S608 - our own words
                f"SELECT table_name, false AS is_view, comment FROM duckdb_tables() {here} UNION ALL"
                f" SELECT view_name, true, comment FROM duckdb_views() {here}) t"
                f" JOIN (SELECT * FROM duckdb_columns() {here}) c USING (table_name) ORDER BY table_name, column_index",
                [_ATTACHED, schema] * 3,
            )
        )

    def foreign_query(self, sql: str, *, schemas: Sequence[str], most: int, seconds: float) -> BoundedRows:
        """Run one query of somebody who is not trusted, without access to other files, or to the settings.

        Raises:
            QueryRefusedError: If it is not one query, fails, or takes too long.
        """
        import duckdb

        quoted = [schema.replace('"', '""').replace("'", "''") for schema in schemas]
        path = ",".join(f'{_ATTACHED}."{schema}"' for schema in quoted)
        self.memory.execute(f"SET search_path = '{path}'")
        self.memory.execute("SET enable_external_access = false")
        self.memory.execute("SET lock_configuration = true")
        timer = threading.Timer(seconds, self.memory.interrupt)
        try:
            statements = duckdb.extract_statements(sql)
            accepted = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
            if len(statements) != 1 or statements[0].type not in accepted:
                raise QueryRefusedError(ONE_QUERY)
            timer.start()
            cursor = self.memory.execute(statements[0])
            rows = cursor.fetchmany(most + 1)
            return BoundedRows(tuple(column[0] for column in cursor.description), tuple(rows[:most]), len(rows) > most)
        except duckdb.InterruptException:
            raise QueryRefusedError(too_slow(seconds)) from None
        except duckdb.Error as error:
            raise QueryRefusedError(str(error)) from None
        finally:
            timer.cancel()
