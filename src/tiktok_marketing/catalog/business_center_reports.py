"""The reports of Business Centers on their ad accounts, read only if they are named.

They are in the endpoint of the other reports (`report_type` BC). A request names the Business Center and, in a filter,
the account, so an account's rows are read like those of its other reports. TikTok answers whoever has a finance role in
the Business Center. A row says which Business Center it is of (`bc_id`), because accounts move between them.
"""

from __future__ import annotations

from collections.abc import Mapping

from tiktok_marketing.catalog.metrics import JsonType, Kind, Metric, described
from tiktok_marketing.catalog.stream import Grain, Level, ReportSource, ReportStream

CENTER_DIMENSION = "bc_id"
"""The dimension that a request names as a parameter, so that the answer does not repeat it."""
CENTERS_ENDPOINT = "bc/get/"
"""The endpoint that lists the Business Centers and the roles in them."""

_GROUPS: tuple[tuple[JsonType, Kind, str, dict[str, str]], ...] = (
    (
        "string",
        Kind.ATTRIBUTE,
        "",
        {"account_type": "Kind of the ad account: for auction ads or for reservations"},
    ),
    (
        "number",
        Kind.MONEY,
        "",
        {
            "cashback_coupon_spend": "Part of the spend that was paid with cashback coupons",
            "skan_total_purchase_value": "Value of the purchases in the app that SKAdNetwork reported",
        },
    ),
    (
        "number",
        Kind.MONEY,
        "Final after about 48 hours.",
        {"tax_spend": "Tax on the spend"},
    ),
    (
        "number",
        Kind.COUNT,
        "",
        {
            "skan_registration": "Number of people's first registrations in the app that SKAdNetwork reported",
            "skan_total_registration": "Number of registrations in the app that SKAdNetwork reported",
            "skan_purchase": "Number of people's first purchases in the app that SKAdNetwork reported",
            "skan_total_purchase": "Number of purchases in the app that SKAdNetwork reported",
        },
    ),
    (
        "number",
        Kind.COST,
        "",
        {
            "skan_cost_per_registration": "Spend per first registration that SKAdNetwork reported",
            "skan_cost_per_total_registration": "Spend per registration that SKAdNetwork reported",
            "skan_cost_per_purchase": "Spend per first purchase that SKAdNetwork reported",
            "skan_cost_per_total_purchase": "Spend per purchase that SKAdNetwork reported",
        },
    ),
    (
        "number",
        Kind.PERCENT,
        "",
        {
            "app_install_rate": "App installs among the clicks",
            "real_time_app_install_rate": "App installs, by the time of the install, among the clicks",
            "skan_registration_rate": "First registrations that SKAdNetwork reported among the clicks",
            "skan_purchase_rate": "First purchases that SKAdNetwork reported among the clicks",
        },
    ),
)

CENTER_METRICS: Mapping[str, Metric] = {
    name: Metric(name=name, type=value_type, kind=kind, description=described(meaning, kind, note))
    for value_type, kind, note, meanings in _GROUPS
    for name, meaning in meanings.items()
}
"""Metrics that only these reports have, with their description."""

_NAMES = ("advertiser_name", "currency")
_SPENT = ("spend", "cash_spend", "voucher_spend", "cashback_coupon_spend")
_DELIVERY = ("cpc", "cpm", "impressions", "clicks", "ctr")
_CONVERSIONS = (
    "conversion",
    "cost_per_conversion",
    "conversion_rate",
    "real_time_conversion",
    "real_time_cost_per_conversion",
    "real_time_conversion_rate",
)
_DAYS_ONLY = (
    "billed_cost",
    "tax_spend",
    "account_type",
    "reach",
    "registration",
    "cost_per_registration",
    "registration_rate",
    "purchase",
    "cost_per_purchase",
    "purchase_rate",
    "value_per_total_purchase",
    "total_purchase_value",
    "app_install",
    "cost_per_app_install",
    "app_install_rate",
    "real_time_app_install",
    "real_time_app_install_cost",
    "real_time_app_install_rate",
    "skan_conversion",
    "skan_cost_per_conversion",
    "skan_conversion_rate",
    "skan_app_install",
    "skan_cost_per_app_install",
    "skan_registration",
    "skan_cost_per_registration",
    "skan_registration_rate",
    "skan_total_registration",
    "skan_cost_per_total_registration",
    "skan_purchase",
    "skan_cost_per_purchase",
    "skan_purchase_rate",
    "skan_total_purchase",
    "skan_cost_per_total_purchase",
    "skan_total_purchase_value",
    "video_watched_2s",
    "video_watched_6s",
    "video_views_p25",
    "video_views_p50",
    "video_views_p75",
    "video_views_p100",
)
_MOST_DAYS = 365


def _report(
    name: str, split: str, metrics: tuple[str, ...], hours_late: int, *, breakdown: tuple[str, ...] = ()
) -> ReportStream:
    time = "stat_time_day"
    return ReportStream(
        name=f"advertisers_business_center_reports_{name}",
        description=f"Spend, costs and conversions of each ad account{split}, as its Business Center reports them, "
        "per day in the account's time zone.",
        endpoint="report/integrated/get/",
        primary_key=(CENTER_DIMENSION, "advertiser_id", time, *breakdown),
        cursor=time,
        sandbox=False,
        on_request=True,
        source=_source(("advertiser_id", time, *breakdown), metrics, Grain.DAY, hours_late),
    )


def _source(dimensions: tuple[str, ...], metrics: tuple[str, ...], grain: Grain, hours_late: int) -> ReportSource:
    return ReportSource(
        report_type="BC",
        data_level=Level.ADVERTISER,
        dimensions=(*dimensions, CENTER_DIMENSION),
        metrics=_NAMES + metrics,
        optional=frozenset(_NAMES + metrics),
        grain=grain,
        hours_late=hours_late,
        status_field=None,
        most_days=_MOST_DAYS,
    )


_ALL = _SPENT + _DELIVERY + _CONVERSIONS + _DAYS_ONLY

CENTER_REPORTS: tuple[ReportStream, ...] = (
    _report("daily", "", _ALL, 48),
    _report("by_country_daily", " by country", _SPENT + _DELIVERY + _CONVERSIONS, 16, breakdown=("country_code",)),
    _report("by_placement_daily", " by placement", ("spend", *_DELIVERY, *_CONVERSIONS), 16, breakdown=("placement",)),
)
"""What accounts spent, as their Business Center reports it."""

CENTER_SUMS = ReportStream(
    name="advertisers_business_center_sums",
    description="The figures of each ad account of a Business Center, in total over some days.",
    endpoint="report/integrated/get/",
    primary_key=(CENTER_DIMENSION, "advertiser_id"),
    sandbox=False,
    on_request=True,
    source=_source(("advertiser_id",), _ALL, Grain.SPAN, 48),
)
"""Whether accounts had anything at all. No stream of a sync: one request is about all accounts of a Business Center."""
IS_OF_AUCTIONS = "AUCTION"
"""What `account_type` contains if an account is for auction ads."""
