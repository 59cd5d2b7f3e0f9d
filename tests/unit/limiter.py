"""A model of TikTok's limit on one endpoint, and requests that reach it over a network."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Sequence
from datetime import date

from tiktok_marketing.api.rate_limit.pacer import Pacer

TODAY = date(2026, 3, 10)
SECONDS = ("of the clock", "from the first request", "sliding", "token bucket")
"""Ways to count a second."""


class Limiter:
    """Takes so many requests a second, and so many a minute, or closes for five.

    Args:
        second: How it counts a second.
        limit: Requests a second.
        per_minute: Requests a minute; sixty seconds' worth by default.
    """

    def __init__(self, second: str, limit: float, per_minute: int | None = None) -> None:
        self.limit = limit
        self.per_minute = int(limit * 60) if per_minute is None else per_minute
        self.blocks = 0
        self._next_per_minute = self.per_minute
        self._second = second
        self._second_from = self._minute_from = self._closed_until = float("-inf")
        self._in_second = self._in_minute = 0
        self._lately: deque[float] = deque()
        self._tokens = limit

    def becomes(self, limit: float) -> None:
        """Somebody else takes more or less of it: fewer a second at once, and fewer a minute from the next one."""
        self.limit = limit
        self._next_per_minute = int(limit * 60)
        self.per_minute = max(self.per_minute, self._next_per_minute)

    def takes(self, at: float) -> bool:
        """Whether a request that arrives now is taken; refused ones do not count."""
        if at < self._closed_until:
            return False
        if at - self._minute_from >= 60.0:
            self._minute_from, self._in_minute = at, 0
            self.per_minute = self._next_per_minute
        if self._in_minute >= self.per_minute:
            self._closed_until = at + 300.0
            self.blocks += 1
            return False
        taken = self._has_room(at)
        self._in_minute += taken
        return taken

    def _has_room(self, at: float) -> bool:
        if self._second == "token bucket":
            self._tokens = min(self.limit, self._tokens + (at - max(self._second_from, 0.0)) * self.limit)
            self._second_from = at
            taken = self._tokens >= 1.0
            self._tokens -= taken
            return taken
        if self._second == "sliding":
            while self._lately and at - self._lately[0] >= 1.0:
                self._lately.popleft()
            taken = len(self._lately) < self.limit
            if taken:
                self._lately.append(at)
            return taken
        now = float(int(at)) if self._second == "of the clock" else at
        if now - self._second_from >= 1.0:
            self._second_from, self._in_second = now, 0
        taken = self._in_second < self.limit
        self._in_second += taken
        return taken


class Run:
    """A pace that is asked as often as it allows, for so many seconds.

    Args:
        pace: The pace.
        limiter: What it meets.
        seconds: How long.
        latency: Seconds from a request's leaving to its answer.
        jitter: Seconds that either way may take longer, at most.
        late: Seconds by which a turn comes late, on average.
        quick_refusals: Whether a refusal comes at once, whatever an answer takes.
        seed: Decides the jitter.
        changes: What happens when.
    """

    def __init__(
        self,
        pace: Pacer,
        limiter: Limiter,
        seconds: float,
        *,
        latency: float,
        jitter: float = 0.02,
        late: float = 0.002,
        quick_refusals: bool = False,
        seed: int = 1,
        changes: Sequence[tuple[float, Callable[[Limiter], None]]] = (),
    ) -> None:
        self._began = 1000.0
        self.sent: list[tuple[float, bool]] = []
        """When each request left, and whether it was taken, in the order of arrival."""
        rng = random.Random(seed)
        pending = deque(changes)
        numbers = itertools.count()
        events: list[tuple[float, int, float, bool | None]] = []
        next_at = self._began
        while True:
            if events and events[0][0] <= next_at:
                at, _, left_at, taken = heapq.heappop(events)
                if taken is None:
                    while pending and pending[0][0] <= at - self._began:
                        pending.popleft()[1](limiter)
                    taken = limiter.takes(at)
                    self.sent.append((left_at - self._began, taken))
                    back = 0.01 if quick_refusals and not taken else latency / 2 + rng.uniform(0, jitter)
                    heapq.heappush(events, (at + back, next(numbers), left_at, taken))
                else:
                    (pace.accepted if taken else pace.refused)(at, left_at)
                    next_at = at + pace.wait(at, TODAY)
                continue
            at = next_at
            if at >= self._began + seconds:
                break
            wait = pace.wait(at, TODAY)
            if wait > 1e-9:
                next_at = at + wait + (rng.expovariate(1 / late) if late else 0.0)
                continue
            pace.sent(at)
            heapq.heappush(events, (at + latency / 2 + rng.uniform(0, jitter), next(numbers), at, None))
            next_at = at + pace.wait(at, TODAY)

    def taken(self, begin: float, end: float) -> float:
        """Requests a second, of those sent within these seconds, that were taken."""
        return sum(taken for sent, taken in self.sent if begin <= sent < end) / (end - begin)

    def refused(self, begin: float, end: float) -> float:
        """The share of the requests sent within these seconds that was refused."""
        told = [taken for sent, taken in self.sent if begin <= sent < end]
        return told.count(False) / max(1, len(told))
