from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.airbyte.output import _MOST_WAITING, Output, Portion
from tiktok_marketing.errors import ConnectorError


class Reader:
    """A reader of the output with a given speed.

    Args:
        seconds: The time that it takes per portion.
        fails_at: The number of the portion that cannot be written, from 0.
        is_open: Whether it reads before `gate` is set.
    """

    def __init__(self, *, seconds: float = 0.0, fails_at: int | None = None, is_open: bool = True) -> None:
        self.portions: list[bytes] = []
        self.threads: set[int] = set()
        self.gate = threading.Event()
        self._seconds = seconds
        self._fails_at = fails_at
        if is_open:
            self.gate.set()

    def __call__(self, portion: Portion) -> None:
        """Read a portion."""
        assert self.gate.wait(10)
        time.sleep(self._seconds)
        self.threads.add(threading.get_ident())
        if len(self.portions) == self._fails_at:
            raise BrokenPipeError(errno.EPIPE, "nobody reads")
        self.portions.append(b"".join(portion))


@asynccontextmanager
async def output_to(reader: Reader) -> AsyncIterator[Output]:
    """An output whose thread has ended at the end."""
    output = Output(reader)
    try:
        async with output:
            yield output
    finally:
        await asyncio.to_thread(output._thread.join, 10)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=30))
def test_portions_are_written_in_their_order(portions: list[bytes]) -> None:
    """None is lost or joined with another."""
    reader = Reader()

    async def play() -> None:
        async with output_to(reader) as output:
            for portion in portions:
                await output.write([portion])

    asyncio.run(play())
    assert reader.portions == portions


async def test_tasks_that_write_at_the_same_time_keep_their_order() -> None:
    """The order of their calls."""
    reader = Reader()
    async with output_to(reader) as output:
        await asyncio.gather(*(output.write([b"%d" % n]) for n in range(50)))
    assert reader.portions == [b"%d" % n for n in range(50)]


async def test_a_thread_of_its_own_writes() -> None:
    """So that the loop goes on reading."""
    reader = Reader()
    async with output_to(reader) as output:
        await output.write([b"a"])
        await output.write([b"b"])
    assert len(reader.threads) == 1
    assert threading.get_ident() not in reader.threads


async def test_a_slow_reader_delays_no_writer_within_the_limit() -> None:
    """Up to the limit, bytes wait instead of their writer."""
    reader = Reader(is_open=False)
    async with output_to(reader) as output:
        for _ in range(4):
            await asyncio.wait_for(output.write([bytes(_MOST_WAITING // 4)]), 5)
        assert reader.portions == []
        reader.gate.set()
    assert sum(map(len, reader.portions)) == _MOST_WAITING


async def test_a_slow_reader_delays_a_writer_beyond_the_limit() -> None:
    """Until there is room, and no longer."""
    reader = Reader(is_open=False)
    async with output_to(reader) as output:
        await output.write([bytes(_MOST_WAITING)])
        waiting = asyncio.create_task(output.write([b"x"]))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        reader.gate.set()
        await asyncio.wait_for(waiting, 5)
    assert [len(portion) for portion in reader.portions] == [_MOST_WAITING, 1]


async def test_a_portion_larger_than_the_limit_is_written() -> None:
    """It does not wait for ever."""
    reader = Reader()
    async with output_to(reader) as output:
        await asyncio.wait_for(output.write([bytes(_MOST_WAITING + 1)]), 5)
    assert [len(portion) for portion in reader.portions] == [_MOST_WAITING + 1]


async def test_leaving_the_output_waits_until_everything_is_written() -> None:
    """However slow the reader is, because the process may end next."""
    reader = Reader(seconds=0.002)
    output = Output(reader)
    async with output:
        for n in range(25):
            await output.write([b"%d" % n])
        assert len(reader.portions) < 25
    assert reader.portions == [b"%d" % n for n in range(25)]
    await asyncio.to_thread(output._thread.join, 10)


async def test_everything_is_written_before_an_error_leaves_the_output() -> None:
    """What a sync wrote before it failed arrives."""
    reader = Reader(seconds=0.002)
    output = Output(reader)

    async def fail() -> None:
        async with output:
            for n in range(10):
                await output.write([b"%d" % n])
            raise ConnectorError("It broke.")

    with pytest.raises(ConnectorError, match="It broke"):
        await fail()
    assert len(reader.portions) == 10
    await asyncio.to_thread(output._thread.join, 10)


async def test_the_next_write_raises_that_the_reader_has_gone() -> None:
    """Nothing is written after it."""
    reader = Reader(fails_at=1)

    async def write_on() -> None:
        async with output_to(reader) as output:
            for _ in range(1000):
                await output.write([b"x"])
                await asyncio.sleep(0.001)
            pytest.fail("a thousand portions were written to nobody")

    with pytest.raises(BrokenPipeError):
        await write_on()
    assert reader.portions == [b"x"]


async def test_leaving_the_output_raises_that_the_reader_has_gone() -> None:
    """If nobody writes any more, this is the last chance."""

    async def write_once() -> None:
        async with output_to(Reader(fails_at=0)) as output:
            await output.write([b"x"])

    with pytest.raises(BrokenPipeError):
        await write_once()


async def test_a_write_that_waits_for_room_raises_that_the_reader_has_gone() -> None:
    """It does not wait for ever."""
    reader = Reader(fails_at=0, is_open=False)

    async def write_too_much() -> None:
        async with output_to(reader) as output:
            await output.write([bytes(_MOST_WAITING)])
            waiting = asyncio.create_task(output.write([b"x"]))
            await asyncio.sleep(0.01)
            assert not waiting.done()
            reader.gate.set()
            await asyncio.wait_for(waiting, 5)

    with pytest.raises(BrokenPipeError):
        await write_too_much()
    assert reader.portions == []


def test_a_pipe_is_enlarged_on_linux() -> None:
    """A file is left as it is."""
    fcntl = pytest.importorskip("fcntl")
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        pytest.skip("not Linux")
    widen = "from tiktok_marketing.airbyte.output import widen_stdout; widen_stdout()"
    read_end, write_end = os.pipe()
    try:
        before = fcntl.fcntl(read_end, fcntl.F_GETPIPE_SZ)
        subprocess.run([sys.executable, "-c", widen], stdout=write_end, check=True)  # noqa: S603 - our own command
        assert fcntl.fcntl(read_end, fcntl.F_GETPIPE_SZ) > before
    finally:
        os.close(read_end)
        os.close(write_end)
    subprocess.run([sys.executable, "-c", widen], stdout=subprocess.DEVNULL, check=True)  # noqa: S603
