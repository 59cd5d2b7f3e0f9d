"""What a question about empty days costs if TikTok refuses it, answers with a page, or says less than was asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from unit_builders import FakeClock, account, client, config, refusal, stream, success

from tiktok_marketing.api.client import Client
from tiktok_marketing.api.rate_limit.tiers import Tier, tier_of
from tiktok_marketing.api.transport import Reply, TransportFailure
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import TikTokError
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.empty_days import EmptyDayFinder
from tiktok_marketing.sync.read.idle_accounts import IdleAccounts

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)
IDS = ("7000", "7001", "7002")
REPORT_PATH = "report/integrated/get/"
Trouble = Callable[[list[str], Mapping[str, Any]], Reply | Exception | None]
"""What is answered in place of a report on these accounts with these parameters; None for the report."""
NO_TROUBLE: Trouble = lambda _ids, _params: None  # noqa: E731 - a value of the type above
PAGE = Reply(403, {}, b"<html>Forbidden</html>")
"""What a gateway sends."""
SILENCE = TransportFailure("no answer arrived in time", timed_out=True)


class Agency:
    """Accounts with data on one day each, the number of days after the first that their last digit says.

    Args:
        trouble: What goes wrong.
    """

    def __init__(self, trouble: Trouble = NO_TROUBLE) -> None:
        self._trouble = trouble
        self.asked: list[tuple[str, ...]] = []
        """The accounts of each request."""
        self.params: list[Mapping[str, Any]] = []
        """The parameters of each request."""

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer."""
        assert endpoint
        assert token
        decoded = {name: json.loads(text) if text[0] in "[{" else text for name, text in params.items()}
        ids = decoded.get("advertiser_ids") or [decoded["advertiser_id"]]
        self.asked.append(tuple(ids))
        self.params.append(decoded)
        trouble = self._trouble(ids, decoded)
        if isinstance(trouble, Exception):
            raise trouble
        return trouble or self.report(ids, decoded)

    def report(self, ids: list[str], params: Mapping[str, Any], **figures: Any) -> Reply:
        """The report, which has the figures that are given, or else what was spent."""
        rows: list[dict[str, Any]] = []
        for number in ids:
            day = FIRST + int(number[-1]) * DAY
            if not params["start_date"] <= str(day) <= params["end_date"]:
                continue
            key = {"stat_time_day": f"{day} 00:00:00"} if "stat_time_day" in params["dimensions"] else {}
            rows.append({"dimensions": {"advertiser_id": number, **key}, "metrics": figures or {"spend": "1.00"}})
        info = {"page": 1, "page_size": 1000, "total_number": len(rows), "total_page": 1}
        return success({"list": rows, "page_info": info})


def finder(agency: Agency, ids: tuple[str, ...] = IDS, days: int = 20, **options: Any) -> EmptyDayFinder:
    """A finder of an hourly report of these accounts."""
    return EmptyDayFinder(connected(agency), hourly(ids, days), **options)


def connected(agency: Agency) -> Client:
    """A client."""
    return client(agency, FakeClock(), tier=tier_of(1000))  # type: ignore[arg-type] - sends as it does


def hourly(ids: tuple[str, ...], days: int = 20) -> list[Partition]:
    """The partitions of an hourly report."""
    last = FIRST + (days - 1) * DAY
    wanted = stream("campaigns_reports_hourly")
    return [Partition(stream=wanted, account=account(number), first=FIRST, last=last, days=1) for number in ids]


def known(day_finder: EmptyDayFinder, ids: tuple[str, ...] = IDS, days: int = 20) -> dict[str, list[int] | None]:
    """For each account the days that are read, as numbers; None if all are, because nothing is known."""
    read = {}
    for partition in hourly(ids, days):
        of = day_finder.of(partition)
        assert of is not None
        assert partition.account is not None
        numbers = [
            number for number in range(days) if not of.is_empty(Window(FIRST + number * DAY, FIRST + number * DAY))
        ]
        read[partition.account.advertiser_id] = None if len(numbers) == days else numbers
    return read


def refuses(number: str, reply: Reply | Exception, *, together: bool = True) -> Trouble:
    """This answer to every question about an account, or only to those about it alone."""
    return lambda ids, _: reply if number in ids and (together or len(ids) == 1) else None


