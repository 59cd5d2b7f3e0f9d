"""What both executables do when their output cannot be written: one message, and exit code 1."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import select
import shlex
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import msgspec
import pytest
import pytest_asyncio

from support import catalog_of, config_for
from tiktok_marketing.emulator import Emulator, Options

pytestmark = pytest.mark.thorough

BIN = Path(sys.executable).parent
SOURCE = shlex.quote(str(BIN / "source-tiktok-marketing"))
COMMAND = shlex.quote(str(BIN / "tiktok-marketing"))
PYTHON = shlex.quote(sys.executable)
OFFLINE = [
    *(
        f"{SOURCE} {arguments}"
        for arguments in ("spec", "discover --config c.json", "--help", "read --help", "--version")
    ),
    *(
        f"{COMMAND} {arguments}"
        for arguments in ("streams", "streams --json", "--help", "sync --help", "--version", "demo")
    ),
    f"{PYTHON} -m tiktok_marketing.airbyte spec",
    f"{PYTHON} -m tiktok_marketing.cli streams",
]
ONLINE = [
    f"{SOURCE} check --config c.json",
    f"{SOURCE} read --config c.json --catalog catalog.json",
    f"{COMMAND} check --config c.json",
    f"{COMMAND} plan --config c.json",
    f"{COMMAND} sync --config c.json --to duckdb:///x.duckdb --streams campaigns",
    f"{COMMAND} doctor --config c.json",
    f"{COMMAND} emulator --port 0 --days 10 --ads-per-account 5",
]
# Without PYTHONUNBUFFERED, text waits in a buffer until the exit; with it, each write reaches the system at once.
ENVIRONMENTS = {"buffered": {}, "unbuffered": {"PYTHONUNBUFFERED": "1"}}
CASES = [
    *((line, variables) for variables in ENVIRONMENTS.values() for line in OFFLINE),
    *((line, ENVIRONMENTS["buffered"]) for line in ONLINE),
]
FAILURES = {
    ">/dev/full": "The program cannot write its output: No space left on device.",
    ">&-": "The program cannot write its output: standard output is closed.",
}


class Ended(msgspec.Struct):
    """How a program ended."""

    exit_code: int
    output: str
    errors: str

    @property
    def last_error(self) -> str:
        """The last line on stderr: `sync` and `emulator` report there what they do."""
        return self.errors.splitlines()[-1] if self.errors else ""


class Shell:
    """Runs command lines in a folder, in an environment that holds nothing but what a test names."""

    def __init__(self, folder: Path, api: str) -> None:
        self._folder = folder
        path = os.environ["PATH"]
        self._environment = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "TIKTOK_API_URL": api}

    async def run(
        self, line: str, variables: dict[str, str] | None = None, *, stdout: int = asyncio.subprocess.PIPE
    ) -> Ended:
        """Run a line of bash to its end."""
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            line,
            cwd=self._folder,
            env=self._environment | (variables or {}),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, (output or b"").decode(), errors.decode())


@pytest_asyncio.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """A business of a few ads."""
    async with Emulator(Options(now=datetime.now(UTC), tier="unlimited", days=10, ads_per_account=5)) as running:
        yield running


@pytest.fixture
def shell(tmp_path: Path, emulator: Emulator) -> Shell:
    """A shell in a folder with a configuration `c.json` and a catalog `catalog.json`."""
    config = config_for(emulator, start_date="2026-01-01", advertiser_ids=emulator.advertiser_ids[:1])
    (tmp_path / "c.json").write_text(json.dumps(config))
    (tmp_path / "catalog.json").write_text(json.dumps(catalog_of(["campaigns", "ads_reports_daily"])))
    return Shell(tmp_path, emulator.url)


def name_of(value: str | dict[str, str]) -> str:
    """A command line without the folders, or an environment, for a test's name."""
    if isinstance(value, str):
        return value.replace(f"{BIN}/", "").replace(" --config c.json", "")
    return next(name for name, variables in ENVIRONMENTS.items() if variables == value)


@pytest.mark.parametrize(("line", "variables"), CASES, ids=name_of)
async def test_output_that_cannot_be_written_is_one_message_and_exit_code_1(
    shell: Shell, line: str, variables: dict[str, str]
) -> None:
    """A full disk and a closed stdout are named on stderr, by every command that prints."""
    for redirection, message in FAILURES.items():
        ended = await shell.run(f"{line} {redirection}", variables)
        assert (ended.exit_code, ended.last_error) == (1, message)
        if line in OFFLINE:
            assert ended.errors == f"{message}\n"
        assert "Traceback" not in ended.errors
        assert "ignored" not in ended.errors


