"""When the next request to one endpoint may be sent, if several processes share the application's quota. Pure.

Nobody coordinates the processes. Time is divided into slots, as many per second as the quota allows, and the slots in
turn among the shards, in an order that moves by one now and then. Every process knows by its clock whose slot it is. So
together they send evenly, and no second holds more than the quota, while each one sends what it may. If each process
sent its share evenly but by its own time, their requests would meet in some seconds and be refused.

The slots of a shard that has ended, or has nothing to ask, are free. After a calm period, a process tries the slots of
one other shard, those that it has not tried for longest: first some of them, each in another second, then more of them.
If a request is refused meanwhile, the slots are in use, and the next trial comes later. If none is, the process keeps
them, until refusals show that their owner is back. A process never gives up its own slots for that. With many shards,
each keeps to its own slots.

A trial is as long as it has to be. The quota has room for a few more requests than there are slots, so that some of a
trial are accepted even if the slots are in use, and of the refused ones most belong to other processes.

If even own slots are refused often, a program outside of the shards uses some of the quota. Then slots are left out.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from math import ceil, floor, log
from typing import TYPE_CHECKING

from tiktok_marketing.api.rate_limit.pacer import DailyQuotaSpent

if TYPE_CHECKING:
    from datetime import date

    from tiktok_marketing.api.rate_limit.tiers import Tier
    from tiktok_marketing.shards import Shard

_HEADROOM = 0.945
"""Fraction of the quota that slots are made for: requests of several machines arrive a little unevenly. No tier has a
whole number of slots per second with it. Otherwise, the differences of the clocks would decide who is refused."""
_GRACE = (0.6, 0.05)
"""How late a request may leave in its slot: a fraction of a slot, or seconds, whichever is longer."""
_CALM = (20.0, 5.0)
"""Seconds until a trial: this for each shard, or that for each pair of them, whichever is longer. The more shards there
are, the later a trial that fails is noticed: by the process's own requests alone."""
_LONGEST_CALM = 2.0
"""They double after a trial that failed, up to as many times the first ones."""
_LATER = (0.0, 0.12, 0.25)
"""When in a slot a request leaves, as a fraction of it: in an own slot, in one that was taken over, and in one that is
tried. Who comes later is refused, so the owner of a slot does not suffer from a trial. With larger fractions, a second
could hold one slot more."""
_NEXT_CALM = 2.0
"""Seconds until the next trial after one that succeeded."""
_MOST_SHARDS = 8
"""With more shards, none tries the slots of others: too many other processes would notice it before the one itself."""
_CALM_SPREAD = 0.25
"""Trials come earlier or later by this fraction, so that those of several processes do not meet."""
_PROBES = 3
"""Single slots that a trial uses first, each in another second."""
_OVERLOOKED = 0.01
"""The chance that a trial of slots that are in use is not noticed, which decides how long it is."""
_TRIAL_GAP = (0.4, 0.35)
"""Seconds between the slots of a trial, so that few are on their way when the first is refused. The second number is
for large quotas: as many times the seconds in which the quota has room for one request more."""
_TURNS_ALIKE = 16
"""Turns until the order of the shards within a turn moves by one."""
_RETURN = (3, 8.0, 32.0)
"""This many refusals within this many seconds, or while each shard has so many slots, show that the owner is back."""
_PROVEN, _AGAIN = 60.0, 10.0
"""Seconds after which slots that were taken over are known to be free, and until the next trial after some were given
back. Free ones may have been given back because of another process's trial, and are tried first. Others were in use,
and a trial of them succeeds only if the quota has room. So some other slots are free."""
_SAMPLE, _TOO_MANY = 20, 0.15
"""Of the latest requests in own slots, the fraction that may be refused before slots are left out."""
_LESS, _MORE = 0.8, 0.1
"""Slots that are used, as a factor after too many refusals, and as a summand after a calm period."""
_LEAST = 0.05
_MORE_AFTER = 15.0
_LONGEST_PAUSE = 60.0


class _Trial:
    """Slots of another shard that are tried."""

    __slots__ = ("last", "slot_class", "used")

    def __init__(self, slot_class: int) -> None:
        self.slot_class = slot_class
        self.used = 0
        self.last = float("-inf")


