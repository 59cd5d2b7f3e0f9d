"""What a request of a report asks for, and what it leaves to TikTok."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace
from unit_builders import report_source, stream

from tiktok_marketing.catalog import Grain, ReportFilter, ReportSource, ReportStream, report_stream
from tiktok_marketing.catalog.boosted_posts import ORIGIN_FILTER
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.report_requests import (
    PAGE_SIZE,
    Piece,
    StorePart,
    accepted_ids,
    account_params,
    given_dimensions,
    is_exact,
    order_params,
    origin_filters,
    piece_params,
    smaller_objects,
)

ACCOUNT = AdvertiserId("7001")
DAY = Window(date(2026, 1, 5), date(2026, 1, 5))
WINDOW = Window(date(2026, 1, 1), date(2026, 1, 30))
DATES = {"start_date": "2026-01-01", "end_date": "2026-01-30"}
PLAIN = report_source("campaigns_reports_daily")
STATUS_ALL = {"field_name": "campaign_status", "filter_type": "IN", "filter_value": '["STATUS_ALL"]'}


def params_of(source: ReportSource, window: Window | None = WINDOW, **more: Any) -> dict[str, Any]:
    """The parameters for the account and two metrics."""
    return account_params(source, ACCOUNT, window, ("spend", "clicks"), **{"every_status": False, **more})


def filter_of(field: str, *values: str, kind: str = "IN") -> ReportFilter:
    """A condition of a report of one's own."""
    return ReportFilter(field=field, kind=kind, values=values)


def test_a_report_is_asked_for_by_level_dimensions_metrics_and_days() -> None:
    """Without a filter, TikTok decides what it hides."""
    assert params_of(PLAIN) == {
        "advertiser_id": "7001",
        "service_type": "AUCTION",
        "report_type": "BASIC",
        "data_level": "AUCTION_CAMPAIGN",
        "dimensions": ["campaign_id", "stat_time_day"],
        "metrics": ["spend", "clicks"],
        **DATES,
    }


def test_a_report_without_days_is_about_all_time() -> None:
    """TikTok wants that said."""
    params = params_of(report_source("campaigns_reports_lifetime"), None)
    assert params["query_lifetime"] is True
    assert not DATES.keys() & params.keys()


def test_dimensions_are_named_as_requests_name_them() -> None:
    """Those that TikTok adds by itself are not named."""
    source = replace(PLAIN, dimensions=("campaign_id", "interest_category_v2", "added"), answered=frozenset({"added"}))
    assert params_of(source)["dimensions"] == ["campaign_id", "interest_category"]


def test_reports_on_materials_and_playables_have_no_level() -> None:
    """Those on the materials of Smart+ ads have no type of report either."""
    playables = params_of(replace(PLAIN, report_type="PLAYABLE_MATERIAL"))
    assert playables["report_type"] == "PLAYABLE_MATERIAL"
    assert "data_level" not in playables
    assert params_of(replace(PLAIN, report_type="SMART_PLUS")) == {
        "advertiser_id": "7001",
        "dimensions": ["campaign_id", "stat_time_day"],
        "metrics": ["spend", "clicks"],
        **DATES,
    }


@pytest.mark.parametrize(
    ("changes", "every_status", "expected"),
    [
        ({}, False, None),
        ({}, True, [STATUS_ALL]),
        ({"include_deleted": True}, False, [STATUS_ALL]),
        ({"include_deleted": False}, True, None),
        ({"status_field": None}, True, None),
    ],
)
def test_deleted_objects_are_asked_for_as_the_report_or_else_the_configuration_says(
    changes: dict[str, Any], every_status: bool, expected: Any
) -> None:
    """Where TikTok has such a filter."""
    assert params_of(replace(PLAIN, **changes), every_status=every_status).get("filtering") == expected


