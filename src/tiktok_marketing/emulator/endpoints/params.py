"""Reads a request's parameters: scalars are plain text, arrays and objects are JSON text."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

from tiktok_marketing.emulator.endpoints.envelope import refuse
from tiktok_marketing.emulator.json_text import decode

_MAX_INTEGER = 2**31 - 1
MAX_IDS = 100
"""The most ids in one filter of a synchronous request."""
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_ID = re.compile(r"[0-9]+")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def required(params: Mapping[str, str], name: str) -> str:
    """A parameter that must not be missing.

    Raises:
        Refusal: It is missing or empty (40002).
    """
    value = params.get(name, "")
    if value and not isinstance(value, str):
        refuse(f"{name}: Not a valid string.")
    return value or refuse(f"Missing required field(s): {name}.")


def integer(params: Mapping[str, str], name: str, default: int, low: int, high: int | None) -> int:
    """A whole number within bounds, which are included. It is written with ASCII digits only."""
    text = params.get(name)
    if text is None:
        return default
    if not _INTEGER.fullmatch(str(text)) or abs(value := int(text)) > _MAX_INTEGER:
        refuse(f"{name}: Not a valid integer.")
    if value < low or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"between {low} and {high}"
        refuse(f"{name}: The value must be {bounds}.")
    return value


def boolean(params: Mapping[str, str], name: str) -> bool:
    """`true` or `false`. A missing parameter is false."""
    text = str(params.get(name, "false")).lower()
    if text not in {"true", "false", "1", "0"}:
        refuse(f"{name}: Not a valid boolean.")
    return text in {"true", "1"}


def json_value(params: Mapping[str, Any], name: str) -> Any:
    """The decoded JSON text of a parameter. None if it is missing or empty."""
    text: Any = params.get(name)
    if not text:
        return None
    if not isinstance(text, str):
        return text  # the field of a JSON body has its value already
    try:
        return decode(text)
    except ValueError:
        refuse(f"{name}: Not a valid JSON string.")


def filtering(params: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    """The object `filtering`, which has only fields that are known. Empty if it is missing."""
    filters = json_value(params, "filtering")
    if filters is None:
        return {}
    if not isinstance(filters, dict):
        refuse("filtering: Not a valid object.")
    unknown = sorted(set(filters) - known)
    if unknown:
        refuse(f"filtering: Unknown field(s): {', '.join(unknown)}.")
    return filters


def word(filters: Mapping[str, Any], name: str) -> str:
    """A filter that is a text. Empty if it is missing or null."""
    value = filters.get(name)
    if value is not None and not isinstance(value, str):
        refuse(f"filtering.{name}: Not a valid string.")
    return value or ""


def texts(params: Mapping[str, str], name: str) -> list[str] | None:
    """A JSON array of texts. None if it is missing."""
    value = json_value(params, name)
    return None if value is None else text_list(value, name)


def fields(params: Mapping[str, str], accepted: tuple[str, ...]) -> list[str] | None:
    """The names in `fields`. None if it is missing or empty, which asks for all fields.

    Raises:
        Refusal: A name is unknown (40002). The first one is named by its place, with the names that are accepted.
    """
    names = texts(params, "fields")
    for place, name in enumerate(names or ()):
        if name not in accepted:
            refuse(f"fields.{place}: Must be one of: {', '.join(accepted)}.")
    return names or None


def number_list(value: object, name: str) -> list[float]:
    """A decoded value that must be an array of numbers, which may be given as texts."""
    if not isinstance(value, list):
        refuse(f"{name}: Not a valid list.")
    if not all(_NUMBER.fullmatch(str(item)) for item in value):
        refuse(f"{name}: Not a valid list of numbers.")
    return [float(item) for item in value]


def text_list(value: object, name: str) -> list[str]:
    """A decoded value that must be an array of texts. Numbers count as texts, because ids are often sent as numbers."""
    if not isinstance(value, list) or not all(
        isinstance(item, str | int) and not isinstance(item, bool) for item in value
    ):
        refuse(f"{name}: Not a valid list.")
    return [str(item) for item in value]


def ids(value: object, name: str, max_length: int = MAX_IDS) -> frozenset[str]:
    """A decoded value that must be an array of at most `max_length` ids."""
    id_list = text_list(value, name)
    if len(id_list) > max_length:
        refuse(f"{name}: Longer than maximum length {max_length}.", 40011 if name == "advertiser_ids" else 40002)
    if not all(map(_ID.fullmatch, id_list)):
        refuse(f"{name}: Not a valid id list.")
    return frozenset(id_list)


def day(params: Mapping[str, str], name: str) -> date | None:
    """A date as YYYY-MM-DD. None if it is missing."""
    text = params.get(name)
    if not text:
        return None
    try:
        parsed = date.fromisoformat(text)
    except (ValueError, TypeError):
        parsed = None
    if parsed is None or parsed.isoformat() != text:
        refuse(f"{name}: Not a valid date, the format should be YYYY-MM-DD.")
    return parsed


def utc_time(filters: Mapping[str, Any], name: str) -> int | None:
    """A filter that is a time in UTC as YYYY-MM-DD HH:MM:SS, in seconds since 1970. None if it is missing."""
    return seconds(filters[name], f"filtering.{name}") if name in filters else None


def seconds(value: object, name: str) -> int:
    """A value that must be a time in UTC as YYYY-MM-DD HH:MM:SS, in seconds since 1970."""
    if isinstance(value, str) and _TIME.fullmatch(value):
        with suppress(ValueError):  # such as the 30th of February
            return int(datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp())
    return refuse(f"{name}: Not a valid datetime, the format should be YYYY-MM-DD HH:MM:SS.")


def creation_window(filters: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """The filters by the time of creation: the earliest and the latest second. None stands for no bound."""
    start = utc_time(filters, "creation_filter_start_time")
    end = utc_time(filters, "creation_filter_end_time")
    if start is not None and end is not None and end < start:
        refuse("creation_filter_end_time: The end time must not be earlier than creation_filter_start_time.")
    return start, end
