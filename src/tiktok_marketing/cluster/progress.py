"""How far partitions have read, merged in any order, and the states of a sync that follow from it. Pure.

What is merged forms a semilattice: merging is commutative, associative and idempotent. So a partition that was tried
again, or whose result arrives twice, changes nothing. A state moves only over days that were read without a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec

from tiktok_marketing.catalog import AnyStream
from tiktok_marketing.cluster.partition import ReadPartition
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.coverage import wanted_of
from tiktok_marketing.sync.plan.cursors import Cursor, read_state
from tiktok_marketing.sync.plan.selection import find_stream, streams_of

_DAY = timedelta(days=1)


class Reached(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was read of one stream and account.

    Args:
        begins: The first day that the plan reads; None for a stream without days.
        days: Runs of days that were read and delivered, in order; no two of them touch.
        cursor: For a stream without days, the cursor that was reached; empty if none was.
        stores: The stores that were read in all of these days, in order; None if none of them was by store.
    """

    begins: date | None = None
    days: tuple[tuple[date, date], ...] = ()
    cursor: str = ""
    stores: tuple[str, ...] | None = None

    def merged(self, other: Reached) -> Reached:
        """What was read by either."""
        begins = [day for day in (self.begins, other.begins) if day is not None]
        stores = [set(each) for each in (self.stores, other.stores) if each is not None]
        return Reached(
            begins=min(begins, default=None),
            days=_runs((*self.days, *other.days)),
            cursor=max(self.cursor, other.cursor),
            # A store that one of them did not see is new to the next plan, which then reads all days of the account.
            stores=tuple(sorted(set.intersection(*stores))) if stores else None,
        )

    def day_after(self, before: date | None) -> date | None:
        """The last day of an unbroken run of days that were read.

        Args:
            before: The day up to which everything was read before; None if nothing was.

        Returns:
            The day; None if nothing was read without a gap.
        """
        if self.begins is None:
            return before
        frontier = max(self.begins - _DAY, before or date.min)
        for first, last in self.days:
            if first > frontier + _DAY:
                break
            frontier = max(frontier, last)
        return frontier if frontier >= self.begins else before


class Progress(msgspec.Struct, frozen=True):
    """How far partitions have read: by stream name, then by account.

    Args:
        streams: What was read.
    """

    streams: dict[str, dict[AdvertiserId, Reached]] = {}

    def merged(self, other: Progress) -> Progress:
        """What was read by either."""
        streams = {name: dict(accounts) for name, accounts in self.streams.items()}
        for name, accounts in other.streams.items():
            of = streams.setdefault(name, {})
            for advertiser_id, reached in accounts.items():
                of[advertiser_id] = of.get(advertiser_id, reached).merged(reached)
        return Progress(streams)

    def to_json(self) -> str:
        """The progress as a line of JSON."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Progress:
        """The progress that `to_json` wrote.

        Raises:
            ConfigurationError: If it is not one.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise ConfigurationError(
                f"The progress cannot be read: {error}.", remedy="Pass it as reading the partition returned it."
            ) from None


def merge(progress: Iterable[Progress]) -> Progress:
    """What was read by any of them."""
    merged = Progress()
    for each in progress:
        merged = merged.merged(each)
    return merged


def progress_of(partition: ReadPartition, stream: AnyStream, state: Any) -> Progress:
    """What reading a partition has delivered.

    Args:
        partition: The partition.
        stream: Its stream.
        state: The last state that the reading reached; None if it reached none.
    """
    if stream.cursor is None or state is None:
        return Progress()
    cursors = read_state(stream.name, stream.cursor, state)
    accounts = {}
    for account in partition.accounts:
        cursor = cursors.of(account.advertiser_id)
        if cursor is None:
            continue
        if account.begins is None:
            accounts[account.advertiser_id] = Reached(cursor=cursor)
            continue
        stores = cursors.stores_of(account.advertiser_id)
        first = account.begins if partition.state is not None else partition.first
        last = date.fromisoformat(cursor[:10])
        accounts[account.advertiser_id] = Reached(
            begins=account.begins,
            days=((first, last),) if first <= last else (),
            stores=None if stores is None else tuple(sorted(stores)),
        )
    return Progress({stream.name: accounts})


def advance(config: Config, states: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """The states after some partitions of a plan were read. They equal those of a sync that reads the same at once.

    Args:
        config: The configuration that was planned with.
        states: The states of the plan, by stream name.
        progress: What was read.

    Returns:
        The state of every stream that has one, by name.
    """
    after, streams = dict(states), streams_of(config)
    for name, accounts in progress.streams.items():
        after[name] = _advanced(config, find_stream(name, streams), states.get(name), accounts)
    return after


def _advanced(config: Config, stream: AnyStream, state: Any, accounts: Mapping[AdvertiserId, Reached]) -> Any:
    cursors = read_state(stream.name, stream.cursor or "", state)
    for advertiser_id, reached in accounts.items():
        is_new = cursors.of(advertiser_id) is None
        if reached.begins is None:
            cursor = Cursor(reached.cursor)
        else:
            day = reached.day_after(cursors.day_of(advertiser_id))
            cursor = Cursor("" if day is None else f"{day} 00:00:00")
        if cursor and cursors.move(advertiser_id, cursor) and is_new:
            cursors.cover(advertiser_id, wanted_of(config, stream))
        if reached.stores is not None and cursors.stores_of(advertiser_id) is None:
            cursors.note_stores(advertiser_id, reached.stores)
    return cursors.to_state()


def _runs(days: Iterable[tuple[date, date]]) -> tuple[tuple[date, date], ...]:
    """The same days as runs that do not touch, in order."""
    runs: list[tuple[date, date]] = []
    for first, last in sorted(days):
        if runs and first <= runs[-1][1] + _DAY:
            runs[-1] = (runs[-1][0], max(runs[-1][1], last))
        else:
            runs.append((first, last))
    return tuple(runs)
