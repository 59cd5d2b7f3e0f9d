"""The login as a user runs it: in a process of its own, against an emulator that has TikTok's authorization page."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from browser import chromium
from emulator_process import EmulatorProcess, emulator_process
from processes import free_port

__all__ = ["chromium"]

COMMAND = [sys.executable, "-W", "error", "-m", "tiktok_marketing.cli"]
NOW = "2026-06-15T12:00"


@pytest.fixture(scope="session")
def emulated() -> Iterator[EmulatorProcess]:
    """An emulator for all tests."""
    with emulator_process("--now", NOW, "--days", "10", "--ads-per-account", "10") as emulator:
        yield emulator


@pytest.fixture
def api(emulated: EmulatorProcess) -> Iterator[EmulatorProcess]:
    """The emulator as it is after its start."""
    emulated.control("reset", method="POST", body={})
    emulated.control("clock", method="POST", body={"set": f"{NOW}:00Z"})
    yield emulated
    emulated.control("reset", method="POST", body={})


class Login:
    """A login that runs.

    Attributes:
        process: Its process.
        port: The port on which it expects the redirect.
        path: The configuration that it writes.
    """

    def __init__(self, process: subprocess.Popen[str], port: int, path: Path) -> None:
        self.process = process
        self.port = port
        self.path = path
        self._lines: list[str] = []
        self._more = threading.Condition()
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self) -> None:
        for line in self.process.stderr or ():
            with self._more:
                self._lines.append(line)
                self._more.notify_all()
        with self._more:
            self._lines.append("")
            self._more.notify_all()

    @property
    def text(self) -> str:
        """What it has printed on stderr."""
        return "".join(self._lines)

    @property
    def address(self) -> str:
        """The address of the authorization page, once it is printed."""
        with self._more:
            assert self._more.wait_for(lambda: self._found() or self._lines[-1:] == [""], 30)
        found = self._found()
        assert found is not None, self.text
        return found[0]

    def _found(self) -> re.Match[str] | None:
        return re.search(r"https?://\S+/portal/auth\?\S+", self.text)

    @property
    def state(self) -> str:
        """The state that it has sent."""
        return parse_qs(urlsplit(self.address).query)["state"][0]

    def end(self) -> int:
        """Wait for its end. Returns the exit code."""
        code = self.process.wait(30)
        with self._more:
            assert self._more.wait_for(lambda: self._lines[-1:] == [""], 30)
        return code

    @property
    def config(self) -> dict[str, Any]:
        """The configuration that it has written."""
        content: dict[str, Any] = json.loads(self.path.read_text())
        return content


@pytest.fixture
def environment(api: EmulatorProcess, tmp_path: Path) -> dict[str, str]:
    """An environment with the application's id and secret, in which the command calls the emulator."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TIKTOK_API_URL": api.url,
        "TIKTOK_APP_ID": api.info["app_id"],
        "TIKTOK_SECRET": api.info["secret"],
    }


@pytest.fixture
def login(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Login]]:
    """Starts a login. What still runs at the end of the test is killed."""
    with contextlib.ExitStack() as processes:

        def begin(*arguments: str, stdin: Any = subprocess.DEVNULL, browser: bool = False, **variables: str) -> Login:
            port = free_port()
            if "--port" not in arguments and "--redirect-uri" not in arguments:
                arguments = ("--port", str(port), *arguments)
            process = subprocess.Popen(  # noqa: S603 - our own command
                [*COMMAND, "login", *arguments, *([] if browser else ["--no-browser"])],
                env={name: value for name, value in {**environment, **variables}.items() if value},
                cwd=tmp_path,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            processes.enter_context(process)
            processes.callback(process.kill)
            return Login(process, port, tmp_path / "tiktok-marketing.json")

        yield begin
