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


def list_reader(lists: Lists, ahead: int = 1) -> ListReader:
    """A reader of these lists."""
    return ListReader(client(lists, FakeClock(), tier=tier_of(1000)), ObjectReader(stream("ads")), Ahead(ahead))


def request(name: str, page_size: int, max_rows: int | None) -> Request:
    """A list, with a limit on its rows."""
    return Request(endpoint="ad/get/", params={"list": name}, page_size=page_size, max_rows=max_rows)


async def read_list(reading: ListReader, request: Request, rows: list[int]) -> None:
    """Read a list, and collect its rows even if it fails."""
    async for delivery in reading.read(request):
        rows += [record["ad_id"] for record in delivery.records]


@given(st.integers(0, 30), st.integers(1, 8), st.none() | st.integers(0, 35), st.integers(1, 4))
def test_a_list_is_delivered_completely_or_found_too_long(
    total: int, page_size: int, max_rows: int | None, ahead: int
) -> None:
    """Beyond the limit, nothing is delivered and the error has the count; otherwise each row comes once."""
    lists = Lists({"a": range(total)})
    rows: list[int] = []
    if max_rows is not None and total > max_rows:
        with pytest.raises(TooManyRows) as caught:
            asyncio.run(read_list(list_reader(lists, ahead), request("a", page_size, max_rows), rows))
        assert caught.value.total == total
        assert rows == []
        assert lists.pages == [("a", 1)]
    else:
        asyncio.run(read_list(list_reader(lists, ahead), request("a", page_size, max_rows), rows))
        assert rows == list(range(total))


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 6))
def test_rows_of_an_earlier_list_do_not_count_against_the_limit(first: int, second: int, page_size: int) -> None:
    """A later list is measured by its own rows."""
    lists = Lists({"a": range(first), "b": range(100, 100 + second)})
    reading = list_reader(lists)
    rows: list[int] = []
    asyncio.run(read_list(reading, request("a", page_size, first), rows))
    with pytest.raises(TooManyRows):
        asyncio.run(read_list(reading, request("b", page_size, second - 1), rows))
    assert rows == list(range(first))
    asyncio.run(read_list(reading, request("b", page_size, second), rows))
    assert rows == [*range(first), *range(100, 100 + second)]


async def test_a_list_that_grows_beyond_the_limit_while_it_is_read_is_completed() -> None:
    """Its rows were delivered already, so it is too late to divide it."""
    rows: list[int] = []
    await read_list(list_reader(Lists({"a": range(9)}, grows=2)), request("a", 4, 7), rows)
    assert rows == list(range(9))


class ChangingList:
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
            for position in deleted:
                if self.ads:
                    self.stayed.discard(self.ads.pop(position % len(self.ads)))
            for _ in range(created):
                self.ads.insert(0, self._next)
                self._next += 1
        number, size = int(params["page"]), int(params["page_size"])
        rows = [{"ad_id": str(ad)} for ad in self.ads[(number - 1) * size : number * size]]
        pages = -(-len(self.ads) // size)
        info = {"page": number, "page_size": size, "total_number": len(self.ads), "total_page": pages}
        return success({"list": rows, "page_info": info})


async def all_of(lists: ChangingList | AnsweringTransport, page_size: int) -> list[int]:
    """The rows that reading the list delivers."""
    reading = ListReader(client(lists, FakeClock(), tier=tier_of(1000)), ObjectReader(stream("ads")))
    request = Request(endpoint="ad/get/", params={}, page_size=page_size)
    return [record["ad_id"] async for delivery in reading.read(request) for record in delivery.records]


async def test_a_record_hidden_by_a_deletion_between_two_pages_is_found() -> None:
    """A page that moves up by one hides a record, although as many arrive as there are in the end."""
    lists = ChangingList(10, [(0, []), (0, [1])])
    assert set(await all_of(lists, 5)) == set(range(10))


CHANGES = st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 30), max_size=2)), max_size=6)


@settings(max_examples=300)
@given(st.integers(0, 24), st.integers(1, 6), CHANGES)
def test_records_that_stay_while_a_list_changes_come_once(
    ads: int, page_size: int, changes: list[tuple[int, list[int]]]
) -> None:
    """However ads are created and deleted between pages, none that stays is lost, and none comes twice."""
    lists = ChangingList(ads, changes)
    rows = asyncio.run(all_of(lists, page_size))
    assert len(rows) == len(set(rows))
    assert lists.stayed <= set(rows)


