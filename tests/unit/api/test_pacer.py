"""The pacer against models of TikTok's limits, under a simulated clock."""

from __future__ import annotations

import itertools
import random
from collections import deque
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limiter import SECONDS, TODAY, Limiter, Run

from tiktok_marketing.api.rate_limit.pacer import DailyQuotaSpent, Pacer
from tiktok_marketing.api.rate_limit.rate_search import RateSearch
from tiktok_marketing.api.rate_limit.tiers import SANDBOX, Tier, tier_at, tier_of

LATENCIES = (0.1, 0.8, 3.0)


def most_within(sent_at: list[float], seconds: float) -> int:
    """The largest number of requests within any period of this length."""
    most = start = 0
    for end, time in enumerate(sent_at):
        while time - sent_at[start] >= seconds - 1e-9:
            start += 1
        most = max(most, end - start + 1)
    return most


def run(pacer: Pacer, seconds: float, *, late: random.Random | None = None, at: float = 1000.0) -> list[float]:
    """Send as many requests as the pacer allows; with `late`, each turn comes a little late."""
    sent_at = []
    until = at + seconds
    while at < until:
        wait = pacer.wait(at, TODAY)
        if wait > 0:
            at += wait + (late.expovariate(200) if late else 0.0)
            continue
        pacer.sent(at)
        sent_at.append(at)
    return sent_at


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("latency", LATENCIES)
@pytest.mark.parametrize("rate", [10, *(pytest.param(rate, marks=pytest.mark.thorough) for rate in (20, 30)), 50])
def test_the_quota_of_the_tier_is_used(rate: int, latency: float, second: str) -> None:
    """However TikTok counts a second: at least 95 % of the quota, hardly a refusal, and no minute too full."""
    limiter = Limiter(second, rate)
    result = Run(Pacer(tier_of(rate)), limiter, 150, latency=latency)
    assert result.accepted(0, 150) >= 0.95 * rate
    assert result.refused(0, 150) < 0.01
    assert limiter.blocks == 0


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("latency", LATENCIES)
@pytest.mark.parametrize(
    ("configured", "real"),
    [
        (10, 7),
        *(pytest.param(*rates, marks=pytest.mark.thorough) for rates in ((10, 9), (20, 15), (20, 10), (50, 45))),
        (50, 7),
    ],
)
@pytest.mark.parametrize("quick_refusals", [False, True])
def test_a_lower_limit_is_found(
    configured: int, real: int, latency: float, second: str, *, quick_refusals: bool
) -> None:
    """After a minute most of the limit is used, few requests are refused, and the endpoint was never blocked."""
    limiter = Limiter(second, real)
    result = Run(Pacer(tier_of(configured)), limiter, 360, latency=latency, quick_refusals=quick_refusals)
    assert result.accepted(60, 360) >= 0.75 * real
    # A token bucket tells of its limit only when it is empty, a latency too late.
    assert result.refused(60, 360) < (0.015 if second == "token bucket" else 0.01)
    assert limiter.blocks == 0


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("latency", LATENCIES)
def test_the_rate_follows_a_limit_down_and_up_again(latency: float, second: str) -> None:
    """Another program uses a third of the quota for five minutes; three minutes later all of it is used again."""
    limiter = Limiter(second, 10)
    changes = [(100.0, lambda limit: limit.set_limit(6)), (400.0, lambda limit: limit.set_limit(10))]
    result = Run(Pacer(tier_of(10)), limiter, 700, latency=latency, changes=changes)
    assert result.accepted(160, 400) >= 0.75 * 6
    assert result.refused(160, 400) < 0.015
    assert result.accepted(580, 700) >= 0.95 * 10
    assert limiter.blocks == 0


def test_a_block_costs_few_requests_and_lowers_the_minute() -> None:
    """TikTok accepts less per minute than sixty seconds' worth. After one block there is no second one."""
    limiter = Limiter("from the first request", 10, per_minute=300)
    result = Run(Pacer(tier_of(10)), limiter, 900, latency=0.8)
    assert limiter.blocks == 1
    assert result.accepted(450, 900) * 60 >= 0.9 * 300
    assert sum(not accepted for _, accepted in result.sent) < 40


