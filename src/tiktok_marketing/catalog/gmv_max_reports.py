"""The GMV Max reports: what TikTok Shop ads cost and sell, by store, campaign, product, post and live stream.

TikTok answers for one store per request, so a sync asks for the account's stores first. Rows of products, posts and
live streams need the ids of the objects above them, which the report on these objects shows. Source of levels, filters
and metrics: TikTok's documentation of `/gmv_max/report/get/`.
"""

from __future__ import annotations

from datetime import date

import msgspec

from tiktok_marketing.catalog.stream import Grain, Level, ReportSource, ReportStream, StoreRequests

STORES = "gmv_max_stores"
"""The stream that lists an account's stores."""
STORE_DIMENSION = "store_id"
"""The dimension that TikTok's rows lack, because a request names the store."""
_FIRST_DAY = date(2023, 9, 1)
"""TikTok has no older figures of GMV Max."""
_HOURS_LATE = 11
_TIMES = {
    Grain.DAY: ("stat_time_day", "daily", "per day in the account's time zone"),
    Grain.HOUR: ("stat_time_hour", "hourly", "per hour in the account's time zone"),
    Grain.SPAN: (
        None,
        "lifetime",
        "in total. A row sums up the days from `start_date` to `end_date` or today, at most the last 365",
    ),
}

_SALES = ("cost", "orders", "cost_per_order", "gross_revenue", "roi")
_OVERVIEW = ("cost", "net_cost", "orders", "cost_per_order", "gross_revenue", "roi")
_CAMPAIGN = (
    "campaign_name",
    "operation_status",
    "schedule_type",
    "schedule_start_time",
    "schedule_end_time",
    "target_roi_budget",
    "bid_type",
    "max_delivery_budget",
    "roas_bid",
)
_ACCOUNT = ("tt_account_name", "tt_account_profile_image_url", "identity_id")
_ALL_SHOPS = ("all_shops_cost_per_order", "all_shops_orders", "all_shops_gross_revenue", "all_shops_roi")
_LIVE = ("live_views", "cost_per_live_view", "10_second_live_views", "cost_per_10_second_live_view", "live_follows")
_VIEWS = (
    "product_impressions",
    "product_clicks",
    "product_click_rate",
    "ad_click_rate",
    "ad_conversion_rate",
    "ad_video_view_rate_2s",
    "ad_video_view_rate_6s",
    "ad_video_view_rate_p25",
    "ad_video_view_rate_p50",
    "ad_video_view_rate_p75",
    "ad_video_view_rate_p100",
)


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """Reports that differ in their grain only.

    Args:
        name: The beginning of their names.
        what: What a row is about, for the description.
        level: The nearest level of other reports.
        ids: The dimensions that name what a row is about, besides the store.
        metrics: The metrics.
        grains: The grains that TikTok has.
        stores: How requests are divided.
        status_field: The filter that includes rows of deleted campaigns.
    """

    name: str
    what: str
    level: Level
    ids: tuple[str, ...]
    metrics: tuple[str, ...]
    grains: tuple[Grain, ...] = (Grain.DAY, Grain.HOUR, Grain.SPAN)
    stores: StoreRequests
    status_field: str | None = None


