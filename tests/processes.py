"""Programs in real processes, with an emulator beside them and a folder of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from support import catalog_of, config_for
from tiktok_marketing.emulator import Emulator

BIN = Path(sys.executable).parent
SOURCE = str(BIN / "source-tiktok-marketing")
COMMAND = str(BIN / "tiktok-marketing")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


class Ended(msgspec.Struct):
    """How a process ended, with the bytes that it wrote."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Everything that it wrote."""
        return (self.out + self.err).decode(errors="surrogateescape")


class Folder:
    """A folder with `c.json` and `catalog.json`, and processes that run in it.

    Args:
        path: The folder.
        emulator: What the processes ask.
    """

    def __init__(self, path: Path, emulator: Emulator) -> None:
        self.path = path
        self.emulator = emulator
        self.variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(path),
            "LANG": "C.UTF-8",
            "TIKTOK_API_URL": emulator.url,
        }
        self.write("c.json", self.config())
        self.write("catalog.json", catalog_of(["campaigns", "ads_reports_daily"]))

    def config(self, **fields: Any) -> dict[str, Any]:
        """A configuration that reads one account of the emulator."""
        return config_for(self.emulator, advertiser_ids=self.emulator.advertiser_ids[:1]) | fields

    def write(self, name: str, value: Any) -> Path:
        """Write a file of JSON."""
        path = self.path / name
        path.write_text(json.dumps(value), encoding="utf-8")
        return path

    def environment(self, variables: Mapping[str, str | None]) -> dict[str, str]:
        """The processes' usual environment with these changes; None removes a variable."""
        merged = {**self.variables, **variables}
        return {name: value for name, value in merged.items() if value is not None}

    def run(self, *arguments: str, **variables: str | None) -> Ended:
        """Run a program to its end."""
        ended = subprocess.run(  # noqa: S603 - our own programs
            arguments,
            cwd=self.path,
            env=self.environment(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)
