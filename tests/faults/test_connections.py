"""No connection to the server, for a while or permanently: unresolved names, and ports that nobody listens on."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from faults.hurry import free_port, small, synced
from support import Outcome, catalog_of, config_for, cursors_of, key_of
from tiktok_marketing.api.retry_policy import RetryPolicy
from tiktok_marketing.catalog import stream_named
from tiktok_marketing.emulator import Emulator

STREAMS = ["advertisers", "campaigns", "ads", "ads_reports_daily"]
NOWHERE = "no-such-host.invalid"


class LateResolver(AbstractResolver):
    """Fails for a number of lookups, and then resolves any name to this machine.

    Args:
        failures: How many.
        error: What the system says meanwhile.
    """

    def __init__(self, failures: int, error: int) -> None:
        self.asked = 0
        self._failures = failures
        self._error = error

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Look up a name."""
        self.asked += 1
        if self.asked <= self._failures:
            raise socket.gaierror(self._error, "Temporary failure in name resolution")
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]

    async def close(self) -> None:
        """Nothing to give back."""


@pytest.mark.parametrize("error", [socket.EAI_AGAIN, socket.EAI_NONAME])
async def test_a_name_that_resolves_late_costs_no_row(error: int) -> None:
    """The lookup fails seven times, then it works: the waits are announced, and every row comes."""
    async with small() as emulator:
        undisturbed = await synced(emulator, STREAMS)
        names = LateResolver(7, error)
        url = f"http://tiktok.test:{emulator.port}"
        result = await synced(emulator, STREAMS, url=url, resolver=names, policy=RetryPolicy())
    assert result.stopped is None
    assert not result.failures
    assert result.rows == undisturbed.rows
    assert result.states.keys() == undisturbed.states.keys()
    assert names.asked == 8
    assert all("the name tiktok.test cannot be resolved" in output for output in result.waits)
    assert result.waits


async def test_a_name_that_never_resolves_ends_the_sync() -> None:
    """After two minutes by the connector's clock, the error has the name and what to do."""
    async with small() as emulator:
        names = LateResolver(10**9, socket.EAI_AGAIN)
        url = f"http://tiktok.test:{emulator.port}"
        result = await synced(emulator, STREAMS, url=url, resolver=names, policy=RetryPolicy())
    assert result.stopped is not None
    assert "the name tiktok.test cannot be resolved" in result.stopped.message
    assert "DNS" in result.stopped.remedy
    assert 7 < names.asked < 20


class ReadProcess:
    """`source-tiktok-marketing read` in a process of its own, whose lines are read as they come.

    Args:
        folder: An empty one.
        emulator: What it reads; it need not listen.
    """

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        config = config_for(emulator, start_date="2026-06-09", end_date="2026-06-14", report_granularity=1)
        self._arguments = [sys.executable, "-m", "tiktok_marketing.airbyte", "read"]
        for name, content in (("config", config), ("catalog", catalog_of(STREAMS))):
            path = folder / f"{name}.json"
            path.write_text(json.dumps(content))
            self._arguments += [f"--{name}", str(path)]
        self._environment = {**os.environ, "TIKTOK_API_URL": f"http://127.0.0.1:{emulator.options.port}"}
        self.lines: list[bytes] = []
        self._process: asyncio.subprocess.Process | None = None

    async def until(self, text: bytes) -> None:
        """Begin, or go on, until a line holds this."""
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *self._arguments,
                env=self._environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=2**24,
            )
        assert self._process.stdout is not None
        while text not in (line := await self._process.stdout.readline()):
            assert line, f"it ended before it said {text!r}: {self.lines[-3:]}"
            self.lines.append(line)
        self.lines.append(line)

    async def outcome(self) -> Outcome:
        """Wait for its end."""
        assert self._process is not None
        rest, complaints = await self._process.communicate()
        assert complaints == b""
        return Outcome([*self.lines, *rest.splitlines()], self._process.returncode or 0)


