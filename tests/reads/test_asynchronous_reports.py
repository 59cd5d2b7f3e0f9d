"""A report of many pages is read as an asynchronous report, or page by page: the rows are the same."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import msgspec
import pytest

from support import A_DAY, NOW, Ahead, HurriedClock, config_for, cursors_of, quickly, read_from
from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ReportStream, report_stream
from tiktok_marketing.catalog.boosted_posts import report_with_boosted_posts
from tiktok_marketing.config import AIRBYTE, AdvertiserId, parse_config
from tiktok_marketing.connect import connect
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.faults import Fault
from tiktok_marketing.errors import IncompleteReadError, TikTokError
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.plan_sync import Notice
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import TooManyRows
from tiktok_marketing.sync.read.pass_limits import PassLimits
from tiktok_marketing.sync.read.report_parts import DaysRead
from tiktok_marketing.sync.read.report_tasks import ReportTasks
from tiktok_marketing.sync.read.reports import ReportWindow

DAILY = report_stream("ads_reports_daily")
WINDOW = Window(date(2026, 5, 20), date(2026, 5, 24))
FEW = PassLimits(least_of_task=20)
"""Limits under which the emulator's small accounts are worth a task."""


class Reading:
    """Reads windows of an account of an emulator that has deleted ads and boosted posts.

    Args:
        emulator: The emulator.
        api: A client of it.
        tasks: The asynchronous reports; None to read page by page.
    """

    def __init__(self, emulator: Emulator, api: Client, tasks: ReportTasks | None) -> None:
        self.emulator = emulator
        self.account = AdvertiserId(str(emulator.advertiser_ids[1]))
        self._api = api
        self._tasks = tasks
        self.notices: list[str] = []
        self.days: list[DaysRead] = []

    async def rows(
        self, stream: ReportStream = DAILY, window: Window | None = WINDOW, *, deleted: bool = False, **limits: int
    ) -> list[dict[str, Any]]:
        """All rows of a window, sorted."""
        report = ReportWindow(
            self._api,
            stream,
            Account(advertiser_id=self.account),
            window,
            include_deleted=deleted,
            budget=Ahead(3),
            limits=msgspec.structs.replace(FEW, **limits),
        )
        report.tasks = self._tasks
        rows: list[dict[str, Any]] = []
        async for delivery in report.deliveries():
            if isinstance(delivery, Notice):
                self.notices.append(delivery.text)
            elif isinstance(delivery, DaysRead):
                self.days.append(delivery)
            else:
                rows += msgspec.to_builtins(list(delivery.records))  # type: ignore[call-overload]
        return sorted(rows, key=lambda row: str(row["dimensions"]))

    def asked(self, path: str) -> int:
        """How many requests an endpoint has received."""
        return sum(row["count"] for row in self.emulator.counters.rows() if row["path"].startswith(path))


@asynccontextmanager
async def reading(*, tasks: bool = True, attribution_window: int = 0, **options: Any) -> AsyncIterator[Reading]:
    """Readings of a new emulator whose application may create asynchronous reports."""
    given = {"now": NOW, "tier": "unlimited", "async_reports": True, **options}
    async with Emulator(Options(**given)) as emulator:
        clock = HurriedClock(NOW)
        config = parse_config(config_for(emulator, requests_per_second=1000), AIRBYTE)
        async with connect(config, clock=clock, address=emulator.url) as api:
            yield Reading(emulator, api, ReportTasks(api, clock, attribution_window) if tasks else None)


async def by_pages(stream: ReportStream = DAILY, window: Window | None = WINDOW, **options: Any) -> list[Any]:
    """The rows without asynchronous reports."""
    async with reading(tasks=False) as plain:
        return await plain.rows(stream, window, **options)


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("ads_reports_daily", WINDOW),
        ("ad_groups_reports_daily", WINDOW),
        ("campaigns_reports_daily", WINDOW),
        ("ads_reports_hourly", Window(WINDOW.start, WINDOW.start)),
    ],
)
async def test_the_rows_are_those_of_the_pages(name: str, window: Window | None) -> None:
    """Whatever the level and the grain. Texts with commas, quotes and line ends included."""
    stream = report_stream(name)
    async with reading() as task:
        rows = await task.rows(stream, window, least_of_task=5)
        assert task.asked("report/task/download/") == 1
        assert not task.notices
        assert all(days.whole for days in task.days)
    assert rows == await by_pages(stream, window)
    assert len(rows) > 5


