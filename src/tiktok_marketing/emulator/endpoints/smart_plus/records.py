"""The records of Smart+ campaigns, ad groups and ads."""

from typing import Any

from tiktok_marketing.emulator.business.business import Ad, AdGroup, Campaign
from tiktok_marketing.emulator.business.creatives import image_ids, music_id, video_id
from tiktok_marketing.emulator.business.derived_fields import ad_name, adgroup_name, app_id, campaign_name
from tiktok_marketing.emulator.business.identities import identity_of
from tiktok_marketing.emulator.business.smart_plus import (
    CAROUSEL,
    SmartAd,
    ad_material_id,
    add_on_of,
    call_to_action_of,
    main_creative,
    smart_ad_status,
    texts_of,
)
from tiktok_marketing.emulator.business.status import operation_status
from tiktok_marketing.emulator.endpoints.envelope import utc_text
from tiktok_marketing.emulator.endpoints.records import ad_record, adgroup_record, campaign_record

_FROM_CAMPAIGN = (
    "advertiser_id", "campaign_id", "create_time", "modify_time", "objective_type", "sales_destination",
    "campaign_type", "app_id", "disable_skan_campaign", "campaign_app_profile_page_state", "campaign_name",
    "special_industries", "budget_mode", "budget", "operation_status", "secondary_status", "rta_id",
    "rta_bid_enabled", "rta_product_selection_enabled", "is_advanced_dedicated_campaign", "app_promotion_type",
)  # fmt: skip
_FROM_ADGROUP = (
    "advertiser_id", "campaign_id", "campaign_name", "adgroup_id", "adgroup_name", "catalog_id",
    "catalog_authorized_bc_id", "promotion_type", "app_id", "promotion_website_type", "optimization_goal", "pixel_id",
    "optimization_event", "bid_type", "bid_price", "conversion_bid_price", "deep_bid_type", "roas_bid",
    "click_attribution_window", "engaged_view_attribution_window", "view_attribution_window",
    "attribution_event_count", "billing_event", "pacing", "budget_mode", "budget", "schedule_type",
    "schedule_start_time", "schedule_end_time", "dayparting", "is_hfss", "placement_type", "placements",
    "tiktok_subplacements", "search_result_enabled", "comment_disabled", "share_disabled", "video_download_disabled",
    "create_time", "modify_time",
)  # fmt: skip
_TARGETING = (
    "location_ids", "zipcode_ids", "languages", "excluded_audience_ids", "age_groups", "gender", "audience_ids",
    "interest_category_ids", "interest_keyword_ids", "purchase_intention_keyword_ids", "actions", "household_income",
    "min_android_version", "min_ios_version", "device_model_ids", "network_types", "carrier_ids", "isp_ids",
    "device_price_ranges", "brand_safety_type", "blocked_pangle_app_ids",
)  # fmt: skip
CAMPAIGN_FIELDS = (
    *_FROM_CAMPAIGN, "aepp_promotion_type", "gaming_ad_compliance_agreement", "bid_align_type", "catalog_enabled",
    "catalog_type", "budget_optimize_on", "budget_auto_adjust_strategy", "current_budget", "smart_plus_adgroup_mode",
    "postback_window_mode", "po_number", "is_promotional_campaign",
)  # fmt: skip
"""The names that `fields` accepts for campaigns."""
ADGROUP_FIELDS = (
    *_FROM_ADGROUP, "gaming_ad_compliance_agreement", "app_config", "minis_id", "custom_conversion_id",
    "deep_funnel_optimization_status", "deep_funnel_event_source", "deep_funnel_event_source_id",
    "deep_funnel_optimization_event", "identity_id", "identity_type", "identity_authorized_bc_id",
    "messaging_app_type", "zalo_id_type", "messaging_app_account_id", "message_event_set_id", "phone_info",
    "incentive_offer_type", "vbo_window", "budget_auto_adjust_strategy", "current_budget", "min_budget",
    "movie_premiere_date", "skip_learning_phase", "targeting_optimization_mode", "suggestion_audience_enabled",
    "targeting_spec", "is_lhf_compliance", "app_attribution_source", "app_data_source",
)  # fmt: skip
"""The names that `fields` accepts for ad groups."""
AD_FIELDS = (
    "advertiser_id", "campaign_id", "campaign_name", "adgroup_id", "adgroup_name", "smart_plus_ad_id", "ad_name",
    "operation_status", "secondary_status", "create_time", "modify_time", "creative_list", "playable_list",
    "ad_text_list", "auto_message_list", "call_to_action_list", "interactive_add_on_list", "page_list",
    "landing_page_url_list", "custom_product_page_list", "deeplink_list", "disclaimer", "ad_configuration",
)  # fmt: skip
"""The names that `fields` accepts for ads."""


def smart_campaign_record(campaign: Campaign, now: int) -> dict[str, Any]:
    """One row of smart_plus/campaign/get."""
    record = campaign_record(campaign, now)
    optimized = record.get("budget_optimize_on", False)
    return {name: record[name] for name in _FROM_CAMPAIGN} | {
        "catalog_enabled": False,
        "budget_optimize_on": optimized,
        "budget_auto_adjust_strategy": "UNSET",
        "current_budget": record["budget"] if optimized else 0.0,
        "smart_plus_adgroup_mode": "MULTIPLE" if len(campaign.groups) > 1 else "SINGLE",
        "is_promotional_campaign": False,
    }


