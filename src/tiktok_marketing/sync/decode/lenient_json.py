"""Decodes JSON that a strict decoder rejects, and the structure of every list: its rows and its counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, TypeVar

import msgspec

_Answer = TypeVar("_Answer")
_DEEPEST = 100
"""How many lists and objects within each other are decoded. Decoders and databases have limits of several hundred."""
_AROUND_A_LIST = 2
"""The answer, and its `data`."""
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_LONGEST_INT = 4300
"""Characters of the longest whole number that msgspec and Python read as one."""
_COUNT_DIGITS = 18
NOT_AN_OBJECT = "\0not an object"
"""The only field of a row that TikTok sends as something else than an object: what it sends."""


class PageInfo(msgspec.Struct):
    """TikTok's counts for a whole list, which each of its pages repeats, as it sends them.

    Their types are not checked here: a wrong count must not cost the rows of the page. `count_of` reads each of them.
    """

    total_number: Any = None
    total_page: Any = None
    page_size: Any = None


def count_of(value: Any) -> int | None:
    """A count of TikTok's; None if it gives none, or something that is not a count.

    Example:
        62 for 62, "62" and 62.0; None for null, -1, "many" and true.
    """
    if isinstance(value, str):
        value = int(value) if len(value) <= _COUNT_DIGITS and value.isascii() and value.isdigit() else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def decoder_of(answer: type[_Answer]) -> Callable[[bytes], _Answer]:
    """A decoder of answers to a type. Fields that the type does not name may have values of any kind.

    The decoder raises msgspec.DecodeError if the body is not such an answer.
    """
    quick = msgspec.json.Decoder(answer, strict=False).decode

    def decode(body: bytes) -> _Answer:
        try:
            return quick(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return msgspec.convert(decode_lenient(body, _AROUND_A_LIST), answer, strict=False)

    return decode


def decode_list(body: bytes, list_key: str) -> tuple[list[Mapping[str, Any]], PageInfo]:
    """The untyped rows of an answer, from `data[list_key]`, and its counts. A list that is null has no rows.

    Raises:
        msgspec.DecodeError: If the body is not such an answer.
    """
    answer = decode_lenient(body, _AROUND_A_LIST)
    data = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(data, Mapping):
        raise msgspec.ValidationError("`data` is not an object")
    rows = as_objects(_of(data, list_key, []), f"`data.{list_key}`")
    info = data.get("page_info")
    return rows, msgspec.convert(info, PageInfo) if isinstance(info, Mapping) else PageInfo()


def decode_record(body: bytes) -> tuple[list[Mapping[str, Any]], PageInfo]:
    """The only record of an answer, which is its `data`, as a list of one. It has no counts.

    Raises:
        msgspec.DecodeError: If the body is not such an answer.
    """
    answer = decode_lenient(body, _AROUND_A_LIST)
    data = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(data, Mapping) or not data:
        raise msgspec.ValidationError("`data` is not an object with a record")
    return [data], PageInfo()


def decode_map(body: bytes, map_key: str, key_field: str) -> tuple[list[Mapping[str, Any]], PageInfo]:
    """The untyped rows of an answer, from the object `data[map_key]`, whose keys become a field of each row.

    An object that is null has no rows.

    Raises:
        msgspec.DecodeError: If the body is not such an answer.
    """
    answer = decode_lenient(body, _AROUND_A_LIST)
    data = answer.get("data") if isinstance(answer, Mapping) else None
    records = _of(data, map_key, {}) if isinstance(data, Mapping) else None
    if not isinstance(records, Mapping):
        raise msgspec.ValidationError(f"`data.{map_key}` is not an object")
    return [{**_as_object(record), key_field: key} for key, record in records.items()], PageInfo()


def _of(data: Mapping[str, Any], key: str, empty: Any) -> Any:
    """The value of a key, which must be there, and `empty` if it is null: TikTok has nothing to list."""
    value = data.get(key)
    return empty if value is None and key in data else value


def as_objects(value: Any, what: str) -> list[Mapping[str, Any]]:
    """The value as a list of JSON objects. Of an element that is none, `NOT_AN_OBJECT` has the value.

    Raises:
        msgspec.ValidationError: If it is no list; the error calls it `what`.
    """
    if not isinstance(value, list):
        raise msgspec.ValidationError(f"{what} is not a list")
    return [_as_object(row) for row in value]


def _as_object(row: Any) -> Mapping[str, Any]:
    return row if isinstance(row, Mapping) else {NOT_AN_OBJECT: "null" if row is None else row}


def decode_lenient(body: bytes, around: int = 0) -> Any:
    """The decoded JSON of a body, also if it has values that a strict decoder rejects.

    TikTok truncates texts, sometimes in the middle of an emoji: U+FFFD stands for half of a character. A number with
    a point or exponent that is too large for a double becomes its text, and so does a whole number of more than 4,300
    characters, and what is nested too deeply. A text keeps a control character that should have been escaped. msgspec
    rejects such a body, but no row may be lost because of it.

    Args:
        body: A list of rows, or an answer that contains one.
        around: How many objects are around the list, so that a row is nested as deeply in both.

    Raises:
        msgspec.DecodeError: If it is not JSON.
    """
    if _may_be_deep(body):
        body = _flattened(body, _DEEPEST + around)
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        try:
            return _whole(
                json.loads(body, strict=False, parse_int=_any_int, parse_float=_any_float, parse_constant=str)
            )
        except (ValueError, RecursionError):
            raise error from None
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(f"it is not UTF-8 ({error.reason})") from None


def _any_int(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_INT else text


def _any_float(text: str) -> float | str:
    number = float(text)
    return number if isfinite(number) else text


def _may_be_deep(body: bytes) -> bool:
    """Whether more than `_DEEPEST` brackets may be open at once. Brackets in texts can make it say so wrongly."""
    brackets = body.translate(None, _NO_BRACKETS)
    for _ in range(_DEEPEST):
        if not brackets:
            return False
        shorter = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(shorter) == len(brackets):
            break  # brackets in texts, or of something damaged
        brackets = shorter
    return len(brackets) > _DEEPEST


def _flattened(body: bytes, deepest: int) -> bytes:
    """The JSON with everything that is nested too deeply as the text of its JSON."""
    chunks: list[bytes] = []
    depth = written = begin = 0
    for token in _TOKEN.finditer(body):
        first = body[token.start()]
        if first in b"[{":
            depth += 1
            if depth == deepest + 1:
                begin = token.start()
        elif first in b"]}":
            if depth == deepest + 1:
                text = body[begin : token.end()].decode("utf-8", "replace")
                chunks += (body[written:begin], msgspec.json.encode(text))
                written = token.end()
            depth -= 1
    return b"".join((*chunks, body[written:]))


def _whole(value: Any) -> Any:
    """The value with U+FFFD for each half of a character."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value
