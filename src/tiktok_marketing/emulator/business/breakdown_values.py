"""The values of the rarer breakdowns: parts of a creative, events, searches, and interests of people.

Each function gives the values that the figures of an ad are spread over, with their weights. Where an ad has nothing of
a kind, the value is `-`: no row is lost, and the values always add up to the whole.
"""

from collections.abc import Callable

from tiktok_marketing.emulator.business.business import Ad
from tiktok_marketing.emulator.business.creatives import image_ids, post_of, video_id
from tiktok_marketing.emulator.business.library import pixel_id, post_id, posts
from tiktok_marketing.emulator.business.product_catalogs import catalog_id, product_set_id, sku_ids
from tiktok_marketing.emulator.business.targeting_names import ACTIONS, interests
from tiktok_marketing.emulator.randomness import Dice, keyed

Value = tuple[str, ...]
"""The values of a breakdown's dimensions, in the breakdown's order."""

Cells = list[tuple[Value, int]]
"""The values of all dimensions of a family, each with its weight."""

Family = tuple[Value, Callable[[Ad], Cells]]
"""Dimensions that are views of the same cells, and the cells of an ad."""

NOTHING = "-"
"""The value where an ad has nothing of a kind."""

_EVENTS = {"web": (("SHOPPING", 40), ("ON_WEB_CART", 35), ("ON_WEB_DETAIL", 25)), "lead": (("FORM", 100),),
           "app": (("ACTIVE_PAY", 30), ("LAUNCH_APP", 70))}  # fmt: skip
_WEIGHTS = (50, 30, 20)
_DEEPEST = [interest.path for interest in interests() if not interest.children]
_TAGS = ("Shopaholics", "Frequent Travelers", "Gamers", "New Parents", "Students")
_HASHTAGS = ("#fyp", "#tiktokmademebuyit", "#unboxing", "#travel", "#gaming", "#skincare")
_INTENTIONS = ("HIGH", "MEDIUM", "LOW")


def _ad_types(ad: Ad) -> Cells:
    search = 4 + keyed(ad.key, 65) % 12
    return [(("SEARCH_AD",), search), (("NON_SEARCH_AD",), 100 - search)]


def _events(ad: Ad) -> Cells:
    """The events that conversions are counted by, and where they come from."""
    campaign = ad.group.campaign
    source = pixel_id(campaign.account) if campaign.profile in {"web", "lead"} else NOTHING
    events = _EVENTS.get(campaign.profile, ((NOTHING, 100),))
    return [((event, source), weight) for event, weight in events]


def _pages(ad: Ad) -> Cells:
    """Instant pages and their components. One of five ad groups has a page."""
    group = ad.group
    if group.key % 5:
        return [((NOTHING, NOTHING), 1)]
    page = str(7_300_000_000_000_000_000 + keyed(group.key, 66) % 10**15)
    return [((page, name), weight) for name, weight in zip(("Video", "Image", "Button"), _WEIGHTS, strict=True)]


def _rooms(ad: Ad) -> Cells:
    """LIVE rooms: those of campaigns that sell in a TikTok Shop."""
    if ad.group.campaign.profile != "shop":
        return [((NOTHING,), 1)]
    rooms = [str(7_400_000_000_000_000_000 + keyed(ad.group.key, 67, index) % 10**15) for index in range(2)]
    return [((room,), weight) for room, weight in zip(rooms, _WEIGHTS, strict=False)]


def _posts(ad: Ad) -> Cells:
    index = post_of(ad)
    return [((NOTHING if index is None else post_id(posts(ad.group.campaign.account), index),), 1)]


def _images(ad: Ad) -> Cells:
    ids = image_ids(ad) or [NOTHING]
    return [((image,), weight) for image, weight in zip(ids, _WEIGHTS, strict=False)]


def _videos(ad: Ad) -> Cells:
    video = video_id(ad)
    return [((NOTHING if video is None else str(7_200_000_000_000_000_000 + keyed(ad.key, 68) % 10**15),), 1)]


