"""What a sync takes for the newest state does not depend on the clock of the machine that loaded it."""

from __future__ import annotations

from datetime import date
from typing import Any

from tiktok_marketing.pipelines.databases.bookkeeping import opened_filled, stored_states
from tiktok_marketing.pipelines.databases.kinds import destination_of
from tiktok_marketing.pipelines.state_overview import ResetRequest, reset_states

DAILY = "campaigns_reports_daily"
NEXT_YEAR = str(365 * 86_400)


def load(run: Any, make: Any, day: str) -> Any:
    """Load one day of a report, with its state."""
    rows = make.batch(DAILY, [make.campaign_row(1, day)])
    return run(make.whole(DAILY, rows, make.state(day)))


def a_year_ahead(database: Any) -> None:
    """Date all packages as a machine does whose clock is a year ahead."""
    for table, column in (("_dlt_loads", "load_id"), ("_dlt_pipeline_state", "_dlt_load_id"), (DAILY, "_dlt_load_id")):
        later = f"CAST(CAST({column} AS DECIMAL(20, 7)) + {NEXT_YEAR} AS VARCHAR)"
        database.change(f"UPDATE {table} SET {column} = {later}")  # noqa: S608 - our own names


def days(states: Any) -> list[str]:
    """The days up to which a report has been read."""
    return [of["cursor"]["stat_time_day"][:10] for of in states[DAILY]["states"]]


def test_a_state_of_a_wrong_clock_does_not_hide_newer_ones(run: Any, database: Any, make: Any) -> None:
    """Each sync goes on where the one before it ended, and whoever looks sees the same."""
    load(run, make, "2026-01-01")
    a_year_ahead(database)
    assert days(load(run, make, "2026-01-02").states_before) == ["2026-01-01"]
    with opened_filled(destination_of(database.address)) as opened:
        assert days(stored_states(opened)) == ["2026-01-02"]
    assert days(load(run, make, "2026-01-03").states_before) == ["2026-01-02"]
    assert days(load(run, make, "2026-01-04").states_before) == ["2026-01-03"]


def test_a_state_of_a_wrong_clock_does_not_bring_back_what_was_forgotten(run: Any, database: Any, make: Any) -> None:
    """A table is emptied, and the sync that reads it again gets no further than a row. The next one reads the rest."""
    for day in ("2026-01-01", "2026-01-02"):
        load(run, make, day)
    a_year_ahead(database)
    database.change(f"DELETE FROM {DAILY}")  # noqa: S608 - our own name
    run(make.whole(DAILY, make.batch(DAILY, [make.campaign_row(1, "2026-01-01")])), names=[DAILY])
    assert DAILY not in load(run, make, "2026-01-01").states_before


def test_a_state_is_set_back_whatever_a_clock_said(run: Any, database: Any, make: Any) -> None:
    """Otherwise the command would say that it is, and the next sync would not read again."""
    load(run, make, "2026-01-10")
    a_year_ahead(database)
    assert reset_states(destination_of(database.address), ResetRequest(first=date(2026, 1, 5)))
    assert days(load(run, make, "2026-01-10").states_before) == ["2026-01-05"]
