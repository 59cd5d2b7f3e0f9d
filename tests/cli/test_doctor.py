"""`tiktok-marketing doctor` as a user runs it, against an emulator whose clock is this machine's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

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
        (["--database", "nowhere.duckdb"], 2, "There is no database"),
        (["--database", "folder.duckdb"], 2, "is not a file"),
        (["--database", "text.duckdb"], 2, "is not a DuckDB database"),
        (["--database", "empty.duckdb"], 2, "is not a DuckDB database"),
        (["--database", "theirs.duckdb"], 2, "holds no tables of a sync"),
        (["--database", "x.duckdb", "--dataset", "other"], 2, "tiktok_ads (--dataset)"),
        (["--database", "mysql://x"], 2, "not supported"),
        (["--database", "x.duckdb", "--streams", "campaign"], 2, "Did you mean campaigns"),
        (["--database", "x.duckdb", "--streams", ","], 2, "No stream"),
        (["--database", "x.duckdb", "--dataset", "A B"], 2, "is not a name"),
        (["--offline"], 2, "nothing to examine"),
        (["--requests", "-1"], 2, "--requests"),
        (["--max-age", "never"], 2, "--max-age"),
    ],
)
def test_doctor_refuses_wrong_input_with_exit_code_2(
    here: Any, filled: str, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    """On stderr and without a traceback; it prints no report."""
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
    """With exit code 1: the input is right, and a later run succeeds."""
    holder = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", holder, str(tmp_path / "x.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        ended = here("doctor", "--config", filled, "--database", "x.duckdb", "--offline")
        process.stdin.close()
    assert ended.returncode == 1
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
