from __future__ import annotations

import gc
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import account, stream

from tiktok_marketing.sync.plan.cursors import Cursor
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.run.scheduler import EndpointScheduler, PartitionQueue, Step

FIRST = date(2026, 1, 1)
DAY = timedelta(days=1)


def queue(
    days: int, advertiser_id: str = "7001", name: str = "ads_reports_hourly", *, pages: int = 1
) -> PartitionQueue:
    """An account with this many windows of one day, known to have this many pages each; 0 if unknown."""
    account_queue = PartitionQueue(
        Partition(
            stream=stream(name),
            account=account(advertiser_id),
            first=FIRST,
            last=FIRST + (days - 1) * DAY,
            state_limit=FIRST + (days - 1) * DAY,
            days=1,
        )
    )
    account_queue.pages = pages
    return account_queue


def number(reached: Window | Cursor | None) -> int:
    """The number of a window in its queue, or of the last window before a cursor, from 0."""
    assert reached is not None
    day = reached.start if isinstance(reached, Window) else date.fromisoformat(reached[:10])
    return (day - FIRST).days


def test_windows_are_handed_out_oldest_first() -> None:
    """The state can only move over an unbroken run from the oldest."""
    account_queue = queue(3)
    assert [number(account_queue.take().window) for _ in range(3)] == [0, 1, 2]
    assert not account_queue.waiting
    assert not account_queue.finished


def test_a_queue_is_finished_once_all_windows_are_finished() -> None:
    """It is not finished while a window is only handed out."""
    account_queue = queue(1)
    step = account_queue.take()
    assert not account_queue.finished
    account_queue.finish(step)
    assert account_queue.finished


def test_a_window_without_days_is_handed_out_once() -> None:
    """A list of objects is one step without a window."""
    account_queue = PartitionQueue(Partition(stream=stream("ads"), account=account()))
    step = account_queue.take()
    assert step.window is None
    assert not account_queue.waiting
    assert account_queue.finish(step) is None
    assert account_queue.finished


def test_the_state_moves_over_windows_that_finished_earlier() -> None:
    """Once a gap closes, the windows finished behind it count."""
    account_queue = queue(3)
    first, second, third = account_queue.take(), account_queue.take(), account_queue.take()
    assert account_queue.finish(third) is None
    assert account_queue.finish(second) is None
    reached = account_queue.finish(first)
    assert number(reached) == 2


def test_windows_before_a_failed_one_still_count() -> None:
    """The state ends before the window that failed, not where the failure was noticed."""
    account_queue = queue(4)
    first, second, _failing, fourth = (account_queue.take() for _ in range(4))
    account_queue.fail()
    assert number(account_queue.finish(first)) == 0
    assert account_queue.finish(fourth) is None
    assert number(account_queue.finish(second)) == 1
    assert account_queue.finished


def test_a_failed_queue_hands_out_no_more_windows() -> None:
    """The rest of an account's days cannot move its state, so they are not read."""
    account_queue = queue(5)
    account_queue.take()
    account_queue.fail()
    assert not account_queue.waiting
    assert account_queue.finished


def test_a_dropped_queue_waits_for_windows_in_flight() -> None:
    """A stream that fails ends once its requests have returned."""
    account_queue = queue(5)
    step = account_queue.take()
    account_queue.drop()
    assert not account_queue.waiting
    assert not account_queue.finished
    assert number(account_queue.finish(step)) == 0
    assert account_queue.finished


def test_a_partial_answer_stops_only_the_state() -> None:
    """Later windows are handed out, and earlier ones count."""
    account_queue = queue(4)
    first, partial_step, third = account_queue.take(), account_queue.take(), account_queue.take()
    account_queue.block(partial_step)
    assert account_queue.finish(third) is None
    assert number(account_queue.finish(first)) == 0
    last = account_queue.take()
    assert number(last.window) == 3
    assert account_queue.finish(last) is None
    assert account_queue.finished


def test_windows_behind_a_partial_answer_use_no_memory() -> None:
    """There may be thousands of accounts with thousands of windows."""
    account_queue = queue(500)
    account_queue.block(account_queue.take())
    while account_queue.waiting:
        account_queue.finish(account_queue.take())
    gc.collect()
    assert not [step for step in gc.get_objects() if isinstance(step, Step) and step.queue is account_queue]


