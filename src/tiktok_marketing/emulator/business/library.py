"""What an account collects one by one as time goes on: audiences, posts, portfolios, tracks and pixels.

Each is known by its place in the row, so that an ad can name one that existed when it was made without building any.
"""

from tiktok_marketing.emulator.business.business import DAY, Account
from tiktok_marketing.emulator.randomness import keyed


class Shelf:
    """A row of one kind of things that an account has, oldest first.

    Attributes:
        account: Whose.
    """

    __slots__ = ("_kind", "_last", "_start", "_step", "account")

    def __init__(self, account: Account, kind: int, *, ads_each: int, start: int) -> None:
        """Plan it.

        Args:
            account: Whose; one that was never used has none.
            kind: Tells the shelves of an account apart.
            ads_each: There is one thing for about so many ads.
            start: How many seconds after the account the first one was made.
        """
        self.account = account
        self._kind = kind
        self._start = account.created + start
        span = account.age_days * DAY
        self._step = max(3600, span * ads_each // max(account.size, ads_each))
        quiet = {"unused": -1, "idle": span * 3 // 10}
        self._last = account.created + quiet[account.life] if account.life in quiet else 1 << 40

    def count(self, now: int) -> int:
        """How many were made by `now`, seconds since 1970."""
        return max(0, (min(now, self._last) - self._start) // self._step + 1)

    def created(self, index: int) -> int:
        """When one was made."""
        return self._start + index * self._step

    def key(self, index: int) -> int:
        """What decides everything else about one."""
        return keyed(self.account.key, self._kind, index)

    def pick(self, chance: int, now: int) -> int | None:
        """One of those made by `now`; None if there are none."""
        count = self.count(now)
        return chance % count if count else None


def audiences(account: Account) -> Shelf:
    """Custom audiences."""
    return Shelf(account, 71, ads_each=12, start=1200)


def audience_id(shelf: Shelf, index: int) -> str:
    """Nine digits."""
    return str(100_000_000 + shelf.key(index) % 899_000_000)


def posts(account: Account) -> Shelf:
    """Posts of creators that may be used as Spark Ads; half of the accounts have none."""
    hidden = account.index % 2 and account.life == "active"
    return Shelf(account, 72, ads_each=10, start=FAR if hidden else 5 * DAY)


FAR = 1 << 41
"""Later than any clock: what an account has none of starts then."""


def post_id(shelf: Shelf, index: int) -> str:
    """Nineteen digits that grow with time."""
    return str(shelf.created(index) << 32 | shelf.key(index) & 0xFFFFFFFF)


def portfolios(account: Account) -> Shelf:
    """Creative portfolios; every third is a call to action."""
    return Shelf(account, 73, ads_each=8, start=300)


def portfolio_id(shelf: Shelf, index: int) -> str:
    """Nineteen digits."""
    return str(shelf.created(index) << 32 | shelf.key(index) & 0xFFFFFFFF)


PORTFOLIO_TYPES = ("CTA", "CARD", "PREMIUM_BADGE")
"""The types that take turns on the shelf; an app's cards are DOWNLOAD_CARDs."""


def portfolio_type(account: Account, index: int) -> str:
    """The type of a portfolio."""
    name = PORTFOLIO_TYPES[index % len(PORTFOLIO_TYPES)]
    return "DOWNLOAD_CARD" if name == "CARD" and account.template.app else name


def portfolio_for(account: Account, place: int, chance: int, now: int) -> str | None:
    """The id of a portfolio made by `now` whose type is at `place` of `PORTFOLIO_TYPES`; None if there is none."""
    shelf = portfolios(account)
    among = (shelf.count(now) - place + 2) // len(PORTFOLIO_TYPES)
    return portfolio_id(shelf, chance % among * len(PORTFOLIO_TYPES) + place) if among > 0 else None


def tracks(account: Account) -> Shelf:
    """Music that the account uploaded itself."""
    return Shelf(account, 74, ads_each=25, start=2 * DAY)


STOCK_TRACKS = 60
"""Tracks of TikTok's own library: the same for every account."""


def stock_track_id(index: int) -> str:
    """The id of a track that every account can use."""
    return str(6_800_000_000_000_000_000 + keyed(75, index) % 10**15)


def track_id(shelf: Shelf, index: int) -> str:
    """The id of an account's own track."""
    return str(7_200_000_000_000_000_000 + shelf.key(index) % 10**15)


STOCK_IMAGES = 12
"""Images that several accounts hold under the same id."""


def stock_image_id(index: int) -> str:
    """The id of an image that several accounts hold."""
    return f"ad-site-i18n-sg/{keyed(76, index):016x}stock"


def stock_images(account: Account) -> list[int]:
    """Which of the shared images an account holds: about half; the first two in any case."""
    if account.life == "unused":
        return []
    return [index for index in range(STOCK_IMAGES) if index < 2 or account.key >> index & 1]


def pixels(account: Account) -> Shelf:
    """Pixels: only accounts that want conversions or leads on a website have some; the first is the one in use."""
    used = {"web", "lead"}.intersection(account.template.profiles)
    return Shelf(account, 77, ads_each=max(35, account.size // 4), start=120 if used else FAR)


def pixel_id(account: Account, index: int = 0) -> str:
    """The id of an account's pixel: nineteen digits."""
    shelf = pixels(account)
    return str(shelf.created(index) << 32 | shelf.key(index) & 0xFFFFFFFF)
