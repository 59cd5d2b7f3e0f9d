"""TikTok does not answer: every command says what it waits for."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest

from processes import BIN, COMMAND, SOURCE, Folder
from support import config_for
from tiktok_marketing.api.client import Announcement
from tiktok_marketing.api.retry_policy import RetryPolicy
from tiktok_marketing.api.transport import Silence
from tiktok_marketing.config import parse_config
from tiktok_marketing.connect import connect
from tiktok_marketing.emulator import Emulator
from tiktok_marketing.sync.read.accounts import list_accounts

pytestmark = pytest.mark.thorough


@pytest.fixture
def hanging() -> Iterator[str]:
    """A server that accepts connections and never answers; its address."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


async def announcements(emulator: Emulator, address: str, policy: RetryPolicy, seconds: float) -> list[str]:
    """What is told while the accounts are listed, for some seconds."""
    told: list[Announcement] = []
    config = parse_config(config_for(emulator))
    async with connect(config, address=address, policy=policy, on_wait=told.append) as api:
        listing = asyncio.create_task(list_accounts(config, api))
        await asyncio.wait({listing}, timeout=seconds)
        listing.cancel()
    return [str(item) for item in told if isinstance(item, Silence)]


async def test_silence_is_announced_again_and_again(emulator: Emulator, hanging: str) -> None:
    """With the server's name, the request and how long it has been."""
    told = await announcements(emulator, hanging, RetryPolicy(silence=0.2, silence_again=0.2), 1.5)
    host = hanging.removeprefix("http://")
    assert len(told) >= 3
    assert all(
        text.startswith(f"Still waiting for {host}, which has not answered /oauth2/advertiser/get/ for ")
        for text in told
    )


async def test_a_server_that_answers_is_not_called_silent(emulator: Emulator) -> None:
    """Neither one that answers at once nor one that takes less than the time."""
    emulator.faults.add("latency=0.3")
    try:
        assert await announcements(emulator, emulator.url, RetryPolicy(silence=30.0), 2) == []
    finally:
        emulator.faults.clear()


async def test_an_answer_that_stops_in_the_middle_is_silence(emulator: Emulator) -> None:
    """The head of an answer arrived, and then nothing."""
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        await reader.read()  # until the client has gone
        writer.close()
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        told = await announcements(emulator, address, RetryPolicy(silence=0.2, silence_again=0.2), 1.5)
        await ended.wait()
    assert len(told) >= 2


def test_every_command_says_what_it_waits_for(folder: Folder, hanging: str) -> None:
    """After a quarter of a minute; each can be interrupted, and ends with the code of that.

    The accounts are named, so a read of some streams asks for their details rather than for the list.
    """
    lines = [
        (COMMAND, "check", "--config", "c.json"),
        (COMMAND, "plan", "--config", "c.json"),
        (COMMAND, "doctor", "--config", "c.json"),
        (COMMAND, "sync", "--config", "c.json", "--to", "x.duckdb"),
        (SOURCE, "check", "--config", "c.json"),
        (SOURCE, "read", "--config", "c.json", "--catalog", "catalog.json"),
    ]
    environment = folder.environment({"TIKTOK_API_URL": hanging})
    running = [
        subprocess.Popen(  # noqa: S603 - our own programs
            line, cwd=folder.path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for line in lines
    ]
    expected = f"Still waiting for {hanging.removeprefix('http://')}, which has not answered /"
    for line, process in zip(lines, running, strict=True):
        told = process.stdout if line[0] == SOURCE else process.stderr
        assert told is not None
        for text in told:
            if expected in text.decode():
                break
        else:
            pytest.fail(f"{line} did not say what it waits for")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert b"Traceback" not in out + err
        if line[:2] == (SOURCE, "read"):
            assert process.returncode == 1
            assert json.loads(out.decode().splitlines()[-1])["type"] == "TRACE"
        else:
            assert process.returncode == 130


def test_a_name_that_is_resolved_slowly_is_silence(folder: Folder) -> None:
    """Resolving the name is part of the wait. A resolver that never answers is simulated in the process."""
    code = (
        "import socket, sys, time\n"
        "socket.getaddrinfo = lambda *_, **__: time.sleep(3) or (_ for _ in ()).throw(socket.gaierror(-3, 'slow'))\n"
        "import tiktok_marketing.api.retry_policy as policy, msgspec\n"
        "policy.INTERACTIVE_RETRIES = msgspec.structs.replace(policy.INTERACTIVE_RETRIES, silence=1.0)\n"
        "from tiktok_marketing.cli import main\nmain()"
    )
    ended = folder.run(
        *(str(BIN / "python"), "-c", code, "check", "--config", "c.json"), TIKTOK_API_URL="http://slow.example"
    )
    assert b"Still waiting for slow.example" in ended.err
    assert b"cannot be resolved" in ended.out
