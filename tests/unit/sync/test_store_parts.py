"""A report by store is divided so that each request names few objects, and each row belongs to one request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import NOON, FakeClock, client, page, success

from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import StoreRequests
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import SequentialBudget
from tiktok_marketing.sync.read.parent_lists import ParentLists
from tiktok_marketing.sync.read.report_requests import Piece, StorePart
from tiktok_marketing.sync.read.store_parts import StorePartFinder, filtered_parts

MOST = 100
WINDOW = Window(date(2026, 1, 1), date(2026, 1, 30))
_FREE = {"cost": "0.00"}
"""The figures of rows without cost, of which no sum shows whether some are missing."""
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


@given(pairs=pairs)
def test_a_part_names_the_campaigns_of_its_products_alone(pairs: list[tuple[int, int]]) -> None:
    """Others would make the request heavier."""
    rows: list[dict[str, Any]] = [{"campaign_id": campaign, "item_group_id": item} for campaign, item in pairs]
    every = tuple(str(campaign) for campaign in range(1, 63))
    for part in filtered_parts(StorePart("7", (("campaign_ids", every),)), "item_group_ids", rows):
        filters = dict(part.filters)
        asked = {(campaign, item) for campaign, item in pairs if str(item) in filters["item_group_ids"]}
        assert set(filters["campaign_ids"]) == {str(campaign) for campaign, _ in asked}


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


class Stores:
    """Two stores, of which each has campaigns with products that other stores do not have.

    Args:
        products: The number of products of each campaign, by store and campaign.
    """

    def __init__(self, products: Mapping[str, Mapping[str, int]]) -> None:
        self._products = products
        self.requests: list[tuple[str, dict[str, Any]]] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer for the stores, their campaigns, or the products of some campaigns."""
        assert token
        decoded = {name: json.loads(text) if text[0] in "[{" else text for name, text in params.items()}
        self.requests.append((endpoint, decoded))
        if endpoint == "gmv_max/store/list/":
            stores: list[dict[str, Any]] = [{"store_id": name} for name in self._products]
            return success({"store_list": [*stores, *stores[:1], {"store_name": "without an id"}]})
        [store] = decoded["store_ids"]
        campaigns = self._products[store]
        if decoded["dimensions"] == ["advertiser_id"]:
            return Reply(200, {}, page([{"dimensions": {"advertiser_id": "7001"}, "metrics": _FREE}]))
        if decoded["dimensions"] == ["campaign_id"]:
            return Reply(200, {}, page([{"dimensions": {"campaign_id": name}, "metrics": _FREE} for name in campaigns]))
        assert decoded["dimensions"] == ["campaign_id", "item_group_id"]
        rows = [
            {"dimensions": {"campaign_id": name, "item_group_id": f"{store}{number}"}, "metrics": _FREE}
            for name in decoded["filtering"]["campaign_ids"]
            for number in range(campaigns[name])
        ]
        return Reply(200, {}, page(rows))

    def asked(self, *dimensions: str) -> list[dict[str, Any]]:
        """The requests of reports with these dimensions."""
        return [params for _, params in self.requests if params.get("dimensions") == [*dimensions]]


async def parts_of(
    api: Stores, requests: StoreRequests, window: Window | None = WINDOW, *, include_deleted: bool = False
) -> list[StorePart]:
    """The parts of a report."""
    clocked = client(api, FakeClock(), tier=tier_of(1000))
    account = AdvertiserId("7001")
    lists = ParentLists(clocked, NOON.date, include_deleted=include_deleted)
    finder = StorePartFinder(clocked, account, lists, SequentialBudget(), include_deleted=include_deleted)
    return await finder.parts(requests, window)


async def test_a_report_without_filters_has_one_part_per_store() -> None:
    """A store that is listed twice is asked about once, and one without an id cannot be."""
    api = Stores({"71": {"1": 1}, "72": {}})
    assert await parts_of(api, StoreRequests()) == [StorePart("71"), StorePart("72")]
    assert {endpoint for endpoint, _ in api.requests} == {"gmv_max/store/list/"}


async def test_each_store_is_divided_by_its_own_campaigns_and_products() -> None:
    """A store without campaigns has no rows, so nothing is asked about it."""
    api = Stores({"71": {"1": 2, "2": 1}, "72": {}, "73": {"3": 1}})
    requests = StoreRequests(promotion="PRODUCT", filters=("campaign_ids", "item_group_ids"))
    assert await parts_of(api, requests) == [
        StorePart("71", (("campaign_ids", ("1", "2")), ("item_group_ids", ("710", "711")))),
        StorePart("73", (("campaign_ids", ("3",)), ("item_group_ids", ("730",)))),
    ]
    assert [params["store_ids"] for params in api.asked("campaign_id")] == [["71"], ["72"], ["73"]]
    assert [params["filtering"]["campaign_ids"] for params in api.asked("campaign_id", "item_group_id")] == [
        ["1", "2"],
        ["3"],
    ]


async def test_parts_are_those_of_the_reports_days() -> None:
    """Each question is about all of them in one row, with a page as large as TikTok allows, and no unused metrics."""
    api = Stores({"71": {str(number): 1 for number in range(1, 151)}})
    requests = StoreRequests(promotion="PRODUCT", filters=("campaign_ids", "item_group_ids"))
    parts = await parts_of(api, requests)
    campaigns, products = (api.asked("campaign_id"), api.asked("campaign_id", "item_group_id"))
    assert [len(params["filtering"]["campaign_ids"]) for params in products] == [100, 50]
    for params in campaigns + products:
        assert (params["start_date"], params["end_date"]) == ("2026-01-01", "2026-01-30")
        assert params["page_size"] == "1000"
        assert params["metrics"] == ["cost"]
    named = [each for part in parts for each in dict(part.filters)["campaign_ids"]]
    assert sorted(named, key=int) == [str(number) for number in range(1, 151)]


@pytest.mark.parametrize("include_deleted", [False, True])
async def test_deleted_campaigns_are_parts_if_the_report_includes_their_rows(include_deleted: bool) -> None:
    """TikTok hides them otherwise, with their products."""
    api = Stores({"71": {"1": 1}})
    await parts_of(api, StoreRequests(promotion="PRODUCT", filters=("campaign_ids",)), include_deleted=include_deleted)
    [params] = api.asked("campaign_id")
    assert params["filtering"]["gmv_max_promotion_types"] == ["PRODUCT"]
    assert ("campaign_statuses" in params["filtering"]) == include_deleted