@st.composite
def _schedules(draw: st.DrawFn) -> tuple[list[list[int]], int, list[tuple[int, str]]]:
    streams = draw(st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=4), min_size=1, max_size=3))
    limit = draw(st.integers(1, 9))
    outcome = st.sampled_from(["done", "done", "failed", "partial"])
    outcomes = draw(st.lists(st.tuples(st.integers(0, 20), outcome), max_size=90))
    return streams, limit, outcomes


@given(_schedules(), st.floats(0, 1))
def test_any_order_of_outcomes_keeps_the_promises(
    schedule: tuple[list[list[int]], int, list[tuple[int, str]]], failing: float
) -> None:
    """Every window is handed out once, the limit holds, and no state moves past an unfinished window."""
    sizes, limit, outcomes = schedule
    names = ["ads_reports_hourly", "campaigns_reports_hourly", "ad_groups_reports_hourly"]
    streams = [
        [queue(size, str(n), name) for n, size in enumerate(accounts)]
        for name, accounts in zip(names, sizes, strict=False)
    ]
    scheduler = EndpointScheduler("report/integrated/get/", streams)
    in_flight: list[Step] = []
    taken: Counter[tuple[int, int]] = Counter()
    done: dict[int, set[int]] = {}
    failed: dict[int, set[int]] = {}
    by_account: set[int] = set()
    frontier: dict[int, int] = {}
    turn = 0
    while scheduler.open or in_flight:
        while len(in_flight) < limit and (step := scheduler.take(limit)) is not None:
            taken[id(step.queue), number(step.window)] += 1
            assert not failed.get(id(step.queue))
            in_flight.append(step)
            assert scheduler.active == len(in_flight)
        assert in_flight, "nothing is in flight and the scheduler hands out nothing"
        which, outcome = outcomes[turn] if turn < len(outcomes) else (0, "done")
        turn += 1
        step = in_flight.pop(which % len(in_flight))
        scheduler.release(step)
        queue_id, at = id(step.queue), number(step.window)
        if outcome == "failed" and which / 20 <= failing:
            step.queue.fail()
            failed.setdefault(queue_id, set()).add(at)
            continue
        if outcome == "partial":
            step.queue.block(step)
            by_account.add(queue_id)
            done.setdefault(queue_id, set())
            continue
        reached = step.queue.finish(step)
        done.setdefault(queue_id, set()).add(at)
        if reached is not None:
            assert number(reached) > frontier.get(queue_id, -1)
            frontier[queue_id] = number(reached)
        run = next(n for n in range(99) if n not in done[queue_id])  # the first window that is not done
        assert frontier.get(queue_id, -1) == run - 1
    assert set(taken.values()) <= {1}
    for queues, accounts in zip(streams, sizes, strict=False):
        for account_queue, size in zip(queues, accounts, strict=True):
            assert account_queue.finished
            assert account_queue.in_flight == 0
            if not failed.get(id(account_queue)) and id(account_queue) not in by_account:
                assert frontier[id(account_queue)] == size - 1


