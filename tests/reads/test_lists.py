"""Lists that change while they are read, and requests that are too slow, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from support import NOW, Ahead, config_for
from tiktok_marketing.api.client import Client
from tiktok_marketing.api.rate_limit.limiters import RateLimiters
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.retry_policy import RetryPolicy
from tiktok_marketing.api.transport import HttpTransport
from tiktok_marketing.catalog import Stream, stream_named
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.errors import IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.pages import Page
from tiktok_marketing.sync.events import Rows, StreamEnded
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.read.listing import ListReader, Request
from tiktok_marketing.sync.run.engine import Sync


def emulator_of(**options: Any) -> Emulator:
    """A small business without a quota, at a fixed time."""
    return Emulator(Options(**{"now": NOW, "tier": "unlimited", "days": 60, **options}))


def stream_of(name: str) -> Stream:
    """The stream with this name."""
    stream = stream_named(name)
    assert stream is not None
    return stream


@asynccontextmanager
async def client_of(
    emulator: Emulator, *, read_timeout: float = 30.0, policy: RetryPolicy | None = None
) -> AsyncIterator[Client]:
    """A client of this emulator."""
    clock = FixedClock(NOW)
    async with HttpTransport(emulator.url, read_timeout=read_timeout) as transport:
        yield Client(transport, emulator.access_token, RateLimiters(tier_of(500), clock), clock, policy=policy)


def ads_request(emulator: Emulator, page_size: int) -> Request:
    """All ads of the first account, a few per page."""
    advertiser_id = emulator.advertiser_ids[0]
    params = {"advertiser_id": advertiser_id, "filtering": {"primary_status": "STATUS_ALL"}}
    return Request(endpoint="ad/get/", params=params, page_size=page_size, advertiser_id=advertiser_id)


async def ids_of(list_reader: ListReader, request: Request) -> list[int]:
    """The ads of a list, in the order of delivery."""
    return [ad["ad_id"] async for delivery in list_reader.read(request) for ad in delivery.records]


class AdvancingReader(ObjectReader):
    """Reads ads, and advances the emulator's clock after each page."""

    def __init__(self, emulator: Emulator, pages_until: int) -> None:
        super().__init__(stream_of("ads"))
        self._emulator = emulator
        self._left = pages_until

    def read(self, body: bytes) -> Page:
        """Decode a page, then let hours pass."""
        if self._left:
            self._left -= 1
            self._emulator.clock.advance(timedelta(hours=20))
        return super().read(body)


@pytest.mark.parametrize("page_size", [7, 10, 25])
async def test_objects_created_between_two_pages_hide_none(page_size: int) -> None:
    """While ads are created (newest first, so every page shifts), each ad comes, and only once."""
    async with emulator_of() as emulator, client_of(emulator) as client:
        before = await ids_of(ListReader(client, ObjectReader(stream_of("ads"))), ads_request(emulator, 1000))
        moving = ListReader(client, AdvancingReader(emulator, 5), budget=Ahead(3))
        ids = await ids_of(moving, ads_request(emulator, page_size))
        after = emulator.truth(emulator.advertiser_ids[0], NOW.date(), NOW.date())["objects"]["ads"]["total"]
    assert len(ids) == len(set(ids))
    assert after > len(before)
    assert set(before) <= set(ids)


@pytest.mark.parametrize("page_size", [3, 7, 10])
async def test_objects_created_and_deleted_between_two_pages_hide_none(page_size: int) -> None:
    """While ads are created and deleted, so that pages shift both ways, each that stays comes, and only once."""
    async with emulator_of(ads_per_account=150) as emulator, client_of(emulator) as client:
        asked = Request(endpoint="ad/get/", params={"advertiser_id": emulator.advertiser_ids[0]}, page_size=page_size)
        whole = msgspec.structs.replace(asked, page_size=1000)
        before = await ids_of(ListReader(client, ObjectReader(stream_of("ads"))), whole)
        emulator.faults.add(Fault(path="ad/get/", every=2, times=8, advance=30 * 3600))
        ids = await ids_of(ListReader(client, ObjectReader(stream_of("ads"))), asked)
        emulator.faults.clear()
        after = await ids_of(ListReader(client, ObjectReader(stream_of("ads"))), whole)
    assert set(before) - set(after)
    assert set(after) - set(before)
    assert len(ids) == len(set(ids))
    assert set(before) & set(after) <= set(ids)