@settings(max_examples=25)
@given(
    st.sampled_from(SECONDS),
    st.floats(0.05, 4.0),
    st.floats(0.0, 0.3),
    st.floats(0.3, 1.0),
    st.sampled_from([5, 10, 20]),
    st.integers(0, 99),
)
def test_most_requests_are_accepted_on_any_network(
    second: str, latency: float, jitter: float, share: float, configured: int, seed: int
) -> None:
    """With any latency and jitter, half of any limit is used, and nineteen of twenty requests are accepted.

    Of two or three requests per second, late ones use up more: a third of such a limit is used. One run in a thousand
    uses a little less, so two are watched.
    """
    real = max(2, round(configured * share))
    used = []
    for each in (seed, seed + 100):
        limiter = Limiter(second, real)
        result = Run(Pacer(tier_of(configured)), limiter, 300, latency=latency, jitter=jitter, seed=each)
        if not limiter.blocks:
            used.append(result.accepted(60, 300) / real)
            assert result.refused(60, 300) < 0.05
        assert limiter.blocks <= 1
    if used:
        assert fmean(used) >= (0.5 if real > 3 else 0.33)


@pytest.mark.parametrize("tier", [SANDBOX, tier_at("gmv_max/report/get/", tier_of(10)), tier_of(0.5)])
def test_a_limit_per_minute_below_sixty_seconds_worth_is_used_and_not_exceeded(tier: Tier) -> None:
    """Also by two syncs, one right after the other, that do not know of each other."""
    limiter = Limiter("from the first request", max(1, tier.per_second), per_minute=tier.per_minute)
    first = Run(Pacer(tier), limiter, 400, latency=0.1)
    assert first.accepted(0, 400) * 60 >= 0.95 * tier.per_minute
    sent_at = run(Pacer(tier), 40) + run(Pacer(tier), 40, at=1040.0)
    assert most_within(sent_at, 60.0) <= tier.per_minute
    assert limiter.blocks == 0


@pytest.mark.parametrize("tier", [tier_of(10), tier_of(20), tier_of(30), tier_of(50), SANDBOX, tier_of(0.5)])
def test_no_minute_exceeds_the_tier(tier: Tier) -> None:
    """Over a long run, in any 60 seconds, with turns that come late."""
    assert most_within(run(Pacer(tier), 400, late=random.Random(1)), 60.0) <= tier.per_minute


@pytest.mark.parametrize("late", [None, 1, 2])
@pytest.mark.parametrize("rate", [1, 2, 5, 10, 20, 30, 50])
def test_no_second_exceeds_the_tier(rate: float, late: int | None) -> None:
    """Over a minute and a half, with turns on time and with late ones."""
    pacer = Pacer(SANDBOX if rate == 1 else tier_of(rate))
    sent_at = run(pacer, 90, late=None if late is None else random.Random(late))
    assert most_within(sent_at, 1.0) <= rate


@given(st.lists(st.floats(0.0, 3.0), max_size=60), st.sampled_from([2, 5, 10, 20]))
def test_catching_up_never_exceeds_a_second(stalls: list[float], rate: int) -> None:
    """However late turns come, and however often, catching up stays within the tier."""
    pacer = Pacer(tier_of(rate))
    at, sent_at = 1000.0, []
    for stall in stalls:
        at += stall
        sent_at += run(pacer, 0.5, at=at)
        at = max(at + 0.5, sent_at[-1] if sent_at else at)
    assert most_within(sent_at, 1.0) <= rate


def test_idle_time_is_not_made_up_for() -> None:
    """After an idle hour requests leave at the usual rate, not in a burst."""
    pacer = Pacer(tier_of(20))
    run(pacer, 5)
    assert most_within(run(pacer, 5, at=5000.0), 1.0) <= 20