async def test_an_account_that_is_refused_is_read_whole_and_the_others_are_known() -> None:
    """Each of them is asked about alone, because one makes the question fail for all."""
    agency = Agency(refuses("7001", refusal(40001, "No permission to operate advertiser 7001.")))
    day_finder = finder(agency)
    await day_finder.ask_all(1)
    assert known(day_finder) == {"7000": [0], "7001": None, "7002": [2]}
    assert agency.asked == [IDS, ("7000",), ("7001",), ("7002",)]
    assert day_finder.open_query_count == 0


async def test_nothing_more_is_asked_about_an_account_that_is_refused() -> None:
    """Nor do later questions name it."""
    agency = Agency(refuses("7001", refusal(40001, "No permission to operate advertiser 7001.")))
    day_finder = finder(agency, days=50)
    await day_finder.ask_all(1)
    assert [ids for ids in agency.asked if "7001" in ids] == [IDS, ("7001",)]
    assert known(day_finder, days=50) == {"7000": [0], "7001": None, "7002": [2]}


async def test_no_question_is_about_no_account() -> None:
    """Once all accounts of the later ones are refused, nothing is left to ask."""
    agency = Agency(lambda *_: refusal(40001, "No permission to operate an advertiser."))
    day_finder = finder(agency, days=100)
    await day_finder.ask_all(1)
    assert agency.asked == [IDS, *((number,) for number in IDS)]
    assert day_finder.open_query_count == 0


async def test_of_two_accounts_both_are_asked_about_alone() -> None:
    """Each by its own name."""
    agency = Agency(refuses("7001", refusal(40001, "No permission to operate advertiser 7001.")))
    day_finder = finder(agency, IDS[:2])
    await day_finder.ask_all(1)
    assert known(day_finder, IDS[:2]) == {"7000": [0], "7001": None}
    assert agency.asked == [IDS[:2], ("7000",), ("7001",)]
    names = [{"advertiser_id", "advertiser_ids"} & params.keys() for params in agency.params]
    assert names == [{"advertiser_ids"}, {"advertiser_id"}, {"advertiser_id"}]


async def test_an_account_alone_that_is_refused_is_asked_about_once() -> None:
    """Nobody else made the question fail."""
    agency = Agency(refuses("7000", refusal(40001, "No permission to operate advertiser 7000.")))
    day_finder = finder(agency, ("7000",))
    await day_finder.ask_all(1)
    assert agency.asked == [("7000",)]
    assert known(day_finder, ("7000",)) == {"7000": None}


async def test_an_answer_about_one_account_that_cannot_be_trusted_leaves_the_others() -> None:
    """It has a row of another one."""

    def other(ids: list[str], params: Mapping[str, Any]) -> Reply | None:
        if len(ids) > 1:
            return refusal(40001, "No permission to operate an advertiser.")
        return Agency().report(["7002"], params) if ids == ["7000"] else None

    day_finder = finder(Agency(other))
    await day_finder.ask_all(1)
    assert known(day_finder) == {"7000": None, "7001": [1], "7002": [2]}


@pytest.mark.parametrize("code", [40118, 40121])
async def test_if_the_application_may_not_read_reports_nothing_more_is_asked(code: int) -> None:
    """Every other question would be refused, too, if it is for each of the first accounts alone."""
    agency = Agency(lambda *_: refusal(code, "The application is not allowed to."))
    day_finder = finder(agency, days=100)
    await day_finder.ask_all(1)
    assert len(agency.asked) == 1 + len(IDS)
    assert known(day_finder, days=100) == dict.fromkeys(IDS)


@pytest.mark.parametrize("code", [40118, 40121, 41001])
async def test_an_account_that_may_not_be_read_costs_the_others_no_answer(code: int) -> None:
    """TikTok gives the same code for the application and for an account that is not on its list."""

    def other(ids: Sequence[str], _: Mapping[str, Any]) -> Any:
        return refusal(code, "The app or the advertiser is not on the allowlist.") if "7000" in ids else None

    day_finder = finder(Agency(other))
    await day_finder.ask_all(1)
    assert known(day_finder) == {"7000": None, "7001": [1], "7002": [2]}


MANY = tuple(f"70{number:02d}" for number in range(12))


async def test_if_the_application_may_not_read_reports_other_accounts_are_not_asked_about() -> None:
    """The accounts of the first question show it, each alone."""
    agency = Agency(lambda *_: refusal(40118, "The application is not allowed to."))
    day_finder = finder(agency, MANY)
    await day_finder.ask_all(1)
    assert agency.asked == [MANY[:5], *((number,) for number in MANY[:5])]
    assert known(day_finder, MANY) == dict.fromkeys(MANY)


