"""Lines that say what the connector does: while TikTok is silent, and with `--debug` for each request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from airbyte_protocol_dataclasses.models import AirbyteMessage
from hypothesis import given
from hypothesis import strategies as st

from protocol.processes import Files, run
from simulation.loop import VirtualLoop
from simulation.loop import run as run_virtually
from support import Outcome, catalog_of, config_for
from tiktok_marketing.airbyte import entrypoint
from tiktok_marketing.airbyte.heartbeat import HEARTBEAT
from tiktok_marketing.airbyte.inputs import selected_streams
from tiktok_marketing.airbyte.messages import log_line
from tiktok_marketing.airbyte.read import MessageWriter, read
from tiktok_marketing.api.retry_policy import RetryPolicy
from tiktok_marketing.api.transport import Silence
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.sync.events import Notice


@pytest_asyncio.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """A small business without a quota."""
    async with Emulator(Options(tier="unlimited", days=5, ads_per_account=4, advertisers=2)) as running:
        yield running


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A folder for configurations and catalogs."""
    return Files(tmp_path)


def logs(outcome: Outcome, level: str) -> list[str]:
    """The log messages of a level."""
    return [line["message"] for line in outcome.of_type("LOG") if line["level"] == level]


async def read_slowly(emulator: Emulator, fault: Fault, heartbeat: float) -> Outcome:
    """Read campaigns while the emulator is silent."""
    emulator.faults.add(fault)
    config = parse_config(config_for(emulator, start_date="2026-01-01"))
    lines: list[bytes] = []
    code = await read(
        config,
        selected_streams(config, catalog_of(["campaigns"])),
        {},
        write=lambda portion: lines.extend(b"".join(portion).splitlines()),
        address=emulator.url,
        heartbeat=heartbeat,
    )
    return Outcome(lines, code)


@pytest.mark.parametrize("path", ["campaign/get/", "oauth2/advertiser/get/"])
async def test_a_read_of_a_silent_server_says_what_it_waits_for(emulator: Emulator, path: str) -> None:
    """Again and again, from the very first request on. It then goes on as usual."""
    outcome = await read_slowly(emulator, Fault(path=path, hang=1.5, first=1), heartbeat=0.25)
    lines = [text for text in logs(outcome, "INFO") if text.startswith("Still reading")]
    # On a busy machine, a line may come before the request has left.
    assert sum(f"Waiting for TikTok's answer from /{path}" in text for text in lines) >= 3
    assert outcome.exit_code == 0
    assert outcome.records("campaigns")


