"""The reports by each dimension follow from the rules: none breaks one, and no allowed one is missing."""

from __future__ import annotations

import pytest

from each import for_each
from tiktok_marketing.catalog import ALL_STREAMS, ON_REQUEST, REPORTS, Grain, Level, ReportStream
from tiktok_marketing.catalog.breakdowns import BREAKDOWNS
from tiktok_marketing.catalog.dimensions import ANSWERED_AS, DIMENSIONS
from tiktok_marketing.catalog.report_rules import (
    AUDIENCE_DIMENSIONS,
    BASIC_DIMENSIONS,
    GRAINS,
    LEVELS,
    PEOPLE,
    TIMELESS,
    Question,
    first_objection,
    is_allowed_at,
)

every_breakdown = for_each("stream", BREAKDOWNS)
ASKED_AS = {answered: asked for asked, answered in ANSWERED_AS.items()}


def _question(stream: ReportStream) -> Question:
    source = stream.source
    return Question(
        report_type=source.report_type,
        level=next(word for word, level in LEVELS.items() if level is source.data_level),
        dimensions=tuple(ASKED_AS.get(name, name) for name in source.dimensions),
        metrics=source.metrics,
        grain=next(word for word, grain in GRAINS.items() if grain is source.grain),
    )


@every_breakdown
def test_no_rule_refuses_a_report_by_a_dimension(stream: ReportStream) -> None:
    """TikTok answers it, as far as its documents say."""
    assert first_objection(_question(stream)) is None


@every_breakdown
def test_a_report_by_a_dimension_is_read_on_request_and_without_what_tiktok_refuses(stream: ReportStream) -> None:
    """Nobody gets it without asking for it. It has no metric that it cannot do without."""
    assert stream.on_request
    assert stream.source.optional == frozenset(stream.source.metrics)
    assert 0 < len(stream.source.metrics) <= 100
    assert "spend" in stream.source.metrics
    assert stream.primary_key == stream.source.dimensions
    assert set(stream.source.dimensions) <= set(DIMENSIONS)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize(
    ("report_type", "dimension"),
    [
        *(("BASIC", name) for name in BASIC_DIMENSIONS),
        *(("AUDIENCE", name) for name in AUDIENCE_DIMENSIONS),
    ],
)
def test_every_dimension_has_a_report_at_every_level_that_allows_it(
    report_type: str, dimension: str, level: Level
) -> None:
    """A fixed one, or one on request: by day, or without a time if the dimension goes with none."""
    streams = [
        stream
        for stream in (*REPORTS, *BREAKDOWNS)
        if stream.source.report_type == report_type
        and stream.source.data_level is level
        and stream.breakdown == (ANSWERED_AS.get(dimension, dimension),)
        and stream.source.dimensions[0] != "ad_id_v2"
    ]
    grains = [stream.source.grain for stream in streams]
    assert len(grains) == len(set(grains))
    if not is_allowed_at(dimension, level):
        assert not grains
    elif dimension in TIMELESS:
        assert grains == [Grain.SPAN]
    else:
        assert Grain.DAY in grains
        assert (Grain.HOUR in grains) == (report_type == "BASIC" and dimension != "skan_postback_sequence")


def test_names_of_streams_are_unique() -> None:
    """A table belongs to one stream."""
    assert len({stream.name for stream in ALL_STREAMS}) == len(ALL_STREAMS)
    assert max(len(stream.name) for stream in ALL_STREAMS) < 64  # the longest name of a table in Postgres
    assert all(stream.on_request for stream in ON_REQUEST)


@every_breakdown
def test_no_report_by_the_audience_counts_people(stream: ReportStream) -> None:
    """TikTok does not break them down. The fixed reports ask for them as Airbyte's connector does."""
    if stream.source.report_type == "AUDIENCE" and stream.source.dimensions[0] != "ad_id_v2":
        assert not set(PEOPLE).intersection(stream.metrics)
