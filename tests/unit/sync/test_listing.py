from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_builders import FakeClock, client, stream, success

from support import Ahead
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.errors import IncompleteReadError
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.read.listing import ListReader, Request, TooManyRows


class Lists:
    """Answers with pages of lists of ads.

    Args:
        lists: The ads of each list, by the request's `list`.
        grows: Rows by which each list is longer from its second page on.
    """

    def __init__(self, lists: Mapping[str, Sequence[int]], *, grows: int = 0) -> None:
        self._lists = lists
        self._grows = grows
        self.pages: list[tuple[str, int]] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer with the page that is asked for."""
        assert endpoint
        assert token
        name, number, size = params["list"], int(params["page"]), int(params["page_size"])
        self.pages.append((name, number))
        ads = list(self._lists[name])
        if number == 1 and self._grows:
            ads = ads[: -self._grows]
        rows = [{"ad_id": str(ad)} for ad in ads[(number - 1) * size : number * size]]
        info = {"page": number, "page_size": size, "total_number": len(ads), "total_page": -(-len(ads) // size)}
        return success({"list": rows, "page_info": info})


def walker(lists: Lists, ahead: int = 1) -> ListReader:
    """Reads these lists."""
    return ListReader(client(lists, FakeClock(), tier=tier_of(1000)), ObjectReader(stream("ads")), Ahead(ahead))


def request(name: str, page_size: int, most: int | None) -> Request:
    """A list, refused beyond so many rows."""
    return Request(endpoint="ad/get/", params={"list": name}, page_size=page_size, max_rows=most)


async def walk(reading: ListReader, asked: Request, into: list[int]) -> None:
    """Read a list, and keep what came even if it fails."""
    async for delivery in reading.read(asked):
        into += [record["ad_id"] for record in delivery.records]


@given(st.integers(0, 30), st.integers(1, 8), st.none() | st.integers(0, 35), st.integers(1, 4))
def test_a_list_is_delivered_whole_or_found_too_long(total: int, page_size: int, most: int | None, ahead: int) -> None:
    """Beyond `most` rows nothing is delivered and the count is told after one page; else each row comes once."""
    lists = Lists({"a": range(total)})
    came: list[int] = []
    if most is not None and total > most:
        with pytest.raises(TooManyRows) as caught:
            asyncio.run(walk(walker(lists, ahead), request("a", page_size, most), came))
        assert caught.value.total == total
        assert came == []
        assert lists.pages == [("a", 1)]
    else:
        asyncio.run(walk(walker(lists, ahead), request("a", page_size, most), came))
        assert came == list(range(total))


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 6))
def test_what_an_earlier_part_had_does_not_count(first: int, second: int, page_size: int) -> None:
    """A later part is measured by its own rows: it is read up to `most`, and refused beyond, before it delivers any."""
    lists = Lists({"a": range(first), "b": range(100, 100 + second)})
    reading = walker(lists)
    came: list[int] = []
    asyncio.run(walk(reading, request("a", page_size, first), came))
    with pytest.raises(TooManyRows):
        asyncio.run(walk(reading, request("b", page_size, second - 1), came))
    assert came == list(range(first))
    asyncio.run(walk(reading, request("b", page_size, second), came))
    assert came == [*range(first), *range(100, 100 + second)]


async def test_a_list_that_grows_too_long_while_it_is_read_is_read_on() -> None:
    """Rows of it were delivered already, so it is too late to ask for smaller parts."""
    came: list[int] = []
    await walk(walker(Lists({"a": range(9)}, grows=2)), request("a", 4, 7), came)
    assert came == list(range(9))


class MovingList:
    """Answers with pages of a list, newest first, that changes before pages are answered.

    Args:
        ads: What it holds at first.
        changes: For each page answered, how many ads are created and the places of those that are deleted.
    """

    def __init__(self, ads: int, changes: Sequence[tuple[int, Sequence[int]]]) -> None:
        self.ads = list(range(ads))
        self.stayed = set(self.ads)
        self._changes = list(changes)
        self._next = 1000

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Let it change, then answer with the page that is asked for."""
        assert endpoint
        assert token
        if self._changes:
            created, deleted = self._changes.pop(0)
            for place in deleted:
                if self.ads:
                    self.stayed.discard(self.ads.pop(place % len(self.ads)))
            for _ in range(created):
                self.ads.insert(0, self._next)
                self._next += 1
        number, size = int(params["page"]), int(params["page_size"])
        rows = [{"ad_id": str(ad)} for ad in self.ads[(number - 1) * size : number * size]]
        pages = -(-len(self.ads) // size)
        info = {"page": number, "page_size": size, "total_number": len(self.ads), "total_page": pages}
        return success({"list": rows, "page_info": info})


async def all_of(lists: MovingList | Answering, page_size: int) -> list[int]:
    """What a walk of the list delivers."""
    reading = ListReader(client(lists, FakeClock(), tier=tier_of(1000)), ObjectReader(stream("ads")))
    asked = Request(endpoint="ad/get/", params={}, page_size=page_size)
    return [record["ad_id"] async for delivery in reading.read(asked) for record in delivery.records]


async def test_what_a_deletion_hides_between_two_pages_is_found() -> None:
    """A page that moved up by one hides a record though as many came as there are in the end."""
    lists = MovingList(10, [(0, []), (0, [1])])
    assert set(await all_of(lists, 5)) == set(range(10))


CHANGES = st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 30), max_size=2)), max_size=6)


