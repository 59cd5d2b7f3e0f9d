"""Limits the bytes of answers that have arrived and that nobody has processed yet.

Requests that wait for an answer reserve nothing, however many there are; only the bodies that arrive count. While the
budget is used up, a body is not read from its connection, so the server sends it later.
"""

from __future__ import annotations

import asyncio
from collections import deque

_UNKNOWN_SIZE = 2**20
"""Bytes to reserve for a body of unknown length, unless its endpoint has sent larger ones."""


class Reservation:
    """The bytes reserved for one answer, until it is released."""

    __slots__ = ("_budget", "size", "waited")

    def __init__(self, budget: BodyBudget, size: int, waited: float) -> None:
        self._budget: BodyBudget | None = budget
        self.size = size
        self.waited = waited
        """Seconds that the body had to wait for the reservation."""

    def resize(self, size: int) -> None:
        """The body has arrived, and has this many bytes."""
        if self._budget is not None:
            self._budget.resize(size - self.size)
            self.size = size

    def release(self) -> None:
        """The answer was processed. Releasing a reservation twice has no further effect."""
        if self._budget is not None:
            self._budget.resize(-self.size)
            self._budget = None


class BodyBudget:
    """Admits bodies, first come first served. A body larger than the limit is admitted when there is no other.

    A caller that has a reservation must not wait for another one, or callers could wait for each other for ever.

    Args:
        limit: Bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._reserved = 0
        self._largest: dict[str, int] = {}
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    @property
    def reserved(self) -> int:
        """Bytes that are reserved now."""
        return self._reserved

    async def reserve(self, endpoint: str, announced: int | None) -> Reservation:
        """Wait until a body can be admitted.

        Args:
            endpoint: The endpoint that it comes from.
            announced: Its length in bytes, if known before it arrives.
        """
        size = max(_UNKNOWN_SIZE, self._largest.get(endpoint, 0)) if announced is None else announced
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
                    self._admit()
                raise
            waited = loop.time() - began
        else:
            self._reserved += size
        return Reservation(self, size, waited)

    def observe(self, endpoint: str, size: int) -> None:
        """A body of this endpoint had this many bytes."""
        self._largest[endpoint] = max(size, self._largest.get(endpoint, 0) * 9 // 10)

    def resize(self, by: int) -> None:
        """A reservation grew or shrank by this many bytes."""
        self._reserved += by
        self._admit()

    def _fits(self, size: int) -> bool:
        return not self._reserved or self._reserved + size <= self._limit

    def _admit(self) -> None:
        while self._waiting and self._fits(self._waiting[0][1]):
            turn, size = self._waiting.popleft()
            if not turn.cancelled():
                self._reserved += size
                turn.set_result(None)
