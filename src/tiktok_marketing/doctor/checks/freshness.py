"""How far each stream and account is, held against what is due. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from tiktok_marketing.catalog import AnyStream, Grain, ReportStream
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
"""Accounts that get a finding of their own for one stream; the others are counted."""
_BETWEEN_ZONES = timedelta(days=2)
"""How far the date of any account can be ahead of that where a day begins last, which stands for an unknown zone."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says of one stream.

    Args:
        stream: The stream.
        cursors: How far its accounts are; None if it has no state.
        sync: Its last sync that ended; None if there was none.
        read_at: When it was last read, with syncs that did not end.
    """

    stream: AnyStream
    cursors: Cursors | None
    sync: StreamSync | None
    read_at: datetime | None


def examine_freshness(
    config: Config,
    progress: Progress,
    accounts: Sequence[Account],
    *,
    now: datetime,
    max_age: timedelta,
) -> Iterator[Finding]:
    """What is behind, incomplete, or ahead of the time.

    Args:
        config: What the user asked for.
        progress: The stream.
        accounts: The accounts that can be read.
        now: This moment.
        max_age: How old the data may be.
    """
    stream, sync = progress.stream, progress.sync
    yield from _ahead(progress, accounts, now)
    if sync is None:
        yield Finding(
            severity=Severity.WRONG,
            check=FRESHNESS,
            message="No sync of it has come to an end yet, so it is incomplete.",
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
            message=f"Its last sync was on {sync.began:%Y-%m-%d at %H:%M} UTC, {_age(now - sync.began)} ago.",
            stream=stream.name,
            fix=Fix.SYNC,
        )
    yield from _behind(config, progress, accounts, due_at, stale=stale)


def _is_due(config: Config, due_at: datetime) -> bool:
    """Whether there is something to read yet: not if `end_date` was over then everywhere."""
    return config.end_date is None or due_at.date() <= config.end_date + timedelta(days=1)


def _incomplete(stream: AnyStream, sync: StreamSync) -> Finding:
    if sync.complete:
        return Finding(
            severity=Severity.NOTE,
            check=FRESHNESS,
            message=f"Its last sync left something out, as configured: {sync.missing}",
            stream=stream.name,
        )
    return Finding(
        severity=Severity.WRONG,
        check=FRESHNESS,
        message=f"Its last sync, of {sync.began:%Y-%m-%d %H:%M} UTC, was incomplete: {sync.missing}",
        stream=stream.name,
        fix=Fix.SYNC,
    )


def _behind(
    config: Config, progress: Progress, accounts: Sequence[Account], due_at: datetime, *, stale: bool
) -> Iterator[Finding]:
    """Accounts of a report that are behind what is due, and behind the others if all of the stream is."""
    stream, cursors = progress.stream, progress.cursors
    if cursors is None or not isinstance(stream, ReportStream) or stream.source.grain not in {Grain.DAY, Grain.HOUR}:
        return
    latest = max((day for one in cursors.accounts if (day := cursors.day_of(one))), default=None)
    behind: list[tuple[AdvertiserId, date | None, date]] = []
    for advertiser_id, due in due_days(config, stream, accounts, due_at).items():
        cursor = cursors.day_of(advertiser_id)
        if (cursor is None or cursor < due) and not (stale and cursor == latest):
            behind.append((advertiser_id, cursor, due))
    for advertiser_id, cursor, due in behind[:_NAMED]:
        far = f"It was read to {cursor}" if cursor else "It has never been read"
        yield Finding(
            severity=Severity.WRONG,
            check=FRESHNESS,
            message=f"{far}, and {due} is due.",
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


def _ahead(progress: Progress, accounts: Sequence[Account], now: datetime) -> Iterator[Finding]:
    """States that say more than can have been read."""
    stream, cursors, read_at = progress.stream, progress.cursors, progress.read_at
    if cursors is None or stream.cursor is None:
        return
    for account in accounts:
        cursor = cursors.of(account.advertiser_id)
        if cursor is None:
            continue
        missed: tuple[date, ...] = ()
        if stream.is_report:
            day = date.fromisoformat(cursor[:10])
            most = account.today(min(now, read_at + timedelta(days=1)) if read_at else now)
            impossible = day > most + (_BETWEEN_ZONES if account.zone == ZONE_BEHIND_ALL else timedelta())
            missed = days_after(most, day)
        else:
            impossible = datetime.fromisoformat(cursor).replace(tzinfo=UTC) > now + CHANGED_AHEAD
        if not impossible:
            continue
        when = f"it was last read on {read_at:%Y-%m-%d at %H:%M} UTC" if read_at else f"now it is {now:%Y-%m-%d}"
        yield Finding(
            severity=Severity.WRONG,
            check=FRESHNESS,
            message=f"The state says that it was read to {cursor}, but {when}: days may have been passed over. A clock "
            "that was wrong is one cause.",
            stream=stream.name,
            advertiser_id=account.advertiser_id,
            days=missed,
            fix=Fix.FULL,
        )


def _age(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"