def test_a_report_that_filters_by_status_has_no_second_filter_by_it() -> None:
    """Its own says which objects it is about."""
    source = replace(PLAIN, filters=(filter_of("campaign_status", "STATUS_DELETE", "STATUS_DISABLE"),))
    [only] = params_of(source, every_status=True)["filtering"]
    assert only["filter_value"] == '["STATUS_DELETE","STATUS_DISABLE"]'


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        (filter_of("ad_name", "a", kind="MATCH"), '"a"'),
        (filter_of("spend", "1", "2", kind="BETWEEN"), '["1","2"]'),
        (filter_of("campaign_ids", "1"), '["1"]'),
        (filter_of("campaign_ids", "1", kind="NOT_IN"), '["1"]'),
        (filter_of("tags", "1", kind="CONTAIN_ANY_OF"), '["1"]'),
    ],
)
def test_a_single_value_is_a_list_only_in_filters_of_lists(condition: ReportFilter, value: str) -> None:
    """TikTok refuses the other form."""
    [written] = params_of(replace(PLAIN, filters=(condition,)))["filtering"]
    assert written == {"field_name": condition.field, "filter_type": condition.kind, "filter_value": value}


def test_a_part_by_objects_takes_the_place_of_the_reports_own_filter_by_them() -> None:
    """Its other filters stay, and so does the status."""
    source = replace(PLAIN, filters=(filter_of("campaign_ids", "1", "2"), filter_of("ad_name", "a", kind="MATCH")))
    filters = params_of(source, every_status=True, only=("campaign_ids", ("2",)))["filtering"]
    assert [(each["field_name"], each["filter_value"]) for each in filters] == [
        ("campaign_status", '["STATUS_ALL"]'),
        ("ad_name", '"a"'),
        ("campaign_ids", '["2"]'),
    ]


def test_origins_are_added_unless_the_report_filters_by_them() -> None:
    """None, if it has none."""
    assert origin_filters(PLAIN) == []
    [added] = origin_filters(replace(PLAIN, origins=("A", "B")))
    assert added == {"field_name": ORIGIN_FILTER, "filter_type": "IN", "filter_value": '["A","B"]'}
    assert params_of(replace(PLAIN, origins=("A", "B")))["filtering"] == [added]
    others = (filter_of("campaign_ids", "1"), filter_of(ORIGIN_FILTER, "A"))
    assert origin_filters(replace(PLAIN, origins=("A", "B"), filters=others)) == []
    assert origin_filters(replace(PLAIN, origins=("A", "B"), filters=others[:1])) == [added]


def of_piece(source: ReportSource, piece: Piece, *, every_status: bool = False) -> dict[str, Any]:
    """The parameters of a piece."""
    return piece_params(source, ACCOUNT, piece, ("cost",), every_status=every_status)


def test_a_piece_is_asked_for_by_its_days_and_objects() -> None:
    """All objects, if it names none."""
    plain = of_piece(PLAIN, Piece(WINDOW))
    assert plain["start_date"] == "2026-01-01"
    assert "filtering" not in plain
    [only] = of_piece(PLAIN, Piece(DAY, "adgroup_ids", ("5", "6")))["filtering"]
    assert only == {"field_name": "adgroup_ids", "filter_type": "IN", "filter_value": '["5","6"]'}
    assert of_piece(PLAIN, Piece(WINDOW), every_status=True)["filtering"] == [STATUS_ALL]


CAMPAIGNS_OF_STORES = report_source("gmv_max_product_campaign_reports_daily")
PRODUCTS_OF_STORES = report_source("gmv_max_product_reports_hourly")


def test_a_part_of_a_store_is_asked_for_in_the_terms_of_gmv_max() -> None:
    """One store per request, which the rows do not say."""
    assert of_piece(report_source("gmv_max_advertiser_reports_daily"), Piece(WINDOW, store=StorePart("71"))) == {
        "advertiser_id": "7001",
        "store_ids": ["71"],
        "dimensions": ["advertiser_id", "stat_time_day"],
        "metrics": ["cost"],
        **DATES,
    }


