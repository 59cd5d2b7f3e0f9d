"""Repairs states of earlier syncs that cannot be right, and finds accounts that the token has lost. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from tiktok_marketing.catalog import Stream
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.sync.plan.accounts import Account, Accounts
from tiktok_marketing.sync.plan.cursors import Cursor, Cursors
from tiktok_marketing.sync.plan.refresh import RefreshProgress

_READ_AHEAD = timedelta(days=2)
"""How far a report's cursor may be ahead of the account's day without being wrong.

Other connectors read up to tomorrow in UTC, and an account whose time zone was unknown may have been in one where days
begin last."""
CHANGED_AHEAD = timedelta(hours=1)
"""How far the cursor of objects may be ahead of TikTok's time.

It is a time of TikTok's own, and the answer that showed TikTok's time may be a while old."""
_MAX_NAMED = 5
"""How many accounts a notice names; it counts the others."""


def repair(stream: Stream, cursors: Cursors, accounts: Sequence[Account], clock: ClockReading) -> list[AdvertiserId]:
    """Set back cursors that no sync can have reached. Otherwise later syncs would skip the days up to there.

    The cursor of a connector that reads ahead is set back to the latest day that has begun. A cursor farther ahead was
    written under a wrong clock, so nobody knows what was read, and the account is read from the start. TikTok's clock
    decides, because this machine's may still be wrong.

    Args:
        stream: The stream.
        cursors: Its cursors, which are changed.
        accounts: The accounts of this run.
        clock: The current time.

    Returns:
        The accounts that are read from the start.
    """
    if cursors.empty:
        return []
    for account in accounts:
        cursors.adopt_common(account.advertiser_id)
    restarted = []
    for account in accounts:
        advertiser_id = account.advertiser_id
        cursor = cursors.of(advertiser_id)
        if cursor is None:
            continue
        if stream.is_report:
            day = datetime.fromisoformat(cursor).date()
            impossible = day > account.today(clock.tiktok) + _READ_AHEAD
            if day > account.latest_started_day(clock.tiktok) and not impossible:
                cursors.rewind(advertiser_id, Cursor(f"{account.latest_started_day(clock.earliest)} 00:00:00"))
        else:
            changed = datetime.fromisoformat(cursor).replace(tzinfo=UTC)
            impossible = changed > clock.tiktok + CHANGED_AHEAD
        if impossible:
            cursors.rewind(advertiser_id, None)
            restarted.append(advertiser_id)
    return restarted


def repair_refresh(
    stream: Stream, refresh: RefreshProgress, accounts: Sequence[Account], clock: ClockReading
) -> list[AdvertiserId]:
    """Drop what an attempt of a full refresh cannot have read. Otherwise the next one would leave out those days.

    A day or two ahead leaves out no day: an attempt that did not know the account's time zone has read up to there.

    Args:
        stream: The stream.
        refresh: What the earlier attempts have delivered, which is changed.
        accounts: The accounts of this run.
        clock: The current time.

    Returns:
        The accounts that are read from the start.
    """
    if not stream.has_days:
        return []
    restarted = []
    for account in accounts:
        day = refresh.day_of(account.advertiser_id)
        if day is not None and day > account.today(clock.tiktok) + _READ_AHEAD:
            refresh.forget(account.advertiser_id)
            restarted.append(account.advertiser_id)
    return restarted


def unreachable_accounts(config: Config, accounts: Accounts, states: Iterable[Cursors]) -> list[AdvertiserId]:
    """The accounts that were read before, that nobody excluded, and that the token no longer has access to."""
    if accounts.listed is None or accounts.listed.incomplete is not None or config.advertiser_ids:
        return []
    expected = {account.advertiser_id for account in accounts.chosen} | set(config.exclude_advertiser_ids)
    read_before = dict.fromkeys(advertiser_id for cursors in states for advertiser_id in cursors.accounts)
    return [
        advertiser_id
        for advertiser_id in read_before
        if advertiser_id not in expected and (config.shard is None or config.shard.owns(advertiser_id))
    ]


def list_ids(ids: Sequence[AdvertiserId]) -> str:
    """Account ids as a notice shows them."""
    more = f" and {len(ids) - _MAX_NAMED:,} more" if len(ids) > _MAX_NAMED else ""
    return f"{', '.join(ids[:_MAX_NAMED])}{more}"
