"""A window of a report is read in as many pieces as TikTok demands, and each day is complete once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace
from unit_builders import FakeClock, client, refusal
from unit_builders import delivered_by as read

from support import Ahead
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import Grain, ReportFilter, ReportStream, report_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConnectorError, IncompleteReadError, PartialAnswerError, TikTokError
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.plan_sync import Notice
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import SequentialBudget, TooManyRows
from tiktok_marketing.sync.read.metric_search import MetricSearch
from tiktok_marketing.sync.read.pass_limits import PassLimits
from tiktok_marketing.sync.read.report_parts import DaysRead
from tiktok_marketing.sync.read.report_requests import StorePart
from tiktok_marketing.sync.read.reports import ReportWindow

DAILY = report_stream("ads_reports_daily")
GROUPS_DAILY = report_stream("ad_groups_reports_daily")
WINDOW = Window(date(2026, 1, 1), date(2026, 1, 4))
DAY = Window(date(2026, 1, 1), date(2026, 1, 1))
TOO_LARGE = refusal(40067, "too large")
Params = dict[str, Any]
Rows = list[dict[str, Any]]


def row(ad: str, day: int = 1, **metrics: Any) -> dict[str, Any]:
    """A row of a daily report at ad level."""
    return {
        "dimensions": {"ad_id": ad, "stat_time_day": f"2026-01-{day:02d} 00:00:00"},
        "metrics": metrics or {"likes": "0"},
    }


def first_day(params: Mapping[str, Any]) -> int:
    """The number of the first day that a request is about."""
    return int(params["start_date"][-2:])


def of(dimension: str, **spends: int) -> Rows:
    """Rows of a level without days: what each object spent."""
    return [
        {"dimensions": {dimension: name[1:]}, "metrics": {"spend": str(spend), "impressions": "0"}}
        for name, spend in spends.items()
    ]


def reply(rows: Rows, *, total: int | None = None, code: int = 0, cut: bool = False) -> Reply:
    """A page."""
    total = len(rows) if total is None else total
    info = {"page": 1, "page_size": 1000, "total_number": total, "total_page": -(-total // 1000)}
    body = {"code": code, "message": "", "request_id": "r", "data": {"list": rows, "page_info": info}}
    return Reply(200, {"X-Tt-Ads-Throttle": "20k"} if cut else {}, json.dumps(body).encode())


class Server:
    """Answers reports by the dimension of what a row is about.

    Args:
        answers: For each of them its rows, or what answers for it.
    """

    def __init__(self, **answers: Rows | Callable[[Params], Reply | Rows]) -> None:
        self._answers = answers
        self.requests: list[Params] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer one request."""
        assert endpoint
        assert token
        decoded: Params = {name: json.loads(text) if text[0] in "[{" else text for name, text in params.items()}
        conditions = decoded.get("filtering", [])
        named = {each["field_name"]: json.loads(each["filter_value"]) for each in conditions if isinstance(each, dict)}
        decoded["ids"] = named
        self.requests.append(decoded)
        answer = self._answers[decoded["dimensions"][0]]
        given = answer(decoded) if callable(answer) else answer
        return given if isinstance(given, Reply) else reply(given)

    def asked(self, dimension: str) -> list[Params]:
        """The requests about this level."""
        return [params for params in self.requests if params["dimensions"][0] == dimension]


def window_of(
    server: Server, window: Window | None = WINDOW, stream: ReportStream = DAILY, **options: Any
) -> ReportWindow:
    """A reader of a window."""
    return ReportWindow(
        client(server, FakeClock(), tier=tier_of(1000)),
        stream,
        Account(advertiser_id=AdvertiserId("7001")),
        window,
        **{"include_deleted": True, "budget": SequentialBudget(), **options},
    )


@pytest.mark.parametrize(
    ("pages", "rows"), [(1, 10_000), (2, 16_000), (3, 24_000), (5, 40_000), (6, 40_000), (100, 40_000)]
)
def test_a_pass_reads_more_rows_the_more_of_the_quota_it_has(pages: int, rows: int) -> None:
    """Between bounds."""
    assert PassLimits().max_rows(Ahead(pages)) == rows


FEW = PassLimits(least=5, most=5)


async def test_several_days_with_too_many_rows_are_given_back() -> None:
    """Nothing of them was delivered."""
    rows = [row(str(ad)) for ad in range(6)]
    with pytest.raises(TooManyRows) as caught:
        await read(window_of(Server(ad_id=rows), limits=FEW))
    assert (caught.value.total, caught.value.max_rows) == (6, 5)
    assert len(await read(window_of(Server(ad_id=rows[:5]), limits=FEW))) == 6


