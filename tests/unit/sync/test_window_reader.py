from __future__ import annotations

import asyncio
import contextlib
import gc
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from unit_builders import FakeClock, account, client, config, refusal, stream, success

from support import Ahead
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.sync.events import DaysComplete, DaysIncomplete, Event, Rows
from tiktok_marketing.sync.plan.cursors import Cursors
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.run import window_reader
from tiktok_marketing.sync.run.byte_queue import ByteQueue
from tiktok_marketing.sync.run.scheduler import PartitionQueue
from tiktok_marketing.sync.run.stream_run import StreamRun
from tiktok_marketing.sync.run.window_reader import WindowReader

FIRST = date(2026, 1, 1)
DAYS = 8
LAST = FIRST + timedelta(days=DAYS - 1)
A_DAY = 15_000
"""Rows: two days are one walk."""
STREAM = "ads_reports_daily"


class Report:
    """Answers with pages of a report that has the same number of rows each day.

    Args:
        failing: The first day of the windows that cannot be had beyond their first page.
        all_fail: Whether no window can.
        a_day: Rows each day.
    """

    def __init__(self, failing: date | None = None, *, all_fail: bool = False, a_day: int = A_DAY) -> None:
        self._failing = failing
        self._all_fail = all_fail
        self._a_day = a_day
        self.in_flight: Counter[Window] = Counter()
        self.parallel: list[int] = []
        """How many windows were under way whenever a page was asked for."""
        self.windows: set[Window] = set()

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer with the page that is asked for, in a while."""
        assert endpoint == "report/integrated/get/"
        assert token
        window = Window(date.fromisoformat(params["start_date"]), date.fromisoformat(params["end_date"]))
        number = int(params["page"])
        self.windows.add(window)
        self.in_flight[window] += 1
        self.parallel.append(len([item for item, pages in self.in_flight.items() if pages]))
        for _ in range(20):
            await asyncio.sleep(0)
        self.in_flight[window] -= 1
        if (self._all_fail or window.start == self._failing) and window.days < DAYS and number > 1:
            return Reply(200, {}, b'{"code":40001,"message":"No permission.","request_id":"r1","data":{}}')
        total = window.days * self._a_day
        info = {"page": number, "page_size": 1000, "total_number": total, "total_page": total // 1000}
        numbers = range((number - 1) * 1000, number * 1000)
        rows = [row(n % self._a_day, window.start + timedelta(days=n // self._a_day)) for n in numbers]
        return success({"list": rows, "page_info": info})


def row(ad: int, day: date) -> dict[str, Any]:
    """An ad's figures of a day."""
    return {"dimensions": {"ad_id": str(ad), "stat_time_day": f"{day} 00:00:00"}, "metrics": {"spend": "1.0"}}


async def deliver(
    report: Report, *, ahead: int, deleted: bool = True, budget: Ahead | None = None
) -> tuple[list[Event], ConnectorError | None]:
    """Read one window of all days; returns its events, and the error that ended it."""
    clock = FakeClock()
    buffer: ByteQueue[Event | None] = ByteQueue(1)
    events: list[Event] = []

    async def take() -> None:
        while (event := await buffer.get()) is not None:
            events.append(event)

    taking = asyncio.create_task(take())
    reading = WindowReader(config(include_deleted=deleted), client(report, clock, tier=tier_of(100_000)), buffer)
    queue = PartitionQueue(Partition(stream=stream(STREAM), account=account(), first=FIRST, last=LAST, days=30))
    error: ConnectorError | None = None
    try:
        run = StreamRun(Selected(stream(STREAM), incremental=True), None, 0.0)
        await reading.deliver(run, queue.take(), budget or Ahead(ahead))
    except ConnectorError as caught:
        error = caught
    await buffer.put(None)
    with contextlib.suppress(asyncio.CancelledError):
        await taking
    return events, error


def days_of(events: list[Event]) -> Counter[str]:
    """The rows of each day."""
    rows = [row for event in events if isinstance(event, Rows) for row in event.records]
    keys = [(row.dimensions.ad_id, row.dimensions.stat_time_day) for row in rows]
    assert len(keys) == len(set(keys))
    return Counter(day[:10] for _, day in keys)


@pytest.mark.parametrize(
    ("ahead", "abreast", "windows"), [(1, 1, [1] * 8), (8, 2, [2] * 4), (16, 3, [2] * 4), (100, 3, [2] * 4)]
)
async def test_a_window_with_too_many_rows_is_read_as_parallel_windows(
    ahead: int, abreast: int, windows: list[int]
) -> None:
    """Each row comes once, and as many windows run in parallel as the budget needs."""
    report = Report()
    events, error = await deliver(report, ahead=ahead)
    assert error is None
    assert days_of(events) == {str(FIRST + timedelta(days=day)): A_DAY for day in range(DAYS)}
    assert sorted(window.days for window in report.windows) == [*windows, DAYS]
    assert max(report.parallel) == abreast


