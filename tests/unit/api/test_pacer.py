"""The pace against models of TikTok's limit, under a clock that nobody waits for."""

from __future__ import annotations

import itertools
import random
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limiter import SECONDS, TODAY, Limiter, Run

from tiktok_marketing.api.rate_limit.pacer import DailyQuotaSpent, Pacer
from tiktok_marketing.api.rate_limit.rate_search import RateSearch
from tiktok_marketing.api.rate_limit.tiers import SANDBOX, Tier, tier_at, tier_of

LATENCIES = (0.1, 0.8, 3.0)


def most_within(moments: list[float], seconds: float) -> int:
    """The most requests that left within any stretch of so many seconds."""
    most = start = 0
    for end, moment in enumerate(moments):
        while moment - moments[start] >= seconds - 1e-9:
            start += 1
        most = max(most, end - start + 1)
    return most


def run(pace: Pacer, seconds: float, *, late: random.Random | None = None, at: float = 1000.0) -> list[float]:
    """Ask as often as the pace allows; each turn comes a little late if there is a `late`."""
    moments = []
    until = at + seconds
    while at < until:
        wait = pace.wait(at, TODAY)
        if wait > 0:
            at += wait + (late.expovariate(200) if late else 0.0)
            continue
        pace.sent(at)
        moments.append(at)
    return moments


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("latency", LATENCIES)
@pytest.mark.parametrize("rate", [10, 20, 30, 50])
def test_within_the_tier_the_quota_is_used(rate: int, latency: float, second: str) -> None:
    """However a second is counted: 95 % of the requests or more, hardly one refused, no minute too full."""
    limiter = Limiter(second, rate)
    told = Run(Pacer(tier_of(rate)), limiter, 150, latency=latency)
    assert told.taken(0, 150) >= 0.95 * rate
    assert told.refused(0, 150) < 0.01
    assert limiter.blocks == 0


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("latency", LATENCIES)
@pytest.mark.parametrize(("configured", "real"), [(10, 7), (10, 9), (20, 15), (20, 10), (50, 7), (50, 45)])
@pytest.mark.parametrize("quick_refusals", [False, True])
def test_a_lower_limit_is_found_and_kept(
    configured: int, real: int, latency: float, second: str, *, quick_refusals: bool
) -> None:
    """After a minute most of what there is is used, few are refused, and the endpoint was never closed."""
    limiter = Limiter(second, real)
    told = Run(Pacer(tier_of(configured)), limiter, 360, latency=latency, quick_refusals=quick_refusals)
    assert told.taken(60, 360) >= 0.75 * real
    # A token bucket tells of its limit only when it is empty, a latency too late.
    assert told.refused(60, 360) < (0.015 if second == "token bucket" else 0.01)
    assert limiter.blocks == 0


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("latency", LATENCIES)
def test_it_follows_a_limit_down_and_up_again(latency: float, second: str) -> None:
    """Somebody else takes a third of the quota for five minutes; three minutes later all of it is used again."""
    limiter = Limiter(second, 10)
    changes = [(100.0, lambda limit: limit.becomes(6)), (400.0, lambda limit: limit.becomes(10))]
    told = Run(Pacer(tier_of(10)), limiter, 700, latency=latency, changes=changes)
    assert told.taken(160, 400) >= 0.75 * 6
    assert told.refused(160, 400) < 0.015
    assert told.taken(580, 700) >= 0.95 * 10
    assert limiter.blocks == 0


def test_a_block_costs_few_requests_and_teaches_the_minute() -> None:
    """TikTok takes less a minute than sixty seconds' worth: after one block, ten requests long, there is no other."""
    limiter = Limiter("from the first request", 10, per_minute=300)
    told = Run(Pacer(tier_of(10)), limiter, 900, latency=0.8)
    assert limiter.blocks == 1
    assert told.taken(450, 900) * 60 >= 0.9 * 300
    assert sum(not taken for _, taken in told.sent) < 40


