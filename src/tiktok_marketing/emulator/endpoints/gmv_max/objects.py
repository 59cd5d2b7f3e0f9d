"""Stores, campaigns and sessions of GMV Max."""

from collections.abc import Mapping, Sequence
from typing import Any

from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.business.business_centers import business_centers
from tiktok_marketing.emulator.business.identities import identities
from tiktok_marketing.emulator.business.shop.campaigns import Session, ShopCampaign, shop_campaigns
from tiktok_marketing.emulator.business.shop.products import posts, products
from tiktok_marketing.emulator.business.shop.stores import Store, stores_of
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, page_info, refuse, utc_text
from tiktok_marketing.emulator.endpoints.gmv_max.metrics import budget, max_delivery_budget, roas_bid
from tiktok_marketing.emulator.endpoints.reports.metrics import decimal_text

_KINDS = {"PRODUCT_GMV_MAX": "PRODUCT", "LIVE_GMV_MAX": "LIVE"}
_STATUSES = ("STATUS_DELIVERY_OK", "STATUS_DISABLE", "STATUS_DELETE")
_FILTERS = {
    "gmv_max_promotion_types", "store_ids", "campaign_ids", "campaign_name", "primary_status",
    "creation_filter_start_time", "creation_filter_end_time",
}  # fmt: skip
_FIELDS = (
    "advertiser_id", "campaign_id", "campaign_name", "operation_status", "create_time", "modify_time",
    "objective_type", "secondary_status", "roi_protection_compensation_status",
)  # fmt: skip
_MAX_STORES = 10
_MAX_SESSIONS = 20


def store_list(stores: Sequence[Store], account: Account) -> Answer:
    """gmv_max/store/list: the stores that an account sees, its own and those of others."""
    return encode({"store_list": [_store_record(store, account) for store in stores]})


def _store_record(store: Store, account: Account) -> dict[str, Any]:
    owner = store.owner
    own = account is owner
    record: dict[str, Any] = {
        "store_id": store.id,
        "is_gmv_max_available": store.available,
        "store_authorized_bc_id": store.business_center,
        "is_owner_bc": True,
        "store_authorized_bc_info": {
            "bc_id": store.business_center,
            "bc_profile_image": f"https://p16-ad.example/bc/{store.key:016x}.jpeg",
            "bc_name": business_centers([owner])[0].name,
            "user_role": "ADMIN" if own else "STANDARD",
        },
        "thumbnail_url": f"https://p16-oec.example/store/{store.key:016x}.jpeg",
        "store_name": store.name,
        "store_code": f"{owner.template.country}LC{store.key % 10**10:010d}",
        "targeting_region_codes": [owner.template.country],
        "store_status": "ACTIVE" if store.available else "NEW_CREATE",
        "store_role": ("MANAGER" if own else "AD_PROMOTION") if store.available else "UNSET",
        "exclusive_authorized_advertiser_info": {},
    }
    if store.available:
        record["exclusive_authorized_advertiser_info"] = {
            "advertiser_id": str(owner.id),
            "advertiser_name": owner.name,
            "advertiser_status": "STATUS_ENABLE",
        }
    return record


def campaign_list(account: Account, params: Mapping[str, Any], now: int) -> Answer:
    """gmv_max/campaign/get: the GMV Max campaigns of an account, the newest first. Deleted ones need a filter."""
    filtering = read.filtering(params, _FILTERS)
    fields = read.fields(params, _FIELDS) or _FIELDS
    page, size = read.integer(params, "page", 1, 1, None), read.integer(params, "page_size", 10, 1, 100)
    kinds = read.text_list(filtering.get("gmv_max_promotion_types") or [], "gmv_max_promotion_types")
    if not kinds:
        refuse("Missing required field(s): filtering.gmv_max_promotion_types.")
    for kind in kinds:
        if kind not in _KINDS:
            refuse(f"filtering.gmv_max_promotion_types: Must be one of: {', '.join(_KINDS)}.")
    chosen = [
        campaign
        for campaign in reversed(shop_campaigns(account))
        if campaign.created <= now and campaign.plan.kind in {_KINDS[kind] for kind in kinds}
    ]
    chosen = [campaign for campaign in chosen if _passes(campaign, filtering, now)]
    shown = chosen[(page - 1) * size : page * size]
    records = [{name: _record(campaign, now)[name] for name in fields} for campaign in shown]
    return encode({"list": records, "page_info": page_info(page, size, len(chosen))})


def _passes(campaign: ShopCampaign, filtering: dict[str, Any], now: int) -> bool:
    """Whether a campaign passes the filters."""
    status = filtering.get("primary_status")
    if status is not None and status not in _STATUSES:
        refuse(f"filtering.primary_status: Must be one of: {', '.join(_STATUSES)}.")
    deleted = campaign.primary_status(now) == "STATUS_DELETE"
    if campaign.primary_status(now) != status if status else deleted:
        return False
    if read.word(filtering, "campaign_name").lower() not in campaign.name.lower():
        return False
    stores = read.ids(filtering.get("store_ids") or [], "store_ids", _MAX_STORES)
    if stores and stores_of(campaign.account)[campaign.plan.store].id not in stores:
        return False
    ids = read.ids(filtering.get("campaign_ids") or [], "campaign_ids")
    if ids and str(campaign.id) not in ids:
        return False
    begin, end = (_seconds(filtering, f"creation_filter_{name}_time") for name in ("start", "end"))
    return (begin is None or campaign.created >= begin) and (end is None or campaign.created <= end)


def _seconds(filtering: dict[str, Any], name: str) -> int | None:
    """A time in UTC, in seconds since 1970. None if it is missing."""
    text = filtering.get(name)
    if not text:
        return None
    return read.seconds(text, f"filtering.{name}")


