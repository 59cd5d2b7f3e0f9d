"""Reproducible randomness: numbers that depend on their keys alone."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


def mix(value: int) -> int:
    """A well mixed 64-bit number from an integer: the finaliser of SplitMix64."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def keyed(*keys: int) -> int:
    """A 64-bit number from integer keys. Their order matters."""
    value = 0
    for key in keys:
        value = mix(value ^ (key & _MASK))
    return value


class Dice:
    """A sequence of random choices from some keys, to build one object. Cheaper to seed than `random.Random`."""

    __slots__ = ("_state",)

    def __init__(self, *keys: int) -> None:
        self._state = keyed(*keys)

    def below(self, bound: int) -> int:
        """A number from 0 to bound - 1."""
        self._state = mix(self._state)
        return (self._state >> 11) % bound

    def between(self, low: int, high: int) -> int:
        """A number from low to high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        """True in `percent` of a hundred cases."""
        return self.below(100) < percent

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[self.below(len(choices))]
