"""What the benchmarks share: an emulator in a process of its own, the connector in another, measured from outside.

Each benchmark prints its figures. With `--json FILE` it also writes them to the file, for `run.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.sync.decode import native

OURS = (sys.executable, "-m", "tiktok_marketing.airbyte")
_RECORD = b'"RECORD"'


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A measured figure.

    Args:
        what: What it is, in a few words: "peak memory, 100,000 rows".
        value: What was found.
        unit: Of the value, and of what it is to be: "MB", "%", "times".
        most: It is to be at most so much; None if there is no such target.
        least: It is to be at least so much.
        remark: What else is to be known of it.
    """

    what: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None
    remark: str = ""

    @property
    def met(self) -> bool | None:
        """Whether it meets its target; None if it has none."""
        if self.most is None and self.least is None:
            return None
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)


class Figures(msgspec.Struct, frozen=True):
    """The figures of a benchmark and the machine on which they were measured."""

    machine: str
    figures: list[Figure]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a process.

    Args:
        exit_code: How it ended.
        cpu: Seconds of CPU, the kernel's included.
        seconds: Seconds on the clock.
        peak_mb: Its largest resident memory.
        lines: Lines it wrote.
        records: Those of them that are records of the protocol.
        size: Bytes it wrote.
    """

    exit_code: int
    cpu: float
    seconds: float
    peak_mb: float
    lines: int
    records: int
    size: int


def options(description: str | None) -> argparse.ArgumentParser:
    """A parser of the command line with the options of every benchmark."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="leave the figures here, too")
    return parser


def leave(figures: Sequence[Figure], path: Path | None) -> None:
    """Write the figures to a file, if one was named."""
    if path is not None:
        path.write_bytes(msgspec.json.encode(Figures(machine(), list(figures))))


def machine() -> str:
    """The machine and the interpreter, in a line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.machine()}"
    return f"{cores} cores ({_processor()}), {system}, {platform.python_implementation()} {platform.python_version()}"


def _processor() -> str:
    """The name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown")


@contextmanager
def emulator(*options: str) -> Iterator[dict[str, Any]]:
    """An emulator without a quota. Gives the line of JSON that it prints when it is ready, and its process as `pid`."""
    command = [sys.executable, "-m", "tiktok_marketing.cli", "emulator", "--port", "0", "--tier", "unlimited"]
    command += options
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        assert process.stdout is not None
        yield {**json.loads(process.stdout.readline()), "pid": process.pid}
    finally:
        process.terminate()
        process.wait()


def decoders() -> Iterator[str]:
    """Let pages be decoded in each way in turn: by the C extension, if it is there, and in pure Python."""
    extension = native.NATIVE
    try:
        if extension is not None:
            yield "C extension"
        native.NATIVE = None
        yield "pure Python"
    finally:
        native.NATIVE = extension


def config_for(ready: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A configuration for the emulator, with a rate that does not limit it."""
    credentials = {"auth_type": "oauth2.0"} | {name: ready[name] for name in ("app_id", "secret", "access_token")}
    return {"credentials": credentials, "requests_per_second": 1000, **fields}


def catalog_of(*names: str) -> dict[str, Any]:
    """A configured catalog of these streams, incremental."""
    chosen = [stream for stream in STREAMS if stream.name in names]
    return {"streams": [{"stream": {"name": stream.name}, "sync_mode": "incremental"} for stream in chosen]}


def measure(
    arguments: list[str],
    files: dict[str, Any],
    *,
    url: str = "",
    program: Sequence[str] = OURS,
    environment: Mapping[str, str] | None = None,
) -> Measured:
    """Run the connector's executable and drain its output.

    Args:
        arguments: The command line; `{name}` stands for the path of a file.
        files: Their contents.
        url: What to ask.
        program: Another executable in its place.
        environment: Variables to set besides.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, content in files.items():
            paths[name] = Path(folder) / f"{name}.json"
            paths[name].write_text(json.dumps(content))
        command = [*program, *(one.format(**paths) for one in arguments)]
        began = time.perf_counter()
        variables = {**os.environ, "TIKTOK_API_URL": url, **(environment or {})}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=variables)  # noqa: S603 - chosen by the caller
        assert process.stdout is not None
        counted = [0, 0, 0]

        def drain(pipe: Any) -> None:
            before = b""
            while chunk := os.read(pipe.fileno(), 1 << 20):
                counted[0] += chunk.count(b"\n")
                counted[1] += (before + chunk).count(_RECORD)
                counted[2] += len(chunk)
                before = chunk[1 - len(_RECORD) :]

        peaks = [0.0]
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.02):
                peaks.append(max(peaks.pop(), peak_of(process.pid)))

        beside = [threading.Thread(target=drain, args=(process.stdout,)), threading.Thread(target=watch)]
        for thread in beside:
            thread.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        ended.set()
        for thread in beside:
            thread.join()
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        return Measured(
            exit_code=process.returncode,
            cpu=usage.ru_utime + usage.ru_stime,
            seconds=seconds,
            peak_mb=peaks[0] or usage.ru_maxrss / 1024,
            lines=counted[0],
            records=counted[1],
            size=counted[2],
        )


def peak_of(pid: int) -> float:
    """The largest resident memory so far, in MB, of a process that runs; 0 if that cannot be told.

    The kernel's own account at a process's end begins with the memory of the one that started it.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def reset(ready: Mapping[str, Any]) -> None:
    """Reset the request counters of an emulator."""
    request = urllib.request.Request(f"{ready['url']}/_emulator/reset", b"{}", method="POST")  # noqa: S310 - our own
    urllib.request.urlopen(request).close()  # noqa: S310


def requests_of(ready: Mapping[str, Any]) -> dict[str, int]:
    """Requests since the reset, by endpoint, including refused ones."""
    asked: dict[str, int] = {}
    for row in counts_of(ready):
        asked[row["path"]] = asked.get(row["path"], 0) + row["count"]
    return asked


def refused_of(ready: Mapping[str, Any]) -> int:
    """Requests since the reset that exceeded the quota."""
    return sum(row["count"] for row in counts_of(ready) if row["answer"] == "40100")


def counts_of(ready: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Requests since the reset, by endpoint and answer."""
    with urllib.request.urlopen(f"{ready['url']}/_emulator/counters") as answer:  # noqa: S310 - our own
        counts: list[dict[str, Any]] = json.load(answer)["counts"]
    return counts
