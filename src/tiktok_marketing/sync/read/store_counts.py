"""Asks which stores accounts see, and how many requests their reports need, before anything is read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, timedelta

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ReportStream, object_stream
from tiktok_marketing.catalog.gmv_max_reports import STORES
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import IncompleteReadError, TikTokError
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.plan.zones import day_in
from tiktok_marketing.sync.read.listing import SequentialBudget
from tiktok_marketing.sync.read.parent_lists import ParentLists
from tiktok_marketing.sync.read.store_parts import StorePartFinder, store_ids

_AT_ONCE = 20
"""How many accounts are asked about at once."""
_MOST_DAYS = 365
"""The most days of a report without a time dimension (`/gmv_max/report/get/`)."""


class StoreCounts:
    """Asks TikTok for the stores of accounts and for what is in them.

    Args:
        config: The configuration.
        api: The client.
    """

    def __init__(self, config: Config, api: Client) -> None:
        self._api = api
        self._include_deleted = config.include_deleted
        self._lists = ParentLists(
            api, lambda: day_in(UTC, api.clock_reading().latest), include_deleted=config.include_deleted
        )

    async def seen(self, accounts: Sequence[AdvertiserId]) -> dict[AdvertiserId, list[str]]:
        """The stores that accounts see, as far as TikTok lists them."""
        stores: dict[AdvertiserId, list[str]] = {}
        turn = asyncio.Semaphore(_AT_ONCE)

        async def ask(account: AdvertiserId) -> None:
            with suppress(TikTokError, IncompleteReadError):
                async with turn:
                    stores[account] = store_ids(await self._lists.records(object_stream(STORES), account))

        await asyncio.gather(*map(ask, accounts))
        return {account: stores[account] for account in accounts if account in stores}

    async def requests(self, report: ReportStream, account: Account, days: Window) -> int:
        """How many requests a window of a report by store needs, if it has what all these days have together.

        Raises:
            ConnectorError: TikTok does not answer.
        """
        assert report.source.stores is not None  # noqa: S101 - the caller looked
        finder = StorePartFinder(
            self._api,
            account.advertiser_id,
            self._lists,
            SequentialBudget(),
            include_deleted=self._include_deleted,
        )
        first = max(days.start, days.end - timedelta(days=_MOST_DAYS - 1))
        return await finder.count_requests(report.source.stores, Window(first, days.end))
