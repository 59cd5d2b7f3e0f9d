"""The example for Dagster: its partitions run for real, run again, run after a failure, and run after a kill."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from emulator_process import EmulatorProcess, emulator_process

pytestmark = pytest.mark.timeout(1_800)  # Dagster takes its time to start, on a machine that may be busy

ROOT = Path(__file__).parents[2]
RUNS = Path(__file__).with_name("dagster_runs.py")
REPORT = "report/integrated/get/"


def month_before(day: date, months: int) -> date:
    """The first day of an earlier month."""
    for _ in range(months):
        day = day.replace(day=1) - timedelta(days=1)
    return day.replace(day=1)


TODAY = datetime.now(UTC).date()
MONTHS = [month_before(TODAY, months) for months in (4, 3, 2)]
"""Three months that are over in every account."""


class Place(msgspec.Struct):
    """An emulator, and a database that the example loads into.

    Args:
        python: The Python that has Dagster.
        emulator: The emulator.
        database: The file.
    """

    python: str
    emulator: EmulatorProcess
    database: Path

    def start(self, *cases: dict[str, str]) -> subprocess.Popen[str]:
        """Begin some runs."""
        credentials = {
            f"TIKTOK_{name.upper()}": self.emulator.info[name] for name in ("app_id", "secret", "access_token")
        }
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.database.parent),
            "PYTHONPATH": str(ROOT / "src"),
            "TIKTOK_API_URL": self.emulator.url,
            "TIKTOK_DATABASE": f"duckdb:///{self.database}",
            "TIKTOK_FIRST_MONTH": str(MONTHS[0]),
            "TIKTOK_REQUESTS_PER_SECOND": "500",
        }
        return subprocess.Popen(  # noqa: S603 - our own program
            [self.python, str(RUNS), json.dumps(cases)],
            env=environment | credentials,
            cwd=self.database.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *cases: dict[str, str]) -> list[dict[str, Any]]:
        """What some runs came to."""
        process = self.start(*cases)
        out, err = process.communicate()
        assert process.returncode == 0, err[-4000:]
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    def query(self, text: str) -> tuple[Any, ...]:
        """The first row of an answer."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            row = connection.execute(text).fetchone()
        assert row is not None
        return tuple(row)

    def requests(self) -> int:
        """How many reports were asked for."""
        return sum(row["count"] for row in self.emulator.control("counters")["counts"] if row["path"] == REPORT)

    def assert_has(self, first: date, after: date) -> None:
        """The table has the days from one to another: each row once, and the emulator's spend."""
        last = after - timedelta(days=1)
        truths = [
            self.emulator.control(f"truth?advertiser_id={account}&start_date={first}&end_date={last}&hourly=false")
            for account in self.emulator.info["advertiser_ids"]
        ]
        rows, keys, spend = self.query(
            "SELECT count(*), count(DISTINCT (advertiser_id, ad_id, stat_time_day)), sum(spend)"
            " FROM tiktok_ads.ads_reports_daily"
        )
        assert rows == keys == sum(truth["rows"]["ad"]["daily"] for truth in truths) > 0
        assert spend == sum(Decimal(truth["metrics"]["ad"]["spend"]) for truth in truths)


@pytest.fixture
def place(python: str, tmp_path: Path) -> Iterator[Place]:
    """Two accounts with five months of figures, which are final."""
    days = (TODAY - MONTHS[0]).days + 10
    with emulator_process("--advertisers", "2", "--days", str(days), "--ads-per-account", "5", "--settled") as emulator:
        yield Place(python, emulator, tmp_path / "tiktok.duckdb")


def month(first: date, **more: str) -> dict[str, str]:
    """A run of one month's partition."""
    return {"asset": "reports", "partition": str(first), **more}


def test_a_month_that_runs_twice_has_each_row_once(place: Place) -> None:
    """Alone, again, and in a backfill of several months that is one run."""
    assert place.run(month(MONTHS[1]), month(MONTHS[1])) == [{"success": True, "retries": 0}] * 2
    place.assert_has(MONTHS[1], MONTHS[2])
    assert place.run(month(MONTHS[0], last=str(MONTHS[1]))) == [{"success": True, "retries": 0}]
    place.assert_has(MONTHS[0], MONTHS[2])


def test_a_run_that_is_not_complete_is_tried_again(place: Place) -> None:
    """The account that was refused comes with the second try, and the other one's rows are not doubled."""
    refused = place.emulator.info["advertiser_ids"][0]
    place.emulator.fault(f"code=40001,advertiser={refused},path={REPORT},times=1")
    assert place.run(month(MONTHS[1])) == [{"success": True, "retries": 1}]
    place.assert_has(MONTHS[1], MONTHS[2])


def test_a_run_that_stays_incomplete_fails(place: Place) -> None:
    """After its tries, with the rows that there are; a run after the cause is gone completes it."""
    refused = place.emulator.info["advertiser_ids"][0]
    place.emulator.fault(f"code=40001,advertiser={refused},path={REPORT}")
    assert place.run(month(MONTHS[1])) == [{"success": False, "retries": 3}]
    place.emulator.heal()
    assert place.run(month(MONTHS[1])) == [{"success": True, "retries": 0}]
    place.assert_has(MONTHS[1], MONTHS[2])


def test_a_run_that_was_killed_is_repeated(place: Place) -> None:
    """Whatever of it has been loaded."""
    place.emulator.fault(f"latency=1,path={REPORT}")
    before = place.requests()
    with place.start(month(MONTHS[0], last=str(MONTHS[1]))) as process:
        while place.requests() < before + 4 and process.poll() is None:
            time.sleep(0.1)
        process.kill()
    assert process.returncode < 0
    place.emulator.heal()
    assert place.run(month(MONTHS[0], last=str(MONTHS[1]))) == [{"success": True, "retries": 0}]
    place.assert_has(MONTHS[0], MONTHS[2])


def test_the_current_month_is_read_up_to_today(place: Place) -> None:
    """Its last day may be in the future, which nobody may ask for."""
    assert place.run(month(TODAY.replace(day=1))) == [{"success": True, "retries": 0}]


def test_the_sensor_finds_each_account_once(place: Place) -> None:
    """An account is a partition, whose objects are loaded once however often it runs."""
    accounts = sorted(place.emulator.info["advertiser_ids"])
    runs = [{"asset": "objects", "partition": account} for account in (*accounts, accounts[0])]
    first, second, *loads = place.run({"sensor": "accounts"}, {"sensor": "accounts"}, *runs)
    assert (first, second) == ({"keys": accounts}, {"keys": []})
    assert loads == [{"success": True, "retries": 0}] * 3
    for table, key in (("campaigns", "campaign_id"), ("ads", "ad_id")):
        rows, keys, owners = place.query(
            f"SELECT count(*), count(DISTINCT ({key}, advertiser_id)), count(DISTINCT advertiser_id)"  # noqa: S608
            f" FROM tiktok_ads.{table}"
        )
        assert rows == keys > 0
        assert owners == len(accounts)
