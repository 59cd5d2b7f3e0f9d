"""The rows of the GMV Max report: which parts of a store's figures belong to which row."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from operator import add, sub

import msgspec

from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.business.currencies import exchanged
from tiktok_marketing.emulator.business.days import local_ordinal
from tiktok_marketing.emulator.business.shop.campaigns import ShopCampaign
from tiktok_marketing.emulator.business.shop.figures import COMPONENTS, MONEY, Part, ShopFigures, Vector
from tiktok_marketing.emulator.business.shop.products import Post, Product, Room, posts, products, rooms
from tiktok_marketing.emulator.business.shop.stores import Store
from tiktok_marketing.emulator.endpoints.gmv_max.levels import CREATIVES, OVERVIEW, PRODUCTS, ROOMS, TIMES, Level
from tiktok_marketing.emulator.endpoints.gmv_max.query import GmvMaxQuery

CARD = "-1"
"""The item_id of a product card."""
_CAMPAIGN_DIMENSIONS = frozenset({"advertiser_id", "campaign_id"})
_NO_HOUR = "-"
"""The hour of the only row of a store without figures in a period: clients in production see such rows."""
_COST_ONLY = frozenset({"campaign_id", "item_id"})
"""With these dimensions and a time, only rows with a cost are shown."""
_COST = COMPONENTS.index("item_cost")


class Subject(msgspec.Struct, frozen=True):
    """What a row is about.

    Attributes:
        campaign: The campaign. Of several, the first.
        product: The product, if the row is about one.
        post: The post, if the row is about one.
        room: The LIVE room, if the row is about one.
        bid_type: The mode of the campaign at the time, for rows by duration.
    """

    campaign: ShopCampaign | None
    product: Product | None = None
    post: Post | None = None
    room: Room | None = None
    bid_type: str = "CUSTOM"


class Row(msgspec.Struct):
    """A row: its dimensions, what it is about, and its values."""

    dimensions: dict[str, str]
    subject: Subject
    vector: Vector


class Rows:
    """Collects the rows of one report.

    Args:
        query: What is asked for.
        store: The store.
        asking: The account that asks. Days are its days, and amounts are in its currency.
        shop: The figures of the store's owner.
    """

    def __init__(self, query: GmvMaxQuery, store: Store, asking: Account, shop: ShopFigures) -> None:
        self._query = query
        self._store = store
        self._asking = asking
        self._shop = shop
        self._rows: dict[tuple[str, ...], Row] = {}
        self._now = shop.figures.now
        self._today = local_ordinal(asking.zone, self._now)

    def collect(self, *, zero_rows: bool) -> list[Row]:
        """The rows, in no order that means anything.

        Args:
            zero_rows: Whether objects without any figures have rows of zeros.
        """
        campaigns = [campaign for campaign in self._store.campaigns if self._has(campaign)]
        if zero_rows:
            for campaign in campaigns:
                self._add_zeros(campaign)
        for campaign in campaigns:
            for ordinal in self._owner_days(campaign):
                for part in self._shop.parts(campaign, ordinal):
                    if self._wants(part):
                        self._add(part)
        rows = list(self._rows.values())
        if zero_rows and not rows and self._query.level is OVERVIEW and self._query.time != "stat_time_day":
            named = {"advertiser_id": str(self._asking.id), "stat_time_hour": _NO_HOUR}
            dimensions = {name: named[name] for name in self._query.dimensions}
            rows = [Row(dimensions, Subject(None), [0] * len(COMPONENTS))]
        if self._query.time and set(self._query.dimensions) >= _COST_ONLY:
            return [row for row in rows if row.vector[_COST]]
        return rows

    # -- what is asked for

    def _has(self, campaign: ShopCampaign) -> bool:
        """Whether rows can be about a campaign."""
        query = self._query
        if campaign.created > self._now or not query.allows("campaign_ids", str(campaign.id)):
            return False
        if query.level is not OVERVIEW and campaign.is_live != _about_live(query.level, query):
            return False
        kinds = query.words.get("gmv_max_promotion_types")
        if kinds and campaign.plan.kind not in kinds:
            return False
        if query.texts.get("campaign_name", "").lower() not in campaign.name.lower():
            return False
        status = campaign.primary_status(self._now)
        statuses = query.words.get("campaign_statuses")
        if statuses:
            return status in statuses or "STATUS_ALL" in statuses
        return query.level is OVERVIEW or "campaign_ids" in query.ids or status != "STATUS_DELETE"

    def _wants(self, part: Part) -> bool:
        query = self._query
        if part.product and not query.allows("item_group_ids", part.product.id):
            return False
        if part.room and not query.allows("room_ids", part.room.id):
            return False
        return query.level is not CREATIVES or self._wants_post(part.product, part.post)

    def _wants_post(self, product: Product | None, post: Post | None) -> bool:
        query = self._query
        if not query.allows("item_ids", post.id if post else CARD):
            return False
        status = status_of(post, self._today)
        statuses = query.words.get("creative_delivery_statuses")
        if statuses and status not in statuses:
            return False
        kinds = query.words.get("creative_types")
        if kinds and kinds[0] != _creative_type(post, status):
            return False
        shown = f"{post.text} {post.id} {post.author}" if post else f"{product.name if product else ''} {CARD}"
        return query.texts.get("search_word", "").lower() in shown.lower()

    # -- days

    def _owner_days(self, campaign: ShopCampaign) -> range:
        """The owner's days that touch the days that are asked for."""
        margin = int(self._is_foreign)
        first = max(self._query.start.toordinal() - margin, campaign.first_day)
        return range(first, self._query.end.toordinal() + margin + 1)

    @property
    def _is_foreign(self) -> bool:
        """Whether the account that asks has other days than the owner of the store, or another currency."""
        return self._asking is not self._store.owner

    def _pieces(self, part: Part) -> Iterator[tuple[int, int, Vector]]:
        """What is shown of a part: days, hours and values. Hours mean something only if the report is by hour."""
        day = self._shop.figures.day(part.ordinal)
        if not self._is_foreign and self._query.time != "stat_time_hour":
            yield part.ordinal, 0, self._shop.day(part)
            return
        before = [0] * len(COMPONENTS)
        begins = [self._local(end - 3600) for end in day.ends]
        first, last = part.hours[0], min(part.hours[1], self._shop.figures.hours_shown(part.ordinal))
        for place in range(first, last):
            if place + 1 < last and begins[place + 1] == begins[place]:
                continue
            running = self._exchanged(self._shop.until(part, place + 1))
            yield *begins[place], list(map(sub, running, before))
            before = running

    def _local(self, seconds: int) -> tuple[int, int]:
        """The day and the hour of a time where the account that asks is. The hour is 0 unless the report is by hour."""
        begin = datetime.fromtimestamp(seconds, self._asking.zone)
        return begin.date().toordinal(), begin.hour if self._query.time == "stat_time_hour" else 0

    def _exchanged(self, vector: Vector) -> Vector:
        own, wanted = self._store.owner.template.currency, self._asking.template.currency
        for component in MONEY:
            vector[component] = exchanged(vector[component], own, wanted)
        return vector

    # -- rows

    def _add(self, part: Part) -> None:
        subject = Subject(part.campaign, part.product, part.post, part.room)
        first, last = self._query.start.toordinal(), self._query.end.toordinal()
        for ordinal, hour, vector in self._pieces(part):
            if first <= ordinal <= last and any(vector):
                row = self._row(subject, ordinal, hour, part.ordinal)
                row.vector = list(map(add, row.vector, vector))

    def _row(self, subject: Subject, ordinal: int, hour: int, owner_day: int) -> Row:
        """The row that a piece belongs to. A new one has zeros."""
        duration, bid_type = ("", "CUSTOM")
        if "duration" in self._query.dimensions:
            duration, bid_type = duration_of(subject, owner_day, self._now)
        values: dict[str, Callable[[], str]] = {
            "advertiser_id": lambda: str(self._asking.id),
            "campaign_id": lambda: str(subject.campaign.id) if subject.campaign else "",
            "item_group_id": lambda: subject.product.id if subject.product else "",
            "item_id": lambda: subject.post.id if subject.post else CARD,
            "room_id": lambda: subject.room.id if subject.room else "",
            "duration": lambda: duration,
            "stat_time_day": lambda: f"{date.fromordinal(ordinal)} 00:00:00",
            "stat_time_hour": lambda: f"{date.fromordinal(ordinal)} {hour:02d}:00:00",
        }
        key = tuple(values[name]() for name in self._query.dimensions)
        row = self._rows.get(key)
        if row is None:
            named = msgspec.structs.replace(subject, bid_type=bid_type)
            row = self._rows[key] = Row(
                dict(zip(self._query.dimensions, key, strict=True)), named, [0] * len(COMPONENTS)
            )
        return row

    def _add_zeros(self, campaign: ShopCampaign) -> None:
        """Rows for objects without figures: campaigns and the store on all their days, others without a time only.

        Hours without figures have no rows.
        """
        query = self._query
        if query.time == "stat_time_hour":
            return
        if set(query.dimensions) - set(TIMES) <= _CAMPAIGN_DIMENSIONS:
            for ordinal in self._shown_days(campaign):
                self._row(Subject(campaign), ordinal, 0, ordinal)
        elif not query.time and (query.level is PRODUCTS or query.level is CREATIVES):
            for place in campaign.products:
                self._add_product(campaign, products(self._store.owner)[place])
        elif not query.time and query.level is ROOMS:
            for room in rooms(campaign, query.start.toordinal(), query.end.toordinal()):
                if query.allows("room_ids", room.id) and room_start(self._store.owner, room) <= self._now:
                    self._row(Subject(campaign, room=room), room.day, 0, room.day)

    def _add_product(self, campaign: ShopCampaign, product: Product) -> None:
        query = self._query
        if not query.allows("item_group_ids", product.id):
            return
        if query.level is PRODUCTS:
            self._row(Subject(campaign, product), 0, 0, 0)
            return
        for post in (None, *posts(self._store.owner, product.place, self._now)):
            if self._wants_post(product, post):
                self._row(Subject(campaign, product, post), 0, 0, 0)

    def _shown_days(self, campaign: ShopCampaign) -> range:
        """The days that are asked for, on which a campaign existed and figures are shown. One without a time."""
        figures, query, zone = self._shop.figures, self._query, self._asking.zone
        if not query.time:
            return range(1)
        shown_until = figures.day(figures.last_day).ends[max(0, figures.hours_shown(figures.last_day) - 1)] - 1
        first = max(query.start.toordinal(), local_ordinal(zone, campaign.created))
        last = min(query.end.toordinal(), local_ordinal(zone, min(shown_until, campaign.deleted_at)))
        return range(first, last + 1)


