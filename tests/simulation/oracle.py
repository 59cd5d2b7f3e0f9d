"""The rows that the destination must contain, calculated from the world."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from simulation.schedule import Schedule, last_day
from simulation.shop_oracle import ShopTruth
from simulation.sink import ExpectedRow, Key, Store
from simulation.world import NEVER, Account, Entity
from tiktok_marketing.catalog import Grain, ReportSource, ReportStream, Stream
from tiktok_marketing.config import Refresh
from tiktok_marketing.sync.plan.selection import Selected

_KINDS = {
    "campaigns": "campaign",
    "ad_groups": "adgroup",
    "ads": "ad",
    "creative_assets_images": "image",
    "audiences": "audience",
    "pixels": "pixel",
    "pixel_events_statistics": "pixel",
    "ad_reviews": "ad",
}
_LEVELS = {"SMART_PLUS": "MATERIALS", "PLAYABLE_MATERIAL": "PLAYABLES"}
"""The levels of the world's reports, by type, where the reports have none."""
_LANGUAGES = ("de", "en", "ja")
_SHOWN_WITH_DELETED = {"gmv_max_campaigns", "gmv_max_sessions"}
"""Other objects that can be asked for with the deleted ones."""
_WITH_STATUS = {"campaigns", "ad_groups", "ads"}
"""Objects that can be asked for with the deleted ones, and as a whole again and again."""
_SPAN = 364


