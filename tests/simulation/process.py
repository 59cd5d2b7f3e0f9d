"""One sync: a process that reads, delivers, and ends or is ended."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from simulation.api import TOKEN
from simulation.faults import Network
from simulation.loop import VirtualClock, WrongClock
from simulation.schedule import Schedule, Session
from simulation.sink import DeliveryCheck, LineSink, PackageSink, Store, look_for_secrets
from tiktok_marketing.airbyte.line_sinks import line_sink
from tiktok_marketing.airbyte.read import MessageWriter
from tiktok_marketing.api.client import Client
from tiktok_marketing.api.rate_limit.limiters import RateLimiters
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.retry_policy import RetryPolicy
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.sync.decode.pages import record_list
from tiktok_marketing.sync.events import Failure, StreamEnded
from tiktok_marketing.sync.run.engine import Sync


class Failed(Exception):  # noqa: N818 - a promise was broken
    """A promise of the connector does not hold in this schedule."""


class Components:
    """The components of a sync. If a test breaks one of them, the simulation must notice."""

    sync: type[Sync] = Sync
    policy: RetryPolicy = RetryPolicy()
    store: type[Store] = Store
    network: type[Network] = Network
    secrets: bool = True
    speed: float = 1.0
    """How much faster than the tier allows it asks."""


@dataclass
class Outcome:
    """How one sync ended.

    Args:
        exit_code: The exit code of the process; None if it was killed.
        ended: What was said of each stream.
        error: What ended it before any stream did.
        keys: The keys that came, by stream.
        stopped: Whether it was stopped by a signal.
    """

    exit_code: int | None = None
    ended: dict[str, StreamEnded] = field(default_factory=dict)
    error: ConnectorError | None = None
    keys: dict[str, set[Any]] = field(default_factory=dict)
    stopped: bool = False

    @property
    def failures(self) -> list[Failure]:
        """What is missing and not tolerated."""
        return [failure for ended in self.ended.values() for failure in ended.failures if not failure.tolerated]


class Process:
    """Starts syncs.

    Args:
        schedule: The schedule, which decides what they read.
        components: The components of the syncs.
        network: The network to TikTok.
        clock: The time.
        rng: Decides what the schedule leaves open.
    """

    def __init__(
        self,
        schedule: Schedule,
        components: type[Components],
        network: Network,
        clock: VirtualClock,
        rng: random.Random,
    ) -> None:
        self._schedule = schedule
        self._components = components
        self._network = network
        self._clock = clock
        self._rng = rng
        self._streams = [selection.stream for selection in schedule.selected]

    async def run(self, session: Session, store: Store) -> Outcome:
        """Run one process, from its states to its end, or until it is killed.

        Raises:
            Failed: If it broke a promise on the way.
            Broken: Likewise.
        """
        config, at = self._schedule.config, self._clock.monotonic()
        self._network.begin(
            [replace(fault, start=fault.start + at, end=fault.end + at) for fault in session.faults],
            after_contact=session.after_contact,
            per_second=config.requests_per_second,
            moving=session.moving,
            dated=session.clock_ahead != 0.0,
        )
        check, outcome = DeliveryCheck(), Outcome()
        outcome.keys = check.keys
        sink = self._sink(store, check)
        clock = WrongClock(self._clock, session.clock_ahead)
        waits: list[str] = []
        client = Client(
            self._network,
            TOKEN,
            RateLimiters(tier_of(config.requests_per_second * self._components.speed), clock),
            clock,
            policy=self._components.policy,
            secrets=config.secrets if self._components.secrets else (),
            on_wait=lambda waiting: waits.append(str(waiting.error)),
            rng=random.Random(self._rng.random()),
        )
        sync = self._components.sync(
            config,
            self._schedule.selected,
            dict(store.states),
            client,
            clock,
            buffer_bytes=session.buffer,
            sink_factory=line_sink if isinstance(sink, LineSink) else record_list,
            limits=session.pass_limits,
        )
        work = asyncio.create_task(self._follow(sync, sink, outcome, session))
        if session.ending:
            await asyncio.wait({work}, timeout=session.at)
            if not work.done():
                await self._end(session, sync, sink, work, outcome)
        await asyncio.wait({work})
        if not work.cancelled() and (error := work.exception()) is not None:
            raise error
        if outcome.exit_code is not None:
            self._delete_vanished(store, outcome)
        for text in waits:
            look_for_secrets(text)
        if self._network.broken:
            raise Failed(self._network.broken[0])
        for failure in outcome.failures:
            if failure.error.message.startswith("The connector failed"):
                raise Failed(f"{failure.error.message} {failure.error.detail}")
        return outcome

    def _sink(self, store: Store, check: DeliveryCheck) -> LineSink | PackageSink:
        rng = self._rng
        if self._schedule.in_packages:
            rows, seconds = rng.choice((1, 20, 100_000)), rng.choice((0.5, 3.0, 10.0))
            return PackageSink(
                store, check, self._clock, rows=rows, seconds=seconds, loading=rng.choice((0.0, 0.5, 8.0))
            )
        return LineSink(store, {stream.name: stream for stream in self._streams}, check, rng)

    async def _end(
        self, session: Session, sync: Sync, sink: LineSink | PackageSink, work: asyncio.Task[None], outcome: Outcome
    ) -> None:
        """Kill it, stop it, or close its reader."""
        if session.ending == "stop":
            sync.stop("SIGTERM")
            outcome.stopped = True
            return
        if session.ending == "kill":
            sink.kill()
        work.cancel()
        await asyncio.wait({work})
        if session.ending == "gone":
            sink.kill()
        outcome.exit_code = None

    async def _follow(self, sync: Sync, sink: LineSink | PackageSink, outcome: Outcome, session: Session) -> None:
        if isinstance(sink, LineSink):
            await self._tell_lines(sync, sink, outcome, session)
        else:
            await self._tell_packages(sync, sink, outcome, session)

    async def _tell_lines(self, sync: Sync, sink: LineSink, outcome: Outcome, session: Session) -> None:
        messages = MessageWriter(sink)  # type: ignore[arg-type]
        heart = asyncio.create_task(messages.log_heartbeat(sync))
        try:
            async for event in sync.events():
                if isinstance(event, StreamEnded):
                    outcome.ended[event.stream.name] = event
                await messages.write_event(event)
                await self._dawdle(session)
            await messages.write_summary(sync)
            outcome.exit_code = messages.exit_code
        except ConnectorError as error:
            outcome.error, outcome.exit_code = error, 1
            look_for_secrets(f"{error} {error.detail}")
        finally:
            heart.cancel()
            with suppress(asyncio.CancelledError):
                await heart
        sink.close()
        if outcome.exit_code == 0 and (missing := self._unfinished(sink.statuses)):
            raise Failed(f"exit code 0, and yet {missing} are not complete")
        if outcome.exit_code == 1 and outcome.error is None and not sink.errors:
            raise Failed("exit code 1 without an error")

    def _unfinished(self, statuses: Mapping[str, list[str]]) -> list[str]:
        return [stream.name for stream in self._streams if statuses.get(stream.name, [""])[-1] != "COMPLETE"]

    async def _tell_packages(self, sync: Sync, sink: PackageSink, outcome: Outcome, session: Session) -> None:
        try:
            async for event in sync.events():
                if isinstance(event, StreamEnded):
                    outcome.ended[event.stream.name] = event
                await sink.take(event)
                await self._dawdle(session)
        except ConnectorError as error:
            outcome.error = error
            look_for_secrets(f"{error} {error.detail}")
        await sink.close()
        complete = [name for name, ended in outcome.ended.items() if ended.complete]
        outcome.exit_code = 0 if outcome.error is None and len(complete) == len(self._streams) else 1

    async def _dawdle(self, session: Session) -> None:
        """The reader is slow now and then."""
        if session.idle and self._rng.random() < 0.2:
            await self._clock.sleep(session.idle * self._rng.random())

    def _delete_vanished(self, store: Store, outcome: Outcome) -> None:
        """Objects that vanished at TikTok are deleted from streams that were read completely."""
        for name, ended in outcome.ended.items():
            if ended.complete and ended.stream.cursor is None:
                skipped = {failure.advertiser_id or "" for failure in ended.failures}
                store.whole(name, outcome.keys.get(name, set()), skipped)