@pytest.mark.parametrize("attribution_window", [0, 7])
@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("ads_reports_daily", 3),
        ("ads_reports_hourly", 1),
        ("ads_reports_lifetime", None),
    ],
)
async def test_figures_that_grow_are_read_page_by_page(name: str, days: int | None, attribution_window: int) -> None:
    """Nobody knows how old those of a file are. Two days ago, a day is over everywhere, and its hours are shown."""
    stream = report_stream(name)
    last = NOW.date() - (1 + attribution_window) * A_DAY
    window = None if days is None else Window(last - (days - 1) * A_DAY, last)
    async with reading(attribution_window=attribution_window) as task:
        rows = await task.rows(stream, window, least_of_task=1)
        assert task.asked("report/task/") == 0
        if window is not None:
            await task.rows(stream, Window(window.start - A_DAY, window.end - A_DAY), least_of_task=1)
            assert task.asked("report/task/download/") == 1
    assert rows == await by_pages(stream, window)


async def test_a_report_of_few_pages_needs_no_task() -> None:
    """Its first page shows it."""
    async with reading() as task:
        rows = await task.rows(least_of_task=100_000)
        assert task.asked("report/task/") == 0
    assert rows == await by_pages()


async def test_days_with_too_many_rows_for_one_file_are_divided() -> None:
    """Then each part may be worth a task. A single day cannot be divided, and is read page by page."""
    async with reading() as task:
        with pytest.raises(TooManyRows):
            await task.rows(most_of_task=30)
        day = Window(WINDOW.start, WINDOW.start)
        rows = await task.rows(window=day, least_of_task=3, most_of_task=4)
        assert task.asked("report/task/") == 0
    assert rows == await by_pages(window=day)


async def test_deleted_objects_are_in_no_file() -> None:
    """So a file that lacks them is not used, and the account's other reports do not try it again."""
    async with reading() as task:
        rows = await task.rows(deleted=True)
        await task.rows(report_stream("ad_groups_reports_daily"), deleted=True)
        assert task.asked("report/task/create/") == 1
        (notice,) = task.notices
    assert notice.startswith("ads_reports_daily, advertiser ")
    assert "TikTok counts" in notice
    assert rows == await by_pages(deleted=True)
    assert len(rows) > len(await by_pages())


async def test_boosted_posts_are_read_if_they_are_wanted() -> None:
    """A task has no filter for them; the campaigns that it names decide."""
    stream = report_with_boosted_posts(DAILY)
    async with reading() as task:
        rows = await task.rows(stream)
        assert task.asked("report/task/download/") == 1
        assert not task.notices
    assert rows == await by_pages(stream)
    assert len(rows) > len(await by_pages())


async def test_an_application_that_may_not_is_told_once() -> None:
    """One refused request is all that it costs."""
    async with reading(async_reports=False) as task:
        rows = await task.rows()
        await task.rows(report_stream("ad_groups_reports_daily"))
        assert task.asked("report/task/") == 1
        (notice,) = task.notices
    assert "40118" in notice
    assert "async_reports" in notice
    assert rows == await by_pages()


async def test_a_task_that_fails_is_replaced_by_pages() -> None:
    """With TikTok's reason."""
    async with reading(async_report_failures=1) as task:
        rows = await task.rows()
        (notice,) = task.notices
    assert "FAILED (The report could not be generated" in notice
    assert rows == await by_pages()


@pytest.mark.parametrize(
    ("path", "effect"),
    [
        ("create", {"code": 50000}),
        ("create", {"edit": "$.data.task_id", "json": "null"}),
        ("create", {"http": 403}),
        ("check", {"code": 40200}),
        ("check", {"edit": "$.data.status", "json": "null"}),
        ("download", {"http": 500}),
        ("download", {"http": 200, "page": ""}),
    ],
)
async def test_a_task_without_an_answer_is_not_asked_for_long(path: str, effect: dict[str, Any]) -> None:
    """The pages can be read instead, now."""
    async with reading() as task:
        task.emulator.faults.add(Fault(path=f"report/task/{path}/", **effect))
        rows = await task.rows()
        assert task.asked(f"report/task/{path}/") == 3
        assert len(task.notices) == 1
    assert rows == await by_pages()


