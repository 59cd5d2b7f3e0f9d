"""Lists whose counts are missing, wrong or contradictory, and lists in which a key stands twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from unit_builders import FakeClock, client, stream, success

from support import Ahead
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.errors import IncompleteReadError
from tiktok_marketing.sync.decode.lenient_json import count_of
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.read.listing import ListReader, Request

SIZE = 5
REQUEST = Request(endpoint="report/integrated/get/", params={}, page_size=SIZE, disjoint=True)
MISSING = object()


class Server:
    """Answers with the pages of a report.

    Args:
        rows: All rows, as ad and spend.
        info: The `page_info` of a page, from the page's number and the true `page_info`; MISSING for none.
        cap: The most rows of a page.
        stuck: Whether it answers every page with the first one.
        when: The moment of a row, from its ad: the name of the dimension and its value.
    """

    def __init__(
        self,
        rows: Sequence[tuple[int, str]],
        info: Callable[[int, dict[str, int]], Any] = lambda _, true: true,
        *,
        cap: int = SIZE,
        stuck: bool = False,
        when: Callable[[int], dict[str, Any]] = lambda _: {"stat_time_day": "2026-01-01 00:00:00"},
    ) -> None:
        self._rows = rows
        self._info = info
        self._cap = cap
        self._stuck = stuck
        self._when = when
        self.requests = 0

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer with the page that is asked for."""
        assert endpoint
        assert token
        self.requests += 1
        number, size = int(params["page"]), min(int(params["page_size"]), self._cap)
        shown = 1 if self._stuck else number
        rows = [
            {"dimensions": {"ad_id": str(ad), **self._when(ad)}, "metrics": {"spend": spend}}
            for ad, spend in self._rows[(shown - 1) * size : shown * size]
        ]
        total = len(self._rows)
        info = self._info(
            number, {"page": number, "page_size": size, "total_number": total, "total_page": -(-total // size)}
        )
        return success({"list": rows} if info is MISSING else {"list": rows, "page_info": info})


def rows_of(count: int) -> list[tuple[int, str]]:
    """Rows of different ads."""
    return [(ad, f"{ad}.00") for ad in range(1, count + 1)]


def reader_of(server: Server, ahead: int = 1, name: str = "ads_reports_daily") -> ListReader[Any]:
    """A reader of a report, with so many pages in flight."""
    api = client(server, FakeClock(), tier=tier_of(1000))
    return ListReader(api, report_reader(stream(name)), Ahead(ahead))


async def read_all(
    server: Server, ahead: int = 1, name: str = "ads_reports_daily", place: tzinfo | None = None
) -> tuple[list[tuple[int, str]], ListReader[Any]]:
    """The rows that reading the report delivers, with so many pages in flight."""
    reading = reader_of(server, ahead, name)
    rows = [
        (row.dimensions.ad_id, row.metrics.spend)
        async for delivery in reading.read(replace(REQUEST, place=place))
        for row in delivery.records
    ]
    return rows, reading


def changed(**counts: Any) -> Callable[[int, dict[str, int]], Any]:
    """The true `page_info` with other counts."""
    return lambda _, true: {name: value for name, value in {**true, **counts}.items() if value is not MISSING}


WRONG_COUNTS = {
    "no count": changed(total_page=1, total_number=None),
    "nulls": changed(total_page=None, total_number=None),
    "zeros": changed(total_page=0, total_number=0),
    "one page, no count": changed(total_page=1, total_number=MISSING),
    "negative": changed(total_page=-1, total_number=-1),
    "texts": changed(total_page="1", total_number=""),
    "empty": lambda _, __: {},
    "null": lambda _, __: None,
    "missing": lambda _, __: MISSING,
    "one page": changed(total_page=1),
    "the page's own count": lambda _, true: {**true, "total_number": min(SIZE, true["total_number"])},
    "too few": lambda _, true: {**true, "total_page": 1, "total_number": min(1, true["total_number"])},
    "endless pages": changed(total_page=10**6),
    "endless pages, no count": changed(total_page=10**6, total_number=None),
    "another page size": changed(page_size=3),
    "page size zero": changed(page_size=0, total_number=None, total_page=None),
    "only page 1 counts": lambda number, true: true if number == 1 else {},
    "only page 2 counts": lambda number, true: true if number == 2 else {},
    "huge, then true": lambda number, true: {**true, "total_page": 10**6} if number == 1 else true,
}


@pytest.mark.parametrize("counts", WRONG_COUNTS.values(), ids=WRONG_COUNTS)
@pytest.mark.parametrize("total", [0, 1, 4, 5, 6, 10, 12, 23])
@pytest.mark.parametrize("ahead", [1, 4])
async def test_wrong_counts_cost_no_row_and_few_requests(
    total: int, counts: Callable[[int, dict[str, int]], Any], ahead: int
) -> None:
    """A full page that no count explains is followed by another; an empty page ends the list."""
    server = Server(rows_of(total), counts)
    rows, _ = await read_all(server, ahead)
    assert [ad for ad, _ in rows] == [ad for ad, _ in rows_of(total)]
    assert server.requests <= -(-total // SIZE) + 2


class Gap(Server):
    """Leaves a page empty, and counts pages, not rows.

    Args:
        rows: All rows.
        total_number: What it says of the number of rows.
        page: The page that is empty.
        times: How many times it is.
    """

    def __init__(self, rows: Sequence[tuple[int, str]], total_number: Any, page: int, times: int) -> None:
        super().__init__(rows, changed(total_number=total_number))
        self._page = page
        self._times = times

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer with the page that is asked for, or with an empty one."""
        answer = await super().send(endpoint, params, token)
        if int(params["page"]) != self._page or not self._times:
            return answer
        self._times -= 1
        total = len(self._rows)
        true = {"page": self._page, "page_size": SIZE, "total_number": total, "total_page": -(-total // SIZE)}
        return success({"list": [], "page_info": self._info(self._page, true)})


@pytest.mark.parametrize("total_number", [None, 0, MISSING, 3])
@pytest.mark.parametrize("page", [1, 2, 3, 4])
@pytest.mark.parametrize("ahead", [1, 4])
async def test_an_empty_page_among_others_costs_no_row(total_number: Any, page: int, ahead: int) -> None:
    """It proves nothing while TikTok says that pages follow, so the list is read again."""
    rows, _ = await read_all(Gap(rows_of(23), total_number, page, 1), ahead)
    assert sorted(rows) == rows_of(23)


@pytest.mark.parametrize(("total_number", "page"), [*itertools.product([None, 0, MISSING], [1, 2, 4]), (3, 2), (3, 4)])
async def test_a_page_that_stays_empty_among_others_is_an_error(total_number: Any, page: int) -> None:
    """Its rows may be missing. The others are delivered."""
    reading = reader_of(Gap(rows_of(23), total_number, page, 99))
    with pytest.raises(IncompleteReadError, match="an empty page before others that have rows"):
        [delivery async for delivery in reading.read(REQUEST)]
    assert reading.rows_delivered == 23 - SIZE


@pytest.mark.parametrize("info", [lambda _, true: true, changed(page_size=SIZE), changed(page_size=MISSING)])
@pytest.mark.parametrize("total", [1, 2, 3, 4, 7, 8, 20])
async def test_a_server_that_caps_its_pages_is_read_completely(
    total: int, info: Callable[[int, dict[str, int]], Any]
) -> None:
    """Pages have two rows although five were asked for, whether or not the server says so."""
    server = Server(rows_of(total), info, cap=2)
    rows, _ = await read_all(server)
    assert [ad for ad, _ in rows] == [ad for ad, _ in rows_of(total)]
    assert server.requests <= total // 2 + 2


async def test_a_capped_server_without_a_count_is_read_completely() -> None:
    """The size that the server states is the size of a full page."""
    server = Server(rows_of(7), changed(total_page=None, total_number=None), cap=2)
    assert len((await read_all(server))[0]) == 7


UNCOUNTED = {
    "nulls": {"total_number": None, "total_page": None},
    "zeros": {"total_number": 0, "total_page": 0},
    "the page's own count": {"total_number": 2},
    "only more": {"total_number": MISSING, "total_page": MISSING, "has_more": True},
}


@pytest.mark.parametrize("counts", UNCOUNTED.values(), ids=UNCOUNTED)
async def test_a_size_that_only_repeats_the_request_is_no_count(counts: dict[str, Any]) -> None:
    """The server caps its pages, and repeats the size that was asked for."""
    server = Server(rows_of(7), changed(page_size=SIZE, **counts), cap=2)
    assert len((await read_all(server))[0]) == 7


async def test_a_full_page_that_counts_itself_alone_is_followed_by_another() -> None:
    """A list that ends there costs one request more."""
    own = changed(total_number=SIZE, total_page=1)
    assert len((await read_all(Server(rows_of(12), own)))[0]) == 12
    whole = Server(rows_of(SIZE))
    assert len((await read_all(whole))[0]) == SIZE
    assert whole.requests == 2


async def test_a_count_of_more_rows_than_exist_is_an_error() -> None:
    """The rows that came are delivered, and the error says how many are missing."""
    server = Server(rows_of(4), changed(total_number=10**9, total_page=10**8))
    with pytest.raises(IncompleteReadError, match="delivered 4 of the 1,000,000,000 rows"):
        await read_all(server)
    assert server.requests <= 20


async def test_a_server_that_repeats_its_first_page_ends() -> None:
    """A full page that repeats and counts nothing may hide others; one that is not full is all there is."""
    counts = changed(total_page=None, total_number=None)
    with pytest.raises(IncompleteReadError, match="delivers the same full page again and again"):
        await read_all(Server(rows_of(12), counts, stuck=True))
    with pytest.raises(IncompleteReadError, match="delivered 5 of the 12 rows"):
        await read_all(Server(rows_of(12), stuck=True))
    assert len((await read_all(Server(rows_of(4), lambda _, __: {}, stuck=True)))[0]) == 4


@pytest.mark.parametrize(
    ("value", "count"),
    [(62, 62), ("62", 62), (62.0, 62), (0, 0), (None, None), (-1, None), ("-1", None), ("many", None), ("", None),
     (True, None), (0.5, None), ([], None), ("9" * 30, None), (10**20, 10**20), ("\u0663", None)],
)  # fmt: skip
def test_only_counts_are_counts(value: Any, count: int | None) -> None:
    """TikTok's types vary; a value that is no count does not cost the page."""
    assert count_of(value) == count


# -- keys that stand twice


def doubled(count: int, at: int, spend: str) -> list[tuple[int, str]]:
    """Rows in which the first key stands a second time, in place of another row."""
    rows = rows_of(count)
    rows[at] = (rows[0][0], spend)
    return rows


@pytest.mark.parametrize("at", [1, 4, 5, 6], ids=["same page", "end of the page", "next page", "later"])
async def test_a_copy_in_place_of_another_row_is_an_error(at: int) -> None:
    """On one page as on two: the copy is delivered once, and the missing row is reported."""
    size = 5 if at < 5 else 9
    with pytest.raises(IncompleteReadError, match=f"delivered {size - 1} of the {size} rows .* came more than once"):
        await read_all(Server(doubled(size, at, "1.00")))


@pytest.mark.parametrize("place", [ZoneInfo("Europe/Berlin"), None], ids=str)
@pytest.mark.parametrize("at", [1, 4, 5, 6], ids=["same page", "end of the page", "next page", "later"])
async def test_an_hour_that_comes_twice_is_delivered_and_reported(at: int, place: tzinfo | None) -> None:
    """On one page as on two, both rows of a day of 25 hours come once, and nothing is missing."""
    size = 5 if at < 5 else 9
    server = Server(doubled(size, at, "77.00"), when=lambda _: {"stat_time_hour": "2026-10-25 02:00:00"})
    rows, reading = await read_all(server, name="ads_reports_hourly", place=place)
    assert sorted(rows) == sorted(doubled(size, at, "77.00"))
    assert reading.different == {"ad_id 1, stat_time_hour 2026-10-25 02:00:00": 2}
    assert reading.rows_delivered == size


@pytest.mark.parametrize("at", [1, 4, 5, 6], ids=["same page", "end of the page", "next page", "later"])
async def test_another_row_in_place_of_one_is_an_error(at: int) -> None:
    """On one page as on two: both rows of the key are delivered, and the missing row is reported."""
    size = 5 if at < 5 else 9
    rows: list[tuple[int, str]] = []
    reading = reader_of(Server(doubled(size, at, "77.00")))

    async def read() -> None:
        async for delivery in reading.read(REQUEST):
            rows.extend((row.dimensions.ad_id, row.metrics.spend) for row in delivery.records)

    with pytest.raises(
        IncompleteReadError, match=rf"delivered {size - 1} of the {size} rows .* Missing: 1\. 1 of their"
    ):
        await read()
    assert sorted(rows) == sorted(doubled(size, at, "77.00"))
    assert reading.different == {"ad_id 1, stat_time_day 2026-01-01 00:00:00": 2}


@pytest.mark.parametrize(("zone", "day"), [("Europe/Berlin", "2026-10-26"), ("Asia/Kolkata", "2026-10-25")])
async def test_an_hour_that_clocks_do_not_repeat_stands_in_place_of_another(zone: str, day: str) -> None:
    """Where the account is, no clock goes back over that hour, so another row is missing."""
    server = Server(doubled(5, 1, "77.00"), when=lambda _: {"stat_time_hour": f"{day} 02:00:00"})
    with pytest.raises(IncompleteReadError, match="delivered 4 of the 5 rows"):
        await read_all(server, name="ads_reports_hourly", place=ZoneInfo(zone))


async def test_only_one_hour_of_a_day_comes_twice() -> None:
    """If rows of several hours come twice, other rows are missing."""
    rows = rows_of(12)
    rows[5], rows[8] = (rows[0][0], "77.00"), (rows[1][0], "78.00")
    hours = Server(rows, when=lambda ad: {"stat_time_hour": f"2026-10-25 {ad:02}:00:00"})
    with pytest.raises(IncompleteReadError, match="delivered 10 of the 12 rows"):
        await read_all(hours, name="ads_reports_hourly")


@pytest.mark.parametrize("part", [None, "-", ""])
async def test_rows_without_a_part_of_their_key_all_count(part: str | None) -> None:
    """Several rows may lack their country, and nothing is missing because of that."""
    rows = [*rows_of(5), (1, "77.00")]
    when = {"stat_time_day": "2026-01-01 00:00:00", "country_code": part}
    got, reading = await read_all(Server(rows, when=lambda _: when), name="ads_reports_by_country_daily")
    assert sorted(got) == sorted(rows)
    assert list(reading.different.values()) == [2]


@pytest.mark.parametrize("at", [1, 5])
@pytest.mark.parametrize("spend", ["1.00", "77.00"])
async def test_a_second_row_that_tiktok_does_not_count_is_no_error(at: int, spend: str) -> None:
    """All the rows that TikTok counts have come; copies come once, different rows are reported."""
    all_rows = rows_of(7)
    all_rows.insert(at, (1, spend))
    rows, reading = await read_all(Server(all_rows, changed(total_number=7)))
    assert sorted(rows) == sorted(all_rows if spend == "77.00" else rows_of(7))
    assert bool(reading.different) == (spend == "77.00")


async def test_a_second_row_is_delivered_although_the_last_page_has_none() -> None:
    """Whatever page has it, another pass shows whether it is one."""
    all_rows = rows_of(12)
    all_rows.insert(6, (1, "77.00"))
    rows, reading = await read_all(Server(all_rows, changed(total_number=12)))
    assert sorted(rows) == sorted(all_rows)
    assert list(reading.different.values()) == [2]


@pytest.mark.parametrize(("spend", "passes"), [("1.00", 2), ("77.00", 2)])
async def test_a_key_that_comes_twice_on_one_page_is_read_twice(spend: str, passes: int) -> None:
    """The second one may stand in for another row, whatever the count says."""
    server = Server([*rows_of(3), (1, spend)], changed(total_number=3, total_page=1))
    await read_all(server)
    assert server.requests == passes


async def test_a_value_that_only_an_earlier_pass_showed_is_no_row() -> None:
    """The row of a key changes in each of the first passes, and only the last two show the same."""

    class Settling(Server):
        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            spend = ("5.00", "6.00", "7.00", "7.00")[min(self.requests // 2, 3)]
            self._rows = doubled(9, 6, spend)
            return await super().send(endpoint, params, token)

    rows: list[tuple[int, str]] = []
    reading = reader_of(Settling([]))

    async def read() -> None:
        async for delivery in reading.read(REQUEST):
            rows.extend((row.dimensions.ad_id, row.metrics.spend) for row in delivery.records)

    with pytest.raises(IncompleteReadError):
        await read()
    assert [spend for ad, spend in rows if ad == 1] == ["1.00", "7.00"]


class Passes(Server):
    """Has other rows in later passes.

    Args:
        first: The rows in the first pass.
        later: The rows after it, as many.
        info: As in a server.
    """

    def __init__(
        self,
        first: Sequence[tuple[int, str]],
        later: Sequence[tuple[int, str]],
        info: Callable[[int, dict[str, int]], Any] = lambda _, true: true,
    ) -> None:
        super().__init__(first, info)
        self._later = later
        self._pages_of_first = -(-len(first) // SIZE)

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer with the rows of the pass."""
        if self.requests == self._pages_of_first:
            self._rows = self._later
        return await super().send(endpoint, params, token)


async def test_a_copy_with_another_value_on_a_later_page_is_no_row_until_it_stays() -> None:
    """Its key came twice before, with one value."""
    first = rows_of(9)
    first[1], first[6] = (1, "1.00"), (1, "77.00")
    rows, reading = await read_all(Passes(first, rows_of(9)))
    assert sorted(rows) == rows_of(9)
    assert not reading.different


async def test_a_page_with_two_rows_of_a_key_brings_the_one_that_did_not_come() -> None:
    """The other one came twice on an earlier page."""
    all_rows = rows_of(9)
    all_rows[1], all_rows[5], all_rows[6] = (1, "1.00"), (1, "1.00"), (1, "2.00")
    rows, _ = await read_all(Server(all_rows, changed(total_number=6, total_page=2)))
    assert sorted(spend for ad, spend in rows if ad == 1) == ["1.00", "2.00"]


async def test_both_rows_of_a_key_come_although_a_later_pass_shows_them_in_another_order() -> None:
    """The one that was delivered first is not delivered again."""
    first, later = rows_of(9), rows_of(9)
    first[6] = (1, "77.00")
    later[0], later[6] = (1, "77.00"), (1, "1.00")
    rows, reading = await read_all(Passes(first, later, changed(total_number=8)))
    assert sorted(rows) == sorted(first)
    assert list(reading.different.values()) == [2]


async def test_one_of_two_rows_that_changes_between_passes_comes_once() -> None:
    """As many rows as there are came already."""
    first, later = rows_of(5), rows_of(5)
    first[1], later[1] = (1, "2.00"), (1, "3.00")
    rows, _ = await read_all(Passes(first, later, changed(total_number=4, total_page=1)))
    assert sorted(spend for ad, spend in rows if ad == 1) == ["1.00", "2.00"]


@pytest.mark.parametrize("count", [2, 3, 4])
async def test_several_rows_with_one_key_all_come(count: int) -> None:
    """However many there are, on one page or on several."""
    for positions in ([0, 1, 2, 3][:count], [0, 5, 6, 10][:count]):
        all_rows = rows_of(12)
        for number, position in enumerate(positions):
            all_rows[position] = (99, f"{number}.00")
        server = Server(all_rows, when=lambda _: {"stat_time_hour": "2026-10-25 02:00:00"})
        rows, reading = await read_all(server, name="ads_reports_hourly")
        assert sorted(rows) == sorted(all_rows)
        assert list(reading.different.values()) == [count]


@pytest.mark.parametrize("spend", ["1.00", "77.00"])
async def test_a_copy_that_goes_away_costs_no_row_and_doubles_none(spend: str) -> None:
    """The first answer has a key twice, and the next ones have the row that it displaced."""

    class Once(Server):
        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            self._rows = doubled(7, 3, spend) if self.requests == 0 else rows_of(7)
            return await super().send(endpoint, params, token)

    rows, reading = await read_all(Once([]))
    assert sorted(rows) == sorted([*rows_of(7), (1, spend)] if spend == "77.00" else rows_of(7))
    assert list(reading.different.values()) == ([2] if spend == "77.00" else [])


async def test_a_row_that_moves_and_changes_comes_once() -> None:
    """Today's row has another value on the second page, where a new row pushed it: it is one row."""

    class Moving(Server):
        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            if self.requests == 1:
                self._rows = [(100, "1.00"), *self._rows]
            self._rows = [(ad, f"{self.requests}.00" if ad == 5 else spend) for ad, spend in self._rows]
            return await super().send(endpoint, params, token)

    rows, reading = await read_all(Moving(rows_of(9)))
    assert sorted(ad for ad, _ in rows) == [*range(1, 10), 100]
    assert not reading.different


async def test_a_moved_row_does_not_stand_in_for_a_missing_one() -> None:
    """A row that changes on every answer is not two rows, so the count still shows that another is missing."""

    class Changing(Server):
        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            self._rows = [(ad, f"{self.requests}.00" if ad == 1 else spend) for ad, spend in self._rows]
            return await super().send(endpoint, params, token)

    with pytest.raises(IncompleteReadError, match="delivered 8 of the 9 rows"):
        await read_all(Changing(doubled(9, 6, "5.00")))


@pytest.mark.parametrize(("total", "missing"), [(1, 0), (2, 1), (3, 2)])
async def test_an_id_belongs_to_one_object(total: int, missing: int) -> None:
    """Two different ads with one id are delivered and reported; copies come once. They count as one."""
    records = [{"ad_id": "1", "ad_name": "a"}, {"ad_id": "1", "ad_name": "b"}, {"ad_id": "1", "ad_name": "a"}]

    class Ads:
        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            assert (endpoint, bool(params), bool(token)) == ("ad/get/", True, True)
            return success({"list": records, "page_info": {"total_number": total, "total_page": 1, "page_size": 5}})

    reading = ListReader(client(Ads(), FakeClock()), ObjectReader(stream("ads")))
    request = Request(endpoint="ad/get/", params={"advertiser_id": "1"}, page_size=SIZE)
    names: list[str] = []

    async def read() -> None:
        async for delivery in reading.read(request):
            names.extend(record["ad_name"] for record in delivery.records)

    with pytest.raises(IncompleteReadError, match=f"Missing: {missing}") if missing else nullcontext():
        await read()
    assert names == ["a", "b"]
    assert reading.different == {"ad_id 1": 2}


async def test_a_second_object_of_an_id_comes_although_the_last_page_is_of_an_earlier_list() -> None:
    """Another pass shows that the id belongs to both."""
    pages = {"1": [(1, "a"), (2, ""), (4, ""), (5, ""), (6, "")], "2": [(1, "b"), (7, ""), (8, ""), (9, ""), (10, "")]}
    pages["3"] = [(3, ""), (11, "")]

    class Ads:
        async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            assert (endpoint, bool(token)) == ("ad/get/", True)
            rows = pages["3"][:1] if params["list"] == "a" else pages[params["page"]]
            total = 1 if params["list"] == "a" else 11
            records = [{"ad_id": str(ad), "ad_name": name} for ad, name in rows]
            return success({"list": records, "page_info": {"total_number": total, "page_size": 5}})

    reading = ListReader(client(Ads(), FakeClock(), tier=tier_of(1000)), ObjectReader(stream("ads")))
    names: list[str] = []
    for name in ("a", "b"):
        request = Request(endpoint="ad/get/", params={"list": name}, page_size=SIZE)
        async for delivery in reading.read(request):
            names += [record["ad_name"] for record in delivery.records if record["ad_id"] == 1]
    assert names == ["a", "b"]
