from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import FakeClock, client, page, refusal, stream, success

from tiktok_marketing.api.transport import Reply
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import TikTokError
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import SequentialBudget
from tiktok_marketing.sync.read.report_parts import DaysRead
from tiktok_marketing.sync.read.report_requests import _IDS_PER_FILTER, Piece
from tiktok_marketing.sync.read.reports import ReportWindow

DAY = timedelta(days=1)

_MOST = 40_000
"""Rows of a walk."""
_windows = st.builds(
    lambda start, span: Window(start, start + span * DAY),
    st.dates(date(2012, 1, 1), date(2032, 1, 1)),
    st.integers(0, 60),
)
_ids = st.lists(st.integers(1, 10**19).map(str), max_size=12, unique=True)
_pieces = st.builds(
    lambda window, field, ids: Piece(window, field if ids else None, tuple(ids)),
    st.none() | _windows,
    st.sampled_from(["campaign_ids", "adgroup_ids"]),
    _ids,
)


def cells(piece: Piece) -> Counter[tuple[date | None, str | None]]:
    """Each day with each object: what a piece asks for."""
    window = piece.window
    days = [None] if window is None else [window.start + n * DAY for n in range(window.days)]
    return Counter((day, item) for day in days for item in piece.ids or (None,))


def all_cells(pieces: list[Piece]) -> Counter[tuple[date | None, str | None]]:
    """What several pieces ask for."""
    return sum(map(cells, pieces), Counter())


@given(_pieces)
def test_halves_are_the_same_rows_in_two_pieces(piece: Piece) -> None:
    """Each day of each object is in one of them, and both are smaller; one day of one object has none."""
    halves = piece.halves()
    if len(cells(piece)) == 1:
        assert halves is None
    else:
        assert halves is not None
        assert len(halves) == 2
        assert all_cells(halves) == cells(piece)
        assert max(len(cells(half)) for half in halves) < len(cells(piece))
        assert {half.id_field for half in halves} == {piece.id_field}


@given(_pieces.filter(lambda piece: piece.window is not None and piece.window.days > 1))
def test_days_are_halved_before_ids(piece: Piece) -> None:
    """A report of fewer days is a smaller query; the ids of a piece stay together."""
    assert [half.ids for half in piece.halves() or []] == [piece.ids, piece.ids]


@given(_windows, _ids)
def test_a_sum_is_divided_by_objects_only(window: Window, ids: list[str]) -> None:
    """Divided by days, a row that sums up all days would come twice, each time with some of the sum."""
    piece = Piece(window, "campaign_ids" if ids else None, tuple(ids), summed=True)
    halves = piece.halves()
    if len(ids) < 2:
        assert halves is None
    else:
        assert halves is not None
        assert [half.window for half in halves] == [window, window]
        assert all(half.summed for half in [*halves, *piece.by("adgroup_ids", ids)])
        assert all_cells(halves) == cells(piece)


@given(_pieces)
def test_halving_ends_at_one_day_of_one_object(piece: Piece) -> None:
    """However often a piece is too large, halving reaches all the smallest pieces, each once."""
    smallest, left = [], [piece]
    while left:
        item = left.pop()
        halves = item.halves()
        if halves is None:
            smallest.append(item)
        else:
            left += halves
    assert all(len(cells(item)) == 1 for item in smallest)
    assert all_cells(smallest) == cells(piece)


@given(_pieces)
def test_halves_of_ids_keep_the_days(piece: Piece) -> None:
    """If there are too many ads, fewer days would not help."""
    halves = piece.id_halves()
    if len(piece.ids) < 2:
        assert halves is None
    else:
        assert halves is not None
        assert [half.window for half in halves] == [piece.window, piece.window]
        assert all_cells(halves) == cells(piece)
        assert abs(len(halves[0].ids) - len(halves[1].ids)) <= 1


@given(_windows.filter(lambda window: window.days > 1), _ids, st.integers(_MOST + 1, 10**8))
def test_shorter_pieces_are_the_same_days_with_as_many_rows_as_one_pass_should_read(
    window: Window, ids: list[str], total: int
) -> None:
    """At least two pieces, in order. If rows are spread evenly, each piece of several days is short enough."""
    piece = Piece(window, "campaign_ids" if ids else None, tuple(ids))
    pieces = piece.shorter(total, _MOST)
    assert len(pieces) > 1
    assert all_cells(pieces) == cells(piece)
    assert {(smaller.id_field, smaller.ids) for smaller in pieces} == {(piece.id_field, piece.ids)}
    days = [smaller.window for smaller in pieces if smaller.window is not None]
    assert days == sorted(days)
    assert all(item.days == 1 or item.days * total / window.days <= _MOST for item in days)