class ReplacedList(Lists):
    """Becomes another list after its first page was answered."""

    def __init__(self, first: Sequence[int], then: Sequence[int]) -> None:
        super().__init__({"a": first})
        self._then = then

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer, and change."""
        reply = await super().send(endpoint, params, token)
        self._lists = {"a": self._then}
        return reply


async def test_growth_that_makes_up_for_a_deletion_hides_nothing() -> None:
    """One record moved to the previous page, although as many arrive as exist.

    A growing count is not believed at once.
    """
    rows: list[int] = []
    await read_list(list_reader(ReplacedList([9, 1, 2, 3], [1, 2, 3, 4, 5, 6, 7])), request("a", 3, None), rows)
    assert rows == [9, 1, 2, 4, 5, 6, 7, 3]


class WithoutOne(ChangingList):
    """Counts an ad that it never delivers."""

    def __init__(self, ads: int, changes: Sequence[tuple[int, Sequence[int]]], without: int) -> None:
        super().__init__(ads, changes)
        self._without = without

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer as if it was there, but for its record."""
        reply = await super().send(endpoint, params, token)
        answer = json.loads(reply.body)
        rows = answer["data"]["list"]
        answer["data"]["list"] = [row for row in rows if row["ad_id"] != str(self._without)]
        return Reply(reply.status, reply.headers, json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([], "delivered 9 of the 10 rows that TikTok counts, after 4 passes"),
        ([(0, []), (0, []), (0, [0])], "delivered 8 of the 9 rows"),
        ([(0, []), (0, []), (1, [9])], "delivered 9 of the 10 rows"),
        ([(0, []), (0, []), (1, [0])], "delivered 9 of the 10 rows"),
        ([(0, []), (0, []), (0, []), (0, []), (1, [1])], "delivered 9 of the 10 rows"),
        ([(0, [])] * 6 + [(1, [9])], "delivered 9 of the 10 rows"),
    ],
)
async def test_deleted_records_do_not_stand_in_for_missing_ones(
    changes: list[tuple[int, list[int]]], message: str
) -> None:
    """Deleted ads and new ones must not make up for an ad that exists and never arrives."""
    with pytest.raises(IncompleteReadError, match=message):
        await all_of(WithoutOne(10, changes, 7), 5)


class AnsweringTransport:
    """Answers each page with the given function.

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
    """A page of a list, as TikTok would answer it."""
    rows = [{"ad_id": str(ad)} for ad in ads[(number - 1) * size : number * size]]
    info = {"page": number, "page_size": size, "total_number": len(ads), "total_page": -(-len(ads) // size)}
    return {"list": rows, "page_info": info}


@pytest.mark.parametrize("empty", [{2}, {4}, {2, 3, 4}], ids=["amid", "last", "all but one"])
@pytest.mark.parametrize("page_info", [{"total_number": 0, "total_page": 0}, {}, {"total_number": 15, "total_page": 3}])
async def test_an_empty_page_proves_nothing(empty: set[int], page_info: dict[str, int]) -> None:
    """Deep pages may be empty, and may give a count of 0; the counts of other pages apply."""

    def answer(number: int, size: int) -> dict[str, Any]:
        if number in empty:
            return {"list": [], "page_info": page_info}
        return page_of(range(20), number, size)

    lists = AnsweringTransport(answer)
    with pytest.raises(IncompleteReadError, match=f"delivered {20 - 5 * len(empty)} of the 20 rows .* after 4 passes"):
        await all_of(lists, 5)
    assert lists.requests == 16


@pytest.mark.parametrize("seed", range(30))
async def test_an_unstable_order_hides_nothing(seed: int) -> None:
    """Neighbours swap places between two pages, so that each pass may miss some; together the passes have all."""
    rng = random.Random(seed)

    def answer(number: int, size: int) -> dict[str, Any]:
        ads = list(range(40))
        for _ in range(8):
            position = rng.randrange(39)
            ads[position], ads[position + 1] = ads[position + 1], ads[position]
        return page_of(ads, number, size)

    assert sorted(await all_of(AnsweringTransport(answer), 5)) == list(range(40))


async def test_a_list_that_grows_all_the_time_is_read_three_times() -> None:
    """As today's rows do: records created since the last pass began belong to the next sync."""
    ads = list(range(40))

    def answer(number: int, size: int) -> dict[str, Any]:
        ads.insert(0, 1000 + len(ads))
        return page_of(ads, number, size)

    lists = AnsweringTransport(answer)
    assert set(range(40)) <= set(await all_of(lists, 5))
    assert lists.requests < 45


@pytest.mark.parametrize("position", ["front", "anywhere", "end"])
@pytest.mark.parametrize("growth", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(3))
async def test_new_records_do_not_stand_in_for_missing_ones(position: str, growth: float, seed: int) -> None:
    """The page that lacks a record is not full by its own count."""
    rng = random.Random(seed)
    ads = list(range(500))

    def answer(number: int, size: int) -> dict[str, Any]:
        if rng.random() < growth:
            ads.insert({"front": 0, "end": len(ads)}.get(position, rng.randrange(len(ads))), 1000 + len(ads))
        page = page_of(ads, number, size)
        page["list"] = [row for row in page["list"] if row["ad_id"] != "250"]
        return page

    with pytest.raises(IncompleteReadError):
        await all_of(AnsweringTransport(answer), 50)


@pytest.mark.parametrize("deleted", [0.1, 0.3])
@pytest.mark.parametrize("seed", range(20))
async def test_a_list_that_only_shrinks_is_complete(deleted: float, seed: int) -> None:
    """However much is deleted between its pages, the remaining records existed all the time."""
    rng = random.Random(seed)
    lists = ChangingList(500, [(0, [rng.randrange(450)] if rng.random() < deleted else []) for _ in range(400)])
    assert lists.stayed <= set(await all_of(lists, 50))


def test_the_error_of_a_long_list_has_its_length() -> None:
    """For the log."""
    assert "41,000 rows" in str(TooManyRows(41_000, 40_000))
