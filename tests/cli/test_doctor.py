"""`tiktok-marketing doctor` as a user runs it, against an emulator whose clock is this machine's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import duckdb
import pytest

from tiktok_marketing.cli.main import run

STREAMS = "campaigns,ads,ads_reports_daily,campaigns_reports_daily,advertisers_reports_daily"


@pytest.fixture(scope="module")
def live() -> Iterator[dict[str, Any]]:
    """An emulator whose clock runs."""
    command = [sys.executable, "-m", "tiktok_marketing.cli", "emulator", "--port", "0", "--tier", "unlimited"]
    command += ["--days", "30", "--ads-per-account", "12"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()
        assert process.wait(10) == 0


@pytest.fixture
def settings(live: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Writes a configuration file; returns its path."""
    monkeypatch.setenv("TIKTOK_API_URL", live["url"])

    def write(**fields: Any) -> str:
        path = tmp_path / "config.json"
        credentials = {"auth_type": "oauth2.0"} | {name: live[name] for name in ("app_id", "secret", "access_token")}
        defaults = {
            "start_date": str((datetime.now(UTC) - timedelta(days=20)).date()),
            "include_deleted": True,
            "requests_per_second": 500,
        }
        path.write_text(json.dumps({**defaults, **fields, "credentials": credentials | fields.get("credentials", {})}))
        return str(path)

    return write


