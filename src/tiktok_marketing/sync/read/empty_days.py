"""Finds days without data, so that reports need not request them.

One report at account level and by day answers for five accounts and thirty days at once. If it has rows of an account,
but none for a day, no finer report has one: the account's row includes all its campaigns, deleted ones too. This
applies only to reports with days; those over all time may list objects with zeros.

If such an answer has no row of an account at all, that proves nothing: TikTok may have left the account out. So it is
asked about alone, in a report without days, whose one row is about up to a year. Only if that row has figures, the
account is asked about alone by day.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import Grain, ReportSource, ReportStream, report_stream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import Action, AdsLeftOutError, FailureType, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window, count_windows, windows
from tiktok_marketing.sync.read.listing import Delivery, ListReader, Request
from tiktok_marketing.sync.read.report_requests import PAGE_SIZE, refused_metrics, report_params

TOGETHER = 5
"""Accounts that one report accepts (`advertiser_ids` of `/report/integrated/get/`)."""
_DAYS = 30
_QUERIES_PER_SPAN = 12
"""Queries by day that one without days can take the place of: a report without days accepts 365."""
_PARAMETER_ERROR = 40002
_WORTH = 5
"""A query must be able to save this many windows on average. So queries add at most a fifth to the requests."""


class ActivityQuery:
    """One request for the days with data of some accounts.

    Args:
        accounts: The accounts, with what is known about their days.
        window: The days.
        by_day: Whether to ask for each day, rather than for one sum of all days.
    """

    __slots__ = ("accounts", "answered", "answers", "asked", "by_day", "left_out", "window")

    def __init__(self, accounts: Sequence[AccountDays], window: Window, *, by_day: bool = True) -> None:
        self.accounts = accounts
        self.window = window
        self.by_day = by_day
        self.asked = False
        self.answered = False
        self.answers: dict[AdvertiserId, set[date]] = {}
        """The days with data of each account, as far as the answer tells."""
        self.left_out: set[AdvertiserId] = set()
        """The accounts that have to be asked about alone or, if this was asked alone, by day."""


class AccountDays:
    """What is known about the days of one account."""

    __slots__ = ("_by_day", "_spans", "advertiser_id", "first", "queries", "unanswerable")

    def __init__(self, advertiser_id: AdvertiserId) -> None:
        self.advertiser_id = advertiser_id
        self.first = 0
        """The number of the first query whose days are read for this account; earlier ones are about others."""
        self.unanswerable = False
        """Whether TikTok does not answer for this account, so that all its windows are read."""
        self.queries: list[ActivityQuery] = []
        """Oldest first, without a gap, each of `_DAYS` days but the last."""
        self._spans: dict[int, ActivityQuery] = {}
        """For each query that left the account out, the query without days that asks about it alone."""
        self._by_day: dict[int, ActivityQuery] = {}
        """The query about it alone by day, where that one showed figures, or is about no other days."""

    def open_query(self, window: Window) -> ActivityQuery | None:
        """The query that must be answered before it is known whether the window is empty; None if there is none."""
        if self.unanswerable:
            return None
        return self._next_query(self._numbers(window))

    def _next_query(self, numbers: Iterable[int]) -> ActivityQuery | None:
        """The next query about these days: one that is not in flight, if there is one."""
        waiting = None
        for number in numbers:
            for query in self._needed(number):
                if not query.asked:
                    return query
                waiting = waiting or query
        return waiting

    def open_queries(self) -> Iterator[ActivityQuery]:
        """The queries without an answer that are needed next for any of the account's windows."""
        if not self.unanswerable:
            for number in range(self.first, len(self.queries)):
                yield from self._needed(number)

    def is_empty(self, window: Window) -> bool:
        """Whether the window is known to have no rows."""
        if self.unanswerable:
            return False
        numbers = self._numbers(window)
        for number in numbers:
            active_days = self._active_days(number)
            if active_days is None or any(window.start <= day <= window.end for day in active_days):
                return False
        return bool(numbers)

    def all_queries(self) -> Iterator[ActivityQuery]:
        """The queries about the account, as far as they are known."""
        yield from self.queries
        yield from self._spans.values()
        yield from self._by_day.values()

    def _needed(self, number: int) -> Iterator[ActivityQuery]:
        """The queries without an answer that are needed next for the days of a joint query."""
        query = self._latest(number)
        if query.answered and self.advertiser_id in query.left_out:
            yield from self._needed_alone(number)
        elif not query.answered:
            yield query

    def _needed_alone(self, number: int) -> Iterator[ActivityQuery]:
        """The queries without an answer that are needed because a joint query left the account out."""
        if number in self._spans:
            yield self._add_by_day(number)
            return
        # A query without days is about as many days as possible, so the joint queries about a year are answered first.
        block = number // _QUERIES_PER_SPAN * _QUERIES_PER_SPAN
        numbers = range(max(block, self.first), min(block + _QUERIES_PER_SPAN, len(self.queries)))
        unanswered = [query for query in (self.queries[other] for other in numbers) if not query.answered]
        if unanswered:
            yield from unanswered
            return
        run = next(run for run in self._runs_left_out(numbers) if number in run)
        if len(run) == 1:
            yield self._add_by_day(number)
            return
        window = Window(self.queries[run[0]].window.start, self.queries[run[-1]].window.end)
        query = ActivityQuery([self], window, by_day=False)
        self._spans |= dict.fromkeys(run, query)
        yield query

    def _add_by_day(self, number: int) -> ActivityQuery:
        query = self._by_day[number] = ActivityQuery([self], self.queries[number].window)
        return query

    def _runs_left_out(self, numbers: range) -> Iterator[list[int]]:
        """The joint queries that left the account out, in runs without a gap."""
        left_out = [number for number in numbers if self.advertiser_id in self.queries[number].left_out]
        for _, run in itertools.groupby(enumerate(left_out), lambda item: item[1] - item[0]):
            yield [number for _, number in run]

    def _latest(self, number: int) -> ActivityQuery:
        """The latest query about the days of a joint query: that one, or one that it made necessary."""
        return self._by_day.get(number) or self._spans.get(number) or self.queries[number]

    def _active_days(self, number: int) -> set[date] | None:
        """The days with data among the days of a query; None if they are not known."""
        query = self._latest(number)
        return query.answers.get(self.advertiser_id) if query.answered else None

    def _numbers(self, window: Window) -> range:
        """The numbers of the queries about the window."""
        first = self.queries[0].window.start
        last = min((window.end - first).days // _DAYS, len(self.queries) - 1)
        return range(max(0, (window.start - first).days // _DAYS), last + 1)


class EmptyDayFinder:
    """Finds out which days have data.

    Args:
        api: The client.
        partitions: The partitions of all streams.
    """

    def __init__(self, api: Client, partitions: Iterable[Partition]) -> None:
        self._api = api
        self._stream = report_stream("advertisers_reports_daily")
        self._refused: set[str] = set()
        self._accounts = dict(_accounts_of(partitions))

    @classmethod
    def of_sync(cls, config: Config, api: Client, partitions: Iterable[Partition]) -> EmptyDayFinder:
        """The finder of a sync, as it is configured. It queries nothing if that is switched off.

        The sandbox has no reports at account level, so nothing is queried there either.
        """
        return cls(api, partitions if config.skip_empty_days and not config.sandbox else ())

    def of(self, partition: Partition) -> AccountDays | None:
        """What is known about the account's days; None if its windows are read without a query first."""
        account = partition.account
        return self._accounts.get(account.advertiser_id) if account and has_days(partition) else None

    @property
    def endpoint(self) -> str:
        """The endpoint that queries go to."""
        return self._stream.endpoint

    @property
    def query_count(self) -> int:
        """The number of queries that are known to be needed. Each answer that leaves out an account adds some."""
        return len(self._all())

    @property
    def open_query_count(self) -> int:
        """The number of queries without an answer."""
        return sum(not query.answered for query in self._all())

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
        try:
            if query.by_day:
                self._take_answer(query, await self._answers(accounts, query.window))
            elif accounts:
                await self._ask_for_sum(accounts[0], query)
        except TikTokError as error:
            if error.action is Action.STOP_SYNC:
                raise
            if error.action is Action.FAIL_STREAM:
                self._give_up()
            elif error.failure_type is not FailureType.TRANSIENT or error.http_status is not None:
                await self._ask_one_by_one(accounts, query)
        except (IncompleteReadError, AdsLeftOutError):
            pass
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
        """Note the days of an answer. Several accounts were asked about together, so a missing one may be left out."""
        for advertiser_id, days in active_days.items():
            if days or len(active_days) == 1:
                query.answers[advertiser_id] = days
            else:
                query.left_out.add(advertiser_id)

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
            query.left_out.add(account.advertiser_id)
        else:
            query.answers[account.advertiser_id] = set()

    async def _has_figures(self, advertiser_id: AdvertiserId, window: Window) -> bool:
        async for delivery in self._deliveries(report_stream("advertisers_reports_lifetime"), [advertiser_id], window):
            for row in delivery.records:
                if str(row.dimensions.advertiser_id) != advertiser_id:
                    raise _unexpected(row.dimensions)
                if delivery.rejected or any(map(_is_figure, msgspec.structs.astuple(row.metrics))):
                    return True
        return False

    async def _ask_one_by_one(self, accounts: Sequence[AccountDays], query: ActivityQuery) -> None:
        """Ask for each account alone, because one of them made the query fail for all."""
        for days in accounts:
            if len(accounts) > 1:
                try:
                    query.answers.update(await self._active_days([days], query.window, brief=True))
                    continue
                except TikTokError as error:
                    if error.action is Action.STOP_SYNC:
                        raise
                except (IncompleteReadError, AdsLeftOutError):
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
        return Request(
            endpoint=self._stream.endpoint,
            params={**accounts, **report_params(source, metrics, window)},
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


def _is_figure(value: Any) -> bool:
    """Whether a metric shows that something happened. A text such as "<5" counts as if it did."""
    try:
        return value is not None and Decimal(str(value)) != 0
    except InvalidOperation:
        return value not in {"", "-"}


def has_days(partition: Partition) -> bool:
    """Whether the partition is of a report with days, which may be empty."""
    stream = partition.stream
    return isinstance(stream, ReportStream) and stream.source.grain in {Grain.DAY, Grain.HOUR}


def _accounts_of(partitions: Iterable[Partition]) -> Iterator[tuple[AdvertiserId, AccountDays]]:
    """The accounts for which queries may save more requests than they cost."""
    by_account: dict[AdvertiserId, list[Partition]] = {}
    for partition in partitions:
        if has_days(partition) and partition.account is not None and partition.account.error is None:
            by_account.setdefault(partition.account.advertiser_id, []).append(partition)
    # In a report on several accounts TikTok does not say whose time zone its days are in, so only accounts with the
    # same time zone, by their offset and by their place, share a query.
    groups: dict[tuple[str, date], list[tuple[date, int, Account]]] = {}
    for own in by_account.values():
        account = own[0].account
        assert account is not None  # noqa: S101 - narrows the type
        first = min(partition.first or date.max for partition in own)
        last = max(partition.last or date.min for partition in own)
        window_count = sum(partition.size for partition in own)
        zone = f"{account.zone} {account.place}" if account.zone_is_known else account.advertiser_id
        groups.setdefault((zone, last), []).append((first, window_count, account))
    for (_, last), members in groups.items():
        members.sort(key=lambda member: member[0])
        for start in range(0, len(members), TOGETHER):
            together = members[start : start + TOGETHER]
            first = together[0][0]
            if sum(window_count for _, window_count, _ in together) >= _WORTH * count_windows(first, last, _DAYS):
                yield from _group([(account, own_first) for own_first, _, account in together], first, last).items()


def _group(accounts: Sequence[tuple[Account, date]], first: date, last: date) -> Mapping[AdvertiserId, AccountDays]:
    """What will be known about accounts that share their queries.

    Args:
        accounts: Each account, with the first of its days.
        first: The first day of all.
        last: The last day.
    """
    group = [AccountDays(account.advertiser_id) for account, _ in accounts]
    for days, (_, own_first) in zip(group, accounts, strict=True):
        days.first = (own_first - first).days // _DAYS
    for window in windows(first, last, _DAYS):
        query = ActivityQuery(group, window)
        for days in group:
            days.queries.append(query)
    return {days.advertiser_id: days for days in group}
