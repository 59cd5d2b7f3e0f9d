"""Every destination has the rows that DuckDB has: after a full sync, after a second one, and after kills."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import programs
from destinations.places import PLACES, ROOT, Place, duckdb
from support import NOW, config_for
from tiktok_marketing.emulator import Emulator, Options

TABLES = {
    "campaigns_reports_daily": ("advertiser_id", "campaign_id", "stat_time_day", "impressions", "spend"),
    "advertisers_reports_hourly": ("advertiser_id", "stat_time_hour", "impressions", "spend"),
    "campaigns": ("advertiser_id", "campaign_id", "campaign_name"),
    "advertisers": ("advertiser_id", "name", "currency"),
}
DAYS = {"campaigns_reports_daily": 2, "advertisers_reports_hourly": 1}
"""Reports, with the column that has the day."""
# Packages that are so small that a sync of a few seconds has many of them.
SYNC = """
from tiktok_marketing.pipelines import package
package.FULL_ROWS, package.FULL_SECONDS, package.FIRST_SECONDS = 300, 0.2, 0.2
from tiktok_marketing.cli import main
main()
"""
_HANGS = 300.0
"""Seconds after which a process counts as hanging, even on a busy machine."""


class Run(msgspec.Struct):
    """How a sync ended."""

    code: int
    out: str
    err: str


class Case:
    """A destination, the emulator that a sync into it reads, and a folder.

    Args:
        place: The destination.
        emulator: The business.
        folder: The folder in which the sync runs.
    """

    def __init__(self, place: Place, emulator: Emulator, folder: Path) -> None:
        self.place = place
        self._emulator = emulator
        self._folder = folder
        self._variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT / "src"),
            "TIKTOK_API_URL": emulator.url,
            **place.variables,
        }

    def sync(self, until: str, *options: str, kill_after: float | None = None) -> Run:
        """Sync the days until one, and kill the sync some seconds after its first request if asked to."""
        config = config_for(self._emulator, start_date="2026-05-20", end_date=until, include_deleted=True)
        path = self._folder / "config.json"
        path.write_text(json.dumps(config | {"attribution_window": 2}))
        arguments = ["sync", "--config", str(path), "--to", self.place.address, "--streams", ",".join(TABLES)]
        with subprocess.Popen(  # noqa: S603 - our own program
            [self.place.python, "-c", self.place.prologue + SYNC, *arguments, *options],
            env=self._variables,
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            if kill_after is not None:
                requests = self._emulator.counters.total()
                while process.poll() is None and self._emulator.counters.total() == requests:
                    time.sleep(0.01)
                time.sleep(kill_after)
                process.kill()
            out, err = process.communicate(timeout=_HANGS)
        return Run(process.returncode, out.decode(), err.decode())

    def states(self) -> list[dict[str, Any]]:
        """Return what `state show` prints as JSON."""
        line = ["state", "show", "--json", "--database", self.place.address]
        shown = subprocess.run(  # noqa: S603 - our own program
            [self.place.python, "-c", self.place.prologue + SYNC, *line],
            env=self._variables,
            cwd=self._folder,
            stdout=subprocess.PIPE,
            check=True,
        )
        states: list[dict[str, Any]] = json.loads(shown.stdout)["states"]
        return states

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return the rows of each table, sorted, with numbers and times in one form."""
        reading = Path(__file__).with_name("reading.py")
        read = subprocess.run(  # noqa: S603
            [self.place.python, str(reading), self.place.reader, json.dumps(self.place.at), json.dumps(TABLES)],
            env=self._variables,
            stdout=subprocess.PIPE,
            check=True,
        )
        tables = json.loads(read.stdout)
        return {name: sorted(tuple(map(_plain, row)) for row in rows) for name, rows in tables.items()}

    def days(self) -> Counter[tuple[str, str, str]]:
        """Return how many rows each day of an account has in each report."""
        rows = self.rows()
        return Counter((name, row[0], row[column][:10]) for name, column in DAYS.items() for row in rows[name])


def _plain(value: str) -> str:
    """A value in the form that all databases share: 1.1 for 1.1000, and a day or time without zone and fraction."""
    if value.replace(".", "", 1).replace("-", "", 1).isdigit() and "." in value:
        return f"{float(value):.4f}"
    if value.replace("-", "", 1).isdigit() and len(value) < 10:
        return f"{float(value):.4f}"
    value = value.partition("+")[0].removesuffix(".000000")
    return value.removesuffix(" 00:00:00")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A business whose sync takes some seconds, with windows of several pages."""
    options = Options(now=NOW, tier="unlimited", days=40, advertisers=3, ads_per_account=40, record_requests=0)
    with programs.emulator_beside(options) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def expected(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The rows that DuckDB has, by the last day of the sync."""
    results = {}
    for until in ("2026-06-05", "2026-06-12"):
        folder = tmp_path_factory.mktemp("expected")
        with duckdb(folder) as place:
            case = Case(place, emulator, folder)
            run = case.sync(until)
            assert run.code == 0, run.err
            results[until] = case.rows()
            assert all(results[until].values())
    return results


def test_a_full_sync_and_the_next_one_bring_the_rows_that_duckdb_gets(
    name: str, emulator: Emulator, expected: dict[str, Any], tmp_path: Path
) -> None:
    """The second sync reads only the days that are new or may have changed."""
    with PLACES[name](tmp_path) as place:
        case = Case(place, emulator, tmp_path)
        first = case.sync("2026-06-05")
        assert first.code == 0, first.err
        assert case.rows() == expected["2026-06-05"]
        assert {bool(state["last_sync_ended_at"]) for state in case.states()} == {True}
        before = emulator.counters.total()
        second = case.sync("2026-06-12")
        requests = emulator.counters.total() - before
        assert second.code == 0, second.err
        assert case.rows() == expected["2026-06-12"]
        third = case.sync("2026-06-12", "--full")
        assert third.code == 0, third.err
        assert emulator.counters.total() - before - requests > requests
        assert case.rows() == expected["2026-06-12"]


def test_a_killed_sync_loses_nothing(name: str, emulator: Emulator, expected: dict[str, Any], tmp_path: Path) -> None:
    """After each kill, days are whole, no row is there twice, and the next sync goes on."""
    chance = random.Random(name)
    whole = Counter(
        (table, row[0], row[column][:10]) for table, column in DAYS.items() for row in expected["2026-06-12"][table]
    )
    with PLACES[name](tmp_path) as place:
        case = Case(place, emulator, tmp_path)
        killed = 0
        emulator.faults.add("path=report/integrated/get/,latency=0.15")
        try:
            while killed < 5:
                run = case.sync("2026-06-12", kill_after=chance.uniform(0.2, 4.0))
                assert run.code in {0, -signal.SIGKILL}, run.err
                killed += run.code != 0
                if place.atomic:
                    assert {day: rows for day, rows in case.days().items() if whole[day] != rows} == {}
        finally:
            emulator.faults.clear()
        last = case.sync("2026-06-12")
        assert last.code == 0, last.err
        assert case.rows() == expected["2026-06-12"]
