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

LIMIT_MESSAGE = "Advertiser (7001)'s QPS (6) reaches QPS limit 5 for current path, request is temporarily restricted."


@pytest.mark.parametrize(
    ("rate", "per_minute", "per_day"),
    [(10, 600, 864_000), (20, 1_200, 1_728_000), (30, 1_800, 2_592_000), (50, 3_000, 4_320_000)],
)
def test_tiers_match_tiktoks_documents(rate: float, per_minute: int, per_day: int) -> None:
    """Basic, Advanced, Premium and Ultimate have the documented limits per minute and day."""
    assert tier_of(rate) == Tier(per_second=rate, per_minute=per_minute, per_day=per_day)


def test_the_sandbox_has_its_own_tier() -> None:
    """1 request per second, 30 per minute, 1,000 per day."""
    assert Tier(per_second=1, per_minute=30, per_day=1000) == SANDBOX


@pytest.mark.parametrize(("rate", "limits"), [(10, (8, 240, 20_000)), (20, (12, 360, 30_000)), (30, (20, 600, 50_000))])
def test_gmv_max_reports_have_limits_of_their_own(rate: float, limits: tuple[int, int, int]) -> None:
    """They depend on the application's level; other endpoints have its whole tier."""
    own = tier_at("gmv_max/report/get/", tier_of(rate))
    assert (own.per_second, own.per_minute, own.per_day) == limits
    assert tier_at("ad/get/", tier_of(rate)) == tier_of(rate)


def test_a_shared_application_has_less_of_every_limit() -> None:
    """With half of Basic's tier, the endpoint also accepts half of what it accepts from Basic."""
    assert tier_at("gmv_max/report/get/", tier_of(5)) == Tier(per_second=4, per_minute=120, per_day=10_000)
    assert tier_at("report/task/create/", tier_of(5)) == Tier(per_second=1, per_minute=30, per_day=2_250)


@given(st.sampled_from([*OWN_LIMITS, "ad/get/"]), st.floats(0.1, 1000))
def test_every_tier_allows_requests(endpoint: str, rate: float) -> None:
    """No configured rate makes a quota of zero, and no endpoint accepts more than the tier."""
    tier = tier_at(endpoint, tier_of(rate))
    assert 0 < tier.per_second <= rate
    assert 1 <= tier.per_minute <= tier_of(rate).per_minute
    assert 1 <= tier.per_day <= tier_of(rate).per_day


def test_own_limits_are_given_for_each_level() -> None:
    """Four levels, four limits."""
    assert {len(limits) for limits in OWN_LIMITS.values()} == {len(LEVELS)}


async def test_turns_wait_on_the_clock() -> None:
    """A hundred requests at ten per second take about ten seconds."""
    clock = FakeClock()
    limiters = RateLimiters(tier_of(10), clock)
    left_at = [await limiters.turn("ad/get/") for _ in range(100)]
    assert 9 < left_at[-1] - left_at[0] < 11


async def test_endpoints_do_not_wait_for_each_other() -> None:
    """TikTok counts each endpoint separately."""
    clock = FakeClock()
    limiters = RateLimiters(tier_of(1), clock)
    for endpoint in ("a/", "b/", "c/"):
        await limiters.turn(endpoint)
    assert clock.slept == []


async def test_turns_are_first_come_first_served() -> None:
    """A later request does not overtake one that waits."""
    limiters = RateLimiters(tier_of(10), FakeClock())
    order: list[int] = []

    async def ask(n: int) -> None:
        await limiters.turn("ad/get/")
        order.append(n)

    await asyncio.gather(*(ask(n) for n in range(20)))
    assert order == list(range(20))


async def test_the_days_quota_is_renewed_at_midnight_utc() -> None:
    """The day ends at midnight UTC by the given clock."""
    clock = FakeClock(datetime(2026, 3, 10, 23, 59, 50, tzinfo=UTC))
    limiters = RateLimiters(Tier(per_second=10, per_minute=600, per_day=1), clock)
    await limiters.turn("ad/get/")
    with pytest.raises(DailyQuotaSpent):
        await limiters.turn("ad/get/")
    clock.seconds += 11
    await limiters.turn("ad/get/")


async def test_a_cancelled_wait_blocks_nobody() -> None:
    """The next request gets its turn."""
    clock = FakeClock()
    limiters = RateLimiters(tier_of(10), clock)
    await limiters.turn("ad/get/")
    waiting = asyncio.create_task(limiters.turn("ad/get/"))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(limiters.turn("ad/get/"), timeout=1)


