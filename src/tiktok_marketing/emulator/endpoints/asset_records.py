"""The records of the asset endpoints: images, videos, music, portfolios, audiences and Spark Ads posts."""

from typing import Any

from tiktok_marketing.emulator.business.business import DAY, Account
from tiktok_marketing.emulator.business.creatives import Asset, material_id, video_file
from tiktok_marketing.emulator.business.identities import Identity, creator_id, creator_name
from tiktok_marketing.emulator.business.library import (
    Collection,
    audience_id,
    audiences,
    image_id,
    playable_id,
    playable_url,
    portfolio_id,
    portfolio_type,
    post_id,
    stock_track_id,
    track_id,
)
from tiktok_marketing.emulator.business.targeting_names import ACTIONS, interests
from tiktok_marketing.emulator.business.vocabulary import AUDIENCES as AUDIENCE_NAMES
from tiktok_marketing.emulator.business.vocabulary import HOOKS, LANGUAGES, LOCATIONS, TEXTS
from tiktok_marketing.emulator.endpoints.envelope import iso_text, utc_text
from tiktok_marketing.emulator.randomness import Dice, keyed

_IMAGE_URL_SECONDS = 3600
_VIDEO_URL_SECONDS = 6 * 3600
_STOCK_EPOCH = 1_640_995_200
"""2022-01-01: the time of the oldest of TikTok's own tracks."""

_AUDIENCE_TYPES = (
    "Website Audience", "Customer File Audience", "Engagement Audience", "Lookalike Audience", "App Audience",
)  # fmt: skip
_STYLES = ("Pop", "Electronic", "Hip Hop", "Acoustic", "Cinematic")
_AUTHORIZATION_STATUSES = {0: "REJECTED", 1: "WAITING"}


def image_record(asset: Asset, account: Account, now: int) -> dict[str, Any]:
    """One row of file/image/ad/search. The address is valid for an hour."""
    dice = Dice(asset.key, 81)
    width, height = dice.pick(((720, 1280), (1080, 1080), (1200, 628)))
    return {
        "image_id": asset.id,
        "material_id": material_id(account, asset.key),
        "is_carousel_usable": int(asset.id[-1], 16) & 1 == 1,
        "displayable": dice.chance(97),
        "format": dice.pick(("jpeg", "png")),
        "image_url": _link("image", asset.key, now + _IMAGE_URL_SECONDS),
        "width": width,
        "height": height,
        "signature": _md5(asset.key),
        "size": dice.between(40_000, 900_000),
        "file_name": f"{dice.pick(HOOKS)}_{asset.key % 1000}.jpg",
        "create_time": iso_text(asset.created),
        "modify_time": iso_text(asset.modified),
    }


def video_record(asset: Asset, account: Account, now: int) -> dict[str, Any]:
    """One row of file/video/ad/search. The addresses are valid for six hours."""
    dice = Dice(asset.key, 82)
    width, height = dice.pick(((720, 1280), (1080, 1920), (1080, 1080)))
    return {
        "video_id": asset.id,
        "material_id": material_id(account, asset.key),
        "file_name": video_name(asset),
        "format": "mp4",
        "duration": dice.between(5_000, 60_000) / 1000,
        "width": width,
        "height": height,
        "bit_rate": dice.between(600_000, 4_000_000),
        "size": dice.between(900_000, 30_000_000),
        "signature": _md5(asset.key),
        "allow_download": dice.chance(85),
        "displayable": dice.chance(97),
        "allowed_placements": ["PLACEMENT_TIKTOK", "PLACEMENT_PANGLE"] if dice.chance(80) else ["PLACEMENT_TIKTOK"],
        "video_cover_url": _link("cover", asset.key, now + _VIDEO_URL_SECONDS),
        "preview_url": _link("video", asset.key, now + _VIDEO_URL_SECONDS),
        "preview_url_expire_time": utc_text(now + _VIDEO_URL_SECONDS),
        "create_time": iso_text(asset.created),
        "modify_time": iso_text(asset.modified),
    }


PLAYABLE_STATUSES = ("AUDIT_SUCCESS", "AUDIT_FAIL", "VALIDATING", "VALIDATE_SUCCESS", "VALIDATE_FAIL")
"""The states of a playable's review."""
PLAYABLE_OPERATIONS = ("SAVED", "UPLOADED", "DELETED")
"""What the advertiser did to a playable."""


