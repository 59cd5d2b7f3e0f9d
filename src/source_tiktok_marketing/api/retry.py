"""How long to wait before the next try, and when to give up. Pure: no clock, no I/O."""

from __future__ import annotations

from typing import Protocol

import msgspec

from source_tiktok_marketing.api.errors import MAINTENANCE, Consequence, TikTokError


class Random(Protocol):
    """What is needed of `random.Random`."""

    def uniform(self, a: float, b: float, /) -> float:
        """A number between a and b."""
        ...


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """For how long a request is tried again, in seconds since its first try."""

    trouble: float = 900.0
    """TikTok's own errors, broken connections and answers: survives a maintenance of ten minutes."""
    quota: float = 1500.0
    """40100 and its like: outlives two of TikTok's five-minute suspensions."""
    maintenance: float = 3600.0
    """60001."""
    first_contact: float = 15.0
    """Connections that fail before anything was ever answered: a wrong address rather than a passing fault."""
    timeouts: int = 2
    """How often the very same request may time out: TikTok blocks those who repeat slow queries."""


SHORT_PATIENCE = Patience(trouble=10.0, quota=30.0, maintenance=10.0, first_contact=5.0)
"""For somebody who waits at the screen for `check` to answer."""

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 60.0


def pause(error: TikTokError, tries: int, random: Random) -> float:
    """Seconds to wait after the given number of failed tries: doubling, capped, and spread so that tries do not meet.

    Example:
        After 1, 2, 3 tries of a 50000: up to 0.5, 1 and 2 s; after eight: up to 60 s.
    """
    first = 30.0 if error.code == MAINTENANCE else _FIRST_WAIT
    longest = min(_LONGEST_WAIT, first * 2.0 ** min(tries - 1, 16))
    return random.uniform(longest / 2, longest)


def gives_up(
    error: TikTokError, *, tries: int, waited: float, timeouts: int, answered: bool, patience: Patience
) -> bool:
    """Whether the request has failed for good.

    Args:
        error: The latest failure.
        tries: How often the request was sent.
        waited: Seconds since the first of them.
        timeouts: How many of them got no answer in time.
        answered: Whether the API ever answered anything in this run.
        patience: How long to go on.
    """
    if error.consequence not in {Consequence.RETRY, Consequence.SLOW_DOWN}:
        return True
    if timeouts >= patience.timeouts:
        return True
    if error.consequence is Consequence.SLOW_DOWN:
        return waited >= patience.quota
    if error.code == MAINTENANCE:
        return waited >= patience.maintenance
    if error.code is None and not answered:
        return waited >= patience.first_contact
    return tries >= 3 and waited >= patience.trouble
