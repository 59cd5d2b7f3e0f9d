"""A day that TikTok does not answer for costs itself, and not the other days of its account, over real sockets."""

from __future__ import annotations

from typing import Any

import pytest

from faults.hurry import small
from faults.test_refusals import REPORTS, RacingClock, error_of, incomplete, outcome_of, rows_of
from support import NOW, config_for, cursors_of, read_from
from tiktok_marketing.emulator import Fault

pytestmark = pytest.mark.thorough

BAD_DAY = "2026-05-10"
FIELDS = {"start_date": "2026-04-25", "skip_empty_days": False}
STREAMS = ["ads_reports_daily", "campaigns_reports_hourly"]


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize(
    "effect",
    [
        {"code": 50000},
        {"code": 40067},
        {"code": 51002},
        {"edit": "$.data", "json": "null"},
        {"total_number": 9999},
        {"http": 502, "page": "<html>Bad Gateway</html>"},
        {"http": 504, "page": ""},
        {"reset": True},
        {"truncate": True},
    ],
    ids=["50000", "40067", "51002", "damaged", "too few rows", "502", "504", "reset", "truncated"],
)
async def test_a_day_that_cannot_be_read_costs_itself(name: str, effect: dict[str, Any]) -> None:
    """The days before and after it come, the error names it, and the state stays before it. Then it is read."""
    async with small(days=60, advertisers=2, ads_per_account=4) as emulator:
        whole = await outcome_of(emulator, [name], **FIELDS)
        bad = emulator.advertiser_ids[0]
        emulator.faults.add(Fault(path=REPORTS, advertiser=bad, day=BAD_DAY, **effect))
        outcome = await outcome_of(emulator, [name], **FIELDS)
        emulator.faults.clear()
        after = await read_from(emulator, config_for(emulator, **FIELDS), [name], state=outcome.state_file)
    assert incomplete(outcome) == {name}
    expected = rows_of(whole, name)
    time = "stat_time_hour" if "hourly" in name else "stat_time_day"
    of_day = {
        key: row for key, row in expected.items() if row["advertiser_id"] == int(bad) and row[time][:10] == BAD_DAY
    }
    assert of_day
    rows = rows_of(outcome, name)
    if "total_number" not in effect:
        assert rows == {key: row for key, row in expected.items() if key not in of_day}
        assert BAD_DAY in error_of(outcome, name)["message"]
    else:
        assert rows.keys() >= expected.keys() - of_day.keys()
    reached = cursors_of(outcome.last_states)[name].get(bad, {})
    assert all(str(cursor)[:10] <= BAD_DAY for cursor in reached.values())
    assert rows | rows_of(after, name) == expected


@pytest.mark.parametrize("code", [50000, 51002])
async def test_an_account_of_bad_days_costs_few_times_of_retries(code: int) -> None:
    """After a few windows in a row, its others are not tried. The other account is read."""
    async with small(days=60, advertisers=2, ads_per_account=4) as emulator:
        bad = emulator.advertiser_ids[0]
        emulator.faults.add(Fault(path=REPORTS, advertiser=bad, code=code))
        clock = RacingClock(NOW)
        before = clock.monotonic()
        outcome = await outcome_of(emulator, STREAMS, clock=clock, **FIELDS)
        took = clock.monotonic() - before
    assert incomplete(outcome) == set(STREAMS)
    assert all(rows_of(outcome, name) for name in STREAMS)
    assert took < 3 * 900  # seconds of the clock
