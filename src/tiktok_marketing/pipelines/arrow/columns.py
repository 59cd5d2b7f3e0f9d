"""Values of one field as an Arrow array: the quick way for a whole page, and one by one where that fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum, auto
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

_CENTS = Decimal("0.0001")
_MOST_MONEY = Decimal(10) ** 14
_MOST_INTEGER = 2**63
_NO_VALUE = frozenset({"", "-"})
# What Arrow raises for a value that it cannot convert; OverflowError and UnicodeError come from Python underneath.
_REFUSED = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeError)


class ColumnType(Enum):
    """What a column holds."""

    INTEGER = auto()
    MONEY = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    TEXT = auto()
    DAY = auto()
    TIME = auto()
    JSON = auto()


_MONEY = pa.decimal128(18, 4)
_ROUNDED = pa.scalar(Decimal(10) ** 11, _MONEY)

ARROW_TYPES: Mapping[ColumnType, pa.DataType] = {
    ColumnType.INTEGER: pa.int64(),
    ColumnType.MONEY: _MONEY,
    ColumnType.NUMBER: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TEXT: pa.string(),
    ColumnType.DAY: pa.date32(),
    ColumnType.TIME: pa.timestamp("us"),
    ColumnType.JSON: pa.string(),
}


class Misfit(msgspec.Struct, frozen=True):
    """A value that does not fit the type of its column."""

    row: int
    field: str
    value: Any


Reader = Callable[[str, Sequence[Any], list[Misfit]], pa.Array]
"""Field, its value in each row, and a list to which misfits are added."""


def _reader(type_: pa.DataType, quick: Callable[[Sequence[Any]], pa.Array], careful: Callable[[Any], Any]) -> Reader:
    """Make a reader that tries a whole page at once.

    Args:
        type_: Of the column.
        quick: Converts all values or raises what Arrow raises.
        careful: Converts one value; raises ValueError if it does not fit, returns None for no value.
    """

    def read(field: str, values: Sequence[Any], misfits: list[Misfit]) -> pa.Array:
        try:
            return quick(values)
        except _REFUSED:
            pass
        converted: list[Any] = []
        for row, value in enumerate(values):
            try:
                converted.append(None if value is None or value is msgspec.UNSET else careful(value))
            except (ValueError, ArithmeticError, TypeError):
                misfits.append(Misfit(row, field, value))
                converted.append(None)
        return pa.array(converted, type_)

    return read


def _cast(type_: pa.DataType, given: pa.DataType | None = None) -> Callable[[Sequence[Any]], pa.Array]:
    # Never straight to integers: `pa.array([1.5], pa.int64())` drops the half without a word, a cast does not.
    if given == type_:
        return lambda values: pa.array(values, type_, from_pandas=True)  # NaN is no value, and spoils every sum

    def cast(values: Sequence[Any]) -> pa.Array:
        array = pa.array(values, given).cast(type_)
        if type_ == pa.float64() and pc.all(pc.is_finite(array)).as_py() is False:
            raise pa.ArrowInvalid("the texts nan and inf are numbers to Arrow")
        if type_ == _MONEY and given == pa.float64() and pc.any(pc.greater_equal(pc.abs(array), _ROUNDED)).as_py():
            raise pa.ArrowInvalid("from here on Arrow makes decimals of doubles that are not those they were made of")
        return array

    return cast


def _quick_day(values: Sequence[Any]) -> pa.Array:
    times = pa.array(values, pa.string()).cast(pa.timestamp("s"))
    return times.cast(pa.date32())


def _quick_time(values: Sequence[Any]) -> pa.Array:
    times = pa.array(values)
    return times.cast(pa.timestamp("s")).cast(pa.timestamp("us"))


def _quick_json(values: Sequence[Any]) -> pa.Array:
    if all(value is None for value in values):
        return pa.nulls(len(values), pa.string())
    return pa.array([None if value is None else _json(value) for value in values], pa.string())


def _integer(value: Any) -> int | None:
    if isinstance(value, str):
        text = value.strip()
        if text in _NO_VALUE:
            return None
        number = Decimal(text)
    elif isinstance(value, (int, float)):
        number = Decimal(value)
    else:
        raise TypeError
    whole = int(number)
    if whole != number or not -_MOST_INTEGER <= whole < _MOST_INTEGER:
        raise ValueError
    return whole


def _money(value: Any) -> Decimal | None:
    if isinstance(value, str) and value.strip() in _NO_VALUE:
        return None
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        raise TypeError
    try:
        amount = Decimal(str(value).strip())
        rounded = amount.quantize(_CENTS)
    except InvalidOperation:
        raise ValueError from None
    if not abs(rounded) < _MOST_MONEY:
        raise ValueError
    return rounded


def _number(value: Any) -> float | None:
    if isinstance(value, str) and value.strip() in _NO_VALUE:
        return None
    if not isinstance(value, (str, int, float)):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    match str(value).strip().lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case "" | "-":
            return None
    raise ValueError


def _time(value: Any) -> datetime | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC).replace(tzinfo=None)
    if not isinstance(value, str):
        raise TypeError
    text = value.strip()
    if text in _NO_VALUE:
        return None
    if text.isdecimal():
        return datetime.fromtimestamp(int(text), UTC).replace(tzinfo=None)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _day(value: Any) -> date | None:
    if not isinstance(value, str):
        raise TypeError
    moment = _time(value)
    return None if moment is None else moment.date()


def _text(value: Any) -> str:
    # A lone surrogate can come in JSON and cannot be stored; its neighbours can.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


_CAREFUL: Mapping[ColumnType, Callable[[Any], Any]] = {
    ColumnType.INTEGER: _integer,
    ColumnType.MONEY: _money,
    ColumnType.NUMBER: _number,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.TEXT: _text,
    ColumnType.DAY: _day,
    ColumnType.TIME: _time,
    ColumnType.JSON: _json,
}
_QUICK: Mapping[ColumnType, Callable[[Sequence[Any]], pa.Array]] = {
    ColumnType.BOOLEAN: _cast(pa.bool_(), pa.bool_()),
    ColumnType.TEXT: _cast(pa.string(), pa.string()),
    ColumnType.DAY: _quick_day,
    ColumnType.TIME: _quick_time,
    ColumnType.JSON: _quick_json,
}
_GIVEN = {"string": pa.string(), "number": pa.float64()}


def reader(type_: ColumnType, given: str) -> Reader:
    """Return what reads values into a column.

    Args:
        type_: What the column holds.
        given: What the record's schema says of the values: "string", "number", "integer" or anything else. It decides
            what is tried first, nothing more.
    """
    arrow = ARROW_TYPES[type_]
    return _reader(arrow, _QUICK.get(type_) or _cast(arrow, _GIVEN.get(given)), _CAREFUL[type_])
