from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.sync.run.byte_queue import ByteQueue


async def settle() -> None:
    """Let every task run as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize("item", [None, 0, "", [], False, {}])
async def test_falsy_items_pass(item: object) -> None:
    """Nothing is taken for emptiness but emptiness."""
    buffer: ByteQueue[object] = ByteQueue(10)
    await buffer.put(item)
    assert await asyncio.wait_for(buffer.get(), 1) is item


async def test_a_full_buffer_makes_putting_wait() -> None:
    """The next page waits until the one before it was taken."""
    buffer: ByteQueue[str] = ByteQueue(10)
    await buffer.put("first", 8)
    waiting = asyncio.create_task(buffer.put("second", 8))
    await settle()
    assert not waiting.done()
    assert await buffer.get() == "first"
    await settle()
    assert waiting.done()
    assert await buffer.get() == "second"


async def test_what_fits_exactly_fits() -> None:
    """The limit itself is allowed."""
    buffer: ByteQueue[str] = ByteQueue(10)
    await buffer.put("first", 4)
    await asyncio.wait_for(buffer.put("second", 6), 1)


async def test_an_item_larger_than_the_buffer_passes_when_it_is_empty() -> None:
    """Nothing is too large to be delivered."""
    buffer: ByteQueue[str] = ByteQueue(10)
    await asyncio.wait_for(buffer.put("huge", 1000), 1)
    waiting = asyncio.create_task(buffer.put("small", 1))
    await settle()
    assert not waiting.done()
    assert await buffer.get() == "huge"
    await asyncio.wait_for(waiting, 1)


async def test_an_oversized_item_waits_until_it_is_empty() -> None:
    """It does not come on top of what is inside."""
    buffer: ByteQueue[str] = ByteQueue(10)
    await buffer.put("a", 5)
    waiting = asyncio.create_task(buffer.put("huge", 1000))
    await settle()
    assert not waiting.done()
    assert [await buffer.get(), await asyncio.wait_for(buffer.get(), 1)] == ["a", "huge"]
    await waiting


async def test_items_without_a_size_are_not_held_up_by_a_full_buffer() -> None:
    """States and notices weigh nothing."""
    buffer: ByteQueue[str] = ByteQueue(10)
    await buffer.put("page", 10)
    await asyncio.wait_for(buffer.put("state"), 1)
    assert [await buffer.get(), await buffer.get()] == ["page", "state"]


async def test_items_without_a_size_keep_their_order() -> None:
    """An older state never comes after a newer one, not even where a page too large for the buffer is before both."""
    buffer: ByteQueue[str] = ByteQueue(10)
    await buffer.put("huge page", 100)
    older = asyncio.create_task(buffer.put("older state"))
    await settle()
    assert await buffer.get() == "huge page"
    await buffer.put("newer state")
    await older
    assert [await buffer.get(), await buffer.get()] == ["older state", "newer state"]


async def test_getting_waits_for_an_item() -> None:
    """An empty buffer is waited on."""
    buffer: ByteQueue[str] = ByteQueue(10)
    waiting = asyncio.create_task(buffer.get())
    await settle()
    assert not waiting.done()
    await buffer.put("late", 1)
    assert await asyncio.wait_for(waiting, 1) == "late"


async def test_a_cancelled_put_leaves_nothing_behind() -> None:
    """An item whose reading was given up neither arrives nor takes room."""
    buffer: ByteQueue[str] = ByteQueue(10)
    await buffer.put("first", 10)
    waiting = asyncio.create_task(buffer.put("given up", 10))
    await settle()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await buffer.get() == "first"
    await asyncio.wait_for(buffer.put("next", 10), 1)
    assert await buffer.get() == "next"


@given(st.integers(1, 50), st.lists(st.lists(st.integers(0, 80), max_size=12), min_size=1, max_size=4))
def test_everything_arrives_in_its_producers_order_and_never_too_much_is_inside(
    limit: int, producers: list[list[int]]
) -> None:
    """Each producer's items keep their order, none is lost, and the bytes inside stay within the limit."""

    async def play() -> None:
        buffer: ByteQueue[tuple[int, int, int]] = ByteQueue(limit)

        async def produce(who: int, sizes: list[int]) -> None:
            for n, size in enumerate(sizes):
                await buffer.put((who, n, size), size)
                heavy = [one for _, one in buffer._items if one]
                assert sum(heavy) <= limit or len(heavy) == 1

        tasks = [asyncio.create_task(produce(who, sizes)) for who, sizes in enumerate(producers)]
        seen: dict[int, list[int]] = {}
        for n in range(sum(map(len, producers))):
            if n % 3 == 0:
                await settle()
            who, number, _ = await asyncio.wait_for(buffer.get(), 5)
            seen.setdefault(who, []).append(number)
            await settle()
        await asyncio.gather(*tasks)
        assert seen == {who: list(range(len(sizes))) for who, sizes in enumerate(producers) if sizes}

    asyncio.run(play())