def test_a_single_refusal_costs_no_more_than_its_request() -> None:
    """If this program's own requests may have met on their way, the next one leaves in its turn."""
    pacer = Pacer(tier_of(10))
    sent_at = run(pacer, 5)
    for time in sent_at[:-1]:
        pacer.accepted(time + 0.1, time)
    pacer.refused(1005.0, sent_at[-1])
    assert pacer.wait(1005.0, TODAY) < 0.15
    assert pacer.rate == pytest.approx(9.62)


def test_after_a_refusal_without_a_cause_of_its_own_the_next_waits_a_moment() -> None:
    """Few requests were sent, so another program took the quota."""
    pacer = Pacer(tier_of(10))
    pacer.sent(1000.0)
    pacer.refused(1000.1, 1000.0)
    assert pacer.wait(1000.1, TODAY) == pytest.approx(0.25)


def test_two_incidents_in_a_minute_change_nothing() -> None:
    """They may be accidents; a third incident shows a limit."""
    sent = deque(1000.0 + n / 10 for n in range(600))
    rate = RateSearch(10.0, sent)
    for at in (1050.0, 1054.0, 1058.0):
        assert rate.target == 10.0
        rate.refused(at + 0.1, at)
        rate.refused(at + 0.2, at + 0.05)
    assert rate.target < 10.0


def test_the_rate_recovers_soon_from_an_accident_at_the_start() -> None:
    """The first connections are slow and requests arrive together; half a minute later the quota is used."""
    pacer = Pacer(tier_of(20))
    limiter = Limiter("from the first request", 20)
    changes = [(at, lambda limit, n=n: setattr(limit, "limit", n)) for at, n in ((0.0, 5), (2.0, 20))]
    result = Run(pacer, limiter, 90, latency=0.8, changes=changes)
    assert result.accepted(30, 90) >= 0.95 * 20
    assert limiter.blocks == 0


def test_during_a_block_single_requests_are_sent_further_and_further_apart() -> None:
    """TikTok's five-minute block costs about twenty requests, the last soon after its end."""
    pacer = Pacer(tier_of(10))
    run(pacer, 20)
    at, refused = 1020.0, []
    while at < 1325.0:
        at += pacer.wait(at, TODAY)
        pacer.sent(at)
        pacer.refused(at + 0.1, at)
        refused.append(at)
    gaps = [second - first for first, second in itertools.pairwise(refused)]
    later = gaps[sum(moment < 1021.0 for moment in refused) :]
    assert later == sorted(later)
    assert len(refused) < 24
    assert any(1321.0 <= moment <= 1335.0 for moment in refused)


def test_after_a_block_requests_continue_at_once() -> None:
    """Once a request is accepted the others follow, at the earlier rate, and fewer per minute."""
    pacer = Pacer(tier_of(10))
    run(pacer, 60)
    before = pacer.rate
    at = 1060.0
    while at < 1365.0:
        at += pacer.wait(at, TODAY)
        pacer.sent(at)
        (pacer.refused if at < 1360.0 else pacer.accepted)(at + 0.1, at)
    assert pacer.wait(at + 0.2, TODAY) < 1.0
    assert 0.85 * before < pacer.rate < before


@given(st.lists(st.tuples(st.floats(0.01, 30), st.booleans()), max_size=60))
def test_any_answers_leave_a_usable_rate(answers: list[tuple[float, bool]]) -> None:
    """The rate never falls to zero nor exceeds the tier, and no pause is longer than a minute."""
    pacer = Pacer(tier_of(10))
    at = 1000.0
    for gap, accepted in answers:
        wait = pacer.wait(at, TODAY)
        assert wait <= 61.0
        at += wait
        pacer.sent(at)
        (pacer.accepted if accepted else pacer.refused)(at + gap, at)
        at += gap
        assert 0.1 < pacer.rate <= 10


def test_the_days_quota_is_counted() -> None:
    """After the day's requests, none may be sent until the next date."""
    pacer = Pacer(Tier(per_second=10, per_minute=600, per_day=3))
    at = 1000.0
    for _ in range(3):
        at += pacer.wait(at, TODAY)
        pacer.sent(at)
    with pytest.raises(DailyQuotaSpent):
        pacer.wait(at + 10, TODAY)
    assert pacer.wait(at + 10, TODAY.replace(day=11)) == 0


