"""What a database has: its tables, with their columns, and which of its views are ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tiktok_marketing.catalog import AnyStream
from tiktok_marketing.pipelines.databases.bookkeeping import stored_streams
from tiktok_marketing.pipelines.databases.destination import ReadOnlyDatabase, Session
from tiktok_marketing.pipelines.databases.names import quoted_text
from tiktok_marketing.views.dialects import Dialect
from tiktok_marketing.views.rendering import Tables

MARK = "Made by `tiktok-marketing views`, which replaces it."
"""How the comment of each of our views ends."""


def is_ours(*, is_view: bool, comment: str) -> bool:
    """Whether a table or view with this comment was created by an earlier run."""
    return is_view and comment.endswith(MARK)


class Relation(msgspec.Struct, frozen=True):
    """A table or view that a schema has.

    Args:
        is_view: Whether it is a view.
        comment: Its comment; empty without one.
    """

    is_view: bool
    comment: str

    @property
    def is_ours(self) -> bool:
        """Whether an earlier run created it."""
        return is_ours(is_view=self.is_view, comment=self.comment)


def relations_of(session: Session, dialect: Dialect, schema: str) -> Mapping[str, Relation]:
    """Return the tables and views of a schema that is open for writing, by name."""
    rows = session.execute(dialect.relations.format(database="current_database()"), [schema, schema])
    return {name: Relation(is_view, comment or "") for name, is_view, comment in rows}


def relations_to_read(database: ReadOnlyDatabase, dialect: Dialect, schema: str) -> Mapping[str, Relation]:
    """Return the tables and views of a schema that is open for reading only, by name."""
    rows = database.rows(dialect.relations.format(database=_attached(database)), [schema, schema])
    return {name: Relation(is_view, comment or "") for name, is_view, comment in rows}


def schemas_with(database: ReadOnlyDatabase, dialect: Dialect) -> str:
    """Return the query for the schemas that have a table of a name."""
    return dialect.schemas.format(database=_attached(database))


def _attached(database: ReadOnlyDatabase) -> str:
    """Return the name under which a DuckDB file is attached, as a literal; any literal for other kinds."""
    return quoted_text(database.table("").partition(".")[0].strip('"'))


def tables_of(session: Session, dialect: Dialect, dataset: str, schema: str, streams: tuple[AnyStream, ...]) -> Tables:
    """Return the columns of the tables of a sync, and of what stands in the schema of the views."""

    def columns(of: str) -> Mapping[str, Mapping[str, str]]:
        return _by_table(session.execute(dialect.columns.format(database="current_database()"), [of]))

    return Tables(
        dataset=dataset, schema=schema, columns=columns(dataset), own_columns=columns(schema), streams=streams
    )


def tables_to_read(database: ReadOnlyDatabase, dialect: Dialect, dataset: str, schema: str) -> Tables:
    """Return the same of a database that is open for reading only."""

    def columns(of: str) -> Mapping[str, Mapping[str, str]]:
        return _by_table(database.rows(dialect.columns.format(database=_attached(database)), [of]))

    return Tables(
        dataset=dataset,
        schema=schema,
        columns=columns(dataset),
        own_columns=columns(schema),
        streams=stored_streams(database),
    )


def _by_table(rows: Iterable[tuple[Any, ...]]) -> Mapping[str, Mapping[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    for table, column, type_ in rows:
        tables.setdefault(table, {})[column] = type_
    return tables
