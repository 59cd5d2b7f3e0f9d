"""A cache of a bounded size that forgets everything when the clock moves on."""

from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


ENTRY_BYTES = 500
"""About how much memory an entry needs beside its value, with a short key."""


class BoundedCache(Generic[Value]):
    """The most recently used values by key. Their sizes together stay within a bound."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._size = 0
        self._values: OrderedDict[object, tuple[Value, int]] = OrderedDict()
        self._tick: int | None = None

    def at(self, tick: int) -> "BoundedCache[Value]":
        """The cache at a tick of the clock. It drops the values of any other tick."""
        if tick != self._tick:
            self._values.clear()
            self._size = 0
            self._tick = tick
        return self

    def get(self, key: object) -> Value | None:
        """The value of a key, which becomes the most recently used one. None if the cache does not have it."""
        entry = self._values.get(key)
        if entry is None:
            return None
        self._values.move_to_end(key)
        return entry[0]

    def put(self, key: object, value: Value, size: int) -> Value:
        """Keep a value of `size`, and drop the least recently used ones. A value above the bound is not kept."""
        if size <= self._bound:
            old = self._values.pop(key, None)
            self._size += size - (old[1] if old else 0)
            self._values[key] = (value, size)
            while self._size > self._bound:
                self._size -= self._values.popitem(last=False)[1][1]
        return value
