"""Bytes of answers that have arrived and are not taken yet, bounded.

A request that waits for its answer holds none of them, however many do: what is bounded is how many bodies are let in.
Until there is room a body stays on its way; the server is not asked to hurry.
"""

from __future__ import annotations

import asyncio
from collections import deque

_UNTOLD = 2**20
"""Bytes that a body is taken to have if its length is not said, unless larger ones were seen on its endpoint."""


class Reservation:
    """The room that one answer takes, until it leaves."""

    __slots__ = ("_budget", "size", "waited")

    def __init__(self, budget: BodyBudget, size: int, waited: float) -> None:
        self._budget: BodyBudget | None = budget
        self.size = size
        self.waited = waited
        """Seconds for which the body had to wait for it."""

    def resize(self, size: int) -> None:
        """The body has come; it has so many bytes."""
        if self._budget is not None:
            self._budget.resize(size - self.size)
            self.size = size

    def release(self) -> None:
        """The answer was taken. Leaving twice is leaving once."""
        if self._budget is not None:
            self._budget.resize(-self.size)
            self._budget = None


class BodyBudget:
    """Lets bodies in, first come first served. One that is larger than the whole is let in when there is no other.

    Whoever holds a place must not wait for another one, or all could wait for each other.

    Args:
        limit: Bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._largest: dict[str, int] = {}
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    @property
    def taken(self) -> int:
        """Bytes that are taken now."""
        return self._taken

    async def reserve(self, endpoint: str, announced: int | None) -> Reservation:
        """Wait for room for a body.

        Args:
            endpoint: Where it comes from.
            announced: Its bytes, if that is known before it comes.
        """
        size = max(_UNTOLD, self._largest.get(endpoint, 0)) if announced is None else announced
        waited = 0.0
        if self._waiting or not self._fits(size):
            loop = asyncio.get_running_loop()
            turn: asyncio.Future[None] = loop.create_future()
            entry = (turn, size)
            self._waiting.append(entry)
            began = loop.time()
            try:
                await turn
            except BaseException:
                if turn.done() and not turn.cancelled():
                    self.resize(-size)
                else:
                    self._waiting.remove(entry)
                    self._let_in()
                raise
            waited = loop.time() - began
        else:
            self._taken += size
        return Reservation(self, size, waited)

    def observe(self, endpoint: str, size: int) -> None:
        """A body of this endpoint had so many bytes."""
        self._largest[endpoint] = max(size, self._largest.get(endpoint, 0) * 9 // 10)

    def resize(self, by: int) -> None:
        """A place became larger or smaller by so many bytes."""
        self._taken += by
        self._let_in()

    def _fits(self, size: int) -> bool:
        return not self._taken or self._taken + size <= self._limit

    def _let_in(self) -> None:
        while self._waiting and self._fits(self._waiting[0][1]):
            turn, size = self._waiting.popleft()
            if not turn.cancelled():
                self._taken += size
                turn.set_result(None)