def playable_record(collection: Collection, index: int) -> dict[str, Any]:
    """One row of playable/get."""
    dice = Dice(collection.key(index), 74)
    return {
        "advertiser_id": str(collection.account.id),
        "playable_id": playable_id(collection, index),
        "playable_url": playable_url(collection, index),
        "playable_name": f"{dice.pick(HOOKS)} game {index + 1}",
        "playable_orientation": dice.pick(("PORTRAIT", "LANDSCAPE", "BOTH")),
        "status": "AUDIT_SUCCESS" if dice.chance(80) else dice.pick(PLAYABLE_STATUSES),
        "operation_status": "SAVED" if dice.chance(80) else dice.pick(PLAYABLE_OPERATIONS),
    }


def video_name(asset: Asset) -> str:
    """The name of a video's file."""
    return video_file(asset.key)


def stock_track_record(index: int, now: int) -> dict[str, Any]:
    """A track of TikTok's library, the same for every account."""
    return _track(stock_track_id(index), keyed(75, index), _STOCK_EPOCH + index * 9 * DAY, now, own=False)


def track_record(collection: Collection, index: int, now: int) -> dict[str, Any]:
    """A track that the account uploaded itself."""
    return _track(track_id(collection, index), collection.key(index), collection.created(index), now, own=True)


def _track(music_id: str, key: int, created: int, now: int, *, own: bool) -> dict[str, Any]:
    dice = Dice(key, 84)
    style = dice.pick(_STYLES)
    return {
        "music_id": music_id,
        "material_id": str(7_300_000_000_000_000_000 + key % 10**15),
        "sources": ["USER"] if own else ["SYSTEM"],
        "author": "" if own else dice.pick(("Nova Lane", "Kite & Co", "The Harbours", "M. Okafor")),
        "liked": False,
        "cover_url": _link("cover", key, now + _VIDEO_URL_SECONDS),
        "url": _link("music", key, now + _VIDEO_URL_SECONDS),
        "duration": dice.between(15_000, 60_000) / 1000,
        "style": "" if own else style,
        "signature": _md5(key),
        "file_name": f"{style} {key % 1000}.mp3",
        "copyright": "" if own else "Commercial Music Library",
        "create_time": iso_text(created),
        "modify_time": iso_text(created),
    }


def portfolio_record(collection: Collection, index: int, now: int) -> dict[str, Any]:
    """One row of creative/portfolio/list. Portfolios that are shown as an image have a preview."""
    kind = portfolio_type(collection.account, index)
    key = collection.key(index)
    record: dict[str, Any] = {
        "creative_portfolio_id": portfolio_id(collection, index),
        "creative_portfolio_type": kind,
    }
    if kind != "CTA":
        record["creative_portfolio_preview_url"] = _link("image", key, now + _IMAGE_URL_SECONDS)
    return record


def audience_record(collection: Collection, index: int, now: int) -> dict[str, Any]:
    """One row of dmp/custom_audience/list."""
    dice = Dice(collection.key(index), 85)
    account = collection.account
    created = collection.created(index)
    kind = dice.pick(_AUDIENCE_TYPES if account.template.app else _AUDIENCE_TYPES[:-1])
    expires = created + 365 * DAY
    uploaded = kind == "Customer File Audience"
    ready = now > created + DAY
    return {
        "audience_id": audience_id(collection, index),
        "name": f"{dice.pick(account.template.products)} {kind.removesuffix(' Audience').lower()} {index + 1}",
        "audience_type": kind,
        "calculate_type": dice.pick(("EMAIL_SHA256", "PHONE_SHA256", "MULTIPLE_TYPES")) if uploaded else None,
        "cover_num": dice.between(1_000, 400_000) if ready else 0,
        "create_time": utc_text(created),
        "expired_time": utc_text(expires),
        "is_creator": True,
        "is_valid": ready and now < expires,
        "is_expiring": expires - 7 * DAY < now < expires,
        "shared": dice.chance(10),
    }


