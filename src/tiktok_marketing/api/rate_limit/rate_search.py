"""Finds how many requests per second TikTok accepts, from what it refuses.

The search starts at the tier's rate and keeps it until TikTok refuses requests repeatedly. The rate that TikTok
accepted meanwhile is its limit now, so the search goes a little below it. If many refusals at once were the cause, it
returns to the full rate a second later, once: they may have been an accident. After a calm period it tries a slightly
higher rate for some seconds. If TikTok accepts it, the rate stays, and the next trial adds twice as much; if not, the
next trial comes later.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

_MARGIN = 0.94
"""The new rate, as a fraction of the rate that TikTok accepted while it refused others."""
_LOWEST = (0.1, 0.02)
"""One incident lowers the rate to no less than this fraction of what it was, and all incidents together to no less than
this fraction of the full rate."""
_ACCIDENTS = 2
_ACCIDENT_PERIOD = 60.0
"""This many incidents within this many seconds change nothing: delayed requests can arrive together."""
_SAME_ACCIDENT = 1.0
"""Incidents less than this many seconds apart have the same cause."""
_LARGE_COUNT = 4
_LARGE_FRACTION = 0.25
"""An incident with this many refusals, and this fraction of its requests refused, does change the rate."""
_CYCLE = (4.0, 60.0)
"""If this many seconds lie between two incidents, the requests accepted between them show the limit."""
_PAUSE = 0.5
"""Requests that are this many seconds further apart than usual are divided by a pause."""
_CYCLE_LEAST = 0.7
"""As a fraction of the target rate. If fewer requests were accepted, fewer were sent."""
_STEPS = (0.05, 0.4)
"""What a trial adds to the known rate, as a fraction of it: at first, and at most after doubling."""
_CALM = (15.0, 120.0)
"""Seconds without a refusal before a trial, at first and at most; they double after each trial that failed."""
_RETURN_CALM = 1.0
"""Seconds without a refusal after which the full rate is tried again, if a single large incident lowered it."""
_RETURN_PERIOD = 60.0
"""Seconds in which a second large incident is not taken for an accident."""
_SUSPICIOUS = 120.0
"""Seconds after a limit seemed to be gone in which any refusal may show that it is not."""
_TRIAL = 1.25
"""A trial must send this many seconds' worth of requests beyond the known rate: more than a token bucket can save."""
_LONGEST_TRIAL = 25.0


class _Incident:
    """Refusals with one cause: those of requests that were sent before the first refusal was known."""

    __slots__ = ("cycle", "first", "last", "may_be_accident", "on_trial", "refused", "target")

    def __init__(self, sent_at: float, *, target: float, cycle: float, may_be_accident: bool, on_trial: bool) -> None:
        self.first = self.last = sent_at
        self.refused = 0
        self.target = target
        self.cycle = cycle
        self.may_be_accident = may_be_accident
        self.on_trial = on_trial


