from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.api.stats import EndpointStats, RequestStats
from tiktok_marketing.sync.run.scheduler import target_in_flight

MB = 2**20


@pytest.mark.parametrize("rate", [10, 20, 50])
@pytest.mark.parametrize("latency", [0.1, 0.8, 3.0])
def test_the_target_grows_until_the_quota_is_used(rate: float, latency: float) -> None:
    """With pages of 2.4 MB too: the answers of one latency allow more requests in the next."""
    size = int(2.4 * MB)
    answers_per_second = 0.0
    for _ in range(5):
        target = target_in_flight(rate, EndpointStats(latency, size, answers_per_second, 0), 0)
        answers_per_second = min(rate, target / latency)
    assert answers_per_second == rate
    assert target < rate * latency * 1.5 + 3


def test_a_slow_destination_gets_few_pages() -> None:
    """If it processes one page per second, few are in flight, whatever the quota allows."""
    assert target_in_flight(50, EndpointStats(3.0, int(2.4 * MB), 1.0, 0), 0) <= 16


@given(st.floats(0.1, 1000), st.floats(0.001, 60), st.integers(0, 10**8), st.floats(0, 1000), st.integers(0, 500))
def test_the_target_is_between_2_and_256(
    rate: float, latency: float, size: int, answers_per_second: float, stalled: int
) -> None:
    """At least two, so that a request that stalls delays nothing; at most 256."""
    assert 2 <= target_in_flight(rate, EndpointStats(latency, size, answers_per_second, 0), stalled) <= 256


def test_requests_that_stall_do_not_count() -> None:
    """Others take their place, up to as many again."""
    endpoint_stats = EndpointStats(1.0, 10_000, 10.0, 0)
    assert target_in_flight(10, endpoint_stats, 0) == 14
    assert target_in_flight(10, endpoint_stats, 5) == 19
    assert target_in_flight(10, EndpointStats(1.0, 10_000, 10.0, 2), 3) == 19
    assert target_in_flight(10, endpoint_stats, 500) == 28


def test_a_group_is_ready_while_another_is_on_its_way() -> None:
    """On an uneven network requests leave in groups, so twice as many are needed beside the usual ones."""
    assert target_in_flight(10, EndpointStats(1.0, 10_000, 10.0, 0), 0, group=5) == 24


def test_the_endpoints_figures_are_recent() -> None:
    """Latency, size, rate, and how many requests take much longer than the others."""
    stats = RequestStats()
    assert stats.of_endpoint("a/", 0.0).page_bytes == 0
    with stats.in_flight("a/", 0.0):
        for n in range(40):
            stats.answered("a/", n / 10, 0.2, 1000)
        endpoint_stats = stats.of_endpoint("a/", 4.0)
    assert endpoint_stats.latency == pytest.approx(0.2)
    assert endpoint_stats.answers_per_second == pytest.approx(10, rel=0.1)
    assert endpoint_stats.page_bytes == 1000
    assert endpoint_stats.overdue == 1
    assert stats.of_endpoint("a/", 4.0).overdue == 0
    assert stats.of_endpoint("a/", 60.0).answers_per_second < 1
    assert stats.requests == {"a/": 1}
