"""The clock, passed as an argument, so that tests cover hours of waiting in milliseconds."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

_MAX_DIFFERENCE = timedelta(days=366)


class Clock(Protocol):
    """What time it is, and how to wait."""

    def now(self) -> datetime:
        """The current time, as an aware datetime in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards, for measuring waits."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking anything else."""
        ...


class ClockReading(msgspec.Struct, frozen=True):
    """The current time by two clocks that may disagree: the machine's and TikTok's.

    Args:
        earliest: The time by the clock that is behind.
        latest: The time by the clock that is ahead.
        tiktok: The time by TikTok's clock, which decides what days exist; by the machine's if TikTok's is unknown.
    """

    earliest: datetime
    latest: datetime
    tiktok: datetime

    @classmethod
    def at(cls, now: datetime) -> ClockReading:
        """A reading where only one clock is known."""
        return cls(now, now, now)


def is_believable(ahead: timedelta) -> bool:
    """Whether the machine's clock can be this far ahead of TikTok's.

    With a clock that is off by years, no certificate would be valid: then the answer's `Date` is wrong.
    """
    return abs(ahead) <= _MAX_DIFFERENCE


def clock_difference(ahead: timedelta) -> str:
    """How far this machine's clock is ahead of TikTok's, or behind it if `ahead` is negative, as a clause."""
    seconds = abs(ahead).total_seconds()
    difference = f"{seconds:.0f} seconds" if seconds < 300 else f"{seconds / 60:.0f} minutes"
    if seconds >= 7200:
        difference = f"{seconds / 3600:.1f} hours"
    return f"This machine's clock is {difference} {'ahead of' if ahead > timedelta() else 'behind'} TikTok's"


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The current time, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary point in the past."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)


class FixedClock(SystemClock):
    """A clock that always shows the same time, while waits are real: for a sync as of a given time.

    Args:
        time: The time that it shows, as an aware datetime in UTC.
    """

    def __init__(self, time: datetime) -> None:
        self.time = time

    def now(self) -> datetime:
        """The given time."""
        return self.time
