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
    Preset("daily", "Every report by day, except those on request.", ("*_daily",)),
    Preset("hourly", "Every report by hour, except those on request.", ("*_hourly",)),
    Preset(
        "breakdowns",
        "Campaigns by the people who saw the ads and the place where they saw them: age, gender, country, province, "
        "language, platform, network, placement and device brand.",
        (
            "campaigns_audience_reports_daily",
            "campaigns_audience_reports_by_country_daily",
            "campaigns_audience_reports_by_province_daily",
            "campaigns_audience_reports_by_language_daily",
            "campaigns_audience_reports_by_platform_daily",
            "campaigns_audience_reports_by_network_daily",
            "campaigns_audience_reports_by_placement_daily",
            "campaigns_audience_reports_by_device_brand_lifetime",
        ),
    ),
    Preset(
        "interests",
        "Campaigns by what people are interested in: interests, behaviors, hashtags, tags and purchase intention.",
        (
            "campaigns_audience_reports_by_interest_*",
            "campaigns_audience_reports_by_behavior_daily",
            "campaigns_audience_reports_by_hashtag_daily",
            "campaigns_audience_reports_by_audience_tag_daily",
            "campaigns_audience_reports_by_contextual_tag_daily",
            "campaigns_audience_reports_by_purchase_intention_daily",
        ),
    ),
    Preset(
        "search",
        "What people searched for, the keywords that they met, and the share of search ads.",
        (
            "ad_groups_reports_by_search_terms_daily",
            "ad_groups_reports_by_search_keyword_daily",
            "ad_groups_reports_by_match_type_daily",
            "campaigns_reports_by_ad_type_daily",
        ),
    ),
    Preset(
        "gmv_max",
        "TikTok Shop: stores, campaigns of GMV Max, and the daily cost and sales of stores, campaigns, products, posts "
        "and live streams.",
        (
            "gmv_max_stores",
            "gmv_max_campaigns",
            "gmv_max_campaign_details",
            "gmv_max_sessions",
            "gmv_max_*_daily",
            "gmv_max_advertiser_reports_hourly",
        ),
    ),
    Preset(
        "smart_plus",
        "Smart+: upgraded campaigns, ad groups and ads, what reviews say of them and their creatives, and campaigns of "
        "the old kind.",
        ("smart_plus_*",),
    ),
    Preset(
        "lookups",
        "Names for the ids in reports and targeting: regions, languages, interests, behaviors, devices and carriers.",
        ("regions", "languages", "interest_categories", "action_categories", "device_models", "carriers"),
    ),
    Preset("all", "Every stream that is not on request, as without a choice.", ("*",)),
)
