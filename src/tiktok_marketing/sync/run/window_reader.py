"""One step of a sync: what it asks for, and its records on their way."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, timedelta
from typing import Any

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import Scope, Stream
from tiktok_marketing.config import Config
from tiktok_marketing.errors import PartialAnswerError
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.pages import SinkFactory, struct_sink
from tiktok_marketing.sync.events import Batch, DaysComplete, Event, Notice
from tiktok_marketing.sync.plan.accounts import Accounts
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.plan.zones import day_in
from tiktok_marketing.sync.read.accounts import LISTING, list_accounts
from tiktok_marketing.sync.read.listing import Budget, TooManyRows
from tiktok_marketing.sync.read.objects import ObjectLists
from tiktok_marketing.sync.read.report_requests import PAGE_SIZE, is_exact, shorter_windows
from tiktok_marketing.sync.read.reports import USUAL_PASSES, PassLimits, ReportWindow
from tiktok_marketing.sync.run.byte_queue import ByteQueue
from tiktok_marketing.sync.run.scheduler import Step
from tiktok_marketing.sync.run.stream_run import StreamRun

_STILL_MOVING = timedelta(minutes=10)
"""Objects changed so shortly before a walk are read again next time: they may have changed once more during it."""
_MOST_PARALLEL = 3
"""Windows of one that had too many rows which are read side by side: while one of them waits for its last pages, or its
first, the others keep the quota busy. The keys of each are kept until it ends, so they are few."""
_PAGES_FOR_ANOTHER = 8
"""Pages that may be asked for at once for each window but the first: with fewer, others use the quota meanwhile."""


class WindowReader:
    """Reads steps into a buffer.

    Args:
        config: What the user asked for.
        api: Where to ask.
        queue: Where records go; waits while it is full.
        sink_factory: What rows of reports are kept in.
        limits: How long one walk through a report may be.
    """

    def __init__(
        self,
        config: Config,
        api: Client,
        queue: ByteQueue[Event | None],
        sink_factory: SinkFactory = struct_sink,
        limits: PassLimits = USUAL_PASSES,
    ) -> None:
        self._config = config
        self._api = api
        self._queue = queue
        self._sink_factory = sink_factory
        self._limits = limits
        self.accounts: Accounts | None = None
        """The accounts of this run, once they are known."""
        self._window_ids = itertools.count(1)

    async def deliver(self, run: StreamRun, step: Step, budget: Budget) -> str | None:
        """Read a step to its end. Returns the cursor that objects have reached, if they have one.

        Args:
            run: Its stream.
            step: What to read.
            budget: What it has of the quota.

        Raises:
            ConnectorError: If it cannot be had.
        """
        part = step.queue.partition
        if part.account is None:
            await self._deliver_accounts(run)
            return None
        if not part.stream.is_report:
            return await self._deliver_objects(run, part, budget)
        try:
            await _SplittableWindow(self, run, part.account.advertiser_id, budget).deliver(step.window)
        finally:
            for name in sorted(run.refused_metrics - run.warned):
                run.warned.add(name)
                text = f"{run.stream.name}: TikTok refuses the metric {name} in this report, so it is null."
                await self._queue.put(Notice("warning", text))
        return None

    async def deliver_window(self, run: StreamRun, advertiser_id: str, window: Window | None, budget: Budget) -> None:
        """Read one window of a report to its end.

        Raises:
            TooLong: If it should be read as several windows; nothing was delivered then.
            ConnectorError: If it cannot be had.
        """
        report = ReportWindow(
            self._api,
            run.stream,
            advertiser_id,
            window,
            include_deleted=self._config.include_deleted,
            budget=budget,
            refused=run.refused_metrics,
            sink_factory=self._sink_factory,
            limits=self._limits,
        )
        account = int(advertiser_id)
        said_of = self._stated_account(run.stream, advertiser_id)
        part = next(self._window_ids)
        try:
            async with aclosing(report.deliveries()) as deliveries:
                async for delivery in deliveries:
                    await self._put(run, account, delivery.records, delivery.size, delivery.rejected, part)
                    if delivery.days_complete:
                        settled = DaysComplete(run.stream, part, advertiser_id=said_of, days=delivery.days)
                        await self._queue.put(
                            settled if delivery.whole else DaysComplete(run.stream, part, whole=False)
                        )
                    del delivery
        except TooManyRows:
            raise
        except Exception:
            await self._queue.put(DaysComplete(run.stream, part, whole=False))
            raise

    async def skip_empty(self, step: Step) -> None:
        """Tell that windows which are known to be empty have no rows."""
        part = step.queue.partition
        assert part.account is not None  # noqa: S101 - only an account's windows are known
        said_of = self._stated_account(part.stream, part.account.advertiser_id)
        await self._queue.put(DaysComplete(part.stream, 0, advertiser_id=said_of, days=step.days))

    def _stated_account(self, stream: Stream, advertiser_id: str) -> int | None:
        return int(advertiser_id) if is_exact(stream, include_deleted=self._config.include_deleted) else None

    async def _deliver_objects(self, run: StreamRun, part: Partition, budget: Budget) -> str | None:
        assert part.account is not None  # noqa: S101 - narrows the type; the caller has looked
        moment = self._api.clock_reading()
        advertiser_id = int(part.account.advertiser_id)
        lists = ObjectLists(
            self._api,
            part,
            include_deleted=self._config.include_deleted,
            today=day_in(UTC, moment.latest),
            budget=budget,
        )
        try:
            async with aclosing(lists.deliveries()) as deliveries:
                async for delivery in deliveries:
                    await self._put(run, advertiser_id, delivery.records, delivery.size, delivery.rejected)
                    del delivery
        finally:
            for notice in lists.notices:
                await self._queue.put(notice)
        if not lists.latest:
            return None
        bounds = [lists.latest, f"{moment.earliest - _STILL_MOVING:%Y-%m-%d %H:%M:%S}"]
        if part.only_changed:  # a cursor of the next day would say that all objects were read on it
            bounds.append(f"{part.modified_since[:10]} 23:59:59")
        return min(bounds)

    async def _deliver_accounts(self, run: StreamRun) -> None:
        """The streams about accounts themselves, which were listed before anything else could be."""
        assert self.accounts is not None  # noqa: S101 - nothing is read before the accounts are known
        reader = ObjectReader(run.stream)
        odd: dict[str, str] = {}
        if run.stream.scope is Scope.TOKEN:
            listed = self.accounts.listed or await list_accounts(self._config, self._api)
            rows = listed.rows
            if listed.incomplete is not None:
                run.fail(None, LISTING, listed.incomplete)
        else:
            rows = [account.info for account in self.accounts.chosen if account.info is not None]
            for account in self.accounts.chosen:
                if account.error is not None:
                    run.fail(account.advertiser_id, "", account.error)
        records = [reader.typed(row, odd) for row in rows]
        await self._put(run, None, records, len(records) * 1000, odd)

    async def _put(
        self,
        run: StreamRun,
        advertiser_id: int | None,
        records: Sequence[Any],
        size: int,
        odd: Mapping[str, str],
        part: int = 0,
    ) -> None:
        for field, value in odd.items():
            if field not in run.warned:
                run.warned.add(field)
                text = f"{run.stream.name}: {field} came as {value!r}, which does not fit its type and becomes null."
                await self._queue.put(Notice("warning", text))
        if records:
            await self._queue.put(Batch(run.stream, advertiser_id, records, size, part), size)
            run.delivered(len(records), size)


class _SplittableWindow:
    """Reads a window of a report, and what it has too many rows for as several windows side by side.

    Args:
        reading: Reads a single one.
        run: Its stream.
        advertiser_id: Its account.
        share: What it has of the quota.
    """

    def __init__(self, reading: WindowReader, run: StreamRun, advertiser_id: str, share: Budget) -> None:
        self._reader = reading
        self._run = run
        self._advertiser_id = advertiser_id
        self._budget = share
        self._under_way: dict[asyncio.Task[None], _SubWindow] = {}
        self._waiting: deque[_SubWindow] = deque()

    async def deliver(self, window: Window | None) -> None:
        """Read it to its end.

        Raises:
            ConnectorError: If a part of it cannot be had. Others that were under way then are delivered whole.
            PartialAnswerError: If some of it came in part only. All others were read.
        """
        self._waiting.append(_SubWindow(self, window, pages=1))
        failure: BaseException | None = None
        try:
            while self._waiting or self._under_way:
                while self._waiting and len(self._under_way) < self._parallel_windows():
                    one = self._waiting.popleft()
                    self._under_way[asyncio.create_task(self._read(one))] = one
                done, _ = await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    one = self._under_way.pop(task)
                    outcome = self._outcome(one, task.exception())
                    if failure is None or isinstance(failure, PartialAnswerError):
                        failure = outcome or failure
                if failure is not None and not isinstance(failure, PartialAnswerError):
                    self._waiting.clear()
                self.update_remaining()
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
        if failure is not None:
            raise failure

    def _outcome(self, one: _SubWindow, error: BaseException | None) -> BaseException | None:
        if not isinstance(error, TooManyRows):
            return error
        assert one.window is not None  # noqa: S101 - only windows of several days are too long
        # By the number that it was held against: by any other, "shorter" could be the same window, again and again.
        shorter = shorter_windows(one.window, error.total, error.most)
        pages = math.ceil(error.total / PAGE_SIZE / len(shorter))
        self._waiting.extendleft(_SubWindow(self, window, pages) for window in reversed(shorter))
        return None

    async def _read(self, one: _SubWindow) -> None:
        await self._reader.deliver_window(self._run, self._advertiser_id, one.window, one)

    def _parallel_windows(self) -> int:
        return min(_MOST_PARALLEL, 1 + self._budget.pages_in_flight() // _PAGES_FOR_ANOTHER)

    def update_remaining(self) -> None:
        """Say how many pages are still to come of all windows together."""
        self._budget.set_remaining(sum(one.pages for one in (*self._under_way.values(), *self._waiting)))

    def pages_in_flight(self) -> int:
        """Pages of one of the windows that may be asked for at once, now."""
        return max(1, self._budget.pages_in_flight() // max(1, len(self._under_way)))


class _SubWindow:
    """One of the windows of a report, and what it has of their share.

    Args:
        report: The report.
        window: The days.
        pages: How many pages are still to come, as far as is known.
    """

    def __init__(self, report: _SplittableWindow, window: Window | None, pages: int) -> None:
        self._report = report
        self.window = window
        self.pages = pages

    def pages_in_flight(self) -> int:
        return self._report.pages_in_flight()

    def set_remaining(self, pages: int) -> None:
        self.pages = pages
        self._report.update_remaining()
