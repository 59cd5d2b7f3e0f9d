"""What a request of a list of objects asks for."""

from __future__ import annotations

from typing import Any

import pytest
from unit_builders import NOON

from tiktok_marketing.catalog import object_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.read.listing import Request
from tiktok_marketing.sync.read.objects import object_requests
from tiktok_marketing.sync.read.parent_params import ParentParams, is_usable_id

ACCOUNT = AdvertiserId("7001")


def requests_of(name: str, *, deleted: bool = False, **options: Any) -> list[Request]:
    """The requests for an account on 10 March 2026."""
    return object_requests(object_stream(name), ACCOUNT, include_deleted=deleted, today=NOON.date(), **options)


@pytest.mark.parametrize(
    ("since", "after"),
    [("2026-03-10 09:00:00", "2026-03-10 08:59:59"), ("2026-03-10 00:00:00", "2026-03-09 23:59:59")],
)
def test_changed_objects_are_asked_for_from_a_second_before(since: str, after: str) -> None:
    """TikTok does not say whether the filter includes its own second."""
    filters = [request.params["filtering"] for request in requests_of("ads", changed_since=since)]
    assert [each["modified_after"] for each in filters] == [after] * len(filters)


@pytest.mark.parametrize(("name", "since"), [("ads", None), ("campaigns", "2026-03-10 09:00:00")])
def test_all_objects_are_asked_for_where_a_filter_is_not_needed_or_not_known(name: str, since: str | None) -> None:
    """The reader leaves out those that did not change."""
    for request in requests_of(name, changed_since=since):
        assert "modified_after" not in request.params.get("filtering", {})
        assert None not in request.params.get("filtering", {})


def test_a_request_has_the_account_and_pages_as_large_as_tiktok_allows() -> None:
    """Without a filter that nobody needs."""
    [request] = requests_of("creative_assets_images")
    assert request.params == {"advertiser_id": "7001"}
    assert request.advertiser_id == "7001"
    assert (request.page_size, request.max_records, request.fields) == (100, 10_000, {})


@pytest.mark.parametrize("deleted", [False, True])
def test_deleted_objects_are_asked_for_if_they_are_included(deleted: bool) -> None:
    """In each of the queries that a list needs."""
    deleted_filter = object_stream("campaigns").source.deleted_filter
    assert deleted_filter
    requests = requests_of("campaigns", deleted=deleted)
    assert len(requests) == 2
    for request in requests:
        assert (deleted_filter.items() <= request.params.get("filtering", {}).items()) == deleted
    assert len(requests_of("gmv_max_campaigns", deleted=deleted)) == (4 if deleted else 2)


def test_what_a_query_says_of_its_objects_is_given_to_them() -> None:
    """Where TikTok's answer lacks it."""
    kinds = [request.fields for request in requests_of("gmv_max_campaigns")]
    assert kinds == [{"gmv_max_promotion_type": "PRODUCT_GMV_MAX"}, {"gmv_max_promotion_type": "LIVE_GMV_MAX"}]
    [videos] = requests_of("gmv_max_videos", parent_params=ParentParams({"store_id": "71"}))
    assert videos.params["store_id"] == "71"
    assert videos.fields == {"store_id": "71"}


def test_figures_of_recent_days_end_today() -> None:
    """Thirty days in a range, or fourteen with a first and a last one."""
    [pixels] = requests_of("pixel_events_statistics", parent_params=ParentParams({"pixel_ids": ["5"]}))
    assert pixels.params["date_range"] == {"start_date": "2026-02-09", "end_date": "2026-03-10"}
    assert "start_date" not in pixels.params
    [bids] = requests_of("campaigns_bid_protection")
    assert (bids.params["start_date"], bids.params["end_date"]) == ("2026-02-25", "2026-03-10")
    assert "date_range" not in bids.params


@pytest.mark.parametrize(
    ("value", "usable"),
    [
        ("7600000000000000001", True),
        (7600000000000000001, True),
        ("9223372036854775807", True),
        ("9223372036854775808", False),
        ("GBLC8ZLJ", True),
        ("a-1_b", True),
        (None, False),
        ("", False),
        (0, False),
        ("0", False),
        ("00", False),
        ("-", False),
        ("-5", False),
        ("x", False),
        (True, False),
        (1.5, False),
        ("1 2", False),
        ("1,2", False),
        ("1" * 65, False),
        ([], False),
        ({}, False),
    ],
)
def test_an_id_is_usable_if_a_request_can_name_its_object(value: object, *, usable: bool) -> None:
    """TikTok calls ids texts, so they may have letters. None, 0 and what is no plain word stand for no object."""
    assert is_usable_id(value) is usable


@pytest.mark.parametrize(("ids", "divisible"), [(["5", "6"], True), (["5"], False)])
def test_a_request_about_several_ids_can_be_divided(ids: list[str], divisible: bool) -> None:
    """One without ids cannot, nor one about a single id."""
    [pixels] = requests_of("pixel_events_statistics", parent_params=ParentParams({"pixel_ids": ids}))
    assert pixels.divisible is divisible
    assert not any(request.divisible for request in requests_of("ads"))


@pytest.mark.parametrize(
    ("name", "account"), [("campaigns", ACCOUNT), ("ads", ACCOUNT), ("creative_assets_images", "")]
)
def test_only_objects_of_one_account_must_name_it(name: str, account: str) -> None:
    """Assets may be shared by others."""
    assert {request.asked.account for request in requests_of(name)} == {account}
