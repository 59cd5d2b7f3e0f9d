"""Whether a request that leaves now will find a place in TikTok's second, from when others left and were answered.

TikTok counts a request when it arrives, which is some time between its leaving and its answer. On an even network that
time is always the same, so a second of requests that left is a second of requests that arrive. On an uneven one, some
arrive late and meet the requests of the next second. How late an answered request arrived is known: by the excess of
its latency over the shortest one. For a request on its way, the excesses of the latest answers say how likely it
arrives when. So the chance that a new request is refused can be computed: the chance that in the second before its own
arrival as many others arrive as TikTok accepts, averaged over the times at which it may arrive. The request leaves if
that chance is small. To wait until a place is certainly free would waste more places.

Requests leave in groups on such a network. Those of a group may overtake each other, and each takes any place that is
free when it arrives. So the places are filled sooner than if each request waited for one place. A request waits until
as many can leave with it as find a place before the latest of them arrives.

Only refusals show how far to trust this. An excess may also be TikTok's work after counting, for which no place must be
kept. And lateness is not independent from request to request, as the computation assumes. So one number, the caution,
is raised by each refusal that late arrivals explain, and lowered a little by each accepted request. It settles where
almost two requests in a hundred are refused: fewer would leave places unused.

- At 0, nothing is allowed for. It stays there while none is refused, however late answers come.
- From 0 to 1, it is how far excesses are taken for late arrivals. Until they are, a place is kept a moment longer.
- Above 1, it lowers the chance of a refusal that is taken.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import deque
from itertools import pairwise

_SECOND = 1.0
_GUARD = 0.03
"""Seconds that a place stays taken after its second, as far as excesses do not count; twice that with caution."""
_REFUSALS = 0.017
"""The fraction of refused requests at which the caution neither rises nor falls."""
_RAISE = 0.07
"""How much a refusal raises the caution."""
_QUICK_RAISE, _QUICK_WITHIN = 0.2, 20
"""How much it raises it until the caution is learned, if fewer requests than the second number were accepted since
the refusal before: the caution is far too low. With more, a busy server's answers would pass for late arrivals. They
would also if refusals counted that were sent before the one before was known: a moment's halt may have caused all."""
_CHEAP = 0.1
"""Seconds of usual excess up to which caution costs little, whatever it is."""
_LEARNED, _UNLEARNED = 1.3, 0.3
"""The caution is learned once it is the first number, and no longer once it is the second."""
_HIGHEST = 2.0
_CHANCE = 0.06
"""The chance of a refusal that is taken while the caution is at most 1."""
_STRICTER = 10.0
"""What the chance is divided by for each 1 of caution above 1."""
_SAMPLE = 256
"""The latest answers, whose latencies say how late requests arrive."""
_AT_ONCE = 0.01
"""Answers that come within so many seconds count once: something may have held them up together, which tells little of
other requests."""
_PARTS = 8
"""A request's arrival is assumed at as many quantiles of the excesses, and one more."""
_LATEST, _GROUP = 0.9, 0.7
"""A group takes the places that become free before this fraction of the requests that leave now have arrived, but at
most the second fraction of all places."""
_REMEMBERED = 8.0
"""Seconds for which a request is remembered: its refusal may come late."""
_POLL, _LEAST_POLL = 0.1, 0.01
"""When the chance is computed again, because answers change it, and so does their absence: after the first number of
the usual time between two requests, but after so many seconds at least."""
_CROWDED = 0.85
"""If this fraction of the places was taken when a request was refused, this program itself may have taken the rest."""


class _Request:
    """A request that TikTok counts, or may count."""

    __slots__ = ("excess", "sent_at")

    def __init__(self, sent_at: float) -> None:
        self.sent_at = sent_at
        self.excess: float | None = None