_ROWS = (
    _Row(
        name="gmv_max_advertiser_reports",
        what="each store of the account",
        level=Level.ADVERTISER,
        ids=("advertiser_id",),
        metrics=_OVERVIEW,
        stores=StoreRequests(),
    ),
    _Row(
        name="gmv_max_product_campaign_reports",
        what="each campaign for products",
        level=Level.CAMPAIGN,
        ids=("campaign_id",),
        metrics=_OVERVIEW + _CAMPAIGN,
        stores=StoreRequests(promotion="PRODUCT", names_promotion=True),
        status_field="campaign_statuses",
    ),
    _Row(
        name="gmv_max_live_campaign_reports",
        what="each campaign for live streams",
        level=Level.CAMPAIGN,
        ids=("campaign_id",),
        metrics=_OVERVIEW + _LIVE + _ALL_SHOPS + _CAMPAIGN + _ACCOUNT,
        stores=StoreRequests(promotion="LIVE", names_promotion=True),
        status_field="campaign_statuses",
    ),
    _Row(
        name="gmv_max_product_reports",
        what="each product in each campaign. Costs that belong to no product are under the product `-1`",
        level=Level.AD_GROUP,
        ids=("campaign_id", "item_group_id"),
        metrics=(*_SALES, "product_status"),
        stores=StoreRequests(promotion="PRODUCT", filters=("campaign_ids",)),
    ),
    _Row(
        name="gmv_max_creative_reports",
        what="each post for each product in each campaign. They do not add up to the store",
        level=Level.AD,
        ids=("campaign_id", "item_group_id", "item_id"),
        metrics=(*_SALES, "creative_delivery_status", *_VIEWS),
        grains=(Grain.DAY,),
        stores=StoreRequests(promotion="PRODUCT", filters=("campaign_ids", "item_group_ids")),
    ),
    _Row(
        name="gmv_max_live_room_reports",
        what="each live stream in each campaign",
        level=Level.AD_GROUP,
        ids=("campaign_id", "room_id"),
        metrics=_OVERVIEW + _LIVE + _ALL_SHOPS,
        stores=StoreRequests(promotion="LIVE", filters=("campaign_ids",)),
    ),
    _Row(
        name="gmv_max_product_duration_reports",
        what="each length of delivery of each product in each campaign",
        level=Level.AD_GROUP,
        ids=("campaign_id", "item_group_id", "duration"),
        metrics=(*_SALES, "roas_bid"),
        grains=(Grain.SPAN,),
        stores=StoreRequests(promotion="PRODUCT", filters=("campaign_ids", "item_group_ids")),
    ),
    _Row(
        name="gmv_max_live_duration_reports",
        what="each length of delivery of each live stream in each campaign",
        level=Level.AD_GROUP,
        ids=("campaign_id", "room_id", "duration"),
        metrics=(*_SALES, *_ALL_SHOPS, "live_views"),
        grains=(Grain.SPAN,),
        stores=StoreRequests(promotion="LIVE", filters=("campaign_ids", "room_ids")),
    ),
)


def _report(row: _Row, grain: Grain) -> ReportStream:
    time, suffix, words = _TIMES[grain]
    times = () if time is None else (time,)
    return ReportStream(
        name=f"{row.name}_{suffix}",
        description=f"GMV Max: cost and sales of {row.what}, {words}.",
        endpoint="gmv_max/report/get/",
        primary_key=(STORE_DIMENSION, *row.ids, *times),
        unique_by=("advertiser_id", STORE_DIMENSION, *(name for name in row.ids if name != "advertiser_id"), *times),
        cursor=time,
        sandbox=False,
        on_request=True,
        source=ReportSource(
            report_type="GMV_MAX",
            data_level=row.level,
            dimensions=(*row.ids, *times, STORE_DIMENSION),
            metrics=row.metrics,
            optional=frozenset(row.metrics) - {"cost"},
            grain=grain,
            hours_late=_HOURS_LATE,
            status_field=row.status_field,
            stores=row.stores,
            first_day=_FIRST_DAY,
        ),
    )


GMV_MAX_REPORTS: tuple[ReportStream, ...] = tuple(_report(row, grain) for row in _ROWS for grain in row.grains)
"""The GMV Max reports, by what a row is about and by grain."""

ABOVE = {
    ("PRODUCT", "campaign_ids"): "gmv_max_product_campaign_reports_lifetime",
    ("LIVE", "campaign_ids"): "gmv_max_live_campaign_reports_lifetime",
    ("PRODUCT", "item_group_ids"): "gmv_max_product_reports_lifetime",
    ("LIVE", "room_ids"): "gmv_max_live_room_reports_lifetime",
}
"""For each kind of campaign and each filter by id: the report whose rows have these ids."""
