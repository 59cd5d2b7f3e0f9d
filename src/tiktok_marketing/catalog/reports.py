"""The report streams, generated from their level, their time grain and their breakdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tiktok_marketing.catalog.stream import Grain, Level, ReportFilter, ReportSource, ReportStream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DELIVERY = (
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
_AUDIENCE_DELIVERY = DELIVERY[:-3]
"""Without app installs, which TikTok does not break down by audience."""
_PAYMENT = ("cash_spend", "voucher_spend")
_AD_GROUP_NAMES = (
    "campaign_name",
    "campaign_id",
    "adgroup_name",
    "placement_type",
    "tt_app_id",
    "tt_app_name",
    "mobile_app_id",
    "promotion_type",
    "dpa_target_audience_type",
)
_AD_NAMES = ("adgroup_id", "ad_name", "ad_text")
NAMES: Mapping[Level, tuple[str, ...]] = {
    Level.ADVERTISER: (),
    Level.CAMPAIGN: ("campaign_name",),
    Level.AD_GROUP: _AD_GROUP_NAMES,
    Level.AD: _AD_GROUP_NAMES + _AD_NAMES,
}
"""What tells the objects of each level, and those that they belong to."""
_RESULTS = (
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
)
_SECOND_GOAL = (
    "secondary_goal_result",
    "cost_per_secondary_goal_result",
    "secondary_goal_result_rate",
)
_CONVERSIONS = (
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
)
# Airbyte's connector leaves these three out of reports by country, although TikTok documents them there. TikTok rejects
# the whole report for one metric.
_COUNTRY_CONVERSIONS = tuple(
    name for name in _CONVERSIONS if name not in {"purchase", "purchase_rate", "cost_per_purchase"}
)
_ENGAGEMENT = (
    "engaged_view",
    "engagements",
    "paid_engaged_view",
    "engaged_view_through_conversions",
    "paid_engagement_engaged_view",
    "engaged_view_15s",
    "paid_engaged_view_15s",
    "paid_engagement_engaged_view_15s",
)

# Metrics that Airbyte's connector lacks. Names belong to a level, but TikTok has every number at all four levels.
_LANDING_PAGE = ("total_landing_page_view", "cost_per_landing_page_view", "landing_page_view_rate")
_LEGS = (
    "web_event_add_to_cart",
    "page_content_view_events",
    "onsite_on_web_cart",
    "onsite_on_web_detail",
    "total_view_content",
    "total_purchase",
    "total_sales_lead_value",
)
SKAN = ("skan_conversion", "skan_cost_per_conversion", "skan_result")
_NUMBERS = _RESULTS + _SECOND_GOAL + _CONVERSIONS + _ENGAGEMENT + _LANDING_PAGE + _LEGS
COUNTRY_NUMBERS = _RESULTS + _COUNTRY_CONVERSIONS + ("engaged_view", "engaged_view_15s") + _LANDING_PAGE
_AUDIENCE_NUMBERS = (*_RESULTS, "profile_visits_rate")


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The level of a report: what its rows are about."""

    level: Level
    prefix: str
    audience_prefix: str
    """The prefix in the names of audience reports. Airbyte's connector spells it differently for ad groups."""
    noun: str
    id_dimension: str
    status_field: str | None
    sandbox: bool = True


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """Reports that differ only in level and grain."""

    report_type: str
    name: str
    """The stream name, with the placeholders `{subject}` (or `{audience}` in audience reports) and `{grain}`."""
    contents: str = "Spend, delivery and results"
    """What its metrics show, for the description."""
    breakdown: tuple[str, ...] = ()
    """Dimensions in addition to the id and the time."""
    split: str = ""
    """The breakdown in words, for the description."""
    sandbox: bool = True
    subjects: tuple[Subject, ...]
    grains: tuple[Grain, ...]
    hours_late: int = 2
    on_request: bool = False
    filters: tuple[ReportFilter, ...] = ()
    metrics: Callable[[Level, Grain], Metrics]


