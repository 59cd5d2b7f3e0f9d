"""Converts values from TikTok to the catalog's types, or to null where a value does not fit its type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

import msgspec

from tiktok_marketing.catalog import FieldType

LARGEST_INT = 2**63 - 1
_WHOLE = re.compile(r"([+-]?\d+)(?:\.0*)?", re.ASCII)
_REAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)


def coerce(value: Any, kind: FieldType, name: str, rejected: dict[str, str]) -> Any:
    """The value converted to its type, or null. A value that does not fit is noted in `rejected`.

    Example:
        `"1,234"` as an integer becomes 1234; `"many"` becomes null, and `rejected` gets it under the field's name.
    """
    if value is None or kind.kind == "any":
        return value
    coerced = _COERCERS[kind.kind](value, kind, name, rejected)
    if coerced is None and value not in {"", "-"} if isinstance(value, str) else coerced is None:
        rejected.setdefault(name, str(value)[:60])
    return coerced


def _integer(value: Any, _kind: FieldType, _name: str, _rejected: dict[str, str]) -> int | None:
    if isinstance(value, str):
        text = _ungrouped(value)
        match = _WHOLE.fullmatch(text)
        if match is None and _REAL.fullmatch(text):  # 1e3
            return _integer(float(text), _kind, _name, _rejected)
        number = int(match[1]) if match and len(match[1]) < 30 else None
    elif isinstance(value, float):
        number = int(value) if value.is_integer() else None
    else:
        number = int(value) if isinstance(value, (int, bool)) else None
    return number if number is not None and -LARGEST_INT - 1 <= number <= LARGEST_INT else None


def _number(value: Any, _kind: FieldType, _name: str, _rejected: dict[str, str]) -> float | None:
    if isinstance(value, str):
        value = _ungrouped(value)
        if not _REAL.fullmatch(value):
            return None
    elif not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def _ungrouped(text: str) -> str:
    """The text without the commas between thousands."""
    text = text.strip()
    return text.replace(",", "") if _GROUPED.fullmatch(text) else text


def _string(value: Any, _kind: FieldType, _name: str, _rejected: dict[str, str]) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, list, dict)):
        return msgspec.json.encode(value).decode()
    return str(value)


def _boolean(value: Any, _kind: FieldType, _name: str, _rejected: dict[str, str]) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())


def _object(value: Any, kind: FieldType, name: str, rejected: dict[str, str]) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    return {
        key: coerce(item, kind.fields[key], f"{name}.{key}", rejected) if key in kind.fields else item
        for key, item in value.items()
    }


def _array(value: Any, kind: FieldType, name: str, rejected: dict[str, str]) -> list[Any] | None:
    if not isinstance(value, list):
        return None
    items = kind.items
    return value if items is None else [coerce(item, items, name, rejected) for item in value]


_COERCERS: dict[str, Callable[[Any, FieldType, str, dict[str, str]], Any]] = {
    "integer": _integer,
    "number": _number,
    "string": _string,
    "boolean": _boolean,
    "object": _object,
    "array": _array,
}
