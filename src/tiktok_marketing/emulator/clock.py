"""The emulator's clock: the time of the business, which may stand still. The quota does not follow it."""

import time
from datetime import UTC, datetime, timedelta

EARLIEST_YEAR, LATEST_YEAR = 2001, 2200
"""The years in which the clock can be."""

TICK_SECONDS = 900
"""Figures change every quarter of an hour, the smallest difference between time zones."""

_EARLIEST, _LATEST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (EARLIEST_YEAR, LATEST_YEAR + 1))
_OUT_OF_RANGE = f"The clock can be in the years {EARLIEST_YEAR} to {LATEST_YEAR}."


class Clock:
    """A clock that follows the real one, or stands still at a chosen time until it is set or advanced."""

    def __init__(self, now: datetime | None) -> None:
        self._frozen: int | None = None
        self._offset = 0
        if now is not None:
            self.set(now)

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen is not None

    @property
    def seconds(self) -> int:
        """The emulator's time in whole seconds since 1970, UTC."""
        return int(time.time()) + self._offset if self._frozen is None else self._frozen

    @property
    def tick(self) -> int:
        """The time in seconds, rounded down to a quarter of an hour. All figures depend on this time."""
        return self.seconds // TICK_SECONDS * TICK_SECONDS

    def now(self) -> datetime:
        """The emulator's time, UTC."""
        return datetime.fromtimestamp(self.seconds, UTC)

    def set(self, now: datetime) -> None:
        """Stop the clock at `now`. A time without a zone is UTC.

        Raises:
            ValueError: The year is before 2001 or after 2200.
        """
        if not EARLIEST_YEAR <= now.year <= LATEST_YEAR:
            raise ValueError(_OUT_OF_RANGE)
        self._frozen = int((now if now.tzinfo else now.replace(tzinfo=UTC)).timestamp())

    def advance(self, by: timedelta | float, *, at_most: bool = False) -> None:
        """Move the clock by a timedelta or by seconds. A running clock keeps running.

        Args:
            by: How far. It may be negative.
            at_most: Stop at the end of the year 2200, rather than refuse to go beyond it.

        Raises:
            ValueError: The clock would be before 2001 or after 2200.
        """
        seconds = int(by.total_seconds() if isinstance(by, timedelta) else by)
        if at_most:
            seconds = min(seconds, _LATEST - self.seconds)
        if not _EARLIEST <= self.seconds + seconds <= _LATEST:
            raise ValueError(_OUT_OF_RANGE)
        if self._frozen is None:
            self._offset += seconds
        else:
            self._frozen += seconds
