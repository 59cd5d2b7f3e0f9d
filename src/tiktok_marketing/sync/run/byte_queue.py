"""A queue between reading and writing that is bounded by bytes, not by items."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class ByteQueue(Generic[T]):
    """First in, first out; `put` waits while the queue contains too many bytes.

    An item larger than the limit is accepted when the queue is empty, so no item is too large.

    Args:
        limit: Bytes that the queue may contain.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[tuple[T, int]] = deque()
        self._size = 0
        self._arrived = asyncio.Event()
        self._space_freed = asyncio.Event()
        self._turn = asyncio.Lock()

    async def put(self, item: T, size: int = 0) -> None:
        """Wait for space, and add an item. An item without a size never waits."""
        if size:
            async with self._turn:  # callers that wait for space get it first come, first served
                while self._size and self._size + size > self._limit:
                    self._space_freed.clear()
                    await self._space_freed.wait()
                self._size += size
        self._items.append((item, size))
        self._arrived.set()

    async def get(self) -> T:
        """Wait for the next item."""
        while not self._items:
            self._arrived.clear()
            await self._arrived.wait()
        item, size = self._items.popleft()
        if size:
            self._size -= size
            self._space_freed.set()
        return item
