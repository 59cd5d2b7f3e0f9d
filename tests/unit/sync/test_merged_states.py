"""One state from those of several shards."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tiktok_marketing.catalog import stream_named
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.coverage import Covered
from tiktok_marketing.sync.plan.cursors import Cursor, Cursors, read_state
from tiktok_marketing.sync.plan.merged_states import is_own_report, merge_states
from tiktok_marketing.sync.plan.windows import Window

DAILY, BY_STORE = "ads_reports_daily", "gmv_max_advertiser_reports_daily"
NAMES = ("ads_reports_daily", "campaigns", "ads_reports_lifetime")
ids = st.sampled_from([AdvertiserId("7001"), AdvertiserId("7002"), AdvertiserId("7003")])
days = st.dates(date(2026, 1, 1), date(2026, 1, 9))
stores = st.none() | st.lists(st.sampled_from(["s1", "s2", "s3"]), unique=True, max_size=2)
covered = st.none() | st.builds(Covered, start=days, include_deleted=st.booleans(), metrics=st.integers(1, 3))


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """The states of one process."""
    of = {}
    for name in NAMES:
        stream = stream_named(name)
        assert stream is not None
        cursors = Cursors(stream.cursor or "")
        for advertiser_id in draw(st.sets(ids)) if stream.cursor else ():
            cursors.move(advertiser_id, Cursor(f"{draw(days)} 00:00:00"))
            if (what := draw(covered)) is not None:
                cursors.cover(advertiser_id, what)
            if (seen := draw(stores)) is not None:
                cursors.note_stores(advertiser_id, seen)
        of[name] = cursors.to_state() if stream.cursor else {"__ab_no_cursor_state_message": True}
    return of


@given(states(), states(), states())
def test_the_order_and_repetitions_do_not_matter(one: Any, other: Any, third: Any) -> None:
    """Merging is commutative, associative and idempotent."""
    merged = merge_states([one, other, third])
    assert merge_states([third, one, other]) == merged
    assert merge_states([merge_states([one, other]), third]) == merged
    assert merge_states([merged, one, merged]) == merged


@given(states(), states())
def test_the_later_cursor_counts(one: Any, other: Any) -> None:
    """Each account of either state has the later of its cursors."""
    merged = merge_states([one, other])
    for name in NAMES[:2]:
        stream = stream_named(name)
        assert stream is not None
        field = stream.cursor or ""
        first, second, both = (read_state(name, field, of[name]) for of in (one, other, merged))
        assert set(both.accounts) == {*first.accounts, *second.accounts}
        for advertiser_id in both.accounts:
            given_cursors = [of.of(advertiser_id) for of in (first, second) if of.of(advertiser_id)]
            assert both.of(advertiser_id) == max(given_cursors)  # type: ignore[type-var]


def test_a_cursor_for_all_accounts_is_refused() -> None:
    """It says nothing about an account that another state has: merged, it would skip what nobody read."""
    with pytest.raises(ConfigurationError, match="one cursor for all accounts"):
        merge_states([{"ads_reports_daily": {"stat_time_day": "2026-01-05"}}, {}])


def refresh(accounts: dict[str, str], *, sync_id: int = 7, complete: bool = False) -> dict[str, Any]:
    """The state of a full refresh."""
    return {
        "ads_reports_daily": {
            "full_refresh": {
                "began": "2026-01-01T00:00:00.000000Z",
                "generation_id": 2,
                "sync_id": sync_id,
                "settings": {"start_date": "2026-01-01"},
                "complete": complete,
                "accounts": accounts,
            }
        }
    }


def test_the_shards_of_one_full_refresh_are_merged() -> None:
    """Each account is as far as the shard that read it; the refresh is complete once all of them are."""
    one = refresh({"7001": "finished", "7002": "2026-01-03"}, complete=True)
    merged = merge_states([one, refresh({"7002": "2026-01-05", "7003": "finished"})])["ads_reports_daily"]
    assert merged["full_refresh"]["accounts"] == {"7001": "finished", "7002": "2026-01-05", "7003": "finished"}
    assert not merged["full_refresh"]["complete"]
    with pytest.raises(ConfigurationError, match="different full refreshes"):
        merge_states([one, refresh({}, sync_id=8)])


@pytest.mark.parametrize("first", ["finished", "2026-01-03", "2026-01-05"])
@pytest.mark.parametrize("second", ["finished", "2026-01-03", "2026-01-05"])
def test_an_account_of_two_shards_is_as_far_as_the_one_that_got_further(first: str, second: str) -> None:
    """Whichever comes first."""
    merged = merge_states([refresh({"7001": first}), refresh({"7001": second}), {}])["ads_reports_daily"]
    assert merged["full_refresh"]["accounts"] == {"7001": max(first, second)}  # a letter comes after all digits


def test_a_merged_refresh_began_when_the_latest_shard_did() -> None:
    """It is complete if all of them are."""
    states = [refresh({"7001": "finished"}, complete=True), refresh({"7002": "finished"}, complete=True)]
    states[0]["ads_reports_daily"]["full_refresh"]["began"] = "2026-01-02T00:00:00.000000Z"
    merged = merge_states(states)["ads_reports_daily"]["full_refresh"]
    assert (merged["began"], merged["complete"]) == ("2026-01-02T00:00:00.000000Z", True)
    assert (merged["generation_id"], merged["sync_id"]) == (2, 7)
    assert merged["settings"] == {"start_date": "2026-01-01"}


@pytest.mark.parametrize("other", [{"settings": {"start_date": "2025-01-01"}}, {"generation_id": 3}])
def test_shards_of_other_settings_or_generations_are_not_merged(other: dict[str, Any]) -> None:
    """Their rows are not of one whole."""
    one, two = refresh({"7001": "finished"}), refresh({"7002": "finished"})
    two["ads_reports_daily"]["full_refresh"] |= other
    with pytest.raises(ConfigurationError, match="different full refreshes"):
        merge_states([one, two])


def state_of(
    day: str, *, field: str = "stat_time_day", what: Covered | None = None, seen: list[str] | None = None
) -> dict[str, Any]:
    """The state of a process that read one account up to a day."""
    cursors = Cursors(field, {AdvertiserId("7001"): Cursor(f"{day} 00:00:00")})
    if what is not None:
        cursors.cover(AdvertiserId("7001"), what)
    if seen is not None:
        cursors.note_stores(AdvertiserId("7001"), seen)
    return cursors.to_state()


START = date(2026, 1, 5)
WIDE = Covered(
    start=START,
    include_deleted=True,
    boosted_posts=True,
    metrics=9,
    extra=("a", "b"),
    earlier=Window(date(2026, 1, 1), date(2026, 1, 2)),
)
LESS: list[Covered | None] = [
    None,
    replace(WIDE, start=date(2026, 1, 6)),
    replace(WIDE, include_deleted=False),
    replace(WIDE, boosted_posts=False),
    replace(WIDE, metrics=8),
    replace(WIDE, extra=("a",)),
    replace(WIDE, earlier=Window(date(2026, 1, 2), date(2026, 1, 2))),
]


@pytest.mark.parametrize("less", LESS)
@pytest.mark.parametrize("turned", [False, True])
def test_of_equal_cursors_the_one_that_covers_less_counts(less: Covered | None, turned: bool) -> None:
    """Rows that only one of two processes read would be missing otherwise, whichever comes first."""
    states = [{DAILY: state_of("2026-01-09", what=what)} for what in (WIDE, less)]
    assert merge_states(states[::-1] if turned else states)[DAILY] == states[1][DAILY]


@pytest.mark.parametrize(
    ("one", "other", "counts"),
    [
        (["1"], ["1", "2"], ["1"]),
        ([], ["1"], []),
        (["1"], None, ["1"]),
        (["1"], ["2"], ["2"]),
        (["1", "2"], ["2", "1"], ["2", "1"]),
    ],
)
@pytest.mark.parametrize("what", [None, WIDE])
def test_of_equal_cursors_the_one_with_fewer_stores_counts(
    one: list[str], other: list[str] | None, counts: list[str], what: Covered | None
) -> None:
    """A store that one of them did not read is new then. It is in the merged state, so that a sync can compare."""
    states = [{BY_STORE: state_of("2026-01-09", what=what, seen=seen)} for seen in (one, other)]
    for order in (states, states[::-1]):
        assert merge_states(order)[BY_STORE]["stores"] == {"7001": counts}


def test_the_stores_of_the_later_cursor_count() -> None:
    """However many they are."""
    states = [{BY_STORE: state_of(day, seen=seen)} for day, seen in (("2026-01-08", ["1"]), ("2026-01-09", ["1", "2"]))]
    for order in (states, states[::-1]):
        assert merge_states(order)[BY_STORE] == states[1][BY_STORE]


@pytest.mark.parametrize("field", ["stat_time_day", "stat_time_hour"])
def test_states_of_reports_of_ones_own_are_merged(field: str) -> None:
    """The catalog does not know them. Their form says what they are."""
    states = [{"mine": state_of(day, field=field)} for day in ("2026-01-08", "2026-01-09")]
    assert merge_states(states) == merge_states(states[::-1]) == states[1]
    assert is_own_report("mine", states[0]["mine"])


NO_STATE = {"__ab_no_cursor_state_message": True}


def test_a_report_of_ones_own_without_a_cursor_has_no_state() -> None:
    """As any stream without a cursor."""
    assert merge_states([{"mine": NO_STATE}, {"mine": dict(NO_STATE)}]) == {"mine": NO_STATE}
    assert merge_states([{"mine": NO_STATE}, {"mine": {"states": []}}])["mine"]["states"] == []
    full = refresh({"7001": "finished"})[DAILY]
    assert merge_states([{"mine": full}]) == {"mine": full}
    assert merge_states([{"mine": full}, {"mine": NO_STATE}])["mine"]["full_refresh"]["accounts"] == {
        "7001": "finished"
    }


@pytest.mark.parametrize(
    "state",
    [
        {},
        7,
        {"foo": "bar"},
        {"states": 7},
        {"states": [7, {"cursor": 7}]},
        {"states": []},
        {"states": [{"partition": {"advertiser_id": "1"}, "cursor": {"modify_time": "2026-01-01"}}]},
        {"states": [{"cursor": {"stat_time_day": "2026-01-01"}}, {"cursor": {"stat_time_hour": "2026-01-01"}}]},
    ],
)
def test_other_states_are_of_no_report_of_ones_own(state: Any) -> None:
    """Such as that of a stream that this version does not have."""
    assert not is_own_report("mine", state)
    assert merge_states([{"mine": state}]) == {}
    assert not is_own_report(DAILY, state_of("2026-01-09"))


def test_a_state_that_nobody_understands_leaves_out_its_report() -> None:
    """Together with the others of that report, which may be something else."""
    assert merge_states([{"mine": state_of("2026-01-09")}, {"mine": 7}]) == {}


def test_streams_without_any_state_have_none() -> None:
    """Nobody has read them."""
    assert merge_states([{DAILY: None}, {DAILY: {}, "campaigns": {}}, {}]) == {}


def test_cursors_count_before_full_refreshes() -> None:
    """A process that began to sync incrementally has the newer state."""
    full, cursor = refresh({"7001": "finished"}), {DAILY: state_of("2026-01-09")}
    assert merge_states([full, cursor]) == merge_states([cursor, full]) == cursor
