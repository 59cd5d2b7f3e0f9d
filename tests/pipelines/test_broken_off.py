"""A disk that is full, or a server that goes away, during a command: it says so, and the next sync goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from postgres_server import Database, Server, server
from programs import emulator_beside
from support import config_for
from tiktok_marketing.emulator import Emulator, Fault, Options

pytestmark = pytest.mark.thorough

STREAMS = "campaigns,ads_reports_daily,ads_reports_hourly"
TABLES = STREAMS.split(",")
REPORTS = "report/integrated/get/"
LIMITED = (
    "import resource, runpy, sys; limit = int(sys.argv.pop(1));"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit));"
    "runpy.run_module('tiktok_marketing.cli', run_name='__main__', alter_sys=True)"
)
"""Runs the command where no file can be larger than its first argument says, in bytes."""
AMPLE = 1 << 40


class Program:
    """The command, in a process of its own.

    Args:
        emulator: What it reads.
        folder: For its configuration.
    """

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.emulator = emulator
        self._url = emulator.url
        self._config = folder / "config.json"
        self._config.write_text(json.dumps(config_for(emulator)))

    def start(self, *arguments: str, limit: int = AMPLE, **environment: str) -> subprocess.Popen[str]:
        """Start it."""
        command = [sys.executable, "-c", LIMITED, str(limit), *arguments, "--config", str(self._config)]
        variables = {**os.environ, "TIKTOK_API_URL": self._url, **environment}
        return subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=variables
        )

    def run(self, *arguments: str, limit: int = AMPLE, **environment: str) -> tuple[int, str]:
        """Run it to its end. Returns its exit code and what it wrote."""
        return ended(self.start(*arguments, limit=limit, **environment))

    def sync(self, address: str, *, limit: int = AMPLE, **environment: str) -> tuple[int, str]:
        """Run a sync."""
        return self.run("sync", "--to", address, "--streams", STREAMS, limit=limit, **environment)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for its end. Returns its exit code and what it wrote."""
    text, _ = process.communicate(timeout=240)
    return process.returncode, text


def says(text: str, *words: str) -> bool:
    """Whether it says all these words, and shows no traceback."""
    assert "Traceback" not in text, text
    assert all(word in " ".join(text.split()) for word in words), text
    return True


def contents(ask: Callable[[str], list[tuple[Any, ...]]]) -> list[Any]:
    """The rows and the spend of each table."""
    return [
        ask(f"SELECT count(*){', sum(spend)' * ('report' in name)} FROM tiktok_ads.{name}")  # noqa: S608
        for name in TABLES
    ]


