"""Several processes that share a quota without a coordinator, in virtual time, against the emulator's own quota."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
import pytest

from support import quickly
from tiktok_marketing.api.rate_limit.pacer import DailyQuotaSpent
from tiktok_marketing.api.rate_limit.shared_pacer import SharedPacer
from tiktok_marketing.api.rate_limit.tiers import Tier, tier_of
from tiktok_marketing.emulator.endpoints.envelope import Refusal
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.throttle import Throttle
from tiktok_marketing.shards import Shard

TODAY = date(2026, 6, 15)
LATENCY = 0.3
TIERS = {10: "basic", 20: "advanced", 50: "ultimate"}


class Counts(msgspec.Struct):
    """What the quota did with the requests of a period."""

    taken: int = 0
    refused: int = 0


class Processes:
    """Processes that always have something to ask, and the quota that they share.

    Args:
        count: How many shards there are.
        tier: Requests per second.
        second: How the quota counts a second.
        skew: How far the clocks of two neighbours differ, in seconds.
        clocks: How far the clock of each process is ahead, in seconds, in place of `skew`.
        seed: Decides when and which slots of others are tried.
    """

    def __init__(
        self,
        count: int,
        *,
        tier: int = 10,
        second: str = "first",
        skew: float = 0.0,
        clocks: Sequence[float] | None = None,
        seed: int = 0,
    ) -> None:
        self.now = 0.0
        self._count = count
        self._throttle = Throttle(
            Options(tier=TIERS[tier], quota_second=second), monotonic=lambda: self.now, wall=lambda: self.now
        )
        ahead = [index * skew for index in range(count)] if clocks is None else clocks
        self._pacers = {
            index: SharedPacer(tier_of(tier), Shard(index, count), 1000.0 + ahead[index], seed=100 * seed + index)
            for index in range(count)
        }

    def run(self, seconds: float, alive: Mapping[int, bool] | None = None, others: float = 0.0) -> Counts:
        """Let them send.

        Args:
            seconds: For how long.
            alive: Which of them have something to ask; None for all.
            others: Requests per second of a program that knows nothing of them.
        """
        counts, end = Counts(), self.now + seconds
        events: list[tuple[float, int, str, int, float, bool]] = []
        for index in self._pacers:
            if alive is None or alive.get(index):
                heapq.heappush(events, (self.now, index, "send", index, 0.0, False))
        if others:
            heapq.heappush(events, (self.now, self._count, "other", -1, 0.0, False))
        number = self._count + 1
        while events and events[0][0] < end:
            self.now, _, kind, index, sent_at, accepted = heapq.heappop(events)
            number += 1
            if kind == "other":
                self._admits()
                heapq.heappush(events, (self.now + 1 / others, number, "other", -1, 0.0, False))
                continue
            pacer = self._pacers[index]
            if kind == "answer":
                (pacer.accepted if accepted else pacer.refused)(self.now, sent_at)
                continue
            wait = pacer.wait(self.now, TODAY)
            if wait > 0:
                heapq.heappush(events, (self.now + min(wait, 1.0), number, "send", index, 0.0, False))
                continue
            pacer.sent(self.now)
            admitted = self._admits()
            counts.taken += admitted
            counts.refused += not admitted
            heapq.heappush(events, (self.now + LATENCY, number, "answer", index, self.now, admitted))
            heapq.heappush(events, (self.now + 0.001, number + 1, "send", index, 0.0, False))
            number += 1
        self.now = end
        return counts

    def _admits(self) -> bool:
        try:
            self._throttle.admit("app", "report/integrated/get/", "", sandbox=False)
        except Refusal:
            return False
        return True


@pytest.mark.parametrize("second", ["first", "sliding", "clock"])
@pytest.mark.parametrize(
    "count_and_tier", quickly((4, 10), (2, 10), (3, 20), (5, 20), (8, 10), (16, 10), (7, 50), (8, 50))
)
def test_together_they_use_the_quota(count_and_tier: tuple[int, int], second: str) -> None:
    """At least 90 % of it, with less than 2 % refused, from the first second on and for an hour."""
    count, tier = count_and_tier
    processes = Processes(count, tier=tier, second=second, skew=0.001)
    for seconds in (60.0, 120.0, 600.0, 3000.0):
        counts = processes.run(seconds)
        assert counts.taken >= 0.9 * tier * seconds, seconds
        assert counts.refused < 0.02 * (counts.taken + counts.refused), seconds


def test_no_shard_is_refused_for_what_another_one_does() -> None:
    """Eight shards, of which one tries the slots of another: 48 slots are six turns, and about a second."""
    processes = Processes(8, tier=50, skew=0.0005)
    counts = [processes.run(60) for _ in range(12)]
    assert sum(each.refused for each in counts) > 0
    assert max(each.refused / (each.taken + each.refused) for each in counts) < 0.02


@pytest.mark.parametrize("second", ["first", "sliding", "clock"])
@pytest.mark.parametrize(
    "slots_and_limits", quickly((0.5, 0.9, 0.04), (0.2, 0.9, 0.02), (1.0, 0.7, 0.1), (10.0, 0.6, 0.1))
)
def test_clocks_that_differ_cost_speed_alone(slots_and_limits: tuple[float, float, float], second: str) -> None:
    """What docs/cluster.md says of four shards whose clocks differ by so many slots: at least and at most so much."""
    slots, used, refused = slots_and_limits
    for clocks in ((0.0, 1.0, 0.3, 0.6), (1.0, 0.0, 0.9, 0.1), (0.0, 0.5, 0.5, 1.0)):
        processes = Processes(4, second=second, clocks=[clock * slots / 10 for clock in clocks])
        processes.run(30)
        counts = processes.run(600)
        assert counts.taken >= used * 10 * 600, clocks
        assert counts.refused < refused * (counts.taken + counts.refused), clocks


@pytest.mark.parametrize("second", ["first", "sliding", "clock"])
def test_the_others_take_over_what_one_leaves(second: str) -> None:
    """And give it back when it returns."""
    processes = Processes(4, second=second)
    processes.run(30)
    processes.run(600, {0: True, 1: True})  # two have ended
    without = processes.run(300, {0: True, 1: True})
    assert without.taken >= 0.85 * 10 * 300
    assert without.refused < 0.02 * without.taken
    processes.run(30)  # they are back
    together = processes.run(300)
    assert together.taken >= 0.9 * 10 * 300
    assert together.refused < 0.02 * together.taken


@pytest.mark.parametrize("second", ["first", "sliding", "clock"])
@pytest.mark.parametrize("seed", quickly(0, 1, 2, 3, 4))
def test_what_a_killed_shard_leaves_is_used_within_three_minutes(seed: int, second: str) -> None:
    """Also if it dies late, when trials have become rare, and whichever shard is tried first. It stays in use then."""
    processes = Processes(4, second=second, seed=seed)
    processes.run(900)
    left = {0: True, 1: True, 2: True}
    processes.run(180, left)
    for _ in range(3):
        counts = processes.run(200, left)
        assert counts.taken >= 0.85 * 10 * 200
        assert counts.refused < 0.025 * (counts.taken + counts.refused)


@pytest.mark.parametrize("second", ["first", "sliding", "clock"])
@pytest.mark.parametrize("seed", quickly(0, 1, 2))
def test_a_trial_of_slots_in_use_is_noticed(seed: int, second: str) -> None:
    """Five shards at 20 per second: the quota has room for one more per second, so a short trial goes unnoticed."""
    processes = Processes(5, tier=20, second=second, skew=0.001, seed=seed)
    for seconds in (60, 120, 120, 300, 600):
        counts = processes.run(seconds)
        assert counts.refused < 0.02 * (counts.taken + counts.refused), seconds
        assert counts.taken >= 0.9 * 20 * seconds, seconds


def test_one_of_many_finds_the_whole_quota_if_it_is_alone() -> None:
    """As where a cluster runs one pod after the other."""
    processes = Processes(4)
    processes.run(600, {2: True})
    assert processes.run(120, {2: True}).taken >= 0.9 * 10 * 120


def test_a_program_outside_of_the_shards_is_left_its_part() -> None:
    """Slots are left out while others use the quota, and used again when they end."""
    processes = Processes(2)
    processes.run(120, others=5)
    shared = processes.run(300, others=5)
    assert shared.refused < 0.15 * (shared.taken + shared.refused)
    assert shared.taken >= 0.7 * 5 * 300
    processes.run(300)
    assert processes.run(120).taken >= 0.9 * 10 * 120


def test_shards_read_on_after_a_program_that_leaves_them_little() -> None:
    """Slots are left out, but never all of them: what is left is used while it runs, and everything after its end."""
    processes = Processes(2)
    processes.run(600, others=7)
    processes.run(600)
    assert processes.run(120).taken >= 0.9 * 10 * 120


def test_a_block_is_waited_out_with_few_requests() -> None:
    """While everything is refused, the pauses grow to a minute."""
    pacer = SharedPacer(tier_of(10), Shard(0, 2), 0.0)
    now, sent = 0.0, 0
    while now < 300:
        now += max(pacer.wait(now, TODAY), 0.01)
        if pacer.wait(now, TODAY) > 0:
            continue
        pacer.sent(now)
        pacer.refused(now + 0.1, now)
        now += 0.1
        sent += 1
    assert sent < 20
    now += pacer.wait(now, TODAY)
    pacer.sent(now)
    pacer.accepted(now + 0.1, now)
    assert pacer.wait(now + 0.1, TODAY) < 0.5


def test_the_days_quota_is_never_exceeded() -> None:
    """The rest waits for the next day."""
    pacer = SharedPacer(Tier(per_second=10, per_minute=600, per_day=1), Shard(0, 2), 0.0)
    now = pacer.wait(0.0, TODAY)
    pacer.sent(now)
    with pytest.raises(DailyQuotaSpent):
        pacer.wait(now, TODAY)
    assert pacer.wait(now, date(2026, 6, 16)) >= 0
