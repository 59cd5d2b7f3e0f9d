"""Runs pytest in forks of one process that has imported what no mutant changes, which takes longer than quick tests.

It reads a line of JSON per run from its input, and answers with a line that has the exit code.
"""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

_PRELOADED = ("hypothesis", "pytest", "tiktok_marketing.api.client", "tiktok_marketing.catalog")
_ALREADY_IMPORTED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
_MEMORY = 4 * 2**30
"""Bytes that a fork may use: a mutant may collect without end."""
_POLL = 0.02
"""Seconds between two looks at a fork."""


def main() -> None:
    """Answer until the input ends."""
    for name in _PRELOADED:
        __import__(name)
    for line in sys.stdin:
        run = json.loads(line)
        sys.stdout.write(f"{_forked(run['arguments'], run['environment'], run['seconds'])}\n")
        sys.stdout.flush()


def _forked(arguments: Sequence[str], environment: dict[str, str], seconds: float) -> int:
    """The exit code of pytest in a fork; not 0 if it does not end in time."""
    child = os.fork()
    if child == 0:
        _test(arguments, environment, seconds)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_POLL)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 1


def _test(arguments: Sequence[str], environment: dict[str, str], seconds: float) -> None:
    """Run pytest in this process, which ends with it."""
    code: Any = 1
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds)))  # if nobody waits any more
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        silence = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silence, descriptor)
        os.environ.update(environment)
        import pytest

        if environment["MUTANT_MODULE"] not in sys.modules:
            code = pytest.main([*arguments, *_ALREADY_IMPORTED])
    finally:
        os._exit(int(code))


if __name__ == "__main__":
    main()
