"""Finds accounts that had nothing at all, so that nothing more is asked about them: one report per Business Center.

A report of a Business Center has a row for each of its accounts, and sums up to 365 days. A row of zeros is TikTok's
word that the account had nothing. An account without a row proves nothing: it may be new, shared or left out. Nor does
a row without spend, if any other figure is above zero. Such accounts are asked about as if there were no Business
Center.

- Conversions can follow an ad for a month. So a row must also have zeros for the month before the days that are read.
- The days of a report may be those of another time zone, so it has one more day at both ends.
- A Business Center may learn of a day later than the account's own report, up to 48 hours after it. So nothing is asked
  if the next sync reads fewer days again than that (`attribution_window` below 3): it would not notice.
- The reports may lack boosted posts, so nothing is asked if the configuration includes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ReportStream
from tiktok_marketing.catalog.business_center_reports import CENTER_SUMS, IS_OF_AUCTIONS
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import Action, ConnectorError, TikTokError
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.windows import Window, windows
from tiktok_marketing.sync.plan.zones import ZONE_AHEAD_OF_ALL, day_in
from tiktok_marketing.sync.read.account_days import follows_the_account
from tiktok_marketing.sync.read.business_centers import BusinessCenters, owner_of
from tiktok_marketing.sync.read.listing import ListReader, Request
from tiktok_marketing.sync.read.report_requests import Piece, center_params, given_dimensions, refused_metrics

MANY_ACCOUNTS = 50
"""Business Centers are asked only for more accounts than this. For fewer, the usual questions are few, too."""
_FEWEST_IN_CENTER = 5
"""A Business Center with fewer accounts than this is not asked: the usual questions cost as much."""
_ATTRIBUTION = timedelta(days=32)
"""The longest time after an ad in which TikTok counts conversions."""
_OTHER_ZONE = timedelta(days=1)
_MOST_FAILURES = 2
"""After this many refusals, no other Business Center is asked."""
_AT_ONCE = 4
_LEAST_LOOKBACK = 3
"""Days that the next sync has to read again: the 48 hours that a figure may be late, and the day that they begin in."""
_PATIENCE = 60.0
"""Seconds that all of it may take. What is not known by then is asked in the usual way."""
_ESSENTIAL = frozenset({"spend", "impressions", "clicks"})
_TEXTS = frozenset({"advertiser_name", "currency", "account_type"})


class CenterQuestion(msgspec.Struct, frozen=True):
    """What is asked of one Business Center.

    Args:
        center: Its id.
        accounts: Its accounts, each with the days on which it must have had nothing.
        windows: The days of each report.
    """

    center: str
    accounts: Mapping[AdvertiserId, Window]
    windows: tuple[Window, ...]

    def needed(self, window: Window) -> frozenset[AdvertiserId]:
        """The accounts for which the answer about a window counts."""
        return frozenset(
            advertiser_id
            for advertiser_id, days in self.accounts.items()
            if days.start <= window.end and window.start <= days.end
        )


class IdleAccounts:
    """Finds the accounts of a sync that had nothing on any of its days.

    Args:
        config: The configuration.
        api: The client.
        partitions: The partitions of all streams.
        centers: The Business Centers, which the reports on them need, too; None to list them here.
    """

    def __init__(
        self, config: Config, api: Client, partitions: Iterable[Partition], centers: BusinessCenters | None = None
    ) -> None:
        self._api = api
        self._centers = centers or BusinessCenters(api)
        today = day_in(ZONE_AHEAD_OF_ALL, api.clock_reading().latest)
        self._questions = questions(partitions, today) if _may_ask(config) else []
        self._failures = 0
        self._metrics = CENTER_SUMS.source.metrics
        self.idle: set[AdvertiserId] = set()
        """The accounts that are known to have had nothing."""
        self.asked = False

    @property
    def query_count(self) -> int:
        """The number of reports to ask for, if the user has a finance role in each of the Business Centers."""
        return sum(len(question.windows) for question in self._questions)

    async def find(self) -> None:
        """Ask the Business Centers. What fails is left to the usual questions, and costs a few requests.

        Raises:
            TikTokError: If no other request can succeed.
        """
        self.asked = True
        if not self._questions:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._ask_all()
        except TimeoutError:
            self._questions = []

    async def _ask_all(self) -> None:
        try:
            centers = await self._centers.with_finance_role()
        except ConnectorError as error:
            _stop_if_useless(error)
            centers = []
        self._questions = [question for question in self._questions if question.center in centers]
        # The first one shows whether it is worth while, so it is asked alone.
        if not self._questions or not await self._ask(self._questions[0]):
            return
        waiting = iter(self._questions[1:])

        async def ask_in_turn() -> None:
            for question in waiting:
                if self._failures >= _MOST_FAILURES:
                    return
                await self._ask(question)

        await asyncio.gather(*(ask_in_turn() for _ in range(_AT_ONCE)))

    async def _ask(self, question: CenterQuestion) -> bool:
        """Ask one Business Center. Returns whether the others are worth asking.

        Raises:
            TikTokError: If no other request can succeed.
        """
        idle = set(question.accounts)
        named: set[AdvertiserId] = set()
        for window in question.windows:
            try:
                zeros, rows = await self._answer(question.center, window)
            except ConnectorError as error:
                _stop_if_useless(error)
                self._failures += 1
                return self._failures < _MOST_FAILURES
            idle -= question.needed(window) - zeros
            named |= rows
            if not idle:
                break
        self.idle |= idle
        # TikTok may leave out what has no figures. Then nobody is known to be idle, and asking others is no use.
        return bool(idle) or named >= question.accounts.keys()

    async def _answer(self, center: str, window: Window) -> tuple[set[AdvertiserId], set[AdvertiserId]]:
        """The accounts that have a row of zeros, and all that have a row.

        Raises:
            ConnectorError: If the report cannot be read completely.
        """
        while True:
            metrics = list(self._metrics)
            try:
                return await self._rows(center, window, metrics)
            except TikTokError as error:
                names = refused_metrics(error, CENTER_SUMS.source, metrics)
                if not names or names & _ESSENTIAL:
                    raise
                self._metrics = tuple(name for name in self._metrics if name not in names)

    async def _rows(
        self, center: str, window: Window, metrics: Sequence[str]
    ) -> tuple[set[AdvertiserId], set[AdvertiserId]]:
        source = CENTER_SUMS.source
        list_reader = ListReader(self._api, report_reader(CENTER_SUMS))
        request = Request(
            endpoint=CENTER_SUMS.endpoint,
            params=center_params(source, center, window, metrics),
            page_size=source.page_size,
            divisible=True,  # if it is slow, the usual questions are asked
            brief=True,
            given=given_dimensions(source, Piece(window, summed=True, center=center)),
        )
        named: set[AdvertiserId] = set()
        active: set[AdvertiserId] = set()
        async with aclosing(list_reader.read(request)) as deliveries:
            async for delivery in deliveries:
                for row in delivery.records:
                    advertiser_id = AdvertiserId(str(row.dimensions.advertiser_id))
                    named.add(advertiser_id)
                    if delivery.rejected or not _is_idle(row.metrics, metrics):
                        active.add(advertiser_id)
        if list_reader.different:  # several rows of one account: TikTok does not say which of them is right
            return set(), named
        return named - active, named


def is_answered_for(partition: Partition) -> bool:
    """Whether the partition has no rows if its account had nothing by the word of its Business Center."""
    stream = partition.stream
    return follows_the_account(partition) or (isinstance(stream, ReportStream) and stream.source.is_of_center)


def questions(partitions: Iterable[Partition], today: date) -> list[CenterQuestion]:
    """What to ask of each Business Center; nothing if the accounts are few.

    Args:
        partitions: The partitions of all streams.
        today: The last day that has begun anywhere.
    """
    days: dict[AdvertiserId, Window] = {}
    owners: dict[AdvertiserId, str] = {}
    for partition in partitions:
        account = partition.account
        if account is None or account.error is not None or not is_answered_for(partition):
            continue
        if partition.first is None or partition.last is None:
            continue
        known = days.get(account.advertiser_id, Window(partition.first, partition.last))
        days[account.advertiser_id] = Window(min(known.start, partition.first), max(known.end, partition.last))
        owners[account.advertiser_id] = owner_of(account)
    if len(days) <= MANY_ACCOUNTS:
        return []
    by_center: dict[str, dict[AdvertiserId, Window]] = {}
    for advertiser_id, window in days.items():
        if owners[advertiser_id]:
            padded = Window(window.start - _ATTRIBUTION - _OTHER_ZONE, min(window.end + _OTHER_ZONE, today))
            by_center.setdefault(owners[advertiser_id], {})[advertiser_id] = padded
    return [
        CenterQuestion(center, accounts, tuple(_windows_of(accounts.values())))
        for center, accounts in by_center.items()
        if len(accounts) >= _FEWEST_IN_CENTER
    ]


def _windows_of(days: Iterable[Window]) -> Iterable[Window]:
    """Windows with all of these days, of as many days as a report covers."""
    every = list(days)
    first, last = min(each.start for each in every), max(each.end for each in every)
    return windows(first, last, CENTER_SUMS.source.most_days)


def _may_ask(config: Config) -> bool:
    asked = config.skip_empty_days and not config.sandbox
    return asked and not config.include_promote and config.attribution_window >= _LEAST_LOOKBACK


def _is_idle(metrics: Any, asked: Iterable[str]) -> bool:
    """Whether a row says that an account had nothing: it has zeros only, and is about an account for auctions."""
    kind = metrics.account_type
    if kind is not None and IS_OF_AUCTIONS not in str(kind).upper():
        return False
    return shows_nothing({name: getattr(metrics, name) for name in asked if name not in _TEXTS})


def _stop_if_useless(error: ConnectorError) -> None:
    """Raise an error after which no other request can succeed.

    Raises:
        TikTokError: The error.
    """
    if isinstance(error, TikTokError) and error.action is Action.STOP_SYNC:
        raise error


def shows_nothing(metrics: Mapping[str, Any]) -> bool:
    """Whether a row says that nothing happened: spend, impressions and clicks are zero, and no other metric is more.

    Without these three, the row says nothing at all: TikTok may have withdrawn a metric, or left out its values.
    """
    return all(_is_zero(metrics.get(name)) for name in _ESSENTIAL) and not any(map(_is_figure, metrics.values()))


def _is_zero(value: Any) -> bool:
    try:
        return Decimal(str(value)) == 0
    except InvalidOperation:
        return False


def _is_figure(value: Any) -> bool:
    """Whether a metric shows that something happened. A text such as "<5" counts as if it did."""
    return value is not None and str(value) not in {"", "-"} and not _is_zero(value)