@pytest.mark.parametrize(
    ("source", "every_status", "filtering"),
    [
        (CAMPAIGNS_OF_STORES, False, {"gmv_max_promotion_types": ["PRODUCT"]}),
        (
            CAMPAIGNS_OF_STORES,
            True,
            {"gmv_max_promotion_types": ["PRODUCT"], "campaign_statuses": ["STATUS_ALL"]},
        ),
        (PRODUCTS_OF_STORES, True, None),
    ],
)
def test_a_store_part_names_kind_and_status_where_tiktok_has_such_a_filter(
    source: ReportSource, every_status: bool, filtering: dict[str, Any] | None
) -> None:
    """A report of products names campaigns instead."""
    assert of_piece(source, Piece(WINDOW, store=StorePart("71")), every_status=every_status).get("filtering") == (
        filtering
    )
    part = StorePart("71", (("campaign_ids", ("1", "2")),))
    named = of_piece(source, Piece(WINDOW, store=part), every_status=every_status)["filtering"]
    assert named == {"campaign_ids": ["1", "2"], **(filtering or {})}


def test_rows_of_a_store_are_given_its_id_and_a_lone_day_of_hours_its_first_hour() -> None:
    """TikTok's answer has neither."""
    store = StorePart("71")
    assert given_dimensions(PRODUCTS_OF_STORES, Piece(DAY)) == {}
    assert PRODUCTS_OF_STORES.grain is Grain.HOUR
    hour = {"store_id": "71", "stat_time_hour": "2026-01-05 00:00:00"}
    assert given_dimensions(PRODUCTS_OF_STORES, Piece(DAY, store=store)) == hour
    assert given_dimensions(PRODUCTS_OF_STORES, Piece(WINDOW, store=store)) == {"store_id": "71"}
    two = Window(date(2026, 1, 5), date(2026, 1, 6))
    assert given_dimensions(PRODUCTS_OF_STORES, Piece(two, store=store)) == {"store_id": "71"}
    assert given_dimensions(PRODUCTS_OF_STORES, Piece(None, store=store)) == {"store_id": "71"}
    assert given_dimensions(CAMPAIGNS_OF_STORES, Piece(DAY, store=store)) == {"store_id": "71"}


@pytest.mark.parametrize(
    ("source", "metric", "order"),
    [
        (PLAIN, "spend", {"order_field": "spend", "order_type": "DESC"}),
        (CAMPAIGNS_OF_STORES, "cost", {"sort_field": "cost", "sort_type": "DESC"}),
        (replace(PLAIN, report_type="SMART_PLUS"), "spend", {"sort_field": "spend", "sort_type": "DESC"}),
    ],
)
def test_rows_are_ordered_by_what_was_spent_if_that_is_requested(
    source: ReportSource, metric: str, order: dict[str, str]
) -> None:
    """TikTok orders by requested metrics only."""
    assert order_params(source, ("clicks", metric)) == order
    assert order_params(source, ("clicks",)) == {}


def test_ids_that_the_reports_own_filter_does_not_accept_are_left_out() -> None:
    """A filter by other ids accepts all."""
    source = replace(PLAIN, filters=(filter_of("adgroup_ids", "9"), filter_of("campaign_ids", "3", "1")))
    assert accepted_ids(source, "campaign_ids", ["1", "2", "3"]) == ["1", "3"]
    assert accepted_ids(PLAIN, "campaign_ids", ["1", "2", "3"]) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("changes", "include_deleted", "exact"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"include_deleted": True}, False, True),
        ({"include_deleted": False}, True, False),
        ({"status_field": None}, False, True),
        ({"filters": (filter_of("campaign_ids", "1"),)}, False, True),
    ],
)
def test_a_report_is_exact_if_tiktok_hides_none_of_its_rows(
    changes: dict[str, Any], include_deleted: bool, exact: bool
) -> None:
    """Rows that it no longer lists may then be deleted in a database."""
    report = report_stream("campaigns_reports_daily")
    changed = replace(report, source=replace(report.source, **changes))
    assert isinstance(changed, ReportStream)
    assert is_exact(changed, include_deleted=include_deleted) is exact


def test_a_list_of_objects_is_exact() -> None:
    """Only reports hide rows."""
    assert is_exact(stream("ads"), include_deleted=False)


