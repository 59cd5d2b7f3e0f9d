from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from emulator_process import EmulatorProcess, emulator_process
from tiktok_marketing.account_overview import requests_for

NOW = "2026-06-15T12:00"


def listed(command: Callable[..., Any], *arguments: str) -> dict[str, dict[str, Any]]:
    """The rows of the command by account."""
    ended = command("accounts", "--json", *arguments)
    rows = json.loads(ended.stdout)["accounts"]
    return {row["advertiser_id"]: row for row in rows}


def test_every_account_has_its_facts(
    command: Callable[..., Any], config: Callable[..., str], api: EmulatorProcess
) -> None:
    """Name, currency, offset, place and status are TikTok's, whatever days the configuration reads."""
    rows = listed(command, "--config", config(start_date="2026-06-15"))
    accounts = api.control("info")["accounts"]
    assert list(rows) == [account["advertiser_id"] for account in accounts]
    for account in accounts:
        row = rows[account["advertiser_id"]]
        assert (row["name"], row["currency"], row["place"]) == (
            account["name"],
            account["currency"],
            account["display_timezone"],
        )
        assert row["timezone"].startswith("UTC")
        assert row["status"].startswith("STATUS_")
        assert row["error"] is None
        assert (date.fromisoformat(row["spend_to"]) - date.fromisoformat(row["spend_from"])).days == 29


def test_the_spend_is_the_sum_of_the_days(
    command: Callable[..., Any], config: Callable[..., str], ask: Callable[..., Any]
) -> None:
    """What a sync of the same days loads adds up to it; accounts without figures spent nothing."""
    path = config(start_date="2026-05-01", end_date="")
    rows = listed(command, "--config", path)
    command("sync", "--config", path, "--to", "duckdb:///x.duckdb", "--streams", "advertisers_reports_daily")
    for advertiser_id, row in rows.items():
        sums = ask(  # the figures are our own
            "SELECT coalesce(sum(CAST(spend AS DECIMAL(18, 2))), 0) FROM advertisers_reports_daily "  # noqa: S608
            f"WHERE advertiser_id = {advertiser_id} "
            f"AND CAST(stat_time_day AS DATE) BETWEEN '{row['spend_from']}' AND '{row['spend_to']}'"
        )
        assert Decimal(row["spend"]) == sums[0][0]
    assert any(Decimal(row["spend"]) for row in rows.values())
    assert any(not Decimal(row["spend"]) for row in rows.values())


def test_the_days_in_a_database_are_shown(command: Callable[..., Any], config: Callable[..., str]) -> None:
    """They are those that all daily reports have."""
    path = config(advertiser_ids=list(listed(command, "--config", config()))[:2])
    to = "duckdb:///x.duckdb"
    command("sync", "--config", path, "--to", to, "--streams", "advertisers_reports_daily,campaigns_reports_daily")
    rows = listed(command, "--config", config(), "--database", to)
    assert [(row["covered_from"], row["covered_to"], row["covered_streams"]) for row in rows.values()][:3] == [
        ("2026-06-09", "2026-06-15", 2),
        ("2026-06-09", "2026-06-15", 2),
        (None, None, 0),
    ]
    table = command("accounts", "--config", path, "--database", to, "--no-spend")
    assert "2026-06-09 to 2026-06-15" in table.stdout
    assert "Spend" not in table.stdout


def test_a_database_that_no_sync_has_filled_is_said(command: Callable[..., Any], config: Callable[..., str]) -> None:
    """The accounts are shown all the same, and the file is not created."""
    ended = command("accounts", "--config", config(), "--database", "duckdb:///gone.duckdb")
    assert (ended.returncode, "No sync has filled" in ended.stderr) == (0, True)
    assert not Path("gone.duckdb").exists()


def test_an_account_out_of_reach_is_listed_with_the_reason(
    command: Callable[..., Any], config: Callable[..., str], api: EmulatorProcess
) -> None:
    """The others are shown in full, and the exit code is 1."""
    ids = api.info["advertiser_ids"]
    path = config(advertiser_ids=[ids[0], "7000000000000000001"])
    ended = command("accounts", "--config", path)
    assert ended.returncode == 1
    assert "7000000000000000001: /advertiser/info/ failed" in ended.stderr
    assert "code 40300" in ended.stderr
    rows = listed(command, "--config", path)
    assert rows[ids[0]]["spend"] is not None
    assert rows["7000000000000000001"]["spend"] is None


