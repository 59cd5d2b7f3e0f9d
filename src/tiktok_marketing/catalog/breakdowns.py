"""The reports by each dimension that TikTok has, read only if they are named.

A row of a table names a dimension. Its levels, grains and metrics follow from TikTok's rules (`report_rules`), so that
a rule stands in one place. What a fixed report has already is not here once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from tiktok_marketing.catalog.dimensions import ANSWERED_AS
from tiktok_marketing.catalog.report_rules import PEOPLE, TIMELESS, is_allowed_at, metrics_with
from tiktok_marketing.catalog.reports import (
    ADS,
    COUNTRY_NUMBERS,
    DELIVERY,
    FAMILIES,
    NAMES,
    REPORTS,
    SKAN,
    SUBJECTS,
    Family,
    Metrics,
    audience_metrics,
    report_of,
)
from tiktok_marketing.catalog.stream import Grain, Level, ReportStream


class _Breakdown(msgspec.Struct, frozen=True, kw_only=True):
    """A dimension that reports are broken down by.

    Args:
        dimension: Its name in requests.
        name: Its name in the names of streams.
        words: The breakdown in words.
        hours_late: Hours until most figures are final.
        hourly: Whether a BASIC report by it may be by hour, too. AUDIENCE reports are by day.
        more: Metrics that make sense with this dimension only, and that TikTok published no list for.
    """

    dimension: str
    name: str
    words: str
    hours_late: int = 16
    hourly: bool = True
    more: tuple[str, ...] = ()


_BASIC = (
    _Breakdown(dimension="country_code", name="country", words="country", hours_late=2),
    _Breakdown(dimension="ad_type", name="ad_type", words="kind of ad, such as search ads"),
    _Breakdown(
        dimension="custom_event_type",
        name="custom_event",
        words="custom event",
        more=("custom_app_events", "unique_custom_app_events", "custom_page_events"),
    ),
    _Breakdown(
        dimension="event_source_id",
        name="event_source",
        words="pixel or other source of events",
        more=("complete_payment", "total_complete_payment_rate", "web_event_add_to_cart", "total_pageview"),
    ),
    _Breakdown(dimension="page_id", name="page", words="instant page"),
    _Breakdown(dimension="component_name", name="component", words="component of instant pages"),
    _Breakdown(dimension="room_id", name="room", words="LIVE room"),
    _Breakdown(dimension="post_id", name="post", words="TikTok post"),
    _Breakdown(dimension="image_id", name="image", words="image"),
    _Breakdown(dimension="video_material_id", name="video", words="video"),
    _Breakdown(
        dimension="minis_id",
        name="minis",
        words="mini game or mini drama",
        more=(
            "native_growth_total_ad_impression_event_count",
            "native_growth_total_ad_impression_value",
            "native_growth_ad_revenue_roas",
            "native_growth_ad_revenue_value_d0",
            "native_growth_ad_revenue_roas_d0",
            "native_growth_ad_revenue_value_d6",
            "native_growth_ad_revenue_roas_d6",
            "native_growth_total_purchase_value",
            "native_growth_purchase_roas",
        ),
    ),
    _Breakdown(dimension="search_terms", name="search_terms", words="what people searched for"),
    _Breakdown(dimension="search_keyword", name="search_keyword", words="keyword that ad groups bid for"),
    _Breakdown(dimension="match_type", name="match_type", words="match between search and keyword"),
    _Breakdown(
        dimension="skan_postback_sequence",
        name="skan_postback",
        words="postback of SKAdNetwork",
        hourly=False,
        more=(*SKAN, "skan_app_install", "skan_cost_per_app_install", "skan_app_install_withheld"),
    ),
)
_AUDIENCE = (
    _Breakdown(dimension="gender", name="gender", words="gender of the audience"),
    _Breakdown(dimension="age", name="age", words="age of the audience"),
    _Breakdown(dimension="country_code", name="country", words="country of the audience", hours_late=2),
    _Breakdown(dimension="province_id", name="province", words="province of the audience"),
    _Breakdown(dimension="dma_id", name="dma", words="market area of the audience in the United States"),
    _Breakdown(dimension="language", name="language", words="language of the audience"),
    _Breakdown(dimension="platform", name="platform", words="platform of the audience"),
    _Breakdown(dimension="ac", name="network", words="network of the audience"),
    _Breakdown(dimension="placement", name="placement", words="placement", hours_late=2),
    _Breakdown(dimension="ad_type", name="ad_type", words="kind of ad, such as search ads"),
    _Breakdown(dimension="device_brand_id", name="device_brand", words="device brand of the audience"),
    _Breakdown(dimension="interest_category", name="interest", words="interest of the audience"),
    *(
        _Breakdown(
            dimension=f"interest_category_tier{tier}",
            name=f"interest_tier{tier}",
            words=f"interest of the audience on tier {tier}",
        )
        for tier in (2, 3, 4)
    ),
    _Breakdown(dimension="additional_interests", name="additional_interest", words="additional interest"),
    _Breakdown(dimension="audience_tags", name="audience_tag", words="tag of the audience"),
    _Breakdown(dimension="behavior_id", name="behavior", words="behavior of the audience", hours_late=24),
    _Breakdown(dimension="contextual_tag", name="contextual_tag", words="tag of the videos beside the ad"),
    _Breakdown(dimension="hashtag", name="hashtag", words="hashtag that the audience is interested in"),
    _Breakdown(
        dimension="purchase_intention",
        name="purchase_intention",
        words="purchase intention of the audience",
        hours_late=24,
    ),
    _Breakdown(dimension="bucket_id", name="bucket", words="bucket of a real-time audience"),
)
_ADS_V2 = msgspec.structs.replace(
    ADS,
    prefix="ads_v2",
    audience_prefix="ads_v2",
    noun="ad of Ads Manager",
    id_dimension="ad_id_v2",
    sandbox=False,
)
"""An upgraded Smart+ ad is one ad in Ads Manager, while `ad_id` is the id of one of its creatives."""


def _basic_metrics(breakdown: _Breakdown, level: Level, grain: Grain) -> tuple[str, ...]:
    """The published metrics of a dimension or, without such a list, those that most dimensions have in common."""
    if breakdown.dimension == "country_code":  # TikTok answers more than it lists
        return _named(level, DELIVERY + COUNTRY_NUMBERS)
    listed = metrics_with(breakdown.dimension, "BASIC")
    if listed is None:
        return _named(level, (*_in_order(_without_skan(metrics_with("ad_type", "BASIC")) | _RESULTS), *breakdown.more))
    return _named(level, _in_order(_without_skan(listed) if grain is Grain.HOUR else listed))


def _without_skan(names: Iterable[str] | None) -> set[str]:
    """The names without those of SKAdNetwork, which reports no hour."""
    return {name for name in names or () if not name.startswith("skan_")}


def _audience_metrics(breakdown: _Breakdown, level: Level, grain: Grain) -> tuple[str, ...]:
    """What the fixed audience reports have, as far as it goes with the dimension."""
    listed = metrics_with(breakdown.dimension, "AUDIENCE")
    family = audience_metrics(level, grain)
    figures = [name for name in family.own + family.more if name not in NAMES[level] and name not in PEOPLE]
    return _named(level, figures if listed is None else _in_order(listed))


def _named(level: Level, figures: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*NAMES[level], *figures)))


_RESULTS = {name for name in COUNTRY_NUMBERS if "result" in name}
_ORDER = {name: place for place, name in enumerate(dict.fromkeys(DELIVERY + COUNTRY_NUMBERS))}


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names in the order of the fixed reports, and others after them in that of the alphabet."""
    return tuple(sorted(names, key=lambda name: (_ORDER.get(name, len(_ORDER)), name)))