@settings(max_examples=300)
@given(st.integers(0, 24), st.integers(1, 6), CHANGES)
def test_what_stays_while_a_list_moves_comes_once(
    ads: int, page_size: int, changes: list[tuple[int, list[int]]]
) -> None:
    """However ads are created and deleted between pages, none that stays is lost, and none comes twice."""
    lists = MovingList(ads, changes)
    came = asyncio.run(all_of(lists, page_size))
    assert len(came) == len(set(came))
    assert lists.stayed <= set(came)


class ReplacedList(Lists):
    """Is another list once its first page was answered."""

    def __init__(self, first: Sequence[int], then: Sequence[int]) -> None:
        super().__init__({"a": first})
        self._then = then

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer, and change."""
        reply = await super().send(endpoint, params, token)
        self._lists = {"a": self._then}
        return reply


async def test_growth_that_makes_up_for_a_deletion_hides_nothing() -> None:
    """As many come as there are, and yet one has moved onto the page before: growth is not believed at once."""
    came: list[int] = []
    await walk(walker(ReplacedList([9, 1, 2, 3], [1, 2, 3, 4, 5, 6, 7])), request("a", 3, None), came)
    assert came == [9, 1, 2, 4, 5, 6, 7, 3]


class WithoutOne(MovingList):
    """Counts an ad that it never gives."""

    def __init__(self, ads: int, changes: Sequence[tuple[int, Sequence[int]]], without: int) -> None:
        super().__init__(ads, changes)
        self._without = without

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer as if it was there, but for its record."""
        reply = await super().send(endpoint, params, token)
        told = json.loads(reply.body)
        rows = told["data"]["list"]
        told["data"]["list"] = [row for row in rows if row["ad_id"] != str(self._without)]
        return Reply(reply.status, reply.headers, json.dumps(told).encode())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([], "gave 9 of the 10 rows it says there are, 4 times over"),
        ([(0, []), (0, []), (0, [0])], "gave 8 of the 9 rows"),
        ([(0, []), (0, []), (1, [9])], "gave 9 of the 10 rows"),
        ([(0, []), (0, []), (1, [0])], "gave 9 of the 10 rows"),
        ([(0, []), (0, []), (0, []), (0, []), (1, [1])], "gave 9 of the 10 rows"),
        ([(0, [])] * 6 + [(1, [9])], "gave 9 of the 10 rows"),
    ],
)
async def test_what_was_deleted_does_not_stand_in_for_what_never_came(
    changes: list[tuple[int, list[int]]], said: str
) -> None:
    """Ads that came and are gone, and others that came since, must not make up for one that is there."""
    with pytest.raises(IncompleteReadError, match=said):
        await all_of(WithoutOne(10, changes, 7), 5)