async def test_accounts_that_are_refused_together_cost_the_others_no_answer() -> None:
    """The token has lost them; that says nothing of the next ones."""
    lost = refusal(40001, "No permission to operate an advertiser.")
    day_finder = finder(Agency(lambda ids, _: lost if int(ids[0]) < 7005 else None), MANY)
    await day_finder.ask_all(1)
    assert known(day_finder, MANY) == {number: None if int(number) < 7005 else [int(number[-1])] for number in MANY}


async def test_an_account_that_is_asked_about_alone_and_refused_costs_the_others_no_answer() -> None:
    """Nothing shows that the application is meant."""
    ids = MANY[:6]
    agency = Agency(refuses("7005", refusal(40118, "The advertiser is not on the allowlist.")))
    day_finder = finder(agency, ids, days=50)
    await day_finder.ask_all(1)
    assert agency.asked.count(("7005",)) == 1
    assert known(day_finder, ids, days=50) == {number: [int(number[-1])] for number in ids[:5]} | {"7005": None}


@pytest.mark.parametrize("trusted", [True, False])
async def test_once_any_account_was_answered_for_no_refusal_is_about_the_application(trusted: bool) -> None:
    """Not even if that answer cannot be used. The accounts of later questions are asked about."""

    def other(asked: Sequence[str], _: Mapping[str, Any]) -> Reply | None:
        if "7005" <= asked[0] <= "7009":
            return refusal(40118, "The advertiser is not on the allowlist.")
        if trusted or asked[0] > "7009":
            return None
        info = {"page": 1, "page_size": 1000, "total_number": 9, "total_page": 1}
        return success({"list": [], "page_info": info})

    day_finder = finder(Agency(other), MANY)
    await day_finder.ask_all(1)
    known_days = known(day_finder, MANY)
    later = {number for number, days in known_days.items() if days is not None}
    assert later == {*(MANY[:5] if trusted else ()), *MANY[10:]}


async def test_an_account_whose_answer_cannot_be_used_shows_that_the_application_is_not_refused() -> None:
    """It is asked about alone, because others are refused. Accounts of later questions are asked about."""

    def other(asked: Sequence[str], params: Mapping[str, Any]) -> Reply | None:
        if list(asked) == ["7000"]:
            return msgspec.structs.replace(Agency().report(["7000"], params), headers={"X-Tt-Ads-Throttle": "1"})
        return refusal(40118, "The advertiser is not on the allowlist.") if int(asked[-1]) < 7005 else None

    day_finder = finder(Agency(other), MANY[:10])
    await day_finder.ask_all(1)
    known_days = known(day_finder, MANY[:10])
    assert {number for number, days in known_days.items() if days is not None} == set(MANY[5:10])


async def test_once_the_quota_of_the_day_is_used_up_nothing_more_is_asked() -> None:
    """Then the reports cannot be read either."""
    agency = Agency()
    tier = Tier(per_second=1000, per_minute=60_000, per_day=2)
    day_finder = EmptyDayFinder(client(agency, FakeClock(), tier=tier), hourly(IDS, 100))  # type: ignore[arg-type]
    await day_finder.ask_all(1)
    assert len(agency.asked) == 2
    assert known(day_finder, days=100) == dict.fromkeys(IDS)


@pytest.mark.parametrize("trouble", [refusal(50000, "Internal error"), SILENCE], ids=["50000", "silence"])
async def test_trouble_that_passes_leaves_the_days_unknown(trouble: Reply | Exception) -> None:
    """It is about no account, so nobody is asked about alone, and the reports are read."""
    agency = Agency(lambda *_: trouble)
    day_finder = finder(agency)
    await day_finder.ask_all(1)
    assert set(agency.asked) == {IDS}
    assert known(day_finder) == dict.fromkeys(IDS)
    assert day_finder.open_query_count == 0


async def test_a_question_that_times_out_is_not_repeated_for_long() -> None:
    """The reports are read without its answer."""
    agency = Agency(lambda *_: SILENCE)
    await finder(agency).ask_all(1)
    assert len(agency.asked) == 2


