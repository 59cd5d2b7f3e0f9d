"""How fast an endpoint may be asked now.

TikTok counts per application and endpoint: a second, a minute (then five minutes of refusals) and a day (until
midnight UTC). Its headers say nothing, so the counting is done here, and a refusal (40100) is answered by asking more
slowly for a while.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from datetime import date, datetime

    from source_tiktok_marketing.clock import Clock


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that one endpoint takes from one application."""

    per_second: float
    per_minute: int
    per_day: int


SANDBOX = Tier(per_second=1, per_minute=30, per_day=1000)


def tier_of(requests_per_second: float) -> Tier:
    """The quota of an application: its minute and day are 60 and 86,400 of its seconds (Basic: 10, 600, 864,000)."""
    return Tier(
        per_second=requests_per_second,
        per_minute=max(1, int(requests_per_second * 60)),
        per_day=max(1, int(requests_per_second * 86_400)),
    )


class DayIsSpent(Exception):  # noqa: N818 - a fact about the quota, which the client turns into an error
    """The day's requests are used up; the next may be sent at midnight UTC."""


_HEADROOM = (
    0.97  # requests leave evenly and arrive unevenly: so many of the tier's requests a second keep clear of its limit
)
_SLACK = 0.03  # seconds; the headroom makes room for as much: tier x interval is 1.03 s
_MINUTE = 61.0
_SLOWEST = 0.02
_DECREASE = 0.6
_RECOVERY_PER_SECOND = 0.01
_LONGEST_PAUSE = 60.0


class Pace:
    """The arithmetic of one endpoint's quota. Takes the time as an argument and never waits itself."""

    def __init__(self, tier: Tier) -> None:
        self._tier = tier
        self._share = 1.0  # of the tier's requests a second that are asked for now
        self._share_at = 0.0
        self._next_at = 0.0
        self._paused_until = 0.0
        self._refusals = 0
        self._refused_at = -1.0
        self._minute: deque[float] = deque()
        self._day: date | None = None
        self._sent_today = 0

    def rate(self, at: float) -> float:
        """Requests a second that are asked for at this moment."""
        if self._share < 1.0:
            self._share = min(1.0, self._share + max(0.0, at - self._share_at) * _RECOVERY_PER_SECOND)
            self._share_at = max(at, self._share_at)
        return self._tier.per_second * _HEADROOM * self._share

    def wait(self, at: float, today: date) -> float:
        """Seconds until the next request may leave; 0 if it may leave now.

        Raises:
            DayIsSpent: If none may leave today.
        """
        if today != self._day:
            self._day, self._sent_today = today, 0
        if self._sent_today >= self._tier.per_day:
            raise DayIsSpent
        while self._minute and at - self._minute[0] >= _MINUTE:
            self._minute.popleft()
        free_at = max(self._next_at, self._paused_until)
        if len(self._minute) >= self._tier.per_minute:
            free_at = max(free_at, self._minute[0] + _MINUTE)
        return max(0.0, free_at - at)

    def sent(self, at: float) -> None:
        """A request leaves."""
        # A turn that came a little late is made up for, so that timer slack costs no quota; idle time is not.
        due = self._next_at if at - self._next_at <= _SLACK else at
        self._next_at = due + 1.0 / self.rate(at)
        self._minute.append(at)
        self._sent_today += 1

    def refused(self, at: float, sent_at: float) -> float:
        """TikTok refused a request for its rate. Returns the seconds for which the endpoint is left alone."""
        if sent_at > self._refused_at:  # refusals of requests sent before the last one was known are the same incident
            self.rate(at)
            self._share = max(_SLOWEST, self._share * _DECREASE)
            self._share_at = at
            pause = min(_LONGEST_PAUSE, 1.0 * 2.0 ** min(self._refusals, 10))
            self._refusals += 1
            self._refused_at = at
            self._paused_until = max(self._paused_until, at + pause)
        return max(0.0, self._paused_until - at)

    def accepted(self) -> None:
        """TikTok took a request."""
        self._refusals = 0


class Quotas:
    """One pace for each endpoint, and the waiting.

    Args:
        tier: What each endpoint takes.
        clock: The time, and how to wait.
    """

    def __init__(self, tier: Tier, clock: Clock) -> None:
        self.tier = tier
        self._clock = clock
        self._paces: dict[str, Pace] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    def pace(self, endpoint: str) -> Pace:
        """The pace of one endpoint."""
        pace = self._paces.get(endpoint)
        if pace is None:
            pace = self._paces[endpoint] = Pace(self.tier)
            self._turns[endpoint] = asyncio.Lock()
        return pace

    def rate(self, endpoint: str) -> float:
        """Requests a second that the endpoint is asked now."""
        return self.pace(endpoint).rate(self._clock.monotonic())

    async def turn(self, endpoint: str) -> float:
        """Wait for this request's turn, first come first served. Returns when it left (monotonic seconds).

        Raises:
            DayIsSpent: If none may leave today.
        """
        pace = self.pace(endpoint)
        async with self._turns[endpoint]:
            while (wait := pace.wait(self._clock.monotonic(), self._today())) > 0:
                await self._clock.sleep(wait)
            left_at = self._clock.monotonic()
            pace.sent(left_at)
            return left_at

    def _today(self) -> date:
        moment: datetime = self._clock.now()
        return moment.date()
