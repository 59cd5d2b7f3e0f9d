from __future__ import annotations

import asyncio
import random
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import FakeClock

from source_tiktok_marketing.api.quota import SANDBOX, DayIsSpent, Pace, Quotas, Tier, tier_of

TODAY = date(2026, 3, 10)


def most_within(moments: list[float], seconds: float) -> int:
    """The most requests that left within any stretch of so many seconds."""
    most = start = 0
    for end, moment in enumerate(moments):
        while moment - moments[start] >= seconds - 1e-9:
            start += 1
        most = max(most, end - start + 1)
    return most


def run(pace: Pace, seconds: float, *, late: random.Random | None = None, at: float = 1000.0) -> list[float]:
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


@pytest.mark.parametrize(
    ("rate", "per_minute", "per_day"),
    [(10, 600, 864_000), (20, 1_200, 1_728_000), (30, 1_800, 2_592_000), (50, 3_000, 4_320_000)],
)
def test_the_tiers_are_tiktoks(rate: float, per_minute: int, per_day: int) -> None:
    """Basic, Advanced, Premium and Ultimate have the documented minute and day."""
    assert tier_of(rate) == Tier(per_second=rate, per_minute=per_minute, per_day=per_day)


def test_the_sandbox_has_its_own_tier() -> None:
    """1 request a second, 30 a minute, 1,000 a day."""
    assert Tier(per_second=1, per_minute=30, per_day=1000) == SANDBOX


@given(st.floats(0.1, 1000))
def test_every_tier_lets_something_through(rate: float) -> None:
    """No configured rate makes a quota of none."""
    tier = tier_of(rate)
    assert tier.per_minute >= 1
    assert tier.per_day >= 1


@pytest.mark.parametrize("tier", [tier_of(10), tier_of(20), tier_of(30), tier_of(50), SANDBOX, tier_of(0.5)])
def test_no_minute_holds_more_than_the_tier(tier: Tier) -> None:
    """Over a long run, in any 60 seconds, with turns that come late."""
    assert most_within(run(Pace(tier), 400, late=random.Random(1)), 60.0) <= tier.per_minute


@pytest.mark.parametrize("late", [None, 1, 2])
@pytest.mark.parametrize("rate", [1, 2, 5, 10, 20, 30, 50])
def test_no_second_holds_more_than_the_tier(rate: float, late: int | None) -> None:
    """Over a run of a minute and a half, with turns that come on time and turns that come late."""
    pace = Pace(SANDBOX if rate == 1 else tier_of(rate))
    moments = run(pace, 90, late=None if late is None else random.Random(late))
    assert most_within(moments, 1.0) <= rate


@pytest.mark.parametrize("tier", [tier_of(10), tier_of(30), tier_of(50)])
def test_the_quota_is_used(tier: Tier) -> None:
    """Late turns are made up for: more than nine tenths of the quota are used."""
    moments = run(Pace(tier), 120, late=random.Random(2))
    assert len(moments) >= 0.9 * 120 * tier.per_second


def test_a_long_rest_is_not_made_up_for() -> None:
    """After an idle hour requests leave at the same pace, not in a burst."""
    pace = Pace(tier_of(20))
    run(pace, 5)
    assert most_within(run(pace, 5, at=5000.0), 1.0) <= 20


def test_a_refusal_slows_down_at_once() -> None:
    """The pace falls to six tenths, and nothing leaves for a second."""
    pace = Pace(tier_of(10))
    run(pace, 5)
    before = pace.rate(1005.0)
    assert pace.refused(1005.0, 1004.9) == pytest.approx(1.0)
    assert pace.wait(1005.0, TODAY) == pytest.approx(1.0)
    assert pace.rate(1005.0) == pytest.approx(before * 0.6)


def test_it_recovers() -> None:
    """A minute later most of the pace is back, and in the end all of it, and never more."""
    pace = Pace(tier_of(10))
    full = pace.rate(1000.0)
    pace.refused(1000.0, 999.0)
    rates = [pace.rate(1000.0 + n) for n in range(0, 120, 10)]
    assert rates == sorted(rates)
    assert rates[-1] == pytest.approx(full)
    assert pace.rate(1e6) == pytest.approx(full)


