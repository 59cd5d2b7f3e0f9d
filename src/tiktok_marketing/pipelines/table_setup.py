"""Brings a table to the form that the rows of its stream need: columns, indexes and comments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tiktok_marketing.catalog import Stream
from tiktok_marketing.pipelines.arrow.columns import ColumnType
from tiktok_marketing.pipelines.arrow.tables import MISFITS, columns_of
from tiktok_marketing.pipelines.column_types import rounding_of
from tiktok_marketing.pipelines.contents import LOAD_ID
from tiktok_marketing.pipelines.databases.bookkeeping import PACKAGES_TABLE
from tiktok_marketing.pipelines.databases.destination import Relation, Session
from tiktok_marketing.pipelines.databases.names import quoted_text

_DATA_TYPES: Mapping[ColumnType, str] = {
    ColumnType.INTEGER: "bigint",
    ColumnType.MONEY: "decimal",
    ColumnType.NUMBER: "double",
    ColumnType.BOOLEAN: "bool",
    ColumnType.TEXT: "text",
    ColumnType.DAY: "date",
    ColumnType.TIME: "timestamp",
    ColumnType.JSON: "json",
}
"""The words of `Session.add_column`."""


class TableSetup:
    """Prepares the tables of one sync, each once.

    Args:
        dataset: The schema.
        notice: Called with a sentence that a person should see.
        on_deleted: Called with the session and a table, in the transaction that deleted rows of it.
        is_about_table: Says of an error whether it lies in one table.
    """

    def __init__(
        self,
        dataset: str,
        notice: Callable[[str], None],
        on_deleted: Callable[[Session, str], None],
        is_about_table: Callable[[BaseException], bool],
    ) -> None:
        self._dataset = dataset
        self._notice = notice
        self._on_deleted = on_deleted
        self._is_about_table = is_about_table
        self.done: set[str] = set()
        """Tables that have their columns, indexes and comments."""

    def adapt(self, session: Session, stream: Stream, relation: Relation, rows: Any) -> None:
        """Bring a table that exists to the form that the rows need.

        Args:
            session: The session.
            stream: The stream.
            relation: The table.
            rows: An Arrow table; None if the package has no rows.
        """
        name = stream.name
        types = {column.name: _DATA_TYPES[column.type] for column in columns_of(stream)}
        needed = [*types, LOAD_ID] if name not in self.done else []
        needed += [] if rows is None else [column for column in rows.schema.names if column not in needed]
        missing = [column for column in needed if column not in relation.columns]
        for column in missing:
            session.add_column(name, column, "json" if column == MISFITS else types.get(column, "text"))
        if set(missing) & set(stream.table_key):
            self._delete_rows_without_key(session, stream)
        if name not in self.done:
            repeated = session.create_indexes(stream)
            if repeated:
                self._notice(f"{repeated:,} rows of {name} repeated the key of another, and were deleted.")
            if rounding := rounding_of(stream, relation, self._dataset):
                self._notice(f"{name}: {rounding.message} {rounding.remedy}")
            self._comment(session, stream)
        self.done.add(name)

    def complete(self, session: Session, stream: Stream) -> None:
        """Give a table that the load created what dlt does not give it."""
        session.create_indexes(stream)
        self._comment(session, stream)
        self.done.add(stream.name)

    def _delete_rows_without_key(self, session: Session, stream: Stream) -> None:
        """Delete rows that lost a part of their key: nothing says which row replaces them."""
        table = f'"{self._dataset}"."{stream.name}"'
        without_key = " OR ".join(f'"{name}" IS NULL' for name in stream.table_key)
        with session.transaction():
            ((rows,),) = session.execute(f"SELECT count(*) FROM {table} WHERE {without_key}")  # noqa: S608
            session.execute(f"DELETE FROM {table} WHERE {without_key}")  # noqa: S608
            self._on_deleted(session, stream.name)
        if rows:
            self._notice(
                f"{rows:,} rows of {stream.name} had lost a part of their key ({', '.join(stream.table_key)}) with the "
                "column that is gone. They are deleted and read again."
            )

    def _comment(self, session: Session, stream: Stream) -> None:
        """Write the catalog's descriptions into the database as comments, which tools show.

        A table of another owner accepts none. It does without: its rows are what matters.
        """
        table = f'"{self._dataset}"."{stream.name}"'
        texts = {column.name: column.description for column in columns_of(stream)}
        texts[MISFITS] = "Values that do not fit the type of their column, as JSON: field to value."
        texts["_dlt_load_id"] = f"The package that brought the row: see {PACKAGES_TABLE}."
        missing = [(name, texts[name]) for name in session.uncommented_columns(stream.name) if texts.get(name)]
        if not missing:
            return
        try:
            with session.transaction():
                session.execute(f"COMMENT ON TABLE {table} IS {quoted_text(stream.description)}")
                for name, text in missing:
                    session.execute(f'COMMENT ON COLUMN {table}."{name}" IS {quoted_text(text)}')
        except Exception as error:
            if not self._is_about_table(error):
                raise
