"""What earlier syncs have left in the states, held against what is possible now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from tiktok_marketing.catalog import Stream
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import Config
from tiktok_marketing.sync.plan.accounts import Account, Accounts
from tiktok_marketing.sync.plan.cursors import Cursors

_READ_AHEAD = timedelta(days=2)
"""How far a report's cursor may be ahead of the account's day without being wrong: other connectors read to UTC's
tomorrow, and a zone that was unknown may have been one of those where days begin last."""
CHANGED_AHEAD = timedelta(hours=1)
"""How far the cursor of objects may be ahead of TikTok's time: it is one of TikTok's own, and the answer that told what
time it is may be a while old."""
_NAMED = 5
"""Accounts that a notice names; the others are counted."""


def repair(stream: Stream, cursors: Cursors, accounts: Sequence[Account], moment: ClockReading) -> list[str]:
    """Take back what no sync can have reached, since the days up to there would be passed over once they come.

    A cursor of a connector that reads ahead goes back to the day that has begun. One that is farther ahead comes of a
    clock that was wrong, and nobody knows what was read: the account is read from the start. TikTok's clock decides,
    since this machine's may still be wrong.

    Args:
        stream: Whose cursors.
        cursors: They are changed.
        accounts: The accounts of this run.
        moment: This one.

    Returns:
        The accounts that are read from the start.
    """
    if cursors.empty:
        return []
    for account in accounts:
        cursors.adopt_common(account.advertiser_id)
    restarted = []
    for account in accounts:
        one = account.advertiser_id
        cursor = cursors.of(one)
        if cursor is None:
            continue
        if stream.is_report:
            day = datetime.fromisoformat(cursor).date()
            impossible = day > account.today(moment.tiktok) + _READ_AHEAD
            if day > account.latest_started_day(moment.tiktok) and not impossible:
                cursors.rewind(one, f"{account.latest_started_day(moment.earliest)} 00:00:00")
        else:
            changed = datetime.fromisoformat(cursor).replace(tzinfo=UTC)
            impossible = changed > moment.tiktok + CHANGED_AHEAD
        if impossible:
            cursors.rewind(one, None)
            restarted.append(one)
    return restarted


def unreachable_accounts(config: Config, found: Accounts, known: Iterable[Cursors]) -> list[str]:
    """The accounts that were read before and that the token does not reach any more, though nobody excluded them."""
    if found.listed is None or found.listed.incomplete is not None or config.advertiser_ids:
        return []
    chosen = {account.advertiser_id for account in found.chosen} | set(config.exclude_advertiser_ids)
    return list(dict.fromkeys(one for cursors in known for one in cursors.accounts if one not in chosen))


def list_ids(ids: Sequence[str]) -> str:
    """Some accounts, for a notice."""
    more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
    return f"{', '.join(ids[:_NAMED])}{more}"
