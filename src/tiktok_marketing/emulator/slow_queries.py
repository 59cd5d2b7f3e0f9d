"""TikTok's penalty for slow report queries: who lets many time out, or repeats one of them, is held up."""

import time
from collections import deque
from collections.abc import Callable, Mapping

from tiktok_marketing.emulator.endpoints.envelope import Refusal
from tiktok_marketing.emulator.options import Options

_STEPS = ((30, 0), (20, 1), (10, 5))
"""After so many timeouts within ten seconds, so many requests per second are left."""
_BURST_SECONDS = 10.0
_MOST_REPEATS = 3
_REPEAT_SECONDS = 600.0


class SlowQueries:
    """Counts the queries of each endpoint that time out, and refuses further ones as TikTok does.

    10, 20 or 30 timeouts within ten seconds leave 5, 1 or 0 requests per second for as long as a suspension lasts. A
    query that timed out three times within ten minutes is refused for twice as long.

    Args:
        options: Say whether there is a penalty, and how long a suspension lasts.
        monotonic: Real time in seconds. Tests replace it.
    """

    def __init__(self, options: Options, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._options = options
        self._monotonic = monotonic
        self._bursts: dict[str, deque[float]] = {}
        self._limits: dict[str, tuple[int, float]] = {}
        self._admitted: dict[str, deque[float]] = {}
        self._repeats: dict[object, deque[float]] = {}
        self._blocked: dict[object, float] = {}

    def reset(self) -> None:
        """Forget all timeouts."""
        for memory in (self._bursts, self._limits, self._admitted, self._repeats, self._blocked):
            memory.clear()

    def admit(self, path: str, params: Mapping[str, object], app_id: str) -> None:
        """Let a request in, or not.

        Raises:
            Refusal: The endpoint or this query is held up (40100).
        """
        now = self._monotonic()
        blocked_until = self._blocked.get(_key(path, params), 0.0)
        if now < blocked_until:
            raise _refusal(app_id)
        limit, until = self._limits.get(path, (0, 0.0))
        if now >= until:
            return
        admitted = self._admitted.setdefault(path, deque())
        _forget(admitted, now - 1.0)
        if len(admitted) >= limit:
            raise _refusal(app_id)
        admitted.append(now)

    def count(self, path: str, params: Mapping[str, object]) -> None:
        """Count a query that timed out."""
        if not self._options.slow_query_penalty:
            return
        now = self._monotonic()
        suspension = self._options.minute_suspension
        burst = self._bursts.setdefault(path, deque())
        burst.append(now)
        _forget(burst, now - _BURST_SECONDS)
        for timeouts, limit in _STEPS:
            if len(burst) >= timeouts:
                self._limits[path] = (limit, now + suspension)
                break
        key = _key(path, params)
        repeats = self._repeats.setdefault(key, deque())
        repeats.append(now)
        _forget(repeats, now - _REPEAT_SECONDS)
        if len(repeats) >= _MOST_REPEATS:
            self._blocked[key] = now + 2 * suspension
        self._keep_few()

    def _keep_few(self) -> None:
        """Forget the oldest queries when there are many."""
        for memory in (self._repeats, self._blocked):
            while len(memory) > _MOST_KEPT:
                del memory[next(iter(memory))]


_MOST_KEPT = 1000


def _refusal(app_id: str) -> Refusal:
    return Refusal(40100, f"Due to too many slow requests, requests from App {app_id} are temporarily restricted.")


def _key(path: str, params: Mapping[str, object]) -> object:
    """What makes two queries the same."""
    return path, tuple(sorted((name, str(value)) for name, value in params.items()))


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
