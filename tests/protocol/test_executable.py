"""The executable `source-tiktok-marketing`, as the platform runs it: files in, lines out, an exit code."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from protocol.processes import Files, Finished, run, start
from support import NOW, Outcome, catalog_of, config_for
from tiktok_marketing.airbyte.spec import CONNECTION_SPECIFICATION
from tiktok_marketing.catalog import ALL_STREAMS
from tiktok_marketing.emulator import Emulator, Fault, Options


@pytest_asyncio.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """A small business without a quota. No hour appears between two reads, because its clock stands still."""
    async with Emulator(Options(now=datetime.now(UTC), tier="unlimited", days=20, ads_per_account=15)) as running:
        yield running


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A folder for configurations, catalogs and states."""
    return Files(tmp_path)


RECENT = {"start_date": "2026-01-01"}


async def test_spec_prints_the_specification() -> None:
    """It needs no file. The message has OAuth, the sandbox and the fields that only this project has."""
    finished = await run("spec")
    assert finished.exit_code == 0
    (message,) = finished.messages
    spec = message["spec"]
    assert spec["connectionSpecification"] == CONNECTION_SPECIFICATION
    branches = spec["connectionSpecification"]["properties"]["credentials"]["oneOf"]
    assert [branch["properties"]["auth_type"]["const"] for branch in branches] == ["oauth2.0", "sandbox_access_token"]
    assert spec["advanced_auth"]["predicate_key"] == ["credentials", "auth_type"]
    assert spec["connectionSpecification"]["additionalProperties"] is True


