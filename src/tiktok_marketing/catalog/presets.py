"""Named choices of streams, as data. `streams --presets` and the documentation list them."""

from __future__ import annotations

import msgspec


class Preset(msgspec.Struct, frozen=True):
    """A choice of streams with a name.

    Args:
        name: Its name.
        description: What it is for, in one sentence.
        streams: The names of the streams, or patterns such as `*_daily`.
    """

    name: str
    description: str
    streams: tuple[str, ...]


PRESETS = (
    Preset(
        "basics",
        "What most people need: accounts, campaigns, ad groups and ads, daily reports on each level, and campaigns by "
        "country and by age and gender.",
        (
            "advertisers",
            "campaigns",
            "ad_groups",
            "ads",
            "advertisers_reports_daily",
            "campaigns_reports_daily",
            "ad_groups_reports_daily",
            "ads_reports_daily",
            "campaigns_audience_reports_daily",
            "campaigns_audience_reports_by_country_daily",
        ),
    ),
    Preset("daily", "Every report by day.", ("*_daily",)),
    Preset("hourly", "Every report by hour.", ("*_hourly",)),
    Preset("all", "Every stream, as without a choice.", ("*",)),
)
