"""The requests a second that TikTok takes, found by what it refuses.

The tier's rate is asked for until TikTok refuses some of it again and again. What it took while it refused others is
what it takes now; a little less than that is asked for from then on. After some calm a little more is tried for some
seconds: if it is taken, it stays, and twice as much more is tried; if not, the next trial is further off.
"""

from __future__ import annotations

from collections import deque

_MARGIN = 0.94
"""Of what TikTok took while it refused."""
_LOWEST = (0.1, 0.02)
"""Of the rate at which requests were refused, and of the full one: one incident, and all, bring it down no further."""
_ACCIDENTS = 2
_A_MINUTE = 60.0
"""So many incidents in so many seconds change nothing: requests that were held up on their way arrive together."""
_MANY = 4
_LARGE = 0.25
"""Refusals, and their share, of one incident which change something nevertheless."""
_CYCLE = (4.0, 60.0)
"""Seconds from one incident to the next, over which what was taken tells how much can be."""
_CYCLE_LEAST = 0.7
"""Of the rate asked for: if less was taken, less was sent."""
_STEPS = (0.05, 0.4)
"""More than is known, in a trial: at first, and at most after doubling."""
_CALM = (15.0, 120.0)
"""Seconds without a refusal before a trial; twice as many after each that failed, up to a limit."""
_STEP_BACK = 0.2
_CALM_BEFORE_IT = 5.0
_JUST_NOW = 15.0
"""The first trial if everything was asked for just now, and was taken until then: it may have been an accident."""
_TRIAL = 1.25
"""Seconds' worth of requests beyond the rate that is known which a trial must hold: more than was saved up by then."""
_LONGEST_TRIAL = 25.0


class _Incident:
    """Refusals of one cause: of requests that were sent before the first of them was known."""

    __slots__ = ("before", "cycle", "first", "fresh", "last", "on_trial", "refused")

    def __init__(self, sent_at: float, *, before: float, cycle: float, fresh: bool, on_trial: bool) -> None:
        self.first = self.last = sent_at
        self.refused = 0
        self.before = before
        self.cycle = cycle
        self.fresh = fresh
        self.on_trial = on_trial


class RateSearch:
    """The search. Times are seconds of one clock; nothing here waits.

    Args:
        full: Requests a second that are never exceeded.
        sent: When requests were sent, oldest first; kept by the caller, who forgets those older than a minute.
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
        self._full_at = 0.0
        self._incident: _Incident | None = None
        self._incident_known_at = float("-inf")
        self.asked = full
        """Requests a second to ask for now."""

    @property
    def is_full(self) -> bool:
        """Whether everything is asked for, and nothing speaks against it."""
        return self._known >= self._full

    def sends(self, at: float) -> None:
        """A request is about to be sent, so that there is somebody to try more with."""
        if not self.is_full and self._trial_from is None and at - self._calm_from >= self._calm:
            self._try_more(at)

    def accepted(self, at: float, sent_at: float) -> None:
        """TikTok took a request."""
        if self._trial_from is None:
            return
        seconds = _TRIAL / max(self.asked / self._known - 1.0, 1e-9)
        if sent_at - self._trial_from < min(_LONGEST_TRIAL, seconds):
            return
        self._known = self.asked
        self._calm, self._calm_from = _CALM[0], at
        self._trial_from = None
        if not self.is_full:
            self._step = min(_STEPS[1], self._step * 2)
            self._try_more(at)

    def refused(self, at: float, sent_at: float) -> None:
        """TikTok refused a request for its rate."""
        if self._incident is None or sent_at >= self._incident_known_at:
            on_trial = self._trial_from is not None and sent_at >= self._trial_from
            cycle = self._taken_since(self._incident.first, sent_at) if self._incident else self.asked
            fresh = self.is_full and self._may_be_accident(sent_at)
            self._incident = _Incident(sent_at, before=self.asked, cycle=cycle, fresh=fresh, on_trial=on_trial)
            self._incident_known_at = at
        incident = self._incident
        if self.is_full:
            self._full_at = at
        self._refused.append(sent_at)
        incident.refused += 1
        incident.last = max(incident.last, sent_at)
        if not incident.fresh or self._is_large(incident):
            self._slow_down(at, incident)

    def restore(self, asked: float) -> None:
        """The refusals of late were not for the requests of a second: ask for what was asked before them."""
        self.asked = self._known = asked
        self._incident = None
        self._trial_from = None

    def taken(self, begin: float, end: float) -> int:
        """Requests sent within these moments (`begin` excluded) that were not refused, as far as is known."""
        count = 0
        for moment in reversed(self._sent):
            if moment <= begin:
                break
            count += moment <= end
        return count - sum(1 for moment in self._refused if begin < moment <= end)

    def _may_be_accident(self, sent_at: float) -> bool:
        while self._incidents and sent_at - self._incidents[0] > _A_MINUTE:
            self._incidents.popleft()
        while self._refused and sent_at - self._refused[0] > 2 * _A_MINUTE:
            self._refused.popleft()
        self._incidents.append(sent_at)
        return len(self._incidents) <= _ACCIDENTS

    def _is_large(self, incident: _Incident) -> bool:
        taken = self.taken(incident.first - 1.0, incident.last)
        return incident.refused >= max(_MANY, _LARGE * (taken + incident.refused))

    def _taken_since(self, begin: float, end: float) -> float:
        """Requests a second that were taken from one incident to the next; what was asked if that tells nothing."""
        shortest, longest = _CYCLE
        if not shortest <= end - begin <= longest:
            return self.asked
        return max(self.asked * _CYCLE_LEAST, self.taken(begin, end) / (end - begin))

    def _slow_down(self, at: float, incident: _Incident) -> None:
        if incident.on_trial:
            if incident.refused == 1:
                self._calm = min(_CALM[1], max(_CALM[0], self._calm * 2))
        else:
            begin = max(incident.first - 1.0, self._sent[0] - 1e-6 if self._sent else 0.0)
            taken = self.taken(begin, incident.last) / max(1.0, incident.last - begin)
            target = _MARGIN * min(taken, incident.cycle, incident.before)
            self._known = max(incident.before * _LOWEST[0], self._full * _LOWEST[1], min(self._known, target))
        self.asked = self._known
        self._trial_from = None
        self._step = _STEPS[0]
        self._calm_from = at
        if at - self._full_at <= _JUST_NOW and not incident.on_trial:
            self._step, self._calm = _STEP_BACK, _CALM_BEFORE_IT

    def _try_more(self, at: float) -> None:
        self.asked = min(self._full, self._known * (1.0 + self._step))
        self._trial_from = at
