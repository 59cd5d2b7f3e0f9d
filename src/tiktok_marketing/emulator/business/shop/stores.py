"""TikTok Shop stores: who owns them, and which ad accounts see them."""

from collections.abc import Sequence

import msgspec

from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.business.business_centers import business_center_id
from tiktok_marketing.emulator.business.shop.campaigns import ShopCampaign, sells, shop_campaigns
from tiktok_marketing.emulator.randomness import keyed

_NAMES = ("", " Outlet", " Pop-up")
_UNAVAILABLE = 2
"""The place of the store that is too new for GMV Max."""


class Store(msgspec.Struct, frozen=True):
    """A store in TikTok Shop.

    Attributes:
        id: store_id.
        owner: The ad account whose GMV Max campaigns promote it.
        place: Its place among the stores of the owner.
        name: Its name.
        available: Whether GMV Max campaigns can promote it.
        key: The number from which everything else about it follows.
    """

    id: str
    owner: Account
    place: int
    name: str
    available: bool
    key: int

    @property
    def business_center(self) -> str:
        """The id of the Business Center that may use it."""
        return business_center_id(self.owner)

    @property
    def campaigns(self) -> list[ShopCampaign]:
        """The campaigns that promote it, whenever they are created."""
        return [campaign for campaign in shop_campaigns(self.owner) if campaign.plan.store == self.place]


def stores_of(account: Account) -> list[Store]:
    """The stores that an account owns."""
    if not sells(account):
        return []
    return [
        Store(
            id=store_id(account, place),
            owner=account,
            place=place,
            name=account.template.name + suffix,
            available=place != _UNAVAILABLE,
            key=keyed(account.key, place, 46),
        )
        for place, suffix in enumerate(_NAMES)
    ]


def store_id(account: Account, place: int = 0) -> str:
    """The id of a store of an account: nineteen digits."""
    return str(7_495_000_000_000_000_000 + (account.key + place * 7919) % 10**15)


def seen_by(account: Account, accounts: Sequence[Account]) -> list[Store]:
    """The stores that an account sees: its own, and the main stores of others of its Business Center.

    Every second account of a Business Center sees the stores of the others.
    """
    stores = stores_of(account)
    if account.sandbox or account.index % 2 == 0:
        return stores
    center = business_center_id(account)
    for other in accounts:
        if other is not account and sells(other) and business_center_id(other) == center:
            stores += stores_of(other)[:1]
    return stores
