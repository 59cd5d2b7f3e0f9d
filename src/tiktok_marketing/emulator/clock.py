"""The emulator's clock: the time of the business, which may stand still. The quota does not follow it."""

import time
from datetime import UTC, datetime, timedelta

TICK_SECONDS = 900
"""Figures change every quarter of an hour, the smallest difference between time zones."""


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
        """Stop the clock at `now`. A time without a zone is UTC."""
        self._frozen = int((now if now.tzinfo else now.replace(tzinfo=UTC)).timestamp())

    def advance(self, by: timedelta | float) -> None:
        """Move the clock by a timedelta or by seconds. A running clock keeps running."""
        seconds = int(by.total_seconds() if isinstance(by, timedelta) else by)
        if self._frozen is None:
            self._offset += seconds
        else:
            self._frozen += seconds
