"""What a GMV Max campaign can be made of: identities, posts and recommendations, and what is taken already."""

from collections.abc import Callable, Mapping
from typing import Any

from tiktok_marketing.emulator.business.business import Account, Ad
from tiktok_marketing.emulator.business.creatives import Asset
from tiktok_marketing.emulator.business.identities import Identity, identities, identity_of
from tiktok_marketing.emulator.business.shop.campaigns import shop_campaigns
from tiktok_marketing.emulator.business.shop.products import Post, posts, products
from tiktok_marketing.emulator.business.shop.stores import Store
from tiktok_marketing.emulator.business.status import ad_status
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.asset_records import video_record
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, page_info, refuse, utc_text
from tiktok_marketing.emulator.endpoints.gmv_max.metrics import avatar, budget, product_image, roas_bid
from tiktok_marketing.emulator.endpoints.reports.metrics import decimal_text
from tiktok_marketing.emulator.randomness import keyed

_IDENTITY_TYPES = ("AUTH_CODE", "TT_USER", "BC_AUTH_TT", "TTS_TT")
_ASSET_TYPES = {
    "IDENTITY_TT_USER": "TT_USER", "TT_USER": "TT_USER", "IDENTITY_BC_AUTH_TT": "BC_AUTH_TT",
    "BC_AUTH_TT": "BC_AUTH_TT", "IDENTITY_TTS_TT": "TTS_TT", "TTS_TT": "TTS_TT", "SPU": "SPU",
}  # fmt: skip
"""The types of what a Shopping Ad can occupy, as requests name them, and as identities do."""
_SORT_FIELDS = ("GMV", "POST_TIME", "VIDEO_VIEWS", "VIDEO_LIKES", "CLICK_THROUGH_RATE", "PRODUCT_CLICKS")
_VIDEO_FIELDS = (
    "video_id", "video_cover_url", "preview_url", "height", "width", "bit_rate", "duration", "size", "signature",
    "format",
)  # fmt: skip
_MAX_IDENTITIES = 20
_MAX_PRODUCTS = 50


def identity_list(account: Account, store: Store, now: int) -> Answer:
    """gmv_max/identity/get: the TikTok accounts that GMV Max campaigns of a store can use."""
    if account is not store.owner:
        return encode({"identity_list": []})
    usable = [item for item in identities(account, now) if item.type != "CUSTOMIZED_USER"]
    records = [_identity_record(item, account, store, now) for item in usable]
    return encode({"identity_list": [_official(store), *records]})


def _official(store: Store) -> dict[str, Any]:
    """The official account of the store."""
    return {
        "identity_id": _official_id(store),
        "identity_type": "TTS_TT",
        "identity_authorized_shop_id": store.id,
        "store_id": store.id,
        "profile_image": avatar(store.key),
        "display_name": store.name,
        "user_name": f"shop{store.key % 10**6:06d}",
        "is_running_custom_shop_ads": False,
        "product_gmv_max_available": True,
        "live_gmv_max_available": True,
    }


def _official_id(store: Store) -> str:
    return str(7_400_000_000_000_000_000 + keyed(store.key, 57) % 10**15)


def _identity_record(identity: Identity, account: Account, store: Store, now: int) -> dict[str, Any]:
    occupied = identity.type == "TT_USER" and any(
        campaign.is_live and campaign.primary_status(now) == "STATUS_DELIVERY_OK" for campaign in store.campaigns
    )
    creator = identity.type == "AUTH_CODE"
    record: dict[str, Any] = {
        "identity_id": identity.id,
        "identity_type": identity.type,
        "store_id": store.id,
        "profile_image": avatar(identity.key),
        "display_name": identity.name,
        "user_name": identity.username,
        "is_running_custom_shop_ads": any(identity_of(ad).id == identity.id for ad in _shop_ads(account, now)),
        "product_gmv_max_available": True,
        "live_gmv_max_available": not occupied and not creator,
    }
    if identity.business_center:
        record["identity_authorized_bc_id"] = identity.business_center
    if occupied or creator:
        record["unavailable_reason"] = "OCCUPIED" if occupied else "UNAUTHORIZED"
    return record


def _shop_ads(account: Account, now: int) -> list[Ad]:
    """The Shopping Ads of an account that are running and are not of GMV Max."""
    return [
        ad
        for ad in account.ads(now)
        if ad.group.campaign.profile == "shop" and ad_status(ad, now) == "AD_STATUS_DELIVERY_OK"
    ]


