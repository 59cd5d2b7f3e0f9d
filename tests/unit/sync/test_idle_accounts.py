"""Which accounts had nothing by the word of their Business Center: a wrong yes would lose their rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from unit_builders import FakeClock, client, config, page, refusal, stream

from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply, TransportFailure
from tiktok_marketing.errors import Action, FailureType, TikTokError
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.business_centers import BusinessCenters
from tiktok_marketing.sync.read.idle_accounts import (
    MANY_ACCOUNTS,
    IdleAccounts,
    is_answered_for,
    questions,
    shows_nothing,
)

DAY = timedelta(days=1)
TODAY = date(2026, 6, 15)
ZEROS = {"spend": "0.00", "impressions": "0", "clicks": "0", "account_type": "AUCTION", "advertiser_name": "Shop"}
USUAL = 100
"""How many accounts the first Business Center has; with fewer than 51, nothing is asked."""


class Office:
    """Business Centers whose accounts all had nothing.

    Args:
        centers: Their ids.
        others: For an account, what its row has in place of zeros; None for no row.
        replies: What is answered in place of the report on a Business Center.
        roles: What is answered in place of the list of Business Centers.
    """

    def __init__(
        self,
        centers: Sequence[str] = ("1",),
        others: Mapping[str, Mapping[str, Any] | None] | None = None,
        replies: Mapping[str, Reply] | None = None,
        roles: Reply | None = None,
    ) -> None:
        self._centers = centers
        self._others = others or {}
        self._replies = replies or {}
        self._roles = roles
        self.accounts: dict[str, list[str]] = {}
        self.asked: list[dict[str, str]] = []
        """The reports that were asked for."""
        self.lists = 0
        """How often the list of Business Centers was asked for."""
        self.uncounted = 0
        """Rows that are counted and do not come."""
        self.silent = False
        self.twice: Mapping[str, Any] | None = None
        """A second row of the first account."""

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer."""
        assert token
        if endpoint == "bc/get/":
            self.lists += 1
            return self._roles or Reply(200, {}, page(list(map(center_row, self._centers))))
        self.asked.append(dict(params))
        if self.silent:
            raise TransportFailure("no answer arrived in time", timed_out=True)
        center = params["bc_id"]
        if center in self._replies:
            return self._replies[center]
        rows = [(number, self._others.get(number, ZEROS)) for number in self.accounts[center]]
        rows += [] if self.twice is None else [(self.accounts[center][0], self.twice)]
        asked = {*json.loads(params["metrics"])}
        return Reply(
            200,
            {},
            page(
                [
                    {"dimensions": {"advertiser_id": number}, "metrics": {k: v for k, v in row.items() if k in asked}}
                    for number, row in rows
                    if row is not None
                ],
                total=self.uncounted
                + sum(1 for number in self.accounts[center] if self._others.get(number, ZEROS) is not None),
            ),
        )


def center_row(center: str) -> dict[str, Any]:
    """A Business Center in which the user is an analyst."""
    return {"bc_info": {"bc_id": center}, "ext_user_role": {"finance_role": "ANALYST"}}


def part(number: int, center: str, first: date = TODAY - 7 * DAY, last: date = TODAY, **fields: Any) -> Partition:
    """An account's part of a report by day."""
    info = {"owner_bc_id": center, "create_time": 0}
    account = Account(advertiser_id=str(number), zone=UTC, info=info, **fields)  # type: ignore[arg-type]
    return Partition(stream=stream("ads_reports_daily"), account=account, first=first, last=last, days=30)


def parts_of(**accounts: int) -> list[Partition]:
    """As many accounts of each Business Center as that."""
    return [
        part(int(center[1:]) * 1000 + number, center[1:])
        for center, count in accounts.items()
        for number in range(count)
    ]


async def idle_in(
    office: Office, parts: Iterable[Partition], centers: BusinessCenters | None = None, **fields: Any
) -> set[str]:
    """The accounts that are found to have had nothing."""
    known = list(parts)
    for each in known:
        assert each.account is not None
        office.accounts.setdefault(str((each.account.info or {})["owner_bc_id"]), []).append(each.account.advertiser_id)
    clock = FakeClock(datetime(2026, 6, 15, 9, tzinfo=UTC))
    api = client(office, clock, tier=tier_of(1000))  # type: ignore[arg-type]
    finder = IdleAccounts(config(**fields), api, known, centers)
    asked_before = finder.asked
    await finder.find()
    assert (asked_before, finder.asked) == (False, True)
    return {str(number) for number in finder.idle}


