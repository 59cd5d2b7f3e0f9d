"""The reports on what upgraded Smart+ ads are combined from: creatives, texts, calls to action and add-ons.

An impression shows one of each, so rows by different parts are views of the same figures. Even rows by one part overlap
where an ad shows several at once. So they never add up to the ad, and nothing compares them with it. Source of
dimensions and metrics: TikTok's documentation of `/smart_plus/material_report/overview/` and `/breakdown/`.
"""

from __future__ import annotations

import msgspec

from tiktok_marketing.catalog.metrics import Kind, Metric, described
from tiktok_marketing.catalog.stream import Grain, Level, ReportSource, ReportStream

_FIGURES = (
    "spend",
    "impressions",
    "clicks",
    "ctr",
    "cpc",
    "cpm",
    "conversion",
    "cost_per_conversion",
    "conversion_rate_v2",
    "real_time_conversion",
    "real_time_cost_per_conversion",
    "real_time_conversion_rate_v2",
    "video_play_actions",
    "video_watched_2s",
    "video_watched_6s",
    "video_views_p25",
    "video_views_p50",
    "video_views_p75",
    "video_views_p100",
    "average_video_play",
    "engaged_view",
    "engagements",
    "engagement_rate",
    "follows",
    "likes",
    "comments",
    "shares",
    "profile_visits",
    "profile_visits_rate",
)
_STATUSES = ("material_primary_status", "operation_status")
"""What an overview by ad says about a creative in it."""
_PAGE_SIZE = 100
_AD = "smart_plus_ad_id"
_DAY = "stat_time_day"
_NOT_A_SUM = "Rows overlap, so do not add them up"


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Something that Smart+ ads are combined from.

    Args:
        name: Its name in the names of streams.
        words: It in words.
        dimension: Its dimension.
        type_dimension: The dimension that answers add: what kind it is.
        names: The metrics that name it.
    """

    name: str
    words: str
    dimension: str
    type_dimension: str
    names: tuple[str, ...]


_PARTS = (
    _Part(
        name="creative",
        words="creative",
        dimension="main_material_id",
        type_dimension="main_material_type",
        names=("main_material_name",),
    ),
    _Part(
        name="text",
        words="text",
        dimension="ad_text_entity_id",
        type_dimension="ad_text_entity_type",
        names=("ad_text",),
    ),
    _Part(
        name="call_to_action",
        words="call to action",
        dimension="call_to_action_entity_id",
        type_dimension="call_to_action_entity_type",
        names=("call_to_action",),
    ),
    _Part(
        name="add_on",
        words="interactive add-on",
        dimension="interactive_add_on_entity_id",
        type_dimension="interactive_add_on_entity_type",
        names=("interactive_add_on_name", "interactive_add_on_id"),
    ),
)

MATERIAL_METRICS = {
    name: Metric(
        name=name,
        type="string",
        kind=Kind.ATTRIBUTE,
        description=described(meaning, Kind.ATTRIBUTE, "Rows of past days also show the current value."),
    )
    for name, meaning in {
        "main_material_name": "Name of the creative",
        "interactive_add_on_name": "Name of the interactive add-on",
        "interactive_add_on_id": "Id of the interactive add-on in the asset library",
        "material_primary_status": "Status of the creative in the ad",
        "operation_status": "Status that the advertiser set for the creative in the ad: `ENABLE` or `DISABLE`",
    }.items()
}
"""The metrics that no other report has."""


def _source(part: _Part, grain: Grain, dimensions: tuple[str, ...], metrics: tuple[str, ...]) -> ReportSource:
    return ReportSource(
        report_type="SMART_PLUS",
        data_level=Level.ADVERTISER if grain is Grain.DAY else Level.AD,
        dimensions=(*dimensions, part.type_dimension),
        answered=frozenset({part.type_dimension}),
        metrics=metrics,
        optional=frozenset(metrics) - {"spend"},
        grain=grain,
        status_field=None,
        page_size=_PAGE_SIZE,
    )


def _daily(part: _Part) -> ReportStream:
    return ReportStream(
        name=f"smart_plus_reports_by_{part.name}_daily",
        description=f"Delivery and results of each {part.words} of upgraded Smart+ ads, per day in the account's time "
        f"zone. {_NOT_A_SUM}.",
        endpoint="smart_plus/material_report/breakdown/",
        primary_key=(part.dimension, _DAY),
        unique_by=("advertiser_id", part.dimension, _DAY),
        cursor=_DAY,
        sandbox=False,
        on_request=True,
        source=_source(part, Grain.DAY, (part.dimension, _DAY), _FIGURES + part.names),
    )


def _lifetime(part: _Part) -> ReportStream:
    statuses = _STATUSES if part.dimension == "main_material_id" else ()
    return ReportStream(
        name=f"smart_plus_ads_reports_by_{part.name}_lifetime",
        description=f"Delivery and results of each {part.words} in each upgraded Smart+ ad, of all time. {_NOT_A_SUM}.",
        endpoint="smart_plus/material_report/overview/",
        primary_key=(_AD, part.dimension),
        unique_by=("advertiser_id", _AD, part.dimension),
        sandbox=False,
        on_request=True,
        source=_source(part, Grain.LIFETIME, (_AD, part.dimension), _FIGURES + part.names + statuses),
    )


MATERIAL_REPORTS: tuple[ReportStream, ...] = (*map(_lifetime, _PARTS), *map(_daily, _PARTS))
"""The reports on creatives: of all time for each ad, and by day for each account, which alone has days."""
