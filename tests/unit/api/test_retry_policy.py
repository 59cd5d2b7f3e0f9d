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
)
from tiktok_marketing.errors import TikTokError

POLICY = RetryPolicy()


class Highest:
    """Dice that show their highest number."""

    def uniform(self, _low: float, high: float, /) -> float:
        """The highest."""
        return high


def coded(code: int) -> TikTokError:
    """An error with a return code."""
    return rule_for(code).error("no", endpoint="ad/get/", code=code)


def broken(*, timed_out: bool = False) -> TikTokError:
    """A request of which no answer came."""
    return transport_error("silence", endpoint="ad/get/", advertiser_id=None, timed_out=timed_out)


def hopeless(error: TikTokError, *, policy: RetryPolicy = POLICY, **situation: Any) -> bool:
    """Whether it is given up: the third try, right away, in a run that had answers, unless said otherwise."""
    usual = {"tries": 3, "waited": 0.0, "divisible": False, "answered": True}
    usual["same_kind"] = situation.get("tries", 3)
    return should_give_up(error, **usual | situation, policy=policy)


def test_pauses_double_up_to_a_minute() -> None:
    """0.5, 1, 2 … 60 seconds."""
    pauses = [backoff(coded(50000), tries, Highest()) for tries in range(1, 10)]
    assert pauses == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


def test_maintenance_is_met_with_half_minutes() -> None:
    """A maintenance takes minutes, so the first pause is long already."""
    pauses = [backoff(coded(MAINTENANCE), tries, Highest()) for tries in range(1, 4)]
    assert pauses == [30, 60, 60]


@given(st.integers(1, 10**6), st.sampled_from([50000, MAINTENANCE, 40700]), st.integers())
def test_pauses_are_spread_over_their_upper_half(tries: int, code: int, seed: int) -> None:
    """Requests that failed together do not come back together, and none comes back at once."""
    longest = backoff(coded(code), tries, Highest())
    assert longest / 2 <= backoff(coded(code), tries, random.Random(seed)) <= longest <= 60


def test_pauses_differ() -> None:
    """Dice are thrown each time."""
    dice = random.Random(3)
    assert len({backoff(coded(50000), 5, dice) for _ in range(20)}) > 15


@pytest.mark.parametrize("code", [40000, 40001, 40002, 40105, 40118, 40300, 41000])
def test_what_cannot_pass_is_not_tried_again(code: int) -> None:
    """Errors of accounts, streams and tokens are final on the first try."""
    assert hopeless(coded(code), tries=1)
    assert hopeless(coded(code), tries=1, divisible=True)


@pytest.mark.parametrize("code", [40011, 40067])
def test_what_is_too_large_is_divided_at_once(code: int) -> None:
    """The same request again would be refused again."""
    assert hopeless(coded(code), tries=1, divisible=True)


@pytest.mark.parametrize("code", [40011, 40067])
def test_what_is_too_large_and_the_smallest_is_tried_a_few_times(code: int) -> None:
    """One day of one object cannot be divided, so passing trouble is the last hope."""
    assert not hopeless(coded(code), tries=2)
    assert hopeless(coded(code), tries=3)


@pytest.mark.parametrize("code", [40011, 40067])
def test_other_trouble_before_does_not_count_as_too_large(code: int) -> None:
    """Passing trouble of several kinds at once is still passing trouble."""
    assert not hopeless(coded(code), tries=9, same_kind=2)
    assert hopeless(coded(code), tries=9, same_kind=3)


@pytest.mark.parametrize("code", [50000, 50002, 51002, 40700, 40202])
def test_tiktoks_trouble_is_borne_for_a_quarter_of_an_hour(code: int) -> None:
    """It survives a maintenance of ten minutes."""
    assert not hopeless(coded(code), waited=899, tries=50)
    assert hopeless(coded(code), waited=900, tries=50)


def test_trouble_is_tried_at_least_three_times() -> None:
    """Two very slow failures are not all that is done."""
    assert not hopeless(coded(50000), waited=5000, tries=2)


def test_maintenance_is_borne_for_an_hour() -> None:
    """60001 says that it will pass."""
    assert not hopeless(coded(MAINTENANCE), waited=3599, tries=100)
    assert hopeless(coded(MAINTENANCE), waited=3600, tries=100)


@pytest.mark.parametrize("code", [40100, 40016])
def test_the_quota_outlives_two_suspensions(code: int) -> None:
    """A suspension takes five minutes."""
    assert not hopeless(coded(code), waited=1499, tries=100)
    assert hopeless(coded(code), waited=1500, tries=100)


def test_a_wrong_address_is_noticed_soon() -> None:
    """Nothing was ever answered at an address that somebody wrote: fifteen seconds, not fifteen minutes."""
    assert not hopeless(broken(), policy=OWN_ADDRESS_RETRIES, answered=False, waited=14.9, tries=5)
    assert hopeless(broken(), policy=OWN_ADDRESS_RETRIES, answered=False, waited=15, tries=5)


def test_a_network_may_come_up_late() -> None:
    """Nothing was ever answered at TikTok's own address: two minutes."""
    assert not hopeless(broken(), answered=False, waited=119.9, tries=8)
    assert hopeless(broken(), answered=False, waited=120, tries=8)


def test_after_the_first_answer_a_broken_connection_may_pass() -> None:
    """The address is right then."""
    assert not hopeless(broken(), answered=True, waited=600, tries=20)


def test_a_code_is_an_answer() -> None:
    """TikTok's own trouble on the first request is borne as at any other time."""
    assert not hopeless(coded(50000), answered=False, waited=600, tries=20)


@pytest.mark.parametrize(("tries", "expected"), [(1, False), (2, True)])
def test_a_slow_request_that_can_be_divided_is_not_repeated_often(tries: int, expected: bool) -> None:
    """TikTok blocks whoever repeats what timed out: two tries, then a smaller request."""
    assert hopeless(broken(timed_out=True), tries=tries, divisible=True) is expected


@pytest.mark.parametrize(("tries", "expected"), [(3, False), (4, True)])
@pytest.mark.parametrize("code", [50002, 51001, 51039])
def test_codes_of_heavy_requests_are_tried_a_few_times(code: int, tries: int, expected: bool) -> None:
    """They may be passing trouble as well, so four tries before it is divided."""
    assert hopeless(coded(code), tries=tries, divisible=True) is expected


def test_a_slow_request_that_cannot_be_divided_is_tried_on() -> None:
    """There is nothing else to do."""
    assert not hopeless(broken(timed_out=True), tries=10, waited=600)


def test_other_trouble_of_a_divisible_request_is_tried_on() -> None:
    """A broken connection says nothing about size."""
    assert not hopeless(broken(), tries=10, divisible=True, waited=600)


def test_somebody_at_the_screen_waits_seconds() -> None:
    """`check` has an answer within half a minute."""
    assert hopeless(coded(50000), policy=INTERACTIVE_RETRIES, waited=10)
    assert hopeless(coded(40100), policy=INTERACTIVE_RETRIES, waited=30)
    assert hopeless(coded(MAINTENANCE), policy=INTERACTIVE_RETRIES, waited=10)
    assert hopeless(broken(), policy=INTERACTIVE_RETRIES, waited=5, answered=False)
