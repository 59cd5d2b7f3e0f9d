"""What a stream lacks of what the configuration asks for, and how a sync reads it. Pure.

A sync into a database reads what is missing by itself. A sync through Airbyte only says so: there, the user decides
when a stream is refreshed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tiktok_marketing.catalog import AnyStream
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.coverage import wanted_of
from tiktok_marketing.sync.plan.cursors import Cursors
from tiktok_marketing.sync.plan.partitions import earliest_day
from tiktok_marketing.sync.plan.windows import FIRST_DAY, Window, final_day

_MAX_NAMED = 5
"""How many streams a notice names; it counts the others."""


class Gap(msgspec.Struct, frozen=True):
    """What is missing of the accounts of one stream.

    Args:
        stream: The stream's name.
        reason: Why, in words.
        accounts: How many accounts lack it.
        days: The missing days; None for everything from the start.
    """

    stream: str
    reason: str
    accounts: int
    days: Window | None = None


class Gaps(msgspec.Struct):
    """What is missing of one stream.

    Args:
        missing: What is missing, for people.
        windows: The days before those that the state covers, per account.
        restarted: Whether an account's cursor was set back, or what it covers was reduced, so that the state must be
            written before any row.
    """

    missing: list[Gap]
    windows: dict[AdvertiserId, Window]
    restarted: bool

    def read_from_start(self, accounts: Iterable[AdvertiserId]) -> None:
        """The cursors of these accounts were set back for another reason, so their gaps are read with all the rest."""
        self.restarted = True
        for advertiser_id in accounts:
            self.windows.pop(advertiser_id, None)


def find_gaps(
    config: Config,
    stream: AnyStream,
    cursors: Cursors,
    accounts: Sequence[Account],
    clock: ClockReading,
    *,
    fill: bool,
    restart: bool,
) -> Gaps:
    """Find what is missing, and note what the sync will cover.

    Args:
        config: The configuration.
        stream: The stream.
        cursors: Its cursors and what they cover, which are changed.
        accounts: The accounts of this run.
        clock: The current time.
        fill: Whether the sync reads what is missing.
        restart: Whether it reads these accounts from the start in any case.
    """
    wanted = wanted_of(config, stream)
    gaps = Gaps(missing=[], windows={}, restarted=settle_coverage(config, stream, cursors, accounts))
    by_reason: Counter[tuple[str, Window | None]] = Counter()
    is_first_sync = cursors.empty
    for account in accounts:
        advertiser_id = account.advertiser_id
        covered = cursors.covered_of(advertiser_id)
        if cursors.of(advertiser_id) is None:
            by_reason["not all accounts have been read before", None] += not is_first_sync and fill
            cursors.cover(advertiser_id, wanted)
            continue
        reasons = [] if covered is None else covered.lacks(wanted)
        if restart or (fill and reasons):
            cursors.rewind(advertiser_id, None)
            cursors.cover(advertiser_id, wanted)
            gaps.restarted = True
        if reasons and not restart:
            by_reason[" and ".join(reasons), None] += 1
        elif covered is not None and not restart:
            earliest = earliest_day(config, stream, account, clock) or FIRST_DAY
            gap = covered.gap_from(max(config.start_date, earliest, FIRST_DAY))
            if gap is None:
                cursors.cover(advertiser_id, covered.from_day(config.start_date))
                continue
            by_reason[f"start_date is {config.start_date}", gap] += 1
            if fill:
                gaps.windows[advertiser_id] = gap
    gaps.missing = [Gap(stream.name, reason, count, days) for (reason, days), count in by_reason.items() if count]
    return gaps


def settle_coverage(config: Config, stream: AnyStream, cursors: Cursors, accounts: Sequence[Account]) -> bool:
    """Reduce what the cursors cover to what they will cover once the sync has moved them.

    The settings may ask for less than before. And `start_date` may cut the look-back: the days before it that were read
    while their figures still changed, such as the cursor's own day, then stay as they were.

    Args:
        config: The configuration.
        stream: The stream.
        cursors: Its cursors and what they cover, which are changed.
        accounts: The accounts of this run.

    Returns:
        Whether any of them covers less now.
    """
    wanted = wanted_of(config, stream)
    reduced = False
    for account in accounts:
        cursors.adopt_common(account.advertiser_id)
        day, covered = cursors.day_of(account.advertiser_id), cursors.covered_of(account.advertiser_id)
        if day is None or covered is None:
            continue
        final = final_day(day, lookback=config.attribution_window if stream.has_days else 0)
        kept = covered.kept_by(final, wanted.start).reduced_to(wanted)
        reduced = reduced or kept != covered
        cursors.cover(account.advertiser_id, kept)
    return reduced


def cover_new_accounts(config: Config, stream: AnyStream, cursors: Cursors, accounts: Sequence[Account]) -> None:
    """Note what the cursors of accounts that were not read before will cover, if the sync gives them one.

    Args:
        config: The configuration.
        stream: The stream.
        cursors: Its cursors and what they cover, which are changed.
        accounts: The accounts of this run.
    """
    for account in accounts:
        if cursors.of(account.advertiser_id) is None:
            cursors.cover(account.advertiser_id, wanted_of(config, stream))


def describe_gaps(gaps: Sequence[Gap], *, filled: bool) -> list[str]:
    """Say what is missing and what happens about it: a text per reason, for all streams together.

    Args:
        gaps: What is missing.
        filled: Whether the sync reads it.
    """
    grouped: dict[tuple[str, Window | None], list[Gap]] = {}
    for gap in gaps:
        grouped.setdefault((gap.reason, gap.days), []).append(gap)
    return [_text(reason, days, of, filled=filled) for (reason, days), of in grouped.items()]


def _text(reason: str, days: Window | None, gaps: Sequence[Gap], *, filled: bool) -> str:
    names = list(dict.fromkeys(gap.stream for gap in gaps))
    others = len(names) - _MAX_NAMED
    more = f" and {others:,} more stream{'s' * (others != 1)}" if others > 0 else ""
    streams = f"{', '.join(names[:_MAX_NAMED])}{more}"
    count = max(gap.accounts for gap in gaps)
    accounts = f"{count:,} account{'s' * (count != 1)}"
    what = (
        "everything from start_date on" if days is None else f"the days {days}" if days.days > 1 else f"the day {days}"
    )
    if filled:
        return f"Because {reason}, this sync also reads {what} for {accounts} of {streams}."
    return (
        f"Because {reason}, the state of {streams} does not cover everything: {what} for {accounts} may be missing."
        " An incremental sync does not read this. To read it, refresh the streams (in Airbyte: the menu of the "
        "stream, Refresh stream), clear them and sync again, or read them without their state."
    )


def merged(gaps: Mapping[str, Gaps]) -> list[Gap]:
    """What is missing of all streams."""
    return [gap for of in gaps.values() for gap in of.missing]
