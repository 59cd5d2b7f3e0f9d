"""Which days of a report a database should have, which are final, and which the next sync reads again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from tiktok_marketing.catalog import AnyStream, Grain, ReportStream
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.settings import LONGEST_WINDOW
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.cursors import Cursors
from tiktok_marketing.sync.plan.partitions import plan_stream
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.zones import ZONE_BEHIND_ALL

CORRECTIONS = timedelta(hours=24)
"""TikTok corrects a day's figures in a job that ends about noon UTC, after the documented delay of the report."""

_DAY = timedelta(days=1)


class ExpectedDays(msgspec.Struct, frozen=True, kw_only=True):
    """The days of a report and account that should be in the database.

    Args:
        stream: The report.
        account: The account.
        first: The first day that should be there.
        cursor: The last day that was read, according to the state.
        final_until: The last day whose final figures the last sync can have read. No later day is judged.
        reread_from: The first day that the next sync reads again.
        final_after: The time from the end of a day in UTC until its figures are final.
        longest_window: How many days one request can cover.
    """

    stream: ReportStream
    account: Account
    first: date
    cursor: date
    final_until: date
    reread_from: date
    final_after: timedelta
    longest_window: int

    def is_final(self, day: date, read_at: datetime | None) -> bool:
        """Whether the delivery of a day was final when the day was read at that moment (aware)."""
        if read_at is None:
            return day <= self.final_until
        return read_at >= datetime.combine(day, time(), UTC) + _DAY + self.final_after


def expected_days(
    config: Config,
    stream: AnyStream,
    cursors: Cursors,
    accounts: Iterable[Account],
    *,
    read_at: datetime,
    now: datetime,
) -> list[ExpectedDays]:
    """Return the days of a daily or hourly report that should be in the database.

    Args:
        config: The user's configuration.
        stream: The report.
        cursors: The cursors in its state.
        accounts: The accounts.
        read_at: When the latest sync of the report began.
        now: The current time.
    """
    if not isinstance(stream, ReportStream) or not stream.has_days:
        return []
    accounts = list(accounts)
    selected = Selected(stream, incremental=True)
    next_sync = plan_stream(config, selected, cursors, accounts, ClockReading.at(now))
    reread_from = {
        partition.account.advertiser_id: partition.first for partition in next_sync if partition.account is not None
    }
    delay = timedelta(hours=stream.source.hours_late) + CORRECTIONS
    expected = []
    for partition in plan_stream(config, selected, None, accounts, ClockReading.at(now)):
        account = partition.account
        cursor = cursors.day_of(account.advertiser_id) if account is not None else None
        if account is None or cursor is None or partition.first is None or partition.last is None:
            continue
        last = min(cursor, partition.last)
        expected.append(
            ExpectedDays(
                stream=stream,
                account=account,
                first=partition.first,
                cursor=last,
                final_until=min(last, account.latest_started_day(read_at - delay) - _DAY),
                reread_from=reread_from.get(account.advertiser_id) or last + _DAY,
                longest_window=1 if stream.source.grain is Grain.HOUR else LONGEST_WINDOW,
                final_after=delay - _smallest_offset(account, now),
            )
        )
    return expected


def _smallest_offset(account: Account, now: datetime) -> timedelta:
    """Return the smallest offset of the account and of its place from UTC."""
    offsets = [now.astimezone(zone).utcoffset() for zone in (account.zone, account.place) if zone is not None]
    return min(offset for offset in offsets if offset is not None)


def known_zones(accounts: Iterable[Account]) -> list[Account]:
    """Return the accounts, with an unknown zone replaced by the one where a day begins last.

    So no day counts as due too early.
    """
    return [
        account if account.zone_is_known else msgspec.structs.replace(account, zone=ZONE_BEHIND_ALL)
        for account in accounts
    ]


def due_days(
    config: Config, stream: AnyStream, accounts: Iterable[Account], moment: datetime
) -> Mapping[AdvertiserId, date]:
    """Return the last day that a sync at that moment reads, per account that has such a day."""
    partitions = plan_stream(config, Selected(stream, incremental=True), None, list(accounts), ClockReading.at(moment))
    return {
        partition.account.advertiser_id: partition.last
        for partition in partitions
        if partition.account is not None and partition.last is not None
    }
