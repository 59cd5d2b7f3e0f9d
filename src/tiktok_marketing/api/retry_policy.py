"""How long to wait before the next try, and when to give up. Pure: no clock, no I/O."""

from __future__ import annotations

from typing import Protocol

import msgspec

from tiktok_marketing.api.error_rules import MAINTENANCE
from tiktok_marketing.errors import Action, TikTokError


class Random(Protocol):
    """What is needed of `random.Random`."""

    def uniform(self, a: float, b: float, /) -> float:
        """A number between a and b."""
        ...


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """For how long a request is tried again, in seconds since its first try."""

    transient: float = 900.0
    """TikTok's own errors, broken connections and answers: survives a maintenance of ten minutes."""
    quota: float = 1500.0
    """40100 and its like: outlives two of TikTok's five-minute suspensions."""
    maintenance: float = 3600.0
    """60001."""
    first_contact: float = 120.0
    """Connections that fail before anything was ever answered: networks and names that are not up yet."""
    slow_tries: int = 2
    """How often a request that can be made smaller may get no answer in time: TikTok blocks who repeats slow ones."""
    tries_of_the_smallest: int = 3
    """How often a request that cannot be made smaller is sent although TikTok finds it too large."""
    slow_codes: int = 4
    """How often such a request may be answered with a code that TikTok also gives for heavy queries (50002, 51xxx)."""
    announce_from: float = 5.0
    """Waits of so many seconds and more are announced."""


OWN_ADDRESS_RETRIES = RetryPolicy(first_contact=15.0)
"""For an address that somebody wrote: if nothing answers there, it is more likely to be wrong than late."""
INTERACTIVE_RETRIES = RetryPolicy(transient=10.0, quota=30.0, maintenance=10.0, first_contact=5.0, announce_from=1.0)
"""For somebody who waits at the screen for `check` to answer."""

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 60.0


def backoff(error: TikTokError, tries: int, random: Random) -> float:
    """Seconds to wait after the given number of failed tries: doubling, capped, and spread so that tries do not meet.

    Example:
        After 1, 2, 3 tries of a 50000: up to 0.5, 1 and 2 s; after eight: up to 60 s.
    """
    first = 30.0 if error.code == MAINTENANCE else _FIRST_WAIT
    longest = min(_LONGEST_WAIT, first * 2.0 ** min(tries - 1, 16))
    return random.uniform(longest / 2, longest)


def should_give_up(
    error: TikTokError,
    *,
    tries: int,
    same_kind: int,
    waited: float,
    divisible: bool,
    answered: bool,
    policy: RetryPolicy,
) -> bool:
    """Whether the request has failed for good.

    Args:
        error: The latest failure.
        tries: How often the request was sent.
        same_kind: How often of these it failed in this way: as too large, as too slow, or otherwise.
        waited: Seconds since the first of them failed, or since the endpoint takes nothing; before any contact, since
            the first was sent.
        divisible: Whether the caller can ask for less at a time instead.
        answered: Whether the API ever answered anything in this run.
        policy: How long to go on.
    """
    if error.action is Action.SPLIT and not divisible:
        return same_kind >= policy.tries_of_the_smallest
    too_fast = error.action in {Action.SLOW_DOWN, Action.SLOW_ACCOUNT}
    if error.action is not Action.RETRY and not too_fast:
        return True
    if divisible and error.slow:
        return same_kind >= (policy.slow_tries if error.timed_out else policy.slow_codes)
    if too_fast:
        return waited >= policy.quota
    if error.code is None and not answered:
        return waited >= policy.first_contact
    limit = policy.maintenance if error.code == MAINTENANCE else policy.transient
    return tries >= 3 and waited >= limit