async def test_metrics_that_no_row_of_a_window_has_are_known() -> None:
    """Those of all pages count. Of a window without rows, nothing is known."""
    report = window_of(Server(ad_id=[row("1", spend="1"), row("2", reach="5")]))
    await read(report)
    assert report.lacking.names == set(DAILY.source.metrics) - {"spend", "reach"}
    empty = window_of(Server(ad_id=[]))
    await read(empty)
    assert not empty.lacking.names


async def test_two_days_are_several() -> None:
    """Each of them may be short enough."""
    two = Window(date(2026, 1, 1), date(2026, 1, 2))
    with pytest.raises(TooManyRows):
        await read(window_of(Server(ad_id=[row(str(ad)) for ad in range(6)]), two, limits=FEW))


@pytest.mark.parametrize(
    ("stream", "window", "divisible"),
    [
        (DAILY, WINDOW, True),
        (DAILY, DAY, True),
        (report_stream("advertisers_reports_daily"), WINDOW, True),
        (report_stream("advertisers_reports_daily"), DAY, False),
    ],
)
async def test_a_slow_report_is_divided_rather_than_asked_for_again_if_it_can_be(
    stream: ReportStream, window: Window, divisible: bool
) -> None:
    """By its days or by its objects."""
    slow = Server(**dict.fromkeys(("ad_id", "advertiser_id", "campaign_id"), lambda _: refusal(50002, "slow")))
    with pytest.raises(TikTokError):
        await read(window_of(slow, window, stream))
    first = slow.requests[0]
    assert (slow.requests.count(first) <= 2) == divisible


async def test_one_day_and_a_report_without_days_are_read_however_long_they_are() -> None:
    """No shorter window has fewer rows."""
    rows = [row(str(ad)) for ad in range(6)]
    assert len(await read(window_of(Server(ad_id=rows), DAY, limits=FEW))) == 7
    lifetime = report_stream("ads_reports_lifetime")
    sums = of("ad_id", _1=1, _2=1, _3=1, _4=1, _5=1, _6=1)
    assert len(await read(window_of(Server(ad_id=sums), None, lifetime, limits=FEW))) == 7
    summed = replace(lifetime, source=replace(lifetime.source, grain=Grain.SPAN))
    assert len(await read(window_of(Server(ad_id=sums), WINDOW, summed, limits=FEW))) == 7


async def test_a_piece_that_turns_out_too_long_is_read_in_shorter_ones() -> None:
    """Its own days, not those of the whole window. They are compared with it before they are complete."""

    def answer(params: Params) -> Reply | Rows:
        first, last = int(params["start_date"][-2:]), int(params["end_date"][-2:])
        if (first, last) == (1, 4):
            return TOO_LARGE
        return [row(f"{ad}", day) for day in range(first, last + 1) for ad in range(3)]

    assert await read(window_of(Server(ad_id=answer), limits=FEW)) == [
        *("0", "1", "2", "0", "1", "2", "2026-01-01 to 2026-01-02 whole"),
        *("0", "1", "2", "0", "1", "2", "2026-01-03 to 2026-01-04 whole"),
    ]


async def test_days_follow_one_another_and_end_with_the_window() -> None:
    """However it was divided."""

    def answer(params: Params) -> Reply | Rows:
        first, last = int(params["start_date"][-2:]), int(params["end_date"][-2:])
        return TOO_LARGE if (first, last) in {(1, 4), (3, 4)} else [row(f"{first}", first)]

    assert await read(window_of(Server(ad_id=answer))) == [
        "1",
        "2026-01-01 to 2026-01-02 whole",
        "3",
        "2026-01-03 whole",
        "4",
        "2026-01-04 whole",
    ]


async def test_days_of_which_rows_were_delivered_before_are_complete_together() -> None:
    """A pass over all days fails after its first page, which has rows of the last day."""

    def answer(params: Params) -> Reply | Rows:
        first, last = int(params["start_date"][-2:]), int(params["end_date"][-2:])
        if (first, last) == (1, 4):
            rows = [row(str(ad), 4) for ad in range(1000)]
            return reply(rows, total=1500) if params["page"] == "1" else TOO_LARGE
        return [row(str(ad), 4) for ad in range(1500)][:1000] if last == 4 else [row("2000", first)]

    def second(params: Params) -> Reply | Rows:
        if params["start_date"][-2:] == "03" and params["page"] == "2":
            return reply([row(str(ad), 4) for ad in range(1000, 1500)], total=1500)
        given = answer(params)
        return reply(given, total=1500) if isinstance(given, list) and len(given) == 1000 else given

    seen = await read(window_of(Server(ad_id=second)))
    assert [text for text in seen if "whole" in text] == ["2026-01-01 to 2026-01-04 whole"]
    assert len(seen) == 1502