@settings(max_examples=25)
@given(
    st.sampled_from(SECONDS),
    st.floats(0.05, 4.0),
    st.floats(0.0, 0.3),
    st.floats(0.3, 1.0),
    st.sampled_from([5, 10, 20]),
    st.integers(0, 99),
)
def test_whatever_the_network_does_most_requests_are_taken(
    second: str, latency: float, jitter: float, share: float, configured: int, seed: int
) -> None:
    """Any latency and jitter, any limit below the configured one: half of it is used, nineteen of twenty are taken."""
    real = max(2, round(configured * share))
    limiter = Limiter(second, real)
    told = Run(Pacer(tier_of(configured)), limiter, 300, latency=latency, jitter=jitter, seed=seed)
    if not limiter.blocks:
        assert told.taken(60, 300) >= 0.5 * real
        assert told.refused(60, 300) < 0.05
    assert limiter.blocks <= 1


@pytest.mark.parametrize("tier", [SANDBOX, tier_at("gmv_max/report/get/", tier_of(10)), tier_of(0.5)])
def test_a_minute_that_is_tighter_than_its_seconds_is_used_and_kept(tier: Tier) -> None:
    """Also by two syncs, one right after the other, that know nothing of each other."""
    limiter = Limiter("from the first request", max(1, tier.per_second), per_minute=tier.per_minute)
    first = Run(Pacer(tier), limiter, 400, latency=0.1)
    assert first.taken(0, 400) * 60 >= 0.95 * tier.per_minute
    moments = run(Pacer(tier), 40) + run(Pacer(tier), 40, at=1040.0)
    assert most_within(moments, 60.0) <= tier.per_minute
    assert limiter.blocks == 0


@pytest.mark.parametrize("tier", [tier_of(10), tier_of(20), tier_of(30), tier_of(50), SANDBOX, tier_of(0.5)])
def test_no_minute_holds_more_than_the_tier(tier: Tier) -> None:
    """Over a long run, in any 60 seconds, with turns that come late."""
    assert most_within(run(Pacer(tier), 400, late=random.Random(1)), 60.0) <= tier.per_minute


@pytest.mark.parametrize("late", [None, 1, 2])
@pytest.mark.parametrize("rate", [1, 2, 5, 10, 20, 30, 50])
def test_no_second_holds_more_than_the_tier(rate: float, late: int | None) -> None:
    """Over a run of a minute and a half, with turns that come on time and turns that come late."""
    pace = Pacer(SANDBOX if rate == 1 else tier_of(rate))
    moments = run(pace, 90, late=None if late is None else random.Random(late))
    assert most_within(moments, 1.0) <= rate


@given(st.lists(st.floats(0.0, 3.0), max_size=60), st.sampled_from([2, 5, 10, 20]))
def test_catching_up_never_fills_a_second(stalls: list[float], rate: int) -> None:
    """Turns may come late by any time, again and again: what is made up for keeps to the tier."""
    pace = Pacer(tier_of(rate))
    at, moments = 1000.0, []
    for stall in stalls:
        at += stall
        moments += run(pace, 0.5, at=at)
        at = max(at + 0.5, moments[-1] if moments else at)
    assert most_within(moments, 1.0) <= rate


def test_a_long_rest_is_not_made_up_for() -> None:
    """After an idle hour requests leave at the same pace, not in a burst."""
    pace = Pacer(tier_of(20))
    run(pace, 5)
    assert most_within(run(pace, 5, at=5000.0), 1.0) <= 20


def test_a_refusal_waits_for_the_next_second() -> None:
    """A second's limit is over a second after the request that passed it, and one that may be an accident sooner."""
    pace = Pacer(tier_of(10))
    run(pace, 5)
    pace.refused(1005.0, 1004.9)
    assert pace.wait(1005.0, TODAY) == pytest.approx(0.25)
    for n in range(4):
        pace.refused(1005.1, 1004.91 + n / 50)
    pace.accepted(1006.1, 1006.0)
    pace.refused(1006.3, 1006.2)
    assert pace.wait(1006.3, TODAY) >= 0.9


def test_two_incidents_in_a_minute_change_nothing() -> None:
    """They are requests that were held up on their way; a third one is the limit."""
    pace = Pacer(tier_of(10))
    run(pace, 60)
    before = pace.rate
    for at in (1060.0, 1065.0, 1070.0):
        assert pace.rate == before
        pace.accepted(at, at - 0.2)
        pace.refused(at + 0.1, at)
        pace.refused(at + 0.2, at + 0.05)
        run(pace, 4, at=at + 1)
        pace.accepted(at + 4, at + 3.5)
    assert pace.rate < before


