"""Bounded reads: which days and accounts they name, and how far a state may move."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import account, config, stream

from tiktok_marketing.clock import ClockReading
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.accounts import Accounts
from tiktok_marketing.sync.plan.bounds import Bounds, DaysAgo, check_bounds, parse_bound, with_accounts
from tiktok_marketing.sync.plan.frontier import Frontier
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.plan_sync import SyncPlan, plan_sync, read_states
from tiktok_marketing.sync.plan.selection import Selected

DAILY = stream("ads_reports_daily")
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
TODAY = NOON.date()
CLOCK = ClockReading.at(NOON)
START = date(2026, 11, 1)


def plan(bounds: Bounds, state: Any = None, of: Any = DAILY, **fields: Any) -> SyncPlan:
    """Plan a sync of one stream and account into a database."""
    selected = [Selected(of, incremental=of.cursor is not None)]
    settings = config(**{"start_date": str(START), "include_deleted": True, "attribution_window": 3} | fields)
    cursors = read_states(selected, {of.name: state})
    return plan_sync(settings, selected, cursors, Accounts((account("7001"),)), CLOCK, bounds=bounds, fill_gaps=True)


def partitions(planned: SyncPlan, of: Any = DAILY) -> list[Partition]:
    """What is read of the stream."""
    return list(planned.partitions[of.name])


def finished(planned: SyncPlan) -> Any:
    """The state after everything that is planned has been read."""
    cursors = planned.cursors[DAILY.name]
    for partition in partitions(planned):
        frontier = Frontier(partition.state_limit)
        for window in partition.windows():
            cursor = frontier.finish(frontier.begin(window))
            if cursor is not None and not partition.fills_gap:
                cursors.move("7001", cursor)
    return cursors.to_state()


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("2026-11-01", date(2026, 11, 1)),
        (" 30d ", DaysAgo(30)),
        ("007d", DaysAgo(7)),
        ("yesterday", DaysAgo(1)),
        ("today", DaysAgo(0)),
        ("", None),
        (None, None),
        (date(2026, 11, 1), date(2026, 11, 1)),
    ],
)
def test_a_bound_is_a_day_or_a_number_of_days_ago(text: Any, bound: Any) -> None:
    """Blanks around it do not matter."""
    assert parse_bound(text, "--since") == bound


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0d", "Write today."),
        ("30 d", "Did you mean 30d?"),
        ("30D", "Did you mean 30d?"),
        ("30 days ago", "Did you mean 30d?"),
        ("Yesterday", "Did you mean yesterday?"),
        ("-3d", "Write a day as"),
        ("99999d", "9,999 days ago"),
        ("2026-11-31", "Write a day as"),
        ("01.11.2026", "Write a day as"),
        ("٣d", "Write a day as"),
    ],
)
def test_a_wrong_bound_is_refused_with_what_was_probably_meant(text: str, says: str) -> None:
    """The error names the option."""
    with pytest.raises(ConfigurationError) as refused:
        parse_bound(text, "--since")
    assert "--since" in refused.value.message
    assert says in f"{refused.value.message} {refused.value.remedy}"


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        (date(2026, 11, 10), date(2026, 11, 9), "after until"),
        (DaysAgo(1), DaysAgo(2), "after until"),
        (DaysAgo(1), date(2026, 11, 1), "after until"),
        (date(2026, 11, 30), None, "future"),
        (None, date(2026, 12, 24), "future"),
    ],
)
def test_bounds_without_a_day_between_them_are_refused(since: Any, until: Any, words: str) -> None:
    """Otherwise a sync would read nothing and seem to be complete."""
    with pytest.raises(ConfigurationError, match=words):
        check_bounds(Bounds(since, until), None, CLOCK)


def test_bounds_that_one_account_has_days_between_are_accepted() -> None:
    """It is the 29th already where days begin first."""
    check_bounds(Bounds(date(2026, 11, 29), None), None, CLOCK)
    check_bounds(Bounds(DaysAgo(0), date(2026, 11, 28)), None, CLOCK)
    check_bounds(Bounds(None, date(2026, 11, 5)), None, CLOCK)
    check_bounds(Bounds(), date(2026, 11, 5), CLOCK)


def test_a_first_day_after_end_date_is_refused_unless_until_is_later() -> None:
    """What was asked for outranks what is configured."""
    with pytest.raises(ConfigurationError, match="end_date"):
        check_bounds(Bounds(date(2026, 11, 10)), date(2026, 11, 5), CLOCK)
    check_bounds(Bounds(date(2026, 11, 10), DaysAgo(1)), date(2026, 11, 5), CLOCK)
    (partition,) = partitions(plan(Bounds(date(2026, 11, 10), DaysAgo(1)), end_date="2026-11-05"))
    assert (partition.first, partition.last) == (date(2026, 11, 10), date(2026, 11, 27))


def test_relative_days_are_those_of_the_account() -> None:
    """At noon in UTC it is tomorrow already 13 hours ahead."""
    selected = [Selected(DAILY, incremental=True)]
    ahead = account("7001", zone=timezone(timedelta(hours=13)))
    cursors = read_states(selected, {})
    planned = plan_sync(config(), selected, cursors, Accounts((ahead,)), CLOCK, bounds=Bounds(DaysAgo(1), DaysAgo(1)))
    (partition,) = partitions(planned)
    assert (partition.first, partition.last) == (TODAY, TODAY)


def test_streams_without_days_are_read_whole() -> None:
    """The sums of fewer days would replace the usual ones."""
    for name in ("campaigns", "ads_reports_lifetime", "advertisers_audience_reports_lifetime"):
        of = stream(name)
        assert partitions(plan(Bounds(DaysAgo(3), DaysAgo(2)), of=of), of) == partitions(plan(Bounds(), of=of), of)


def test_until_alone_reads_the_days_that_are_due_up_to_it() -> None:
    """The state moves to it, and nothing is read if no day up to it is due."""
    planned = plan(Bounds(None, date(2026, 11, 10)))
    assert [(each.first, each.last) for each in partitions(planned)] == [(START, date(2026, 11, 10))]
    state = finished(planned)
    assert state["states"][0]["cursor"]["stat_time_day"].startswith("2026-11-10")
    nothing_due = plan(Bounds(None, date(2026, 11, 3)), state)
    assert partitions(nothing_due) == []
    assert "No day up to 2026-11-03 is due for ads_reports_daily" in nothing_due.notices[0].text


days = st.integers(0, 60).map(lambda number: TODAY - timedelta(days=number))


@given(
    syncs=st.lists(st.tuples(st.none() | days, st.none() | days), max_size=5),
    start=days,
    moved_start=days,
)
def test_bounded_reads_leave_no_gap_for_the_plain_sync_after_them(
    syncs: list[tuple[date | None, date | None]], start: date, moved_start: date
) -> None:
    """After any bounded reads, a plain sync reads every day that none of them read since `start_date`."""
    state: Any = None
    read: set[date] = set()
    before = ""
    for since, until in syncs:
        planned = plan(Bounds(since, until), state, start_date=str(start))
        read |= {day for each in partitions(planned) for window in each.windows() for day in window or ()}
        state = finished(planned)
        after = str(state["states"][0]["cursor"]) if state["states"] else ""
        assert after >= before, "a cursor moved back"
        before = after
    for first in (start, moved_start):
        planned = plan(Bounds(), state, start_date=str(first))
        read |= {day for each in partitions(planned) for window in each.windows() for day in window or ()}
        state = finished(planned)
        assert read >= {first + timedelta(days=number) for number in range((TODAY - first).days + 1)}


def test_accounts_are_named_in_lists_with_blanks() -> None:
    """Each counts once."""
    assert with_accounts(config(), [" 7001 , 7002", "7001,"]).advertiser_ids == ("7001", "7002")
    assert with_accounts(config(), None).advertiser_ids == ()


@pytest.mark.parametrize(
    ("accounts", "fields", "words"),
    [
        (["70 01"], {}, "is not the id"),
        (["campaign"], {}, "is not the id"),
        ([" , "], {}, "No account"),
        (["7003"], {"advertiser_ids": ["7001"]}, "not among those that advertiser_ids selects"),
        (["7003"], {"exclude_advertiser_ids": ["7003"]}, "exclude_advertiser_ids leaves out"),
    ],
)
def test_accounts_that_cannot_be_meant_are_refused(accounts: list[str], fields: Any, words: str) -> None:
    """An account that the configuration leaves out is probably a slip."""
    with pytest.raises(ConfigurationError, match=words):
        with_accounts(config(**fields), accounts)


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        (Bounds(), ""),
        (Bounds(since=START), "from 2026-11-01"),
        (Bounds(until=START), "to 2026-11-01"),
        (Bounds(START, START), "of 2026-11-01"),
        (Bounds(START, TODAY), "from 2026-11-01 to 2026-11-28"),
        (Bounds(DaysAgo(3), DaysAgo(3)), f"of {DaysAgo(3)}"),
    ],
)
def test_bounds_say_which_days_they_mean(bounds: Bounds, text: str) -> None:
    """In the messages of a sync. Without any, they mean nothing."""
    assert str(bounds) == text
    assert bool(bounds) is bool(text)


@pytest.mark.parametrize(
    ("text", "remedy"), [("30 days", "Did you mean 30d? "), ("TODAY", "Did you mean today? "), ("soon", "Write ")]
)
def test_a_day_that_nobody_understands_is_refused_with_what_may_be_meant(text: str, remedy: str) -> None:
    """Only if something may be."""
    with pytest.raises(ConfigurationError) as caught:
        parse_bound(text, "since")
    assert caught.value.remedy.startswith(remedy)


def test_the_longest_time_ago_has_as_many_digits_as_the_most_days() -> None:
    """And one more is refused."""
    assert parse_bound("0009999d", "since") == DaysAgo(9999)
    with pytest.raises(ConfigurationError, match="days ago"):
        parse_bound("10000d", "since")


def test_accounts_are_chosen_among_those_that_the_configuration_selects() -> None:
    """Which setting selects them is in the error."""
    chosen = with_accounts(config(advertiser_ids=["7001", "7002"]), ["7002,7001"])
    assert chosen.advertiser_ids == ("7002", "7001")
    assert with_accounts(config(), "7001, 7002").advertiser_ids == ("7001", "7002")
    for settings, name in (
        ({"advertiser_ids": ["7001"]}, "advertiser_ids"),
        ({"advertiser_id": "7001"}, "credentials."),
    ):
        assert with_accounts(config(**settings), ["7001"]).advertiser_ids == ("7001",)
        with pytest.raises(ConfigurationError, match=f"that {name}"):
            with_accounts(config(**settings), ["7002"])
