"""Converts the values of one field into an Arrow array: a whole page at once, and value by value where that fails."""

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
# The errors that Arrow raises for a value that it cannot convert; OverflowError and UnicodeError come from Python.
_CONVERSION_ERRORS = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeError)


class ColumnType(Enum):
    """The type of the values in a column."""

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


ColumnConverter = Callable[[str, Sequence[Any], list[Misfit]], pa.Array]
"""Converts a field's values, one per row, into a column. Takes the field, the values, and a list to add misfits to."""


def _converter(
    type_: pa.DataType, convert_page: Callable[[Sequence[Any]], pa.Array], convert_value: Callable[[Any], Any]
) -> ColumnConverter:
    """Return a converter that tries a whole page at once.

    Args:
        type_: The type of the column.
        convert_page: Converts all values, or raises one of `_CONVERSION_ERRORS`.
        convert_value: Converts one value. Raises ValueError if it does not fit; returns None if it stands for no value.
    """

    def convert(field: str, values: Sequence[Any], misfits: list[Misfit]) -> pa.Array:
        try:
            return convert_page(values)
        except _CONVERSION_ERRORS:
            pass
        converted: list[Any] = []
        for row, value in enumerate(values):
            try:
                converted.append(None if value is None or value is msgspec.UNSET else convert_value(value))
            except (ValueError, ArithmeticError, TypeError):
                misfits.append(Misfit(row, field, value))
                converted.append(None)
        return pa.array(converted, type_)

    return convert


def _cast(type_: pa.DataType, source: pa.DataType | None = None) -> Callable[[Sequence[Any]], pa.Array]:
    # Never straight to integers: `pa.array([1.5], pa.int64())` silently drops the half, a cast does not.
    if source == type_:
        return lambda values: pa.array(values, type_, from_pandas=True)  # NaN becomes null, because it spoils every sum

    def cast(values: Sequence[Any]) -> pa.Array:
        array = pa.array(values, source).cast(type_)
        if type_ == pa.float64() and pc.all(pc.is_finite(array)).as_py() is False:
            raise pa.ArrowInvalid("Arrow reads the texts nan and inf as numbers")
        if type_ == _MONEY and source == pa.float64() and pc.any(pc.greater_equal(pc.abs(array), _ROUNDED)).as_py():
            raise pa.ArrowInvalid("Arrow rounds doubles of this size when it converts them to decimals")
        return array

    return cast


def _day_page(values: Sequence[Any]) -> pa.Array:
    times = pa.array(values, pa.string()).cast(pa.timestamp("s"))
    return times.cast(pa.date32())


def _time_page(values: Sequence[Any]) -> pa.Array:
    times = pa.array(values)
    return times.cast(pa.timestamp("s")).cast(pa.timestamp("us"))


def _json_page(values: Sequence[Any]) -> pa.Array:
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
    # JSON can contain a lone surrogate, which cannot be stored; the characters around it can.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


_VALUE_CONVERTERS: Mapping[ColumnType, Callable[[Any], Any]] = {
    ColumnType.INTEGER: _integer,
    ColumnType.MONEY: _money,
    ColumnType.NUMBER: _number,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.TEXT: _text,
    ColumnType.DAY: _day,
    ColumnType.TIME: _time,
    ColumnType.JSON: _json,
}
_PAGE_CONVERTERS: Mapping[ColumnType, Callable[[Sequence[Any]], pa.Array]] = {
    ColumnType.BOOLEAN: _cast(pa.bool_(), pa.bool_()),
    ColumnType.TEXT: _cast(pa.string(), pa.string()),
    ColumnType.DAY: _day_page,
    ColumnType.TIME: _time_page,
    ColumnType.JSON: _json_page,
}
_SOURCE_TYPES = {"string": pa.string(), "number": pa.float64()}


def column_converter(type_: ColumnType, json_type: str) -> ColumnConverter:
    """Return the converter for a column.

    Args:
        type_: The type of the values in the column.
        json_type: The type of the values in the record's schema: "string", "number", "integer" or anything else. It
            only decides which conversion is tried first.
    """
    arrow_type = ARROW_TYPES[type_]
    convert_page = _PAGE_CONVERTERS.get(type_) or _cast(arrow_type, _SOURCE_TYPES.get(json_type))
    return _converter(arrow_type, convert_page, _VALUE_CONVERTERS[type_])
