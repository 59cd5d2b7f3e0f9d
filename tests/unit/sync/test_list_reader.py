"""What a reader of lists asks for, remembers, and says about what it could not read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace
from unit_builders import FakeClock, client, refusal, stream

from support import Ahead
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import (
    AdsLeftOutError,
    IncompleteReadError,
    OutOfReachError,
    PartialAnswerError,
    TikTokError,
)
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.report_file import ReportFile
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.asked_for import Asked
from tiktok_marketing.sync.read.listing import (
    ListReader,
    Request,
    SequentialBudget,
    Shown,
    TooManyRows,
)
from tiktok_marketing.sync.read.partial_log import PartialLog
from tiktok_marketing.sync.read.repeated_keys import different_records

SIZE = 5
ADS = Request(endpoint="ad/get/", params={"list": "a"}, page_size=SIZE, advertiser_id=AdvertiserId("7001"))
ORDERED = replace(ADS, order={"order_field": "spend"})
Params = dict[str, str]


def page(rows: Sequence[Any], total: int | None, *, code: int = 0, cut: bool = False, size: int | None = None) -> Reply:
    """A page of ads or of rows of a report."""
    info = {"total_number": total, "page_size": size}
    body = {"code": code, "message": "", "request_id": "r", "data": {"list": rows, "page_info": info}}
    return Reply(200, {"X-Tt-Ads-Throttle": "20k"} if cut else {}, json.dumps(body).encode())


def ads(*ids: int, **fields: Any) -> list[dict[str, Any]]:
    """Ads with these ids."""
    return [{"ad_id": str(each), **fields} for each in ids]


SMALLER = refusal(40002, "page_size: Must be less than or equal to 3.")


class Server:
    """Answers with what a function of the request says: a reply, or ads, of which the pages are cut.

    Args:
        answer: The function.
    """

    def __init__(self, answer: Callable[[Params], Reply | Sequence[int]]) -> None:
        self._answer = answer
        self.requests: list[Params] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer one request."""
        assert endpoint
        assert token
        self.requests.append(dict(params))
        given = self._answer(dict(params))
        if isinstance(given, Reply):
            return given
        first = (int(params["page"]) - 1) * SIZE
        return page(ads(*given[first : first + SIZE]), len(given))

    @property
    def pages(self) -> list[str]:
        """The page of each request."""
        return [params["page"] for params in self.requests]


def reader(server: Server, budget: Any = None, *, report: bool = False) -> ListReader[Any]:
    """A reader of ads, or of a report."""
    decoder: Any = report_reader(stream("ads_reports_lifetime")) if report else ObjectReader(stream("ads"))
    return ListReader(client(server, FakeClock(), tier=tier_of(1000)), decoder, budget)


async def read(reading: ListReader[Any], request: Request = ADS, *, again: bool = False) -> list[int]:
    """The ids that are delivered; those before an error stand in its notes."""
    ids: list[int] = []
    try:
        async for delivery in reading.read(request, again=again):
            ids += [each["ad_id"] if isinstance(each, dict) else each.dimensions.ad_id for each in delivery.records]
    except Exception as error:
        error.add_note(str(ids))
        raise
    return ids


def numbers(count: int, first: int = 1) -> list[int]:
    """So many ids."""
    return list(range(first, first + count))


def test_a_request_demands_nothing_by_itself() -> None:
    """Whoever needs more says so."""
    request = Request(endpoint="ad/get/", params={}, page_size=None)
    assert (request.divisible, request.brief, request.probing, request.disjoint) == (False, False, False, False)
    assert (request.max_rows, request.max_records, request.place, request.advertiser_id) == (None, None, None, None)


async def test_a_reader_without_a_budget_reads_page_by_page() -> None:
    """It tells nobody how many remain."""
    assert SequentialBudget().pages_in_flight() == 1
    assert not reader(Server(lambda _: [])).remembers
    server = Server(lambda _: numbers(12))
    reading = reader(server)
    assert await read(reading) == numbers(12)
    assert server.pages == ["1", "2", "3"]
    assert (reading.rows_delivered, reading.rows_listed) == (12, 12)


@pytest.mark.parametrize(("ahead", "remaining"), [(1, [2, 1, 0]), (3, [2, 1, 0])])
async def test_the_budget_knows_how_many_pages_remain(ahead: int, remaining: list[int]) -> None:
    """The first page shows how many there are."""
    budget = Ahead(ahead)
    await read(reader(Server(lambda _: numbers(12)), budget))
    assert budget.expected == remaining


