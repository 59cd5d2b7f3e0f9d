"""The world that TikTok describes: accounts, their objects and their figures, at every virtual time.

A time is a number of seconds since the simulation began, negative before it. The figures of a row are a single number,
its version: how often it has changed so far. So a delivered row shows at which times it was correct.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

DAY = 86_400.0
NEVER = float("inf")
LEVELS = ("AUCTION_ADVERTISER", "AUCTION_CAMPAIGN", "AUCTION_ADGROUP", "AUCTION_AD")
LISTED = ("campaign", "adgroup", "ad", "image", "audience", "pixel")
"""Kinds of objects, each with lists of its own."""
HOUR = 3600.0
_SLOW = frozenset({"gender", "age", "language", "platform", "province_id"})
"""Dimensions whose reports TikTok shows about sixteen hours late."""
_SLOWER = 14 * HOUR
"""How much later than others their figures appear, in a world where hours come late."""
_LONGEST_DELAY = 2 * HOUR
"""In such a world, an hour appears this long after its end at the latest."""
_CELLS = {
    "country_code": ("US", "DE", "JP"),
    "platform": ("ANDROID", "IPHONE"),
    "province_id": ("6252001", "2921044"),
    "gender": ("FEMALE", "MALE"),
    "age": ("AGE_18_24", "AGE_55_100"),
    "language": ("de", "en"),
}


Within = tuple[tuple[str, frozenset[str]], ...]
"""Kinds of objects, each with the ids of those that a row must belong to."""
Subject = str | tuple[tuple[str, str], ...]
"""What rows are about: an id, or a value for each dimension that is neither a time nor a part of an ad's figures."""


class Entity:
    """An object of an account.

    Args:
        kind: One of `LISTED`.
        number: Its id; a higher one is newer.
        created: When it was created.
        parent: The object that it belongs to.
        timed: Whether its records have a `modify_time` (those of Smart+ ads have none).
        buying: Its buying type.
    """

    __slots__ = ("buying", "changes", "children", "created", "deleted", "kind", "number", "parent", "quiet", "timed")

    def __init__(
        self, kind: str, number: int, created: float, parent: Entity | None, *, timed: bool = True, buying: str = ""
    ) -> None:
        self.kind = kind
        self.number = number
        self.created = created
        self.deleted = NEVER
        self.changes = [created]
        self.quiet: list[float] = []
        """When its status alone changed, which its `modify_time` does not tell."""
        self.parent = parent
        self.timed = timed
        self.buying = buying
        self.children: list[Entity] = []
        if parent is not None:
            parent.children.append(self)

    def version(self, at: float) -> int:
        """How often it has changed, including its creation."""
        return bisect_right(self.changes, at) + bisect_right(self.quiet, at)

    def visible_version(self, at: float) -> int:
        """The least version that a reader who trusts `modify_time` has at a time."""
        return bisect_right(self.changes, at) + bisect_right(self.quiet, self.modified(at))

    def modified(self, at: float) -> float:
        """When it last changed."""
        return self.changes[bisect_right(self.changes, at) - 1]

    def exists(self, at: float) -> bool:
        """Whether it has been created; it may be deleted since."""
        return self.created <= at

    def visible(self, at: float, *, deleted_too: bool) -> bool:
        """Whether a list or a report contains it."""
        return self.created <= at and (deleted_too or at < self.deleted)

    def change(self, at: float) -> None:
        """Change it now."""
        self.changes.append(at)

    def delete(self, at: float) -> None:
        """Delete it now."""
        self.deleted = at
        self.changes.append(at)


def standard_zone(place: str) -> timezone:
    """The fixed offset of a place outside daylight saving time."""
    zone = ZoneInfo(place)
    offsets = (datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (1, 7))
    return timezone(min(offset for offset in offsets if offset is not None))


