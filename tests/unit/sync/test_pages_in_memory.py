"""How much of a report is in memory while it is read."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from unit_builders import FakeClock, client, page, refusal, stream

from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import Stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.coercion import Misfit
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.completeness import Pass
from tiktok_marketing.sync.read.listing import ListReader, Request, SequentialBudget, TooManyRows
from tiktok_marketing.sync.read.pass_limits import PassLimits
from tiktok_marketing.sync.read.report_parts import DaysRead
from tiktok_marketing.sync.read.reports import ReportWindow

PAGES, ROWS = 8, 1000


class Counted:
    """A sink that only counts the rows of a page."""

    def __init__(self) -> None:
        self._count = 0

    def take(self, _rows: bytes) -> None:
        """Take no text."""

    def extend(self, rows: Sequence[Any], _misfits: Sequence[Misfit] = ()) -> None:
        """Count them."""
        self._count += len(rows)

    def __len__(self) -> int:
        return self._count

    def select(self, positions: Sequence[int]) -> Counted:
        """Count these."""
        selected = Counted()
        selected._count = len(positions)
        return selected


class Report:
    """A report of several pages that counts the pages in memory each time one is requested."""

    def __init__(self) -> None:
        self.sinks: list[weakref.ref[Counted]] = []
        self.alive: list[int] = []
        self.fails_at: int | None = None
        self.code = 40067
        self.is_cut = False

    def make_sink(self, _stream: Stream, _advertiser_id: int | None) -> Counted:
        """Make what a page is kept in."""
        counted = Counted()
        self.sinks.append(weakref.ref(counted))
        return counted

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer with the page that is asked for."""
        assert endpoint
        assert token
        self.alive.append(sum(reference() is not None for reference in self.sinks))
        number, day = int(params["page"]), params["start_date"]
        if number == self.fails_at:
            return refusal(self.code, "no")
        rows = [
            {
                "dimensions": {"ad_id": str(number * ROWS + n), "stat_time_day": f"{day} 00:00:00"},
                "metrics": {"likes": "0"},
            }
            for n in range(ROWS)
        ]
        body = page(rows, total=PAGES * ROWS).replace(b'"total_page":1', b'"total_page":%d' % PAGES)
        return Reply(200, {"X-Tt-Ads-Throttle": "20k"} if self.is_cut else {}, body)


def window_of(report: Report, days: Window | None = None, **options: Any) -> ReportWindow:
    """Some days of the report; one if none are given."""
    day = date(2026, 1, 1)
    return ReportWindow(
        client(report, FakeClock(), tier=tier_of(1000)),
        stream("ads_reports_daily"),
        Account(advertiser_id=AdvertiserId("7001")),
        days or Window(day, day),
        include_deleted=False,
        budget=SequentialBudget(),
        sink_factory=report.make_sink,
        **options,
    )


async def drained(window: ReportWindow) -> None:
    """Read a window, and keep nothing of it."""
    async for delivery in window.deliveries():
        del delivery


async def test_a_page_is_not_in_memory_while_the_next_is_requested() -> None:
    """Only the caller decides how long a page lives; the readers hold no reference to one."""
    report = Report()
    rows = 0
    async for delivery in window_of(report).deliveries():
        rows += 0 if isinstance(delivery, DaysRead) else len(delivery.records)
        del delivery
    assert rows == PAGES * ROWS
    assert len(report.alive) == PAGES
    assert max(report.alive) == 0


async def rows_of(list_reader: ListReader[RecordList], request: Request) -> int:
    """The number of delivered rows of a list."""
    return sum([len(delivery.records) async for delivery in list_reader.read(request)])


@pytest.mark.parametrize(("disjoint", "expected_again"), [(True, PAGES * ROWS), (False, 0)])
async def test_keys_of_a_disjoint_list_are_dropped_after_it(disjoint: bool, expected_again: int) -> None:
    """They identify repeated rows while it is read; only keys of lists that may overlap are needed later."""
    of = stream("ads_reports_daily")
    list_reader = ListReader(client(Report(), FakeClock(), tier=tier_of(1000)), report_reader(of))
    request = Request(endpoint=of.endpoint, params={"start_date": "2026-01-01"}, page_size=ROWS, disjoint=disjoint)
    assert await rows_of(list_reader, request) == PAGES * ROWS
    assert await rows_of(list_reader, request) == expected_again


async def test_keys_of_a_list_that_failed_are_kept() -> None:
    """Its delivered rows must not come again with the smaller pieces that are read instead."""
    of, report = stream("ads_reports_daily"), Report()
    list_reader = ListReader(client(report, FakeClock(), tier=tier_of(1000)), report_reader(of))
    request = Request(endpoint=of.endpoint, params={"start_date": "2026-01-01"}, page_size=ROWS, disjoint=True)
    report.fails_at = 4
    deliveries = list_reader.read(request)
    assert [len((await anext(deliveries)).records) for _ in range(3)] == [ROWS] * 3
    with pytest.raises(TikTokError):
        await anext(deliveries)
    report.fails_at = None
    assert await rows_of(list_reader, request) == (PAGES - 3) * ROWS


@pytest.fixture
def without_collector() -> Iterator[None]:
    """Nothing is freed that only Python's search for cycles finds."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


DAYS = Window(date(2026, 1, 1), date(2026, 1, 2))


def passes_in_memory() -> set[int]:
    """The passes that are in memory, by identity."""
    return {id(each) for each in gc.get_objects() if isinstance(each, Pass)}


@pytest.mark.usefixtures("without_collector")
async def test_the_keys_of_a_window_go_with_its_last_row() -> None:
    """Although whoever read it still knows what was special about it. They take as much memory as a page."""
    of_other_tests = passes_in_memory()
    window = window_of(Report())
    await drained(window)
    assert not passes_in_memory() - of_other_tests
    assert window.rows_delivered == PAGES * ROWS


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("answer", ["too long", "too large", "cut"])
async def test_an_error_holds_no_page(answer: str) -> None:
    """It may live for a while, and there may be one for each window."""
    report = Report()
    window = window_of(report, DAYS, limits=PassLimits(least=100, most=100))
    if answer == "too large":
        window = window_of(report)
        report.fails_at = 4
    report.is_cut = answer == "cut"
    with pytest.raises((TooManyRows, TikTokError, IncompleteReadError)) as caught:
        await drained(window)
    assert len(report.sinks) >= (3 if answer == "too large" else 1)
    assert caught.value is not None
    assert [reference for reference in report.sinks if reference() is not None] == []


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("answer", ["too long", "too large", "refused"])
async def test_an_error_stays_no_longer_than_it_is_needed(answer: str) -> None:
    """Nothing that raised it keeps it."""
    report = Report()
    window = window_of(report, DAYS, limits=PassLimits(least=100, most=100))
    if answer != "too long":
        window = window_of(report)
        report.fails_at, report.code = 4, 40067 if answer == "too large" else 40300
    alive: weakref.ref[Exception] | None = None
    try:
        await drained(window)
    except (TooManyRows, TikTokError) as error:
        alive = weakref.ref(error)
    assert alive is not None
    assert alive() is None
