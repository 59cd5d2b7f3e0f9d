"""Days become windows. Pure: days in, days out.

A day is always the ad account's own, and both ends of a window belong to it, as in TikTok's `start_date` and
`end_date`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

_DAY = timedelta(days=1)


class Window(msgspec.Struct, frozen=True, order=True):
    """The days from `start` to `end`, both included."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days it holds."""
        return (self.end - self.start).days + 1

    def halves(self) -> tuple[Window, Window] | None:
        """The same days as two windows; None if it is one day.

        Example:
            1 to 5 March become 1 to 3 and 4 to 5 March.
        """
        if self.days == 1:
            return None
        middle = self.start + timedelta(days=(self.days - 1) // 2)
        return Window(self.start, middle), Window(middle + _DAY, self.end)

    def __str__(self) -> str:
        return str(self.start) if self.start == self.end else f"{self.start} to {self.end}"


def windows(first: date, last: date, days: int) -> Iterator[Window]:
    """The days from `first` to `last` in windows of at most `days`, oldest first; none if `first` is after `last`."""
    start = first
    while start <= last:
        end = min(last, start + timedelta(days=days - 1))
        yield Window(start, end)
        start = end + _DAY


def count_windows(first: date, last: date, days: int) -> int:
    """How many windows `windows` gives, without making them."""
    return max(0, -(-((last - first).days + 1) // days))


def first_day(start_date: date, *, created: date | None, state: date | None, lookback: int, last: date) -> date:
    """The first day that must be read.

    Args:
        start_date: The first day that is wanted at all.
        created: The account's first day; None if it is unknown.
        state: The last day that was read before; None if none was.
        lookback: Days before the state whose figures may still have changed.
        last: The last day that will be read. A state beyond it (from a connector that reads ahead, or a clock that
            was wrong) counts as this day, or the days in between would never be read.
    """
    first = start_date
    if created is not None:
        first = max(first, created)
    if state is not None:
        known = min(state, last)
        first = max(first, known - timedelta(days=min(lookback, (known - date.min).days)))
    return first