async def test_days_wait_for_rows_that_a_pass_without_a_count_delivered() -> None:
    """Nothing is known of the whole, but its rows of the last day came before those of the first."""
    last_day = [row(str(ad), 4) for ad in range(1000)]

    def answer(params: Params) -> Reply | Rows:
        first, last = int(params["start_date"][-2:]), int(params["end_date"][-2:])
        if (first, last) == (1, 4):
            body = {"code": 0, "message": "", "request_id": "r", "data": {"list": last_day}}
            return Reply(200, {}, json.dumps(body).encode()) if params["page"] == "1" else TOO_LARGE
        return last_day if last == 4 else [row("2000", first)]

    seen = await read(window_of(Server(ad_id=answer)))
    assert [text for text in seen if "whole" in text] == [f"{WINDOW} whole"]
    assert len(seen) == 1002


@pytest.mark.parametrize(("error", "divided"), [(40067, True), (50002, True), (51305, True), (40300, False)])
async def test_a_report_is_divided_if_that_may_help(error: int, divided: bool) -> None:
    """If it is too large, or so slow that a smaller one may succeed."""

    def answer(params: Params) -> Reply | Rows:
        return refusal(error) if params["start_date"] != params["end_date"] else [row("1", first_day(params))]

    server = Server(ad_id=answer)
    if divided:
        assert "2026-01-04 whole" in await read(window_of(server))
    else:
        with pytest.raises(TikTokError) as caught:
            await read(window_of(server))
        assert caught.value.code == error
        assert len(server.requests) == 1


async def test_metrics_that_tiktok_withdrew_are_left_out_and_remembered() -> None:
    """The report is asked for again without them, in one piece, once requests have shown that both are refused."""

    def answer(params: Params) -> Reply | Rows:
        withdrawn = [name for name in ("reach", "result") if name in params["metrics"]]
        return refusal(40002, f"Invalid metric fields: {withdrawn}.") if withdrawn else [row("1", first_day(params))]

    server = Server(ad_id=answer)
    refused: set[str] = {"clicks"}
    assert await read(window_of(server, refused=refused)) == ["1", f"{WINDOW} whole"]
    assert refused == {"clicks", "reach", "result"}
    assert [set(DAILY.source.metrics) - set(params["metrics"]) for params in server.requests] == [
        {"clicks"},
        {"clicks", "reach"},
        {"clicks", "reach", "result"},
        {"clicks", "result"},
        {"clicks", "reach", "result"},
    ]


async def test_of_several_metrics_in_a_refusal_only_those_that_tiktok_refuses_are_left_out() -> None:
    """The message names what it accepts as if that was refused. Rows of one day are asked for to find out."""

    def answer(params: Params) -> Reply | Rows:
        metrics = set(params["metrics"])
        if "reach" not in metrics:
            return [row("1", first_day(params))]
        return refusal(40002, "metrics: reach not in ['spend', 'clicks', 'result']")

    server = Server(ad_id=answer)
    refused: set[str] = set()
    assert await read(window_of(server, refused=refused)) == ["1", f"{WINDOW} whole"]
    assert refused == {"reach"}
    assert len(server.requests) <= 7


BOTH = "Invalid metric fields: ['reach', 'result']"


async def test_a_metric_that_was_left_out_comes_back_if_another_was_the_reason() -> None:
    """The message is the same, so that nothing but asking tells them apart."""

    def answer(params: Params) -> Reply | Rows:
        withdrawn = "reach" if len(server.requests) < 3 else "result"
        return refusal(40002, BOTH) if withdrawn in params["metrics"] else [row("1", first_day(params))]

    server = Server(ad_id=answer)
    refused: set[str] = set()
    assert await read(window_of(server, refused=refused)) == ["1", f"{WINDOW} whole"]
    assert refused == {"result"}


SUMMED = replace(report_stream("ads_reports_lifetime"), source=replace(DAILY.source, grain=Grain.SPAN))


