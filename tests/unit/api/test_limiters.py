from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import FakeClock

from tiktok_marketing.api.rate_limit.limiters import RateLimiters
from tiktok_marketing.api.rate_limit.pacer import DailyQuotaSpent
from tiktok_marketing.api.rate_limit.tiers import LEVELS, OWN_LIMITS, SANDBOX, Tier, tier_at, tier_of

SAID = "Advertiser (7001)'s QPS (6) reaches QPS limit 5 for current path, request is temporarily restricted."


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


@pytest.mark.parametrize(("rate", "limits"), [(10, (8, 240, 20_000)), (20, (12, 360, 30_000)), (30, (20, 600, 50_000))])
def test_gmv_max_reports_have_limits_of_their_own(rate: float, limits: tuple[int, int, int]) -> None:
    """By the level of the application; other endpoints have its whole tier."""
    own = tier_at("gmv_max/report/get/", tier_of(rate))
    assert (own.per_second, own.per_minute, own.per_day) == limits
    assert tier_at("ad/get/", tier_of(rate)) == tier_of(rate)


def test_a_shared_application_has_less_of_every_limit() -> None:
    """Half of Basic's tier is half of what the endpoint takes from Basic, too."""
    assert tier_at("gmv_max/report/get/", tier_of(5)) == Tier(per_second=4, per_minute=120, per_day=10_000)
    assert tier_at("report/task/create/", tier_of(5)) == Tier(per_second=1, per_minute=30, per_day=2_250)


@given(st.sampled_from([*OWN_LIMITS, "ad/get/"]), st.floats(0.1, 1000))
def test_every_tier_lets_something_through(endpoint: str, rate: float) -> None:
    """No configured rate makes a quota of none, and no endpoint takes more than the tier."""
    tier = tier_at(endpoint, tier_of(rate))
    assert 0 < tier.per_second <= rate
    assert 1 <= tier.per_minute <= tier_of(rate).per_minute
    assert 1 <= tier.per_day <= tier_of(rate).per_day


def test_own_limits_are_told_for_each_level() -> None:
    """Four levels, four limits."""
    assert {len(limits) for limits in OWN_LIMITS.values()} == {len(LEVELS)}


async def test_turns_wait_on_the_clock() -> None:
    """A hundred requests at ten a second take about ten seconds."""
    clock = FakeClock()
    quotas = RateLimiters(tier_of(10), clock)
    moments = [await quotas.turn("ad/get/") for _ in range(100)]
    assert 9 < moments[-1] - moments[0] < 11


async def test_endpoints_do_not_wait_for_each_other() -> None:
    """TikTok counts each endpoint on its own."""
    clock = FakeClock()
    quotas = RateLimiters(tier_of(1), clock)
    for endpoint in ("a/", "b/", "c/"):
        await quotas.turn(endpoint)
    assert clock.slept == []


async def test_turns_are_first_come_first_served() -> None:
    """A request that waits is not overtaken by a later one."""
    quotas = RateLimiters(tier_of(10), FakeClock())
    order: list[int] = []

    async def ask(n: int) -> None:
        await quotas.turn("ad/get/")
        order.append(n)

    await asyncio.gather(*(ask(n) for n in range(20)))
    assert order == list(range(20))


async def test_the_next_utc_day_opens_the_endpoint_again() -> None:
    """The day ends at midnight UTC, on the clock that is given."""
    clock = FakeClock(datetime(2026, 3, 10, 23, 59, 50, tzinfo=UTC))
    quotas = RateLimiters(Tier(per_second=10, per_minute=600, per_day=1), clock)
    await quotas.turn("ad/get/")
    with pytest.raises(DailyQuotaSpent):
        await quotas.turn("ad/get/")
    clock.seconds += 11
    await quotas.turn("ad/get/")


async def test_a_cancelled_wait_gives_its_turn_on() -> None:
    """A request that is given up while it waits blocks nobody."""
    clock = FakeClock()
    quotas = RateLimiters(tier_of(10), clock)
    await quotas.turn("ad/get/")
    waiting = asyncio.create_task(quotas.turn("ad/get/"))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(quotas.turn("ad/get/"), timeout=1)


async def test_an_account_that_is_limited_slows_nobody_else() -> None:
    """Its requests keep to the limit that TikTok says (40133); the others leave at the endpoint's rate meanwhile."""
    clock = FakeClock()
    quotas = RateLimiters(tier_of(20), clock)
    left_at = await quotas.turn("ad/get/", "7001")
    quotas.account_refused("ad/get/", "7001", left_at, SAID)
    slow = [await quotas.turn("ad/get/", "7001") for _ in range(20)]
    assert slow[-1] - slow[0] > 3.5
    others = [await quotas.turn("ad/get/", "7002") for _ in range(20)]
    assert others[-1] - others[0] < 1.2
    assert quotas.rate("ad/get/") > 19
    elsewhere = [await quotas.turn("campaign/get/", "7001") for _ in range(20)]
    assert elsewhere[-1] - elsewhere[0] < 1.2


async def test_an_account_limit_that_is_not_said_is_found() -> None:
    """Then it is searched for as an endpoint's is, and found again when it is gone."""
    clock = FakeClock()
    quotas = RateLimiters(tier_of(10), clock)
    for _ in range(30):
        left_at = await quotas.turn("ad/get/", "7001")
    for _ in range(8):
        quotas.account_refused("ad/get/", "7001", left_at, "QPS limit reached")
        quotas.accepted("ad/get/", await quotas.turn("ad/get/", "7001"), "7001")
        left_at = await quotas.turn("ad/get/", "7001")
    slow = [await quotas.turn("ad/get/", "7001") for _ in range(10)]
    assert slow[-1] - slow[0] > 1.5
    for _ in range(3000):
        left_at = await quotas.turn("ad/get/", "7001")
        quotas.accepted("ad/get/", left_at, "7001")
    fast = [await quotas.turn("ad/get/", "7001") for _ in range(10)]
    assert fast[-1] - fast[0] < 1.0


async def test_what_waits_for_its_account_is_known() -> None:
    """So that others can be asked about meanwhile; a wait that is given up counts no more."""
    clock = FakeClock()
    quotas = RateLimiters(tier_of(10), clock)
    quotas.account_refused("ad/get/", "7001", clock.monotonic(), SAID)
    quotas.account_refused("ad/get/", "7001", clock.monotonic(), SAID)
    gate = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await gate.wait()
        clock.seconds += seconds

    clock.sleep = sleep  # type: ignore[method-assign]
    waiting = [asyncio.create_task(quotas.turn("ad/get/", "7001")) for _ in range(3)]
    await asyncio.sleep(0)
    assert quotas.waiting_for_account("ad/get/") == 3
    waiting[0].cancel()
    waiting[2].cancel()
    await asyncio.gather(waiting[0], waiting[2], return_exceptions=True)
    assert quotas.waiting_for_account("ad/get/") == 1
    gate.set()
    await waiting[1]
    assert quotas.waiting_for_account("ad/get/") == 0