async def test_the_pages_that_remain_are_known_after_each_page() -> None:
    """Of all windows together, whatever order they are read in."""
    budget = Ahead(8)
    await deliver(Report(), ahead=8, budget=budget)
    assert budget.expected[-1] == 0
    assert set(budget.expected) >= set(range(1, DAYS * A_DAY // 1000 // 2))


async def test_nothing_of_a_window_goes_on_once_it_is_canceled() -> None:
    """Even if requests take a moment to end, one longer than the other."""

    class Slow(Report):
        def __init__(self) -> None:
            super().__init__()
            self.unanswered: set[Window] = set()
            self.all_wait = asyncio.Event()

        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            if int(params["page"]) == 1:
                return await super().send(endpoint, params, token)
            window = Window(date.fromisoformat(params["start_date"]), date.fromisoformat(params["end_date"]))
            self.unanswered.add(window)
            if len(self.unanswered) == 3:
                self.all_wait.set()
            try:
                await asyncio.Event().wait()
                raise AssertionError
            finally:
                for _ in range(20 * (window.start - FIRST).days):
                    await asyncio.sleep(0)
                self.unanswered.discard(window)

    report = Slow()
    delivering = asyncio.create_task(deliver(report, ahead=100))
    await report.all_wait.wait()
    delivering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivering
    assert not report.unanswered


async def test_each_window_is_complete_once_its_days_are() -> None:
    """The rows before that event belong to its own days only."""
    events, _ = await deliver(Report(), ahead=8)
    complete = [event for event in events if isinstance(event, DaysComplete)]
    assert all(event.exact and event.advertiser_id == 7001 for event in complete)
    assert sorted(str(event.days) for event in complete) == [
        str(Window(FIRST + timedelta(days=day), FIRST + timedelta(days=day + 1))) for day in range(0, DAYS, 2)
    ]
    for event in complete:
        before = events[: events.index(event)]
        rows = days_of([item for item in before if isinstance(item, Rows) and item.window_id == event.window_id])
        assert event.days is not None
        assert rows == {str(event.days.start): A_DAY, str(event.days.end): A_DAY}


async def test_a_fault_of_the_program_is_raised_as_it_is() -> None:
    """It is no error of a connector, which may say that others go on."""

    class Faulty(Report):
        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            if params["start_date"] != params["end_date"] and int(params["page"]) > 1:
                raise ZeroDivisionError(endpoint, token)
            return await super().send(endpoint, params, token)

    with pytest.raises(ZeroDivisionError):
        await deliver(Faulty(), ahead=16)


async def test_a_failed_window_does_not_fail_those_in_flight() -> None:
    """They are delivered completely, no other window begins, and the error is raised."""
    report = Report(failing=FIRST)
    events, error = await deliver(report, ahead=16)
    assert error is not None
    assert "40001" in error.message
    assert len(report.windows) == 4
    days_events = [event for event in events if isinstance(event, (DaysComplete, DaysIncomplete))]
    complete = {event.window_id: isinstance(event, DaysComplete) for event in days_events}
    assert sorted(complete.values()) == [False, True, True]
    whole = [event for event in events if isinstance(event, Rows) and complete[event.window_id or 0]]
    assert list(days_of(whole).values()) == [A_DAY] * 4


async def test_days_are_not_exact_if_rows_may_be_hidden() -> None:
    """Without `include_deleted`, rows of deleted ads are not delivered, although they still exist."""
    events, _ = await deliver(Report(), ahead=8, deleted=False)
    complete = [event for event in events if isinstance(event, DaysComplete)]
    assert len(complete) == 4
    assert not any(event.exact for event in complete)


async def test_rows_of_unfinished_days_are_not_complete_with_other_days() -> None:
    """A pass over all days fails after some pages, and the days are read in halves.

    Rows of the second half that were delivered before wait until it is complete. Otherwise they would be taken for rows
    of an earlier time.
    """

    class Breaking(Report):
        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            if params["start_date"] == str(FIRST) and params["end_date"] == str(LAST) and int(params["page"]) > 5:
                return refusal(40067)
            return await super().send(endpoint, params, token)

    events, error = await deliver(Breaking(a_day=1_000), ahead=1)
    assert error is None
    assert days_of(events) == {str(FIRST + timedelta(days=day)): 1_000 for day in range(DAYS)}
    waiting: list[Event] = []
    for event in events:
        if isinstance(event, DaysComplete):
            assert event.days is not None
            for day in days_of(waiting):
                assert event.days.start <= date.fromisoformat(day) <= event.days.end
            waiting = []
        else:
            waiting.append(event)
    assert not waiting


async def test_windows_that_are_slightly_too_long_are_divided_once() -> None:
    """Windows in parallel have a lower limit of rows than a window alone."""
    events, error = await asyncio.wait_for(deliver(Report(a_day=18_000), ahead=8), 60)
    assert error is None
    assert days_of(events) == {str(FIRST + timedelta(days=day)): 18_000 for day in range(DAYS)}


@pytest.mark.parametrize(("code", "counts"), [(50000, 6), (51010, 3)])
async def test_trouble_that_passes_does_not_end_the_count_of_the_whole(code: int, counts: int) -> None:
    """The shorter windows bring fewer rows than the whole had. It is counted again; in parts if TikTok is too slow."""

    class Shrinking(Report):
        counts = 0

        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            if params["start_date"] == str(FIRST) and params["end_date"] == str(LAST):
                self.counts += 1
                if 2 <= self.counts <= 5:
                    return refusal(code)
                reply = await super().send(endpoint, params, token)
                self._a_day = A_DAY - 1000  # rows are gone once the whole was counted
                return reply
            return await super().send(endpoint, params, token)

    report = Shrinking()
    events, error = await deliver(report, ahead=1)
    assert error is None
    assert report.counts == counts
    assert days_of(events) == {str(FIRST + timedelta(days=day)): A_DAY - 1000 for day in range(DAYS)}


async def test_no_error_of_parallel_windows_is_left_unretrieved() -> None:
    """Asyncio would log its traceback."""
    unseen: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))
    _, error = await deliver(Report(failing=None, all_fail=True), ahead=100)
    assert error is not None
    gc.collect()
    assert not unseen


