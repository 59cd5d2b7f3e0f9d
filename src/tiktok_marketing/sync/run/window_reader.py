"""Reads one window of one partition, and puts its records and events into the queue."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import UTC

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ObjectStream, ReportStream, Scope, Stream, object_stream
from tiktok_marketing.catalog.gmv_max_reports import STORES
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import ConfigurationError, ConnectorError, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.coercion import misfit_sentences
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.pages import RecordList, RowSink, SinkFactory, record_list, rejected_in
from tiktok_marketing.sync.events import DaysComplete, DaysEmpty, DaysIncomplete, Event, Notice, Rows
from tiktok_marketing.sync.plan.accounts import Account, Accounts
from tiktok_marketing.sync.plan.cursors import Cursors
from tiktok_marketing.sync.plan.frontier import ObjectsReached
from tiktok_marketing.sync.plan.new_stores import is_by_store, lost_stores
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.plan.zones import day_in
from tiktok_marketing.sync.read.accounts import LISTING, list_accounts
from tiktok_marketing.sync.read.business_centers import BusinessCenters
from tiktok_marketing.sync.read.listing import Budget, Delivery, TooManyRows
from tiktok_marketing.sync.read.objects import ObjectLists
from tiktok_marketing.sync.read.parent_lists import ParentLists
from tiktok_marketing.sync.read.pass_limits import USUAL_PASSES, PassLimits
from tiktok_marketing.sync.read.refused_days import DayRefusals
from tiktok_marketing.sync.read.report_parts import DaysRead, rows_missing
from tiktok_marketing.sync.read.report_requests import PAGE_SIZE, is_exact, shorter_windows
from tiktok_marketing.sync.read.report_tasks import ReportTasks
from tiktok_marketing.sync.read.reports import ReportWindow
from tiktok_marketing.sync.read.store_parts import StorePartFinder, store_ids
from tiktok_marketing.sync.run.byte_queue import ByteQueue
from tiktok_marketing.sync.run.scheduler import Step
from tiktok_marketing.sync.run.stream_run import StreamRun

_MOST_PARALLEL = 3
"""How many shorter windows of a window with too many rows are read in parallel.

While one of them waits for its first or last pages, the others use the quota. The keys of each stay in memory until it
ends, so there are few."""
_STORES_PATIENCE = 180.0
"""Seconds that planning waits for lists of stores: two answers that take as long as an answer may.

