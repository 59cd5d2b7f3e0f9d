"""Where 4.7.0 loses rows of reports, and this connector does not. docs/coming-from-airbyte.md names these tests."""

from __future__ import annotations

from datetime import date

import pytest

from parity.bench import Pair
from parity.comparison import failed, keys
from parity.faulty import CUT, EVENING, MONTH, ONE_DAY, UNEVEN, YEARS, Handover, truth_of
from parity.scenarios import DELETED, Syncs, options
from tiktok_marketing.catalog import Stream, stream_named
from tiktok_marketing.emulator import Emulator

HOURLY = (
    "ads_reports_hourly", "ad_groups_reports_hourly", "campaigns_reports_hourly", "advertisers_reports_hourly",
    "ads_reports_by_country_hourly", "ad_groups_reports_by_country_hourly",
)  # fmt: skip

LIFETIME = "advertisers_audience_reports_lifetime"


def the_stream(name: str) -> Stream:
    """The stream of this name."""
    stream = stream_named(name)
    assert stream is not None
    return stream


def test_a_range_of_one_day_is_read(one_day: Pair) -> None:
    """With start_date equal to end_date, 4.7.0 asks for nothing and ends without an error."""
    assert one_day.theirs.outcome.exit_code == 0
    truth = truth_of(ONE_DAY, "2026-06-12", "2026-06-12", include_deleted=False, breakdowns=True, hourly=False)
    daily = sum(account["rows"]["campaign"]["daily"] for account in truth.values())
    split = sum(account["breakdowns"]["campaign"]["gender+age"] for account in truth.values())
    for name, rows in (("campaigns_reports_daily", daily), ("campaigns_audience_reports_daily", split)):
        assert rows > 0
        assert one_day.theirs.days_asked(the_stream(name)) == {}
        assert len(one_day.ours.outcome.records(name)) == rows


def test_lifetime_audience_ends_at_end_date(one_day: Pair) -> None:
    """4.7.0 ignores end_date and sums up until today."""
    stream = the_stream(LIFETIME)
    assert {days for (days,) in one_day.theirs.days_asked(stream).values()} == {("2026-06-12", "2026-06-14")}
    assert {days for (days,) in one_day.ours.days_asked(stream).values()} == {("2026-06-12", "2026-06-12")}
    truth = truth_of(ONE_DAY, "2026-06-12", "2026-06-12", include_deleted=False, hourly=False)
    shown = sum(account["metrics"]["advertiser"]["impressions"] for account in truth.values())
    theirs, ours = (
        sum(int(record["metrics"]["impressions"]) for record in reading.outcome.records(LIFETIME))
        for reading in (one_day.theirs, one_day.ours)
    )
    assert ours == shown < theirs


def test_a_range_of_31_days_is_split(month: Pair) -> None:
    """4.7.0 asks for the last 31 days in one window; TikTok accepts 30, and the stream fails."""
    assert failed(month.theirs.outcome) == MONTH.streams
    assert month.theirs.outcome.of_type("RECORD") == []
    truth = truth_of(MONTH, "2026-05-15", "2026-06-14", include_deleted=False, breakdowns=True, hourly=False)
    assert len(month.ours.outcome.records("campaigns_reports_daily")) == sum(
        account["rows"]["campaign"]["daily"] for account in truth.values()
    )
    assert len(month.ours.outcome.records("campaigns_audience_reports_by_platform_daily")) == sum(
        account["breakdowns"]["campaign"]["platform"] for account in truth.values()
    )


def test_lifetime_audience_covers_365_days_at_most(years: Pair) -> None:
    """4.7.0 asks for a year and a day, which TikTok refuses; ours asks for the last 365 days."""
    assert failed(years.theirs.outcome) == {LIFETIME}
    for windows in years.theirs.days_asked(the_stream(LIFETIME)).values():
        assert {_days(*window) for window in windows} == {366}
    ours = [_days(*window) for windows in years.ours.days_asked(the_stream(LIFETIME)).values() for window in windows]
    assert max(ours) == 365
    assert years.ours.outcome.records(LIFETIME)


def test_days_before_the_account_are_not_asked_for(years: Pair) -> None:
    """4.7.0 asks for years in which the account did not exist."""
    stream = the_stream("advertisers_reports_daily")
    for account in Emulator(YEARS.options).advertiser_ids:
        assert years.theirs.first_days(stream)[account] == "2024-01-01"
        assert len(years.theirs.days_asked(stream)[account]) == 30
        assert years.ours.first_days(stream)[account] > "2025-05"
        assert len(years.ours.days_asked(stream)[account]) <= 14
    assert keys(stream, years.theirs) == keys(stream, years.ours)


def _days(start: str, end: str) -> int:
    return (date.fromisoformat(end) - date.fromisoformat(start)).days + 1