async def test_a_task_that_is_not_ready_is_waited_for() -> None:
    """TikTok has a code for that, too. The id of a task may be a number."""
    async with reading() as task:
        task.emulator.faults.add(Fault(path="report/task/check/", code=40201, first=5))
        task.emulator.faults.add(Fault(path="report/task/create/", edit="$.data.task_id", value=7))
        rows = await task.rows()
        assert task.asked("report/task/check/") > 5
    assert rows == await by_pages()


@pytest.mark.thorough
async def test_a_task_that_does_not_end_is_canceled() -> None:
    """After ten minutes."""
    async with reading(async_report_checks=10_000) as task:
        rows = await task.rows()
        assert task.asked("report/task/cancel/") == 1
        (notice,) = task.notices
    assert "10 minutes" in notice
    assert rows == await by_pages()


async def test_a_metric_that_tasks_lack_costs_one_request_for_each_stream() -> None:
    """Another stream may be without it."""
    stream = report_stream("ads_audience_reports_daily")
    async with reading() as task:
        rows = await task.rows(stream)
        assert task.asked("report/task/create/") == 1
        await task.rows(stream)
        assert task.asked("report/task/create/") == 1
        await task.rows()
        assert task.asked("report/task/create/") == 2
        assert task.asked("report/task/download/") == 1
    assert rows == await by_pages(stream)


def table(file: str) -> list[list[str]]:
    """The cells of a file."""
    return list(csv.reader(io.StringIO(file)))


def text(cells: list[list[str]]) -> str:
    """The file of these cells."""
    written = io.StringIO()
    csv.writer(written).writerows(cells)
    return written.getvalue()


def without_a_row(file: str) -> str:
    """Nothing shows that it was there."""
    return text(table(file)[:-1])


def with_a_row_twice(file: str) -> str:
    """In place of another, so that the number is right."""
    header, first, _, *rows = table(file)
    return text([header, first, first, *rows])


def with_another_day(file: str) -> str:
    """In place of a day that TikTok lists."""
    header, *rows = table(file)
    place = header.index("stat_time_day")
    return text([header, *([*row[:place], row[place].replace(" 00:00:00", ""), *row[place + 1 :]] for row in rows)])


def with_titles(file: str) -> str:
    """As if TikTok ignored that names are asked for."""
    header, *rows = table(file)
    return text([[name.replace("_", " ").title() for name in header], *rows])