class _Latencies:
    """The latencies of the latest answers."""

    __slots__ = ("_counted_at", "_latest", "sorted")

    def __init__(self) -> None:
        self._counted_at = float("-inf")
        self._latest: deque[float] = deque()
        self.sorted: list[float] = []

    def add(self, seconds: float, at: float) -> None:
        """Another answer, which comes now."""
        if at - self._counted_at < _AT_ONCE:
            return
        self._counted_at = at
        if len(self._latest) == _SAMPLE:
            oldest = self._latest.popleft()
            del self.sorted[bisect_right(self.sorted, oldest) - 1]
        self._latest.append(seconds)
        insort(self.sorted, seconds)

    @property
    def shortest(self) -> float:
        """Seconds; 0 before the first answer."""
        return self.sorted[0] if self.sorted else 0.0

    @property
    def longest(self) -> float:
        """Seconds; 0 before the first answer."""
        return self.sorted[-1] if self.sorted else 0.0

    @property
    def usual_excess(self) -> float:
        """Seconds by which half of the latencies exceed the shortest; 0 before the first answer."""
        return self.sorted[len(self.sorted) // 2] - self.sorted[0] if self.sorted else 0.0


class Arrivals:
    """The requests of the latest seconds, and whether another one is likely to find a place among them.

    Times are seconds of one clock, and arrivals are moved by the shortest latency, so that a request that is not late
    arrives when it leaves. Nothing here waits.
    """

    def __init__(self) -> None:
        self._requests: deque[_Request] = deque()
        self._by_time: dict[float, _Request] = {}
        self._latencies = _Latencies()
        self._exhausted_at = float("inf")
        self._accepted_since_refusal = _QUICK_WITHIN
        self._refusal_known_at = float("-inf")
        self._caution = 0.0
        self._is_learned = False

    @property
    def lateness(self) -> float:
        """Seconds by which half of the requests arrive late, at least."""
        return self.weight * self._latencies.usual_excess

    @property
    def weight(self) -> float:
        """How much of an excess latency is allowed for: 0 is none of it, 1 is all.

        A small part of the excesses of a busy server is as long as the lateness on most networks, so it rises slowly
        at first.
        """
        return min(1.0, self._caution) ** 2

    def group(self, places: int) -> int:
        """How many requests leave together, at most, if there are so many places."""
        return int(_GROUP * self.weight * places)

    def sent(self, at: float) -> None:
        """A request leaves."""
        request = _Request(at)
        self._requests.append(request)
        self._by_time[at] = request

    def accepted(self, at: float, sent_at: float) -> None:
        """TikTok accepted a request."""
        self._latencies.add(at - sent_at, at)
        self._learn(max(0.0, self._caution - _RAISE * _REFUSALS), at)
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
        alone = sent_at >= self._refusal_known_at or self._latencies.usual_excess < _CHEAP
        quick = alone and not self._is_learned and self._accepted_since_refusal < _QUICK_WITHIN
        self._learn(min(_HIGHEST, self._caution + (_QUICK_RAISE if quick else _RAISE)), at)
        self._accepted_since_refusal = 0
        self._refusal_known_at = at
        return not exhausted

    def _learn(self, caution: float, at: float) -> None:
        """Change the caution, and remember whether it is learned and since when it cannot rise any further."""
        self._caution = caution
        if caution >= _LEARNED:
            self._is_learned = True
        elif caution <= _UNLEARNED:
            self._is_learned = False
        if caution < _HIGHEST - _RAISE:
            self._exhausted_at = float("inf")
        elif caution == _HIGHEST:
            self._exhausted_at = min(self._exhausted_at, at)

    def awaits(self, begin: float, end: float, at: float) -> bool:
        """Whether a request that was sent between two times may still be accepted: its answer is not late yet."""
        return any(
            request.excess is None and begin < request.sent_at < end and at - request.sent_at <= self._latencies.longest
            for request in self._requests
        )

    def free_at(self, at: float, places: int) -> float:
        """When a request may leave, or when to ask again."""
        while self._requests and self._requests[0].sent_at + _REMEMBERED <= at:
            self._by_time.pop(self._requests.popleft().sent_at, None)
        if len(self._requests) < places:
            return at
        # Whatever the network does, no second of requests that leave exceeds the limit.
        free_at = self._requests[-places].sent_at + self._hold
        if free_at > at or not self._caution:
            return max(free_at, at)
        chance = _CHANCE * _STRICTER ** min(0.0, 1.0 - self._caution)
        return at if self._is_likely_accepted(at, places, chance) else at + max(_LEAST_POLL, _POLL / places)

    @property
    def _hold(self) -> float:
        """Seconds for which a request holds its place after its arrival."""
        return _SECOND + _GUARD * (1.0 + min(1.0, self._caution)) * (1.0 - self.weight)

    def _is_likely_accepted(self, at: float, places: int, chance: float) -> bool:
        """Whether a request that leaves now is refused with this chance at most."""
        latencies = self._latencies.sorted
        if not latencies:
            return True
        weight, hold = self.weight, self._hold
        arrived, on_the_way = self._within_reach(at, weight, hold)
        if len(arrived) + len(on_the_way) < places:
            return True
        latest = at + weight * (latencies[int(_LATEST * len(latencies))] - latencies[0])
        group = places - len(on_the_way) - len(arrived) + bisect_right(arrived, latest - hold)
        on_the_way += [(at, 0)] * (min(group, int(_GROUP * places)) - 1)
        refused = 0.0
        for part in range(_PARTS + 1):
            latency = latencies[max(0, round(part * len(latencies) / _PARTS) - 1)]
            arrives_at = at + weight * (latency - latencies[0])
            free = places - len(arrived) + bisect_right(arrived, arrives_at - hold)
            if free > len(on_the_way):
                continue  # even if all of them arrive
            share = 1.0 / _PARTS if 0 < part < _PARTS else 0.5 / _PARTS
            refused += share * chance_of(free, self._chances(on_the_way, arrives_at, weight, hold))
            if refused > chance:
                return False
        return True

    def _within_reach(self, at: float, weight: float, hold: float) -> tuple[list[float], list[tuple[float, int]]]:
        """The requests that may be counted together with one that leaves now.

        Returns:
            When those that were answered arrived, in order; and of those on their way, when they left, and how many of
            the latest latencies are too short to be theirs.
        """
        latencies = self._latencies.sorted
        reach = at - hold
        begin = reach - weight * (latencies[-1] - latencies[0])
        arrived, on_the_way = [], []
        for request in reversed(self._requests):
            sent_at = request.sent_at
            if sent_at <= begin:
                break
            if request.excess is None:
                too_short = bisect_right(latencies, at - sent_at)
                if too_short < len(latencies):
                    on_the_way.append((sent_at, too_short))
                else:
                    arrived.append(at)  # later than any: it may arrive at any moment
            else:
                arrived_at = sent_at + weight * request.excess
                if arrived_at > reach:
                    arrived.append(arrived_at)
        arrived.sort()
        return arrived, on_the_way

    def _chances(self, on_the_way: list[tuple[float, int]], at: float, weight: float, hold: float) -> list[float]:
        """The chance of each request on its way that it arrives in the second before a time, or not at all by then."""
        latencies = self._latencies.sorted
        count, shortest = len(latencies), latencies[0]
        chances = []
        for sent_at, too_short in on_the_way:
            until = bisect_right(latencies, shortest + (at - sent_at) / weight)
            before = bisect_right(latencies, shortest + (at - hold - sent_at) / weight)
            arrives = max(until, too_short) - max(before, too_short)
            if arrives:
                chances.append(arrives / (count - too_short))
        return chances


def chance_of(least: int, chances: list[float]) -> float:
    """The chance that at least so many of some independent events happen, each of which has its own chance.

    Args:
        least: How many.
        chances: The chance of each.
    """
    uncertain = [chance for chance in chances if chance < 1.0]
    least -= len(chances) - len(uncertain)
    if least <= 0:
        return 1.0
    if least > len(uncertain):
        return 0.0
    exactly = [1.0] + [0.0] * (least - 1)  # the chance of each smaller number
    for chance in uncertain:
        other = 1.0 - chance
        exactly = [
            exactly[0] * other,
            *[more * other + fewer * chance for fewer, more in pairwise(exactly)],
        ]
    return 1.0 - sum(exactly)
