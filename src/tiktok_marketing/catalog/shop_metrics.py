"""Every metric of the GMV Max reports (`/gmv_max/report/get/`): type, kind and meaning.

Some have the name of a metric of the other reports, and another meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktok_marketing.catalog.metrics import JsonType, Kind, Metric, described

if TYPE_CHECKING:
    from collections.abc import Mapping

_CURRENT = "Rows of past days also show the current value."
_LATE = "Final after about 11 hours."

_GROUPS: tuple[tuple[JsonType, Kind, str, dict[str, str]], ...] = (
    (
        "string",
        Kind.ATTRIBUTE,
        _CURRENT,
        {
            "campaign_name": "Name of the campaign",
            "operation_status": "Whether the campaign is switched on: `ENABLE` or `DISABLE`",
            "schedule_type": "Whether the campaign has an end",
            "schedule_start_time": "When the campaign begins",
            "schedule_end_time": "When the campaign ends",
            "bid_type": "How the campaign bids: for a return on investment, or without a bid",
            "tt_account_name": "Name of the TikTok account; `0` or `-1` without permission to see it",
            "tt_account_profile_image_url": "Address of the TikTok account's picture; `0` without permission to see it",
            "identity_id": "Id of the TikTok account; `0` without permission to see it",
            "product_status": "Whether the product can be bought now",
            "creative_delivery_status": "Whether the post is delivered now: `DELIVERING`, `LEARNING`, `REJECTED` "
            "and others",
            "live_name": "Title of the live stream",
            "live_status": "Whether the live stream goes on",
            "live_launched_time": "When the live stream began",
        },
    ),
    (
        "number",
        Kind.MONEY,
        "",
        {
            "cost": "Cost of the ads",
            "gross_revenue": "Value of the orders, also of orders without a paid view",
            "all_shops_gross_revenue": "Value of the orders in all stores that the live streams sell for",
        },
    ),
    (
        "number",
        Kind.MONEY,
        _LATE,
        {"net_cost": "Cost of the ads without vouchers and credits. TikTok has it from 2023-09-01 on"},
    ),
    (
        "number",
        Kind.COST,
        "",
        {
            "target_roi_budget": "Budget per day with a target for the return",
            "max_delivery_budget": "Budget per day of a campaign that delivers as much as it can",
            "cost_per_order": "Cost per order",
            "all_shops_cost_per_order": "Cost per order in all stores that the live streams sell for",
            "cost_per_live_view": "Cost per view of the live stream",
            "cost_per_10_second_live_view": "Cost per view of the live stream of at least 10 seconds",
        },
    ),
    (
        "integer",
        Kind.COUNT,
        "",
        {
            "orders": "Orders, also without a paid view",
            "all_shops_orders": "Orders in all stores that the live streams sell for",
            "product_impressions": "Views of the product in the post",
            "product_clicks": "Clicks on the product in the post",
            "live_views": "Views of the live stream",
            "10_second_live_views": "Views of the live stream of at least 10 seconds",
            "live_follows": "New followers during the live stream",
        },
    ),
    (
        "number",
        Kind.AVERAGE,
        "",
        {
            "roi": "Return: gross revenue per amount of cost (3.2 means 3.2 times the cost)",
            "all_shops_roi": "Return in all stores that the live streams sell for: gross revenue per amount of cost",
            "roas_bid": "Return that the campaign aims at: gross revenue per amount of cost; 0 if it has none",
            "live_duration": "Length of the live stream, as TikTok gives it",
        },
    ),
    (
        "number",
        Kind.PERCENT,
        "",
        {
            "product_click_rate": "Clicks on the product among its views",
            "ad_click_rate": "Clicks on the ad among its plays",
            "ad_conversion_rate": "Orders among the clicks on the product",
            "ad_video_view_rate_2s": "Plays of at least 2 seconds among all plays",
            "ad_video_view_rate_6s": "Plays of at least 6 seconds among all plays",
            "ad_video_view_rate_p25": "Plays of at least 25% of the video among all plays",
            "ad_video_view_rate_p50": "Plays of at least 50% of the video among all plays",
            "ad_video_view_rate_p75": "Plays of at least 75% of the video among all plays",
            "ad_video_view_rate_p100": "Plays of the whole video among all plays",
        },
    ),
)

SHOP_METRICS: Mapping[str, Metric] = {
    name: Metric(name=name, type=value_type, kind=kind, description=described(meaning, kind, note))
    for value_type, kind, note, meanings in _GROUPS
    for name, meaning in meanings.items()
}
"""Metric to its description."""
