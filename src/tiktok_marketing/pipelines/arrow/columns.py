"""Converts the values of one field into an Arrow array: a whole page at once, and value by value where that fails.

A page is converted at once only if all its values have the usual form, in which Arrow reads them as the conversion of
single values does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tiktok_marketing.sync.decode.coercion import (
    Misfit,
    is_no_value,
    to_boolean,
    to_decimal,
    to_integer,
    to_number,
)

_CENTS = Decimal("0.0001")
_MOST_WHOLE_DIGITS = 14
_MOST_MONEY = Decimal(10) ** _MOST_WHOLE_DIGITS
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
_ROUNDED = 1e11
"""Arrow rounds doubles of this size when it converts them to decimals."""

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


ColumnConverter = Callable[[str, Sequence[Any], list[Misfit]], pa.Array]
"""Converts a field's values, one per row, into a column. Takes the field, the values, and a list to add misfits to."""


def _converter(
    type_: pa.DataType, convert_page: Callable[[Sequence[Any]], pa.Array], convert_value: Callable[[Any], Any]
) -> ColumnConverter:
    """Return a converter that tries a whole page at once.

    Args:
        type_: The type of the column.
        convert_page: Converts all values as `convert_value` would, or raises one of `_CONVERSION_ERRORS`.
        convert_value: Converts one value. Returns None if it does not fit, or if it stands for no value.
    """

    def convert(field: str, values: Sequence[Any], misfits: list[Misfit]) -> pa.Array:
        try:
            return convert_page(values)
        except _CONVERSION_ERRORS:
            pass
        converted: list[Any] = []
        for row, value in enumerate(values):
            fitting = _convert(convert_value, value)
            if fitting is None and not _is_none(value):
                misfits.append(Misfit(row, field, value, {field: value}))
            converted.append(fitting)
        return pa.array(converted, type_)

    return convert


def _convert(convert_value: Callable[[Any], Any], value: Any) -> Any:
    if value is None or value is msgspec.UNSET:
        return None
    try:
        return convert_value(value)
    except Exception:  # noqa: BLE001 - whatever a value does to a converter, it must not end a sync
        return None


def _is_none(value: Any) -> bool:
    """Whether a value stands for none: NaN does, too, because it spoils every sum."""
    return value is msgspec.UNSET or is_no_value(value) or (isinstance(value, float) and math.isnan(value))


def _from_texts(type_: pa.DataType, usual: str) -> Callable[[Sequence[Any]], pa.Array]:
    """Return a conversion of texts of the usual form. Arrow would also take others, such as "0x10", and overflow."""

    def convert(values: Sequence[Any]) -> pa.Array:
        texts = pa.array(values, pa.string())
        if pc.all(pc.match_substring_regex(texts, usual)).as_py() is False:
            raise pa.ArrowInvalid("a text has an unusual form")
        return texts.cast(type_)

    return convert


def _integers_page(values: Sequence[Any]) -> pa.Array:
    # Never straight to integers: `pa.array([1.5], pa.int64())` silently drops the half, a cast does not.
    return _numbers(values).cast(pa.int64())


def _money_page(values: Sequence[Any]) -> pa.Array:
    array = _numbers(values).cast(pa.float64())
    exact = pc.and_(
        pc.equal(pc.divide(pc.round(pc.multiply(array, 1e4)), 1e4), array), pc.less(pc.abs(array), _ROUNDED)
    )
    if pc.all(exact).as_py() is False:
        raise pa.ArrowInvalid("Arrow rounds such doubles in another way")
    return array.cast(_MONEY)


def _doubles_page(values: Sequence[Any]) -> pa.Array:
    array = pa.array(values, pa.float64(), from_pandas=True)
    if pc.all(pc.is_finite(array)).as_py() is False:
        raise pa.ArrowInvalid("a number is infinite")
    return array


def _numbers(values: Sequence[Any]) -> pa.Array:
    array = pa.array(values)
    if not (pa.types.is_int64(array.type) or pa.types.is_float64(array.type) or pa.types.is_null(array.type)):
        raise pa.ArrowTypeError("these are not numbers alone")
    return array


def _seconds_page(values: Sequence[Any]) -> pa.Array:
    array = _numbers(values)
    if pa.types.is_float64(array.type):
        raise pa.ArrowTypeError("Arrow casts no doubles to times")
    bounds = pc.min_max(array).as_py()
    if bounds["min"] is not None and not _FIRST_SECOND <= bounds["min"] <= bounds["max"] <= _LAST_SECOND:
        raise pa.ArrowInvalid("a time is out of bounds")
    return array.cast(pa.timestamp("s")).cast(pa.timestamp("us"))