@pytest.mark.parametrize(("code", "alone"), [(40105, False), (40105, True)])
async def test_a_token_that_is_not_valid_stops_the_sync(code: int, alone: bool) -> None:
    """No other request can succeed; also if that shows only when accounts are asked about alone."""
    first = refusal(40001, "No permission to operate an advertiser.")
    agency = Agency(lambda ids, _: first if alone and len(ids) > 1 else refusal(code, "The access token is invalid."))
    with pytest.raises(TikTokError) as caught:
        await finder(agency).ask_all(1)
    assert caught.value.code == code
    assert len(agency.asked) == (2 if alone else 1)


@pytest.mark.parametrize("ids", [IDS, IDS[:2]])
async def test_a_page_in_place_of_the_answer_for_one_account_costs_that_account(ids: tuple[str, ...]) -> None:
    """The others are asked about alone, and the page comes a few times each time, not for minutes."""
    agency = Agency(refuses("7001", PAGE))
    day_finder = finder(agency, ids)
    await day_finder.ask_all(1)
    assert known(day_finder, ids) == {"7000": [0], "7001": None} | ({"7002": [2]} if len(ids) > 2 else {})
    assert agency.asked.count(ids) == 3
    assert agency.asked.count(("7001",)) == 3


async def test_pages_for_the_only_account_are_waited_out() -> None:
    """There is no other one whose answer could tell more."""
    pages = iter([PAGE] * 5)
    agency = Agency(lambda *_: next(pages, None))
    day_finder = finder(agency, ("7000",))
    await day_finder.ask_all(1)
    assert known(day_finder, ("7000",)) == {"7000": [0]}
    assert len(agency.asked) == 6


@pytest.mark.parametrize("place", [0, 2])
async def test_pages_for_the_first_or_the_last_account_are_its_own(place: int) -> None:
    """Only if both get pages, all probably do."""
    agency = Agency(refuses(IDS[place], PAGE))
    day_finder = finder(agency)
    await day_finder.ask_all(1)
    assert known(day_finder)[IDS[place]] is None
    assert known(day_finder) == {"7000": [0], "7001": [1], "7002": [2]} | {IDS[place]: None}
    assert agency.asked.count(IDS) == 3


async def test_pages_for_all_accounts_are_waited_out() -> None:
    """The question is asked again as a whole, for as long as any other request."""
    pages = iter([PAGE] * 15)
    agency = Agency(lambda *_: next(pages, None))
    day_finder = finder(agency)
    await day_finder.ask_all(1)
    assert known(day_finder) == {"7000": [0], "7001": [1], "7002": [2]}
    assert agency.asked.count(IDS) == 3 + 6 + 1
    alone = Counter(ids for ids in agency.asked if len(ids) == 1)  # and once about the days that the answer lacks
    assert alone == {("7000",): 3 + 1, ("7001",): 1, ("7002",): 3 + 1}


async def test_a_token_that_turns_out_to_be_invalid_ends_the_look_at_single_accounts() -> None:
    """While they are asked whether pages come for all."""
    agency = Agency(lambda ids, _: PAGE if len(ids) > 1 else refusal(40105, "The access token is invalid."))
    with pytest.raises(TikTokError) as caught:
        await finder(agency).ask_all(1)
    assert caught.value.code == 40105
    assert agency.asked == [IDS, IDS, IDS, ("7000",)]


NOTHING = {"list": [], "page_info": {"page": 1, "page_size": 1000, "total_number": 0}}


ZEROS = {"spend": "0.00", "impressions": "0", "clicks": 0}


def left_out(ids: list[str], params: Mapping[str, Any], about_sums: Reply | Exception | None) -> Reply | None:
    """A joint answer about its first account only, and something in place of sums."""
    if len(ids) > 1:
        return Agency().report(ids[:1], params)
    if "stat_time_day" not in params["dimensions"] and about_sums is not None:
        if isinstance(about_sums, Exception):
            raise about_sums
        return about_sums
    return None


