"""One state from those of several shards."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.catalog import stream_named
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.coverage import Covered
from tiktok_marketing.sync.plan.cursors import Cursor, Cursors, read_state
from tiktok_marketing.sync.plan.merged_states import merge_states

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