@pytest.mark.parametrize(
    ("stream", "window", "days"),
    [
        (DAILY, WINDOW, (str(WINDOW.end), str(WINDOW.end))),
        (SUMMED, WINDOW, (str(WINDOW.start), str(WINDOW.end))),
        (report_stream("ads_reports_lifetime"), None, (None, None)),
    ],
    ids=["daily", "summed", "lifetime"],
)
async def test_metrics_are_tried_with_a_row_of_one_day(
    stream: ReportStream, window: Window | None, days: tuple[str | None, str | None]
) -> None:
    """If the report has days that can be asked for one by one."""

    def answer(params: Params) -> Reply | Rows:
        day = first_day(params) if "start_date" in params else 1
        return refusal(40002, BOTH) if "reach" in params["metrics"] else [row("1", day)]

    server = Server(ad_id=answer)
    refused: set[str] = set()
    await read(window_of(server, window, stream, refused=refused))
    assert refused == {"reach"}
    _, trial, _ = server.requests
    assert (trial.get("start_date"), trial.get("end_date")) == days
    assert trial["page_size"] == "1"


async def test_a_search_for_refused_metrics_serves_other_accounts() -> None:
    """Each asks once with all metrics, and once without."""

    def answer(params: Params) -> Reply | Rows:
        return refusal(40002, BOTH) if "reach" in params["metrics"] else [row("1", first_day(params))]

    server, search = Server(ad_id=answer), MetricSearch()
    for requests in (3, 5):
        await read(window_of(server, search=search))
        assert len(server.requests) == requests


# -- by objects


def by_campaigns(params: Params, rows: Mapping[str, Sequence[str]]) -> Reply | Rows:
    """The ads of the campaigns that are named; all together are too many."""
    ids = params["ids"].get("campaign_ids")
    if ids is None:
        return reply([], cut=True)
    return [row(ad, spend="1") for campaign in ids for ad in rows[campaign]]


async def test_a_report_that_is_cut_is_read_by_the_campaigns_that_have_rows() -> None:
    """Their list, and the account's figures, are asked for over the same days."""
    server = Server(
        ad_id=lambda params: by_campaigns(params, {"1": ["11", "12"], "2": ["21"]}),
        campaign_id=of("campaign_id", _1=2, _2=1),
        advertiser_id=of("advertiser_id", _7001=3),
    )
    assert await read(window_of(server)) == ["11", "12", "21", f"{WINDOW} whole"]
    assert [params["ids"].get("campaign_ids") for params in server.asked("ad_id")] == [None, ["1", "2"]]
    for dimension in ("campaign_id", "advertiser_id"):
        [params] = server.asked(dimension)
        assert (params["start_date"], params["end_date"]) == ("2026-01-01", "2026-01-04")


@pytest.mark.parametrize("complete_at", [1, 2, 3, None])
async def test_a_list_of_campaigns_that_lacks_figures_is_asked_for_three_times(complete_at: int | None) -> None:
    """Figures grow, so it may only be late. Whatever is still missing is reported."""
    lists: list[Rows] = []

    def campaigns(_: Params) -> Rows:
        lists.append([])
        return of("campaign_id", _1=2, _2=1) if complete_at == len(lists) else of("campaign_id", _1=2)

    server = Server(
        ad_id=lambda params: by_campaigns(params, {"1": ["11", "12"], "2": ["21"]}),
        campaign_id=campaigns,
        advertiser_id=of("advertiser_id", _7001=3),
    )
    if complete_at is None:
        with pytest.raises(IncompleteReadError, match=r"lack 1\.00 of 3\.00 spend"):
            await read(window_of(server))
    else:
        assert await read(window_of(server)) == ["11", "12", "21", f"{WINDOW} whole"]
    assert len(lists) == (complete_at or 3)
    assert len(server.asked("advertiser_id")) == (1 if complete_at else 2)


async def test_without_figures_of_the_account_its_campaigns_are_listed_once() -> None:
    """Nothing says what the list lacks. People are told so."""
    server = Server(
        ad_id=lambda params: by_campaigns(params, {"1": ["11"]}),
        campaign_id=of("campaign_id", _1=2),
        advertiser_id=lambda _: refusal(40300, "no"),
    )
    seen = await read(window_of(server))
    [notice] = [text for text in seen if text.startswith(f"ads_reports_daily, advertiser 7001, {WINDOW}: ")]
    assert "does not tell what they add up to" in notice
    assert [text for text in seen if text != notice] == ["11", f"{WINDOW} whole"]
    assert len(server.asked("campaign_id")) == 1


async def test_campaigns_of_rows_that_the_cut_report_showed_are_added_to_the_list() -> None:
    """They have rows, whatever the list says."""

    def answer(params: Params) -> Reply | Rows:
        if "campaign_ids" not in params["ids"]:
            return reply([row("91", campaign_id="9"), row("11", campaign_id="1"), row("31", campaign_id="3")], cut=True)
        return [row(f"{campaign}1", spend="1") for campaign in params["ids"]["campaign_ids"]]

    server = Server(ad_id=answer, campaign_id=of("campaign_id", _1=3), advertiser_id=of("advertiser_id", _7001=3))
    assert await read(window_of(server)) == ["11", "31", "91", f"{WINDOW} whole"]


