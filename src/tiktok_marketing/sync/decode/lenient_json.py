"""Decodes JSON that a strict decoder rejects, and the structure of every list: its rows and its counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec


class PageInfo(msgspec.Struct):
    """TikTok's counts for a whole list, which each of its pages repeats; None where it gives none."""

    total_number: int | None = None
    total_page: int | None = None


def decode_list(body: bytes, list_key: str) -> tuple[list[Mapping[str, Any]], PageInfo]:
    """The untyped rows of an answer, from `data[list_key]`, and its counts.

    Raises:
        msgspec.DecodeError: If the body is not such an answer.
    """
    answer = decode_lenient(body)
    data = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(data, Mapping):
        raise msgspec.ValidationError("`data` is not an object")
    rows = as_objects(data.get(list_key), f"`data.{list_key}`")
    return rows, msgspec.convert(data.get("page_info") or {}, PageInfo, strict=False)


def as_objects(value: Any, what: str) -> list[Mapping[str, Any]]:
    """The value as a list of JSON objects.

    Raises:
        msgspec.ValidationError: If it is not one; the error calls it `what`.
    """
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise msgspec.ValidationError(f"{what} is not a list of objects")
    return value


def decode_lenient(body: bytes) -> Any:
    """The decoded JSON of a body, with U+FFFD for halves of characters and infinity for numbers that are too large.

    TikTok truncates texts, sometimes in the middle of an emoji. msgspec rejects such a body, but no row may be lost
    because of it.

    Raises:
        msgspec.DecodeError: If it is not JSON.
    """
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        try:
            return _whole(json.loads(body, parse_int=_any_int))
        except (ValueError, RecursionError):
            raise error from None
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(f"it is not UTF-8 ({error.reason})") from None


def _any_int(text: str) -> int | float:
    return int(text) if len(text) < 400 else float(text)


def _whole(value: Any) -> Any:
    """The value with U+FFFD for each half of a character."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value