def _products(ad: Ad) -> Cells:
    """The catalog, the set of products and the products that an ad shows."""
    catalog, products = catalog_id(ad.group), product_set_id(ad.group)
    if catalog is None or products is None:
        return [((NOTHING, NOTHING, NOTHING), 1)]
    return [((catalog, products, sku), weight) for sku, weight in zip(sku_ids(ad), _WEIGHTS, strict=False)]


def _minis(ad: Ad) -> Cells:
    app = ad.group.campaign.account.template.app
    return [((f"mn{keyed(ad.group.campaign.account.key, 69):016x}" if app else NOTHING,), 1)]


def _searches(ad: Ad) -> Cells:
    """What people searched for, the keyword that it matched, and how."""
    products = ad.group.campaign.account.template.products
    dice = Dice(ad.key, 70)
    cells: Cells = []
    for weight in (55, 30, 14, 1):
        keyword = "".join(letter for letter in dice.pick(products).lower() if letter.isalnum() or letter in " -")
        match, term = dice.pick((("EXACT", keyword), ("PHRASE", f"best {keyword}"), ("BROAD", f"{keyword} near me")))
        cells.append(((term, keyword, match), weight))
    return cells


def _postbacks(_: Ad) -> Cells:
    return [(("1",), 70), (("2",), 20), (("3",), 10)]


def _interests(ad: Ad) -> Cells:
    dice = Dice(ad.key, 88)
    return [(dice.pick(_DEEPEST), weight) for weight in (*_WEIGHTS, 12)]


def _one_of(names: tuple[str, ...], salt: int) -> Callable[[Ad], Cells]:
    """Cells of three of some names, which the ad decides."""

    def cells(ad: Ad) -> Cells:
        start = keyed(ad.key, salt) % len(names)
        return [((names[(start + place) % len(names)],), weight) for place, weight in enumerate(_WEIGHTS)]

    return cells


CREATIVE_FAMILIES: tuple[Family, ...] = (
    (("ad_type",), _ad_types),
    (("custom_event_type", "event_source_id"), _events),
    (("page_id", "component_name"), _pages),
    (("room_id",), _rooms),
    (("post_id",), _posts),
    (("image_id",), _images),
    (("video_material_id",), _videos),
    (("minis_id",), _minis),
    (("search_terms", "search_keyword", "match_type"), _searches),
    (("skan_postback_sequence",), _postbacks),
)
"""Dimensions of BASIC reports. AUDIENCE reports accept `ad_type`, too."""

CATALOG_DIMENSIONS = ("catalog_id", "product_set_id", "sku_id")
CATALOG_FAMILIES: tuple[Family, ...] = ((CATALOG_DIMENSIONS, _products),)
"""Dimensions of CATALOG reports. Their names are guesses: no copy of TikTok's documentation has them."""

INTEREST_DIMENSIONS = (
    "interest_category", "interest_category_tier2", "interest_category_tier3", "interest_category_tier4",
)  # fmt: skip
"""The levels of interests, from the top."""

INTEREST_FAMILIES: tuple[Family, ...] = (
    (INTEREST_DIMENSIONS, _interests),
    (("additional_interests",), _one_of(("Coffee", "Running", "Camping", "Photography"), 89)),
    (("audience_tags",), _one_of(_TAGS, 90)),
    (("behavior_id",), _one_of(tuple(identifier for identifier, _ in ACTIONS), 92)),
    (("contextual_tag",), _one_of(("Max", "Seasonal", "Lifestyle"), 93)),
    (("hashtag",), _one_of(_HASHTAGS, 94)),
    (("purchase_intention",), _one_of(_INTENTIONS, 95)),
    (("bucket_id",), _one_of(("0", "1", "2", "3", "4", "5", "6", "7"), 96)),
)
"""Dimensions of AUDIENCE reports about people."""