async def test_check_succeeds_with_a_good_configuration(emulator: Emulator, files: Files) -> None:
    """It tries the token, the accounts and a report."""
    finished = await run("check", "--config", files.write("c.json", config_for(emulator)), url=emulator.url)
    assert finished.exit_code == 0
    assert finished.messages == [{"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}]
    assert emulator.counters.total("report/integrated/get/") > 0


@pytest.mark.parametrize(
    ("change", "fault", "words"),
    [
        ({"access_token": "wrong"}, None, "Authorize the application again"),
        ({"secret": "wrong"}, None, "belong to the same TikTok application"),
        ({}, Fault(code=40001, path="report/integrated/get/"), "the scope for this data"),
        ({}, Fault(code=40300, path="advertiser/info/"), "exclude_advertiser_ids"),
    ],
    ids=["wrong token", "wrong secret", "no right to reports", "a lost account"],
)
async def test_check_says_what_is_wrong_and_what_to_do(
    emulator: Emulator, files: Files, change: dict[str, str], fault: Fault | None, words: str
) -> None:
    """The exit code is 0: the message has the answer."""
    config = config_for(emulator)
    config["credentials"] |= change
    if fault is not None:
        emulator.faults.add(fault)
    finished = await run("check", "--config", files.write("c.json", config), url=emulator.url)
    assert finished.exit_code == 0
    (message,) = finished.messages
    assert message["connectionStatus"]["status"] == "FAILED"
    assert words in message["connectionStatus"]["message"]
    assert "Traceback" not in finished.stderr


async def test_check_names_a_chosen_account_that_is_not_granted(emulator: Emulator, files: Files) -> None:
    """And not the chosen account that is granted."""
    config = config_for(emulator, advertiser_ids=["7000000000000000009", emulator.advertiser_ids[0]])
    finished = await run("check", "--config", files.write("c.json", config), url=emulator.url)
    status = finished.messages[0]["connectionStatus"]
    assert status["status"] == "FAILED"
    assert "Account 7000000000000000009" in status["message"]
    assert f"Account {emulator.advertiser_ids[0]}" not in status["message"]


async def test_discover_prints_the_catalog(files: Files) -> None:
    """It sends nothing to TikTok, and lists every stream with its schema, key and cursor."""
    config = {"credentials": {"auth_type": "oauth2.0", "app_id": "1", "secret": "2", "access_token": "3"}}
    finished = await run("discover", "--config", files.write("c.json", config))
    streams = {stream["name"]: stream for stream in finished.messages[0]["catalog"]["streams"]}
    assert list(streams) == [stream.name for stream in ALL_STREAMS]
    ads = streams["ads_reports_daily"]
    assert ads["source_defined_primary_key"] == [["ad_id"], ["stat_time_day"]]
    assert ads["default_cursor_field"] == ["stat_time_day"]
    assert ads["supported_sync_modes"] == ["full_refresh", "incremental"]
    assert ads["json_schema"]["properties"]["advertiser_id"]["type"] == ["null", "integer"]


async def test_discover_lists_only_what_a_sandbox_has(files: Files) -> None:
    """Here with the old form of a sandbox configuration."""
    config = {"access_token": "3", "environment": {"advertiser_id": "7000000000000000001"}}
    finished = await run("discover", "--config", files.write("c.json", config))
    names = {stream["name"] for stream in finished.messages[0]["catalog"]["streams"]}
    assert names == {stream.name for stream in ALL_STREAMS if stream.sandbox}
    assert "advertiser_ids" not in names


async def test_read_goes_on_from_a_state_file(emulator: Emulator, files: Files) -> None:
    """A second read delivers only some of the rows again."""
    config = files.write("c.json", config_for(emulator, **RECENT))
    catalog = files.write("catalog.json", catalog_of(["campaigns", "ads_reports_daily"]))
    first = await run("read", "--config", config, "--catalog", catalog, url=emulator.url)
    assert first.exit_code == 0, first.errors
    assert first.records("ads_reports_daily")
    state = files.write("state.json", first.state_file)
    emulator.counters.reset()
    second = await run("read", "--config", config, "--catalog", catalog, "--state", state, url=emulator.url)
    assert second.exit_code == 0
    assert 0 < len(second.records("ads_reports_daily")) < len(first.records("ads_reports_daily"))


async def test_a_clock_that_is_ahead_costs_no_row(emulator: Emulator, files: Files) -> None:
    """Days that have not begun at TikTok are read again once they have begun. The log warns of the clock."""
    now = datetime.now(UTC)
    begun = now - timedelta(hours=26)
    config = files.write(
        "c.json", config_for(emulator, start_date=f"{now - timedelta(days=4):%F}", attribution_window=0)
    )
    catalog = files.write("catalog.json", catalog_of(["advertisers", "ads_reports_hourly"]))
    emulator.clock.set(begun)
    first = await run("read", "--config", config, "--catalog", catalog, url=emulator.url)
    assert first.exit_code == 0
    (warning,) = (line["message"] for line in first.of_type("LOG") if "clock" in line["message"])
    assert warning.startswith("This machine's clock is 26.0 hours ahead of TikTok's")
    emulator.clock.set(now)
    state = files.write("state.json", first.state_file)
    second = await run("read", "--config", config, "--catalog", catalog, "--state", state, url=emulator.url)
    assert not [line for line in second.of_type("LOG") if "clock" in line["message"]]
    whole = await run("read", "--config", config, "--catalog", catalog, url=emulator.url)
    rows_of_both, all_rows = (
        {(row["ad_id"], row["stat_time_hour"]): row for run in runs for row in run.records("ads_reports_hourly")}
        for runs in ([first, second], [whole])
    )
    first_days = {  # the days that were not over at the first read
        row["advertiser_id"]: str(begun.astimezone(ZoneInfo(row["display_timezone"])).date())
        for row in whole.records("advertisers")
    }
    hours = [key for key, row in all_rows.items() if key[1] >= first_days[row["advertiser_id"]]]
    assert len(hours) > 20
    assert [key for key in hours if rows_of_both.get(key) != all_rows[key]] == []


WRONG = {
    "bad JSON": ("read", "{", "valid JSON"),
    "no credentials": ("read", {"start_date": "2026-01-01"}, "no credentials"),
    "no token": ("read", {"credentials": {"auth_type": "oauth2.0", "app_id": "1", "secret": "2"}}, "access_token"),
    "a bad date": ("read", {"start_date": "2026-13-45"}, "start_date"),
    "dates the wrong way round": ("read", {"start_date": "2026-02-01", "end_date": "2026-01-01"}, "after end_date"),
}


@pytest.mark.parametrize(("command", "content", "words"), WRONG.values(), ids=WRONG)
async def test_a_wrong_configuration_is_a_config_error_that_names_the_mistake(
    files: Files, command: str, content: Any, words: str
) -> None:
    """And nothing else is printed."""
    if isinstance(content, dict) and "credentials" not in content and words != "no credentials":
        content = {
            **content,
            "credentials": {"auth_type": "oauth2.0", "app_id": "1", "secret": "2", "access_token": "3"},
        }
    config, catalog = files.write("c.json", content), files.write("catalog.json", catalog_of(["ads"]))
    finished = await run(command, "--config", config, "--catalog", catalog)
    assert finished.exit_code == 1
    assert words in finished.error
    assert finished.errors[0]["failure_type"] == "config_error"
    assert finished.stderr == ""


async def test_a_missing_file_is_named(files: Files) -> None:
    """Whether it is the configuration, the catalog or the state."""
    credentials = {"auth_type": "oauth2.0", "app_id": "1", "secret": "2", "access_token": "3"}
    config = files.write("c.json", {"credentials": credentials})
    catalog = files.write("catalog.json", catalog_of(["ads"]))
    for name, arguments in {
        "configuration": ("--config", "no.json", "--catalog", catalog),
        "catalog": ("--config", config, "--catalog", "no.json"),
        "state": ("--config", config, "--catalog", catalog, "--state", "no.json"),
    }.items():
        finished = await run("read", *arguments)
        assert finished.exit_code == 1
        assert f"The {name} file no.json does not exist." in finished.error


async def test_an_unknown_stream_is_named_with_the_nearest_name(emulator: Emulator, files: Files) -> None:
    """A catalog that has it is refused."""
    catalog = {"streams": [{"stream": {"name": "campaign"}, "sync_mode": "full_refresh"}]}
    finished = await run(
        "read",
        "--config",
        files.write("c.json", config_for(emulator)),
        "--catalog",
        files.write("catalog.json", catalog),
        url=emulator.url,
    )
    assert finished.exit_code == 1
    assert "'campaign'" in finished.error
    assert "Did you mean campaigns?" in finished.error


STATE_WITHOUT_A_DATE = """[{"type": "STREAM", "stream": {
    "stream_descriptor": {"name": "ads"}, "stream_state": {"modify_time": "yesterday"}}}]"""


@pytest.mark.parametrize("state", ["{", "[1]", STATE_WITHOUT_A_DATE])
async def test_a_damaged_state_is_refused(emulator: Emulator, files: Files, state: str) -> None:
    """It is never taken for no state, which would read everything again."""
    finished = await run(
        "read",
        "--config",
        files.write("c.json", config_for(emulator)),
        "--catalog",
        files.write("catalog.json", catalog_of(["ads"])),
        "--state",
        files.write("state.json", state),
        url=emulator.url,
    )
    assert finished.exit_code == 1
    assert "state" in finished.error
    assert not finished.records("ads")


async def test_check_names_an_address_that_nothing_answers_within_seconds(files: Files) -> None:
    """So that a misspelt address is seen."""
    config = {"credentials": {"auth_type": "oauth2.0", "app_id": "1", "secret": "2", "access_token": "3"}}
    finished = await run("check", "--config", files.write("c.json", config), url="http://127.0.0.1:1")
    message = finished.messages[-1]["connectionStatus"]["message"]
    assert "cannot connect to 127.0.0.1:1" in message


async def test_an_address_without_a_scheme_is_refused(files: Files) -> None:
    """The message names TIKTOK_API_URL."""
    config = {"credentials": {"auth_type": "oauth2.0", "app_id": "1", "secret": "2", "access_token": "3"}}
    finished = await run("check", "--config", files.write("c.json", config), url="localhost")
    assert "TIKTOK_API_URL" in finished.messages[0]["connectionStatus"]["message"]


async def test_sigterm_ends_a_read_in_order(emulator: Emulator, files: Files) -> None:
    """It writes the states of what it delivered, and INCOMPLETE for the rest, which a resumed read delivers."""
    # The last days are never answered, so that the read has not ended by itself, however slowly this test gets on.
    emulator.faults.add(Fault(path="report/integrated/get/", skip=80, hang=True))
    config = files.write(
        "c.json", config_for(emulator, **RECENT, attribution_window=0, report_granularity=1, requests_per_second=40)
    )
    catalog = files.write("catalog.json", catalog_of(["campaigns", "ads_reports_daily"]))
    process = await start("read", "--config", config, "--catalog", catalog, url=emulator.url)
    assert process.stdout is not None
    lines = []
    async for line in process.stdout:
        lines.append(line)
        if sum(b'"stream":"ads_reports_daily"' in earlier for earlier in lines) > 150:
            process.send_signal(signal.SIGTERM)
            break
    rest, stderr = await process.communicate()
    killed = Finished(b"".join(lines) + rest, stderr, process.returncode or 0)
    assert killed.exit_code == 1
    assert killed.statuses["ads_reports_daily"][-1] == "INCOMPLETE"
    assert "SIGTERM" in killed.error
    assert killed.errors[0]["failure_type"] == "transient_error"
    emulator.faults.clear()
    state = files.write("state.json", killed.state_file)
    resumed = await run("read", "--config", config, "--catalog", catalog, "--state", state, url=emulator.url)
    whole = await run("read", "--config", config, "--catalog", catalog, url=emulator.url)

    def keys(outcome: Outcome) -> set[tuple[Any, ...]]:
        rows = outcome.records("ads_reports_daily")
        return {(row["ad_id"], row["stat_time_day"]) for row in rows}

    assert keys(killed) | keys(resumed) == keys(whole)
    assert keys(resumed) < keys(whole)


async def test_a_reader_that_goes_away_ends_a_read_with_one_sentence(emulator: Emulator, files: Files) -> None:
    """With exit code 1, because it did not get every record."""
    config = files.write("c.json", config_for(emulator, **RECENT))
    catalog = files.write("catalog.json", catalog_of(["ads_reports_hourly"]))
    reading, writing = os.pipe()
    process = await start("read", "--config", config, "--catalog", catalog, url=emulator.url, stdout=writing)
    os.close(writing)
    await asyncio.to_thread(os.read, reading, 100)
    os.close(reading)
    _, stderr = await process.communicate()
    assert process.returncode == 1
    assert re.fullmatch(rb"The reader [^\n]*every record\.\n", stderr)


HOURLY = ["ads_reports_hourly", "ads_reports_by_country_hourly", "ad_groups_reports_by_country_hourly"]


@pytest.mark.thorough
async def test_a_slow_reader_gets_everything(files: Files) -> None:
    """While nobody reads, the pipe and the buffers fill, and requests pause. Nothing times out."""
    # More than the thirty-odd megabytes that may be on their way from TikTok to the reader.
    async with Emulator(Options(now=datetime.now(UTC), tier="unlimited", days=20, ads_per_account=60)) as emulator:
        config = files.write("c.json", config_for(emulator, **RECENT))
        catalog = files.write("catalog.json", catalog_of(HOURLY))
        process = await start("read", "--config", config, "--catalog", catalog, url=emulator.url)
        assert process.stdout is not None
        lines = [await process.stdout.readline()]
        asked = -1
        while asked != emulator.counters.total():  # until it waits
            asked = emulator.counters.total()
            await asyncio.sleep(2)
        assert process.returncode is None
        rest, stderr = await process.communicate()
        slow = Finished(b"".join(lines) + rest, stderr, process.returncode or 0)
        assert asked < emulator.counters.total()
        quick = await run("read", "--config", config, "--catalog", catalog, url=emulator.url)
    assert slow.exit_code == 0
    for name in HOURLY:
        assert len(slow.records(name)) == len(quick.records(name)) > 1000


async def test_a_signal_takes_nothing_from_a_reader_that_is_behind(emulator: Emulator, files: Files) -> None:
    """Everything has been read, and waits for the reader: it is written, and the exit code says so."""
    config = files.write("c.json", config_for(emulator, **RECENT, advertiser_ids=emulator.advertiser_ids[1:]))
    catalog = files.write("catalog.json", catalog_of(["ads_reports_hourly"]))
    process = await start("read", "--config", config, "--catalog", catalog, url=emulator.url)
    assert process.stdout is not None
    lines = [await process.stdout.readline()]
    asked = -1
    while asked != emulator.counters.total():
        asked = emulator.counters.total()
        await asyncio.sleep(2)
    process.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.5)
    assert process.returncode is None
    rest, stderr = await process.communicate()
    behind = Finished(b"".join(lines) + rest, stderr, process.returncode or 0)
    whole = await run("read", "--config", config, "--catalog", catalog, url=emulator.url)
    assert 1.2 * 2**20 < len(rest) < 5 * 2**20, "it fits into the pipe, or not into what waits for it"
    assert behind.exit_code == 0
    assert behind.statuses["ads_reports_hourly"][-1] == "COMPLETE"
    assert len(behind.records("ads_reports_hourly")) == len(whole.records("ads_reports_hourly"))


async def test_an_unknown_command_is_wrong_usage() -> None:
    """The exit code is 2, and stderr lists the commands."""
    finished = await run("reed")
    assert finished.exit_code == 2
    assert "spec" in finished.stderr


def test_the_clocks_of_these_tests_are_of_the_same_year() -> None:
    """The connector and the emulator use the machine's clock here, and configurations have a start_date of 2026."""
    assert NOW.year == 2026
