"""When trouble at TikTok is about more than the window that failed."""

from __future__ import annotations

import pytest
from unit_builders import stream

from tiktok_marketing.sync.run.failures import MOST_FAILURES, FailuresInARow

ADS, CAMPAIGNS = stream("ads_reports_daily"), stream("campaigns_reports_daily")
AUDIENCE, COUNTRIES = (
    stream("ads_audience_reports_by_platform_daily"),
    stream("campaigns_audience_reports_by_country_daily"),
)
NEVER = -1.0


def failures_of(*began: float) -> FailuresInARow:
    """Windows of an audience report that failed one after the other."""
    failures = FailuresInARow()
    for moment in began:
        failures.add(AUDIENCE, moment)
    return failures


def affected(failures: FailuresInARow, answered_at: float, *, quick: bool) -> list[str]:
    """The names of the streams that are given up, if each was last answered at this moment."""
    waiting = [(each, answered_at) for each in (ADS, AUDIENCE, COUNTRIES)]
    return [each.name for each in failures.affected(waiting, quick=quick)]


def test_fewer_failures_give_up_nothing() -> None:
    """Two windows may have been unlucky."""
    assert MOST_FAILURES == 3
    assert affected(failures_of(1.0, 2.0), NEVER, quick=False) == []


def test_streams_of_another_kind_are_tried() -> None:
    """TikTok may refuse audience reports only. Where a try costs nothing, each stream is tried."""
    assert affected(failures_of(1.0, 2.0, 3.0), NEVER, quick=False) == [AUDIENCE.name, COUNTRIES.name]
    assert affected(failures_of(1.0, 2.0, 3.0), NEVER, quick=True) == [AUDIENCE.name]


def test_an_endpoint_that_is_down_is_given_up_once_each_kind_has_failed() -> None:
    """No further account is tried."""
    failures = failures_of(1.0, 2.0, 3.0)
    failures.add(CAMPAIGNS, 4.0)
    assert affected(failures, NEVER, quick=False) == [ADS.name, AUDIENCE.name, COUNTRIES.name]


@pytest.mark.parametrize(("answered_at", "down"), [(1.9, True), (2.0, False), (9.0, False)])
def test_what_was_answered_since_the_latest_failures_began_goes_on(answered_at: float, down: bool) -> None:
    """An answer from before says nothing about now."""
    failures = failures_of(0.0, 2.0, 3.0, 4.0)
    assert failures.show_trouble(answered_at) == down
    assert bool(affected(failures, answered_at, quick=False)) == down


def test_a_window_that_is_read_ends_the_row() -> None:
    """Failures before it do not count."""
    failures = failures_of(1.0, 2.0, 3.0)
    failures.end()
    failures.add(AUDIENCE, 4.0)
    assert affected(failures, NEVER, quick=False) == []