async def test_a_list_without_pages_is_one_request() -> None:
    """Its parameters have no page."""
    server = Server(lambda _: page(ads(1, 2), None))
    assert await read(reader(server), replace(ADS, page_size=None)) == [1, 2]
    assert server.requests == [{"list": "a"}]


async def test_records_of_an_earlier_list_are_not_delivered_again_unless_lists_are_disjoint() -> None:
    """Keys of disjoint lists are forgotten, so that many lists need little memory."""
    for disjoint, second in ((False, [3]), (True, [2, 3])):
        reading = reader(Server(lambda params: [1, 2] if params["list"] == "a" else [2, 3]))
        first = replace(ADS, disjoint=disjoint)
        assert await read(reading, first) == [1, 2]
        assert await read(reading, replace(first, params={"list": "b"})) == second
        assert reading.rows_delivered == 2 + len(second)
        assert reading.rows_listed == 4


async def test_a_list_that_is_read_again_brings_only_what_is_new() -> None:
    """If its keys were kept."""
    lists = [[1, 2, 3], [1, 2, 3, 4]]
    for remembers, again in ((True, [4]), (False, [1, 2, 3, 4])):
        left = [*lists]
        reading = reader(Server(lambda _, left=left: left.pop(0)))  # type: ignore[misc]
        reading.remembers = remembers
        request = replace(ADS, disjoint=True)
        assert await read(reading, request) == [1, 2, 3]
        assert await read(reading, request, again=True) == again


async def test_keys_that_are_kept_count_only_where_a_list_is_read_again() -> None:
    """Any other list is read as if nothing had been."""
    reading = reader(Server(lambda _: [1, 2, 3]))
    reading.remembers = True
    request = replace(ADS, disjoint=True)
    assert await read(reading, request) == [1, 2, 3]
    assert await read(reading, request) == [1, 2, 3]


async def test_a_list_that_is_too_long_is_not_read() -> None:
    """By the count of its first page."""
    reading = reader(Server(lambda _: numbers(7)))
    with pytest.raises(TooManyRows) as caught:
        await read(reading, replace(ADS, max_rows=6))
    assert (caught.value.total, caught.value.max_rows, str(caught.value)) == (7, 6, "The list has 7 rows.")
    assert (reading.rows_delivered, reading.rows_listed, reading.shown.total) == (0, 0, 7)
    assert await read(reading, replace(ADS, max_rows=7)) == numbers(7)


async def test_a_list_that_grew_too_long_after_its_first_page_is_completed() -> None:
    """Its records were delivered, so it cannot be given back."""

    def answer(_: Params) -> Reply | Sequence[int]:
        return page(ads(1, 2), 3, size=SIZE) if len(server.requests) == 1 else numbers(7)

    server = Server(answer)
    assert await read(reader(server), replace(ADS, max_rows=6)) == numbers(7)


async def test_records_of_a_list_that_failed_are_known_after_another_list() -> None:
    """Which has none of them. The keys of that one are not needed any more."""

    def answer(params: Params) -> Reply | Sequence[int]:
        if params["list"] == "b":
            return [21, 22]
        return refusal(40300) if params["page"] == "2" and len(server.requests) == 2 else numbers(7)

    server = Server(answer)
    reading = reader(server)
    request = replace(ADS, disjoint=True)
    with pytest.raises(TikTokError):
        await read(reading, request)
    assert await read(reading, replace(request, params={"list": "b"})) == [21, 22]
    assert await read(reading, request) == [6, 7]


async def test_a_list_has_the_records_of_all_its_passes() -> None:
    """Beside those of an earlier list."""
    server = Server(lambda params: [11] if params["list"] == "b" else missing(params))
    reading = reader(server)
    await read(reading, replace(ADS, params={"list": "b"}))
    assert await read(reading, ORDERED) == [1, 2]
    assert reading.rows_listed == 3


async def test_a_second_record_of_a_key_is_delivered_once_another_pass_shows_it() -> None:
    """Beside the first one, and known as different."""
    pages = {"1": ads(*numbers(5), ad_name="a"), "2": ads(1, ad_name="b")}
    reading = reader(Server(lambda params: page(pages[params["page"]], 6, size=SIZE)))
    deliveries: list[Any] = []

    async def read_all() -> None:
        async for delivery in reading.read(ADS):
            deliveries.append(delivery)  # noqa: PERF401 - those before the error are needed

    with pytest.raises(IncompleteReadError, match="delivered 5 of the 6 rows"):
        await read_all()
    assert [[each["ad_name"] for each in delivery.records] for delivery in deliveries] == [["a"] * 5, ["b"]]
    assert [(delivery.size > 0, delivery.rejected) for delivery in deliveries] == [(True, {}), (False, {})]
    assert reading.rows_delivered == 6
    assert reading.different == {"ad_id 1": 2}


