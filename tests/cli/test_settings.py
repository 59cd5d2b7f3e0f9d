"""What a configuration means to the command where it is silent, wrong or ahead of time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import tiktok_marketing as tiktok
from tiktok_marketing.airbyte.entrypoint import run as run_source

SPEND = "SELECT coalesce(sum(r.spend), 0) FROM ads_reports_daily r"
JOINED = f"{SPEND} JOIN ads a ON a.advertiser_id = r.advertiser_id AND a.ad_id = r.ad_id"
OBJECTS = "ads,ads_reports_daily"


@pytest.fixture
def silent(config: Callable[..., str]) -> Callable[..., str]:
    """Writes a configuration that says nothing about deleted objects and the attribution window."""

    def write(**fields: Any) -> str:
        path = Path(config(**fields))
        content = json.loads(path.read_text())
        for name in {"include_deleted", "end_date"} - fields.keys():
            del content[name]
        path.write_text(json.dumps(content))
        return str(path)

    return write


@pytest.fixture
def source(api: Any, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Any]:
    """Runs the Airbyte source in this process; returns its exit code and its messages."""
    monkeypatch.setenv("TIKTOK_API_URL", api.url)

    def run_here(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        capfdbinary.readouterr()
        code = run_source(arguments)
        return code, [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]

    return run_here


def report_requests(api: Any) -> list[dict[str, Any]]:
    """The parameters of the requests for ad reports since the counters were reset."""
    requests = api.control("counters?requests=1")["requests"]
    return [item["params"] for item in requests if item["params"].get("data_level") == "AUCTION_AD"]


def total_at_tiktok(api: Any, first: str, last: str) -> Decimal:
    """What all accounts spent, by the emulator's own books."""
    accounts = [account["advertiser_id"] for account in api.control("info")["accounts"]]
    query = f"start_date={first}&end_date={last}&hourly=false"
    truths = [api.control(f"truth?advertiser_id={account}&{query}") for account in accounts]
    return sum((Decimal(truth["metrics"]["advertiser"]["spend"]) for truth in truths), Decimal())


def test_by_default_a_join_of_reports_and_ads_keeps_all_the_spend(
    command: Any, silent: Any, api: Any, ask: Any
) -> None:
    """Old and deleted ads have their row, and the ads add up to what the accounts spent."""
    path = silent(end_date="2026-06-14")
    assert command("sync", "--config", path, "--to", "x.duckdb", "--streams", OBJECTS).returncode == 0
    ((spend,),), ((joined,),) = ask(SPEND), ask(JOINED)
    assert spend == joined == total_at_tiktok(api, "2026-06-09", "2026-06-14") > 0
    ((old, deleted),) = ask(
        "SELECT count(*) FILTER (modify_time < '2026-06-09'), count(*) FILTER (secondary_status LIKE '%DELETE%')"
        " FROM ads"
    )
    assert old
    assert deleted


@pytest.mark.parametrize(
    ("fields", "lookback", "deleted"),
    [({}, 7, True), ({"attribution_window": 2, "include_deleted": False}, 2, False)],
    ids=["silent", "explicit"],
)
def test_by_default_a_sync_reads_seven_days_and_deleted_ads_again(
    command: Any, silent: Any, api: Any, fields: dict[str, Any], lookback: int, deleted: bool
) -> None:
    """What the configuration says holds instead."""
    account = api.info["advertiser_ids"][0]
    path = silent(start_date="2026-05-20", advertiser_ids=[account], skip_empty_days=False, **fields)
    arguments = ("--config", path, "--to", "x.duckdb", "--streams", "ads_reports_daily")
    assert command("sync", *arguments).returncode == 0
    api.control("reset", {}, "POST")
    assert command("sync", *arguments).returncode == 0
    requests = report_requests(api)
    today = date(2026, 6, 15)
    assert min(request["start_date"] for request in requests) == str(today - timedelta(days=lookback))
    assert any("STATUS_ALL" in json.dumps(request) for request in requests) == deleted


def test_through_airbyte_the_defaults_are_airbytes(source: Any, silent: Any, api: Any, tmp_path: Path) -> None:
    """Deleted objects are not asked for, and objects that last changed before `start_date` are left out."""
    path = silent(skip_empty_days=False)
    streams = [
        {"stream": {"name": name, "json_schema": {}}, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
        for name in OBJECTS.split(",")
    ]
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps({"streams": streams}))
    api.control("reset", {}, "POST")
    code, messages = source("read", "--config", path, "--catalog", str(catalog))
    assert code == 0
    ads = [
        item["record"]["data"] for item in messages if item["type"] == "RECORD" and item["record"]["stream"] == "ads"
    ]
    assert ads
    assert all(ad["modify_time"] >= "2026-06-09" for ad in ads if ad.get("modify_time"))
    assert report_requests(api)
    assert not any("STATUS_ALL" in json.dumps(request) for request in report_requests(api))