def cut(file: str) -> str:
    """In the middle of a row."""
    return file[: len(file) // 2]


def nothing(_: str) -> str:
    """No bytes, which are asked for again until patience ends."""
    return ""


def with_thousands(file: str) -> str:
    """Figures as people write them."""
    return changed(file, "impressions", lambda value: f"{int(value):,}")


def with_other_decimals(file: str) -> str:
    """The same numbers, but other texts."""
    return changed(file, "spend", lambda value: f"{float(value):.4f}")


def with_short_names(file: str) -> str:
    """Texts that are cut."""
    return changed(file, "ad_name", lambda value: value[:3])


def changed(file: str, column: str, change: Callable[[str], str]) -> str:
    """A file with other values in a column."""
    header, *rows = table(file)
    place = header.index(column)
    return text([header, *([*row[:place], change(row[place]), *row[place + 1 :]] for row in rows)])


def excuse(_: str) -> str:
    """A text that is no table."""
    return "Sorry."


@pytest.mark.parametrize(
    "change",
    quickly(
        without_a_row,
        with_a_row_twice,
        with_another_day,
        with_titles,
        with_thousands,
        with_other_decimals,
        with_short_names,
        cut,
        excuse,
        nothing,
    ),
)
async def test_a_file_with_other_rows_is_not_used(change: Any) -> None:
    """What TikTok counts and lists decides."""
    file = await the_file()
    async with reading() as task:
        task.emulator.faults.add(_download(change(file)))
        rows = await task.rows()
        (notice,) = task.notices
    assert "page by page" in notice
    assert rows == await by_pages()


async def test_an_empty_cell_is_what_the_usual_answer_shows() -> None:
    """Null or an empty text; if it can be both, the rows would not be the same."""
    async with reading() as task:
        task.emulator.faults.add(Fault(path="report/integrated/get/", edit="ad_text", value=""))
        file = await the_file()
        task.emulator.faults.add(_download(changed(file, "ad_text", lambda _: "")))
        rows = await task.rows()
        assert not task.notices
        assert {row["metrics"]["ad_text"] for row in rows} == {""}
    async with reading() as task:
        task.emulator.faults.add(Fault(path="report/integrated/get/", edit="ad_text", value="", records=5))
        task.emulator.faults.add(Fault(path="report/integrated/get/", edit="promotion_type", json="null"))
        task.emulator.faults.add(_download(changed(file, "promotion_type", lambda _: "")))
        rows = await task.rows()
        assert {row["metrics"]["promotion_type"] for row in rows} == {None}


async def test_a_file_with_older_figures_is_not_used() -> None:
    """One figure shows that it is older than TikTok's usual answer."""
    file = await the_file()
    header, first, *rows = table(file)
    place = header.index("impressions")
    shown, first[place] = first[place], str(int(first[place]) + 1)
    async with reading() as task:
        task.emulator.faults.add(_download(text([header, first, *rows])))
        read = await task.rows()
        (notice,) = task.notices
    assert f"is '{first[place]}', and TikTok lists '{shown}'. From now on, the reports of this account" in notice
    assert read == await by_pages()


async def test_the_reason_is_told_if_the_window_is_given_back() -> None:
    """It has more rows than one pass may read, so it is read as shorter windows."""
    async with reading(async_report_failures=1) as task:
        with pytest.raises(TooManyRows):
            await task.rows(least=30, most=30)
        (notice,) = task.notices
    assert "FAILED" in notice
    assert "the reports of this account are read page by page" in notice


async def test_windows_at_once_ask_once_whether_tasks_are_allowed() -> None:
    """The others wait for the first answer, and say nothing."""
    async with reading(async_reports=False) as task:
        streams = ["ads_reports_daily", "ad_groups_reports_daily", "campaigns_reports_daily"]
        await asyncio.gather(*(task.rows(report_stream(name)) for name in streams))
        assert task.asked("report/task/") == 1
        assert len(task.notices) == 1


@pytest.mark.thorough
async def test_a_task_that_ends_while_it_is_canceled_is_not_waited_for() -> None:
    """The reason is still the time."""
    async with reading() as task:
        check = {"code": 0, "message": "OK", "request_id": "1", "data": {"status": "PROCESSING", "message": ""}}
        page = msgspec.json.encode(check).decode()
        task.emulator.faults.add(Fault(path="report/task/check/", http=200, page=page, type="application/json"))
        task.emulator.faults.add(Fault(path="report/task/cancel/", code=40002))
        await task.rows()
        (notice,) = task.notices
    assert "10 minutes" in notice


@pytest.mark.parametrize("effect", [{"code": 20001}, {"headers": "X-Tt-Ads-Throttle: 1"}], ids=str)
async def test_a_list_that_is_only_a_part_confirms_no_file(effect: dict[str, Any]) -> None:
    """Even if the file has as many rows as that part."""
    async with reading() as task:
        cells = table(await the_file())
        task.emulator.faults.add(_download(text(cells[: 1 + len(cells) // 2])))
        # The first request is about the report, the second about its campaigns, the third is the sample.
        task.emulator.faults.add(Fault(path="report/integrated/get/", skip=2, **effect))
        with pytest.raises(IncompleteReadError):
            await task.rows(least_of_task=20)
        (notice,) = task.notices
    assert "only a part" in notice
    assert not any(days.whole for days in task.days)


async def test_campaigns_that_are_only_partly_known_are_no_reason_for_a_partial_report() -> None:
    """The pages are whole."""
    async with reading() as task:
        task.emulator.faults.add(Fault(path="report/integrated/get/", contains='["campaign_id"]', code=20001))
        rows = await task.rows()
        assert task.asked("report/task/") == 0
        assert len(task.notices) == 1
        assert all(days.whole for days in task.days)
    assert rows == await by_pages()


async def test_columns_in_another_order_are_found_by_name() -> None:
    """With a mark of the byte order, and with lines that end as on Windows."""
    cells = [list(reversed(row)) for row in table(await the_file())]
    async with reading() as task:
        task.emulator.faults.add(_download("\ufeff" + text(cells)))
        rows = await task.rows()
        assert not task.notices
    assert rows == await by_pages()


def _download(page: str) -> Fault:
    """TikTok sends this file, whatever the task was."""
    return Fault(path="report/task/download/", http=200, page=page, type="text/csv")


async def the_file() -> str:
    """The file of the usual window, as the emulator sends it."""
    async with reading() as task:
        seen: list[bytes] = []
        get = task._api.get

        async def watched(endpoint: str, *arguments: Any, **options: Any) -> Any:
            answer = await get(endpoint, *arguments, **options)
            if endpoint == "report/task/download/":
                seen.append(answer.value)
            return answer

        task._api.get = watched  # type: ignore[method-assign]
        await task.rows()
        return seen[0].decode()


@pytest.mark.parametrize(
    "trouble",
    quickly(
        ("download", {"truncate": True}),
        ("create", {"code": 50000}),
        ("create", {"reset": True}),
        ("check", {"http": 502}),
        ("check", {"code": 40100}),
        ("download", {"http": 502}),
        ("download", {"reset": True}),
        ("download", {"code": 51001}),
    ),
    ids=lambda trouble: f"{trouble[0]} {next(iter(trouble[1]))}",
)
async def test_trouble_that_passes_costs_nothing(trouble: tuple[str, dict[str, Any]]) -> None:
    """Requests are sent again as any others. TikTok may create a second task, which nobody needs."""
    path, fault = trouble
    async with reading() as task:
        task.emulator.faults.add(Fault(path=f"report/task/{path}/", first=2, **fault))
        rows = await task.rows()
        assert task.asked("report/task/download/") >= 1
        assert not task.notices
    assert rows == await by_pages()


@pytest.mark.parametrize("code", quickly(40001, 50000))
@pytest.mark.parametrize("path", ["create", "check", "download"])
async def test_trouble_that_stays_leads_to_pages(path: str, code: int) -> None:
    """The reason is told."""
    async with reading() as task:
        task.emulator.faults.add(Fault(path=f"report/task/{path}/", code=code, message="Nothing works."))
        rows = await task.rows()
        (notice,) = task.notices
    assert "Nothing works" in notice
    assert rows == await by_pages()


async def test_a_report_that_is_too_large_after_its_file_is_divided() -> None:
    """Page by page, it would begin with the very request that failed, for which TikTok blocks slow requests."""
    async with reading() as task:
        days = '"stat_time_day"]'
        task.emulator.faults.add(Fault(path="report/integrated/get/", contains=days, nth=2, code=40067))
        rows = await task.rows(least_of_task=20)
        assert task.asked("report/task/download/") >= 1
        assert all(of_days.whole for of_days in task.days)
        received = task.emulator.counters.requests
        sent = [str(request.params) for request in received if days in request.params.get("dimensions", "")]
        assert max(map(sent.count, sent)) == 2  # whether it is worth a task, and whether the file has its rows
    assert rows == await by_pages()


async def test_a_revoked_token_is_no_reason_for_pages() -> None:
    """They fail as well, with an error that says what to do."""
    async with reading() as task:
        task.emulator.faults.add(Fault(path="report/integrated/get/", code=40105, skip=1))
        task.emulator.faults.add(Fault(path="report/task/create/", code=40105))
        with pytest.raises(TikTokError):
            await task.rows()


@pytest.mark.thorough
async def test_a_sync_with_many_rows_takes_fewer_requests() -> None:
    """If the configuration says so; and without it, none is asynchronous."""
    outcomes: dict[str, Any] = {}
    requests: dict[str, int] = {}
    options = Options(now=NOW, tier="unlimited", async_reports=True, ads_per_account=3600)
    async with Emulator(options) as emulator:
        days = {"start_date": "2026-05-01", "end_date": "2026-05-30", "requests_per_second": 1000}
        for mode in ("off", "auto"):
            before = emulator.counters.total()
            largest = [str(emulator.advertiser_ids[0])]
            config = config_for(emulator, **days, advertiser_ids=largest, async_reports=mode)
            outcomes[mode] = await read_from(emulator, config, ["ads_reports_daily"], clock=HurriedClock(NOW))
            requests[mode] = emulator.counters.total() - before
    off, auto = outcomes["off"], outcomes["auto"]
    assert (off.exit_code, auto.exit_code) == (0, 0)
    rows = [sorted(map(str, outcome.records("ads_reports_daily"))) for outcome in (off, auto)]
    assert rows[0] == rows[1]
    assert cursors_of(off.last_states) == cursors_of(auto.last_states)
    assert requests["auto"] < requests["off"] - 10
