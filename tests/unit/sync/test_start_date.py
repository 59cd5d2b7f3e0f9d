"""A `start_date` in the future is refused, and the edge of the future is where days begin first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from unit_builders import account, config

from tiktok_marketing.clock import ClockReading
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.accounts import Accounts
from tiktok_marketing.sync.plan.plan_sync import plan_sync

MORNING = datetime(2026, 3, 10, 9, 59, tzinfo=UTC)
"""A minute before the eleventh begins at UTC+14."""


def plan(start: date, clock: ClockReading) -> None:
    """Plan a sync of no stream."""
    plan_sync(config(start_date=start), [], {}, Accounts((account(),)), clock)


def test_a_day_that_has_begun_anywhere_is_not_in_the_future() -> None:
    """At 10:00 UTC the next day begins at UTC+14."""
    plan(date(2026, 3, 10), ClockReading.at(MORNING))
    plan(date(2026, 3, 11), ClockReading.at(MORNING + timedelta(minutes=1)))


def test_a_day_that_has_begun_nowhere_is_refused() -> None:
    """The error says what to set instead."""
    with pytest.raises(ConfigurationError, match="start_date is 2026-03-11, which is in the future") as caught:
        plan(date(2026, 3, 11), ClockReading.at(MORNING))
    assert caught.value.remedy == "Set start_date to 2026-03-10 or an earlier day."


def test_the_clock_that_is_ahead_decides() -> None:
    """This machine's clock may be behind."""
    behind = MORNING - timedelta(days=3000)
    plan(date(2026, 3, 10), ClockReading(behind, MORNING, MORNING))
    with pytest.raises(ConfigurationError):
        plan(date(2026, 3, 11), ClockReading(behind, MORNING, behind))
