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

from tiktok_marketing.api.rate_limit.pacer import Pacer
from tiktok_marketing.api.rate_limit.tiers import Tier, tier_at

if TYPE_CHECKING:
    from datetime import date, datetime

    from tiktok_marketing.clock import Clock


_LOOK_AGAIN = 1.0
"""Seconds after which a wait is looked at again: an answer may have ended it."""
_LIMIT_IN_MESSAGE = re.compile(r"QPS limit (\d+)")


class _Queue:
    """Requests that wait for one pace, first come first served."""

    __slots__ = ("pacer", "turn")

    def __init__(self, tier: Tier) -> None:
        self.pacer = Pacer(tier)
        self.turn = asyncio.Lock()


class RateLimiters:
    """One pace for each endpoint, and one for each account that TikTok has found too busy there; and the waiting.

    Args:
        tier: What the application has.
        clock: The time, and how to wait.
    """

    def __init__(self, tier: Tier, clock: Clock) -> None:
        self.tier = tier
        self._clock = clock
        self._queues: dict[str, _Queue] = {}
        self._accounts: dict[tuple[str, str], _Queue] = {}
        self._waiting_for_account: Counter[str] = Counter()

    def rate(self, endpoint: str) -> float:
        """Requests a second that the endpoint is asked now."""
        return self._queue(endpoint).pacer.rate

    def waiting_for_account(self, endpoint: str) -> int:
        """Requests that wait because their account is limited there, whatever the endpoint takes."""
        return self._waiting_for_account[endpoint]

    def wait(self, endpoint: str, advertiser_id: str | None = None) -> float:
        """Seconds until a request may leave, if no other waits for it.

        Raises:
            DailyQuotaSpent: If none may leave today.
        """
        now, today = self._clock.monotonic(), self._today()
        seconds = self._queue(endpoint).pacer.wait(now, today)
        account = self._accounts.get((endpoint, advertiser_id or ""))
        return seconds if account is None else max(seconds, account.pacer.wait(now, today))

    async def turn(self, endpoint: str, advertiser_id: str | None = None) -> float:
        """Wait for this request's turn, first come first served. Returns when it left (monotonic seconds).

        Raises:
            DailyQuotaSpent: If none may leave today.
        """
        line = self._queue(endpoint)
        account = self._accounts.get((endpoint, advertiser_id or ""))
        if account is None:
            return await self._leave(line)
        self._waiting_for_account[endpoint] += 1
        held = True
        try:
            async with account.turn:
                await self._ready(account.pacer)
                self._waiting_for_account[endpoint] -= 1
                held = False
                left_at = await self._leave(line)
                account.pacer.sent(left_at)
                return left_at
        finally:
            self._waiting_for_account[endpoint] -= held

    def accepted(self, endpoint: str, sent_at: float, advertiser_id: str | None = None) -> None:
        """TikTok took a request, whatever it answered."""
        now = self._clock.monotonic()
        self._queue(endpoint).pacer.accepted(now, sent_at)
        account = self._accounts.get((endpoint, advertiser_id or ""))
        if account is not None:
            account.pacer.accepted(now, sent_at)

    def refused(self, endpoint: str, sent_at: float) -> None:
        """TikTok refused a request because the application asks this endpoint too often."""
        self._queue(endpoint).pacer.refused(self._clock.monotonic(), sent_at)

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
            limit = _LIMIT_IN_MESSAGE.search(said)
            if limit is not None and 0 < int(limit[1]) < tier.per_second:
                tier = msgspec.structs.replace(tier, per_second=int(limit[1]))
            account = self._accounts[endpoint, advertiser_id] = _Queue(tier)
        account.pacer.refused(self._clock.monotonic(), sent_at)

    async def _leave(self, line: _Queue) -> float:
        async with line.turn:
            await self._ready(line.pacer)
            left_at = self._clock.monotonic()
            line.pacer.sent(left_at)
            return left_at

    async def _ready(self, pace: Pacer) -> None:
        while (wait := pace.wait(self._clock.monotonic(), self._today())) > 0:
            await self._clock.sleep(min(wait, _LOOK_AGAIN))

    def _queue(self, endpoint: str) -> _Queue:
        line = self._queues.get(endpoint)
        if line is None:
            line = self._queues[endpoint] = _Queue(self._tier_at(endpoint))
        return line

    def _tier_at(self, endpoint: str) -> Tier:
        return tier_at(endpoint, self.tier)

    def _today(self) -> date:
        moment: datetime = self._clock.now()
        return moment.date()
