"""GMV Max campaigns of TikTok Shop. They are in no list of campaigns; reports of the type TT_SHOP have their spend."""

from typing import ClassVar

from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.business.delivery import Figures
from tiktok_marketing.emulator.business.targeting import NEIGHBOURS
from tiktok_marketing.emulator.randomness import keyed

_CAMPAIGNS = 2


class ShopCampaign:
    """The plan of a GMV Max campaign: when it runs, and what it spends in which country."""

    __slots__ = ("account", "countries", "first_day", "id", "key", "last_day", "name")
    kinds: ClassVar = ("Product", "LIVE")

    def __init__(self, account: Account, serial: int) -> None:
        self.account = account
        self.key: int = keyed(account.key, serial, 40)
        created = account.created + 86_400 * (1 + serial)
        self.id = (created << 20) | (self.key & 0xFFFFF)
        kind = self.kinds[serial % len(self.kinds)]
        self.name = f"{kind} GMV Max | {account.template.products[serial % len(account.template.products)]}"
        self.first_day = account.ordinal(created) + 1
        self.last_day = self.first_day + 40 + self.key % 400
        home = account.template.country
        self.countries = (home, NEIGHBOURS[home][0]) if serial % 2 == 0 else (home,)

    def spend(self, figures: Figures, ordinal: int) -> int:
        """What it has spent on a day, in minor units of the currency, by the figures of their time."""
        return sum(self.by_country(figures, ordinal).values())

    def by_country(self, figures: Figures, ordinal: int) -> dict[str, int]:
        """The same by country. Countries without spend are left out."""
        if not self.first_day <= ordinal <= min(self.last_day, figures.last_day):
            return {}
        shown, _, total = figures.weights_shown(ordinal)
        whole = self.account.template.cpm * (30 + keyed(self.key, ordinal) % 90)
        amount = whole * shown // total
        shares = dict.fromkeys(self.countries[1:], amount // 5)
        shares[self.countries[0]] = amount - sum(shares.values())
        return {country: share for country, share in shares.items() if share}

    @staticmethod
    def billed(figures: Figures, ordinal: int, spend: int) -> int:
        """What of a day's spend is billed. Billed costs come later than the spend."""
        shown, billed, _ = figures.weights_shown(ordinal)
        return spend * billed // shown


def shop_campaigns(account: Account) -> list[ShopCampaign]:
    """The GMV Max campaigns of an account. Only active accounts that sell in a TikTok Shop have any."""
    if "shop" not in account.template.profiles or account.life != "active" or account.sandbox:
        return []
    return [ShopCampaign(account, serial) for serial in range(_CAMPAIGNS)]
