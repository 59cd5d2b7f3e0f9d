"""Which queries are worth sending first, and which windows are skipped then. Pure."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_builders import NOON, FakeClock, FakeTransport, account, client, config, stream, success

from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.sync.plan.partitions import Partition, plan_stream
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.plan.zones import ZONE_AHEAD_OF_ALL
from tiktok_marketing.sync.read.account_days import ActivityQuery
from tiktok_marketing.sync.read.empty_days import EmptyDayFinder
from tiktok_marketing.sync.run.scheduler import EndpointScheduler, PartitionQueue, Step

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)
HOURLY = ("ads_reports_hourly", "campaigns_reports_hourly")


def partitions_of(names: tuple[str, ...], *accounts: object) -> list[Partition]:
    """The partitions of these streams."""
    return [
        partition
        for name in names
        for partition in plan_stream(
            config(), Selected(stream(name), incremental=True), None, accounts, ClockReading.at(NOON)
        )  # type: ignore[arg-type]
    ]


def finder(partitions: list[Partition]) -> EmptyDayFinder:
    """A finder whose queries are never sent."""
    return EmptyDayFinder(client(FakeTransport([]), FakeClock()), partitions)


def group_sizes(day_finder: EmptyDayFinder, partitions: list[Partition]) -> set[int]:
    """How many accounts each query is about."""
    return {
        len(query.accounts) for partition in partitions if (days := day_finder.of(partition)) for query in days.queries
    }


def test_five_accounts_of_one_time_zone_share_a_query() -> None:
    """TikTok accepts five at once."""
    partitions = partitions_of(HOURLY, *(account(str(7000 + number)) for number in range(12)))
    day_finder = finder(partitions)
    assert group_sizes(day_finder, partitions) == {5, 2}
    assert day_finder.query_count == 3 * 3  # 69 days, thirty at a time


def test_accounts_of_different_zones_do_not_share_a_query() -> None:
    """TikTok does not say whose days the rows would be in."""
    accounts = [account("1", zone=ZoneInfo("Asia/Tokyo")), account("2", zone=ZoneInfo("America/New_York"))]
    partitions = partitions_of(HOURLY, *accounts)
    assert group_sizes(finder(partitions), partitions) == {1}


def test_accounts_of_unknown_zones_do_not_share_a_query() -> None:
    """They may be in different zones."""
    partitions = partitions_of(HOURLY, account("1", zone=ZONE_AHEAD_OF_ALL), account("2", zone=ZONE_AHEAD_OF_ALL))
    assert group_sizes(finder(partitions), partitions) == {1}


def test_an_account_without_information_is_not_queried() -> None:
    """It would make the query fail for the others."""
    from tiktok_marketing.sync.plan.accounts import Account
    from tiktok_marketing.sync.read.accounts import _unmentioned

    bad = msgspec.structs.replace(account("1"), error=_unmentioned("1"))
    assert isinstance(bad, Account)
    partitions = partitions_of(HOURLY, bad)
    assert finder(partitions).of(partitions[0]) is None


@pytest.mark.parametrize(
    ("names", "asks"),
    [
        (("ads_reports_daily",), False),
        (("ads_reports_daily", "campaigns_reports_daily", "ad_groups_reports_daily"), False),
        (("ads_reports_hourly",), True),
        (("ads_reports_lifetime", "ads", "advertisers_audience_reports_lifetime"), False),
    ],
)
def test_a_query_must_be_able_to_save_five_windows(names: tuple[str, ...], asks: bool) -> None:
    """Otherwise it would cost more than it can save."""
    partitions = partitions_of(names, account())
    assert any(finder(partitions).of(partition) is not None for partition in partitions) is asks


def test_reports_over_all_time_are_always_read() -> None:
    """They may list objects with zeros."""
    partitions = partitions_of((*HOURLY, "ads_reports_lifetime"), account())
    assert finder(partitions).of(partitions[-1]) is None


async def test_an_answer_that_lacks_ads_proves_nothing() -> None:
    """Days without rows may have data then, and nothing else fails because of it."""
    partitions = partitions_of(HOURLY, account())
    clock = FakeClock()
    rowless = {"list": [], "page_info": {"page": 1, "page_size": 1000, "total_number": 0, "total_page": 1}}
    day_finder = EmptyDayFinder(
        client(FakeTransport(clock, success(rowless, {"X-Tt-Ads-Throttle": "1"})), clock), partitions
    )
    days = day_finder.of(partitions[0])
    assert days is not None
    await day_finder.ask(days.queries[0])
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
async def test_an_answer_with_other_days_or_accounts_proves_nothing(dimensions: dict[str, str]) -> None:
    """The days that were asked about do not count as empty."""
    partitions = partitions_of(HOURLY, account("7001"))
    clock = FakeClock()
    good = {"advertiser_id": "7001", "stat_time_day": "2026-01-30 00:00:00"}
    for rows, proves in (([good], True), ([good, dimensions], False)):
        info = {"page": 1, "page_size": 1000, "total_number": len(rows), "total_page": 1}
        reply = success({"list": [{"dimensions": row, "metrics": {}} for row in rows], "page_info": info})
        day_finder = EmptyDayFinder(client(FakeTransport(clock, reply), clock), partitions)
        days = day_finder.of(partitions[0])
        assert days is not None
        await day_finder.ask(days.queries[0])
        assert days.queries[0].answered
        assert days.is_empty(Window(FIRST, FIRST)) == proves


class Agency:
    """Answers reports at account level.

    Args:
        active: The days with data of each account.
        leaves_out: Whether a joint answer is about its first account only.
        hidden: The days that a joint answer lacks, of every account.
    """

    def __init__(
        self, active: dict[str, set[date]], *, leaves_out: bool = False, hidden: frozenset[date] = frozenset()
    ) -> None:
        self._active = active
        self._leaves_out = leaves_out
        self._hidden = hidden
        self.requests: list[tuple[int, bool]] = []
        """For each request, how many accounts it is about, and whether it is by day."""

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer."""
        assert endpoint
        assert token
        ids = json.loads(params["advertiser_ids"]) if "advertiser_ids" in params else [params["advertiser_id"]]
        by_day = "stat_time_day" in params["dimensions"]
        self.requests.append((len(ids), by_day))
        first, last = (date.fromisoformat(params[name]) for name in ("start_date", "end_date"))
        assert (last - first).days < (30 if by_day else 365)
        rows = []
        for advertiser_id in ids[: 1 if self._leaves_out else 5]:
            hidden = self._hidden if len(ids) > 1 else frozenset()
            days = sorted(day for day in self._active.get(advertiser_id, set()) - hidden if first <= day <= last)
            keys = [{"stat_time_day": f"{day} 00:00:00"} for day in days] if by_day else [{}]
            figures = {"spend": "1.00" if days else "0.00", "impressions": "0", "clicks": "0"}
            dimensions = [{"advertiser_id": advertiser_id, **key} for key in keys]
            rows += [{"dimensions": each, "metrics": figures} for each in dimensions]
        info = {"page": 1, "page_size": 1000, "total_number": len(rows), "total_page": 1}
        return success({"list": rows, "page_info": info})