def test_the_first_refusals_show_the_limit() -> None:
    """Of fifty requests per second seven are accepted: those before the first refusal."""
    pacer = Pacer(tier_of(50))
    limiter = Limiter("from the first request", 7)
    Run(pacer, limiter, 1.5, latency=0.1)
    assert 4 < pacer.rate < 8


def test_a_failed_trial_returns_to_the_known_rate() -> None:
    """And the next trial comes later."""
    sent: deque[float] = deque()
    rate = RateSearch(10.0, sent)
    for n in range(20):
        sent.append(n / 10)
    rate.refused(2.0, 1.9)
    for _ in range(4):
        rate.refused(2.1, 1.9)
    known = rate.target
    rate.sends(3.2)
    assert rate.target == 10.0, "many refusals at once may be an accident"
    rate.refused(3.4, 3.3)
    assert rate.target == pytest.approx(known)
    rate.sends(30.0)
    assert known < rate.target < 10.0
    sent.append(30.5)
    rate.refused(30.6, 30.5)
    assert rate.target == pytest.approx(known)
    rate.sends(30.6 + 29.0)
    assert rate.target == pytest.approx(known)
    rate.sends(30.6 + 31.0)
    assert rate.target > known


UNEVEN = [
    pytest.param(second, rate, jitter, least, marks=[pytest.mark.thorough] if rate > 20 else [])
    for second, leasts in {
        "of the clock": {10: (0.95, 0.93, 0.88), 20: (0.95, 0.94, 0.91), 50: (0.95, 0.94, 0.93)},
        # A sliding second leaves less: requests on their way take places, and when they arrive varies by more of the
        # quota the smaller it is.
        "sliding": {10: (0.94, 0.91, 0.83), 20: (0.94, 0.925, 0.875), 50: (0.94, 0.935, 0.895)},
    }.items()
    for rate, shares in leasts.items()
    for jitter, least in zip((0.05, 0.2, 0.5), shares, strict=True)
]
"""How a second is counted, the tier, seconds by which requests arrive late, and the fraction of the quota to use."""


@pytest.mark.parametrize(("second", "rate", "jitter", "least"), UNEVEN)
def test_most_of_the_quota_is_used_on_an_uneven_network(second: str, rate: int, jitter: float, least: float) -> None:
    """Requests that arrive late, at random, are refused once in fifty times, and no minute is too full."""
    limiter = Limiter(second, rate)
    result = Run(Pacer(tier_of(rate)), limiter, 130, latency=0.1, jitter=0.0, arrival_jitter=jitter)
    assert result.accepted(10, 130) >= least * rate
    assert result.refused(10, 130) < 0.022
    assert limiter.blocks == 0


@pytest.mark.parametrize(("jitter", "least"), [(0.2, 0.922), (0.5, 0.856)])
def test_ten_requests_a_second_on_an_uneven_network(jitter: float, least: float) -> None:
    """The smallest quota is the hardest to use. One network more or less decides little, so many are watched."""
    networks = [
        Run(Pacer(tier_of(10)), Limiter("sliding", 10), 160, latency=0.1, jitter=0.0, arrival_jitter=jitter, seed=seed)
        for seed in range(1, 17)
    ]
    assert fmean(network.accepted(10, 160) for network in networks) >= least * 10
    assert fmean(network.refused(10, 160) for network in networks) < 0.0185
    assert max(network.refused(10, 160) for network in networks) < 0.021


@pytest.mark.parametrize(("jitter", "least"), [(0.2, 0.3), (0.5, 0.4)])
def test_on_an_uneven_network_requests_leave_in_groups(jitter: float, least: float) -> None:
    """They may overtake each other, and each takes whichever place is free when it arrives."""
    pacer = Pacer(tier_of(10))
    uneven = groups_of(Run(pacer, Limiter("sliding", 10), 130, latency=0.1, arrival_jitter=jitter))
    assert 4 <= pacer.group <= 7, "so many requests must be ready at once"
    assert sum(size for size in uneven if size >= 4) >= least * sum(uneven)
    pacer = Pacer(tier_of(10))
    even = groups_of(Run(pacer, Limiter("sliding", 10), 130, latency=0.1, answer_jitter=jitter))
    assert set(even) == {1}
    assert pacer.group == 0


