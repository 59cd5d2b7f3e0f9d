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
    """Takes what is written, as slowly as it is told.

    Args:
        seconds: How long it takes for each portion.
        fails_at: Which portion cannot be written, from 0.
        is_open: Whether it takes anything before `gate` is set.
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
        """Take a portion."""
        assert self.gate.wait(10)
        time.sleep(self._seconds)
        self.threads.add(threading.get_ident())
        if len(self.portions) == self._fails_at:
            raise BrokenPipeError(errno.EPIPE, "nobody reads")
        self.portions.append(b"".join(portion))


@asynccontextmanager
async def output_to(reader: Reader) -> AsyncIterator[Output]:
    """An output, whose thread has ended when this has."""
    output = Output(reader)
    try:
        async with output:
            yield output
    finally:
        await asyncio.to_thread(output._thread.join, 10)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=30))
def test_everything_is_written_in_its_order(portions: list[bytes]) -> None:
    """Nothing is lost, joined or overtaken."""
    reader = Reader()

    async def play() -> None:
        async with output_to(reader) as output:
            for portion in portions:
                await output.write([portion])

    asyncio.run(play())
    assert reader.portions == portions


async def test_writers_are_served_first_come_first_served() -> None:
    """Tasks that write at the same time keep the order in which they asked."""
    reader = Reader()
    async with output_to(reader) as output:
        await asyncio.gather(*(output.write([b"%d" % n]) for n in range(50)))
    assert reader.portions == [b"%d" % n for n in range(50)]


async def test_writing_is_done_in_one_other_thread() -> None:
    """The loop goes on reading meanwhile."""
    reader = Reader()
    async with output_to(reader) as output:
        await output.write([b"a"])
        await output.write([b"b"])
    assert len(reader.threads) == 1
    assert threading.get_ident() not in reader.threads


async def test_a_slow_reader_holds_up_nobody_within_the_bound() -> None:
    """So many bytes may wait that the caller does not."""
    reader = Reader(is_open=False)
    async with output_to(reader) as output:
        for _ in range(4):
            await asyncio.wait_for(output.write([bytes(_MOST_WAITING // 4)]), 5)
        assert reader.portions == []
        reader.gate.set()
    assert sum(map(len, reader.portions)) == _MOST_WAITING


async def test_a_slow_reader_holds_up_whoever_passes_the_bound() -> None:
    """One byte more has to wait until there is room, and no longer."""
    reader = Reader(is_open=False)
    async with output_to(reader) as output:
        await output.write([bytes(_MOST_WAITING)])
        waiting = asyncio.create_task(output.write([b"x"]))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        reader.gate.set()
        await asyncio.wait_for(waiting, 5)
    assert [len(portion) for portion in reader.portions] == [_MOST_WAITING, 1]


async def test_a_portion_larger_than_the_bound_is_written() -> None:
    """Nothing is too large to pass."""
    reader = Reader()
    async with output_to(reader) as output:
        await asyncio.wait_for(output.write([bytes(_MOST_WAITING + 1)]), 5)
    assert [len(portion) for portion in reader.portions] == [_MOST_WAITING + 1]


async def test_everything_is_written_before_it_is_left() -> None:
    """However slow the reader is: what comes after may end the process."""
    reader = Reader(seconds=0.002)
    output = Output(reader)
    async with output:
        for n in range(25):
            await output.write([b"%d" % n])
        assert len(reader.portions) < 25
    assert reader.portions == [b"%d" % n for n in range(25)]
    await asyncio.to_thread(output._thread.join, 10)


async def test_everything_is_written_before_an_error_passes() -> None:
    """What was said before the sync failed is said."""
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


async def test_a_reader_that_has_gone_is_said_to_the_next_who_writes() -> None:
    """The error is the reader's own, and nothing is written after it."""
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


async def test_a_reader_that_has_gone_is_said_on_leaving() -> None:
    """If nobody writes any more, the end is the last chance."""

    async def write_once() -> None:
        async with output_to(Reader(fails_at=0)) as output:
            await output.write([b"x"])

    with pytest.raises(BrokenPipeError):
        await write_once()


async def test_a_reader_that_goes_is_said_to_whoever_waits_for_room() -> None:
    """There will be no room any more, so nobody waits for it for ever."""
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


def test_a_pipe_is_asked_to_hold_more() -> None:
    """Where Linux allows it; a file, which holds what it is given, is left alone."""
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
