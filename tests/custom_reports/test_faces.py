"""Reports of one's own in what looks at a database: with the configuration, and with nothing but the database."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.shell_completion import ShellComplete

import tiktok_marketing as tiktok
from programs import emulator_beside
from tiktok_marketing.cli.main import command
from tiktok_marketing.config import parse_config
from tiktok_marketing.doctor.options import DoctorOptions
from tiktok_marketing.doctor.run import examine, unconfigured
from tiktok_marketing.emulator import Options
from tiktok_marketing.mcp_server.answers import Answers, Limits
from tiktok_marketing.pipelines import destination_of

_REPORTS: list[dict[str, Any]] = [
    {
        "name": "campaigns_by_country",
        "level": "campaign",
        "dimensions": ["country_code"],
        "metrics": ["spend", "impressions", "clicks", "complete_payment_roas"],
    },
    {"name": "conversions_of_ads", "metrics": ["conversion"], "dimensions": ["ad_id_v2"]},
    {"name": "manual_hours", "level": "ad_group", "grain": "hour", "metrics": ["spend", "clicks"],
     "filters": {"campaign_automation_type": "MANUAL"}},
    {"name": "account_days", "level": "account", "metrics": ["spend", "impressions", "clicks", "total_checkout"]},
    {"name": "campaigns_ever", "level": "campaign", "metrics": ["spend"], "grain": "lifetime"},
]  # fmt: skip
_NAMES = [report["name"] for report in _REPORTS]
_DAYS = ["campaigns_by_country", "conversions_of_ads", "manual_hours", "account_days"]


class Filled:
    """A database that a sync has filled, and its configuration."""

    def __init__(self, raw: dict[str, Any], path: Path, url: str) -> None:
        self.raw, self.path, self.url, self.address = raw, path, url, f"duckdb:///{path}"
        self.config = parse_config(raw)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Made once: each test reads it only, or what it changes is of no consequence for the others."""
    from datetime import UTC, datetime, timedelta

    folder = tmp_path_factory.mktemp("faces")
    options = Options(tier="unlimited", advertisers=3, days=20, ads_per_account=12, settled=True, latency=0)
    with emulator_beside(options) as emulator, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOK_API_URL", emulator.url)
        credentials = {
            "auth_type": "oauth2.0",
            "app_id": emulator.app_id,
            "secret": emulator.secret,
            "access_token": emulator.access_token,
        }
        raw = {
            "credentials": credentials,
            "start_date": str((datetime.now(UTC) - timedelta(days=8)).date()),
            "requests_per_second": 50,
            "custom_reports": _REPORTS,
        }
        made = Filled(raw, folder / "t.duckdb", emulator.url)
        (folder / "config.json").write_text(json.dumps(raw))
        streams = [*_NAMES, "advertisers", "campaigns", "campaigns_reports_daily"]
        assert tiktok.load(made.config, made.address, streams=streams).complete
        yield made


def _run(*arguments: str, code: int = 0) -> str:
    """What a command writes to stdout."""
    return _ended(*arguments, code=code).stdout


