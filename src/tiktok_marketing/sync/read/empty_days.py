"""Finds days without data, so that reports need not request them.

One report at account level and by day answers for five accounts and thirty days at once. If it has no row for a day, no
finer report has one: the account's row includes all its campaigns, deleted ones too. This applies only to reports with
days; those over all time may list objects with zeros.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import date
from typing import Any

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import Grain, ReportSource, ReportStream, report_stream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import Action, AdsLeftOutError, FailureType, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window, count_windows, windows
from tiktok_marketing.sync.read.listing import ListReader, Request
from tiktok_marketing.sync.read.report_requests import PAGE_SIZE, refused_metrics, report_params

TOGETHER = 5
"""Accounts that one report accepts (`advertiser_ids` of `/report/integrated/get/`)."""
_DAYS = 30
_WORTH = 5
"""A query must be able to save this many windows on average. So queries add at most a fifth to the requests."""


class ActivityQuery:
    """One request for the days with data of some accounts.

    Args:
        accounts: The accounts, with what is known about their days.
        window: The days.
    """

    __slots__ = ("accounts", "answered", "answers", "asked", "window")

    def __init__(self, accounts: Sequence[AccountDays], window: Window) -> None:
        self.accounts = accounts
        self.window = window
        self.asked = False
        self.answered = False
        self.answers: dict[AdvertiserId, set[date]] = {}
        """The days with data of each account; an account that TikTok does not answer for is missing."""


class AccountDays:
    """What is known about the days of one account."""

    __slots__ = ("advertiser_id", "queries", "unanswerable")

    def __init__(self, advertiser_id: AdvertiserId) -> None:
        self.advertiser_id = advertiser_id
        self.unanswerable = False
        """Whether TikTok does not answer for this account, so that all its windows are read."""
        self.queries: list[ActivityQuery] = []
        """Oldest first, without a gap, each of `_DAYS` days but the last."""

    def open_query(self, window: Window) -> ActivityQuery | None:
        """The query that must be answered before it is known whether the window is empty; None if there is none."""
        if self.unanswerable:
            return None
        return next((query for query in self._queries_about(window) if not query.answered), None)

    def is_empty(self, window: Window) -> bool:
        """Whether the window is known to have no rows."""
        if self.unanswerable:
            return False
        query_count = 0
        for query in self._queries_about(window):
            active_days = query.answers.get(self.advertiser_id) if query.answered else None
            if active_days is None or any(window.start <= day <= window.end for day in active_days):
                return False
            query_count += 1
        return query_count > 0

    def _queries_about(self, window: Window) -> Iterator[ActivityQuery]:
        first = self.queries[0].window.start
        last = min((window.end - first).days // _DAYS, len(self.queries) - 1)
        for number in range(max(0, (window.start - first).days // _DAYS), last + 1):
            yield self.queries[number]


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
        """The number of queries."""
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
        waiting = iter([query for query in self._all() if not query.answered])

        async def ask_in_turn() -> None:
            for query in waiting:
                await self.ask(query)

        await asyncio.gather(*(ask_in_turn() for _ in range(at_once)))

    def _all(self) -> list[ActivityQuery]:
        return list({id(query): query for days in self._accounts.values() for query in days.queries}.values())

    async def ask(self, query: ActivityQuery) -> None:
        """Send a query and note its answer. If it fails, the days stay unknown: reading them will show the reason.

        Raises:
            TikTokError: If no other request can succeed.
        """
        accounts = [days for days in query.accounts if not days.unanswerable]
        try:
            query.answers.update(await self._answers(accounts, query.window))
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
        source = self._stream.source
        active_days: dict[AdvertiserId, set[date]] = {days.advertiser_id: set() for days in accounts}
        while True:
            list_reader = ListReader(self._api, report_reader(self._stream))
            metrics = [name for name in source.metrics if name not in self._refused]
            try:
                request = self._request(source, metrics, list(active_days), window, brief=brief)
                async with aclosing(list_reader.read(request)) as deliveries:
                    async for delivery in deliveries:
                        for row in delivery.records:
                            _note(row.dimensions, window, active_days)
            except TikTokError as error:
                names = refused_metrics(error, source, metrics)
                if not names:
                    raise
                self._refused |= names
            else:
                return active_days

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
        raise IncompleteReadError(f"A row has a day or an account that was not asked about: {dimensions!r}.")
    days.add(day)


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
    # same time zone share a query.
    groups: dict[tuple[str, date], list[tuple[date, int, Account]]] = {}
    for own in by_account.values():
        account = own[0].account
        assert account is not None  # noqa: S101 - narrows the type
        first = min(partition.first or date.max for partition in own)
        last = max(partition.last or date.min for partition in own)
        window_count = sum(partition.size for partition in own)
        zone = str(account.zone) if account.zone_is_known else account.advertiser_id
        groups.setdefault((zone, last), []).append((first, window_count, account))
    for (_, last), members in groups.items():
        members.sort(key=lambda member: member[0])
        for start in range(0, len(members), TOGETHER):
            together = members[start : start + TOGETHER]
            first = together[0][0]
            if sum(window_count for _, window_count, _ in together) >= _WORTH * count_windows(first, last, _DAYS):
                yield from _group([account for _, _, account in together], first, last).items()


def _group(accounts: Sequence[Account], first: date, last: date) -> Mapping[AdvertiserId, AccountDays]:
    group = [AccountDays(account.advertiser_id) for account in accounts]
    for window in windows(first, last, _DAYS):
        query = ActivityQuery(group, window)
        for days in group:
            days.queries.append(query)
    return {days.advertiser_id: days for days in group}