@pytest.mark.parametrize(("line", "variables"), CASES, ids=name_of)
async def test_a_reader_that_has_gone_ends_it_quietly(shell: Shell, line: str, variables: dict[str, str]) -> None:
    """If nobody reads the pipe any more, the program ends with exit code 1 and no message."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = await shell.run(line, variables, stdout=writing)
    os.close(writing)
    assert ended.exit_code == 1
    assert "cannot write" not in ended.errors
    assert "Traceback" not in ended.errors
    assert "ignored" not in ended.errors
    if line in OFFLINE:
        assert ended.errors == ""


@pytest.mark.parametrize(
    "line",
    [f"{SOURCE} discover --config c.json", ONLINE[1], f"{COMMAND} streams --json", f"{COMMAND} sync --help"],
    ids=name_of,
)
@pytest.mark.parametrize("stderr", ["2>/dev/null", "2>&1"])
async def test_a_slow_reader_of_a_pipe_that_does_not_block_gets_everything(
    shell: Shell, line: str, stderr: str
) -> None:
    """Whoever else has the pipe open may want that, and reads slowly: the program waits for room."""
    expected = await shell.run(f"{line} {stderr}")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    running = asyncio.create_task(shell.run(f"{line} {stderr}", stdout=writing))
    pieces: list[bytes] = []
    await asyncio.sleep(0.5)  # the pipe is full before anybody reads
    loop = asyncio.get_running_loop()
    while not running.done() or select.select([reading], [], [], 0)[0]:
        if select.select([reading], [], [], 0)[0]:
            pieces.append(await loop.run_in_executor(None, os.read, reading, 1000))
        else:
            await asyncio.sleep(0.01)
    os.close(writing)
    os.close(reading)
    got = b"".join(pieces).decode()
    assert (await running).exit_code == expected.exit_code == 0
    assert len(got.splitlines()) == len(expected.output.splitlines())
    if line != ONLINE[1]:  # messages have times
        assert got == expected.output


async def test_a_reader_that_leaves_a_sync_is_told_of(shell: Shell) -> None:
    """Records are missing then, so the log says so; `| head` of other commands stays quiet."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = await shell.run(ONLINE[1], stdout=writing)
    os.close(writing)
    assert ended.exit_code == 1
    assert ended.errors == "The reader of standard output has gone, so it did not get every record.\n"


async def test_head_gets_its_line(shell: Shell) -> None:
    """A reader that takes the first line and leaves sees that line and nothing else."""
    for variables in ENVIRONMENTS.values():
        ended = await shell.run(f"{COMMAND} streams --json | head -1", variables)
        assert (ended.output, ended.errors) == ("[\n", "")


@pytest.mark.parametrize("variables", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
@pytest.mark.parametrize("line", [f"{SOURCE} spec", f"{SOURCE} discover --config c.json", f"{COMMAND} streams --json"])
async def test_a_disk_that_has_room_for_some_of_it_is_full(
    shell: Shell, tmp_path: Path, line: str, variables: dict[str, str]
) -> None:
    """Output that is cut short is never a success."""
    ended = await shell.run(f"ulimit -f 2; {line} > out", variables)
    assert (ended.exit_code, ended.errors) == (1, "The program cannot write its output: File too large.\n")
    assert (tmp_path / "out").stat().st_size == 2048


async def test_a_closed_stdout_lets_no_output_into_other_files(shell: Shell, tmp_path: Path) -> None:
    """A connection or file that the program opens never gets the number of stdout."""
    lines = [f"{SOURCE} read --config c.json --catalog catalog.json", ONLINE[4]]
    for line in lines:
        ended = await shell.run(f"{line} <&- >&-")
        assert ended.last_error == FAILURES[">&-"]
    with duckdb.connect(str(tmp_path / "x.duckdb"), read_only=True) as database:
        assert database.execute("SELECT count(*) > 0 FROM tiktok_ads.campaigns").fetchall() == [(True,)]


@pytest.mark.parametrize(
    ("line", "redirection"), [(ONLINE[1], "2>/dev/full"), (ONLINE[1], "2>&-"), (ONLINE[4], "2>/dev/full")], ids=name_of
)
async def test_a_log_that_cannot_be_written_ends_nothing(shell: Shell, line: str, redirection: str) -> None:
    """What should be on stderr is lost; the data arrives, and the exit code is the sync's."""
    ended = await shell.run(f"{line} {redirection}")
    assert ended.exit_code == 0
    assert "campaigns" in ended.output


@pytest.mark.parametrize("redirection", [">/dev/full 2>&1", ">&- 2>&-", ">/dev/full 2>&-"])
@pytest.mark.parametrize("line", [f"{SOURCE} spec", f"{COMMAND} streams"], ids=name_of)
async def test_where_nothing_can_be_written_the_exit_code_tells(shell: Shell, line: str, redirection: str) -> None:
    """A message that nobody can get does not change the exit code."""
    assert (await shell.run(f"{line} {redirection}")).exit_code == 1


async def test_wrong_usage_stays_wrong_usage(shell: Shell) -> None:
    """Nothing is printed on stdout, so a full disk there changes nothing: exit code 2."""
    for program in (SOURCE, COMMAND):
        ended = await shell.run(f"{program} reed >/dev/full")
        assert ended.exit_code == 2
        assert "reed" in ended.errors


async def test_a_pipe_that_does_not_block_gets_everything(shell: Shell) -> None:
    """Another process that has the pipe open may have set it so: the program waits until there is room."""
    line = f"{SOURCE} discover --config c.json"
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def read_all() -> bytes:
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            return b"".join(iter(lambda: pipe.read(30_000), b""))

    output = asyncio.create_task(asyncio.to_thread(read_all))
    ended = await shell.run(line, stdout=writing)
    os.close(writing)
    assert (ended.exit_code, ended.errors) == (0, "")
    assert (await output).decode() == (await shell.run(line)).output
