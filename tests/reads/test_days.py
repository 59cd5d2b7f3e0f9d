"""Days that are unlike others, accounts in extreme time zones, and as many accounts as an agency has."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from support import Outcome, config_for, read_from
from tiktok_marketing.emulator import Emulator, Fault, Options

REPORTS = ["ads_reports_daily", "ads_reports_hourly", "advertisers_reports_hourly"]
INFO = "advertiser/info/"


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 3, 10, 15, tzinfo=UTC), date(2026, 3, 8)),
        (datetime(2025, 11, 4, 15, tzinfo=UTC), date(2025, 11, 2)),
    ],
    ids=["23 hours", "25 hours"],
)
async def test_a_day_on_which_clocks_change_is_complete(now: datetime, day: date) -> None:
    """On New York's days of 23 and 25 hours, hourly rows and sums are the account's own, and add up to the day."""
    async with Emulator(Options(now=now, tier="unlimited", advertisers=1, days=20, ads_per_account=20)) as emulator:
        (account,) = emulator.advertiser_ids
        config = config_for(emulator, start_date=str(day - timedelta(days=1)), include_deleted=True)
        outcome = await read_from(emulator, config, REPORTS, now=now)
        truth = emulator.truth(account, day, day)
    assert outcome.exit_code == 0, outcome.errors
    for name, level in (("ads_reports_hourly", "ad"), ("advertisers_reports_hourly", "advertiser")):
        rows = [row for row in outcome.records(name) if row["stat_time_hour"].startswith(str(day))]
        assert len(rows) == truth["rows"][level]["hourly"] > 0
        assert sum(Decimal(row["metrics"]["spend"]) for row in rows) == Decimal(truth["metrics"][level]["spend"])
    days = [row for row in outcome.records("ads_reports_daily") if row["stat_time_day"].startswith(str(day))]
    assert sum(Decimal(row["metrics"]["spend"]) for row in days) == Decimal(truth["metrics"]["ad"]["spend"])


def requested_days(emulator: Emulator) -> tuple[str, str]:
    """The first and the last day that reports were requested for."""
    requests = [request.params for request in emulator.counters.requests if "start_date" in request.params]
    return min(request["start_date"] for request in requests), max(request["end_date"] for request in requests)


def cursors(outcome: Outcome, name: str) -> list[str]:
    """The cursors of the accounts of a stream."""
    return [entry["cursor"]["stat_time_day"] for entry in outcome.last_states[name]["states"]]


@pytest.mark.parametrize(
    ("zone", "today"),
    [("Pacific/Kiritimati", "2026-06-16"), ("Pacific/Pago_Pago", "2026-06-14"), ("Etc/GMT-14", "2026-06-16")],
)
async def test_today_is_in_the_accounts_time_zone(zone: str, today: str) -> None:
    """At 10:30 in London it is tomorrow where days begin first, and still yesterday where they begin last."""
    now = datetime(2026, 6, 15, 10, 30, tzinfo=UTC)
    async with Emulator(Options(now=now, tier="unlimited", advertisers=1, days=20, ads_per_account=5)) as emulator:
        emulator.faults.add(Fault(path=INFO, edit="display_timezone", value=zone))
        config = config_for(emulator, start_date="2026-06-10", skip_empty_days=False)
        outcome = await read_from(emulator, config, ["ads_reports_daily"], now=now)
        assert outcome.exit_code == 0, outcome.errors
        assert requested_days(emulator) == ("2026-06-10", today)
    assert cursors(outcome, "ads_reports_daily") == [today]


async def test_an_account_created_today_is_read_from_today() -> None:
    """Earlier days are not requested, today is, and its state is not ahead of today."""
    now = datetime(2026, 6, 15, 12, tzinfo=UTC)
    async with Emulator(Options(now=now, tier="unlimited", advertisers=1, days=20, ads_per_account=5)) as emulator:
        emulator.faults.add(Fault(path=INFO, edit="create_time", value=int(now.timestamp()) - 60))
        config = config_for(emulator, start_date="2016-09-01", skip_empty_days=False)
        outcome = await read_from(emulator, config, ["ads_reports_daily"], now=now)
        assert outcome.exit_code == 0, outcome.errors
        assert requested_days(emulator) == ("2026-06-15", "2026-06-15")
    assert cursors(outcome, "ads_reports_daily") == ["2026-06-15"]


async def test_thousands_of_accounts_are_read_once_each() -> None:
    """Each account has its rows and a state of its own, and none is requested twice."""
    now = datetime(2026, 6, 15, 12, tzinfo=UTC)
    options = Options(now=now, tier="unlimited", advertisers=2_000, days=5, ads_per_account=2, record_requests=0)
    async with Emulator(options) as emulator:
        config = config_for(emulator, start_date="2026-06-12", skip_empty_days=False)
        outcome = await read_from(emulator, config, ["advertisers", "advertisers_reports_daily"], now=now)
        assert emulator.counters.total(INFO) == 20
        assert emulator.counters.total("report/integrated/get/") <= 2_000
    assert outcome.exit_code == 0, outcome.errors
    assert len(outcome.records("advertisers")) == 2_000
    assert len(cursors(outcome, "advertisers_reports_daily")) == 2_000