def _ended(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "tiktok-marketing"
    ended = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert ended.returncode == code, ended.stderr
    return ended


@pytest.mark.parametrize("configured", [True, False])
def test_the_doctor_examines_them(filled: Filled, configured: bool) -> None:
    """Offline, the database alone suffices. An intact database has nothing wrong."""
    options = DoctorOptions(database=destination_of(filled.address), offline=not configured)
    found = asyncio.run(examine(filled.config if configured else unconfigured(), options))
    assert [finding for finding in found.findings if finding.severity == "wrong"] == []
    fresh = {of.stream: of for of in found.freshness}
    assert set(_NAMES) < set(fresh)
    assert all(fresh[name].rows for name in _NAMES)


@pytest.mark.parametrize("table", _DAYS)
def test_the_doctor_finds_what_a_report_lacks(filled: Filled, table: str, tmp_path: Path) -> None:
    """A day that is gone, in reports with all measures and with none of them."""
    path = tmp_path / "t.duckdb"
    path.write_bytes(filled.path.read_bytes())
    with duckdb.connect(str(path)) as database:
        cursor = "stat_time_hour" if table == "manual_hours" else "stat_time_day"
        sql = f"SELECT advertiser_id, min({cursor})::DATE FROM tiktok_ads.{table} GROUP BY 1 ORDER BY count(*) DESC"  # noqa: S608
        account, day = database.sql(sql).fetchall()[0]
        gone = f"DELETE FROM tiktok_ads.{table} WHERE advertiser_id = ? AND {cursor}::DATE = ?"  # noqa: S608
        database.execute(gone, [account, day])
    options = DoctorOptions(database=destination_of(f"duckdb:///{path}"), streams=(table,))
    found = asyncio.run(examine(filled.config, options))
    wrong = [finding for finding in found.findings if finding.severity == "wrong"]
    assert {finding.stream for finding in wrong} == {table}
    assert any(day in finding.days for finding in wrong)


def test_the_doctor_tries_them_at_tiktok(filled: Filled) -> None:
    """And a name that neither the configuration nor the database knows is an error."""
    found = asyncio.run(examine(filled.config, DoctorOptions(streams=("conversions_of_ads",))))
    assert [finding for finding in found.findings if finding.severity == "wrong"] == []
    text = _run("doctor", "--offline", "--database", filled.address, "--streams", "campaigns_by_citys", code=2)
    assert text == ""


def test_the_doctor_finds_them_by_name(filled: Filled) -> None:
    """The database alone knows them; so does the suggestion for a name that nobody knows."""
    options = ("doctor", "--offline", "--database", filled.address, "--max-age", "8760")
    assert "campaigns_by_country" in _run(*options, "--streams", "campaigns_by_country")
    assert "Did you mean campaigns_by_country " in _ended(*options, "--streams", "campaigns_by_countr", code=2).stderr


def test_views_show_their_days_and_freshness(filled: Filled, tmp_path: Path) -> None:
    """`coverage`, `freshness` and `open_days` have a row per report."""
    path = tmp_path / "t.duckdb"
    path.write_bytes(filled.path.read_bytes())
    _run("views", "--database", f"duckdb:///{path}")
    with duckdb.connect(str(path), read_only=True) as database:
        for view in ("coverage", "freshness"):
            streams = {name for (name,) in database.sql(f"SELECT DISTINCT stream FROM tiktok_ads.{view}").fetchall()}  # noqa: S608
            assert set(_DAYS) <= streams, view
        [(open_days,)] = database.sql(
            "SELECT count(*) FROM tiktok_ads.open_days WHERE stream = 'campaigns_by_country'"
        ).fetchall()
        assert open_days > 0


def test_the_page_shows_their_days(filled: Filled, tmp_path: Path) -> None:
    """Among the streams whose days it lists."""
    page = tmp_path / "report.html"
    _run("report", "--database", filled.address, "--output", str(page))
    assert all(name in page.read_text() for name in _DAYS)


@pytest.mark.thorough
def test_states_are_shown_and_set_back(filled: Filled, tmp_path: Path) -> None:
    """The next sync reads the account again."""
    path = tmp_path / "t.duckdb"
    path.write_bytes(filled.path.read_bytes())
    address = f"duckdb:///{path}"
    shown = json.loads(_run("state", "show", "--database", address, "--json"))["states"]
    assert set(_DAYS) < {state["stream"] for state in shown}
    only = json.loads(_run("state", "show", "--database", address, "--streams", "campaigns_by_*", "--json"))["states"]
    assert {state["stream"] for state in only} == {"campaigns_by_country"}
    account = only[0]["advertiser_id"]
    reset = ("state", "reset", "--database", address, "--streams", "campaigns_by_country", "--accounts", account)
    done = json.loads(_run(*reset, "--yes", "--json"))
    assert [(each["stream"], each["advertiser_id"]) for each in done] == [("campaigns_by_country", account)]
    left = json.loads(_run("state", "show", "--database", address, "--streams", "campaigns_by_country", "--json"))
    assert account not in {state["advertiser_id"] for state in left["states"]}
    again = json.loads(_run("state", "show", "--database", address, "--streams", "manual_hours", "--json"))["states"]
    assert again, "a reset keeps the descriptions of the reports"


def test_the_states_of_shards_are_merged(tmp_path: Path) -> None:
    """Judged by their form, for a file of states does not say what its streams are."""

    def state(account: str, field: str, day: str) -> dict[str, Any]:
        entry = {"partition": {"advertiser_id": account, "parent_slice": {}}, "cursor": {field: day}}
        return {"use_global_cursor": False, "states": [entry], "lookback_window": 0}

    def message(name: str, of: Any) -> dict[str, Any]:
        return {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": of}}

    days = ("stat_time_day", "2026-06-12")
    first = [message("mine", state("1", *days)), message("hours", state("1", "stat_time_hour", "2026-06-12 10:00:00"))]
    second = [message("mine", state("2", *days)), message("foreign", {"offset": 7})]
    (tmp_path / "0.json").write_text(json.dumps(first))
    (tmp_path / "1.json").write_text(json.dumps(second))
    outcome = _ended("state", "merge", str(tmp_path / "0.json"), str(tmp_path / "1.json"))
    merged = {
        of["stream"]["stream_descriptor"]["name"]: of["stream"]["stream_state"] for of in json.loads(outcome.stdout)
    }
    accounts = {name: [of["partition"]["advertiser_id"] for of in state["states"]] for name, state in merged.items()}
    assert accounts == {"mine": ["1", "2"], "hours": ["1"]}
    assert "foreign" in outcome.stderr
    assert "mine" not in outcome.stderr
    (tmp_path / "2.json").write_text(json.dumps({"mine": state("3", *days)}))
    again = json.loads(_run("state", "merge", str(tmp_path / "2.json")))
    assert [of["stream"]["stream_descriptor"]["name"] for of in again] == ["mine"]


def test_accounts_have_the_days_of_these_reports(filled: Filled, tmp_path: Path) -> None:
    """Of a database that has no other daily report."""
    path = tmp_path / "t.duckdb"
    assert tiktok.load(filled.config, f"duckdb:///{path}", streams=["campaigns_by_country"]).complete
    config = str(filled.path.parent / "config.json")
    rows = json.loads(_run("accounts", "--config", config, "--database", f"duckdb:///{path}", "--no-spend", "--json"))
    assert [row["covered_streams"] for row in rows["accounts"]] == [1] * len(rows["accounts"])
    assert all(row["covered_from"] == filled.raw["start_date"] for row in rows["accounts"])


@pytest.mark.parametrize("words", ["plan", "state show"])
def test_a_shell_completes_their_names(filled: Filled, words: str) -> None:
    """From the configuration that the line names, or from the database."""
    source = (
        ["--config", str(filled.path.parent / "config.json")] if words == "plan" else ["--database", filled.address]
    )
    arguments = [*words.split(), *source, "--streams"]
    completions = ShellComplete(command, {}, "tiktok-marketing", "_TIKTOK_MARKETING_COMPLETE").get_completions(
        arguments, "campaigns_by"
    )
    assert "campaigns_by_country" in [item.value for item in completions]


def test_a_model_is_told_what_their_columns_mean(filled: Filled) -> None:
    """The comments say it."""
    answers = Answers(destination_of(filled.address), Limits())
    assert "- campaigns_by_country (table, " in answers.tables()
    assert "A report of one's own: metrics of each campaign by country_code" in answers.tables()
    assert "| complete_payment_roas | DOUBLE | Return on ad spend" in answers.columns("campaigns_by_country")


def test_a_database_keeps_the_descriptions_of_reports_that_are_no_longer_configured(
    filled: Filled, tmp_path: Path
) -> None:
    """Another sync, of other streams, leaves them."""
    path = tmp_path / "t.duckdb"
    path.write_bytes(filled.path.read_bytes())
    config = parse_config({name: value for name, value in filled.raw.items() if name != "custom_reports"})
    assert tiktok.load(config, f"duckdb:///{path}", streams=["campaigns_reports_daily"]).complete
    shown = json.loads(_run("state", "show", "--database", f"duckdb:///{path}", "--json"))["states"]
    assert set(_DAYS) < {state["stream"] for state in shown}


def test_a_folder_of_files_knows_them_too(filled: Filled, tmp_path: Path) -> None:
    """The file of its states has the descriptions."""
    address = f"parquet://{tmp_path}/files"
    assert tiktok.load(filled.config, address, streams=["campaigns_by_country"]).complete
    shown = json.loads(_run("state", "show", "--database", address, "--json"))["states"]
    assert {state["stream"] for state in shown} == {"campaigns_by_country"}
