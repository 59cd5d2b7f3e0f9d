"""What is known of the days of an account on which it has data, and which questions are still open. Pure.

`empty_days` asks the questions, and says why only they may pass over a day.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from tiktok_marketing.catalog import ReportStream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window, count_windows, windows

TOGETHER = 5
"""Accounts that one report accepts (`advertiser_ids` of `/report/integrated/get/`)."""
_DAYS = 30
_QUERIES_PER_SPAN = 12
"""Queries by day that one without days can take the place of: a report without days accepts 365."""
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

    __slots__ = (
        "_by_day",
        "_partitions",
        "_spans",
        "advertiser_id",
        "first",
        "has_nothing",
        "queries",
        "unanswerable",
    )

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
        self.has_nothing = False
        """Whether it is known to have no data on any day that is read."""

    @classmethod
    def without_data(cls, advertiser_id: AdvertiserId) -> AccountDays:
        """An account that is known to have no data on any day that is read, so that there are no queries about it."""
        days = cls(advertiser_id, ())
        days.has_nothing = True
        return days

    def open_query(self, window: Window) -> ActivityQuery | None:
        """The query that must be answered before it is known whether the window is empty; None if there is none."""
        if self.unanswerable or self.has_nothing:
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
        if self.has_nothing:
            return True
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


def follows_the_account(partition: Partition) -> bool:
    """Whether the stream has no row on days on which the account's own report has none."""
    stream = partition.stream
    return isinstance(stream, ReportStream) and stream.is_empty_with_account and not stream.source.widening_filters


def accounts_of(partitions: Iterable[Partition]) -> Iterator[tuple[AdvertiserId, AccountDays]]:
    """The accounts for which queries may save more requests than they cost."""
    by_account: dict[AdvertiserId, list[Partition]] = {}
    for partition in partitions:
        if follows_the_account(partition) and partition.account is not None and partition.account.error is None:
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