async def test_a_check_of_a_silent_server_says_what_it_waits_for(
    emulator: Emulator, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the check comes last."""
    monkeypatch.setattr("tiktok_marketing.airbyte.heartbeat.HEARTBEAT", 0.25)
    monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
    written: list[bytes] = []
    monkeypatch.setattr(entrypoint, "_write", written.append)
    emulator.faults.add(Fault(path="advertiser/info/", hang=1.5, first=1))
    config = files.write("c.json", config_for(emulator))
    code = await asyncio.to_thread(entrypoint.run, ["check", "--config", str(config)])
    outcome = Outcome(written, code)
    lines = [text for text in logs(outcome, "INFO") if text.startswith("Still checking")]
    assert sum("Waiting for TikTok's answer from /advertiser/info/" in text for text in lines) >= 3
    assert outcome.messages[-1]["connectionStatus"]["status"] == "SUCCEEDED"


class _Silence:
    """A sync that does nothing."""

    class _Progress:
        records = 7
        requests: dict[str, int] = {"campaign/get/": 3}  # noqa: RUF012 - it never changes

    def progress(self) -> Any:
        return self._Progress()

    def __init__(self, waits_for: str = "") -> None:
        self._waits_for = waits_for

    def waits_for(self) -> str:
        return self._waits_for


class _Lines:
    """An output that notes when each line was written."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.times: list[float] = []
        self.lines: list[bytes] = []

    async def write(self, portion: Sequence[bytes]) -> None:
        self.times.append(self._loop.time())
        self.lines.extend(portion)


@given(st.lists(st.floats(0, 3 * HEARTBEAT), max_size=8))
def test_no_silence_is_longer_than_the_heartbeat(pauses: list[float]) -> None:
    """Whenever the sync's own lines come. The platform's patience is twice as long."""
    loop = VirtualLoop()
    output = _Lines(loop)

    async def sync() -> None:
        messages = MessageWriter(output)  # type: ignore[arg-type]
        alive = asyncio.create_task(messages.log_heartbeat(_Silence()))  # type: ignore[arg-type]
        for pause in pauses:
            await asyncio.sleep(pause)
            await messages.write_event(Notice("info", "A line of the sync."))
        alive.cancel()

    run_virtually(loop, sync())
    assert HEARTBEAT * 2 <= 60
    gaps = [later - earlier for earlier, later in zip([0.0, *output.times], output.times, strict=False)]
    assert all(gap <= HEARTBEAT + 0.01 for gap in gaps)
    beats = [line for line in output.lines if b"Still reading: 7 records, 3 requests." in line]
    assert len(beats) == sum(int(pause > 0 and -(-pause // HEARTBEAT) - 1) for pause in pauses)


@given(st.floats(0, HEARTBEAT), st.floats(60, 300))
def test_a_silence_of_the_server_has_one_kind_of_line(silent_from: float, until: float) -> None:
    """Whether the announcement or the heartbeat is first, and however long it lasts. No silence is longer than that."""
    loop = VirtualLoop()
    output = _Lines(loop)
    policy = RetryPolicy()

    async def announce(messages: MessageWriter) -> None:
        await asyncio.sleep(silent_from + policy.silence)
        seconds = policy.silence
        while True:
            messages.log_wait(Silence("business-api.tiktok.com", "campaign/get/", seconds))
            await asyncio.sleep(policy.silence_again + 1)  # the client looks once a second
            seconds += policy.silence_again + 1

    async def sync() -> None:
        messages = MessageWriter(output)  # type: ignore[arg-type]
        sync = _Silence("Waiting for TikTok's answer from /campaign/get/ for 9 s.")
        tasks = [asyncio.create_task(messages.log_heartbeat(sync)), asyncio.create_task(announce(messages))]  # type: ignore[arg-type]
        await asyncio.sleep(until)
        for task in tasks:
            task.cancel()

    run_virtually(loop, sync())
    kinds = {b"Still reading" in line for line in output.lines}
    assert len(kinds) == 1
    gaps = [later - earlier for earlier, later in zip([0.0, *output.times], [*output.times, until], strict=True)]
    assert max(gaps) <= HEARTBEAT + 0.01


async def test_debug_logs_every_request(emulator: Emulator, files: Files) -> None:
    """With its parameters, TikTok's code and request_id, and how long it took."""
    emulator.faults.add(Fault(path="campaign/get/", code=50000, first=1))
    config = files.write("c.json", config_for(emulator, start_date="2026-01-01"))
    catalog = files.write("catalog.json", catalog_of(["campaigns", "ads_reports_daily"]))
    emulator.counters.reset()
    finished = await run("read", "--debug", "--config", config, "--catalog", catalog, url=emulator.url)
    assert finished.exit_code == 0
    lines = logs(finished, "DEBUG")
    assert len(lines) == emulator.counters.total()
    campaigns = [line for line in lines if line.startswith("GET /open_api/v1.3/campaign/get/?advertiser_id=")]
    assert sum(", code 50000, request_id " in line for line in campaigns) == 1
    assert all("HTTP 200, code " in line and line.endswith(" ms") for line in lines)
    reports = [line for line in lines if "/report/integrated/get/?" in line]
    assert all("start_date=" in line and 'dimensions=["' in line for line in reports)
    assert len(reports) > 1


async def test_debug_logs_no_secret(emulator: Emulator, files: Files) -> None:
    """Not where TikTok wants it as a parameter, and not in what TikTok answers."""
    text = f"Wrong: {emulator.access_token} {emulator.secret} {emulator.app_id}"
    emulator.faults.add(Fault(path="campaign/get/", code=40002, message=text))
    config = files.write("c.json", config_for(emulator))
    for command in (
        ("check",),
        ("read", "--catalog", str(files.write("k.json", catalog_of(["campaigns", "advertiser_ids"])))),
    ):
        finished = await run(*command, "--config", config, "--debug", url=emulator.url)
        listed = [line for line in logs(finished, "DEBUG") if "oauth2/advertiser/get/" in line]
        assert listed
        assert all("app_id=***&secret=***" in line for line in listed)
        output = json.dumps(finished.messages)
        assert not any(secret in output for secret in (emulator.access_token, emulator.secret, emulator.app_id))


async def test_debug_logs_a_request_without_an_answer(emulator: Emulator, files: Files) -> None:
    """With the reason, and an answer that is not TikTok's."""
    emulator.faults.add(Fault(path="campaign/get/", reset=True, first=3))
    emulator.faults.add(Fault(path="advertiser/info/", http=502, first=1))
    config = files.write("c.json", config_for(emulator))
    catalog = files.write("catalog.json", catalog_of(["campaigns"]))
    finished = await run("read", "--config", config, "--catalog", catalog, "--debug", url=emulator.url)
    assert finished.exit_code == 0
    assert any("no answer (the connection" in line for line in logs(finished, "DEBUG"))
    assert sum("HTTP 502, no envelope" in line for line in logs(finished, "DEBUG")) == 1


async def test_without_debug_no_request_is_logged(emulator: Emulator, files: Files) -> None:
    """Logs of a platform are kept."""
    config = files.write("c.json", config_for(emulator))
    catalog = files.write("catalog.json", catalog_of(["campaigns"]))
    assert not logs(await run("read", "--config", config, "--catalog", catalog, url=emulator.url), "DEBUG")


@pytest.mark.parametrize("where", range(8))
async def test_debug_is_accepted_anywhere(emulator: Emulator, files: Files, where: int) -> None:
    """Before the command and after it, between options in any order."""
    arguments = ["read", "--catalog", files.write("k.json", catalog_of(["campaigns"]))]
    arguments += ["--config", files.write("c.json", config_for(emulator)), "--state", files.write("s.json", "[]")]
    at = where if where % 2 or not where else where - 1  # an option and its value stay together
    finished = await run(*arguments[:at], "--debug", *arguments[at:], url=emulator.url)
    assert finished.exit_code == 0, finished.stderr
    assert logs(finished, "DEBUG")


def test_log_lines_fit_the_protocol() -> None:
    """At every level, also DEBUG, which Airbyte's own connectors write as a message of no type."""
    message = msgspec.convert(json.loads(log_line("DEBUG", "GET /x: HTTP 200")), AirbyteMessage)
    assert message.log is not None
    assert message.log.level.value == "DEBUG"