async def known_days(
    agency: Agency, ids: list[str], days: int, window_days: tuple[int, ...] = (1,)
) -> tuple[EmptyDayFinder, list[Partition]]:
    """What is known about the days of these accounts once every question has its answer."""
    last = FIRST + (days - 1) * DAY
    partitions = [
        Partition(stream=stream(HOURLY[1]), account=account(number), first=FIRST, last=last, days=length)
        for number in ids
        for length in window_days
    ]
    day_finder = EmptyDayFinder(client(agency, FakeClock(), tier=tier_of(1000)), partitions)
    await day_finder.ask_all(4)
    assert day_finder.open_query_count == 0
    assert day_finder.query_count == len(agency.requests)
    return day_finder, partitions


async def test_an_agency_of_old_accounts_costs_few_questions() -> None:
    """50 accounts, 3 of them active in the last month, 18 months: two more for each account that is left out."""
    ids = [str(7000 + number) for number in range(50)]
    active = {number: {FIRST + day * DAY for day in range(520, 548)} for number in ids[:3]}
    agency = Agency(active)
    day_finder, partitions = await known_days(agency, ids, 548)
    unknown = 0
    for partition in partitions:
        days = day_finder.of(partition)
        assert days is not None
        unknown += sum(window is not None and not days.is_empty(window) for window in partition.windows())
    assert unknown == 3 * 28
    assert len(agency.requests) + unknown <= 400


