"""Standard output, written in a thread of its own: a slow reader holds up the writing and nothing else."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

_MOST_WAITING = 4 * 2**20
"""Bytes that may wait to be written before whoever writes has to wait too."""

_PIPE = 2**20
"""Bytes that a pipe is asked to hold. Linux gives 64 KB, and each time that is full two processes change places."""

Write = Callable[[bytes | bytearray], None]


def write_stdout(data: bytes | bytearray) -> None:
    """Write all of it to standard output.

    Raises:
        OSError: If it cannot be written; BrokenPipeError if whoever reads it has gone.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def widen_stdout() -> None:
    """Let standard output hold more, if it is a pipe and the system lets us."""
    with suppress(ImportError, AttributeError, OSError, ValueError):  # not Linux, no pipe, or its limits are reached
        import fcntl

        if fcntl.fcntl(1, fcntl.F_GETPIPE_SZ) < _PIPE:
            fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, _PIPE)


class Output:
    """Writes in order, and waits only for room.

    Args:
        write: Takes the bytes, in the thread.
    """

    def __init__(self, write: Write = write_stdout) -> None:
        self._write = write
        self._queue: queue.SimpleQueue[bytes | bytearray | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._failure: BaseException | None = None
        self._drained = asyncio.Event()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        if self._write is write_stdout:
            widen_stdout()
        self._thread.start()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._until(0)
        self._queue.put(None)
        await self._ended.wait()  # not in a thread that waits: where memory is short there may be none to have
        self._thread.join()
        if exc_type is None:
            self._raise()

    async def write(self, data: bytes | bytearray) -> None:
        """Hand bytes over, once few enough wait before them.

        Raises:
            OSError: If earlier bytes could not be written.
        """
        self._raise()
        with self._lock:
            self._waiting += len(data)
            too_much = self._waiting > _MOST_WAITING
        self._queue.put(data)
        if too_much:
            await self._until(_MOST_WAITING)
            self._raise()

    async def _until(self, limit: int) -> None:
        while True:
            self._drained.clear()
            with self._lock:
                if self._waiting <= limit or self._failure is not None:
                    return
            await self._drained.wait()

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            try:
                if self._failure is None:
                    self._write(data)
            except BaseException as error:  # noqa: BLE001 - raised again where somebody can act
                self._failure = error
            with self._lock:
                self._waiting -= len(data)
            self._loop.call_soon_threadsafe(self._drained.set)
        self._loop.call_soon_threadsafe(self._ended.set)
