"""Every preset names streams that exist."""

from __future__ import annotations

import pytest

from tiktok_marketing.catalog import ALL_STREAMS, stream_named
from tiktok_marketing.catalog.presets import PRESETS, Preset
from tiktok_marketing.sync.plan.selection import streams_named


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_each_name_and_pattern_of_a_preset_chooses_streams(preset: Preset) -> None:
    """A pattern that matches nothing would fail the sync."""
    for name in preset.streams:
        assert "*" in name or stream_named(name) is not None
        assert streams_named([name], ALL_STREAMS, sandbox=False)


def test_a_pattern_chooses_streams_on_request_only_if_it_matches_no_other() -> None:
    """Every report by day stays what it was. Interests are on request alone."""
    assert not any(stream.on_request for stream in streams_named(["*_daily"], sandbox=False))
    interests = streams_named(["campaigns_audience_reports_by_interest_*"], sandbox=False)
    assert len(interests) == 4
    assert all(stream.on_request for stream in interests)
