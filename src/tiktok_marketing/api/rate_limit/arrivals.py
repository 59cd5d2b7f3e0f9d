"""How many of this program's requests TikTok counts within a second, from when they left and when answers came.

TikTok counts a request when it arrives, which is some time between its leaving and its answer. On an even network that
time is always the same, so a second of requests that left is a second of requests that arrive. On an uneven one, some
arrive late and meet the requests of the next second. The late part of a latency, its excess over the shortest latency,
is either the way to TikTok or TikTok's work after counting. Only the first must be allowed for, and a latency does not
show which it is. So its weight is learnt: each refusal that late arrivals explain raises it, and each accepted request
lowers it a little.
"""

from __future__ import annotations

from collections import deque

_SECOND = 1.0
_GUARD = 0.03
"""Seconds that a place stays taken after its second, while all latencies are alike."""
_REFUSALS = 0.02
"""The fraction of refused requests at which the weight neither rises nor falls."""
_RAISE = 0.12
"""How much a refusal raises the weight."""
_QUICK_RAISE, _QUICK_UNTIL, _QUICK_WITHIN = 0.4, 0.8, 14
"""How much it raises a weight below the second number, if fewer requests than the third were accepted since the one
before: the weight is far too low."""
_HIGHEST = 1.5
_SAMPLE = 64
"""Answers whose shortest and longest latency count; they are replaced by as many newer ones."""
_USUAL = 32
"""Answers over which the usual excess is averaged."""
_LONGEST_EXCESS = 2.0
"""Seconds that a request without an answer keeps its place beyond its second, at most: it may never be answered."""
_REMEMBERED = 8.0
"""Seconds for which a request is remembered: its refusal may come late."""
_POLL = 0.01
"""Seconds after which a place is looked at again that an answer may free."""
_CROWDED = 0.85
"""If this fraction of the places was taken when a request was refused, this program itself may have taken the rest."""


class _Request:
    """A request that TikTok counts, or may count."""

    __slots__ = ("excess", "sent_at")

    def __init__(self, sent_at: float) -> None:
        self.sent_at = sent_at
        self.excess: float | None = None


class _Latencies:
    """The shortest latency of the latest answers, and how much longer others are."""

    __slots__ = ("_count", "_new", "_old", "usual_excess")

    def __init__(self) -> None:
        self._count = 0
        self._old = self._new = (float("inf"), 0.0)
        self.usual_excess = 0.0

    def add(self, seconds: float) -> None:
        """Another answer."""
        if self._count == _SAMPLE:
            self._count, self._old, self._new = 0, self._new, (float("inf"), 0.0)
        self._count += 1
        self._new = min(self._new[0], seconds), max(self._new[1], seconds)
        self.usual_excess += (seconds - self.shortest - self.usual_excess) / _USUAL

    @property
    def shortest(self) -> float:
        """Seconds; 0 before the first answer."""
        shortest = min(self._old[0], self._new[0])
        return shortest if shortest < float("inf") else 0.0

    @property
    def longest(self) -> float:
        """Seconds; 0 before the first answer."""
        return max(self._old[1], self._new[1])

    @property
    def largest_excess(self) -> float:
        """Seconds by which the longest latency exceeds the shortest."""
        return max(0.0, self.longest - self.shortest)


class Arrivals:
    """The requests of the latest seconds, and when TikTok's second no longer counts them.

    Times are seconds of one clock. Nothing here waits.
    """

    def __init__(self) -> None:
        self._requests: deque[_Request] = deque()
        self._by_time: dict[float, _Request] = {}
        self._latencies = _Latencies()
        self._exhausted_at = float("inf")
        self._accepted_since_refusal = _QUICK_WITHIN
        self.weight = 0.0
        """How much of an excess latency is allowed for: 0 is none of it, 1 is all."""

    def sent(self, at: float) -> None:
        """A request leaves."""
        request = _Request(at)
        self._requests.append(request)
        self._by_time[at] = request

    def accepted(self, at: float, sent_at: float) -> None:
        """TikTok accepted a request."""
        self._latencies.add(at - sent_at)
        self._weigh(max(0.0, self.weight - _RAISE * _REFUSALS), at)
        self._accepted_since_refusal += 1
        request = self._by_time.get(sent_at)
        if request is not None:
            request.excess = max(0.0, at - sent_at - self._latencies.shortest)

    def refused(self, at: float, sent_at: float, places: int) -> bool:
        """TikTok refused a request, so it does not count it.

        Args:
            at: When its answer came.
            sent_at: When it left.
            places: How many requests a second was believed to allow.

        Returns:
            Whether this program's own requests, arriving late, may be the cause.
        """
        arrived_at = max(sent_at, at - self._latencies.shortest)
        request = self._by_time.pop(sent_at, None)
        if request is not None:
            self._requests.remove(request)
        before = sum(sent_at - _SECOND < request.sent_at <= sent_at for request in self._requests)
        together = sum(
            arrived_at - _SECOND < request.sent_at + (request.excess or 0.0) <= arrived_at for request in self._requests
        )
        if max(before, together) < _CROWDED * places:
            return False
        exhausted = sent_at >= self._exhausted_at
        quick = self._accepted_since_refusal < _QUICK_WITHIN and self.weight < _QUICK_UNTIL
        self._weigh(min(_HIGHEST, self.weight + (_QUICK_RAISE if quick else _RAISE)), at)
        self._accepted_since_refusal = 0
        return not exhausted

    def _weigh(self, weight: float, at: float) -> None:
        """Change the weight, and remember since when it cannot rise any further."""
        self.weight = weight
        if weight < _HIGHEST - _RAISE:
            self._exhausted_at = float("inf")
        elif weight == _HIGHEST:
            self._exhausted_at = min(self._exhausted_at, at)

    def awaits(self, begin: float, end: float, at: float) -> bool:
        """Whether a request that was sent between two times may still be accepted: its answer is not late yet."""
        return any(
            request.excess is None and begin < request.sent_at < end and at - request.sent_at <= self._latencies.longest
            for request in self._requests
        )

    def free_at(self, at: float, places: int) -> float:
        """When fewer requests than places may still be counted; later if an answer is late."""
        while self._requests and self._requests[0].sent_at + _REMEMBERED <= at:
            self._by_time.pop(self._requests.popleft().sent_at, None)
        if not self.weight:  # on an even network, which is the usual one, no answer can free a place sooner
            return self._requests[-places].sent_at + self._hold(0.0) if len(self._requests) >= places else at
        longest = self._hold(min(_LONGEST_EXCESS, self._latencies.largest_excess))
        taken = []
        for request in reversed(self._requests):
            if request.sent_at + longest <= at:
                break
            freed_at = self._freed_at(request, at, longest)
            if freed_at > at:
                taken.append(freed_at)
        taken.sort()
        return taken[len(taken) - places] if len(taken) >= places else at

    def _freed_at(self, request: _Request, at: float, longest: float) -> float:
        """When a request's second ends; the earliest possible time if its answer has yet to come."""
        if request.excess is not None:
            return request.sent_at + self._hold(request.excess)
        late = at - request.sent_at - self._latencies.shortest
        freed_at = request.sent_at + self._hold(max(late, self._latencies.usual_excess))
        if late > 0.0:
            freed_at = max(freed_at, at + _POLL)
        return min(freed_at, request.sent_at + longest)

    def _hold(self, excess: float) -> float:
        """Seconds for which a request holds its place, if its latency has this excess."""
        return _SECOND + _GUARD * max(0.0, 1.0 - self.weight) + self.weight * excess
