"""Waits until a request may be sent under TikTok's limits, first come first served.

TikTok limits the requests of an application to each endpoint per second, per minute and per day. After too many in a
minute it refuses all for five minutes; after too many in a day, until midnight UTC. A few endpoints have limits of
their own, and TikTok can limit one account on one endpoint (40133). Its headers show none of this, so the requests are
counted here.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from tiktok_marketing.api.rate_limit.pacer import Pacer
from tiktok_marketing.api.rate_limit.shared_pacer import SharedPacer
from tiktok_marketing.api.rate_limit.tiers import Tier, tier_at

if TYPE_CHECKING:
    from datetime import date, datetime

    from tiktok_marketing.clock import Clock
    from tiktok_marketing.shards import Shard


_RECHECK = 1.0
"""Seconds after which a wait is computed again, also if no answer comes."""
_SHORT = 0.005
"""Seconds of a wait that an answer need not end."""
_LIMIT_IN_MESSAGE = re.compile(r"QPS limit (\d+)")


class _Queue:
    """Requests that wait for one pacer, first come first served."""

    __slots__ = ("_sleeping", "pacer", "turn")

    def __init__(self, pacer: Pacer | SharedPacer) -> None:
        self.pacer = pacer
        self.turn = asyncio.Lock()
        self._sleeping: asyncio.Future[None] | None = None

    async def sleep(self, clock: Clock, seconds: float) -> None:
        """Wait until the time is over or an answer comes: it may have ended the wait. Only who has the turn sleeps."""
        if seconds < _SHORT:
            await clock.sleep(seconds)
            return
        sleeping = self._sleeping = asyncio.ensure_future(clock.sleep(seconds))
        try:
            await asyncio.wait({sleeping})
        finally:
            self._sleeping = None
            sleeping.cancel()
        if not sleeping.cancelled():
            sleeping.result()

    def accepted(self, at: float, sent_at: float) -> None:
        """TikTok accepted a request."""
        self.pacer.accepted(at, sent_at)
        self._wake()

    def refused(self, at: float, sent_at: float) -> None:
        """TikTok refused a request."""
        self.pacer.refused(at, sent_at)
        self._wake()

    def _wake(self) -> None:
        if self._sleeping is not None:
            self._sleeping.cancel()


class RateLimiters:
    """One pacer per endpoint, one per account that TikTok has limited there, and the waiting for both.

    Args:
        tier: The application's tier.
        clock: The time, and how to wait.
        shard: Which of several processes that share the quota this is; None if it has the quota for itself.
    """

    def __init__(self, tier: Tier, clock: Clock, shard: Shard | None = None) -> None:
        self.tier = tier
        self._shard = shard
        self._clock = clock
        self._queues: dict[str, _Queue] = {}
        self._accounts: dict[tuple[str, str], _Queue] = {}
        self._waiting_for_account: Counter[str] = Counter()

    def rate(self, endpoint: str) -> float:
        """Requests per second that the endpoint is sent now."""
        return self._queue(endpoint).pacer.rate

    def group(self, endpoint: str) -> int:
        """How many requests to the endpoint must be ready at once to use its rate; 0 if one after another will do."""
        return self._queue(endpoint).pacer.group

    def waiting_for_account(self, endpoint: str) -> int:
        """How many requests wait because their account is limited there, whatever the endpoint accepts."""
        return self._waiting_for_account[endpoint]

    def wait(self, endpoint: str, advertiser_id: str | None = None) -> float:
        """Seconds until a request may be sent, if no other request waits before it.

        Raises:
            DailyQuotaSpent: If none may be sent today.
        """
        now, today = self._clock.monotonic(), self._today()
        seconds = self._queue(endpoint).pacer.wait(now, today)
        account = self._accounts.get((endpoint, advertiser_id or ""))
        return seconds if account is None else max(seconds, account.pacer.wait(now, today))

    async def turn(self, endpoint: str, advertiser_id: str | None = None) -> float:
        """Wait for this request's turn, first come first served.

        Returns:
            When the request leaves, in monotonic seconds.

        Raises:
            DailyQuotaSpent: If none may be sent today.
        """
        queue = self._queue(endpoint)
        account = self._accounts.get((endpoint, advertiser_id or ""))
        if account is None:
            return await self._leave(queue)
        self._waiting_for_account[endpoint] += 1
        waiting = True
        try:
            async with account.turn:
                await self._ready(account)
                self._waiting_for_account[endpoint] -= 1
                waiting = False
                left_at = await self._leave(queue)
                account.pacer.sent(left_at)
                return left_at
        finally:
            self._waiting_for_account[endpoint] -= waiting

    def accepted(self, endpoint: str, sent_at: float, advertiser_id: str | None = None) -> None:
        """TikTok accepted a request, whatever it answered."""
        now = self._clock.monotonic()
        self._queue(endpoint).accepted(now, sent_at)
        account = self._accounts.get((endpoint, advertiser_id or ""))
        if account is not None:
            account.accepted(now, sent_at)

    def refused(self, endpoint: str, sent_at: float) -> None:
        """TikTok refused a request because the application sends too many to this endpoint."""
        self._queue(endpoint).refused(self._clock.monotonic(), sent_at)

    def account_refused(self, endpoint: str, advertiser_id: str, sent_at: float, message: str) -> None:
        """TikTok refused a request because this endpoint gets too many for this account.

        Args:
            endpoint: The endpoint.
            advertiser_id: The account.
            sent_at: When it left.
            message: TikTok's message, which may contain the limit.
        """
        account = self._accounts.get((endpoint, advertiser_id))
        if account is None:
            tier = self._tier_at(endpoint)
            limit = _LIMIT_IN_MESSAGE.search(message)
            if limit is not None and 0 < int(limit[1]) < tier.per_second:
                tier = msgspec.structs.replace(tier, per_second=int(limit[1]))
            account = self._accounts[endpoint, advertiser_id] = _Queue(Pacer(tier))
        account.refused(self._clock.monotonic(), sent_at)

    async def _leave(self, queue: _Queue) -> float:
        async with queue.turn:
            await self._ready(queue)
            left_at = self._clock.monotonic()
            queue.pacer.sent(left_at)
            return left_at

    async def _ready(self, queue: _Queue) -> None:
        while (wait := queue.pacer.wait(self._clock.monotonic(), self._today())) > 0:
            await queue.sleep(self._clock, min(wait, _RECHECK))

    def _queue(self, endpoint: str) -> _Queue:
        queue = self._queues.get(endpoint)
        if queue is None:
            queue = self._queues[endpoint] = _Queue(self._pacer(self._tier_at(endpoint)))
        return queue

    def _pacer(self, tier: Tier) -> Pacer | SharedPacer:
        if self._shard is None or self._shard.count == 1:
            return Pacer(tier)
        return SharedPacer(tier, self._shard, self._clock.now().timestamp() - self._clock.monotonic())

    def _tier_at(self, endpoint: str) -> Tier:
        return tier_at(endpoint, self.tier)

    def _today(self) -> date:
        now: datetime = self._clock.now()
        return now.date()
