"""An open Postgres database.

What dlt does not do is done here: a unique index on each table's key, account and day first for reports, without which
every package would read the whole table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tiktok_marketing.pipelines.arrow.columns import ColumnType
from tiktok_marketing.pipelines.arrow.tables import columns_of
from tiktok_marketing.pipelines.databases.replacement import day_column

if TYPE_CHECKING:
    from tiktok_marketing.catalog import Stream


class PostgresSession:
    """An open connection to a Postgres database."""

    def __init__(self, connection: Any, dataset: str) -> None:
        self._connection = connection
        self._dataset = dataset

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement, with `?` for each value, and return its rows."""
        with self._connection.cursor() as cursor:
            if values:
                cursor.execute(sql.replace("%", "%%").replace("?", "%s"), list(values))
            else:
                cursor.execute(sql)
            return [] if cursor.description is None else list(cursor.fetchall())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def ensure_schema(self) -> None:
        """Make sure that the schema exists; whoever may not create any can have it created by somebody else."""
        if self.execute("SELECT to_regnamespace(quote_ident(?)) IS NULL", [self._dataset])[0][0]:
            self.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._dataset}"')

    def create_indexes(self, stream: Stream) -> None:
        """Index the key; of reports such that an account's days are together, which are replaced together."""
        table = f'"{self._dataset}"."{stream.name}"'
        # A key with whole objects in it can be too large for an index; no table of those is.
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
        """Columns of a table that have no comment."""
        rows = self.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
            " AND col_description(attrelid, attnum) IS NULL",
            [f'"{self._dataset}"."{table}"'],
        )
        return [name for (name,) in rows]

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def json_columns(stream: Stream) -> set[str]:
    """The columns of a stream's table that hold JSON."""
    return {column.name for column in columns_of(stream) if column.type is ColumnType.JSON}
