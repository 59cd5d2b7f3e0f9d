"""A new user's first minutes: the commands of the README, typed in this order in an empty folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from browser import Chromium
from emulator_process import EmulatorProcess
from terminal import Terminal

pytestmark = pytest.mark.browser

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
PROMPT = "$ "
BROWSER = '#!/bin/sh\necho "$1" >> opened.txt\n'
"""Stands for the person's browser: it notes the addresses that it is given, and the test opens them in Chromium."""


def commands_of_the_readme() -> list[str]:
    """The commands in the README's consoles, without the one that installs."""
    consoles = re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    lines = [line for console in consoles for line in console.splitlines() if line.startswith(PROMPT)]
    return [line.removeprefix(PROMPT).partition("  #")[0].strip() for line in lines if " install " not in line]


class Newcomer:
    """A person in an empty folder, whose shell finds the program and Python.

    Args:
        folder: The folder.
        api: What answers for TikTok.
    """

    def __init__(self, folder: Path, api: EmulatorProcess) -> None:
        self.folder = folder
        browser = folder / ".browser"
        browser.write_text(BROWSER)
        browser.chmod(0o755)
        own = Path(sys.executable).parent
        self.environment = {
            "PATH": f"{own}:{os.environ['PATH']}",
            "HOME": str(folder),
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            "BROWSER": f"{browser} %s",
            "TIKTOK_API_URL": api.url,
        }

    def run(self, line: str) -> str:
        """Run a command to its end. Returns what it printed."""
        ended = subprocess.run(  # noqa: S603 - our own page
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
        return ended.stdout + ended.stderr

    def opened(self) -> str:
        """The address that the browser was given last."""
        return (self.folder / "opened.txt").read_text().splitlines()[-1]


def log_in(newcomer: Newcomer, line: str, api: EmulatorProcess, chromium: Chromium) -> None:
    """Answer what the login asks on the terminal, and confirm on TikTok's page."""
    program = str(Path(sys.executable).parent / "tiktok-marketing")
    with Terminal([program, *shlex.split(line)[1:]], newcomer.environment, newcomer.folder) as terminal:
        terminal.wait_for("The application's id")
        terminal.type(f"{api.info['app_id']}\n")
        terminal.wait_for("The application's secret")
        terminal.type(f"{api.info['secret']}\n")
        terminal.wait_for("paste its address here")
        with chromium.tab() as tab:
            tab.page.goto(newcomer.opened())
            tab.page.get_by_role("button", name="Confirm").click()
            tab.page.get_by_role("heading", name="The authorization has arrived").wait_for()
            assert tab.errors == []
        terminal.wait_for(r"Next: tiktok-marketing check, then tiktok-marketing sync")
        assert terminal.end() == 0


def test_a_newcomer_gets_from_nothing_to_answers_with_the_readme_alone(
    chromium: Chromium, api: EmulatorProcess, tmp_path: Path
) -> None:
    """A login in a browser, two syncs, a question in SQL, and a page that shows figures and logs no error."""
    login, first_sync, sync, question, report = commands_of_the_readme()
    newcomer = Newcomer(tmp_path, api)
    log_in(newcomer, login, api, chromium)

    assert "complete" in newcomer.run(first_sync)
    assert "views of the layout answers are up to date" in newcomer.run(sync)
    answer = newcomer.run(question)
    assert all(heading in answer for heading in ("account_name", "currency", "spend", "conversions"))
    assert re.search(r"│ *\d+\.\d+ *│", answer), answer

    assert "report.html" in newcomer.run(report)
    assert newcomer.opened() == (tmp_path / "report.html").as_uri()
    with chromium.tab() as tab:
        tab.page.goto(newcomer.opened())
        tab.page.get_by_role("heading", level=1).first.wait_for()
        assert re.search(r"\d", tab.page.locator("main").inner_text())
        assert tab.errors == []
        assert not [address for address in tab.requests if address.startswith("http")]
