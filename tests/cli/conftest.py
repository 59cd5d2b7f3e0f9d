"""The command as a user runs it: in a process of its own, against an emulator in another one."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from emulator_process import EmulatorProcess, emulator_process
from postgres_server import Database, Server, server
from support import quickly, whole_packages
from tiktok_marketing.cli.main import run

NOW = "2026-06-15T12:00"
COMMAND = [sys.executable, "-W", "error", "-m", "tiktok_marketing.cli"]
START, END = "2026-06-09", "2026-06-15"


@pytest.fixture(scope="session")
def emulated() -> Iterator[EmulatorProcess]:
    """An emulator for all tests."""
    with emulator_process("--now", NOW, "--days", "40", "--ads-per-account", "30") as emulator:
        yield emulator


@pytest.fixture
def api(emulated: EmulatorProcess) -> Iterator[EmulatorProcess]:
    """The emulator, without faults before and after the test."""
    yield emulated
    emulated.heal()


@pytest.fixture
def config(api: EmulatorProcess, tmp_path: Path) -> Callable[..., str]:
    """Writes a configuration file; returns its path."""

    def write(**fields: Any) -> str:
        path = tmp_path / "config.json"
        credentials = {
            "auth_type": "oauth2.0",
            "app_id": api.info["app_id"],
            "secret": api.info["secret"],
            "access_token": api.info["access_token"],
        }
        content = {
            "credentials": credentials | fields.pop("credentials", {}),
            "start_date": START,
            "end_date": END,
            "include_deleted": True,
            "requests_per_second": 500,
        }
        path.write_text(json.dumps(content | fields))
        return str(path)

    return write


@pytest.fixture
def environment(api: EmulatorProcess, tmp_path: Path) -> dict[str, str]:
    """An environment in which the command calls the emulator."""
    return {**os.environ, "TIKTOK_API_URL": api.url, "HOME": str(tmp_path)}


class Ended(msgspec.Struct):
    """The exit code and the output of the command."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def command(
    api: EmulatorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Runs the command to its end, in this process: to start another one takes longer than most commands."""
    monkeypatch.setenv("TIKTOK_API_URL", api.url)
    monkeypatch.chdir(tmp_path)

    def run_here(*arguments: str) -> Ended:
        capsys.readouterr()
        with whole_packages():
            code = run(arguments)
        return Ended(code, *capsys.readouterr())

    return run_here


@pytest.fixture
def program(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., Ended]:
    """Runs the command to its end in a process of its own."""

    def run_program(*arguments: str) -> Ended:
        with start(*arguments) as process:
            output, errors = process.communicate(timeout=60)
            return Ended(process.returncode, output, errors)

    return run_program


class Place:
    """Databases of one kind that a test may load into, by name."""

    def __init__(self, kind: str, folder: Path, postgres: Callable[[], Database]) -> None:
        self.kind = kind
        self._folder = folder
        self._postgres = postgres
        self._databases: dict[str, Database] = {}

    def address(self, name: str = "x") -> str:
        """The address, for `--to`."""
        if self.kind == "duckdb":
            return f"duckdb:///{name}.duckdb"
        if name not in self._databases:
            self._databases[name] = self._postgres()
        return self._databases[name].address

    def ask(self, sql: str, name: str = "x") -> list[tuple[Any, ...]]:
        """Run one statement in the schema of the tables."""
        if self.kind == "postgres":
            return self._databases[name].ask(sql)
        with duckdb.connect(str(self._folder / f"{name}.duckdb"), read_only=True) as connection:
            connection.execute("USE tiktok_ads")
            rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            return rows


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A Postgres server for all tests."""
    with server() as started:
        yield started


@pytest.fixture(params=quickly("duckdb", "postgres"))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where rows go. A test that uses it runs once with each kind of database."""
    kind: str = request.param
    return Place(kind, tmp_path, lambda: request.getfixturevalue("postgres_server").new_database())


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., list[tuple[Any, ...]]]:
    """Queries the DuckDB file x.duckdb in the test's folder."""
    return Place("duckdb", tmp_path, lambda: pytest.fail("no Postgres here")).ask


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command and does not wait for it. What still runs at the end of the test is killed."""
    with contextlib.ExitStack() as processes:

        def begin(*arguments: str, program: list[str] | None = None) -> subprocess.Popen[str]:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [*(program or COMMAND), *arguments],
                env=environment,
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            processes.enter_context(process)
            processes.callback(process.kill)
            return process

        yield begin