def video_list(account: Account, store: Store, params: Mapping[str, Any], now: int) -> Answer:
    """gmv_max/video/get: the posts that campaigns for products of a store can use."""
    read.boolean(params, "custom_posts_eligible")
    return _posts(account, store, params, now, lambda _: True)


def chosen_posts(account: Account, store: Store, params: Mapping[str, Any], now: int) -> Answer:
    """gmv_max/creation/custom_anchor_video_list/get: the posts of a store whose products the advertiser chose."""
    read.required(params, "creative_source")
    return _posts(account, store, params, now, _is_custom)


def _is_custom(post: Post) -> bool:
    """Whether the advertiser chose the product of a post. Otherwise its creator did."""
    return post.authorization in {"TT_USER", "BC_AUTH_TT"} and keyed(post.key, 73) % 2 == 0


def products_of_posts(store: Store, params: Mapping[str, Any], now: int) -> Answer:
    """gmv_max/creation/shop_video/video_anchors: the products of some posts. Posts of other stores are left out."""
    wanted = read.texts(params, "item_ids")
    if not wanted:
        refuse("Missing required field(s): item_ids.")
    if len(wanted) > read.MAX_IDS:
        refuse(f"item_ids: Longer than maximum length {read.MAX_IDS}.")
    known = {post.id: post for product in products(store.owner) for post in posts(store.owner, product.place, now)}
    records = [
        {
            "item_id": name,
            "product_list": [
                {
                    "spu_id": known[name].product.id,
                    "title": known[name].product.name,
                    "picture": product_image(known[name].product),
                    "anchor_source": "CUSTOM" if _is_custom(known[name]) else "ORGANIC",
                }
            ],
        }
        for name in dict.fromkeys(wanted)
        if name in known
    ]
    return encode({"video_list": records})


def _posts(
    account: Account, store: Store, params: Mapping[str, Any], now: int, is_eligible: Callable[[Post], bool]
) -> Answer:
    """One page of the posts of a store that a request looks for."""
    page, size = read.integer(params, "page", 1, 1, None), read.integer(params, "page_size", 10, 1, 50)
    field, direction = params.get("sort_field", "GMV"), params.get("sort_type", "DESC")
    if field not in _SORT_FIELDS:
        refuse(f"sort_field: Must be one of: {', '.join(_SORT_FIELDS)}.")
    if direction not in ("ASC", "DESC"):
        refuse("sort_type: Must be one of: ASC, DESC.")
    wanted = read.texts(params, "spu_id_list")
    word = str(params.get("keyword", "")).lower()
    types = _identity_types(params)
    with_codes = read.boolean(params, "need_auth_code_video") or "AUTH_CODE" in types
    known = [
        post
        for product in products(store.owner)
        if not wanted or product.id in wanted
        for post in posts(store.owner, product.place, now)
        if word in f"{post.text} {post.id}".lower()
    ]
    chosen = [post for post in known if is_eligible(post) and _is_wanted(post, types, with_codes=with_codes)]
    chosen.sort(
        key=lambda post: (post.created if field == "POST_TIME" else keyed(post.key, *field.encode()), post.id),
        reverse=direction == "DESC",
    )
    permitted = account is store.owner
    records = [_post_record(post, store, now, permitted=permitted) for post in chosen[(page - 1) * size : page * size]]
    return encode({"item_list": records, "page_info": page_info(page, size, len(chosen))})


def _identity_types(params: Mapping[str, Any]) -> set[str]:
    """The types of the identities that a request names. Empty if it names none."""
    entries = read.json_value(params, "identity_list")
    if entries is None:
        return set()
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        refuse("identity_list: Not a valid list.")
    if len(entries) > _MAX_IDENTITIES:
        refuse(f"identity_list: Longer than maximum length {_MAX_IDENTITIES}.")
    for entry in entries:
        if entry.get("identity_type") not in _IDENTITY_TYPES:
            refuse(f"identity_list.identity_type: Must be one of: {', '.join(_IDENTITY_TYPES)}.")
    return {entry["identity_type"] for entry in entries}


def _is_wanted(post: Post, types: set[str], *, with_codes: bool) -> bool:
    if post.authorization == "AUTH_CODE":
        return with_codes
    return post.authorization != "AFFILIATE" and (not types or post.authorization in types)


