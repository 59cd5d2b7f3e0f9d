"""The reports on playable ads, read only if they are named: a row per playable, in total or by country.

TikTok's list of their metrics is in no public copy of its documents. So a report asks for metrics that playables have
in other reports, and is read without those that TikTok refuses.
"""

from __future__ import annotations

from tiktok_marketing.catalog.metrics import Kind, Metric, described
from tiktok_marketing.catalog.reports import ADVERTISERS, DELIVERY
from tiktok_marketing.catalog.stream import Grain, Level, ReportSource, ReportStream

_MEANINGS = {
    "playable_page_view_count": "Number of times that a playable was opened",
    "playable_first_scene_view_count": "Number of times that the first scene of a playable was reached",
    "playable_second_scene_view_count": "Number of times that the second scene of a playable was reached",
    "playable_third_scene_view_count": "Number of times that the third scene of a playable was reached",
    "playable_download_button_click_count": "Number of clicks on the download button of a playable",
}

PLAYABLE_METRICS = {
    name: Metric(name=name, type="number", kind=Kind.COUNT, description=described(meaning, Kind.COUNT))
    for name, meaning in _MEANINGS.items()
}
"""Metric to its description."""
_CORE = frozenset({"spend", "cpc", "cpm", "impressions", "clicks", "ctr"})
_METRICS = (
    *(name for name in DELIVERY if (name in _CORE or "video" in name) and not name.endswith("_per_user")),
    "conversion",
    "cost_per_conversion",
    "conversion_rate",
    *PLAYABLE_METRICS,
)
_DOUBT = "TikTok publishes no list of its metrics, so the ones that it refuses are left out"


def _report(name: str, words: str, dimensions: tuple[str, ...], grain: Grain) -> ReportStream:
    return ReportStream(
        name=name,
        description=f"Spend, delivery and scenes of each playable{words}. {_DOUBT}.",
        endpoint="report/integrated/get/",
        primary_key=dimensions,
        unique_by=("advertiser_id", *dimensions),
        sandbox=False,
        on_request=True,
        source=ReportSource(
            report_type="PLAYABLE_MATERIAL",
            data_level=Level.ADVERTISER,
            dimensions=dimensions,
            metrics=_METRICS,
            optional=frozenset(_METRICS),
            grain=grain,
            hours_late=16,
            status_field=ADVERTISERS.status_field,
        ),
    )


PLAYABLE_REPORTS: tuple[ReportStream, ...] = (
    _report("playables_reports_lifetime", ", in total over all time", ("playable_id",), Grain.LIFETIME),
    _report(
        "playables_reports_by_country_lifetime",
        " by country, in total. A row sums up the days from `start_date` to `end_date` or today, at most the last 365",
        ("playable_id", "country_code"),
        Grain.SPAN,
    ),
)
"""What playables cost, and how far people played them."""