ADS = Subject(
    level=Level.AD,
    prefix="ads",
    audience_prefix="ads",
    noun="ad",
    id_dimension="ad_id",
    status_field="ad_status",
)
AD_GROUPS = Subject(
    level=Level.AD_GROUP,
    prefix="ad_groups",
    audience_prefix="ad_group",
    noun="ad group",
    id_dimension="adgroup_id",
    status_field="adgroup_status",
)
CAMPAIGNS = Subject(
    level=Level.CAMPAIGN,
    prefix="campaigns",
    audience_prefix="campaigns",
    noun="campaign",
    id_dimension="campaign_id",
    status_field="campaign_status",
)
# The sandbox has only the other three levels.
ADVERTISERS = Subject(
    level=Level.ADVERTISER,
    prefix="advertisers",
    audience_prefix="advertisers",
    noun="ad account",
    id_dimension="advertiser_id",
    status_field=None,
    sandbox=False,
)

# For each grain: the time dimension, the word in stream names and the words in descriptions.
_GRAINS: dict[Grain, tuple[str | None, str, str]] = {
    Grain.DAY: ("stat_time_day", "daily", "per day in the account's time zone"),
    Grain.HOUR: ("stat_time_hour", "hourly", "per hour in the account's time zone"),
    Grain.SPAN: (
        None,
        "lifetime",
        "in total. A row sums up the days from `start_date` to `end_date` or today, at most the last 365",
    ),
    Grain.LIFETIME: (None, "lifetime", "in total over all time"),
}


class Metrics(msgspec.Struct, frozen=True):
    """The metrics of Airbyte's connector, in its order, and the metrics that it lacks."""

    own: tuple[str, ...]
    more: tuple[str, ...]


def _and(own: tuple[str, ...], more: tuple[str, ...]) -> Metrics:
    return Metrics(own, tuple(name for name in more if name not in own))


def _basic_metrics(level: Level, grain: Grain) -> Metrics:
    # SKAdNetwork reports no hour.
    more = _NUMBERS if grain is Grain.HOUR else _NUMBERS + SKAN
    match level, grain:
        case Level.ADVERTISER, Grain.DAY:
            # TikTok splits spend by payment method only for whole accounts and whole days.
            return _and(_PAYMENT + DELIVERY, more)
        case Level.ADVERTISER, _:
            return _and(DELIVERY, more)
        case Level.CAMPAIGN, _:
            return _and(("campaign_name", *DELIVERY), more)
        case Level.AD_GROUP, _:
            return _and(_AD_GROUP_NAMES + _RESULTS + _SECOND_GOAL + DELIVERY, more)
        case _:
            own = _AD_GROUP_NAMES + _RESULTS + _SECOND_GOAL + _AD_NAMES + _CONVERSIONS + _ENGAGEMENT + DELIVERY
            return _and(own, more)


def _country_metrics(level: Level, _grain: Grain) -> Metrics:
    goals = _AD_GROUP_NAMES + _RESULTS + _SECOND_GOAL
    own = goals if level is Level.AD_GROUP else goals + _AD_NAMES + _COUNTRY_CONVERSIONS
    return _and(own + DELIVERY, COUNTRY_NUMBERS)


def audience_metrics(level: Level, _grain: Grain) -> Metrics:
    """The metrics of reports by the audience."""
    own = {
        Level.ADVERTISER: (),
        Level.CAMPAIGN: ("campaign_name",),
        Level.AD_GROUP: _AD_GROUP_NAMES + _RESULTS,
        Level.AD: _AD_GROUP_NAMES + _RESULTS + _AD_NAMES,
    }[level]
    return _and(own + _AUDIENCE_DELIVERY, _AUDIENCE_NUMBERS)


