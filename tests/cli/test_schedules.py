"""The schedules of docs/schedules.md work as a scheduler runs them: from another folder, with almost no environment."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import psycopg2
import pytest
import yaml

from emulator_process import emulator_process
from postgres_server import Server
from tiktok_marketing.environment import unknown_variables

ROOT = Path(__file__).resolve().parents[2]
SCHEDULES = ROOT / "examples" / "schedules"
PAGE = ROOT / "docs" / "schedules.md"
POSTGRES = ROOT / "docs" / "postgres.md"
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


def test_the_workflow_is_one_that_github_accepts() -> None:
    """Its keys are those of a workflow, its times and extras exist, and it names each secret that it uses as one."""
    workflow = yaml.load((SCHEDULES / "github-actions.yml").read_text(), yaml.BaseLoader)  # noqa: S506 - texts only
    assert set(workflow) == {"name", "on", "concurrency", "jobs"}
    assert set(workflow["on"]) == {"schedule", "workflow_dispatch"}
    assert all(re.fullmatch(r"\d+ \d+ \* \* \*", each["cron"]) for each in workflow["on"]["schedule"])
    ((name, job),) = workflow["jobs"].items()
    assert name.isidentifier()
    assert set(job) == {"runs-on", "timeout-minutes", "env", "steps"}
    assert int(job["timeout-minutes"]) <= 360, "a job of a runner of GitHub's may take six hours"
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert set(step) <= {"uses", "run", "with", "env"}
        assert "uses" not in step or re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])
    install = next(step["run"] for step in job["steps"] if "pip" in step.get("run", "").split())
    extras = re.search(r"\[(.+?)\]", install)
    assert extras
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras[1].split(",")) <= set(known)
    values = [value for each in (job, *job["steps"]) for value in each.get("env", {}).values()]
    assert all(re.fullmatch(r"\$\{\{ secrets\.\w+ \}\}", value) for value in values if "$" in value)
    assert unknown_variables(job["env"]) == []


@pytest.mark.thorough
def test_the_workflow_fills_a_postgres_on_each_new_runner(tmp_path: Path, postgres_server: Server) -> None:
    """The command of its last step, with the environment that the workflow gives it, in two empty folders."""
    workflow = yaml.load((SCHEDULES / "github-actions.yml").read_text(), yaml.BaseLoader)  # noqa: S506 - texts only
    (job,) = workflow["jobs"].values()
    step = job["steps"][-1]
    database = postgres_server.new_database()
    with emulator_process("--advertisers", "1", "--days", "10", "--ads-per-account", "5") as emulator:
        secrets = {f"TIKTOK_{name.upper()}": emulator.info[name] for name in ("access_token", "app_id", "secret")}
        secrets["DATABASE"] = database.address
        environment = {
            name: secrets[value.strip("${ }").removeprefix("secrets.")] if "secrets." in value else value
            for name, value in {**job["env"], **step["env"]}.items()
        }
        environment |= {"TIKTOK_START_DATE": SINCE, "TIKTOK_API_URL": emulator.url}
        for runner in ("first", "second"):
            (tmp_path / runner).mkdir()
            command = step["run"].replace("tiktok-marketing", f"{sys.executable} -m tiktok_marketing.cli", 1)
            ended = _run(["/bin/bash", "-e", "-c", command], {**environment, "HOME": str(tmp_path / runner)})
            assert ended.returncode == 0, ended.stdout + ended.stderr
            assert database.address not in ended.stdout + ended.stderr
    ((rows, syncs),) = database.ask(
        "SELECT (SELECT count(*) FROM ads_reports_daily), (SELECT count(DISTINCT sync_id) FROM _tiktok_syncs)"
    )
    assert rows > 0
    assert syncs == 2


@pytest.mark.thorough
def test_the_command_for_docker_fits_the_image(tmp_path: Path) -> None:
    """The folder is mounted where the image works, and the command needs no more than the line passes."""
    line = next(block for block in _blocks("sh") if block.startswith("docker run"))
    words = shlex.split(line)
    image = (ROOT / "Dockerfile.command").read_text()
    folder = words[words.index("-v") + 1].removeprefix("$PWD:")
    assert f"\nWORKDIR {folder}\n" in image
    assert image.rstrip().endswith('ENTRYPOINT ["tiktok-marketing"]')
    passed = [after for word, after in pairwise(words) if word == "-e"]
    command = words[words.index("tiktok-marketing:<version>") + 1 :]
    with emulator_process("--advertisers", "1", "--days", "5", "--ads-per-account", "5") as emulator:
        environment = {name: emulator.info[name.removeprefix("TIKTOK_").lower()] for name in passed}
        environment |= {"TIKTOK_API_URL": emulator.url}
        for _ in range(2):
            ended = _run([sys.executable, "-m", "tiktok_marketing.cli", *command], environment, tmp_path)
            assert ended.returncode == 0, ended.stdout + ended.stderr
    _assert_filled(tmp_path)


@pytest.mark.thorough
def test_a_tool_for_dashboards_reads_each_view_as_its_own_user(tmp_path: Path, postgres_server: Server) -> None:
    """With the grants of the page on Postgres, which a later sync keeps: what such a tool asks to learn the tables.

    It lists what it may read, with columns and comments, and asks for the first rows with every name in quotes.
    """
    setup, reading = _blocks("text", POSTGRES)
    database = postgres_server.new_database()
    (name,) = database.ask("SELECT current_database()")[0]
    sync_user, reader = f"sync_{name}", f"reader_{name}"
    for script in (f"CREATE ROLE reader LOGIN PASSWORD '...';{setup}", reading):
        with emulator_process("--advertisers", "1", "--days", "10", "--ads-per-account", "5") as emulator:
            renamed = re.sub(r"\btiktok\b", sync_user, re.sub(r"\breader\b", reader, script))
            database.run(renamed.replace("marketing", name))
            environment = {f"TIKTOK_{key.upper()}": emulator.info[key] for key in ("access_token", "app_id", "secret")}
            environment |= {"TIKTOK_START_DATE": SINCE, "TIKTOK_API_URL": emulator.url, "HOME": str(tmp_path)}
            # The second sync has tables and views that the first one had not.
            streams = (
                "campaigns,campaigns_reports_daily" if script is not reading else "advertisers,ads,ads_reports_daily"
            )
            address = postgres_server.address(name, sync_user, "...")
            line = ["sync", "--to", address, "--streams", streams, "--views", "--quiet"]
            ended = _run([sys.executable, "-m", "tiktok_marketing.cli", *line], environment)
            assert ended.returncode == 0, ended.stderr
    with closing(psycopg2.connect(postgres_server.address(name, reader, "..."))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT table_name, column_name, col_description((table_schema || '.' || table_name)::regclass,"
                " ordinal_position) FROM information_schema.columns WHERE table_schema = 'tiktok_ads'"
            )
            columns: dict[str, dict[str, str]] = {}
            for table, column, comment in cursor.fetchall():
                columns.setdefault(table, {})[column] = comment
            assert {"daily_by_campaign", "daily_by_ad", "accounts", "open_days"} <= set(columns)
            assert all(columns["daily_by_campaign"].values()), "a column without a comment"
            for table, names in columns.items():
                listed = ", ".join(f'"tiktok_ads"."{table}"."{column}"' for column in names)
                cursor.execute(f'SELECT {listed} FROM "tiktok_ads"."{table}" LIMIT 2000')  # noqa: S608
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("DELETE FROM tiktok_ads.campaigns")


def _blocks(language: str, page: Path = PAGE) -> list[str]:
    """The blocks of code on a page."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def _moved(command: str, folder: Path) -> str:
    """The command with its paths in a folder of the test. Its program is that of this Python."""
    program = f"{sys.executable} -m tiktok_marketing.cli"
    command = command.replace("/opt/tiktok/bin/tiktok-marketing", program)
    return command.replace("/var/lib/tiktok", str(folder)).replace("/etc/tiktok", str(folder))


def _run(
    command: Sequence[str], environment: Mapping[str, str], folder: str | Path = "/"
) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603


def _assert_filled(folder: Path) -> None:
    with duckdb.connect(str(folder / "tiktok.duckdb"), read_only=True) as connection:
        ((rows, syncs),) = connection.sql(
            "SELECT (SELECT count(*) FROM tiktok_ads.ads_reports_daily),"
            " (SELECT count(DISTINCT sync_id) FROM tiktok_ads._tiktok_syncs)"
        ).fetchall()
    assert rows > 0
    assert syncs == 2
