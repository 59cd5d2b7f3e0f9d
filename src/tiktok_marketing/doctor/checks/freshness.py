"""Checks how up to date each stream and account is, compared with what is due. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from tiktok_marketing.catalog import AnyStream, ReportStream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.doctor.database import StreamSync
from tiktok_marketing.doctor.expected_days import due_days
from tiktok_marketing.doctor.findings import Finding, Fix, Severity, days_after
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.cursors import Cursors
from tiktok_marketing.sync.plan.state_repair import CHANGED_AHEAD
from tiktok_marketing.sync.plan.zones import ZONE_BEHIND_ALL

FRESHNESS = "freshness"
_NAMED = 20
"""Accounts per stream that get a finding of their own; the others are only counted."""
_BETWEEN_ZONES = timedelta(days=2)
"""How far the date of an account can be ahead of the date where a day begins last, which stands for an unknown zone."""


class StreamStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says about one stream.

    Args:
        stream: The stream.
        cursors: The cursors of its accounts; None if it has no state.
        sync: Its last sync that ended; None if there was none.
        read_at: When it was last read, including by syncs that did not end.
    """

    stream: AnyStream
    cursors: Cursors | None
    sync: StreamSync | None
    read_at: datetime | None


def examine_freshness(
    config: Config,
    status: StreamStatus,
    accounts: Sequence[Account],
    *,
    now: datetime,
    max_age: timedelta,
) -> Iterator[Finding]:
    """Find what is behind, incomplete, or ahead of the time.

    Args:
        config: The user's configuration.
        status: The stream.
        accounts: The accounts that can be read.
        now: The current time.
        max_age: How old the data may be.
    """
    stream, sync = status.stream, status.sync
    yield from _ahead(status, accounts, now)
    if sync is None:
        yield Finding(
            severity=Severity.WRONG,
            check=FRESHNESS,
            message="No sync of the stream has ended yet, so the stream is incomplete.",
            stream=stream.name,
            fix=Fix.SYNC,
        )
        return
    if sync.missing:
        yield _incomplete(stream, sync)
    due_at = now - max_age
    stale = sync.began < due_at and _is_due(config, due_at)
    if stale:
        yield Finding(
            severity=Severity.WRONG,
            check=FRESHNESS,
            message=f"The last sync of the stream was on {sync.began:%Y-%m-%d at %H:%M} UTC, "
            f"{_age(now - sync.began)} ago.",
            stream=stream.name,
            fix=Fix.SYNC,
        )
    yield from _behind(config, status, accounts, due_at, stale=stale)


def _is_due(config: Config, due_at: datetime) -> bool:
    """Whether anything was due then: not if `end_date` had passed in every time zone."""
    return config.end_date is None or due_at.date() <= config.end_date + timedelta(days=1)


def _incomplete(stream: AnyStream, sync: StreamSync) -> Finding:
    if sync.complete:
        return Finding(
            severity=Severity.NOTE,
            check=FRESHNESS,
            message=f"The last sync of the stream left something out, as configured: {sync.missing}",
            stream=stream.name,
        )
    return Finding(
        severity=Severity.WRONG,
        check=FRESHNESS,
        message=f"The last sync of the stream, at {sync.began:%Y-%m-%d %H:%M} UTC, was incomplete: {sync.missing}",
        stream=stream.name,
        fix=Fix.SYNC,
    )


def _behind(
    config: Config, status: StreamStatus, accounts: Sequence[Account], due_at: datetime, *, stale: bool
) -> Iterator[Finding]:
    """Find accounts of a report that are behind what is due or, if the whole stream is stale, behind the others."""
    stream, cursors = status.stream, status.cursors
    if cursors is None or not isinstance(stream, ReportStream) or not stream.has_days:
        return
    latest = max((day for account in cursors.accounts if (day := cursors.day_of(account))), default=None)
    behind: list[tuple[AdvertiserId, date | None, date]] = []
    for advertiser_id, due in due_days(config, stream, accounts, due_at).items():
        cursor = cursors.day_of(advertiser_id)
        if (cursor is None or cursor < due) and not (stale and cursor == latest):
            behind.append((advertiser_id, cursor, due))
    for advertiser_id, cursor, due in behind[:_NAMED]:
        read = f"The account was read up to {cursor}" if cursor else "The account has never been read"
        yield Finding(
            severity=Severity.WRONG,
            check=FRESHNESS,
            message=f"{read}, and {due} is due.",
            stream=stream.name,
            advertiser_id=advertiser_id,
            days=days_after(cursor, due) if cursor else (),
            fix=Fix.SYNC,
        )
    if len(behind) > _NAMED:
        yield Finding(
            severity=Severity.WRONG,
            check=FRESHNESS,
            message=f"{len(behind) - _NAMED:,} more accounts are behind.",
            stream=stream.name,
            fix=Fix.SYNC,
        )


def _ahead(status: StreamStatus, accounts: Sequence[Account], now: datetime) -> Iterator[Finding]:
    """Find states that claim more than can have been read."""
    stream, cursors, read_at = status.stream, status.cursors, status.read_at
    if cursors is None or stream.cursor is None:
        return
    for account in accounts:
        cursor = cursors.of(account.advertiser_id)
        if cursor is None:
            continue
        missed: tuple[date, ...] = ()
        if stream.is_report:
            day = date.fromisoformat(cursor[:10])
            latest_possible = account.today(min(now, read_at + timedelta(days=1)) if read_at else now)
            tolerance = _BETWEEN_ZONES if account.zone is ZONE_BEHIND_ALL else timedelta()
            impossible = day > latest_possible + tolerance
            missed = days_after(latest_possible, day)
        else:
            impossible = datetime.fromisoformat(cursor).replace(tzinfo=UTC) > now + CHANGED_AHEAD
        if not impossible:
            continue
        when = f"it was last read on {read_at:%Y-%m-%d at %H:%M} UTC" if read_at else f"today is {now:%Y-%m-%d}"
        yield Finding(
            severity=Severity.WRONG,
            check=FRESHNESS,
            message=f"The state says that the account was read up to {cursor}, but {when}. Days may "
            "have been skipped, for example because the clock was wrong.",
            stream=stream.name,
            advertiser_id=account.advertiser_id,
            days=missed,
            fix=Fix.FULL,
        )


def _age(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"
