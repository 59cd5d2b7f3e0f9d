from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from typing import Any

import click
import duckdb
import msgspec
import pytest

from tiktok_marketing._version import __version__
from tiktok_marketing.api import retry_policy as retry
from tiktok_marketing.catalog import ALL_STREAMS, STREAMS
from tiktok_marketing.cli.common import Session, span
from tiktok_marketing.cli.emulator import emulator as emulator_command
from tiktok_marketing.cli.main import command as group
from tiktok_marketing.cli.main import run
from tiktok_marketing.cli.progress import PaceMeter, line
from tiktok_marketing.emulator import Options
from tiktok_marketing.errors import ConfigurationError, ConnectorError
from tiktok_marketing.extras import install_hint
from tiktok_marketing.pipelines import Snapshot
from tiktok_marketing.sync.run.progress import Progress, StreamProgress


@pytest.mark.parametrize("name", ["", *group.commands])
def test_every_command_has_help_that_says_what_it_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` answers with exit code 0, and every option says what it is for."""
    assert run([*([name] if name else []), "--help"]) == 0
    assert "Usage: tiktok-marketing" in capsys.readouterr().out
    parameters = group.commands[name].params if name else group.params
    assert all(getattr(parameter, "help", None) for parameter in parameters)


def test_help_imports_nothing_heavy() -> None:
    """So that it answers at once: it loads no HTTP client, no Arrow, no dlt, no DuckDB and no tables."""
    code = (
        "import sys\nfrom tiktok_marketing.cli.main import run\nrun(['--help'])\n"
        "print([name for name in ('aiohttp', 'pyarrow', 'dlt', 'duckdb', 'rich.table') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert ended.stdout.splitlines()[-1] == "[]"


def test_missing_click_is_reported_with_the_command_that_installs_it() -> None:
    """An install without extras has the Airbyte source only."""
    code = "import sys; sys.modules['click'] = None\nfrom tiktok_marketing.cli import main\nmain()"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 2
    assert f"tiktok-marketing needs click, which is not installed. {install_hint('load')}" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ConfigurationError("It is wrong.", remedy="Fix it."), 2, ["Error: It is wrong.", "Fix it."]),
        (ConnectorError("It is missing.", remedy="Wait.", detail="raw"), 1, ["Error: It is missing.", "Wait."]),
        (
            ZeroDivisionError("oh"),
            1,
            [
                "The program failed (ZeroDivisionError)",
                "--debug",
                f"where you got tiktok-marketing {__version__} from",
            ],
        ),
        (KeyboardInterrupt(), 130, []),
    ],
)
def test_an_error_prints_message_and_remedy_and_sets_the_exit_code(
    error: BaseException,
    code: int,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a traceback and without the detail."""

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(group.commands["streams"], "callback", fail)
    assert run(["streams"]) == code
    message = capsys.readouterr().err
    assert all(word in message for word in words)
    assert "Traceback" not in message
    assert "raw" not in message


def test_debug_adds_the_detail_and_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For whoever looks for the cause."""

    def fail(*_: Any, **__: Any) -> None:
        raise ConnectorError("It is missing.", detail="the raw answer")

    monkeypatch.setattr(group.commands["streams"], "callback", fail)
    assert run(["streams", "--debug"]) == 1
    message = capsys.readouterr().err
    assert "the raw answer" in message
    assert "Traceback" in message
    assert not Session().debug


def test_streams_lists_the_catalog(command: Any, config: Any) -> None:
    """With a sandbox configuration, only the streams that sandbox accounts have."""
    listed = json.loads(command("streams", "--json").stdout)
    assert [stream["name"] for stream in listed] == [stream.name for stream in ALL_STREAMS]
    assert [stream["name"] for stream in listed if not stream["on_request"]] == [stream.name for stream in STREAMS]
    sandbox = {"auth_type": "sandbox_access_token", "advertiser_id": "1"}
    fewer = json.loads(command("streams", "--json", "--config", config(credentials=sandbox)).stdout)
    assert {stream["name"] for stream in listed} - {stream["name"] for stream in fewer} == {
        stream.name for stream in ALL_STREAMS if not stream.sandbox
    }
    assert "campaign_id" in command("streams").stdout


@pytest.mark.parametrize("columns", ["80", "120", "200"])
def test_streams_shows_whole_names_on_any_terminal(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is cut or broken in two cannot be copied into --streams."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("FORCE_COLOR", "1")  # which rich takes for a terminal
    with io.StringIO() as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert run(["streams"]) == 0
        lines = re.sub(r"\x1b\[[\d;]*m", "", output.getvalue()).splitlines()
    assert max(map(len, lines)) <= int(columns)
    first_words = {line.split()[0] for line in lines if line.strip()}
    assert {stream.name for stream in ALL_STREAMS} <= first_words


def test_check_passes_with_a_good_configuration(command: Any, config: Any) -> None:
    """A tick for the token, each account and reports, and exit code 0."""
    ended = command("check", "--config", config())
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("✓") == 8
    assert "Every check passed." in ended.stdout


def test_check_marks_what_fails_with_a_cross(command: Any, config: Any, api: Any) -> None:
    """A token that TikTok does not know is not shown; the exit code is 1."""
    ended = command("check", "--config", config(credentials={"access_token": "secret-wrong"}))
    assert ended.returncode == 1
    assert "✗ Token and application" in ended.stdout
    assert "secret-wrong" not in ended.stdout + ended.stderr
    api.fault("path=report/integrated/get/,code=40001")
    assert "✗ Reports" in command("check", "--config", config()).stdout


def test_check_names_an_address_that_nothing_answers(
    config: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that a misspelt address is seen."""
    monkeypatch.setenv("TIKTOK_API_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(retry, "INTERACTIVE_RETRIES", retry.RetryPolicy(first_contact=0.1))
    assert run(["check", "--config", config()]) == 1
    assert "127.0.0.1:9" in capsys.readouterr().out


def test_the_emulator_command_has_every_option_of_the_emulator() -> None:
    """A new option of the emulator needs one of the command."""
    options = {parameter.name for parameter in emulator_command.params}
    assert {field.name for field in msgspec.structs.fields(Options)} <= options


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_emulator_prints_one_line_and_ends_cleanly_on_a_signal(start: Any, number: signal.Signals) -> None:
    """Programs that start it read the line, and end it with a signal."""
    process = start("emulator", "--port", "0", "--advertisers", "2", "--verbose")
    first = json.loads(process.stdout.readline())
    assert len(first["advertiser_ids"]) == 2
    process.send_signal(number)
    rest, log = process.communicate(timeout=10)
    assert (rest, process.returncode) == ("", 0)
    assert "answers at" in log
    assert first["access_token"] not in log


def test_the_emulator_names_a_port_that_is_in_use(command: Any) -> None:
    """With exit code 2: another port is needed."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = command("emulator", "--port", str(port))
    assert ended.returncode == 2
    assert f"The port {port} is in use already." in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--fault", "nonsense"), "--fault"),
        (("--fault", "path=ad/get/"), "needs an effect"),
        (("--now", "yesterday"), "--now is 'yesterday'"),
        (("--anchor", "soon"), "--anchor is 'soon'"),
        (("--days", "0"), "--days is 0. It must be between"),
        (("--tier", "gold"), "--tier is 'gold'"),
        (("--port", "99999"), "99999"),
    ],
)
def test_the_emulator_refuses_wrong_options_with_exit_code_2(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the option."""
    assert run(["emulator", *arguments]) == 2
    assert words in capsys.readouterr().err


def _number_options() -> list[tuple[str, str]]:
    """The command and the name of every option that takes a number."""
    kinds = (click.types.IntParamType, click.types.FloatParamType)
    return [
        (name, option.opts[0])
        for name, each in group.commands.items()
        for command in ([each, *each.commands.values()] if isinstance(each, click.Group) else [each])
        for option in command.params
        if isinstance(option, click.Option) and isinstance(option.type, kinds)
    ]


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e400"])
@pytest.mark.parametrize(("name", "option"), _number_options())
def test_no_option_takes_what_is_no_number(
    name: str, option: str, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`nan` is between any two numbers, so a program that waits until it is over would wait for ever."""
    required = {"sync": ["--to", "x.duckdb"], "mcp": ["--database", "x.duckdb"], "assets": ["--database", "x.duckdb"]}
    assert run([name, *required.get(name, ()), option, number]) == 2
    shown = capsys.readouterr().err
    assert option in shown or option[2:].replace("-", "_") in shown


@pytest.mark.thorough
def test_the_demo_shows_everything_and_keeps_files_of_others(command: Any, tmp_path: Any) -> None:
    """Check, two syncs, three answers and next steps. It replaces no file that no demo created."""
    ended = command("demo", "--database", "demo.duckdb", "--days", "1")
    assert ended.returncode == 0, ended.stderr
    for words in (
        "Every check passed.",
        "Requests again",
        "█",
        "cost_per_conversion",
        "last_day_with_spend",
        "demo-report.html",
        "Next steps",
    ):
        assert words in ended.stdout
    page = tmp_path / "demo-report.html"
    assert "tiktok-marketing report" in page.read_text(encoding="utf-8")
    page.write_text("mine", encoding="utf-8")
    refused = command("demo", "--database", "demo.duckdb", "--days", "1")
    assert refused.returncode == 1
    assert "demo-report.html exists, and the demo did not create it" in refused.stderr
    assert page.read_text(encoding="utf-8") == "mine"
    page.unlink()
    with duckdb.connect(str(tmp_path / "demo.duckdb")) as connection:
        assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = '_tiktok_demo'").fetchone()
        connection.execute("DROP TABLE tiktok_ads._tiktok_demo")
    again = command("demo", "--database", "demo.duckdb", "--days", "1")
    assert again.returncode == 1
    assert "the demo did not create it" in again.stderr


@pytest.mark.thorough
def test_the_demo_keeps_a_link_to_its_database(command: Any, tmp_path: Any) -> None:
    """It replaces the file that the link leads to."""
    (tmp_path / "elsewhere").mkdir()
    link, target = tmp_path / "demo.duckdb", tmp_path / "elsewhere" / "real.duckdb"
    link.symlink_to(target)
    with duckdb.connect(str(target)) as connection:
        connection.execute("CREATE TABLE _tiktok_demo (made_by VARCHAR); CREATE TABLE old (i INTEGER)")
    ended = command("demo", "--database", "demo.duckdb", "--days", "1")
    assert ended.returncode == 0, ended.stderr
    assert link.is_symlink()
    with duckdb.connect(str(target), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM tiktok_ads.ads").fetchone() != (0,)
        assert connection.execute("FROM duckdb_tables() WHERE table_name = 'old'").fetchall() == []


@pytest.mark.parametrize(
    ("name", "words"),
    [("demo-report.html", "exists, and the demo did not create it"), ("demo.duckdb", "demo.duckdb is not a file")],
)
def test_the_demo_waits_for_no_pipe(name: str, words: str, command: Any, tmp_path: Any) -> None:
    """A pipe in the place of its page or its database stays, and the demo says what is wrong at once."""
    os.mkfifo(tmp_path / name)
    refused = command("demo", "--database", "demo.duckdb", "--days", "1")
    assert refused.returncode == 1
    assert words in refused.stderr
    assert (tmp_path / name).is_fifo()


def progress(**fields: Any) -> Snapshot:
    """A snapshot of a sync."""
    fields_of_progress: dict[str, Any] = {
        "accounts": 6,
        "streams": (StreamProgress(name="ads", phase="reading", records=500, windows=5, windows_total=20),),
        "requests": {"ad/get/": 80},
        "retried": 0,
        "refused": 0,
        "received": 0,
        "rates": {"ad/get/": 10.0},
        "quota": 10.0,
        "seconds": 10.0,
    }
    return Snapshot(reading=Progress(**(fields_of_progress | fields)), loaded={"ads": 400}, packages=1)


def test_progress_shows_speed_quota_and_time_left() -> None:
    """Rates are measured over the last seconds; the time left follows from the share that is done."""
    meter = PaceMeter()
    meter.measure(progress(seconds=0.0, requests={}, streams=()), now=0.0)
    pace = meter.measure(progress(), now=10.0)
    assert (pace.rows, pace.requests, pace.left) == (50.0, 8.0, 30.0)
    assert line(progress(refused=3), pace) == (
        "0 of 1 streams done, 6 accounts: 500 rows read (50 per second), 400 loaded; 8.0 of 10 requests per second, "
        "3 refused by the rate limit; 25% of the windows read, about 30 s left."
    )


def test_progress_says_that_all_is_read_while_the_rest_is_loaded() -> None:
    """A database may need longer for the last package than TikTok for all answers. Nobody knows how long."""
    complete = StreamProgress(name="ads", phase="complete", records=500, windows=20, windows_total=20)
    pace = PaceMeter().measure(progress(streams=(complete,)), now=10.0)
    assert pace.left is None
    text = line(progress(streams=(complete,)), pace)
    assert text.endswith("requests per second; everything is read, and the rest is being loaded.")
    assert "left" not in text


def test_progress_shows_no_time_left_before_it_can_be_estimated() -> None:
    """The number of windows is not known yet."""
    pace = PaceMeter().measure(progress(streams=()), now=0.0)
    assert pace.left is None
    assert "left" not in line(progress(streams=()), pace)


@pytest.mark.parametrize(("seconds", "text"), [(5, "5 s"), (90, "90 s"), (600, "10 min"), (7200, "2.0 h")])
def test_spans_are_shown_in_seconds_minutes_or_hours(seconds: float, text: str) -> None:
    """In the unit that people would use."""
    assert span(seconds) == text