@pytest.mark.parametrize("name", ["ads", "ad_group", "campaigns"])
@pytest.mark.parametrize(
    ("suffix", "split"), [("", "gender+age"), ("_by_country", "country_code"), ("_by_platform", "platform")]
)
def test_audience_reports_include_deleted_objects(name: str, suffix: str, split: str, deleted_too: Pair) -> None:
    """4.7.0 sends include_deleted as `filters`, which TikTok does not know, so rows of deleted objects are missing."""
    level = {"ads": "ad", "ad_group": "adgroup", "campaigns": "campaign"}[name]
    all_rows, shown_rows = (
        sum(
            account["breakdowns"][level][split]
            for account in truth_of(
                DELETED, "2026-05-01", "2026-05-02", breakdowns=True, hourly=False, include_deleted=deleted
            ).values()
        )
        for deleted in (True, False)
    )
    stream = f"{name}_audience_reports{suffix}_daily"
    assert len(deleted_too.theirs.outcome.records(stream)) == shown_rows < all_rows
    assert len(deleted_too.ours.outcome.records(stream)) == all_rows


@pytest.mark.parametrize(("name", "level"), [("ads", "ad"), ("ad_groups", "adgroup"), ("campaigns", "campaign")])
def test_lifetime_reports_include_deleted_objects(name: str, level: str, deleted_too: Pair) -> None:
    """4.7.0 sends `filters` for lifetime reports, too."""
    truth = truth_of(DELETED, "2026-05-01", "2026-05-02", hourly=False)
    rows = sum(account["rows"][level]["lifetime"] for account in truth.values())
    assert len(deleted_too.ours.outcome.records(f"{name}_reports_lifetime")) == rows
    assert len(deleted_too.theirs.outcome.records(f"{name}_reports_lifetime")) < rows
    sent = [request.params for request in deleted_too.theirs.asked if "query_lifetime" in request.params]
    assert all("filters" in params and "filtering" not in params for params in sent)


def test_a_cut_report_is_read_in_parts(cut: Pair) -> None:
    """TikTok says in a header that it left ads out; 4.7.0 does not read it and ends without an error."""
    assert cut.theirs.outcome.exit_code == cut.ours.outcome.exit_code == 0
    truth = truth_of(CUT, "2026-06-12", "2026-06-14", include_deleted=False, hourly=False)
    rows = sum(account["rows"]["ad"]["daily"] for account in truth.values())
    assert len(cut.ours.outcome.records("ads_reports_daily")) == rows
    assert len(cut.theirs.outcome.records("ads_reports_daily")) < rows


def test_days_end_in_the_accounts_time_zone(evening: Pair) -> None:
    """At 18:00 UTC it is the next day in Auckland; 4.7.0 reads up to the day in UTC."""
    auckland = Emulator(EVENING.options).advertiser_ids[2]
    stream = the_stream("advertisers_reports_daily")
    assert evening.theirs.days_asked(stream)[auckland][-1][1] == "2026-06-14"
    assert evening.ours.days_asked(stream)[auckland][-1][1] == "2026-06-15"
    missing = keys(stream, evening.ours) - keys(stream, evening.theirs)
    assert missing == {(int(auckland), "2026-06-15 00:00:00")}


@pytest.mark.parametrize("name", HOURLY)
def test_hourly_reports_are_read_in_whole_days(name: str, report_syncs: Syncs) -> None:
    """From a cursor of 06:00, 4.7.0 drops the hours from 00:00 to 05:00 of every day that it reads."""
    stream = the_stream(name)
    whole = keys(stream, report_syncs.whole)
    theirs = keys(stream, report_syncs.first.theirs, report_syncs.from_own.theirs)
    assert report_syncs.from_own.theirs.outcome.exit_code == 0
    assert theirs < whole
    assert keys(stream, report_syncs.first.ours, report_syncs.from_own.ours) == whole


def test_a_new_account_begins_at_start_date(new_account: Handover) -> None:
    """4.7.0 begins at the cursor of the other accounts, and never reads the days before it."""
    stream = the_stream(UNEVEN[0])
    known, new = Emulator(options()).advertiser_ids
    assert set(new_account.first.theirs.first_days(stream)) == {known}
    assert new_account.from_own.theirs.first_days(stream)[new] > "2026-06-08"
    assert new_account.from_own.ours.first_days(stream)[new] == "2026-06-08"
    assert new_account.from_others.ours.first_days(stream)[new] == "2026-06-08"
    days = {key[1] for key in keys(stream, new_account.from_others.ours) if key[0] == int(new)}
    assert days == {f"2026-06-{day:02d} 00:00:00" for day in range(8, 15)}


def test_attribution_window_defaults_to_three_days(new_account: Handover) -> None:
    """4.7.0 then reads no day again, although its form says that the default is 3."""
    stream = the_stream(UNEVEN[0])
    known = Emulator(options()).advertiser_ids[0]
    assert new_account.from_own.theirs.first_days(stream)[known] == "2026-06-13"
    assert new_account.from_own.ours.first_days(stream)[known] == "2026-06-10"
