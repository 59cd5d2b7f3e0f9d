"""A client that nobody here wrote, as its package publishes it, in a virtual environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_RUNNERS = Path(__file__).with_name("runners")
_PATIENCE = 1_200
"""Seconds that a client may take."""


class Client:
    """A client's programs and modules.

    Args:
        name: The client's name in `make clients`.
        home: A folder for what it writes.
        proxy: The address that leads TikTok's hosts to the emulator.
        certificate: What the client must trust for it.
    """

    def __init__(self, name: str, home: Path, proxy: str, certificate: Path) -> None:
        environment = environment_of(name)
        self.bin = environment / "bin"
        self.home = home
        self._variables = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "HTTPS_PROXY": proxy,
            "REQUESTS_CA_BUNDLE": str(certificate),
            "SSL_CERT_FILE": str(certificate),
            "NODE_PATH": str(environment / "node_modules"),
        }

    def run(self, *command: str, entered: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one of its programs to the end.

        Args:
            command: The program and its arguments.
            entered: Its standard input.
            variables: More environment variables.
        """
        return subprocess.run(  # noqa: S603
            [str(self.bin / command[0]), *command[1:]],
            input=entered,
            env=self._variables | variables,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )

    def ask(self, runner: str, request: Mapping[str, Any], **variables: str) -> Any:
        """Run a script of `runners/` with the client's Python, or Node.js: JSON goes in, and JSON comes out."""
        script = str(_RUNNERS / runner)
        program = ("node", script) if runner.endswith(".mjs") else ("python", "-P", f"{script}.py")
        ended = self.run(*program, entered=json.dumps(request), **variables)
        assert ended.returncode == 0, ended.stderr[-4000:]
        return json.loads(ended.stdout.splitlines()[-1])

    def write(self, name: str, value: Any) -> str:
        """Write a JSON file for it. Returns the path."""
        path = self.home / name
        path.write_text(json.dumps(value))
        return str(path)


def environment_of(name: str) -> Path:
    """The folder of a client's virtual environment, which `make clients` makes."""
    return ROOT / (".venv-parity" if name == "airbyte" else f".venv-client-{name}")
