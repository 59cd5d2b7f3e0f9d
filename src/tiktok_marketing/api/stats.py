"""Counts requests, and measures how fast the endpoints answer."""

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
"""A request is overdue after this multiple of the average latency plus one second."""


class EndpointStats(msgspec.Struct, frozen=True):
    """How an endpoint answers at the moment.

    Args:
        latency: Seconds that an answer takes, on average.
        page_bytes: Bytes of the largest recent answer; 0 before the first.
        answers_per_second: Recent answers per second.
        overdue: Requests in flight that take much longer than usual.
    """

    latency: float
    page_bytes: int
    answers_per_second: float
    overdue: int


class _EndpointCounts:
    __slots__ = ("arrived", "in_flight", "largest", "seconds")

    def __init__(self) -> None:
        self.arrived: deque[float] = deque(maxlen=_LATEST)
        self.seconds: deque[float] = deque(maxlen=_LATEST)
        self.largest = 0
        self.in_flight: dict[object, float] = {}


class RequestStats:
    """Counts requests and answers, for progress reports and to decide how many requests to send at once."""

    def __init__(self) -> None:
        self.requests: dict[str, int] = {}
        self.refused = 0
        self.retried = 0
        self.bytes = 0
        self.latest_date: tuple[str, datetime] | None = None
        """The latest answer's `Date`, and this machine's time when it arrived."""
        self._endpoints: dict[str, _EndpointCounts] = {}

    @property
    def clock_ahead(self) -> timedelta | None:
        """How far this machine's clock is ahead of TikTok's, to about a second; None if TikTok's time is unknown."""
        if self.latest_date is None:
            return None
        date_header, arrived_at = self.latest_date
        try:
            return arrived_at - parsedate_to_datetime(date_header).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            return None

    @contextmanager
    def in_flight(self, endpoint: str, left_at: float) -> Iterator[None]:
        """A request is in flight as long as this context lasts."""
        self.requests[endpoint] = self.requests.get(endpoint, 0) + 1
        in_flight = self._of(endpoint).in_flight
        request = object()
        in_flight[request] = left_at
        try:
            yield
        finally:
            del in_flight[request]

    def answered(self, endpoint: str, at: float, seconds: float, size: int) -> None:
        """An answer arrived after this many seconds."""
        self.bytes += size
        counts = self._of(endpoint)
        counts.largest = max(size, counts.largest * 9 // 10)
        counts.arrived.append(at)
        counts.seconds.append(seconds)

    def of_endpoint(self, endpoint: str, at: float) -> EndpointStats:
        """How the endpoint answers now."""
        counts = self._of(endpoint)
        latency = sum(counts.seconds) / len(counts.seconds) if counts.seconds else _UNKNOWN_LATENCY
        # Only the latest answers count: answers from before a pause do not show how many can arrive now.
        since = counts.arrived[0] if counts.arrived else at
        per_second = len(counts.arrived) / max(latency, at - since, 1e-3)
        overdue_before = at - latency * _OVERDUE - 1.0
        overdue = 0
        for left_at in counts.in_flight.values():  # oldest first
            if left_at > overdue_before:
                break
            overdue += 1
        return EndpointStats(latency, counts.largest, per_second, overdue)

    def longest_wait(self, at: float) -> tuple[str, float] | None:
        """The endpoint whose answer has been awaited longest, and for how many seconds; None if none is awaited."""
        oldest = ((next(iter(counts.in_flight.values()), None), name) for name, counts in self._endpoints.items())
        waits = [(left_at, name) for left_at, name in oldest if left_at is not None]
        if not waits:
            return None
        left_at, endpoint = min(waits)
        return endpoint, max(0.0, at - left_at)

    def _of(self, endpoint: str) -> _EndpointCounts:
        counts = self._endpoints.get(endpoint)
        if counts is None:
            counts = self._endpoints[endpoint] = _EndpointCounts()
        return counts