async def test_campaigns_that_are_cut_are_halved_and_then_read_by_their_ad_groups() -> None:
    """The ad groups of one campaign, of which the ad group list is asked."""

    def answer(params: Params) -> Reply | Rows:
        groups = params["ids"].get("adgroup_ids")
        if groups is None:
            return reply([], cut=True) if params["ids"].get("campaign_ids") != ["2"] else [row("21", spend="1")]
        return [row(f"{group}1", spend="1") for group in groups]

    server = Server(
        ad_id=answer,
        campaign_id=lambda params: [
            each
            for each in of("campaign_id", _1=2, _2=1)
            if each["dimensions"]["campaign_id"] in params["ids"].get("campaign_ids", "12")
        ],
        adgroup_id=of("adgroup_id", _11=1, _12=1),
        advertiser_id=of("advertiser_id", _7001=3),
    )
    assert await read(window_of(server)) == ["111", "121", "21", f"{WINDOW} whole"]
    [groups] = server.asked("adgroup_id")
    assert groups["ids"]["campaign_ids"] == ["1"]


async def test_a_part_that_lost_its_rows_is_not_made_up_for_by_another() -> None:
    """The figures of each part count once."""

    def answer(params: Params) -> Reply | Rows:
        ids = params["ids"].get("campaign_ids")
        return reply([], cut=True) if ids in (None, ["1", "2"]) else [row("11", spend="2")] if ids == ["1"] else []

    server = Server(
        ad_id=answer,
        campaign_id=of("campaign_id", _1=2, _2=1),
        advertiser_id=of("advertiser_id", _7001=3),
    )
    with pytest.raises(IncompleteReadError, match=r"lack 1\.00 of 3\.00 spend"):
        await read(window_of(server))


async def test_a_part_that_grew_meanwhile_is_read_again() -> None:
    """The whole showed three rows, of which the part had two at first."""
    rows = [row("11", spend="1"), row("21", spend="1"), row("22", spend="1")]
    reads: list[str] = []

    def answer(params: Params) -> Reply | Rows:
        if "campaign_ids" not in params["ids"]:
            return reply([], total=3, cut=bool(not reads))
        reads.append(params["page"])
        return rows[:2] if len(reads) == 1 else rows

    server = Server(ad_id=answer, campaign_id=of("campaign_id", _1=1, _2=2), advertiser_id=of("advertiser_id", _7001=3))
    assert await read(window_of(server)) == ["11", "21", "22", f"{WINDOW} whole"]


async def test_an_ad_group_with_too_many_ads_cannot_be_read() -> None:
    """TikTok leaves out some of its ads, and nothing is smaller."""
    server = Server(
        ad_id=lambda _: reply([], cut=True),
        campaign_id=of("campaign_id", _1=1),
        adgroup_id=of("adgroup_id", _11=1),
        advertiser_id=of("advertiser_id", _7001=1),
    )
    with pytest.raises(IncompleteReadError, match="Advertiser 7001 has an ad group with more ads than that"):
        await read(window_of(server))


@pytest.mark.parametrize(
    ("stream", "levels"),
    [
        (report_stream("advertisers_reports_daily"), set()),
        (report_stream("campaigns_reports_daily"), {"campaign_id"}),
        (GROUPS_DAILY, {"campaign_id"}),
        (DAILY, {"campaign_id", "adgroup_id"}),
        (replace(DAILY, source=replace(DAILY.source, report_type="TT_SHOP")), set()),
        (replace(DAILY, source=replace(DAILY.source, report_type="SMART_PLUS")), set()),
    ],
)
async def test_only_levels_above_a_row_divide_a_report(stream: ReportStream, levels: set[str]) -> None:
    """Of GMV Max ads and of materials there are none."""
    lists: set[str] = set()

    def listed(dimension: str, params: Params) -> Reply | Rows:
        if len(params["dimensions"]) > 1:
            return TOO_LARGE
        lists.add(dimension)
        return of(dimension, _1=1)

    server = Server(
        **{
            dimension: (lambda params, dimension=dimension: listed(dimension, params))  # type: ignore[misc]
            for dimension in ("ad_id", "campaign_id", "adgroup_id", "advertiser_id")
        }
    )
    with pytest.raises(TikTokError, match="too large"):
        await read(window_of(server, DAY, stream))
    assert lists - {"advertiser_id"} == levels


