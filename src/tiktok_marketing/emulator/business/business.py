"""The ad business: accounts and, built when first asked for, their campaigns, ad groups and ads.

Everything here is a plan: when objects start, stop and are deleted. The plan and the clock decide what is visible at a
time (`status.py`) and what it delivers (`delivery.py`). Ids are built as TikTok's seem to be: the second of creation,
shifted left, and low bits that make the id unique. A greater id therefore belongs to a younger object.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from math import isqrt
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from tiktok_marketing.emulator.business.days import standard_zone
from tiktok_marketing.emulator.business.vocabulary import PRICES, TEMPLATES, Template
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.randomness import Dice, keyed

DAY = 86_400
FOREVER = 1 << 40
"""Later than any clock, in seconds and in days: the end of objects that have no end."""

PLATFORM, PROMOTE = "TT_ADS_PLATFORM", "PROMOTE"
"""Where a campaign comes from: Ads Manager and the API, or a post that was boosted in TikTok's app."""

_PROMOTE_EVERY = 25
"""Days between two posts that are boosted."""
_UNIX_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_SANDBOX_DAYS = (date(2020, 12, 8).toordinal(), date(2020, 12, 19).toordinal())
_EVERGREEN_GROUP = 6
_FIRST_PROMOTED = 1 << 24
"""The serial of an account's first boosted post, beyond those of all other campaigns."""

ItemT = TypeVar("ItemT", "Campaign", "AdGroup", "Ad")


class Ad:
    """The plan of one ad.

    Attributes:
        daily_impressions: How many impressions it has on a typical day.
        created: When it was created. This and other times are in seconds since 1970.
        first_day: The first day on which it delivers. Days are ordinals in the account's time zone.
        last_day: The last day on which it delivers.
        serial: Its number in the ad group.
        key: The number from which everything random about it follows.
    """

    __slots__ = (
        "created", "daily_impressions", "deleted_at", "first_day", "group", "id", "key", "last_day", "paused_at",
        "serial",
    )  # fmt: skip

    def __init__(self, group: "AdGroup", serial: int, created: int) -> None:
        campaign = group.campaign
        account = campaign.account
        self.group = group
        self.serial = serial
        self.created = created
        self.key: int = keyed(group.key, serial, 3)
        key = self.key
        self.id = object_id(created, 3, key)
        dice = key >> 8
        chance = dice % 100
        life = DAY * (4 + (dice >> 12) % 16)
        self.paused_at = created + life if chance < 16 else FOREVER
        self.deleted_at = created + life + DAY * ((dice >> 20) % 5) if chance < 6 or 40 <= chance < 44 else FOREVER
        kind = (dice >> 28) % 100
        if kind < 5:
            self.daily_impressions = 0
        elif kind < 13:
            self.daily_impressions = 1 + (dice >> 36) % 40
        else:
            self.daily_impressions = (900 + (dice >> 36) % 1400) << ((dice >> 48) % 5)
        if account.sandbox_days:
            self.first_day, self.last_day = account.sandbox_days
        else:
            self.first_day = account.ordinal(created) + 1
            stop = min(self.paused_at, self.deleted_at, group.stops_at)
            self.last_day = account.ordinal(stop) - 1 if stop < FOREVER else FOREVER

    @property
    def trickles(self) -> bool:
        """Whether the ad delivers so little that some hours have no impressions."""
        return self.daily_impressions < 100

    @property
    def v2_id(self) -> int:
        """The id of the ad that Ads Manager shows: the Smart+ ad of a creative, or this ad itself."""
        return self.group.smart_ad_id or self.id


class AdGroup:
    """The plan of one ad group.

    Attributes:
        stops_at: When it or its campaign stops for good, in seconds since 1970.
        smart_ad_id: The id of the Smart+ ad that its ads are creatives of; 0 if its campaign is not a Smart+ campaign.
        ads: Its ads, whenever they are created.
    """

    __slots__ = (
        "ads", "campaign", "created", "deleted_at", "id", "key", "paused_at", "serial", "smart_ad_id", "stops_at",
    )  # fmt: skip

    def __init__(self, campaign: "Campaign", serial: int, created: int) -> None:
        self.campaign = campaign
        self.serial = serial
        self.created = created
        self.key: int = keyed(campaign.key, serial, 2)
        key = self.key
        self.id = object_id(created, 2, key)
        chance = (key >> 8) % 100
        life = DAY * (5 + (key >> 20) % 15)
        self.paused_at = created + life if chance < 9 else FOREVER
        self.deleted_at = created + life + DAY if chance < 3 else FOREVER
        self.stops_at: int = min(self.paused_at, self.deleted_at, campaign.stops_at)
        self.smart_ad_id = object_id(created + 20, 0, key) if campaign.smart else 0
        self.ads: list[Ad] = []


