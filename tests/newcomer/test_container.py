"""A container: settings from the environment alone, no home, no name for the user, and a folder for its data."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from emulator_process import EmulatorProcess
from support import quickly

STRANGER = 64_123
"""A user id without an entry in the list of users, as containers often run under."""
COMMAND = [sys.executable, "-W", "error", "-m", "tiktok_marketing.cli"]


@functools.cache
def as_stranger() -> tuple[str, ...]:
    """The words before a command that run it under a user without a name, where the system allows that."""
    words = ("/usr/bin/unshare", "--user", f"--map-user={STRANGER}", f"--map-group={STRANGER}")
    try:
        tried = subprocess.run([*words, "true"], capture_output=True, check=False)  # noqa: S603
    except OSError:
        return ()
    return words if tried.returncode == 0 else ()


class Container:
    """A shell with hardly any environment, in a folder that it cannot write to, with one beside it for data.

    Args:
        folder: A folder of the test.
        api: What answers for TikTok.
    """

    def __init__(self, folder: Path, api: EmulatorProcess) -> None:
        self.data = folder / "data"
        self._work = folder / "work"
        self.data.mkdir()
        self._work.mkdir(mode=0o555)
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "TIKTOK_API_URL": api.url,
            "TIKTOK_ACCESS_TOKEN": api.info["access_token"],
            "TIKTOK_APP_ID": api.info["app_id"],
            "TIKTOK_SECRET": api.info["secret"],
            "TIKTOK_REQUESTS_PER_SECOND": "200",
        }

    @property
    def database(self) -> str:
        """The address of the database in the folder for data."""
        return f"duckdb:///{self.data}/tiktok.duckdb"

    def run(self, *arguments: str, **variables: str) -> str:
        """Run the command to its end. Returns what it wrote to stdout."""
        ended = subprocess.run(  # noqa: S603 - our own command
            [*as_stranger(), *COMMAND, *arguments],
            cwd=self._work,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
        return ended.stdout

    def left_behind(self) -> list[str]:
        """The files in the folder in which the commands ran."""
        return [path.name for path in self._work.iterdir()]


@pytest.fixture
def container(tmp_path: Path, api: EmulatorProcess) -> Container:
    """A container's shell."""
    return Container(tmp_path, api)


@pytest.mark.parametrize("home", quickly(None, "/nonexistent", "/proc"))
def test_a_container_needs_nothing_but_variables(container: Container, home: str | None) -> None:
    """From the settings to a page: no file and no home is needed, and nothing is left in the working folder."""
    variables = {} if home is None else {"HOME": home}
    shown = json.loads(container.run("config", "show", "--json", **variables))
    assert shown["file"] is None
    assert {"environment"} == {each["place"] for each in shown["settings"] if each["name"] == "credentials.app_id"}
    assert json.loads(container.run("check", "--json", **variables))["ok"]

    streams = "campaigns,advertisers,campaigns_reports_daily"
    for _ in range(2):
        synced = json.loads(
            container.run("sync", "--to", container.database, "--streams", streams, "--views", "--json", **variables)
        )
        assert synced["complete"]
    with duckdb.connect(str(container.data / "tiktok.duckdb"), read_only=True) as connection:
        ((rows, spend),) = connection.sql("SELECT count(*), sum(spend) FROM tiktok_ads.daily_by_campaign").fetchall()
    assert rows > 0
    assert spend > 0

    page = container.data / "report.html"
    container.run("report", "--database", container.database, "--output", str(page), **variables)
    assert "<html" in page.read_text(encoding="utf-8")
    assert container.left_behind() == []
