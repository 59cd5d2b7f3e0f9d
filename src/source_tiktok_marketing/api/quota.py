"""What TikTok allows, and whose turn it is.

TikTok counts per application and endpoint: a second, a minute (then five minutes of refusals) and a day (until
midnight UTC). A few endpoints have limits of their own, and an account can be limited on one endpoint (40133). Its
headers say nothing, so the counting is done here.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from source_tiktok_marketing.api.pace import Pace

if TYPE_CHECKING:
    from datetime import date, datetime

    from source_tiktok_marketing.clock import Clock


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that one endpoint takes from one application."""

    per_second: float
    per_minute: int
    per_day: int


SANDBOX = Tier(per_second=1, per_minute=30, per_day=1000)
LEVELS = (10, 20, 30, 50)
"""Requests a second of the levels of an application: Basic, Advanced, Premium, Ultimate."""
_GMV_MAX = ((8, 240, 20_000), (12, 360, 30_000), (20, 600, 50_000), (20, 600, 50_000))
OWN_LIMITS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "gmv_max/report/get/": _GMV_MAX,
    "report/task/create/": ((2, 60, 4_500),) * 4,
}
"""Requests a second, a minute and a day, for each level, of endpoints that have limits of their own."""
_LOOK_AGAIN = 1.0
"""Seconds after which a wait is looked at again: an answer may have ended it."""
_LIMIT_SAID = re.compile(r"QPS limit (\d+)")


def tier_of(requests_per_second: float) -> Tier:
    """The quota of an application: its minute and day are 60 and 86,400 of its seconds (Basic: 10, 600, 864,000)."""
    return Tier(
        per_second=requests_per_second,
        per_minute=max(1, int(requests_per_second * 60)),
        per_day=max(1, int(requests_per_second * 86_400)),
    )


def tier_at(endpoint: str, tier: Tier) -> Tier:
    """What one endpoint takes of an application of this tier.

    Between two levels the lower one counts; below the lowest, its limits shrink with the tier, for an application that
    is shared has less of all.
    """
    own = OWN_LIMITS.get(endpoint)
    if own is None:
        return tier
    level = sum(tier.per_second >= least for least in LEVELS[1:])
    share = min(1.0, tier.per_second / LEVELS[0])
    per_second, per_minute, per_day = own[level]
    return Tier(
        per_second=min(tier.per_second, per_second * share),
        per_minute=min(tier.per_minute, max(1, int(per_minute * share))),
        per_day=min(tier.per_day, max(1, int(per_day * share))),
    )


class _Line:
    """Requests that wait for one pace, first come first served."""

    __slots__ = ("pace", "turn")

    def __init__(self, tier: Tier) -> None:
        self.pace = Pace(tier)
        self.turn = asyncio.Lock()


class Quotas:
    """One pace for each endpoint, and one for each account that TikTok has found too busy there; and the waiting.

    Args:
        tier: What the application has.
        clock: The time, and how to wait.
    """

    def __init__(self, tier: Tier, clock: Clock) -> None:
        self.tier = tier
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        self._accounts: dict[tuple[str, str], _Line] = {}
        self._held: Counter[str] = Counter()

    def rate(self, endpoint: str) -> float:
        """Requests a second that the endpoint is asked now."""
        return self._line(endpoint).pace.rate

    def held(self, endpoint: str) -> int:
        """Requests that wait because their account is limited there, whatever the endpoint takes."""
        return self._held[endpoint]

    def wait(self, endpoint: str, advertiser_id: str | None = None) -> float:
        """Seconds until a request may leave, if no other waits for it.

        Raises:
            DayIsSpent: If none may leave today.
        """
        now, today = self._clock.monotonic(), self._today()
        seconds = self._line(endpoint).pace.wait(now, today)
        account = self._accounts.get((endpoint, advertiser_id or ""))
        return seconds if account is None else max(seconds, account.pace.wait(now, today))

    async def turn(self, endpoint: str, advertiser_id: str | None = None) -> float:
        """Wait for this request's turn, first come first served. Returns when it left (monotonic seconds).

        Raises:
            DayIsSpent: If none may leave today.
        """
        line = self._line(endpoint)
        account = self._accounts.get((endpoint, advertiser_id or ""))
        if account is None:
            return await self._leave(line)
        self._held[endpoint] += 1
        held = True
        try:
            async with account.turn:
                await self._ready(account.pace)
                self._held[endpoint] -= 1
                held = False
                left_at = await self._leave(line)
                account.pace.sent(left_at)
                return left_at
        finally:
            self._held[endpoint] -= held

    def accepted(self, endpoint: str, sent_at: float, advertiser_id: str | None = None) -> None:
        """TikTok took a request, whatever it answered."""
        now = self._clock.monotonic()
        self._line(endpoint).pace.accepted(now, sent_at)
        account = self._accounts.get((endpoint, advertiser_id or ""))
        if account is not None:
            account.pace.accepted(now, sent_at)

    def refused(self, endpoint: str, sent_at: float) -> None:
        """TikTok refused a request because the application asks this endpoint too often."""
        self._line(endpoint).pace.refused(self._clock.monotonic(), sent_at)

    def account_refused(self, endpoint: str, advertiser_id: str, sent_at: float, said: str) -> None:
        """TikTok refused a request because this account is asked about too often on this endpoint.

        Args:
            endpoint: The endpoint.
            advertiser_id: The account.
            sent_at: When it left.
            said: TikTok's message, which may say the limit.
        """
        account = self._accounts.get((endpoint, advertiser_id))
        if account is None:
            tier = self._tier_at(endpoint)
            limit = _LIMIT_SAID.search(said)
            if limit is not None and 0 < int(limit[1]) < tier.per_second:
                tier = msgspec.structs.replace(tier, per_second=int(limit[1]))
            account = self._accounts[endpoint, advertiser_id] = _Line(tier)
        account.pace.refused(self._clock.monotonic(), sent_at)

    async def _leave(self, line: _Line) -> float:
        async with line.turn:
            await self._ready(line.pace)
            left_at = self._clock.monotonic()
            line.pace.sent(left_at)
            return left_at

    async def _ready(self, pace: Pace) -> None:
        while (wait := pace.wait(self._clock.monotonic(), self._today())) > 0:
            await self._clock.sleep(min(wait, _LOOK_AGAIN))

    def _line(self, endpoint: str) -> _Line:
        line = self._lines.get(endpoint)
        if line is None:
            line = self._lines[endpoint] = _Line(self._tier_at(endpoint))
        return line

    def _tier_at(self, endpoint: str) -> Tier:
        return tier_at(endpoint, self.tier)

    def _today(self) -> date:
        moment: datetime = self._clock.now()
        return moment.date()
