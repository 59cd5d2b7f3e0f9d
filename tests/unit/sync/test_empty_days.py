"""What is worth asking first, and which windows are then left out: pure."""

from __future__ import annotations

import random
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import NOON, FakeClock, FakeTransport, account, client, config, stream, success

from tiktok_marketing.clock import ClockReading
from tiktok_marketing.sync.plan.partitions import Partition, plan_stream
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.plan.zones import ZONE_AHEAD_OF_ALL
from tiktok_marketing.sync.read.empty_days import ActivityQuery, EmptyDayFinder
from tiktok_marketing.sync.run.scheduler import EndpointScheduler, PartitionQueue, Step

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)
HOURLY = ("ads_reports_hourly", "campaigns_reports_hourly")


def parts_of(names: tuple[str, ...], *accounts: object) -> list[Partition]:
    """The parts of these streams."""
    return [
        part
        for name in names
        for part in plan_stream(
            config(), Selected(stream(name), incremental=True), None, accounts, ClockReading.at(NOON)
        )  # type: ignore[arg-type]
    ]


def activity(parts: list[Partition]) -> EmptyDayFinder:
    """Activity that nothing is asked of."""
    return EmptyDayFinder(client(FakeTransport([]), FakeClock()), parts)


def group_sizes(found: EmptyDayFinder, parts: list[Partition]) -> set[int]:
    """How many accounts questions are about."""
    return {len(question.accounts) for part in parts if (days := found.of(part)) for question in days.queries}


def test_five_accounts_of_one_time_zone_share_a_question() -> None:
    """TikTok takes five at once."""
    parts = parts_of(HOURLY, *(account(str(7000 + number)) for number in range(12)))
    found = activity(parts)
    assert group_sizes(found, parts) == {5, 2}
    assert found.query_count == 3 * 3  # 69 days, thirty at a time


def test_accounts_of_different_zones_do_not() -> None:
    """TikTok does not say whose days such rows would be in."""
    accounts = [account("1", zone=ZoneInfo("Asia/Tokyo")), account("2", zone=ZoneInfo("America/New_York"))]
    parts = parts_of(HOURLY, *accounts)
    assert group_sizes(activity(parts), parts) == {1}


def test_accounts_of_unknown_zones_do_not() -> None:
    """They may be in different ones."""
    parts = parts_of(HOURLY, account("1", zone=ZONE_AHEAD_OF_ALL), account("2", zone=ZONE_AHEAD_OF_ALL))
    assert group_sizes(activity(parts), parts) == {1}


def test_an_account_that_could_not_be_described_is_left_out() -> None:
    """It would spoil the question for the others."""
    from tiktok_marketing.sync.plan.accounts import Account
    from tiktok_marketing.sync.read.accounts import _unmentioned

    bad = msgspec.structs.replace(account("1"), error=_unmentioned("1"))
    assert isinstance(bad, Account)
    parts = parts_of(HOURLY, bad)
    assert activity(parts).of(parts[0]) is None


@pytest.mark.parametrize(
    ("names", "asks"),
    [
        (("ads_reports_daily",), False),
        (("ads_reports_daily", "campaigns_reports_daily", "ad_groups_reports_daily"), False),
        (("ads_reports_hourly",), True),
        (("ads_reports_lifetime", "ads", "advertisers_audience_reports_lifetime"), False),
    ],
)
def test_a_question_must_be_able_to_spare_five_windows(names: tuple[str, ...], asks: bool) -> None:
    """Otherwise it would cost more than it can save."""
    parts = parts_of(names, account())
    assert any(activity(parts).of(part) is not None for part in parts) is asks


def test_reports_over_all_time_are_always_asked_for() -> None:
    """They may list objects with zeros."""
    parts = parts_of((*HOURLY, "ads_reports_lifetime"), account())
    assert activity(parts).of(parts[-1]) is None


async def test_a_question_whose_answer_lacks_ads_is_left_open() -> None:
    """Days that no ad looked at are not empty, and nothing else ends for it."""
    parts = parts_of(HOURLY, account())
    clock = FakeClock()
    rowless = {"list": [], "page_info": {"page": 1, "page_size": 1000, "total_number": 0, "total_page": 1}}
    found = EmptyDayFinder(client(FakeTransport(clock, success(rowless, {"X-Tt-Ads-Throttle": "1"})), clock), parts)
    days = found.of(parts[0])
    assert days is not None
    await found.ask(days.queries[0])
    assert days.queries[0].answered
    assert not days.is_empty(Window(FIRST, FIRST))