def status_of(post: Post | None, today: int) -> str:
    """The creative_delivery_status of a post or of a product card."""
    return post.status(today) if post else "DELIVERING"


def room_start(account: Account, room: Room) -> int:
    """When a LIVE room opens, in seconds since 1970."""
    day = date.fromordinal(room.day)
    return int(datetime(day.year, day.month, day.day, room.hour, tzinfo=account.zone).timestamp())


def duration_of(subject: Subject, ordinal: int, now: int) -> tuple[str, str]:
    """The period without a change of its campaign's mode that a day belongs to, and the mode.

    Sessions of maximum delivery of the row's product begin and end such periods.
    """
    campaign = subject.campaign
    assert campaign is not None  # noqa: S101 - a row by duration is about a campaign
    first, last = campaign.first_day, min(campaign.last_day, campaign.account.ordinal(now))
    place = subject.product.place if subject.product else None
    for session in campaign.sessions(now):
        if session.bid_type != "NO_BID" or session.product != place:
            continue
        if session.first_day <= ordinal <= session.last_day:
            return _period(session.first_day, session.last_day), "NO_BID"
        if session.last_day < ordinal:
            first = max(first, session.last_day + 1)
        elif session.first_day > ordinal:
            last = min(last, session.first_day - 1)
    return _period(first, last), "CUSTOM"


def _period(first: int, last: int) -> str:
    return f"{date.fromordinal(first)} - {date.fromordinal(last)}"


def _about_live(level: Level, query: GmvMaxQuery) -> bool:
    return "live_views" in level.metrics or "room_id" in query.dimensions


def _creative_type(post: Post | None, status: str) -> str:
    """The value of creative_types that a post belongs to."""
    if post and not post.is_paid:
        return "ORGANIC"
    return "REMOVED" if status == "EXCLUDED" else "ADS_AND_ORGANIC"
