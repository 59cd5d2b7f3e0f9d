"""Standard output, written in a thread of its own, so that a slow reader delays nothing but the writing."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from tiktok_marketing.stdout import write_stdout

_MOST_WAITING = 4 * 2**20
"""Bytes that may wait to be written. Beyond it, `Output.write` waits."""

_PIPE = 2**20
"""Bytes that a pipe should hold. Linux gives 64 KB, and each time that is full the system switches processes."""

Portion = Sequence[bytes | memoryview]
"""Buffers that are written one after the other."""

Write = Callable[[Portion], object]


def widen_stdout() -> None:
    """Enlarge the buffer of standard output, if it is a pipe and the system allows it."""
    with suppress(ImportError, AttributeError, OSError, ValueError):  # not Linux, not a pipe, or beyond its limit
        import fcntl

        if fcntl.fcntl(1, fcntl.F_GETPIPE_SZ) < _PIPE:
            fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, _PIPE)


class Output:
    """Writes portions in order, and waits only while too many bytes are queued.

    Args:
        write: Writes a portion; called in the thread.
    """

    def __init__(self, write: Write = write_stdout) -> None:
        self._write = write
        self._queue: queue.SimpleQueue[tuple[Portion, int] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._awaited = False
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
        await self._ended.wait()  # no other thread waits for it: where memory is short, none may start
        self._thread.join()
        if exc_type is None:
            self._raise()

    async def write(self, portion: Portion) -> None:
        """Queue a portion, and wait while too many bytes are queued.

        Raises:
            OutputError: If earlier bytes could not be written.
        """
        self._raise()
        size = sum(map(len, portion))
        with self._lock:
            self._waiting += size
            is_full = self._waiting > _MOST_WAITING
        self._queue.put((portion, size))
        if is_full:
            await self._until(_MOST_WAITING)
            self._raise()

    async def _until(self, limit: int) -> None:
        while True:
            self._drained.clear()
            with self._lock:
                if self._waiting <= limit or self._failure is not None:
                    return
                self._awaited = True
            await self._drained.wait()

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            portion, size = item
            try:
                if self._failure is None:
                    self._write(portion)
            except BaseException as error:  # noqa: BLE001 - raised again in the loop's thread
                self._failure = error
            del portion, item  # the memory is free before the next portion arrives
            with self._lock:
                self._waiting -= size
                awaited, self._awaited = self._awaited, False
            if awaited:  # waking the loop for nothing costs more than writing
                self._loop.call_soon_threadsafe(self._drained.set)
        self._loop.call_soon_threadsafe(self._ended.set)
