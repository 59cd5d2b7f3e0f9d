from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.api.body_budget import Place, Room

ENDPOINT = "report/integrated/get/"


async def settle() -> None:
    """Let whatever can run do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_bodies_are_let_in_while_there_is_room() -> None:
    """The next one waits until one of them is taken, and they come in their order."""
    room = Room(100)
    first, second = await room.enter(ENDPOINT, 60), await room.enter(ENDPOINT, 40)
    order: list[int] = []

    async def enter(size: int) -> Place:
        place = await room.enter(ENDPOINT, size)
        order.append(size)
        return place

    waiting = [asyncio.create_task(enter(50)), asyncio.create_task(enter(1))]
    await settle()
    assert order == []
    second.leave()
    await settle()
    assert order == []
    first.leave()
    await settle()
    assert order == [50, 1]
    assert room.taken == 51
    for task in waiting:
        (await task).leave()
    assert room.taken == 0


async def test_what_is_larger_than_the_room_comes_alone() -> None:
    """Nothing is too large to pass."""
    room = Room(100)
    large = await room.enter(ENDPOINT, 500)
    waiting = asyncio.create_task(room.enter(ENDPOINT, 1))
    await settle()
    assert not waiting.done()
    large.leave()
    large.leave()
    (await waiting).leave()
    assert room.taken == 0


async def test_a_length_that_is_not_told_is_taken_from_what_came_before() -> None:
    """A compressed body is counted as the largest of its endpoint, and at what it has once it is there."""
    room = Room(64 * 2**20)
    room.came(ENDPOINT, 5_000_000)
    place = await room.enter(ENDPOINT, None)
    assert room.taken == 5_000_000
    place.has(20)
    assert room.taken == 20
    assert place.waited == 0.0
    other = await room.enter("ad/get/", None)
    assert room.taken > 100_000
    other.leave()
    place.leave()
    assert room.taken == 0


@pytest.mark.parametrize("late", [False, True])
async def test_a_wait_that_is_given_up_takes_no_room(*, late: bool) -> None:
    """Neither before its turn nor in the moment in which it comes; whoever waits behind it goes on."""
    room = Room(100)
    first = await room.enter(ENDPOINT, 100)
    waiting = [asyncio.create_task(room.enter(ENDPOINT, 100)) for _ in range(2)]
    await settle()
    if late:
        first.leave()
    waiting[0].cancel()
    await settle()
    first.leave()
    (await asyncio.wait_for(waiting[1], 1)).leave()
    assert room.taken == 0


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 3)), max_size=40))
def test_the_bound_holds_and_everybody_gets_in(bodies: list[tuple[int, int]]) -> None:
    """Whatever comes and however long it stays."""

    async def stay(room: Room, size: int, long: int) -> None:
        place = await room.enter(ENDPOINT, size)
        assert room.taken <= 100
        for _ in range(long):
            await asyncio.sleep(0)
        place.leave()

    async def all_of_them() -> int:
        room = Room(100)
        await asyncio.gather(*(stay(room, *body) for body in bodies))
        return room.taken

    assert asyncio.run(all_of_them()) == 0
