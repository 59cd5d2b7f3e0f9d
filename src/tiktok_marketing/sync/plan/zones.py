"""An account's time zone, and the date there. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

ZONE_AHEAD_OF_ALL = timezone(timedelta(hours=14))
"""The zone where a day begins first. It stands for an unknown zone, so that no hour of the account is left out."""
ZONE_BEHIND_ALL = timezone(timedelta(hours=-12))
"""The zone where a day begins last. Until then, the day may not have begun for an account whose zone is unknown."""


def zone_of(*names: object) -> tzinfo:
    """The first of these time zones that this machine knows, or else the one where a day begins first.

    TikTok gives two names: `display_timezone` (`America/Los_Angeles`) and `timezone` (`Etc/GMT+8`, with the inverted
    sign of the time zone database).
    """
    for name in names:
        if name and isinstance(name, str):
            try:
                return ZoneInfo(name)
            except (KeyError, ValueError, OSError):  # an unknown name is a KeyError, a malformed one one of the others
                continue
    return ZONE_AHEAD_OF_ALL


@lru_cache(maxsize=1024)  # thousands of accounts and dozens of streams have few zones, and ask at the same time
def day_in(zone: tzinfo, time: datetime) -> date:
    """The date in a zone at an aware time."""
    return time.astimezone(zone).date()


def earliest_day_in(zone: tzinfo, time: datetime) -> date:
    """The earliest possible date in a zone at an aware time. It differs from `day_in` only if the zone is unknown."""
    return day_in(ZONE_BEHIND_ALL if zone == ZONE_AHEAD_OF_ALL else zone, time)
