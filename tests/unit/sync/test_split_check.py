"""What the parts of a report lack of the whole, and what is only rounding."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from unit_builders import page, stream

from tiktok_marketing.sync.decode.pages import Page, RawRows, RecordList
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.read.split_check import Figures, figures_of_page, is_number, number_of


def figures(spend: str, impressions: int, rows: int = 0, *unread: str) -> Figures:
    """Figures of so many rows."""
    return Figures(Decimal(spend), Decimal(impressions), rows, frozenset(unread))


def test_figures_of_rows_add_up() -> None:
    """What is no finite number counts as 0, but its row counts."""
    rows = [("1.25", 10), (2, "5"), (None, "-"), ("nan", "Infinity"), ([], {})]
    assert Figures.of(rows) == figures("3.25", 15, 5, "spend", "impressions")
    assert Figures.of([]) == Figures() == figures("0", 0)
    assert figures("1.5", 3, 2).plus(figures("2.5", 4, 1)) == figures("4.0", 7, 3)
    assert figures("4.0", 7, 3).minus(figures("2.5", 4, 1)) == figures("1.5", 3, 2)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("1,234.50", "1234.5"), ("+5", "5"), (" 7 ", "7"), ("1e3", "1000"), ("99999999999999", "99999999999999"),
        ("100000000000000", None), ("9e999999", None), ("1e9999999999", None), ("\u0661\u0662", None), ("1_0", None),
        (True, None), (10**30, None), ("<5", None), ("", None), (None, None), ({}, None),
    ],
)  # fmt: skip
def test_a_figure_is_what_a_column_would_have(value: Any, number: str | None) -> None:
    """So that the sums of thousands of rows are exact, and no odd value spoils them."""
    assert is_number(value) is (number is not None)
    assert number_of(value) == Decimal(number or 0)
    both = Figures.of([(value, 1), (value, 1)])
    assert both.unread == (frozenset() if number else {"spend"})
    assert both.spend == 2 * Decimal(number or 0)


def test_what_stands_in_place_of_a_figure_may_be_all_that_is_missing() -> None:
    """So only the other figure is compared."""
    whole = figures("10", 100, 2)
    odd = Figures.of([("<5", 60), ("4", 30)])
    assert odd.lacks(whole) == "10 of 100 impressions"
    assert odd.plus(figures("0", 10)).lacks(whole) == ""
    assert odd.at_most(whole).minus(figures("1", 1, 1)).unread == {"spend"}
    assert whole.lacks(odd) == ""


def test_a_figure_that_is_nested_too_deeply_is_none() -> None:
    """The rest of the page is read."""
    deep = b'"spend":' + b"[" * 5000 + b"]" * 5000
    body = page([row({"spend": "x", "impressions": "3"}), row({"spend": "2", "impressions": "4"})])
    shown = report_reader(stream("ads_reports_daily")).read(body.replace(b'"spend":"x"', deep))
    assert figures_of_page(shown) == figures("2", 7, 2, "spend")


def test_the_smaller_of_each_figure_counts() -> None:
    """Figures that rise while the parts are read are not missing from them."""
    assert figures("1", 9, 2).at_most(figures("2", 5, 7)) == figures("1", 5, 2)
    assert figures("3", 4, 2).at_most(figures("2", 5, 7)) == figures("2", 4, 2)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), figures("2", 5, 3)),
        (("spend",), figures("0", 5, 3)),
        (("impressions",), figures("2", 0, 3)),
        (("spend", "impressions", "clicks"), figures("0", 0, 3)),
    ],
)
def test_figures_that_tiktok_does_not_sum_up_cannot_be_missing(names: tuple[str, ...], expected: Figures) -> None:
    """The others are still compared."""
    assert figures("2", 5, 3).without(names) == expected


@pytest.mark.parametrize(
    ("parts", "whole", "missing"),
    [
        (figures("10.00", 100, 2), figures("10.00", 100), ""),
        (figures("11.00", 101, 2), figures("10.00", 100), ""),
        (figures("9.97", 100, 2), figures("10.00", 100), ""),
        (figures("9.96", 100, 2), figures("10.00", 100), "0.04 of 10.00 spend"),
        (figures("9.99", 100), figures("10.00", 100), ""),
        (figures("9.98", 100), figures("10.00", 100), "0.02 of 10.00 spend"),
        (figures("10.00", 99, 2), figures("10.00", 100), "1 of 100 impressions"),
        (figures("0", 0), figures("1234.5", 6789), "1,234.50 of 1,234.50 spend and 6,789 of 6,789 impressions"),
    ],
)
def test_only_more_than_rounding_is_missing(parts: Figures, whole: Figures, missing: str) -> None:
    """Each row, and the whole, may be rounded by a cent; a count of impressions is exact."""
    assert parts.lacks(whole) == missing


def row(metrics: Any) -> dict[str, Any]:
    """A row of a report."""
    return {"dimensions": {"ad_id": "7", "stat_time_day": "2026-01-01 00:00:00"}, "metrics": metrics}


@pytest.mark.parametrize("clicks", [b'"9"', b"NaN"], ids=["as usual", "JSON that only the lenient decoder accepts"])
def test_the_figures_of_a_page_are_those_of_its_rows(clicks: bytes) -> None:
    """A row without figures counts as a row."""
    rows = [row({"spend": "1.50", "impressions": "3"}), row({}), row({"spend": 2, "clicks": "9"})]
    shown = report_reader(stream("ads_reports_daily")).read(page(rows).replace(b'"9"', clicks))
    assert figures_of_page(shown) == figures("3.50", 3, 3, "spend", "impressions")


def test_a_row_without_metrics_counts_as_a_row() -> None:
    """Its figures cannot be known, and cost no other row its own."""
    rows = [{"metrics": {"spend": 2, "impressions": 1}}, {"metrics": None}, {}]
    shown = Page(RecordList(), [], None, None, raw=RawRows(lambda: rows, json.dumps({"data": {"list": rows}}).encode()))
    assert figures_of_page(shown) == figures("2", 1, 3, "spend", "impressions")


def test_a_page_without_rows_has_no_figures() -> None:
    """TikTok may leave out the list."""
    shown = report_reader(stream("ads_reports_daily")).read(page([]))
    assert figures_of_page(shown) == Figures()
