"""When the next request to one endpoint may leave. Pure: takes the time as an argument and never waits itself."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from tiktok_marketing.api.rate_limit.rate_search import RateSearch

if TYPE_CHECKING:
    from datetime import date

    from tiktok_marketing.api.rate_limit.tiers import Tier

HEADROOM = 0.962
"""Of the tier: requests leave evenly and arrive unevenly, so the rest keeps clear of its limit."""
_SECOND = 1.03
"""Seconds that hold no more requests than the tier's second: what is caught up on must not come too close together."""
_CATCH_UP = 0.25
"""Seconds by which a turn may come late and be made up for; idle time is not."""
_MINUTE = 61.0
_SHIFT = 50.0
_REST = 3.0
"""Seconds of rest in each shift while the limit is lower than the tier. Whatever it is, no minute then holds sixty of
its seconds, not even if a second's worth of unused requests passes besides; and so none closes the endpoint."""
_LONGEST_PAUSE = 60.0
_AFTER_AN_ACCIDENT = 0.25
_BLOCK = 45.0
"""Seconds of refusals and nothing else that are TikTok's answer to too many requests a minute (it says: 300)."""
_LESS_A_MINUTE = 0.95
_LEAST_A_MINUTE = 0.1
_MORE_A_MINUTE = 1.1
_FIRST_CALM = 600.0
"""Seconds after a block until more a minute is tried; twice as many after each further block."""
_LONGEST_CALM = 7200.0


class DailyQuotaSpent(Exception):  # noqa: N818 - a fact about the quota, which the client turns into an error
    """The day's requests are used up; the next may be sent at midnight UTC."""


class Pacer:
    """The arithmetic of one endpoint's quota, or of one account's share of it.

    Args:
        tier: What is never exceeded knowingly.
    """

    def __init__(self, tier: Tier) -> None:
        self._tier = tier
        self._sent: deque[float] = deque()
        # Spread evenly over the minute where that is the tighter limit, so that two syncs in a row keep it as well.
        self._rate = RateSearch(HEADROOM * min(tier.per_second, tier.per_minute / 60), self._sent)
        self._next_at = 0.0
        self._paused_until = 0.0
        self._rested_at = float("-inf")
        self._in_a_row = 0  # refusals without a request taken between them, each of a request sent after the last
        self._probing_from = float("-inf")  # what was sent before tells no more than the refusal that is known
        self._refusals_from = 0.0
        self._before_refusals = (0.0, 0)
        self._per_minute = tier.per_minute
        self._more_at = 0.0
        self._calm = _FIRST_CALM
        self._day: date | None = None
        self._sent_today = 0

    @property
    def rate(self) -> float:
        """Requests a second that are asked for now."""
        return min(self._rate.asked, self._per_minute / 60)

    def wait(self, at: float, today: date) -> float:
        """Seconds until the next request may leave; 0 if it may leave now. Less may do if an answer arrives meanwhile.

        Raises:
            DailyQuotaSpent: If none may leave today.
        """
        if today != self._day:
            self._day, self._sent_today = today, 0
        if self._sent_today >= self._tier.per_day:
            raise DailyQuotaSpent
        while self._sent and at - self._sent[0] >= _MINUTE:
            self._sent.popleft()
        free_at = max(self._next_at, self._paused_until)
        in_a_second = max(1, math.ceil(self.rate / HEADROOM - 1e-9))
        if len(self._sent) >= in_a_second:
            free_at = max(free_at, self._sent[-in_a_second] + _SECOND)
        if len(self._sent) >= self._per_minute:
            free_at = max(free_at, self._sent[-self._per_minute] + _MINUTE)
        return max(0.0, free_at - at)

    def sent(self, at: float) -> None:
        """A request leaves."""
        self._rate.sends(at)
        if self._per_minute < self._tier.per_minute and at >= self._more_at:
            self._per_minute = min(self._tier.per_minute, math.ceil(self._per_minute * _MORE_A_MINUTE))
            self._more_at = at + self._calm
        if self._in_a_row > 1:
            self._next_at = at + self._pause
        else:
            self._next_at = max(self._next_at, at - _CATCH_UP) + 1.0 / self.rate
        if self._in_a_row <= 1 and not self._rate.is_full and at - self._rested_at >= _SHIFT - _REST:
            self._paused_until = max(self._paused_until, at + _REST)
            self._rested_at = at + _REST
        self._sent.append(at)
        self._sent_today += 1

    def accepted(self, at: float, sent_at: float) -> None:
        """TikTok took a request, as is known now."""
        self._rate.accepted(at, sent_at)
        if not self._in_a_row or sent_at < self._probing_from:
            return
        if self._in_a_row > 1:
            self._next_at = at
        self._in_a_row = 0
        if sent_at - self._refusals_from >= _BLOCK:
            self._learn_minute(at)

    def refused(self, at: float, sent_at: float) -> None:
        """TikTok refused a request for its rate, as is known now."""
        tells_anew = sent_at >= self._probing_from
        if tells_anew:
            if not self._in_a_row:
                self._refusals_from = sent_at
                taken = self._rate.taken(sent_at - 60.0, sent_at - 1e-9)
                self._before_refusals = (self._rate.asked, taken)
            self._in_a_row += 1
        if self._in_a_row == 1:  # what is refused alone, a while later, was not too much for a second
            self._rate.refused(at, sent_at)
        if tells_anew:
            # TikTok: a second's limit is over with the next second.
            over = sent_at + 1.0 if self._in_a_row == 1 else at + self._pause
            pause_until = min(over, at + _AFTER_AN_ACCIDENT) if self._rate.is_full and self._in_a_row == 1 else over
            self._paused_until = max(self._paused_until, pause_until)
            self._probing_from = max(at, over)

    @property
    def _pause(self) -> float:
        """Seconds between single requests while nothing is taken; they sum up to a little over TikTok's 300."""
        return min(_LONGEST_PAUSE, 2.0 ** min(self._in_a_row - 1, 10))

    def _learn_minute(self, at: float) -> None:
        """A block is over: so many requests in a minute were too many."""
        asked, taken = self._before_refusals
        self._rate.restore(asked)
        if self._per_minute < self._tier.per_minute:
            self._calm = min(_LONGEST_CALM, self._calm * 2)
        least = self._tier.per_minute * _LEAST_A_MINUTE
        self._per_minute = max(1, int(min(self._per_minute, max(least, taken * _LESS_A_MINUTE))))
        self._more_at = at + self._calm
