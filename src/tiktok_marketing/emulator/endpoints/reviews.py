"""The reviews of ads and ad groups, and of Smart+ ads and their creatives."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tiktok_marketing.emulator.business.business import Account, Ad, AdGroup
from tiktok_marketing.emulator.business.creatives import image_ids, is_carousel, music_id, video_id
from tiktok_marketing.emulator.business.derived_fields import ad_text
from tiktok_marketing.emulator.business.reviews import AVAILABLE, PART, UNAVAILABLE, Review, review_of
from tiktok_marketing.emulator.business.smart_plus import SmartAd, ad_material_id, smart_ads
from tiktok_marketing.emulator.business.status import has_vanished
from tiktok_marketing.emulator.business.targeting import countries_of
from tiktok_marketing.emulator.business.vocabulary import LOCATIONS
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, refuse, utc_text
from tiktok_marketing.emulator.options import Options

_LANGUAGES = (
    "ar", "cs-CZ", "de", "en", "es", "fr", "id", "it", "ja", "ko", "ms", "pl-PL", "pt-BR", "ru", "sv-SE", "th", "tr",
    "vi", "zh",
)  # fmt: skip
_MAX_IDS = 20
_MAX_SMART_IDS = 100


class Reviews:
    """Answers requests for reviews.

    Args:
        options: The settings of the emulator.

    Attributes:
        paths: The paths of these endpoints.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._answers: dict[str, Callable[[Account, Mapping[str, Any], int], Answer]] = {
            "ad/review_info/": self._ads,
            "adgroup/review_info/": self._adgroups,
            "smart_plus/ad/review_info/": self._smart_ads,
            "smart_plus/material/review_info/": self._materials,
        }
        self.paths = tuple(self._answers)

    def answer(self, path: str, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        """Answer a request to one of the paths. Ids that do not exist are left out.

        Raises:
            Refusal: A parameter is wrong.
        """
        language = params.get("lang") or "en"
        if language not in _LANGUAGES:
            refuse(f"lang: Must be one of: {', '.join(_LANGUAGES)}.")
        return self._answers[path](account, params, now)

    def _exist(self, ads: Iterable[Ad], now: int) -> list[Ad]:
        """The ads that were created and have not vanished."""
        days = self._options.deleted_ads_vanish_after
        return [ad for ad in ads if ad.created <= now and (days is None or not has_vanished(ad, now, days))]

    def _ads(self, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        wanted = _ids(params, "ad_ids", _MAX_IDS)
        ads = [ad for ad in self._exist(account.ads(now), now) if str(ad.id) in wanted]
        return encode({"ad_review_map": {str(ad.id): _ad_review(ad, now, str(ad.id)) for ad in ads}})

    def _adgroups(self, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        wanted = _ids(params, "adgroup_ids", _MAX_IDS)
        groups = [group for group in account.adgroups(now) if str(group.id) in wanted]
        reviews: dict[str, dict[str, Any]] = {}
        for group in groups:
            ids = {ad: ad_material_id(ad) if group.smart_ad_id else str(ad.id) for ad in self._exist(group.ads, now)}
            reviews[str(group.id)] = {name: _ad_review(ad, now, name) for ad, name in ids.items()}
        return encode(
            {
                "ad_review_map": reviews,
                "ad_group_review_map": {str(group.id): self._adgroup_review(group, now) for group in groups},
            }
        )

    def _adgroup_review(self, group: AdGroup, now: int) -> dict[str, Any]:
        outcomes = [review_of(ad, now) for ad in self._exist(group.ads, now)]
        rejected = any(outcome.reason and not outcome.approved for outcome in outcomes)
        return {
            "adgroup_id": str(group.id),
            **_common(review_of(group, now)),
            "contain_rejected_ads": rejected,
            "reject_info": [],
        }

    def _smart_ads(self, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        wanted = _ids(params, "smart_plus_ad_ids", _MAX_SMART_IDS)
        details = _details(params)
        ads = [ad for ad in smart_ads(account, now) if str(ad.id) in wanted]
        return encode(
            {
                "smart_plus_ad_review_infos": [_smart_review(ad, now, details) for ad in ads],
                "material_review_infos": [record for ad in ads for record in self._material_reviews(ad, now, details)],
            }
        )

    def _materials(self, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        wanted = _ids(params, "ad_material_ids", _MAX_SMART_IDS)
        details = _details(params)
        records = [record for ad in smart_ads(account, now) for record in self._material_reviews(ad, now, details)]
        return encode({"material_review_infos": [item for item in records if item["ad_material_id"] in wanted]})

    def _material_reviews(self, ad: SmartAd, now: int, details: Mapping[str, bool]) -> list[dict[str, Any]]:
        """The reviews of the creatives of a Smart+ ad."""
        return [
            {
                "ad_material_id": ad_material_id(creative),
                "smart_plus_ad_id": str(ad.id),
                **_smart_common(review_of(creative, now), ad.group),
                **_rejection(review_of(creative, now), creative, details),
            }
            for creative in self._exist(ad.group.ads, now)
        ]


def _ids(params: Mapping[str, Any], name: str, most: int) -> frozenset[str]:
    value = read.json_value(params, name)
    if not value:
        refuse(f"Missing required field(s): {name}.")
    return read.ids(value, name, most)


def _details(params: Mapping[str, Any]) -> dict[str, bool]:
    """What a request wants to know beside the status."""
    setting = read.json_value(params, "extra_info_setting") or {}
    if not isinstance(setting, dict):
        refuse("extra_info_setting: Not a valid object.")
    return {name: read.boolean(setting, name) for name in ("include_reject_info", "include_violation_frame")}


def _locations(countries: Iterable[str]) -> list[str]:
    return [LOCATIONS[country] for country in countries]


def _common(review: Review) -> dict[str, Any]:
    """What the reviews of ads and of ad groups share."""
    return {
        "is_approved": review.approved,
        "review_status": review.status,
        "appeal_status": "NOT_APPEALED",
        "forbidden_placements": list(review.forbidden_placements),
        "forbidden_ages": list(review.forbidden_ages),
        "forbidden_locations": _locations(review.forbidden_countries),
        "forbidden_operation_systems": [],
        "last_audit_time": utc_text(review.audited) if review.audited else "",
    }


def _ad_review(ad: Ad, now: int, name: str) -> dict[str, Any]:
    review = review_of(ad, now)
    return {"ad_id": name, **_common(review), "reject_info": [_reject_info(review, ad)] if review.reason else []}


def _reject_info(review: Review, ad: Ad) -> dict[str, Any]:
    """Why an ad is limited or rejected, and the video, carousel or text that it is about."""
    about_text = "text" in review.suggestion
    content: dict[str, Any] = {"content_type": "TEXT" if about_text else "IMAGE" if is_carousel(ad) else "VIDEO"}
    if about_text:
        content["text_content"] = ad_text(ad)
    elif is_carousel(ad):
        content |= {
            "image_content": {"image_id": image_ids(ad)[0]},
            "carousel_music_content": {"music_id": music_id(ad)},
        }
    else:
        content["video_content"] = {"video_id": video_id(ad) or ""}
    return {
        "reasons": [review.reason],
        "suggestion": review.suggestion,
        "forbidden_ages": list(review.forbidden_ages),
        "forbidden_locations": _locations(review.forbidden_countries),
        "forbidden_placements": list(review.forbidden_placements),
        "content_info": content,
    }


def _smart_common(review: Review, group: AdGroup) -> dict[str, Any]:
    """What the reviews of Smart+ ads and of their creatives share."""
    passed = [name for name in countries_of(group) if name not in review.forbidden_countries] if review.approved else []
    return {"review_status": review.status, "passed_locations": _locations(passed)}


def _smart_review(ad: SmartAd, now: int, details: Mapping[str, bool]) -> dict[str, Any]:
    """The review of a Smart+ ad. It runs if one of its creatives may."""
    creatives = ad.all_creatives(now)
    statuses = {review_of(creative, now).status for creative in creatives}
    status = AVAILABLE if statuses == {AVAILABLE} else PART if statuses - {UNAVAILABLE} else UNAVAILABLE
    limited = next((item for item in creatives if review_of(item, now).reason), None)
    return {
        "smart_plus_ad_id": str(ad.id),
        **_smart_common(Review(status, None), ad.group),
        "appeal_status": "NOT_APPEALED",
        "appeal_reject_reasons": [],
        **(_rejection(review_of(limited, now), limited, details) if limited else {}),
    }


def _rejection(review: Review, ad: Ad, details: Mapping[str, bool]) -> dict[str, Any]:
    """Why something is limited or rejected, if the request wants to know."""
    if not details["include_reject_info"]:
        return {}
    if not review.reason:
        return {"reject_info": []}
    info = _reject_info(review, ad)
    if "carousel_music_content" in info["content_info"]:
        info["content_info"]["carousel_music_info"] = info["content_info"].pop("carousel_music_content")
    info["specification"] = ""
    if details["include_violation_frame"] and video_id(ad):
        frame = f"https://p16-ad.example/frame/{ad.key:016x}.jpeg"
        info["violation_frames"] = [{"type": "VIDEO", "video_id": video_id(ad), "web_url_list": [frame]}]
        info["video_violation_frames"] = [{"web_url": frame, "hover_periods": ["0-3"], "thumbnail_periods": ["0-3"]}]
    return {"reject_info": [info]}
