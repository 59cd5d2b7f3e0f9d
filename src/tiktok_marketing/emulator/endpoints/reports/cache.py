"""Bytes that were made once, kept up to a bound, and forgotten when the clock moves."""

from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class BoundedCache(Generic[Value]):
    """The most recently used values, by key, whose sizes together stay below a bound."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._size = 0
        self._values: OrderedDict[object, tuple[Value, int]] = OrderedDict()
        self._tick: int | None = None

    def at(self, tick: int) -> "BoundedCache[Value]":
        """The cache as of a tick of the clock: values of another tick are dropped."""
        if tick != self._tick:
            self._values.clear()
            self._size = 0
            self._tick = tick
        return self

    def get(self, key: object) -> Value | None:
        """The value, which becomes the most recently used one; None if there is none."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: object, value: Value, size: int) -> Value:
        """Keep a value of `size`; the least recently used ones make room. Too large a value is not kept."""
        if size <= self._bound:
            old = self._values.pop(key, None)
            self._size += size - (old[1] if old else 0)
            self._values[key] = (value, size)
            while self._size > self._bound:
                self._size -= self._values.popitem(last=False)[1][1]
        return value
