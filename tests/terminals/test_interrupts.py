"""Ctrl-C and SIGTERM at any moment: exit code 130 or 143, at most a line, and no traceback."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from processes import COMMAND, SOURCE, Ended, Folder
from support import quickly

HOOKS = Path(__file__).parents[1] / "signals"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
LINES = {
    "streams": (COMMAND, "streams"),
    "check": (COMMAND, "check", "--config", "c.json"),
    "plan": (COMMAND, "plan", "--config", "c.json", "--to", "duckdb:///new.duckdb"),
    "sync": (COMMAND, "sync", "--config", "c.json", "--to", "new.duckdb", "--streams", "campaigns"),
    "doctor": (COMMAND, "doctor", "--config", "c.json", "--database", "x.duckdb"),
    "views": (COMMAND, "views", "--database", "x.duckdb"),
    "report": (COMMAND, "report", "--database", "x.duckdb", "--output", "x.html"),
    "state": (COMMAND, "state", "show", "--database", "x.duckdb", "--json"),
    "emulator": (COMMAND, "emulator", "--port", "0"),
    "spec": (SOURCE, "spec"),
    "source check": (SOURCE, "check", "--config", "c.json"),
    "discover": (SOURCE, "discover", "--config", "c.json"),
    "read": (SOURCE, "read", "--config", "c.json", "--catalog", "catalog.json"),
}
IMPORTS = [
    ("streams", "tiktok_marketing.stdout"),
    ("streams", "logging"),
    ("streams", "click"),
    ("streams", "tiktok_marketing.cli.main"),
    ("check", "asyncio"),
    ("check", "aiohttp"),
    ("plan", "tiktok_marketing.sync.plan.plan_sync"),
    ("sync", "tiktok_marketing.cli.progress"),
    ("sync", "tiktok_marketing.pipelines"),
    ("views", "duckdb._version"),
    ("views", "tiktok_marketing.views"),
    ("doctor", "tiktok_marketing.doctor"),
    ("report", "tiktok_marketing.report"),
    ("state", "tiktok_marketing.pipelines"),
    ("emulator", "tiktok_marketing.emulator"),
    ("spec", "tiktok_marketing.errors"),
    ("spec", "argparse"),
    ("spec", "msgspec"),
    ("source check", "aiohttp"),
    ("discover", "tiktok_marketing.airbyte.inputs"),
    ("read", "tiktok_marketing.airbyte.messages"),
    ("read", "tiktok_marketing.airbyte.read"),
]
"""Modules that are imported early and late, our own and those of others."""


@pytest.fixture
def signalled(folder: Folder) -> Callable[..., Ended]:
    """Runs a program that gets a signal at a moment."""

    def run(line: Sequence[str], at: str, number: int) -> Ended:
        environment = folder.environment({"PYTHONPATH": str(HOOKS), "SIGNAL_AT": at, "SIGNAL_NUMBER": str(int(number))})
        ended = subprocess.run(  # noqa: S603 - our own programs
            line,
            cwd=folder.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a database that `synced` fills once."""
    return tmp_path_factory.mktemp("database") / "x.duckdb"


@pytest.fixture
def synced(folder: Folder, database: Path) -> Folder:
    """A folder with a database that a sync has filled."""
    if not database.exists():
        ended = folder.run(*LINES["sync"])
        assert ended.code == 0, ended.text
        (folder.path / "new.duckdb").rename(database)
    (folder.path / "x.duckdb").write_bytes(database.read_bytes())
    return folder


def assert_quiet(ended: Ended, code: int) -> None:
    """The program ended with this code, and with a line at most."""
    assert ended.code == code, ended.text
    assert len(ended.err.splitlines()) <= 1, ended.text
    assert b"Traceback" not in ended.out + ended.err


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize("number", quickly(*SIGNALS))
@pytest.mark.parametrize(("name", "module"), IMPORTS)
def test_a_signal_during_an_import_ends_the_program(
    signalled: Callable[..., Ended], name: str, module: str, number: int
) -> None:
    """A library that is being imported may neither lose the interruption nor turn it into an error of its own."""
    assert_quiet(signalled(LINES[name], f"import {module}", number), 128 + number)


@pytest.mark.thorough
@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("name", [name for name in LINES if name != "emulator"])  # which ends with a signal alone
def test_a_signal_at_any_import_ends_the_program(signalled: Callable[..., Ended], name: str, number: int) -> None:
    """From the beginning of our own code on.

    A sync that reads already loads what it has, and says so on several lines.
    """
    for count in (2, 5, 13, 34, 89, 233, 610):
        ended = signalled(LINES[name], f"import {count}", number)
        if ended.code == 0:  # the program does not import so many
            assert count > 50
            return
        if b"Stopping." in ended.err:
            assert ended.code == 128 + number
            assert b"Traceback" not in ended.err
        elif name == "read" and b'"TRACE"' in ended.out:
            assert ended.code == 1
            assert b"Traceback" not in ended.out + ended.err
        else:
            assert_quiet(ended, 128 + number)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("at", ["threads", "atexit"])
@pytest.mark.parametrize("name", ["streams", "spec"])
def test_a_signal_after_the_end_changes_nothing(
    signalled: Callable[..., Ended], name: str, at: str, number: int
) -> None:
    """The output is whole, and the exit code is that of the program."""
    undisturbed = signalled(LINES[name], "", number)
    ended = signalled(LINES[name], at, number)
    assert_quiet(ended, 0)
    assert ended.out == undisturbed.out


def test_json_is_printed_after_sigterm_too(signalled: Callable[..., Ended]) -> None:
    """With the exit code of the program."""
    ended = signalled((*LINES["check"], "--json"), "import aiohttp", signal.SIGTERM)
    assert_quiet(ended, 143)
    printed = json.loads(ended.out)
    assert printed["exit_code"] == 143
    assert printed["error"]["message"] == "The command was interrupted."


def test_what_a_shell_starts_with_ctrl_c_ignored_goes_on(folder: Folder) -> None:
    """`tiktok-marketing ... &` in a script is not ended by a Ctrl-C that is meant for others."""
    environment = folder.environment(
        {"PYTHONPATH": str(HOOKS), "SIGNAL_AT": "import click", "SIGNAL_NUMBER": str(int(signal.SIGINT))}
    )
    ended = subprocess.run(  # noqa: S603 - our own program
        LINES["streams"],
        cwd=folder.path,
        env=environment,
        capture_output=True,
        timeout=120,
        check=False,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_IGN),
    )
    assert ended.returncode == 0
    assert ended.stdout
