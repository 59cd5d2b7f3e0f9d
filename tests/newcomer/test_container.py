"""A container: a user without a name or a home, files that nobody may write, and a folder for its data.

Both programs run there as their images do: with a read-only root, and as a user other than root.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from container import as_stranger, denies, sealed, user
from emulator_process import EmulatorProcess
from support import catalog_of, quickly

COMMAND = [sys.executable, "-W", "error", "-m", "tiktok_marketing.cli"]
SOURCE = [sys.executable, "-W", "error", "-m", "tiktok_marketing.airbyte"]


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
        """Run the command until it succeeds. Returns what it wrote to stdout."""
        ended = self.end_of([*COMMAND, *arguments], **variables)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def source(self, *arguments: str | Path, **variables: str) -> list[dict[str, Any]]:
        """Run the Airbyte source to its end. Returns its messages."""
        ended = self.end_of([*SOURCE, *map(str, arguments)], **variables)
        assert ended.stderr == ""
        return [json.loads(line) for line in ended.stdout.splitlines()]

    def end_of(self, line: Sequence[str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        ended = subprocess.run(  # noqa: S603 - our own programs
            [*sealed(self.data), *as_stranger(), *line],
            cwd=self._work,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert "Traceback" not in ended.stdout + ended.stderr
        return ended

    def mount(self, name: str, content: Any, mode: int = 0o400) -> Path:
        """Put a file of JSON into the container. Returns its path."""
        path = self.data.parent / f"{name}.json"
        path.write_text(json.dumps(content))
        path.chmod(mode)
        return path

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


NO_PLACE = {"HOME": "/nonexistent", "TMPDIR": "/nonexistent"}
"""A container in which a program finds no place of its own."""


def config_of(api: EmulatorProcess) -> dict[str, Any]:
    """A configuration as the platform writes it."""
    names = ("app_id", "secret", "access_token")
    credentials = {"auth_type": "oauth2.0", **{name: api.info[name] for name in names}}
    return {"credentials": credentials, "advertiser_ids": api.info["advertiser_ids"][:2], "requests_per_second": 200}


@pytest.mark.parametrize("variables", quickly(NO_PLACE, {}, {"HOME": "/proc", "TMPDIR": "/proc"}))
def test_the_airbyte_source_needs_no_place_to_write(
    container: Container, api: EmulatorProcess, variables: dict[str, str]
) -> None:
    """`spec`, `check`, `discover` and `read` with mounted files that only their owner may read."""
    config = ("--config", container.mount("config", config_of(api)))
    assert container.source("spec", **variables)[0]["type"] == "SPEC"
    (checked,) = container.source("check", *config, **variables)
    assert checked["connectionStatus"] == {"status": "SUCCEEDED"}
    (discovered,) = container.source("discover", *config, **variables)
    assert len(discovered["catalog"]["streams"]) > 40
    catalog = ("--catalog", container.mount("catalog", catalog_of(["campaigns", "campaigns_reports_daily"])))
    messages = container.source("read", *config, *catalog, **variables)
    states = [message["state"] for message in messages if message["type"] == "STATE"]
    state = ("--state", container.mount("state", states[-1:]))
    again = container.source("read", *config, *catalog, *state, **variables)
    for output in (messages, again):
        assert any(message["type"] == "RECORD" for message in output)
        assert not any(message["type"] == "TRACE" and message["trace"]["type"] == "ERROR" for message in output)
    assert container.left_behind() == []


def assert_says_whose(text: str, path: Path, mode: str) -> None:
    """A message says whose a file is, which permissions it has, and who the program runs as."""
    assert f"{path} belongs to user {user()} and has mode {mode}; this program runs as user {user()}." in text


@pytest.mark.parametrize("command", quickly("check", "discover"))
def test_a_mounted_file_that_may_not_be_read_is_named_with_its_owner(
    container: Container, api: EmulatorProcess, command: str
) -> None:
    """One sentence, for the log of the platform has no other way to see the user's number."""
    config = container.mount("config", config_of(api), mode=0o000)
    if not denies():
        return
    (message,) = container.source(command, "--config", config)
    text = json.dumps(message)
    assert f"{config} cannot be read: Permission denied." in text
    assert_says_whose(text, config, "0000")


def test_a_folder_for_data_that_may_not_be_written_is_named_with_its_owner(container: Container) -> None:
    """As where a host's folder is mounted that belongs to another user."""
    container.data.chmod(0o555)
    if not denies():
        return
    ended = container.end_of([*COMMAND, "sync", "--to", container.database, "--streams", "campaigns"], **NO_PLACE)
    assert ended.returncode == 1
    errors = [line for line in ended.stderr.splitlines() if " ERROR " in line]
    assert len(errors) == 1
    assert "tiktok.duckdb cannot be opened: permission denied." in errors[0]
    assert_says_whose(errors[0], container.data, "0555")
