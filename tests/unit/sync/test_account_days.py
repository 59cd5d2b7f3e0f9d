"""Which question is open for a window, and what its answers say about it."""

from __future__ import annotations

from datetime import date, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from unit_builders import account, stream

from tiktok_marketing.catalog import ReportFilter, ReportStream, report_stream
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.account_days import AccountDays, ActivityQuery, accounts_of, follows_the_account

FIRST = date(2026, 1, 1)
HOURLY = report_stream("ads_reports_hourly")
UTC_8 = ZoneInfo("Etc/GMT+8")
LOS_ANGELES, TIJUANA = ZoneInfo("America/Los_Angeles"), ZoneInfo("America/Tijuana")


def day(number: int) -> date:
    """The day with this number, from 0."""
    return FIRST + timedelta(days=number)


def window(first: int, last: int | None = None) -> Window:
    """The days between two numbers, both included."""
    return Window(day(first), day(first if last is None else last))


def partition(
    advertiser_id: str, days: int, *, first: int = 0, of: ReportStream = HOURLY, each: int = 1, **options: Any
) -> Partition:
    """Windows of an account."""
    return Partition(
        stream=of, account=account(advertiser_id, **options), first=day(first), last=day(days - 1), days=each
    )


def known(*partitions: Partition) -> dict[str, AccountDays]:
    """The accounts for which questions are worth their cost."""
    return {str(advertiser_id): days for advertiser_id, days in accounts_of(partitions)}


def pair(days: int = 60, each: int = 1) -> tuple[AccountDays, AccountDays]:
    """Two accounts that share their queries."""
    accounts = known(partition("1", days, each=each), partition("2", days, each=each))
    return accounts["1"], accounts["2"]


def show(query: ActivityQuery, **days: set[int]) -> None:
    """A joint query is answered with some days of each account."""
    query.asked = query.answered = True
    query.shown = {name[1:]: set(map(day, of)) for name, of in days.items()}  # type: ignore[misc]


def answer(query: ActivityQuery, advertiser_id: str, *days: int) -> None:
    """A query about one account is answered with the days that have data."""
    query.asked = query.answered = True
    query.answers = {advertiser_id: set(map(day, days))}  # type: ignore[dict-item]


def all_days_of(days: AccountDays) -> list[tuple[Window, bool]]:
    """The days of each query about an account, and whether it is by day."""
    return [(query.window, query.by_day) for query in days.all_queries()]


def test_the_days_of_a_query_are_those_that_its_answer_shows() -> None:
    """An answer about the account alone, or else a joint one."""
    one, _ = pair()
    query = one.queries[0]
    assert query.present_days(one.advertiser_id) == frozenset()
    show(query, _1={3})
    assert query.present_days(one.advertiser_id) == {day(3)}
    query.answers[one.advertiser_id] = {day(4)}
    assert query.present_days(one.advertiser_id) == {day(4)}


def test_a_window_waits_for_its_own_queries_the_unasked_ones_first() -> None:
    """If all were asked, it waits for the first of them."""
    one, _ = pair(90)
    first, second, third = one.queries
    across = window(20, 40)
    assert one.open_query(window(0)) is first
    assert one.open_query(across) is first
    first.asked = True
    assert one.open_query(across) is second
    second.asked = True
    assert one.open_query(across) is first
    assert one.open_query(window(89)) is third
    first.answered = second.answered = True
    assert one.open_query(across) is None
    assert one.open_query(window(29)) is None
    assert one.open_query(window(60)) is third


def test_an_account_for_which_tiktok_does_not_answer_has_no_open_query() -> None:
    """All its windows are read."""
    one, two = pair()
    one.unanswerable = True
    assert one.open_query(window(0)) is None
    assert list(one.open_queries()) == []
    assert not one.is_empty(window(0))
    assert two.open_query(window(0)) is two.queries[0]


def test_a_window_that_a_joint_answer_shows_is_read_without_another_question() -> None:
    """Others of its days are left out; without that day, they are asked about alone."""
    one, two = pair(60, each=6)
    show(one.queries[0], _1={3}, _2={3})
    assert one.open_query(window(0, 5)) is None
    assert not one.is_empty(window(0, 5))
    lone = one.open_query(window(6, 11))
    assert lone is not None
    assert (lone.accounts, lone.window, lone.by_day) == ([one], window(0, 29), True)
    assert one.open_query(window(6, 11)) is lone, "the same question is not asked twice"
    answer(lone, "1", 3, 12)
    assert one.open_query(window(6, 11)) is None
    assert one.is_empty(window(6, 11))
    assert not one.is_empty(window(12, 17))
    assert not two.is_empty(window(6, 11))


def test_joint_queries_come_before_questions_about_one_account() -> None:
    """A window across two of them waits for both."""
    one, _ = pair()
    show(one.queries[0], _1={3}, _2={3})
    assert one.open_query(window(20, 40)) is one.queries[1]
    assert list(one.open_queries()) == [one.queries[1]]
    show(one.queries[0], _1=set(), _2={3})
    assert one.open_query(window(20, 40)) is one.queries[1]
    assert list(one.open_queries()) == [one.queries[1]]
    assert len(all_days_of(one)) == 2


