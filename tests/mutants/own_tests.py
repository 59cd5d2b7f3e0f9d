"""A module's own tests. A mutant meets those first that call the changed function, the quickest of all first.

A process per module collects the tests once (`overlay/mutant_server.py`). In its forks, a mutant's functions take the
place of the module's. A mutant of what runs at import has a process of its own. Which functions a test calls is
recorded once, without a mutant, and as if each test ran alone.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
OVERLAY = str(HERE / "overlay")
_UNSUITABLE = 3
"""The exit code of a run whose mutant needs a process of its own."""
_LONGEST_IMPORT = 300.0
"""Seconds."""
_LONGEST_RECORDING = 300.0
"""CPU seconds, like those below."""
_LONGEST_WAIT = 200
"""Seconds after which a test that does nothing hangs, on a machine that has other work."""
_LEAST_LIMIT = 0.5
_TIMES_RECORDED = 5.0
"""A test that needs more than this multiple of what was recorded hangs, which is noticed too."""


class Test(NamedTuple):
    """What was recorded of a test.

    Args:
        name: Its node id.
        seconds: CPU seconds.
        calls: The functions of the module that it calls.
    """

    name: str
    seconds: float
    calls: frozenset[str]

    @property
    def limit(self) -> float:
        """The CPU seconds after which it hangs."""
        return _LEAST_LIMIT + _TIMES_RECORDED * self.seconds

    def depends_on(self, function: str) -> bool:
        """Whether it calls the function, or one within it."""
        return any(called == function or called.startswith(f"{function}.") for called in self.calls)


class Recording(NamedTuple):
    """The tests of a module.

    Args:
        at_import: What runs while it is imported: functions, and the bodies of classes.
        tests: The tests, the quickest first.
    """

    at_import: frozenset[str]
    tests: tuple[Test, ...]

    def calling(self, function: str) -> tuple[Test, ...]:
        """The tests that call a function."""
        return tuple(test for test in self.tests if test.depends_on(function))

    def runs_at_import(self, function: str) -> bool:
        """Whether a function runs while the module is imported, or is the body of a class or of the module."""
        return not function or function in self.at_import


def _functions(qualified_names: Sequence[str]) -> frozenset[str]:
    """The functions as `operators.py` names them: those within others too, but nothing without a name."""
    return frozenset(name.replace(".<locals>", "").partition(".<")[0] for name in qualified_names)


class OwnTests:
    """The tests of a module, collected in a process.

    Args:
        arguments: Arguments of pytest.
        environment: Names the module and its source.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        runs, to_runs = os.pipe()
        from_answers, answers = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603 - this file's own command
            [sys.executable, "-m", "pytest", *arguments, "-p", "mutant_server", "-o", f"timeout={_LONGEST_WAIT}"],
            cwd=HERE.parents[1],
            env={**inherited(), **environment, "PYTHONPATH": OVERLAY, "MUTANT_PIPES": f"{runs} {answers}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(runs, answers),
        )
        os.close(runs)
        os.close(answers)
        self._runs = os.fdopen(to_runs, "w", encoding="utf-8")
        self._answers = os.fdopen(from_answers, encoding="utf-8")
        ready, _, _ = select.select([self._answers], [], [], _LONGEST_IMPORT)
        first = self._answers.readline() if ready else ""
        self.at_import = _functions(json.loads(first)) if first else None
        """What runs while the module is imported; None if the tests cannot be collected."""

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._answers.close()
        with suppress(BrokenPipeError):
            self._runs.close()

    def record(self) -> Recording | None:
        """Run the tests without a mutant; None if they fail."""
        if self.at_import is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "recorded.json"
            if self._run(seconds=_LONGEST_RECORDING, record=str(file)):
                return None
            recorded = json.loads(file.read_text())
        tests = [Test(name, of["seconds"], _functions(of["calls"])) for name, of in recorded.items()]
        return Recording(self.at_import, tuple(sorted(tests, key=lambda test: test.seconds)))

    def code_of(self, tests: Sequence[Test], source: Path | None = None, function: str = "") -> int:
        """The exit code of these tests, one after the other until one fails.

        Args:
            tests: The tests.
            source: The file with a mutant; None for the module as it is in the process.
            function: The function of its change.
        """
        limits = [(test.name, test.limit) for test in tests]
        seconds = sum(test.limit for test in tests)
        return self._run(seconds=seconds, tests=limits, source=source and str(source), function=function)

    def _run(self, **fields: Any) -> int:
        run = {"source": None, "function": "", "tests": [], "record": None} | fields
        try:
            self._runs.write(f"{json.dumps(run)}\n")
            self._runs.flush()
        except BrokenPipeError:
            return 1
        return int(self._answers.readline() or 1)


class Runner:
    """Runs the own tests of modules, in each thread those of one module at a time.

    Args:
        arguments: Arguments of pytest, before the tests.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._threads = threading.local()
        self._recordings: dict[tuple[str, ...], Recording | None] = {}

    def recording(self, module: str, original: Path, files: Sequence[str]) -> Recording | None:
        """What was recorded of a module's tests; None if they fail."""
        place = module, *files
        if place not in self._recordings:
            self._recordings[place] = self._tests_of(module, original, files).record()
        return self._recordings[place]

    def pass_with(self, mutant: Path, function: str, module: str, original: Path, files: Sequence[str]) -> bool:
        """Whether the tests pass with a mutant. Without one, they do.

        Args:
            mutant: The file with its source.
            function: The function of its change; empty at module level.
            module: The module's full name.
            original: The module's file.
            files: The files with its tests.
        """
        recording = self.recording(module, original, files)
        assert recording is not None
        if not recording.runs_at_import(function):
            calling = recording.calling(function)
            if not calling:
                return True
            code = self._tests_of(module, original, files).code_of(calling, mutant, function)
            if code != _UNSUITABLE:
                return code == 0
        own_tests = self._collected(module, mutant, files)
        try:
            return own_tests.at_import is not None and own_tests.code_of(recording.tests) == 0
        finally:
            own_tests.close()

    def _tests_of(self, module: str, original: Path, files: Sequence[str]) -> OwnTests:
        """The tests of a module as it is. This thread's tests of another module are closed."""
        place = module, *files
        current: tuple[tuple[str, ...], OwnTests] | None = getattr(self._threads, "current", None)
        if current is None or current[0] != place:
            if current is not None:
                current[1].close()
            current = self._threads.current = place, self._collected(module, original, files)
        return current[1]

    def _collected(self, module: str, source: Path, files: Sequence[str]) -> OwnTests:
        return OwnTests([*self._arguments, *files], {"MUTANT_MODULE": module, "MUTANT_SOURCE": str(source)})


def inherited() -> dict[str, str]:
    """The environment without the options for pytest that are set in it: they are for other tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
