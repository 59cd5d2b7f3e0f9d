"""The creatives of ads: the ids of their videos, images, music and posts, and the account's library of them."""

from collections.abc import Iterator

import msgspec

from tiktok_marketing.emulator.business.business import DAY, Account, Ad
from tiktok_marketing.emulator.business.library import (
    STOCK_TRACKS,
    image_id,
    playables,
    post_id,
    posts,
    stock_image_id,
    stock_images,
    stock_track_id,
    track_id,
    tracks,
)
from tiktok_marketing.emulator.business.vocabulary import HOOKS
from tiktok_marketing.emulator.randomness import Dice, keyed

_LEAD = 600
_UNUSED_SLOT = 99


class Asset(msgspec.Struct, frozen=True):
    """A video or an image in an account's library.

    Attributes:
        id: video_id or image_id.
        key: The number from which everything else about it follows.
        created: When it was uploaded, in seconds since 1970.
        modified: When it was last changed, as of the time of the request.
    """

    id: str
    key: int
    created: int
    modified: int


def is_carousel(ad: Ad) -> bool:
    """Whether the ad shows a series of images instead of a video."""
    return ad.key % 100 < 10


def post_of(ad: Ad) -> int | None:
    """The index of the post that the ad shows, if it is a Spark Ad."""
    if is_carousel(ad) or ad.group.campaign.smart or (ad.key >> 40) % 100 >= 14:
        return None
    return posts(ad.group.campaign.account).pick(ad.key >> 20, ad.created)


def item_id(ad: Ad) -> str | None:
    """The tiktok_item_id of a Spark Ad."""
    index = post_of(ad)
    return None if index is None else post_id(posts(ad.group.campaign.account), index)


def playable_of(ad: Ad) -> int | None:
    """The index of the playable that an ad for an app shows beside its video. One in four shows one."""
    if ad.group.campaign.profile != "app" or is_carousel(ad) or ad.key >> 44 & 3:
        return None
    return playables(ad.group.campaign.account).pick(ad.key >> 22, ad.created)


def video_id(ad: Ad) -> str | None:
    """The id of the ad's video. Up to three ads of an ad group share a video. Carousels and Spark Ads have none."""
    return None if is_carousel(ad) or post_of(ad) is not None else _video(creative_key(ad))


def file_name(ad: Ad) -> str | None:
    """The name of the file of the ad's video."""
    return video_file(creative_key(ad)) if video_id(ad) else None


def video_file(key: int) -> str:
    """The name of a video's file, from the video's key."""
    return f"{Dice(key, 83).pick(HOOKS)}_{key % 1000}.mp4"


def image_ids(ad: Ad) -> list[str]:
    """The images of a carousel, or the video's cover. Other accounts may use the last image of a carousel too."""
    slot = creative_key(ad)
    if not is_carousel(ad):
        return [] if post_of(ad) is not None else [_cover(slot)]
    shared = stock_images(ad.group.campaign.account)
    last = stock_image_id(shared[slot % len(shared)]) if slot % 3 == 0 else _card(slot, 2)
    return [_card(slot, 0), _card(slot, 1), last]


def music_id(ad: Ad) -> str | None:
    """The music of a carousel: a track of TikTok's library, or of the account if it had any when the ad was created."""
    if not is_carousel(ad):
        return None
    own = tracks(ad.group.campaign.account)
    index = own.pick(ad.key >> 24, ad.created)
    return track_id(own, index) if index is not None and ad.key >> 16 & 1 else stock_track_id(ad.key % STOCK_TRACKS)


def videos(account: Account, now: int) -> list[Asset]:
    """The videos that the account has at `now`, last modified first."""
    return _newest(
        account, ((_video(slot), slot, used) for slot, used, carousel in _slots(account, now) if not carousel), now
    )


def images(account: Account, now: int) -> list[Asset]:
    """The images that the account has at `now`, last modified first."""
    return _newest(account, _images(account, now), now)


def _images(account: Account, now: int) -> Iterator[tuple[str, int, int]]:
    """The id, key and first use of each image of the account, whenever it is uploaded."""
    for slot, used, carousel in _slots(account, now):
        if not carousel:
            yield _cover(slot), slot ^ 1, used
            continue
        for position in range(2 if slot % 3 == 0 else 3):
            yield _card(slot, position), slot ^ (position + 2), used
    for index in stock_images(account):
        yield stock_image_id(index), keyed(78, index), account.created + _LEAD + 300 + index


def _slots(account: Account, now: int) -> Iterator[tuple[int, int, bool]]:
    """The creatives of the account's ads as (key, first use, whether it is a carousel), and a few unused videos.

    A creative is uploaded up to a day before its first ad, so ads of the next day count too.
    """
    seen: set[tuple[int, bool]] = set()
    for ad in account.ads(now + DAY):
        carousel = is_carousel(ad)
        creative = (creative_key(ad), carousel)
        if creative in seen or post_of(ad) is not None:
            continue
        seen.add(creative)
        yield creative_key(ad), ad.created, carousel
    for group in account.adgroups(now + DAY):
        if group.key % 4 == 0:
            yield keyed(group.key, _UNUSED_SLOT, 21), group.created, False


def _newest(account: Account, candidates: Iterator[tuple[str, int, int]], now: int) -> list[Asset]:
    """The assets that are uploaded by `now`, last modified first, from their ids, keys and first uses."""
    assets = []
    for asset_id, key, used in candidates:
        created = max(account.created + 300, used - _LEAD - key % (DAY - _LEAD))
        if created > now:
            continue
        modified = created - 1 - key % 40 if key % 7 == 0 and asset_id[0] != "v" else created
        renamed = created + DAY * (1 + key % 20)
        if key % 100 < 15 and renamed <= now:
            modified = renamed
        assets.append(Asset(asset_id, key, created, modified))
    assets.sort(key=lambda asset: (asset.modified, asset.id), reverse=True)
    return assets


def creative_key(ad: Ad) -> int:
    """The number from which everything random about the ad's video or images follows."""
    return keyed(ad.group.key, ad.serial % 64 // 3, 21)


def material_id(account: Account, key: int) -> str:
    """The material id of an asset. An asset of several accounts has a different one in each."""
    return str(7_200_000_000_000_000_000 + keyed(account.key, key) % 10**15)


_BASE32 = "0123456789abcdefghijklmnopqrstuv"


def _video(slot: int) -> str:
    """A video's id: 32 characters."""
    number = slot << 64 | keyed(slot, 22)
    return "v10033g50000c" + "".join([_BASE32[number >> shift & 31] for shift in range(0, 95, 5)])


def _cover(slot: int) -> str:
    return image_id(slot, carousel=False)


def _card(slot: int, position: int) -> str:
    return image_id(keyed(slot, 23 + position), carousel=True)