@pytest.mark.parametrize(
    ("about_sums", "by_day"),
    [
        (None, True),
        (refusal(40067, "too large"), True),
        (refusal(40002, "Dimension combination not supported."), True),
        (success(NOTHING), False),
        (success(NOTHING, {"X-Tt-Ads-Throttle": "1"}), True),
        (
            Agency().report(
                ["7002"], {"start_date": "2026-01-01", "end_date": "2026-12-31", "dimensions": []}, **ZEROS
            ),
            True,
        ),
        (refusal(50002, "timeout"), False),
    ],
    ids=["figures", "40067", "40002", "nothing", "without ads", "another account", "slow"],
)
async def test_what_a_sum_shows_decides_whether_days_are_asked_about(about_sums: Any, by_day: bool) -> None:
    """Two accounts are left out. Where no sum can be had, their days are asked about."""
    agency = Agency(lambda ids, params: left_out(ids, params, about_sums))
    day_finder = finder(agency, ("7000", "7001"), days=100)
    await day_finder.ask_all(1)
    lone = [params for ids, params in zip(agency.asked, agency.params, strict=True) if ids == ("7001",)]
    assert any("stat_time_day" in params["dimensions"] for params in lone) is by_day
    wanted: list[int] | None = [1] if by_day else None
    if about_sums is not None and not by_day and about_sums.body == success(NOTHING).body:
        wanted = []
    assert known(day_finder, ("7000", "7001"), days=100)["7001"] == wanted


async def test_a_sum_whose_figures_do_not_fit_counts_as_figures() -> None:
    """Nobody can read them, so the days are asked about."""

    def odd(ids: list[str], params: Mapping[str, Any]) -> Reply | None:
        if len(ids) > 1:
            return Agency().report(ids[:1], params)
        by_day = "stat_time_day" in params["dimensions"]
        return None if by_day else Agency().report(ids, params, spend="0.00", impressions="<5")

    day_finder = finder(Agency(odd), ("7000", "7001"), days=100)
    await day_finder.ask_all(1)
    assert known(day_finder, ("7000", "7001"), days=100)["7001"] == [1]


@pytest.mark.parametrize(
    ("figures", "by_day"),
    [
        (ZEROS, False),
        ({**ZEROS, "cpc": "-", "reach": None, "ctr": ""}, False),
        ({}, True),
        (dict.fromkeys(ZEROS), True),
        (dict.fromkeys(ZEROS, "-"), True),
        ({**ZEROS, "spend": None}, True),
        ({**ZEROS, "clicks": "-"}, True),
        ({"impressions": "0", "clicks": "0"}, True),
        ({"reach": "0"}, True),
        ({**ZEROS, "conversion": "1"}, True),
        ({**ZEROS, "spend": "nan"}, True),
    ],
)
async def test_only_a_row_of_zeros_says_that_an_account_had_nothing(figures: dict[str, Any], by_day: bool) -> None:
    """A row without its figures says nothing, so the days are asked about, and the rows come."""

    def odd(ids: list[str], params: Mapping[str, Any]) -> Reply | None:
        if len(ids) > 1:
            return Agency().report(ids[:1], params)
        if "stat_time_day" in params["dimensions"]:
            return None
        rows = [{"dimensions": {"advertiser_id": ids[0]}, "metrics": figures}]
        return success({"list": rows, "page_info": {"page": 1, "page_size": 1000, "total_number": 1, "total_page": 1}})

    day_finder = finder(Agency(odd), ("7000", "7001"), days=100)
    await day_finder.ask_all(1)
    assert known(day_finder, ("7000", "7001"), days=100)["7001"] == ([1] if by_day else [])


async def test_a_metric_that_is_refused_is_left_out_of_every_later_question() -> None:
    """TikTok names it."""
    refused = refusal(40002, "Please correct your request. Invalid metric fields: ['clicks']. ")
    agency = Agency(lambda _, params: refused if "clicks" in params["metrics"] else None)
    day_finder = finder(agency, days=50)
    await day_finder.ask_all(1)
    assert known(day_finder, days=50) == {"7000": [0], "7001": [1], "7002": [2]}
    assert ["clicks" in params["metrics"] for params in agency.params] == [True] + [False] * (len(agency.asked) - 1)
    assert all("spend" in params["metrics"] for params in agency.params)


async def test_a_refusal_that_names_no_metric_is_not_repeated() -> None:
    """The accounts are asked about alone instead."""
    agency = Agency(lambda ids, _: refusal(40002, "Something else.") if len(ids) > 1 else None)
    day_finder = finder(agency)
    await day_finder.ask_all(1)
    assert agency.asked == [IDS, *((number,) for number in IDS)]
    assert known(day_finder) == {"7000": [0], "7001": [1], "7002": [2]}


