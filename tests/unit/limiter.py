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
    """Accepts a number of requests per second and per minute, or blocks for five minutes.

    Args:
        second: How it counts a second.
        limit: Requests per second.
        per_minute: Requests per minute; sixty times the second by default.
    """

    def __init__(self, second: str, limit: float, per_minute: int | None = None) -> None:
        self.limit = limit
        self.per_minute = int(limit * 60) if per_minute is None else per_minute
        self.blocks = 0
        self._next_per_minute = self.per_minute
        self._second = second
        self._second_from = self._minute_from = self._closed_until = float("-inf")
        self._in_second = self._in_minute = 0
        self._recent: deque[float] = deque()
        self._tokens = limit
        self.refuses = 0
        """Requests that it refuses without a reason."""

    def set_limit(self, limit: float) -> None:
        """Another program uses more or less of it: fewer per second at once, and fewer per minute from the next one."""
        self.limit = limit
        self._next_per_minute = int(limit * 60)
        self.per_minute = max(self.per_minute, self._next_per_minute)

    def accepts(self, at: float) -> bool:
        """Whether a request that arrives now is accepted; refused ones do not count."""
        if at < self._closed_until:
            return False
        if self.refuses:
            self.refuses -= 1
            return False
        if at - self._minute_from >= 60.0:
            self._minute_from, self._in_minute = at, 0
            self.per_minute = self._next_per_minute
        if self._in_minute >= self.per_minute:
            self._closed_until = at + 300.0
            self.blocks += 1
            return False
        accepted = self._has_room(at)
        self._in_minute += accepted
        return accepted

    def _has_room(self, at: float) -> bool:
        if self._second == "token bucket":
            self._tokens = min(self.limit, self._tokens + (at - max(self._second_from, 0.0)) * self.limit)
            self._second_from = at
            accepted = self._tokens >= 1.0
            self._tokens -= accepted
            return accepted
        if self._second == "sliding":
            while self._recent and at - self._recent[0] >= 1.0:
                self._recent.popleft()
            accepted = len(self._recent) < self.limit
            if accepted:
                self._recent.append(at)
            return accepted
        now = float(int(at)) if self._second == "of the clock" else at
        if now - self._second_from >= 1.0:
            self._second_from, self._in_second = now, 0
        accepted = self._in_second < self.limit
        self._in_second += accepted
        return accepted


class Run:
    """A pacer that sends as many requests as it allows, for a number of seconds.

    Args:
        pacer: The pacer.
        limiter: What it meets.
        seconds: How long.
        latency: Seconds from a request's leaving to its answer.
        jitter: Seconds that either way may take longer, at most.
        arrival_jitter: Seconds by which a request may arrive later, at most.
        lateness: By how many seconds a request that leaves at a time arrives later still.
        answer_jitter: Seconds by which an answer may come later after the request was counted, at most.
        stall: From when to when, in seconds, the server accepts nothing; it then counts all that has come at once.
        late: Seconds by which a turn comes late, on average.
        quick_refusals: Whether a refusal comes at once, whatever an answer accepts.
        seed: Decides the jitter.
        changes: What happens when.
    """

    def __init__(
        self,
        pacer: Pacer,
        limiter: Limiter,
        seconds: float,
        *,
        latency: float,
        jitter: float = 0.02,
        arrival_jitter: float = 0.0,
        lateness: Callable[[random.Random, float], float] = lambda _rng, _at: 0.0,
        answer_jitter: float = 0.0,
        stall: tuple[float, float] = (0.0, 0.0),
        late: float = 0.002,
        quick_refusals: bool = False,
        seed: int = 1,
        changes: Sequence[tuple[float, Callable[[Limiter], None]]] = (),
    ) -> None:
        self._began = 1000.0
        stall_from, stall_until = (self._began + seconds for seconds in stall)
        self.sent: list[tuple[float, bool]] = []
        """When each request left and whether it was accepted, in the order of arrival."""
        rng = random.Random(seed)
        pending = deque(changes)
        numbers = itertools.count()
        events: list[tuple[float, int, float, bool | None]] = []
        next_at = self._began
        while True:
            if events and events[0][0] <= next_at:
                at, _, left_at, accepted = heapq.heappop(events)
                if accepted is None:
                    while pending and pending[0][0] <= at - self._began:
                        pending.popleft()[1](limiter)
                    accepted = limiter.accepts(at)
                    self.sent.append((left_at - self._began, accepted))
                    back = 0.01 if quick_refusals and not accepted else latency / 2 + rng.uniform(0, jitter)
                    back += rng.uniform(0, answer_jitter)
                    heapq.heappush(events, (at + back, next(numbers), left_at, accepted))
                else:
                    (pacer.accepted if accepted else pacer.refused)(at, left_at)
                    next_at = at + pacer.wait(at, TODAY)
                continue
            at = next_at
            if at >= self._began + seconds:
                break
            wait = pacer.wait(at, TODAY)
            if wait > 1e-9:
                next_at = at + wait + (rng.expovariate(1 / late) if late else 0.0)
                continue
            pacer.sent(at)
            arrives_at = at + latency / 2 + rng.uniform(0, jitter) + rng.uniform(0, arrival_jitter)
            arrives_at += lateness(rng, at)
            if stall_from <= arrives_at < stall_until:
                arrives_at = stall_until
            heapq.heappush(events, (arrives_at, next(numbers), at, None))
            next_at = at + pacer.wait(at, TODAY)

    def accepted(self, begin: float, end: float) -> float:
        """Accepted requests per second, among those sent within these seconds."""
        return sum(accepted for sent, accepted in self.sent if begin <= sent < end) / (end - begin)

    def refused(self, begin: float, end: float) -> float:
        """The fraction of refused requests among those sent within these seconds."""
        answers = [accepted for sent, accepted in self.sent if begin <= sent < end]
        return answers.count(False) / max(1, len(answers))
