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
    """An account with so many windows of one day, which are known to have so many pages; 0 if that is not known."""
    one = PartitionQueue(
        Partition(
            stream=stream(name),
            account=account(advertiser_id),
            first=FIRST,
            last=FIRST + (days - 1) * DAY,
            state_limit=FIRST + (days - 1) * DAY,
            days=1,
        )
    )
    one.pages = pages
    return one


def number(reached: Window | Cursor | None) -> int:
    """Which of the queue's windows it is, or the cursor is at the end of, from 0."""
    assert reached is not None
    day = reached.start if isinstance(reached, Window) else date.fromisoformat(reached[:10])
    return (day - FIRST).days


def test_windows_are_handed_out_oldest_first() -> None:
    """The state can only follow an unbroken run from the oldest."""
    one = queue(3)
    assert [number(one.take().window) for _ in range(3)] == [0, 1, 2]
    assert not one.waiting
    assert not one.finished


def test_a_queue_is_finished_when_all_is_done() -> None:
    """Handed out is not done."""
    one = queue(1)
    step = one.take()
    assert not one.finished
    one.finish(step)
    assert one.finished


def test_a_window_without_days_is_handed_out_once() -> None:
    """A list of objects is one step with no window."""
    one = PartitionQueue(Partition(stream=stream("ads"), account=account()))
    step = one.take()
    assert step.window is None
    assert not one.waiting
    assert one.finish(step) is None
    assert one.finished


def test_the_run_grows_over_windows_that_were_done_before() -> None:
    """A gap that closes takes along what was finished behind it."""
    one = queue(3)
    first, second, third = one.take(), one.take(), one.take()
    assert one.finish(third) is None
    assert one.finish(second) is None
    reached = one.finish(first)
    assert number(reached) == 2


def test_what_is_done_before_a_failure_still_counts() -> None:
    """The run ends before the window that failed, not where the failure was noticed."""
    one = queue(4)
    first, second, _failing, fourth = (one.take() for _ in range(4))
    one.fail()
    assert number(one.finish(first)) == 0
    assert one.finish(fourth) is None
    assert number(one.finish(second)) == 1
    assert one.finished


def test_a_failed_queue_hands_out_nothing_more() -> None:
    """The rest of an account's days cannot move its state, so they are not asked for."""
    one = queue(5)
    one.take()
    one.fail()
    assert not one.waiting
    assert one.finished


def test_a_dropped_queue_waits_for_what_is_under_way() -> None:
    """A stream that fails ends once its requests have come back."""
    one = queue(5)
    step = one.take()
    one.drop()
    assert not one.waiting
    assert not one.finished
    assert number(one.finish(step)) == 0
    assert one.finished


def test_what_came_in_part_ends_the_run_and_nothing_else() -> None:
    """Later windows are handed out, and those before it count."""
    one = queue(4)
    first, in_part, third = one.take(), one.take(), one.take()
    one.block(in_part)
    assert one.finish(third) is None
    assert number(one.finish(first)) == 0
    last = one.take()
    assert number(last.window) == 3
    assert one.finish(last) is None
    assert one.finished


def test_nothing_is_kept_of_windows_behind_one_that_came_in_part() -> None:
    """There may be thousands of accounts with thousands of windows."""
    one = queue(500)
    one.block(one.take())
    while one.waiting:
        one.finish(one.take())
    gc.collect()
    assert not [thing for thing in gc.get_objects() if isinstance(thing, Step) and thing.queue is one]


@st.composite
def _schedules(draw: st.DrawFn) -> tuple[list[list[int]], int, list[tuple[int, str]]]:
    streams = draw(st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=4), min_size=1, max_size=3))
    limit = draw(st.integers(1, 9))
    becomes = st.sampled_from(["done", "done", "failed", "in part"])
    outcomes = draw(st.lists(st.tuples(st.integers(0, 20), becomes), max_size=90))
    return streams, limit, outcomes


