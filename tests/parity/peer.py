"""Airbyte's connector 4.7.0 in processes of its own: as published, but for its two hosts and its clock."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from support import Outcome

_HOSTS = re.compile(r'https://\{\{ "sandbox-ads" (if .*? else) "business-api" \}\}\.tiktok\.com')
_LAUNCHER = Path(__file__).with_name("launch.py")


class Peer:
    """The connector in a virtual environment.

    Args:
        environment: The environment's folder.
        at_once: How many of its processes may run at the same time.
    """

    def __init__(self, environment: Path, at_once: int = 2) -> None:
        self._python = environment.absolute() / "bin" / "python"
        (self._package,) = environment.glob("lib/python*/site-packages/source_tiktok_marketing")
        self._slots = asyncio.Semaphore(at_once)

    async def run(
        self,
        command: str,
        *,
        url: str,
        now: datetime,
        sandbox_url: str | None = None,
        idle: bool = False,
        **files: Any,
    ) -> Outcome:
        """Run one command.

        Args:
            command: `check`, `discover` or `read`.
            url: What takes the place of TikTok's host, for example `http://127.0.0.1:8080`.
            now: The moment at which it starts.
            sandbox_url: What takes the place of the sandbox's host; the same if it is not given.
            idle: Whether it does little but wait, and need not wait for others to end.
            files: What to pass, by option: `config`, `catalog`, `state`. None passes nothing.

        Raises:
            RuntimeError: If it wrote nothing at all.
        """
        if idle:
            return await self._run(command, url, sandbox_url or url, now, files)
        async with self._slots:
            return await self._run(command, url, sandbox_url or url, now, files)

    async def _run(self, command: str, url: str, sandbox_url: str, now: datetime, files: dict[str, Any]) -> Outcome:
        with tempfile.TemporaryDirectory() as folder:
            self._copy(Path(folder) / "source_tiktok_marketing", url, sandbox_url)
            arguments = [command]
            for name, content in files.items():
                if content is not None:
                    path = Path(folder) / f"{name}.json"
                    path.write_text(json.dumps(content))
                    arguments += [f"--{name}", str(path)]
            process = await asyncio.create_subprocess_exec(
                self._python,
                "-P",
                _LAUNCHER,
                now.isoformat(),
                *arguments,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                # the tests' own path holds a package of the same name
                env={**os.environ, "PYTHONPATH": folder},
            )
            try:
                output, errors = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        lines = [line for line in output.splitlines() if line.startswith(b"{")]
        if not lines:
            raise RuntimeError(f"4.7.0 printed nothing: {errors.decode()[-2000:]}")
        return Outcome(lines, process.returncode or 0)

    def _copy(self, target: Path, url: str, sandbox_url: str) -> None:
        """Copy the package, with other hosts in its manifest."""
        shutil.copytree(self._package, target, ignore=shutil.ignore_patterns("__pycache__"))
        manifest = target / "manifest.yaml"
        text, changed = _HOSTS.subn(rf'{{{{ "{sandbox_url}" \1 "{url}" }}}}', manifest.read_text())
        if changed != 1:
            raise RuntimeError("The hosts are not where 4.7.0 has them.")
        manifest.write_text(text)
