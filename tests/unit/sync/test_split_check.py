"""What the parts of a report lack of the whole, and what is only rounding."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from unit_builders import page, stream

from tiktok_marketing.sync.decode.pages import Page, RawRows, RecordList
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.read.split_check import Figures, figures_of_page


def figures(spend: str, impressions: int, rows: int = 0) -> Figures:
    """Figures of so many rows."""
    return Figures(Decimal(spend), Decimal(impressions), rows)


def test_figures_of_rows_add_up() -> None:
    """What is no finite number counts as 0, but its row counts."""
    rows = [("1.25", 10), (2, "5"), (None, "-"), ("nan", "Infinity"), ([], {})]
    assert Figures.of(rows) == figures("3.25", 15, 5)
    assert Figures.of([]) == Figures() == figures("0", 0)
    assert figures("1.5", 3, 2).plus(figures("2.5", 4, 1)) == figures("4.0", 7, 3)
    assert figures("4.0", 7, 3).minus(figures("2.5", 4, 1)) == figures("1.5", 3, 2)


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
    assert figures_of_page(shown) == figures("3.50", 3, 3)


def test_a_row_without_metrics_counts_as_a_row() -> None:
    """Its figures cannot be known, and cost no other row its own."""
    rows = [{"metrics": {"spend": 2, "impressions": 1}}, {"metrics": None}, {}]
    shown = Page(RecordList(), [], None, None, raw=RawRows(lambda: rows, json.dumps({"data": {"list": rows}}).encode()))
    assert figures_of_page(shown) == figures("2", 1, 3)


def test_a_page_without_rows_has_no_figures() -> None:
    """TikTok may leave out the list."""
    shown = report_reader(stream("ads_reports_daily")).read(page([]))
    assert figures_of_page(shown) == Figures()
