"""Divides what a sync reads into partitions for several machines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import ceil
from typing import Any

import msgspec

from tiktok_marketing.catalog import AnyStream, Scope
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.cluster.partition import PartitionAccount, ReadPartition, settings_of
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.accounts import Accounts
from tiktok_marketing.sync.plan.cursors import Cursors
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.plan_sync import Notice, plan_sync, read_states
from tiktok_marketing.sync.plan.selection import Selected

_DAY = timedelta(days=1)


class Division(msgspec.Struct, frozen=True, kw_only=True):
    """How finely a plan is divided.

    Args:
        partitions: How many partitions each stream is divided into, as far as its accounts and days allow.
        at_once: How many partitions of the plan run at the same time and so share the quota; None for all of them.
    """

    partitions: int = 4
    at_once: int | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing.

        Raises:
            ConfigurationError: If a number is less than 1.
        """
        for name in ("partitions", "at_once"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigurationError(f"{name} is {value}.", remedy="Set it to a whole number from 1 on.")


class ReadPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as data.

    Args:
        partitions: What is read.
        states: The state of each stream before, by name, which `cluster.progress.advance` moves.
        notices: What a person should know.
        stores: The stores that accounts see, for reports by store.
    """

    partitions: tuple[ReadPartition, ...]
    states: dict[str, Any]
    notices: tuple[Notice, ...] = ()
    stores: dict[AdvertiserId, tuple[str, ...]] = {}


class _Unit(msgspec.Struct, frozen=True):
    """What is not divided any further: an account, or some days of it.

    Args:
        account: The account.
        windows: How many requests it needs at least.
        days: The days to read; None if the state decides.
    """

    account: PartitionAccount
    windows: int
    days: tuple[date, date | None] | None = None


def plan_reads(
    config: Config,
    streams: Sequence[AnyStream],
    states: Mapping[str, Any],
    accounts: Accounts,
    clock: ClockReading,
    division: Division | None = None,
    *,
    stores: Mapping[AdvertiserId, Sequence[str]] | None = None,
) -> ReadPlan:
    """Divide what a sync would read.

    Accounts are divided first. A stream with fewer accounts than partitions is divided by days, too, where its state
    does not limit it to a few.

    Args:
        config: The configuration.
        streams: The streams.
        states: The state of each stream from an earlier run, by name, in any known form.
        accounts: The accounts of this run.
        clock: The current time.
        division: How finely.
        stores: The stores that accounts see now, as far as they are known; only reports by store need them.

    Raises:
        ConfigurationError: If a state has no known form, or `start_date` is in the future.
    """
    division = division or Division()
    selected = [Selected(stream, incremental=stream.cursor is not None) for stream in streams]
    plan = plan_sync(config, selected, read_states(selected, states), accounts, clock, stores=stores)
    ids = [account.advertiser_id for account in accounts.chosen]
    partitions = [
        partition
        for stream in streams
        for partition in _partitions_of(
            config, stream, plan.partitions[stream.name], plan.cursors.get(stream.name), ids, division.partitions
        )
    ]
    share = 1.0 / max(1, min(len(partitions), division.at_once or len(partitions)))
    return ReadPlan(
        partitions=tuple(msgspec.structs.replace(partition, share=share) for partition in partitions),
        states={name: cursors.to_state() for name, cursors in plan.cursors.items() if not cursors.empty},
        notices=plan.notices,
        stores={advertiser_id: tuple(seen) for advertiser_id, seen in (stores or {}).items()},
    )


def _partitions_of(
    config: Config,
    stream: AnyStream,
    planned: Sequence[Partition],
    cursors: Cursors | None,
    ids: Sequence[AdvertiserId],
    count: int,
) -> Iterator[ReadPartition]:
    """The partitions of one stream.

    Args:
        config: The configuration.
        stream: The stream.
        planned: What a sync reads of it.
        cursors: How far it was read before; None if it has no state.
        ids: The accounts of this run.
        count: How many partitions there may be.
    """
    if stream.scope is Scope.ACCOUNT:
        units = list(_units(config, planned, cursors, count))
    else:
        units = [_Unit(PartitionAccount(advertiser_id=advertiser_id), 1) for advertiser_id in ids]
    if stream.scope is Scope.TOKEN:
        count = 1  # one request lists all accounts
    by_days: dict[tuple[date, date | None] | None, list[_Unit]] = {}
    for unit in units:
        by_days.setdefault(unit.days, []).append(unit)
    for days, group in by_days.items():
        for some in _divided(group, max(1, count // len(by_days))):
            accounts = tuple(unit.account for unit in some)
            yield ReadPartition(
                stream=stream.name,
                accounts=accounts,
                first=config.start_date if days is None else days[0],
                last=config.end_date if days is None else days[1],
                settings=settings_of(config),
                state=_state_of(cursors, accounts) if days is None else None,
                sandbox=config.sandbox,
                objects_since_start_date=config.objects_since_start_date,
            )


def _units(config: Config, planned: Sequence[Partition], cursors: Cursors | None, count: int) -> Iterator[_Unit]:
    pieces = max(1, count // max(1, len(planned)))
    for partition in planned:
        account = partition.account
        assert account is not None  # noqa: S101 - the stream is read per account
        one = PartitionAccount(
            advertiser_id=account.advertiser_id,
            begins=partition.first if partition.stream.has_days else None,
            reaches=partition.state_limit if partition.stream.has_days else None,
        )
        known = cursors is not None and cursors.of(account.advertiser_id) is not None
        if pieces == 1 or known or not partition.stream.has_days or partition.size == 1:
            yield _Unit(one, partition.size)
            continue
        yield from _by_days(config, partition, one, pieces)


def _by_days(config: Config, partition: Partition, account: PartitionAccount, pieces: int) -> Iterator[_Unit]:
    """Whole windows of an account, in as many pieces. They begin at the same days for accounts that begin together."""
    assert partition.first is not None  # noqa: S101 - a stream with days
    assert partition.last is not None  # noqa: S101
    length = timedelta(days=partition.days * ceil(partition.size / pieces))
    first = partition.first
    while first <= partition.last:
        last = min(partition.last, first + length - _DAY)
        windows = ceil(((last - first).days + 1) / partition.days)
        # The last piece ends as a whole sync does, wherever the account is.
        end = config.end_date if last == partition.last else last
        yield _Unit(account, windows, (first, end))
        first = last + _DAY


def _divided(units: Sequence[_Unit], count: int) -> list[list[_Unit]]:
    """The units in at most so many parts of about as many windows each, in their order."""
    total = sum(unit.windows for unit in units)
    parts: list[list[_Unit]] = [[] for _ in range(count)]
    before = 0
    for unit in units:
        parts[min(count - 1, before * count // max(1, total))].append(unit)
        before += unit.windows
    return [part for part in parts if part]


def _state_of(cursors: Cursors | None, accounts: Sequence[PartitionAccount]) -> dict[str, Any] | None:
    """The state of some accounts; None if none of them has been read."""
    if cursors is None:
        return None
    ids = [account.advertiser_id for account in accounts]
    known = {advertiser_id: cursor for advertiser_id in ids if (cursor := cursors.of(advertiser_id)) is not None}
    covered = {each: of for each in known if (of := cursors.covered_of(each)) is not None}
    stores = {each: seen for each in known if (seen := cursors.stores_of(each)) is not None}
    return Cursors(cursors.field, known, covered=covered, stores=stores).to_state() if known else None