@pytest.mark.parametrize("name", ["check", "plan", "doctor"])
def test_the_settings_that_apply_are_printed(command: Any, silent: Any, name: str) -> None:
    """With a word about defaults, because the Airbyte source has others."""
    ended = command(name, "--config", silent())
    expected = "attribution_window 7 (the default), include_deleted true (the default)"
    assert expected in " ".join(ended.stdout.split())


def test_the_doctor_says_in_money_what_the_settings_leave_out(command: Any, silent: Any) -> None:
    """Next to its verdict, and it never says that the levels agree."""
    path = silent(start_date="2026-05-07", include_deleted=False)
    streams = ("--streams", "ads_reports_daily,advertisers_reports_daily,advertisers")
    assert command("sync", "--config", path, "--to", "duckdb:///x.duckdb", *streams).returncode == 0
    ended = command("doctor", "--config", path, "--database", "duckdb:///x.duckdb", "--offline")
    text = " ".join(ended.stdout.split())
    assert "What the settings leave out include_deleted is false: ads that were deleted hold " in text
    assert " USD of the " in text or " INR of the " in text or " NZD of the " in text
    assert "levels agree" not in text


UNKNOWN = 'has an unknown key: "start_dat" (did you mean start_date?)'
COMMANDS = {
    "check": (),
    "plan": (),
    "doctor": (),
    "streams": (),
    "sync": ("--to", "x.duckdb", "--streams", "ads_reports_daily"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_key_is_refused_by_every_command(command: Any, config: Any, name: str) -> None:
    """The error names the file, the key and the nearest known key, and never the value."""
    path = config(start_dat="a-hidden-value")
    ended = command(name, "--config", path, *COMMANDS[name])
    assert ended.returncode == (3 if name == "doctor" else 2)
    assert f"{path} {UNKNOWN}" in ended.stderr
    assert "a-hidden-value" not in ended.stderr + ended.stdout


@pytest.mark.parametrize("name", ["check", "discover"])
def test_an_unknown_key_is_a_warning_through_airbyte(source: Any, config: Any, name: str) -> None:
    """The command goes on."""
    path = config(start_dat="a-hidden-value", __injected_declarative_manifest={"a": 1}, concurrency_level=3)
    code, messages = source(name, "--config", path)
    assert code == 0
    (warning,) = [
        item["log"]["message"] for item in messages if item["type"] == "LOG" and item["log"]["level"] == "WARN"
    ]
    assert UNKNOWN in warning
    assert "a-hidden-value" not in json.dumps(messages)
    assert messages[-1]["type"] == {"check": "CONNECTION_STATUS", "discover": "CATALOG"}[name]
    assert messages[-1].get("connectionStatus", {"status": "SUCCEEDED"})["status"] == "SUCCEEDED"


@pytest.mark.parametrize("name", ["check", "plan", "doctor", "sync"])
def test_a_start_date_in_the_future_is_refused(command: Any, silent: Any, name: str) -> None:
    """A sync would read nothing and seem to be complete."""
    ended = command(name, "--config", silent(start_date="2199-01-01"), *COMMANDS[name])
    assert ended.returncode == (1 if name in {"check", "doctor"} else 2)
    text = " ".join((ended.stdout + ended.stderr).split())
    assert "start_date is 2199-01-01, which is in the future" in text
    assert "Set start_date to 20" in text


def test_the_library_refuses_a_start_date_in_the_future(
    silent: Any, api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading, loading and planning say so."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIKTOK_API_URL", api.url)
    config = tiktok.load_config(silent(start_date="2199-01-01"))
    future = pytest.raises(tiktok.ConfigurationError, match="start_date is 2199-01-01, which is in the future")
    with future:
        list(tiktok.read(config, streams=["ads_reports_daily"]))
    with future:
        tiktok.load(config, "duckdb:///x.duckdb", streams=["ads_reports_daily"])
    with future:
        tiktok.plan(config)


def test_through_airbyte_a_start_date_in_the_future_is_a_config_error(source: Any, silent: Any, tmp_path: Path) -> None:
    """`check` fails, and `read` ends with exit code 1."""
    path = silent(start_date="2199-01-01")
    _, messages = source("check", "--config", path)
    status = messages[-1]["connectionStatus"]
    assert status["status"] == "FAILED"
    assert "in the future" in status["message"]
    catalog = tmp_path / "catalog.json"
    stream = {"name": "ads_reports_daily", "json_schema": {}}
    catalog.write_text(json.dumps({"streams": [{"stream": stream, "sync_mode": "full_refresh"}]}))
    code, messages = source("read", "--config", path, "--catalog", str(catalog))
    assert code == 1
    errors = [
        item["trace"]["error"] for item in messages if item["type"] == "TRACE" and item["trace"]["type"] == "ERROR"
    ]
    assert {error["failure_type"] for error in errors} == {"config_error"}
    assert "in the future" in errors[0]["message"]


@pytest.mark.parametrize("start_date", ["1900-01-01", "0001-01-01", "2011-12-31"])
def test_a_start_date_long_ago_costs_nothing(command: Any, silent: Any, start_date: str, api: Any) -> None:
    """No day before 2012 is requested, even if TikTok does not say when an account was created."""
    api.fault("path=advertiser/info/,edit=create_time")
    path = silent(start_date=start_date)
    ended = command("plan", "--config", path, "--json", "--streams", "ads_reports_daily")
    assert ended.returncode == 0
    (stream,) = json.loads(ended.stdout)["streams"]
    assert stream["first"] == "2012-01-01"


STREAM_OPTIONS = [
    (("--streams", "campaigns", "--streams", "ads"), {"campaigns", "ads"}),
    (("--streams", "campaigns,ads"), {"campaigns", "ads"}),
    (("--streams", "campaigns , ads", "--streams", "ads"), {"campaigns", "ads"}),
    (("--streams", "ads_reports_[dh]*", "--streams", "a?s"), {"ads", "ads_reports_daily", "ads_reports_hourly"}),
]


@pytest.mark.parametrize(("options", "names"), STREAM_OPTIONS)
def test_options_for_streams_add_up(command: Any, config: Any, options: tuple[str, ...], names: set[str]) -> None:
    """Several options, names with commas, and patterns choose streams together."""
    listed = json.loads(command("streams", "--json", *options).stdout)
    assert {stream["name"] for stream in listed} == names
    planned = json.loads(command("plan", "--config", config(), "--json", *options).stdout)
    assert {stream["name"] for stream in planned["streams"]} == names


def test_a_sync_reads_the_streams_of_every_option(command: Any, config: Any, ask: Any) -> None:
    """And the doctor examines them."""
    options = ("--streams", "campaigns", "--streams", "ads_reports_d*,advertisers")
    assert command("sync", "--config", config(), "--to", "x.duckdb", *options).returncode == 0
    tables = {
        name for (name,) in ask("SELECT table_name FROM duckdb_tables() WHERE table_name NOT LIKE '\\_%' ESCAPE '\\'")
    }
    assert tables == {"campaigns", "ads_reports_daily", "advertisers"}
    assert command("check", "--config", config(), *options).returncode == 0


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("campaings*", "No stream matches 'campaings*'. Did you mean campaigns"),
        ("Ads_Report_*", "Did you mean ads_reports"),
        ("campaings", "The stream 'campaings' does not exist. Did you mean campaigns"),
        (",", "No stream is selected."),
        ("", "No stream is selected."),
    ],
)
def test_streams_that_do_not_exist_are_refused(command: Any, config: Any, name: str, option: str, words: str) -> None:
    """The error suggests similar names."""
    more = ("--to", "x.duckdb") if name == "sync" else ()
    ended = command(name, "--config", config(), *more, "--streams", option)
    assert ended.returncode == 2
    assert words in " ".join(ended.stderr.split())