# -- what is known


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {**ZEROS, "spend": "0.01"},
        {**ZEROS, "clicks": "1"},
        {**ZEROS, "conversion": "2"},
        {**ZEROS, "conversion": "<5"},
        {**ZEROS, "spend": "-"},
        {**ZEROS, "impressions": None},
        {**ZEROS, "spend": "<5"},
        {**ZEROS, "account_type": "RESERVATION"},
        {name: value for name, value in ZEROS.items() if name != "clicks"},
    ],
    ids=str,
)
async def test_an_account_is_idle_only_if_its_row_has_zeros(row: Mapping[str, Any] | None) -> None:
    """Whatever else it has, or if it has no row: it is asked about in the usual way. The others are idle."""
    parts = parts_of(c1=USUAL)
    idle = await idle_in(Office(others={"1007": row}), parts)
    assert idle == {str(1000 + number) for number in range(USUAL)} - {"1007"}


@pytest.mark.parametrize("row", [{**ZEROS, "account_type": None}, {**ZEROS, "account_type": "auction"}], ids=str)
async def test_rows_of_an_unknown_kind_are_of_auctions(row: Mapping[str, Any]) -> None:
    """Only another kind speaks against it, and texts are no figures."""
    assert len(await idle_in(Office(others={"1007": row}), parts_of(c1=USUAL))) == USUAL


async def test_a_value_that_does_not_fit_counts_as_a_figure() -> None:
    """Nobody can read it. The other rows of its page do not count as zeros then."""
    assert not await idle_in(Office(others={"1007": {**ZEROS, "purchase": "<5"}}), parts_of(c1=USUAL))


async def test_different_rows_of_an_account_prove_nothing() -> None:
    """TikTok does not say which of them is right. Equal ones do no harm."""
    for second, count in ((ZEROS, USUAL), ({**ZEROS, "spend": "3.00"}, 0)):
        office = Office()
        office.twice = second
        assert len(await idle_in(office, parts_of(c1=USUAL))) == count


async def test_an_account_must_have_had_nothing_on_all_of_its_days() -> None:
    """In each report that has some of them. Of a report before its first day, it needs no row."""
    old = [part(1000 + number, "1", TODAY - 600 * DAY) for number in range(USUAL)]
    young = part(1500, "1", TODAY - 5 * DAY)
    office = Office()
    assert await idle_in(office, [*old, young]) == {str(1000 + number) for number in range(USUAL)} | {"1500"}
    assert len(office.asked) == 2

    class Later(Office):
        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            if endpoint != "bc/get/":
                spent = {**ZEROS, "spend": "9.00"}
                self._others = {"1500": None, "1003": spent} if not self.asked else {"1004": spent, "1005": None}
            return await super().send(endpoint, params, token)

    idle = await idle_in(Later(), [*old, young])
    assert {str(1000 + number) for number in range(USUAL)} | {"1500"} == idle | {"1003", "1004", "1005"}
    assert idle.isdisjoint({"1003", "1004", "1005"})


async def test_an_answer_that_lacks_rows_proves_nothing() -> None:
    """TikTok counts more of them."""
    office = Office()
    office.uncounted = 3
    assert not await idle_in(office, parts_of(c1=USUAL))


# -- what is asked


async def test_each_center_with_a_role_is_asked_once() -> None:
    """If it has five accounts or more. The sum of their days is one report, which names the center."""
    office = Office(centers=("1", "2", "3"))
    idle = await idle_in(office, [*parts_of(c1=USUAL, c2=5, c3=4, c4=20)])
    assert [params["bc_id"] for params in office.asked] == ["1", "2"]
    assert len(idle) == USUAL + 5
    first = office.asked[0]
    assert first["report_type"] == "BC"
    assert first["start_date"] == str(TODAY - 40 * DAY)


@pytest.mark.parametrize(
    ("fields", "asks"),
    [
        ({}, True),
        ({"attribution_window": 3}, True),
        ({"attribution_window": 2}, False),
        ({"include_promote": True}, False),
        ({"skip_empty_days": False}, False),
        ({"sandbox": True}, False),
    ],
    ids=str,
)
async def test_nothing_is_asked_where_a_late_figure_would_be_missed(fields: dict[str, Any], asks: bool) -> None:
    """Or where an answer would not count, or nobody wants it."""
    office = Office()
    idle = await idle_in(office, parts_of(c1=USUAL), **{"attribution_window": 7} | fields)
    assert bool(office.asked) is bool(office.lists) is bool(idle) is asks


async def test_where_idle_accounts_have_no_rows_no_other_center_is_asked() -> None:
    """The first one shows it: nobody is idle, and not all have rows."""
    missing = {str(1000 + number): None for number in range(USUAL)}
    office = Office(centers=("1", "2"), others=missing)
    assert not await idle_in(office, parts_of(c1=USUAL, c2=USUAL))
    assert len(office.asked) == 1


