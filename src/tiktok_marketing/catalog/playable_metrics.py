"""The metrics that only reports on playables have."""

from __future__ import annotations

from tiktok_marketing.catalog.metrics import Kind, Metric, described

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
