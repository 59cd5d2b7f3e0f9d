"""What every command has in common, so that a new one cannot lack it: help, examples, and JSON for programs."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import click
import duckdb
import pytest

from emulator_process import emulator_process
from support import quickly
from tiktok_marketing.cli.main import command as whole_command
from tiktok_marketing.errors import DestinationError

SPEAKS_A_PROTOCOL = {"mcp"}
"""Commands whose stdout belongs to a protocol, so that there is no room for a summary."""
ENDLESS = ("emulator", "mcp", "login")
"""Commands that serve, or wait for a person. Tests of their own run them."""
OF_SHARDS = ("state merge",)
"""Commands that take what several other processes wrote. Tests of their own run them."""
LONG = ("demo",)
"""`make demo` runs it, and so does a thorough test of its own."""
SYNC = ("sync", "--to", "duckdb:///tiktok.duckdb", "--preset", "basics", "--views")
WRONG = {
    "login": ["--redirect-uri", "nowhere"],
    "config init": ["--config", "missing/folder/config.json"],
    "config show": ["--config", "missing.json"],
    "config check": ["--config", "missing.json"],
    "check": ["--config", "missing.json"],
    "accounts": ["--config", "missing.json"],
    "plan": ["--config", "missing.json"],
    "sync": ["--config", "missing.json", "--to", "duckdb:///x.duckdb"],
    "state show": ["--database", "duckdb:///missing.duckdb"],
    "state reset": ["--database", "duckdb:///missing.duckdb", "--yes"],
    "state merge": ["missing.json"],
    "views": ["--database", "duckdb:///missing.duckdb"],
    "assets": ["--database", "duckdb:///missing.duckdb", "--output", "files"],
    "report": ["--database", "duckdb:///missing.duckdb"],
    "doctor": ["--offline", "--database", "duckdb:///missing.duckdb"],
    "streams": ["--streams", "nonsense"],
    "metrics": ["--search", "nonsense"],
    "demo": ["--database", "missing/folder/demo.duckdb"],
    "emulator": ["--fault", "nonsense"],
}
"""What each command cannot do."""


def every_command(group: click.Group = whole_command, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """The words of each command and of each group, and the command itself."""
    for name, each in group.commands.items():
        words = f"{above} {name}".strip()
        yield words, each
        if isinstance(each, click.Group):
            yield from every_command(each, words)


ALL = dict(every_command())
DOING = [words for words, each in ALL.items() if not isinstance(each, click.Group)]
EXAMPLES = [(words, example) for words, each in ALL.items() for example in getattr(each, "examples", ())]


@pytest.mark.parametrize("words", ["", *ALL])
def test_help_begins_with_examples(words: str, command: Callable[..., Any]) -> None:
    """The command line first, then what there is to know."""
    ended = command(*words.split(), "--help")
    head, _, rest = ended.stdout.partition("Usage:")
    assert head.startswith("Examples:\n  tiktok-marketing "), ended.stdout
    assert rest


@pytest.mark.parametrize(("words", "example"), [*EXAMPLES, *(("", each) for each in whole_command.examples)])  # type: ignore[attr-defined]
def test_an_example_is_what_the_command_accepts(words: str, example: str) -> None:
    """The command's own parser takes it, and it is an example of this command."""
    program, *arguments = shlex.split(example)
    assert program == "tiktok-marketing"
    assert example.startswith(f"tiktok-marketing {words}".strip())
    group: click.Group = whole_command
    context = group.make_context(program, arguments)
    while isinstance(group, click.Group):
        name, each, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        assert each is not None
        context = each.make_context(name, rest, parent=context)
        group = each  # type: ignore[assignment]