class SharedPacer:
    """The arithmetic of one endpoint's quota for one of several processes.

    Args:
        tier: The limits of the whole application.
        shard: Which process this is.
        wall: Seconds since 1970 less the seconds of the clock that the other methods get.
        seed: Decides when and which slots of others are tried.
    """

    def __init__(self, tier: Tier, shard: Shard, wall: float, seed: int | None = None) -> None:
        self._tier = tier
        self._shard = shard
        self._wall = wall
        self._slots = _HEADROOM * min(tier.per_second, tier.per_minute / 60)
        self._random = random.Random(shard.index if seed is None else seed)  # noqa: S311 - no secret depends on it
        self._trial_slots, self._trial_gap = _trial_of(tier, shard, self._slots)
        self._tried_at: dict[int, float] = {}
        """When the slots of another shard turned out to be in use."""
        self._held_since: dict[int, float] = {}
        self._held = [shard.index]
        """The classes of slots that are used: the own one first."""
        self._trial: _Trial | None = None
        of_each, of_pairs = _CALM
        self._first_calm = max(of_each * shard.count, of_pairs * shard.count**2)
        self._calm = self._first_calm
        self._trial_at: float | None = None
        self._used = -1
        self._slot_of: dict[float, int] = {}
        self._refusals: deque[tuple[float, int]] = deque()
        """When requests were refused, and whose slots they were sent in."""
        self._own: deque[bool] = deque(maxlen=_SAMPLE)
        self._density = 1.0
        self._calm_from = float("-inf")
        self._in_a_row = 0
        self._known_at = float("-inf")
        self._paused_until = float("-inf")
        self._day: date | None = None
        self._sent_today = 0

    @property
    def rate(self) -> float:
        """Requests per second that are sent now."""
        return self._slots * len(self._held) / self._shard.count * self._density

    @property
    def group(self) -> int:
        """How many requests must be ready at once to use the rate: none, because each has its own slot."""
        return 0

    def wait(self, at: float, today: date) -> float:
        """Seconds until the next request may be sent; 0 if it may be sent now.

        Raises:
            DailyQuotaSpent: If none may be sent today.
        """
        if today != self._day:
            self._day, self._sent_today = today, 0
        if self._sent_today >= self._tier.per_day:
            raise DailyQuotaSpent
        if self._trial_at is None:
            self._trial_at = at + self._spread(self._calm)
        earliest = max(at, self._paused_until)
        return max(0.0, self._start_of(self._slot_from(earliest)) - at, self._paused_until - at)

    def sent(self, at: float) -> None:
        """A request leaves."""
        slot = self._slot_from(at)
        self._used = slot
        self._slot_of[at] = slot
        self._sent_today += 1
        if self._density < 1.0 and at - self._calm_from >= _MORE_AFTER:
            self._density, self._calm_from = min(1.0, self._density + _MORE), at
        self._go_on_trying(at, self._owner_of(slot))

    def accepted(self, at: float, sent_at: float) -> None:
        """TikTok accepted a request, as is known now."""
        slot = self._slot_of.pop(sent_at, None)
        if slot is not None and self._owner_of(slot) == self._shard.index:
            self._own.append(False)
        if sent_at > self._known_at and self._in_a_row:
            self._in_a_row, self._paused_until = 0, at

    def refused(self, at: float, sent_at: float) -> None:
        """TikTok refused a request for its rate, as is known now."""
        slot = self._slot_of.pop(sent_at, None)
        self._calm_from = at
        if sent_at > self._known_at:
            self._in_a_row += 1
            self._known_at = at
            if self._in_a_row > _PROBES:
                self._paused_until = at + min(_LONGEST_PAUSE, 2.0 ** min(self._in_a_row - _PROBES - 1, 10))
        if self._trial is not None:
            self._tried_at[self._trial.slot_class] = at
            self._end_trial(at, failed=True)
            return
        if len(self._held) > 1:
            self._doubt_others(at, self._shard.index if slot is None else self._owner_of(slot))
            return
        if slot is not None:
            self._own.append(True)
            if len(self._own) == _SAMPLE and sum(self._own) > _TOO_MANY * _SAMPLE:
                self._density = max(_LEAST, self._density * _LESS)
                self._own.clear()

    def _owner_of(self, slot: int) -> int:
        """The shard that a slot belongs to: in each turn, every shard has one. The order moves by one now and then.

        If it never moved, a quota that is counted in whole seconds could refuse the same shards again and again, and
        never the one that uses slots of another, which therefore would not give them back.
        """
        turn = slot // self._shard.count
        return (slot + turn // _TURNS_ALIKE) % self._shard.count

    def _slot_from(self, at: float) -> int:
        """The first slot from a time on that may be used, or one that has just begun."""
        fraction, seconds = _GRACE
        grace = max(fraction / self._slots, seconds)
        slot = max(self._used + 1, ceil((at + self._wall - grace) * self._slots - 1.0))
        while not (self._may_use(slot, at) and self._start_of(slot) >= at - grace):
            slot += 1
        return slot

    def _may_use(self, slot: int, at: float) -> bool:
        turn = slot // self._shard.count
        if floor((turn + 1) * self._density) == floor(turn * self._density):
            return False  # left out; which turns are does not depend on when it is asked
        slot_class = self._owner_of(slot)
        is_tried = self._trial is not None and self._trial.slot_class == slot_class and self._may_try(at)
        return slot_class in self._held or is_tried

    def _start_of(self, slot: int) -> float:
        slot_class = self._owner_of(slot)
        own, taken_over, tried = _LATER
        later = own if slot_class == self._shard.index else taken_over if slot_class in self._held else tried
        return (slot + later) / self._slots - self._wall

    def _may_try(self, at: float) -> bool:
        assert self._trial is not None  # noqa: S101 - the caller has looked
        return at - self._trial.last >= (1.0 if self._trial.used < _PROBES else self._trial_gap)

    def _go_on_trying(self, at: float, slot_class: int) -> None:
        """Note that a slot is used, and begin or end a trial if it is time."""
        trial = self._trial
        if trial is not None and slot_class == trial.slot_class:
            trial.used += 1
            trial.last = at
            if trial.used >= _PROBES + self._trial_slots:
                self._held.append(slot_class)
                self._held_since[slot_class] = at
                self._end_trial(at, failed=False)
        elif trial is None and self._trial_at is not None and at >= self._trial_at:
            others = [other for other in range(self._shard.count) if other not in self._held]
            if others and not self._in_a_row and self._shard.count <= _MOST_SHARDS:
                self._random.shuffle(others)
                self._trial = _Trial(min(others, key=lambda other: self._tried_at.get(other, float("-inf"))))
            self._trial_at = at + self._spread(self._calm)

    def _end_trial(self, at: float, *, failed: bool) -> None:
        self._trial = None
        self._calm = min(_LONGEST_CALM * self._first_calm, 2 * self._calm) if failed else self._first_calm
        self._trial_at = at + self._spread(self._calm if failed else _NEXT_CALM)

    def _doubt_others(self, at: float, slot_class: int) -> None:
        """Give back the slots of one other shard if its owner seems to be back: those in which most was refused."""
        most, seconds, turns = _RETURN
        seconds = max(seconds, turns * self._shard.count / self._slots)
        self._refusals.append((at, slot_class))
        while self._refusals[0][0] < at - seconds:
            self._refusals.popleft()
        if len(self._refusals) >= most:
            refused = Counter(slot_class for _, slot_class in self._refusals)
            others = self._random.sample(self._held[1:], len(self._held) - 1)
            doubted = max(others, key=lambda other: refused[other])
            self._held.remove(doubted)
            if at - self._held_since[doubted] < _PROVEN:
                self._tried_at[doubted] = at
            else:
                self._tried_at.pop(doubted, None)
            self._refusals.clear()
            self._calm = self._first_calm
            self._trial_at = at + self._spread(_AGAIN)

    def _spread(self, seconds: float) -> float:
        return seconds * self._random.uniform(1.0 - _CALM_SPREAD, 1.0 + _CALM_SPREAD)


def _trial_of(tier: Tier, shard: Shard, slots: float) -> tuple[int, float]:
    """How many slots of another shard a trial uses after the single ones, and the seconds between them at least.

    If the slots are in use, what a trial sends beyond the room that the quota has is refused: to this process or to
    another one, as their shares in all requests are.
    """
    room = min(tier.per_second, tier.per_minute / 60) - slots
    longest, rooms = _TRIAL_GAP
    of_each = slots / shard.count
    gap = min(longest, rooms / room)
    rate = of_each / max(1, ceil(gap * of_each))
    if rate <= room:
        gap, rate = 0.0, of_each
    own = 2 / (shard.count + 1)
    refusals = 1.0 if own >= 1.0 else log(_OVERLOOKED) / log(1.0 - own)
    return ceil(refusals * rate / max(rate - room, 0.1 * rate)), gap
