"""What an account collects over time: audiences, posts, portfolios, music tracks and pixels.

Each entry is known by its index in a collection. So an ad can refer to an entry that existed when the ad was created,
and no entry has to be built.
"""

from tiktok_marketing.emulator.business.business import DAY, Account
from tiktok_marketing.emulator.randomness import keyed

NEVER = 1 << 41
"""Later than any clock: the start of a collection that stays empty."""


class Collection:
    """An account's entries of one kind, oldest first.

    Attributes:
        account: The account.
    """

    __slots__ = ("_kind", "_last", "_start", "_step", "account")

    def __init__(self, account: Account, kind: int, *, ads_each: int, start: int) -> None:
        """Plan the collection.

        Args:
            account: The account. An unused account has no entries.
            kind: A number that distinguishes the collections of an account.
            ads_each: For about how many ads there is one entry.
            start: How many seconds after the account the first entry is created.
        """
        self.account = account
        self._kind = kind
        self._start = account.created + start
        span = account.age_days * DAY
        self._step = max(3600, span * ads_each // max(account.size, ads_each))
        active_seconds = {"unused": -1, "idle": span * 3 // 10}
        self._last = account.created + active_seconds[account.life] if account.life in active_seconds else 1 << 40

    def count(self, now: int) -> int:
        """How many entries are created by `now`, in seconds since 1970."""
        return max(0, (min(now, self._last) - self._start) // self._step + 1)

    def created(self, index: int) -> int:
        """When an entry is created."""
        return self._start + index * self._step

    def key(self, index: int) -> int:
        """The number from which everything else about an entry follows."""
        return keyed(self.account.key, self._kind, index)

    def pick(self, chance: int, now: int) -> int | None:
        """The index of an entry that is created by `now`. None if there is no such entry."""
        count = self.count(now)
        return chance % count if count else None


def audiences(account: Account) -> Collection:
    """Custom audiences."""
    return Collection(account, 71, ads_each=12, start=1200)


def saved_audiences(account: Account) -> Collection:
    """Saved audiences: targeting that the account keeps for later."""
    return Collection(account, 79, ads_each=20, start=2400)


def audience_id(collection: Collection, index: int) -> str:
    """An audience's id: nine digits."""
    return str(100_000_000 + collection.key(index) % 899_000_000)


def posts(account: Account) -> Collection:
    """Posts of creators that may be used as Spark Ads. Half of the accounts have none."""
    hidden = account.index % 2 and account.life == "active"
    return Collection(account, 72, ads_each=10, start=NEVER if hidden else 5 * DAY)


def post_id(collection: Collection, index: int) -> str:
    """A post's id: nineteen digits that grow with time."""
    return str(collection.created(index) << 32 | collection.key(index) & 0xFFFFFFFF)


def portfolios(account: Account) -> Collection:
    """Creative portfolios. Every third is a call to action."""
    return Collection(account, 73, ads_each=8, start=300)


def portfolio_id(collection: Collection, index: int) -> str:
    """A portfolio's id: nineteen digits."""
    return str(collection.created(index) << 32 | collection.key(index) & 0xFFFFFFFF)


PORTFOLIO_TYPES = ("CTA", "CARD", "PREMIUM_BADGE")
"""The types of the portfolios of an account, in turn. For an app, a card is a DOWNLOAD_CARD."""


def portfolio_type(account: Account, index: int) -> str:
    """The type of a portfolio."""
    name = PORTFOLIO_TYPES[index % len(PORTFOLIO_TYPES)]
    return "DOWNLOAD_CARD" if name == "CARD" and account.template.app else name


def portfolio_for(account: Account, position: int, chance: int, now: int) -> str | None:
    """The id of a portfolio created by `now` whose type is `PORTFOLIO_TYPES[position]`. None if there is none."""
    collection = portfolios(account)
    count = (collection.count(now) - position + 2) // len(PORTFOLIO_TYPES)
    return portfolio_id(collection, chance % count * len(PORTFOLIO_TYPES) + position) if count > 0 else None


def tracks(account: Account) -> Collection:
    """Music tracks that the account uploaded itself."""
    return Collection(account, 74, ads_each=25, start=2 * DAY)


STOCK_TRACKS = 60
"""How many tracks TikTok's own library has. They are the same for every account."""


def stock_track_id(index: int) -> str:
    """The id of a track that every account can use."""
    return str(6_800_000_000_000_000_000 + keyed(75, index) % 10**15)


def track_id(collection: Collection, index: int) -> str:
    """The id of an account's own track."""
    return str(7_200_000_000_000_000_000 + collection.key(index) % 10**15)


STOCK_IMAGES = 12
"""How many images several accounts have under the same id."""


def stock_image_id(index: int) -> str:
    """The id of an image that several accounts have."""
    return image_id(keyed(76, index), carousel=True)


def image_id(key: int, *, carousel: bool) -> str:
    """An image's id: 32 hexadecimal digits. It is odd if a carousel can show the image."""
    return f"{key:016x}{keyed(key, 79) & ~1 | carousel:016x}"


def stock_images(account: Account) -> list[int]:
    """Which of the shared images an account has: the first two, and about half of the others."""
    if account.life == "unused":
        return []
    return [index for index in range(STOCK_IMAGES) if index < 2 or account.key >> index & 1]


def playables(account: Account) -> Collection:
    """Playables: small games that ads for apps show. Only accounts with an app have any."""
    return Collection(account, 80, ads_each=15, start=DAY if account.template.app else NEVER)


def playable_id(collection: Collection, index: int) -> str:
    """A playable's id: nineteen digits that grow with time."""
    return str(collection.created(index) << 32 | collection.key(index) & 0xFFFFFFFF)


def playable_url(collection: Collection, index: int) -> str:
    """Where a playable is."""
    return f"https://playable.example/{collection.key(index):016x}/index.html"


def pixels(account: Account) -> Collection:
    """Pixels. Only accounts that advertise for conversions or leads on a website have any. Ads use the first."""
    used = {"web", "lead"}.intersection(account.template.profiles)
    return Collection(account, 77, ads_each=max(35, account.size // 4), start=120 if used else NEVER)


def pixel_id(account: Account, index: int = 0) -> str:
    """The id of an account's pixel: nineteen digits."""
    collection = pixels(account)
    return str(collection.created(index) << 32 | collection.key(index) & 0xFFFFFFFF)