@given(_windows.filter(lambda window: window.days > 1), st.integers(_MOST + 1, 10**8))
def test_shorter_pieces_are_no_shorter_than_necessary(window: Window, total: int) -> None:
    """One more day would be too much for all but the last, so there are no unnecessary requests."""
    pieces = [smaller.window for smaller in Piece(window).shorter(total, _MOST) if smaller.window is not None]
    assert all((item.days + 1) * total / window.days > _MOST for item in pieces[:-1])


@given(_pieces, st.integers(0, 350))
def test_pieces_by_objects_contain_each_id_once_and_no_more_than_a_filter_accepts(piece: Piece, count: int) -> None:
    """The days stay, the ids keep their order, and all filters but the last are full."""
    ids = [str(10**18 + n) for n in range(count)]
    pieces = piece.by("adgroup_ids", ids)
    assert [item for smaller in pieces for item in smaller.ids] == ids
    assert all(len(smaller.ids) == _IDS_PER_FILTER for smaller in pieces[:-1])
    assert all(1 <= len(smaller.ids) <= _IDS_PER_FILTER for smaller in pieces)
    assert {(smaller.window, smaller.id_field) for smaller in pieces} <= {(piece.window, "adgroup_ids")}


class TooLarge:
    """Answers that every report is too large."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, str]] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Refuse."""
        assert endpoint
        assert token
        self.requests.append((params["dimensions"], params["start_date"], params["end_date"]))
        return refusal(40067, "too large")


async def test_a_day_that_stays_too_large_is_an_error() -> None:
    """If the report of the campaigns is too large as well, the window fails instead of ending without rows."""
    transport = TooLarge()
    day = date(2026, 1, 1)
    window = ReportWindow(
        client(transport, FakeClock()),
        stream("ads_reports_daily"),
        Account(advertiser_id=AdvertiserId("7001")),
        Window(day, day + DAY),
        include_deleted=False,
        budget=SequentialBudget(),
    )
    events = window.deliveries()
    assert [await anext(events) for _ in range(2)] == [DaysRead(Window(each, each), False) for each in (day, day + DAY)]
    with pytest.raises(TikTokError, match="too large, on 2026-01-01") as caught:
        await anext(events)
    assert caught.value.code == 40067
    assert caught.value.goes_on
    ads, campaigns = '["ad_id","stat_time_day"]', '["campaign_id"]'
    assert list(dict.fromkeys(transport.requests)) == [
        (ads, "2026-01-01", "2026-01-02"),
        (ads, "2026-01-01", "2026-01-01"),
        (campaigns, "2026-01-01", "2026-01-01"),
        (ads, "2026-01-02", "2026-01-02"),
        (campaigns, "2026-01-02", "2026-01-02"),
    ]


