from __future__ import annotations

import os
import re
import signal
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tiktok_marketing.cli.main import run

REPORTS = "ads_reports_daily,ads_reports_hourly,campaigns_reports_hourly,campaigns,advertisers"
# Rows and sums of everything that REPORTS names.
TOTALS = """
    SELECT (SELECT (count(*), sum(spend), sum(impressions), count(DISTINCT (ad_id, stat_time_day)))
            FROM ads_reports_daily),
           (SELECT (count(*), sum(spend), sum(clicks), count(DISTINCT (ad_id, stat_time_hour)))
            FROM ads_reports_hourly),
           (SELECT (count(*), sum(spend), sum(likes)) FROM campaigns_reports_hourly),
           (SELECT (count(*), count(DISTINCT campaign_id)) FROM campaigns),
           (SELECT count(*) FROM advertisers)
"""
# Packages so small that a short sync has many of them.
SMALL_PACKAGES = """
from tiktok_marketing.pipelines import package
package.FULL_ROWS, package.FULL_SECONDS, package.FIRST_SECONDS = 300, 0.2, 0.2
"""
# A database that never finishes loading a package.
STUCK_DATABASE = """
import threading
from tiktok_marketing.pipelines import loader
loader.Loader.load = lambda *_: threading.Event().wait()
"""


def wait_for(process: Any, words: str) -> None:
    """Read lines of stderr until one has these words."""
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"It ended without printing {words!r}.")


def changed(preparation: str) -> list[str]:
    """The command, in a Python that runs this code first."""
    return [sys.executable, "-c", preparation + "from tiktok_marketing.cli import main\nmain()"]


def test_a_sync_loads_the_rows_and_sums_that_tiktok_has(command: Any, config: Any, place: Any, api: Any) -> None:
    """They equal the emulator's own account of the business, and hours add up to days."""
    ended = command("sync", "--config", config(), "--to", place.address(), "--streams", REPORTS)
    assert ended.returncode == 0, ended.stderr
    truths = [
        api.control(f"truth?advertiser_id={account}&start_date=2026-06-09&end_date=2026-06-15")
        for account in api.info["advertiser_ids"]
    ]
    days, hours = (sum(truth["rows"]["ad"][grain] for truth in truths) for grain in ("daily", "hourly"))
    spend = sum(Decimal(truth["metrics"]["ad"]["spend"]) for truth in truths)
    campaign_hours = sum(truth["rows"]["campaign"]["hourly"] for truth in truths)
    assert days > 100
    assert place.ask("SELECT count(*), sum(spend) FROM ads_reports_daily") == [(days, spend)]
    assert place.ask("SELECT count(*), sum(spend) FROM ads_reports_hourly") == [(hours, spend)]
    assert place.ask("SELECT count(*) FROM campaigns_reports_hourly") == [(campaign_hours,)]
    assert place.ask("SELECT count(*) FROM advertisers") == [(len(truths),)]


def test_the_queries_in_the_docs_run(command: Any, config: Any, place: Any) -> None:
    """Each statement on the page of a database runs, and the first one returns rows."""
    streams = "advertisers,ads,advertisers_reports_daily,ads_reports_daily"
    assert command("sync", "--config", config(), "--to", place.address(), "--streams", streams).returncode == 0
    page = Path(__file__).parents[2] / "docs" / f"{place.kind}.md"
    statements = [
        statement
        for block in re.findall(r"```sql\n(.*?)```", page.read_text(), re.DOTALL)
        for statement in block.split(";")
    ]
    answers = [place.ask(statement) for statement in statements if statement.strip()]
    assert len(answers) == 3
    assert answers[0]


def test_the_next_run_reads_only_what_may_have_changed(command: Any, config: Any, place: Any, api: Any) -> None:
    """The second run sends fewer requests, and leaves the same rows and sums."""
    path = config(attribution_window=3)
    arguments = ("sync", "--config", path, "--to", place.address(), "--streams", "campaigns_reports_hourly")
    sums = "SELECT count(*), sum(spend) FROM campaigns_reports_hourly"
    requests = []
    totals = []
    for _ in range(2):
        api.control("reset", {}, "POST")
        ended = command(*arguments)
        assert ended.returncode == 0, ended.stderr
        requests.append(sum(row["count"] for row in api.control("counters")["counts"]))
        totals.append(place.ask(sums))
    assert totals[0] == totals[1]
    assert requests[1] < requests[0]
    assert "2026-06-1" in ended.stdout  # the cursor before and after


def test_a_sync_that_was_killed_goes_on_without_losing_or_doubling_a_row(
    start: Any, command: Any, config: Any, place: Any, api: Any
) -> None:
    """After kill -9 at several moments, the next run leaves what an undisturbed run leaves."""
    arguments = ("sync", "--config", config(), "--streams", REPORTS, "--to")
    assert command(*arguments, place.address("undisturbed")).returncode == 0
    api.fault("latency=0.05")
    kills = 0
    for moment in (1.5, 2.0, 2.5):
        process = start(*arguments, place.address(), program=changed(SMALL_PACKAGES))
        time.sleep(moment)
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
    api.heal()
    assert kills == 3
    ended = command(*arguments, place.address())
    assert ended.returncode == 0, ended.stderr
    assert place.ask(TOTALS) == place.ask(TOTALS, "undisturbed")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_sync_in_order(
    start: Any, config: Any, ask: Any, api: Any, number: signal.Signals, code: int
) -> None:
    """It loads what it has read, says that the next run goes on from there, and sets the exit code."""
    api.fault("path=report/integrated/get/,hang=30")
    process = start("sync", "--config", config(), "--to", "x.duckdb", "--streams", REPORTS)
    wait_for(process, "advertisers: complete")
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == code, errors
    assert "The next run goes on from there." in errors
    assert ask("SELECT count(*) FROM advertisers") == [(6,)]


