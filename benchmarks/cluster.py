"""1,000 accounts with one process, four shards and Spark at one quota, and what a partition costs.

Each reads the same days of the same report from an emulator that enforces the quota. Time is that between the first
request and the last one, which a watch sees from outside: what starts before, such as Spark, is in the other figure.
Spark needs the environment that `make cluster ONLY=spark` makes.

    python benchmarks/cluster.py [--accounts 1000] [--days 60] [--per-second 50]
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from harness import (
    Figure,
    catalog_of,
    config_for,
    emulator,
    leave,
    machine,
    measure,
    options,
    refused_of,
    requests_of,
    reset,
)
from tiktok_marketing.cluster.partition import ReadPartition
from tiktok_marketing.cluster.planning import Division
from tiktok_marketing.cluster.progress import advance, merge
from tiktok_marketing.cluster.reading import PartitionReader, plan
from tiktok_marketing.config import Config

ROOT = Path(__file__).parents[1]
SPARK = ROOT / ".venv-cluster-spark" / "bin" / "python"
STREAM = "campaigns_reports_daily"
SHARDS = 4
TIERS = {10: "basic", 20: "advanced", 30: "premium", 50: "ultimate"}
PARTITIONS = 100
REPEATED = 20
"""How often a partition is read to see what it costs."""


class Reading(msgspec.Struct, kw_only=True):
    """How a read of all accounts went.

    Args:
        seconds: From the start of its processes to their end.
        asking: From the first request to the last.
        requests: Requests that arrived, refused ones included.
        refused: Those of them that exceeded the quota.
        rows: Rows that were read.
    """

    seconds: float = 0.0
    asking: float = 0.0
    requests: int = 0
    refused: int = 0
    rows: int = 0


@contextmanager
def watched(ready: dict[str, Any]) -> Iterator[Reading]:
    """Measure what happens at an emulator meanwhile."""
    reset(ready)
    reading, ended, times = Reading(), threading.Event(), [0.0, 0.0]

    def watch() -> None:
        before = 0
        while not ended.wait(0.2):
            count = sum(requests_of(ready).values())
            if count != before:
                now = time.perf_counter()
                times[:] = [times[0] or now, now]
            before = count

    thread = threading.Thread(target=watch)
    thread.start()
    began = time.perf_counter()
    try:
        yield reading
    finally:
        reading.seconds = time.perf_counter() - began
        ended.set()
        thread.join()
    reading.asking = times[1] - times[0]
    reading.requests = sum(requests_of(ready).values())
    reading.refused = refused_of(ready)


def one_process(ready: dict[str, Any], config: dict[str, Any]) -> int:
    """Read with one process."""
    return _rows(ready, config, {})


def four_shards(ready: dict[str, Any], config: dict[str, Any]) -> int:
    """Read with four processes at the same time."""
    with ThreadPoolExecutor(SHARDS) as threads:
        shards = [{"TIKTOK_SHARD": f"{index}/{SHARDS}"} for index in range(SHARDS)]
        return sum(threads.map(lambda shard: _rows(ready, config, shard), shards))


def spark(ready: dict[str, Any], config: dict[str, Any]) -> int:
    """Read with a local cluster of two workers."""
    credentials = {name: config["credentials"][name] for name in ("app_id", "secret", "access_token")}
    settings = {name: str(value) for name, value in config.items() if name != "credentials"} | credentials
    ended = subprocess.run(  # noqa: S603 - our own script
        [str(SPARK), str(Path(__file__).with_name("cluster_spark.py")), STREAM, str(SHARDS), json.dumps(settings)],
        env=os.environ
        | {"PYTHONPATH": str(ROOT / "src"), "PYSPARK_PYTHON": str(SPARK), "PYSPARK_DRIVER_PYTHON": str(SPARK)}
        | {"TIKTOK_API_URL": ready["url"], "SPARK_LOCAL_IP": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return int(ended.stdout.split()[-1])


def _rows(ready: dict[str, Any], config: dict[str, Any], variables: dict[str, str]) -> int:
    read = ["read", "--config", "{config}", "--catalog", "{catalog}"]
    files = {"config": config, "catalog": catalog_of(STREAM)}
    measured = measure(read, files, url=ready["url"], environment=variables)
    assert measured.exit_code == 0
    return measured.records


WAYS: dict[str, Callable[[dict[str, Any], dict[str, Any]], int]] = {
    "one process": one_process,
    f"{SHARDS} shards": four_shards,
    f"Spark, {SHARDS} partitions on two workers": spark,
}


async def partition_figures(ready: dict[str, Any], first: date, last: date) -> list[Figure]:
    """What a partition costs: its text, its plan, and reading it where there is nothing to read."""
    os.environ["TIKTOK_API_URL"] = ready["url"]
    names = ("access_token", "app_id", "secret")
    config = Config(**{name: ready[name] for name in names}, start_date=first, end_date=last, requests_per_second=1000)
    planned = await plan(config, streams=[STREAM], division=Division(partitions=1))
    began = time.process_time()
    divided = await plan(config, streams=[STREAM], division=Division(partitions=PARTITIONS))
    planning = time.process_time() - began
    accounts = len(planned.partitions[0].accounts)
    (one,) = planned.partitions
    readers = [PartitionReader(partition, config) for partition in divided.partitions]
    for reader in readers:
        async for _ in reader.rows():
            pass
    states = advance(config, divided.states, merge(reader.progress for reader in readers))
    (again,) = (await plan(config, streams=[STREAM], state=states, division=Division(partitions=1))).partitions
    idle = msgspec.structs.replace(divided.partitions[0], accounts=divided.partitions[0].accounts[:1], first=last)
    reset(ready)
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(REPEATED):
        async for _rows in PartitionReader(idle, config).rows():
            pass
    seconds, cpu = (time.perf_counter() - began) / REPEATED, (time.process_time() - cpu) / REPEATED
    asked = sum(requests_of(ready).values()) / REPEATED
    return [
        Figure(
            what=f"planning {accounts:,} accounts in {len(divided.partitions)} partitions, CPU",
            value=planning,
            unit="s",
        ),
        Figure(what="a partition as JSON, per account: first load", value=_bytes(one) / accounts, unit="bytes"),
        Figure(what="a partition as JSON, per account: with a state", value=_bytes(again) / accounts, unit="bytes"),
        Figure(
            what="reading a partition of one account and one day, CPU",
            value=1000 * cpu,
            unit="ms",
            remark=f"{1000 * seconds:.0f} ms on the clock",
        ),
        Figure(what="reading a partition of one account and one day: requests", value=asked),
    ]


def _bytes(partition: ReadPartition) -> int:
    return len(partition.to_json())


def way_figures(name: str, reading: Reading, per_second: float) -> list[Figure]:
    """The figures of one way to read all accounts."""
    rate = reading.requests / (reading.asking or reading.seconds) / per_second
    return [
        Figure(
            what=f"{name}: from the first request to the last",
            value=reading.asking,
            unit="s",
            remark=f"{reading.seconds:.0f} s with its start and end; {100 * rate:.0f} % of the quota",
        ),
        Figure(what=f"{name}: requests", value=reading.requests, remark=f"{reading.refused} of them refused"),
        Figure(what=f"{name}: rows", value=reading.rows),
    ]


def main() -> None:
    """Read all accounts in each way, and print what it took."""
    parser = options(__doc__)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--per-second", type=int, default=50, choices=TIERS)
    arguments = parser.parse_args()
    last = datetime.now(UTC).date() - timedelta(days=3)
    first = last - timedelta(days=arguments.days - 1)
    figures: list[Figure] = []
    business = ["--advertisers", str(arguments.accounts), "--active", str(arguments.accounts)]
    business += ["--days", str(arguments.days + 10), "--ads-per-account", "3", "--record-requests", "0"]
    print(f"{machine()}; {arguments.accounts:,} accounts, {STREAM}, {arguments.days} days")
    with emulator(*business, "--tier", TIERS[arguments.per_second]) as ready:
        config = config_for(ready, start_date=str(first), end_date=str(last))
        config |= {"requests_per_second": arguments.per_second, "include_deleted": True, "skip_empty_days": False}
        for name, way in WAYS.items():
            if way is spark and not SPARK.exists():
                print(f"{name}: left out, because {SPARK} is missing")
                continue
            with watched(ready) as reading:
                reading.rows = way(ready, config)
            figures += way_figures(name, reading, arguments.per_second)
    with emulator(*business) as ready:
        figures += asyncio.run(partition_figures(ready, first, last))
    for figure in figures:
        print(f"{figure.what}: {figure.value:,.1f} {figure.unit} {figure.remark}".rstrip())
    leave(figures, arguments.json)


if __name__ == "__main__":
    main()
