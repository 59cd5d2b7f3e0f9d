"""The executable `source-tiktok-marketing` in processes of its own, and the files that it reads."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support import Outcome


class Finished(Outcome):
    """A process that has ended.

    Args:
        stdout: What it wrote.
        stderr: What it wrote there.
        exit_code: How it ended.
    """

    def __init__(self, stdout: bytes, stderr: bytes, exit_code: int) -> None:
        super().__init__(stdout.splitlines(), exit_code)
        self.stderr = stderr.decode()

    @property
    def error(self) -> str:
        """The message of its only error."""
        (error,) = self.errors
        return str(error["message"])


async def run(
    *arguments: str | Path, url: str = "http://127.0.0.1:1", env: Mapping[str, str] | None = None
) -> Finished:
    """Run the connector in a process of its own, against an address."""
    process = await start(*arguments, url=url, env=env)
    stdout, stderr = await process.communicate()
    assert process.returncode is not None
    return Finished(stdout, stderr, process.returncode)


async def start(
    *arguments: str | Path, url: str, env: Mapping[str, str] | None = None, stdout: int = asyncio.subprocess.PIPE
) -> asyncio.subprocess.Process:
    """Start the connector in a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tiktok_marketing.airbyte",
        *map(str, arguments),
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TIKTOK_API_URL": url, **(env or {})},
    )


class Files:
    """Writes the files that a command needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, content: Any) -> Path:
        """Write JSON, or text as it is."""
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path
