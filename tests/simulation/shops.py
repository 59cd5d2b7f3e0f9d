"""TikTok Shop stores of a world: their campaigns for products and LIVE rooms, and the accounts that see them."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from simulation.world import DAY, HOUR, NEVER, Account, Entity, World, hours_of

PRODUCT, LIVE = "PRODUCT", "LIVE"
LATER = 8 * HOUR
"""How much later than others figures of shops appear, in a world where hours come late."""
MOST_CAMPAIGNS = 4
"""Campaigns that a store may have, so that a day of its report is never too large."""
NO_HOUR = "-"
"""The hour of the only row of a store without figures on a day."""
_FIRST_NUMBER = 500_000
_PRODUCTS = 3
"""Products of a store. Its campaigns share them."""


class Campaign(Entity):
    """A GMV Max campaign.

    Args:
        number: Its id.
        created: When it was created.
        store: The store that it advertises.
        promotion: `PRODUCT` or `LIVE`.
    """

    __slots__ = ("leaves", "promotion", "store")

    def __init__(self, number: int, created: float, store: Store, promotion: str) -> None:
        super().__init__("shop_campaign", number, created, None)
        self.store = store
        self.promotion = promotion
        self.leaves: list[Leaf] = []


class Leaf(Entity):
    """What has figures: a post of a product, or a LIVE room.

    Args:
        number: The id of the post.
        created: When it was created.
        campaign: The campaign that advertises it.
        item: The id of the product or room, which several leaves may share.
    """

    __slots__ = ("campaign", "item")

    def __init__(self, number: int, created: float, campaign: Campaign, item: str) -> None:
        super().__init__("post", number, created, None)
        self.campaign = campaign
        self.item = item


class Store:
    """A TikTok Shop store.

    Args:
        number: Its id.
        owner: The account that its campaigns belong to.
        available: Whether GMV Max can be used.
    """

    def __init__(self, number: int, owner: Account, *, available: bool) -> None:
        self.number = number
        self.id = str(number)
        self.center = str(number + 1)
        """Its Business Center."""
        self.owner = owner
        self.available = available
        self.seen_since: dict[str, float] = {}
        """For each account that sees it: since when."""
        self.campaigns: list[Campaign] = []

    def is_seen(self, account: Account, at: float) -> bool:
        """Whether an account sees it at a time."""
        return self.seen_since.get(account.id, NEVER) <= at


class Shops:
    """The stores of a world.

    Args:
        world: The world.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.stores: list[Store] = []
        self._next_number = _FIRST_NUMBER

    def seen_by(self, account: Account, at: float) -> list[Store]:
        """The stores that an account sees."""
        return [store for store in self.stores if store.is_seen(account, at)]

    def campaigns_of(self, account: Account) -> list[Campaign]:
        """The campaigns that belong to an account, oldest first."""
        return [campaign for store in self.stores if store.owner is account for campaign in store.campaigns]

    def appeared(self, account: str, since: float) -> bool:
        """Whether an account has begun to see a store after a time."""
        return any(store.seen_since.get(account, -NEVER) > since for store in self.stores)

    def day_of(self, account: Account, at: float) -> date:
        """The date of a moment where an account is."""
        return self._world.time_at(at).astimezone(account.zone).date()

    # making them

    def stock(self, rng: random.Random) -> None:
        """Open a few stores."""
        accounts = self._world.accounts
        for _ in range(rng.choice((1, 1, 2, 3))):
            store = Store(self._number(), rng.choice(accounts), available=rng.random() < 0.8)
            self._next_number += 1  # that of its Business Center
            for account in accounts:
                if account is store.owner or rng.random() < 0.4:
                    appears = rng.random() < 0.3
                    store.seen_since[account.id] = rng.uniform(0, 2.5 * DAY) if appears else -NEVER
            self.stores.append(store)
            for _ in range(rng.choice((0, 1, 2, 2, 3))):
                self._open(store, -rng.uniform(0, min(12 * DAY, -store.owner.created)), rng)

    def change(self, account: Account, at: float, rng: random.Random) -> None:
        """Somebody works on an account's campaigns: one is created, changed or deleted."""
        stores = [store for store in self.stores if store.owner is account]
        if not stores:
            return
        store = rng.choice(stores)
        campaigns = [campaign for campaign in store.campaigns if campaign.deleted == NEVER]
        self._world.changed += 1
        what = rng.random()
        if what < 0.4 or not campaigns:
            if len(store.campaigns) < MOST_CAMPAIGNS:
                self._open(store, at, rng)
        elif what < 0.6:
            campaign = rng.choice(campaigns)
            campaign.change(at)
            self._add_leaf(campaign, at, rng)
        else:
            rng.choice(campaigns).delete(at)

    def _number(self) -> int:
        self._next_number += 1
        return self._next_number

    def _open(self, store: Store, created: float, rng: random.Random) -> None:
        campaign = Campaign(self._number(), created, store, rng.choice((PRODUCT, PRODUCT, LIVE)))
        store.campaigns.append(campaign)
        for _ in range(rng.randint(1, 3)):
            self._add_leaf(campaign, created, rng)
        if created < 0 and rng.random() < 0.15:
            campaign.delete(rng.uniform(created, 0))

    def _add_leaf(self, campaign: Campaign, created: float, rng: random.Random) -> None:
        number = self._number()
        product = str(campaign.store.number * 100 + rng.randrange(_PRODUCTS))
        leaf = Leaf(number, created, campaign, product if campaign.promotion == PRODUCT else str(number))
        campaign.leaves.append(leaf)
        self._world.account_of[number] = campaign.store.owner

    # reports

    def rows(
        self,
        account: Account,
        store: Store,
        dimensions: Sequence[str],
        days: tuple[date, date],
        at: float,
        *,
        promotion: str = "",
        deleted_too: bool = True,
        only_deleted: bool = False,
        ids: Mapping[str, frozenset[str]] | None = None,
    ) -> dict[tuple[str, ...], int]:
        """The report on a store at a time: the values of the dimensions, and the version of the row.

        Args:
            account: Who sees the store. Days are those of this account.
            store: The store.
            dimensions: What rows are told apart by.
            days: The days, both included.
            at: The moment.
            promotion: The kind of campaigns; empty for both.
            deleted_too: Whether rows of deleted campaigns are shown. They are if their ids are asked for.
            only_deleted: Whether no other rows are shown.
            ids: For dimensions, the values that rows must have.
        """
        world, ids = self._world, ids or {}
        at = min(at, world.frozen)
        chosen = [
            leaf
            for campaign in reversed(store.campaigns)
            if promotion in {"", campaign.promotion}
            if campaign.visible(at, deleted_too=deleted_too or "campaign_id" in ids)
            if campaign.deleted <= at or not only_deleted
            for leaf in campaign.leaves
            if all(value_of(leaf, account, name) in allowed for name, allowed in ids.items())
        ]
        rows: dict[tuple[str, ...], int] = {}
        timeless = not {"stat_time_day", "stat_time_hour"}.intersection(dimensions)
        if world.zero_rows and timeless:
            rows |= {
                key: 0 for leaf in chosen if leaf.created <= at for key, _ in self._keys(leaf, account, dimensions)
            }
        first, last = max(days[0], world.first), min(days[1], world.today(account, at))
        for number in range((last - first).days + 1):
            for leaf in chosen:
                self._add(rows, leaf, account, dimensions, first + timedelta(days=number), at)
        if world.zero_rows and not rows and "advertiser_id" in dimensions and "stat_time_day" not in dimensions:
            rows[
                tuple({"advertiser_id": account.id, "store_id": store.id}.get(name, NO_HOUR) for name in dimensions)
            ] = 0
        return rows

    def spend(
        self, account: Account, dimensions: Sequence[str], days: tuple[date, date], at: float
    ) -> dict[tuple[str, ...], int]:
        """What the campaigns of an account spent (TT_SHOP), by the dimensions."""
        world = self._world
        at = min(at, world.frozen)
        rows: dict[tuple[str, ...], int] = {}
        first, last = max(days[0], world.first), min(days[1], world.today(account, at))
        for number in range((last - first).days + 1):
            for campaign in self.campaigns_of(account):
                for leaf in campaign.leaves:
                    self._add(rows, leaf, account, dimensions, first + timedelta(days=number), at)
        return rows

    def _add(
        self,
        rows: dict[tuple[str, ...], int],
        leaf: Leaf,
        account: Account,
        dimensions: Sequence[str],
        day: date,
        at: float,
    ) -> None:
        """Add a leaf's figures of a day to the rows that they belong to."""
        changes, draw = self._world.changes(account, leaf, day)
        times = self._world.appearances(changes, account, dimensions, day, LATER)
        if not times or times[0] > at:
            return
        version = bisect_right(times, at)
        for key, since in self._keys(leaf, account, dimensions, day, draw):
            if since <= at:
                rows[key] = rows.get(key, 0) + version

    def _keys(
        self, leaf: Leaf, account: Account, dimensions: Sequence[str], day: date | None = None, draw: int = 0
    ) -> Iterable[tuple[tuple[str, ...], float]]:
        """The rows that a leaf's figures of a day are in, each with the time since when."""
        keys: list[tuple[tuple[str, ...], float]] = [((), -NEVER)]
        for name in dimensions:
            values = list(self._values(leaf, account, name, day, draw))
            keys = [((*key, value), max(since, other)) for key, since in keys for value, other in values]
        return keys

    def _values(
        self, leaf: Leaf, account: Account, name: str, day: date | None, draw: int
    ) -> Iterator[tuple[str, float]]:
        if name == "stat_time_hour" and day is not None:
            world = self._world
            since_when = world.hour_shown if world.late_hours else world.hour_of
            for hour in hours_of(draw):
                yield f"{day} {hour:02}:00:00", since_when(account, day, hour)
        elif name == "stat_time_day":
            yield f"{day} 00:00:00", -NEVER
        elif name == "country_code":
            for place, country in enumerate(("US", "GB")):
                if not place or draw >> 5 & 1:
                    yield country, -NEVER
        else:
            yield value_of(leaf, account, name), -NEVER


def value_of(leaf: Leaf, account: Account, name: str) -> str:
    """What a leaf has for a dimension that is not a time."""
    campaign = leaf.campaign
    match name:
        case "advertiser_id":
            return account.id
        case "store_id":
            return campaign.store.id
        case "campaign_id":
            return str(campaign.number)
        case "item_group_id" | "room_id":
            return leaf.item
        case "item_id":
            return str(leaf.number)
        case _:
            return "always"
