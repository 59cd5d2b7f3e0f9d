"""What the benchmarks share: an emulator in a process of its own, the connector in another, measured from outside."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from source_tiktok_marketing.catalog import STREAMS

OURS = (sys.executable, "-m", "source_tiktok_marketing.airbyte")


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a process.

    Args:
        exit_code: How it ended.
        cpu: Seconds of CPU, the kernel's included.
        seconds: Seconds on the clock.
        peak_mb: Its largest resident memory.
        lines: Lines it wrote.
        size: Bytes it wrote.
    """

    exit_code: int
    cpu: float
    seconds: float
    peak_mb: float
    lines: int
    size: int


def machine() -> str:
    """The machine and the interpreter, in a line."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


@contextmanager
def emulator(*options: str) -> Iterator[dict[str, Any]]:
    """An emulator without a quota; gives what it says of itself when it is ready."""
    command = [sys.executable, "-m", "source_tiktok_marketing.cli", "emulator", "--port", "0", "--tier", "unlimited"]
    command += options
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def config_for(ready: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A configuration for that emulator, with no quota to hold it back."""
    credentials = {"auth_type": "oauth2.0"} | {name: ready[name] for name in ("app_id", "secret", "access_token")}
    return {"credentials": credentials, "requests_per_second": 1000, **fields}


def catalog_of(*names: str) -> dict[str, Any]:
    """A configured catalog of these streams, incremental."""
    chosen = [stream for stream in STREAMS if stream.name in names]
    return {"streams": [{"stream": {"name": stream.name}, "sync_mode": "incremental"} for stream in chosen]}


def measure(arguments: list[str], files: dict[str, Any], *, url: str = "", program: Sequence[str] = OURS) -> Measured:
    """Run the connector's executable and drain its output.

    Args:
        arguments: The command line; `{name}` stands for the path of a file.
        files: Their contents.
        url: What to ask.
        program: Another executable in its place.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, content in files.items():
            paths[name] = Path(folder) / f"{name}.json"
            paths[name].write_text(json.dumps(content))
        command = [*program, *(one.format(**paths) for one in arguments)]
        began = time.perf_counter()
        environment = {**os.environ, "TIKTOK_API_URL": url}
        if program is not OURS:  # this connector's modules have the names of Airbyte's
            environment.pop("PYTHONPATH", None)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)  # noqa: S603 - chosen by the caller
        assert process.stdout is not None
        counted = [0, 0]

        def drain(pipe: Any) -> None:
            while chunk := os.read(pipe.fileno(), 1 << 20):
                counted[0] += chunk.count(b"\n")
                counted[1] += len(chunk)

        draining = threading.Thread(target=drain, args=(process.stdout,))
        draining.start()
        _, status, usage = os.wait4(process.pid, 0)
        draining.join()
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        return Measured(
            exit_code=process.returncode,
            cpu=usage.ru_utime + usage.ru_stime,
            seconds=time.perf_counter() - began,
            peak_mb=usage.ru_maxrss / 1024,
            lines=counted[0],
            size=counted[1],
        )
