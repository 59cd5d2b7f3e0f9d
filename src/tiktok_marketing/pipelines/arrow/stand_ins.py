"""What stands in a column of a key where TikTok sent no value: a database needs one to find the row again.

| column | no value | a value that does not fit the column |
|---|---|---|
| text | `(not set)` | `(not set)` with a number |
| integer, an id | -1 | another negative number |
| day, time | 1970-01-01 | another day before 1970 |

TikTok uses none of these. A value that does not fit always has the same stand-in, and two such values have different
ones. An object without an id gets the stand-in of its content. If two rows of a report would have the same key, the
second one gets the next stand-in, so that both are in the table. `_misfits` keeps what TikTok sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from tiktok_marketing.pipelines.arrow.columns import ColumnType

NO_TEXT = "(not set)"
NO_ID = -1
_NO_DAY = date(1970, 1, 1)
_DAYS = 20_000
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


_STAND_INS: Mapping[ColumnType, Callable[[int], Any]] = {
    ColumnType.TEXT: _text,
    ColumnType.JSON: lambda number: msgspec.json.encode(_text(number)).decode(),
    ColumnType.INTEGER: lambda number: NO_ID * number,
    ColumnType.DAY: _day,
    ColumnType.TIME: lambda number: datetime.combine(_day(number), datetime.min.time()),
}