@given(
    days=st.integers(6, 500),
    active=st.lists(st.sets(st.integers(0, 499), max_size=6), min_size=2, max_size=7),
    leaves_out=st.booleans(),
)
@settings(max_examples=50, deadline=None)
def test_every_day_with_data_is_known_whatever_joint_answers_leave_out(
    days: int, active: list[set[int]], leaves_out: bool
) -> None:
    """No day with data is passed over, and each day of which a lone answer says so is."""
    accounts = {str(7000 + number): {FIRST + day * DAY for day in own} for number, own in enumerate(active)}
    day_finder, partitions = asyncio.run(known_days(Agency(accounts, leaves_out=leaves_out), list(accounts), days))
    for partition in partitions:
        known = day_finder.of(partition)
        assert known is not None
        assert partition.account is not None
        with_data = accounts[partition.account.advertiser_id]
        for window in partition.windows():
            assert window is not None
            assert known.is_empty(window) == (window.start not in with_data)


@given(
    days=st.integers(6, 200),
    active=st.lists(st.sets(st.integers(0, 199), max_size=150), min_size=2, max_size=5),
    hidden=st.sets(st.integers(0, 199)),
    window_days=st.sampled_from([(1,), (1, 30), (1, 7)]),
)
@settings(max_examples=60, deadline=None)
def test_every_day_with_data_is_known_whatever_days_joint_answers_leave_out(
    days: int, active: list[set[int]], hidden: set[int], window_days: tuple[int, ...]
) -> None:
    """No window with data is passed over, and each window of which a lone answer says so is."""
    accounts = {str(7000 + number): {FIRST + day * DAY for day in own} for number, own in enumerate(active)}
    agency = Agency(accounts, hidden=frozenset(FIRST + day * DAY for day in hidden))
    day_finder, partitions = asyncio.run(known_days(agency, list(accounts), days, window_days))
    for partition in partitions:
        known = day_finder.of(partition)
        assert known is not None
        assert partition.account is not None
        with_data = accounts[partition.account.advertiser_id]
        for window in partition.windows():
            assert window is not None
            assert known.is_empty(window) == with_data.isdisjoint(window)


@given(
    active=st.sets(st.integers(0, 99), max_size=60),
    hidden=st.sets(st.integers(0, 99)),
    window_days=st.sampled_from([(1,), (30,), (1, 30), (7, 30)]),
)
@settings(max_examples=60, deadline=None)
def test_a_plan_sends_the_queries_that_the_windows_need(
    active: set[int], hidden: set[int], window_days: tuple[int, ...]
) -> None:
    """Asking all at once, as a plan does, and asking before each window, as a sync does, are the same queries."""
    ids = ["7000", "7001"]
    accounts = {number: {FIRST + day * DAY for day in active} for number in ids}
    hidden_days = frozenset(FIRST + day * DAY for day in hidden)
    planned, synced = Agency(accounts, hidden=hidden_days), Agency(accounts, hidden=hidden_days)

    async def both() -> None:
        _, partitions = await known_days(planned, ids, 100, window_days)
        day_finder = EmptyDayFinder(client(synced, FakeClock(), tier=tier_of(1000)), partitions)
        queues = [PartitionQueue(partition, day_finder.of(partition)) for partition in partitions]
        scheduler = EndpointScheduler("report/integrated/get/", [queues])
        while scheduler.open:
            work = scheduler.take(2)
            if isinstance(work, ActivityQuery):
                await day_finder.ask(work)
                scheduler.query_done()
            elif work is not None:
                work.queue.finish(work)
                scheduler.release(work)

    asyncio.run(both())
    assert Counter(planned.requests) == Counter(synced.requests)


async def test_windows_with_a_day_that_a_joint_answer_shows_need_no_other_query() -> None:
    """Windows of thirty days are read anyway, if one of their days has data."""
    accounts = {number: {FIRST + 40 * DAY, FIRST + 100 * DAY} for number in ("7000", "7001")}
    agency = Agency(accounts)
    await known_days(agency, list(accounts), 120, (30, 30, 30, 30, 30))
    lone = [by_day for size, by_day in agency.requests if size == 1]
    assert lone == [True, True, True, True], "only for the two windows of each account that show no data"