@pytest.mark.parametrize(
    "dimensions",
    [
        {"advertiser_id": "7001", "stat_time_day": "2024-12-31 00:00:00"},
        {"advertiser_id": "7001", "stat_time_day": "2026-01-31 00:00:00"},
        {"advertiser_id": "7002", "stat_time_day": "2026-01-02 00:00:00"},
        {"advertiser_id": "7001", "stat_time_day": "-"},
        {"advertiser_id": "7001"},
        {"stat_time_day": "2026-01-02 00:00:00"},
    ],
)
async def test_an_answer_about_something_else_proves_nothing(dimensions: dict[str, str]) -> None:
    """With rows of days or accounts that nobody asked about, those that were asked about are not empty."""
    parts = parts_of(HOURLY, account("7001"))
    clock = FakeClock()
    good = {"advertiser_id": "7001", "stat_time_day": "2026-01-30 00:00:00"}
    for rows, proves in (([good], True), ([good, dimensions], False)):
        info = {"page": 1, "page_size": 1000, "total_number": len(rows), "total_page": 1}
        told = success({"list": [{"dimensions": row, "metrics": {}} for row in rows], "page_info": info})
        found = EmptyDayFinder(client(FakeTransport(clock, told), clock), parts)
        days = found.of(parts[0])
        assert days is not None
        await found.ask(days.queries[0])
        assert days.queries[0].answered
        assert days.is_empty(Window(FIRST, FIRST)) == proves


def answer(question: ActivityQuery, active: set[date]) -> None:
    """Let the question be answered."""
    question.answered = True
    for days in question.accounts:
        question.answers[days.advertiser_id] = {day for day in active if question.window.start <= day}


@given(
    length=st.integers(1, 100),
    window_days=st.integers(1, 30),
    active=st.sets(st.integers(0, 99), max_size=8),
    last_known=st.integers(0, 4),
    dice=st.randoms(use_true_random=False),
)
def test_every_day_with_data_is_read_and_every_window_is_accounted_for(
    length: int, window_days: int, active: set[int], last_known: int, dice: random.Random
) -> None:
    """Whatever days are active: those are in a window that is read, and steps cover all windows, in order."""
    last = FIRST + (length - 1) * DAY
    parts = [
        Partition(stream=stream(name), account=account(), first=FIRST, last=last, state_limit=last, days=days)
        for name, days in (
            ("ads_reports_daily", window_days),
            ("ads_reports_hourly", 1),
            ("campaigns_reports_hourly", 1),
        )
    ]
    found = activity(parts)
    days_known = found.of(parts[0])
    queue = PartitionQueue(parts[0], days_known)
    lane = EndpointScheduler("report/integrated/get/", [[queue]])
    days_with_data = {FIRST + number * DAY for number in active if number < length}
    read: list[Window] = []
    windows = 0
    reached = None
    in_flight: list[Step] = []
    while queue.waiting or in_flight:
        taken = lane.take(10)
        if in_flight and (taken is None or dice.random() < 0.5):
            done = in_flight.pop(dice.randrange(len(in_flight)))
            reached = queue.finish(done) or reached
            lane.release(done)
        if taken is None:
            continue
        if isinstance(taken, ActivityQuery):
            if taken.accounts[0].queries.index(taken) >= last_known:
                taken.answered = True  # without an answer
            else:
                answer(taken, days_with_data)
            lane.query_done()
            continue
        assert isinstance(taken, Step)
        assert taken.window is not None
        windows += taken.window_count
        if not taken.empty:
            read.append(taken.window)
        in_flight.append(taken)
    covered = {window.start + number * DAY for window in read for number in range(window.days)}
    assert days_with_data <= covered
    assert windows == parts[0].size
    assert reached is not None
    assert reached == f"{last} 00:00:00"


def test_empty_days_in_a_row_are_one_step() -> None:
    """Years of an idle account are passed in as many steps as there are questions."""
    parts = parts_of(HOURLY, account())
    found = activity(parts)
    queue = PartitionQueue(parts[0], found.of(parts[0]))
    lane = EndpointScheduler("report/integrated/get/", [[queue]])
    steps = []
    while queue.waiting:
        taken = lane.take(4)
        if isinstance(taken, ActivityQuery):
            answer(taken, set())
            lane.query_done()
        elif taken is not None:
            queue.finish(taken)
            lane.release(taken)
            steps.append((taken.empty, taken.window_count))
    assert steps == [(True, 30), (True, 30), (True, 9)]


def test_a_queue_whose_question_is_under_way_keeps_its_turn() -> None:
    """Others go on meanwhile, and no question is asked twice."""
    parts = parts_of(HOURLY, account("1"), account("2"))
    found = activity(parts)
    lane = EndpointScheduler("report/integrated/get/", [[PartitionQueue(part, found.of(part)) for part in parts]])
    question = lane.take(10)
    assert isinstance(question, ActivityQuery)
    assert lane.take(10) is None
    answer(question, {FIRST})
    lane.query_done()
    step = lane.take(10)
    assert isinstance(step, Step)
    assert not step.empty