def _families() -> Iterator[Family]:
    for report_type, breakdowns in (("BASIC", _BASIC), ("AUDIENCE", _AUDIENCE)):
        for breakdown in breakdowns:
            yield _family(report_type, breakdown)


def _family(report_type: str, breakdown: _Breakdown) -> Family:
    audience = report_type == "AUDIENCE"

    def metrics(level: Level, grain: Grain) -> Metrics:
        of = _audience_metrics(breakdown, level, grain) if audience else _basic_metrics(breakdown, level, grain)
        return Metrics((), of)

    timed = (Grain.DAY, Grain.HOUR) if breakdown.hourly and not audience else (Grain.DAY,)
    return Family(
        report_type=report_type,
        name=f"{{audience}}_audience_reports_by_{breakdown.name}_{{grain}}"
        if audience
        else f"{{subject}}_reports_by_{breakdown.name}_{{grain}}",
        breakdown=(ANSWERED_AS.get(breakdown.dimension, breakdown.dimension),),
        split=f" by {breakdown.words}",
        sandbox=False,
        subjects=tuple(subject for subject in SUBJECTS if is_allowed_at(breakdown.dimension, subject.level)),
        grains=(Grain.SPAN,) if breakdown.dimension in TIMELESS else timed,
        hours_late=breakdown.hours_late,
        on_request=True,
        metrics=metrics,
    )


def _key(stream: ReportStream) -> tuple[object, ...]:
    source = stream.source
    return source.report_type, source.grain, frozenset(source.dimensions)


_FIXED = frozenset(map(_key, REPORTS))

BREAKDOWNS: tuple[ReportStream, ...] = (
    *(
        report_of(msgspec.structs.replace(family, on_request=True), _ADS_V2, grain)
        for family in FAMILIES
        if ADS in family.subjects
        for grain in family.grains
    ),
    *(
        stream
        for family in _families()
        for subject in family.subjects
        for grain in family.grains
        if _key(stream := report_of(family, subject, grain)) not in _FIXED
    ),
)
"""The reports by a dimension, and those of the ads that Ads Manager shows."""
