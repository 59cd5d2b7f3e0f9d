"""Reads the values of a configuration, and says what is wrong with one: days, numbers, switches, ids, reports."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.settings import Kind, Setting

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ID_DIGITS = 19
"""Digits of the largest integer of 64 bits."""
_EXACT = 2.0**53
"""Below it, a number with a point has every digit of a whole one."""
_LONGEST_SHOWN = 40


def parse_day(value: Any, name: str) -> date | None:
    """A day from a configuration or an option; None if it is None or an empty text.

    Args:
        value: `YYYY-MM-DD`, or a date.
        name: The name of the field or option, for errors.

    Raises:
        ConfigurationError: If it is not a date.
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            pass
    raise ConfigurationError(
        f"{name} is {shown_value(value)}, which is not a date.",
        remedy="Write it as YYYY-MM-DD, for example 2026-01-31.",
        settings=[name],
    )


def is_advertiser_id(text: str) -> bool:
    """Whether a text is an id that fits the integers of 64 bits that records have."""
    return text.isascii() and text.isdecimal() and len(text) <= _ID_DIGITS and int(text) < 2**63


def _whole_number(value: Any, setting: Setting) -> int:
    if isinstance(value, str) and value.strip().upper() in setting.former_words:
        value = setting.default
    if isinstance(value, str) and re.fullmatch(r"0*[0-9]{1,3}", value.strip()):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not setting.low <= value <= setting.high:
        raise ConfigurationError(
            f"{setting.name} is {shown_value(value)}.",
            remedy=f"Set it to a whole number from {setting.low:.0f} to {setting.high:.0f}.",
            settings=[setting.name],
        )
    return value


def _rate(value: Any, setting: Setting) -> float:
    # float() reads more than numbers: "1_0", "nan"
    is_number = not isinstance(value, str) or re.fullmatch(r"[0-9]*(\.[0-9]*)?", value.strip()) is not None
    try:
        rate = float(value) if is_number and isinstance(value, (int, float, str)) else -1.0
    except (ValueError, OverflowError):
        rate = -1.0
    if isinstance(value, bool) or not setting.low <= rate <= setting.high:
        raise ConfigurationError(
            f"{setting.name} is {shown_value(value)}.",
            remedy="Set it to the requests per second that your application's tier allows: 10 (Basic), 20, 30 or 50.",
            settings=[setting.name],
        )
    return rate


def _flag(value: Any, setting: Setting) -> bool:
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise ConfigurationError(
            f"{setting.name} is {shown_value(value)}.", remedy="Set it to true or false.", settings=[setting.name]
        )
    return value


def is_exact_number(value: Any) -> bool:
    """Whether a number with a point is a whole one, which JSON Schema takes for an integer, and has lost no digit."""
    return isinstance(value, float) and value.is_integer() and abs(value) < _EXACT


def _ids(value: Any, setting: Setting) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if isinstance(items, (list, tuple)):
        items = [int(item) if is_exact_number(item) else item for item in items]
    if not isinstance(items, list) or any(isinstance(item, bool) or not isinstance(item, (str, int)) for item in items):
        raise ConfigurationError(
            f"{setting.name} is not a list of advertiser ids.",
            remedy='Write it as ["7000000000000000001"].',
            settings=[setting.name],
        )
    ids = tuple(dict.fromkeys(text for item in items if (text := str(item).strip())))
    if not ids and (value.strip() if isinstance(value, str) else value):  # forms send an empty text or list
        raise ConfigurationError(
            f"{setting.name} names no account.",
            remedy="Name at least one, or leave it out.",
            settings=[setting.name],
        )
    invalid = [text for text in ids if not is_advertiser_id(text)]
    if invalid:
        raise ConfigurationError(
            f"{setting.name} contains {shown_value(invalid[0])}, which is not an advertiser id.",
            remedy="Use the accounts' ids from TikTok Ads Manager, numbers of 19 digits.",
            settings=[setting.name],
        )
    return ids


def _of_reports(value: Any, setting: Setting) -> Any:
    """Reports of one's own, or metrics to add to the fixed ones, by the rules of the catalog."""
    if value == setting.default:
        return type(setting.default)()
    from tiktok_marketing.catalog.custom_reports import read_setting
    from tiktok_marketing.catalog.objection import Objection

    read = read_setting(setting.name, value)
    if isinstance(read, Objection):
        raise ConfigurationError(read.message, remedy=read.remedy, settings=[setting.name])
    return read


READERS: Mapping[Kind, Callable[[Any, Setting], Any]] = {
    Kind.DAY: lambda value, setting: parse_day(value, setting.name),
    Kind.WHOLE_NUMBER: _whole_number,
    Kind.NUMBER: _rate,
    Kind.FLAG: _flag,
    Kind.ADVERTISER_IDS: _ids,
    Kind.REPORTS: _of_reports,
    Kind.METRICS_BY_LEVEL: _of_reports,
}
"""What reads the values of each kind of setting but a choice. An error names the setting."""


def shown_value(value: Any) -> str:
    """A value as an error can show it; an excerpt of a long one could reveal some of a secret."""
    if isinstance(value, (list, dict)):
        return "a list or an object"
    text = json.dumps(value, default=str)
    return text if len(text) <= _LONGEST_SHOWN else f"text of {len(text) - 2} characters"