@pytest.fixture
def filled(command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with a configuration and a database that a sync filled today."""
    with emulator_process("--advertisers", "2", "--days", "10", "--ads-per-account", "5") as api:
        names = ("app_id", "secret", "access_token")
        credentials = {"auth_type": "oauth2.0", **{name: api.info[name] for name in names}}
        written = tmp_path / "tiktok-marketing.json"
        written.write_text(json.dumps({"credentials": credentials, "requests_per_second": 500}))
        monkeypatch.setenv("TIKTOK_API_URL", api.url)
        monkeypatch.setenv("BROWSER", "true")  # for `report --open`
        ended = command(*SYNC)
        assert ended.returncode == 0, ended.stderr
        yield


@pytest.mark.thorough
@pytest.mark.usefixtures("filled")
def test_the_examples_run(command: Callable[..., Any], tmp_path: Path) -> None:
    """In the order of the help, in a folder with a configuration and a database that a sync filled."""
    for words, example in EXAMPLES:
        if words.startswith((*ENDLESS, *LONG, *OF_SHARDS)):
            continue
        if example == "tiktok-marketing config init":
            (tmp_path / "tiktok-marketing.json").rename(tmp_path / "mine.json")
        confirmed = ["--yes"] if words == "state reset" else []
        ended = command(*shlex.split(example)[1:], *confirmed)
        if (tmp_path / "mine.json").exists():
            (tmp_path / "mine.json").replace(tmp_path / "tiktok-marketing.json")
        # The configuration that `config init` wrote has no credentials, and a database of some streams gets warnings.
        unfilled = "other.json" in example and words == "config show"
        assert ended.returncode in ({2} if unfilled else {0, 1} if words == "doctor" else {0}), (example, ended)
        assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("words", [words for words in DOING if words not in SPEAKS_A_PROTOCOL])
def test_an_error_is_one_json_object_with_the_exit_code(words: str, command: Callable[..., Any]) -> None:
    """It says what happened and what to do. stderr says the same to people."""
    ended = command(*words.split(), *WRONG[words], "--json")
    printed = json.loads(ended.stdout)
    assert printed["exit_code"] == ended.returncode != 0
    assert set(printed["error"]) == {"message", "remedy", "code", "request_id"}
    assert printed["error"]["message"].endswith(".")
    assert printed["error"]["message"] in ended.stderr


@pytest.mark.parametrize("words", [words for words in DOING if words not in SPEAKS_A_PROTOCOL])
def test_wrong_usage_is_json_too(words: str, command: Callable[..., Any]) -> None:
    """An option that does not exist is found before the options are read."""
    ended = command(*words.split(), "--nonsense", "--json")
    printed = json.loads(ended.stdout)
    assert (ended.returncode, printed["exit_code"]) == (2, 2)
    assert "--nonsense" in printed["error"]["message"]


def test_a_fault_of_the_program_is_json_too(command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads stdout learns that there is no result, and why."""

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(whole_command.commands["streams"], "callback", fail)
    printed = json.loads(command("streams", "--json").stdout)
    assert printed["exit_code"] == 1
    assert "ZeroDivisionError" in printed["error"]["message"]


def test_an_interrupted_command_is_json_too(command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C leaves no empty stdout behind."""

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(whole_command.commands["streams"], "callback", interrupt)
    ended = command("streams", "--json")
    assert ended.returncode == 130
    assert json.loads(ended.stdout)["error"]["message"] == "The command was interrupted."


@pytest.mark.parametrize("wrapped", quickly(False, True))
def test_ctrl_c_during_a_query_of_duckdb_is_no_fault(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, *, wrapped: bool
) -> None:
    """DuckDB raises an error of its own then, which a command may have put into another one."""

    def ask(*_: Any, **__: Any) -> None:
        Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
        try:
            duckdb.sql("SELECT count(*) FROM generate_series(1, 100000000000)").fetchall()
        except RuntimeError as error:
            if wrapped:
                raise DestinationError("The database cannot be read.") from error
            raise

    monkeypatch.setattr(whole_command.commands["streams"], "callback", ask)
    # A shell in the background starts its programs with Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        ended = command("streams", "--json")
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended.returncode == 130
    assert json.loads(ended.stdout)["error"]["message"] == "The command was interrupted."
    assert "fault" not in ended.stderr


@pytest.mark.usefixtures("filled")
def test_every_command_prints_its_result_as_json(command: Callable[..., Any]) -> None:
    """Standard output is one JSON value, whatever else there is to say."""
    database = ("--database", "duckdb:///tiktok.duckdb")
    lines: dict[str, tuple[str, ...]] = {
        "config init": ("--config", "new.json"),
        "config show": (),
        "config check": (),
        "check": (),
        "accounts": (),
        "plan": ("--preset", "basics"),
        "sync": (*SYNC[1:], "--streams", "creative_assets_images"),
        "state show": database,
        "state reset": (*database, "--from", "today", "--yes"),
        "views": database,
        "assets": (*database, "--output", "creatives"),
        "report": database,
        "doctor": (*database, "--offline"),
        "streams": ("--presets",),
        "metrics": ("--search", "roas"),
    }
    printed = {}
    for words, arguments in lines.items():
        ended = command(*words.split(), *arguments, "--json")
        assert ended.returncode == 0, (words, ended)
        printed[words] = json.loads(ended.stdout)
    assert {*lines, *ENDLESS, *LONG, *OF_SHARDS} == set(DOING)
    assert printed["config init"] == {"file": "new.json", "missing": ["app_id", "secret", "access_token"]}
    assert printed["config check"]["ok"]
    assert printed["assets"]["complete"]
    assert Path(printed["report"]["page"]).stat().st_size == printed["report"]["bytes"]
    assert "daily_by_account" in printed["views"]["created"]
    for action, key in (("--print", "statements"), ("--drop", "dropped")):
        assert json.loads(command("views", *database, action, "--json").stdout)[key]


@pytest.mark.thorough
def test_the_demo_prints_its_result_as_json(start: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    """Both syncs, the answers and where the page is; and nothing of what it shows to people."""
    output, errors = start("demo", "--days", "3", "--json").communicate(timeout=300)
    printed = json.loads(output)
    assert printed["page"] == str(tmp_path / "demo-report.html")
    assert all(sync["complete"] for sync in printed["syncs"])
    assert all(answer["columns"] and answer["rows"] for answer in printed["answers"])
    assert "Traceback" not in errors


def test_the_emulator_starts_with_a_line_of_json(start: Callable[..., subprocess.Popen[str]]) -> None:
    """With `--json` as without."""
    running = start("emulator", "--port", "0", "--json")
    assert running.stdout is not None
    assert json.loads(running.stdout.readline())["url"].startswith("http://127.0.0.1:")
