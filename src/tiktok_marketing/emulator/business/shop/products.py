"""What GMV Max campaigns promote: products, posts about them, and LIVE rooms."""

from functools import lru_cache

import msgspec

from tiktok_marketing.emulator.business.business import DAY, Account
from tiktok_marketing.emulator.business.shop.campaigns import ShopCampaign
from tiktok_marketing.emulator.business.vocabulary import TEXTS
from tiktok_marketing.emulator.randomness import Dice, keyed

_POST_EVERY = 11 * DAY
_ACTIVE_DAYS = 45
"""For how many days after its publication a post is promoted."""
_LEARNING_DAYS = 3
_FINAL_STATUSES = (
    "DELIVERING", "DELIVERING", "DELIVERING", "NOT_DELIVERYING", "AUTHORIZATION_NEEDED", "EXCLUDED", "UNAVAILABLE",
    "REJECTED",
)  # fmt: skip
_UNPAID = ("AUTHORIZATION_NEEDED",)
"""Posts that are in organic traffic only."""
_AUTHORIZATIONS = ("TTS_TT", "AFFILIATE", "TT_USER", "BC_AUTH_TT", "AUTH_CODE")
_ROOM_WEEKDAYS = (1, 3, 4, 6)
"""The weekdays on which a LIVE room opens: Tuesday, Thursday, Friday and Sunday."""


class Product(msgspec.Struct, frozen=True):
    """A product (SPU).

    Attributes:
        id: item_group_id, which is also called spu_id.
        place: Its place among the products of the account.
        name: Its name.
        price: What an order of it brings on average, in minor units of the currency.
        key: The number from which everything else about it follows.
    """

    id: str
    place: int
    name: str
    price: int
    key: int

    @property
    def status(self) -> str:
        """Whether it can be bought."""
        return "unavailable" if self.key % 11 == 0 else "available"


class Post(msgspec.Struct, frozen=True):
    """A TikTok post about a product.

    Attributes:
        id: item_id.
        product: The product.
        created: When it was published, in seconds since 1970.
        first_day: The day after, an ordinal in the account's time zone.
        key: The number from which everything else about it follows.
    """

    id: str
    product: Product
    created: int
    first_day: int
    key: int

    @property
    def text(self) -> str:
        """The text under the video."""
        return Dice(self.key, 48).pick(TEXTS).format(product=self.product.name)

    @property
    def authorization(self) -> str:
        """How the account may use it."""
        return _AUTHORIZATIONS[self.key % len(_AUTHORIZATIONS)]

    @property
    def author(self) -> str:
        """The name of the TikTok account that published it."""
        return f"shopper{keyed(self.key, 49) % 900 + 100}"

    @property
    def is_paid(self) -> bool:
        """Whether it is ever promoted."""
        return self._final_status not in _UNPAID

    @property
    def _final_status(self) -> str:
        return _FINAL_STATUSES[(self.key >> 8) % len(_FINAL_STATUSES)]

    @property
    def last_day(self) -> int:
        """The last day on which it is promoted."""
        days = _ACTIVE_DAYS if self._final_status == "DELIVERING" else _LEARNING_DAYS + 4 + self.key % 9
        return self.first_day + days

    def status(self, today: int) -> str:
        """Its creative_delivery_status on a day."""
        if not self.is_paid:
            return self._final_status
        if today < self.first_day:
            return "IN_QUEUE"
        if today < self.first_day + _LEARNING_DAYS:
            return "LEARNING"
        if today <= self.last_day:
            return "DELIVERING"
        return "NOT_ACTIVE" if self._final_status == "DELIVERING" else self._final_status

    def weight(self, ordinal: int) -> int:
        """Its share of what its product's campaign spends on a day."""
        if not self.is_paid or not self.first_day <= ordinal <= self.last_day:
            return 0
        return max(1, (4 + self.key % 13) * (60 - (ordinal - self.first_day)) // 60)


class Room(msgspec.Struct, frozen=True):
    """A LIVE room.

    Attributes:
        id: room_id.
        name: Its title.
        day: The day on which it opens, an ordinal in the account's time zone.
        hour: The hour in which it opens.
        hours: For how many hours it is open. It may go on after midnight.
        paid: Whether the campaign spends money on it.
        key: The number from which everything else about it follows.
    """

    id: str
    name: str
    day: int
    hour: int
    hours: int
    paid: bool
    key: int

    @property
    def minutes(self) -> int:
        """How long it is open, in minutes. It ends some minutes before its last hour does."""
        return self.hours * 60 - self.key % 50

    def hours_on(self, ordinal: int) -> tuple[int, int]:
        """Its hours on a day: the first one, and the one after the last. The two are equal if it has none."""
        begin = self.hour + 24 * (self.day - ordinal)
        return max(0, min(begin, 24)), max(0, min(begin + self.hours, 24))


@lru_cache(maxsize=1_000)
def products(account: Account) -> tuple[Product, ...]:
    """The products of an account that sells in a TikTok Shop."""
    return tuple(
        Product(
            id=str(1_729_000_000_000_000_000 + keyed(account.key, place, 47) % 10**15),
            place=place,
            name=name,
            price=account.template.cpm * (200 + keyed(account.key, place, 50) % 600) // 100,
            key=keyed(account.key, place, 47),
        )
        for place, name in enumerate(account.template.products)
    )


@lru_cache(maxsize=5_000)
def _posts_until(account: Account, place: int, count: int) -> tuple[Post, ...]:
    product = products(account)[place]
    first = account.created + DAY // 2 + place * DAY
    posts = []
    for number in range(count):
        created = first + number * _POST_EVERY + keyed(product.key, number) % DAY
        key = keyed(product.key, number, 51)
        posts.append(
            Post(
                id=str(created << 32 | key & 0xFFFFFFFF),
                product=product,
                created=created,
                first_day=account.ordinal(created) + 1,
                key=key,
            )
        )
    return tuple(posts)


def posts(account: Account, place: int, now: int) -> list[Post]:
    """The posts about a product that were published by `now`, oldest first."""
    count = max(0, now - account.created) // _POST_EVERY + 1
    return [post for post in _posts_until(account, place, count) if post.created <= now]


def rooms(campaign: ShopCampaign, first: int, last: int) -> list[Room]:
    """The LIVE rooms of a campaign that open on the days from `first` to `last`, oldest first."""
    account = campaign.account
    days = range(max(first, campaign.first_day), min(last, campaign.last_day) + 1)
    return [_room(account, campaign, ordinal) for ordinal in days if (ordinal - 1) % 7 in _ROOM_WEEKDAYS]


def _room(account: Account, campaign: ShopCampaign, ordinal: int) -> Room:
    key = keyed(campaign.key, ordinal, 52)
    product = account.template.products[key % len(account.template.products)]
    return Room(
        id=str(7_500_000_000_000_000_000 + (ordinal << 32 | key & 0xFFFFFFFF)),
        name=f"{product} LIVE",
        day=ordinal,
        hour=(9, 13, 19, 22)[key % 4],
        hours=2 + key % 5,
        paid=(key >> 16) % 6 != 0,
        key=key,
    )