class OvercountingReader(ObjectReader):
    """Reads ads, and counts one more than there are."""

    def read(self, body: bytes) -> Page:
        """Decode a page and count one too many."""
        page = super().read(body)
        return msgspec.structs.replace(page, total_number=(page.total_number or 0) + 1)


async def test_a_list_that_stays_incomplete_is_an_error() -> None:
    """If TikTok keeps counting more rows than it delivers, reading fails with both figures."""
    async with emulator_of() as emulator, client_of(emulator) as client:
        list_reader = ListReader(client, OvercountingReader(stream_of("ads")))
        with pytest.raises(IncompleteReadError, match="rows that TikTok counts"):
            async for _ in list_reader.read(ads_request(emulator, 1000)):
                pass
        assert emulator.counters.total("ad/get/") == 4


async def read_daily(client: Client, emulator: Emulator) -> tuple[list[Any], StreamEnded]:
    """The rows of one account's daily report of ads, and how the stream ended."""
    stream = stream_of("ads_reports_daily")
    config = parse_config(config_for(emulator, start_date="2026-05-20", advertiser_ids=[emulator.advertiser_ids[0]]))
    rows: list[Any] = []
    stream_end = []
    sync = Sync(config, [Selected(stream, incremental=True)], {}, client, FixedClock(NOW))
    async for event in sync.events():
        if isinstance(event, Rows):
            rows.extend(event.records)
        if isinstance(event, StreamEnded):
            stream_end.append(event)
    (end,) = stream_end
    return rows, end


async def test_a_query_that_times_out_is_divided() -> None:
    """A report of many days that times out twice is requested in halves, and no row is lost."""
    async with emulator_of() as emulator, client_of(emulator, read_timeout=0.4) as client:
        undisturbed, _ = await read_daily(client, emulator)
        emulator.faults.add(Fault(path="report/integrated/get/", contains="start_date=2026-05-20", hang=True, times=4))
        emulator.counters.reset()
        rows, stream_end = await read_daily(client, emulator)
        windows = [
            (asked.params["start_date"], asked.params["end_date"])
            for asked in emulator.counters.requests
            if asked.path == "report/integrated/get/"
        ]
    assert stream_end.complete, stream_end.failures
    assert sorted(map(repr, rows)) == sorted(map(repr, undisturbed))
    assert max(windows.count(window) for window in windows) <= 2
    assert len(set(windows)) > 2


async def test_a_single_timeout_is_retried() -> None:
    """The request is sent once more and then answered."""
    async with emulator_of() as emulator, client_of(emulator, read_timeout=0.4) as client:
        emulator.faults.add(Fault(path="ad/get/", hang=True, first=1))
        list_reader = ListReader(client, ObjectReader(stream_of("ads")))
        assert await ids_of(list_reader, ads_request(emulator, 1000))


async def test_a_failure_that_stays_has_its_code_and_tries() -> None:
    """The error has TikTok's code, the request_id and the number of tries."""
    policy = RetryPolicy(transient=0.5)
    async with emulator_of() as emulator, client_of(emulator, policy=policy) as client:
        emulator.faults.add(Fault(path="ad/get/", code=50000))
        list_reader = ListReader(client, ObjectReader(stream_of("ads")))
        with pytest.raises(TikTokError, match=r"code 50000, request_id \w+, \d tries"):
            async for _ in list_reader.read(ads_request(emulator, 1000)):
                pass
