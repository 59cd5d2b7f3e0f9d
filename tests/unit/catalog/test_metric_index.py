"""The metrics beyond the fixed streams: names, kinds and descriptions."""

from __future__ import annotations

import re

import pytest

from tiktok_marketing.catalog.metric_index import metric_index, metric_named
from tiktok_marketing.catalog.metrics import METRICS, Kind
from tiktok_marketing.catalog.stream import Level
from tiktok_marketing.emulator.endpoints.reports.metric_names import ATTRIBUTES, DECIMALS, INTEGERS

_SUCCESSORS = re.compile(r"page_browse_view|skan_(cost_per_)?app_install|skan_conversion_rate$")
"""Metrics that the emulator answers in some reports only."""


def test_the_index_has_every_metric_that_the_emulator_answers() -> None:
    """The emulator has its own table."""
    known = INTEGERS | DECIMALS | frozenset(ATTRIBUTES)
    assert known <= set(metric_index())
    assert all(_SUCCESSORS.search(name) for name in set(metric_index()) - known)


def test_metrics_of_fixed_streams_are_the_same_in_the_index() -> None:
    """A metric has one type and one meaning."""
    assert {name: metric_index()[name].metric for name in METRICS} == dict(METRICS)


def test_whole_numbers_are_counts_and_decimals_are_not() -> None:
    """The names and the types agree."""
    for name, indexed in metric_index().items():
        if name in INTEGERS and not indexed.fixed:
            assert indexed.metric.kind in {Kind.COUNT, Kind.PEOPLE, Kind.AVERAGE}, name
        elif name in DECIMALS and not indexed.fixed:
            assert indexed.metric.kind not in {Kind.COUNT, Kind.PEOPLE, Kind.ATTRIBUTE}, name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("checkout", Kind.PEOPLE),
        ("total_checkout", Kind.COUNT),
        ("cost_per_checkout", Kind.COST),
        ("checkout_rate", Kind.PERCENT),
        ("value_per_checkout", Kind.COST),
        ("total_checkout_value", Kind.MONEY),
        ("complete_payment_roas", Kind.AVERAGE),
        ("total_complete_payment_rate", Kind.MONEY),
        ("onsite_unique_purchase", Kind.PEOPLE),
        ("onsite_total_purchase_value_calendar_day6", Kind.MONEY),
        ("native_growth_ad_revenue_value_d0", Kind.MONEY),
        ("native_growth_ad_revenue_event_count_d0", Kind.COUNT),
        ("native_growth_ad_revenue_roas_d27", Kind.AVERAGE),
        ("cost_total_add_payment_info", Kind.COST),
        ("shop_gross_revenue_by_order_submission", Kind.MONEY),
        ("single_image_ctr", Kind.PERCENT),
        ("ix_page_duration_avg", Kind.AVERAGE),
        ("bid", Kind.ATTRIBUTE),
    ],
)
def test_a_metric_is_of_the_kind_that_its_name_says(name: str, kind: Kind) -> None:
    """The kind decides the column type and whether rows are added up."""
    metric = metric_named(name)
    assert metric is not None
    assert metric.kind is kind


def test_descriptions_differ() -> None:
    """Two metrics never mean the same."""
    described = [indexed.metric.description for indexed in metric_index().values()]
    assert len(set(described)) == len(described)


def test_a_description_is_a_sentence_without_underscores() -> None:
    """Descriptions are for people."""
    for name, indexed in metric_index().items():
        description = indexed.metric.description
        assert re.match(r"[A-Z].*\.$", description), name
        assert not re.search(r"  |`[^`]*_[^`]*` events", description), name


def test_descriptions_say_which_days_a_value_counts() -> None:
    """Day 0 is 24 hours after the click, and no calendar day."""
    hours, days, calendar = (
        metric_index()[f"onsite_total_purchase_value_{day}"].metric.description
        for day in ("day0", "day6", "calendar_day6")
    )
    assert "first 24 hours" in hours
    assert "up to day 6" in days
    assert "calendar day 6" in calendar


def test_properties_of_ads_are_known_to_ads_only() -> None:
    """A campaign has many ads."""
    metric = metric_named("call_to_action")
    assert metric is not None
    assert metric.levels == {Level.AD}


def test_an_unknown_metric_is_none() -> None:
    """The caller suggests similar names."""
    assert metric_named("roas") is None