def test_refusals_of_one_incident_count_once() -> None:
    """Ten requests under way when the quota was passed are one mistake, not ten."""
    once, often = Pace(tier_of(10)), Pace(tier_of(10))
    once.refused(1000.0, 999.5)
    for n in range(10):
        often.refused(1000.0 + n / 20, 999.0 + n / 20)
    assert often.rate(1001.0) == pytest.approx(once.rate(1001.0))
    assert often.wait(1000.5, TODAY) == pytest.approx(once.wait(1000.5, TODAY))


def test_refusals_one_after_the_other_pause_longer() -> None:
    """TikTok's five-minute block is met with pauses up to a minute, not with a storm."""
    pace = Pace(tier_of(10))
    at, pauses = 1000.0, []
    for _ in range(10):
        pauses.append(pace.refused(at, at - 0.1))
        at += pauses[-1] + 0.2
    assert pauses == sorted(pauses)
    assert pauses[0] == pytest.approx(1.0)
    assert pauses[-1] == pytest.approx(60.0)
    assert pace.rate(at) > 0


def test_a_success_ends_the_row_of_refusals() -> None:
    """The next refusal starts from a short pause again."""
    pace = Pace(tier_of(10))
    for at in (1000.0, 1010.0, 1020.0):
        pace.refused(at, at - 0.1)
    pace.accepted()
    assert pace.refused(1100.0, 1099.0) == pytest.approx(1.0)


@given(st.lists(st.floats(0.01, 30), max_size=40))
def test_however_often_it_is_refused_it_goes_on(gaps: list[float]) -> None:
    """The pace never falls to nothing, and no pause is longer than a minute."""
    pace = Pace(tier_of(10))
    at = 1000.0
    for gap in gaps:
        at += gap
        assert 0 <= pace.refused(at, at - 0.001) <= 60.0 + 1e-6  # sums of floats round
        assert 0 < pace.rate(at) <= 10
        assert pace.wait(at, TODAY) <= 61.0


def test_the_day_is_counted() -> None:
    """After the day's requests there is none until the next date."""
    pace = Pace(Tier(per_second=10, per_minute=600, per_day=3))
    at = 1000.0
    for _ in range(3):
        at += pace.wait(at, TODAY)
        pace.sent(at)
    with pytest.raises(DayIsSpent):
        pace.wait(at + 10, TODAY)
    assert pace.wait(at + 10, date(2026, 3, 11)) == 0


async def test_turns_wait_on_the_clock() -> None:
    """A hundred requests at ten a second take about ten seconds."""
    clock = FakeClock()
    quotas = Quotas(tier_of(10), clock)
    moments = [await quotas.turn("ad/get/") for _ in range(100)]
    assert 9 < moments[-1] - moments[0] < 11


async def test_endpoints_do_not_wait_for_each_other() -> None:
    """TikTok counts each endpoint on its own."""
    clock = FakeClock()
    quotas = Quotas(tier_of(1), clock)
    for endpoint in ("a/", "b/", "c/"):
        await quotas.turn(endpoint)
    assert clock.slept == []


async def test_turns_are_first_come_first_served() -> None:
    """A request that waits is not overtaken by a later one."""
    quotas = Quotas(tier_of(10), FakeClock())
    order: list[int] = []

    async def ask(n: int) -> None:
        await quotas.turn("ad/get/")
        order.append(n)

    await asyncio.gather(*(ask(n) for n in range(20)))
    assert order == list(range(20))


async def test_the_next_utc_day_opens_the_endpoint_again() -> None:
    """The day ends at midnight UTC, on the clock that is given."""
    clock = FakeClock(datetime(2026, 3, 10, 23, 59, 50, tzinfo=UTC))
    quotas = Quotas(Tier(per_second=10, per_minute=600, per_day=1), clock)
    await quotas.turn("ad/get/")
    with pytest.raises(DayIsSpent):
        await quotas.turn("ad/get/")
    clock.seconds += 11
    await quotas.turn("ad/get/")


async def test_a_cancelled_wait_gives_its_turn_on() -> None:
    """A request that is given up while it waits blocks nobody."""
    clock = FakeClock()
    quotas = Quotas(tier_of(10), clock)
    await quotas.turn("ad/get/")
    waiting = asyncio.create_task(quotas.turn("ad/get/"))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(quotas.turn("ad/get/"), timeout=1)
