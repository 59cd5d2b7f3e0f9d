"""GMV Max campaigns of TikTok Shop: their plans. They are in no list of campaigns; TT_SHOP reports have their spend."""

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from tiktok_marketing.emulator.business.business import DAY, FOREVER, Account
from tiktok_marketing.emulator.business.targeting import NEIGHBOURS
from tiktok_marketing.emulator.randomness import keyed

_MODIFY_EVERY = 9 * DAY
_SESSION_EVERY = 21
"""Days between two sessions of a product."""


class Plan(msgspec.Struct, frozen=True):
    """What distinguishes the GMV Max campaigns of an account.

    Attributes:
        kind: PRODUCT or LIVE.
        store: The place of its store among the stores of the account.
        products: The places of its products among those of the account. Empty means all.
        paused_after: After how many days it is paused. None means never.
        deleted_after: After how many days it is deleted. None means never.
    """

    kind: str
    store: int = 0
    products: tuple[int, ...] = ()
    paused_after: int | None = None
    deleted_after: int | None = None


_PLANS = (
    Plan("PRODUCT"),
    Plan("LIVE"),
    Plan("PRODUCT", store=1, products=(0, 1)),
    Plan("PRODUCT", products=(1, 2), paused_after=25, deleted_after=40),
    Plan("PRODUCT", products=(0, 2), paused_after=30),
)


class Session(msgspec.Struct, frozen=True):
    """A time in which a campaign spends its whole budget on one product, whatever the return.

    Attributes:
        id: session_id.
        bid_type: NO_BID for maximum delivery, CREATIVE_NO_BID for the boost of one post.
        product: The place of the product among those of the account.
        first_day: Its first day, an ordinal in the account's time zone.
        last_day: Its last day.
        budget: Its daily budget, in minor units of the currency.
        key: The number from which everything else about it follows.
    """

    id: str
    bid_type: str
    product: int
    first_day: int
    last_day: int
    budget: int
    key: int


class ShopCampaign:
    """The plan of a GMV Max campaign: when it runs, and what it spends on whole days.

    Attributes:
        created: When it was created. This and other times are in seconds since 1970.
        first_day: The first day on which it delivers. Days are ordinals in the account's time zone.
        last_day: The last day on which it delivers.
        countries: Where it delivers, the account's own country first.
        products: The places of its products among those of the account.
    """

    __slots__ = (
        "_known_sessions", "account", "countries", "created", "deleted_at", "first_day", "id", "key", "last_day",
        "name", "paused_at", "plan", "products", "serial",
    )  # fmt: skip
    _titles: ClassVar = {"PRODUCT": "Product", "LIVE": "LIVE"}

    def __init__(self, account: Account, serial: int, plan: Plan) -> None:
        self.account = account
        self.serial = serial
        self.plan = plan
        self.key: int = keyed(account.key, serial, 40)
        self.created = account.created + DAY * (1 + serial)
        self.id = (self.created << 20) | (self.key & 0xFFFFF)
        every = range(len(account.template.products))
        self.products = tuple(place for place in plan.products or every if place in every)
        product = account.template.products[serial % len(every)]
        self.name = f"{self._titles[plan.kind]} GMV Max | {product}"
        self.paused_at = FOREVER if plan.paused_after is None else self.created + DAY * plan.paused_after
        self.deleted_at = FOREVER if plan.deleted_after is None else self.created + DAY * plan.deleted_after
        self.first_day = account.ordinal(self.created) + 1
        stop = min(self.paused_at, self.deleted_at)
        self.last_day = FOREVER if stop == FOREVER else account.ordinal(stop) - 1
        self._known_sessions: tuple[int, list[Session]] | None = None
        home = account.template.country
        self.countries = (home, NEIGHBOURS[home][0]) if serial % 2 == 0 else (home,)

    @property
    def is_live(self) -> bool:
        """Whether it promotes LIVE rooms rather than products."""
        return self.plan.kind == "LIVE"

    def whole_cost(self, ordinal: int) -> int:
        """What it spends on a whole day, in minor units of the currency, before any correction."""
        if not self.first_day <= ordinal <= self.last_day:
            return 0
        return self.account.template.cpm * (30 + keyed(self.key, ordinal) % 90)

    def sessions(self, now: int) -> list[Session]:
        """Its sessions that were created by `now`, oldest first. Campaigns for LIVE rooms have none."""
        if self._known_sessions is None or self._known_sessions[0] != now:
            last = min(self.account.ordinal(now), self.last_day)
            self._known_sessions = (now, [] if self.is_live else list(self._sessions(last)))
        return self._known_sessions[1]

    def _sessions(self, last: int) -> Iterator[Session]:
        for number in range(max(0, last - self.first_day) // _SESSION_EVERY + 1):
            key = keyed(self.key, number, 45)
            first_day = self.first_day + number * _SESSION_EVERY + 3 + key % 5
            if first_day <= last:
                yield Session(
                    id=str((self.created + number * _SESSION_EVERY * DAY << 32) | key & 0xFFFFFFFF),
                    bid_type="CREATIVE_NO_BID" if key % 3 == 0 else "NO_BID",
                    product=self.products[key % len(self.products)],
                    first_day=first_day,
                    last_day=min(first_day + 2 + key % 4, self.last_day),
                    budget=self.account.template.cpm * (20 + key % 30),
                    key=key,
                )

    # -- status

    def operation_status(self, now: int) -> str:
        """ENABLE or DISABLE: what the advertiser did to it. A deleted campaign is off."""
        return "DISABLE" if min(self.paused_at, self.deleted_at) <= now else "ENABLE"

    def primary_status(self, now: int) -> str:
        """Its status as filters name it."""
        if self.deleted_at <= now:
            return "STATUS_DELETE"
        if self.paused_at <= now:
            return "STATUS_DISABLE"
        delivers = self.account.ordinal(now) >= self.first_day
        return "STATUS_DELIVERY_OK" if delivers else "STATUS_NOT_DELIVERY"

    def modified(self, now: int) -> int:
        """When it was last changed."""
        end = min(now, self.paused_at, self.deleted_at)
        last = self.created + (end - self.created) // _MODIFY_EVERY * _MODIFY_EVERY
        return max(change for change in (last, self.paused_at, self.deleted_at) if change <= now)


def shop_campaigns(account: Account) -> list[ShopCampaign]:
    """The GMV Max campaigns of an account, whenever they are created. Only accounts that sell have any."""
    if not sells(account):
        return []
    return [ShopCampaign(account, serial, plan) for serial, plan in enumerate(_PLANS)]


def sells(account: Account) -> bool:
    """Whether an account sells in a TikTok Shop."""
    return "shop" in account.template.profiles and account.life == "active" and not account.sandbox