async def test_a_sum_that_does_not_fit_its_type_counts_as_figures() -> None:
    """An account whose only sign of life is a value that nobody can read is asked about by day."""

    class Odd(Agency):
        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            reply = await super().send(endpoint, params, token)
            body = reply.body.replace(b'"spend":"0.00"', b'"spend":"0","engagements":"<5"')
            return Reply(reply.status, reply.headers, body)

    agency = Odd({"7000": {FIRST}})
    day_finder, partitions = await known_days(agency, ["7000", "7001"], 120)
    assert (1, True) in agency.requests
    days = day_finder.of(partitions[1])
    assert days is not None
    assert days.is_empty(Window(FIRST, FIRST))


def answer(query: ActivityQuery, active: set[date]) -> None:
    """Let the question be answered."""
    query.answered = True
    for days in query.accounts:
        query.answers[days.advertiser_id] = {day for day in active if query.window.start <= day}


@given(
    length=st.integers(1, 100),
    window_days=st.integers(1, 30),
    active=st.sets(st.integers(0, 99), max_size=8),
    last_known=st.integers(0, 4),
    rng=st.randoms(use_true_random=False),
)
def test_every_day_with_data_is_read_and_every_window_is_accounted_for(
    length: int, window_days: int, active: set[int], last_known: int, rng: random.Random
) -> None:
    """Whatever days have data, a window with them is read, and the steps cover all windows in order."""
    last = FIRST + (length - 1) * DAY
    partitions = [
        Partition(stream=stream(name), account=account(), first=FIRST, last=last, state_limit=last, days=days)
        for name, days in (
            ("ads_reports_daily", window_days),
            ("ads_reports_hourly", 1),
            ("campaigns_reports_hourly", 1),
        )
    ]
    day_finder = finder(partitions)
    days_known = day_finder.of(partitions[0])
    queue = PartitionQueue(partitions[0], days_known)
    scheduler = EndpointScheduler("report/integrated/get/", [[queue]])
    days_with_data = {FIRST + number * DAY for number in active if number < length}
    read: list[Window] = []
    windows = 0
    reached = None
    in_flight: list[Step] = []
    while queue.waiting or in_flight:
        work = scheduler.take(10)
        if in_flight and (work is None or rng.random() < 0.5):
            done = in_flight.pop(rng.randrange(len(in_flight)))
            reached = queue.finish(done) or reached
            scheduler.release(done)
        if work is None:
            continue
        if isinstance(work, ActivityQuery):
            if work.accounts[0].queries.index(work) >= last_known:
                work.answered = True  # without an answer
            else:
                answer(work, days_with_data)
            scheduler.query_done()
            continue
        assert isinstance(work, Step)
        assert work.window is not None
        windows += work.window_count
        if not work.empty:
            read.append(work.window)
        in_flight.append(work)
    covered = {window.start + number * DAY for window in read for number in range(window.days)}
    assert days_with_data <= covered
    assert windows == partitions[0].size
    assert reached is not None
    assert reached == f"{last} 00:00:00"


def test_consecutive_empty_windows_are_one_step() -> None:
    """Years of an idle account take as many steps as there are queries."""
    partitions = partitions_of(HOURLY, account())
    day_finder = finder(partitions)
    queue = PartitionQueue(partitions[0], day_finder.of(partitions[0]))
    scheduler = EndpointScheduler("report/integrated/get/", [[queue]])
    steps = []
    while queue.waiting:
        work = scheduler.take(4)
        if isinstance(work, ActivityQuery):
            answer(work, set())
            scheduler.query_done()
        elif work is not None:
            queue.finish(work)
            scheduler.release(work)
            steps.append((work.empty, work.window_count))
    assert steps == [(True, 30), (True, 30), (True, 9)]


def test_a_queue_whose_query_is_in_flight_keeps_its_turn() -> None:
    """Others continue meanwhile, and no query is sent twice."""
    partitions = partitions_of(HOURLY, account("1"), account("2"))
    day_finder = finder(partitions)
    scheduler = EndpointScheduler(
        "report/integrated/get/", [[PartitionQueue(partition, day_finder.of(partition)) for partition in partitions]]
    )
    query = scheduler.take(10)
    assert isinstance(query, ActivityQuery)
    assert scheduler.take(10) is None
    answer(query, {FIRST})
    scheduler.query_done()
    step = scheduler.take(10)
    assert isinstance(step, Step)
    assert not step.empty