class Answering:
    """Answers each page as it is told to.

    Args:
        answer: Makes an answer's data of the number and the size of a page.
    """

    def __init__(self, answer: Callable[[int, int], dict[str, Any]]) -> None:
        self._answer = answer
        self.requests = 0

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer."""
        assert endpoint
        assert token
        self.requests += 1
        return success(self._answer(int(params["page"]), int(params["page_size"])))


def page_of(ads: Sequence[int], number: int, size: int) -> dict[str, Any]:
    """A page of a list, as TikTok would give it."""
    rows = [{"ad_id": str(ad)} for ad in ads[(number - 1) * size : number * size]]
    info = {"page": number, "page_size": size, "total_number": len(ads), "total_page": -(-len(ads) // size)}
    return {"list": rows, "page_info": info}


@pytest.mark.parametrize("empty", [{2}, {4}, {2, 3, 4}], ids=["amid", "last", "all but one"])
@pytest.mark.parametrize("tells", [{"total_number": 0, "total_page": 0}, {}, {"total_number": 15, "total_page": 3}])
async def test_an_empty_page_is_no_proof_of_anything(empty: set[int], tells: dict[str, int]) -> None:
    """Deep pages of a list may come empty, and may tell of no records at all: those of other pages count."""

    def answer(number: int, size: int) -> dict[str, Any]:
        if number in empty:
            return {"list": [], "page_info": tells}
        return page_of(range(20), number, size)

    lists = Answering(answer)
    with pytest.raises(IncompleteReadError, match=f"gave {20 - 5 * len(empty)} of the 20 rows .* 4 times over"):
        await all_of(lists, 5)
    assert lists.requests == 16


@pytest.mark.parametrize("seed", range(30))
async def test_an_order_that_is_not_stable_hides_nothing(seed: int) -> None:
    """Neighbours change places between two pages, so that each walk may miss some: together they have all."""
    rng = random.Random(seed)

    def answer(number: int, size: int) -> dict[str, Any]:
        ads = list(range(40))
        for _ in range(8):
            place = rng.randrange(39)
            ads[place], ads[place + 1] = ads[place + 1], ads[place]
        return page_of(ads, number, size)

    assert sorted(await all_of(Answering(answer), 5)) == list(range(40))


async def test_a_list_that_grows_all_the_time_is_read_three_times() -> None:
    """As today's rows do: what is new since the last walk began is for the next sync, and costs this one no more."""
    ads = list(range(40))

    def answer(number: int, size: int) -> dict[str, Any]:
        ads.insert(0, 1000 + len(ads))
        return page_of(ads, number, size)

    lists = Answering(answer)
    assert set(range(40)) <= set(await all_of(lists, 5))
    assert lists.requests < 45


@pytest.mark.parametrize("place", ["front", "anywhere", "end"])
@pytest.mark.parametrize("growth", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(3))
async def test_growth_does_not_stand_in_for_what_never_came(place: str, growth: float, seed: int) -> None:
    """New records come behind the page that is being read, but the page that lacks one is not full by its own count."""
    rng = random.Random(seed)
    ads = list(range(500))

    def answer(number: int, size: int) -> dict[str, Any]:
        if rng.random() < growth:
            ads.insert({"front": 0, "end": len(ads)}.get(place, rng.randrange(len(ads))), 1000 + len(ads))
        page = page_of(ads, number, size)
        page["list"] = [row for row in page["list"] if row["ad_id"] != "250"]
        return page

    with pytest.raises(IncompleteReadError):
        await all_of(Answering(answer), 50)


@pytest.mark.parametrize("deleted", [0.1, 0.3])
@pytest.mark.parametrize("seed", range(20))
async def test_a_list_that_only_shrinks_is_whole(deleted: float, seed: int) -> None:
    """However much is deleted between its pages: what is left was there all the time."""
    rng = random.Random(seed)
    lists = MovingList(500, [(0, [rng.randrange(450)] if rng.random() < deleted else []) for _ in range(400)])
    assert lists.stayed <= set(await all_of(lists, 50))


def test_too_long_a_list_says_how_long() -> None:
    """For whoever reads a log."""
    assert "41,000 rows" in str(TooManyRows(41_000, 40_000))
