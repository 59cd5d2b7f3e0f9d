"""What the server answers, as text. Each answer opens the database and closes it, so that a sync can write to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.pipelines.databases.bookkeeping import opened_filled
from tiktok_marketing.pipelines.databases.destination import (
    BoundedRows,
    DescribedTable,
    Destination,
    QueryRefusedError,
    ReadOnlyDatabase,
)
from tiktok_marketing.text import shown_line
from tiktok_marketing.views import is_ours, places_in, quoted_name

_INTERNAL = "_dlt_"
_EXACT = 2**53
"""From here on, a number of JSON may be rounded."""


class Limits(msgspec.Struct, frozen=True):
    """How much a query may return, and how long it may run.

    Args:
        rows: The most rows.
        characters: The most characters of an answer.
        seconds: The longest time.
    """

    rows: int = 500
    characters: int = 60_000
    seconds: float = 30.0


class AnswerError(Exception):
    """An answer is not possible, with a sentence that says why and what to do."""


class Answers:
    """Answers about one database.

    Args:
        destination: The database, and the schema of the tables.
        limits: How much an answer may hold.
    """

    def __init__(self, destination: Destination, limits: Limits) -> None:
        self._destination = destination
        self._limits = limits

    def check(self) -> None:
        """Open the database once, to say at the start what is wrong.

        Raises:
            ConnectorError: If it cannot be read.
        """
        with opened_filled(self._destination):
            pass

    def tables(self) -> str:
        """Every table and view, with its comment, as Markdown.

        Raises:
            AnswerError: If the database cannot be read.
        """
        with self._opened() as database:
            schemas = self._described(database)
        sections = []
        for schema, tables in schemas.items():
            kinds = "Tables and views" if schema == self._destination.dataset else "Views"
            lines = [f"{kinds} in the schema {shown_line(schema)}:", ""]
            for name, table in sorted(tables.items(), key=lambda item: (not item[1].is_view, item[0])):
                kind = "view" if table.is_view else "table"
                lines.append(f"- {name} ({kind}, {len(table.columns)} columns): {_one_line(table.comment)}")
            sections.append("\n".join(lines))
        return "\n\n".join(sections)

    def columns(self, name: str) -> str:
        """The columns of a table or view, with types and comments, as Markdown.

        Args:
            name: The table.

        Raises:
            AnswerError: If the database cannot be read, or does not have the table.
        """
        with self._opened() as database:
            for schema, tables in self._described(database).items():
                for plain, table in tables.items():
                    if name in {plain, f"{schema}.{table.name}", f"{quoted_name(schema)}.{quoted_name(table.name)}"}:
                        return _as_markdown(plain, table)
        raise AnswerError(f"There is no table {shown_line(name)}. The tool list_tables lists the tables.")

    def query(self, sql: str) -> str:
        """The rows of a query, as JSON with the keys columns, rows and more.

        Args:
            sql: One SELECT statement, in the SQL of the database.

        Raises:
            AnswerError: If the database cannot be read, or refuses the query.
        """
        with self._opened() as database:
            try:
                answer = database.foreign_query(
                    sql, schemas=self._schemas(database), most=self._limits.rows, seconds=self._limits.seconds
                )
            except QueryRefusedError as error:
                raise AnswerError(str(error)) from None
        return self._as_json(answer)

    @contextmanager
    def _opened(self) -> Iterator[ReadOnlyDatabase]:
        try:
            with opened_filled(self._destination) as database:
                yield database
        except ConnectorError as error:
            raise AnswerError(" ".join(filter(None, (error.message, error.remedy)))) from None

    def _schemas(self, database: ReadOnlyDatabase) -> list[str]:
        """The schema of the tables, then those that `views --schema` has put views into."""
        places = places_in(database, self._destination)
        return list(dict.fromkeys([self._destination.dataset, *(place.schema for place in places)]))

    def _described(self, database: ReadOnlyDatabase) -> Mapping[str, Mapping[str, DescribedTable]]:
        """The tables and views by schema, and by the name that a query needs. It has the schema if it must."""
        described: dict[str, dict[str, DescribedTable]] = {}
        taken: set[str] = set()
        for schema in self._schemas(database):
            tables = [table for table in database.described_tables(schema) if not table.name.startswith(_INTERNAL)]
            if schema != self._destination.dataset:  # the rest of it is no business of ours
                tables = [table for table in tables if is_ours(is_view=table.is_view, comment=table.comment)]
            full = f"{quoted_name(schema)}."
            described[schema] = {
                f"{full}{quoted_name(table.name)}" if table.name in taken else table.name: table for table in tables
            }
            taken.update(table.name for table in tables)
        return described

    def _as_json(self, answer: BoundedRows) -> str:
        rows: list[str] = []
        left, more = self._limits.characters, answer.more
        for row in answer.rows:
            text = msgspec.json.encode([_value(value) for value in row], enc_hook=str).decode()
            left -= len(text)
            if left < 0:
                more = True
                break
            rows.append(text)
        columns = msgspec.json.encode(answer.columns).decode()
        note = ', "note": "There are more rows. Aggregate, or ask for fewer days or columns."' if more else ""
        return f'{{"columns": {columns}, "rows": [{", ".join(rows)}], "more": {str(more).lower()}{note}}}'


def _as_markdown(name: str, table: DescribedTable) -> str:
    kind = "view" if table.is_view else "table"
    lines = [f"{name} ({kind}): {_one_line(table.comment)}", "", "| column | type | meaning |", "|---|---|---|"]
    lines += [
        f"| {column.name} | {column.type} | {_one_line(column.comment).replace('|', '/')} |" for column in table.columns
    ]
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _value(value: Any) -> Any:
    """A value as JSON can hold it. Whole numbers that many programs would round are text, as money is."""
    if isinstance(value, int):
        return value if abs(value) < _EXACT else str(value)
    if isinstance(value, list | tuple):
        return [_value(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _value(each) for key, each in value.items()}
    return value