def test_an_accident_at_the_start_is_soon_made_up_for() -> None:
    """The first connections take their time and requests arrive together: half a minute later all is well."""
    pace = Pacer(tier_of(20))
    limiter = Limiter("from the first request", 20)
    changes = [(at, lambda limit, n=n: setattr(limit, "limit", n)) for at, n in ((0.0, 5), (2.0, 20))]
    told = Run(pace, limiter, 90, latency=0.8, changes=changes)
    assert told.taken(30, 90) >= 0.95 * 20
    assert limiter.blocks == 0


def test_refusals_one_after_the_other_are_single_and_further_apart() -> None:
    """TikTok's five-minute block is met with about fifteen requests, the last of them soon after its end."""
    pace = Pacer(tier_of(10))
    run(pace, 20)
    at, refused = 1020.0, []
    while at < 1325.0:
        at += pace.wait(at, TODAY)
        pace.sent(at)
        pace.refused(at + 0.1, at)
        refused.append(at)
    gaps = [second - first for first, second in itertools.pairwise(refused)]
    later = gaps[sum(moment < 1021.0 for moment in refused) :]
    assert later == sorted(later)
    assert len(refused) < 20
    assert any(1321.0 <= moment <= 1335.0 for moment in refused)


def test_the_end_of_a_block_is_the_end_of_waiting() -> None:
    """As soon as one request is taken the others follow, at the rate from before, and fewer a minute."""
    pace = Pacer(tier_of(10))
    run(pace, 60)
    before = pace.rate
    at = 1060.0
    while at < 1365.0:
        at += pace.wait(at, TODAY)
        pace.sent(at)
        (pace.refused if at < 1360.0 else pace.accepted)(at + 0.1, at)
    assert pace.wait(at + 0.2, TODAY) < 1.0
    assert 0.85 * before < pace.rate < before


@given(st.lists(st.tuples(st.floats(0.01, 30), st.booleans()), max_size=60))
def test_whatever_is_answered_it_goes_on(answers: list[tuple[float, bool]]) -> None:
    """The rate never falls to nothing nor rises above the tier, and no pause is longer than a minute."""
    pace = Pacer(tier_of(10))
    at = 1000.0
    for gap, taken in answers:
        wait = pace.wait(at, TODAY)
        assert wait <= 61.0
        at += wait
        pace.sent(at)
        (pace.accepted if taken else pace.refused)(at + gap, at)
        at += gap
        assert 0.1 < pace.rate <= 10


def test_the_day_is_counted() -> None:
    """After the day's requests there is none until the next date."""
    pace = Pacer(Tier(per_second=10, per_minute=600, per_day=3))
    at = 1000.0
    for _ in range(3):
        at += pace.wait(at, TODAY)
        pace.sent(at)
    with pytest.raises(DailyQuotaSpent):
        pace.wait(at + 10, TODAY)
    assert pace.wait(at + 10, TODAY.replace(day=11)) == 0


def test_the_first_refusals_tell_the_limit() -> None:
    """Fifty a second are asked for and seven are taken: so many were taken before the first refusal."""
    pace = Pacer(tier_of(50))
    limiter = Limiter("from the first request", 7)
    Run(pace, limiter, 1.5, latency=0.1)
    assert 4 < pace.rate < 8


def test_a_trial_that_fails_goes_back_to_what_was_known() -> None:
    """And the next one is further off."""
    sent: deque[float] = deque()
    rate = RateSearch(10.0, sent)
    for n in range(20):
        sent.append(n / 10)
    rate.refused(2.0, 1.9)
    for _ in range(4):
        rate.refused(2.1, 1.9)
    known = rate.asked
    rate.sends(30.0)
    assert rate.asked > known
    sent.append(30.5)
    rate.refused(30.6, 30.5)
    assert rate.asked == pytest.approx(known)
    rate.sends(30.6 + 14.0)
    assert rate.asked == pytest.approx(known)
    rate.sends(30.6 + 16.0)
    assert rate.asked > known
