"""How many pages are asked for at once, and what is held of them: no answer is kept longer than its records need."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace
from unit_builders import FakeClock, client, refusal, stream

from support import Ahead
from tiktok_marketing.api.body_budget import BodyBudget
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import AdsLeftOutError, TikTokError
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.pages import Page
from tiktok_marketing.sync.decode.report_file import ReportFile
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.read.listing import ListReader, Request

SIZE = 2
ADS = Request(endpoint="ad/get/", params={}, page_size=SIZE, advertiser_id=AdvertiserId("7001"))


class Server:
    """A list of ads whose pages arrive when they may.

    Args:
        count: How many ads there are.
        counted: Whether TikTok says so.
    """

    def __init__(self, count: int, *, counted: bool = True) -> None:
        self._count = count
        self._counted = counted
        self.budget = BodyBudget(10**9)
        self.held: dict[int, asyncio.Event] = {}
        """Pages that arrive only when their event is set."""
        self.instead: dict[int, Reply] = {}
        """Answers in place of pages."""
        self.asked: list[int] = []
        self.most_at_once = 0
        self.at_once: list[int] = []
        self.given_up: list[int] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer with the page that is asked for, and reserve its bytes."""
        assert endpoint
        assert token
        number = int(params["page"])
        self.asked.append(number)
        self.at_once.append(number)
        self.most_at_once = max(self.most_at_once, len(self.at_once))
        try:
            await (self.held[number].wait() if number in self.held else asyncio.sleep(0))
        except asyncio.CancelledError:
            self.given_up.append(number)
            raise
        finally:
            self.at_once.remove(number)
        reply = self.instead.get(number) or self._page(number)
        return Reply(reply.status, reply.headers, reply.body, await self.budget.reserve(endpoint, len(reply.body)))

    def _page(self, number: int) -> Reply:
        ids = range(1 + (number - 1) * SIZE, 1 + min(number * SIZE, self._count))
        info = {"total_number": self._count, "total_page": -(-self._count // SIZE)} if self._counted else {}
        body = {"code": 0, "message": "", "data": {"list": [{"ad_id": str(each)} for each in ids], "page_info": info}}
        return Reply(200, {}, json.dumps(body).encode())


def reader(server: Server, ahead: int = 1) -> ListReader[Any]:
    """A reader with so many pages at once."""
    return ListReader(
        client(server, FakeClock(), tier=tier_of(1000)),
        ObjectReader(stream("ads")),
        Ahead(ahead),  # type: ignore[arg-type]
    )


async def ids_of(reading: ListReader[Any], request: Request = ADS) -> list[int]:
    """The ads that are delivered."""
    return [each["ad_id"] async for delivery in reading.read(request) for each in delivery.records]


@pytest.mark.parametrize(("ahead", "most"), [(0, 1), (1, 1), (2, 2), (3, 3), (9, 5)])
async def test_as_many_pages_are_in_flight_as_the_quota_allows(ahead: int, most: int) -> None:
    """After the first, which shows how many there are. One is always allowed."""
    server = Server(12)
    assert sorted(await ids_of(reader(server, ahead))) == [*range(1, 13)]
    assert server.most_at_once == most
    assert server.asked[0] == 1
    assert sorted(server.asked) == [*range(1, 7)]


async def test_one_page_after_the_last_full_one_is_asked_for_if_nothing_is_counted() -> None:
    """It is empty, so it is the last."""
    server = Server(4, counted=False)
    assert await ids_of(reader(server, 3)) == [1, 2, 3, 4]
    assert server.asked == [1, 2, 3]
    assert server.most_at_once == 1


async def test_pages_are_delivered_as_they_arrive() -> None:
    """A late one keeps none of the others in memory."""
    server = Server(8)
    server.held = {2: asyncio.Event()}
    delivered: list[int] = []
    async for delivery in reader(server, 3).read(ADS):
        delivered += [each["ad_id"] for each in delivery.records]
        if len(delivered) == 6:
            server.held[2].set()
    assert delivered == [1, 2, 5, 6, 7, 8, 3, 4]


async def test_an_answer_is_held_while_its_records_are_delivered() -> None:
    """And no longer, so that others may arrive. Its text goes first."""
    server = Server(6)
    reading = reader(server)
    pages: list[Page[Any]] = []
    reading.observe = lambda _, page: pages.append(page)
    held: list[int] = []
    async for _ in reading.read(ADS):
        held.append(server.budget.reserved)
        with pytest.raises(RuntimeError, match="released"):
            pages[-1].raw.rows()
    assert held == [len(server._page(number).body) for number in (1, 2, 3)]
    assert server.budget.reserved == 0


async def test_a_page_that_fails_ends_the_others() -> None:
    """One has arrived, and one has not. Neither is held."""
    server = Server(8)
    server.held = {number: asyncio.Event() for number in (2, 4)}
    server.instead = {2: refusal(40300, "no")}
    reading = reader(server, 3)

    async def read() -> None:
        async for _ in reading.read(ADS):
            if server.at_once == [2, 4]:
                server.held[2].set()

    with pytest.raises(TikTokError, match="no"):
        await read()
    assert server.given_up == [4]
    assert server.budget.reserved == 0


async def test_a_reader_that_stops_early_holds_nothing() -> None:
    """Pages that have arrived are dropped, others are not waited for."""
    server = Server(8)
    server.held = {4: asyncio.Event()}
    deliveries = reader(server, 3).read(ADS)
    await anext(deliveries)
    await anext(deliveries)
    for _ in range(50):
        await asyncio.sleep(0)
    assert server.at_once == [4]
    assert server.budget.reserved > 0
    await deliveries.aclose()
    assert server.given_up == [4]
    assert server.budget.reserved == 0


async def test_a_look_holds_nothing() -> None:
    """Nor does a report that is cut."""
    server = Server(8)
    assert (await reader(server).look(ADS)).total == 8
    assert server.budget.reserved == 0
    server.instead = {1: replace(server._page(1), headers={"X-Tt-Ads-Throttle": "20k"})}
    with pytest.raises(AdsLeftOutError):
        await ids_of(reader(server))
    assert server.budget.reserved == 0


class File(ReportFile):
    """A file that knows which pages were taken from it."""

    def page(self, number: int, size: int) -> bytes:
        """Note the page."""
        self.taken = [*getattr(self, "taken", []), (number, size)]
        return super().page(number, size)


@pytest.mark.parametrize("size", [2, None])
async def test_a_file_is_read_one_page_at_a_time(size: int | None) -> None:
    """Whatever the quota is: pages of a file wait for nobody. Without pages it is one."""
    file = File(b"ad_id\n1\n2\n3\n4\n5\n", {"ad_id": ("ad_id",)}, ())
    report: ListReader[Any] = ListReader(
        client(Server(0), FakeClock()),
        report_reader(stream("ads_reports_lifetime")),
        Ahead(3),  # type: ignore[arg-type]
    )
    taken: list[int] = []
    ads: list[int] = []
    async for delivery in report.read(replace(ADS, endpoint="report/integrated/get/", page_size=size, file=file)):
        taken.append(len(file.taken))
        ads += [each.dimensions.ad_id for each in delivery.records]
    assert ads == [1, 2, 3, 4, 5]
    assert taken == ([1, 2, 3] if size else [1])
    assert file.taken == ([(1, 2), (2, 2), (3, 2)] if size else [(1, 5)])