@pytest.mark.parametrize("option", ["--advertiser-ids", "--exclude-advertiser-ids", "--accounts", "--streams"])
def test_an_option_that_names_nothing_reads_nothing(option: str, command: Any, config: Any) -> None:
    """Commas are what is left of two variables that were empty; all accounts are not what somebody meant."""
    ended = command("sync", "--config", config(), "--to", "x.duckdb", option, ",")
    assert ended.returncode == 2
    assert "names no account" in ended.stderr or "No account is named" in ended.stderr or "No stream" in ended.stderr
    assert not Path("x.duckdb").exists()


@pytest.mark.parametrize(
    ("named", "only", "left_out", "words"),
    [
        (0, [1], [], "credentials.advertiser_id selects the account {0} alone, and advertiser_ids does not have it."),
        (0, [], [0], "exclude_advertiser_ids leaves out {0}, the only account that credentials.advertiser_id selects."),
        (
            0,
            [0],
            [0],
            "exclude_advertiser_ids leaves out {0}, the only account that credentials.advertiser_id selects.",
        ),
        (None, [0], [0, 1], "advertiser_ids and exclude_advertiser_ids leave no account to read."),
        (None, [], range(6), "exclude_advertiser_ids leaves no account to read."),
    ],
)
def test_settings_that_leave_no_account_are_named(
    named: int | None, only: list[int], left_out: list[int], words: str, command: Any, config: Any, api: Any
) -> None:
    """Those that are set, and no others."""
    ids = api.info["advertiser_ids"]
    path = config(
        credentials={} if named is None else {"advertiser_id": ids[named]},
        advertiser_ids=[ids[number] for number in only],
        exclude_advertiser_ids=[ids[number] for number in left_out],
    )
    ended = command("plan", "--config", path)
    assert ended.returncode == 2
    assert words.format(*ids) in ended.stderr
