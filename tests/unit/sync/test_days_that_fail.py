"""Days of a report that TikTok does not answer for, or refuses metrics for, among days that it answers for."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from unit_builders import FakeClock, client, page, refusal

from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply, TransportFailure
from tiktok_marketing.catalog import Grain, ReportStream, report_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConnectorError, TikTokError, UnusableIdError
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import Delivery, SequentialBudget
from tiktok_marketing.sync.read.refused_days import DayRefusals
from tiktok_marketing.sync.read.report_parts import DaysRead
from tiktok_marketing.sync.read.reports import ReportWindow

DAILY = report_stream("ads_reports_daily")
LIFETIME = report_stream("ads_reports_lifetime")
SUMMED = replace(LIFETIME, source=replace(LIFETIME.source, grain=Grain.SPAN))
FIRST, NEWEST = date(2026, 1, 1), date(2026, 3, 1)
Params = dict[str, Any]
Answer = Callable[[Params], Reply | Exception | None]
SILENCE = TransportFailure("no answer arrived in time", timed_out=True)


def window_of(days: int) -> Window:
    """So many days from the first on."""
    return Window(FIRST, FIRST + timedelta(days=days - 1))


def day_of(number: int) -> str:
    """The day of this number."""
    return str(FIRST + timedelta(days=number - 1))


class Server:
    """Answers a report with one row a day, or a list with one campaign, unless a function has another answer."""

    def __init__(self, answer: Answer, campaigns: Collection[str] = ("7",)) -> None:
        self._answer = answer
        self._campaigns = campaigns
        self.requests: list[Params] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer one request."""
        assert endpoint
        assert token
        decoded: Params = {name: json.loads(text) if text[0] in "[{" else text for name, text in params.items()}
        self.requests.append(decoded)
        answer = self._answer(decoded)
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return answer
        level = decoded["dimensions"][0]
        metrics = {"spend": "0", "impressions": "0"}
        if level != "ad_id":
            ids = self._campaigns if level == "campaign_id" else ["7001"]
            return Reply(200, {}, page([{"dimensions": {level: each}, "metrics": metrics} for each in ids]))
        day, rows = date.fromisoformat(decoded.get("start_date", day_of(1))), []
        while str(day) <= decoded.get("end_date", day_of(1)):
            time = {"stat_time_day": f"{day} 00:00:00"} if "stat_time_day" in decoded["dimensions"] else {}
            rows.append({"dimensions": {"ad_id": f"1{day.day}", **time}, "metrics": metrics})
            day += timedelta(days=1)
        return Reply(200, {}, page(rows))

    def asked(self, level: str = "ad_id") -> list[tuple[str | None, str | None]]:
        """The first and the last day of each request about a level, once if it was repeated."""
        all_days = [
            (params.get("start_date"), params.get("end_date"))
            for params in self.requests
            if params["dimensions"][0] == level
        ]
        return list(dict.fromkeys(all_days))


def bad(*numbers: int, code: int = 50000, silent: bool = False) -> Answer:
    """Requests that contain one of these days get this code, or no answer."""
    days = [day_of(number) for number in numbers]

    def answer(params: Params) -> Reply | Exception | None:
        within = any(params["start_date"] <= day <= params["end_date"] for day in days)
        if not within or params["dimensions"][0] != "ad_id":
            return None
        return SILENCE if silent else refusal(code, "trouble")

    return answer


class Reading:
    """Reads a window to its end, and keeps what came and how it ended."""

    def __init__(self, server: Server, days: int | None = 4, stream: ReportStream = DAILY, **options: Any) -> None:
        self.window = None if days is None else window_of(days)
        self.report = ReportWindow(
            client(server, FakeClock(), tier=tier_of(1000)),
            stream,
            Account(advertiser_id=AdvertiserId("7001")),
            self.window,
            **{"include_deleted": True, "budget": SequentialBudget(), **options},
        )
        self.report.day_refusals = DayRefusals(NEWEST).for_window()
        self.ads: list[str] = []
        self.whole: list[str] = []
        self.error: ConnectorError | None = None

    async def done(self) -> Reading:
        """The same, once everything was read."""
        try:
            async for delivery in self.report.deliveries():
                if isinstance(delivery, DaysRead) and delivery.whole:
                    self.whole.append(str(delivery.days))
                elif isinstance(delivery, Delivery):
                    self.ads += [str(row.dimensions.ad_id) for row in delivery.records]  # type: ignore[attr-defined]
        except ConnectorError as error:
            self.error = error
        return self


