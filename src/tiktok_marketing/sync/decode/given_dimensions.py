"""Adds dimensions to the rows of a report whose answer does not say them, because the request named them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tiktok_marketing.sync.decode.lenient_json import decode_lenient

_Object = dict[str, msgspec.Raw]
_OBJECT = msgspec.json.Decoder(_Object)
_DASH = b'"-"'
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def with_dimensions(body: bytes, given: Mapping[str, str]) -> bytes:
    """A page of a report with the given dimensions in each row that lacks them or has `-` for them.

    Nothing else changes, and odd rows stay as they are.

    Args:
        body: The page as TikTok sends it.
        given: The dimensions, with their value.

    Raises:
        msgspec.DecodeError: If the page is no answer.
    """
    try:
        return _with_dimensions(body, {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in given.items()})
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _leniently(body, given)


def _with_dimensions(body: bytes, given: Mapping[str, msgspec.Raw]) -> bytes:
    answer = _OBJECT.decode(body)
    data = _OBJECT.decode(answer["data"]) if "data" in answer else {}
    if "list" not in data:
        return body
    rows = []
    for raw in _LIST.decode(data["list"]):
        row = _OBJECT.decode(raw)
        if "dimensions" in row:
            dimensions = _OBJECT.decode(row["dimensions"])
            said = {name: value for name, value in dimensions.items() if bytes(value) != _DASH}
            row["dimensions"] = _encoded({**dimensions, **given, **said})
        rows.append(row)
    return msgspec.json.encode({**answer, "data": _encoded({**data, "list": _encoded(rows)})})


def _encoded(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _leniently(body: bytes, given: Mapping[str, str]) -> bytes:
    """The same for a page with values that only the lenient decoder accepts."""
    answer = decode_lenient(body)
    data = answer.get("data") if isinstance(answer, dict) else None
    rows = data.get("list") if isinstance(data, dict) else None
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("dimensions"), dict):
            said = {name: value for name, value in row["dimensions"].items() if value != "-"}
            row["dimensions"] = {**row["dimensions"], **given, **said}
    return msgspec.json.encode(answer)
