"""An event loop without waiting: when nothing can run, time jumps to the next timer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
_LEAST = 2e-6
"""Seconds that a wait takes at least."""


class Deadlock(Exception):  # noqa: N818 - what happened
    """Every task waits, and no timer will wake one."""


class TooLate(Exception):  # noqa: N818 - what happened
    """A sync that should have ended is still running."""


class _Jumps:
    """Stands in for the selector that waits for sockets."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Deadlock("every task waits, and no timer is set")
        if timeout > 0:
            self._loop.jump(timeout)
        return []

    def close(self) -> None:
        """Nothing to close."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs tasks as asyncio does, under a simulated clock.

    Args:
        limit: Seconds after which the run has failed to end.
    """

    def __init__(self, limit: float = float("inf")) -> None:
        super().__init__()
        self._selector = _Jumps(self)
        self._clock_resolution = _LEAST / 2
        self._seconds = 0.0
        self.limit = limit

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._seconds

    def jump(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            TooLate: If it would pass the limit.
        """
        self._seconds += seconds
        if self._seconds > self.limit:
            raise TooLate(f"it still runs after {self.limit / 3600:,.0f} hours")

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no sockets, so there are no events."""

    def _write_to_self(self) -> None:
        """Nothing must be woken, because nobody sleeps."""


class VirtualClock:
    """The clock of a virtual loop, with a given time at its beginning."""

    def __init__(self, loop: VirtualLoop, began: datetime) -> None:
        self._loop = loop
        self._began = began

    def now(self) -> datetime:
        """The current time, in UTC."""
        return self._began + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        """Seconds since the loop was made."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time. A wait shorter than the loop's resolution is extended, or time would not move."""
        await asyncio.sleep(max(seconds, _LEAST) if seconds > 0 else 0)


class WrongClock(VirtualClock):
    """The clock of a machine that is ahead of the others.

    Args:
        right: The correct clock.
        ahead: Seconds that it is ahead; negative if it is behind.
    """

    def __init__(self, right: VirtualClock, ahead: float) -> None:
        super().__init__(right._loop, right._began + timedelta(seconds=ahead))


def run(loop: VirtualLoop, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end, and clean up."""
    try:
        return loop.run_until_complete(coroutine)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left and not loop.is_running():
            loop.limit = float("inf")
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
