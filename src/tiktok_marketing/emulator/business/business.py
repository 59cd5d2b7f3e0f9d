"""The ad business: accounts and, built when first asked for, their campaigns, ad groups and ads.

Everything here is a plan: when things begin, stop and are deleted. What is visible at a given time follows from the
plan and the clock (`status.py`), what it delivers from `delivery.py`. Ids are made as TikTok's seem to be: the second
of creation, shifted left, and low bits that tell objects apart; so a greater id is a younger object.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from math import isqrt
from typing import TypeVar
from zoneinfo import ZoneInfo

from tiktok_marketing.emulator.business.vocabulary import TEMPLATES, Template
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.randomness import Dice, keyed

DAY = 86_400
FOREVER = 1 << 40
"""Later than any clock, in seconds and in days: what has no end ends then."""

_UNIX_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_SANDBOX_DAYS = (date(2020, 12, 8).toordinal(), date(2020, 12, 19).toordinal())
_EVERGREEN_GROUP = 6

T = TypeVar("T", "Campaign", "AdGroup", "Ad")


class Ad:
    """The plan of one ad. Times are seconds since 1970, days are ordinals in the account's zone, both inclusive."""

    __slots__ = ("base", "created", "deleted_at", "first_day", "group", "id", "key", "last_day", "paused_at", "serial")

    def __init__(self, group: "AdGroup", serial: int, created: int) -> None:
        campaign = group.campaign
        account = campaign.account
        self.group = group
        self.serial = serial
        self.created = created
        self.key: int = keyed(group.key, serial, 3)
        key = self.key
        self.id = _object_id(created, 3, key)
        dice = key >> 8
        chance = dice % 100
        life = DAY * (4 + (dice >> 12) % 16)
        self.paused_at = created + life if chance < 16 else FOREVER
        self.deleted_at = created + life + DAY * ((dice >> 20) % 5) if chance < 6 or 40 <= chance < 44 else FOREVER
        kind = (dice >> 28) % 100
        if kind < 5:
            self.base = 0
        elif kind < 13:
            self.base = 1 + (dice >> 36) % 40
        else:
            self.base = (900 + (dice >> 36) % 1400) << ((dice >> 48) % 5)
        if account.sandbox_days:
            self.first_day, self.last_day = account.sandbox_days
        else:
            self.first_day = account.ordinal(created) + 1
            stop = min(self.paused_at, self.deleted_at, group.stops_at)
            self.last_day = account.ordinal(stop) - 1 if stop < FOREVER else FOREVER

    @property
    def trickles(self) -> bool:
        """Whether the ad delivers so little that hours without any impression are normal."""
        return self.base < 100

    @property
    def v2_id(self) -> int:
        """What Ads Manager shows as the ad: the Smart+ ad for its creatives, else the ad itself."""
        return self.group.smart_ad_id or self.id


class AdGroup:
    """The plan of one ad group; `stops_at` is when it or its campaign stops for good."""

    __slots__ = (
        "ads", "campaign", "created", "deleted_at", "id", "key", "paused_at", "serial", "smart_ad_id", "stops_at",
    )  # fmt: skip

    def __init__(self, campaign: "Campaign", serial: int, created: int) -> None:
        self.campaign = campaign
        self.serial = serial
        self.created = created
        self.key: int = keyed(campaign.key, serial, 2)
        key = self.key
        self.id = _object_id(created, 2, key)
        chance = (key >> 8) % 100
        life = DAY * (5 + (key >> 20) % 15)
        self.paused_at = created + life if chance < 9 else FOREVER
        self.deleted_at = created + life + DAY if chance < 3 else FOREVER
        self.stops_at: int = min(self.paused_at, self.deleted_at, campaign.stops_at)
        self.smart_ad_id = _object_id(created + 20, 0, key) if campaign.smart else 0
        self.ads: list[Ad] = []


