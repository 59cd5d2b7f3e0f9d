"""Which windows of a report are worth a file, and what is read page by page although there could be one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace
from unit_builders import FakeClock, client, delivered_by, refusal, success

from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import report_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import IncompleteReadError, PartialAnswerError
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import SequentialBudget, TooManyRows
from tiktok_marketing.sync.read.pass_limits import PassLimits
from tiktok_marketing.sync.read.report_tasks import ReportTasks
from tiktok_marketing.sync.read.reports import ReportWindow

_DAILY = report_stream("ads_reports_daily")
STREAM = replace(_DAILY, source=replace(_DAILY.source, metrics=("spend", "ad_name")))
DAY = Window(date(2026, 1, 1), date(2026, 1, 1))
DAYS = Window(date(2026, 1, 1), date(2026, 1, 4))
LIMITS = PassLimits(least=100, most=100, least_of_task=3, most_of_task=6)
CUT = {"X-Tt-Ads-Throttle": "20k"}


class Server:
    """An account with so many ads of one campaign, whose application may create asynchronous reports.

    Args:
        ads: The number of its ads, each with a row on the first day.
        total: How many rows TikTok counts; None for as many.
    """

    def __init__(self, ads: int, total: int | None = None) -> None:
        self.rows = [(str(11 + number), f"{DAY.start} 00:00:00", str(number), "ad") for number in range(ads)]
        self.total = ads if total is None else total
        self.asked: list[str] = []
        self.creating = success({"task_id": "900"})
        self.report: dict[int, Reply] = {}
        """Answers in place of the usual ones of the report by ad, by their number from 1."""
        self.complete_at = 1
        """The answer of the report by ad, by its number, from which on its last row is there."""
        self.campaigns = self._figures("campaign_id", "1")

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer a report, or what is asked about a task."""
        assert token
        if endpoint == "report/task/check/":
            return self._note("check", success({"status": "SUCCESS"}))
        if endpoint == "report/task/download/":
            lines = ["ad_id,stat_time_day,spend,ad_name", *map(",".join, self._shown())]
            return self._note("download", Reply(200, {}, "\n".join(lines).encode()))
        [level, *_] = json.loads(params["dimensions"])
        if level == "campaign_id":
            return self._note("campaigns", self.campaigns)
        if level == "advertiser_id":
            return self._note("account", self._figures("advertiser_id", "7001"))
        assert level == "ad_id"
        page, size = int(params["page"]), int(params["page_size"])
        rows = [
            {"dimensions": {"ad_id": ad, "stat_time_day": day}, "metrics": {"spend": spend, "ad_name": name}}
            for ad, day, spend, name in self._shown()[(page - 1) * size : page * size]
        ]
        late = len(self.rows) - len(self._shown())
        usual = self._page(rows, self.total - late, page, size)
        return self._note("report", self.report.get(1 + self.asked.count("report")) or usual)

    async def post(self, endpoint: str, body: Mapping[str, Any], token: str) -> Reply:
        """Create a task."""
        assert token
        assert endpoint == "report/task/create/"
        assert json.loads(body["filtering"][0]["filter_value"]) == ["1"]
        return self._note("create", self.creating)

    def _shown(self) -> Sequence[tuple[str, ...]]:
        return self.rows if self.asked.count("report") + 1 >= self.complete_at else self.rows[:-1]

    def _figures(self, dimension: str, name: str) -> Reply:
        metrics = {"spend": str(sum(int(spend) for _, _, spend, _ in self.rows)), "impressions": "0"}
        return self._page([{"dimensions": {dimension: name}, "metrics": metrics}], 1)

    def _note(self, name: str, reply: Reply) -> Reply:
        self.asked.append(name)
        return reply

    @staticmethod
    def _page(rows: Sequence[Any], total: int, page: int = 1, size: int = 1000) -> Reply:
        info = {"page": page, "page_size": size, "total_number": total, "total_page": -(-total // size)}
        body = {"code": 0, "message": "", "request_id": "r", "data": {"list": rows, "page_info": info}}
        return Reply(200, {}, json.dumps(body).encode())

    def partial(self, headers: Mapping[str, str], code: int = 0) -> Reply:
        """A page of the report that has no more than a part of its rows."""
        body = json.loads(self._page([], self.total).body) | {"code": code}
        return Reply(200, headers, json.dumps(body).encode())


async def read(
    server: Server, window: Window | None = DAYS, limits: PassLimits = LIMITS, seen: list[str] | None = None
) -> list[str]:
    """What was delivered: the ad of each row, days, and notices."""
    clock = FakeClock()
    api = client(server, clock, tier=tier_of(1000))
    report = ReportWindow(
        api,
        STREAM,
        Account(advertiser_id=AdvertiserId("7001")),
        window,
        include_deleted=True,
        budget=SequentialBudget(),
        limits=limits,
    )
    report.tasks = ReportTasks(api, clock, attribution_window=0)
    return await delivered_by(report, seen)


def all_of(server: Server, window: Window = DAYS) -> list[str]:
    """What a reader delivers that has nothing to say."""
    return [*(ad for ad, *_ in server.rows), f"{window} whole"]


@pytest.mark.parametrize(("ads", "by_file"), [(1, False), (3, False), (4, True), (6, True)])
async def test_a_window_of_many_rows_is_read_from_a_file(ads: int, by_file: bool) -> None:
    """A few cost less by themselves. A file costs one page to see the number of rows, and one to compare."""
    server = Server(ads)
    assert await read(server) == all_of(server)
    others = ["report", "campaigns", "create", "check", "download", "report"]
    assert server.asked == (others if by_file else ["report"])


async def test_days_with_too_many_rows_for_a_file_are_given_back() -> None:
    """Each half of them may be worth one."""
    with pytest.raises(TooManyRows) as caught:
        await read(server := Server(7))
    assert (caught.value.total, caught.value.max_rows) == (7, 6)
    assert server.asked == ["report"]


async def test_a_day_with_too_many_rows_for_a_file_is_read_page_by_page() -> None:
    """It cannot be divided by days."""
    server = Server(7)
    assert await read(server, DAY) == all_of(server, DAY)
    assert server.asked == ["report", "report"]
    server = Server(6)
    assert await read(server, DAY) == all_of(server, DAY)
    assert "download" in server.asked


@pytest.mark.parametrize(
    ("total", "tried"), [(20_000, False), (20_001, True), (40_000, True), (40_001, False)], ids=str
)
async def test_twenty_to_forty_pages_are_worth_a_file(total: int, tried: bool) -> None:
    """Of a day; several days with more are given back. The server has no such rows, and says so at once."""
    server = Server(1000, total)
    server.creating = refusal(40118)
    server.report = {number: server.partial({}, 20001) for number in range(2, 50)}
    with pytest.raises((PartialAnswerError, IncompleteReadError)):
        await read(server, DAY, PassLimits())
    assert ("create" in server.asked) is tried


async def test_a_reason_comes_before_the_window_is_given_back() -> None:
    """It is told once, and the window is read again as shorter ones."""
    server = Server(6)
    server.creating = refusal(40001, "Not yours.")
    seen: list[str] = []
    with pytest.raises(TooManyRows):
        await read(server, limits=replace(LIMITS, least=5, most=5), seen=seen)
    (notice,) = seen
    assert "Not yours" in notice
    assert "download" not in server.asked


@pytest.mark.parametrize(("headers", "code", "tries"), [(CUT, 0, 1), ({}, 20001, 3)], ids=["throttled", "code 20001"])
async def test_a_part_of_the_usual_answer_confirms_no_file(headers: dict[str, str], code: int, tries: int) -> None:
    """The file may lack the same rows. The pages say what is missing."""
    server = Server(5)
    server.report = {2 + number: server.partial(headers, code) for number in range(tries)}
    [notice, *rest] = await read(server)
    assert "TikTok's usual answer is only a part, too" in notice
    assert rest == all_of(server)
    assert server.asked == ["report", "campaigns", "create", "check", "download", *["report"] * tries, "report"]


async def test_campaigns_that_are_only_partly_known_are_not_named() -> None:
    """A task would leave the rows of the others out."""
    server = Server(5)
    body = json.loads(server.campaigns.body) | {"code": 20001}
    server.campaigns = Reply(200, {}, json.dumps(body).encode())
    [notice, *rest] = await read(server)
    assert "From now on, the reports of this account are read page by page" in notice
    assert rest == all_of(server)
    assert "create" not in server.asked


async def test_a_part_that_lacks_rows_is_read_again_page_by_page() -> None:
    """A second file would be as old as the first. The whole counted one more row, and was cut."""
    server = Server(5)
    server.report = {1: server.partial(CUT)}
    server.complete_at = 4
    assert sorted(set(await read(server))) == sorted(all_of(server))
    tasks = ["report", "campaigns", "account", "report", "create", "check", "download", "report"]
    assert server.asked[: len(tasks)] == tasks
    assert set(server.asked[len(tasks) :]) == {"report"}


async def test_a_report_that_tasks_cannot_read_is_asked_for_once() -> None:
    """Nothing looks first how many rows it has."""
    server = Server(5)
    assert await read(server, None) == [*(ad for ad, *_ in server.rows), "None whole"]
    assert server.asked == ["report"]