def post_record(collection: Collection, index: int, now: int) -> dict[str, Any]:
    """One row of tt_video/list: a post that its creator allows to use. One in eight shows images, not a video."""
    key = collection.key(index)
    dice = Dice(key, 86)
    invited = collection.created(index)
    status = _AUTHORIZATION_STATUSES.get(key % 20, "ACCEPTED")
    accepted = status == "ACCEPTED"
    auth = {
        "ad_auth_status": status,
        "auth_start_time": utc_text(invited) if accepted else None,
        "auth_end_time": utc_text(invited + 365 * DAY) if accepted else None,
        "invite_start_time": utc_text(invited - 3600),
    }
    carousel = key % 8 == 0
    item: dict[str, Any] = {
        "item_id": post_id(collection, index),
        "item_type": "CAROUSEL" if carousel else "VIDEO",
        "auth_code": f"#{key:016x}{keyed(key):016x}",
        "text": dice.pick(TEXTS).format(product=dice.pick(collection.account.template.products)),
        "status": "VIDEO_STATUS_ONLINE" if dice.chance(95) else "VIDEO_STATUS_OFFLINE",
        "anchor_list": [
            {
                "id": str(7_400_000_000_000_000_000 + key % 10**15),
                "title": dice.pick(collection.account.template.products),
                "status": "ONLINE",
                "product_regions": [collection.account.template.country],
                "url": "https://shop.example/p/1",
            }
        ]
        if dice.chance(25)
        else [],
    }
    record: dict[str, Any] = {"auth_info": auth, "item_info": item}
    if dice.chance(90):
        identity = {"identity_id": creator_id(key), "identity_type": "AUTH_CODE"}
        record["user_info"] = {"tiktok_name": creator_name(key), **identity}
    if carousel:
        item["carousel_info"] = {
            "image_info": [
                {
                    "image_id": image_id(key ^ position, carousel=True),
                    "image_url": _link("image", key ^ position, now + _IMAGE_URL_SECONDS),
                    "image_width": 1080,
                    "image_height": 1920,
                }
                for position in range(3)
            ],
            "music_info": [],
        }
        return record
    record["video_info"] = {
        "bit_rate": dice.between(600_000, 4_000_000),
        "duration": dice.between(6_000, 90_000) / 1000,
        "width": 1080,
        "height": 1920,
        "size": dice.between(900_000, 30_000_000),
        "signature": _md5(key),
        "poster_url": _link("cover", key, now + _VIDEO_URL_SECONDS),
        "preview_url": _link("video", key, now + _VIDEO_URL_SECONDS),
    }
    return record


def saved_audience_record(collection: Collection, index: int, now: int) -> dict[str, Any]:
    """One row of dmp/saved_audience/list. Its custom audiences and ids of interests are those of other endpoints."""
    account = collection.account
    key = collection.key(index)
    dice = Dice(key, 87)
    custom = audiences(account)
    picked = custom.pick(key >> 9, min(now, collection.created(index)))
    return {
        "saved_audience_id": str(collection.created(index) << 32 | key & 0xFFFFFFFF),
        "saved_audience_name": f"{dice.pick(AUDIENCE_NAMES)} {index + 1}",
        "location_ids": [LOCATIONS[account.template.country]],
        "gender": dice.pick(("GENDER_UNLIMITED", "GENDER_FEMALE", "GENDER_MALE")),
        "age_groups": ["AGE_18_24", "AGE_25_34"] if dice.chance(50) else [],
        "languages": [LANGUAGES.get(account.template.country, "en")],
        "audience_ids": [] if picked is None else [audience_id(custom, picked)],
        "excluded_audience_ids": [],
        "interest_category_ids": [dice.pick(list(interests())).id],
        "interest_keyword_ids": [],
        "actions": [
            {
                "action_scene": "VIDEO_RELATED",
                "action_period": 15,
                "video_user_actions": ["WATCHED_TO_END", "LIKED"],
                "action_category_ids": [dice.pick(ACTIONS)[0]],
            }
        ]
        if dice.chance(40)
        else [],
        "operating_systems": ["ANDROID"] if account.template.app else [],
        "min_android_version": "8.0" if account.template.app else "NONE",
        "min_ios_version": "NONE",
        "device_model_ids": [],
        "network_types": ["WIFI"] if dice.chance(20) else [],
        "carrier_ids": [],
        "device_price_ranges": [],
    }


def identity_record(identity: Identity) -> dict[str, Any]:
    """One row of identity/get."""
    custom = identity.type == "CUSTOMIZED_USER"
    record: dict[str, Any] = {
        "identity_id": identity.id,
        "identity_type": identity.type,
        "display_name": identity.name,
        "profile_image": _link("avatar", identity.key, identity.created + DAY),
        "available_status": "AVAILABLE",
        "can_push_video": not custom,
        "can_pull_video": not custom,
        "can_use_live_ads": identity.type in {"TT_USER", "BC_AUTH_TT"},
        "can_manage_message": identity.type == "BC_AUTH_TT",
        "is_gpppa": False,
        "ads_only_mode": False,
        "username": identity.username or None,
        "identity_authorized_bc_id": identity.business_center or None,
    }
    return record


def _link(kind: str, key: int, expires: int) -> str:
    return f"https://p16-ad.example/{kind}/{key:016x}?x-expires={expires}&x-signature={keyed(key, expires):016x}"


def _md5(key: int) -> str:
    return f"{keyed(key, 1):016x}{keyed(key, 2):016x}"
