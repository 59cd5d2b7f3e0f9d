"""Runs a sync: reads its windows concurrently within the quota and a bounded memory, and emits events in a safe order.

A state never precedes a record that it covers.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import Scope
from tiktok_marketing.clock import Clock
from tiktok_marketing.config import AsyncReports, Config
from tiktok_marketing.errors import (
    Action,
    ConnectorError,
    FailureType,
    PermissionDeniedError,
    SyncInterruptedError,
    TikTokError,
)
from tiktok_marketing.machine import refusal_of
from tiktok_marketing.sync.decode.pages import SinkFactory, record_list
from tiktok_marketing.sync.events import Event, Notice, StreamEnded, StreamStarted
from tiktok_marketing.sync.plan.accounts import Accounts
from tiktok_marketing.sync.plan.bounds import NO_BOUNDS, Bounds
from tiktok_marketing.sync.plan.new_stores import accounts_to_compare
from tiktok_marketing.sync.plan.partitions import Partition, in_order_of_size
from tiktok_marketing.sync.plan.plan_sync import plan_sync, read_states
from tiktok_marketing.sync.plan.refresh import read_refreshes
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.state_repair import unreachable_accounts
from tiktok_marketing.sync.read.account_days import ActivityQuery
from tiktok_marketing.sync.read.accounts import LISTING, find_accounts, with_left_out
from tiktok_marketing.sync.read.empty_days import EmptyDayFinder
from tiktok_marketing.sync.read.pass_limits import USUAL_PASSES, PassLimits
from tiktok_marketing.sync.read.report_tasks import ReportTasks
from tiktok_marketing.sync.run.byte_queue import ByteQueue
from tiktok_marketing.sync.run.first_contact import FirstContact
from tiktok_marketing.sync.run.progress import Progress, StreamProgress
from tiktok_marketing.sync.run.run_warnings import clock_warnings, metric_warnings
from tiktok_marketing.sync.run.scheduler import EndpointScheduler, PartitionQueue, Step, target_in_flight
from tiktok_marketing.sync.run.stream_run import StreamRun
from tiktok_marketing.sync.run.window_reader import WindowReader

_BUFFER = 8 * 2**20
"""Bytes of pages that may wait until the caller takes their events."""
_RECHECK = 1.0


class Sync:
    """One run over the selected streams.

    Args:
        config: The configuration.
        selected: The streams and their modes.
        states: The state of each stream from an earlier run, by name, in any known form.
        api: The client.
        clock: The time.
        buffer_bytes: Bytes of pages that may wait until the caller takes their events.
        sink_factory: Makes the sinks that receive records, and so decides what `Rows` contain.
        limits: How many rows one pass through a report may read.
        bounds: The days of reports to read; without bounds, those that are due.
        fill_gaps: Whether to read what the states do not cover although the configuration asks for it.
        restart: Whether to read the accounts of this run from the start, whatever the states say.

    Example:
        async for event in Sync(config, selected, states, api, clock).events(): ...
    """

    def __init__(  # noqa: PLR0913 - what a sync reads, and how
        self,
        config: Config,
        selected: Sequence[Selected],
        states: Mapping[str, Any],
        api: Client,
        clock: Clock,
        *,
        buffer_bytes: int = _BUFFER,
        sink_factory: SinkFactory = record_list,
        limits: PassLimits = USUAL_PASSES,
        bounds: Bounds = NO_BOUNDS,
        fill_gaps: bool = False,
        restart: bool = False,
    ) -> None:
        self._config = config
        self._fill_gaps = fill_gaps
        self._restart = restart
        self._bounds = bounds
        self._selected = tuple(selected)
        self._api = api
        self._clock = clock
        self._queue: ByteQueue[Event | None] = ByteQueue(buffer_bytes)
        self._began = clock.monotonic()
        self._reader = WindowReader(config, api, self._queue, sink_factory, limits)
        if config.async_reports is AsyncReports.AUTO and not config.sandbox:
            self._reader.tasks = ReportTasks(api, clock, config.attribution_window)
        self._cursors = self._reader.cursors = read_states(selected, states)
        self._refreshes = read_refreshes(config, selected, states, clock.now())
        self._runs = {
            selection.stream.name: StreamRun(
                selection,
                self._cursors.get(selection.stream.name),
                self._began,
                tolerant=config.skip_inaccessible_advertisers,
                refresh=self._refreshes.get(selection.stream.name),
            )
            for selection in selected
        }
        self._accounts: Accounts | None = None
        self._empty_days: EmptyDayFinder | None = None
        self._contact = FirstContact(api)
        self._fatal: ConnectorError | None = None
        self._answered = asyncio.Event()  # set by the next answer to a query about empty days
        self._stopping: asyncio.Task[None] | None = None

    async def events(self) -> AsyncIterator[Event]:
        """Read everything. Each event is true when it is emitted.

        Reading waits while the caller does not take events. `StreamEnded` reports what failed.

        Raises:
            TikTokError: If the accounts cannot be listed.
            ConfigurationError: If no account is left to read.
        """
        reading = asyncio.create_task(self._read_all())
        try:
            while (event := await self._queue.get()) is not None:
                yield event
                del event
            if self._fatal is None:
                await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def progress(self) -> Progress:
        """The progress of the sync now."""
        stats = self._api.stats
        return Progress(
            accounts=len(self._accounts.chosen) if self._accounts else 0,
            streams=tuple(
                StreamProgress(
                    name=name,
                    phase=run.phase,
                    records=run.records,
                    windows=run.windows,
                    windows_total=run.windows_total,
                )
                for name, run in self._runs.items()
            ),
            requests=dict(stats.requests),
            retried=stats.retried,
            refused=stats.refused,
            received=stats.bytes,
            rates={endpoint: self._api.limiters.rate(endpoint) for endpoint in stats.requests},
            quota=self._api.limiters.tier.per_second,
            seconds=self._clock.monotonic() - self._began,
        )

    def waits_for(self) -> str:
        """A sentence about the answer that has been awaited longest; empty if none is awaited."""
        return self._api.waits_for()

    def stop(self, reason: str | SyncInterruptedError) -> None:
        """End the sync cleanly: delivered records get their state, and unfinished streams end incomplete.

        Args:
            reason: What stopped it, for example the name of a signal; or an error that says so.
        """
        error = reason
        if isinstance(error, str):
            error = SyncInterruptedError(
                f"The sync was stopped ({reason}) before it had read everything.",
                remedy="Run it again: it continues from its last state.",
            )
        self._stopping = asyncio.get_running_loop().create_task(self._stop_everything(error))

    async def _read_all(self) -> None:
        try:
            accounts = await find_accounts(self._config, self._api)
            if lacking := unreachable_accounts(self._config, accounts, self._cursors.values()):
                accounts = await with_left_out(self._api, accounts, lacking)
            self._accounts = self._reader.accounts = accounts
            schedulers = await self._plan(self._accounts)
            self._contact.begin(scheduler.endpoint for scheduler in schedulers)
            async with asyncio.TaskGroup() as group:
                for scheduler in schedulers:
                    group.create_task(self._run_endpoint(scheduler))
            await self._warn(metric_warnings(self._runs))
        finally:
            await self._queue.put(None)

    async def _plan(self, accounts: Accounts) -> list[EndpointScheduler]:
        clock = self._api.clock_reading()
        await self._warn(clock_warnings(self._api.stats.clock_ahead))
        ids = [account.advertiser_id for account in accounts.chosen]
        stores = await self._reader.list_stores(accounts_to_compare(self._selected, self._cursors, ids))
        plan = plan_sync(
            self._config,
            self._selected,
            self._cursors,
            accounts,
            clock,
            refreshes=self._refreshes,
            bounds=self._bounds,
            fill_gaps=self._fill_gaps,
            restart=self._restart,
            stores=stores,
        )
        for notice in plan.notices:
            await self._queue.put(notice)
        by_endpoint: dict[str, dict[str, Sequence[Partition]]] = {}
        for name, partitions in plan.partitions.items():
            run = self._runs[name]
            if accounts.incomplete is not None:  # accounts may be missing from every stream
                run.fail(None, LISTING, accounts.incomplete)
            run.open_partitions = len(partitions)
            run.windows_total = sum(partition.size for partition in partitions)
            by_endpoint.setdefault(run.stream.endpoint, {})[name] = partitions
            if name in plan.restarted:  # before any row, so that no state covers more than what stays
                await self._queue.put(run.checkpoint(self._clock.monotonic()))
            if not partitions:
                await self._start(run)
                await self._end(run)
        self._empty_days = EmptyDayFinder.of_sync(self._config, self._api, plan.all_partitions, self._reader.centers)
        await self._ask(self._empty_days.ask_centers())
        return [
            EndpointScheduler(
                endpoint,
                [
                    [PartitionQueue(partition, self._empty_days.of(partition)) for partition in partitions[name]]
                    for name in in_order_of_size(partitions)
                ],
            )
            for endpoint, partitions in by_endpoint.items()
        ]

    async def _warn(self, texts: Iterable[str]) -> None:
        for text in texts:
            await self._queue.put(Notice("warning", text))

    async def _run_endpoint(self, scheduler: EndpointScheduler) -> None:
        """Read everything of an endpoint."""
        try:
            await self._run_windows(scheduler)
        finally:
            self._contact.end(scheduler.endpoint)

    async def _run_windows(self, scheduler: EndpointScheduler) -> None:
        """Keep as many windows of the scheduler in flight as its quota can use."""
        async with asyncio.TaskGroup() as group:
            freed = asyncio.Event()

            async def read(step: Step) -> None:
                try:
                    await self._read_step(scheduler, step, freed)
                finally:
                    scheduler.release(step)
                    freed.set()

            async def ask(query: ActivityQuery) -> None:
                try:
                    assert self._empty_days is not None  # noqa: S101 - it made the query
                    await self._ask(self._empty_days.ask(query))
                finally:
                    scheduler.query_done()
                    freed.set()
                    self._answered.set()
                    self._answered = asyncio.Event()

            while (scheduler.open or scheduler.active) and self._fatal is None:
                limit = self._limit(scheduler)
                while (work := scheduler.take(limit)) is not None:
                    group.create_task(read(work) if isinstance(work, Step) else ask(work))
                freed.clear()
                # Without a request in flight, all windows wait for queries that another endpoint has asked.
                changed = freed if scheduler.active else self._answered
                with suppress(TimeoutError):  # requests that stall free nothing, but others may run meanwhile
                    async with asyncio.timeout(_RECHECK):
                        await changed.wait()

    def _limit(self, scheduler: EndpointScheduler) -> int:
        """How many requests must be in flight to use the quota."""
        api = self._api
        return target_in_flight(
            api.limiters.rate(scheduler.endpoint),
            api.endpoint_stats(scheduler.endpoint),
            api.stalled(scheduler.endpoint),
            api.limiters.group(scheduler.endpoint),
        )

    async def _ask(self, question: Awaitable[None]) -> None:
        """Ask which days have no data."""
        try:
            await question
        except Exception as error:  # noqa: BLE001 - a fault in what only saves requests must not end the sync
            connector_error = _as_connector_error(error)
            if isinstance(error, (ConnectorError, MemoryError)):
                await self._stop_everything(connector_error)
                return
            text = f"The connector cannot find out which days have no data, so it reads all days. {connector_error}"
            await self._queue.put(Notice("warning", text, connector_error.detail))

    async def _read_step(self, scheduler: EndpointScheduler, step: Step, freed: asyncio.Event) -> None:
        partition = step.queue.partition
        run = self._runs[partition.stream.name]
        step.began = self._clock.monotonic()
        budget = _StepBudget(self._limit, scheduler, step, freed, lambda: self._note_answer(run))
        if not run.started:
            await self._start(run)
        try:
            objects = None
            if step.empty:
                await self._reader.skip_empty(step)
            else:
                objects = await self._reader.deliver(run, step, budget)
        except Exception as error:  # noqa: BLE001 - a fault in reading one account must not end the others
            await self._fail(scheduler, run, step, _as_connector_error(error))
        else:
            if not step.empty:
                self._end_failures(scheduler, run)
            run.windows += step.window_count
            cursor = step.queue.finish(step, objects)
            if cursor is not None and partition.fills_gap:
                run.fill_gap(partition, cursor)
            elif cursor is not None and partition.account is not None:
                run.advance(partition.account.advertiser_id, cursor)
            if step.queue.complete and partition.account is not None:
                run.finish_account(partition.account.advertiser_id)
            if run.checkpoint_due(self._clock.monotonic()):
                await self._queue.put(run.checkpoint(self._clock.monotonic()))
        await self._close(run, step.queue)

    async def _fail(self, scheduler: EndpointScheduler, run: StreamRun, step: Step, error: ConnectorError) -> None:
        account = step.queue.partition.account
        what = str(step.window) if step.window else ""
        if error.goes_on:  # everything else can still be read
            step.queue.block(step)
            self._end_failures(scheduler, run)
            run.fail(account.advertiser_id if account else None, what, error)
            return
        if step.window is not None and isinstance(error, TikTokError) and (error.of_answer or error.too_large):
            step.queue.pass_over(step)  # other days may be answered
            error.goes_on = not step.queue.failed
        else:
            step.queue.fail()
        action = Action.STOP_SYNC if isinstance(error, SyncInterruptedError) else Action.FAIL_ACCOUNT
        if isinstance(error, TikTokError):
            action = error.action
            if error.http_status is not None and not await self._contact.succeeds(scheduler.endpoint):
                action, error = Action.STOP_SYNC, self._api.nothing_answers(error)
        if action is Action.STOP_SYNC:
            await self._stop_everything(error)
            return
        of_account = account is not None and error.code is not None  # the day's quota has no code of TikTok's
        if action is Action.FAIL_STREAM and not of_account:
            run.fail(None, "", error)
            await self._drop(scheduler, run)
            return
        run.fail(account.advertiser_id if account else None, what, error)
        # TikTok may refuse the stream to the application or to this account alone, and uses the same codes for both.
        if account is not None and (action is Action.FAIL_STREAM or isinstance(error, PermissionDeniedError)):
            run.without_scope.add(account.advertiser_id)
            if run.lacks_scope:
                run.fail(None, "", error)
                await self._drop(scheduler, run)
        elif isinstance(error, TikTokError) and error.failure_type is FailureType.TRANSIENT:
            scheduler.failures.add(run.stream, step.began)
            run.failures_in_a_row.add(run.stream, step.began)
            await self._give_up(scheduler, run, error)

    def _note_answer(self, run: StreamRun) -> float:
        run.answered_at = self._clock.monotonic()
        return run.answered_at

    def _end_failures(self, scheduler: EndpointScheduler, run: StreamRun) -> None:
        """A window was read."""
        self._note_answer(run)
        scheduler.failures.end()
        run.failures_in_a_row.end()

    async def _give_up(self, scheduler: EndpointScheduler, run: StreamRun, error: TikTokError) -> None:
        """Give up what cannot be read either, now that another window has failed for a fault at TikTok."""
        names = dict.fromkeys(queue.partition.stream.name for queue in scheduler.queues())
        waiting = [(self._runs[name].stream, self._runs[name].answered_at) for name in names]
        affected = {stream.name for stream in scheduler.failures.affected(waiting, quick=error.http_status is not None)}
        if run.failures_in_a_row.show_trouble(run.answered_at):
            affected.add(run.stream.name)
        for name in names:
            if name in affected:
                self._runs[name].fail(None, "", error)
                await self._drop(scheduler, self._runs[name])

    async def _drop(self, scheduler: EndpointScheduler, run: StreamRun) -> None:
        for queue in scheduler.queues():
            if queue.partition.stream.name == run.stream.name:
                queue.drop()
                await self._close(run, queue)

    async def _stop_everything(self, error: ConnectorError) -> None:
        """No other request can succeed: end every stream that has not ended."""
        if self._fatal is None:
            self._fatal = error
            for run in self._runs.values():
                if not run.ended:
                    run.fail(None, "", error)
                    await self._start(run)
                    await self._end(run)
            await self._warn(metric_warnings(self._runs))
            await self._queue.put(None)

    async def _close(self, run: StreamRun, queue: PartitionQueue) -> None:
        if queue.finished and not queue.closed:
            queue.closed = True
            run.open_partitions -= 1
            if not run.open_partitions:
                await self._end(run)

    async def _start(self, run: StreamRun) -> None:
        if not run.started:
            run.started = True
            await self._queue.put(StreamStarted(run.stream))
            if run.refresh is not None:  # until it is complete, its state says that it was interrupted
                await self._queue.put(run.checkpoint(self._clock.monotonic()))

    async def _end(self, run: StreamRun) -> None:
        if run.ended:
            return
        run.ended = True
        if run.refresh is not None:
            run.refresh.complete = all(failure.tolerated for failure in run.failures)
        # A stream without progress gets a state only once it is complete; the others keep what they reached.
        if run.progress is not None or not run.failures:
            await self._queue.put(run.checkpoint(self._clock.monotonic()))
        accounts = None
        if run.stream.scope is not Scope.TOKEN and self._accounts is not None:
            accounts = tuple(account.advertiser_id for account in self._accounts.chosen)
        elif self._config.shard is not None and self._config.shard.index:
            accounts = ()  # the first shard has read it
        await self._queue.put(StreamEnded(run.stream, tuple(run.failures), run.records, accounts))


class _StepBudget:
    """How much of the scheduler's quota a window may use.

    Args:
        limit: How many requests a scheduler may have in flight now.
        scheduler: The scheduler.
        step: The window.
        changed: Set when the scheduler may hand out more.
        answered: Called when an answer has come; returns the moment, in monotonic seconds.
    """

    def __init__(
        self,
        limit: Callable[[EndpointScheduler], int],
        scheduler: EndpointScheduler,
        step: Step,
        changed: asyncio.Event,
        answered: Callable[[], float],
    ) -> None:
        self._limit = limit
        self._scheduler = scheduler
        self._step = step
        self._changed = changed
        self._answered = answered

    def pages_in_flight(self) -> int:
        return self._scheduler.pages_in_flight(self._step, self._limit(self._scheduler))

    def set_remaining(self, pages: int) -> None:
        self._step.began = self._answered()
        self._scheduler.set_remaining(self._step, pages)
        self._changed.set()


def _as_connector_error(error: Exception) -> ConnectorError:
    if isinstance(error, ConnectorError):
        return error
    refusal = refusal_of(error)
    if refusal is not None:
        return refusal
    return ConnectorError(
        f"The connector failed here with an unexpected {type(error).__name__}.",
        remedy="This is a bug in the connector. Report it with the log at debug level.",
        detail="".join(traceback.format_exception(error)),
    )