def test_a_spend_that_is_refused_is_said(
    command: Callable[..., Any], config: Callable[..., str], api: EmulatorProcess
) -> None:
    """Never a zero in its place."""
    api.fault("path=report/integrated/get/,code=40001,message=No permission for this scope")
    ended = command("accounts", "--config", config(), "--json")
    rows = json.loads(ended.stdout)["accounts"]
    assert ended.returncode == 1
    assert all(row["spend"] is None and "Reporting: read reports" in row["error"] for row in rows)


def test_an_account_that_a_joint_answer_leaves_out_is_asked_about_alone(
    command: Callable[..., Any], config: Callable[..., str], api: EmulatorProcess
) -> None:
    """Absence in an answer about several accounts proves nothing."""
    path = config()
    whole = listed(command, "--config", path)
    api.fault("path=report/integrated/get/,accounts=1")
    assert listed(command, "--config", path) == whole
    assert sum(bool(Decimal(row["spend"])) for row in whole.values()) > 1


def test_a_count_without_rows_is_no_zero(
    command: Callable[..., Any], config: Callable[..., str], api: EmulatorProcess
) -> None:
    """TikTok says that there is a row, and does not send it."""
    api.fault("path=report/integrated/get/,edit=$.data.list,json=[]")
    rows = listed(command, "--config", config(advertiser_ids=api.info["advertiser_ids"][:1]))
    assert [(row["spend"], "does not contain" in row["error"]) for row in rows.values()] == [(None, True)]


def test_three_thousand_accounts_stay_cheap() -> None:
    """About a request per hundred accounts, and one per five for the spend."""
    assert requests_for(3000, spend=True) == 631
    assert requests_for(3000, spend=False) == 31


def test_many_accounts_take_the_requests_that_were_said(
    command: Callable[..., Any], config: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quota is respected, and what it costs is said before and after."""
    with emulator_process(
        "--now", NOW, "--days", "5", "--ads-per-account", "2", "--advertisers", "300", "--active", "3"
    ) as many:
        monkeypatch.setenv("TIKTOK_API_URL", many.url)
        credentials = {name: many.info[name] for name in ("app_id", "secret", "access_token")}
        ended = command("accounts", "--config", config(credentials=credentials))
        counts = many.control("counters")["counts"]
    assert "The spend of 300 accounts takes about 64 requests" in ended.stderr
    assert sum(row["count"] for row in counts if row["path"] == "advertiser/info/") == 3


@pytest.mark.parametrize("json_text", ["1e400", '"<5"', "null", "NaN", '"' + "9" * 5000 + '"', "[]"])
def test_a_spend_that_is_no_amount_is_that_accounts_own(
    json_text: str, command: Callable[..., Any], config: Callable[..., str], api: EmulatorProcess
) -> None:
    """It is not asked for again, and the others are shown."""
    path = config()
    whole = listed(command, "--config", path)
    chosen = next(iter(whole))
    api.control("faults", {"path": "report/integrated/get/", "advertiser": chosen, "edit": "spend", "json": json_text})
    ended = command("accounts", "--json", "--config", path)
    answer = json.loads(ended.stdout)
    rows = {row["advertiser_id"]: row for row in answer["accounts"]}
    odd = rows.pop(chosen)
    assert ended.returncode == 1
    assert odd["spend"] is None
    assert f"as the spend of advertiser {chosen}" in odd["error"]
    assert rows == {advertiser_id: row for advertiser_id, row in whole.items() if advertiser_id != chosen}
    assert answer["requests"] < 20


@pytest.mark.parametrize("value", [{"a": 1}, ["EUR"], 5])
def test_a_detail_of_another_type_is_shown_as_it_came(
    value: object, command: Callable[..., Any], config: Callable[..., str], api: EmulatorProcess
) -> None:
    """Of the account that has it."""
    api.control("faults", {"path": "advertiser/info/", "edit": "currency", "value": value, "records": 1})
    currencies = [row["currency"] for row in listed(command, "--config", config()).values()]
    assert sum(currency.replace(" ", "") == json.dumps(value).replace(" ", "") for currency in currencies) == 1