async def test_a_filter_of_the_report_by_campaigns_limits_its_parts() -> None:
    """Other campaigns have no rows in it."""
    filters = (ReportFilter(field="campaign_ids", values=("2", "3")),)
    filtered = replace(DAILY, source=replace(DAILY.source, filters=filters))

    def answer(params: Params) -> Reply | Rows:
        ids = params["ids"]["campaign_ids"]
        return reply([], cut=True) if ids == ["2", "3"] else [row(f"{each}1") for each in ids]

    server = Server(ad_id=answer, campaign_id=of("campaign_id", _1=1, _2=2), advertiser_id=of("advertiser_id", _7001=3))
    assert await read(window_of(server, stream=filtered)) == ["21", f"{WINDOW} whole"]


def by_behavior(stream: ReportStream) -> ReportStream:
    """A report of a kind in which TikTok limits the number of objects that a request is about."""
    return replace(stream, source=replace(stream.source, dimensions=(*stream.source.dimensions, "behavior_id")))


async def test_a_report_that_limits_objects_is_divided_by_them() -> None:
    """Fewer days would change nothing."""

    def answer(params: Params) -> Reply | Rows:
        ids = params["ids"].get("campaign_ids", "every")
        days = f"{params['start_date'][-2:]}-{params['end_date'][-2:]}"
        return [row(f"{each}1") for each in ids] if (len(ids), days) == (1, "01-04") else TOO_LARGE

    server = Server(
        ad_id=answer,
        campaign_id=of("campaign_id", _1=1, _2=1, _3=1),
        advertiser_id=of("advertiser_id", _7001=3),
    )
    assert await read(window_of(server, stream=by_behavior(DAILY))) == ["11", "21", "31", f"{WINDOW} whole"]
    assert {(params["start_date"], params["end_date"]) for params in server.requests} == {("2026-01-01", "2026-01-04")}


async def test_a_report_that_limits_objects_is_divided_by_days_if_it_has_none() -> None:
    """It may still be too large."""
    stream = by_behavior(report_stream("advertisers_reports_daily"))

    def answer(params: Params) -> Reply | Rows:
        return TOO_LARGE if params["start_date"] != params["end_date"] else []

    server = Server(advertiser_id=answer)
    assert [text for text in await read(window_of(server, stream=stream)) if "whole" in text][-1] == "2026-01-04 whole"


# -- partial answers


async def test_days_of_a_partial_answer_are_not_whole() -> None:
    """Later days are; the error comes once everything was read."""

    def answer(params: Params) -> Reply | Rows:
        first, last = int(params["start_date"][-2:]), int(params["end_date"][-2:])
        if last - first > 0:
            return TOO_LARGE
        return reply([row(str(first), first)], code=20001 if first == 2 else 0)

    seen: list[str] = []
    with pytest.raises(PartialAnswerError):
        await read(window_of(Server(ad_id=answer)), seen)
    assert seen == [
        "1",
        "2026-01-01 whole",
        "2",
        "2026-01-02 partial",
        "3",
        "2026-01-03 whole",
        "4",
        "2026-01-04 whole",
    ]


async def test_a_partial_answer_without_days_leaves_the_report_incomplete() -> None:
    """There is no later day."""
    seen: list[str] = []
    rows = of("ad_id", _1=1)
    with pytest.raises(PartialAnswerError):
        await read(
            window_of(Server(ad_id=lambda _: reply(rows, code=20001)), None, report_stream("ads_reports_lifetime")),
            seen,
        )
    assert seen == ["1", "None partial"]


async def test_the_latest_day_of_all_partial_answers_counts() -> None:
    """The list of campaigns is about the whole window, and a later answer about its first day alone."""

    def answer(params: Params) -> Reply | Rows:
        first, last = int(params["start_date"][-2:]), int(params["end_date"][-2:])
        if "campaign_ids" not in params["ids"]:
            return reply([], cut=True)
        if last - first > 1:
            return TOO_LARGE
        return reply([row(f"{first}", first)], code=20001 if first == 1 else 0)

    server = Server(
        ad_id=answer,
        campaign_id=lambda _: reply(of("campaign_id", _1=1), code=20001),
        advertiser_id=lambda _: refusal(40300, "no"),
    )
    seen: list[str] = []
    with pytest.raises(PartialAnswerError):
        await read(window_of(server), seen)
    assert [text for text in seen if text.startswith("20")] == [
        "2026-01-01 to 2026-01-02 partial",
        "2026-01-03 to 2026-01-04 partial",
    ]


# -- what people are told, and counts