@pytest.fixture
def here(settings: Any, command: Any, live: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command against that emulator."""
    del settings
    monkeypatch.setenv("TIKTOK_API_URL", live["url"])
    return command


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test that needs a database leaves a copy for the other tests."""
    return tmp_path_factory.mktemp("template") / "x.duckdb"


@pytest.fixture
def filled(here: Any, settings: Any, template: Path, tmp_path: Path) -> str:
    """The path of the configuration with which a sync filled `x.duckdb`."""
    config = str(settings())
    if not template.exists():
        assert here("sync", "--config", config, "--to", "x.duckdb", "--streams", STREAMS).returncode == 0
        shutil.move(tmp_path / "x.duckdb", template)
    shutil.copy(template, tmp_path / "x.duckdb")
    return config


def test_doctor_finds_nothing_wrong_after_a_sync(here: Any, filled: str) -> None:
    """Exit code 0, a line per check and stream, and no finding."""
    ended = here("doctor", "--config", filled, "--database", "x.duckdb")
    assert ended.returncode == 0, ended.stdout
    assert "All is well." in ended.stdout
    assert "windows of reports" in ended.stdout
    assert "ads_reports_daily" in ended.stdout
    assert "What to do" not in ended.stdout
    assert not ended.stderr


def test_doctor_names_damage_and_the_command_that_fixes_it(here: Any, filled: str, tmp_path: Path) -> None:
    """Streams that need the same command share it, and the command fixes them."""
    day = (datetime.now(UTC) - timedelta(days=9)).date()
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        for table in ("ads_reports_daily", "campaigns_reports_daily"):
            connection.execute(f"DELETE FROM tiktok_ads.{table} WHERE stat_time_day = '{day}'")  # noqa: S608
    examine = ("doctor", "--config", filled, "--database", "duckdb:///x.duckdb")
    ended = here(*examine)
    assert ended.returncode == 1
    assert str(day) in ended.stdout
    fixes = [line for line in ended.stdout.splitlines() if line.strip().startswith("tiktok-marketing sync")]
    assert "--full" in fixes[-1]
    assert here(*fixes[-1].split()[1:]).returncode == 0
    assert here(*examine).returncode == 0


def test_doctor_json_has_every_finding_with_its_remedy(here: Any, filled: str, tmp_path: Path) -> None:
    """Each finding has its stream, account, days, and what to do."""
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute(
            "DELETE FROM tiktok_ads.campaigns WHERE campaign_id = (SELECT min(campaign_id) FROM tiktok_ads.campaigns)"
        )
    ended = here("doctor", "--config", filled, "--database", "x.duckdb", "--json")
    examination = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert not examination["well"]
    fields = {"severity", "check", "stream", "advertiser_id", "days", "message", "remedy"}
    assert fields <= examination["findings"][0].keys()
    assert {finding["stream"] for finding in examination["findings"]} == {"campaigns"}
    assert examination["findings"][0]["remedy"].startswith("tiktok-marketing sync --config")
    assert {stream["stream"] for stream in examination["freshness"]} == set(STREAMS.split(","))
    assert examination["sample"]["windows"] == examination["sample"]["windows_total"]


def test_doctor_offline_needs_no_token(here: Any, filled: str, settings: Any) -> None:
    """It examines the database and sends nothing to TikTok."""
    settings(credentials={"access_token": "wrong"})
    assert here("doctor", "--config", filled, "--database", "x.duckdb").returncode == 1
    ended = here("doctor", "--config", filled, "--database", "x.duckdb", "--offline")
    assert ended.returncode == 0, ended.stdout
    assert "Credentials" not in ended.stdout


def test_doctor_without_a_database_examines_the_access(here: Any, settings: Any) -> None:
    """It tries the rate of the configuration, among other checks."""
    ended = here("doctor", "--config", str(settings()))
    assert ended.returncode == 0, ended.stdout
    assert "TikTok accepts 500 requests per second" in ended.stdout


def test_doctor_strict_fails_for_warnings(here: Any, settings: Any, live: dict[str, Any]) -> None:
    """Without --strict, a clock that is three minutes off does not change the exit code."""
    import urllib.request

    def move(seconds: int) -> None:
        body = json.dumps({"advance": seconds}).encode()
        request = urllib.request.Request(f"{live['url']}/_emulator/clock", body, method="POST")  # noqa: S310 - our own
        urllib.request.urlopen(request).close()  # noqa: S310

    config = str(settings())
    move(180)
    try:
        assert here("doctor", "--config", config, "--streams", "campaigns").returncode == 0
        strict = here("doctor", "--config", config, "--streams", "campaigns", "--strict")
        assert strict.returncode == 1
        assert "All is well, with 1 warning." in strict.stdout
    finally:
        move(-180)


def test_doctor_names_a_chosen_stream_that_was_never_synced(here: Any, filled: str) -> None:
    """A stream that is not chosen by name may be absent."""
    ended = here("doctor", "--config", filled, "--database", "x.duckdb", "--streams", "audiences,campaigns")
    assert ended.returncode == 1
    assert "never synced" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--database", "nowhere.duckdb"], 3, "nowhere.duckdb does not exist"),
        (["--database", "folder.duckdb"], 3, "is not a file"),
        (["--database", "text.duckdb"], 3, "is not a DuckDB database"),
        (["--database", "empty.duckdb"], 3, "is not a DuckDB database"),
        (["--database", "theirs.duckdb"], 3, "holds no tables of a sync"),
        (["--database", "x.duckdb", "--dataset", "other"], 3, "tiktok_ads (--dataset)"),
        (["--database", "oracle://x"], 2, "not supported"),
        (["--database", "x.duckdb", "--streams", "campaign"], 2, "Did you mean campaigns"),
        (["--database", "x.duckdb", "--streams", ","], 2, "No stream"),
        (["--database", "x.duckdb", "--dataset", "A B"], 2, "is not a name"),
        (["--offline"], 2, "nothing to examine"),
        (["--requests", "-1"], 2, "--requests"),
        (["--max-age", "never"], 2, "--max-age"),
    ],
)
def test_doctor_refuses_wrong_input(
    here: Any, filled: str, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    """On stderr, without a traceback and without a report: 2 for wrong usage, 3 if there is no such database."""
    (tmp_path / "folder.duckdb").mkdir()
    (tmp_path / "text.duckdb").write_text("hello " * 3000)
    (tmp_path / "empty.duckdb").touch()
    with duckdb.connect(str(tmp_path / "theirs.duckdb")) as connection:
        connection.execute("CREATE SCHEMA tiktok_ads; CREATE TABLE tiktok_ads.mine (a INT)")
    ended = here("doctor", "--config", filled, *arguments)
    assert ended.returncode == code, ended.stdout
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    assert not ended.stdout


def test_doctor_names_the_process_that_uses_the_database(here: Any, filled: str, tmp_path: Path) -> None:
    """With exit code 3: the input is right, and a later run succeeds."""
    holder = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", holder, str(tmp_path / "x.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        ended = here("doctor", "--config", filled, "--database", "x.duckdb", "--offline")
        process.stdin.close()
    assert ended.returncode == 3
    assert f"in use by process {process.pid}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_doctor_notes_a_sync_that_is_loading(here: Any, filled: str, tmp_path: Path) -> None:
    """Between two packages the database can be read, but it is not whole."""
    from tiktok_marketing.pipelines.databases.kinds import destination_of
    from tiktok_marketing.pipelines.databases.lock import reserved

    with reserved(destination_of(f"duckdb:///{tmp_path / 'x.duckdb'}")):
        ended = here("doctor", "--config", filled, "--database", "x.duckdb", "--offline")
    assert "A sync is loading into the database now" in ended.stdout
    assert ended.returncode == 0


def test_doctor_offline_needs_no_configuration(here: Any, filled: str, tmp_path: Path) -> None:
    """The database is enough, and damage is found in it."""
    examine = ("doctor", "--database", "x.duckdb", "--offline")
    ended = here(*examine)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute("INSERT INTO tiktok_ads.campaigns SELECT * FROM tiktok_ads.campaigns LIMIT 1")
    ended = here(*examine)
    assert ended.returncode == 1
    assert "tiktok-marketing sync --config FILE --to x.duckdb --streams campaigns --full" in ended.stdout
    fixed = here("sync", "--config", filled, "--to", "x.duckdb", "--streams", "campaigns", "--full")
    assert fixed.returncode == 0
    assert here(*examine).returncode == 0


def test_doctor_needs_a_configuration_to_ask_tiktok(here: Any, filled: str) -> None:
    """Without one it is wrong usage."""
    del filled
    ended = here("doctor", "--database", "x.duckdb")
    assert ended.returncode == 2
    assert "--offline" in ended.stderr


def test_doctor_quiet_prints_only_what_is_wrong(here: Any, filled: str, tmp_path: Path) -> None:
    """Nothing if all is well, so that cron sends no mail; otherwise the findings and what to do."""
    examine = ("doctor", "--config", filled, "--database", "x.duckdb", "--quiet")
    ended = here(*examine)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute("INSERT INTO tiktok_ads.campaigns SELECT * FROM tiktok_ads.campaigns LIMIT 1")
    ended = here(*examine)
    assert ended.returncode == 1
    first, *_ = ended.stdout.splitlines()
    assert ": campaigns, " in first
    assert "duplicate" in first
    assert "What to do" in ended.stdout
    assert "All is well" not in ended.stdout
    assert "Compared with TikTok" not in ended.stdout


@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.thorough
def test_doctor_ends_with_3_if_tiktok_cannot_be_reached(
    here: Any, filled: str, monkeypatch: pytest.MonkeyPatch, quiet: bool
) -> None:
    """It is not known whether anything is wrong; damage in the database counts more."""
    monkeypatch.setenv("TIKTOK_API_URL", "http://127.0.0.1:1")
    ended = here("doctor", "--config", filled, "--database", "x.duckdb", *(["--quiet"] if quiet else []))
    assert ended.returncode == 3
    assert "cannot connect" in ended.stdout
    with duckdb.connect("x.duckdb") as connection:
        connection.execute("INSERT INTO tiktok_ads.campaigns SELECT * FROM tiktok_ads.campaigns LIMIT 1")
    assert here("doctor", "--config", filled, "--database", "x.duckdb").returncode == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [("{", 3), ("{}", 3), ('{"credentials": {"access_token": "another-token"}, "start_date": "x"}', 3)],
)
def test_doctor_ends_with_3_if_the_configuration_cannot_be_used(
    here: Any, filled: str, tmp_path: Path, content: str, code: int
) -> None:
    """It could not look."""
    del filled
    (tmp_path / "bad.json").write_text(content)
    ended = here("doctor", "--config", "bad.json", "--database", "x.duckdb")
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr


FIELDS = {"format", "exit_code", "well", "reached", "at", "checks", "findings", "freshness", "sample", "error"}


def test_doctor_json_has_the_documented_fields_whatever_happens(
    here: Any, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If all is well, if there is no database, and if TikTok cannot be reached."""
    well = json.loads(here("doctor", "--config", filled, "--database", "x.duckdb", "--json").stdout)
    assert (well["format"], well["exit_code"], well["well"], well["error"]) == (1, 0, True, None)
    ended = here("doctor", "--config", filled, "--database", "nowhere.duckdb", "--json")
    no_database = json.loads(ended.stdout)
    assert (ended.returncode, no_database["exit_code"], no_database["well"]) == (3, 3, None)
    assert "does not exist" in no_database["error"]["message"]
    monkeypatch.setenv("TIKTOK_API_URL", "http://127.0.0.1:1")
    unreachable = json.loads(here("doctor", "--config", filled, "--database", "x.duckdb", "--json").stdout)
    assert (unreachable["exit_code"], unreachable["well"], unreachable["reached"]) == (3, None, False)
    assert well.keys() == no_database.keys() == unreachable.keys() == FIELDS


@pytest.mark.parametrize("as_json", [True, False])
def test_doctor_ends_with_3_after_a_fault_of_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    """A fault says nothing about the database, wherever it comes from. The JSON has all its fields."""
    line = ["doctor", "--offline", "--database", "x.duckdb", *(["--json"] if as_json else [])]
    for place in ("tiktok_marketing.pipelines.destination_of", "tiktok_marketing.doctor.examine"):
        with monkeypatch.context() as patched:
            patched.setattr(place, Mock(side_effect=KeyError("a fault")))
            assert run(line) == 3
        shown = capsys.readouterr()
        assert "fault of the program" in shown.err
        if as_json:
            report = json.loads(shown.out)
            assert report.keys() == FIELDS
            assert (report["exit_code"], report["well"]) == (3, None)
            assert "fault of the program" in report["error"]["message"]


def test_doctor_ends_with_3_if_the_machine_refuses_something(filled: str, tmp_path: Path) -> None:
    """A file for keys that cannot be written keeps it from looking, and is not wrong usage.

    Python opens that file once in a process, so the process of the tests may have it open already.
    """
    ended = subprocess.run(  # noqa: S603 - our own command
        [
            sys.executable,
            "-m",
            "tiktok_marketing.cli",
            "doctor",
            "--config",
            filled,
            "--database",
            "x.duckdb",
            "--json",
        ],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "SSLKEYLOGFILE": str(tmp_path / "missing" / "keys")},
        text=True,
    )
    report = json.loads(ended.stdout)
    assert (ended.returncode, report["exit_code"]) == (3, 3)
    assert report.keys() == FIELDS
    assert "SSLKEYLOGFILE" in report["error"]["message"]


def test_the_page_and_the_help_name_every_exit_code(here: Any) -> None:
    """Cron jobs depend on them."""
    help_text = here("doctor", "--help").stdout
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()
    for code in (0, 1, 2, 3):
        assert f"| {code} |" in page
        assert f"{code} " in help_text.partition("Exit codes:")[2]
    for field in FIELDS:
        assert f"`{field}`" in page


def test_doctor_shows_what_it_does_on_a_terminal(filled: str, live: dict[str, Any], tmp_path: Path) -> None:
    """The first words come before the first answer of TikTok; they do not go to standard output."""
    import pty

    script, terminal = pty.openpty()
    command = [sys.executable, "-m", "tiktok_marketing.cli", "doctor", "--config", filled, "--database", "x.duckdb"]
    environment = {**os.environ, "TIKTOK_API_URL": live["url"], "TERM": "xterm"}
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=terminal, cwd=tmp_path, env=environment
    ) as process:
        os.close(terminal)
        shown = b""
        try:
            while part := os.read(script, 65536):
                shown += part
        except OSError:
            pass  # the terminal closed
        assert process.stdout is not None
        printed = process.stdout.read()
    os.close(script)
    assert process.returncode == 0
    text = shown.decode()
    steps = ("Starting", "Opening the database", "Asking TikTok", "Reading", "Comparing reports")
    positions = [text.find(step) for step in steps]
    assert positions[0] >= 0
    assert [position for position in positions if position >= 0] == sorted(p for p in positions if p >= 0)
    assert any(position >= 0 for position in positions[1:])
    assert b"Comparing reports" not in printed
