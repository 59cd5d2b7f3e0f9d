"""Accounts that see a store which their state does not name are read from the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from unit_builders import account, config, stream

from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.plan.accounts import Accounts
from tiktok_marketing.sync.plan.coverage import wanted_of
from tiktok_marketing.sync.plan.cursors import Cursor, Cursors, read_state
from tiktok_marketing.sync.plan.gaps import Gaps
from tiktok_marketing.sync.plan.new_stores import (
    accounts_to_compare,
    accounts_with_lost_stores,
    describe_lost_stores,
    describe_new_stores,
    is_by_store,
    late_stores,
    rewind_for_new_stores,
)
from tiktok_marketing.sync.plan.plan_sync import SyncPlan, plan_sync, read_states
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.windows import Window

DAILY = stream("gmv_max_advertiser_reports_daily")
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
FIRST, SECOND = AdvertiserId("7001"), AdvertiserId("7002")


def state(known: Mapping[AdvertiserId, Sequence[str]]) -> Any:
    """A state of two accounts that were read up to 9 November, and the stores that it names."""
    cursors = Cursors("stat_time_day", dict.fromkeys((FIRST, SECOND), Cursor("2026-11-09 00:00:00")))
    for advertiser_id, stores in known.items():
        cursors.note_stores(advertiser_id, stores)
    return cursors.to_state()


def plan(raw: Any, stores: Mapping[AdvertiserId, Sequence[str]], *, fill: bool) -> SyncPlan:
    """Plan a sync of accounts that see these stores."""
    selected = [Selected(DAILY, incremental=True)]
    settings = config(start_date="2026-11-01", attribution_window=1)
    accounts = Accounts((account(FIRST), account(SECOND)))
    cursors = read_states(selected, {DAILY.name: raw})
    clock = ClockReading(NOON, NOON, NOON)
    return plan_sync(settings, selected, cursors, accounts, clock, fill_gaps=fill, stores=stores)


def firsts(planned: SyncPlan) -> dict[str, str]:
    """The first day that is read of each account."""
    return {each.account.advertiser_id: str(each.first) for each in planned.partitions[DAILY.name] if each.account}


@pytest.mark.parametrize("fill", [True, False])
def test_an_account_with_a_new_store_is_read_from_the_start(fill: bool) -> None:
    """Through Airbyte as into a database, because nobody could know of the store before. Other accounts go on."""
    planned = plan(state({FIRST: ["1"], SECOND: []}), {FIRST: ["1", "2"], SECOND: []}, fill=fill)
    assert firsts(planned) == {FIRST: "2026-11-01", SECOND: "2026-11-08"}
    assert planned.restarted == {DAILY.name}
    (notice,) = planned.notices
    assert "2 of advertiser 7001" in notice.text
    cursors = planned.cursors[DAILY.name]
    assert cursors.stores_of(FIRST) == ("1", "2")
    assert cursors.accounts == (SECOND,)


def test_a_store_that_is_gone_is_new_when_it_comes_back() -> None:
    """The days of its absence were read without it."""
    gone = plan(state({FIRST: ["1", "2"]}), {FIRST: ["1"]}, fill=True)
    assert firsts(gone)[FIRST] == "2026-11-08"
    back = plan(gone.cursors[DAILY.name].to_state(), {FIRST: ["1", "2"]}, fill=True)
    assert firsts(back)[FIRST] == "2026-11-01"


@pytest.mark.parametrize("stores", [{}, {SECOND: ["3"]}])
def test_unknown_stores_prove_nothing(stores: dict[AdvertiserId, list[str]]) -> None:
    """Neither a list that failed nor a state that names no store sets a cursor back."""
    planned = plan(state({FIRST: ["1"]}), stores, fill=True)
    assert firsts(planned) == {FIRST: "2026-11-08", SECOND: "2026-11-08"}
    assert planned.cursors[DAILY.name].stores_of(FIRST) == ("1",)


def test_only_accounts_whose_stores_are_known_are_asked_for_them_before_planning() -> None:
    """The first sync of an account has nothing to compare."""
    selected = [Selected(DAILY, incremental=True), Selected(stream("ads_reports_daily"), incremental=True)]
    cursors = read_states(selected, {DAILY.name: state({SECOND: []}), "ads_reports_daily": state({FIRST: ["1"]})})
    assert accounts_to_compare(selected, cursors, [FIRST, SECOND]) == [SECOND]


@pytest.mark.parametrize("raw", [7, ["1"], {"7001": "1"}, {"7001": None}])
def test_stores_that_are_not_understood_count_as_unknown(raw: Any) -> None:
    """The cursors of such a state are read all the same."""
    cursors = read_state(DAILY.name, "stat_time_day", state({}) | {"stores": raw})
    assert cursors.stores_of(FIRST) is None
    assert cursors.accounts == (FIRST, SECOND)


def test_a_notice_names_few_accounts_and_counts_the_others() -> None:
    """An agency may get access to many stores at once."""
    text = describe_new_stores("x", {AdvertiserId(str(number)): ["1"] for number in range(9)})
    assert "of advertiser 4" in text
    assert "of advertiser 5" not in text
    assert "and of 4 more" in text


def test_an_account_that_is_read_from_the_start_has_no_gap() -> None:
    """Its days would come twice."""
    window = Window(date(2026, 11, 1), date(2026, 11, 2))
    gaps = Gaps(missing=[], windows={FIRST: window, SECOND: window}, restarted=False)
    gaps.read_from_start({FIRST: ["2"]})
    assert [*gaps.windows] == [SECOND]
    assert gaps.restarted


@pytest.mark.parametrize(
    ("name", "expected"),
    [(DAILY.name, True), ("ads_reports_daily", False), ("campaigns", False), ("gmv_max_stores", False)],
)
def test_only_some_reports_are_read_by_store(name: str, expected: bool) -> None:
    """Lists of stores and campaigns are not."""
    assert is_by_store(stream(name)) is expected


def test_one_of_several_reports_by_store_is_enough_to_compare() -> None:
    """Another one may be read for the first time, with a state that names no store, or without any."""
    names = [DAILY.name, "gmv_max_advertiser_reports_hourly", "gmv_max_advertiser_reports_lifetime"]
    selected = [Selected(stream(name), incremental=True) for name in names]
    cursors = read_states(selected[:2], {DAILY.name: state({SECOND: ["1"]})})
    assert accounts_to_compare(selected, cursors, [FIRST, SECOND]) == [SECOND]


def rewound(known: Cursors, seen: Mapping[AdvertiserId, Sequence[str]]) -> dict[AdvertiserId, list[str]]:
    """The accounts whose cursors are set back."""
    return rewind_for_new_stores(config(start_date="2026-11-01"), DAILY, known, seen)


def test_an_account_is_compared_whatever_is_known_of_those_before_it() -> None:
    """And what it then covers is what the configuration wants."""
    cursors = read_state(DAILY.name, "stat_time_day", state({SECOND: ["1"]}))
    assert rewound(cursors, {FIRST: ["5"], SECOND: ["1", "2"]}) == {SECOND: ["2"]}
    assert cursors.covered_of(SECOND) == wanted_of(config(start_date="2026-11-01"), DAILY)
    assert cursors.covered_of(FIRST) is None
    assert cursors.stores_of(FIRST) is None


def test_an_account_without_a_cursor_has_nothing_to_set_back() -> None:
    """It is read from the start in any case."""
    cursors = read_state(DAILY.name, "stat_time_day", state({}))
    third = AdvertiserId("7003")
    cursors.note_stores(third, ["1"])
    assert rewound(cursors, {third: ["1", "2"]}) == {}
    assert cursors.stores_of(third) == ("1",)


def test_lost_stores_are_told_for_as_long_as_they_are_away() -> None:
    """Also those that were away before."""
    cursors = read_state(DAILY.name, "stat_time_day", state({FIRST: ["1", "-2", "3"], SECOND: ["1"]}))
    lost = accounts_with_lost_stores(cursors, {FIRST: ["1"], SECOND: ["1", "4"], AdvertiserId("7003"): ["9"]})
    assert lost == {FIRST: ["2", "3"]}
    assert "no longer lists stores that were read before: 2, 3 of advertiser 7001." in describe_lost_stores("x", lost)


@pytest.mark.parametrize(
    ("count", "named"), [(1, "(0)"), (5, "(0, 1, 2, 3, 4)"), (6, "(0, 1, 2, 3, 4 and 1 more)"), (9, "4 and 4 more)")]
)
def test_stores_that_come_too_late_are_named(count: int, named: str) -> None:
    """Few of them."""
    error = late_stores([str(number) for number in range(count)])
    assert named in error.message
    assert "Run the sync again" in error.remedy


def test_five_accounts_are_all_named() -> None:
    """Nothing more is said then."""
    text = describe_new_stores("x", {AdvertiserId(str(number)): ["1"] for number in range(5)})
    assert "of advertiser 4" in text
    assert "more" not in text


def test_a_plan_tells_of_lost_stores() -> None:
    """And reads the account as usual."""
    planned = plan(state({FIRST: ["1", "2"]}), {FIRST: ["1"]}, fill=True)
    (notice,) = planned.notices
    assert notice.level == "warning"
    assert "no longer lists stores that were read before: 2 of advertiser 7001" in notice.text
    assert firsts(planned)[FIRST] == "2026-11-08"
