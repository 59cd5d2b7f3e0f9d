"""Whether a page answers what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from unit_builders import stream

from tiktok_marketing.catalog import ReportStream
from tiktok_marketing.sync.decode.pages import Page, RawRows, RecordList
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.asked_for import Asked, LackingMetrics

WINDOW = Window(date(2026, 1, 1), date(2026, 1, 2))


def page(*keyed: Any) -> Page[RecordList]:
    """A page of rows with these dimensions."""
    rows = [SimpleNamespace(**each) for each in keyed]
    return Page(RecordList(rows), rows, len(rows), 1, raw=RawRows(lambda: [{"dimensions": each} for each in keyed]))


def days(*texts: str | None) -> Page[RecordList]:
    """A page of rows of these days."""
    return page(*({"stat_time_day": text} for text in texts))


OF_DAYS = Asked(WINDOW, "stat_time_day")


@pytest.mark.parametrize("others", [(), ("2026-01-02 00:00:00",), (None, "-"), ("2026-02-30", "soon")])
def test_rows_of_the_days_that_were_asked_for_are_right(others: tuple[str | None, ...]) -> None:
    """So are rows whose day cannot be read, which are odd, and so is a page without rows."""
    for rows in (others, ("2026-01-01 00:00:00", *others)):
        OF_DAYS.verify(days(*rows))
        assert not OF_DAYS.strange(days(*rows))


def test_rows_of_other_days_alone_are_an_answer_to_something_else() -> None:
    """The error says what came, and what was asked for."""
    with pytest.raises(msgspec.ValidationError, match="records are of 2025-12-31, and 2026-01-01 to 2026-01-02 was"):
        OF_DAYS.verify(days("2026-01-03 00:00:00", "2025-12-31 00:00:00"))


def test_a_row_of_another_day_among_others_is_strange() -> None:
    """The page is used, and reported."""
    OF_DAYS.verify(days("2026-01-01", "2026-01-03"))
    assert OF_DAYS.strange(days("2026-01-01", "2026-01-03")).startswith("it has records of 2026-01-03, and ")


def test_rows_of_another_account_alone_are_an_answer_to_something_else() -> None:
    """If the rows name their account, as those of reports about accounts do."""
    of_account = Asked(account="7001")
    of_account.verify(page({"advertiser_id": "7001"}, {"advertiser_id": "7002"}))
    of_account.verify(page({"advertiser_id": "-"}))
    with pytest.raises(msgspec.ValidationError, match="of advertiser 7002, and advertiser 7001 was asked for"):
        of_account.verify(page({"advertiser_id": "7002"}))


def test_objects_may_say_whose_they_are() -> None:
    """What TikTok sent counts, not the account that was added. Objects that do not say it are right."""
    added = [{"campaign_id": "5", "advertiser_id": 7001}]

    def objects(*sent: Mapping[str, str]) -> Page[RecordList]:
        return Page(RecordList(added), added, 1, 1, raw=RawRows(lambda: list(sent)))

    of_account = Asked(account="7001")
    for sent in ({"advertiser_id": "7001"}, {"advertiser_id": ""}, {"campaign_id": "5"}):
        of_account.verify(objects(sent))
    of_account.verify(objects({"advertiser_id": "7002"}, {"advertiser_id": "7001"}))
    with pytest.raises(msgspec.ValidationError, match="of advertiser 7002"):
        of_account.verify(objects({"advertiser_id": "7002"}, {"campaign_id": "5"}))
    of_account.verify(page())


def test_a_row_of_another_account_among_others_is_not_strange() -> None:
    """Nobody asked about days, and the page has what was asked for."""
    assert not Asked(account="7001").strange(page({"advertiser_id": "7001"}, {"advertiser_id": "7002"}))


@pytest.mark.parametrize(
    ("name", "window", "asked"),
    [
        ("ads_reports_daily", WINDOW, Asked(WINDOW, "stat_time_day")),
        ("ads_reports_hourly", WINDOW, Asked(WINDOW, "stat_time_hour")),
        ("ads_reports_lifetime", None, Asked()),
        ("ads_reports_lifetime", WINDOW, Asked()),
        ("gmv_max_advertiser_reports_daily", WINDOW, Asked(WINDOW, "stat_time_day")),
        ("advertisers_reports_daily", WINDOW, Asked(WINDOW, "stat_time_day", "7001")),
    ],
)
def test_a_report_says_what_its_rows_are_about(name: str, window: Window | None, asked: Asked) -> None:
    """Their days, if it has days, and their account, if it is about accounts."""
    report = stream(name)
    assert isinstance(report, ReportStream)
    assert Asked.of_report(report.source, window, "7001", ()) == asked


def rows_with(*metrics: Any) -> Page[RecordList]:
    """A page of rows with these metrics."""
    rows = [{"dimensions": {"ad_id": str(number)}, "metrics": each} for number, each in enumerate(metrics)]
    keyed = [SimpleNamespace(ad_id=str(number)) for number in range(len(rows))]
    return Page(RecordList(keyed), keyed, len(rows), 1, raw=RawRows(lambda: rows, msgspec.json.encode(rows)))


OF_METRICS = Asked(metrics=("spend", "reach"))


@pytest.mark.parametrize("metrics", [[{}], [{}, None, {"likes": "5"}], ["spend", {}]])
def test_rows_without_any_metric_that_was_asked_for_are_no_answer(metrics: list[Any]) -> None:
    """Taken for one, they would put null in place of figures."""
    with pytest.raises(msgspec.ValidationError, match="none of its rows has a metric"):
        OF_METRICS.verify(page_of_text(*metrics) if "spend" in metrics else rows_with(*metrics))


@pytest.mark.parametrize("metrics", [[], [{}, {"reach": None}], [{"spend": "-"}]])
def test_one_metric_in_one_row_makes_an_answer(metrics: list[Any]) -> None:
    """Whatever its value. So does a page without rows."""
    OF_METRICS.verify(rows_with(*metrics))
    Asked().verify(rows_with({}))


def page_of_text(*metrics: Any) -> Page[RecordList]:
    """The same page with a text in other characters than TikTok's, such as UTF-16."""
    page_of_rows = rows_with(*metrics)
    return msgspec.structs.replace(page_of_rows, raw=RawRows(page_of_rows.raw.rows, page_of_rows.raw.body[:0]))


def test_metrics_that_no_row_has_are_lacking() -> None:
    """Rows of any page and of any window of the account count, and null is a value."""
    lacking = LackingMetrics(["spend", "reach", "likes"])
    assert lacking.names == frozenset()
    lacking.note(rows_with())
    assert lacking.names == frozenset()
    lacking.note(rows_with({}, {"spend": None}))
    assert lacking.names == {"reach", "likes"}
    lacking.note(page_of_text(None, {}, {"reach": "5"}))
    lacking.note(rows_with({"spend": "1"}))
    assert lacking.names == {"likes"}