@given(_schedules(), st.floats(0, 1))
def test_any_order_of_ends_keeps_the_promises(
    schedule: tuple[list[list[int]], int, list[tuple[int, str]]], failing: float
) -> None:
    """Every window is handed out once, the limit holds, and no run passes one that is open, failed or came in part."""
    sizes, limit, outcomes = schedule
    names = ["ads_reports_hourly", "campaigns_reports_hourly", "ad_groups_reports_hourly"]
    streams = [
        [queue(size, str(n), name) for n, size in enumerate(accounts)]
        for name, accounts in zip(names, sizes, strict=False)
    ]
    lane = EndpointScheduler("report/integrated/get/", streams)
    under_way: list[Step] = []
    taken: Counter[tuple[int, int]] = Counter()
    done: dict[int, set[int]] = {}
    failed: dict[int, set[int]] = {}
    held: set[int] = set()
    frontier: dict[int, int] = {}
    turn = 0
    while lane.open or under_way:
        while len(under_way) < limit and (step := lane.take(limit)) is not None:
            taken[id(step.queue), number(step.window)] += 1
            assert not failed.get(id(step.queue))
            under_way.append(step)
            assert lane.active == len(under_way)
        assert under_way, "nothing is under way and the lane hands out nothing"
        which, becomes = outcomes[turn] if turn < len(outcomes) else (0, "done")
        turn += 1
        step = under_way.pop(which % len(under_way))
        lane.release(step)
        me, at = id(step.queue), number(step.window)
        if becomes == "failed" and which / 20 <= failing:
            step.queue.fail()
            failed.setdefault(me, set()).add(at)
            continue
        if becomes == "in part":
            step.queue.block(step)
            held.add(me)
            done.setdefault(me, set())
            continue
        reached = step.queue.finish(step)
        done.setdefault(me, set()).add(at)
        if reached is not None:
            assert number(reached) > frontier.get(me, -1)
            frontier[me] = number(reached)
        run = next(n for n in range(99) if n not in done[me])  # the first window that is not done
        assert frontier.get(me, -1) == run - 1
    assert set(taken.values()) <= {1}
    for queues, accounts in zip(streams, sizes, strict=False):
        for one, size in zip(queues, accounts, strict=True):
            assert one.finished
            assert one.in_flight == 0
            if not failed.get(id(one)) and id(one) not in held:
                assert frontier[id(one)] == size - 1


