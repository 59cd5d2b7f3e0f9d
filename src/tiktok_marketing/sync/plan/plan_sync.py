"""What a whole sync reads: one planner for the sync itself, for `plan`, and for every face. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import Config
from tiktok_marketing.sync.plan.accounts import Accounts
from tiktok_marketing.sync.plan.cursors import Cursors, read_state
from tiktok_marketing.sync.plan.partitions import Partition, plan_stream
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.state_repair import list_ids, repair, unreachable_accounts


class Notice(msgspec.Struct, frozen=True):
    """Something a person should be able to find in the log.

    Args:
        level: How much it matters.
        text: What there is to say.
        detail: More for whoever debugs it.
    """

    level: Literal["info", "warning"]
    text: str
    detail: str = ""


class SyncPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole sync, before anything of it is read.

    Args:
        partitions: Stream name to what is read of it, in the order of the selection; empty if it has nothing to read.
        cursors: Stream name to how far its accounts were read before, for streams that have a state.
        notices: What a person should know before it begins.
    """

    partitions: Mapping[str, Sequence[Partition]]
    cursors: Mapping[str, Cursors]
    notices: tuple[Notice, ...] = ()

    @property
    def all_partitions(self) -> list[Partition]:
        """The partitions of all streams."""
        return [partition for partitions in self.partitions.values() for partition in partitions]


def read_states(selected: Sequence[Selected], states: Mapping[str, Any]) -> dict[str, Cursors]:
    """Stream name to the cursors of an earlier sync, for every selected stream that has a state.

    Args:
        selected: The streams and their modes.
        states: Stream name to its state, in any known form.

    Raises:
        ConfigurationError: If a state is of no known form.
    """
    return {
        stream.name: read_state(stream.name, stream.cursor, states.get(stream.name))
        for stream, incremental in ((selection.stream, selection.incremental) for selection in selected)
        if incremental and stream.cursor is not None
    }


def plan_sync(
    config: Config,
    selected: Sequence[Selected],
    cursors: Mapping[str, Cursors],
    accounts: Accounts,
    clock: ClockReading,
    *,
    since: date | None = None,
) -> SyncPlan:
    """Plan what a sync reads.

    Args:
        config: What the user asked for.
        selected: The streams and their modes.
        cursors: What `read_states` gave. They are repaired: what no sync can have reached is taken back.
        accounts: The accounts of this run.
        clock: What time it is.
        since: The first day of reports to read, whatever the states say; None for the days that are due.
    """
    notices = []
    unreachable = unreachable_accounts(config, accounts, cursors.values())
    if unreachable:
        notices.append(
            Notice(
                "warning",
                f"The token no longer reaches accounts that were read before: {list_ids(unreachable)}. "
                "Authorize the application for them again, or put them into exclude_advertiser_ids.",
            )
        )
    partitions: dict[str, Sequence[Partition]] = {}
    for selection in selected:
        name = selection.stream.name
        restarted = repair(selection.stream, cursors[name], accounts.chosen, clock) if name in cursors else []
        if restarted:
            notices.append(
                Notice(
                    "warning",
                    f"{name}: the state says that {list_ids(restarted)} had been read to days that have yet to come. "
                    "An earlier sync ran under a wrong clock: they are read from the start.",
                )
            )
        partitions[name] = plan_stream(config, selection, cursors.get(name), accounts.chosen, clock, since=since)
    return SyncPlan(partitions=partitions, cursors=cursors, notices=tuple(notices))