async def test_stores_are_nothing_to_a_report_by_other_objects() -> None:
    """Its state names none, and its days are known although a store is gone."""
    lost = Cursors("stat_time_day")
    lost.note_stores(account().advertiser_id, ["72"])
    buffer: ByteQueue[Event | None] = ByteQueue(10**9)
    api = client(Report(a_day=1000), FakeClock(), tier=tier_of(100_000))
    reading = WindowReader(config(include_deleted=True), api, buffer)
    reading.cursors = {"gmv_max_advertiser_reports_daily": lost}
    reading.stores_of = lambda _: ["71"]  # type: ignore[method-assign]
    cursors = Cursors("stat_time_day")
    run = StreamRun(Selected(stream(STREAM), incremental=True), cursors, 0.0)
    queue = PartitionQueue(Partition(stream=stream(STREAM), account=account(), first=FIRST, last=LAST, days=30))
    await reading.deliver(run, queue.take(), Ahead(1))
    await buffer.put(None)
    events: list[Event] = []
    while (event := await buffer.get()) is not None:
        events.append(event)
    assert cursors.stores_of(account().advertiser_id) is None
    assert [event.exact for event in events if isinstance(event, DaysComplete)] == [True]


async def test_lists_of_stores_that_take_too_long_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other accounts' stores are known."""

    class Stores:
        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            assert endpoint == "gmv_max/store/list/"
            assert token
            if params["advertiser_id"] == "2":
                await asyncio.Event().wait()
            return success({"store_list": [{"store_id": f"7{params['advertiser_id']}"}]})

    monkeypatch.setattr(window_reader, "_STORES_PATIENCE", 0.05)
    reading = WindowReader(config(), client(Stores(), FakeClock(), tier=tier_of(1000)), ByteQueue(10**9))
    before = asyncio.all_tasks()
    assert await reading.list_stores(["1", "2", "3"]) == {"1": ["71"], "3": ["73"]}
    assert asyncio.all_tasks() == before
    assert await reading.list_stores([]) == {}


@pytest.mark.parametrize(
    ("known", "lacks"), [([["71"]], False), ([None, ["71", "72"]], True), ([["71"], ["72"]], True), ([], False)]
)
async def test_days_of_a_store_that_is_gone_are_not_exact(known: list[list[str] | None], lacks: bool) -> None:
    """Any stream's state may name it."""
    reading = WindowReader(config(), client(Report(), FakeClock()), ByteQueue(10**9))
    for number, stores in enumerate(known):
        reading.cursors = {**reading.cursors, str(number): Cursors("stat_time_day")}
        if stores is not None:
            reading.cursors[str(number)].note_stores("1", stores)
    reading.stores_of = lambda _: ["71"]  # type: ignore[method-assign]
    assert reading._lacks_stores(stream("gmv_max_advertiser_reports_daily"), "1") is lacks
    reading.stores_of = lambda _: None  # type: ignore[method-assign]
    assert not reading._lacks_stores(stream("gmv_max_advertiser_reports_daily"), "1")
