"""The records of accounts, campaigns, ad groups and ads, as the API lists them."""

from typing import Any

from tiktok_marketing.emulator.business.balances import cash_of, grant_of
from tiktok_marketing.emulator.business.business import FOREVER, Account, Ad, AdGroup, Campaign
from tiktok_marketing.emulator.business.business_centers import business_center_id
from tiktok_marketing.emulator.business.creatives import (
    image_ids,
    is_carousel,
    item_id,
    music_id,
    playable_of,
    video_id,
)
from tiktok_marketing.emulator.business.days import offset_name
from tiktok_marketing.emulator.business.derived_fields import (
    ad_name,
    ad_text,
    adgroup_name,
    app_id,
    automation_type,
    campaign_name,
    creative_mode,
    objective_type,
    profile_of,
    rf_campaign_type,
)
from tiktok_marketing.emulator.business.identities import identity_of
from tiktok_marketing.emulator.business.lateness import click_window
from tiktok_marketing.emulator.business.library import (
    audience_id,
    audiences,
    image_id,
    pixel_id,
    playable_url,
    playables,
    portfolio_for,
)
from tiktok_marketing.emulator.business.product_catalogs import catalog_id, product_set_id, sku_ids
from tiktok_marketing.emulator.business.smart_plus import add_on_of, call_to_action_of, texts_of
from tiktok_marketing.emulator.business.status import edits, modified, operation_status, secondary_status
from tiktok_marketing.emulator.business.targeting import ages_of, countries_of, gender_of, places_automatically
from tiktok_marketing.emulator.business.targeting_names import ACTIONS
from tiktok_marketing.emulator.business.vocabulary import CITIES, LANGUAGES, LOCATIONS
from tiktok_marketing.emulator.endpoints.envelope import utc_text
from tiktok_marketing.emulator.randomness import Dice

_WINDOWS = {7: "SEVEN_DAYS", 14: "FOURTEEN_DAYS", 28: "TWENTY_EIGHT_DAYS"}
_SCHEDULE_DAYS = 3650
"""The end of a schedule without an end, in days after its start."""


def advertiser_record(account: Account, now: int) -> dict[str, Any]:
    """One row of advertiser/info."""
    template = account.template
    slug = "".join(letter for letter in template.name.lower() if letter.isascii() and letter.isalnum())
    return {
        "advertiser_id": str(account.id),
        "name": account.name,
        "status": "STATUS_ENABLE" if account.life == "active" else "STATUS_LIMIT",
        "role": "ROLE_ADVERTISER",
        "advertiser_account_type": "AUCTION",
        "currency": template.currency,
        "timezone": offset_name(template.zone),
        "display_timezone": template.zone,
        "country": template.country,
        "language": LANGUAGES.get(template.country, "en"),
        "industry": template.industry,
        "company": template.name,
        "contacter": f"{template.name[:2]}**ng",
        "email": f"{slug[:1] or 'a'}***@***",
        "cellphone_number": f"+{10_000 + account.key % 90_000}****{account.key % 100:02d}",
        "telephone_number": "",
        "address": CITIES[template.country],
        "license_no": "",
        "license_url": None,
        "license_city": None,
        "license_province": None,
        "brand": None,
        "promotion_area": "0",
        "promotion_center_city": None,
        "promotion_center_province": None,
        "description": "",
        "rejection_reason": "",
        "owner_bc_id": business_center_id(account),
        "balance": (cash_of(account, now) + grant_of(account)) / template.minor_units,
        "create_time": account.created,
    }


def campaign_record(campaign: Campaign, now: int) -> dict[str, Any]:
    """One row of campaign/get."""
    profile = profile_of(campaign)
    dice = Dice(campaign.key, 35)
    budget_optimized = dice.chance(40)
    budget = float(dice.between(2, 40) * 25 + 10 * edits(campaign, now)) if budget_optimized else 0
    record: dict[str, Any] = {
        "advertiser_id": str(campaign.account.id),
        "campaign_id": str(campaign.id),
        "campaign_name": campaign_name(campaign),
        "campaign_system_origin": campaign.origin,
        "campaign_type": "REGULAR_CAMPAIGN",
        "campaign_automation_type": automation_type(campaign),
        "objective": profile.destination,
        "objective_type": objective_type(campaign),
        "virtual_objective_type": None,
        "sales_destination": None,
        "campaign_product_source": None,
        "app_promotion_type": "APP_INSTALL" if campaign.profile == "app" else "UNSET",
        "app_id": app_id(campaign.account) or None if campaign.profile == "app" else None,
        "budget": budget,
        "budget_mode": "BUDGET_MODE_DAY" if budget_optimized else "BUDGET_MODE_INFINITE",
        "bid_type": "BID_TYPE_NO_BID" if budget_optimized else None,
        "deep_bid_type": None,
        "optimization_goal": profile.goal if budget_optimized else None,
        "roas_bid": 0,
        "rf_campaign_type": rf_campaign_type(campaign),
        "is_search_campaign": False,
        "is_smart_performance_campaign": campaign.legacy_smart,
        "is_advanced_dedicated_campaign": False,
        "is_new_structure": True,
        "special_industries": [],
        "rta_id": None,
        "rta_bid_enabled": False,
        "rta_product_selection_enabled": False,
        "disable_skan_campaign": None,
        "campaign_app_profile_page_state": None,
        "split_test_variable": None,
        "operation_status": operation_status(campaign, now),
        "secondary_status": secondary_status(campaign, now),
        "create_time": utc_text(campaign.created),
        "modify_time": utc_text(modified(campaign, now)),
    }
    if budget_optimized:
        record["budget_optimize_on"] = True
    if campaign.created % 3 == 0:
        record["po_number"] = None
    return record