class Unused:
    """Answers that every report about ads is too large, although the account has no data.

    Args:
        answer: What is said to a report about ads.
        refused: A metric that the application may not have.
    """

    def __init__(self, answer: Reply, refused: str = "") -> None:
        self._answer = answer
        self._refused = refused
        self.requests: list[str] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer for campaigns and ad groups."""
        assert endpoint
        assert token
        self.requests.append(params["dimensions"])
        if "ad_id" in params["dimensions"]:
            return self._answer
        if self._refused and self._refused in params["metrics"]:
            return refusal(40002, f"Invalid metric fields: ['{self._refused}'].")
        return Reply(200, {}, page([]))


@pytest.mark.parametrize("refused", ["", "real_time_result"])
@pytest.mark.parametrize(
    "answer",
    [Reply(200, {"X-Tt-Ads-Throttle": "20k"}, page([])), refusal(40067), refusal(50002)],
    ids=["cut", "too large", "slow"],
)
async def test_a_large_account_without_data_has_no_rows(answer: Reply, refused: str) -> None:
    """If no campaign has rows on the days, there is nothing to read and no error, however many ads there are."""
    transport = Unused(answer, refused)
    day = date(2026, 1, 1)
    window = ReportWindow(
        client(transport, FakeClock()),
        stream("ads_reports_daily"),
        Account(advertiser_id=AdvertiserId("7001")),
        Window(day, day),
        include_deleted=False,
        budget=SequentialBudget(),
    )
    deliveries = [delivery async for delivery in window.deliveries()]
    assert deliveries == [DaysRead(Window(day, day), whole=True)]
    assert transport.requests.count('["campaign_id"]') == (2 if refused else 1)
    assert transport.requests[-1] == '["advertiser_id"]', "an empty list is compared with the account"


class Business:
    """Answers for ads by day: one ad in each of two campaigns, on each of two days.

    Args:
        refuse: Says what becomes of a request for these campaigns (none: all) from one day to another.
    """

    def __init__(self, refuse: Callable[[tuple[str, ...], str, str], str]) -> None:
        self._refuse = refuse

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer one request."""
        assert endpoint
        assert token
        campaign_ids: tuple[str, ...] = ()
        for item in json.loads(params.get("filtering", "[]")):
            if item["field_name"] == "campaign_ids":
                campaign_ids = tuple(json.loads(item["filter_value"]))
        if "AD" not in params["data_level"].split("_")[1:]:
            return rows_of([{"campaign_id": item} for item in ("1", "2")])
        first, last = params["start_date"], params["end_date"]
        refused = self._refuse(campaign_ids, first, last)
        if refused == "40067":
            return refusal(40067)
        days = [day for day in ("2026-01-01", "2026-01-02") if first <= day <= last]
        rows = [
            {"ad_id": f"{item}0", "stat_time_day": f"{day} 00:00:00"} for item in campaign_ids or "12" for day in days
        ]
        return rows_of(rows, {"X-Tt-Ads-Throttle": "cut"} if refused == "cut" else {})


def rows_of(dimensions: list[dict[str, str]], headers: Mapping[str, str] | None = None) -> Reply:
    """A page of rows with these dimensions, which cost nothing."""
    metrics = {"spend": "0.00", "impressions": "0"}
    info = {"page": 1, "page_size": 1000, "total_number": len(dimensions), "total_page": 1}
    return success(
        {"list": [{"dimensions": item, "metrics": metrics} for item in dimensions], "page_info": info}, headers
    )


async def deliveries_of(refuse: Callable[[tuple[str, ...], str, str], str]) -> list[str]:
    """The rows of two days, and `whole` wherever the delivered days are complete."""
    window = Window(date(2026, 1, 1), date(2026, 1, 2))
    reading = ReportWindow(
        client(Business(refuse), FakeClock()),  # type: ignore[arg-type]
        stream("ads_reports_daily"),
        Account(advertiser_id=AdvertiserId("7001")),
        window,
        include_deleted=True,
        budget=SequentialBudget(),
    )
    deliveries = []
    async for delivery in reading.deliveries():
        if isinstance(delivery, DaysRead):
            deliveries.append("whole")
        else:
            rows = cast(RecordList, delivery.records)
            deliveries += [f"{row.dimensions.ad_id} {row.dimensions.stat_time_day[8:10]}" for row in rows]
    return deliveries


async def test_days_are_complete_once_all_their_rows_were_delivered() -> None:
    """In one piece at the end; by days after each; by campaigns only after the last campaign."""
    assert await deliveries_of(lambda *_: "") == ["10 01", "10 02", "20 01", "20 02", "whole"]
    by_days = await deliveries_of(lambda _, first, last: "40067" if first != last else "")
    assert by_days == ["10 01", "20 01", "whole", "10 02", "20 02", "whole"]
    by_campaigns = await deliveries_of(lambda ids, *_: "cut" if len(ids) != 1 else "")
    assert by_campaigns == ["10 01", "10 02", "20 01", "20 02", "whole"]


async def test_no_day_is_complete_before_the_last_day_of_the_last_campaign() -> None:
    """The first campaign came with both days, the second one day at a time."""

    def refuse(ids: tuple[str, ...], first: str, last: str) -> str:
        if len(ids) != 1:
            return "cut"
        return "40067" if ids == ("2",) and first != last else ""

    assert await deliveries_of(refuse) == ["10 01", "10 02", "20 01", "20 02", "whole"]