async def test_where_all_accounts_were_active_the_next_center_is_asked() -> None:
    """All have rows, so the report has those of idle ones, too."""
    active = {str(1000 + number): {**ZEROS, "spend": "1.00"} for number in range(USUAL)}
    office = Office(centers=("1", "2"), others=active)
    assert len(await idle_in(office, parts_of(c1=USUAL, c2=USUAL))) == USUAL
    assert len(office.asked) == 2


async def test_where_some_are_idle_and_some_have_no_row_the_next_center_is_asked() -> None:
    """It was worth while."""
    office = Office(centers=("1", "2"), others={"1007": None})
    assert len(await idle_in(office, parts_of(c1=USUAL, c2=USUAL))) == 2 * USUAL - 1


async def test_no_earlier_or_later_report_is_asked_for_once_nobody_is_idle() -> None:
    """Two years would need three reports."""
    active = {str(1000 + number): {**ZEROS, "spend": "1.00"} for number in range(USUAL)}
    office = Office(others=active)
    assert not await idle_in(office, [part(1000 + number, "1", TODAY - 700 * DAY) for number in range(USUAL)])
    assert len(office.asked) == 1


async def test_the_business_centers_of_a_sync_are_listed_once() -> None:
    """The reports on them need the list, too."""
    office = Office(centers=("1", "2"))
    centers = BusinessCenters(client(office, FakeClock(), tier=tier_of(1000)))  # type: ignore[arg-type]
    assert await centers.with_finance_role() == ("1", "2")
    assert len(await idle_in(office, parts_of(c1=USUAL), centers)) == USUAL
    assert office.lists == 1
    refused = Office(replies={"1": refusal(40105, "invalid token")})
    with pytest.raises(TikTokError):  # nothing else was answered to this client, so nothing else can be
        await idle_in(refused, parts_of(c1=USUAL), centers)


@pytest.mark.parametrize(("refused", "asked"), [("1", "1234567"), ("12", "12345"), ("5", "1234567"), ("", "1234567")])
async def test_after_two_refusals_no_other_center_is_asked(refused: str, asked: str) -> None:
    """One may be a fault of that center alone. Four are asked at once."""
    office = Office(centers=tuple("1234567"), replies=dict.fromkeys(refused, refusal(40002, "Not supported.")))
    idle = await idle_in(office, parts_of(c1=USUAL, **{f"c{number}": 5 for number in range(2, 8)}))
    assert sorted(params["bc_id"] for params in office.asked) == list(asked)
    assert {number[0] for number in idle} == set(asked) - set(refused)


class Withdrawing(Office):
    """Business Centers whose report has a metric less.

    Args:
        name: The metric.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.refused = 0

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer."""
        if f'"{self._name}"' in params.get("metrics", ""):
            self.refused += 1
            return refusal(40002, f"Invalid metric fields: ['{self._name}']")
        return await super().send(endpoint, params, token)


async def test_a_metric_that_is_refused_is_left_out() -> None:
    """For all reports that follow. Without spend, impressions or clicks, an answer says nothing."""
    for name, count in (("conversion", USUAL), ("clicks", 0)):
        office = Withdrawing(name)
        assert len(await idle_in(office, parts_of(c1=USUAL))) == count
        assert office.refused == 1
        assert len(office.asked) == (1 if count else 0)


async def test_a_list_of_centers_that_is_refused_asks_none() -> None:
    """A refusal of the token ends the sync, as long as TikTok has not answered."""
    office = Office(roles=refusal(40001, "no permission"))
    assert not await idle_in(office, parts_of(c1=USUAL))
    assert not office.asked
    with pytest.raises(TikTokError) as caught:
        await idle_in(Office(roles=refusal(40105, "invalid token")), parts_of(c1=USUAL))
    assert caught.value.code == 40105


async def test_a_center_that_does_not_answer_proves_nothing() -> None:
    """It costs a few tries."""
    office = Office()
    office.silent = True
    assert not await idle_in(office, parts_of(c1=USUAL))
    assert len(office.asked) == 2
    html = Office(replies={"1": Reply(502, {}, b"<html>Bad gateway</html>")})
    assert not await idle_in(html, parts_of(c1=USUAL))
    assert len(html.asked) == 3


# -- which questions


def test_a_question_is_also_about_the_month_before_and_a_day_more_at_both_ends() -> None:
    """Conversions follow ads for 32 days, and days may be those of another time zone. No question is about tomorrow."""
    days = [part(number, "7") for number in range(51)]
    [question] = questions(days, TODAY)
    assert question.windows == (Window(TODAY - 40 * DAY, TODAY),)
    [question] = questions(days, TODAY + 2 * DAY)
    assert question.windows == (Window(TODAY - 40 * DAY, TODAY + DAY),)