class RateSearch:
    """The search. Times are seconds of one clock; nothing here waits.

    Args:
        full: Requests per second that are never exceeded.
        sent: When requests were sent, oldest first. The caller maintains it, and drops those older than a minute.
    """

    def __init__(self, full: float, sent: deque[float]) -> None:
        self._full = full
        self._sent = sent
        self._refused: deque[float] = deque()
        self._incidents: deque[float] = deque()
        self._known = full
        self._trial_from: float | None = None
        self._step = _STEPS[0]
        self._calm = _CALM[0]
        self._calm_from = 0.0
        self._incident: _Incident | None = None
        self._incident_known_at = float("-inf")
        self._returning = False
        self._limited_at = float("-inf")
        self._returned_at = self._resumed_at = float("-inf")
        self.target = full
        """Requests per second to send now."""

    @property
    def is_full(self) -> bool:
        """Whether the full rate is sent, and no limit below it is known."""
        return self._known >= self._full

    @property
    def is_limited(self) -> bool:
        """Whether a limit below the full rate is known, and more than an accident that may be over."""
        return not self.is_full and not self._returning

    def sends(self, at: float) -> None:
        """A request is about to be sent, so a trial may begin."""
        if not self.is_full and self._trial_from is None and at - self._calm_from >= self._calm:
            self._try_more(at)

    def accepted(self, at: float, sent_at: float) -> None:
        """TikTok accepted a request."""
        if self._trial_from is None:
            return
        seconds = _TRIAL / max(self.target / self._known - 1.0, 1e-9)
        if sent_at - self._trial_from < min(_LONGEST_TRIAL, seconds):
            return
        if self.is_limited:
            self._limited_at = at
        self._known = self.target
        self._returning = False
        self._calm, self._calm_from = _CALM[0], at
        self._trial_from = None
        if not self.is_full:
            self._step = min(_STEPS[1], self._step * 2)
            self._try_more(at)

    def refused(self, at: float, sent_at: float, *, by_own: bool = False) -> None:
        """TikTok refused a request for its rate.

        Args:
            at: When its answer came.
            sent_at: When it left.
            by_own: Whether this program's own requests met there, which shows no lower limit.
        """
        if by_own and not self.is_limited and at - self._limited_at > _SUSPICIOUS:
            self._refused.append(sent_at)
            return
        if self._incident is None or sent_at >= self._incident_known_at:
            on_trial = self._trial_from is not None and sent_at >= self._trial_from
            cycle = self._accepted_rate(self._incident.first, sent_at) if self._incident else self.target
            may_be_accident = self.is_full and self._may_be_accident(sent_at)
            self._incident = _Incident(
                sent_at, target=self.target, cycle=cycle, may_be_accident=may_be_accident, on_trial=on_trial
            )
            self._incident_known_at = at
        incident = self._incident
        self._refused.append(sent_at)
        incident.refused += 1
        incident.last = max(incident.last, sent_at)
        if not incident.may_be_accident or self._is_large(incident):
            self._slow_down(at, incident)

    def restore(self, target: float) -> None:
        """The recent refusals were not for a second's limit: return to the rate from before them."""
        self.target = self._known = target
        self._incident = None
        self._trial_from = None
        self._returning = False

    def resume(self, at: float, target: float) -> None:
        """Every request was refused for a while, which no limit per second does: return to the rate from before."""
        if at - self._resumed_at > _RETURN_PERIOD:
            self._resumed_at = at
            self.restore(target)

    def count_accepted(self, begin: float, end: float) -> int:
        """How many requests sent after `begin`, up to `end`, are not known to be refused."""
        count = 0
        for sent_at in reversed(self._sent):
            if sent_at <= begin:
                break
            count += sent_at <= end
        return count - sum(1 for sent_at in self._refused if begin < sent_at <= end)

    def _may_be_accident(self, sent_at: float) -> bool:
        while self._incidents and sent_at - self._incidents[0] > _ACCIDENT_PERIOD:
            self._incidents.popleft()
        while self._refused and sent_at - self._refused[0] > 2 * _ACCIDENT_PERIOD:
            self._refused.popleft()
        if not self._incidents or sent_at - self._incidents[-1] >= _SAME_ACCIDENT:
            self._incidents.append(sent_at)
        return len(self._incidents) <= _ACCIDENTS

    def _is_large(self, incident: _Incident) -> bool:
        accepted = self.count_accepted(incident.first - 1.0, incident.last)
        return incident.refused >= max(_LARGE_COUNT, _LARGE_FRACTION * (accepted + incident.refused))

    def _accepted_rate(self, begin: float, end: float) -> float:
        """Requests per second accepted between two incidents; the target rate if their distance shows nothing."""
        shortest, longest = _CYCLE
        seconds = end - begin - self._paused(begin, end)
        if not shortest <= seconds <= longest:
            return self.target
        return max(self.target * _CYCLE_LEAST, self.count_accepted(begin, end) / seconds)

    def _paused(self, begin: float, end: float) -> float:
        """Seconds of pauses in a period."""
        times = [sent_at for sent_at in self._sent if begin <= sent_at <= end]
        usual = 1.0 / self.target
        return sum(gap - usual for first, second in pairwise(times) if (gap := second - first) > _PAUSE + usual)

    def _slow_down(self, at: float, incident: _Incident) -> None:
        if self.is_full:
            self._returning = incident.may_be_accident and at - self._returned_at > _RETURN_PERIOD
            self._returned_at = at
        elif self._returning and self._trial_from is not None:
            self._returning, self._calm = False, _CALM[0]
        elif incident.on_trial and incident.refused == 1:
            self._calm = min(_CALM[1], max(_CALM[0], self._calm * 2))
        if not incident.on_trial:
            begin = max(incident.first - 1.0, self._sent[0] - 1e-6 if self._sent else 0.0)
            accepted = self.count_accepted(begin, incident.last) / max(1.0, incident.last - begin)
            estimate = _MARGIN * min(accepted, incident.cycle, incident.target)
            self._known = max(incident.target * _LOWEST[0], self._full * _LOWEST[1], min(self._known, estimate))
        self.target = self._known
        self._trial_from = None
        self._step = _STEPS[0]
        self._calm_from = at
        if self._returning:
            self._calm = _RETURN_CALM

    def _try_more(self, at: float) -> None:
        self.target = self._full if self._returning else min(self._full, self._known * (1.0 + self._step))
        self._trial_from = at