@pytest.mark.parametrize("boosted_posts", [True, False])
async def test_questions_include_boosted_posts_where_the_streams_do(boosted_posts: bool) -> None:
    """Otherwise a day with nothing else would count as empty. Without them, no filter is sent."""
    agency = Agency()
    day_finder = finder(agency, boosted_posts=boosted_posts)
    await day_finder.ask_all(1)
    assert ("filtering" in agency.params[0]) is boosted_posts
    assert day_finder.endpoint == REPORT_PATH


@pytest.mark.parametrize(
    ("settings", "asks"),
    [({}, True), ({"skip_empty_days": False}, False), ({"sandbox": True}, False)],
)
async def test_a_sync_asks_unless_it_is_switched_off_or_in_a_sandbox(settings: Mapping[str, Any], asks: bool) -> None:
    """A sandbox has no reports at account level."""
    of = EmptyDayFinder.of_sync(config(**settings), connected(Agency()), iter(hourly(IDS)))
    assert (of.query_count > 0) is asks
    assert (of.open_query_count > 0) is asks
    assert (of.of(hourly(IDS)[0]) is not None) is asks


@pytest.mark.parametrize("include_promote", [True, False])
async def test_a_sync_asks_about_boosted_posts_if_it_reads_them(include_promote: bool) -> None:
    """As it is configured."""
    agency = Agency()
    of = EmptyDayFinder.of_sync(config(include_promote=include_promote), connected(agency), hourly(IDS))
    await of.ask_all(1)
    assert ("filtering" in agency.params[0]) is include_promote


class Centers(IdleAccounts):
    """Stands in for what Business Centers say.

    Args:
        idle: The accounts that had nothing.
    """

    def __init__(self, *idle: str) -> None:
        self.idle = set()
        self.asked = False
        self._found = {AdvertiserId(number) for number in idle}

    @property
    def query_count(self) -> int:
        """Two reports."""
        return 2

    async def find(self) -> None:
        """Ask."""
        self.asked = True
        self.idle = self._found


async def test_nothing_is_asked_about_accounts_that_business_centers_know_to_be_idle() -> None:
    """All of their days are empty, and the others are asked about as before."""
    agency = Agency()
    day_finder = finder(agency, idle_accounts=Centers("7001"))
    assert day_finder.center_query_count == 2
    assert day_finder.query_count == day_finder.open_query_count == 2 + 1
    await day_finder.ask_centers()
    assert day_finder.open_query_count == 1
    assert day_finder.query_count == 2 + 1
    await day_finder.ask_all(1)
    assert agency.asked[0] == ("7000", "7002")
    assert not any("7001" in ids for ids in agency.asked)
    assert known(day_finder) == {"7000": [0], "7001": [], "7002": [2]}
    assert day_finder.open_query_count == 0


@pytest.mark.parametrize("centers", [None, Centers()])
async def test_without_an_answer_of_business_centers_all_accounts_are_asked_about(centers: Centers | None) -> None:
    """None is asked, or none knows an idle account."""
    agency = Agency()
    day_finder = finder(agency, idle_accounts=centers)
    await day_finder.ask_centers()
    await day_finder.ask_all(1)
    assert agency.asked[0] == IDS
    assert day_finder.center_query_count == (2 if centers else 0)


async def test_the_other_reports_of_an_idle_account_are_passed_over_where_the_answer_is_about_them() -> None:
    """Those of its Business Center are; reports of all time, lists and reports of shops are read."""
    names = (
        "campaigns_reports_hourly",
        "advertisers_business_center_reports_daily",
        "campaigns_shop_reports_by_country_daily",
        "ads_reports_lifetime",
        "ads",
    )
    of_all = Partition(stream=stream("advertisers"), account=None)
    partitions = [
        of_all,
        *(msgspec.structs.replace(each, stream=stream(name)) for name in names for each in hourly(IDS)),
    ]
    day_finder = EmptyDayFinder(connected(Agency()), partitions, idle_accounts=Centers("7001"))
    await day_finder.ask_centers()
    known_of = {
        (each.stream.name, each.account.advertiser_id): of.has_nothing
        for each in partitions
        if each.account is not None and (of := day_finder.of(each)) is not None
    }
    assert known_of == {
        ("campaigns_reports_hourly", "7000"): False,
        ("campaigns_reports_hourly", "7001"): True,
        ("campaigns_reports_hourly", "7002"): False,
        ("advertisers_business_center_reports_daily", "7001"): True,
    }
    assert day_finder.of(of_all) is None