async def test_a_limited_account_slows_no_other() -> None:
    """Its requests stay within the limit in TikTok's message (40133); the others leave at the endpoint's rate."""
    clock = FakeClock()
    limiters = RateLimiters(tier_of(20), clock)
    left_at = await limiters.turn("ad/get/", "7001")
    limiters.account_refused("ad/get/", "7001", left_at, LIMIT_MESSAGE)
    slow = [await limiters.turn("ad/get/", "7001") for _ in range(20)]
    assert slow[-1] - slow[0] > 3.5
    others = [await limiters.turn("ad/get/", "7002") for _ in range(20)]
    assert others[-1] - others[0] < 1.2
    assert limiters.rate("ad/get/") > 19
    elsewhere = [await limiters.turn("campaign/get/", "7001") for _ in range(20)]
    assert elsewhere[-1] - elsewhere[0] < 1.2


async def test_an_unknown_account_limit_is_found() -> None:
    """Without a limit in the message, the rate is searched for as for an endpoint, also once the limit is gone."""
    clock = FakeClock()
    limiters = RateLimiters(tier_of(10), clock)
    for _ in range(30):
        left_at = await limiters.turn("ad/get/", "7001")
    for _ in range(24):
        limiters.account_refused("ad/get/", "7001", left_at, "QPS limit reached")
        limiters.accepted("ad/get/", await limiters.turn("ad/get/", "7001"), "7001")
        left_at = await limiters.turn("ad/get/", "7001")
    slow = [await limiters.turn("ad/get/", "7001") for _ in range(10)]
    assert slow[-1] - slow[0] > 1.5
    for _ in range(3000):
        left_at = await limiters.turn("ad/get/", "7001")
        limiters.accepted("ad/get/", left_at, "7001")
    fast = [await limiters.turn("ad/get/", "7001") for _ in range(10)]
    assert fast[-1] - fast[0] < 1.0


async def test_requests_that_wait_for_their_account_are_counted() -> None:
    """So that others can be sent meanwhile; a cancelled wait no longer counts."""
    clock = FakeClock()
    limiters = RateLimiters(tier_of(10), clock)
    limiters.account_refused("ad/get/", "7001", clock.monotonic(), LIMIT_MESSAGE)
    limiters.account_refused("ad/get/", "7001", clock.monotonic(), LIMIT_MESSAGE)
    gate = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await gate.wait()
        clock.seconds += seconds

    clock.sleep = sleep  # type: ignore[method-assign]
    waiting = [asyncio.create_task(limiters.turn("ad/get/", "7001")) for _ in range(3)]
    await asyncio.sleep(0)
    assert limiters.waiting_for_account("ad/get/") == 3
    waiting[0].cancel()
    waiting[2].cancel()
    await asyncio.gather(waiting[0], waiting[2], return_exceptions=True)
    assert limiters.waiting_for_account("ad/get/") == 1
    gate.set()
    await waiting[1]
    assert limiters.waiting_for_account("ad/get/") == 0


async def test_an_answer_ends_a_wait_at_once() -> None:
    """After refusals, one request in a while shows whether they go on. When it is accepted, the next one leaves."""
    clock = FakeClock()
    limiters = RateLimiters(tier_of(10), clock)
    for _ in range(2):
        left_at = await limiters.turn("ad/get/")
        clock.seconds += 1.5
        limiters.refused("ad/get/", left_at)
    probe = await limiters.turn("ad/get/")

    async def sleep(_: float) -> None:
        await asyncio.Event().wait()

    clock.sleep = sleep  # type: ignore[method-assign]
    waiting = asyncio.create_task(limiters.turn("ad/get/"))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    clock.seconds += 0.2
    limiters.accepted("ad/get/", probe)
    assert await asyncio.wait_for(waiting, 5) == clock.monotonic()


async def test_a_wait_that_is_broken_off_leaves_the_turn_to_the_next() -> None:
    """A request is cancelled while it waits, and so is its sleep; a fault of the clock is not swallowed."""
    clock = FakeClock()
    limiters = RateLimiters(Tier(per_second=10, per_minute=1, per_day=100), clock)
    await limiters.turn("ad/get/")
    sleeps: list[asyncio.Task[None] | None] = []
    can_sleep = True

    async def sleep(_: float) -> None:
        sleeps.append(asyncio.current_task())
        if not can_sleep:
            raise OSError("no clock")
        await asyncio.Event().wait()

    clock.sleep = sleep  # type: ignore[method-assign]
    first, second = (asyncio.create_task(limiters.turn("ad/get/")) for _ in range(2))
    await asyncio.sleep(0.01)
    assert len(sleeps) == 1
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert sleeps[0] is not None
    assert sleeps[0].cancelled()
    assert len(sleeps) == 2
    can_sleep = False
    second.cancel()
    with pytest.raises(OSError, match="no clock"):
        await limiters.turn("ad/get/")
