"""An emulator in a process of its own, started as a user starts it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import msgspec


class EmulatorProcess(msgspec.Struct):
    """A running emulator.

    Args:
        url: Its address.
        info: What it printed at its start.
    """

    url: str
    info: dict[str, Any]

    def control(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
        """Send a request to one of its control paths."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{path}", data, method=method)  # noqa: S310 - our own
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)

    def fault(self, text: str) -> None:
        """Add a fault."""
        self.control("faults", {"fault": text}, "POST")

    def heal(self) -> None:
        """Remove all faults."""
        self.control("faults", method="DELETE")


@contextlib.contextmanager
def emulator_process(*options: str) -> Iterator[EmulatorProcess]:
    """Run an emulator without a quota, with these options of the command."""
    command = [sys.executable, "-W", "error", "-m", "tiktok_marketing.cli", "emulator", "--port", "0"]
    command += ["--tier", "unlimited", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            info = json.loads(process.stdout.readline())
            yield EmulatorProcess(info["url"], info)
        finally:  # also after a test that failed, which would wait for its end for ever
            process.terminate()
        assert process.wait(10) == 0
