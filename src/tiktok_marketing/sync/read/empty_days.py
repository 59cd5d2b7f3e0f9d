"""Finds days without data, so that reports need not request them.

If an account has no row for a day in its report at account level, no finer report has one: the account's row includes
all its campaigns, deleted ones too. This applies only to reports with days; those over all time may list objects with
zeros.

One report at account level answers for five accounts and thirty days at once. In an answer about several accounts only
presence counts: a day with a row is read. The absence of a day proves nothing, because TikTok may have left out the
account, or some of its days. A window without such a row is passed over only if a question about the account alone says
so. If a joint answer has no row of the account at all, that is a report without days, whose one row is about up to a
year. If that row is not one of zeros, or the joint answer has rows of other days, the account is asked about alone by
day.

If there are many accounts, their Business Centers are asked first which of them had nothing at all (`idle_accounts`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import date
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ReportSource, ReportStream, report_stream
from tiktok_marketing.catalog.boosted_posts import report_with_boosted_posts
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import Action, AdsLeftOutError, FailureType, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.account_days import AccountDays, ActivityQuery, accounts_of, follows_the_account
from tiktok_marketing.sync.read.business_centers import BusinessCenters
from tiktok_marketing.sync.read.idle_accounts import IdleAccounts, is_answered_for, shows_nothing
from tiktok_marketing.sync.read.listing import Delivery, ListReader, Request
from tiktok_marketing.sync.read.report_requests import PAGE_SIZE, origin_filters, refused_metrics, report_params

_PARAMETER_ERROR = 40002


class EmptyDayFinder:
    """Finds out which days have data.

    Args:
        api: The client.
        partitions: The partitions of all streams.
        boosted_posts: Whether the streams have boosted posts, so that a day with nothing else is not empty.
        idle_accounts: Finds accounts that had nothing at all; None if nobody is asked about them.
    """

    def __init__(
        self,
        api: Client,
        partitions: Iterable[Partition],
        *,
        boosted_posts: bool = False,
        idle_accounts: IdleAccounts | None = None,
    ) -> None:
        self._api = api
        self._stream, self._sums = (
            report_with_boosted_posts(report_stream(name)) if boosted_posts else report_stream(name)
            for name in ("advertisers_reports_daily", "advertisers_reports_lifetime")
        )
        self._refused: set[str] = set()
        self._partitions = list(partitions)
        self._idle_accounts = idle_accounts
        self._accounts = dict(accounts_of(self._partitions))
        self._was_answered = False
        """Whether TikTok has answered about any account, so that it does not refuse the application."""

    @classmethod
    def of_sync(
        cls, config: Config, api: Client, partitions: Iterable[Partition], centers: BusinessCenters | None = None
    ) -> EmptyDayFinder:
        """The finder of a sync, as it is configured. It queries nothing if that is switched off.

        The sandbox has no reports at account level, so nothing is queried there either.

        Args:
            config: The configuration.
            api: The client.
            partitions: The partitions of all streams.
            centers: The Business Centers, which reports on them need, too.
        """
        asked = list(partitions) if config.skip_empty_days and not config.sandbox else []
        return cls(
            api, asked, boosted_posts=config.include_promote, idle_accounts=IdleAccounts(config, api, asked, centers)
        )

    async def ask_centers(self) -> None:
        """Ask Business Centers which accounts had nothing at all. Nothing else is asked about those.

        Whoever asks calls this once, before anything else.

        Raises:
            TikTokError: If no other request can succeed.
        """
        if self._idle_accounts is None:
            return
        await self._idle_accounts.find()
        idle = self._idle_accounts.idle
        if not idle:
            return
        others = (each for each in self._partitions if each.account is None or each.account.advertiser_id not in idle)
        self._accounts = dict(accounts_of(others)) | {
            advertiser_id: AccountDays.without_data(advertiser_id) for advertiser_id in idle
        }

    def of(self, partition: Partition) -> AccountDays | None:
        """What is known about the account's days; None if its windows are read without a query first."""
        account = partition.account
        days = None if account is None else self._accounts.get(account.advertiser_id)
        if days is None or follows_the_account(partition):
            return days
        return days if days.has_nothing and is_answered_for(partition) else None

    @property
    def endpoint(self) -> str:
        """The endpoint that queries go to."""
        return self._stream.endpoint

    @property
    def query_count(self) -> int:
        """The number of queries that are known to be needed. Answers that leave out accounts or days add some."""
        return len(self._all()) + self.center_query_count

    @property
    def center_query_count(self) -> int:
        """How many of these queries are about all accounts of a Business Center."""
        return 0 if self._idle_accounts is None else self._idle_accounts.query_count

    @property
    def open_query_count(self) -> int:
        """The number of queries without an answer."""
        of_centers = self.center_query_count if self._idle_accounts and not self._idle_accounts.asked else 0
        return of_centers + sum(not query.answered for query in self._all())

    async def ask_all(self, at_once: int) -> None:
        """Send every query that has no answer yet, within the quota.

        Args:
            at_once: How many queries may be in flight.

        Raises:
            TikTokError: If no other request can succeed.
        """
        while open_queries := list(self._open()):
            waiting = iter(open_queries)

            async def ask_in_turn(queries: Iterator[ActivityQuery] = waiting) -> None:
                for query in queries:
                    await self.ask(query)

            await asyncio.gather(*(ask_in_turn() for _ in range(at_once)))

    def _open(self) -> Iterable[ActivityQuery]:
        """The queries without an answer that are needed next for the windows of all partitions."""
        return {id(query): query for days in self._accounts.values() for query in days.open_queries()}.values()

    def _all(self) -> list[ActivityQuery]:
        queries = (query for days in self._accounts.values() for query in days.all_queries())
        return list({id(query): query for query in queries}.values())

    async def ask(self, query: ActivityQuery) -> None:
        """Send a query and note its answer. If it fails, the days stay unknown: reading them will show the reason.

        Raises:
            TikTokError: If no other request can succeed.
        """
        accounts = [days for days in query.accounts if not days.unanswerable]
        if not accounts:
            query.answered = True
            return
        try:
            if query.by_day:
                self._take_answer(query, await self._answers(accounts, query.window))
            else:
                await self._ask_for_sum(accounts[0], query)
            self._was_answered = True
        except TikTokError as error:
            if error.action is Action.STOP_SYNC:
                raise
            if error.failure_type is not FailureType.TRANSIENT or error.http_status is not None:
                await self._ask_one_by_one(accounts, query)
                if error.action is Action.FAIL_STREAM and not self._was_answered:
                    self._give_up()  # TikTok refuses the application, not one of them
        except (IncompleteReadError, AdsLeftOutError):
            self._was_answered = True
        finally:
            query.answered = True

    async def _answers(self, accounts: Sequence[AccountDays], window: Window) -> dict[AdvertiserId, set[date]]:
        """The days with data. If a page comes in place of the answer because of some of the accounts, it fails soon.

        Raises:
            TikTokError: If the query fails.
        """
        if len(accounts) == 1:
            return await self._active_days(accounts, window)
        try:
            return await self._active_days(accounts, window, brief=True)
        except TikTokError as error:
            if error.http_status is None or not await self._pages_for_all(accounts, window):
                raise
        return await self._active_days(accounts, window)

    async def _pages_for_all(self, accounts: Sequence[AccountDays], window: Window) -> bool:
        """Whether pages come in place of the answers for the first and the last account too, so probably for all."""
        for days in (accounts[0], accounts[-1]):
            try:
                await self._active_days([days], window, brief=True)
            except TikTokError as error:
                if error.http_status is not None:
                    continue
                raise
            return False
        return True

    @staticmethod
    def _take_answer(query: ActivityQuery, active_days: Mapping[AdvertiserId, set[date]]) -> None:
        """Note the days of an answer. If it is about several accounts, the absence of a day proves nothing."""
        noted = query.answers if len(active_days) == 1 else query.shown
        noted.update(active_days)

    async def _ask_for_sum(self, account: AccountDays, query: ActivityQuery) -> None:
        """Ask whether an account has figures in a window. If it has, or if that is not known, it is asked by day.

        Raises:
            TikTokError: If TikTok does not answer for this account.
        """
        has_figures = True
        try:
            has_figures = await self._has_figures(account.advertiser_id, query.window)
        except TikTokError as error:
            if error.action is not Action.SPLIT and error.code != _PARAMETER_ERROR:
                raise
        except (IncompleteReadError, AdsLeftOutError):
            pass
        if has_figures:
            query.shown[account.advertiser_id] = set()
        else:
            query.answers[account.advertiser_id] = set()

    async def _has_figures(self, advertiser_id: AdvertiserId, window: Window) -> bool:
        async for delivery in self._deliveries(self._sums, [advertiser_id], window):
            for row in delivery.records:
                if str(row.dimensions.advertiser_id) != advertiser_id:
                    raise _unexpected(row.dimensions)
                if delivery.rejected or not shows_nothing(msgspec.structs.asdict(row.metrics)):
                    return True
        return False

    async def _ask_one_by_one(self, accounts: Sequence[AccountDays], query: ActivityQuery) -> None:
        """Ask for each account alone, because one of them made the query fail for all."""
        for days in accounts:
            if len(accounts) > 1:
                try:
                    query.answers.update(await self._active_days([days], query.window, brief=True))
                    self._was_answered = True
                    continue
                except TikTokError as error:
                    if error.action is Action.STOP_SYNC:
                        raise
                except (IncompleteReadError, AdsLeftOutError):
                    self._was_answered = True
                    continue
            days.unanswerable = True

    def _give_up(self) -> None:
        for days in self._accounts.values():
            days.unanswerable = True

    async def _active_days(
        self, accounts: Sequence[AccountDays], window: Window, *, brief: bool = False
    ) -> dict[AdvertiserId, set[date]]:
        active_days: dict[AdvertiserId, set[date]] = {days.advertiser_id: set() for days in accounts}
        async for delivery in self._deliveries(self._stream, list(active_days), window, brief=brief):
            for row in delivery.records:
                _note(row.dimensions, window, active_days)
        return active_days

    async def _deliveries(
        self, stream: ReportStream, advertiser_ids: list[AdvertiserId], window: Window, *, brief: bool = False
    ) -> AsyncIterator[Delivery[RecordList]]:
        """The rows of a report at account level, without the metrics that TikTok refuses."""
        while True:
            list_reader = ListReader(self._api, report_reader(stream))
            metrics = [name for name in stream.source.metrics if name not in self._refused]
            request = self._request(stream.source, metrics, advertiser_ids, window, brief=brief)
            try:
                async with aclosing(list_reader.read(request)) as deliveries:
                    async for delivery in deliveries:
                        yield delivery
            except TikTokError as error:
                names = refused_metrics(error, stream.source, metrics)
                if not names:
                    raise
                self._refused |= names
            else:
                return

    def _request(
        self,
        source: ReportSource,
        metrics: Sequence[str],
        advertiser_ids: list[AdvertiserId],
        window: Window,
        *,
        brief: bool,
    ) -> Request:
        only = advertiser_ids[0] if len(advertiser_ids) == 1 else None
        accounts = {"advertiser_id": only} if only else {"advertiser_ids": advertiser_ids}
        filters = origin_filters(source)
        return Request(
            endpoint=self._stream.endpoint,
            params={
                **accounts,
                **report_params(source, metrics, window),
                **({"filtering": filters} if filters else {}),
            },
            page_size=PAGE_SIZE,
            advertiser_id=only,
            divisible=True,  # if it is slow, the reports are read without it
            brief=brief,
        )


def _note(dimensions: Any, window: Window, active_days: Mapping[AdvertiserId, set[date]]) -> None:
    """Note the day and the account of a row.

    Raises:
        IncompleteReadError: If the query was not about them, so that the answer cannot be trusted.
    """
    days = active_days.get(AdvertiserId(str(dimensions.advertiser_id)))
    try:
        day = date.fromisoformat(dimensions.stat_time_day[:10])
    except (TypeError, ValueError):
        days = day = None
    if days is None or day is None or not window.start <= day <= window.end:
        raise _unexpected(dimensions)
    days.add(day)


def _unexpected(dimensions: Any) -> IncompleteReadError:
    return IncompleteReadError(f"A row has a day or an account that was not asked about: {dimensions!r}.")
