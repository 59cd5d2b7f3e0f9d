"""The levels of the GMV Max report: which dimensions, filters and metrics TikTok documents for each."""

from collections.abc import Mapping

import msgspec

PRODUCT, LIVE = "PRODUCT", "LIVE"
DIMENSIONS = (
    "advertiser_id", "campaign_id", "stat_time_day", "stat_time_hour", "item_group_id", "item_id", "room_id",
    "duration",
)  # fmt: skip
TIMES = ("stat_time_day", "stat_time_hour")

_OVERVIEW = ("cost", "net_cost", "orders", "cost_per_order", "gross_revenue", "roi")
_SALES = ("cost", "orders", "cost_per_order", "gross_revenue", "roi")
_CAMPAIGN = (
    "campaign_id", "operation_status", "campaign_name", "schedule_type", "schedule_start_time", "schedule_end_time",
    "target_roi_budget", "bid_type", "max_delivery_budget",
)  # fmt: skip
_CREATIVE = (
    "title", "item_id", "tt_account_name", "tt_account_profile_image_url", "tt_account_authorization_type",
    "shop_content_type",
)  # fmt: skip
_VIEWS = (
    "product_impressions", "product_clicks", "product_click_rate", "ad_click_rate", "ad_conversion_rate",
    "ad_video_view_rate_2s", "ad_video_view_rate_6s", "ad_video_view_rate_p25", "ad_video_view_rate_p50",
    "ad_video_view_rate_p75", "ad_video_view_rate_p100",
)  # fmt: skip
_ALL_SHOPS = ("all_shops_cost_per_order", "all_shops_orders", "all_shops_gross_revenue", "all_shops_roi")
_LIVE = (
    "live_views", "cost_per_live_view", "10_second_live_views", "cost_per_10_second_live_view", "live_follows",
)  # fmt: skip


class Level(msgspec.Struct, frozen=True):
    """What one level of the report accepts.

    Attributes:
        name: Its name.
        groupings: The sets of ID dimensions, each with the time dimensions that go with it.
        attributes: The metrics that describe an object.
        metrics: The metrics that count and cost.
        filters: The filters.
        required: Those of the filters that must be there.
        item_costs: Whether its costs are those of products and posts, which come late.
    """

    name: str
    groupings: Mapping[frozenset[str], tuple[str, ...]]
    attributes: tuple[str, ...]
    metrics: tuple[str, ...]
    filters: tuple[str, ...]
    required: tuple[str, ...] = ()
    item_costs: bool = False


def _groupings(times: tuple[str, ...], *sets: tuple[str, ...]) -> dict[frozenset[str], tuple[str, ...]]:
    return {frozenset(names): times for names in sets}


_ANY_TIME = ("", *TIMES)
_CAMPAIGN_FILTERS = ("gmv_max_promotion_types", "campaign_ids", "campaign_name", "campaign_statuses")

OVERVIEW = Level("overview", _groupings(_ANY_TIME, ("advertiser_id",)), (), _OVERVIEW, ("gmv_max_promotion_types",))
PRODUCT_CAMPAIGN = Level(
    "product campaign", _groupings(_ANY_TIME, ("campaign_id",)), _CAMPAIGN, ("roas_bid", *_OVERVIEW),
    _CAMPAIGN_FILTERS, ("gmv_max_promotion_types",),
)  # fmt: skip
LIVE_CAMPAIGN = Level(
    "LIVE campaign", _groupings(_ANY_TIME, ("campaign_id",)),
    (*_CAMPAIGN, "tt_account_name", "tt_account_profile_image_url", "identity_id"),
    ("roas_bid", *_OVERVIEW, *_ALL_SHOPS, *_LIVE), _CAMPAIGN_FILTERS, ("gmv_max_promotion_types",),
)  # fmt: skip
PRODUCTS = Level(
    "product", _groupings(_ANY_TIME, ("item_group_id",), ("campaign_id", "item_group_id")),
    ("product_name", "item_group_id", "product_image_url", "bid_type"), ("product_status", *_SALES),
    ("campaign_ids",), ("campaign_ids",), item_costs=True,
)  # fmt: skip
CREATIVES = Level(
    "creative", _groupings(("", "stat_time_day"), ("item_id",), ("campaign_id", "item_group_id", "item_id")),
    _CREATIVE, ("creative_delivery_status", *_SALES, *_VIEWS),
    ("campaign_ids", "item_group_ids", "item_ids", "creative_types", "creative_delivery_statuses", "search_word"),
    ("campaign_ids", "item_group_ids"), item_costs=True,
)  # fmt: skip
PRODUCT_DURATIONS = Level(
    "product duration",
    _groupings(("",), ("duration",), ("campaign_id", "duration"), ("item_group_id", "duration"),
               ("campaign_id", "item_group_id", "duration")),
    ("bid_type",), ("roas_bid", *_SALES), ("campaign_ids", "item_group_ids"), ("campaign_ids", "item_group_ids"),
    item_costs=True,
)  # fmt: skip
ROOMS = Level(
    "livestream", _groupings(_ANY_TIME, ("room_id",), ("campaign_id", "room_id")),
    ("live_name", "live_status", "live_launched_time", "live_duration"), (*_OVERVIEW, *_ALL_SHOPS, *_LIVE),
    ("campaign_ids", "room_ids"), ("campaign_ids",),
)  # fmt: skip
LIVE_DURATIONS = Level(
    "LIVE duration",
    _groupings(("",), ("duration",), ("campaign_id", "duration"), ("room_id", "duration"),
               ("campaign_id", "room_id", "duration")),
    ("bid_type",), (*_SALES, *_ALL_SHOPS, "live_views"), ("campaign_ids", "room_ids"), ("campaign_ids", "room_ids"),
)  # fmt: skip

LEVELS = (
    OVERVIEW, PRODUCT_CAMPAIGN, LIVE_CAMPAIGN, PRODUCTS, CREATIVES, PRODUCT_DURATIONS, ROOMS, LIVE_DURATIONS,
)  # fmt: skip
FILTERS = {name for level in LEVELS for name in level.filters}
"""All filters of the report."""

_NOT_SORTABLE = {"roas_bid", "product_status", "creative_delivery_status", *_ALL_SHOPS}


def sortable(level: Level) -> set[str]:
    """The metrics that rows of a level can be sorted by."""
    return set(level.metrics) - _NOT_SORTABLE
