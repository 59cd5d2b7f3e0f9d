"""`tiktok-marketing doctor` as a user has it, against an emulator whose time runs as this machine's does."""

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
        given = {
            "start_date": str((datetime.now(UTC) - timedelta(days=20)).date()),
            "include_deleted": True,
            "requests_per_second": 500,
        }
        path.write_text(json.dumps({**given, **fields, "credentials": credentials | fields.get("credentials", {})}))
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
    """Where the first test that needs a database leaves a copy for the others."""
    return tmp_path_factory.mktemp("template") / "x.duckdb"


@pytest.fixture
def filled(here: Any, settings: Any, template: Path, tmp_path: Path) -> str:
    """A configuration, with which `x.duckdb` was filled."""
    config = str(settings())
    if not template.exists():
        assert here("sync", "--config", config, "--to", "x.duckdb", "--streams", STREAMS).returncode == 0
        shutil.move(tmp_path / "x.duckdb", template)
    shutil.copy(template, tmp_path / "x.duckdb")
    return config


def test_all_is_well(here: Any, filled: str) -> None:
    """Exit code 0, a line for each check and stream, and nothing found."""
    ended = here("doctor", "--config", filled, "--database", "x.duckdb")
    assert ended.returncode == 0, ended.stdout
    assert "All is well." in ended.stdout
    assert "parts of reports" in ended.stdout
    assert "ads_reports_daily" in ended.stdout
    assert "What to do" not in ended.stdout
    assert not ended.stderr


def test_damage_is_named_with_the_command_that_mends_it(here: Any, filled: str, tmp_path: Path) -> None:
    """Streams that need the same command are in one; and that command mends them."""
    day = (datetime.now(UTC) - timedelta(days=9)).date()
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        for table in ("ads_reports_daily", "campaigns_reports_daily"):
            connection.execute(f"DELETE FROM tiktok_ads.{table} WHERE stat_time_day = '{day}'")  # noqa: S608
    examine = ("doctor", "--config", filled, "--database", "duckdb:///x.duckdb")
    ended = here(*examine)
    assert ended.returncode == 1
    assert str(day) in ended.stdout
    mend = [line for line in ended.stdout.splitlines() if line.strip().startswith("tiktok-marketing sync")]
    assert "--full" in mend[-1]
    assert here(*mend[-1].split()[1:]).returncode == 0
    assert here(*examine).returncode == 0


def test_json_says_everything(here: Any, filled: str, tmp_path: Path) -> None:
    """Each finding with its stream, account, days, and what to do."""
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute(
            "DELETE FROM tiktok_ads.campaigns WHERE campaign_id = (SELECT min(campaign_id) FROM tiktok_ads.campaigns)"
        )
    ended = here("doctor", "--config", filled, "--database", "x.duckdb", "--json")
    told = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert not told["well"]
    assert {"severity", "check", "stream", "advertiser_id", "days", "message", "remedy"} <= told["findings"][0].keys()
    assert {one["stream"] for one in told["findings"]} == {"campaigns"}
    assert told["findings"][0]["remedy"].startswith("tiktok-marketing sync --config")
    assert {one["stream"] for one in told["freshness"]} == set(STREAMS.split(","))
    assert told["sample"]["windows"] == told["sample"]["windows_total"]


def test_the_database_alone(here: Any, filled: str, settings: Any) -> None:
    """With --offline nobody is asked, so that no token is needed."""
    settings(credentials={"access_token": "wrong"})
    assert here("doctor", "--config", filled, "--database", "x.duckdb").returncode == 1
    ended = here("doctor", "--config", filled, "--database", "x.duckdb", "--offline")
    assert ended.returncode == 0, ended.stdout
    assert "Credentials" not in ended.stdout


def test_the_access_alone(here: Any, settings: Any) -> None:
    """Without a database."""
    ended = here("doctor", "--config", str(settings()))
    assert ended.returncode == 0, ended.stdout
    assert "TikTok accepts 500 requests per second" in ended.stdout


def test_warnings_count_if_asked(here: Any, settings: Any, live: dict[str, Any]) -> None:
    """A clock that is three minutes off is no reason to fail, except with --strict."""
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


def test_a_stream_that_was_never_synced_is_told(here: Any, filled: str) -> None:
    """If it is asked for by its name."""
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
def test_wrong_input_is_met_with_a_sentence(
    here: Any, filled: str, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    """What is wrong and what to do, and no traceback."""
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


def test_a_database_that_is_in_use_is_told(here: Any, filled: str, tmp_path: Path) -> None:
    """With the process that holds it; nothing is wrong with what was given, so it is no wrong input."""
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


def test_a_sync_that_is_loading_is_told(here: Any, filled: str, tmp_path: Path) -> None:
    """Between two packages the database can be read, and is not whole."""
    from tiktok_marketing.pipelines.databases.kinds import destination_of
    from tiktok_marketing.pipelines.databases.lock import reserved

    with reserved(destination_of(f"duckdb:///{tmp_path / 'x.duckdb'}")):
        ended = here("doctor", "--config", filled, "--database", "x.duckdb", "--offline")
    assert "A sync is loading into the database now" in ended.stdout
    assert ended.returncode == 0