def _audience_country_metrics(level: Level, grain: Grain) -> Metrics:
    # TikTok breaks down landing page views by country, but by no other audience dimension.
    metrics = audience_metrics(level, grain)
    return _and(metrics.own, metrics.more + _LANDING_PAGE)


SUBJECTS = (ADS, AD_GROUPS, CAMPAIGNS, ADVERTISERS)

FAMILIES: tuple[Family, ...] = (
    Family(
        report_type="BASIC",
        name="{subject}_reports_{grain}",
        subjects=SUBJECTS,
        grains=(Grain.DAY, Grain.HOUR, Grain.LIFETIME),
        metrics=_basic_metrics,
    ),
    Family(
        report_type="BASIC",
        name="{subject}_reports_by_country_{grain}",
        breakdown=("country_code",),
        split=" by country",
        sandbox=False,
        subjects=(ADS, AD_GROUPS),
        grains=(Grain.DAY, Grain.HOUR),
        metrics=_country_metrics,
    ),
    Family(
        report_type="AUDIENCE",
        name="{audience}_audience_reports_{grain}",
        breakdown=("gender", "age"),
        split=" by gender and age of the audience",
        subjects=SUBJECTS,
        grains=(Grain.DAY,),
        hours_late=16,
        metrics=audience_metrics,
    ),
    Family(
        report_type="AUDIENCE",
        name="{audience}_audience_reports_by_country_{grain}",
        breakdown=("country_code",),
        split=" by country of the audience",
        subjects=SUBJECTS,
        grains=(Grain.DAY,),
        metrics=_audience_country_metrics,
    ),
    Family(
        report_type="AUDIENCE",
        name="{audience}_audience_reports_by_platform_{grain}",
        breakdown=("platform",),
        split=" by platform of the audience",
        subjects=SUBJECTS,
        grains=(Grain.DAY,),
        hours_late=16,
        metrics=audience_metrics,
    ),
    Family(
        report_type="AUDIENCE",
        name="{audience}_audience_reports_by_province_{grain}",
        breakdown=("province_id",),
        split=" by province of the audience",
        subjects=(ADS,),
        grains=(Grain.DAY,),
        hours_late=16,
        metrics=audience_metrics,
    ),
    Family(
        report_type="AUDIENCE",
        name="{audience}_audience_reports_{grain}",
        breakdown=("gender", "age"),
        split=" by gender and age of the audience",
        subjects=(ADVERTISERS,),
        grains=(Grain.SPAN,),
        hours_late=16,
        metrics=audience_metrics,
    ),
)


def report_of(family: Family, subject: Subject, grain: Grain) -> ReportStream:
    """The report of a family that is about these objects by this time."""
    time_dimension, grain_name, grain_words = _GRAINS[grain]
    time = () if time_dimension is None else (time_dimension,)
    dimensions = (subject.id_dimension, *time, *family.breakdown)
    metrics = family.metrics(subject.level, grain)
    return ReportStream(
        name=family.name.format(subject=subject.prefix, audience=subject.audience_prefix, grain=grain_name),
        description=f"{family.contents} of each {subject.noun}{family.split}, {grain_words}.",
        endpoint="report/integrated/get/",
        primary_key=dimensions,
        cursor=time_dimension,
        sandbox=subject.sandbox and family.sandbox,
        on_request=family.on_request,
        source=ReportSource(
            report_type=family.report_type,
            data_level=subject.level,
            dimensions=dimensions,
            metrics=metrics.own + metrics.more,
            optional=frozenset(metrics.own + metrics.more if family.on_request else metrics.more),
            grain=grain,
            hours_late=family.hours_late,
            status_field=subject.status_field,
            filters=family.filters,
            # Airbyte's connector gives this id a different type in audience reports.
            texts=frozenset({"tt_app_id"} if family.report_type == "AUDIENCE" else ()),
        ),
    )


REPORTS: tuple[ReportStream, ...] = tuple(
    report_of(family, subject, grain) for family in FAMILIES for subject in family.subjects for grain in family.grains
)