def adgroup_record(group: AdGroup, now: int) -> dict[str, Any]:
    """One row of adgroup/get."""
    campaign = group.campaign
    account = campaign.account
    profile = profile_of(campaign)
    dice = Dice(group.key, 35)
    automatic = places_automatically(group)
    reserved = campaign.buying_type != "AUCTION"
    is_app = campaign.profile == "app"
    web = campaign.profile in {"web", "lead"}
    budget = float(dice.between(2, 20) * 10 + 5 * edits(group, now))
    capped = dice.chance(25)
    price = round(account.template.cpm * dice.between(60, 160) / 100 / account.template.minor_units, 2)
    ends = campaign.end_at < FOREVER
    record: dict[str, Any] = {
        "advertiser_id": str(account.id),
        "campaign_id": str(campaign.id),
        "campaign_name": campaign_name(campaign),
        "campaign_system_origin": campaign.origin,
        "campaign_automation_type": automation_type(campaign),
        "is_smart_performance_campaign": campaign.legacy_smart,
        "adgroup_id": str(group.id),
        "adgroup_name": adgroup_name(group),
        "create_time": utc_text(group.created),
        "modify_time": utc_text(modified(group, now)),
        "shopping_ads_type": "VIDEO" if campaign.profile == "shop" else None,
        "identity_id": None,
        "identity_type": None,
        "product_source": "STORE" if campaign.profile == "shop" else None,
        "promotion_type": profile.promotion,
        "promotion_target_type": None,
        "promotion_website_type": "UNSET",
        "app_id": app_id(account) or None if is_app else None,
        "app_type": "APP_ANDROID" if is_app else None,
        "app_download_url": "https://play.google.com/store/apps/details?id=example.app" if is_app else None,
        "package": "example.app" if is_app else "",
        "pixel_id": pixel_id(account) if web else None,
        "optimization_event": profile.event or None,
        "secondary_optimization_event": "ACTIVE_PAY" if is_app else None,
        "placement_type": "PLACEMENT_TYPE_AUTOMATIC" if automatic else "PLACEMENT_TYPE_NORMAL",
        "placements": ["PLACEMENT_TIKTOK", "PLACEMENT_PANGLE"] if automatic else ["PLACEMENT_TIKTOK"],
        "tiktok_subplacements": ["IN_FEED"],
        "search_result_enabled": dice.chance(70),
        "comment_disabled": dice.chance(10),
        "video_download_disabled": dice.chance(15),
        "share_disabled": False,
        "blocked_pangle_app_ids": [],
        "audience_type": "CUSTOM_AUDIENCE" if dice.chance(30) else None,
        "audience_rule": {},
        "audience_ids": _audience_ids(group),
        "excluded_audience_ids": [],
        "auto_targeting_enabled": dice.chance(20),
        "shopping_ads_retargeting_type": "OFF" if campaign.profile == "shop" else None,
        "included_custom_actions": [],
        "excluded_custom_actions": [],
        "location_ids": [LOCATIONS[country] for country in countries_of(group)],
        "zipcode_ids": [],
        "languages": [LANGUAGES.get(account.template.country, "en")],
        "gender": gender_of(group),
        "age_groups": ages_of(group),
        "household_income": [],
        "interest_category_ids": [str(dice.between(10, 29) * 1000)] if dice.chance(40) else [],
        "interest_keyword_ids": [],
        "purchase_intention_keyword_ids": [],
        "actions": [
            {
                "action_scene": "VIDEO_RELATED",
                "action_period": 15,
                "video_user_actions": ["WATCHED_TO_END", "LIKED"],
                "action_category_ids": [dice.pick(ACTIONS)[0]],
            }
        ]
        if dice.chance(20)
        else [],
        "operating_systems": ["ANDROID"] if is_app else [],
        "min_android_version": "8.0" if is_app else None,
        "ios14_targeting": "UNSET",
        "min_ios_version": None,
        "ios14_quota_type": "UNOCCUPIED",
        "device_model_ids": [],
        "network_types": [],
        "carrier_ids": [],
        "isp_ids": [],
        "device_price_ranges": None,
        "contextual_tag_ids": [],
        "targeting_expansion": {"expansion_enabled": False, "expansion_types": []},
        "included_pangle_audience_package_ids": [],
        "excluded_pangle_audience_package_ids": [],
        "brand_safety_type": "NO_BRAND_SAFETY",
        "brand_safety_partner": None,
        "inventory_filter_enabled": False,
        "category_exclusion_ids": [],
        "budget_mode": "BUDGET_MODE_TOTAL" if reserved else "BUDGET_MODE_DAY",
        "budget": budget,
        "scheduled_budget": 0,
        "schedule_type": "SCHEDULE_START_END" if ends else "SCHEDULE_FROM_NOW",
        "schedule_start_time": utc_text(group.created),
        "schedule_end_time": utc_text(campaign.end_at if ends else group.created + _SCHEDULE_DAYS * 86_400),
        "schedule_infos": None,
        "dayparting": "1" * 336,
        "optimization_goal": profile.goal,
        "billing_event": profile.billing,
        "bid_type": "BID_TYPE_CUSTOM" if capped else "BID_TYPE_NO_BID",
        "bid_price": price if capped and profile.billing in {"CPC", "CPM", "CPV"} else 0,
        "conversion_bid_price": price if capped and profile.billing == "OCPM" else 0,
        "deep_bid_type": "AEO" if is_app else "DEFAULT",
        "deep_cpa_bid": 0,
        "roas_bid": 0,
        "bid_display_mode": "CPMV",
        "cpv_video_duration": None,
        "conversion_window": None,
        "next_day_retention": None,
        "click_attribution_window": _WINDOWS[click_window(group)],
        "engaged_view_attribution_window": "ONE_DAY",
        "view_attribution_window": "ONE_DAY",
        "attribution_event_count": "EVERY" if web else "UNSET",
        "pacing": "PACING_MODE_SMOOTH",
        "delivery_mode": "STANDARD" if reserved else None,
        "frequency": 3 if reserved else None,
        "frequency_schedule": 7 if reserved else None,
        "rf_purchased_type": "FIXED_REACH" if reserved else None,
        "purchased_impression": 500_000 if reserved else None,
        "purchased_reach": 300_000 if reserved else None,
        "rf_estimated_cpr": 4.2 if reserved else None,
        "rf_estimated_frequency": 1.8 if reserved else None,
        "statistic_type": None,
        "is_hfss": False,
        "creative_material_mode": creative_mode(campaign),
        "adgroup_app_profile_page_state": None,
        "feed_type": None,
        "category_id": "0",
        "catalog_id": catalog_id(group),
        "catalog_authorized_bc_id": None,
        "product_set_id": product_set_id(group),
        "split_test_group_id": None,
        "split_test_adgroup_ids": None,
        "keywords": None,
        "skip_learning_phase": 0,
        "is_new_structure": True,
        "operation_status": operation_status(group, now),
        "secondary_status": secondary_status(group, now),
    }
    if dice.chance(50):  # TikTok added this field later: older objects lack it
        record["spending_power"] = "ALL"
    return record