# -- order


def missing(params: Params) -> Reply | list[int]:
    """A list whose first pass lacks an ad."""
    return page(ads(1), 2, size=SIZE) if "order_field" not in params else [1, 2]


async def test_an_order_is_asked_for_from_the_second_pass_on() -> None:
    """A list whose order changes needs it, and others do not."""
    server = Server(missing)
    reading = reader(server)
    assert await read(reading, ORDERED) == [1, 2]
    assert ["order_field" in params for params in server.requests] == [False, True]
    assert (reading.rows_listed, reading.rows_delivered) == (2, 2)


async def test_an_order_that_tiktok_does_not_accept_is_left_out() -> None:
    """For the rest of the lists."""

    def answer(params: Params) -> Reply:
        return refusal(40002, "order_field: no") if "order_field" in params else page(ads(1), 2, size=SIZE)

    server = Server(answer)
    with pytest.raises(IncompleteReadError, match="delivered 1 of the 2 rows"):
        await read(reader(server), ORDERED)
    assert ["order_field" in params for params in server.requests] == [False, True, False, False, False]


@pytest.mark.parametrize(("code", "request_"), [(40300, ORDERED), (40002, ADS)])
async def test_an_error_about_something_else_than_the_order_is_an_error(code: int, request_: Request) -> None:
    """It is not sent again without an order."""

    def answer(params: Params) -> Reply:
        return refusal(code, "no") if "order_field" in params or request_ is ADS else page(ads(1), 2, size=SIZE)

    server = Server(answer)
    with pytest.raises(TikTokError):
        await read(reader(server), request_)
    assert len(server.requests) == (2 if request_ is ORDERED else 1)


# -- answers in part, and reports that are cut


def test_the_first_partial_answer_is_raised_at_the_end() -> None:
    """Nothing, if there was none."""
    log = PartialLog()
    log.raise_first()
    errors = [PartialAnswerError("ad/get/", f"code 2000{number}", "7001") for number in (1, 2)]
    for error in errors:
        log.note(error)
    with pytest.raises(PartialAnswerError) as caught:
        log.raise_first()
    assert caught.value is errors[0]


async def test_all_pages_of_a_list_with_a_partial_answer_are_read_once() -> None:
    """Then it is an error. A later list has an answer of its own."""
    server = Server(lambda params: page(ads(1, 2, 3, 4, 5) if params["page"] == "1" else ads(6), 9, code=20001))
    reading = reader(server)
    with pytest.raises(PartialAnswerError) as caught:
        await read(reading, replace(ADS, disjoint=True))
    assert caught.value.__notes__ == ["[1, 2, 3, 4, 5, 6]"]
    assert server.pages == ["1", "1", "1", "2", "2", "2"], "an answer in part is asked for three times"
    server._answer = lambda _: [5, 6, 7]
    assert await read(reading) == [5, 6, 7]


async def test_one_partial_answer_makes_a_list_partial() -> None:
    """Whatever follows it."""
    first = page(ads(*numbers(5)), 6, code=20001)
    reading = reader(Server(lambda params: first if params["page"] == "1" else page(ads(6), 6)))
    with pytest.raises(PartialAnswerError) as caught:
        await read(reading)
    assert caught.value.__notes__ == [str(numbers(6))]


async def test_a_second_record_of_a_key_is_delivered_with_a_partial_answer() -> None:
    """Two passes have shown both, and there will be no other."""

    def answer(params: Params) -> Reply:
        if params["page"] == "1":
            return page(ads(*numbers(5), ad_name="a"), 7, size=SIZE)
        return page(ads(1, ad_name="b"), 7, size=SIZE, code=20001 if len(server.requests) > 5 else 0)

    server = Server(answer)
    reading = reader(server)
    with pytest.raises(PartialAnswerError) as caught:
        await read(reading)
    assert caught.value.__notes__ == [str([*numbers(5), 1])]
    assert reading.different == {"ad_id 1": 2}


def row(ad: int, **fields: Any) -> dict[str, Any]:
    """A row of a report."""
    return {"dimensions": {"ad_id": str(ad), **fields.pop("dimensions", {})}, "metrics": fields}


