from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.api.body_budget import BodyBudget, Reservation

ENDPOINT = "report/integrated/get/"


async def run_ready_tasks() -> None:
    """Let every task run as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_body_waits_until_it_fits_first_come_first_served() -> None:
    """The next body waits until another is released, and bodies are admitted in their order."""
    budget = BodyBudget(100)
    first, second = await budget.reserve(ENDPOINT, 60), await budget.reserve(ENDPOINT, 40)
    order: list[int] = []

    async def enter(size: int) -> Reservation:
        reservation = await budget.reserve(ENDPOINT, size)
        order.append(size)
        return reservation

    waiting = [asyncio.create_task(enter(50)), asyncio.create_task(enter(1))]
    await run_ready_tasks()
    assert order == []
    second.release()
    await run_ready_tasks()
    assert order == []
    first.release()
    await run_ready_tasks()
    assert order == [50, 1]
    assert budget.reserved == 51
    for task in waiting:
        (await task).release()
    assert budget.reserved == 0


async def test_a_body_larger_than_the_limit_is_admitted_alone() -> None:
    """No body is too large to be read."""
    budget = BodyBudget(100)
    large = await budget.reserve(ENDPOINT, 500)
    waiting = asyncio.create_task(budget.reserve(ENDPOINT, 1))
    await run_ready_tasks()
    assert not waiting.done()
    large.release()
    large.release()
    (await waiting).release()
    assert budget.reserved == 0


async def test_an_unknown_length_is_estimated_from_earlier_bodies() -> None:
    """A compressed body counts as the largest of its endpoint until it has arrived, and then with its real size."""
    budget = BodyBudget(64 * 2**20)
    budget.observe(ENDPOINT, 5_000_000)
    reservation = await budget.reserve(ENDPOINT, None)
    assert budget.reserved == 5_000_000
    reservation.resize(20)
    assert budget.reserved == 20
    assert reservation.waited == 0.0
    other = await budget.reserve("ad/get/", None)
    assert budget.reserved > 100_000
    other.release()
    reservation.release()
    assert budget.reserved == 0


@pytest.mark.parametrize("late", [False, True])
async def test_a_cancelled_wait_reserves_nothing(*, late: bool) -> None:
    """Whether it is cancelled before its turn or just as its turn comes, the next waiter goes on."""
    budget = BodyBudget(100)
    first = await budget.reserve(ENDPOINT, 100)
    waiting = [asyncio.create_task(budget.reserve(ENDPOINT, 100)) for _ in range(2)]
    await run_ready_tasks()
    if late:
        first.release()
    waiting[0].cancel()
    await run_ready_tasks()
    first.release()
    (await asyncio.wait_for(waiting[1], 1)).release()
    assert budget.reserved == 0


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 3)), max_size=40))
def test_the_limit_holds_and_every_body_is_admitted(bodies: list[tuple[int, int]]) -> None:
    """Whatever the sizes, and however turns bodies stay."""

    async def stay(budget: BodyBudget, size: int, turns: int) -> None:
        reservation = await budget.reserve(ENDPOINT, size)
        assert budget.reserved <= 100
        for _ in range(turns):
            await asyncio.sleep(0)
        reservation.release()

    async def reserve_all() -> int:
        budget = BodyBudget(100)
        await asyncio.gather(*(stay(budget, *body) for body in bodies))
        return budget.reserved

    assert asyncio.run(reserve_all()) == 0
