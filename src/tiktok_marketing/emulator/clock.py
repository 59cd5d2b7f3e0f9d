"""The emulator's clock: the business's time, which may stand still. Throttling does not follow it."""

import time
from datetime import UTC, datetime, timedelta

TICK_SECONDS = 900
"""Figures move in steps of a quarter of an hour, the finest at which time zones differ."""


class Clock:
    """A clock that runs with the real one, or stands still at a given time until it is set or advanced."""

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
        """The time in seconds, floored to a quarter of an hour: what figures depend on."""
        return self.seconds // TICK_SECONDS * TICK_SECONDS

    def now(self) -> datetime:
        """The emulator's time, UTC."""
        return datetime.fromtimestamp(self.seconds, UTC)

    def set(self, now: datetime) -> None:
        """Stop the clock at `now` (UTC if it has no zone)."""
        self._frozen = int((now if now.tzinfo else now.replace(tzinfo=UTC)).timestamp())

    def advance(self, by: timedelta | float) -> None:
        """Move the clock by a timedelta or by seconds; a running clock goes on running."""
        seconds = int(by.total_seconds() if isinstance(by, timedelta) else by)
        if self._frozen is None:
            self._offset += seconds
        else:
            self._frozen += seconds