def rows(outcome: Outcome) -> dict[str, dict[Any, Any]]:
    """Its records by stream and key; fails if one came twice."""
    records_by_stream = {}
    for name in STREAMS:
        stream = stream_named(name)
        assert stream is not None
        records = outcome.records(name)
        records_by_stream[name] = {key_of(stream, record): record for record in records}
        assert len(records_by_stream[name]) == len(records) > 0
    return records_by_stream


@pytest.mark.thorough
async def test_a_server_that_starts_late_costs_no_row(tmp_path: Path) -> None:
    """Nobody listens at first. The waits are announced, and once somebody does, all is read with exit code 0."""
    emulator = small(port=free_port())
    late = ReadProcess(tmp_path, emulator)
    await late.until(b"Waiting ")
    async with emulator:
        outcome = await late.outcome()
        again = ReadProcess(tmp_path, emulator)
        await again.until(b"STARTED")
        undisturbed = await again.outcome()
    assert outcome.exit_code == undisturbed.exit_code == 0
    assert b"cannot connect to 127.0.0.1" in late.lines[-1]
    assert rows(outcome) == rows(undisturbed)
    assert cursors_of(outcome.last_states) == cursors_of(undisturbed.last_states)


@pytest.mark.thorough
async def test_a_server_that_goes_away_for_a_while_costs_no_row(tmp_path: Path) -> None:
    """Nobody listens for a while in the middle of a sync: no row is lost, and none comes twice."""
    emulator = small(port=free_port())
    async with emulator:
        again = ReadProcess(tmp_path, emulator)
        await again.until(b"STARTED")
        undisturbed = await again.outcome()
    emulator.faults.add(f"path=report/integrated/get/,advertiser={emulator.advertiser_ids[-1]},latency=5")
    reading = ReadProcess(tmp_path, emulator)
    async with emulator:
        await reading.until(b'"stream":"ads_reports_daily"')
    await reading.until(b"Waiting ")
    emulator.faults.clear()
    async with emulator:
        outcome = await reading.outcome()
    assert outcome.exit_code == undisturbed.exit_code == 0
    assert rows(outcome) == rows(undisturbed)
    assert cursors_of(outcome.last_states) == cursors_of(undisturbed.last_states)


SOURCE = "tiktok_marketing.airbyte"
COMMAND = "tiktok_marketing.cli"


async def run_to_end(folder: Path, module: str, *arguments: str) -> tuple[int, str, str]:
    """Run a program that cannot connect. Returns its exit code and its output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        cwd=folder,
        env={**os.environ, "TIKTOK_API_URL": f"http://{NOWHERE}:8080"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.mark.thorough
async def test_a_name_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    """Every program announces some tries, then reports the name and what to do, without a traceback."""
    credentials = {"auth_type": "oauth2.0", "app_id": "1234567", "secret": "sec-12345", "access_token": "tok-12345"}
    (tmp_path / "config.json").write_text(json.dumps({"credentials": credentials}))
    (tmp_path / "catalog.json").write_text(json.dumps(catalog_of(STREAMS)))
    config = ("--config", "config.json")
    checked, read, command_check, synced_, planned, examined = await asyncio.gather(
        run_to_end(tmp_path, SOURCE, "check", *config),
        run_to_end(tmp_path, SOURCE, "read", *config, "--catalog", "catalog.json"),
        run_to_end(tmp_path, COMMAND, "check", *config),
        run_to_end(tmp_path, COMMAND, "sync", *config, "--to", "duckdb:///x.duckdb"),
        run_to_end(tmp_path, COMMAND, "plan", *config),
        run_to_end(tmp_path, COMMAND, "doctor", *config),
    )
    for _, out, err in (checked, read, command_check, synced_, planned, examined):
        output = " ".join((out + err).split())
        assert "Waiting " in output
        assert f"the name {NOWHERE} cannot be resolved" in output
        assert "resolve names (DNS)" in output
        assert "Traceback" not in output
    status = json.loads(checked[1].splitlines()[-1])["connectionStatus"]
    assert (checked[0], status["status"]) == (0, "FAILED")  # the answer is in the message: the check itself was made
    assert [code for code, _, _ in (read, command_check, synced_, planned, examined)] == [1, 1, 1, 1, 3]
    assert read[2] == checked[2] == ""