def smart_adgroup_record(group: AdGroup, now: int) -> dict[str, Any]:
    """One row of smart_plus/adgroup/get. Its targeting is in an object of its own."""
    record = adgroup_record(group, now)
    targeting = {name: record[name] for name in _TARGETING}
    return {name: record[name] for name in _FROM_ADGROUP} | {
        "budget_auto_adjust_strategy": "UNSET",
        "current_budget": record["budget"],
        "min_budget": 0,
        "skip_learning_phase": False,
        "suggestion_audience_enabled": record["auto_targeting_enabled"],
        "targeting_optimization_mode": "AUTOMATIC" if record["auto_targeting_enabled"] else "MANUAL",
        "targeting_spec": {
            **targeting,
            "operation_system": record["operating_systems"],
            "spending_power": record.get("spending_power"),
        },
    }


def smart_ad_record(ad: SmartAd, now: int, *, timeless: bool) -> dict[str, Any]:
    """One row of smart_plus/ad/get.

    Args:
        ad: The ad.
        now: The time whose state it shows.
        timeless: Whether it has no modify_time.
    """
    group, campaign = ad.group, ad.campaign
    shown = ad.creatives(now)
    newest = ad_record(shown[-1], now, null_modify_time=False) if shown else {}
    landing = list(dict.fromkeys(_landing(creative, now) for creative in shown))
    add_on = add_on_of(group)
    record: dict[str, Any] = {
        "advertiser_id": str(campaign.account.id),
        "campaign_id": str(campaign.id),
        "campaign_name": campaign_name(campaign),
        "adgroup_id": str(group.id),
        "adgroup_name": adgroup_name(group),
        "smart_plus_ad_id": str(ad.id),
        "ad_name": ad_name(group.ads[0]) if group.ads else adgroup_name(group),
        "operation_status": operation_status(group, now),
        "secondary_status": smart_ad_status(ad, now),
        "create_time": utc_text(ad.created),
        "modify_time": None if timeless else utc_text(ad.modified(now)),
        "creative_list": [_creative(creative, now) for creative in shown],
        "playable_list": [{"playable_url": address} for address in _playables(shown, now)],
        "ad_text_list": [{"ad_text": text} for text in _names(shown)],
        "auto_message_list": [],
        "call_to_action_list": [{"call_to_action": newest["call_to_action"]}] if newest else [],
        "interactive_add_on_list": [{"card_id": add_on.asset}] if add_on else [],
        "page_list": [],
        "landing_page_url_list": [{"landing_page_url": address} for address in landing if address],
        "custom_product_page_list": [],
        "deeplink_list": [],
        "disclaimer": None,
        "ad_configuration": _configuration(ad, shown, newest),
    }
    return record


def _names(shown: list[Ad]) -> list[str]:
    """The texts of some creatives, each once."""
    return list(dict.fromkeys(text.name for creative in shown for text in texts_of(creative)))


def _playables(shown: list[Ad], now: int) -> list[str]:
    """Where the playables of some creatives are, each once."""
    records = (ad_record(creative, now, null_modify_time=False) for creative in shown)
    return list(dict.fromkeys(record["playable_url"] for record in records if record["playable_url"]))


def _landing(creative: Ad, now: int) -> str:
    return str(ad_record(creative, now, null_modify_time=False)["landing_page_url"])


def _creative(creative: Ad, now: int) -> dict[str, Any]:
    """A creative of an ad. Its `smart_plus_creative_id` is the `ad_id` of `ad/get`."""
    material, identity = main_creative(creative), identity_of(creative)
    carousel = material.type == CAROUSEL
    info: dict[str, Any] = {
        "ad_format": "CAROUSEL_ADS" if carousel else "SINGLE_VIDEO",
        "material_name": material.name,
        "image_info": [{"web_uri": image} for image in image_ids(creative)],
        "aigc_disclosure_type": "NOT_DECLARED",
        "identity_type": identity.type,
        "identity_id": identity.id,
    }
    if carousel:
        info["music_info"] = {"music_id": music_id(creative)}
    else:
        info["video_info"] = {"video_id": video_id(creative), "file_name": material.name}
    if identity.business_center:
        info["identity_authorized_bc_id"] = identity.business_center
    return {
        "ad_material_id": ad_material_id(creative),
        "smart_plus_creative_id": str(creative.id),
        "material_operation_status": operation_status(creative, now),
        "creative_info": info,
    }


def _configuration(ad: SmartAd, shown: list[Ad], newest: dict[str, Any]) -> dict[str, Any]:
    identity = identity_of(shown[-1]) if shown else None
    account = ad.campaign.account
    is_app = ad.campaign.profile == "app"
    tracking: dict[str, Any] = {"tracking_offline_event_set_ids": []}
    if newest.get("tracking_pixel_id"):
        tracking["tracking_pixel_id"] = str(newest["tracking_pixel_id"])
    if is_app:
        tracking["tracking_app_id"] = app_id(account)
    return {
        "identity_type": identity.type if identity else None,
        "identity_id": identity.id if identity else None,
        "dark_post_status": "ON",
        "product_specific_type": None,
        "creative_auto_add_toggle": True,
        "call_to_action_id": call_to_action_of(shown[-1]).asset or None if shown else None,
        "creative_auto_enhancement_strategy_list": [],
        "utm_params": newest.get("utm_params", []),
        "fallback_type": "UNSET",
        "tracking_info": tracking,
    }
