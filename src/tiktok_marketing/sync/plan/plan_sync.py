"""What a whole sync reads. The sync itself, the command `plan` and every other interface use this one planner. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from tiktok_marketing.catalog import AnyStream
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.accounts import Accounts
from tiktok_marketing.sync.plan.bounds import NO_BOUNDS, Bounds
from tiktok_marketing.sync.plan.cursors import Cursors, read_state
from tiktok_marketing.sync.plan.gaps import Gaps, cover_new_accounts, describe_gaps, find_gaps, merged, settle_coverage
from tiktok_marketing.sync.plan.new_stores import (
    accounts_with_lost_stores,
    describe_lost_stores,
    describe_new_stores,
    is_by_store,
    rewind_for_new_stores,
)
from tiktok_marketing.sync.plan.partitions import Partition, plan_stream
from tiktok_marketing.sync.plan.refresh import RefreshProgress
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.state_repair import list_ids, repair, repair_refresh, unreachable_accounts
from tiktok_marketing.sync.plan.zones import ZONE_AHEAD_OF_ALL, day_in


class Notice(msgspec.Struct, frozen=True):
    """A message for the log.

    Args:
        level: Its severity.
        text: The message.
        detail: More for debugging.
    """

    level: Literal["info", "warning"]
    text: str
    detail: str = ""


class SyncPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole sync, before reading begins.

    Args:
        partitions: What is read of each stream, by name, in the order of the selection; empty if there is nothing.
        cursors: How far the accounts of each stream were read before, by name, for streams that have a state.
        notices: Messages for the log.
        restarted: Streams with accounts that are read from the start although their state said how far they were, or
            whose state covers less than before.
    """

    partitions: Mapping[str, Sequence[Partition]]
    cursors: Mapping[str, Cursors]
    notices: tuple[Notice, ...] = ()
    restarted: frozenset[str] = frozenset()

    @property
    def all_partitions(self) -> list[Partition]:
        """The partitions of all streams."""
        return [partition for partitions in self.partitions.values() for partition in partitions]


def read_states(selected: Sequence[Selected], states: Mapping[str, Any]) -> dict[str, Cursors]:
    """The cursors of an earlier sync, by stream name, for every selected stream that has a state.

    Args:
        selected: The streams and their modes.
        states: The state of each stream, by name, in any known form.

    Raises:
        ConfigurationError: If a state has no known form.
    """
    return {
        stream.name: read_state(stream.name, stream.cursor, states.get(stream.name))
        for stream, incremental in ((selection.stream, selection.incremental) for selection in selected)
        if incremental and stream.cursor is not None
    }


def refuse_future_start(config: Config, clock: ClockReading) -> None:
    """Refuse a `start_date` that no account has reached yet: a sync would read nothing and seem to be complete.

    A day that has begun anywhere, by the clock that is ahead, is not in the future. So the configuration may start with
    the date where it was written, and accounts further west follow when their day begins.

    Raises:
        ConfigurationError: If `start_date` has not begun anywhere.
    """
    today = day_in(ZONE_AHEAD_OF_ALL, clock.latest)
    if config.start_date > today:
        raise ConfigurationError(
            f"start_date is {config.start_date}, which is in the future: nowhere is it later than {today}.",
            remedy=f"Set start_date to {today} or an earlier day.",
        )