async def test_different_rows_of_one_key_are_said_once() -> None:
    """They were all delivered."""

    def answer(params: Params) -> Reply | Rows:
        first, last = int(params["start_date"][-2:]), int(params["end_date"][-2:])
        if last > first:
            return TOO_LARGE
        twice = reply([row("5", 1, spend="1"), row("5", 1, spend="2")], total=1)
        return twice if first == 1 else [row("6", first)]

    seen = await read(window_of(Server(ad_id=answer), Window(date(2026, 1, 1), date(2026, 1, 2))))
    [notice] = [text for text in seen if "different rows" in text]
    assert notice.startswith("ads_reports_daily, advertiser 7001, 2026-01-01: TikTok delivers 2 different rows")
    assert [text for text in seen if text != notice] == ["5", "5", "2026-01-01 whole", "6", "2026-01-02 whole"]


async def test_a_notice_of_a_report_without_days_names_none() -> None:
    """Only the stream and the account."""
    rows = reply([*of("ad_id", _5=1), *of("ad_id", _5=2)], total=1)
    seen = await read(window_of(Server(ad_id=lambda _: rows), None, report_stream("ads_reports_lifetime")))
    assert any(text.startswith("ads_reports_lifetime, advertiser 7001: TikTok delivers 2") for text in seen)


async def test_rows_are_counted_without_being_read() -> None:
    """As TikTok counts them now."""
    server = Server(ad_id=lambda _: reply([row("1")], total=1234))
    assert await window_of(server).count() == 1234
    assert len(server.requests) == 1


@pytest.mark.parametrize(("trouble", "tries"), [(TOO_LARGE, 1), (refusal(50002, "timeout"), 2)])
async def test_a_window_that_cannot_be_counted_as_a_whole_is_counted_in_parts(trouble: Reply, tries: int) -> None:
    """TikTok blocks a request that times out for the third time."""

    def answer(params: Params) -> Reply:
        days = int(params["end_date"][-2:]) - int(params["start_date"][-2:]) + 1
        return trouble if days > 2 else reply([row("1", first_day(params))], total=days * 10)

    server = Server(ad_id=answer)
    assert await window_of(server).count() == 40
    assert len(server.requests) == tries + 2


async def test_a_day_that_cannot_be_counted_fails() -> None:
    """Nothing else shows how many rows it has."""
    with pytest.raises(TikTokError):
        await window_of(Server(ad_id=lambda _: TOO_LARGE), DAY).count()


async def test_a_refusal_to_count_is_no_reason_for_parts() -> None:
    """Each of them would be refused as well."""
    server = Server(ad_id=lambda _: refusal(40300, "no"))
    with pytest.raises(TikTokError, match="no"):
        await window_of(server).count()
    assert len(server.requests) == 1


class Finder:
    """Stands in for what finds the parts of a report by store."""

    def __init__(self, *parts: StorePart) -> None:
        self._parts = [*parts]
        self.warnings: list[str] = []
        self.short: ConnectorError | None = None
        self.answers = 0
        self.refused: list[str] = []

    async def parts(self, *_: Any) -> list[StorePart]:
        """The parts."""
        return self._parts

    def answered(self) -> None:
        """A part was read."""
        self.answers += 1

    def costs_itself(self, store: StorePart | None, error: TikTokError) -> bool:
        """Any store but 73 costs itself."""
        assert store is not None
        assert error.code == 40002
        self.refused.append(store.store_id)
        return store.store_id != "73"

    def error(self, stream: str) -> ConnectorError | None:
        """What was lacking when the parts were found."""
        assert stream
        return self.short


async def test_a_report_by_store_is_read_part_by_part() -> None:
    """Its days are complete after the last part; without stores at once."""
    stream = report_stream("gmv_max_product_campaign_reports_daily")

    def answer(params: Params) -> Rows:
        [store] = params["store_ids"]
        day = "2026-01-01 00:00:00"
        return [{"dimensions": {"campaign_id": f"{store}1", "stat_time_day": day}, "metrics": {"cost": "1"}}]

    report = window_of(Server(campaign_id=answer), stream=stream)
    report.stores = Finder(StorePart("71"), StorePart("72"))  # type: ignore[assignment]
    deliveries = [delivery async for delivery in report.deliveries()]
    assert [type(each).__name__ for each in deliveries] == ["Delivery", "Delivery", "DaysRead"]
    assert deliveries[-1] == DaysRead(WINDOW, whole=True)
    assert await report.count() == 2
    none = window_of(Server(), stream=stream)
    none.stores = Finder()  # type: ignore[assignment]
    assert [delivery async for delivery in none.deliveries()] == [DaysRead(WINDOW, whole=True)]


