"""Which days of which accounts have anything at all, so that the others need not be asked for by every report.

One report at account level and by day answers for five accounts and thirty days at once. A day without a row there has
none in any finer report: the account's row counts whatever its campaigns, deleted ones too, brought about. Only reports
with days are concerned; those that sum up all time may list objects with zeros.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import date
from typing import Any

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import Grain, ReportSource, ReportStream, report_stream
from tiktok_marketing.config import Config
from tiktok_marketing.errors import Action, AdsLeftOutError, FailureType, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window, count_windows, windows
from tiktok_marketing.sync.read.listing import ListReader, Request
from tiktok_marketing.sync.read.report_requests import PAGE_SIZE, refused_metrics, report_params

TOGETHER = 5
"""Accounts that one report takes (`advertiser_ids` of `/report/integrated/get/`)."""
_DAYS = 30
_WORTH = 5
"""Windows that a question must be able to spare, on average, to be worth asking: a fifth more requests at worst."""


class ActivityQuery:
    """Days of some accounts that are asked about at once.

    Args:
        accounts: What is known of each of them.
        window: The days.
    """

    __slots__ = ("accounts", "answered", "answers", "asked", "window")

    def __init__(self, accounts: Sequence[AccountDays], window: Window) -> None:
        self.accounts = accounts
        self.window = window
        self.asked = False
        self.answered = False
        self.answers: dict[str, set[date]] = {}
        """Account to its days with data; an account that could not be asked about is missing."""


class AccountDays:
    """What is known of the days of one account."""

    __slots__ = ("advertiser_id", "queries", "unanswerable")

    def __init__(self, advertiser_id: str) -> None:
        self.advertiser_id = advertiser_id
        self.unanswerable = False
        """Whether TikTok does not answer for this account: its windows are then asked for as if nothing was known."""
        self.queries: list[ActivityQuery] = []
        """Oldest first, without a gap, each of `_DAYS` days but the last."""

    def open_query(self, window: Window) -> ActivityQuery | None:
        """What must be asked before it is known whether the window is empty; None if nothing."""
        if self.unanswerable:
            return None
        return next((question for question in self._about(window) if not question.answered), None)

    def is_empty(self, window: Window) -> bool:
        """Whether it is known that the window has no rows."""
        if self.unanswerable:
            return False
        covered = 0
        for question in self._about(window):
            active = question.answers.get(self.advertiser_id) if question.answered else None
            if active is None or any(window.start <= day <= window.end for day in active):
                return False
            covered += 1
        return covered > 0

    def _about(self, window: Window) -> Iterator[ActivityQuery]:
        first = self.queries[0].window.start
        last = min((window.end - first).days // _DAYS, len(self.queries) - 1)
        for number in range(max(0, (window.start - first).days // _DAYS), last + 1):
            yield self.queries[number]


class EmptyDayFinder:
    """Finds out which days have anything.

    Args:
        api: Where to ask.
        parts: What is to be read, of all streams.
    """

    def __init__(self, api: Client, parts: Iterable[Partition]) -> None:
        self._api = api
        self._stream = report_stream("advertisers_reports_daily")
        self._refused: set[str] = set()
        self._accounts = dict(_accounts_of(parts))

    @classmethod
    def of_sync(cls, config: Config, api: Client, parts: Iterable[Partition]) -> EmptyDayFinder:
        """What a sync finds out, as it is configured: nothing if that is switched off.

        The sandbox has no reports at account level.
        """
        return cls(api, parts if config.skip_empty_days and not config.sandbox else ())

    def of(self, part: Partition) -> AccountDays | None:
        """What is known of the account; None if its windows are to be asked for without a question first."""
        return self._accounts.get(part.account.advertiser_id) if part.account and has_days(part) else None

    @property
    def endpoint(self) -> str:
        """Where questions are asked."""
        return self._stream.endpoint

    @property
    def query_count(self) -> int:
        """How many questions there are."""
        return len(self._all())

    @property
    def open_query_count(self) -> int:
        """How many of them have not been answered."""
        return sum(not question.answered for question in self._all())

    async def ask_all(self, at_once: int) -> None:
        """Ask whatever has no answer yet, at the pace of the quota.

        Args:
            at_once: How many questions may be under way.

        Raises:
            TikTokError: If nothing can succeed any more.
        """
        waiting = iter([question for question in self._all() if not question.answered])

        async def ask_in_turn() -> None:
            for question in waiting:
                await self.ask(question)

        await asyncio.gather(*(ask_in_turn() for _ in range(at_once)))

    def _all(self) -> list[ActivityQuery]:
        return list({id(one): one for days in self._accounts.values() for one in days.queries}.values())

    async def ask(self, question: ActivityQuery) -> None:
        """Ask, and note the answer. What cannot be learned is left unknown: the reports themselves will say why.

        Raises:
            TikTokError: If nothing can succeed any more.
        """
        accounts = [days for days in question.accounts if not days.unanswerable]
        try:
            question.answers.update(await self._active_days(accounts, question.window))
        except TikTokError as error:
            if error.action is Action.STOP_SYNC:
                raise
            if error.action is Action.FAIL_STREAM:
                self._give_up()
            elif error.failure_type is not FailureType.TRANSIENT:
                await self._ask_one_by_one(accounts, question)
        except (IncompleteReadError, AdsLeftOutError):
            pass
        finally:
            question.answered = True

    async def _ask_one_by_one(self, accounts: Sequence[AccountDays], question: ActivityQuery) -> None:
        """One account has spoiled the answer for the others."""
        for days in accounts:
            if len(accounts) > 1:
                try:
                    question.answers.update(await self._active_days([days], question.window))
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

    async def _active_days(self, accounts: Sequence[AccountDays], window: Window) -> dict[str, set[date]]:
        source = self._stream.source
        found: dict[str, set[date]] = {days.advertiser_id: set() for days in accounts}
        while True:
            walker = ListReader(self._api, report_reader(self._stream))
            try:
                async with aclosing(walker.read(self._request(source, list(found), window))) as deliveries:
                    async for delivery in deliveries:
                        for row in delivery.records:
                            _note(row.dimensions, window, found)
            except TikTokError as error:
                names = refused_metrics(error) & source.optional - self._refused
                if not names:
                    raise
                self._refused |= names
            else:
                return found

    def _request(self, source: ReportSource, advertiser_ids: list[str], window: Window) -> Request:
        only = advertiser_ids[0] if len(advertiser_ids) == 1 else None
        who = {"advertiser_id": only} if only else {"advertiser_ids": advertiser_ids}
        metrics = [name for name in source.metrics if name not in self._refused]
        return Request(
            endpoint=self._stream.endpoint,
            params={**who, **report_params(source, metrics, window)},
            page_size=PAGE_SIZE,
            advertiser_id=only,
            divisible=True,  # if it is slow the reports are asked for without it
        )


def _note(dimensions: Any, window: Window, found: Mapping[str, set[date]]) -> None:
    """Note the day and the account of a row.

    Raises:
        IncompleteReadError: If it is not one of those that were asked about: then the answer says nothing of these.
    """
    days = found.get(str(dimensions.advertiser_id))
    try:
        day = date.fromisoformat(dimensions.stat_time_day[:10])
    except (TypeError, ValueError):
        days = day = None
    if days is None or day is None or not window.start <= day <= window.end:
        raise IncompleteReadError(f"A row is of no day or account that was asked about: {dimensions!r}.")
    days.add(day)


def has_days(part: Partition) -> bool:
    """Whether the part is a report with days, which may be empty."""
    return isinstance(part.stream, ReportStream) and part.stream.source.grain in {Grain.DAY, Grain.HOUR}


def _accounts_of(parts: Iterable[Partition]) -> Iterator[tuple[str, AccountDays]]:
    """The accounts for which asking first may spare more than it costs."""
    wanted: dict[str, list[Partition]] = {}
    for part in parts:
        if has_days(part) and part.account is not None and part.account.error is None:
            wanted.setdefault(part.account.advertiser_id, []).append(part)
    # TikTok does not say whose days the rows of several accounts are in, so only those of one time zone go together.
    groups: dict[tuple[str, date], list[tuple[date, int, Account]]] = {}
    for own in wanted.values():
        account = own[0].account
        assert account is not None  # noqa: S101 - narrows the type
        first, last = min(part.first or date.max for part in own), max(part.last or date.min for part in own)
        spared = sum(part.size for part in own)
        zone = str(account.zone) if account.zone_is_known else account.advertiser_id
        groups.setdefault((zone, last), []).append((first, spared, account))
    for (_, last), members in groups.items():
        members.sort(key=lambda member: member[0])
        for start in range(0, len(members), TOGETHER):
            together = members[start : start + TOGETHER]
            first = together[0][0]
            if sum(spared for _, spared, _ in together) >= _WORTH * count_windows(first, last, _DAYS):
                yield from _group([account for _, _, account in together], first, last).items()


def _group(accounts: Sequence[Account], first: date, last: date) -> Mapping[str, AccountDays]:
    group = [AccountDays(account.advertiser_id) for account in accounts]
    for window in windows(first, last, _DAYS):
        question = ActivityQuery(group, window)
        for days in group:
            days.queries.append(question)
    return {days.advertiser_id: days for days in group}