def _json_page(values: Sequence[Any]) -> pa.Array:
    if all(value is None for value in values):
        return pa.nulls(len(values), pa.string())
    return pa.array([None if value is None else _json(value) for value in values], pa.string())


def _money(value: Any) -> Decimal | None:
    amount = to_decimal(value)
    if amount is None or (amount and amount.adjusted() >= _MOST_WHOLE_DIGITS):
        return None
    rounded = amount.quantize(_CENTS)
    return rounded if abs(rounded) < _MOST_MONEY else None


def _time(value: Any) -> datetime | None:
    if isinstance(value, str) and _SECONDS.fullmatch(value.strip()):
        value = float(value) if "." in value else int(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _EPOCH + timedelta(seconds=value) if _FIRST_SECOND <= value <= _LAST_SECOND else None
    if not isinstance(value, str) or not _DATE.fullmatch(value.strip()):
        return None
    moment = datetime.fromisoformat(value.strip())
    moment = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    return moment if moment.year >= _FIRST_YEAR else None


def _day(value: Any) -> date | None:
    moment = _time(value) if isinstance(value, str) and not _SECONDS.fullmatch(value.strip()) else None
    return None if moment is None else moment.date()


def _text(value: Any) -> str:
    # JSON can contain a lone surrogate, which cannot be stored; the characters around it can.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


_FIRST_YEAR = 1900
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - columns of times have no zone
_FIRST_SECOND = int((datetime(_FIRST_YEAR, 1, 1) - _EPOCH).total_seconds())  # noqa: DTZ001
_LAST_SECOND = int((datetime(9999, 12, 31, 23, 59, 59) - _EPOCH).total_seconds())  # noqa: DTZ001
_SECONDS = re.compile(r"[+-]?\d{1,12}(\.\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_USUAL_INTEGER = r"\A-?[0-9]{1,18}\z"
_USUAL_MONEY = r"\A-?[0-9]{1,14}(\.[0-9]{1,4}0*)?\z"
_USUAL_NUMBER = r"\A-?[0-9]{1,15}(\.[0-9]{1,15})?\z"
_USUAL_TIME = r"\A(19|[2-9][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?\z"

_VALUE_CONVERTERS: Mapping[ColumnType, Callable[[Any], Any]] = {
    ColumnType.INTEGER: to_integer,
    ColumnType.MONEY: _money,
    ColumnType.NUMBER: to_number,
    ColumnType.BOOLEAN: to_boolean,
    ColumnType.TEXT: _text,
    ColumnType.DAY: _day,
    ColumnType.TIME: _time,
    ColumnType.JSON: _json,
}
_PAGES_OF_TEXTS: Mapping[ColumnType, Callable[[Sequence[Any]], pa.Array]] = {
    ColumnType.INTEGER: _from_texts(pa.int64(), _USUAL_INTEGER),
    ColumnType.MONEY: _from_texts(_MONEY, _USUAL_MONEY),
    ColumnType.NUMBER: _from_texts(pa.float64(), _USUAL_NUMBER),
    ColumnType.DAY: lambda values: _from_texts(pa.timestamp("s"), _USUAL_TIME)(values).cast(pa.date32()),
    ColumnType.TIME: _from_texts(pa.timestamp("us"), _USUAL_TIME),
}
_PAGES: Mapping[ColumnType, Callable[[Sequence[Any]], pa.Array]] = {
    ColumnType.INTEGER: _integers_page,
    ColumnType.MONEY: _money_page,
    ColumnType.NUMBER: _doubles_page,
    ColumnType.BOOLEAN: lambda values: pa.array(values, pa.bool_()),
    ColumnType.TEXT: lambda values: pa.array(values, pa.string()),
    ColumnType.DAY: _PAGES_OF_TEXTS[ColumnType.DAY],
    ColumnType.TIME: _seconds_page,
    ColumnType.JSON: _json_page,
}


def column_converter(type_: ColumnType, json_type: str) -> ColumnConverter:
    """Return the converter for a column.

    Args:
        type_: The type of the values in the column.
        json_type: The type of the values in the record's schema: "string", "number", "integer" or anything else. It
            only decides which conversion is tried first.
    """
    pages = _PAGES_OF_TEXTS if json_type == "string" else _PAGES
    return _converter(ARROW_TYPES[type_], pages.get(type_) or _PAGES[type_], _VALUE_CONVERTERS[type_])
