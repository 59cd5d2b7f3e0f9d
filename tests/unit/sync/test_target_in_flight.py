from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.api.stats import EndpointStats, RequestStats
from tiktok_marketing.sync.run.scheduler import target_in_flight

MB = 2**20


@pytest.mark.parametrize("rate", [10, 20, 50])
@pytest.mark.parametrize("latency", [0.1, 0.8, 3.0])
def test_it_grows_until_the_quota_is_used(rate: float, latency: float) -> None:
    """With pages of 2.4 MB too: what comes in one latency lets more be asked in the next, up to all that is needed."""
    size = int(2.4 * MB)
    came = 0.0
    for _ in range(5):
        asked = target_in_flight(rate, EndpointStats(latency, size, came, 0), 0)
        came = min(rate, asked / latency)
    assert came == rate
    assert asked < rate * latency * 1.5 + 3


def test_what_is_not_taken_is_not_asked_for() -> None:
    """A destination that takes a page a second gets few at a time, whatever the quota allows."""
    assert target_in_flight(50, EndpointStats(3.0, int(2.4 * MB), 1.0, 0), 0) <= 16


@given(st.floats(0.1, 1000), st.floats(0.001, 60), st.integers(0, 10**8), st.floats(0, 1000), st.integers(0, 500))
def test_it_is_never_none_and_never_too_many(rate: float, latency: float, size: int, came: float, stalled: int) -> None:
    """Two at least, so that one that stalls holds nothing up; 256 at most."""
    assert 2 <= target_in_flight(rate, EndpointStats(latency, size, came, 0), stalled) <= 256


def test_requests_that_stall_do_not_count() -> None:
    """Their place is given to others, up to as many again."""
    flow = EndpointStats(1.0, 10_000, 10.0, 0)
    assert target_in_flight(10, flow, 0) == 14
    assert target_in_flight(10, flow, 5) == 19
    assert target_in_flight(10, EndpointStats(1.0, 10_000, 10.0, 2), 3) == 19
    assert target_in_flight(10, flow, 500) == 28


def test_the_flow_is_what_came_lately() -> None:
    """Latency, size, rate, and how many requests take much longer than the others."""
    tally = RequestStats()
    assert tally.of_endpoint("a/", 0.0).page_bytes == 0
    with tally.under_way("a/", 0.0):
        for n in range(40):
            tally.answered("a/", n / 10, 0.2, 1000)
        flow = tally.of_endpoint("a/", 4.0)
    assert flow.latency == pytest.approx(0.2)
    assert flow.answers_per_second == pytest.approx(10, rel=0.1)
    assert flow.page_bytes == 1000
    assert flow.overdue == 1
    assert tally.of_endpoint("a/", 4.0).overdue == 0
    assert tally.of_endpoint("a/", 60.0).answers_per_second < 1
    assert tally.requests == {"a/": 1}
