"""An account's time zone, and the date there. Pure.

TikTok gives two names. `timezone` (`Etc/GMT+8`, with the inverted sign of the time zone database) is the fixed offset
of the account's days and hours. TikTok's help pages say that accounts know no daylight saving time, so each day has 24
hours. `display_timezone` (`America/Los_Angeles`) is the place. It decides only if `timezone` is missing.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo


class _UnknownZone(tzinfo):
    """The zone where a day begins first. It is a type of its own, because accounts there have a known zone."""

    def utcoffset(self, _: datetime | None, /) -> timedelta:
        return timedelta(hours=14)

    def dst(self, _: datetime | None, /) -> timedelta:
        return timedelta()

    def tzname(self, _: datetime | None, /) -> str:
        return "an unknown time zone"

    def __str__(self) -> str:
        return "an unknown time zone"


ZONE_AHEAD_OF_ALL: tzinfo = _UnknownZone()
"""The zone where a day begins first. It stands for an unknown zone, so that no hour of the account is left out."""
ZONE_BEHIND_ALL = timezone(timedelta(hours=-12))
"""The zone where a day begins last. Until then, the day may not have begun for an account whose zone is unknown."""

_OFFSET = re.compile(
    r"\(?\s*(?:(?P<inverted>etc/)?(?:gmt|utc))?\s*(?P<sign>[+\-\u2212])\s*(?P<hours>\d{1,2})(?::?(?P<minutes>[0-5]\d))?\s*\)?",
    re.IGNORECASE | re.ASCII,
)
_BY_THE_RULES_OF = 2037
"""The year whose standard time counts: the last one for which every time zone database lists each change of clocks."""


def zones_of(offset_name: object, place_name: object) -> tuple[tzinfo, tzinfo | None]:
    """The zone of an account's days, and the local time of its place.

    No report has shown yet that TikTok ignores daylight saving time. So the place matters, too: a state moves into a
    day only once the day has begun by both (`earliest_day_in`).

    Args:
        offset_name: `timezone` of `/advertiser/info/`: `Etc/GMT+8`, `UTC+05:30`, or a place (its standard time).
        place_name: `display_timezone` of `/advertiser/info/`.

    Returns:
        A fixed offset, and the place with its daylight saving time. If both names are unknown, these are
        `ZONE_AHEAD_OF_ALL` and None.
    """
    place = _zone(place_name)
    zone = _zone(offset_name) or place
    if zone is None:
        return ZONE_AHEAD_OF_ALL, None
    return _standard_time(zone), place or zone


def shows_hour_twice(place: tzinfo | None, hour: str) -> bool:
    """Whether the clocks at a place go back over this hour, so that its day has it twice.

    Args:
        place: The place; None if unknown, where any hour may be such a one.
        hour: As reports write it: `2026-11-01 01:00:00`.
    """
    if place is None:
        return True
    try:
        first = datetime.fromisoformat(hour).replace(tzinfo=place)
    except ValueError:
        return False
    before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
    return before is not None and after is not None and before > after


def _zone(name: object) -> tzinfo | None:
    """The zone with this name; None if neither this program nor this machine knows it."""
    if not isinstance(name, str) or not name.strip():
        return None
    name = name.strip()
    if match := _OFFSET.fullmatch(name):
        return _fixed_offset(match)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # an unknown name is a KeyError, a malformed one one of the others
        return None


def _fixed_offset(match: re.Match[str]) -> tzinfo | None:
    """The offset that a name spells out; None if no place on Earth has it."""
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    is_east = (match["sign"] == "+") != bool(match["inverted"])
    offset = offset if is_east else -offset
    return timezone(offset) if timedelta(hours=-12) <= offset <= timedelta(hours=14) else None


@lru_cache(maxsize=1024)
def _standard_time(zone: tzinfo) -> tzinfo:
    """The offset of a zone outside daylight saving time, all year."""
    offsets = (datetime(_BY_THE_RULES_OF, month, 1, tzinfo=UTC).astimezone(zone).utcoffset() for month in (1, 7))
    return timezone(min(offset for offset in offsets if offset is not None))


@lru_cache(maxsize=1024)  # thousands of accounts and dozens of streams have few zones, and ask at the same time
def day_in(zone: tzinfo, time: datetime) -> date:
    """The date in a zone at an aware time."""
    return time.astimezone(zone).date()


def earliest_day_in(zone: tzinfo, time: datetime, place: tzinfo | None = None) -> date:
    """The earliest possible date of an account at an aware time.

    It differs from `day_in` if the zone is unknown, or if the day has not begun yet at the account's place.
    """
    day = day_in(ZONE_BEHIND_ALL if zone is ZONE_AHEAD_OF_ALL else zone, time)
    return day if place is None else min(day, day_in(place, time))
