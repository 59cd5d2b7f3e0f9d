"""Attribute metrics: the current fields of a row's object, as labels."""

from tiktok_marketing.emulator.business.business import Account, Ad, AdGroup, Campaign, Item, adgroup_of, campaign_of
from tiktok_marketing.emulator.business.creatives import file_name, item_id, video_id
from tiktok_marketing.emulator.business.derived_fields import (
    ad_name,
    ad_text,
    adgroup_name,
    app_id,
    automation_type,
    campaign_name,
    creative_mode,
    rf_campaign_type,
)
from tiktok_marketing.emulator.business.identities import identity_of
from tiktok_marketing.emulator.business.targeting import places_automatically
from tiktok_marketing.emulator.business.vocabulary import PROFILES
from tiktok_marketing.emulator.endpoints.records import ad_record, adgroup_record, campaign_record
from tiktok_marketing.emulator.endpoints.reports.metric_names import ATTRIBUTES
from tiktok_marketing.emulator.endpoints.reports.metrics import LEVELS, money_text

_OPERATIONS = {"ENABLE": "Enabled", "DISABLE": "Disabled", "DELETE": "Deleted"}

_ABSENT = {"tt_app_id": "0", "tt_app_name": "0", "mobile_app_id": "0", "dpa_target_audience_type": "-"}


def attributes(names: list[str], account: Account, item: Account | Item, now: int) -> dict[str, str]:
    """The values of attribute metrics for a row's object. An attribute that it does not have is `-` or, for apps, 0."""
    if not names:
        return {}
    values = {"advertiser_name": account.name, "advertiser_id": str(account.id), "currency": account.template.currency}
    if not isinstance(item, Account):
        group = adgroup_of(item)
        wanted = set(names)
        if wanted - values.keys():
            values |= _of_campaign(campaign_of(item), now, budget="campaign_budget" in wanted)
        if group and wanted - values.keys():
            values |= _of_adgroup(group, now, full=bool(wanted & _FROM_ADGROUP_RECORD))
        if isinstance(item, Ad) and wanted - values.keys():
            values |= _of_ad(item, now, full=bool(wanted & _FROM_AD_RECORD))
    own = LEVELS.index(_level(item))
    absent = {name: text for name, text in _ABSENT.items() if LEVELS.index(ATTRIBUTES[name]) <= own}
    return {name: values.get(name, absent.get(name, "-")) for name in names}


def _level(item: Account | Item) -> str:
    if isinstance(item, Account):
        return "advertiser"
    return "campaign" if isinstance(item, Campaign) else "adgroup" if isinstance(item, AdGroup) else "ad"


_FROM_ADGROUP_RECORD = frozenset({"opt_status", "budget", "bid", "bid_strategy", "adgroup_download_url"})
_FROM_AD_RECORD = frozenset({"call_to_action", "ad_url", "image_mode", "identity_id", "opt_status", "ad_profile_image"})
"""The attributes for which a whole record has to be built."""


def _amount(units: float, account: Account) -> str:
    """An amount of money with the decimals of the account's currency."""
    return money_text(round(units * account.template.minor_units), account.template.currency)


def _of_campaign(campaign: Campaign, now: int, *, budget: bool) -> dict[str, str]:
    profile = PROFILES[campaign.profile]
    values = {
        "campaign_id": str(campaign.id),
        "campaign_name": campaign_name(campaign),
        "campaign_automation_type": automation_type(campaign),
        "objective_type": profile.objective_label,
        "split_test": "No",
        "campaign_dedicate_type": "-",
        "rf_campaign_type": rf_campaign_type(campaign),
        "app_promotion_type": "App install" if campaign.profile == "app" else "-",
    }
    if budget:
        values["campaign_budget"] = _amount(campaign_record(campaign, now)["budget"], campaign.account)
    return values


def _of_adgroup(group: AdGroup, now: int, *, full: bool) -> dict[str, str]:
    campaign = group.campaign
    profile = PROFILES[campaign.profile]
    values = {
        "adgroup_id": str(group.id),
        "adgroup_name": adgroup_name(group),
        "placement_type": "Automatic Placement" if places_automatically(group) else "Select Placement",
        "promotion_type": profile.promotion_label,
        "billing_event": profile.billing,
        "smart_target": profile.goal,
        "profile_image": "",
        "pricing_category": profile.billing,
        "aeo_type": "0",
        "optimization_event": profile.event or "-",
        "bid_secondary_goal": _amount(0, campaign.account),
    }
    if campaign.profile == "app":
        app = app_id(campaign.account) or "0"
        values |= {"tt_app_id": app, "tt_app_name": campaign.account.template.app or "0", "mobile_app_id": app}
    if full:
        record = adgroup_record(group, now)
        values |= {
            "opt_status": _OPERATIONS[record["operation_status"]],
            "budget": _amount(record["budget"], campaign.account),
            "bid": _amount(record["bid_price"] or record["conversion_bid_price"], campaign.account),
            "bid_strategy": "Cost cap" if record["bid_type"] == "BID_TYPE_CUSTOM" else "Lowest cost",
            "adgroup_download_url": record["app_download_url"] or "",
        }
    return values


def _of_ad(ad: Ad, now: int, *, full: bool) -> dict[str, str]:
    values = {
        "ad_id": str(ad.id),
        "ad_id_v2": str(ad.v2_id),
        "ad_name": ad_name(ad),
        "ad_text": ad_text(ad),
        "video_id": video_id(ad) or "-",
        "file_name": file_name(ad) or "-",
        "tiktok_name": identity_of(ad).username or "-",
        "tiktok_item_id": item_id(ad) or "-",
        "is_aco": "false" if creative_mode(ad.group.campaign) == "CUSTOM" else "true",
        "is_smart_creative": "false",
        "is_removed_from_spc": "0",
    }
    if full:
        record = ad_record(ad, now, null_modify_time=False)
        values |= {
            "call_to_action": str(record["call_to_action"]).replace("_", " ").capitalize(),
            "ad_url": record["landing_page_url"],
            "image_mode": "Carousel" if record["ad_format"] == "CAROUSEL_ADS" else "Single video",
            "identity_id": record["identity_id"],
            "ad_profile_image": record["profile_image_url"],
            "opt_status": _OPERATIONS[record["operation_status"]],
        }
    return values
