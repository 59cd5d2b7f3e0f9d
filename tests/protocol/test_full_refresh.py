"""A full refresh that is killed goes on in its next attempt, in processes of its own and over real sockets."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from protocol.processes import Files, Finished, run, start
from support import Outcome, catalog_of, config_for, key_of
from tiktok_marketing.catalog import stream_named
from tiktok_marketing.emulator import Emulator, Fault, Options

pytestmark = pytest.mark.thorough

STREAMS = ["ads_reports_daily", "ads_reports_hourly", "ads_reports_lifetime", "ads", "audiences", "advertisers"]
PLATFORM = {"generation_id": 3, "minimum_generation_id": 3, "sync_id": 1207}
IDS = {"without ids": {}, "ids of a platform": PLATFORM, "ids that never change": {"generation_id": 0, "sync_id": 0}}


@pytest_asyncio.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """Accounts whose answers take a while."""
    options = Options(now=datetime.now(UTC), tier="unlimited", days=15, ads_per_account=12, advertisers=6)
    async with Emulator(options) as running:
        running.faults.add(Fault(latency=0.03))
        yield running


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A folder for configurations, catalogs and states."""
    return Files(tmp_path)


def whole_catalog(ids: Mapping[str, int], names: list[str] = STREAMS) -> dict[str, Any]:
    """A catalog in full refresh, as a platform or a runner writes it."""
    catalog = catalog_of(names, incremental=False)
    for entry in catalog["streams"]:
        entry |= {"destination_sync_mode": "overwrite", **ids}
    return catalog


def keys(outcome: Outcome, name: str) -> set[tuple[Any, ...]]:
    """The keys of a stream's records."""
    stream = stream_named(name)
    assert stream is not None
    return {key_of(stream, record) for record in outcome.records(name)}


def progress_of(outcome: Outcome, name: str) -> dict[str, str]:
    """How far each account was read by the last state."""
    accounts: dict[str, str] = outcome.last_states[name]["full_refresh"]["accounts"]
    return accounts


async def killed_after(lines: int, *arguments: str | Path, url: str) -> Finished:
    """A read that is killed once it has written this many records of hourly reports."""
    process = await start("read", *arguments, url=url)
    assert process.stdout is not None
    written = []
    async for line in process.stdout:
        written.append(line)
        lines -= b'"stream":"ads_reports_hourly","data"' in line
        if lines <= 0:
            process.send_signal(signal.SIGKILL)
            break
    rest, stderr = await process.communicate()
    output = b"".join(written) + rest
    return Finished(output[: output.rindex(b"\n") + 1], stderr, process.returncode or 0)


@pytest.mark.parametrize("ids", IDS.values(), ids=IDS)
async def test_the_next_attempt_of_a_killed_refresh_delivers_the_rest(
    emulator: Emulator, files: Files, ids: dict[str, int]
) -> None:
    """Together the attempts have every row, and no row that a state covered comes twice."""
    settings = config_for(emulator, start_date="2026-01-01", report_granularity=3, requests_per_second=30)
    config = files.write("c.json", settings)
    arguments = ("--config", config, "--catalog", files.write("catalog.json", whole_catalog(ids)))
    first = await killed_after(1500, *arguments, url=emulator.url)
    assert first.exit_code == -signal.SIGKILL
    emulator.faults.clear()
    state = files.write("state.json", first.state_file)
    second = await run("read", *arguments, "--state", state, url=emulator.url)
    assert second.exit_code == 0, second.errors
    whole = await run("read", *arguments, url=emulator.url)
    for name in STREAMS:
        assert keys(first, name) | keys(second, name) == keys(whole, name) != set(), name
    for name in [name for name in STREAMS if name in first.last_states and name != "advertisers"]:
        reached = progress_of(first, name)
        for record in second.records(name):
            day = str(record.get("stat_time_day") or record.get("stat_time_hour") or "")[:10]
            covered = reached.get(str(record["advertiser_id"]), "")
            assert covered != "finished", name
            assert not day or day > covered, name
    assert progress_of(first, "ads_reports_hourly")
    repeated = sum(len(keys(first, name) & keys(second, name)) for name in STREAMS if name != "advertisers")
    assert repeated < sum(len(first.records(name)) for name in STREAMS) / 2
    assert any("goes on where it was interrupted" in line["message"] for line in second.of_type("LOG"))


