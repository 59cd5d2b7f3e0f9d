"""Four processes at once against one emulator that enforces the quota, in real time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from emulator_process import EmulatorProcess, emulator_process
from support import catalog_of, key_of
from tiktok_marketing.catalog import report_stream

STREAM = "campaigns_reports_hourly"
SHARDS = 4
TIER = 10
ENDPOINT = "report/integrated/get/"
WATCHED = 40.0


def counts(emulator: EmulatorProcess) -> tuple[int, int]:
    """Requests that were taken and refused so far."""
    rows = [row for row in emulator.control("counters")["counts"] if row["path"] == ENDPOINT]
    refused = sum(row["count"] for row in rows if row["answer"] == "40100")
    return sum(row["count"] for row in rows) - refused, refused


@contextmanager
def business() -> Iterator[tuple[EmulatorProcess, dict[str, Any]]]:
    """Accounts with sixty days each, and a configuration that reads them hour by hour, a request per day.

    So that a shard with few accounts is not at its end while all are watched.
    """
    first = datetime.now(UTC).date() - timedelta(days=60)
    with emulator_process(
        "--tier",
        "basic",
        "--advertisers",
        "20",
        "--days",
        "90",
        "--ads-per-account",
        "10",
        "--record-requests",
        "0",
        "--settled",
    ) as emulator:
        credentials = {name: emulator.info[name] for name in ("app_id", "secret", "access_token")}
        yield (
            emulator,
            {
                "credentials": {"auth_type": "oauth2.0", **credentials},
                "start_date": str(first),
                "end_date": str(first + timedelta(days=59)),
                "requests_per_second": TIER,
                "skip_empty_days": False,
                "include_deleted": True,
            },
        )


def reader(folder: Path, emulator: EmulatorProcess, shard: str) -> subprocess.Popen[bytes]:
    """A process that reads a shard."""
    name = shard.replace("/", "-")
    paths = ["--config", str(folder / "config.json"), "--catalog", str(folder / "catalog.json")]
    with (folder / f"{name}.jsonl").open("wb") as out:
        return subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "tiktok_marketing.airbyte", "read", *paths],
            stdout=out,
            env={**os.environ, "TIKTOK_API_URL": emulator.url, "TIKTOK_SHARD": shard},
        )


def ended(process: subprocess.Popen[bytes]) -> None:
    """End a process that is still there."""
    process.kill()
    process.wait()


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    """The keys and figures of all records that a process wrote."""
    stream = report_stream(STREAM)
    records = [json.loads(line)["record"] for line in path.read_text().splitlines() if '"type":"RECORD"' in line]
    return sorted(
        (record["data"]["advertiser_id"], *key_of(stream, record["data"]), record["data"]["metrics"]["spend"])
        for record in records
    )


@pytest.mark.thorough
def test_four_processes_share_a_quota(tmp_path: Path) -> None:
    """Together they use at least 90 % of it with less than 2 % refused; each row comes once, from one of them."""
    with business() as (emulator, config), ExitStack() as stack:
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "catalog.json").write_text(json.dumps(catalog_of([STREAM])))
        processes = [reader(tmp_path, emulator, f"{index}/{SHARDS}") for index in range(SHARDS)]
        for process in processes:
            stack.callback(ended, process)
        while counts(emulator)[0] < TIER:
            time.sleep(0.2)
        time.sleep(3)  # until each of them has begun
        before, began = counts(emulator), time.monotonic()
        time.sleep(WATCHED)
        after, now = counts(emulator), time.monotonic()
        assert all(process.poll() is None for process in processes), "one had ended while they were watched"
        taken, refused = after[0] - before[0], after[1] - before[1]
        assert taken >= 0.9 * TIER * (now - began), f"{taken} requests in {now - began:.1f} s"
        assert refused < 0.02 * (taken + refused), f"{refused} of {taken + refused} were refused"
        assert [process.wait(300) for process in processes] == [0] * SHARDS
        truths = [
            emulator.control(
                f"truth?advertiser_id={account}&start_date={config['start_date']}&end_date={config['end_date']}"
            )
            for account in emulator.info["advertiser_ids"]
        ]
    rows = [row for index in range(SHARDS) for row in rows_of(tmp_path / f"{index}-{SHARDS}.jsonl")]
    assert len(rows) == len(set(rows)) == sum(truth["rows"]["campaign"]["hourly"] for truth in truths)
    assert sum(Decimal(row[-1]) for row in rows) == sum(
        Decimal(truth["metrics"]["campaign"]["spend"]) for truth in truths
    )