class Campaign:
    """The plan of one campaign and all that is in it."""

    __slots__ = (
        "account", "buying_type", "created", "deleted_at", "end_at", "groups", "id", "key", "paused_at", "profile",
        "serial", "smart", "stops_at",
    )  # fmt: skip

    def __init__(self, account: "Account", serial: int, created: int, life: int) -> None:
        self.account = account
        self.serial = serial
        self.created = created
        self.key: int = keyed(account.key, serial, 1)
        self.id = _object_id(created, 1, self.key)
        dice = Dice(self.key, 17)
        evergreen = serial == 0 and account.life == "active"
        self.profile = account.template.profiles[0] if evergreen else dice.pick(account.template.profiles)
        self.buying_type = "AUCTION"
        if serial == 3 or (serial > 6 and dice.chance(4)):
            self.buying_type, self.profile = "RESERVATION_RF", "reach"
        elif (serial == 5 and account.index % 2 == 0) or (serial > 6 and dice.chance(2)):
            self.buying_type, self.profile = "RESERVATION_TOP_VIEW", "reach"
        self.smart = self.buying_type == "AUCTION" and (serial == 2 or (serial > 6 and dice.chance(12)))
        if self.smart and self.profile not in {"web", "app", "lead"}:
            self.profile = next((name for name in account.template.profiles if name in {"web", "app", "lead"}), "web")
        self.end_at = FOREVER if evergreen or (account.life == "active" and dice.chance(25)) else created + life
        self.paused_at = self.deleted_at = FOREVER
        if not evergreen and (serial == 1 or dice.chance(12)):
            self.paused_at = created + life * dice.between(30, 90) // 100
        if not evergreen and (serial == 4 or dice.chance(10)):
            self.deleted_at = created + life * dice.between(50, 120) // 100
        self.stops_at: int = min(self.end_at, self.paused_at, self.deleted_at)
        self.groups: list[AdGroup] = []

    @property
    def ads(self) -> Iterator[Ad]:
        """All its ads, whatever their time."""
        return (ad for group in self.groups for ad in group.ads)


class Inventory:
    """Everything an account has up to `until`, oldest first: parallel lists of objects and their creation times."""

    __slots__ = ("adgroups", "ads", "campaigns", "until")

    def __init__(self, campaigns: list[Campaign], until: int) -> None:
        self.until = until
        self.campaigns = sorted(campaigns, key=_by_id)
        self.adgroups = sorted((group for campaign in campaigns for group in campaign.groups), key=_by_id)
        self.ads = sorted((ad for campaign in campaigns for ad in campaign.ads), key=_by_id)