@pytest.mark.parametrize("parts", [1, 0])
async def test_parts_that_may_be_missing_make_no_day_whole(parts: int) -> None:
    """Otherwise the rows of these parts would be removed from a database. The error comes after the other rows."""
    stream = report_stream("gmv_max_product_campaign_reports_daily")
    rows = [{"dimensions": {"campaign_id": "1", "stat_time_day": "2026-01-01 00:00:00"}, "metrics": {"cost": "1"}}]
    finder = Finder(*[StorePart("71")] * parts)
    finder.short = IncompleteReadError("a list lacks campaigns")
    report = window_of(Server(campaign_id=rows), stream=stream)
    report.stores = finder  # type: ignore[assignment]
    delivered: list[Any] = []

    async def deliver() -> None:
        async for delivery in report.deliveries():
            delivered.append(delivery)  # noqa: PERF401 - what came before the error

    with pytest.raises(IncompleteReadError, match="lacks campaigns"):
        await deliver()
    assert [type(each).__name__ for each in delivered] == [*["Delivery"] * parts, "DaysRead"]
    assert delivered[-1] == DaysRead(WINDOW, whole=False)
    with pytest.raises(IncompleteReadError, match="lacks campaigns"):
        await report.count()


async def test_a_part_that_is_refused_may_cost_itself_only() -> None:
    """No day is whole then. The finder decides."""
    stream = report_stream("gmv_max_product_campaign_reports_daily")

    def answer(params: Params) -> Reply | Rows:
        [store] = params["store_ids"]
        day = "2026-01-01 00:00:00"
        rows = [{"dimensions": {"campaign_id": f"{store}1", "stat_time_day": day}, "metrics": {"cost": "1"}}]
        return rows if store == "72" else refusal(40002, "no such store")

    finder = Finder(StorePart("71"), StorePart("72"))
    report = window_of(Server(campaign_id=answer), stream=stream)
    report.stores = finder  # type: ignore[assignment]
    deliveries = [delivery async for delivery in report.deliveries()]
    assert [type(each).__name__ for each in deliveries] == ["Delivery", "DaysRead"]
    assert deliveries[-1] == DaysRead(WINDOW, whole=False)
    assert (finder.refused, finder.answers) == (["71"], 1)
    failing = window_of(Server(campaign_id=answer), stream=stream)
    failing.stores = Finder(StorePart("73"), StorePart("72"))  # type: ignore[assignment]
    with pytest.raises(TikTokError, match="no such store"):
        await read(failing)


async def test_what_the_finder_of_stores_has_to_say_is_said_once() -> None:
    """With the rows that were read meanwhile."""
    stream = report_stream("gmv_max_product_campaign_reports_daily")
    rows = [{"dimensions": {"campaign_id": "1", "stat_time_day": "2026-01-01 00:00:00"}, "metrics": {"cost": "1"}}]
    report = window_of(Server(campaign_id=rows), stream=stream)
    finder = Finder(StorePart("71"), StorePart("72"))
    finder.warnings = ["a store is gone."]
    report.stores = finder  # type: ignore[assignment]
    notices = [delivery async for delivery in report.deliveries() if isinstance(delivery, Notice)]
    assert notices == [Notice("warning", f"{stream.name}, advertiser 7001, {WINDOW}: a store is gone.")]
    assert not finder.warnings


class Centers:
    """Stands in for what finds the Business Center of an account."""

    def __init__(self, center: str | None) -> None:
        self._center = center

    async def of(self, account: Account) -> str | None:
        """The Business Center of the account."""
        assert account.advertiser_id == "7001"
        return self._center


async def test_a_report_of_a_business_center_is_asked_of_the_one_that_has_the_account() -> None:
    """Nothing is asked for an account that belongs to none, and people are told why it has no rows."""
    stream = report_stream("advertisers_business_center_reports_daily")
    rows = [
        {"dimensions": {"advertiser_id": "7001", "stat_time_day": "2026-01-01 00:00:00"}, "metrics": {"spend": "0"}}
    ]
    server = Server(advertiser_id=rows)
    report = window_of(server, stream=stream)
    report.centers = Centers("91")  # type: ignore[assignment]
    deliveries = [delivery async for delivery in report.deliveries()]
    assert [type(each).__name__ for each in deliveries] == ["Delivery", "DaysRead"]
    assert [params["bc_id"] for params in server.requests] == ["91"]
    server = Server()
    report = window_of(server, stream=stream)
    report.centers = Centers(None)  # type: ignore[assignment]
    assert [delivery async for delivery in report.deliveries()] == [
        Notice("info", f"{stream.name}: advertiser 7001 belongs to no Business Center, so it has no rows."),
        DaysRead(WINDOW, whole=True),
    ]
    assert not server.requests