async def test_a_refresh_whose_state_is_finished_is_read_again_by_the_next_job(
    emulator: Emulator, files: Files
) -> None:
    """The platform numbers it, or hands the same numbers over each time, or none."""
    emulator.faults.clear()
    config = files.write("c.json", config_for(emulator, start_date="2026-01-01"))
    first = await run(
        "read", "--config", config, "--catalog", files.write("1.json", whole_catalog(PLATFORM)), url=emulator.url
    )
    unnumbered = await run(
        "read", "--config", config, "--catalog", files.write("2.json", whole_catalog({})), url=emulator.url
    )
    next_job = {**PLATFORM, "generation_id": 4, "minimum_generation_id": 4, "sync_id": 1208}
    for before, ids in ((first, next_job), (first, {}), (unnumbered, {}), (unnumbered, PLATFORM)):
        catalog = files.write("catalog.json", whole_catalog(ids))
        state = files.write("state.json", before.state_file)
        again = await run("read", "--config", config, "--catalog", catalog, "--state", state, url=emulator.url)
        for name in STREAMS:
            assert len(again.records(name)) == len(first.records(name)) > 0


async def test_a_stream_that_is_finished_is_not_read_again_by_the_same_job(emulator: Emulator, files: Files) -> None:
    """Here one account's ads fail. The next attempt reads these ads, and what is read in one request for all."""
    refused = emulator.advertiser_ids[2]
    emulator.faults.clear()
    emulator.faults.add(Fault(path="ad/get/", advertiser=refused, code=40001))
    config = files.write("c.json", config_for(emulator, start_date="2026-01-01"))
    arguments = ("--config", config, "--catalog", files.write("catalog.json", whole_catalog(PLATFORM)))
    first = await run("read", *arguments, url=emulator.url)
    assert first.exit_code == 1
    emulator.faults.clear()
    state = files.write("state.json", first.state_file)
    second = await run("read", *arguments, "--state", state, url=emulator.url)
    assert second.exit_code == 0
    counts = {name: len(second.records(name)) for name in STREAMS}
    assert {name for name, count in counts.items() if count} == {"ads", "advertisers"}
    assert {str(record["advertiser_id"]) for record in second.records("ads")} == {refused}
    warnings = [line["message"] for line in second.of_type("LOG") if line["level"] == "WARN"]
    assert sum("has delivered everything, so nothing is read again" in text for text in warnings) == 4


async def test_a_window_that_failed_is_read_by_the_next_attempt(emulator: Emulator, files: Files) -> None:
    """Days after it that were read are read again, because the state stays before it."""
    emulator.faults.clear()
    config = files.write("c.json", config_for(emulator, start_date="2026-01-01", report_granularity=2))
    catalog = files.write("catalog.json", whole_catalog(PLATFORM, ["ads_reports_daily"]))
    arguments = ("--config", config, "--catalog", catalog)
    whole = await run("read", *arguments, url=emulator.url)
    days = sorted({row["stat_time_day"][:10] for row in whole.records("ads_reports_daily")})
    account = emulator.advertiser_ids[0]
    fault = Fault(path="report/integrated/get/", advertiser=account, contains=days[5], code=20001, keep=0.5)
    emulator.faults.add(fault)
    first = await run("read", *arguments, url=emulator.url)
    assert first.exit_code == 1
    emulator.faults.clear()
    state = files.write("state.json", first.state_file)
    second = await run("read", *arguments, "--state", state, url=emulator.url)
    assert second.exit_code == 0
    assert keys(first, "ads_reports_daily") | keys(second, "ads_reports_daily") == keys(whole, "ads_reports_daily")
    assert {str(row["advertiser_id"]) for row in second.records("ads_reports_daily")} == {account}


async def test_each_stream_writes_a_state_when_it_begins(emulator: Emulator, files: Files) -> None:
    """It says that the refresh is unfinished, and replaces the state of an earlier one."""
    emulator.faults.clear()
    config = files.write("c.json", config_for(emulator, start_date="2026-01-01"))
    catalog = files.write("catalog.json", whole_catalog({}, ["campaigns"]))
    finished = await run("read", "--config", config, "--catalog", catalog, url=emulator.url)
    states = [message["stream"]["stream_state"]["full_refresh"] for message in finished.of_type("STATE")]
    assert [state["complete"] for state in (states[0], states[-1])] == [False, True]
    assert states[0]["accounts"] == {}
    assert set(states[-1]["accounts"].values()) == {"finished"}
    assert json.dumps(finished.of_type("STATE")).count("token") == 0
