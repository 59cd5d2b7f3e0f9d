"""Upgraded Smart+ ads: one per ad group, and what TikTok combines in it: creatives, texts, calls to action, add-ons.

The ads of the ad group are its creatives. `ad/get` lists them, and reports by `ad_id` have their figures. Several
creatives may show the same video, and each was shown with several texts.
"""

from collections.abc import Iterator

import msgspec

from tiktok_marketing.emulator.business.business import Account, Ad, AdGroup, Campaign, object_id
from tiktok_marketing.emulator.business.creatives import creative_key, file_name, is_carousel, material_id
from tiktok_marketing.emulator.business.derived_fields import ad_text, profile_of
from tiktok_marketing.emulator.business.library import portfolio_for
from tiktok_marketing.emulator.business.status import is_deleted, modified
from tiktok_marketing.emulator.randomness import keyed

VIDEO, CAROUSEL = "VIDEO_NON_SPARK_ADS", "CAROUSEL_NON_SPARK_ADS"
"""The types of main creatives that the business has. Its Smart+ ads show no posts."""

TEXT, MANUAL_CALL, DYNAMIC_CALL, ADD_ON = "text", "manual_call_to_action", "dynamic_call_to_action", "add_on"
"""The types of what a creative is combined with."""

_GIFT = " 🎁"
_AD_DELAY = 20


class Entity(msgspec.Struct, frozen=True):
    """A video or carousel, or something that creatives are combined with. It is the same in all ads of an account.

    Attributes:
        id: Its id.
        type: Its type.
        name: What reports call it: the name of a file, a text or a call to action.
        asset: The id of the card or portfolio that it is. Empty for other kinds.
    """

    id: str
    type: str
    name: str
    asset: str = ""


class SmartAd:
    """A Smart+ ad, as `smart_plus/ad/get` lists it.

    Attributes:
        id: smart_plus_ad_id, which reports call ad_id_v2.
        group: Its ad group.
        created: When it was created, in seconds since 1970.
        key: The number from which everything random about it follows.
    """

    __slots__ = ("created", "group", "id", "key")

    def __init__(self, group: AdGroup) -> None:
        self.group = group
        self.id = group.smart_ad_id
        self.created = group.created + _AD_DELAY
        self.key = keyed(group.key, 60)

    @property
    def campaign(self) -> Campaign:
        """Its campaign."""
        return self.group.campaign

    def all_creatives(self, now: int) -> list[Ad]:
        """Its creatives that exist at a time, deleted ones and those that TikTok added included, the oldest first."""
        return [ad for ad in self.group.ads if ad.created <= now]

    def creatives(self, now: int) -> list[Ad]:
        """Its creatives that the advertiser put in and did not delete, the oldest first."""
        return [ad for ad in self.all_creatives(now) if not is_added(ad) and not is_deleted(ad, now)]

    def modified(self, now: int) -> int:
        """When it or something in it was last changed, in seconds since 1970."""
        changes = (modified(ad, now) for ad in self.all_creatives(now) if not is_added(ad))
        return max(self.created, min(modified(self.group, now), now), *changes)


def smart_ads(account: Account, now: int) -> Iterator[SmartAd]:
    """The Smart+ ads of an account that were created by `now`, the newest first."""
    for group in reversed(account.adgroups(now)):
        if group.campaign.smart and group.created + _AD_DELAY <= now:
            yield SmartAd(group)


def is_added(ad: Ad) -> bool:
    """Whether TikTok added the creative on its own. `ad/get` lists it, and `smart_plus/ad/get` does not."""
    return keyed(ad.key, 61) % 100 < 12 and ad is not ad.group.ads[0]


def main_creative(ad: Ad) -> Entity:
    """The video or carousel that a creative shows, under its id in the account's library."""
    account = ad.group.campaign.account
    key = creative_key(ad)
    if is_carousel(ad):
        return Entity(str(7_550_000_000_000_000_000 + keyed(key, 62) % 10**15), CAROUSEL, f"Carousel {key % 1000}")
    return Entity(material_id(account, key), VIDEO, file_name(ad) or "")


def ad_material_id(ad: Ad) -> str:
    """The id that a video or carousel has in a creative, and nowhere else."""
    return str(object_id(ad.created, 0, keyed(ad.key, 63)))


def texts_of(ad: Ad) -> list[Entity]:
    """The two texts that a creative was shown with."""
    account = ad.group.campaign.account
    return [_entity(account, TEXT, text) for text in (ad_text(ad), ad_text(ad) + _GIFT)]


def call_to_action_of(ad: Ad) -> Entity:
    """The call to action of a creative: one that TikTok chooses from a portfolio, or the usual one."""
    account = ad.group.campaign.account
    action = profile_of(ad.group.campaign).action
    portfolio = portfolio_for(account, 0, ad.key, ad.created)
    return _entity(account, DYNAMIC_CALL if portfolio else MANUAL_CALL, action, portfolio or "")


def add_on_of(group: AdGroup) -> Entity | None:
    """The interactive add-on of a Smart+ ad: a card in a third of them."""
    if not group.smart_ad_id or group.key % 3:
        return None
    card = portfolio_for(group.campaign.account, 1, group.key, group.created)
    return _entity(group.campaign.account, ADD_ON, f"Card {int(card) % 1000}", card) if card else None


def _entity(account: Account, kind: str, name: str, asset: str = "") -> Entity:
    number = keyed(account.key, 64, *f"{kind}|{asset or name}".encode())
    return Entity(str(7_560_000_000_000_000_000 + number % 10**15), kind, name, asset)


def smart_ad_status(ad: SmartAd, now: int) -> str:
    """The secondary_status of a Smart+ ad."""
    group = ad.group
    checks = (
        (group.deleted_at, "AD_STATUS_ADGROUP_DELETE"),
        (group.campaign.deleted_at, "AD_STATUS_CAMPAIGN_DELETE"),
        (group.campaign.end_at, "AD_STATUS_DONE"),
        (group.paused_at, "AD_STATUS_ADGROUP_DISABLE"),
        (group.campaign.paused_at, "AD_STATUS_CAMPAIGN_DISABLE"),
    )
    for since, name in checks:
        if since <= now:
            return name
    return "AD_STATUS_AUDIT" if now < ad.created + 7200 else "AD_STATUS_DELIVERY_OK"