def offset_name(place: str) -> str:
    """The name of the offset of a place, with the inverted sign of `Etc/GMT+8`; the place if it has no such name."""
    hours, rest = divmod(standard_zone(place).utcoffset(None), timedelta(hours=1))
    return place if rest else f"Etc/GMT{-hours:+d}"


class Account:
    """An ad account.

    Args:
        number: Its id.
        place: The name of the time zone of its place. Its days are at the place's offset outside daylight saving time.
        created: When it was created.
        listed: When the token gets access to it.
        density: The fraction of days on which one of its ads has figures.
    """

    def __init__(self, number: int, place: str, created: float, listed: float, density: float) -> None:
        self.number = number
        self.id = str(number)
        self.zone = standard_zone(place)
        self.told_zone = offset_name(place)
        """Its offset, as TikTok names it."""
        self.told_place = place
        """Its place, as TikTok names it."""
        self.created = created
        self.listed = listed
        self.density = density
        self.slowness = 1.0
        self.lively = 0.0
        self.entities: dict[str, list[Entity]] = {kind: [] for kind in LISTED}
        self.forbidden_pixels: set[int] = set()


class World:
    """Everything that TikTok knows.

    Args:
        seed: Decides the figures.
        began: The time 0.
        first: The first day that has figures.
        late: Days after a day in which its figures still change.
    """

    def __init__(self, seed: int, began: datetime, first: date, late: int) -> None:
        self.seed = seed
        self.began = began
        self.first = first
        self.late = late
        self.accounts: list[Account] = []
        self.by_id: dict[str, Account] = {}
        self.by_number: dict[int, Entity] = {}
        self.account_of: dict[int, Account] = {}
        self.next_number = 1_000
        self.frozen = NEVER
        self.late_hours = False
        """Whether an hour appears some time after its end, and whether yesterday is corrected about noon UTC."""
        self.zero_rows = False
        self.by_day = False
        self.largest_group = 99
        """Ads that an ad group may have."""
        self.changed = 0
        self._starts: dict[tuple[timezone, date], float] = {}
        self._figures: dict[tuple[int, date, int], tuple[tuple[float, ...], int]] = {}
        self._hours: dict[tuple[timezone, date, int], float] = {}
        self._placed: dict[Any, list[tuple[tuple[str, ...], float]]] = {}
        self._still: dict[Any, dict[tuple[str, ...], int]] = {}

    # time

    def seconds(self, time: datetime) -> float:
        """A time as seconds."""
        return (time - self.began).total_seconds()

    def time_at(self, at: float) -> datetime:
        """Seconds as a moment, in UTC."""
        return self.began + timedelta(seconds=at)

    def text(self, at: float) -> str:
        """A time as TikTok writes it, in UTC."""
        return f"{self.time_at(at):%Y-%m-%d %H:%M:%S}"

    def today(self, account: Account, at: float) -> date:
        """The account's date."""
        return self.time_at(min(at, self.frozen)).astimezone(account.zone).date()

    def start_of(self, account: Account, day: date) -> float:
        """When a day of the account begins."""
        key = (account.zone, day)
        start = self._starts.get(key)
        if start is None:
            local = datetime(day.year, day.month, day.day, tzinfo=account.zone)
            start = self._starts[key] = self.seconds(local.astimezone(UTC))
        return start

    def hour_of(self, account: Account, day: date, hour: int) -> float:
        """When an hour of the account begins."""
        key = (account.zone, day, hour)
        start = self._hours.get(key)
        if start is None:
            time = datetime(day.year, day.month, day.day, hour, tzinfo=account.zone)
            start = self._hours[key] = self.seconds(time)
        return start

    # objects

    def add_account(self, account: Account) -> None:
        """Create an account."""
        self.accounts.append(account)
        self.by_id[account.id] = account

    def add(self, account: Account, kind: str, created: float, parent: Entity | None, rng: random.Random) -> Entity:
        """Create an object."""
        self.next_number += 1
        buying = (
            parent.buying if parent else rng.choice(("AUCTION", "AUCTION", "RESERVATION_RF", "RESERVATION_TOP_VIEW"))
        )
        timed = kind not in {"audience", "pixel"} and not (kind == "ad" and rng.random() < 0.1)
        entity = Entity(kind, self.next_number, created, parent, timed=timed, buying=buying)
        account.entities[kind].append(entity)
        self.by_number[entity.number] = entity
        self.account_of[entity.number] = account
        return entity

    def change_something(self, account: Account, at: float, rng: random.Random, kind: str = "") -> None:
        """Somebody works on the account: an object of some kind is created, changed or deleted."""
        kind = kind or rng.choice(("campaign", "adgroup", "ad", "ad", "ad", "image", "audience"))
        entities = [entity for entity in account.entities[kind] if entity.deleted == NEVER]
        what = rng.random()
        self.changed += 1
        if what < 0.35 or not entities:
            parents = {"adgroup": "campaign", "ad": "adgroup"}
            if kind not in parents:
                self.add(account, kind, at, None, rng)
                return
            holders = [
                entity for entity in account.entities[parents[kind]] if len(entity.children) < self.largest_group
            ]
            if holders:
                self.add(account, kind, at, rng.choice(holders), rng)
        elif what < 0.55:
            rng.choice(entities).change(at)
        elif what < 0.65:
            rng.choice(entities).quiet.append(at)
        else:
            rng.choice(entities[-6:]).delete(at)  # a newer one is on an earlier page

    # figures

    def changes(self, account: Account, ad: Entity, day: date) -> tuple[tuple[float, ...], int]:
        """When an ad's figures of a day changed, and a number that decides where they are from.

        The last change is before the day of which `late` whole days lie between.
        """
        key = (ad.number, day, account.number)
        known = self._figures.get(key)
        if known is None:
            known = self._figures[key] = self._make(account, ad, day)
        return known

    def _make(self, account: Account, ad: Entity, day: date) -> tuple[tuple[float, ...], int]:
        draw = crc32(b"%d %d %d" % (self.seed, ad.number, day.toordinal()))
        if self.account_of[ad.number] is not account:  # whoever sees another account's store has figures of its own
            draw = crc32(b"%d" % account.number, draw)
        start, end = self.start_of(account, day), self.start_of(account, day + timedelta(days=1))
        if day < self.first or ad.created >= end or account.created >= end or draw % 1000 >= account.density * 1000:
            return (), draw
        last = self.start_of(account, day + timedelta(days=self.late + 1)) - 1.0
        earliest = max(start, ad.created, account.created) + 1.0
        if self.late_hours:
            return self._late(account, day, draw, earliest, last), draw
        if earliest > last:
            return (), draw
        times = []
        mixed = draw
        for _ in range(1 + draw % 3):
            mixed = (mixed * 1_103_515_245 + 12_345) & 0x7FFFFFFF
            share = mixed / 0x7FFFFFFF
            times.append(earliest + share * share * (last - earliest))
        if draw & 0x10000:  # half of all rows are there at once
            times[0] = earliest
        return tuple(sorted(times)), draw

    def _late(self, account: Account, day: date, draw: int, earliest: float, last: float) -> tuple[float, ...]:
        """When an ad's figures of a day change if hours come late: as its hours appear, at noon UTC, and once later.

        If no day is read again (`late` is 0), only the hours count: nobody promises to read what changes later.
        """
        shown = [max(self.hour_shown(account, day, hour), earliest) for hour in hours_of(draw)]
        if not self.late:
            return tuple(sorted(shown))
        end = self.start_of(account, day + timedelta(days=1))
        correction = self.noon_after(end) + draw % 2700
        growth = shown[0] + (draw >> 4) % 1000 / 1000 * (last - shown[0])
        return tuple(sorted(min(time, last) for time in (*shown, correction, growth)))

    def hour_shown(self, account: Account, day: date, hour: int) -> float:
        """When the figures of an hour appear: half an hour to two hours after its end."""
        draw = crc32(b"shown %d %d %d %d" % (self.seed, account.number, day.toordinal(), hour))
        return self.hour_of(account, day, hour) + HOUR + HOUR / 2 + draw % int(_LONGEST_DELAY - HOUR / 2)

    def noon_after(self, at: float) -> float:
        """The first noon UTC at a time or after it."""
        time = self.time_at(at)
        noon = time.replace(hour=12, minute=0, second=0, microsecond=0)
        return self.seconds(noon if noon >= time else noon + timedelta(days=1))

    def appearances(
        self, times: tuple[float, ...], account: Account, dimensions: Sequence[str], day: date, later: float = 0.0
    ) -> tuple[float, ...]:
        """When the changes of figures appear in a report: those by some dimensions are late as a whole.

        Args:
            times: When they appear in other reports.
            account: The account.
            dimensions: The dimensions of the report.
            day: The day of the figures.
            later: How much later they appear in any case, in a world where hours come late.
        """
        later = _SLOWER if _SLOW.intersection(dimensions) else later
        if not self.late_hours or not later:
            return times
        end = self.start_of(account, day + timedelta(days=self.late + 1))
        last = (end if self.late else end + _LONGEST_DELAY + later) - 1.0
        return tuple(min(time + later, last) for time in times)

    def rows(
        self,
        account: Account,
        level: str,
        dimensions: Sequence[str],
        days: tuple[date, date] | None,
        at: float,
        *,
        deleted_too: bool = True,
        within: Within = (),
        only: set[int] | None = None,
    ) -> dict[tuple[str, ...], int]:
        """A report at a time: the values of the dimensions, and the version of the row.

        Args:
            account: Whose.
            level: The `data_level`.
            dimensions: What rows are told apart by.
            days: The days, both included; None for all.
            at: The moment.
            deleted_too: Whether rows of deleted objects are shown.
            within: The objects that rows must belong to.
            only: The ads that are considered at all.
        """
        if at < self.frozen:
            return self._rows(account, level, dimensions, days, at, deleted_too=deleted_too, within=within, only=only)
        asked = (
            account.id,
            level,
            tuple(dimensions),
            days,
            deleted_too,
            within,
            None if only is None else frozenset(only),
        )
        rows = self._still.get(asked)
        if rows is None:  # the world stands still, so whoever asks is answered the same
            at = self.frozen
            rows = self._rows(account, level, dimensions, days, at, deleted_too=deleted_too, within=within, only=only)
            self._still[asked] = rows
        return rows

    def _rows(
        self,
        account: Account,
        level: str,
        dimensions: Sequence[str],
        days: tuple[date, date] | None,
        at: float,
        *,
        deleted_too: bool,
        within: Within,
        only: set[int] | None,
    ) -> dict[tuple[str, ...], int]:
        first, last = days or (self.first, self.today(account, at))
        first, last = max(first, self.first), min(last, self.today(account, at))
        span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        timeless = "stat_time_day" not in dimensions and "stat_time_hour" not in dimensions
        rows: dict[tuple[str, ...], int] = {}
        for subject, ads in self._subjects(account, level, at, deleted_too=deleted_too, within=within):
            if self.zero_rows and timeless and len(dimensions) == 1:
                rows.setdefault((_named(subject, dimensions[0]),), 0)
            for day in span if not self.by_day else reversed(span):
                for ad in ads:
                    if only is not None and ad.number not in only:
                        continue
                    changes, draw = self.changes(account, ad, day)
                    times = self.appearances(changes, account, dimensions, day)
                    if not times or times[0] > at:
                        continue
                    version = bisect_right(times, at)
                    for key, since in self._cells(account, subject, dimensions, day, draw):
                        if since <= at:
                            rows[key] = rows.get(key, 0) + version
        return rows

    def _subjects(
        self, account: Account, level: str, at: float, *, deleted_too: bool, within: Within
    ) -> Iterator[tuple[Subject, Iterable[Entity]]]:
        """What rows are about, newest first, each with the ads whose figures it sums up."""
        if level in _PARTS_OF_ADS:
            yield from ((_PARTS_OF_ADS[level](ad), [ad]) for ad in account.entities["ad"] if ad.exists(at))
            return
        if level == "AUCTION_ADVERTISER":
            yield account.id, account.entities["ad"]
            return
        kind = {"AUCTION_CAMPAIGN": "campaign", "AUCTION_ADGROUP": "adgroup", "AUCTION_AD": "ad"}[level]
        for entity in reversed(account.entities[kind]):
            if entity.visible(at, deleted_too=deleted_too) and is_within(entity, within):
                yield str(entity.number), ads_of(entity)

    def _cells(
        self, account: Account, subject: Subject, dimensions: Sequence[str], day: date, draw: int
    ) -> list[tuple[tuple[str, ...], float]]:
        """The rows that an ad's figures of a day are in, each with the time since when."""
        asked = (subject, tuple(dimensions), day, draw)
        rows = self._placed.get(asked)
        if rows is None:
            rows = self._placed[asked] = self._place(account, subject, dimensions, day, draw)
        return rows

    def _place(
        self, account: Account, subject: Subject, dimensions: Sequence[str], day: date, draw: int
    ) -> list[tuple[tuple[str, ...], float]]:
        keys: list[tuple[tuple[str, ...], float]] = [((), -NEVER)]
        for name in dimensions:
            if name == "stat_time_hour":
                since_when = self.hour_shown if self.late_hours else self.hour_of
                values = [(f"{day} {hour:02}:00:00", since_when(account, day, hour)) for hour in hours_of(draw)]
            elif name == "stat_time_day":
                values = [(f"{day} 00:00:00", -NEVER)]
            elif name in _CELLS:
                mask = (draw >> 5) % 7 + 1
                some = [value for place, value in enumerate(_CELLS[name]) if mask >> place & 1] or _CELLS[name][:1]
                values = [(value, -NEVER) for value in some]
            else:
                values = [(_named(subject, name), -NEVER)]
            keys = [((*key, value), max(since, other)) for key, since in keys for value, other in values]
        return keys


