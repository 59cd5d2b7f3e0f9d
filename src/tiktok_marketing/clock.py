"""Time as an argument, so that hours of waiting can be tested in milliseconds."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

_FARTHEST = timedelta(days=366)


class Clock(Protocol):
    """What time it is, and how to wait."""

    def now(self) -> datetime:
        """The time of day, in UTC and aware of it."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards, for measuring waits."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait without holding up anything else."""
        ...


class ClockReading(msgspec.Struct, frozen=True):
    """This moment, by two clocks that may disagree: the machine's and TikTok's.

    Args:
        earliest: By the one that is behind.
        latest: By the one that is ahead.
        tiktok: By TikTok's, which decides what days there are; by the machine's if TikTok's is not known.
    """

    earliest: datetime
    latest: datetime
    tiktok: datetime

    @classmethod
    def at(cls, now: datetime) -> ClockReading:
        """A moment of which only one clock tells."""
        return cls(now, now, now)


def is_believable(ahead: timedelta) -> bool:
    """Whether TikTok's time may be this far from the machine's.

    With a clock that is off by years no certificate would be valid: then it is the answer's `Date` that is wrong.
    """
    return abs(ahead) <= _FARTHEST


def clock_difference(ahead: timedelta) -> str:
    """How far this machine's clock is ahead of TikTok's, or behind it if that is less than nothing, as a clause."""
    seconds = abs(ahead).total_seconds()
    far = f"{seconds:.0f} seconds" if seconds < 300 else f"{seconds / 60:.0f} minutes"
    if seconds >= 7200:
        far = f"{seconds / 3600:.1f} hours"
    return f"This machine's clock is {far} {'ahead of' if ahead > timedelta() else 'behind'} TikTok's"


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment in the past."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)


class FixedClock(SystemClock):
    """A day that stands still while waits are real: a sync as of some moment."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """The moment it was given."""
        return self.moment
