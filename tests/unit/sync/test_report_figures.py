"""The figures of objects, and of the level above, with which the parts of a report are compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from unit_builders import FakeClock, client, page, refusal

from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import ReportFilter, report_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import PartialAnswerError, TikTokError
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import SequentialBudget
from tiktok_marketing.sync.read.report_figures import FiguresReader, is_nameable, total_of
from tiktok_marketing.sync.read.report_requests import Piece
from tiktok_marketing.sync.read.split_check import Figures

WINDOW = Window(date(2026, 1, 1), date(2026, 1, 30))
PIECE = Piece(WINDOW)
OF_CAMPAIGNS = Piece(WINDOW, "campaign_ids", ("1", "2"))
CAMPAIGNS = report_stream("campaigns_reports_lifetime")
Answer = Callable[[dict[str, Any]], Reply]


def row(dimension: str, value: str, spend: str, impressions: int) -> dict[str, Any]:
    """A row of a report."""
    return {"dimensions": {dimension: value}, "metrics": {"spend": spend, "impressions": impressions}}


class Reports:
    """Answers reports by their dimension: with rows, or with what a function of the request says."""

    def __init__(self, **answers: Sequence[dict[str, Any]] | Answer) -> None:
        self._answers = answers
        self.requests: list[dict[str, Any]] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer one request."""
        assert endpoint == CAMPAIGNS.endpoint
        assert token
        decoded = {name: json.loads(text) if text[0] in "[{" else text for name, text in params.items()}
        self.requests.append(decoded)
        [dimension] = decoded["dimensions"]
        answer = self._answers[dimension]
        return answer(decoded) if callable(answer) else Reply(200, {}, page(answer))

    @property
    def levels(self) -> list[str]:
        """The dimension of each request."""
        return [params["dimensions"][0] for params in self.requests]


class Reading:
    """A reader of the figures, and the partial answers that it noted."""

    def __init__(self, api: Reports, **options: Any) -> None:
        self.partial: list[tuple[Piece, PartialAnswerError]] = []
        self.figures = FiguresReader(
            client(api, FakeClock()),
            AdvertiserId("7001"),
            SequentialBudget(),
            lambda piece, error: self.partial.append((piece, error)),
            **options,
        )


def figures(spend: str, impressions: int, rows: int) -> Figures:
    """Figures of so many rows."""
    return Figures(Decimal(spend), Decimal(impressions), rows)


async def test_figures_are_those_of_each_object_over_the_whole_piece() -> None:
    """Deleted ones included, with pages as large as TikTok allows."""
    api = Reports(campaign_id=[row("campaign_id", "1", "2.50", 3), row("campaign_id", "2", "1.00", 4)])
    found = await Reading(api).figures.of_objects(CAMPAIGNS, PIECE)
    assert found == {"1": figures("2.50", 3, 1), "2": figures("1.00", 4, 1)}
    assert total_of(found) == figures("3.50", 7, 2)
    [params] = api.requests
    assert (params["start_date"], params["end_date"], params["page_size"]) == ("2026-01-01", "2026-01-30", "1000")
    assert {"spend", "impressions", "conversion"} <= set(params["metrics"])
    assert [each["filter_value"] for each in params["filtering"]] == ['["STATUS_ALL"]']


async def test_an_id_that_is_no_number_is_kept_as_tiktok_sent_it() -> None:
    """A figure that is none belongs to its object all the same."""
    odd = row("campaign_id", "2", "1.50", 3) | {"metrics": "none"}
    api = Reports(campaign_id=[row("campaign_id", "1", "many", 3), odd, row("campaign_id", "abc", "1.00", 4)])
    found = await Reading(api).figures.of_objects(CAMPAIGNS, PIECE)
    assert list(found) == ["1", "2", "abc"]
    assert found["abc"] == figures("1.00", 4, 1)


@pytest.mark.parametrize(
    ("object_id", "nameable"), [("7", True), ("0", True), ("٣", False), ("a", False), ("-1", False), ("", False)]
)
def test_a_filter_names_objects_by_digits(object_id: str, nameable: bool) -> None:
    """Those of ASCII, as TikTok writes them."""
    assert is_nameable(object_id) is nameable


def test_objects_that_no_filter_can_name_are_told_of_at_the_end() -> None:
    """The others are used. The first of them is shown."""
    reader = Reading(Reports()).figures
    assert reader.error("ads_reports_daily") is None
    assert reader.usable(CAMPAIGNS, ["1", "2"]) == ["1", "2"]
    assert not reader.has_unusable
    assert reader.usable(CAMPAIGNS, ["1", "-", "2", "x"]) == ["1", "2"]
    assert reader.has_unusable
    error = reader.error("ads_reports_daily")
    assert error is not None
    assert "lists 2 records in campaigns_reports_lifetime of advertiser 7001" in error.message
    assert "for example campaign_id is '-'" in error.message
    assert "rows of ads_reports_daily are missing" in error.message


