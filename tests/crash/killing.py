"""Kills syncs at random moments and resumes them until they end. The result must equal an undisturbed run.

`make crash` kills hundreds and prints the figures; `test_crash.py` kills a few.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import msgspec

import programs
from support import NOW, catalog_of, config_for, key_of
from tiktok_marketing.catalog import stream_named
from tiktok_marketing.emulator import Emulator, Options

STREAMS = ["ads_reports_daily", "ads_reports_hourly", "campaigns_reports_hourly", "campaigns", "ads", "advertisers"]
REPORTS = {"ads_reports_daily": "ad_id", "ads_reports_hourly": "ad_id", "campaigns_reports_hourly": "campaign_id"}
LATENCY = "path=report/integrated/get/,latency=0.12"
# Packages that are so small that a sync of a few seconds has many of them.
SYNC = """
from tiktok_marketing.pipelines import package
package.FULL_ROWS, package.FULL_SECONDS, package.FIRST_SECONDS = 500, 0.2, 0.2
from tiktok_marketing.cli import main
main()
"""
KILLS_PER_SYNC = 10
"""Kills after which a sync may end and another one begins, so that every stage of a sync is hit."""
LONGEST_LIFE = 4.0
"""Seconds after its first request until a process is killed at the latest."""

_HANGS = 600.0
"""Seconds after which a process counts as hanging, even on a busy machine."""


class Figures(msgspec.Struct):
    """What was done, and the outcome; the last three figures must be 0."""

    kills: int = 0
    terminations: int = 0
    resumes: int = 0
    resumes_midway: int = 0
    finished: int = 0
    inspections: int = 0
    rows: int = 0
    rows_lost: int = 0
    rows_changed: int = 0
    half_applied_windows: int = 0

    def __str__(self) -> str:
        return (
            f"{self.kills} kills (SIGKILL {self.kills - self.terminations}, SIGTERM {self.terminations}), "
            f"{self.resumes} resumes ({self.resumes_midway} midway), "
            f"{self.finished} finished syncs with {self.rows:,} rows; "
            f"rows lost {self.rows_lost}, rows changed {self.rows_changed}, half-applied windows "
            f"{self.half_applied_windows} ({self.inspections} inspections of the database)"
        )

    @property
    def bad(self) -> int:
        """The sum of the figures that must be 0."""
        return self.rows_lost + self.rows_changed + self.half_applied_windows


class Case:
    """An emulated business, the files that a program needs to read it, and a folder for the results.

    Args:
        emulator: The business.
        folder: An empty folder.
        seed: The seed of the moments of the kills.
        rate: Requests per second, which decide how long an undisturbed sync takes.
    """

    def __init__(self, emulator: Emulator, folder: Path, seed: int, rate: float) -> None:
        self.folder = folder
        self._emulator = emulator
        self.chance = random.Random(seed)
        self.figures = Figures()
        config = config_for(emulator, start_date="2026-06-11", end_date="2026-06-14", include_deleted=True)
        config |= {"attribution_window": 2, "report_granularity": 2, "requests_per_second": rate}
        self.config = self.write("config.json", config)
        self.catalog = self.write("catalog.json", catalog_of(STREAMS))
        self._environment = {**os.environ, "TIKTOK_API_URL": emulator.url, "HOME": str(folder)}

    def write(self, name: str, content: Any) -> str:
        """Write a JSON file. Returns its path."""
        path = self.folder / name
        path.write_text(json.dumps(content))
        return str(path)

    def run(self, arguments: list[str], output: Path, *, kill: bool) -> int:
        """Run a program, and kill it at a random moment if `kill`. Returns its exit code as `Popen.returncode`."""
        with (
            output.open("wb") as file,
            (self.folder / "stderr.txt").open("wb") as complaints,
            subprocess.Popen(  # noqa: S603 - our own programs
                [sys.executable, *arguments], env=self._environment, cwd=self.folder, stdout=file, stderr=complaints
            ) as process,
        ):
            try:
                return self._end(process) if kill else process.wait(_HANGS)
            except BaseException:
                process.kill()
                raise

    def _end(self, process: subprocess.Popen[bytes]) -> int:
        requests_before = self._emulator.counters.total()
        if self.chance.random() < 0.9:  # in the other cases it may be killed before its first request
            while process.poll() is None and self._emulator.counters.total() == requests_before:
                time.sleep(0.01)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(self.chance.uniform(0.0, LONGEST_LIFE))
        self.figures.kills += 1
        if self.chance.random() < 0.2:
            self.figures.terminations += 1
            process.terminate()
        else:
            process.kill()
        return process.wait(_HANGS)

    def complaints(self) -> str:
        """What the last program wrote to stderr."""
        return (self.folder / "stderr.txt").read_text(errors="replace")


def kill_reads(case: Case, kills: int) -> Figures:
    """Kill `source-tiktok-marketing read`, resume from the last state it printed, and compare."""
    figures = case.figures
    output = case.folder / "output.jsonl"
    command = ["-m", "tiktok_marketing.airbyte", "read", "--config", case.config, "--catalog", case.catalog]
    assert case.run(command, output, kill=False) == 0, case.complaints()
    expected, _ = _printed(output)
    while figures.kills < kills:
        read: dict[tuple[Any, ...], Any] = {}
        states: dict[str, Any] = {}
        code, first, until = -1, True, min(kills, figures.kills + KILLS_PER_SYNC)
        while code != 0:
            figures.resumes += not first
            first = False
            figures.resumes_midway += bool(states)
            state = ["--state", case.write("state.json", list(states.values()))] if states else []
            code = case.run([*command, *state], output, kill=figures.kills < until)
            assert code in {0, 1, 143, -signal.SIGKILL, -signal.SIGTERM}, (code, case.complaints())
            assert "Traceback" not in case.complaints()
            rows, printed = _printed(output)
            read |= rows
            states |= printed
        figures.finished += 1
        figures.rows += len(read)
        figures.rows_lost += len(expected.keys() - read.keys())
        figures.rows_changed += sum(read[key] != expected.get(key) for key in read)
    return figures


def _printed(output: Path) -> tuple[dict[tuple[Any, ...], Any], dict[str, Any]]:
    """Return the rows by key, and the last state of each stream. A line that was cut off does not count."""
    rows: dict[tuple[Any, ...], Any] = {}
    states: dict[str, Any] = {}
    with output.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                break
            message = msgspec.json.decode(line)
            if message["type"] == "RECORD":
                record = message["record"]
                stream = stream_named(record["stream"])
                assert stream is not None
                rows[stream.name, *key_of(stream, record["data"])] = record["data"]
            elif message["type"] == "STATE":
                of_stream = message["state"]["stream"]
                states[of_stream["stream_descriptor"]["name"]] = message["state"]
    return rows, states


def kill_loads(case: Case, kills: int) -> Figures:
    """Kill `tiktok-marketing sync`, inspect the database after each kill, resume, and compare."""
    figures = case.figures
    output = case.folder / "stdout.txt"

    def command(database: str) -> list[str]:
        return ["-c", SYNC, "sync", "--config", case.config, "--to", database, "--streams", ",".join(STREAMS)]

    whole = case.folder / "whole.duckdb"
    assert case.run(command(whole.name), output, kill=False) == 0, case.complaints()
    expected, days = _tables(whole), _days(whole)
    killed = case.folder / "killed.duckdb"
    while figures.kills < kills:
        code, first, until = -1, True, min(kills, figures.kills + KILLS_PER_SYNC)
        while code != 0:
            figures.resumes += not first
            first = False
            code = case.run(command(killed.name), output, kill=figures.kills < until)
            assert code in {0, 143, -signal.SIGKILL, -signal.SIGTERM}, (code, case.complaints())
            assert "Traceback" not in case.complaints()
            loaded = _days(killed)
            figures.inspections += 1
            figures.resumes_midway += bool(loaded) and code != 0
            figures.half_applied_windows += sum(days.get(day) != sums for day, sums in loaded.items())
        figures.finished += 1
        for name, rows in _tables(killed).items():
            figures.rows += len(rows)
            figures.rows_lost += len(expected[name].keys() - rows.keys())
            figures.rows_changed += sum(expected[name].get(key) != row for key, row in rows.items())
        killed.unlink()
    return figures


def _days(database: Path) -> Mapping[tuple[Any, ...], tuple[Any, ...]]:
    """Return the number of rows and the sums per report, account and day in the database."""
    if not database.exists():
        return {}
    days = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        for name in REPORTS.keys() & tables:
            time_ = "stat_time_day" if name.endswith("daily") else "stat_time_hour"
            for account, day, *sums in connection.execute(
                f"SELECT advertiser_id, {time_}::DATE, count(*), sum(spend), sum(impressions), sum(clicks)"  # noqa: S608
                f" FROM tiktok_ads.{name} GROUP BY 1, 2"
            ).fetchall():
                days[name, account, day] = tuple(sums)
    return days


def _tables(database: Path) -> dict[str, dict[tuple[Any, ...], tuple[Any, ...]]]:
    """Return all rows by key, without the column that loading adds."""
    tables = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        for name in STREAMS:
            stream = stream_named(name)
            assert stream is not None
            cursor = connection.execute(f"SELECT * EXCLUDE (_dlt_load_id) FROM tiktok_ads.{name}")  # noqa: S608
            names = sorted(column[0] for column in cursor.description)
            order = [[column[0] for column in cursor.description].index(column) for column in names]
            keys = [names.index(column) for column in stream.row_key]
            rows = [tuple(row[index] for index in order) for row in cursor.fetchall()]
            tables[name] = {tuple(row[index] for index in keys): row for row in rows}
            assert len(tables[name]) == len(rows), f"{name} has duplicate rows"
    return tables


def business() -> Options:
    """A business whose sync takes some seconds, with windows of several pages."""
    return Options(now=NOW, tier="unlimited", days=60, advertisers=3, ads_per_account=70, record_requests=0)


def kill(kills: int, seed: int, folder: Path) -> dict[str, Figures]:
    """Kill that many reads and as many loads, in parallel. Returns the figures of both."""
    results: dict[str, Figures] = {}
    failures: list[BaseException] = []

    def run(name: str, work: Any, number: int, rate: float) -> None:
        own_folder = folder / name
        own_folder.mkdir()
        with programs.emulator_beside(business()) as emulator:
            emulator.faults.add(LATENCY)
            try:
                results[name] = work(Case(emulator, own_folder, seed * 2 + number, rate), kills)
            except BaseException as error:  # noqa: BLE001 - raised again below
                failures.append(error)

    threads = [
        threading.Thread(target=run, args=("read", kill_reads, 0, 7.0)),
        threading.Thread(target=run, args=("sync", kill_loads, 1, 500.0)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


def main() -> None:
    """Kill as many syncs as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=150, help="per program")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    begun = time.monotonic()
    print(f"seed {arguments.seed}", flush=True)  # noqa: T201 - what this script is for
    with tempfile.TemporaryDirectory() as folder:
        results = kill(arguments.kills, arguments.seed, Path(folder))
    for name, figures in results.items():
        print(f"{name}: {figures}")  # noqa: T201
    print(f"{time.monotonic() - begun:.0f} s")  # noqa: T201
    sys.exit(any(figures.bad for figures in results.values()))


if __name__ == "__main__":
    main()