async def test_a_report_that_is_cut_shows_what_it_has_and_delivers_nothing() -> None:
    """The keys of its rows are awaited until another list brings them."""
    rows = [
        row(1, campaign_id="11", adgroup_id=5),
        row(2, campaign_id="-", adgroup_id=""),
        row(3, campaign_id=None, adgroup_id=["5"]),
        row(4, dimensions={"campaign_id": "12"}, campaign_id="13"),
    ]
    server = Server(lambda params: page(rows, 40, cut=True) if params["list"] == "a" else page([row(1)], 1))
    reading = reader(server, report=True)
    with pytest.raises(AdsLeftOutError, match="newest 20,000 ads") as caught:
        await read(reading)
    assert caught.value.__notes__ == ["[]"]
    assert reading.shown.total == 40
    assert reading.shown.keys == reading.awaited
    assert len(reading.awaited) == 4
    assert reading.shown.parents == {"campaign_id": {"11", "12"}, "adgroup_id": {"5"}}
    assert await read(reading, replace(ADS, params={"list": "b"})) == [1]
    assert len(reading.awaited) == 3
    with pytest.raises(AdsLeftOutError):
        await read(reading)
    assert len(reading.awaited) == 3, "what was delivered is not awaited"


async def test_a_look_at_a_list_delivers_nothing() -> None:
    """It says what the first page shows now."""
    server = Server(lambda _: page(ads(1, 2), 9))
    reading = reader(server)
    shown = await reading.look(ADS)
    assert (shown.total, len(shown.keys)) == (9, 2)
    assert (server.pages, reading.rows_delivered, reading.awaited) == (["1"], 0, set())
    assert (await reader(Server(lambda _: page(ads(1), None))).look(ADS)).total == 0
    assert Shown() == Shown(0, frozenset(), {})


async def test_what_a_list_showed_is_its_largest_count() -> None:
    """Of all its pages and passes."""
    counts = {"1": 6, "2": 7}
    reading = reader(
        Server(lambda params: page(ads(*numbers(5)) if params["page"] == "1" else ads(6, 7), counts[params["page"]]))
    )
    seen: list[tuple[int, int]] = []
    reading.observe = lambda number, of: seen.append((number, len(of.records)))
    await read(reading)
    assert reading.shown.total == 7
    assert seen == [(1, 5), (1, 2), (2, 5), (2, 2)]


async def test_bytes_that_are_not_utf8_are_known() -> None:
    """They stand as U+FFFD in the records."""
    body = page(ads(1, ad_name="NAME"), 1).body
    for name, repaired in ((b"name", False), (b"\xed\xa0\xbd", True)):
        reading = reader(Server(lambda _, name=name: Reply(200, {}, body.replace(b"NAME", name))))  # type: ignore[misc]
        assert await read(reading) == [1]
        assert reading.repaired is repaired


async def test_bytes_that_are_not_utf8_stay_known() -> None:
    """Although the next page has none of them."""
    first = page(ads(*numbers(5), ad_name="NAME"), 6).body.replace(b"NAME", b"\xed\xa0\xbd")
    server = Server(lambda params: Reply(200, {}, first) if params["page"] == "1" else page(ads(6), 6))
    reading = reader(server)
    assert await read(reading) == numbers(6)
    assert reading.repaired


async def test_rows_have_the_dimensions_that_the_answer_does_not_say() -> None:
    """If the request gives them."""
    decoder: Any = report_reader(stream("gmv_max_product_campaign_reports_daily"))
    rows = [{"dimensions": {"campaign_id": "1", "stat_time_day": "2026-01-01 00:00:00"}, "metrics": {"cost": "1"}}]
    api = client(Server(lambda _: page(rows, 1)), FakeClock(), tier=tier_of(1000))
    for given, store in (({"store_id": "71"}, 71), ({}, None)):
        reading: ListReader[Any] = ListReader(api, decoder)
        stores = [
            each.dimensions.store_id
            async for delivery in reading.read(replace(ADS, given=given))
            for each in delivery.records
        ]
        assert [*map(str, stores)] == [str(store)]


# -- what is missing


@pytest.mark.parametrize(
    ("total", "words"), [(6, "lists no more than 5 records of advertiser 7001, and 6 exist"), (5, "more may exist")]
)
async def test_more_records_than_tiktok_lists_are_out_of_reach(total: int, words: str) -> None:
    """Also if it counts no more: nobody knows. Those that it lists were delivered."""
    server = Server(lambda params: page(ads(*numbers(5)), total) if params["page"] == "1" else page([], total))
    with pytest.raises(OutOfReachError, match=words) as caught:
        await read(reader(server), replace(ADS, max_records=5))
    assert caught.value.__notes__ == [str(numbers(5))]
    assert server.pages == ["1"]


