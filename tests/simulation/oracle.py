"""What must be in the destination, by what is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from simulation.schedule import Schedule, last_day
from simulation.sink import Key, Store
from simulation.world import NEVER, Account, Thing
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
}
_WITH_STATUS = {"campaigns", "ad_groups", "ads"}
"""Objects that can be asked for with the deleted ones, and as a whole again and again."""
_SPAN = 364


class Wanted(NamedTuple):
    """A row that must or may be there.

    Args:
        least: The version it had when the sync began.
        most: The version it has now.
        account: Whose it is.
        must: Whether it was there all the time.
    """

    least: int
    most: int
    account: str
    must: bool


class Truth:
    """Knows every row of a schedule.

    Args:
        schedule: Which one.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._world = schedule.world
        self._config = schedule.config
        self._since = datetime.combine(self._config.start_date, datetime.min.time(), schedule.world.began.tzinfo)

    def accounts(self, at: float) -> list[Account]:
        """The accounts that a sync which begins at this moment reads."""
        left_out = self._config.exclude_advertiser_ids
        return [one for one in self._world.accounts if one.listed <= at and one.id not in left_out]

    def rows(self, stream: Stream, began: float, ended: float, *, anew: bool) -> dict[Key, Wanted]:
        """The rows of a stream for a sync between two moments.

        Args:
            stream: The stream.
            began: When the sync began.
            ended: When it ended.
            anew: Whether all objects had to be read, rather than those alone that say that they changed.
        """
        found: dict[Key, Wanted] = {}
        for account in self.accounts(ended):
            there = account.listed <= began
            for key, wanted in self._of_account(stream, account, began, ended, anew=anew):
                found[key] = wanted if there else wanted._replace(must=False)
        if stream.name == "advertiser_ids":
            for account in self._world.accounts:
                if account.listed <= ended:
                    found[(account.id,)] = Wanted(1, 1, account.id, must=account.listed <= began)
        return found

    def _of_account(
        self, stream: Stream, account: Account, began: float, ended: float, *, anew: bool
    ) -> Iterator[tuple[Key, Wanted]]:
        if stream.is_report:
            yield from self._report(stream, account, began, ended)
        elif stream.name == "advertisers":
            yield (account.id,), Wanted(1, 1, account.id, must=True)
        elif stream.name in _KINDS:
            for thing in account.things[_KINDS[stream.name]]:
                wanted = self._object(stream, account, thing, began, ended, anew=anew)
                if wanted is not None:
                    number = str(thing.number)
                    yield ((account.id, number) if stream.unique_by else (number,)), wanted

    def _object(
        self, stream: Stream, account: Account, thing: Thing, began: float, ended: float, *, anew: bool
    ) -> Wanted | None:
        deleted_too = self._config.include_deleted and stream.name in _WITH_STATUS
        if thing.created > ended:
            return None
        must = thing.created <= began and thing.visible(ended, deleted_too=deleted_too)
        least = thing.version(began) if anew or stream.cursor is None else thing.told_version(began)
        if not (anew or thing.timed) and self._config.refresh_objects is Refresh.DAILY:
            must = False
        if stream.cursor is not None and thing.timed:
            since = self._world.seconds(self._since)
            if thing.modified(ended) < since:
                return None
            must = must and thing.modified(began) >= since
        if stream.name == "pixel_events_statistics":
            if thing.number in account.barred_pixels:
                return None
            return Wanted(1, 1, account.id, must)
        return Wanted(least, thing.version(ended), account.id, must)

    def _report(
        self, stream: ReportStream, account: Account, began: float, ended: float
    ) -> Iterator[tuple[Key, Wanted]]:
        source = stream.source
        deleted_too = self._config.include_deleted
        before, now = (
            self._world.rows(
                account, source.data_level, source.dimensions, self._days(source, account, at), at, deleted_too=shown
            )
            for at, shown in ((began, deleted_too), (ended, True))
        )
        for key, most in now.items():
            least = before.get(key)
            subject = self._world.by_number.get(int(key[0]))
            gone = NEVER if subject is None or deleted_too else subject.deleted
            yield key, Wanted(least or 0, most, account.id, must=least is not None and gone > ended)

    def _days(self, source: ReportSource, account: Account, at: float) -> tuple[date, date] | None:
        if source.grain is Grain.LIFETIME:
            return None
        first, last = self._config.start_date, last_day(self._config, self._world, account, at)
        return (max(first, last - timedelta(days=_SPAN)) if source.grain is Grain.SPAN else first), last


class Finding(NamedTuple):
    """A difference between what is true and what was stored.

    Args:
        lost: Rows that are missing.
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
    anew: bool,
    fresh: bool = False,
) -> tuple[Finding, int]:
    """Hold what is stored against what is true.

    Args:
        truth: What is true.
        store: What is stored.
        selected: The streams that are whole.
        began: When the sync began.
        ended: When it ended.
        without: Endpoint and account of what could not be read.
        anew: Whether an incremental sync, too, had to read all campaigns, ad groups and ads.
        fresh: Whether there was no state to begin with.

    Returns:
        What is wrong, and how many rows were compared.
    """
    lost, compared, wrong = 0, 0, []
    for stream, incremental in ((one.stream, one.incremental) for one in selected):
        rows = store.rows.get(stream.name, {})
        wanted = truth.rows(
            stream, began, ended, anew=not incremental or fresh or (anew and stream.name in _WITH_STATUS)
        )
        for key, want in wanted.items():
            if (stream.endpoint, want.account) in without:
                continue
            compared += 1
            row = rows.get(key)
            if row is None:
                if want.must:
                    lost += 1
                    wrong.append(f"{stream.name} {key} is missing")
                continue
            if not want.least <= row.version <= want.most and want.must:
                lost += 1
                wrong.append(f"{stream.name} {key} has version {row.version}, not {want.least} to {want.most}")
            if row.version > want.most:
                wrong.append(f"{stream.name} {key} has version {row.version}, which never was")
            if row.account != want.account:
                wrong.append(f"{stream.name} {key} is said to be of {row.account}, not {want.account}")
        wrong += [f"{stream.name} {key} is invented" for key in rows if key not in wanted]
    return Finding(lost, wrong), compared
