"""Where our records differ from 4.7.0's, and why. What no longer differs must leave these lists."""

from __future__ import annotations

from collections.abc import Mapping

from parity.comparison import MISSING

Differences = Mapping[tuple[str, str], str]
"""Stream and field to the reason."""

_SMART_PLUS_ID: Differences = {
    ("ads", "smart_plus_ad_id"): "an integer since 5.1.4; 4.7.0 does not know the field and passes TikTok's text on"
}
_END_IGNORED: Differences = {
    ("advertisers_audience_reports_lifetime", field): "4.7.0 sums up until today, whatever end_date says"
    for field in ("metrics.spend", "metrics.cpc", "metrics.cpm", "metrics.impressions", "metrics.clicks", "metrics.ctr")
}

EXPECTED: Mapping[str, Differences] = {
    "objects_in_full": {
        **_SMART_PLUS_ID,
        ("pixel_instant_page_events", MISSING): "4.7.0 asks for pairs that no ad group of the account uses",
    },
    "first object sync": _SMART_PLUS_ID,
    "sandbox_account": _SMART_PLUS_ID,
    "deleted_too": {
        **_SMART_PLUS_ID,
        **_END_IGNORED,
        ("advertisers_audience_reports_lifetime", MISSING): "4.7.0 sums up until today, whatever end_date says",
    },
    "smart_plus": {
        **_SMART_PLUS_ID,
        ("ads", "modify_time"): "4.7.0 writes the text None for the first ad that has none, and fails at the second",
    },
}
"""By scenario; those that are not listed differ in nothing."""

UNREAD: Mapping[str, Mapping[str, str]] = {
    "objects_in_full": {
        "pixel_instant_page_events": "TikTok refuses pairs that instant pages do not go with",
        "pixel_events_statistics": "its pixel_ids are not what TikTok takes",
    },
    "smart_plus": {"ads": "it cannot read an ad without a modification time"},
}
"""By scenario, the streams that 4.7.0 cannot read to their end, and why."""

SILENT: Mapping[str, frozenset[str]] = {"objects_in_full": frozenset({"pixel_events_statistics"})}
"""By scenario, the streams that 4.7.0 gives no record of, so that nothing is compared."""