async def test_fewer_records_than_tiktok_lists_are_all() -> None:
    """The limit is not reached."""
    assert await read(reader(Server(lambda _: numbers(4))), replace(ADS, max_records=5)) == numbers(4)


async def test_records_out_of_reach_are_named_without_an_account() -> None:
    """If the list belongs to none."""
    request = replace(ADS, max_records=5, advertiser_id=None)
    with pytest.raises(OutOfReachError, match="no more than 5 records, and more may exist"):
        await read(reader(Server(lambda _: numbers(5))), request)


@pytest.mark.parametrize(
    ("rows", "total", "words"),
    [
        (ads(1), 2, "for advertiser 7001, after 4 passes. Missing: 1."),
        (ads(1, 1), 2, "Missing: 1. 1 of them came more than once, in place of others."),
        (
            [*ads(1, ad_name="a"), *ads(1, ad_name="b")],
            2,
            "Missing: 1. 1 of their keys came with different values too, perhaps in place of others.",
        ),
    ],
)
async def test_missing_records_are_an_error_with_what_stood_in_their_place(
    rows: Sequence[Any], total: int, words: str
) -> None:
    """After four passes that show the same."""
    server = Server(lambda _: page(rows, total, size=SIZE))
    with pytest.raises(IncompleteReadError) as caught:
        await read(reader(server))
    assert "/ad/get/ delivered 1 of the 2 rows that TikTok counts" in caught.value.message
    assert words in caught.value.message
    assert ("more than once" in caught.value.message) == ("more than once" in words)
    assert ("different values" in caught.value.message) == ("different values" in words)
    assert len(server.requests) == 4


async def test_an_error_of_a_list_of_no_account_names_none() -> None:
    """Only its endpoint."""
    with pytest.raises(IncompleteReadError, match="rows that TikTok counts, after 4 passes"):
        await read(reader(Server(lambda _: page(ads(1), 2, size=SIZE))), replace(ADS, advertiser_id=None))


@pytest.mark.parametrize(
    ("total", "of"),
    [(40, "10 rows that TikTok should list"), (10, "10 rows that TikTok counts"), (9, "9 rows that TikTok counts")],
)
async def test_missing_records_within_what_tiktok_lists_are_counted_up_to_there(total: int, of: str) -> None:
    """It lists ten at most, and brings eight."""
    rows = {"1": ads(*numbers(5)), "2": ads(*numbers(3, 6))}
    with pytest.raises(IncompleteReadError, match=f"delivered 8 of the {of} ") as caught:
        await read(reader(Server(lambda params: page(rows[params["page"]], total))), replace(ADS, max_records=10))
    assert f"Missing: {min(total, 10) - 8}." in caught.value.message


async def test_a_list_that_changes_all_the_time_says_so() -> None:
    """After eight passes."""
    totals = iter([3, 4] * 4)
    with pytest.raises(IncompleteReadError, match="after 8 passes while the list kept changing"):
        await read(reader(Server(lambda _: page(ads(1), next(totals), size=SIZE))))


async def test_a_list_without_an_end_says_how_many_came() -> None:
    """It counts nothing, and repeats a full page."""
    server = Server(lambda _: page(ads(*numbers(5)), None, size=SIZE))
    with pytest.raises(IncompleteReadError, match=r"same full page again and again for advertiser 7001, .* first 5"):
        await read(reader(server))


def test_several_records_of_a_key_are_described() -> None:
    """With one of several such keys."""
    assert different_records("rows", {}) == []
    [one] = different_records("rows", {"ad_id 5": 2})
    assert one.startswith("TikTok delivers 2 different rows with the key ad_id 5. All of them are delivered.")
    [several] = different_records("records", {"ad_id 5": 3, "ad_id 6": 2})
    assert several.startswith("TikTok delivers 3 different records with each of 2 keys, for example ad_id 5.")


async def test_records_of_another_account_are_asked_for_again() -> None:
    """A cache on the way answered for it. If that stays, none of them is delivered."""
    others = iter([page(ads(1, advertiser_id="7002"), 1)] * 2)
    server = Server(lambda _: next(others, page(ads(1, advertiser_id="7001"), 1)))
    of_account = replace(ADS, asked=Asked(account="7001"))
    assert await read(reader(server), of_account) == [1]
    assert len(server.requests) == 3
    wrong = Server(lambda _: page(ads(1, advertiser_id="7002"), 1))
    with pytest.raises(TikTokError, match="of advertiser 7002"):
        await read(reader(wrong), of_account)


