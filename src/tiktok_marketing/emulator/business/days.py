"""Days and hours of an ad account: the hours of a local day, and how many of them are over.

An account's days are at a fixed offset from UTC and have 24 hours. TikTok's help pages say that accounts know no
daylight saving time. The option `daylight_saving` emulates a TikTok that follows the clocks of the place instead.
"""

from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

HOUR_WEIGHTS = (
    24, 16, 11, 9, 8, 10, 16, 28, 38, 42, 44, 48, 56, 52, 46, 44, 47, 54, 64, 76, 88, 92, 78, 46,
)  # fmt: skip
"""How a day's delivery is spread over its hours: quiet nights, an evening peak. The least is about 0.8 % of a day."""

WEEKDAY_WEIGHTS = (94, 92, 95, 99, 108, 116, 106)
"""How delivery is spread over the week, Monday first, in percent of an average day."""


class LocalDay:
    """One calendar day in a time zone.

    Attributes:
        labels: The hours that a report names, from 0 to 23. Where clocks go forward there are 23. A repeated hour
            appears once.
        weights: For each label, its share of the day's delivery. A repeated hour counts twice.
        ends: For each label, when its hour is over, in seconds since 1970.
        cumulative: For each label, the sum of the weights before it. The last item is the sum of all weights.
        total: The sum of all weights.
        start: When the day begins, in seconds since 1970.
    """

    __slots__ = ("cumulative", "day", "ends", "labels", "start", "total", "weights")

    def __init__(self, zone: tzinfo, day: date) -> None:
        self.day = day
        self.start = int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
        next_day = day + timedelta(days=1)
        end = int(datetime(next_day.year, next_day.month, next_day.day, tzinfo=zone).timestamp())
        labels: list[int] = []
        weights: list[int] = []
        ends: list[int] = []
        for begin in range(self.start, end, 3600):
            hour = datetime.fromtimestamp(begin, zone).hour
            if labels and labels[-1] == hour:
                weights[-1] += HOUR_WEIGHTS[hour]
                ends[-1] = begin + 3600
            else:
                labels.append(hour)
                weights.append(HOUR_WEIGHTS[hour])
                ends.append(begin + 3600)
        self.labels = tuple(labels)
        self.weights = tuple(weights)
        self.ends = tuple(ends)
        cumulative = [0]
        for weight in weights:
            cumulative.append(cumulative[-1] + weight)
        self.cumulative = tuple(cumulative)
        self.total = cumulative[-1]

    def hours_passed(self, now: int) -> int:
        """How many of the labelled hours are over at `now` (seconds since 1970). A report shows only those."""
        if now >= self.ends[-1]:
            return len(self.ends)
        return sum(1 for end in self.ends if end <= now)


@lru_cache(maxsize=20_000)
def local_day(zone: tzinfo, ordinal: int) -> LocalDay:
    """The local day with this proleptic Gregorian ordinal."""
    return LocalDay(zone, date.fromordinal(ordinal))


def local_ordinal(zone: tzinfo, seconds: int) -> int:
    """The ordinal of the local day at a time in seconds since 1970."""
    return datetime.fromtimestamp(seconds, zone).date().toordinal()


@lru_cache(maxsize=256)
def standard_zone(place: str) -> tzinfo:
    """The fixed offset of a place (an IANA name) outside daylight saving time."""
    zone = ZoneInfo(place)
    winter_and_summer = (datetime(2026, month, 1, tzinfo=zone).utcoffset() or timedelta() for month in (1, 7))
    return timezone(min(winter_and_summer))


def offset_name(place: str) -> str:
    """The offset of a place as `timezone` names it: `Etc/GMT+8` for UTC-8; with half an hour, a zone's name."""
    seconds = int((standard_zone(place).utcoffset(None) or timedelta()).total_seconds())
    if seconds % 3600:
        return place
    return f"Etc/GMT{-seconds // 3600:+d}" if seconds else "Etc/GMT"
