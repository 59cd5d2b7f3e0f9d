"""What a sync reads, and what it says about it before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from unit_builders import account, config, stream

from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.plan.accounts import AccountList, Accounts
from tiktok_marketing.sync.plan.bounds import NO_BOUNDS, Bounds
from tiktok_marketing.sync.plan.coverage import Covered
from tiktok_marketing.sync.plan.cursors import Cursor, Cursors
from tiktok_marketing.sync.plan.plan_sync import SyncPlan, plan_sync, read_states
from tiktok_marketing.sync.plan.refresh import RefreshProgress
from tiktok_marketing.sync.plan.selection import RefreshId, Selected

DAILY, HOURLY, ADS, ACCOUNTS = map(stream, ("ads_reports_daily", "ads_reports_hourly", "ads", "advertiser_ids"))
NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
ONE, OTHER = AdvertiserId("7001"), AdvertiserId("7002")


def incremental(*streams: Any) -> list[Selected]:
    """The streams, as they go on from a state."""
    return [Selected(each, incremental=True) for each in streams]


def plan(
    selected: Sequence[Selected],
    cursors: dict[str, Cursors] | None = None,
    *,
    accounts: Sequence[AdvertiserId] = (ONE, OTHER),
    bounds: Bounds = NO_BOUNDS,
    refreshes: dict[str, RefreshProgress] | None = None,
    **options: Any,
) -> SyncPlan:
    """Plan a sync from the first of January."""
    return plan_sync(
        config(),
        selected,
        cursors or {},
        Accounts(tuple(map(account, accounts))),
        ClockReading.at(NOON),
        refreshes=refreshes,
        bounds=bounds,
        **options,
    )


def cursors_of(last: str, *accounts: AdvertiserId, field: str = "stat_time_day") -> Cursors:
    """Accounts that were read up to a time."""
    return Cursors(field, dict.fromkeys(accounts, Cursor(last)))


def texts(planned: SyncPlan) -> list[str]:
    """The notices, each with its level."""
    return [f"{notice.level}: {notice.text}" for notice in planned.notices]


def test_only_streams_that_go_on_from_a_state_have_one() -> None:
    """Not one that is read in full, whatever its state says, and not one without a cursor."""
    selected = [*incremental(DAILY, ACCOUNTS), Selected(HOURLY, incremental=False)]
    states = {
        "ads_reports_daily": {"stat_time_day": "2026-01-05"},
        "ads_reports_hourly": {"stat_time_hour": "2026-01-05 00:00:00"},
    }
    cursors = read_states(selected, states)
    assert cursors.keys() == {"ads_reports_daily"}
    assert cursors["ads_reports_daily"].of(ONE) == "2026-01-05 00:00:00"


def test_a_sync_without_a_state_reads_everything_and_says_nothing() -> None:
    """In the order of the selection."""
    planned = plan(incremental(HOURLY, DAILY))
    assert [*planned.partitions] == ["ads_reports_hourly", "ads_reports_daily"]
    firsts = [partition.first for partition in planned.all_partitions]
    assert firsts == [date(2026, 1, 1)] * 4
    assert texts(planned) == []


def test_accounts_that_were_read_before_and_are_out_of_reach_are_named() -> None:
    """Once for all streams."""
    cursors = cursors_of("2026-01-08 00:00:00", ONE, OTHER)
    planned = plan_sync(
        config(),
        incremental(DAILY),
        {"ads_reports_daily": cursors},
        Accounts((account(ONE),), AccountList([{"advertiser_id": "7001"}], None)),
        ClockReading.at(NOON),
        bounds=Bounds(date(2026, 1, 9)),
    )
    [text] = texts(planned)
    assert text.startswith("warning: The token no longer has access to accounts that were read before: 7002.")


def test_accounts_that_a_wrong_clock_read_are_named_and_read_from_the_start() -> None:
    """The others go on from their state."""
    cursors = cursors_of("2026-01-08 00:00:00", ONE)
    cursors.move(OTHER, Cursor("2031-01-08 00:00:00"))
    planned = plan(incremental(DAILY), {"ads_reports_daily": cursors}, bounds=Bounds(date(2026, 1, 9)))
    [text] = texts(planned)
    assert text.startswith("warning: ads_reports_daily: the state says that 7002 had been read up to days in the")
    assert cursors.of(OTHER) is None
    assert cursors.of(ONE) == "2026-01-08 00:00:00"


def test_the_state_of_a_full_refresh_is_no_state_of_an_incremental_sync() -> None:
    """People are told why everything is read."""
    cursors = {"ads_reports_daily": Cursors("stat_time_day", of_full_refresh=True)}
    planned = plan(incremental(DAILY), cursors)
    assert texts(planned)[0] == (
        "info: ads_reports_daily: the state is of a full refresh and has no cursor. The stream is read from start_date."
    )
    assert not plan(incremental(DAILY), {"ads_reports_daily": Cursors("stat_time_day")}).notices


def test_between_bounds_what_is_covered_shrinks_to_what_the_sync_asks_for() -> None:
    """Of an account without a cursor, it is what the sync asks for."""
    cursors = cursors_of("2026-01-08 00:00:00", ONE)
    cursors.cover(ONE, Covered(start=date(2025, 1, 1), include_deleted=True, metrics=1000))
    plan(incremental(DAILY), {"ads_reports_daily": cursors}, bounds=Bounds(date(2026, 1, 9)))
    known, new = cursors.covered_of(ONE), cursors.covered_of(OTHER)
    assert known is not None
    assert new is not None
    assert (known.start, known.metrics) == (date(2025, 1, 1), len(DAILY.metrics))
    assert (new.start, new.metrics) == (date(2026, 1, 1), len(DAILY.metrics))


def test_a_restart_between_bounds_covers_what_it_reads() -> None:
    """Whatever the state says."""
    cursors = cursors_of("2026-01-08 00:00:00", ONE)
    planned = plan(incremental(DAILY), {"ads_reports_daily": cursors}, bounds=Bounds(date(2026, 1, 9)), restart=True)
    assert planned.cursors["ads_reports_daily"].of(ONE) is None
    covered = cursors.covered_of(ONE)
    assert covered is not None
    assert covered.start == date(2026, 1, 1)


def test_a_common_cursor_is_each_accounts_own_between_bounds() -> None:
    """Otherwise it would be lost with the next state."""
    cursors = Cursors("stat_time_day", common=Cursor("2026-01-08 00:00:00"))
    plan(incremental(DAILY), {"ads_reports_daily": cursors}, bounds=Bounds(date(2026, 1, 9)))
    assert set(cursors.accounts) == {ONE, OTHER}


def refresh(*, continued: bool = False, restarted: bool = False, **reached: date | None) -> RefreshProgress:
    """A full refresh that has read accounts up to a day; None for all of it."""
    known = {AdvertiserId(name[1:]): day for name, day in reached.items()}
    return RefreshProgress(RefreshId(1, 1), {}, "2026-01-10", known, continued=continued, restarted=restarted)


def of_refresh(progress: RefreshProgress) -> SyncPlan:
    """Plan a full refresh."""
    selected = [Selected(DAILY, incremental=False), Selected(HOURLY, incremental=False)]
    return plan(selected, refreshes={"ads_reports_daily": progress})


def test_a_full_refresh_goes_on_where_it_was_interrupted() -> None:
    """Without the accounts that were finished, and from the day after the last of others."""
    planned = of_refresh(refresh(continued=True, _7001=None))
    [partition] = planned.partitions["ads_reports_daily"]
    assert partition.account is not None
    assert partition.account.advertiser_id == OTHER
    assert len(planned.partitions["ads_reports_hourly"]) == 2
    [text] = texts(planned)
    assert text.startswith("info: ads_reports_daily: the full refresh goes on")
    assert "delivered 1 of 2 accounts completely" in text
    later = of_refresh(refresh(continued=True, _7001=date(2026, 1, 4)))
    assert [partition.first for partition in later.partitions["ads_reports_daily"]] == [
        date(2026, 1, 5),
        date(2026, 1, 1),
    ]
    assert "delivered 0 of 2 accounts completely" in texts(later)[0]


def test_a_full_refresh_that_was_ahead_of_today_reads_the_account_again_and_says_so() -> None:
    """No attempt can have read so far."""
    planned = of_refresh(refresh(continued=True, _7001=date(2031, 1, 1)))
    assert len(planned.partitions["ads_reports_daily"]) == 2
    assert any("in the future" in text and "7001" in text for text in texts(planned))


def test_a_full_refresh_that_has_delivered_everything_reads_nothing_and_says_so() -> None:
    """A table would stay empty without a word. Without accounts, there was nothing to deliver."""
    planned = of_refresh(refresh(continued=True, _7001=None, _7002=None))
    assert planned.partitions["ads_reports_daily"] == []
    [text] = texts(planned)
    assert text.startswith("warning: ads_reports_daily: an earlier attempt of this full refresh has delivered everyth")
    selected = [Selected(DAILY, incremental=False)]
    [of_none] = texts(plan(selected, accounts=(), refreshes={"ads_reports_daily": refresh(continued=True)}))
    assert of_none.startswith("info: ads_reports_daily: the full refresh goes on")


def test_a_state_of_another_full_refresh_is_named() -> None:
    """Everything is read. A refresh that begins now is not worth a word."""
    planned = of_refresh(refresh(restarted=True, _7001=None))
    assert texts(planned) == ["info: ads_reports_daily: the state is not of this full refresh, so everything is read."]
    assert len(planned.partitions["ads_reports_daily"]) == 2
    fresh = of_refresh(refresh(_7001=None))
    assert texts(fresh) == []
    assert len(fresh.partitions["ads_reports_daily"]) == 2


def test_streams_that_are_read_from_the_start_are_known() -> None:
    """Others are not, although they may have gaps."""
    selected = incremental(DAILY, HOURLY)
    states: dict[str, Any] = {
        "ads_reports_daily": {"stat_time_day": "2026-01-08"},
        "ads_reports_hourly": {"stat_time_hour": "2026-01-08 00:00:00"},
    }
    cursors = read_states(selected, states)
    assert plan(selected, cursors, restart=True).restarted <= {"ads_reports_daily", "ads_reports_hourly"}
    assert plan(selected, read_states(selected, states)).restarted == frozenset()


@pytest.mark.parametrize(
    ("until", "streams", "words"),
    [
        (date(2025, 12, 1), (DAILY,), "is due for ads_reports_daily, so"),
        (date(2025, 12, 1), (ADS, DAILY, HOURLY), "is due for 2 streams, so"),
        (date(2026, 1, 5), (DAILY,), None),
        (date(2025, 12, 1), (ADS,), None),
    ],
)
def test_a_last_day_before_all_that_is_due_is_reported(until: date, streams: Any, words: str | None) -> None:
    """For streams with days alone. With a first day, too, somebody asked for just these days."""
    found = [text for text in texts(plan(incremental(*streams), bounds=Bounds(None, until))) if "No day up to" in text]
    assert [words in text for text in found] == ([True] if words else [])
    assert all(text.startswith("warning: ") for text in found)
    with_first = texts(plan(incremental(*streams), bounds=Bounds(date(2025, 11, 1), until)))
    assert not [text for text in with_first if "No day up to" in text]


def test_without_accounts_only_streams_with_days_lack_a_day_that_is_due() -> None:
    """And nothing is due if somebody asked for just these days."""
    none: dict[str, Any] = {"accounts": ()}
    until = date(2026, 1, 5)
    assert texts(plan(incremental(ADS), bounds=Bounds(None, until), **none)) == []
    assert texts(plan(incremental(DAILY), bounds=Bounds(date(2026, 1, 1), until), **none)) == []
    assert len(texts(plan(incremental(DAILY), bounds=Bounds(None, until), **none))) == 1


def test_a_report_by_store_is_planned_although_nobody_listed_the_stores() -> None:
    """Then nothing is known of new ones."""
    by_store = stream("gmv_max_advertiser_reports_daily")
    planned = plan(incremental(by_store), {by_store.name: cursors_of("2026-01-08 00:00:00", ONE, OTHER)})
    assert len(planned.partitions[by_store.name]) == 2
    assert not planned.restarted