def test_an_account_that_joint_answers_leave_out_is_asked_about_for_all_their_days_at_once() -> None:
    """In one sum without days, once the joint queries of the year are answered."""
    one, two = pair(120)
    for query in one.queries[:3]:
        show(query, _1=set(), _2={1, 31, 61})
    assert one.open_query(window(0)) is one.queries[3], "one more may be left out"
    show(one.queries[3], _1={100}, _2={1})
    total = one.open_query(window(0))
    assert total is not None
    assert (total.accounts, total.window, total.by_day) == ([one], window(0, 89), False)
    assert one.open_query(window(50)) is total
    assert next(iter(one.open_queries())) is total
    answer(total, "1")
    assert one.is_empty(window(0))
    assert one.is_empty(window(80, 89))
    assert not one.is_empty(window(80, 90)), "the joint answer about the last days proves nothing"
    assert two.open_query(window(0)) is not total


def test_a_sum_with_figures_is_followed_by_questions_by_day() -> None:
    """For the days of each joint query."""
    one, _ = pair()
    for query in one.queries:
        show(query, _1=set(), _2={1})
    total = one.open_query(window(0))
    assert total is not None
    show(total, _1=set())
    lone = one.open_query(window(40))
    assert lone is not None
    assert (lone.window, lone.by_day) == (window(30, 59), True)
    assert not one.is_empty(window(40))
    answer(lone, "1", 45)
    assert one.is_empty(window(40))
    assert not one.is_empty(window(45))
    first = one.open_query(window(0))
    assert first is not None
    assert (first.window, first.by_day) == (window(0, 29), True)


def test_a_lone_joint_query_that_left_the_account_out_is_asked_by_day() -> None:
    """A sum would cost as much, and say less."""
    one, _ = pair(60)
    show(one.queries[0], _1={1}, _2={1})
    show(one.queries[1], _1=set(), _2={31})
    lone = one.open_query(window(40))
    assert lone is not None
    assert (lone.window, lone.by_day) == (window(30, 59), True)


def test_only_neighbours_share_a_sum() -> None:
    """A run ends where the account has rows."""
    one, _ = pair(150)
    for number, query in enumerate(one.queries):
        show(query, _1={60} if number == 2 else set(), _2={number * 30})
    totals = [one.open_query(window(number)) for number in (0, 100)]
    assert [total and (total.window, total.by_day) for total in totals] == [
        (window(0, 59), False),
        (window(90, 149), False),
    ]


def test_a_sum_is_about_at_most_twelve_joint_queries() -> None:
    """A report without days accepts 365 days."""
    one, _ = pair(14 * 30)
    for query in one.queries:
        show(query, _1=set(), _2={1})
    totals = [one.open_query(window(number)) for number in (0, 359, 360)]
    assert [total and total.window for total in totals] == [window(0, 359), window(0, 359), window(360, 419)]


def test_a_joint_query_of_a_later_year_does_not_hold_up_a_sum() -> None:
    """Only those of its own twelve are awaited."""
    one, _ = pair(14 * 30)
    for query in one.queries[:12]:
        show(query, _1=set(), _2={1})
    total = one.open_query(window(0))
    assert total is not None
    assert not total.by_day


def test_days_before_an_accounts_own_belong_to_others() -> None:
    """It shares their queries, and asks nothing about them."""
    accounts = known(partition("1", 120), partition("2", 120, first=75))
    two = accounts["2"]
    assert two.first == 2
    assert accounts["1"].first == 0
    assert list(two.open_queries()) == two.queries[2:]
    for query in two.queries:
        show(query, _1={1, 31, 61, 91}, _2=set())
    [total] = {id(query): query for query in two.open_queries()}.values()
    assert total.window == window(60, 119)


def test_a_window_beyond_the_queries_is_about_the_last_of_them() -> None:
    """There is always one."""
    one, _ = pair(40)
    assert one.open_query(window(39, 80)) is one.queries[1]
    assert one.open_query(window(90)) is None


def test_an_unanswered_query_proves_nothing() -> None:
    """A window is empty only if every answer about it says so."""
    one, _ = pair()
    answer(one.queries[0], "1")
    assert one.is_empty(window(0, 29))
    assert not one.is_empty(window(0, 30))
    answer(one.queries[1], "1", 31)
    assert one.is_empty(window(0, 30))
    assert not one.is_empty(window(0, 31))
    assert not one.is_empty(window(31))
    assert one.is_empty(window(32, 59))
    one.queries[1].answered = False
    assert not one.is_empty(window(32))