def _post_record(post: Post, store: Store, now: int, *, permitted: bool) -> dict[str, Any]:
    return {
        "item_id": post.id,
        "text": post.text,
        "spu_id_list": [post.product.id],
        "can_change_anchor": post.authorization == "TT_USER",
        "identity_info": {
            "identity_id": str(keyed(post.key, 58) % 10**19) if permitted else "",
            "identity_type": post.authorization,
            "store_id": store.id,
            "profile_image": avatar(post.key) if permitted else "",
            "display_name": post.author if permitted else "",
        },
        "video_info": _video_info(post, store.owner, now),
    }


def _video_info(post: Post, account: Account, now: int) -> dict[str, Any]:
    """The video of a post. Its addresses are valid as long as those of other videos."""
    record = video_record(Asset(f"v10044g50000{post.key:020d}", post.key, post.created, post.created), account, now)
    return {name: record[name] for name in _VIDEO_FIELDS} | {"definition": "720p", "fps": 30}


def occupied_list(account: Account, params: Mapping[str, Any], now: int) -> Answer:
    """gmv_max/occupied_custom_shop_ads/list: the Shopping Ads that use an identity or a product."""
    kind = read.required(params, "occupied_asset_type")
    if kind not in _ASSET_TYPES:
        refuse(f"occupied_asset_type: Must be one of: {', '.join(_ASSET_TYPES)}.")
    wanted = read.texts(params, "asset_ids")
    if not wanted:
        refuse("Missing required field(s): asset_ids.")
    if len(wanted) > 1:
        refuse("asset_ids: Longer than maximum length 1.")
    records = [
        {
            "advertiser_id": str(account.id),
            "campaign_id": str(ad.group.campaign.id),
            "adgroup_id": str(ad.group.id),
            "ad_id": str(ad.id),
            "create_time": utc_text(ad.created),
        }
        for ad in _shop_ads(account, now)
        if wanted[0] == _occupies(ad, _ASSET_TYPES[kind])
    ]
    return encode({"occupied_custom_shop_ads": records})


def _occupies(ad: Ad, kind: str) -> str:
    """The id of what a Shopping Ad uses of a kind: its product, or its identity. Empty if it uses none."""
    account = ad.group.campaign.account
    if kind == "SPU":
        own = products(account)
        return own[keyed(ad.group.key, 59) % len(own)].id
    identity = identity_of(ad)
    return identity.id if identity.type == kind else ""


def usage(account: Account, now: int) -> Answer:
    """gmv_max/store/shop_ad_usage_check: whether other Shopping Ads of the store are running."""
    running = bool(_shop_ads(account, now))
    return encode({"promote_all_products_allowed": not running, "is_running_custom_shop_ads": running})


def authorization(account: Account, store: Store) -> Answer:
    """gmv_max/exclusive_authorization/get: whether an account alone may run GMV Max campaigns for a store."""
    status = "EFFECTIVE" if account is store.owner and store.available else "UNAUTHORIZED"
    return encode(
        {
            "store_id": store.id,
            "advertiser_id": str(account.id),
            "authorization_status": status,
            "advertiser_name": account.name,
            "advertiser_status": "STATUS_ENABLE",
            "identity_id": _official_id(store) if status == "EFFECTIVE" else "",
        }
    )


def recommendation(account: Account, store: Store, params: Mapping[str, Any]) -> Answer:
    """gmv_max/bid/recommend: a return to aim at, and a budget."""
    kind = read.required(params, "shopping_ads_type")
    if kind not in {"PRODUCT", "LIVE"}:
        refuse("shopping_ads_type: Must be one of: PRODUCT, LIVE.")
    read.required(params, "optimization_goal")
    ids = read.texts(params, "item_group_ids") or []
    if len(ids) > _MAX_PRODUCTS:
        refuse(f"item_group_ids: Longer than maximum length {_MAX_PRODUCTS}.")
    if kind == "LIVE":
        read.required(params, "identity_id")
    if account is not store.owner or not store.campaigns:
        refuse("store_id: The store has no GMV Max campaigns of this advertiser.")
    campaign = next((item for item in shop_campaigns(account) if item.plan.kind == kind), store.campaigns[0])
    return encode(
        {
            "roas_bid": float(decimal_text(roas_bid(campaign))),
            "budget": budget(campaign) * 2 / account.template.minor_units,
        }
    )