def of_file(path: Path) -> list[Any]:
    """The contents of a DuckDB file."""
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        return contents(lambda sql: connection.execute(sql).fetchall())


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A small business without a quota."""
    with emulator_beside(Options(tier="unlimited", advertisers=2, days=20, ads_per_account=20)) as running:
        running.clock.set(running.clock.now())
        yield running


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Iterator[Program]:
    """The command, beside an emulator without faults."""
    emulator.faults.clear()
    yield Program(emulator, tmp_path)
    emulator.faults.clear()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """One server for the tests that do not stop it."""
    with server() as started:
        yield started


@pytest.mark.parametrize("limit", [4_000, 100_000, 300_000, 1_500_000])
def test_a_file_that_cannot_grow_is_reported_and_filled_later(program: Program, tmp_path: Path, limit: int) -> None:
    """At whatever moment no more can be written. Where nothing could be loaded, no file is left."""
    assert program.sync(f"duckdb:///{tmp_path}/whole.duckdb")[0] == 0
    folder = tmp_path / "limited"
    folder.mkdir()
    code, text = program.sync(f"duckdb:///{folder}/x.duckdb", limit=limit)
    assert code == 1
    assert says(text, f"{folder}/x.duckdb would become larger than", "Raise the limit")
    assert sorted(path.name for path in folder.iterdir()) in ([], ["x.duckdb"], ["x.duckdb", "x.duckdb.wal"])
    assert program.sync(f"duckdb:///{folder}/x.duckdb")[0] == 0
    assert of_file(folder / "x.duckdb") == of_file(tmp_path / "whole.duckdb")


@pytest.mark.parametrize("limit", [0, 3_000, 40_000])
def test_a_full_folder_for_temporary_files_is_reported(
    program: Program, tmp_path: Path, postgres: Server, limit: int
) -> None:
    """The packages for Postgres are prepared there."""
    whole, other = postgres.new_database(), postgres.new_database()
    assert program.sync(whole.address)[0] == 0
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    code, text = program.sync(other.address, limit=limit, TMPDIR=str(temporary))
    assert code == 1
    assert says(text, "TMPDIR")
    assert list(temporary.iterdir()) == []
    assert program.sync(other.address)[0] == 0
    assert contents(other.ask) == contents(whole.ask)


def interrupted(program: Program, process: subprocess.Popen[str], interfere: Callable[[], None]) -> tuple[int, str]:
    """Interfere once the process has asked for reports, and then let it go on."""
    until = time.monotonic() + 60
    while not program.emulator.counters.total(REPORTS) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    interfere()
    program.emulator.faults.clear()
    return ended(process)


def kill_backends(database: Database) -> None:
    """End every other connection to a database."""
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
    database.ask(f"{sql} current_database()")


def test_a_connection_that_the_server_ends_is_reported_and_the_next_sync_goes_on(
    program: Program, postgres: Server
) -> None:
    """As an administrator does with pg_terminate_backend."""
    whole, other = postgres.new_database(), postgres.new_database()
    assert program.sync(whole.address)[0] == 0
    program.emulator.counters.reset()
    program.emulator.faults.add(Fault(path=REPORTS, latency=1.0))
    process = program.start("sync", "--to", other.address, "--streams", STREAMS)
    code, text = interrupted(program, process, lambda: kill_backends(other))
    assert code == 1
    assert says(text, "was lost", "Run the sync again")
    assert program.sync(other.address)[0] == 0
    assert contents(other.ask) == contents(whole.ask)


def test_backends_that_are_ended_at_any_moment_cost_no_row(program: Program, postgres: Server) -> None:
    """Every sync either ends well or says what happened, whatever it was doing."""
    whole, other = postgres.new_database(), postgres.new_database()
    assert program.sync(whole.address)[0] == 0
    broken = 0
    for number in range(6):
        process = program.start("sync", "--to", other.address, "--streams", STREAMS, "--full")
        timer = threading.Timer(1.5 + 0.35 * number, kill_backends, [other])
        timer.start()
        code, text = ended(process)
        timer.join()
        broken += code
        assert code == 0 or says(text, "ERROR", "again")
    assert program.sync(other.address)[0] == 0
    assert contents(other.ask) == contents(whole.ask)
    assert broken


def test_a_server_that_restarts_during_a_sync_is_reported(program: Program) -> None:
    """The next sync goes on."""
    with server() as own:
        whole, other = own.new_database(), own.new_database()
        assert program.sync(whole.address)[0] == 0
        program.emulator.counters.reset()
        program.emulator.faults.add(Fault(path=REPORTS, latency=1.0))
        process = program.start("sync", "--to", other.address, "--streams", STREAMS)
        code, text = interrupted(program, process, own.restart)
        assert code == 1
        assert says(text, "again")
        assert program.sync(other.address)[0] == 0
        assert contents(other.ask) == contents(whole.ask)


def test_a_server_that_stops_during_a_sync_is_reported(program: Program) -> None:
    """The message says that none answers."""
    with server() as own:
        database = own.new_database()
        program.emulator.counters.reset()
        program.emulator.faults.add(Fault(path=REPORTS, latency=1.0))
        process = program.start("sync", "--to", database.address, "--streams", STREAMS)
        code, text = interrupted(program, process, own.stop)
        assert code == 1
        assert says(text, "No Postgres server answers", "Check the host")
        own.restart()
        assert program.sync(database.address)[0] == 0


def test_the_doctor_says_that_it_could_not_look(program: Program, postgres: Server) -> None:
    """If the server ends its connection. The exit code is that of a doctor that could not look."""
    database = postgres.new_database()
    assert program.sync(database.address)[0] == 0
    program.emulator.counters.reset()
    program.emulator.faults.add(Fault(latency=1.0))
    process = program.start("doctor", "--database", database.address)
    code, text = interrupted(program, process, lambda: kill_backends(database))
    assert code == 3
    assert says(text, "again")
    program.emulator.faults.clear()
    code, text = program.run("doctor", "--database", database.address)
    assert code in {0, 1}
