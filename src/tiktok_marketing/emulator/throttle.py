"""TikTok's quota: requests a second, a minute and a day, per app and endpoint. It follows real time, not the clock."""

import time
from collections.abc import Callable

from tiktok_marketing.emulator.endpoints.envelope import Refusal
from tiktok_marketing.emulator.options import SANDBOX_QUOTA, TIERS, Options

_DAY = 86_400


class _Counter:
    """What one app has asked of one endpoint."""

    __slots__ = ("day", "in_day", "in_minute", "in_second", "minute", "second", "suspended_until")

    def __init__(self) -> None:
        self.second = self.minute = float("-inf")
        self.day = -1
        self.in_second = self.in_minute = self.in_day = 0
        self.suspended_until = float("-inf")


class Throttle:
    """Decides for each request whether the app may still ask.

    A second and a minute begin with the first request in them. Too many in a second are refused until the next; too
    many in a minute close the endpoint for five minutes; too many in a day close it until 00:00 UTC. Refused requests
    do not count.

    Args:
        options: Tier and lengths.
        monotonic: Real time in seconds, replaceable in tests.
        wall: Real seconds since 1970, for the day's end.
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
        replaced = (options.requests_per_second, options.requests_per_minute, options.requests_per_day)
        self._quota = tuple(
            own if own is not None else (tier[position] if tier else None) for position, own in enumerate(replaced)
        )

    def reset(self) -> None:
        """Forget every request."""
        self._counters.clear()
        self._advertisers.clear()

    def admit(self, app_id: str, path: str, advertiser: str, *, sandbox: bool) -> None:
        """Count a request.

        Raises:
            Refusal: The app asked too often (40100), or of this account (40133).
        """
        quota: tuple[int | None, ...] = self._quota
        if sandbox:
            if not self._options.sandbox_throttle:
                return
            quota = SANDBOX_QUOTA
        now = self._monotonic()
        counter = self._counters.setdefault(("sandbox" if sandbox else "production", path), _Counter())
        if not self._allows(counter, quota, now):
            raise Refusal(40100, f"Due to too many requests, requests from App {app_id} are temporarily restricted.")
        if advertiser:
            self._admit_advertiser(path, advertiser, now)
        counter.in_second += 1
        counter.in_minute += 1
        counter.in_day += 1

    def _allows(self, counter: _Counter, quota: tuple[int | None, ...], now: float) -> bool:
        a_second, a_minute, a_day = quota
        today = int(self._wall() // _DAY)
        if counter.day != today:
            counter.day, counter.in_day = today, 0
        if now - counter.second >= 1.0:
            counter.second, counter.in_second = now, 0
        if now - counter.minute >= self._options.minute_window:
            counter.minute, counter.in_minute = now, 0
        if now < counter.suspended_until:
            return False
        if a_minute is not None and counter.in_minute >= a_minute:
            counter.suspended_until = now + self._options.minute_suspension
            return False
        if a_day is not None and counter.in_day >= a_day:
            return False
        return a_second is None or counter.in_second < a_second

    def _admit_advertiser(self, path: str, advertiser: str, now: float) -> None:
        limit = self._options.advertiser_requests_per_second
        if limit is None:
            return
        begin, count = self._advertisers.get((path, advertiser), (now, 0))
        if now - begin >= 1.0:
            begin, count = now, 0
        if count >= limit:
            raise Refusal(
                40133,
                f"Advertiser ({advertiser})'s QPS ({count + 1}) reaches QPS limit {limit} for current path, "
                "request is temporarily restricted.",
            )
        self._advertisers[path, advertiser] = (begin, count + 1)
