"""What stands in a column of a key where TikTok sent no value: a database needs one to find the row again.

| column | no value | a value that does not fit the column |
|---|---|---|
| text | `(not set)` | `(not set)` with a number |
| integer, an id | -1 | another negative number |
| day, time | a day before 1970 | a day before 1970 |

TikTok uses none of these. A value that does not fit always has the same stand-in, and two such values have different
ones. An object without an id gets the stand-in of its content, and so does a row of a report without a day, because no
day that is read again replaces it. If two rows of a report would have the same key, the second one gets the next
stand-in, so that both are in the table. `_misfits` keeps what TikTok sent.

If all rows come from one day, that day stands in for a day or time that cannot be read (`in_their_day`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tiktok_marketing.pipelines.arrow.columns import ColumnType

NO_TEXT = "(not set)"
NO_ID = -1
_NO_DAY = date(1970, 1, 1)
_DAYS = 90_000
"""How many days before 1970 there are stand-ins for."""


def stand_in(type_: ColumnType, original: Any, number: int = 1) -> Any:
    """Return the stand-in of a value.

    Args:
        type_: The type of its column.
        original: What TikTok sent, or the whole object if it has no id; None if there is no value.
        number: 1, or the number of the row among those that would have the same key.
    """
    return _STAND_INS[type_]((0 if original is None else _digest(original)) + number)


def _digest(original: Any) -> int:
    text = msgspec.json.encode(original, order="deterministic")
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest())


def _text(number: int) -> str:
    return NO_TEXT if number == 1 else f"{NO_TEXT} {number}"


def _day(number: int) -> date:
    return _NO_DAY - timedelta(days=(number - 1) % _DAYS)


def in_their_day(tables: Sequence[pa.Table], column: str, key: Sequence[str], day: date) -> list[pa.Table]:
    """Return rows of one day with that day in place of stand-ins for it, so that reading the day again replaces them.

    An hour becomes seconds after the beginning of the day, where no hour of TikTok's begins.

    Args:
        tables: The rows, all of this day.
        column: The column with the day or hour.
        key: The columns of the key.
        day: The day.
    """
    others = [name for name in key if name != column]
    taken: set[tuple[Any, ...]] = set()
    return [_in_their_day(table, column, others, day, taken) for table in tables]


def _in_their_day(
    table: pa.Table, column: str, others: Sequence[str], day: date, taken: set[tuple[Any, ...]]
) -> pa.Table:
    type_ = table.schema.field(column).type
    first = datetime.combine(_NO_DAY, datetime.min.time()) if pa.types.is_timestamp(type_) else _NO_DAY
    odd = pc.less_equal(table.column(column), pa.scalar(first, type_)).to_pylist() if table.num_rows else []
    if True not in odd:
        return table
    moments = table.column(column).to_pylist()
    rows = list(zip(*(table.column(name).to_pylist() for name in others), strict=True))
    taken |= {(*row, moment) for row, moment in zip(rows, moments, strict=True)}
    step = timedelta(seconds=1) if pa.types.is_timestamp(type_) else timedelta()
    start = datetime.combine(day, datetime.min.time()) if step else day
    for position in (position for position, is_odd in enumerate(odd) if is_odd):
        moment = start + step
        while step and (*rows[position], moment) in taken:
            moment += step
        if (*rows[position], moment) not in taken:
            taken.add((*rows[position], moment))
            moments[position] = moment
    return table.set_column(table.schema.get_field_index(column), table.schema.field(column), pa.array(moments, type_))


_STAND_INS: Mapping[ColumnType, Callable[[int], Any]] = {
    ColumnType.TEXT: _text,
    ColumnType.JSON: lambda number: msgspec.json.encode(_text(number)).decode(),
    ColumnType.INTEGER: lambda number: NO_ID * number,
    ColumnType.DAY: _day,
    ColumnType.TIME: lambda number: datetime.combine(_day(number), datetime.min.time()),
}
