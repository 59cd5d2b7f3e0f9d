"""Asks TikTok for rows of reports whose requests need a lookup first, of stores or Business Centers, as a sync does."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC
from typing import Any

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ReportStream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.plan.zones import day_in
from tiktok_marketing.sync.read.business_centers import BusinessCenters
from tiktok_marketing.sync.read.listing import Delivery, SequentialBudget
from tiktok_marketing.sync.read.parent_lists import ParentLists
from tiktok_marketing.sync.read.reports import ReportWindow
from tiktok_marketing.sync.read.store_parts import StorePartFinder


class StoreReports:
    """Counts and reads rows of all stores of an account, or of its Business Center.

    Args:
        config: The user's configuration.
        api: The client.
    """

    def __init__(self, config: Config, api: Client) -> None:
        self._config = config
        self._api = api
        self._lists = ParentLists(
            api, lambda: day_in(UTC, api.clock_reading().latest), include_deleted=config.include_deleted
        )
        self._centers = BusinessCenters(api)

    async def count(self, stream: ReportStream, advertiser_id: AdvertiserId, window: Window) -> int:
        """Return how many rows TikTok counts.

        Raises:
            ConnectorError: TikTok does not answer.
        """
        return await self._window(stream, advertiser_id, window).count()

    async def rows(self, stream: ReportStream, advertiser_id: AdvertiserId, window: Window) -> list[Any]:
        """Return the rows.

        Raises:
            ConnectorError: TikTok does not answer, or not completely.
        """
        rows: list[Any] = []
        async with aclosing(self._window(stream, advertiser_id, window).deliveries()) as deliveries:
            async for delivery in deliveries:
                if isinstance(delivery, Delivery):
                    rows += delivery.records  # type: ignore[arg-type]  # the sinks are lists
        return rows

    def _window(self, stream: ReportStream, advertiser_id: AdvertiserId, window: Window) -> ReportWindow:
        include_deleted, budget = self._config.include_deleted, SequentialBudget()
        report = ReportWindow(
            self._api,
            stream,
            Account(advertiser_id=advertiser_id),
            window,
            include_deleted=include_deleted,
            budget=budget,
        )
        report.centers = self._centers
        report.stores = StorePartFinder(self._api, advertiser_id, self._lists, budget, include_deleted=include_deleted)
        return report
