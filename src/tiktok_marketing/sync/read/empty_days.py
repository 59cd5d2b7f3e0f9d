"""Finds days without data, so that reports need not request them.

If an account has no row for a day in its report at account level, no finer report has one: the account's row includes
all its campaigns, deleted ones too. This applies only to reports with days; those over all time may list objects with
zeros.

One report at account level answers for five accounts and thirty days at once. In an answer about several accounts only
presence counts: a day with a row is read. The absence of a day proves nothing, because TikTok may have left out the
account, or some of its days. A window without such a row is passed over only if a question about the account alone says
so. If a joint answer has no row of the account at all, that is a report without days, whose one row is about up to a
year. If that row has figures, or the joint answer has rows of other days, the account is asked about alone by day.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
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

    __slots__ = ("accounts", "answered", "answers", "asked", "by_day", "shown", "window")

    def __init__(self, accounts: Sequence[AccountDays], window: Window, *, by_day: bool = True) -> None:
        self.accounts = accounts
        self.window = window
        self.by_day = by_day
        self.asked = False
        self.answered = False
        self.answers: dict[AdvertiserId, set[date]] = {}
        """The days with data of each account that was asked about alone: its other days have none."""
        self.shown: dict[AdvertiserId, set[date]] = {}
        """The days that are known to have data, where the answer proves nothing about the others."""

    def present_days(self, advertiser_id: AdvertiserId) -> Collection[date]:
        """The days that the answer shows to have data."""
        return self.answers.get(advertiser_id) or self.shown.get(advertiser_id) or frozenset()


class AccountDays:
    """What is known about the days of one account.

    Args:
        advertiser_id: The account.
        partitions: Its partitions that have days. Of those with the same windows, one is enough.
    """

    __slots__ = ("_by_day", "_partitions", "_spans", "advertiser_id", "first", "queries", "unanswerable")

    def __init__(self, advertiser_id: AdvertiserId, partitions: Iterable[Partition]) -> None:
        self.advertiser_id = advertiser_id
        self._partitions = tuple(partitions)
        self.first = 0
        """The number of the first query whose days are read for this account; earlier ones are about others."""
        self.unanswerable = False
        """Whether TikTok does not answer for this account, so that all its windows are read."""
        self.queries: list[ActivityQuery] = []
        """Oldest first, without a gap, each of `_DAYS` days but the last."""
        self._spans: dict[int, ActivityQuery] = {}
        """For each query that left the account out, the query without days that asks about it alone."""
        self._by_day: dict[int, ActivityQuery] = {}
        """The query about it alone by day, for each query whose days nothing else can settle."""

    def open_query(self, window: Window) -> ActivityQuery | None:
        """The query that must be answered before it is known whether the window is empty; None if there is none."""
        if self.unanswerable:
            return None
        waiting = None
        for query in self._needed_for(window):
            if not query.asked:
                return query
            waiting = waiting or query
        return waiting

    def _needed_for(self, window: Window) -> Iterator[ActivityQuery]:
        """The queries without an answer that are needed next for a window."""
        numbers = self._numbers(window)
        unanswered = [self.queries[number] for number in numbers if not self.queries[number].answered]
        if unanswered:
            yield from unanswered
        elif not self._is_shown(window):
            for number in numbers:
                yield from self._needed(number)

    def open_queries(self) -> Iterator[ActivityQuery]:
        """The queries without an answer that are needed next for any of the account's windows."""
        if self.unanswerable:
            return
        unanswered = [query for query in self.queries[self.first :] if not query.answered]
        if unanswered:
            yield from unanswered
            return
        for number in range(self.first, len(self.queries)):
            if self._decides(number):
                yield from self._needed(number)

    def _decides(self, number: int) -> bool:
        """Whether a window depends on what else is found out about the days of a joint query."""
        days = self.queries[number].window
        affected = (window for partition in self._partitions for window in partition.windows_in(days))
        return any(not self._is_shown(window) for window in affected)

    def _is_shown(self, window: Window) -> bool:
        """Whether a joint answer shows data in the window, so that it is read whatever other answers say."""
        days_with_data = [self.queries[number].present_days(self.advertiser_id) for number in self._numbers(window)]
        return any(day in present for present in days_with_data if present for day in window)

    def is_empty(self, window: Window) -> bool:
        """Whether the window is known to have no rows."""
        if self.unanswerable or self._is_shown(window):
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
        if query.answered and self.advertiser_id in query.shown:
            yield from self._needed_alone(number)
        elif not query.answered:
            yield query

    def _needed_alone(self, number: int) -> Iterator[ActivityQuery]:
        """The queries without an answer that are needed because a joint query left out the account or its days."""
        if number in self._spans or not self._is_left_out(number):
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
        left_out = [number for number in numbers if self._is_left_out(number)]
        for _, run in itertools.groupby(enumerate(left_out), lambda item: item[1] - item[0]):
            yield [number for _, number in run]

    def _is_left_out(self, number: int) -> bool:
        """Whether the answer to a joint query has no row of the account."""
        return self.queries[number].shown.get(self.advertiser_id) == set()

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
        """The number of queries that are known to be needed. Answers that leave out accounts or days add some."""
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
    groups: dict[tuple[str, date], list[tuple[date, int, AccountDays]]] = {}
    for own in by_account.values():
        account = own[0].account
        assert account is not None  # noqa: S101 - narrows the type
        first = min(partition.first or date.max for partition in own)
        last = max(partition.last or date.min for partition in own)
        window_count = sum(partition.size for partition in own)
        zone = f"{account.zone} {account.place}" if account.zone_is_known else account.advertiser_id
        days = AccountDays(account.advertiser_id, _with_different_windows(own))
        groups.setdefault((zone, last), []).append((first, window_count, days))
    for (_, last), members in groups.items():
        members.sort(key=lambda member: member[0])
        for start in range(0, len(members), TOGETHER):
            together = members[start : start + TOGETHER]
            first = together[0][0]
            if sum(window_count for _, window_count, _ in together) >= _WORTH * count_windows(first, last, _DAYS):
                yield from _group([(days, own_first) for own_first, _, days in together], first, last).items()


def _with_different_windows(partitions: Iterable[Partition]) -> Iterable[Partition]:
    """One partition for each division of days into windows: most streams of an account have the same."""
    return {(partition.first, partition.last, partition.days): partition for partition in partitions}.values()


def _group(members: Sequence[tuple[AccountDays, date]], first: date, last: date) -> Mapping[AdvertiserId, AccountDays]:
    """What will be known about accounts that share their queries.

    Args:
        members: Each account, with the first of its days.
        first: The first day of all.
        last: The last day.
    """
    group = [days for days, _ in members]
    for days, own_first in members:
        days.first = (own_first - first).days // _DAYS
    for window in windows(first, last, _DAYS):
        query = ActivityQuery(group, window)
        for days in group:
            days.queries.append(query)
    return {days.advertiser_id: days for days in group}
