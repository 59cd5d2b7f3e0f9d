"""When to give up on a request, and how long to wait before the next try. Pure: no clock, no I/O.

Four steps, in the order in which the client uses them: `wait_after_timeouts` says how long a report that timed out must
not be requested; then `should_give_up`; then `backoff`, or `wait_after_rate_limit` if the request was refused for its
rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from tiktok_marketing.api.error_rules import MAINTENANCE
from tiktok_marketing.errors import Action, TikTokError


class Random(Protocol):
    """The method of `random.Random` that is needed here."""

    def uniform(self, a: float, b: float, /) -> float:
        """A number between a and b."""
        ...


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """For how long a request is retried, in seconds since it first failed unless noted otherwise."""

    transient: float = 900.0
    """For faults at TikTok, broken connections and broken answers: outlasts a maintenance of ten minutes."""
    quota: float = 1500.0
    """For 40100 and other rate limits: outlasts two of TikTok's five-minute suspensions."""
    maintenance: float = 3600.0
    """For 60001."""
    first_contact: float = 120.0
    """For connections that fail before the API ever answered: the network or DNS may not be up yet."""
    slow_tries: int = 2
    """How often a divisible request may time out, or get a code that TikTok gives for heavy queries (50002, 51xxx).

    TikTok blocks a request that timed out three times within ten minutes.
    """
    indivisible_tries: int = 3
    """How often an indivisible request is sent although TikTok says that it is too large."""
    announce_from: float = 5.0
    """Waits of this many seconds or more are announced."""
    silence: float = 15.0
    """Seconds without an answer after which that is announced."""
    silence_again: float = 25.0
    """Seconds after which it is announced again: sooner than a line of another kind that says the same is due."""


OWN_ADDRESS_RETRIES = RetryPolicy(first_contact=15.0)
"""For an address that the user set: if nothing answers there, the address is probably wrong."""
INTERACTIVE_RETRIES = RetryPolicy(transient=10.0, quota=30.0, maintenance=10.0, first_contact=5.0, announce_from=1.0)
"""For a person who waits for the answer of `check`."""

_LEAST_TRIES = 3
_FIRST_WAIT = 0.5
_FIRST_WAIT_IN_MAINTENANCE = 30.0
_LONGEST_WAIT = 60.0
_RATE_LIMIT_SPREAD = 0.25
_PENALTY_WITHIN = 600.0
"""A report that timed out more often than this within so many seconds is not answered for as long."""
_TIMEOUTS_WITHOUT_PENALTY = 2


def is_rate_limit(error: TikTokError) -> bool:
    """Whether TikTok refused the request for its rate, that of the application or of one account."""
    return error.action in {Action.SLOW_DOWN, Action.SLOW_ACCOUNT}


def should_give_up(  # noqa: PLR0913 - the facts of one failure
    error: TikTokError,
    *,
    tries: int,
    same_kind: int,
    waited: float,
    divisible: bool,
    answered: bool,
    policy: RetryPolicy,
    brief: bool = False,
    probing: bool = False,
    pause: float = 0.0,
) -> bool:
    """Whether the request has failed for good.

    Args:
        error: The latest failure.
        tries: How often the request was sent.
        same_kind: How many of these tries failed in the same way: as too large, as too slow, or otherwise.
        waited: Seconds since the first try failed, or since every request there fails in this way. Before the API has
            ever answered, seconds since the first try was sent.
        divisible: Whether the caller can ask for less at a time instead.
        answered: Whether the API has answered anything in this run.
        policy: For how long to retry.
        brief: Whether a page in place of the answer is retried only a few times.
        probing: Whether any other trouble that may be about this request alone is, too.
        pause: Seconds that must pass before the next try, so that TikTok does not block the request.
    """
    if is_rate_limit(error):
        of_one = probing and error.action is Action.SLOW_ACCOUNT and tries >= _LEAST_TRIES
        return of_one or waited >= policy.quota
    if error.action is Action.SPLIT and not divisible:  # nothing smaller can be sent, and the fault may pass
        return same_kind >= policy.indivisible_tries
    if error.action is not Action.RETRY:
        return True
    if (error.slow or error.too_long) and divisible:  # a smaller request is more likely to succeed than the same again
        return same_kind >= policy.slow_tries
    brief_enough = _few_tries_suffice(error, brief=brief, probing=probing, answered=answered) and (
        tries >= _LEAST_TRIES or error.timed_out
    )
    if error.code is None and not answered:
        return brief_enough or waited >= policy.first_contact
    limit = policy.maintenance if error.code == MAINTENANCE else policy.transient
    too_long = bool(pause) and waited + pause >= limit
    # Where pages came in place of every answer for so long, another request need not be tried as often.
    return brief_enough or too_long or (waited >= limit and (tries >= _LEAST_TRIES or error.http_status is not None))


def _few_tries_suffice(error: TikTokError, *, brief: bool, probing: bool, answered: bool) -> bool:
    """Whether another request may succeed where this one fails, so that it need not be tried for long."""
    if error.http_status is not None:
        return brief or probing
    # Without a connection, or in maintenance, no other request succeeds either; nor where nobody has answered in time.
    about_all = error.connecting or error.code == MAINTENANCE or (error.timed_out and not answered)
    return probing and not about_all


def backoff(error: TikTokError, tries: int, random: Random) -> float:
    """Seconds to wait before the next try. They double up to a limit, and are random in their upper half.

    So requests that failed together are not sent again together.

    Example:
        After 1, 2, 3 tries that ended with 50000: up to 0.5, 1 and 2 s; after eight: up to 60 s.
    """
    first = _FIRST_WAIT_IN_MAINTENANCE if error.code == MAINTENANCE else _FIRST_WAIT
    longest = min(_LONGEST_WAIT, first * 2.0 ** min(tries - 1, 16))
    return random.uniform(longest / 2, longest)


def wait_after_timeouts(timed_out_at: Sequence[float], now: float) -> float:
    """Seconds to wait before a report is requested again in the same way, so that TikTok does not block the request.

    By TikTok's documents, it blocks a request for a report that timed out three times within ten minutes, for as long.

    Args:
        timed_out_at: When the request timed out.
        now: The time.
    """
    if len(timed_out_at) < _TIMEOUTS_WITHOUT_PENALTY:
        return 0.0
    return max(0.0, timed_out_at[-_TIMEOUTS_WITHOUT_PENALTY] + _PENALTY_WITHIN - now)


def wait_after_rate_limit(pause: float, random: Random) -> float:
    """Seconds to wait before the next try after a rate limit: the limiter's pause, and a little more to spread tries.

    Args:
        pause: Seconds for which the limiter delays every request to the endpoint, or for the account.
        random: Spreads the waits.
    """
    return pause + random.uniform(0.0, _RATE_LIMIT_SPREAD)
