"""A queue between reading and writing that is bounded in bytes, not in items."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class ByteQueue(Generic[T]):
    """First in, first out; putting waits while too many bytes are inside.

    An item larger than the whole buffer is let in when the buffer is empty, so nothing is too large to pass.

    Args:
        limit: Bytes it may hold.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[tuple[T, int]] = deque()
        self._size = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._turn = asyncio.Lock()

    async def put(self, item: T, size: int = 0) -> None:
        """Wait for room and put an item in. An item without a size never waits."""
        if size:
            async with self._turn:  # those who wait for room get it in their order
                while self._size and self._size + size > self._limit:
                    self._room.clear()
                    await self._room.wait()
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
            self._room.set()
        return item
