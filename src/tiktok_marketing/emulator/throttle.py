"""TikTok's quota: requests per second, minute and day, per app and endpoint. It follows real time, not the clock."""

import math
import time
from collections import deque
from collections.abc import Callable

from tiktok_marketing.emulator.endpoints.envelope import Refusal
from tiktok_marketing.emulator.options import OWN_QUOTAS, SANDBOX_QUOTA, TIERS, Options

_DAY = 86_400
MAX_ADVERTISERS = 20_000
"""How many accounts it counts requests for at most: those that were asked about last."""


class _Counter:
    """The requests of one app to one endpoint in the present second, minute and day.

    Args:
        second: How a second is counted: see `Options.quota_second`.
    """

    __slots__ = ("_latest", "_second_from", "_way", "day", "in_day", "in_minute", "minute", "suspended_until")

    def __init__(self, second: str) -> None:
        self._way = second
        self._latest: deque[float] = deque()
        self._second_from = self.minute = float("-inf")
        self.day = -1
        self.in_minute = self.in_day = 0
        self.suspended_until = float("-inf")

    def in_second(self, now: float) -> int:
        """How many requests of the present second were accepted."""
        if self._way == "sliding":
            begin = now - 1.0
        elif self._way == "clock":
            begin = math.floor(now) - 1e-9
        else:
            if now - self._second_from >= 1.0:
                self._second_from = now
            begin = self._second_from - 1e-9
        while self._latest and self._latest[0] <= begin:
            self._latest.popleft()
        return len(self._latest)

    def count(self, now: float) -> None:
        """A request is accepted."""
        self._latest.append(now)
        self.in_minute += 1
        self.in_day += 1


class Throttle:
    """Decides for each request whether the quota allows it.

    A minute starts with the first request in it, and so does a second unless the options say otherwise. After too many
    requests in a second, further ones are refused until the next second. Too many in a minute close the endpoint for
    five minutes. Too many in a day close it until 00:00 UTC. Refused requests do not count.

    Args:
        options: The tier, and the length of a minute and of a suspension.
        monotonic: Real time in seconds. Tests replace it.
        wall: Real time in seconds since 1970, which says when a day ends. Tests replace it.
    """

    def __init__(
        self,
        options: Options,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._options = options
        self._monotonic = monotonic
        self._wall = wall
        self._counters: dict[tuple[str, str], _Counter] = {}
        self._advertisers: dict[tuple[str, str], tuple[float, int]] = {}
        tier = TIERS[options.tier]
        overrides = (options.requests_per_second, options.requests_per_minute, options.requests_per_day)
        self._quota = tuple(
            override if override is not None else (tier[position] if tier else None)
            for position, override in enumerate(overrides)
        )

    def reset(self) -> None:
        """Forget all requests."""
        self._counters.clear()
        self._advertisers.clear()

    def admit(self, app_id: str, path: str, advertiser: str, *, sandbox: bool) -> None:
        """Count a request.

        Raises:
            Refusal: The app made too many requests (40100), or too many about this account (40133).
        """
        quota: tuple[int | None, ...] = self._quota
        if sandbox:
            if not self._options.sandbox_throttle:
                return
            quota = SANDBOX_QUOTA
        own_quota = OWN_QUOTAS.get(path, {}).get(self._options.tier)
        if own_quota:
            quota = tuple(limit and min(limit, own) for limit, own in zip(quota, own_quota, strict=True))
        now = self._monotonic()
        counter = self._counters.setdefault(
            ("sandbox" if sandbox else "production", path), _Counter(self._options.quota_second)
        )
        if not self._allows(counter, quota, now):
            raise Refusal(40100, f"Due to too many requests, requests from App {app_id} are temporarily restricted.")
        if advertiser:
            self._admit_advertiser(path, advertiser, now)
        counter.count(now)

    def _allows(self, counter: _Counter, quota: tuple[int | None, ...], now: float) -> bool:
        per_second, per_minute, per_day = quota
        today = int(self._wall() // _DAY)
        if counter.day != today:
            counter.day, counter.in_day = today, 0
        if now - counter.minute >= self._options.minute_window:
            counter.minute, counter.in_minute = now, 0
        if now < counter.suspended_until:
            return False
        if counter.suspended_until > counter.minute:  # the suspension is over: a new minute begins
            counter.minute, counter.in_minute = now, 0
        if per_minute is not None and counter.in_minute >= per_minute:
            counter.suspended_until = now + self._options.minute_suspension
            return False
        if per_day is not None and counter.in_day >= per_day:
            return False
        in_second = counter.in_second(now)
        return per_second is None or in_second < per_second

    def _admit_advertiser(self, path: str, advertiser: str, now: float) -> None:
        limit = self._options.advertiser_requests_per_second
        if limit is None:
            return
        second, count = self._advertisers.get((path, advertiser), (now, 0))
        if now - second >= 1.0:
            second, count = now, 0
        if count >= limit:
            raise Refusal(
                40133,
                f"Advertiser ({advertiser})'s QPS ({count + 1}) reaches QPS limit {limit} for current path, "
                "request is temporarily restricted.",
            )
        self._advertisers.pop((path, advertiser), None)
        self._advertisers[path, advertiser] = (second, count + 1)
        while len(self._advertisers) > MAX_ADVERTISERS:
            del self._advertisers[next(iter(self._advertisers))]
