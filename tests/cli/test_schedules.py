"""The schedules of docs/schedules.md work as a scheduler runs them: from another folder, with almost no environment."""

from __future__ import annotations

import configparser
import json
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from emulator_process import emulator_process

ROOT = Path(__file__).resolve().parents[2]
SCHEDULES = ROOT / "examples" / "schedules"
PAGE = ROOT / "docs" / "schedules.md"
FILES = ("crontab", "tiktok-marketing.service", "tiktok-marketing.timer", "github-actions.yml")
SINCE = str(date.today() - timedelta(days=3))  # noqa: DTZ011 - roughly


@pytest.mark.parametrize("name", FILES)
def test_the_page_shows_the_files_as_they_are(name: str) -> None:
    """Whoever copies from the page gets what is tested here."""
    assert (SCHEDULES / name).read_text() in PAGE.read_text()


@pytest.mark.thorough
def test_the_crontab_runs_twice_and_the_doctor_is_content(tmp_path: Path) -> None:
    """With cron's own environment: a PATH, a shell, and nothing else."""
    lines = [line for line in (SCHEDULES / "crontab").read_text().splitlines() if line[:1].isdigit()]
    commands = [line.split(maxsplit=5)[5] for line in lines]
    assert ["sync" in commands[0], "doctor" in commands[1]] == [True, True]
    with emulator_process("--advertisers", "1", "--days", "10", "--settled") as emulator:
        names = ("access_token", "app_id", "secret")
        credentials = {"auth_type": "oauth2.0", **{name: emulator.info[name] for name in names}}
        (tmp_path / "config.json").write_text(json.dumps({"credentials": credentials, "start_date": SINCE}))
        for command in (commands[0], commands[0], commands[1]):
            ended = _run(["/bin/sh", "-c", _moved(command, tmp_path)], {"TIKTOK_API_URL": emulator.url})
            assert ended.returncode == 0, ended.stdout + ended.stderr
    _assert_filled(tmp_path)


@pytest.mark.thorough
def test_the_service_needs_no_file(tmp_path: Path) -> None:
    """All settings are in the environment, and there is no home."""
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((SCHEDULES / "tiktok-marketing.service").read_text())
    command = unit["Service"]["ExecStart"]
    with emulator_process("--advertisers", "1", "--days", "10") as emulator:
        for _ in range(2):
            environment = {
                f"TIKTOK_{name.upper()}": emulator.info[name] for name in ("access_token", "app_id", "secret")
            }
            environment |= {"TIKTOK_API_URL": emulator.url, "TIKTOK_START_DATE": SINCE}
            ended = _run(shlex.split(_moved(command, tmp_path)), environment)
            assert ended.returncode == 0, ended.stdout + ended.stderr
    _assert_filled(tmp_path)


def _moved(command: str, folder: Path) -> str:
    """The command with its paths in a folder of the test. Its program is that of this Python."""
    program = f"{sys.executable} -m tiktok_marketing.cli"
    command = command.replace("/opt/tiktok/bin/tiktok-marketing", program)
    return command.replace("/var/lib/tiktok", str(folder)).replace("/etc/tiktok", str(folder))


def _run(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(command, env=variables, cwd="/", capture_output=True, text=True, timeout=300, check=False)  # noqa: S603


def _assert_filled(folder: Path) -> None:
    with duckdb.connect(str(folder / "tiktok.duckdb"), read_only=True) as connection:
        ((rows, syncs),) = connection.sql(
            "SELECT (SELECT count(*) FROM tiktok_ads.ads_reports_daily),"
            " (SELECT count(DISTINCT sync_id) FROM tiktok_ads._tiktok_syncs)"
        ).fetchall()
    assert rows > 0
    assert syncs == 2
