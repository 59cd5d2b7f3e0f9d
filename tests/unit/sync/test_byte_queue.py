from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.sync.run.byte_queue import ByteQueue


async def run_ready_tasks() -> None:
    """Let every task run as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize("item", [None, 0, "", [], False, {}])
async def test_falsy_items_pass(item: object) -> None:
    """Only an empty queue counts as empty."""
    queue: ByteQueue[object] = ByteQueue(10)
    await queue.put(item)
    assert await asyncio.wait_for(queue.get(), 1) is item


async def test_put_waits_while_the_queue_is_full() -> None:
    """The next page waits until the one before it was taken."""
    queue: ByteQueue[str] = ByteQueue(10)
    await queue.put("first", 8)
    waiting = asyncio.create_task(queue.put("second", 8))
    await run_ready_tasks()
    assert not waiting.done()
    assert await queue.get() == "first"
    await run_ready_tasks()
    assert waiting.done()
    assert await queue.get() == "second"


async def test_the_limit_itself_is_allowed() -> None:
    """An item that fills the queue exactly does not wait."""
    queue: ByteQueue[str] = ByteQueue(10)
    await queue.put("first", 4)
    await asyncio.wait_for(queue.put("second", 6), 1)


async def test_an_item_larger_than_the_limit_is_accepted_when_the_queue_is_empty() -> None:
    """No item is too large to be delivered."""
    queue: ByteQueue[str] = ByteQueue(10)
    await asyncio.wait_for(queue.put("huge", 1000), 1)
    waiting = asyncio.create_task(queue.put("small", 1))
    await run_ready_tasks()
    assert not waiting.done()
    assert await queue.get() == "huge"
    await asyncio.wait_for(waiting, 1)


async def test_an_item_larger_than_the_limit_waits_until_the_queue_is_empty() -> None:
    """It is not added to other items."""
    queue: ByteQueue[str] = ByteQueue(10)
    await queue.put("a", 5)
    waiting = asyncio.create_task(queue.put("huge", 1000))
    await run_ready_tasks()
    assert not waiting.done()
    assert [await queue.get(), await asyncio.wait_for(queue.get(), 1)] == ["a", "huge"]
    await waiting


async def test_items_without_a_size_never_wait() -> None:
    """States and notices have no size."""
    queue: ByteQueue[str] = ByteQueue(10)
    await queue.put("page", 10)
    await asyncio.wait_for(queue.put("state"), 1)
    assert [await queue.get(), await queue.get()] == ["page", "state"]


async def test_items_without_a_size_keep_their_order() -> None:
    """An older state never follows a newer one, even behind a page larger than the limit."""
    queue: ByteQueue[str] = ByteQueue(10)
    await queue.put("huge page", 100)
    older = asyncio.create_task(queue.put("older state"))
    await run_ready_tasks()
    assert await queue.get() == "huge page"
    await queue.put("newer state")
    await older
    assert [await queue.get(), await queue.get()] == ["older state", "newer state"]


async def test_get_waits_for_an_item() -> None:
    """An empty queue is waited on."""
    queue: ByteQueue[str] = ByteQueue(10)
    waiting = asyncio.create_task(queue.get())
    await run_ready_tasks()
    assert not waiting.done()
    await queue.put("late", 1)
    assert await asyncio.wait_for(waiting, 1) == "late"


async def test_a_cancelled_put_leaves_nothing_behind() -> None:
    """Its item neither arrives nor takes space."""
    queue: ByteQueue[str] = ByteQueue(10)
    await queue.put("first", 10)
    waiting = asyncio.create_task(queue.put("given up", 10))
    await run_ready_tasks()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await queue.get() == "first"
    await asyncio.wait_for(queue.put("next", 10), 1)
    assert await queue.get() == "next"


@given(st.integers(1, 50), st.lists(st.lists(st.integers(0, 80), max_size=12), min_size=1, max_size=4))
def test_every_item_arrives_in_order_and_the_limit_holds(limit: int, producers: list[list[int]]) -> None:
    """Each producer's items keep their order, none is lost, and the bytes stay within the limit."""

    async def play() -> None:
        queue: ByteQueue[tuple[int, int, int]] = ByteQueue(limit)

        async def produce(who: int, sizes: list[int]) -> None:
            for n, size in enumerate(sizes):
                await queue.put((who, n, size), size)
                heavy = [size for _, size in queue._items if size]
                assert sum(heavy) <= limit or len(heavy) == 1

        tasks = [asyncio.create_task(produce(who, sizes)) for who, sizes in enumerate(producers)]
        seen: dict[int, list[int]] = {}
        for n in range(sum(map(len, producers))):
            if n % 3 == 0:
                await run_ready_tasks()
            who, number, _ = await asyncio.wait_for(queue.get(), 5)
            seen.setdefault(who, []).append(number)
            await run_ready_tasks()
        await asyncio.gather(*tasks)
        assert seen == {who: list(range(len(sizes))) for who, sizes in enumerate(producers) if sizes}

    asyncio.run(play())
