"""The two programs, run to their end within this process, and an emulator beside them in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from tiktok_marketing.airbyte import entrypoint
from tiktok_marketing.cli.main import run
from tiktok_marketing.emulator import Emulator, Options


class Ended(msgspec.Struct):
    """How a program ended.

    Args:
        code: Its exit code.
        out: What it wrote to stdout.
        err: What it wrote to stderr.
    """

    code: int
    out: str
    err: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The protocol messages on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The error traces on stdout."""
        traces = [message["trace"] for message in self.messages if message["type"] == "TRACE"]
        return [trace["error"] for trace in traces if trace["type"] == "ERROR"]


def source(*arguments: str) -> Ended:
    """`source-tiktok-marketing` with these arguments."""
    return _ended(entrypoint.main, arguments)


def command(*arguments: str) -> Ended:
    """`tiktok-marketing` with these arguments."""
    return _ended(lambda: sys.exit(run(sys.argv[1:])), arguments)


def _ended(main: Callable[[], None], arguments: Sequence[str]) -> Ended:
    argv, sys.argv = sys.argv, ["program", *arguments]
    code: Any = None
    try:
        with _captured() as told:
            try:
                main()
            except SystemExit as exit_:
                code = exit_.code
    finally:
        sys.argv = argv
        # `read` freezes what the garbage collector knows, for the rest of its process. Here the process goes on, and
        # what is frozen is not freed at its end: DuckDB's module reports it as leaked.
        gc.unfreeze()
    return Ended(code if isinstance(code, int) else int(code is not None), *told)


@contextlib.contextmanager
def _captured() -> Iterator[list[str]]:
    """Catch what is written to the streams 1 and 2, by Python's objects or past them."""
    told: list[str] = []
    with contextlib.ExitStack() as stack:
        files = []
        for name, number in (("stdout", 1), ("stderr", 2)):
            file = stack.enter_context(tempfile.TemporaryFile())
            before = os.dup(number)
            os.dup2(file.fileno(), number)
            stream = io.TextIOWrapper(os.fdopen(os.dup(number), "wb"), encoding="utf-8", write_through=True)
            stack.callback(setattr, sys, name, getattr(sys, name))
            stack.callback(os.close, before)
            stack.callback(os.dup2, before, number)
            stack.enter_context(stream)
            setattr(sys, name, stream)
            files.append(file)
        try:
            yield told
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for file in files:
                file.seek(0)
                told.append(file.read().decode(errors="replace"))


@contextlib.contextmanager
def emulator_beside(options: Options) -> Iterator[Emulator]:
    """An emulator that answers while this thread is busy. Its faults, counters and clock may be used from here."""
    emulator = Emulator(options)
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()

    async def serve() -> None:
        async with emulator:
            ready.set()
            await stopping.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield emulator
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)
        loop.close()