def _audience_ids(group: AdGroup) -> list[str]:
    """The custom audience of three in ten ad groups. It existed when the ad group was created."""
    collection = audiences(group.campaign.account)
    index = collection.pick(group.key >> 24, group.created)
    return [audience_id(collection, index)] if index is not None and group.key % 100 < 30 else []


def _playable_url(ad: Ad) -> str:
    index = playable_of(ad)
    return "" if index is None else playable_url(playables(ad.group.campaign.account), index)


def _card_id(ad: Ad) -> str | None:
    """The card of an ad: the interactive add-on of its Smart+ ad, or that of one in thirteen other ads."""
    if ad.group.campaign.smart:
        add_on = add_on_of(ad.group)
        return add_on.asset if add_on else None
    return portfolio_for(ad.group.campaign.account, 1, ad.key, ad.created) if ad.key % 13 == 0 else None


def ad_record(ad: Ad, now: int, *, null_modify_time: bool) -> dict[str, Any]:
    """One row of ad/get. With `null_modify_time`, ads of upgraded Smart+ campaigns have no modify_time."""
    group = ad.group
    campaign = group.campaign
    account = campaign.account
    profile = profile_of(campaign)
    dice = Dice(ad.key, 35)
    text = ad_text(ad)
    carousel = is_carousel(ad)
    post = item_id(ad)
    identity = identity_of(ad)
    is_app = campaign.profile == "app"
    slug = "".join(letter for letter in account.template.name.lower() if letter.isascii() and letter.isalnum())
    landing = "" if is_app else f"https://www.{slug}.example/p/{ad.key % 1000}?utm_source=tiktok&ad=__AID__"
    record: dict[str, Any] = {
        "advertiser_id": str(account.id),
        "campaign_id": str(campaign.id),
        "campaign_name": campaign_name(campaign),
        "campaign_system_origin": campaign.origin,
        "campaign_automation_type": automation_type(campaign),
        "adgroup_id": str(group.id),
        "adgroup_name": adgroup_name(group),
        "ad_id": str(ad.id),
        "ad_name": ad_name(ad),
        "create_time": utc_text(ad.created),
        "modify_time": utc_text(modified(ad, now)),
        "identity_type": identity.type,
        "identity_id": identity.id,
        "identity_authorized_bc_id": identity.business_center or None,
        "catalog_id": catalog_id(ad.group),
        "product_specific_type": None,
        "item_group_ids": [],
        "product_set_id": product_set_id(ad.group),
        "sku_ids": sku_ids(ad),
        "showcase_products": None,
        "ad_format": "CAROUSEL_ADS" if carousel else "SINGLE_VIDEO",
        "vertical_video_strategy": "UNSET",
        "dynamic_format": "UNSET",
        "video_id": video_id(ad),
        "image_ids": image_ids(ad),
        "carousel_image_index": 0 if carousel else None,
        "music_id": music_id(ad),
        "tiktok_item_id": post,
        "promotional_music_disabled": False,
        "item_duet_status": "ENABLE",
        "item_stitch_status": "ENABLE",
        "dark_post_status": "ON",
        "branded_content_disabled": "false",
        "shopping_ads_video_package_id": None,
        "ad_text": text,
        "ad_texts": [entity.name for entity in texts_of(ad)] if campaign.smart else None,
        "call_to_action": profile.action,
        "call_to_action_id": call_to_action_of(ad).asset or None if campaign.smart else None,
        "card_id": _card_id(ad),
        "landing_page_url": landing,
        "landing_page_urls": [landing] if landing else None,
        "utm_params": [{"key": "utm_source", "value": "tiktok"}, {"key": "utm_campaign", "value": "__CAMPAIGN_ID__"}]
        if landing and dice.chance(50)
        else [],
        "page_id": None,
        "tiktok_page_category": None,
        "phone_region_code": None,
        "phone_region_calling_code": None,
        "phone_number": None,
        "deeplink": "",
        "deeplink_type": "NORMAL",
        "shopping_ads_deeplink_type": "NONE",
        "shopping_deeplink_type": None,
        "shopping_ads_fallback_type": "DEFAULT",
        "fallback_type": "UNSET",
        "dynamic_destination": "UNSET",
        "aigc_disclosure_type": "NOT_DECLARED",
        "disclaimer_type": None,
        "disclaimer_text": None,
        "disclaimer_clickable_texts": None,
        "tracking_app_id": app_id(account) if is_app else None,
        "tracking_offline_event_set_ids": [],
        "vast_moat_enabled": False,
        "viewability_postbid_partner": "UNSET",
        "viewability_vast_url": None,
        "brand_safety_postbid_partner": "UNSET",
        "brand_safety_vast_url": None,
        "impression_tracking_url": None,
        "click_tracking_url": None,
        "playable_url": _playable_url(ad),
        "premium_badge_id": None,
        "operation_status": operation_status(ad, now),
        "secondary_status": secondary_status(ad, now),
        "creative_type": None,
        "app_name": account.template.app,
        "display_name": account.template.name,
        "avatar_icon_web_uri": image_id(account.key, carousel=False),
        "profile_image_url": f"https://p16-ad.example/{account.key:016x}.jpeg",
        "creative_authorized": post is not None,
        "is_aco": creative_mode(campaign) == "DYNAMIC",
        "is_new_structure": True,
        "optimization_event": profile.event or None,
    }
    if campaign.profile in {"web", "lead"} and dice.chance(60):
        record["tracking_pixel_id"] = int(pixel_id(account))
    if campaign.smart:
        record["smart_plus_ad_id"] = str(group.smart_ad_id)
        if null_modify_time:
            record["modify_time"] = None
            if ad.key % 4 == 0:
                del record["modify_time"]
    return record
