"""Days and hours of an ad account: what a local day is made of, and how much of it has passed."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

HOUR_WEIGHTS = (
    24, 16, 11, 9, 8, 10, 16, 28, 38, 42, 44, 48, 56, 52, 46, 44, 47, 54, 64, 76, 88, 92, 78, 46,
)  # fmt: skip
"""How a day's delivery spreads over its hours: quiet nights, an evening peak. The smallest is about 0.8 % of a day."""

WEEKDAY_WEIGHTS = (94, 92, 95, 99, 108, 116, 106)
"""How delivery spreads over the week, Monday first, in percent of an average day."""


class LocalDay:
    """One calendar day in a time zone.

    Attributes:
        labels: The hours that a report names, 0 to 23; 23 of them when clocks go forward. A repeated hour appears once.
        weights: For each label, its share of the day's delivery; a repeated hour counts twice.
        ends: For each label, when it is over, in seconds since 1970.
        cumulative: Sum of weights before each label, and of all as the last item.
    """

    __slots__ = ("cumulative", "day", "ends", "labels", "start", "total", "weights")

    def __init__(self, zone: ZoneInfo, day: date) -> None:
        self.day = day
        self.start = int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
        following = day + timedelta(days=1)
        end = int(datetime(following.year, following.month, following.day, tzinfo=zone).timestamp())
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
        """How many of the labelled hours are over at `now` (seconds since 1970): what a report knows of."""
        if now >= self.ends[-1]:
            return len(self.ends)
        return sum(1 for end in self.ends if end <= now)


@lru_cache(maxsize=20_000)
def local_day(zone: ZoneInfo, ordinal: int) -> LocalDay:
    """The local day with the given proleptic Gregorian ordinal."""
    return LocalDay(zone, date.fromordinal(ordinal))


def local_ordinal(zone: ZoneInfo, seconds: int) -> int:
    """The ordinal of the local day that `seconds` since 1970 fall on."""
    return datetime.fromtimestamp(seconds, zone).date().toordinal()


def utc_text(seconds: int) -> str:
    """`YYYY-MM-DD HH:MM:SS` in UTC, the form of object times."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