def _named(subject: Subject, dimension: str) -> str:
    return subject if isinstance(subject, str) else dict(subject)[dimension]


def _material_of(ad: Entity) -> Subject:
    """The creative of an ad, which several ads share, and the Smart+ ad that it belongs to."""
    holder = ad.parent.number if ad.parent is not None else 0
    material = ("main_material_id", str(90_000 + ad.number % 4))
    return material, ("main_material_type", "VIDEO"), ("smart_plus_ad_id", str(holder))


def _playable_of(ad: Entity) -> Subject:
    """The playable of an ad, which several ads share."""
    return (("playable_id", str(80_000 + ad.number % 3)),)


_PARTS_OF_ADS: dict[str, Callable[[Entity], Subject]] = {"MATERIALS": _material_of, "PLAYABLES": _playable_of}
"""Levels of reports whose rows are about what ads are made of."""


def hours_of(draw: int) -> list[int]:
    """The hours of a day in which an ad has figures."""
    return sorted({(draw >> 3) % 24, (draw >> 9) % 24, (draw >> 15) % 24})


def ads_of(entity: Entity) -> list[Entity]:
    """The ads that an object contains, or itself."""
    if entity.kind == "ad":
        return [entity]
    return [ad for child in entity.children for ad in ads_of(child)]


def is_within(entity: Entity, within: Within) -> bool:
    """Whether an object is one of these, or belongs to one."""
    return all(_is_of(entity, kind, ids) for kind, ids in within)


def _is_of(entity: Entity, kind: str, ids: frozenset[str]) -> bool:
    holder: Entity | None = entity
    while holder is not None and holder.kind != kind:
        holder = holder.parent
    return holder is not None and str(holder.number) in ids
