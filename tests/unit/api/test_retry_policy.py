from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.api.error_rules import MAINTENANCE, rule_for, transport_error
from tiktok_marketing.api.retry_policy import (
    INTERACTIVE_RETRIES,
    OWN_ADDRESS_RETRIES,
    RetryPolicy,
    backoff,
    should_give_up,
    wait_after_timeouts,
)
from tiktok_marketing.errors import TikTokError

POLICY = RetryPolicy()


class HighestRandom:
    """A random source that always returns the highest number."""

    def uniform(self, _low: float, high: float, /) -> float:
        """The highest."""
        return high


def coded(code: int) -> TikTokError:
    """An error with a return code."""
    return rule_for(code).error("no", endpoint="ad/get/", code=code)


def broken(*, timed_out: bool = False) -> TikTokError:
    """A request without an answer."""
    return transport_error("silence", endpoint="ad/get/", advertiser_id=None, timed_out=timed_out)


def gives_up(error: TikTokError, *, policy: RetryPolicy = POLICY, **situation: Any) -> bool:
    """Whether the client gives up: by default on the third try, at once, in a run that had answers."""
    usual = {"tries": 3, "waited": 0.0, "divisible": False, "answered": True}
    usual["same_kind"] = situation.get("tries", 3)
    return should_give_up(error, **usual | situation, policy=policy)


