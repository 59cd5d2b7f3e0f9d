"""Every report metric that TikTok has: those of the fixed streams, and those that only reports of one's own ask for.

The names are a table (`tables/metrics.json`), which is read when somebody looks beyond the fixed streams.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

from tiktok_marketing.catalog.business_center_reports import CENTER_METRICS
from tiktok_marketing.catalog.material_reports import MATERIAL_METRICS
from tiktok_marketing.catalog.metric_meanings import meaning_of
from tiktok_marketing.catalog.metrics import METRICS, JsonType, Metric, described
from tiktok_marketing.catalog.playable_reports import PLAYABLE_METRICS
from tiktok_marketing.catalog.shop_metrics import SHOP_METRICS
from tiktok_marketing.catalog.stream import Level, ReportSource

_TABLE = Path(__file__).parent / "tables" / "metrics.json"
_BELOW_ACCOUNT = frozenset({Level.CAMPAIGN, Level.AD_GROUP, Level.AD})
_BELOW_CAMPAIGN = frozenset({Level.AD_GROUP, Level.AD})
_ONLY_ADS = frozenset({Level.AD})
_LEVELS = {
    **dict.fromkeys(
        (
            "objective_type",
            "split_test",
            "campaign_budget",
            "campaign_dedicate_type",
            "app_promotion_type",
            "campaign_automation_type",
        ),
        _BELOW_ACCOUNT,
    ),
    **dict.fromkeys(
        (
            "opt_status",
            "adgroup_download_url",
            "profile_image",
            "budget",
            "smart_target",
            "pricing_category",
            "billing_event",
            "bid_strategy",
            "bid",
            "bid_secondary_goal",
            "aeo_type",
            "minis_name",
            "optimization_event",
        ),
        _BELOW_CAMPAIGN,
    ),
    **dict.fromkeys(
        (
            "ad_id",
            "ad_id_v2",
            "call_to_action",
            "ad_profile_image",
            "ad_url",
            "image_mode",
            "video_id",
            "file_name",
            "identity_id",
            "tiktok_item_id",
            "tiktok_name",
            "is_aco",
            "is_smart_creative",
            "is_removed_from_spc",
        ),
        _ONLY_ADS,
    ),
}
"""The levels of attributes: TikTok knows an object's properties from its own level down."""


class _Group(msgspec.Struct, frozen=True):
    """Metrics about the same kind of event, by the type of their values."""

    group: str
    text: tuple[str, ...] = ()
    integer: tuple[str, ...] = ()
    decimal: tuple[str, ...] = ()

    def typed(self) -> Iterator[tuple[str, JsonType]]:
        yield from ((name, "string") for name in self.text)
        yield from ((name, "number") for name in (*self.integer, *self.decimal))


class Indexed(msgspec.Struct, frozen=True):
    """A metric and its group.

    Args:
        metric: The metric.
        group: What it is about: `app`, `website`, `shop`, `video` and others.
        fixed: Whether a fixed stream has it.
    """

    metric: Metric
    group: str
    fixed: bool


def metric_named(name: str) -> Metric | None:
    """Return the metric called `name`, of a fixed stream or not; None if TikTok has none that is known."""
    fixed = METRICS.get(name)
    if fixed is not None:
        return fixed
    indexed = metric_index().get(name)
    return None if indexed is None else indexed.metric


def metric_of(source: ReportSource, name: str) -> Metric | None:
    """Return the metric that a report calls `name`; None if no such metric is known."""
    if source.stores is not None:
        return SHOP_METRICS.get(name)
    own = MATERIAL_METRICS.get(name) if source.is_of_materials else None
    if source.report_type == "PLAYABLE_MATERIAL":
        own = PLAYABLE_METRICS.get(name)
    if source.is_of_center:
        own = CENTER_METRICS.get(name)
    return own or metric_named(name)


@cache
def metric_index() -> Mapping[str, Indexed]:
    """Every known metric by name, in the order of TikTok's groups."""
    groups = msgspec.json.decode(_TABLE.read_bytes(), type=tuple[_Group, ...])
    integers = {name for group in groups for name in group.integer}
    return {
        name: Indexed(
            METRICS.get(name) or _metric(name, value_type, group.group, integers), group.group, name in METRICS
        )
        for group in groups
        for name, value_type in group.typed()
    }


def _metric(name: str, value_type: JsonType, group: str, integers: set[str]) -> Metric:
    event = name.removeprefix("cost_per_")
    counts_people = event in integers and _all_of(event) in integers
    meaning = meaning_of(name, group, counts_people=counts_people)
    return Metric(
        name=name,
        type=value_type,
        kind=meaning.kind,
        description=described(meaning.text, meaning.kind),
        levels=_LEVELS.get(name, frozenset(Level)),
    )


def _all_of(name: str) -> str:
    """The name that a metric has if it counts repeats, too: `total_checkout` for `checkout`."""
    return re.sub(r"(^|_)unique_", r"\1total_", name) if "unique_" in name else f"total_{name}"
