"""When the next request to one endpoint may be sent. Pure: takes the time as an argument and never waits itself."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from tiktok_marketing.api.rate_limit.arrivals import Arrivals
from tiktok_marketing.api.rate_limit.rate_search import RateSearch

if TYPE_CHECKING:
    from datetime import date

    from tiktok_marketing.api.rate_limit.tiers import Tier

HEADROOM = 0.962
"""Fraction of the tier that is used: requests leave evenly but arrive unevenly, so the rest stays free. On an uneven
network nothing need stay free, because places are counted."""
_CATCH_UP = (0.25, 1.25)
"""Seconds of delay that a late turn may make up for, on an even network and on an uneven one; idle time is not made up
for."""
_UNEVEN = 0.1
"""Seconds of usual lateness from which on a network is an uneven one."""
_CATCH_UP_GAP = (0.5, 0.02)
"""The shortest time between two requests while they catch up, as a fraction of the usual one: on an even network, and
on an uneven one, which itself spreads them."""
_MINUTE = 61.0
_SHIFT = 50.0
_REST = 3.0
"""Seconds without a request in each shift while the limit is lower than the tier.

So no minute contains sixty seconds' worth of requests, whatever the limit is, even if TikTok also admits one second's
worth of unused requests. That prevents the five-minute block."""
_LONGEST_PAUSE = 60.0
_AFTER_AN_ACCIDENT = 0.25
_BLOCK = 45.0
"""After this many seconds of refusals only, they are TikTok's block for too many requests per minute (300 seconds by
its documents)."""
_MINUTE_DECREASE = 0.95
_MINUTE_FLOOR = 0.1
_MINUTE_INCREASE = 1.1
_FIRST_CALM = 600.0
"""Seconds after a block until more requests per minute are tried; they double after each further block."""
_LONGEST_CALM = 7200.0


class DailyQuotaSpent(Exception):  # noqa: N818 - a fact about the quota, which the client turns into an error
    """The day's requests are used up; the next may be sent at midnight UTC."""