def test_waits_double_up_to_a_minute() -> None:
    """0.5, 1, 2 … 60 seconds."""
    waits = [backoff(coded(50000), tries, HighestRandom()) for tries in range(1, 10)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


def test_the_first_wait_during_maintenance_is_half_a_minute() -> None:
    """A maintenance takes minutes."""
    waits = [backoff(coded(MAINTENANCE), tries, HighestRandom()) for tries in range(1, 4)]
    assert waits == [30, 60, 60]


@given(st.integers(1, 10**6), st.sampled_from([50000, MAINTENANCE, 40700]), st.integers())
def test_waits_are_spread_over_their_upper_half(tries: int, code: int, seed: int) -> None:
    """Requests that failed together are not sent again together, and none is sent again at once."""
    longest = backoff(coded(code), tries, HighestRandom())
    assert longest / 2 <= backoff(coded(code), tries, random.Random(seed)) <= longest <= 60


def test_waits_are_random() -> None:
    """Each wait is drawn anew."""
    rng = random.Random(3)
    assert len({backoff(coded(50000), 5, rng) for _ in range(20)}) > 15


@pytest.mark.parametrize("code", [40000, 40001, 40002, 40105, 40118, 40300, 41000])
def test_permanent_errors_are_not_retried(code: int) -> None:
    """Errors of accounts, streams and tokens are final on the first try."""
    assert gives_up(coded(code), tries=1)
    assert gives_up(coded(code), tries=1, divisible=True)


@pytest.mark.parametrize("code", [40011, 40067])
def test_a_divisible_request_that_is_too_large_is_not_retried(code: int) -> None:
    """TikTok would refuse the same request again."""
    assert gives_up(coded(code), tries=1, divisible=True)


@pytest.mark.parametrize("code", [40011, 40067])
def test_an_indivisible_request_that_is_too_large_is_tried_a_few_times(code: int) -> None:
    """One day of one object cannot be divided, and the error may be transient."""
    assert not gives_up(coded(code), tries=2)
    assert gives_up(coded(code), tries=3)


@pytest.mark.parametrize("code", [40011, 40067])
def test_other_errors_do_not_count_as_too_large(code: int) -> None:
    """Transient errors of several kinds are still transient."""
    assert not gives_up(coded(code), tries=9, same_kind=2)
    assert gives_up(coded(code), tries=9, same_kind=3)


@pytest.mark.parametrize("code", [50000, 50002, 51002, 40700, 40202])
def test_transient_errors_are_retried_for_a_quarter_of_an_hour(code: int) -> None:
    """That outlasts a maintenance of ten minutes."""
    assert not gives_up(coded(code), waited=899, tries=50)
    assert gives_up(coded(code), waited=900, tries=50)


def test_transient_errors_are_tried_at_least_three_times() -> None:
    """Two very slow failures are not enough to give up."""
    assert not gives_up(coded(50000), waited=5000, tries=2)


def test_maintenance_is_retried_for_an_hour() -> None:
    """60001 says that it will end."""
    assert not gives_up(coded(MAINTENANCE), waited=3599, tries=100)
    assert gives_up(coded(MAINTENANCE), waited=3600, tries=100)


@pytest.mark.parametrize("code", [40100, 40016])
def test_rate_limits_are_retried_for_longer_than_two_suspensions(code: int) -> None:
    """A suspension takes five minutes."""
    assert not gives_up(coded(code), waited=1499, tries=100)
    assert gives_up(coded(code), waited=1500, tries=100)


def test_an_address_that_never_answers_is_given_up_soon() -> None:
    """For an address that the user set: fifteen seconds, not fifteen minutes."""
    assert not gives_up(broken(), policy=OWN_ADDRESS_RETRIES, answered=False, waited=14.9, tries=5)
    assert gives_up(broken(), policy=OWN_ADDRESS_RETRIES, answered=False, waited=15, tries=5)


def test_the_first_connection_to_tiktok_is_retried_for_two_minutes() -> None:
    """The network may come up late."""
    assert not gives_up(broken(), answered=False, waited=119.9, tries=8)
    assert gives_up(broken(), answered=False, waited=120, tries=8)


def test_after_the_first_answer_broken_connections_are_retried_for_longer() -> None:
    """The address is right then."""
    assert not gives_up(broken(), answered=True, waited=600, tries=20)


def test_a_return_code_proves_the_address() -> None:
    """A transient error on the first request is retried as at any other time."""
    assert not gives_up(coded(50000), answered=False, waited=600, tries=20)


@pytest.mark.parametrize(("tries", "expected"), [(1, False), (2, True)])
def test_a_divisible_request_may_time_out_twice(tries: int, expected: bool) -> None:
    """TikTok blocks clients that repeat such a request: two tries, then a smaller request."""
    assert gives_up(broken(timed_out=True), tries=tries, divisible=True) is expected


@pytest.mark.parametrize(("tries", "expected"), [(1, False), (2, True)])
@pytest.mark.parametrize("code", [50002, 51001, 51039])
def test_codes_for_heavy_requests_are_tried_twice_before_dividing(code: int, tries: int, expected: bool) -> None:
    """They may be transient as well, but TikTok blocks a request that times out for the third time."""
    assert gives_up(coded(code), tries=tries, divisible=True) is expected


def test_an_indivisible_slow_request_is_retried() -> None:
    """There is nothing else to do."""
    assert not gives_up(broken(timed_out=True), tries=10, waited=600)


@given(st.lists(st.floats(0, 2000), max_size=12))
def test_a_report_never_times_out_three_times_in_ten_minutes(gaps: list[float]) -> None:
    """TikTok would block it for ten more."""
    timed_out_at: list[float] = []
    now = 0.0
    for gap in gaps:
        now += gap + wait_after_timeouts(timed_out_at, now + gap)
        timed_out_at.append(now)
    assert all(third - first >= 600 - 1e-6 for first, third in zip(timed_out_at, timed_out_at[2:], strict=False))


def test_a_report_that_must_wait_longer_than_it_is_retried_fails_now() -> None:
    """Nobody who looks at a screen waits for ten minutes."""
    assert gives_up(broken(timed_out=True), tries=2, waited=90, pause=510, policy=INTERACTIVE_RETRIES)
    assert not gives_up(broken(timed_out=True), tries=2, waited=90, pause=510)
    assert gives_up(broken(timed_out=True), tries=4, waited=780, pause=510)


def test_a_divisible_request_is_retried_after_other_errors() -> None:
    """A broken connection does not mean that the request is too large."""
    assert not gives_up(broken(), tries=10, divisible=True, waited=600)


def test_interactive_commands_give_up_within_seconds() -> None:
    """`check` has an answer within half a minute."""
    assert gives_up(coded(50000), policy=INTERACTIVE_RETRIES, waited=10)
    assert gives_up(coded(40100), policy=INTERACTIVE_RETRIES, waited=30)
    assert gives_up(coded(MAINTENANCE), policy=INTERACTIVE_RETRIES, waited=10)
    assert gives_up(broken(), policy=INTERACTIVE_RETRIES, waited=5, answered=False)
