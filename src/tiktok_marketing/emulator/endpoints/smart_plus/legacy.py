"""campaign/spc/get: Smart+ campaigns of the old kind. TikTok marks it as to be deprecated."""

from collections.abc import Mapping
from typing import Any

from tiktok_marketing.emulator.business.business import Account, Ad, Campaign
from tiktok_marketing.emulator.business.creatives import creative_key, file_name, image_ids, material_id, video_id
from tiktok_marketing.emulator.business.derived_fields import ad_text, profile_of
from tiktok_marketing.emulator.business.identities import identity_of
from tiktok_marketing.emulator.business.status import deleted_at, is_deleted, operation_status
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, refuse
from tiktok_marketing.emulator.endpoints.records import ad_record, adgroup_record, campaign_record

_FROM_CAMPAIGN = (
    "advertiser_id", "campaign_id", "campaign_name", "operation_status", "secondary_status",
    "is_smart_performance_campaign", "objective_type", "app_promotion_type", "virtual_objective_type",
    "sales_destination", "campaign_type", "campaign_app_profile_page_state", "is_advanced_dedicated_campaign",
    "disable_skan_campaign", "special_industries", "campaign_product_source", "create_time", "modify_time",
)  # fmt: skip
_FROM_ADGROUP = (
    "catalog_id", "catalog_authorized_bc_id", "product_set_id", "promotion_type", "app_id", "app_type",
    "promotion_website_type", "promotion_target_type", "optimization_goal", "pixel_id", "optimization_event",
    "bid_type", "bid_price", "conversion_bid_price", "deep_bid_type", "roas_bid", "click_attribution_window",
    "engaged_view_attribution_window", "view_attribution_window", "attribution_event_count", "billing_event",
    "location_ids", "languages", "gender", "excluded_audience_ids", "placement_type", "placements",
    "comment_disabled", "share_disabled", "video_download_disabled", "blocked_pangle_app_ids", "brand_safety_type",
    "category_exclusion_ids", "budget_mode", "budget", "scheduled_budget", "schedule_type", "schedule_start_time",
    "schedule_end_time", "dayparting", "app_download_url",
)  # fmt: skip


def legacy_campaigns(account: Account, params: Mapping[str, Any], now: int) -> Answer:
    """The Smart+ campaigns of the old kind with some ids. Campaigns of other kinds are left out.

    Raises:
        Refusal: The ids are missing or too many.
    """
    value = read.json_value(params, "campaign_ids")
    if not value:
        refuse("Missing required field(s): campaign_ids.")
    wanted = read.ids(value, "campaign_ids")
    chosen = [item for item in reversed(account.campaigns(now)) if item.legacy_smart and str(item.id) in wanted]
    return encode({"list": [_record(campaign, now) for campaign in chosen if deleted_at(campaign) > now]})


def _record(campaign: Campaign, now: int) -> dict[str, Any]:
    """One campaign with everything in it."""
    group = campaign.groups[0]
    own, inner = campaign_record(campaign, now), adgroup_record(group, now)
    ads = [ad for ad in group.ads if ad.created <= now and not is_deleted(ad, now)]
    first = ad_record(ads[0], now, null_modify_time=False) if ads else {}
    return (
        {name: own[name] for name in _FROM_CAMPAIGN}
        | {name: inner[name] for name in _FROM_ADGROUP}
        | {
            "spc_type": "APP_CAMPAIGN" if campaign.profile == "app" else "WEB_CAMPAIGN",
            "adgroup_secondary_status": inner["secondary_status"],
            "spc_audience_age": "OVER_EIGHTEEN",
            "exclude_age_under_eighteen": True,
            "current_budget": inner["budget"],
            "skip_learning_phase": False,
            "identity_type": first.get("identity_type"),
            "identity_id": first.get("identity_id"),
            "app_name": campaign.account.template.app if campaign.profile == "app" else None,
            "dark_post_status": "ON",
            "media_info_list": [_media(combinations[0], now) for combinations in _by_creative(ads)],
            "title_list": [
                {"title": text, "material_operation_status": "ENABLE"} for text in dict.fromkeys(map(ad_text, ads))
            ],
            "call_to_action_list": [{"call_to_action": profile_of(campaign).action}],
            "call_to_action_id": None,
            "card_list": [],
            "page_list": [],
            "deeplink": "",
            "deeplink_type": "NORMAL",
            "landing_page_urls": [{"landing_page_url": first["landing_page_url"]}]
            if first.get("landing_page_url")
            else [],
            "impression_tracking_url": None,
            "click_tracking_url": None,
        }
    )


def _by_creative(ads: list[Ad]) -> list[list[Ad]]:
    """The ads of each creative."""
    groups: dict[tuple[int, bool], list[Ad]] = {}
    for ad in ads:
        groups.setdefault((creative_key(ad), video_id(ad) is None), []).append(ad)
    return list(groups.values())


def _media(ad: Ad, now: int) -> dict[str, Any]:
    identity = identity_of(ad)
    media: dict[str, Any] = {
        "identity_id": identity.id,
        "identity_type": identity.type,
        "aigc_disclosure_type": "NOT_DECLARED",
        "image_info": [{"web_uri": image} for image in image_ids(ad)],
    }
    record = ad_record(ad, now, null_modify_time=False)
    if record["tiktok_item_id"]:
        media["tiktok_item_id"] = record["tiktok_item_id"]
    if video_id(ad):
        media["video_info"] = {"video_id": video_id(ad), "file_name": file_name(ad)}
    if record["music_id"]:
        media["music_info"] = {"music_id": record["music_id"]}
    return {
        "ad_material_id": material_id(ad.group.campaign.account, creative_key(ad)),
        "material_operation_status": operation_status(ad, now),
        "media_info": media,
    }
