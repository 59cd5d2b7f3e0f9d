"""What must be read: turns streams, accounts, days and states into partitions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from tiktok_marketing.catalog import AnyStream, Grain, ObjectStream, ReportSource, ReportStream, Scope
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import AdvertiserId, Config, Refresh
from tiktok_marketing.settings import LONGEST_WINDOW
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.bounds import NO_BOUNDS, Bounds, day_of
from tiktok_marketing.sync.plan.cursors import Cursors
from tiktok_marketing.sync.plan.frontier import shown_limit, state_limit
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.windows import FIRST_DAY, Window, count_windows, first_day
from tiktok_marketing.sync.plan.zones import day_in

_SPAN = 365
"""Days that a report without a time dimension may cover (`/report/integrated/get/`)."""


class Partition(msgspec.Struct, frozen=True, kw_only=True):
    """What one stream reads of one account. Its state moves independently of others.

    Args:
        stream: The stream.
        account: The account; None for a stream that is not read per account.
        first: The first day; None if the stream has no days.
        last: The last day; None in the same case.
        state_limit: The latest day that the state may reach, see `plan.frontier`.
        days: The most days in a window.
        modified_since: For objects: leave out older ones, `YYYY-MM-DD HH:MM:SS` in UTC; empty to include all.
        required_since: For objects: older ones may be missing where TikTok does not list them, in the same form.
        fills_gap: Whether the days are before those that the state covers, so that they do not move its cursor.
        only_changed: Whether to ask TikTok for these objects only, where it has a filter for them, because an earlier
            sync of the same day has read all.
    """

    stream: AnyStream
    account: Account | None = None
    first: date | None = None
    last: date | None = None
    state_limit: date | None = None
    days: int = 1
    modified_since: str = ""
    required_since: str = ""
    only_changed: bool = False
    fills_gap: bool = False

    def windows(self) -> Iterator[Window | None]:
        """The windows, oldest first; a single None if there are no days."""
        return map(self.window, range(self.size))

    def window(self, number: int) -> Window | None:
        """The window with this number, counted from 0 for the oldest; None if there are no days."""
        if self.first is None or self.last is None:
            return None
        start = self.first + timedelta(days=number * self.days)
        return Window(start, min(self.last, start + timedelta(days=self.days - 1)))

    def windows_in(self, days: Window) -> Iterator[Window]:
        """The windows that have any of these days, oldest first."""
        if self.first is not None and self.last is not None:
            first = max(0, (days.start - self.first).days // self.days)
            last = min(self.size - 1, (days.end - self.first).days // self.days)
            yield from (window for window in map(self.window, range(first, last + 1)) if window is not None)

    @property
    def size(self) -> int:
        """The number of windows."""
        if self.first is None or self.last is None:
            return 1
        return count_windows(self.first, self.last, self.days)


def plan_stream(
    config: Config,
    selected: Selected,
    cursors: Cursors | None,
    accounts: Sequence[Account],
    clock: ClockReading,
    *,
    bounds: Bounds = NO_BOUNDS,
    gaps: Mapping[AdvertiserId, Window] | None = None,
) -> list[Partition]:
    """The partitions of one stream: one per account that has a day to read, and one per account with a gap.

    Args:
        config: The configuration.
        selected: The stream and its mode.
        cursors: How far it was read before; None if it has no state or must not use it.
        accounts: The accounts of this run.
        clock: The current time.
        bounds: The days of reports to read, whatever the state says.
        gaps: The days before those that the state covers, for accounts that lack some.
    """
    stream = selected.stream
    if stream.scope is Scope.TOKEN and config.shard is not None and config.shard.index:
        return []  # the first shard reads what is not about single accounts
    if stream.scope is Scope.BATCH and not accounts:
        return []
    if stream.scope is not Scope.ACCOUNT:
        return [Partition(stream=stream)]
    partitions = []
    for account in accounts:
        partition = _partition(config, stream, cursors, account, clock, bounds)
        gap = (gaps or {}).get(account.advertiser_id)
        if gap is not None:
            partition, before = _around(gap, partition)
            partitions.append(before)
        partitions.append(partition)
    return [partition for partition in partitions if partition.size]


def _around(gap: Window, partition: Partition) -> tuple[Partition, Partition]:
    """A partition without the days of a gap, and the partition of the gap. No day is in both."""
    assert partition.first is not None  # noqa: S101 - only reports with days have gaps
    assert partition.last is not None  # noqa: S101
    last = min(gap.end, partition.last)
    before = msgspec.structs.replace(partition, first=gap.start, last=last, fills_gap=True)
    after = max(partition.first, gap.end + timedelta(days=1))
    return msgspec.structs.replace(partition, first=after), before


def _partition(
    config: Config,
    stream: AnyStream,
    cursors: Cursors | None,
    account: Account,
    clock: ClockReading,
    bounds: Bounds,
) -> Partition:
    if not isinstance(stream, ReportStream):
        return _object_partition(config, stream, cursors, account, clock.latest)
    source = stream.source
    if source.grain is Grain.LIFETIME:
        return Partition(stream=stream, account=account)
    today = account.today(clock.latest)
    last = min(config.end_date, today) if config.end_date else today
    created = earliest_day(config, stream, account, clock)
    first = first_day(
        max(config.start_date, FIRST_DAY),
        created=created,
        state=cursors.day_of(account.advertiser_id) if cursors else None,
        lookback=config.attribution_window,
        last=last,
    )
    match source.grain:
        case Grain.SPAN:
            bounds = NO_BOUNDS  # a row of fewer days would replace the usual one, because neither has a day
            # A row has no day, so two windows would give two rows with one key: only the last window is read.
            first, days = max(first, last - timedelta(days=_SPAN - 1)), _SPAN
        case Grain.HOUR:
            days = 1  # TikTok accepts one day per request for hourly reports, and thirty for daily ones
        case _:
            days = _days_per_request(config, source)
    if bounds.until is not None:
        last = min(day_of(bounds.until, today), today)
    limit: date | None = state_limit(account, last, clock)
    if limit is not None and not config.attribution_window:
        limit = min(limit, shown_limit(account, first, clock, timedelta(hours=source.hours_late)))
    if bounds.since is not None:
        asked = max(day_of(bounds.since, today), FIRST_DAY)
        requested_first = first_day(asked, created=created, state=None, lookback=0, last=last)
        # If days in between are not read, the state must not move past them, nor begin before the days that are due.
        limit = None if requested_first > first or last < first else limit
        first = requested_first
    return Partition(stream=stream, account=account, first=first, last=last, state_limit=limit, days=days)


def _days_per_request(config: Config, source: ReportSource) -> int:
    """How many days of a daily report one request covers: as many as TikTok accepts, or as few as the user wants."""
    return source.most_days if config.report_granularity == LONGEST_WINDOW else config.report_granularity


def earliest_day(config: Config, stream: AnyStream, account: Account, clock: ClockReading) -> date | None:
    """The day before which a stream has nothing of an account; None if that is not known."""
    first = stream.source.first_day if isinstance(stream, ReportStream) else None
    days = [day for day in (first, creation_day(config, account, clock)) if day is not None]
    return max(days, default=None)


def creation_day(config: Config, account: Account, clock: ClockReading) -> date | None:
    """The day before which an account has no figures; None if that is not known.

    The sandbox's mock figures are older than any account, and no account was created tomorrow.
    """
    unusable = config.sandbox or account.created is None or account.created > account.today(clock.latest)
    return None if unusable else account.created


def _object_partition(
    config: Config, stream: ObjectStream, cursors: Cursors | None, account: Account, now: datetime
) -> Partition:
    """The objects of an account: all, or those that changed since the state or since a limiting `start_date`."""
    start = f"{config.start_date} 00:00:00"
    since = start if config.objects_since_start_date else ""
    cursor = cursors.of(account.advertiser_id) if cursors else None
    # A cursor of today was written by a sync of today, which itself began with an older cursor or with one of today. So
    # the first sync of today, which began with an older cursor, has read and delivered all objects.
    read_today = cursor is not None and cursor[:10] == str(day_in(UTC, now))
    daily = config.refresh_objects is Refresh.DAILY
    if stream.source.has_status and (config.refresh_objects is Refresh.ALWAYS or (daily and not read_today)):
        cursor = None
    return Partition(
        stream=stream,
        account=account,
        modified_since=max(since, cursor or since),
        required_since=max(start, cursor or start),
        only_changed=daily and cursor is not None,
    )


def in_order_of_size(partitions: Mapping[str, Sequence[Partition]]) -> list[str]:
    """Stream names, fewest windows first, so that a short stream does not wait for a long one."""
    return sorted(partitions, key=lambda name: sum(partition.size for partition in partitions[name]))
