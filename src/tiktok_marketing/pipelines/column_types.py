"""The types in which a table can hold what a sync brings. The user may have changed them. Pure.

A sync finds the rows that it replaces by account, key, day and package. In a type that rounds an id, cuts an hour off,
or moves a day with the time zone of whoever asks, it would find others or none, and rows would be there twice. So such
a type is refused. What other columns hold is the user's choice. But a database rounds without a word, so a sync says
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from tiktok_marketing.catalog import Stream
from tiktok_marketing.errors import DestinationError
from tiktok_marketing.pipelines.arrow.columns import ColumnType
from tiktok_marketing.pipelines.arrow.tables import Column, columns_of
from tiktok_marketing.pipelines.contents import LOAD_ID
from tiktok_marketing.pipelines.databases.destination import Relation
from tiktok_marketing.pipelines.databases.names import quoted_name
from tiktok_marketing.pipelines.databases.replacement import day_column

_EXACT = r"\w*int|\w*integer|(numeric|decimal)\b.*|double( precision)?"
_FLOATS = r"real|float\w*|double( precision)?"
_NUMBERS = rf"{_EXACT}|{_FLOATS}"
_ZONED = r"timestamptz|timestamp\b.* with time zone"
_TIMES = r"timetz|time|time\b.* time zone"
_OTHERS = r"boolean|interval|uuid|bytea|blob|bit.*"
_UNFIT: Mapping[ColumnType, re.Pattern[str]] = {
    ColumnType.INTEGER: re.compile(rf"{_FLOATS}|date|timestamp.*|{_TIMES}|{_OTHERS}"),
    ColumnType.TEXT: re.compile(rf"{_NUMBERS}|date|timestamp.*|{_TIMES}|jsonb?|{_OTHERS}"),
    ColumnType.DAY: re.compile(rf"{_NUMBERS}|{_ZONED}|{_TIMES}|jsonb?|{_OTHERS}"),
    ColumnType.TIME: re.compile(rf"{_NUMBERS}|{_ZONED}|date|{_TIMES}|jsonb?|{_OTHERS}"),
}
"""Types, in the words of DuckDB and Postgres, that cannot hold what such a column has. Texts can hold all of it."""
_BACK: Mapping[ColumnType, tuple[re.Pattern[str], str]] = {
    ColumnType.TEXT: (re.compile(_EXACT), "text"),
    ColumnType.DAY: (re.compile(_ZONED), "date"),
    ColumnType.TIME: (re.compile(_ZONED), "timestamp"),
}
"""Types that a database converts back without a loss, and the type that the column had."""


_WHOLE = r"\w*int|\w*integer|(numeric|decimal)\(\d+(,\s*-?0)?\)"
_FEW_DECIMALS = rf"{_WHOLE}|(numeric|decimal)\(\d+,\s*(-\d+|[1-3])\)"
_OTHER_NUMBERS = "real|float|float4|money|boolean"
_ROUNDING: Mapping[ColumnType, re.Pattern[str]] = {
    ColumnType.INTEGER: re.compile(_OTHER_NUMBERS),
    ColumnType.MONEY: re.compile(rf"{_FEW_DECIMALS}|{_OTHER_NUMBERS}"),
    ColumnType.NUMBER: re.compile(rf"{_FEW_DECIMALS}|{_OTHER_NUMBERS}"),
    ColumnType.TIME: re.compile(rf"date|{_TIMES}"),
}
"""Types that accept such a value and keep only a part of it."""
_DOUBLE = re.compile("double( precision)?")
"""A type that does so only with numbers of more than 15 digits, which ids are."""


class Rounding(msgspec.Struct, frozen=True):
    """Columns that keep only a part of their values.

    Args:
        message: Which columns of which table.
        remedy: What to do.
    """

    message: str
    remedy: str


def rounding_of(stream: Stream, relation: Relation | None, dataset: str) -> Rounding | None:
    """Say which columns of a table keep only a part of what a sync brings; None if none does.

    Those that identify and date rows are left to `key_type_refusal`.

    Args:
        stream: The stream.
        relation: Its table; None if there is none.
        dataset: The schema, for the statements that help.
    """
    if relation is None:
        return None
    identifying = {name for name, _ in _identifying(stream)}
    rounded = {
        column.name: relation.columns[column.name].type
        for column in columns_of(stream)
        if column.name in relation.columns
        and column.name not in identifying
        and _rounds(column, relation.columns[column.name].type.lower())
    }
    if not rounded:
        return None
    table = f"{quoted_name(dataset)}.{quoted_name(stream.name)}"
    statements = "; ".join(f"ALTER TABLE {table} DROP COLUMN {quoted_name(name)}" for name in rounded)
    return Rounding(
        "The types of these columns keep only a part of what TikTok reports: "
        f"{', '.join(f'{name} ({type_})' for name, type_ in rounded.items())}.",
        f"To have the whole values, run {statements}. The next sync adds what is dropped, and reads the stream from "
        "the start. A view or an index that uses it must be dropped first.",
    )


def _rounds(column: Column, type_: str) -> bool:
    rounding = _ROUNDING.get(column.type)
    if rounding is not None and rounding.fullmatch(type_):
        return True
    return column.type is ColumnType.INTEGER and column.name.endswith("_id") and bool(_DOUBLE.fullmatch(type_))


def key_type_refusal(stream: Stream, relation: Relation | None, dataset: str) -> DestinationError | None:
    """Why a sync would not find the rows of a table that it replaces; None if it finds them.

    Args:
        stream: The stream.
        relation: Its table; None if there is none.
        dataset: The schema, for the statement that helps.
    """
    if relation is None:
        return None
    for name, expected in _identifying(stream):
        column = relation.columns.get(name)
        if column is None or _UNFIT[expected].fullmatch(column.type.lower()) is None:
            continue
        return DestinationError(
            f"The column {name} of the table {stream.name} has the type {column.type}, in which a sync does not find "
            "the rows that it replaces.",
            remedy=_remedy(f"{quoted_name(dataset)}.{quoted_name(stream.name)}", name, column.type.lower(), expected),
        )
    return None


def _remedy(table: str, column: str, type_: str, expected: ColumnType) -> str:
    kept, before = _BACK.get(expected, (None, ""))
    if kept is None or kept.fullmatch(type_) is None:
        return "What it held is lost. Drop the table: the next sync creates it and reads it from the start."
    zone = "" if expected is ColumnType.TEXT else ", in the time zone in which you changed it"
    return (
        f"Change it back{zone}: ALTER TABLE {table} ALTER COLUMN {quoted_name(column)} TYPE {before}. "
        "Or drop the table: the next sync creates it and reads it from the start."
    )


def _identifying(stream: Stream) -> Iterator[tuple[str, ColumnType]]:
    """Yield the columns that identify, date and package a row, with the types that a sync gives them."""
    names = {*stream.table_key, day_column(stream)}
    for column in columns_of(stream):
        if column.name in names and column.type in _UNFIT:
            yield column.name, column.type
    yield LOAD_ID, ColumnType.TEXT