def plan_sync(  # noqa: PLR0913 - what a sync reads, and how
    config: Config,
    selected: Sequence[Selected],
    cursors: Mapping[str, Cursors],
    accounts: Accounts,
    clock: ClockReading,
    *,
    refreshes: Mapping[str, RefreshProgress] | None = None,
    bounds: Bounds = NO_BOUNDS,
    fill_gaps: bool = False,
    restart: bool = False,
    stores: Mapping[AdvertiserId, Sequence[str]] | None = None,
) -> SyncPlan:
    """Plan what a sync reads.

    Args:
        config: The configuration.
        selected: The streams and their modes.
        cursors: The result of `read_states`. Cursors that no sync can have reached are set back.
        accounts: The accounts of this run.
        clock: The current time.
        refreshes: The result of `read_refreshes`; None if no full refresh goes on from an earlier attempt.
        bounds: The days of reports to read; without bounds, those that are due.
        fill_gaps: Whether to read what the states do not cover although the configuration asks for it; otherwise the
            notices say what is missing. Nothing is filled between bounds.
        restart: Whether to read the accounts of this run from the start, whatever the states say.
        stores: The stores that accounts see now, for those whose states name stores.

    Raises:
        ConfigurationError: If `start_date` is in the future.
    """
    refuse_future_start(config, clock)
    notices = []
    unreachable = unreachable_accounts(config, accounts, cursors.values())
    if unreachable:
        notices.append(
            Notice(
                "warning",
                f"The token no longer has access to accounts that were read before: {list_ids(unreachable)}. "
                "Authorize the application for them again, or add them to exclude_advertiser_ids.",
            )
        )
    partitions: dict[str, Sequence[Partition]] = {}
    gaps: dict[str, Gaps] = {}
    reduced: set[str] = set()
    for selection in selected:
        name = selection.stream.name
        restarted = repair(selection.stream, cursors[name], accounts.chosen, clock) if name in cursors else []
        notices += _read_in_the_future(name, restarted)
        if name in cursors and cursors[name].of_full_refresh:
            text = f"{name}: the state is of a full refresh and has no cursor. The stream is read from start_date."
            notices.append(Notice("info", text))
        gap_windows = None
        if name in cursors and bounds and not restart:
            if settle_coverage(config, selection.stream, cursors[name], accounts.chosen):
                reduced.add(name)
            cover_new_accounts(config, selection.stream, cursors[name], accounts.chosen)
        elif name in cursors:
            gaps[name] = find_gaps(
                config, selection.stream, cursors[name], accounts.chosen, clock, fill=fill_gaps, restart=restart
            )
            if is_by_store(selection.stream):
                notices += _compare_stores(config, selection.stream, cursors[name], stores or {}, gaps[name])
            gap_windows = gaps[name].windows
        partitions[name] = plan_stream(
            config, selection, cursors.get(name), accounts.chosen, clock, bounds=bounds, gaps=gap_windows
        )
        refresh = (refreshes or {}).get(name)
        if refresh is not None and refresh.restarted:
            notices.append(Notice("info", f"{name}: the state is not of this full refresh, so everything is read."))
        if refresh is not None and refresh.continued:
            restarted = repair_refresh(selection.stream, refresh, accounts.chosen, clock)
            notices += _read_in_the_future(name, restarted)
            whole, partitions[name] = partitions[name], refresh.remaining(partitions[name])
            notices.append(_continued(name, len(whole), len(partitions[name])))
    notices += _nothing_due(bounds, selected, partitions)
    notices += [
        Notice("info" if fill_gaps else "warning", text) for text in describe_gaps(merged(gaps), filled=fill_gaps)
    ]
    return SyncPlan(
        partitions=partitions,
        cursors=cursors,
        notices=tuple(notices),
        restarted=frozenset(reduced | {name for name, of in gaps.items() if of.restarted}),
    )


def _read_in_the_future(name: str, restarted: Sequence[AdvertiserId]) -> list[Notice]:
    """Say which accounts are read again because their state is ahead of today."""
    if not restarted:
        return []
    text = (
        f"{name}: the state says that {list_ids(restarted)} had been read up to days in the future, "
        "so an earlier sync ran with a wrong clock. They are read again from the start."
    )
    return [Notice("warning", text)]


def _compare_stores(
    config: Config,
    stream: AnyStream,
    cursors: Cursors,
    stores: Mapping[AdvertiserId, Sequence[str]],
    gaps: Gaps,
) -> list[Notice]:
    """Read accounts from the start that see a new store, and say which stores are new or no longer there."""
    notices = []
    if lost := accounts_with_lost_stores(cursors, stores):
        notices.append(Notice("warning", describe_lost_stores(stream.name, lost)))
    if appeared := rewind_for_new_stores(config, stream, cursors, stores):
        notices.append(Notice("info", describe_new_stores(stream.name, appeared)))
        gaps.read_from_start(appeared)
    return notices


def _nothing_due(
    bounds: Bounds, selected: Sequence[Selected], partitions: Mapping[str, Sequence[Partition]]
) -> list[Notice]:
    """Say that no day up to the last one is due, so that nobody takes a sync without rows for one of empty days."""
    names = [each.stream.name for each in selected if each.stream.has_days and not partitions[each.stream.name]]
    if bounds.until is None or bounds.since is not None or not names:
        return []
    streams = names[0] if len(names) == 1 else f"{len(names):,} streams"
    text = (
        f"No day up to {bounds.until} is due for {streams}, so none is read. To read days again, give a first day, too."
    )
    return [Notice("warning", text)]


def _continued(name: str, accounts: int, remaining: int) -> Notice:
    if accounts and not remaining:
        return Notice(
            "warning",
            f"{name}: an earlier attempt of this full refresh has delivered everything, so nothing is read again. "
            "To read it again, begin a new refresh, or pass no state.",
        )
    text = f"an earlier attempt has delivered {accounts - remaining:,} of {accounts:,} accounts completely"
    return Notice("info", f"{name}: the full refresh goes on where it was interrupted; {text}.")
