"""What a sync warns of as a whole is said once, and no account's warning contains what is said for all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from unit_builders import stream

from tiktok_marketing.catalog import report_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.decode.pages import Page, RawRows, RecordList
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.read.asked_for import LackingMetrics
from tiktok_marketing.sync.read.refused_days import DayRefusals
from tiktok_marketing.sync.read.report_trial import MetricTrial
from tiktok_marketing.sync.run.run_warnings import clock_warnings, metric_warnings
from tiktok_marketing.sync.run.stream_run import StreamRun

_TEN_MINUTES = timedelta(minutes=10)


@pytest.mark.parametrize("ahead", [None, timedelta(), _TEN_MINUTES - timedelta(seconds=1), timedelta(seconds=-599)])
def test_clocks_that_agree_cost_no_warning(ahead: timedelta | None) -> None:
    """A delay within a sync explains less than ten minutes."""
    assert list(clock_warnings(ahead)) == []


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (_TEN_MINUTES, "10 minutes ahead of"),
        (-_TEN_MINUTES, "10 minutes behind"),
        (timedelta(days=366), "8784.0 hours"),
    ],
)
def test_clocks_that_differ_are_reported_with_what_follows(ahead: timedelta, words: str) -> None:
    """Whichever is ahead: days that have begun by one of them alone come again."""
    [warning] = clock_warnings(ahead)
    assert words in warning
    assert "are read again next time" in warning
    assert "ignores" not in warning


@pytest.mark.parametrize("ahead", [timedelta(days=367), timedelta(days=-4000)])
def test_a_difference_that_cannot_be_is_ignored_and_reported(ahead: timedelta) -> None:
    """More than a year is an answer's `Date` that something changed."""
    [warning] = clock_warnings(ahead)
    assert "ignores so large a difference" in warning
    assert "are read again" not in warning


def run_of(name: str, everywhere: Iterable[str] = (), **by_account: set[str]) -> StreamRun:
    """A run in which TikTok refused metrics: of every account, and of some."""
    run = StreamRun(Selected(stream(name), incremental=True), None, 0.0)
    if everywhere:
        run.metric_trial = MetricTrial(report_stream(name), frozenset(everywhere))
        run.metric_trial.refused = frozenset(everywhere)
    run.refused_metrics = {AdvertiserId(account[1:]): metrics for account, metrics in by_account.items()}
    return run


def test_what_no_account_accepts_is_said_once_for_all() -> None:
    """Not again per account, and not again later in the sync."""
    runs = {"ads_reports_daily": run_of("ads_reports_daily", ("reach", "likes"), a1={"reach"}, a2={"reach", "spend"})}
    for_all, of_account = metric_warnings(runs)
    assert for_all.startswith("ads_reports_daily: ")
    assert "likes, reach." in for_all
    assert of_account.startswith("Advertiser 2: ")
    assert "(ads_reports_daily: spend)" in of_account
    assert list(metric_warnings(runs)) == []


def test_an_account_has_one_warning_for_all_its_streams() -> None:
    """With each stream's metrics in order. Accounts and streams without refusals have none."""
    runs = {
        "ads": run_of("ads"),
        "ads_reports_daily": run_of("ads_reports_daily", a1={"spend", "clicks"}),
        "campaigns_reports_daily": run_of("campaigns_reports_daily", a2={"reach"}, a1={"reach"}),
    }
    first, second = metric_warnings(runs)
    assert first.startswith("Advertiser 1: ")
    assert "(ads_reports_daily: clicks, spend; campaigns_reports_daily: reach)" in first
    assert second.startswith("Advertiser 2: ")
    assert "(campaigns_reports_daily: reach)" in second


def test_what_an_account_refuses_later_is_said_later() -> None:
    """What was said is forgotten, so it is not said twice."""
    runs = {"ads_reports_daily": run_of("ads_reports_daily", a1={"spend"})}
    assert len(list(metric_warnings(runs))) == 1
    runs["ads_reports_daily"].refused_metrics[AdvertiserId("1")] = {"clicks"}
    [warning] = metric_warnings(runs)
    assert "clicks" in warning
    assert "spend" not in warning


def test_what_is_refused_for_some_days_is_said_once_with_that() -> None:
    """Not if it is refused for all days, and not for accounts that refuse nothing."""
    run = run_of("ads_reports_daily", a1={"clicks"})
    for account, metrics in (("1", {"reach", "clicks"}), ("2", set()), ("3", {"spend"})):
        run.day_refusals[AdvertiserId(account)] = DayRefusals(date(2026, 3, 1))
        run.day_refusals[AdvertiserId(account)].somewhere |= metrics
    runs = {"ads_reports_daily": run}
    first, third = metric_warnings(runs)
    assert "(ads_reports_daily: clicks; ads_reports_daily, on some days: reach)" in first
    assert third.startswith("Advertiser 3: ")
    assert "(ads_reports_daily, on some days: spend)" in third
    assert list(metric_warnings(runs)) == []


def test_what_is_refused_everywhere_later_is_said_then() -> None:
    """A trial may end after the first warnings of the sync."""
    run = run_of("ads_reports_daily", a1={"spend"})
    runs = {"ads_reports_daily": run}
    assert len(list(metric_warnings(runs))) == 1
    run.metric_trial = MetricTrial(report_stream("ads_reports_daily"), frozenset({"reach"}))
    run.metric_trial.refused = frozenset({"reach"})
    [warning] = metric_warnings(runs)
    assert warning.startswith("ads_reports_daily: ")


def test_metrics_that_no_row_has_are_said_once_for_all_their_accounts() -> None:
    """A metric that TikTok refuses is another matter, and so is an account whose rows have all of them."""
    run = run_of("ads_reports_daily", a1={"reach"})
    page = Page(RecordList([1]), [1], 1, 1, raw=RawRows(list, b'{"metrics": {"spend": "1"}}'))
    run.day_refusals[AdvertiserId("4")] = DayRefusals(date(2026, 3, 1))
    run.day_refusals[AdvertiserId("4")].somewhere |= {"likes"}
    for account, metrics in {
        "1": ("spend", "reach"),
        "4": ("spend", "likes"),
        "2": ("spend", "clicks"),
        "3": ("spend", "clicks"),
    }.items():
        run.lacking_metrics[AdvertiserId(account)] = LackingMetrics(metrics)
        run.lacking_metrics[AdvertiserId(account)].note(page)
    lacking, refused, of_days = metric_warnings({"ads_reports_daily": run})
    assert lacking.startswith("ads_reports_daily, advertiser 2 and 1 more: ")
    assert lacking.endswith("are null: clicks.")
    assert refused.startswith("Advertiser 1: ")
    assert of_days.startswith("Advertiser 4: ")
    assert list(metric_warnings({"ads_reports_daily": run})) == []