class Campaign:
    """The plan of one campaign and everything in it.

    Attributes:
        profile: The kind of campaign, a key of `vocabulary.PROFILES`.
        smart: Whether it is an upgraded Smart+ campaign.
        origin: PLATFORM or PROMOTE.
        end_at: The end of its schedule, in seconds since 1970.
        stops_at: When it stops for good: it ends, is paused or is deleted.
        groups: Its ad groups, whenever they are created.
    """

    __slots__ = (
        "account", "buying_type", "created", "deleted_at", "end_at", "groups", "id", "key", "origin", "paused_at",
        "profile", "serial", "smart", "stops_at",
    )  # fmt: skip

    def __init__(self, account: "Account", serial: int, created: int, life: int, origin: str = PLATFORM) -> None:
        self.account = account
        self.origin = origin
        self.serial = serial
        self.created = created
        self.key: int = keyed(account.key, serial, 1)
        self.id = object_id(created, 1, self.key)
        dice = Dice(self.key, 17)
        evergreen = serial == 0 and account.life == "active"
        self.profile = account.template.profiles[0] if evergreen else dice.pick(account.template.profiles)
        self.buying_type = "AUCTION"
        if serial == 3 or (serial > 6 and dice.chance(4)):
            self.buying_type, self.profile = "RESERVATION_RF", "reach"
        elif (serial == 5 and account.index % 2 == 0) or (serial > 6 and dice.chance(2)):
            self.buying_type, self.profile = "RESERVATION_TOP_VIEW", "reach"
        if origin == PROMOTE:
            self.buying_type, self.profile = "AUCTION", dice.pick(("traffic", "video", "community"))
        self.smart = (
            origin == PLATFORM and self.buying_type == "AUCTION" and (serial == 2 or (serial > 6 and dice.chance(12)))
        )
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
    def legacy_smart(self) -> bool:
        """Whether it is a Smart+ campaign of the old kind, which has one ad group."""
        usual = self.origin == PLATFORM and self.buying_type == "AUCTION" and not self.smart
        return usual and self.profile in {"web", "app"} and len(self.groups) == 1 and keyed(self.key, 67) % 4 == 0

    @property
    def ads(self) -> Iterator[Ad]:
        """All its ads, whenever they are created."""
        return (ad for group in self.groups for ad in group.ads)


