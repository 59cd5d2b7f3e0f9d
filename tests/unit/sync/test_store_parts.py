"""A report by store is divided so that each request names few objects, and each row belongs to one request."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.sync.read.report_requests import Piece, StorePart
from tiktok_marketing.sync.read.store_parts import filtered_parts

MOST = 100
pairs = st.lists(st.tuples(st.integers(1, 60), st.integers(-1, 400)), max_size=300)
campaigns_only = st.lists(st.integers(1, 500), max_size=300)


def allows(part: StorePart, campaign: int, item: int) -> bool:
    """Whether a part's request has the row of a product in a campaign."""
    filters = dict(part.filters)
    return str(campaign) in filters["campaign_ids"] and str(item) in filters["item_group_ids"]


@given(pairs=pairs)
def test_each_row_belongs_to_one_part(pairs: list[tuple[int, int]]) -> None:
    """A product may be in several campaigns, and a filter accepts a hundred ids."""
    rows = [{"campaign_id": campaign, "item_group_id": str(item)} for campaign, item in pairs]
    whole = StorePart("7", (("campaign_ids", tuple(sorted({str(campaign) for campaign, _ in pairs}))),))
    parts = list(filtered_parts(whole, "item_group_ids", rows))
    for campaign, item in pairs:
        assert sum(allows(part, campaign, item) for part in parts) == 1
    assert all(0 < len(ids) <= MOST for part in parts for _, ids in part.filters)


@given(ids=campaigns_only)
def test_campaigns_are_named_once(ids: list[int]) -> None:
    """No campaign is asked about twice, and none is left out."""
    rows = [{"campaign_id": campaign} for campaign in ids]
    named = [each for part in filtered_parts(StorePart("7"), "campaign_ids", rows) for each in part.filters[0][1]]
    assert sorted(named) == sorted({str(campaign) for campaign in ids})


@given(ids=st.lists(st.text("123", min_size=1), unique=True, min_size=1, max_size=9))
def test_a_part_that_is_too_large_is_divided_by_its_last_filter(ids: list[str]) -> None:
    """Until one id is left, which no request can divide."""
    part = StorePart("7", (("campaign_ids", ("1", "2")), ("item_group_ids", tuple(ids))))
    halves = Piece(None, store=part, summed=True).id_halves()
    if len(ids) == 1:
        assert halves is None
    else:
        assert halves is not None
        stores = [piece.store for piece in halves]
        assert [dict(store.filters)["campaign_ids"] for store in stores if store] == [("1", "2")] * 2
        assert [each for store in stores if store for each in store.filters[1][1]] == ids