@given(st.integers(2, 6), st.integers(1, 32))
def test_an_account_keeps_to_its_share_while_others_could_use_it(accounts: int, limit: int) -> None:
    """A slow account never holds more than its share before every other holds as much."""
    queues = [queue(64, str(n)) for n in range(accounts)]
    lane = EndpointScheduler("report/integrated/get/", [queues])
    share = max(2, limit // 4)
    for _ in range(limit):
        step = lane.take(limit)
        assert step is not None
        if step.queue.in_flight > share:
            assert all(other.in_flight >= share for other in queues)


def held_by(queues: list[PartitionQueue]) -> Counter[str]:
    """How many windows each account has in flight, over all its streams."""
    held: Counter[str] = Counter()
    for one in queues:
        held[one.account_id] += one.in_flight
    return held


REPORTS = ["ads_reports_hourly", "ad_groups_reports_hourly", "campaigns_reports_hourly", "advertisers_reports_hourly"]


@pytest.mark.parametrize("streams", [3, 4])
def test_an_accounts_share_is_over_all_its_streams(streams: int) -> None:
    """An account with parts in several streams leaves room for one that has a part in the last of them only."""
    of_many = [queue(50, "many", name) for name in REPORTS[:streams]]
    of_one = queue(50, "one", REPORTS[streams - 1])
    lane = EndpointScheduler("report/integrated/get/", [*([one] for one in of_many[:-1]), [of_many[-1], of_one]])
    while lane.active < 8:
        assert lane.take(8) is not None
        assert held_by(of_many)["many"] <= 2 or of_one.in_flight >= 2


@given(st.lists(st.sets(st.integers(0, 3), min_size=1), min_size=1, max_size=4), st.integers(1, 32))
def test_shares_hold_however_accounts_and_streams_meet(streams: list[set[int]], limit: int) -> None:
    """No account passes its share while another that has windows left holds less than that."""
    queues = [
        [queue(64, str(one), name) for one in sorted(accounts)]
        for name, accounts in zip(REPORTS, streams, strict=False)
    ]
    flat = [one for row in queues for one in row]
    lane = EndpointScheduler("report/integrated/get/", queues)
    share = max(2, limit // 4)
    while lane.active < limit:
        step = lane.take(limit)
        assert step is not None
        held = held_by(flat)
        assert held[step.queue.account_id] <= share or min(held.values()) >= share


def test_a_window_that_ended_gives_its_share_back() -> None:
    """Whatever became of it, its account may have another, and the lane has room for it."""
    one, other = queue(9, "one"), queue(9, "other")
    lane = EndpointScheduler("report/integrated/get/", [[one], [other]])
    first, second = lane.take(8), lane.take(8)
    third = lane.take(8)
    assert [step.queue for step in (first, second, third) if step] == [one, one, other]
    assert first is not None
    one.fail()
    lane.release(first)
    assert lane.active == 2
    assert second is not None
    one.finish(second)
    lane.release(second)
    one.failed = False
    assert [step.queue for _ in range(3) if (step := lane.take(8))] == [one, one, other]


def test_one_account_alone_may_use_the_whole_lane() -> None:
    """A share that nobody else wants is not left idle."""
    lane = EndpointScheduler("report/integrated/get/", [[queue(40)]])
    steps = [lane.take(16) for _ in range(16)]
    assert all(steps)


def test_a_slow_account_does_not_hold_up_the_others() -> None:
    """With one account's answers never coming, all other windows are still read."""
    slow, quick = queue(50, "slow"), queue(50, "quick")
    lane = EndpointScheduler("report/integrated/get/", [[slow, quick]])
    while quick.waiting and lane.active < 8 and (step := lane.take(8)) is not None:
        if step.queue is quick:
            quick.finish(step)
            lane.release(step)
    assert not quick.waiting
    assert slow.in_flight == 2


@pytest.mark.parametrize("limit", [5, 13, 40])
def test_a_large_window_that_stands_still_does_not_hold_up_the_others(limit: int) -> None:
    """It fills the lane, which it had to itself at first, and then its pages do not come: others are read still."""
    large, quick = queue(9, "large", pages=0), [queue(50, str(n)) for n in range(3)]
    lane = EndpointScheduler("report/integrated/get/", [[large, *quick]])
    stuck = lane.take(limit)
    assert isinstance(stuck, Step)
    lane.set_remaining(stuck, 1000)
    left = sum(one.partition.size for one in quick)
    while left:
        step = lane.take(limit)
        assert isinstance(step, Step)
        assert step.queue is not large
        step.queue.finish(step)
        lane.release(step)
        left -= 1
    assert lane.pages == 1000
    assert lane.take(limit) is None


def test_large_windows_of_many_accounts_are_not_all_begun_at_once() -> None:
    """Their keys are kept until they end; the shares of a few of them are the whole lane."""
    lane = EndpointScheduler("report/integrated/get/", [[queue(9, str(n), pages=100) for n in range(50)]])
    begun = 0
    while lane.take(16) is not None:
        begun += 1
    assert begun == 4


def test_accounts_take_turns() -> None:
    """Equal accounts get equal windows."""
    queues = [queue(30, str(n)) for n in range(3)]
    lane = EndpointScheduler("report/integrated/get/", [queues])
    counts = Counter(step.queue.partition.account.advertiser_id for _ in range(12) if (step := lane.take(12)))  # type: ignore[union-attr]
    assert counts == {"0": 4, "1": 4, "2": 4}


def test_the_first_stream_that_has_a_window_gives_it() -> None:
    """Streams are finished in their order while each account has its share."""
    first, second = queue(3, "1"), queue(3, "1", "campaigns_reports_hourly")
    lane = EndpointScheduler("report/integrated/get/", [[first], [second]])
    order = [step.queue is first for _ in range(6) if (step := lane.take(16))]
    assert order == [True, True, True, False, False, False]


def test_a_lane_is_open_while_something_waits() -> None:
    """What is under way is not open; a failed queue neither."""
    one, other = queue(1, "1"), queue(2, "2")
    lane = EndpointScheduler("report/integrated/get/", [[one, other]])
    assert lane.queues() == [one, other]
    one.take()
    assert lane.queues() == [other]
    other.drop()
    assert not lane.open
    assert lane.take(8) is None
    assert lane.queues() == []


def test_an_empty_lane_has_nothing() -> None:
    """A stream whose accounts have no day gives no step."""
    lane = EndpointScheduler("report/integrated/get/", [[], []])
    assert not lane.open
    assert lane.take(4) is None


def test_the_first_window_tells_how_large_they_are() -> None:
    """Until an answer says how many pages it has, no other window of its stream and account is begun."""
    one = queue(9, pages=0)
    lane = EndpointScheduler("report/integrated/get/", [[one]])
    first = lane.take(16)
    assert isinstance(first, Step)
    assert lane.take(16) is None
    lane.set_remaining(first, 0)
    assert all(lane.take(16) for _ in range(8))


def test_no_more_is_begun_than_the_limit_has_use_for() -> None:
    """Windows of many pages use it up by themselves; as their pages come, the next one is begun."""
    lane = EndpointScheduler("report/integrated/get/", [[queue(9, pages=10)]])
    first, second = lane.take(16), lane.take(16)
    assert isinstance(first, Step)
    assert second is not None
    assert lane.pages == 20
    assert lane.take(16) is None
    lane.set_remaining(first, 6)
    assert lane.pages == 16
    assert lane.take(16) is None
    lane.set_remaining(first, 5)
    third = lane.take(16)
    assert isinstance(third, Step)
    assert third.pages == 6  # as the latest window said that it had beyond its first


def test_a_window_that_is_larger_than_those_before_it_counts_for_what_it_is() -> None:
    """And so do those after it, until one says otherwise."""
    one = queue(9, pages=1)
    lane = EndpointScheduler("report/integrated/get/", [[one]])
    large = lane.take(16)
    assert isinstance(large, Step)
    lane.set_remaining(large, 12)
    assert (lane.pages, one.pages) == (12, 12)
    lane.set_remaining(large, 11)
    assert (lane.pages, one.pages) == (11, 12)
    lane.release(large)
    small = lane.take(16)
    assert isinstance(small, Step)
    lane.set_remaining(small, 2)
    assert (lane.pages, one.pages) == (2, 2)
    lane.release(small)
    assert (lane.pages, lane.active) == (0, 0)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.integers(2, 40))
def test_pages_ahead_fill_the_limit_and_not_much_more(sizes: list[int], limit: int) -> None:
    """What the windows under way may ask for together is the limit, if they have as many pages, and each may ask."""
    lane = EndpointScheduler("report/integrated/get/", [[queue(1, str(n)) for n in range(len(sizes))]])
    steps = []
    for size in sizes:
        step = lane.take(1000)
        assert isinstance(step, Step)
        lane.set_remaining(step, size)
        steps.append(step)
    asked = sum(min(step.pages, lane.pages_in_flight(step, limit)) for step in steps)
    assert asked >= min(lane.pages, limit - len(steps))
    assert asked <= max(limit, len(steps))
    assert all(lane.pages_in_flight(step, limit) >= 1 for step in steps)
