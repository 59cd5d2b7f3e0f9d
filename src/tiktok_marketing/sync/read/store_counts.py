"""Asks which stores accounts see, and how many requests their reports need, for a forecast."""

from __future__ import annotations

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
        stores = {}
        for account in accounts:
            with suppress(TikTokError, IncompleteReadError):
                stores[account] = store_ids(await self._lists.records(object_stream(STORES), account))
        return stores

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
