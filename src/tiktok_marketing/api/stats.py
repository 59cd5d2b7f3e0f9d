"""What was asked so far, and how the answers come."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

_LATEST = 32
_UNKNOWN_LATENCY = 2.0
_OVERDUE = 3.0
"""Times the usual latency, and a second, after which an answer is not one of the usual ones."""


class EndpointStats(msgspec.Struct, frozen=True):
    """How an endpoint answers at the moment.

    Args:
        latency: Seconds that an answer takes, on average.
        page_bytes: Bytes of the largest recent answer; 0 before the first.
        answers_per_second: Answers a second, lately.
        overdue: Requests under way that take much longer than the others.
    """

    latency: float
    page_bytes: int
    answers_per_second: float
    overdue: int


class _EndpointCounts:
    __slots__ = ("arrived", "largest", "seconds", "under_way")

    def __init__(self) -> None:
        self.arrived: deque[float] = deque(maxlen=_LATEST)
        self.seconds: deque[float] = deque(maxlen=_LATEST)
        self.largest = 0
        self.under_way: dict[object, float] = {}


class RequestStats:
    """Counts, for people to see and to decide how much to ask at once."""

    def __init__(self) -> None:
        self.requests: dict[str, int] = {}
        self.refused = 0
        self.retried = 0
        self.bytes = 0
        self.latest_date: tuple[str, datetime] | None = None
        """The latest answer's `Date`, and this machine's time when it came."""
        self._endpoints: dict[str, _EndpointCounts] = {}

    @property
    def clock_ahead(self) -> timedelta | None:
        """How far this machine's clock is ahead of TikTok's, to about a second; None if TikTok did not say."""
        if self.latest_date is None:
            return None
        told, here = self.latest_date
        try:
            return here - parsedate_to_datetime(told).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            return None

    @contextmanager
    def under_way(self, endpoint: str, left_at: float) -> Iterator[None]:
        """A request is under way as long as this lasts."""
        self.requests[endpoint] = self.requests.get(endpoint, 0) + 1
        waiting = self._of(endpoint).under_way
        me = object()
        waiting[me] = left_at
        try:
            yield
        finally:
            del waiting[me]

    def answered(self, endpoint: str, at: float, seconds: float, size: int) -> None:
        """An answer arrived after so many seconds."""
        self.bytes += size
        known = self._of(endpoint)
        known.largest = max(size, known.largest * 9 // 10)
        known.arrived.append(at)
        known.seconds.append(seconds)

    def of_endpoint(self, endpoint: str, at: float) -> EndpointStats:
        """How the endpoint answers now."""
        known = self._of(endpoint)
        latency = sum(known.seconds) / len(known.seconds) if known.seconds else _UNKNOWN_LATENCY
        # The latest answers only: what came before a pause says nothing of what can come now.
        since = known.arrived[0] if known.arrived else at
        a_second = len(known.arrived) / max(latency, at - since, 1e-3)
        late = at - latency * _OVERDUE - 1.0
        overdue = 0
        for left_at in known.under_way.values():  # oldest first
            if left_at > late:
                break
            overdue += 1
        return EndpointStats(latency, known.largest, a_second, overdue)

    def _of(self, endpoint: str) -> _EndpointCounts:
        known = self._endpoints.get(endpoint)
        if known is None:
            known = self._endpoints[endpoint] = _EndpointCounts()
        return known