@pytest.mark.parametrize(
    ("name", "by", "smaller"),
    [
        ("advertisers_reports_daily", None, None),
        ("advertisers_reports_daily", "campaign_ids", None),
        ("campaigns_reports_daily", None, "campaign_ids"),
        ("campaigns_reports_daily", "campaign_ids", None),
        ("ad_groups_reports_daily", None, "campaign_ids"),
        ("ad_groups_reports_daily", "campaign_ids", None),
        ("ads_reports_daily", None, "campaign_ids"),
        ("ads_reports_daily", "campaign_ids", "adgroup_ids"),
        ("ads_reports_daily", "adgroup_ids", None),
        ("gmv_max_product_campaign_reports_daily", None, None),
        ("smart_plus_ads_reports_by_text_lifetime", None, None),
    ],
)
def test_a_report_is_divided_by_campaigns_and_then_by_ad_groups(name: str, by: str | None, smaller: str | None) -> None:
    """As far down as its own level. The list of these objects is the report of their level."""
    found = smaller_objects(report_source(name), Piece(WINDOW, id_field=by, ids=("1",) if by else ()))
    lists = {"campaign_ids": "campaigns_reports_lifetime", "adgroup_ids": "ad_groups_reports_lifetime"}
    assert (None if found is None else (found[0].name, found[1])) == (
        None if smaller is None else (lists[smaller], smaller)
    )


def test_a_store_part_is_halved_by_the_ids_of_its_last_filter() -> None:
    """The first half is the smaller one; a part without ids has none."""
    assert StorePart("71").halves() is None
    assert StorePart("71", (("campaign_ids", ("1",)),)).halves() is None
    halves = StorePart("71", (("campaign_ids", ("1", "2")),)).halves()
    assert halves == [StorePart("71", (("campaign_ids", (each,)),)) for each in ("1", "2")]
    part = StorePart("71", (("campaign_ids", ("1", "2")), ("item_group_ids", ("5", "6", "7"))))
    assert part.halves() == [
        StorePart("71", (("campaign_ids", ("1", "2")), ("item_group_ids", ("5",)))),
        StorePart("71", (("campaign_ids", ("1", "2")), ("item_group_ids", ("6", "7")))),
    ]


def test_a_piece_of_a_store_is_halved_as_its_part_is() -> None:
    """Not by ids of its own."""
    part = StorePart("71", (("campaign_ids", ("1", "2")),))
    halves = Piece(WINDOW, "campaign_ids", ("8", "9"), store=part).id_halves()
    assert halves is not None
    assert [half.store for half in halves] == part.halves()
    assert Piece(WINDOW, "campaign_ids", ("8", "9"), store=StorePart("71")).id_halves() is None


def test_the_days_of_a_piece_end_before_the_next_piece_or_with_it() -> None:
    """A sum, and a report without days, have none."""
    piece = Piece(WINDOW)
    assert piece.since == WINDOW.start
    assert piece.days(date(2026, 1, 3), date(2026, 1, 9)) == Window(date(2026, 1, 3), date(2026, 1, 8))
    assert piece.days(date(2026, 1, 3), None) == Window(date(2026, 1, 3), WINDOW.end)
    assert Piece(WINDOW, summed=True).days(WINDOW.start, None) is None
    assert Piece(None).days(WINDOW.start, None) is None
    assert Piece(None).since == date.min


def test_a_request_asks_for_as_much_as_tiktok_accepts() -> None:
    """A thousand rows per page, and a hundred ids per filter."""
    assert PAGE_SIZE == 1000
    pieces = Piece(WINDOW).by("campaign_ids", [str(number) for number in range(201)])
    assert [len(piece.ids) for piece in pieces] == [100, 100, 1]


CENTER = report_source("advertisers_business_center_reports_daily")


def test_a_report_of_a_business_center_is_asked_for_in_its_terms() -> None:
    """About one of its accounts. The rows do not say the center, so it is given to them."""
    piece = Piece(WINDOW, center="9")
    params = of_piece(CENTER, piece)
    assert params["bc_id"] == "9"
    assert "bc_id" not in params["dimensions"]
    assert "service_type" not in params
    assert "advertiser_id" not in params
    [only] = params["filtering"]
    assert (only["field_name"], only["filter_value"]) == ("advertiser_id", '["7001"]')
    assert given_dimensions(CENTER, piece) == {"bc_id": "9"}
    assert given_dimensions(PLAIN, Piece(WINDOW)) == {}