def _record(campaign: ShopCampaign, now: int) -> dict[str, Any]:
    status = {"STATUS_DELETE": "DELETE", "STATUS_DISABLE": "DISABLE"}.get(campaign.primary_status(now), "ENABLE")
    return {
        "advertiser_id": str(campaign.account.id),
        "campaign_id": str(campaign.id),
        "campaign_name": campaign.name,
        "operation_status": campaign.operation_status(now),
        "create_time": utc_text(campaign.created),
        "modify_time": utc_text(campaign.modified(now)),
        "objective_type": "PRODUCT_SALES",
        "secondary_status": f"CAMPAIGN_STATUS_{status}",
        "roi_protection_compensation_status": "IN_EFFECT" if _is_protected(campaign) else "NOT_ELIGIBLE",
    }


def _is_protected(campaign: ShopCampaign) -> bool:
    return not campaign.is_live and campaign.key % 2 == 0


def campaign_info(account: Account, params: Mapping[str, Any], now: int) -> Answer:
    """campaign/gmv_max/info: one campaign in detail."""
    campaign = _campaign(account, params, now)
    store = stores_of(account)[campaign.plan.store]
    units = account.template.minor_units
    some = len(campaign.products) < len(account.template.products)
    running_boost = max_delivery_budget(campaign, now)
    record: dict[str, Any] = {
        "advertiser_id": str(account.id),
        "operation_status": campaign.operation_status(now),
        "campaign_id": str(campaign.id),
        "campaign_name": campaign.name,
        "store_id": store.id,
        "store_authorized_bc_id": store.business_center,
        "shopping_ads_type": campaign.plan.kind,
        "product_specific_type": "UNSET" if campaign.is_live else "CUSTOMIZED_PRODUCTS" if some else "ALL",
        "item_group_ids": [products(account)[place].id for place in campaign.products] if some else [],
        "optimization_goal": "VALUE",
        "roi_protection_enabled": _is_protected(campaign),
        "deep_bid_type": "VO_MIN_ROAS",
        "roas_bid": float(decimal_text(roas_bid(campaign))),
        "budget": (budget(campaign) + running_boost) / units,
        "promotion_days": {"is_enabled": False, "auto_schedule_enabled": False, "custom_schedule_list": []},
        "auto_budget_enabled": False,
        "schedule_type": "SCHEDULE_FROM_NOW",
        "schedule_start_time": utc_text(campaign.created),
        "placements": ["PLACEMENT_TIKTOK"],
        "location_ids": [],
        "age_groups": ["AGE_18_24", "AGE_25_34", "AGE_35_44", "AGE_45_54", "AGE_55_100"],
        "product_video_specific_type": "UNSET" if campaign.is_live else "AUTO_SELECTION",
        "accelerate_testing_for_new_videos": "OFF",
        "identity_list": [_identity_of(account, store, now)] if campaign.is_live else [],
        "affiliate_posts_enabled": not campaign.is_live,
        "item_list": [],
        "custom_anchor_video_list": [],
    }
    return encode(record)


def _identity_of(account: Account, store: Store, now: int) -> dict[str, Any]:
    """The TikTok account that goes LIVE for a store."""
    identity = next(item for item in identities(account, now) if item.type == "TT_USER")
    return {"identity_id": identity.id, "identity_type": identity.type, "store_id": store.id}


def session_list(account: Account, params: Mapping[str, Any], now: int) -> Answer:
    """campaign/gmv_max/session/list: the sessions of a campaign, the newest first."""
    campaign = _campaign(account, params, now)
    sessions = reversed(campaign.sessions(now))
    return encode({"session_list": [_session_record(campaign, session) for session in sessions]})


def session_details(account: Account, params: Mapping[str, Any], now: int) -> Answer:
    """campaign/gmv_max/session/get: sessions by their ids. Those that do not exist are left out."""
    wanted = read.texts(params, "session_ids")
    if not wanted:
        refuse("Missing required field(s): session_ids.")
    if len(wanted) > _MAX_SESSIONS:
        refuse(f"session_ids: Longer than maximum length {_MAX_SESSIONS}.")
    records = [
        _session_record(campaign, session) | _boosted_post(account, session)
        for campaign in shop_campaigns(account)
        for session in campaign.sessions(now)
        if session.id in wanted
    ]
    return encode({"session_list": records})


def _boosted_post(account: Account, session: Session) -> dict[str, str]:
    """The post that a session boosts. Sessions of maximum delivery boost none."""
    published = posts(account, session.product, account.start_of(session.first_day))
    return {"item_id": published[-1].id} if session.bid_type == "CREATIVE_NO_BID" and published else {}


def _session_record(campaign: ShopCampaign, session: Session) -> dict[str, Any]:
    account = campaign.account
    first = account.start_of(session.first_day)
    return {
        "campaign_id": str(campaign.id),
        "bid_type": session.bid_type,
        "session_id": session.id,
        "budget": session.budget / account.template.minor_units,
        "product_list": [{"spu_id": products(account)[session.product].id}],
        "schedule_type": "SCHEDULE_START_END",
        "schedule_start_time": utc_text(first),
        "schedule_end_time": utc_text(account.start_of(session.last_day + 1)),
    }


def _campaign(account: Account, params: Mapping[str, Any], now: int) -> ShopCampaign:
    """The campaign of a request. Others' campaigns are refused."""
    wanted = read.required(params, "campaign_id")
    known = {str(campaign.id): campaign for campaign in shop_campaigns(account) if campaign.created <= now}
    return known.get(wanted) or refuse(f"campaign_id: The campaign {wanted} does not exist.")
