"""A pytest plugin: collects tests once, then runs some of them for each mutant in a fork, which takes no imports.

`MUTANT_PIPES` has the descriptors of two pipes. Each line of the first is a run as JSON, with these fields:

- `source`: the file with the mutant's source, whose functions take the place of the module's in the fork; or null.
- `function`: the function of the mutant's change.
- `tests`: the tests to run, in order, until one fails: for each its node id, and the CPU seconds that it may take.
- `seconds`: the CPU seconds that the run may take.
- `record`: instead of these, the file for all tests' calls of the module's functions, with CPU seconds; or null.

The answer is a line with an exit code: 0 if the tests pass, and `UNSUITABLE` if the mutant's code does not fit the
functions as they are. The first answer, before any run, is a line with what ran while the tests were imported.
"""

from __future__ import annotations

import gc
import inspect
import json
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

UNSUITABLE = 3
_Cached = type(lru_cache(int))
_MEMORY = 4 * 2**30
"""Bytes that a fork may use: a mutant may collect without end."""
_POLL = 0.02
"""Seconds between two looks at a fork."""
_LEAST_WAIT, _TIMES_WAITED = 20.0, 50.0
"""How long to wait for a fork that may use some CPU seconds, on a machine that has other work. It may wait for ever."""
_FILE = os.sep + os.environ.get("MUTANT_MODULE", "").replace(".", os.sep) + ".py"


class _Calls:
    """The functions and bodies of classes of the module that run."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def note(self, frame: FrameType, _event: str, _argument: Any) -> None:
        """A frame begins."""
        if frame.f_code.co_filename.endswith(_FILE):
            self.names.add(frame.f_code.co_qualname)

    def taken(self) -> list[str]:
        """What ran since the last time."""
        names = sorted(self.names)
        self.names.clear()
        return names


class _Server:
    """Serves the runs in place of the usual one run of all tests."""

    def __init__(self, reading: int, writing: int, calls: _Calls) -> None:
        self._runs = os.fdopen(reading, encoding="utf-8")
        self._answers = os.fdopen(writing, "w", encoding="utf-8")
        self._calls = calls
        self._functions: list[FunctionType] = []
        self._caches: list[Any] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Answer until nobody asks any more."""
        sys.settrace(None)
        self._functions = [
            each
            for each in gc.get_objects()
            if isinstance(each, FunctionType) and each.__code__.co_filename.endswith(_FILE)
        ]
        self._caches = [each for each in gc.get_objects() if isinstance(each, _Cached) and _is_ours(each)]
        gc.collect()
        gc.freeze()  # the forks leave these objects, and their memory, alone
        if session.testsfailed:
            return True
        self._answer(self._calls.taken())
        for line in self._runs:
            self._answer(self._forked(session, json.loads(line)))
        return True

    def _answer(self, what: Any) -> None:
        self._answers.write(f"{json.dumps(what)}\n")
        self._answers.flush()

    def _forked(self, session: pytest.Session, run: dict[str, Any]) -> int:
        """The exit code of a run; not 0 if it does not end in time."""
        child = os.fork()
        if child == 0:
            self._in_fork(session, run)
        end = time.monotonic() + _LEAST_WAIT + _TIMES_WAITED * run["seconds"]
        while time.monotonic() < end:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(_POLL)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return 1

    def _in_fork(self, session: pytest.Session, run: dict[str, Any]) -> None:
        """Do a run in this process, which ends with it."""
        code = 1
        try:
            os.setsid()
            seconds = math.ceil(run["seconds"])
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))  # if nobody waits any more
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            silence = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(silence, descriptor)
            if run["source"] is not None and not _replace(
                self._functions, Path(run["source"]).read_text(), run["function"]
            ):
                code = UNSUITABLE
            else:
                passes = self._recorded(session, run["record"]) if run["record"] else _pass(session, run["tests"])
                code = int(not passes)
        finally:
            os._exit(code)

    def _recorded(self, session: pytest.Session, path: str) -> bool:
        """Whether the tests pass; what they call is written into the file, as if each ran alone."""
        tests = {}
        for item in session.items:
            for cached in self._caches:
                cached.cache_clear()
            began = time.process_time()
            sys.settrace(self._calls.note)
            passes = _passes(session, item)
            sys.settrace(None)
            if not passes:
                return False
            tests[item.nodeid] = {"seconds": time.process_time() - began, "calls": self._calls.taken()}
        Path(path).write_text(json.dumps(tests))
        return True


def _is_ours(cached: Any) -> bool:
    return str(getattr(cached, "__module__", "")).startswith("tiktok_marketing")


def _pass(session: pytest.Session, tests: list[tuple[str, float]]) -> bool:
    """Whether the tests pass in time; those after one that fails are not run."""
    items = {item.nodeid: item for item in session.items}
    for name, seconds in tests:
        signal.setitimer(signal.ITIMER_PROF, seconds)  # its signal ends the process
        if name in items and not _passes(session, items[name]):
            return False
    return True


def _passes(session: pytest.Session, item: pytest.Item) -> bool:
    item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
    return not session.testsfailed


def _replace(functions: list[FunctionType], source: str, changed: str) -> bool:
    """Give each function its code in a source; False if that is impossible, or changes nothing.

    Args:
        functions: The functions of the module that exist.
        source: The mutant.
        changed: The function with the change, which may be within another one.
    """
    codes: dict[str, CodeType] = {}
    for code in _codes(compile(source, _FILE, "exec")):
        if code.co_qualname in codes:
            return False
        codes[code.co_qualname] = code
    replaced = set()
    for function in functions:
        name = function.__code__.co_qualname
        if name in codes:
            if codes[name].co_freevars != function.__code__.co_freevars:
                return False
            function.__code__ = codes[name]
            replaced.add(name)
    return any(f"{changed}.".startswith(f"{name}.") for name in replaced)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of the named functions of a module and of its classes. What is within a function is part of its code."""
    for part in code.co_consts:
        if not isinstance(part, CodeType):
            continue
        if not part.co_flags & inspect.CO_OPTIMIZED:  # the body of a class
            yield from _codes(part)
        elif not part.co_name.startswith("<"):
            yield part


if pipes := os.environ.get("MUTANT_PIPES"):
    _CALLS = _Calls()
    sys.settrace(_CALLS.note)

    def pytest_configure(config: pytest.Config) -> None:
        """Serve."""
        reading, writing = map(int, pipes.split())
        config.pluginmanager.register(_Server(reading, writing, _CALLS))