async def test_objects_are_those_of_the_campaigns_and_origins_of_the_piece() -> None:
    """Filters that widen the report are part of the question, so that no object is left out."""
    api = Reports(campaign_id=[])
    widening = (ReportFilter(field="campaign_automation_type", values=("A", "B")),)
    await Reading(api, origins=("O",), widening=widening).figures.of_objects(CAMPAIGNS, OF_CAMPAIGNS)
    filters = {each["field_name"]: each["filter_value"] for each in api.requests[0]["filtering"]}
    assert filters.pop("campaign_status") == '["STATUS_ALL"]'
    assert filters.pop("campaign_ids") == '["1","2"]'
    assert filters.pop("campaign_automation_type") == '["A","B"]'
    assert list(filters.values()) == ['["O"]']


@pytest.mark.parametrize(
    ("piece", "level", "expected"),
    [(PIECE, "advertiser_id", figures("5", 6, 1)), (OF_CAMPAIGNS, "campaign_id", figures("3.5", 7, 2))],
)
async def test_the_level_above_is_the_account_or_the_campaigns_of_the_piece(
    piece: Piece, level: str, expected: Figures
) -> None:
    """Their sum, if they are several."""
    api = Reports(
        advertiser_id=[row("advertiser_id", "7001", "5.00", 6)],
        campaign_id=[row("campaign_id", "1", "2.50", 3), row("campaign_id", "2", "1.00", 4)],
    )
    assert await Reading(api).figures.above(piece) == expected
    assert api.levels == [level]


async def test_metrics_that_tiktok_withdrew_are_left_out_and_known() -> None:
    """One after the other, as TikTok names them."""

    def refuse(params: dict[str, Any]) -> Reply:
        name = next((name for name in ("spend", "clicks") if name in params["metrics"]), None)
        if name is not None:
            return refusal(40002, f"Invalid metric fields: ['{name}'].")
        return Reply(200, {}, page([{"dimensions": {"campaign_id": "1"}, "metrics": {"impressions": 4}}]))

    api = Reports(campaign_id=refuse)
    reading = Reading(api)
    unread = frozenset({"spend"})
    assert await reading.figures.of_objects(CAMPAIGNS, PIECE) == {"1": replace(figures("0", 4, 1), unread=unread)}
    assert reading.figures.withdrawn == {"spend", "clicks"}
    assert len(api.requests) == 3


async def test_an_error_about_something_else_is_an_error() -> None:
    """The objects are needed, so nothing stands in for them."""
    api = Reports(campaign_id=lambda _: refusal(40002, "start_date: Invalid value."))
    with pytest.raises(TikTokError, match="start_date"):
        await Reading(api).figures.of_objects(CAMPAIGNS, PIECE)
    assert len(api.requests) == 1


async def test_figures_above_that_cannot_be_read_are_unknown_and_said_once() -> None:
    """The parts are then compared with what else is known. Another reason is said too."""
    answers = [refusal(40300, "no"), refusal(40300, "no"), refusal(40002, "start_date: Invalid value.")]
    api = Reports(advertiser_id=lambda _: answers.pop(0))
    reading = Reading(api)
    assert [await reading.figures.above(PIECE) for _ in range(3)] == [None] * 3
    first, second = reading.figures.warnings
    assert "does not tell what they add up to" in first
    assert "start_date" in second


async def test_figures_above_that_come_in_part_are_unknown() -> None:
    """TikTok counts rows that it does not deliver."""
    body = page([row("advertiser_id", "7001", "5.00", 6)], total=2)
    reading = Reading(Reports(advertiser_id=lambda _: Reply(200, {}, body)))
    assert await reading.figures.above(PIECE) is None
    [warning] = reading.figures.warnings
    assert "delivered 1 of the 2 rows" in warning


async def test_an_error_that_ends_the_sync_ends_it_here_too() -> None:
    """No other request can succeed after it."""
    reading = Reading(Reports(advertiser_id=lambda _: refusal(40105, "token")))
    with pytest.raises(TikTokError, match="token"):
        await reading.figures.above(PIECE)
    assert reading.figures.warnings == []


async def test_a_partial_answer_is_noted_with_its_piece() -> None:
    """What it has counts; what it lacks is reported at the end."""
    body = json.loads(page([row("campaign_id", "1", "2.50", 3)]))
    reply = Reply(200, {}, json.dumps(body | {"code": 20001}).encode())
    reading = Reading(Reports(campaign_id=lambda _: reply))
    assert await reading.figures.of_objects(CAMPAIGNS, PIECE) == {"1": figures("2.50", 3, 1)}
    [(piece, error)] = reading.partial
    assert piece == PIECE
    assert isinstance(error, PartialAnswerError)
