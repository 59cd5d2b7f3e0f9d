"""Four processes at once against one emulator that enforces the quota, in real time. One of them may die."""

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
from tiktok_marketing.shards import Shard

STREAM = "campaigns_reports_hourly"
SHARDS = 4
TIER = 10
ENDPOINT = "report/integrated/get/"
WATCHED = 40.0
_SOME_STATES = 10


def counts(emulator: EmulatorProcess) -> tuple[int, int]:
    """Requests that were taken and refused so far."""
    rows = [row for row in emulator.control("counters")["counts"] if row["path"] == ENDPOINT]
    refused = sum(row["count"] for row in rows if row["answer"] == "40100")
    return sum(row["count"] for row in rows) - refused, refused


@contextmanager
def business(accounts: int = 40, days: int = 30) -> Iterator[tuple[EmulatorProcess, dict[str, Any]]]:
    """Accounts with many days each, and a configuration that reads them hour by hour, a request per day.

    So that the shard with the fewest accounts (7 of 40) is not at its end while all are watched.
    """
    last = datetime.now(UTC).date() - timedelta(days=2)  # yesterday is not over everywhere, so its hours still appear
    first = last - timedelta(days=days - 1)
    with emulator_process(
        "--tier",
        "basic",
        "--advertisers",
        str(accounts),
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
                "end_date": str(last),
                "requests_per_second": TIER,
                "skip_empty_days": False,
                "include_deleted": True,
            },
        )


def reader(
    folder: Path, emulator: EmulatorProcess, shard: str, name: str = "", state: Path | None = None
) -> subprocess.Popen[bytes]:
    """A process that reads a shard into a file of a name; without one, into that of the shard."""
    name = name or shard.replace("/", "-")
    paths = ["--config", str(folder / "config.json"), "--catalog", str(folder / "catalog.json")]
    paths += ["--state", str(state)] if state else []
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
    whole_lines = path.read_text().splitlines(keepends=True)  # a killed process may leave part of one
    records = [json.loads(line)["record"] for line in whole_lines if '"type":"RECORD"' in line and line.endswith("\n")]
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
        expected = truth_of(emulator, config)
    rows = [row for index in range(SHARDS) for row in rows_of(tmp_path / f"{index}-{SHARDS}.jsonl")]
    assert len(rows) == len(set(rows))
    assert (len(rows), sum(Decimal(row[-1]) for row in rows)) == expected


def truth_of(emulator: EmulatorProcess, config: dict[str, Any]) -> tuple[int, Decimal]:
    """How many rows there are, and what they spent."""
    truths = [
        emulator.control(
            f"truth?advertiser_id={account}&start_date={config['start_date']}&end_date={config['end_date']}"
        )
        for account in emulator.info["advertiser_ids"]
    ]
    return (
        sum(truth["rows"]["campaign"]["hourly"] for truth in truths),
        sum((Decimal(truth["metrics"]["campaign"]["spend"]) for truth in truths), Decimal(0)),
    )


def wait_for_use(emulator: EmulatorProcess, running: list[subprocess.Popen[bytes]], least: float) -> None:
    """Wait until a fraction of the quota is used in ten seconds."""
    while True:
        before, began = counts(emulator)[0], time.monotonic()
        time.sleep(10)
        assert all(process.poll() is None for process in running), "a shard ended before the others had taken over"
        if counts(emulator)[0] - before >= least * TIER * (time.monotonic() - began):
            return


def wait_for_states(path: Path, running: subprocess.Popen[bytes]) -> None:
    """Wait until a process has written some states, each of which covers more days."""
    while path.read_text().count('{"type":"STATE"') < _SOME_STATES:
        assert running.poll() is None, "it ended before it had read so far"
        time.sleep(0.5)


@pytest.mark.thorough
def test_a_killed_shard_costs_no_row_and_its_share_of_the_quota_is_taken_over(tmp_path: Path) -> None:
    """The others use what it leaves. Run again with the same number, it goes on from the state that it left."""
    with business(accounts=30, days=85) as (emulator, config), ExitStack() as stack:
        # No day is read again that a state covers.
        (tmp_path / "config.json").write_text(json.dumps(config | {"attribution_window": 0}))
        (tmp_path / "catalog.json").write_text(json.dumps(catalog_of([STREAM])))
        processes = [reader(tmp_path, emulator, f"{index}/{SHARDS}") for index in range(SHARDS)]
        for process in processes:
            stack.callback(ended, process)
        shards = [Shard(index, SHARDS) for index in range(SHARDS)]
        accounts = emulator.info["advertiser_ids"]
        victim = min(shards, key=lambda shard: sum(map(shard.owns, accounts))).index
        wait_for_use(emulator, processes, 0.85)  # all of them have begun
        killed = tmp_path / f"{victim}-{SHARDS}.jsonl"
        wait_for_states(killed, processes[victim])
        ended(processes[victim])
        left = [process for process in processes if process is not processes[victim]]
        wait_for_use(emulator, left, 0.85)
        merged = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "tiktok_marketing.cli", "state", "merge", str(killed)],
            stdout=subprocess.PIPE,
            check=True,
        )
        (tmp_path / "state.json").write_bytes(merged.stdout)
        again = reader(tmp_path, emulator, f"{victim}/{SHARDS}", "again", tmp_path / "state.json")
        stack.callback(ended, again)
        assert [process.wait(400) for process in (*left, again)] == [0] * SHARDS
        taken, refused = counts(emulator)
        expected = truth_of(emulator, config)
    assert refused < 0.03 * (taken + refused), f"{refused} of {taken + refused} were refused"
    before, after = rows_of(killed), rows_of(tmp_path / "again.jsonl")
    assert 0 < len(after) < len({*before, *after}), "it began from the beginning"
    others = [
        row for index in range(SHARDS) if index != victim for row in rows_of(tmp_path / f"{index}-{SHARDS}.jsonl")
    ]
    assert len(others) == len(set(others))
    rows = {*others, *before, *after}  # what it had delivered since its last state comes again
    assert (len(rows), sum(Decimal(row[-1]) for row in rows)) == expected