Without them, a store that is new makes its account incomplete, and the next sync reads it."""
_PAGES_PER_WINDOW = 8
"""Each of these windows but the first needs this many pages in flight. With fewer, other streams use the quota."""


class WindowReader:
    """Reads windows, and puts their events into a queue.

    Args:
        config: The configuration.
        api: The client.
        queue: Receives the events; reading waits while it is full.
        sink_factory: Makes the sinks that receive records.
        limits: How many rows one pass through a report may read.
    """

    def __init__(
        self,
        config: Config,
        api: Client,
        queue: ByteQueue[Event | None],
        sink_factory: SinkFactory = record_list,
        limits: PassLimits = USUAL_PASSES,
    ) -> None:
        self._config = config
        self._api = api
        self._queue = queue
        self._sink_factory = sink_factory
        self._limits = limits
        self.accounts: Accounts | None = None
        """The accounts of this run, once they are known."""
        self.cursors: Mapping[str, Cursors] = {}
        """How far the accounts of each stream have been read."""
        self._window_ids = itertools.count(1)
        self._lists = ParentLists(
            api, lambda: day_in(UTC, api.clock_reading().latest), include_deleted=config.include_deleted
        )
        self.centers = BusinessCenters(api)
        """The Business Centers that report on accounts."""
        self.tasks: ReportTasks | None = None
        """Asynchronous reports; None to read page by page."""

    async def list_stores(self, accounts: Sequence[AdvertiserId]) -> dict[AdvertiserId, list[str]]:
        """The stores that accounts see, as far as TikTok lists them soon. What fails is reported when it is read."""
        stores = object_stream(STORES)
        lists = {account: asyncio.create_task(self._lists.records(stores, account)) for account in accounts}
        try:
            if lists:
                await asyncio.wait(lists.values(), timeout=_STORES_PATIENCE)
        finally:
            for task in lists.values():
                task.cancel()
            await asyncio.gather(*lists.values(), return_exceptions=True)
        return {account: ids for account in accounts if (ids := self.stores_of(account)) is not None}

    def stores_of(self, advertiser_id: AdvertiserId) -> list[str] | None:
        """The stores that an account sees; None if they have not been listed."""
        records = self._lists.known(object_stream(STORES), advertiser_id)
        return None if records is None else store_ids(records)

    async def deliver(self, run: StreamRun, step: Step, budget: Budget) -> ObjectsReached | None:
        """Read a step completely.

        Args:
            run: The run of its stream.
            step: The window to read.
            budget: How much of the quota it may use.

        Returns:
            For objects, how far the read got; None for reports and accounts.

        Raises:
            ConnectorError: If it cannot be read.
        """
        partition = step.queue.partition
        stream, account = partition.stream, partition.account
        if not isinstance(stream, ReportStream):
            if account is None:
                await self._deliver_accounts(run, stream)
                return None
            return await self._deliver_objects(run, stream, account.advertiser_id, partition, budget)
        assert account is not None  # noqa: S101 - every report is read per account
        if run.metric_trial is not None:
            every_status = self._config.include_deleted
            await run.metric_trial.settle(self._api, account.advertiser_id, step.window, every_status=every_status)
        await _SplittableWindow(self, run, stream, account, budget).deliver(step.window)
        if is_by_store(stream):
            run.note_stores(account.advertiser_id, self.stores_of(account.advertiser_id))
        return None

    async def deliver_window(
        self, run: StreamRun, stream: ReportStream, account: Account, window: Window | None, budget: Budget
    ) -> int:
        """Read one window of a report completely. Returns how many rows were delivered.

        Raises:
            TooManyRows: If it should be read as several windows; nothing was delivered then.
            ConnectorError: If it cannot be read.
        """
        report = self._report(run, stream, account, window, budget)
        number = int(account.advertiser_id)
        window_id = next(self._window_ids)
        try:
            async with aclosing(report.deliveries()) as deliveries:
                async for delivery in deliveries:
                    match delivery:
                        case Delivery(records=records, size=size, rejected=rejected):
                            await self._put(run, number, records, size, rejected, window_id)
                            del records
                        case DaysRead(days=days, whole=True):
                            exact = self._is_exact(stream) and not self._lacks_stores(stream, account.advertiser_id)
                            await self._queue.put(DaysComplete(stream, window_id, number, days, exact))
                        case DaysRead():
                            await self._queue.put(DaysIncomplete(stream, window_id))
                        case Notice():
                            await self._queue.put(delivery)
                    del delivery
        except TooManyRows:
            raise
        except Exception as error:
            if isinstance(error, IncompleteReadError) and window is not None:
                error.goes_on = True  # TikTok answers, so other days can be read
            await self._queue.put(DaysIncomplete(stream, window_id))
            raise
        if report.repaired:
            await self._queue.put(
                _not_utf8(f"{stream.name}, advertiser {account.advertiser_id}, {window or 'all time'}")
            )
        return report.rows_delivered

    async def check_count(
        self,
        run: StreamRun,
        stream: ReportStream,
        account: Account,
        window: Window | None,
        budget: Budget,
        *,
        counted: int,
        delivered: int,
    ) -> None:
        """Compare the rows of shorter windows with TikTok's count of the whole, which may have become smaller since.

        Raises:
            IncompleteReadError: If rows are missing.
            TikTokError: If TikTok does not answer.
        """
        if delivered < counted:
            now = await self._report(run, stream, account, window, budget).count()
            if delivered < min(counted, now):
                raise rows_missing(stream, account.advertiser_id, window, delivered, min(counted, now))

    def _report(
        self, run: StreamRun, stream: ReportStream, account: Account, window: Window | None, budget: Budget
    ) -> ReportWindow:
        report = ReportWindow(
            self._api,
            stream,
            account,
            window,
            include_deleted=self._config.include_deleted,
            budget=budget,
            refused=run.refused_metrics.setdefault(account.advertiser_id, set(run.refused_everywhere)),
            search=run.metric_search,
            sink_factory=self._sink_factory,
            limits=self._limits,
        )
        newest = account.latest_started_day(self._api.clock_reading().earliest)
        report.lacking = run.lacking_metrics.setdefault(account.advertiser_id, report.lacking)
        report.day_refusals = run.day_refusals.setdefault(account.advertiser_id, DayRefusals(newest)).for_window()
        report.centers = self.centers
        report.tasks = self.tasks
        if stream.source.stores is not None:
            report.stores = StorePartFinder(
                self._api,
                account.advertiser_id,
                self._lists,
                budget,
                include_deleted=self._config.include_deleted,
            )
        return report

    async def skip_empty(self, step: Step) -> None:
        """Report that the windows of a step are known to have no rows."""
        partition = step.queue.partition
        assert partition.account is not None  # noqa: S101 - only an account's windows are known
        account = int(partition.account.advertiser_id)
        await self._queue.put(DaysEmpty(partition.stream, account, step.days, self._is_exact(partition.stream)))

    def _is_exact(self, stream: Stream) -> bool:
        return is_exact(stream, include_deleted=self._config.include_deleted)

    def _lacks_stores(self, stream: Stream, advertiser_id: AdvertiserId) -> bool:
        """Whether the account sees fewer stores than before. Then nobody knows whether their rows are gone."""
        seen = self.stores_of(advertiser_id) if isinstance(stream, ReportStream) and is_by_store(stream) else None
        known = [of.stores_of(advertiser_id) or () for of in self.cursors.values()]
        return seen is not None and any(lost_stores(stores, seen) for stores in known)

    async def _deliver_objects(
        self, run: StreamRun, stream: ObjectStream, advertiser_id: AdvertiserId, partition: Partition, budget: Budget
    ) -> ObjectsReached:
        clock = self._api.clock_reading()
        account = int(advertiser_id)
        lists = ObjectLists(
            self._api,
            stream,
            advertiser_id,
            include_deleted=self._config.include_deleted,
            today=day_in(UTC, clock.latest),
            modified_since=partition.modified_since,
            required_since=partition.required_since,
            only_changed=partition.only_changed,
            budget=budget,
        )
        try:
            async with aclosing(lists.deliveries()) as deliveries:
                async for delivery in deliveries:
                    await self._put_objects(run, account, delivery.records, delivery.size)
                    del delivery
        finally:
            for notice in lists.notices:
                await self._queue.put(notice)
        if lists.repaired:
            await self._queue.put(_not_utf8(f"{stream.name}, advertiser {advertiser_id}"))
        since = partition.modified_since if partition.only_changed else None
        return ObjectsReached(lists.latest, clock.earliest, since)

    async def _deliver_accounts(self, run: StreamRun, stream: ObjectStream) -> None:
        """Deliver a stream about the accounts themselves, which were listed before planning."""
        assert self.accounts is not None  # noqa: S101 - nothing is read before the accounts are known
        reader = ObjectReader(stream)
        if stream.scope is Scope.TOKEN:
            try:
                listed = self.accounts.listed or await list_accounts(self._config, self._api)
            except (TikTokError, ConfigurationError) as error:
                self._raise_if_nothing_answers(error)
                run.fail(None, LISTING, error)  # nothing but this stream needs the list
                return
            rows = listed.rows
            if listed.incomplete is not None:
                run.fail(None, LISTING, listed.incomplete)
        else:
            rows = [account.info for account in self.accounts.chosen if account.info is not None]
            for account in self.accounts.chosen:
                if account.error is not None:
                    self._raise_if_nothing_answers(account.error)
                    run.fail(account.advertiser_id, "", account.error)
        records = reader.typed_all(rows)
        await self._put_objects(run, None, records, len(records) * 1000)

    def _raise_if_nothing_answers(self, error: ConnectorError) -> None:
        """Raise an error that may be about more than its stream, for only pages have come so far."""
        if isinstance(error, TikTokError) and error.http_status is not None and not self._api.answered:
            raise error

    async def _put_objects(self, run: StreamRun, advertiser_id: int | None, records: RecordList, size: int) -> None:
        sink = self._sink_factory(run.stream, advertiser_id)
        sink.extend(records, *([records.misfits] if records.misfits else []))
        await self._put(run, advertiser_id, sink, size, rejected_in(records.misfits))

    async def _put(
        self,
        run: StreamRun,
        advertiser_id: int | None,
        records: RowSink,
        size: int,
        rejected: Mapping[str, str],
        window_id: int | None = None,
    ) -> None:
        unknown = {field: value for field, value in rejected.items() if field not in run.warned}
        run.warned.update(unknown)
        for text in misfit_sentences(unknown, "type"):
            await self._queue.put(Notice("warning", f"{run.stream.name}: {text}"))
        if records:
            await self._queue.put(Rows(run.stream, advertiser_id, records, size, window_id), size)
            run.delivered(len(records), size)


def _not_utf8(where: str) -> Notice:
    return Notice(
        "warning",
        f"{where}: TikTok's answer has bytes that are not UTF-8, again and again. All records were delivered, with "
        "U+FFFD in place of these bytes.",
    )


def _goes_on(failure: BaseException) -> bool:
    """Whether everything else of the account can still be read."""
    return isinstance(failure, ConnectorError) and failure.goes_on


class _SplittableWindow:
    """Reads a window of a report. If it has too many rows for one pass, it reads shorter windows in parallel.

    Args:
        reader: Reads a single window.
        run: The run of its stream.
        stream: The report.
        account: The account.
        budget: How much of the quota it may use.
    """

    def __init__(
        self, reader: WindowReader, run: StreamRun, stream: ReportStream, account: Account, budget: Budget
    ) -> None:
        self._reader = reader
        self._run = run
        self._stream = stream
        self._account = account
        self._budget = budget
        self._in_flight: dict[asyncio.Task[None], _SubWindow] = {}
        self._waiting: deque[_SubWindow] = deque()
        self._counted = 0
        """TikTok's count of the rows of the whole window; 0 if it is read in one pass."""
        self._delivered = 0

    async def deliver(self, window: Window | None) -> None:
        """Read a window completely.

        Raises:
            ConnectorError: If some of it cannot be read. Shorter windows already in flight are delivered completely.
            IncompleteReadError: If an answer was partial, for example. Everything else was read if it goes on.
        """
        self._waiting.append(_SubWindow(self, window, pages=1))
        failure: BaseException | None = None
        try:
            while self._waiting or self._in_flight:
                while self._waiting and len(self._in_flight) < self._parallel_windows():
                    sub_window = self._waiting.popleft()
                    self._in_flight[asyncio.create_task(self._read(sub_window))] = sub_window
                done, _ = await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    sub_window = self._in_flight.pop(task)
                    outcome = self._outcome(sub_window, task.exception())
                    if failure is None or _goes_on(failure):
                        failure = outcome or failure
                if failure is not None and not _goes_on(failure):
                    self._waiting.clear()
                self.update_remaining()
        finally:
            for task in self._in_flight:
                task.cancel()
            await asyncio.gather(*self._in_flight, return_exceptions=True)
        if failure is not None:
            raise failure
        await self._reader.check_count(
            self._run,
            self._stream,
            self._account,
            window,
            self,
            counted=self._counted,
            delivered=self._delivered,
        )

    def _outcome(self, sub_window: _SubWindow, error: BaseException | None) -> BaseException | None:
        if not isinstance(error, TooManyRows):
            return error
        assert sub_window.window is not None  # noqa: S101 - only windows of several days have too many rows
        self._counted = max(self._counted, error.total)
        # Divide by the limit that the window exceeded: with another, this could give the same window again and again.
        shorter = shorter_windows(sub_window.window, error.total, error.max_rows)
        pages = math.ceil(error.total / PAGE_SIZE / len(shorter))
        self._waiting.extendleft(_SubWindow(self, window, pages) for window in reversed(shorter))
        return None

    async def _read(self, sub_window: _SubWindow) -> None:
        delivered = await self._reader.deliver_window(
            self._run, self._stream, self._account, sub_window.window, sub_window
        )
        self._delivered += delivered

    def _parallel_windows(self) -> int:
        return min(_MOST_PARALLEL, 1 + self._budget.pages_in_flight() // _PAGES_PER_WINDOW)

    def update_remaining(self) -> None:
        """Update how many pages of all windows together remain to be read."""
        self._budget.set_remaining(sum(window.pages for window in (*self._in_flight.values(), *self._waiting)))

    def set_remaining(self, pages: int) -> None:
        """Ignore it: nothing remains to be read when the whole window is counted again."""

    def pages_in_flight(self) -> int:
        """How many pages of one of the windows may be in flight, now."""
        return max(1, self._budget.pages_in_flight() // max(1, len(self._in_flight)))


class _SubWindow:
    """One of the shorter windows of a window, and its budget.

    Args:
        whole: The window that it belongs to.
        window: The days.
        pages: How many pages remain to be read, as far as is known.
    """

    def __init__(self, whole: _SplittableWindow, window: Window | None, pages: int) -> None:
        self._whole = whole
        self.window = window
        self.pages = pages

    def pages_in_flight(self) -> int:
        return self._whole.pages_in_flight()

    def set_remaining(self, pages: int) -> None:
        self.pages = pages
        self._whole.update_remaining()
