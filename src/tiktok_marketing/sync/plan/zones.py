"""An account's time zone, and which day it is there. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

ZONE_AHEAD_OF_ALL = timezone(timedelta(hours=14))
"""Where a new day begins first: taken for an account whose zone is unknown, so that none of its hours is left out."""
ZONE_BEHIND_ALL = timezone(timedelta(hours=-12))
"""Where a day begins last: before it has begun there, it may not have begun for an account whose zone is unknown."""


def zone_of(*names: object) -> tzinfo:
    """The first of these time zones that exists here, or the one where a day begins first.

    TikTok gives two: `display_timezone` (`America/Los_Angeles`) and `timezone` (`Etc/GMT+8`, with the inverted sign
    that the time zone database has too).
    """
    for name in names:
        if name and isinstance(name, str):
            try:
                return ZoneInfo(name)
            except (KeyError, ValueError, OSError):  # not found is a KeyError; a malformed name is one of the others
                continue
    return ZONE_AHEAD_OF_ALL


@lru_cache(maxsize=1024)  # thousands of accounts and dozens of streams ask for few zones, at the same moment
def day_in(zone: tzinfo, moment: datetime) -> date:
    """The date of an aware moment there."""
    return moment.astimezone(zone).date()


def earliest_day_in(zone: tzinfo, moment: datetime) -> date:
    """The earliest date that an aware moment may have there: another one than `day_in` gives if the zone is unknown."""
    return day_in(ZONE_BEHIND_ALL if zone == ZONE_AHEAD_OF_ALL else zone, moment)
