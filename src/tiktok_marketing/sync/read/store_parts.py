"""Finds out which stores, campaigns and products a GMV Max report has rows of, because its requests must name them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ReportStream, StoreRequests, object_stream, report_stream
from tiktok_marketing.catalog.gmv_max_reports import ABOVE, STORE_DIMENSION, STORES
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import Budget, ListReader, Request
from tiktok_marketing.sync.read.parent_lists import ParentLists
from tiktok_marketing.sync.read.report_requests import PAGE_SIZE, Piece, StorePart, given_dimensions, piece_params

_IDS_PER_FILTER = 100
"""The most ids that one filter accepts (`/gmv_max/report/get/`)."""
_FIELDS = {"campaign_ids": "campaign_id", "item_group_ids": "item_group_id", "room_ids": "room_id"}
"""The dimension that has the ids of a filter."""
_METRICS = ("cost",)


class StorePartFinder:
    """Finds the parts of one account's GMV Max reports.

    Args:
        api: The client.
        advertiser_id: The account.
        lists: The lists that were read in this sync.
        budget: How much of the quota it may use.
        include_deleted: Whether to include rows of deleted campaigns.
    """

    def __init__(
        self, api: Client, advertiser_id: AdvertiserId, lists: ParentLists, budget: Budget, *, include_deleted: bool
    ) -> None:
        self._api = api
        self._advertiser_id = advertiser_id
        self._lists = lists
        self._budget = budget
        self._include_deleted = include_deleted

    async def parts(self, requests: StoreRequests, window: Window | None) -> list[StorePart]:
        """The parts of a report, each small enough for the filters of one request; none without stores.

        Args:
            requests: How the report is divided.
            window: The days of the report.

        Raises:
            ConnectorError: If the stores, or the objects in them, cannot be listed.
        """
        stores = await self._lists.records(object_stream(STORES), self._advertiser_id)
        ids = dict.fromkeys(str(store[STORE_DIMENSION]) for store in stores if store.get(STORE_DIMENSION))
        parts = [StorePart(store_id) for store_id in ids]
        for name in requests.filters:
            report = report_stream(ABOVE[requests.promotion, name])
            parts = [smaller for part in parts for smaller in await self._divided(part, name, report, window)]
        return parts

    async def _divided(
        self, part: StorePart, name: str, report: ReportStream, window: Window | None
    ) -> list[StorePart]:
        """A part with the ids of one filter more, which the rows of the report on these objects have."""
        rows = await self._rows(report, Piece(window, store=part))
        return list(filtered_parts(part, name, rows))

    async def _rows(self, report: ReportStream, piece: Piece) -> Sequence[Mapping[str, Any]]:
        list_reader = ListReader(self._api, report_reader(report), self._budget)
        request = Request(
            endpoint=report.endpoint,
            params=piece_params(
                report.source, self._advertiser_id, piece, _METRICS, every_status=self._include_deleted
            ),
            page_size=PAGE_SIZE,
            advertiser_id=self._advertiser_id,
            given=given_dimensions(report.source, piece),
        )
        rows: list[Mapping[str, Any]] = []
        async with aclosing(list_reader.read(request)) as deliveries:
            async for delivery in deliveries:
                rows += [msgspec.structs.asdict(row.dimensions) for row in delivery.records]
        return rows


def filtered_parts(part: StorePart, name: str, rows: Iterable[Mapping[str, Any]]) -> Iterable[StorePart]:
    """Parts with at most as many ids per filter as a request accepts. No row of the report belongs to two of them."""
    campaigns: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        if row.get(_FIELDS[name]) is not None:
            campaigns[str(row[_FIELDS[name]])][str(row.get("campaign_id"))] = None
    ids = list(campaigns)
    for start in range(0, len(ids), _IDS_PER_FILTER):
        chosen = ids[start : start + _IDS_PER_FILTER]
        of_them = tuple(dict.fromkeys(each for object_id in chosen for each in campaigns[object_id]))
        filters = {**dict(part.filters), name: tuple(chosen), "campaign_ids": of_them}
        yield StorePart(part.store_id, tuple(filters.items()))