def groups_of(result: Run) -> list[int]:
    """How many requests each time left within 10 ms of the one before, after half a minute of learning."""
    sizes = [1]
    sent_at = sorted(sent for sent, _ in result.sent if sent >= 30)
    for before, after in itertools.pairwise(sent_at):
        if after - before < 0.01:
            sizes[-1] += 1
        else:
            sizes.append(1)
    return sizes


LATENESS = {
    "exponential": (lambda rng, _at: rng.expovariate(10), 0.89),
    "a few very late": (lambda rng, _at: rng.uniform(0, 1.0) if rng.random() < 0.05 else rng.uniform(0, 0.02), 0.93),
    "for seconds at a time": (lambda rng, at: rng.uniform(0, 0.2) if at % 5 < 2 else 0.0, 0.93),
}
"""How requests arrive late, and the fraction of the quota to use."""


@pytest.mark.parametrize("second", ["of the clock", "sliding"])
@pytest.mark.parametrize("rate", [10, 20, pytest.param(50, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("shape", LATENESS)
def test_most_of_the_quota_is_used_however_lateness_is_distributed(shape: str, rate: int, second: str) -> None:
    """Also if most requests are hardly late, or all are late for a while."""
    lateness, least = LATENESS[shape]
    result = Run(Pacer(tier_of(rate)), Limiter(second, rate), 130, latency=0.1, jitter=0.0, lateness=lateness)
    assert result.accepted(10, 130) >= least * rate
    assert result.refused(10, 130) < 0.025


@pytest.mark.parametrize(
    ("rate", "least"), [(10, 0.925), (20, 0.935), pytest.param(50, 0.94, marks=pytest.mark.thorough)]
)
def test_a_busy_server_on_a_slightly_uneven_network_costs_little(rate: int, least: float) -> None:
    """Most of a latency comes after counting, so little of it is taken for lateness, whatever is refused first."""
    used = []
    for seed in range(1, 9):
        network = Run(
            Pacer(tier_of(rate)),
            Limiter("sliding", rate),
            130,
            latency=0.1,
            jitter=0.0,
            arrival_jitter=0.05,
            answer_jitter=2.9,
            seed=seed,
        )
        used.append(network.accepted(10, 130) / rate)
        assert network.refused(10, 130) < 0.025
    assert min(used) >= 0.9
    assert fmean(used) >= least


@pytest.mark.parametrize("rate", [20, pytest.param(50, marks=pytest.mark.thorough)])
def test_a_busy_server_that_halts_now_and_then_costs_little(rate: int) -> None:
    """Several requests that are refused after one halt do not make all late answers pass for late arrivals."""
    used = []
    for seed in range(1, 9):

        def lateness(_rng: random.Random, at: float, seed: int = seed) -> float:
            number, since = divmod(at, 3.0)
            return max(0.0, random.Random(f"{seed} {number}").uniform(0.0, 0.15) - since)

        pacer, limiter = Pacer(tier_of(rate)), Limiter("sliding", rate)
        network = Run(pacer, limiter, 190, latency=0.1, jitter=0.0, answer_jitter=2.9, lateness=lateness, seed=seed)
        used.append(network.accepted(10, 190) / rate)
        assert network.refused(10, 190) < 0.02
    assert min(used) >= 0.92
    assert fmean(used) >= 0.93


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("rate", [10, 20, 50])
def test_a_server_that_answers_late_costs_nothing(rate: int, second: str) -> None:
    """Requests that were counted in time and answered up to three seconds later are no reason to send fewer."""
    result = Run(Pacer(tier_of(rate)), Limiter(second, rate), 90, latency=0.1, answer_jitter=2.9)
    assert result.accepted(0, 90) >= 0.95 * rate
    assert result.refused(0, 90) < 0.01


@pytest.mark.parametrize("second", ["of the clock", "sliding"])
@pytest.mark.parametrize("latency", [0.1, 0.8])
@pytest.mark.parametrize("rate", [10, 20, 50])
@pytest.mark.parametrize("stalled", [0.3, 1.0, 3.0])
def test_two_seconds_after_a_stall_of_the_server_the_rate_is_back(
    stalled: float, rate: int, latency: float, second: str
) -> None:
    """The requests that came meanwhile are counted at once, and many of them are refused."""
    end = 30.3 + stalled
    networks = [
        Run(Pacer(tier_of(rate)), Limiter(second, rate), 60, latency=latency, stall=(30.3, end), seed=seed)
        for seed in range(1, 7)
    ]
    assert fmean(network.accepted(end + 2, end + 7) for network in networks) >= 0.93 * rate
    assert fmean(network.refused(end + 2, 60) for network in networks) < 0.02


@pytest.mark.parametrize("latency", [0.1, 0.8])
@pytest.mark.parametrize("rate", [10, 20, 50])
@pytest.mark.parametrize("refusals", [1, 5])
def test_two_seconds_after_refusals_without_a_reason_the_rate_is_back(refusals: int, rate: int, latency: float) -> None:
    """Whatever their cause was, it is over."""
    limiter = Limiter("sliding", rate)
    changes = [(30.0, lambda limit: setattr(limit, "refuses", refusals))]
    result = Run(Pacer(tier_of(rate)), limiter, 60, latency=latency, changes=changes)
    refused_at = [sent_at for sent_at, accepted in result.sent if not accepted]
    assert len(refused_at) == refusals
    known_at = max(refused_at) + latency
    assert result.accepted(known_at + 2, known_at + 7) >= 0.93 * rate


@pytest.mark.parametrize("rate", [10, 20, 50])
@pytest.mark.parametrize("seconds", [1.0, 2.0, 3.0])
def test_two_seconds_after_an_outage_the_rate_is_back(seconds: float, rate: int) -> None:
    """For a few seconds every request was refused, which no limit per second does."""
    changes = [(30.0, lambda limit: limit.set_limit(0)), (30.0 + seconds, lambda limit: limit.set_limit(rate))]
    limiter = Limiter("sliding", rate, per_minute=10**6)
    result = Run(Pacer(tier_of(rate)), limiter, 60, latency=0.1, changes=changes)
    assert result.accepted(32.0 + seconds, 38.0 + seconds) >= 0.93 * rate


@pytest.mark.parametrize("rate", [10, 20, 50])
def test_what_is_caught_up_on_leaves_spread(rate: int) -> None:
    """After turns came late, requests leave at most twice as fast as usual."""
    pacer = Pacer(tier_of(rate))
    sent_at = run(pacer, 5)
    later = run(pacer, 3, at=sent_at[-1] + 0.4)
    gaps = [second - first for first, second in itertools.pairwise(later)]
    assert min(gaps) >= 0.49 / pacer.rate
    assert later[int(rate / 2)] - later[0] < (rate / 2) / pacer.rate, "it catches up"


@settings(max_examples=8)
@given(
    st.sampled_from(SECONDS),
    st.floats(0.05, 3.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 2.0),
    st.sampled_from([1, 5, 10, 20]),
    st.integers(0, 99),
)
def test_no_second_and_no_minute_exceeds_the_tier_on_any_network(
    second: str, latency: float, arrival_jitter: float, answer_jitter: float, rate: int, seed: int
) -> None:
    """However late requests arrive and answers come, no more requests leave than the tier allows."""
    result = Run(
        Pacer(tier_of(rate)),
        Limiter(second, rate),
        130,
        latency=latency,
        arrival_jitter=arrival_jitter,
        answer_jitter=answer_jitter,
        seed=seed,
    )
    sent_at = sorted(sent for sent, _ in result.sent)
    accepted_at = sorted(sent for sent, accepted in result.sent if accepted)
    assert most_within(accepted_at, 1.0 - 1e-6) <= rate
    assert most_within(sent_at, 60.0) <= tier_of(rate).per_minute
