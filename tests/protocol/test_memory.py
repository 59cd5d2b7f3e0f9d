"""On a machine with little memory, a sync ends in order before the system kills it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from programs import emulator_beside
from support import NOW, Outcome, catalog_of, config_for
from tiktok_marketing.airbyte.inputs import selected_streams, states_by_stream
from tiktok_marketing.airbyte.read import read
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.memory import meters
from tiktok_marketing.pipelines import RunOptions, load_async

STREAMS = ["ads_reports_hourly", "campaigns"]
MB = 2**20


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """The files in which a kernel describes a container with 200 megabytes, half of them in use."""
    files = {
        "proc/self/cgroup": "0::/",
        "sys/fs/cgroup/cgroup.controllers": "memory",
        "sys/fs/cgroup/memory.max": 200 * MB,
        "sys/fs/cgroup/memory.current": 100 * MB,
    }
    for name, content in files.items():
        path = tmp_path / "machine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(content))
    return tmp_path / "machine"


def fill(container: Path) -> None:
    """Use nearly all memory of the container."""
    (container / "sys/fs/cgroup/memory.current").write_text(str(190 * MB))


def keys(outcome: Outcome) -> set[Any]:
    """The keys of the rows of the report."""
    return {(row["ad_id"], row["stat_time_hour"]) for row in outcome.records("ads_reports_hourly")}


async def test_a_read_that_runs_out_of_memory_ends_with_a_state(container: Path) -> None:
    """And with INCOMPLETE, an error that says what to do, and exit code 1. The next read delivers the rest."""
    options = Options(now=NOW, tier="unlimited", days=30, advertisers=2, ads_per_account=20)
    async with Emulator(options) as emulator:
        config = parse_config(config_for(emulator, attribution_window=0))
        emulator.faults.add("contains=start_date=2026-06-1,latency=1")

        async def outcome_of(state: Any = None) -> Outcome:
            lines: list[bytes] = []
            code = await read(
                config,
                selected_streams(config, catalog_of(STREAMS)),
                states_by_stream(state),
                write=lambda portion: lines.extend(b"".join(portion).splitlines()),
                clock=FixedClock(NOW),
                address=emulator.url,
                limits=meters(container),
            )
            return Outcome(lines, code)

        reading = asyncio.create_task(outcome_of())
        while not any(  # noqa: ASYNC110 - the emulator has no event for it
            request.params.get("start_date", "").startswith("2026-06-1") for request in emulator.counters.requests
        ):
            await asyncio.sleep(0.01)
        fill(container)
        ended = await reading
        emulator.faults.clear()
        (container / "sys/fs/cgroup/memory.current").write_text("0")
        resumed = await outcome_of(ended.state_file)
        whole = await outcome_of()
    assert ended.exit_code == 1
    assert ended.statuses["ads_reports_hourly"][-1] == "INCOMPLETE"
    (error,) = ended.errors
    assert "190 of the 200 MiB that the container may use are in use" in error["message"]
    assert "Give it more memory" in error["message"]
    assert error["failure_type"] == "transient_error"
    assert resumed.exit_code == whole.exit_code == 0
    assert keys(ended) | keys(resumed) == keys(whole)
    assert keys(resumed) < keys(whole)


async def test_a_load_that_runs_out_of_memory_loads_what_it_has_read(container: Path, tmp_path: Path) -> None:
    """It gives the reason once, and the next sync completes it."""
    async with Emulator(Options(now=NOW, tier="unlimited", days=30, advertisers=2, ads_per_account=20)) as emulator:
        config = parse_config(config_for(emulator))
        at = RunOptions(clock=FixedClock(NOW), address=emulator.url, limits=meters(container))
        emulator.faults.add("path=report/integrated/get/,latency=0.4")
        fill(container)
        summary = await load_async(config, str(tmp_path / "x.duckdb"), streams=STREAMS, options=at)
        assert not summary.complete
        (missing,) = summary.missing()
        assert "The memory is nearly used up (190 of the 200 MiB" in missing
        assert any("The memory is nearly used up" in text for text in summary.notices)
        (container / "sys/fs/cgroup/memory.max").write_text("max")
        at = RunOptions(clock=FixedClock(NOW), address=emulator.url, limits=meters(container))
        assert (await load_async(config, str(tmp_path / "x.duckdb"), streams=STREAMS, options=at)).complete


def test_a_read_ends_in_order_at_the_limit_of_its_process(tmp_path: Path) -> None:
    """With a real `ulimit -v`, it ends with a message, not with a traceback or a kill."""
    with emulator_beside(Options(tier="unlimited", days=30, advertisers=2, ads_per_account=20)) as emulator:
        emulator.faults.add("path=report/integrated/get/,latency=2")
        config, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
        config.write_text(json.dumps(config_for(emulator, start_date="2026-01-01")))
        catalog.write_text(json.dumps(catalog_of(STREAMS)))
        command = [sys.executable, "-m", "tiktok_marketing.airbyte", "read"]
        command += ["--config", str(config), "--catalog", str(catalog)]

        def start(limit: str) -> subprocess.Popen[bytes]:
            script = f'ulimit -v {limit}; export MALLOC_ARENA_MAX=1 TIKTOK_API_URL="{emulator.url}"; exec "$@"'
            return subprocess.Popen(  # noqa: S603 - our own program
                ["/bin/bash", "-c", script, "bash", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )

        largest = 0
        with start("unlimited") as free:
            until = time.monotonic() + 20
            while emulator.counters.total("report/integrated/get/") < 12 and time.monotonic() < until:
                pages = Path(f"/proc/{free.pid}/statm").read_text().split(" ")[0]
                largest = max(largest, int(pages) * 4)
                time.sleep(0.01)
            free.kill()
            free.communicate()
        with start(str(largest * 104 // 100)) as tight:
            out, err = tight.communicate(timeout=60)
    outcome = Outcome(out.splitlines(), tight.returncode)
    assert outcome.exit_code == 1
    assert err == b""
    (error,) = outcome.errors
    assert "The memory is nearly used up" in error["message"]
    assert "ulimit -v" in error["message"]
