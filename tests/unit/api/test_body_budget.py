from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.api.body_budget import BodyBudget, Reservation

ENDPOINT = "report/integrated/get/"


async def settle() -> None:
    """Let whatever can run do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_bodies_are_let_in_while_there_is_room() -> None:
    """The next one waits until one of them is taken, and they come in their order."""
    room = BodyBudget(100)
    first, second = await room.reserve(ENDPOINT, 60), await room.reserve(ENDPOINT, 40)
    order: list[int] = []

    async def enter(size: int) -> Reservation:
        place = await room.reserve(ENDPOINT, size)
        order.append(size)
        return place

    waiting = [asyncio.create_task(enter(50)), asyncio.create_task(enter(1))]
    await settle()
    assert order == []
    second.release()
    await settle()
    assert order == []
    first.release()
    await settle()
    assert order == [50, 1]
    assert room.taken == 51
    for task in waiting:
        (await task).release()
    assert room.taken == 0


async def test_what_is_larger_than_the_room_comes_alone() -> None:
    """Nothing is too large to pass."""
    room = BodyBudget(100)
    large = await room.reserve(ENDPOINT, 500)
    waiting = asyncio.create_task(room.reserve(ENDPOINT, 1))
    await settle()
    assert not waiting.done()
    large.release()
    large.release()
    (await waiting).release()
    assert room.taken == 0


async def test_a_length_that_is_not_told_is_taken_from_what_came_before() -> None:
    """A compressed body is counted as the largest of its endpoint, and at what it has once it is there."""
    room = BodyBudget(64 * 2**20)
    room.observe(ENDPOINT, 5_000_000)
    place = await room.reserve(ENDPOINT, None)
    assert room.taken == 5_000_000
    place.resize(20)
    assert room.taken == 20
    assert place.waited == 0.0
    other = await room.reserve("ad/get/", None)
    assert room.taken > 100_000
    other.release()
    place.release()
    assert room.taken == 0


@pytest.mark.parametrize("late", [False, True])
async def test_a_wait_that_is_given_up_takes_no_room(*, late: bool) -> None:
    """Neither before its turn nor in the moment in which it comes; whoever waits behind it goes on."""
    room = BodyBudget(100)
    first = await room.reserve(ENDPOINT, 100)
    waiting = [asyncio.create_task(room.reserve(ENDPOINT, 100)) for _ in range(2)]
    await settle()
    if late:
        first.release()
    waiting[0].cancel()
    await settle()
    first.release()
    (await asyncio.wait_for(waiting[1], 1)).release()
    assert room.taken == 0


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 3)), max_size=40))
def test_the_bound_holds_and_everybody_gets_in(bodies: list[tuple[int, int]]) -> None:
    """Whatever comes and however long it stays."""

    async def stay(room: BodyBudget, size: int, long: int) -> None:
        place = await room.reserve(ENDPOINT, size)
        assert room.taken <= 100
        for _ in range(long):
            await asyncio.sleep(0)
        place.release()

    async def all_of_them() -> int:
        room = BodyBudget(100)
        await asyncio.gather(*(stay(room, *body) for body in bodies))
        return room.taken

    assert asyncio.run(all_of_them()) == 0
