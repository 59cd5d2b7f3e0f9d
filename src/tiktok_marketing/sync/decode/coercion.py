"""The one definition of each type of the catalog: which values fit it, and what they become.

A quick way to read values (msgspec, the C extension, Arrow's casts) may only take values that mean the same here, and
leaves all others to these functions. So a value never depends on what stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec

from tiktok_marketing.catalog import FieldType

LARGEST_INT = 2**63 - 1
_LEAST_INT = -LARGEST_INT - 1
_MOST_DIGITS = 19
_NO_VALUE = frozenset({"", "-", "null"})
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_REAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_SHOWN = 60
_FIELDS_NAMED = 5
"""How many fields a message about values names."""
"""Characters of a value that a message shows."""


class Misfit(msgspec.Struct, frozen=True):
    """A value that does not fit the type of its field, or of its column.

    Args:
        row: The position of its record.
        field: The field of the record, or of a report's dimensions or metrics.
        value: The field's value as TikTok sent it.
        parts: What did not fit: the path within the field, which is the field itself as a rule, to the value there.
    """

    row: int
    field: str
    value: Any
    parts: Mapping[str, Any]


def coerce(value: Any, kind: FieldType, name: str, rejected: dict[str, Any]) -> Any:
    """The value converted to its type, or null. A value that does not fit is noted in `rejected`.

    Example:
        `"1,234"` as an integer becomes 1234; `"many"` becomes null, and `rejected` gets it under the field's name.
    """
    if value is None or kind.kind == "any":
        return value
    coerced = _COERCERS[kind.kind](value, kind, name, rejected)
    if coerced is None and not is_no_value(value):
        rejected.setdefault(name, value)
    return coerced


def misfit_sentences(values: Mapping[str, str], place: str) -> list[str]:
    """What to say about fields whose value became null: a sentence for each, or one about all if there are many.

    Args:
        values: For each field, the first such value, as `shown` cuts it.
        place: What the values do not fit: "type" or "column".
    """
    texts = [f"the value {value!r} of {shown(field)}" for field, value in values.items()]
    if len(texts) <= _FIELDS_NAMED:
        return [f"{text} does not fit its {place}, so it becomes null." for text in texts]
    named = ", ".join(texts[:_FIELDS_NAMED])
    return [f"values of {len(texts):,} fields do not fit their {place}s, so they become null, for example {named}."]


def shown(value: Any) -> str:
    """The beginning of a value, for a message."""
    return (value if isinstance(value, str) else msgspec.json.encode(value).decode())[:_SHOWN]


def is_no_value(value: Any) -> bool:
    """Whether a value says that there is none, in a field that is not text: null, an empty text, a dash, "null"."""
    return value is None or (isinstance(value, str) and len(value) < _SHOWN and value.strip().lower() in _NO_VALUE)


def number_text(value: str) -> str | None:
    """The text of a number without space and the commas between thousands; None if it is not the text of a number.

    A number may have a sign, a point and an exponent, and its digits are ASCII's.
    """
    text = value.strip()
    text = text.replace(",", "") if _GROUPED.fullmatch(text) else text
    return text if _REAL.fullmatch(text) else None


def to_decimal(value: Any) -> Decimal | None:
    """A number, exactly; None if the value is not one, is not finite, or has an exponent that no decimal can have."""
    if isinstance(value, str):
        text = number_text(value)
        try:
            return None if text is None else Decimal(text)
        except ArithmeticError:
            return None
    if isinstance(value, float):
        return Decimal(repr(value)) if isfinite(value) else None
    return Decimal(int(value)) if isinstance(value, int) else None


def to_integer(value: Any) -> int | None:
    """A 64-bit integer; None if the value is not one."""
    # Of a double the exact value, not the shortest text that it has.
    number = Decimal(value) if isinstance(value, float) and isfinite(value) else to_decimal(value)
    if number is None or (number and number.adjusted() >= _MOST_DIGITS):
        return None
    whole = int(number)
    return whole if whole == number and _LEAST_INT <= whole <= LARGEST_INT else None


def to_number(value: Any) -> float | None:
    """A finite double; None if the value is not one."""
    text = number_text(value) if isinstance(value, str) else value
    if not isinstance(text, (str, int, float)):
        return None
    try:
        number = float(text)
    except OverflowError:
        return None
    if not number and isinstance(text, str) and _WHOLE.fullmatch(text):
        return 0.0  # an integer has no negative zero
    return number if isfinite(number) else None


def to_boolean(value: Any) -> bool | None:
    """True or false; None if the value is neither."""
    if isinstance(value, (bool, int, float)):
        return bool(value) if value in {0, 1} else None
    if isinstance(value, str) and len(value) < _SHOWN:
        return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().lower())
    return None


def to_text(value: Any) -> str:
    """A text as it is, and anything else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _object(value: Any, kind: FieldType, name: str, rejected: dict[str, Any]) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    return {
        key: coerce(item, kind.fields[key], f"{name}.{key}", rejected) if key in kind.fields else item
        for key, item in value.items()
    }


def _array(value: Any, kind: FieldType, name: str, rejected: dict[str, Any]) -> list[Any] | None:
    if not isinstance(value, list):
        return None
    items = kind.items
    return value if items is None else [coerce(item, items, name, rejected) for item in value]


_COERCERS: Mapping[str, Callable[[Any, FieldType, str, dict[str, Any]], Any]] = {
    "integer": lambda value, *_: to_integer(value),
    "number": lambda value, *_: to_number(value),
    "string": lambda value, *_: to_text(value),
    "boolean": lambda value, *_: to_boolean(value),
    "object": _object,
    "array": _array,
}