@given(st.integers(2, 6), st.integers(1, 32))
def test_an_account_stays_within_its_fraction_while_others_have_less(accounts: int, limit: int) -> None:
    """A slow account never exceeds its fraction of the limit before every other account has as much."""
    queues = [queue(64, str(n)) for n in range(accounts)]
    scheduler = EndpointScheduler("report/integrated/get/", [queues])
    fraction = max(2, limit // 4)
    for _ in range(limit):
        step = scheduler.take(limit)
        assert step is not None
        if step.queue.in_flight > fraction:
            assert all(other.in_flight >= fraction for other in queues)


def windows_in_flight(queues: list[PartitionQueue]) -> Counter[str]:
    """How many windows each account has in flight, over all its streams."""
    by_account: Counter[str] = Counter()
    for account_queue in queues:
        by_account[account_queue.account_id] += account_queue.in_flight
    return by_account


REPORTS = ["ads_reports_hourly", "ad_groups_reports_hourly", "campaigns_reports_hourly", "advertisers_reports_hourly"]


@pytest.mark.parametrize("streams", [3, 4])
def test_an_accounts_fraction_is_over_all_its_streams(streams: int) -> None:
    """An account with partitions in several streams leaves room for one that has only one, in the last stream."""
    of_many = [queue(50, "many", name) for name in REPORTS[:streams]]
    last_only = queue(50, "one", REPORTS[streams - 1])
    scheduler = EndpointScheduler(
        "report/integrated/get/", [*([account_queue] for account_queue in of_many[:-1]), [of_many[-1], last_only]]
    )
    while scheduler.active < 8:
        assert scheduler.take(8) is not None
        assert windows_in_flight(of_many)["many"] <= 2 or last_only.in_flight >= 2


@given(st.lists(st.sets(st.integers(0, 3), min_size=1), min_size=1, max_size=4), st.integers(1, 32))
def test_fractions_hold_for_any_accounts_and_streams(streams: list[set[int]], limit: int) -> None:
    """No account exceeds its fraction while another account with windows left has less than that."""
    queues = [
        [queue(64, str(account_queue), name) for account_queue in sorted(accounts)]
        for name, accounts in zip(REPORTS, streams, strict=False)
    ]
    flat = [account_queue for row in queues for account_queue in row]
    scheduler = EndpointScheduler("report/integrated/get/", queues)
    fraction = max(2, limit // 4)
    while scheduler.active < limit:
        step = scheduler.take(limit)
        assert step is not None
        by_account = windows_in_flight(flat)
        assert by_account[step.queue.account_id] <= fraction or min(by_account.values()) >= fraction


def test_a_window_that_ends_frees_its_place() -> None:
    """Whatever its outcome, its account may have another, and the scheduler hands one out."""
    account_queue, other = queue(9, "one"), queue(9, "other")
    scheduler = EndpointScheduler("report/integrated/get/", [[account_queue], [other]])
    first, second = scheduler.take(8), scheduler.take(8)
    third = scheduler.take(8)
    assert [step.queue for step in (first, second, third) if step] == [account_queue, account_queue, other]
    assert first is not None
    account_queue.fail()
    scheduler.release(first)
    assert scheduler.active == 2
    assert second is not None
    account_queue.finish(second)
    scheduler.release(second)
    account_queue.failed = False
    assert [step.queue for _ in range(3) if (step := scheduler.take(8))] == [account_queue, account_queue, other]


def test_a_single_account_may_use_the_whole_limit() -> None:
    """What no other account needs is not left idle."""
    scheduler = EndpointScheduler("report/integrated/get/", [[queue(40)]])
    steps = [scheduler.take(16) for _ in range(16)]
    assert all(steps)


def test_a_slow_account_does_not_delay_the_others() -> None:
    """If one account's answers never arrive, all other windows are still read."""
    slow, quick = queue(50, "slow"), queue(50, "quick")
    scheduler = EndpointScheduler("report/integrated/get/", [[slow, quick]])
    while quick.waiting and scheduler.active < 8 and (step := scheduler.take(8)) is not None:
        if step.queue is quick:
            quick.finish(step)
            scheduler.release(step)
    assert not quick.waiting
    assert slow.in_flight == 2


@pytest.mark.parametrize("limit", [5, 13, 40])
def test_a_large_window_that_stalls_does_not_delay_the_others(limit: int) -> None:
    """It uses the whole limit at first, and then its pages do not arrive; other windows are still read."""
    large, quick = queue(9, "large", pages=0), [queue(50, str(n)) for n in range(3)]
    scheduler = EndpointScheduler("report/integrated/get/", [[large, *quick]])
    stuck = scheduler.take(limit)
    assert isinstance(stuck, Step)
    scheduler.set_remaining(stuck, 1000)
    left = sum(account_queue.partition.size for account_queue in quick)
    while left:
        step = scheduler.take(limit)
        assert isinstance(step, Step)
        assert step.queue is not large
        step.queue.finish(step)
        scheduler.release(step)
        left -= 1
    assert scheduler.pages == 1000
    assert scheduler.take(limit) is None


def test_large_windows_of_many_accounts_do_not_all_begin_at_once() -> None:
    """Their keys stay in memory until they end; a few of them use the whole limit."""
    scheduler = EndpointScheduler("report/integrated/get/", [[queue(9, str(n), pages=100) for n in range(50)]])
    step_count = 0
    while scheduler.take(16) is not None:
        step_count += 1
    assert step_count == 4


def test_accounts_take_turns() -> None:
    """Equal accounts get equal numbers of windows."""
    queues = [queue(30, str(n)) for n in range(3)]
    scheduler = EndpointScheduler("report/integrated/get/", [queues])
    counts = Counter(step.queue.partition.account.advertiser_id for _ in range(12) if (step := scheduler.take(12)))  # type: ignore[union-attr]
    assert counts == {"0": 4, "1": 4, "2": 4}


def test_the_first_stream_with_a_window_is_served_first() -> None:
    """Streams finish in their order, within the fraction of each account."""
    first, second = queue(3, "1"), queue(3, "1", "campaigns_reports_hourly")
    scheduler = EndpointScheduler("report/integrated/get/", [[first], [second]])
    order = [step.queue is first for _ in range(6) if (step := scheduler.take(16))]
    assert order == [True, True, True, False, False, False]


def test_a_scheduler_is_open_while_a_window_waits() -> None:
    """Windows in flight do not count, and neither do failed queues."""
    account_queue, other = queue(1, "1"), queue(2, "2")
    scheduler = EndpointScheduler("report/integrated/get/", [[account_queue, other]])
    assert scheduler.queues() == [account_queue, other]
    account_queue.take()
    assert scheduler.queues() == [other]
    other.drop()
    assert not scheduler.open
    assert scheduler.take(8) is None
    assert scheduler.queues() == []


def test_an_empty_scheduler_hands_out_nothing() -> None:
    """A stream whose accounts have no day has no step."""
    scheduler = EndpointScheduler("report/integrated/get/", [[], []])
    assert not scheduler.open
    assert scheduler.take(4) is None


def test_the_first_window_shows_how_large_windows_are() -> None:
    """Until an answer gives its number of pages, no other window of its stream and account begins."""
    account_queue = queue(9, pages=0)
    scheduler = EndpointScheduler("report/integrated/get/", [[account_queue]])
    first = scheduler.take(16)
    assert isinstance(first, Step)
    assert scheduler.take(16) is None
    scheduler.set_remaining(first, 0)
    assert all(scheduler.take(16) for _ in range(8))


def test_no_more_windows_begin_than_the_limit_needs() -> None:
    """Windows of many pages use it up by themselves; as their pages arrive, the next one begins."""
    scheduler = EndpointScheduler("report/integrated/get/", [[queue(9, pages=10)]])
    first, second = scheduler.take(16), scheduler.take(16)
    assert isinstance(first, Step)
    assert second is not None
    assert scheduler.pages == 20
    assert scheduler.take(16) is None
    scheduler.set_remaining(first, 6)
    assert scheduler.pages == 16
    assert scheduler.take(16) is None
    scheduler.set_remaining(first, 5)
    third = scheduler.take(16)
    assert isinstance(third, Step)
    assert third.pages == 6  # as many as the latest window had beyond its first


def test_a_window_larger_than_earlier_ones_counts_with_its_real_size() -> None:
    """So do the windows after it, until an answer says otherwise."""
    account_queue = queue(9, pages=1)
    scheduler = EndpointScheduler("report/integrated/get/", [[account_queue]])
    large = scheduler.take(16)
    assert isinstance(large, Step)
    scheduler.set_remaining(large, 12)
    assert (scheduler.pages, account_queue.pages) == (12, 12)
    scheduler.set_remaining(large, 11)
    assert (scheduler.pages, account_queue.pages) == (11, 12)
    scheduler.release(large)
    small = scheduler.take(16)
    assert isinstance(small, Step)
    scheduler.set_remaining(small, 2)
    assert (scheduler.pages, account_queue.pages) == (2, 2)
    scheduler.release(small)
    assert (scheduler.pages, scheduler.active) == (0, 0)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.integers(2, 40))
def test_pages_in_flight_use_the_limit_and_hardly_exceed_it(sizes: list[int], limit: int) -> None:
    """Together, the windows may have as many pages in flight as the limit, and each may have one."""
    scheduler = EndpointScheduler("report/integrated/get/", [[queue(1, str(n)) for n in range(len(sizes))]])
    steps = []
    for size in sizes:
        step = scheduler.take(1000)
        assert isinstance(step, Step)
        scheduler.set_remaining(step, size)
        steps.append(step)
    total = sum(min(step.pages, scheduler.pages_in_flight(step, limit)) for step in steps)
    assert total >= min(scheduler.pages, limit - len(steps))
    assert total <= max(limit, len(steps))
    assert all(scheduler.pages_in_flight(step, limit) >= 1 for step in steps)
