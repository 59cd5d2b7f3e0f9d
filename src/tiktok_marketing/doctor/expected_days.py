"""Which days of a report should be there, which of them are settled, and which the next sync reads again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from tiktok_marketing.catalog import AnyStream, Grain, ReportStream
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import LONGEST_WINDOW, AdvertiserId, Config
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.cursors import Cursors
from tiktok_marketing.sync.plan.partitions import plan_stream
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.zones import ZONE_BEHIND_ALL, day_in

CORRECTIONS = timedelta(hours=24)
"""TikTok corrects a day's figures in a job that ends about noon UTC, after their documented lateness."""

_DAY = timedelta(days=1)


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """The days of one report and account.

    Args:
        stream: The report.
        account: The account.
        first: The first day that should be there.
        cursor: The last day that the state says was read.
        settled: The last day of which the last sync can have read final figures: nothing of a later one is judged.
        again: The first day that the next sync reads again.
        settles_after: From the beginning of the following day, in UTC, to when a day's figures are final there.
        longest: How many days TikTok can be asked about at once.
    """

    stream: ReportStream
    account: Account
    first: date
    cursor: date
    settled: date
    again: date
    settles_after: timedelta
    longest: int

    def is_final(self, day: date, read_at: datetime | None) -> bool:
        """Whether what ads delivered on a day that was read at that moment (aware) cannot have changed since."""
        if read_at is None:
            return day <= self.settled
        return read_at >= datetime.combine(day, time(), UTC) + _DAY + self.settles_after


def expected_days(
    config: Config,
    stream: AnyStream,
    cursors: Cursors,
    accounts: Iterable[Account],
    *,
    read_at: datetime,
    now: datetime,
) -> list[Expected]:
    """What should be in the database of a report by day or hour.

    Args:
        config: What the user asked for.
        stream: The report.
        cursors: How far it was read.
        accounts: The accounts.
        read_at: When the latest sync of it began.
        now: This moment.
    """
    if not isinstance(stream, ReportStream) or stream.source.grain not in {Grain.DAY, Grain.HOUR}:
        return []
    accounts = list(accounts)
    selected = Selected(stream, incremental=True)
    parts = plan_stream(config, selected, cursors, accounts, ClockReading.at(now))
    again = {part.account.advertiser_id: part.first for part in parts if part.account is not None}
    late = timedelta(hours=stream.source.hours_late) + CORRECTIONS
    found = []
    for part in plan_stream(config, selected, None, accounts, ClockReading.at(now)):
        account = part.account
        cursor = cursors.day_of(account.advertiser_id) if account is not None else None
        if account is None or cursor is None or part.first is None or part.last is None:
            continue
        last = min(cursor, part.last)
        following = again.get(account.advertiser_id)
        found.append(
            Expected(
                stream=stream,
                account=account,
                first=part.first,
                cursor=last,
                settled=min(last, day_in(account.zone, read_at - late) - _DAY),
                again=following or last + _DAY,
                longest=1 if stream.source.grain is Grain.HOUR else LONGEST_WINDOW,
                settles_after=late - _least_offset(account.zone, now),
            )
        )
    return found


def _least_offset(zone: tzinfo, now: datetime) -> timedelta:
    """How far the zone is ahead of UTC, in the half of the year in which it is so the least."""
    offsets = [(now - timedelta(days=days)).astimezone(zone).utcoffset() for days in (0, 91, 182, 273)]
    return min(offset for offset in offsets if offset is not None)


def known_zones(accounts: Iterable[Account]) -> list[Account]:
    """The accounts; where a day begins last if their zone is unknown, so that no day counts as due too early."""
    return [
        account if account.zone_is_known else msgspec.structs.replace(account, zone=ZONE_BEHIND_ALL)
        for account in accounts
    ]


def due_days(
    config: Config, stream: AnyStream, accounts: Iterable[Account], moment: datetime
) -> Mapping[AdvertiserId, date]:
    """The last day of each account that a sync at that moment reads; accounts that have none are left out."""
    parts = plan_stream(config, Selected(stream, incremental=True), None, list(accounts), ClockReading.at(moment))
    return {
        part.account.advertiser_id: part.last for part in parts if part.account is not None and part.last is not None
    }