class Inventory:
    """All objects of an account that are created by `until`, oldest first."""

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
        index: Its place among the accounts.
        business_key: The number from which everything random about its Business Center follows.
        template: The kind of business that it belongs to.
        life: `active`, `idle` (its campaigns ended long ago) or `unused` (it never had a campaign).
        created: When it was opened, in seconds since 1970.
        zone: The zone of its days: the fixed offset of its place, unless daylight saving time is emulated.
        size: Roughly how many ads it has on the anchor day.
        granted: Whether the production token reaches it.
        sandbox: Whether it is the sandbox account.
        sandbox_days: The first and last day (ordinals) with figures, if only some days of the sandbox account have any.
    """

    def __init__(
        self, options: Options, anchor: int, index: int, *, granted: bool = True, sandbox: bool = False
    ) -> None:
        self.index = index
        self.key: int = keyed(options.seed, index, 41 if sandbox else 0)
        key = self.key
        self.business_key: int = keyed(options.seed, 43)
        self.template: Template = TEMPLATES[0] if sandbox else TEMPLATES[index % len(TEMPLATES)]
        if index < len(options.currencies) and not sandbox:
            currency = options.currencies[index]
            self.template = msgspec.structs.replace(self.template, currency=currency, cpm=PRICES[currency])
        uses = index // len(TEMPLATES)  # how many accounts before it have the same template
        self.name = "Sandbox of Harbor & Pine" if sandbox else self.template.name + (f" {uses + 1}" if uses else "")
        place = self.template.zone
        self.zone = ZoneInfo(place) if options.daylight_saving else standard_zone(place)
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
        self._inventories: dict[str, Inventory] = {}

    def ordinal(self, seconds: int) -> int:
        """The local day of a time. Changes of clocks, if emulated, are ignored, which is exact enough for a plan."""
        return (seconds + self._offset) // DAY + _UNIX_EPOCH_ORDINAL

    def start_of(self, ordinal: int) -> int:
        """When a local day begins, in seconds since 1970: the inverse of `ordinal`."""
        return (ordinal - _UNIX_EPOCH_ORDINAL) * DAY - self._offset

    def inventory(self, now: int, origin: str = PLATFORM) -> Inventory:
        """The account's objects, at least all that exist at `now`. Built at most once per two days of the clock."""
        inventory = self._inventories.get(origin)
        if inventory is None or not inventory.until - 30 * DAY <= now < inventory.until:
            until = (now // DAY + 2) * DAY
            campaigns = self._campaigns(until) if origin == PLATFORM else self._promoted_campaigns(until)
            inventory = self._inventories[origin] = Inventory(list(campaigns), until)
        return inventory

    def campaigns(self, now: int, origins: Collection[str] = (PLATFORM,)) -> list[Campaign]:
        """Campaigns that were created by `now`, including deleted ones, oldest first."""
        return _merged(_created_by(self.inventory(now, origin).campaigns, now) for origin in origins)

    def adgroups(self, now: int, origins: Collection[str] = (PLATFORM,)) -> list[AdGroup]:
        """Ad groups that were created by `now`, including deleted ones, oldest first."""
        return _merged(_created_by(self.inventory(now, origin).adgroups, now) for origin in origins)

    def ads(self, now: int, origins: Collection[str] = (PLATFORM,)) -> list[Ad]:
        """Ads that were created by `now`, including deleted ones, oldest first."""
        return _merged(_created_by(self.inventory(now, origin).ads, now) for origin in origins)

    def _promoted_campaigns(self, until: int) -> Iterator[Campaign]:
        """Posts that were boosted in TikTok's app: campaigns with one ad group and one ad, for a few days each."""
        if self.life != "active" or self.sandbox:
            return
        for serial in range(until // DAY):
            dice = Dice(self.key, serial, 8)
            created = self._office_hours(self.created + (5 + serial * _PROMOTE_EVERY) * DAY, dice)
            if created + 60 > until:
                return
            campaign = Campaign(self, _FIRST_PROMOTED + serial, created, DAY * dice.between(3, 7), PROMOTE)
            group = AdGroup(campaign, 0, created + 20)
            group.ads.append(Ad(group, 0, created + 40))
            campaign.groups.append(group)
            yield campaign

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
            yield self._evergreen_campaign(span // evergreen, until)
            first = 1
        step = max(1, span // count)
        for serial in range(first, 1 << 20):
            if self.life == "idle" and serial >= count:
                return
            dice = Dice(self.key, serial, 5)
            created = self._office_hours(self.created + step * (serial - first) + dice.below(step), dice)
            if self.created + step * (serial - first) > until:
                return
            if created <= until:
                yield self._regular_campaign(serial, created, mean, dice, until)

    def _office_hours(self, seconds: int, dice: Dice) -> int:
        """A time on the same local day when people work, but not before the account was opened."""
        midnight = (seconds + self._offset) // DAY * DAY - self._offset
        return max(midnight + 9 * 3600 + dice.below(9 * 3600), self.created + 600 + dice.below(3600))

    def _evergreen_campaign(self, step: int, until: int) -> Campaign:
        """The campaign that never ends and gets a new ad every `step` seconds, in ad groups of six."""
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

    def _regular_campaign(self, serial: int, campaign_created: int, mean: int, dice: Dice, until: int) -> Campaign:
        life = DAY * (dice.between(3, max(4, self.age_days // 8)) if self.life == "idle" else dice.between(10, 45))
        campaign = Campaign(self, serial, campaign_created, life)
        per_group = 3 if mean < 30 else 10
        for group_serial in range(dice.between(1, 2 * max(1, mean // per_group) - 1)):
            group = AdGroup(campaign, group_serial, campaign_created + 120 + group_serial * dice.between(200, 900))
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
"""Any object in an account."""


def campaign_of(item: Item) -> Campaign:
    """The campaign that an object is, or belongs to."""
    if isinstance(item, Campaign):
        return item
    return item.campaign if isinstance(item, AdGroup) else item.group.campaign


def adgroup_of(item: Item) -> AdGroup | None:
    """The ad group that an object is, or belongs to. None for a campaign."""
    if isinstance(item, Ad):
        return item.group
    return item if isinstance(item, AdGroup) else None


class Business:
    """All accounts of one emulator."""

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


def _created_by(items: list[ItemT], now: int) -> list[ItemT]:
    """The objects that were created by `now`, of a list in the order of creation."""
    return items[: bisect_right(items, ((now + 1) << 20) - 1, key=_by_id)]


def _merged(lists: Iterable[list[ItemT]]) -> list[ItemT]:
    """The objects of all lists, oldest first."""
    first, *others = lists
    return sorted((item for items in (first, *others) for item in items), key=_by_id) if others else first


def object_id(created: int, kind: int, key: int) -> int:
    """The id of an object that was created at a time. Its kind and its key make it unique."""
    return (created << 20) | (kind << 18) | (key & 0x3FFFF)
