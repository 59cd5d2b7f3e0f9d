"""The example for Airflow: its mapped task runs for real, is tried again, and reads partitions twice."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from emulator_process import EmulatorProcess, emulator_process

pytestmark = pytest.mark.timeout(1_800)  # Airflow begins with dozens of migrations, on a machine that may be busy

ROOT = Path(__file__).parents[2]
RUNS = Path(__file__).with_name("airflow_runs.py")
LAST = datetime.now(UTC).date() - timedelta(days=3)
FIRST = LAST - timedelta(days=19)
"""Days that are over in every account."""


class Place(msgspec.Struct):
    """An emulator, and an Airflow whose DAG loads from it.

    Args:
        python: The Python that has Airflow.
        emulator: The emulator.
        folder: Where everything is.
    """

    python: str
    emulator: EmulatorProcess
    folder: Path

    def call(self, *arguments: str) -> str:
        """Run a program with the environment that a worker has, and give what it prints."""
        names = ("app_id", "secret", "access_token")
        environment = {f"TIKTOK_{name.upper()}": self.emulator.info[name] for name in names} | {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "examples"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PYTHONPATH": str(ROOT / "src"),
            "TIKTOK_API_URL": self.emulator.url,
            "TIKTOK_STAGING": str(self.folder / "staging"),
            "TIKTOK_DUCKDB": str(self.folder / "tiktok.duckdb"),
            "TIKTOK_START_DATE": str(FIRST),
            "TIKTOK_END_DATE": str(LAST),
            "TIKTOK_REQUESTS_PER_SECOND": "500",
        }
        ended = subprocess.run(  # noqa: S603 - our own program, and Airflow's
            [self.python, *arguments], env=environment, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
        return ended.stdout

    def steps(self, *steps: str) -> list[dict[str, Any]]:
        """What some steps came to."""
        out = self.call(str(RUNS), *steps)
        return [json.loads(line) for line in out.splitlines() if line.startswith(('{"state"', '{"partitions"'))]

    def assert_is_whole(self) -> None:
        """The table has each row once, with the emulator's spend, and all states are at the last day."""
        accounts = self.emulator.info["advertiser_ids"]
        truths = [
            self.emulator.control(f"truth?advertiser_id={account}&start_date={FIRST}&end_date={LAST}&hourly=false")
            for account in accounts
        ]
        with duckdb.connect(str(self.folder / "tiktok.duckdb"), read_only=True) as database:
            ((rows, keys, spend),) = database.execute(
                "SELECT count(*), count(DISTINCT (advertiser_id, ad_id, stat_time_day)), sum(spend)"
                " FROM ads_reports_daily"
            ).fetchall()
            ((campaigns, ids),) = database.execute(
                "SELECT count(*), count(DISTINCT (advertiser_id, campaign_id)) FROM campaigns"
            ).fetchall()
            ((state,),) = database.execute(
                "SELECT state FROM tiktok_states WHERE stream = 'ads_reports_daily'"
            ).fetchall()
        assert rows == keys == sum(truth["rows"]["ad"]["daily"] for truth in truths) > 0
        assert spend == sum(Decimal(truth["metrics"]["ad"]["spend"]) for truth in truths)
        assert campaigns == ids > 0
        cursors = {each["partition"]["advertiser_id"]: each["cursor"] for each in json.loads(state)["states"]}
        assert cursors == {account: {"stat_time_day": str(LAST)} for account in accounts}


@pytest.fixture
def place(python: str, tmp_path: Path) -> Iterator[Place]:
    """Two accounts, whose figures are final, and an Airflow whose own database is new."""
    with emulator_process("--advertisers", "2", "--days", "40", "--ads-per-account", "5", "--settled") as emulator:
        place = Place(python, emulator, tmp_path)
        place.call("-m", "airflow", "db", "migrate")
        yield place


def tries_of(run: dict[str, Any], task: str) -> list[int]:
    """How often each instance of a task was tried."""
    return sorted(each["tries"] for each in run["tasks"] if each["task"] == task)


def test_partitions_that_are_tried_again_or_read_twice_have_each_row_once(place: Place) -> None:
    """The second try reads a refused account. The next run and doubled partitions double nothing."""
    refused = place.emulator.info["advertiser_ids"][0]
    place.emulator.fault(f"code=40001,advertiser={refused},path=report/integrated/get/,times=1")
    (run,) = place.steps("run")
    assert run["state"] == "success"
    assert tries_of(run, "read_partition") == [1, 1, 1, 2]
    place.assert_is_whole()
    again, doubled = place.steps("run", "double")
    assert again["state"] == "success"
    assert tries_of(again, "read_partition") == [1, 1, 1, 1]
    assert doubled == {"partitions": 8}
    place.assert_is_whole()
