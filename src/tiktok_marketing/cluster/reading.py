"""Plans a read and reads its partitions, wherever they have travelled to."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from contextlib import aclosing
from typing import Any, cast

import msgspec

from tiktok_marketing.clock import Clock, SystemClock
from tiktok_marketing.cluster.partition import ReadPartition
from tiktok_marketing.cluster.planning import Division, ReadPlan, plan_reads
from tiktok_marketing.cluster.progress import Progress, progress_of
from tiktok_marketing.config import Config
from tiktok_marketing.connect import connect
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.settings import CREDENTIALS, variable_of
from tiktok_marketing.sync.decode.pages import SinkFactory, record_list
from tiktok_marketing.sync.events import Checkpoint, Event, Failure, Rows, StreamEnded, combined
from tiktok_marketing.sync.plan.new_stores import is_by_store
from tiktok_marketing.sync.plan.selection import Selected, choose_streams, find_stream, streams_of
from tiktok_marketing.sync.plan.state_forms import states_by_stream
from tiktok_marketing.sync.read.accounts import find_accounts, stop_if_nothing_answers
from tiktok_marketing.sync.read.store_counts import StoreCounts
from tiktok_marketing.sync.run.engine import Sync

_TEXTS = ("access_token", "app_id", "secret")


def credentials_in(options: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Config:
    """The credentials to read with, from options or the environment of the machine that reads.

    Args:
        options: Names of credentials to values; others are ignored.
        environment: The environment; None for the process's own.

    Raises:
        ConfigurationError: If the access token is in neither. The error says where it was looked for.
    """
    environment = os.environ if environment is None else environment
    variables = {setting.name: variable_of(setting) for setting in CREDENTIALS}
    values = {name: options.get(name) or environment.get(variables[name], "").strip() or None for name in _TEXTS}
    if not values["access_token"]:
        raise ConfigurationError(
            f"The access token is missing: neither the option access_token nor {variables['access_token']} has it.",
            remedy=f"Set {variables['access_token']} where the partitions are read, or give the option.",
            settings=["access_token"],
        )
    return Config(access_token=values["access_token"], app_id=values["app_id"], secret=values["secret"])


async def plan(
    config: Config,
    *,
    streams: Iterable[str] | None = None,
    state: Mapping[str, Any] | None = None,
    division: Division | None = None,
    only: Collection[str] | None = None,
    clock: Clock | None = None,
) -> ReadPlan:
    """Find the accounts, and divide what a read needs.

    Args:
        config: What to read.
        streams: Names of streams, or patterns; None for all that the configuration can read.
        state: The states of an earlier run, in any known form; None to read everything from `start_date` on.
        division: How finely to divide.
        only: Of the accounts that the configuration selects, those to read; None for all of them.
        clock: The time.

    Raises:
        ConnectorError: If the accounts cannot be listed, not all of them are known, or a state has no known form.
    """
    chosen = choose_streams(config, streams)
    clock = clock or SystemClock()
    async with connect(config, clock=clock) as api:
        accounts = await find_accounts(config, api)
        stop_if_nothing_answers(api, accounts.chosen)
        if accounts.incomplete is not None:
            raise accounts.incomplete
        if only is not None:
            chosen_accounts = tuple(account for account in accounts.chosen if account.advertiser_id in only)
            accounts = msgspec.structs.replace(accounts, chosen=chosen_accounts)
        ids = [account.advertiser_id for account in accounts.chosen]
        stores = await StoreCounts(config, api).seen(ids) if any(map(is_by_store, chosen)) else {}
        states = states_by_stream(state, streams_of(config))
        return plan_reads(config, chosen, states, accounts, api.clock_reading(), division, stores=stores)


class PartitionReader:
    """Reads one partition.

    Args:
        partition: The partition.
        credentials: From `credentials_in`, or the configuration that was planned with.
        sink_factory: Makes the sinks that receive records.
        clock: The time.

    Example:
        async for rows in reader.rows(): ...
        progress = reader.progress
    """

    def __init__(
        self,
        partition: ReadPartition,
        credentials: Config,
        *,
        sink_factory: SinkFactory = record_list,
        clock: Clock | None = None,
    ) -> None:
        self._partition = partition
        self._config = partition.config(credentials)
        self._stream = find_stream(partition.stream, streams_of(self._config))
        self._sink_factory = sink_factory
        self._clock = clock or SystemClock()
        self._state: Any = None

    @property
    def progress(self) -> Progress:
        """What has been delivered so far, by the states that the reading has reached."""
        return progress_of(self._partition, self._stream, self._state)

    async def rows(self) -> AsyncGenerator[Rows]:
        """Read the partition.

        Yields:
            The records of a page each. Reading waits while none is taken.

        Raises:
            ConnectorError: At the end, after everything else was delivered, if something is missing.
        """
        stream = self._stream
        config = msgspec.structs.replace(
            self._config, requests_per_second=self._config.requests_per_second * self._partition.share
        )
        states = {} if self._partition.state is None else {stream.name: self._partition.state}
        selected = [Selected(stream, incremental=stream.cursor is not None)]
        failures: list[Failure] = []
        async with connect(config, clock=self._clock) as api:
            sync = Sync(config, selected, states, api, self._clock, sink_factory=self._sink_factory)
            async with aclosing(cast("AsyncGenerator[Event]", sync.events())) as events:
                async for event in events:
                    match event:
                        case Rows():
                            yield event
                        case Checkpoint():
                            self._state = event.state
                        case StreamEnded():
                            failures += [failure for failure in event.failures if not failure.tolerated]
        if failures:
            raise combined(failures)