class Truth:
    """Knows every row of a schedule.

    Args:
        schedule: The schedule.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._world = schedule.world
        self._config = schedule.config
        self._shops = ShopTruth(
            schedule.api.shops, include_deleted=self._config.include_deleted, zero_rows=self._world.zero_rows
        )
        self._since = datetime.combine(self._config.start_date, datetime.min.time(), schedule.world.began.tzinfo)

    def accounts(self, at: float) -> list[Account]:
        """The accounts that a sync reads if it begins at this time."""
        left_out = self._config.exclude_advertiser_ids
        return [account for account in self._world.accounts if account.listed <= at and account.id not in left_out]

    def rows(self, stream: Stream, began: float, ended: float, *, all_objects: bool) -> dict[Key, ExpectedRow]:
        """The rows of a stream for a sync between two times.

        Args:
            stream: The stream.
            began: When the sync began.
            ended: When it ended.
            all_objects: Whether all objects had to be read, rather than only those whose time shows a change.
        """
        rows: dict[Key, ExpectedRow] = {}
        for account in self.accounts(ended):
            there = account.listed <= began
            for key, expected in self._of_account(stream, account, began, ended, all_objects=all_objects):
                rows[key] = expected if there else expected._replace(must=False)
        if stream.name == "advertiser_ids":
            for account in self._world.accounts:
                if account.listed <= ended:
                    rows[(account.id,)] = ExpectedRow(1, 1, account.id, must=account.listed <= began)
        return rows

    def _of_account(
        self, stream: Stream, account: Account, began: float, ended: float, *, all_objects: bool
    ) -> Iterator[tuple[Key, ExpectedRow]]:
        if stream.is_report:
            yield from self._report(stream, account, began, ended)
        elif stream.name == "advertisers":
            yield (account.id,), ExpectedRow(1, 1, account.id, must=True)
        elif stream.name in _KINDS:
            for entity in account.entities[_KINDS[stream.name]]:
                expected = self._object(stream, account, entity, began, ended, all_objects=all_objects)
                if expected is not None:
                    number = str(entity.number)
                    yield ((account.id, number) if stream.unique_by else (number,)), expected
        elif stream.name == "languages":
            yield from (((account.id, code), ExpectedRow(1, 1, account.id, must=True)) for code in _LANGUAGES)
        yield from self._shops.of_stores(stream, account, began, ended)
        for campaign in self._shops.campaigns(stream, account):
            expected = self._object(stream, account, campaign, began, ended, all_objects=all_objects)
            if expected is not None:
                yield from self._shops.of_campaign(stream, campaign, expected)

    def _object(
        self, stream: Stream, account: Account, entity: Entity, began: float, ended: float, *, all_objects: bool
    ) -> ExpectedRow | None:
        deleted_too = self._config.include_deleted and stream.name in _WITH_STATUS | _SHOWN_WITH_DELETED
        if entity.created > ended:
            return None
        must = entity.created <= began and entity.visible(ended, deleted_too=deleted_too)
        least = entity.version(began) if all_objects or stream.cursor is None else entity.visible_version(began)
        if not (all_objects or entity.timed) and self._config.refresh_objects is Refresh.DAILY:
            must = False
        if stream.cursor is not None and entity.timed:
            since = self._world.seconds(self._since)
            if entity.modified(ended) < since:
                return None
            must = must and entity.modified(began) >= since
        if stream.name == "pixel_events_statistics":
            if entity.number in account.forbidden_pixels:
                return None
            return ExpectedRow(1, 1, account.id, must)
        if stream.name == "ad_reviews":
            return ExpectedRow(1, 1, account.id, must)
        return ExpectedRow(least, entity.version(ended), account.id, must)

    def _report(
        self, stream: ReportStream, account: Account, began: float, ended: float
    ) -> Iterator[tuple[Key, ExpectedRow]]:
        source = stream.source
        if source.is_of_shop:
            periods = [(at, days) for at in (began, ended) if (days := self._days(source, account, at)) is not None]
            rows = self._shops.spend if source.stores is None else self._shops.report
            yield from rows(stream, account, *periods)
            return
        deleted_too = self._config.include_deleted
        level = _LEVELS.get(source.report_type, source.data_level)
        before, now = (
            self._world.rows(
                account,
                level,
                source.dimensions,
                self._days(source, account, at),
                at,
                deleted_too=shown,
                within=tuple((of.field.removesuffix("_ids"), frozenset(of.values)) for of in source.filters),
            )
            for at, shown in ((began, deleted_too), (ended, True))
        )
        for key, most in now.items():
            least = before.get(key)
            subject = None if level in _LEVELS.values() else self._world.by_number.get(int(key[0]))
            gone = NEVER if subject is None or deleted_too else subject.deleted
            named = {"advertiser_id": account.id} | dict(zip(source.dimensions, key, strict=True))
            row = ExpectedRow(least or 0, most, account.id, must=least is not None and gone > ended)
            yield tuple(named[name] for name in stream.row_key), row

    def _days(self, source: ReportSource, account: Account, at: float) -> tuple[date, date] | None:
        if source.grain is Grain.LIFETIME:
            return None
        first, last = self._config.start_date, last_day(self._config, self._world, account, at)
        return (max(first, last - timedelta(days=_SPAN)) if source.grain is Grain.SPAN else first), last


class Finding(NamedTuple):
    """A difference between the world and the destination.

    Args:
        lost: The number of missing rows.
        text: Everything that is wrong, for people.
    """

    lost: int
    text: list[str]


def compare(
    truth: Truth,
    store: Store,
    selected: list[Selected],
    began: float,
    ended: float,
    without: set[tuple[str, str]],
    *,
    all_objects: bool,
    fresh: bool = False,
) -> tuple[Finding, int]:
    """Compare the destination with the world.

    Args:
        truth: The expected rows.
        store: The destination.
        selected: The streams that are whole.
        began: When the sync began.
        ended: When it ended.
        without: Endpoint and account of what could not be read.
        all_objects: Whether even an incremental sync had to read all campaigns, ad groups and ads.
        fresh: Whether there was no state at the beginning.

    Returns:
        What is wrong, and how many rows were compared.
    """
    lost, compared, wrong = 0, 0, []
    for stream, incremental in ((selection.stream, selection.incremental) for selection in selected):
        rows = store.rows.get(stream.name, {})
        expected = truth.rows(
            stream, began, ended, all_objects=not incremental or fresh or (all_objects and stream.name in _WITH_STATUS)
        )
        for key, expected_row in expected.items():
            if (stream.endpoint, expected_row.account) in without:
                continue
            compared += 1
            row = rows.get(key)
            if row is None:
                if expected_row.must:
                    lost += 1
                    wrong.append(f"{stream.name} {key} is missing")
                continue
            if not expected_row.least <= row.version <= expected_row.most and expected_row.must:
                lost += 1
                wrong.append(
                    f"{stream.name} {key} has version {row.version}, not {expected_row.least} to {expected_row.most}"
                )
            if row.version > expected_row.most:
                wrong.append(f"{stream.name} {key} has version {row.version}, which never was")
            if row.account != expected_row.account:
                wrong.append(f"{stream.name} {key} is said to be of {row.account}, not {expected_row.account}")
        wrong += [f"{stream.name} {key} is invented" for key in rows if key not in expected]
    return Finding(lost, wrong), compared