@pytest.mark.parametrize("code", [50000, 40067, 51002])
async def test_a_day_that_is_not_answered_costs_itself(code: int) -> None:
    """The error at the end names it. The days before and after it are whole."""
    server = Server(bad(2, code=code))
    reading = await Reading(server).done()
    assert reading.ads == ["11", "13", "14"]
    assert reading.whole == [day_of(1), f"{day_of(3)} to {day_of(4)}"]
    assert isinstance(reading.error, TikTokError)
    assert reading.error.code == code
    assert reading.error.goes_on
    assert f"on {day_of(2)}" in reading.error.message
    assert (str(NEWEST), str(NEWEST)) in server.asked() or code != 50000


@pytest.mark.parametrize(("status", "costs_itself"), [(500, True), (504, True), (403, False), (499, False)])
async def test_a_page_of_a_server_in_trouble_may_be_about_a_day(status: int, costs_itself: bool) -> None:
    """A page of a gateway that refuses is about the endpoint or the account."""
    of_code = bad(2)

    def answer(params: Params) -> Reply | Exception | None:
        return None if of_code(params) is None else Reply(status, {}, b"<html></html>")

    reading = await Reading(Server(answer)).done()
    assert reading.ads == (["11", "13", "14"] if costs_itself else [])
    assert reading.error is not None
    assert reading.error.goes_on is costs_itself


async def test_a_day_for_which_no_answer_comes_costs_itself() -> None:
    """It is divided as one that is slow, and its parts are passed over."""
    reading = await Reading(Server(bad(2, silent=True))).done()
    assert reading.ads == ["11", "13", "14"]
    assert reading.error is not None
    assert reading.error.goes_on


async def test_another_day_shows_once_that_trouble_is_about_days() -> None:
    """After that, days are not asked for long."""
    server = Server(bad(2, 4))
    reading = await Reading(server, 8).done()
    assert reading.ads == ["11", "13", "15", "16", "17", "18"]
    trials = [params for params in server.requests if params["start_date"] == str(NEWEST)]
    assert len(trials) == 1
    alone = [params for params in server.requests if params["start_date"] == params["end_date"] == day_of(2)]
    whole = [params for params in server.requests if params["end_date"] == day_of(8)]
    assert 1 < len(alone) < len(whole)


async def test_if_other_days_are_not_answered_either_nothing_is_divided() -> None:
    """The trouble is about more."""
    server = Server(lambda _: refusal(50000, "trouble"))
    reading = await Reading(server).done()
    assert not reading.ads
    assert reading.error is not None
    assert not reading.error.goes_on
    assert server.asked() == [(day_of(1), day_of(4)), (str(NEWEST), str(NEWEST))]


@pytest.mark.parametrize(
    ("days", "stream", "code"), [(1, DAILY, 50000), (4, SUMMED, 50000), (4, DAILY, 40300)], ids=["day", "sum", "other"]
)
async def test_what_has_no_smaller_part_is_an_error(days: int, stream: ReportStream, code: int) -> None:
    """A single day, a sum of all days, and trouble that no other day would be spared."""
    server = Server(bad(1, code=code))
    reading = await Reading(server, days, stream).done()
    assert reading.error is not None
    assert not reading.error.goes_on
    assert server.asked() == [(day_of(1), day_of(days))]


async def test_without_other_days_to_compare_with_trouble_is_about_all() -> None:
    """Nothing is divided then."""
    server = Server(bad(2))
    reading = Reading(server)
    reading.report.day_refusals = None
    await reading.done()
    assert reading.error is not None
    assert server.asked() == [(day_of(1), day_of(4))]


@pytest.mark.parametrize("numbers", [(1, 2, 3, 5, 6, 7), (1, 2, 3)])
async def test_three_days_in_a_row_are_passed_over(numbers: tuple[int, ...]) -> None:
    """As often as one between is read."""
    reading = await Reading(Server(bad(*numbers)), 8).done()
    assert reading.ads == [f"1{number}" for number in range(1, 9) if number not in numbers]
    assert reading.error is not None
    assert reading.error.goes_on


