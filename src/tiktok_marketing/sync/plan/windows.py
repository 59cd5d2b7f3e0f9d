"""Divides days into windows. Pure: days in, days out.

Days are always the ad account's, and a window includes both its first and its last day, as TikTok's `start_date` and
`end_date` do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

_DAY = timedelta(days=1)

FIRST_DAY = date(2012, 1, 1)
"""TikTok has no older figures. An earlier `start_date` would only cost requests, if TikTok does not say when an account
was created. Airbyte's connector 3.9.6 begins on this day, too."""


class Window(msgspec.Struct, frozen=True, order=True):
    """The days from `start` to `end`, both included. Iterating over it gives the days."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """The number of days."""
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

    def __iter__(self) -> Iterator[date]:
        return (self.start + timedelta(days=number) for number in range(self.days))

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
    """How many windows `windows` would yield."""
    return max(0, -(-((last - first).days + 1) // days))


def first_day(start_date: date, *, created: date | None, state: date | None, lookback: int, last: date) -> date:
    """The first day that must be read.

    Args:
        start_date: The configured first day.
        created: The day the account was created; None if unknown.
        state: The last day that was read before; None if none was.
        lookback: Days before the state whose figures may still change.
        last: The last day that will be read. A later state, from a connector that reads ahead or from a wrong clock,
            counts as this day. Otherwise the days in between would never be read.
    """
    first = start_date
    if created is not None:
        first = max(first, created)
    if state is not None:
        first = max(first, _before(min(state, last), lookback))
    return first


def final_day(state: date, *, lookback: int) -> date:
    """The last day that is not read again.

    Args:
        state: The last day that was read.
        lookback: Days before it whose figures may still change.
    """
    return _before(state, lookback + 1)


def _before(day: date, days: int) -> date:
    """The day this many days before, or the first one of the calendar."""
    return day - timedelta(days=min(days, (day - date.min).days))
