"""The report streams, generated from what they are about (level) and how finely they are cut (grain, breakdown)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from source_tiktok_marketing.catalog.stream import Grain, Level, ReportSource, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

_DELIVERY = (
    "spend",
    "cpc",
    "cpm",
    "impressions",
    "clicks",
    "ctr",
    "reach",
    "cost_per_1000_reached",
    "frequency",
    "video_play_actions",
    "video_watched_2s",
    "video_watched_6s",
    "average_video_play",
    "average_video_play_per_user",
    "video_views_p25",
    "video_views_p50",
    "video_views_p75",
    "video_views_p100",
    "profile_visits",
    "likes",
    "comments",
    "shares",
    "follows",
    "clicks_on_music_disc",
    "real_time_app_install",
    "real_time_app_install_cost",
    "app_install",
)
_PAYMENT = ("cash_spend", "voucher_spend")
_AD_GROUP = (
    "campaign_name",
    "campaign_id",
    "adgroup_name",
    "placement_type",
    "tt_app_id",
    "tt_app_name",
    "mobile_app_id",
    "promotion_type",
    "dpa_target_audience_type",
    "conversion",
    "cost_per_conversion",
    "conversion_rate",
    "real_time_conversion",
    "real_time_cost_per_conversion",
    "real_time_conversion_rate",
    "result",
    "cost_per_result",
    "result_rate",
    "real_time_result",
    "real_time_cost_per_result",
    "real_time_result_rate",
    "secondary_goal_result",
    "cost_per_secondary_goal_result",
    "secondary_goal_result_rate",
)
_AD = (
    "adgroup_id",
    "ad_name",
    "ad_text",
    "total_purchase_value",
    "total_onsite_shopping_value",
    "onsite_shopping",
    "vta_purchase",
    "vta_conversion",
    "cta_purchase",
    "cta_conversion",
    "total_pageview",
    "complete_payment",
    "value_per_complete_payment",
    "total_complete_payment_rate",
    "profile_visits_rate",
    "purchase",
    "purchase_rate",
    "registration",
    "registration_rate",
    "sales_lead",
    "sales_lead_rate",
    "cost_per_app_install",
    "cost_per_purchase",
    "cost_per_registration",
    "cost_per_sales_lead",
    "cost_per_total_sales_lead",
    "cost_per_total_app_event_add_to_cart",
    "total_app_event_add_to_cart",
    "engaged_view",
    "engagements",
    "paid_engaged_view",
    "engaged_view_through_conversions",
    "paid_engagement_engaged_view",
    "engaged_view_15s",
    "paid_engaged_view_15s",
    "paid_engagement_engaged_view_15s",
)


class _Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows of a level are about."""

    level: Level
    prefix: str
    noun: str
    id_dimension: str
    status_field: str | None
    sandbox: bool = True


class _Family(msgspec.Struct, frozen=True, kw_only=True):
    """Reports that differ in level and grain only."""

    report_type: str
    name: str
    """Of a stream, with `{subject}` and `{grain}` to fill in."""
    breakdown: tuple[str, ...] = ()
    """Dimensions beside the id and the time."""
    split: str = ""
    """What the breakdown is, for the description."""
    subjects: tuple[_Subject, ...]
    grains: tuple[Grain, ...]
    metrics: Callable[[Level, Grain], tuple[str, ...]]


_ADS = _Subject(level=Level.AD, prefix="ads", noun="ad", id_dimension="ad_id", status_field="ad_status")
_AD_GROUPS = _Subject(
    level=Level.AD_GROUP,
    prefix="ad_groups",
    noun="ad group",
    id_dimension="adgroup_id",
    status_field="adgroup_status",
)
_CAMPAIGNS = _Subject(
    level=Level.CAMPAIGN,
    prefix="campaigns",
    noun="campaign",
    id_dimension="campaign_id",
    status_field="campaign_status",
)
# The sandbox answers for the other three levels only.
_ADVERTISERS = _Subject(
    level=Level.ADVERTISER,
    prefix="advertisers",
    noun="ad account",
    id_dimension="advertiser_id",
    status_field=None,
    sandbox=False,
)

# A grain's time dimension, its word in stream names and its words in descriptions.
_GRAINS: dict[Grain, tuple[str | None, str, str]] = {
    Grain.DAY: ("stat_time_day", "daily", "day by day"),
    Grain.HOUR: ("stat_time_hour", "hourly", "hour by hour"),
    Grain.LIFETIME: (None, "lifetime", "from its first day to now"),
}


def _basic_metrics(level: Level, grain: Grain) -> tuple[str, ...]:
    match level, grain:
        case Level.ADVERTISER, Grain.DAY:
            # TikTok splits spend by means of payment for whole accounts and whole days only.
            return _PAYMENT + _DELIVERY
        case Level.ADVERTISER, _:
            return _DELIVERY
        case Level.CAMPAIGN, _:
            return ("campaign_name", *_DELIVERY)
        case Level.AD_GROUP, _:
            return _AD_GROUP + _DELIVERY
        case _:
            return _AD_GROUP + _AD + _DELIVERY


_FAMILIES: tuple[_Family, ...] = (
    _Family(
        report_type="BASIC",
        name="{subject}_reports_{grain}",
        subjects=(_ADS, _AD_GROUPS, _CAMPAIGNS, _ADVERTISERS),
        grains=(Grain.DAY, Grain.HOUR, Grain.LIFETIME),
        metrics=_basic_metrics,
    ),
)


def _report(family: _Family, subject: _Subject, grain: Grain) -> Stream:
    time_dimension, grain_name, grain_words = _GRAINS[grain]
    time = () if time_dimension is None else (time_dimension,)
    dimensions = (subject.id_dimension, *time, *family.breakdown)
    return Stream(
        name=family.name.format(subject=subject.prefix, grain=grain_name),
        description=f"What each {subject.noun} cost and achieved{family.split}, {grain_words}.",
        endpoint="report/integrated/get/",
        primary_key=dimensions,
        cursor=time_dimension,
        sandbox=subject.sandbox,
        source=ReportSource(
            report_type=family.report_type,
            data_level=subject.level,
            dimensions=dimensions,
            metrics=family.metrics(subject.level, grain),
            grain=grain,
            status_field=subject.status_field,
        ),
    )


REPORTS: tuple[Stream, ...] = tuple(
    _report(family, subject, grain) for family in _FAMILIES for subject in family.subjects for grain in family.grains
)