async def test_after_four_days_in_a_row_no_other_is_asked_for() -> None:
    """Each costs a few tries."""
    server = Server(bad(1, 2, 3, 4))
    reading = await Reading(server, 8).done()
    assert not reading.ads
    assert reading.error is not None
    assert not reading.error.goes_on
    assert (day_of(5), day_of(8)) not in server.asked()


async def test_slow_days_ask_for_lists_of_objects_once() -> None:
    """They take as long again."""
    server = Server(bad(2, 4, code=50002))
    reading = await Reading(server, 4).done()
    assert reading.ads == ["11", "13"]
    assert server.asked("campaign_id") == [(day_of(2), day_of(2))]


async def test_a_part_without_days_is_named_without_days() -> None:
    """A campaign of a report of all time."""

    def answer(params: Params) -> Reply | None:
        if params["dimensions"][0] != "ad_id":
            return None
        ids = [each for each in params.get("filtering", []) if each["field_name"] == "campaign_ids"]
        if not ids:
            return refusal(40067, "too large")
        return refusal(50000, "trouble") if "8" in ids[0]["filter_value"] else None

    reading = await Reading(Server(answer, ("7", "8")), None, LIFETIME).done()
    assert reading.error is not None
    assert "None" not in reading.error.message


async def test_a_metric_is_left_out_on_the_days_that_it_is_refused_for() -> None:
    """Beside those that are refused on all days."""
    border = day_of(2)

    def answer(params: Params) -> Reply | None:
        withdrawn = "clicks" in params["metrics"] or ("reach" in params["metrics"] and params["start_date"] <= border)
        name = "clicks" if "clicks" in params["metrics"] else "reach"
        return refusal(40002, f"Invalid metric fields: ['{name}']") if withdrawn else None

    server, refused = Server(answer), {"clicks"}
    reading = await Reading(server, refused=refused).done()
    assert reading.error is None
    assert reading.ads == ["11", "12", "13", "14"]
    assert refused == {"clicks"}
    left_out = {
        (params["start_date"], params["end_date"]): set(DAILY.source.metrics) - set(params["metrics"])
        for params in server.requests
        if params["page_size"] != "1"
    }
    assert left_out[day_of(1), border] == {"clicks", "reach"}
    assert left_out[day_of(3), day_of(4)] == {"clicks"}


async def test_a_metric_that_is_refused_for_every_day_is_left_out_everywhere() -> None:
    """Another day is asked about first."""

    def answer(params: Params) -> Reply | None:
        return refusal(40002, "Invalid metric fields: ['reach']") if "reach" in params["metrics"] else None

    server, refused = Server(answer), set[str]()
    reading = await Reading(server, refused=refused).done()
    assert reading.error is None
    assert reading.ads == ["11", "12", "13", "14"]
    assert refused == {"reach"}
    assert server.asked() == [(day_of(1), day_of(4)), (str(NEWEST), str(NEWEST))]


async def test_rows_of_other_days_alone_are_no_answer() -> None:
    """A cache on the way gives them, and none is delivered."""
    row = {"dimensions": {"ad_id": "5", "stat_time_day": f"{day_of(9)} 00:00:00"}, "metrics": {"spend": "1"}}
    reading = await Reading(Server(lambda _: Reply(200, {}, page([row])))).done()
    assert not reading.ads
    assert reading.error is not None
    assert f"of {day_of(9)}" in reading.error.message


async def test_objects_that_no_filter_can_name_make_no_day_whole() -> None:
    """The others are read by their ids."""

    def answer(params: Params) -> Reply | None:
        named = [each["field_name"] for each in params.get("filtering", [])]
        large = params["dimensions"][0] == "ad_id" and "campaign_ids" not in named
        return refusal(40067, "too large") if large else None

    reading = await Reading(Server(answer, ("7", "x")), 1).done()
    assert reading.ads == ["11"]
    assert reading.whole == []
    assert isinstance(reading.error, UnusableIdError)
    assert "campaign_id is 'x'" in reading.error.message