def test_what_shows_data_weighs_more_than_what_shows_none() -> None:
    """Answers may contradict each other, and an account may turn out to have none."""
    one, two = pair()
    show(one.queries[0], _1={3}, _2={3})
    lone = one.open_query(window(5))
    assert lone is not None
    answer(lone, "1")
    assert one.is_empty(window(5))
    assert not one.is_empty(window(3))
    one.unanswerable = True
    assert not one.is_empty(window(5))
    assert not two.is_empty(window(5))


def test_a_query_whose_windows_are_all_shown_needs_no_other() -> None:
    """They are read anyway. A window that begins before it counts too."""
    accounts = known(partition("1", 60, each=12), partition("2", 60))
    one = accounts["1"]
    show(one.queries[0], _1={0, 12, 25}, _2={1})
    show(one.queries[1], _1={36, 48}, _2={31})
    assert list(one.open_queries()) == []
    show(one.queries[0], _1={0, 12}, _2={1})
    assert [query.window for query in one.open_queries()] == [window(0, 29), window(30, 59)]


# -- which accounts are asked about


@pytest.mark.parametrize(("days", "asked"), [(4, False), (5, True), (30, True)])
def test_a_query_is_worth_five_windows(days: int, asked: bool) -> None:
    """On average."""
    assert bool(known(partition("1", days))) is asked


@pytest.mark.parametrize(("each", "asked"), [(10, False), (8, True)])
def test_windows_of_all_accounts_count_together(each: int, asked: bool) -> None:
    """Five and four, or five and five, for two queries of forty days."""
    accounts = known(partition("1", 40, each=8), partition("2", 40, each=each))
    assert bool(accounts) is asked
    assert all(len(of.queries) == 2 for of in accounts.values())


def test_five_accounts_share_a_query_those_with_the_same_days_first() -> None:
    """The groups are in the order of their first days."""
    firsts = {"1": 0, "2": 60, "3": 30, "4": 0, "5": 90, "6": 60}
    accounts = known(*(partition(name, 120, first=first) for name, first in firsts.items()))
    groups = {tuple(str(days.advertiser_id) for days in of.queries[0].accounts) for of in accounts.values()}
    assert groups == {("1", "4", "3", "2", "6"), ("5",)}
    assert accounts["5"].queries[0].window == window(90, 119)
    assert [accounts[name].first for name in "14326"] == [0, 0, 1, 2, 2]


@pytest.mark.parametrize(
    ("zones", "places", "together"),
    [
        ((UTC_8, UTC_8), (None, None), True),
        ((UTC_8, UTC_8), (LOS_ANGELES, LOS_ANGELES), True),
        ((UTC_8, UTC_8), (LOS_ANGELES, TIJUANA), False),
        ((UTC_8, ZoneInfo("Etc/GMT+7")), (None, None), False),
    ],
)
def test_accounts_share_a_query_if_they_have_the_same_zone(
    zones: tuple[tzinfo, tzinfo], places: tuple[tzinfo | None, tzinfo | None], together: bool
) -> None:
    """By their offset and by their place."""
    accounts = known(
        *(
            partition(str(number), 60, zone=zone, place=place)
            for number, (zone, place) in enumerate(zip(zones, places, strict=True))
        )
    )
    assert len(accounts["0"].queries[0].accounts) == (2 if together else 1)


def test_accounts_share_a_query_if_their_days_end_together() -> None:
    """Days that begin later elsewhere are not asked about too early."""
    accounts = known(partition("1", 60), partition("2", 61))
    assert len(accounts["1"].queries[0].accounts) == 1
    assert accounts["2"].queries[-1].window.end == day(60)


def test_the_queries_of_an_account_are_about_the_days_of_all_its_streams() -> None:
    """From the first to the last. Streams with the same windows count once where windows are looked at."""
    daily = report_stream("campaigns_reports_hourly")
    accounts = known(partition("1", 40, first=10), partition("1", 70, first=35, of=daily), partition("1", 70, first=35))
    [one] = accounts.values()
    assert [query.window for query in one.queries] == [window(10, 39), window(40, 69)]


def test_only_streams_that_follow_the_account_are_skipped() -> None:
    """Not lists, not reports with filters that add campaigns, and not those that list objects without figures."""
    assert follows_the_account(partition("1", 30))
    assert not follows_the_account(Partition(stream=stream("ads"), account=account("1")))
    lifetime = report_stream("ads_reports_lifetime")
    assert not follows_the_account(Partition(stream=lifetime, account=account("1")))
    wider = ReportFilter(field="buying_type", values=("A",))
    widened = replace(HOURLY, source=replace(HOURLY.source, filters=(wider,)))
    assert widened.source.widening_filters
    assert not follows_the_account(partition("1", 30, of=widened))
    assert known(Partition(stream=HOURLY, account=None, first=FIRST, last=day(60))) == {}
    assert known(partition("1", 60, of=widened)) == {}


def test_an_account_without_data_has_no_question() -> None:
    """All its windows are empty."""
    none = AccountDays.without_data(account("1").advertiser_id)
    assert none.open_query(window(0)) is None
    assert list(none.open_queries()) == []
    assert none.is_empty(window(0, 30))