async def test_of_two_reasons_for_a_partial_answer_the_first_is_told() -> None:
    """TikTok's own word for one page, and a row of another day on the next."""
    asked = Asked(Window(date(2026, 1, 1), date(2026, 1, 2)), "stat_time_day")

    def rows(*days: int) -> list[dict[str, Any]]:
        dimensions = [{"ad_id": str(day), "stat_time_day": f"2026-01-{day:02d} 00:00:00"} for day in days]
        return [{"dimensions": each, "metrics": {}} for each in dimensions]

    def answer(params: Params) -> Reply:
        if params["page"] == "1":
            return page(rows(1), 3, code=20001)
        return page(rows(2, 9), 3)

    request = Request(endpoint="report/integrated/get/", params={}, page_size=2, asked=asked)
    lists = ListReader(client(Server(answer), FakeClock()), report_reader(stream("ads_reports_daily")))
    with pytest.raises(PartialAnswerError) as caught:
        [delivery async for delivery in lists.read(request)]
    assert lists.rows_delivered == 3
    assert "2026-01-09" not in caught.value.message


async def test_rows_of_other_days_in_a_file_are_delivered_and_reported() -> None:
    """Nothing would come of asking for the file's page again, so it is no damaged answer."""
    text = b"ad_id,stat_time_day,spend\n1,2026-03-05 00:00:00,1\n"
    file = ReportFile(text, {name: (name,) for name in ("ad_id", "stat_time_day")}, ["spend"])
    asked = Asked(Window(date(2026, 1, 1), date(2026, 1, 2)), "stat_time_day")
    request = Request(endpoint="report/integrated/get/", params={}, page_size=SIZE, file=file, asked=asked)
    reader = ListReader(client(Unasked(), FakeClock()), report_reader(stream("ads_reports_daily")))
    with pytest.raises(PartialAnswerError, match="records of 2026-03-05, and 2026-01-01 to 2026-01-02 was asked for"):
        [delivery async for delivery in reader.read(request)]
    assert reader.rows_delivered == 1


class Unasked:
    """A network that nobody uses."""

    async def send(self, endpoint: str, params: Params, token: str) -> Reply:
        """Fail."""
        raise AssertionError(endpoint, params, token)


def most_of_three(params: Params) -> Reply:
    """Four ads, of which a page has three at most."""
    if "page_size" not in params:
        return page(ads(9), 1)
    size = int(params["page_size"])
    if size > 3:
        return SMALLER
    first = (int(params["page"]) - 1) * size
    return page(ads(*range(4)[first : first + size]), 4, size=size)


async def test_a_size_that_tiktok_refuses_is_not_asked_for_again() -> None:
    """It names the one that it accepts. Lists of other endpoints, smaller pages and lists without pages stay so."""
    server = Server(most_of_three)
    lists = reader(server)
    assert await read(lists, ADS) == [0, 1, 2, 3]
    assert [request["page_size"] for request in server.requests] == ["5", "3", "3"]
    assert await read(lists, replace(ADS, params={"list": "b"})) is not None
    assert [request["page_size"] for request in server.requests[3:]] == ["3", "3"]
    assert await read(lists, replace(ADS, params={"list": "c"}, page_size=2)) is not None
    assert {request["page_size"] for request in server.requests[5:]} == {"2"}
    before = len(server.requests)
    await read(lists, replace(ADS, params={"list": "d"}, page_size=None))
    assert "page_size" not in server.requests[before]


async def test_a_size_that_tiktok_names_and_refuses_is_an_error() -> None:
    """It is not asked for for ever."""
    answers = iter([SMALLER] * 5)
    server = Server(lambda _: next(answers))
    with pytest.raises(TikTokError, match="less than or equal to 3"):
        await read(reader(server), ADS)
    assert [request["page_size"] for request in server.requests] == ["5", "3"]


async def test_a_refusal_that_names_no_smaller_size_is_an_error() -> None:
    """Asked once."""
    server = Server(lambda _: refusal(40002, "page_size: Must be less than or equal to 1000."))
    with pytest.raises(TikTokError, match="less than or equal to 1000"):
        await read(reader(server), ADS)
    assert len(server.requests) == 1