def test_a_second_signal_ends_a_sync_at_once(start: Any, config: Any, api: Any) -> None:
    """After the second Ctrl-C it waits for nothing, not even for a database that never answers."""
    api.fault("path=report/integrated/get/,hang=30")
    process = start("sync", "--config", config(), "--to", "x.duckdb", program=changed(STUCK_DATABASE))
    wait_for(process, "advertisers: complete")
    process.send_signal(signal.SIGINT)
    wait_for(process, "Stopping.")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130


def test_a_refused_account_is_named_and_the_others_are_loaded(command: Any, config: Any, ask: Any, api: Any) -> None:
    """The exit code is 1."""
    bad = api.info["advertiser_ids"][1]
    api.fault(f"path=report/integrated/get/,advertiser={bad},code=40001")
    ended = command("sync", "--config", config(), "--to", "x.duckdb", "--streams", "campaigns_reports_daily")
    assert ended.returncode == 1
    assert bad in ended.stderr
    assert "40001" in ended.stderr
    assert ask("SELECT count(DISTINCT advertiser_id) > 2 FROM campaigns_reports_daily") == [(True,)]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--to", "x.csv"), 2, "is not a destination"),
        (("--to", "oracle://h/d"), 2, "not supported"),
        (("--to", "user:secret@host/d"), 2, "'host/d' is not a destination"),
        (("--to", "postgresql://user:secret@host"), 2, "names no database"),
        (("--to", "postgresql://user:secret@127.0.0.1:1/d"), 1, "No Postgres server answers at postgresql://user@127"),
        (("--to", "x.duckdb", "--streams", "adds"), 2, "Did you mean ads"),
        (("--to", "x.duckdb", "--dataset", "a b"), 2, "dataset"),
        (("--to", "nowhere/x.duckdb"), 1, "does not exist"),
        (("--to", "x.duckdb", "--colour"), 2, "No such option"),
        ((), 2, "Missing option '--to'"),
    ],
)
def test_sync_refuses_wrong_input_with_a_message(
    config: Any,
    arguments: tuple[str, ...],
    code: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Without a traceback or a password; the exit code is 2 if the command line must change."""
    monkeypatch.chdir(tmp_path)
    assert run(["sync", "--config", config(), *arguments]) == code
    message = capsys.readouterr().err
    assert words in message
    assert "Traceback" not in message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "is not valid JSON"), ("{}", "has no credentials"), (None, "does not exist")],
)
def test_sync_refuses_a_wrong_configuration_before_it_opens_the_database(
    tmp_path: Path, text: str | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 2 and a message that names the mistake."""
    path = tmp_path / "wrong.json"
    if text is not None:
        path.write_text(text)
    assert run(["sync", "--config", str(path), "--to", str(tmp_path / "x.duckdb")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "x.duckdb").exists()


def test_sync_reports_a_wrong_token_without_showing_it(program: Any, config: Any) -> None:
    """Not even with --debug."""
    path = config(credentials={"access_token": "a-very-secret-token"})
    ended = program("sync", "--debug", "--config", path, "--to", "x.duckdb")
    assert ended.returncode == 1
    assert "token" in ended.stderr.lower()
    assert "a-very-secret-token" not in ended.stderr + ended.stdout


def test_the_password_of_a_database_is_never_shown(program: Any, config: Any, postgres_server: Any) -> None:
    """Neither a right nor a wrong one, not even with --debug."""
    address = postgres_server.new_database().address
    arguments = ("sync", "--debug", "--config", config(), "--streams", "advertisers", "--to")
    loaded = program(*arguments, address)
    assert loaded.returncode == 0, loaded.stderr
    before, _, after = address.partition("://")
    refused = program(*arguments, f"{before}://loader:a-very-secret-word@{after.partition('@')[2]}")
    assert refused.returncode == 1
    assert "refuses the password of loader" in refused.stderr
    for text in (loaded.stdout, loaded.stderr, refused.stdout, refused.stderr):
        assert not {word for word in ("a-very-secret-word", "p@ss", "p%40ss") if word in text}


def test_sync_prints_plain_lines_where_there_is_no_terminal(program: Any, config: Any) -> None:
    """A line per stream on stderr, the summary on stdout, and no control characters."""
    ended = program("sync", "--config", config(), "--to", "x.duckdb", "--streams", "advertisers,campaigns")
    assert "advertisers: complete, 6 rows read." in ended.stderr
    assert "\x1b" not in ended.stderr + ended.stdout
    assert "rows in" in ended.stdout


def test_sync_redraws_its_progress_on_a_terminal(
    environment: dict[str, str], config: Any, api: Any, tmp_path: Path
) -> None:
    """The progress is gone at the end; the summary stays."""
    import pty

    arguments = ["sync", "--config", config(), "--to", "x.duckdb", "--streams", "ads_reports_hourly"]
    api.fault("latency=0.1")
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execve(  # noqa: S606 - our own command
            sys.executable,
            [sys.executable, "-m", "tiktok_marketing.cli", *arguments],
            environment | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
        )
    output = b""
    try:
        while chunk := os.read(terminal, 65536):
            output += chunk
    except OSError:
        pass  # Linux says so when the other side is closed
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    text = output.decode()
    assert "windows" in text
    assert "requests per second" in text
    assert "rows in" in text
    assert text.count("\x1b[?25l") <= text.count("\x1b[?25h")  # the cursor is shown again
