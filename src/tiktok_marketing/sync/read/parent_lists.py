"""The lists of objects that the requests of other streams come from, each read once in a sync."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import date
from typing import Any

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ObjectStream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.read.objects import ObjectLists

Records = Sequence[Mapping[str, Any]]


class ParentLists:
    """Reads lists, and remembers them.

    Args:
        api: The client.
        include_deleted: Whether to include deleted objects.
        today: Says which day it is in UTC.
    """

    def __init__(self, api: Client, today: Callable[[], date], *, include_deleted: bool) -> None:
        self._api = api
        self._today = today
        self._include_deleted = include_deleted
        self._records: dict[tuple[str, AdvertiserId], Records] = {}
        self._locks: dict[tuple[str, AdvertiserId], asyncio.Lock] = {}

    async def records(self, stream: ObjectStream, advertiser_id: AdvertiserId) -> Records:
        """The records of an account's list.

        Raises:
            ConnectorError: If the list cannot be read, or not completely. It is read again when it is next needed.
        """
        key = stream.name, advertiser_id
        async with self._locks.setdefault(key, asyncio.Lock()):  # several windows need the same list at once
            if key not in self._records:
                self._records[key] = await self._read(stream, advertiser_id)
        return self._records[key]

    def known(self, stream: ObjectStream, advertiser_id: AdvertiserId) -> Records | None:
        """The same records, if they have been read; None otherwise."""
        return self._records.get((stream.name, advertiser_id))

    async def _read(self, stream: ObjectStream, advertiser_id: AdvertiserId) -> Records:
        lists = ObjectLists(
            self._api, stream, advertiser_id, include_deleted=self._include_deleted, today=self._today()
        )
        records: list[Mapping[str, Any]] = []
        async with aclosing(lists.deliveries()) as deliveries:
            async for delivery in deliveries:
                records += delivery.records
        return records