class Pacer:
    """The arithmetic of one endpoint's quota, or of one account's limit there.

    Args:
        tier: The limits that are never exceeded knowingly.
    """

    def __init__(self, tier: Tier) -> None:
        self._tier = tier
        self._sent: deque[float] = deque()
        # Spread evenly over the minute where that is the tighter limit, so that two syncs in a row also stay within it.
        self._rate = RateSearch(HEADROOM * min(tier.per_second, tier.per_minute / 60), self._sent)
        self._arrivals = Arrivals()
        self._due_at = 0.0
        self._next_at = 0.0
        self._paused_until = 0.0
        self._rested_at = float("-inf")
        # Consecutive refusals, each of a request sent after the last one was known, with none accepted in between.
        self._in_a_row = 0
        # The answers to requests sent earlier show no more than the refusal that is known already.
        self._probing_from = float("-inf")
        self._refusals_from = 0.0
        self._refused_last = float("-inf")
        self._before_refusals = (0.0, 0)
        self._per_minute = tier.per_minute
        self._more_at = 0.0
        self._calm = _FIRST_CALM
        self._day: date | None = None
        self._sent_today = 0

    @property
    def rate(self) -> float:
        """Requests per second that are sent now."""
        return min(self._rate.target, self._per_minute / 60)

    @property
    def group(self) -> int:
        """How many requests must be ready at once to use the rate, because they leave in groups; 0 if they do not."""
        return self._arrivals.group(self._places)

    def wait(self, at: float, today: date) -> float:
        """Seconds until the next request may be sent; 0 if it may be sent now. An answer may shorten the wait.

        Raises:
            DailyQuotaSpent: If none may be sent today.
        """
        if today != self._day:
            self._day, self._sent_today = today, 0
        if self._sent_today >= self._tier.per_day:
            raise DailyQuotaSpent
        while self._sent and at - self._sent[0] >= _MINUTE:
            self._sent.popleft()
        free_at = max(self._next_at, self._paused_until)
        places = self._places
        if len(self._sent) >= places:
            free_at = max(free_at, self._arrivals.free_at(at, places))
        if len(self._sent) >= self._per_minute:
            free_at = max(free_at, self._sent[-self._per_minute] + _MINUTE)
        return max(0.0, free_at - at)

    def sent(self, at: float) -> None:
        """A request leaves."""
        self._rate.sends(at)
        if self._per_minute < self._tier.per_minute and at >= self._more_at:
            self._per_minute = min(self._tier.per_minute, math.ceil(self._per_minute * _MINUTE_INCREASE))
            self._more_at = at + self._calm
        if self._in_a_row > 1:
            self._next_at = at + self._pause
        else:
            unevenness = self._unevenness
            even, uneven = _CATCH_UP
            catch_up = even + (uneven - even) * unevenness
            interval = (1.0 - (1.0 - HEADROOM) * unevenness) / self.rate
            self._due_at = max(self._due_at, at - catch_up) + interval
            self._next_at = max(self._due_at, at + self._shortest_gap)
        if self._in_a_row <= 1 and self._rate.is_limited and at - self._rested_at >= _SHIFT - _REST:
            self._paused_until = max(self._paused_until, at + _REST)
            self._rested_at = at + _REST
        self._sent.append(at)
        self._arrivals.sent(at)
        self._sent_today += 1

    def accepted(self, at: float, sent_at: float) -> None:
        """TikTok accepted a request, as is known now."""
        self._rate.accepted(at, sent_at)
        self._arrivals.accepted(at, sent_at)
        if not self._in_a_row or sent_at <= self._refused_last:
            return
        if self._in_a_row > 1:
            self._next_at = at
            self._rate.resume(at, self._before_refusals[0])
        self._in_a_row = 0
        if sent_at - self._refusals_from >= _BLOCK:
            self._learn_minute(at)

    def refused(self, at: float, sent_at: float) -> None:
        """TikTok refused a request for its rate, as is known now."""
        by_own = self._arrivals.refused(at, sent_at, self._places)
        is_new = sent_at >= self._probing_from and not (
            self._in_a_row and self._arrivals.awaits(self._refused_last, sent_at, at)
        )
        if is_new:
            if not self._in_a_row:
                self._refusals_from = sent_at
                accepted = self._rate.count_accepted(sent_at - 60.0, sent_at - 1e-9)
                self._before_refusals = (self._rate.target, accepted)
            self._in_a_row += 1
        self._refused_last = max(self._refused_last, sent_at)
        # While all requests are refused, they do not exceed a second's limit.
        if self._in_a_row <= 1:
            self._rate.refused(at, sent_at, by_own=by_own)
        if is_new:
            # By TikTok's documents, a second's limit ends with the next second.
            ends_at = sent_at + 1.0 if self._in_a_row == 1 else at + self._pause
            self._probing_from = max(at, ends_at)
            if self._in_a_row == 1 and self._rate.is_full:
                # Requests that met on their way need no pause: their places are counted.
                ends_at = at if by_own else min(ends_at, at + _AFTER_AN_ACCIDENT)
            self._paused_until = max(self._paused_until, ends_at)

    @property
    def _places(self) -> int:
        """How many requests may be counted in the same second."""
        return max(1, math.ceil(self.rate / HEADROOM - 1e-9))

    @property
    def _unevenness(self) -> float:
        """From 0 to 1: how far requests leave when places are free, not evenly; 0 while the limit is being found."""
        if not self._rate.is_full:
            return 0.0
        arrivals = self._arrivals
        return min(arrivals.weight, (arrivals.lateness / _UNEVEN) ** 2)

    @property
    def _shortest_gap(self) -> float:
        """Seconds between two requests that catch up."""
        even, uneven = _CATCH_UP_GAP
        return max(uneven / self.rate, even / self.rate - self._arrivals.lateness)

    @property
    def _pause(self) -> float:
        """Seconds between single requests while TikTok refuses all: 1, 1, 2, 4 and so on, up to a minute.

        So a fault of a few seconds costs little, and a five-minute block costs about fifteen requests.
        """
        return min(_LONGEST_PAUSE, 2.0 ** min(max(self._in_a_row - 2, 0), 10))

    def _learn_minute(self, at: float) -> None:
        """A block is over: the number of requests in the minute before it was too many."""
        target, accepted = self._before_refusals
        self._rate.restore(target)
        if self._per_minute < self._tier.per_minute:
            self._calm = min(_LONGEST_CALM, self._calm * 2)
        least = self._tier.per_minute * _MINUTE_FLOOR
        self._per_minute = max(1, int(min(self._per_minute, max(least, accepted * _MINUTE_DECREASE))))
        self._more_at = at + self._calm
