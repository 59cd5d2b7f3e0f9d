"""An open DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiktok_marketing.catalog import Stream


class DuckDBSession:
    """An open DuckDB database."""

    def __init__(self, connection: Any, dataset: str) -> None:
        self._connection = connection
        self._dataset = dataset

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement, with `?` for each value, and return its rows."""
        rows: list[tuple[Any, ...]] = self._connection.execute(sql, list(values)).fetchall()
        return rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def ensure_schema(self) -> None:
        """Make sure that the schema exists. A file that can only be read opens without complaint; this shows it."""
        self._connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._dataset}"')

    def create_indexes(self, stream: Stream) -> None:
        """Nothing to do once a stream has its table."""

    def uncommented_columns(self, table: str) -> list[str]:
        """Columns of a table that have no comment."""
        rows = self.execute(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? AND comment IS NULL",
            [self._dataset, table],
        )
        return [name for (name,) in rows]

    def close(self) -> None:
        """Close it."""
        self._connection.close()