def test_the_days_of_all_streams_count() -> None:
    """A report from March and one until today make one question. Accounts of nobody are asked about as usual."""
    many = [part(number, "7") for number in range(MANY_ACCOUNTS)]
    early = part(3, "7", TODAY - 90 * DAY, TODAY - 80 * DAY)
    owned_by_nobody = [part(500 + number, "0" if number % 2 else "") for number in range(20)]
    [question] = questions([*owned_by_nobody, *many, early], TODAY)
    assert question.accounts["3"] == Window(TODAY - 123 * DAY, TODAY)  # type: ignore[index]
    assert question.accounts["4"] == Window(TODAY - 40 * DAY, TODAY)  # type: ignore[index]
    assert len(question.accounts) == MANY_ACCOUNTS
    ended = [part(600 + number, "7", TODAY - 90 * DAY, TODAY - 80 * DAY) for number in range(5)]
    [question] = questions([*ended, *many], TODAY)
    assert question.windows == (Window(TODAY - 123 * DAY, TODAY),)


def test_accounts_and_streams_that_a_center_says_nothing_about_are_not_asked_about() -> None:
    """An account whose details are unknown, objects, a partition without days, and reports for all time."""
    many = [part(number, "7") for number in range(MANY_ACCOUNTS)]
    error = TikTokError("no", action=Action.RETRY, failure_type=FailureType.TRANSIENT, remedy="", endpoint="")
    unknown = part(900, "7", error=error)
    daily = stream("ads_reports_daily")
    without_days = [
        Partition(stream=daily, account=part(901, "7").account, first=first, last=last)
        for first, last in ((None, None), (TODAY, None), (None, TODAY))
    ]
    objects = Partition(stream=stream("ads"), account=part(902, "7").account, first=TODAY, last=TODAY)
    shop = Partition(
        stream=stream("gmv_max_advertiser_reports_daily"), account=objects.account, first=TODAY, last=TODAY
    )
    of_nobody = Partition(stream=daily, account=None, first=TODAY, last=TODAY)
    others = [unknown, *without_days, objects, shop, of_nobody]
    assert not questions([*others, *many], TODAY)
    assert len(questions([*others, *many, part(903, "7")], TODAY)) == 1
    assert not is_answered_for(shop)
    assert is_answered_for(part(1, "7"))
    assert not is_answered_for(objects)
    center = Partition(stream=stream("advertisers_business_center_reports_daily"), account=part(1, "7").account)
    assert is_answered_for(center)


def test_small_business_centers_and_few_accounts_are_not_asked_about() -> None:
    """Four accounts of a Business Center cost as little in the usual way."""
    many = [part(number, "7") for number in range(50)]
    few = [part(1000 + number, "8") for number in range(4)]
    assert [question.center for question in questions([*many, *few], TODAY)] == ["7"]
    assert [question.center for question in questions([*many, *few, part(1004, "8")], TODAY)] == ["7", "8"]
    assert not questions(many, TODAY)


def test_an_answer_counts_only_for_accounts_whose_days_it_has() -> None:
    """An account that is younger than a window need not have a row in it."""
    old = [part(number, "7", TODAY - 600 * DAY) for number in range(MANY_ACCOUNTS)]
    young = part(1000, "7", TODAY - 5 * DAY)
    [question] = questions([*old, young], TODAY)
    first, last = question.windows
    assert young.account is not None
    assert young.account.advertiser_id not in question.needed(first)
    assert young.account.advertiser_id in question.needed(last)
    edge = Window(question.accounts[young.account.advertiser_id].start, last.end)
    assert young.account.advertiser_id in question.needed(Window(edge.start, edge.start))
    assert young.account.advertiser_id not in question.needed(Window(edge.start - DAY, edge.start - DAY))
    assert young.account.advertiser_id in question.needed(Window(TODAY, TODAY + DAY))
    assert young.account.advertiser_id not in question.needed(Window(TODAY + DAY, TODAY + DAY))


def test_figures_are_nothing_only_if_the_essential_ones_are_zero() -> None:
    """A dash and a null are no figure, but for these three."""
    assert shows_nothing({"spend": 0.0, "impressions": 0, "clicks": "0", "reach": None, "cpc": "-", "ctr": ""})
    for name in ("spend", "impressions", "clicks"):
        for value in (None, "-", "", "<5", 1):
            assert not shows_nothing({"spend": 0, "impressions": 0, "clicks": 0, name: value})
    assert not shows_nothing({"spend": 0, "impressions": 0, "clicks": 0, "reach": "odd"})