class Account:
    """One ad account.

    Attributes:
        id: Its advertiser_id, as an integer.
        created: When it was opened, in seconds since 1970.
        zone: Its time zone.
        granted: Whether the production token reaches it.
        sandbox_days: For the sandbox account, the only days (ordinals) with figures.
    """

    def __init__(
        self, options: Options, anchor: int, index: int, *, granted: bool = True, sandbox: bool = False
    ) -> None:
        self.index = index
        self.key: int = keyed(options.seed, index, 41 if sandbox else 0)
        key = self.key
        self.template: Template = TEMPLATES[0] if sandbox else TEMPLATES[index % len(TEMPLATES)]
        again = index // len(TEMPLATES)
        self.name = "Sandbox of Harbor & Pine" if sandbox else self.template.name + (f" {again + 1}" if again else "")
        self.zone = ZoneInfo(self.template.zone)
        self.granted = granted
        self.sandbox = sandbox
        self.life = self.template.life
        if options.active is not None and index >= options.active and not sandbox:
            self.life = ("idle", "unused")[index % 2]
        self.age_days = max(1, options.days * self.template.age // 100)
        self.created = anchor - self.age_days * DAY + 9 * 3600 + key % (6 * 3600)
        self.id = (self.created << 32) | (key >> 32)
        self._offset = int((datetime.fromtimestamp(self.created, self.zone).utcoffset() or timedelta()).total_seconds())
        self.size = 12 if sandbox else max(1, options.ads_per_account * self.template.size // 100)
        self.sandbox_days = _SANDBOX_DAYS if sandbox and options.sandbox_report_dates else None
        self._inventory: Inventory | None = None

    def ordinal(self, seconds: int) -> int:
        """The local day of a time, near enough for a plan (it knows no daylight saving time)."""
        return (seconds + self._offset) // DAY + _UNIX_EPOCH_ORDINAL

    def inventory(self, now: int) -> Inventory:
        """The account's objects, among them all that exist at `now`; built at most once in two days of the clock."""
        found = self._inventory
        if found is None or not found.until - 30 * DAY <= now < found.until:
            until = (now // DAY + 2) * DAY
            found = self._inventory = Inventory(list(self._campaigns(until)), until)
        return found

    def campaigns(self, now: int) -> list[Campaign]:
        """Campaigns that were created by `now`, deleted ones included, oldest first."""
        return _until(self.inventory(now).campaigns, now)

    def adgroups(self, now: int) -> list[AdGroup]:
        """Ad groups that were created by `now`, deleted ones included, oldest first."""
        return _until(self.inventory(now).adgroups, now)

    def ads(self, now: int) -> list[Ad]:
        """Ads that were created by `now`, deleted ones included, oldest first."""
        return _until(self.inventory(now).ads, now)

    def _campaigns(self, until: int) -> Iterator[Campaign]:
        if self.life == "unused":
            return
        span = self.age_days * DAY
        evergreen = min(200, self.size // 4) if self.life == "active" else 0
        mean = max(6, min(400, isqrt(self.size) * 4 // 5))
        count = max(2, (self.size - evergreen) // mean)
        if self.life == "idle":
            span = span * 3 // 10
        first = 0
        if evergreen:
            yield self._evergreen(span // evergreen, until)
            first = 1
        step = max(1, span // count)
        for serial in range(first, 1 << 20):
            if self.life == "idle" and serial >= count:
                return
            dice = Dice(self.key, serial, 5)
            born = self._office_hours(self.created + step * (serial - first) + dice.below(step), dice)
            if self.created + step * (serial - first) > until:
                return
            if born <= until:
                yield self._regular(serial, born, mean, dice, until)

    def _office_hours(self, seconds: int, dice: Dice) -> int:
        """The same local day at a time when people work, never before the account was opened."""
        midnight = (seconds + self._offset) // DAY * DAY - self._offset
        return max(midnight + 9 * 3600 + dice.below(9 * 3600), self.created + 600 + dice.below(3600))

    def _evergreen(self, step: int, until: int) -> Campaign:
        """The campaign that never ends and gets a fresh ad every `step` seconds, in ad groups of six."""
        dice = Dice(self.key, 0, 6)
        campaign = Campaign(self, 0, self._office_hours(self.created, dice), 0)
        for index in range(1 << 20):
            created = campaign.created + 1800 + index * step
            if index:
                created = self._office_hours(created, Dice(self.key, index, 7))
            if campaign.created + index * step > until:
                break
            if index % _EVERGREEN_GROUP == 0:
                campaign.groups.append(AdGroup(campaign, index // _EVERGREEN_GROUP, created - 300))
            group = campaign.groups[-1]
            created = max(created, group.created + 300)
            if created <= until:
                group.ads.append(Ad(group, index, created))
        campaign.groups = [group for group in campaign.groups if group.created <= until]
        return campaign

    def _regular(self, serial: int, born: int, mean: int, dice: Dice, until: int) -> Campaign:
        life = DAY * (dice.between(3, max(4, self.age_days // 8)) if self.life == "idle" else dice.between(10, 45))
        campaign = Campaign(self, serial, born, life)
        per_group = 3 if mean < 30 else 10
        for group_serial in range(dice.between(1, 2 * max(1, mean // per_group) - 1)):
            group = AdGroup(campaign, group_serial, born + 120 + group_serial * dice.between(200, 900))
            for ad_serial in range(dice.between(1, 2 * per_group - 1)):
                created = group.created + 60 + ad_serial * dice.between(40, 300)
                if dice.chance(30):
                    created = self._office_hours(created + life * dice.between(10, 80) // 100, dice)
                if created <= until:
                    group.ads.append(Ad(group, group_serial * 64 + ad_serial, created))
            if group.created <= until:
                campaign.groups.append(group)
        return campaign


Item = Campaign | AdGroup | Ad
"""Any object that an account holds."""


class Business:
    """All accounts of one emulator, by id."""

    def __init__(self, options: Options, now: datetime) -> None:
        self.options = options
        day = options.anchor or now.astimezone(UTC).date()
        anchor = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        total = options.advertisers + options.not_granted
        self.accounts = [Account(options, anchor, index, granted=index < options.advertisers) for index in range(total)]
        self.sandbox = Account(options, anchor, 0, granted=False, sandbox=True)
        self.by_id: dict[str, Account] = {str(account.id): account for account in [*self.accounts, self.sandbox]}

    @property
    def granted(self) -> list[Account]:
        """The accounts that the production token reaches."""
        return [account for account in self.accounts if account.granted]


def _by_id(item: Item) -> int:
    return item.id


def _until(items: list[T], now: int) -> list[T]:
    return items[: bisect_right(items, ((now + 1) << 20) - 1, key=_by_id)]


def _object_id(created: int, kind: int, key: int) -> int:
    return (created << 20) | (kind << 18) | (key & 0x3FFFF)
