"""Whether the rows of a table can be read as what they are: the user may have changed types, values, or the table.

All other checks add numbers up, compare days and join ids. What cannot be read as these is found here, with its table
and column, so that it costs no more than its stream.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from tiktok_marketing.catalog import Stream
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.pipelines.arrow.columns import ColumnType
from tiktok_marketing.pipelines.arrow.tables import columns_of
from tiktok_marketing.pipelines.databases.destination import ReadOnlyDatabase
from tiktok_marketing.pipelines.databases.errors import first_line, innermost, text_of
from tiktok_marketing.pipelines.databases.names import quoted_name

_YEARS = range(1900, 2200)
"""The years that a time may have: what is outside was never TikTok's, and cannot be computed with."""
_ZONES = {"timezone": ColumnType.TEXT, "create_time": ColumnType.TIME}
"""Columns of a table of accounts that say which days the accounts have."""

_NOT_CONTENTS = ("08", "42501", "53", "57", "58")
"""How the codes of Postgres begin for a lost connection, a missing right, too little of something, and a stop."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a table cannot be examined.

    Args:
        column: The column whose type or values are not what they should be; empty if the whole table cannot be read.
        reason: What the database says about it, as a sentence.
    """

    column: str = ""
    reason: str

    def __str__(self) -> str:
        what = f"The column {self.column} cannot be examined" if self.column else "The table cannot be read"
        return f"{what}: {self.reason}"


def fault_of(
    source: ReadOnlyDatabase, stream: Stream, present: Collection[str], needed: Iterable[str], measures: Collection[str]
) -> Fault | None:
    """Find what makes a table unfit for the checks; None if nothing does.

    Args:
        source: The database.
        stream: The stream of the table.
        present: The columns of the table.
        needed: Those that the checks read.
        measures: Those of them that are added up.

    Raises:
        Exception: The database cannot be read at all.
    """
    types = {column.name: column.type for column in columns_of(stream)}
    kinds = {name: ColumnType.MONEY if name in measures else types.get(name, ColumnType.TEXT) for name in needed}
    if _ZONES.keys() <= set(present):
        kinds |= _ZONES
    table = source.table(stream.name)
    try:
        _probe(source, table, kinds)
    except Exception as error:
        if not is_about_contents(source, error):
            raise
        whole = reason_of(error)
    else:
        return None
    if (reason := _failure(source, table, {})) is not None:
        return Fault(reason=reason)
    for name, kind in sorted(kinds.items()):
        if (reason := _failure(source, table, {name: kind})) is not None:
            return Fault(column=name, reason=reason)
    return Fault(reason=whole)


def check_time(value: Any) -> None:
    """Make sure that a day or time can be computed with.

    Raises:
        ValueError: It cannot, or is none.
    """
    if value is not None and (not isinstance(value, date) or value.year not in _YEARS):
        raise ValueError(f"it holds the time {value}.")


def _failure(source: ReadOnlyDatabase, table: str, kinds: Mapping[str, ColumnType]) -> str | None:
    try:
        _probe(source, table, kinds)
    except Exception as error:
        if not is_about_contents(source, error):
            raise
        return reason_of(error)
    return None


def is_about_contents(source: ReadOnlyDatabase, error: BaseException) -> bool:
    """Whether an error lies in what a table holds. Values raise whatever the driver and Python think of them.

    Not if the database has no more connection, memory or time, or this user may not read it.
    """
    code = str(getattr(innermost(error), "pgcode", None) or "")
    if isinstance(error, ConnectorError) or code.startswith(_NOT_CONTENTS):
        return False
    source.rows("SELECT 1")
    return True


def _probe(source: ReadOnlyDatabase, table: str, kinds: Mapping[str, ColumnType]) -> None:
    """Compute with columns as the checks do: in the database, in memory and in Python.

    Raises:
        Exception: One of them cannot.
    """
    expressions, types = ["count(*)"], ["BIGINT"]
    for name, kind in kinds.items():
        column = quoted_name(name)
        if kind in (ColumnType.MONEY, ColumnType.NUMBER):
            expressions.append(f"sum({column})")
            types.append("DECIMAL(38, 4)")
        elif kind is ColumnType.INTEGER:
            expressions += [f"min({column} + 0)", f"max({column} + 0)"]
            types += ["BIGINT"] * 2
        elif kind in (ColumnType.DAY, ColumnType.TIME):
            since = f"count({column} - DATE '2000-01-01')"
            expressions += [f"min({column}::DATE)", f"max({column}::DATE)", since]
            types += ["DATE", "DATE", "BIGINT"]
        else:
            expressions.append(f"max({column}::VARCHAR)")
            types.append("VARCHAR")
    columns = ", ".join(f"c{number} {type_}" for number, type_ in enumerate(types))
    source.memory.execute(f"CREATE OR REPLACE TEMP TABLE probed ({columns})")
    source.copy_to_memory("probed", f"SELECT {', '.join(expressions)} FROM {table}")  # noqa: S608 - names of the catalog
    ((*values,),) = source.memory.execute("SELECT * FROM probed").fetchall()
    for value, type_ in zip(values, types, strict=True):
        if type_ == "DATE":
            check_time(value)


def reason_of(error: BaseException) -> str:
    """Return what an error says, as a sentence."""
    return first_line(text_of(innermost(error)))
