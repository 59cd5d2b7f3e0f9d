"""Reports of one's own are streams like any other: in a database, through Airbyte's protocol, and in the library."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

import tiktok_marketing as tiktok
from custom_reports.conftest import REPORTS
from tiktok_marketing.config import parse_config

_NAMES = [report["name"] for report in REPORTS]
_SOURCE = str(Path(sys.executable).parent / "source-tiktok-marketing")


def _ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as database:
        return database.sql(sql).fetchall()


def _spend(path: Path, table: str) -> Decimal:
    return _ask(path, f"SELECT sum(spend) FROM tiktok_ads.{table}")[0][0]  # noqa: S608 - our own table


def test_a_database_gets_a_table_per_report_whose_sums_agree_with_a_fixed_one(
    raw_config: dict[str, Any], tmp_path: Path
) -> None:
    """Whatever a report is broken down by, its spend is that of the campaigns' days."""
    path = tmp_path / "t.duckdb"
    streams = [*_NAMES, "campaigns_reports_daily"]
    loaded = tiktok.load(parse_config(raw_config), f"duckdb:///{path}", streams=streams)
    assert loaded.complete
    expected = _spend(path, "campaigns_reports_daily")
    assert expected > 0
    for name in _NAMES:
        if name != "campaigns_ever":
            assert _spend(path, name) == expected, name
    types = dict(
        _ask(
            path,
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'tiktok_ads' AND table_name = 'campaigns_by_country'",
        )
    )
    assert types["spend"].startswith("DECIMAL")
    assert types["complete_payment"] == "BIGINT"
    assert types["complete_payment_roas"] == "DOUBLE"
    assert types["stat_time_day"] == "DATE"
    [(comment,)] = _ask(
        path,
        "SELECT comment FROM duckdb_columns() WHERE schema_name = 'tiktok_ads' "
        "AND table_name = 'campaigns_by_country' AND column_name = 'complete_payment_roas'",
    )
    assert comment.startswith("Return on ad spend")


def test_a_second_sync_goes_on_from_the_state_and_doubles_no_row(raw_config: dict[str, Any], tmp_path: Path) -> None:
    """The states of custom reports are kept like those of others."""
    path = tmp_path / "t.duckdb"
    first_days = raw_config | {"end_date": raw_config["start_date"]}
    for config in (first_days, raw_config, raw_config):
        assert tiktok.load(parse_config(config), f"duckdb:///{path}", streams=_NAMES).complete
    whole = tmp_path / "whole.duckdb"
    assert tiktok.load(parse_config(raw_config), f"duckdb:///{whole}", streams=_NAMES).complete
    for name in _NAMES:
        if name != "interests":  # it sums up all days that a sync reads
            count = f"SELECT count(*) FROM tiktok_ads.{name}"  # noqa: S608 - our own table
            assert _ask(path, count) == _ask(whole, count), name
            assert _spend(path, name) == _spend(whole, name), name


def test_a_metric_that_tiktok_refuses_is_left_out_and_reported(raw_config: dict[str, Any], tmp_path: Path) -> None:
    """No published list says whether registrations go with the language, so TikTok is asked."""
    path = tmp_path / "t.duckdb"
    loaded = tiktok.load(parse_config(raw_config), f"duckdb:///{path}", streams=["accounts_by_language"])
    assert loaded.complete
    assert any("registration" in notice for notice in loaded.notices)
    assert _ask(path, "SELECT count(clicks) > 0, count(registration) FROM tiktok_ads.accounts_by_language") == [
        (True, 0)
    ]


def test_extra_metrics_are_columns_of_the_reports_of_a_level(raw_config: dict[str, Any], tmp_path: Path) -> None:
    """A table that has no such column gets it, and the database reads the days again that it covers."""
    path = tmp_path / "t.duckdb"
    streams = ["campaigns_reports_daily", "ads_reports_daily"]
    assert tiktok.load(parse_config(raw_config), f"duckdb:///{path}", streams=streams).complete
    extra = {"campaign": ["total_checkout", "total_active_pay_roas"]}
    assert tiktok.load(
        parse_config(raw_config | {"extra_metrics": extra}), f"duckdb:///{path}", streams=streams
    ).complete
    [(rows, checkouts)] = _ask(path, "SELECT count(*), count(total_checkout) FROM tiktok_ads.campaigns_reports_daily")
    assert rows == checkouts > 0
    assert not _ask(
        path, "SELECT 1 FROM duckdb_columns() WHERE table_name = 'ads_reports_daily' AND column_name = 'total_checkout'"
    )


def _messages(*arguments: str) -> list[dict[str, Any]]:
    ended = subprocess.run([_SOURCE, *arguments], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_airbyte_discovers_and_reads_them(raw_config: dict[str, Any], tmp_path: Path) -> None:
    """And goes on from their states."""
    (tmp_path / "config.json").write_text(json.dumps(raw_config))
    config = ("--config", str(tmp_path / "config.json"))
    [catalog] = [message["catalog"] for message in _messages("discover", *config) if message["type"] == "CATALOG"]
    streams = {stream["name"]: stream for stream in catalog["streams"]}
    assert set(_NAMES) < set(streams)
    country = streams["campaigns_by_country"]
    assert country["source_defined_primary_key"] == [["campaign_id"], ["stat_time_day"], ["country_code"]]
    assert country["default_cursor_field"] == ["stat_time_day"]
    assert country["json_schema"]["properties"]["metrics"]["properties"]["complete_payment_roas"]["type"] == [
        "null",
        "number",
    ]
    chosen = [
        {"stream": country, "sync_mode": "incremental", "destination_sync_mode": "append_dedup"},
        {"stream": streams["campaigns_ever"], "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"},
    ]
    (tmp_path / "catalog.json").write_text(json.dumps({"streams": chosen}))
    read = ("read", *config, "--catalog", str(tmp_path / "catalog.json"))
    messages = _messages(*read)
    counts = Counter(message["record"]["stream"] for message in messages if message["type"] == "RECORD")
    assert counts["campaigns_by_country"] > counts["campaigns_ever"] > 0
    states = [message["state"] for message in messages if message["type"] == "STATE"]
    (tmp_path / "state.json").write_text(json.dumps(states))
    again = _messages(*read, "--state", str(tmp_path / "state.json"))
    assert not any(m["type"] == "LOG" and "do not exist" in m["log"]["message"] for m in again)


@pytest.mark.parametrize("face", [tiktok.plan])
def test_a_plan_foresees_their_requests(face: Any, raw_config: dict[str, Any]) -> None:
    """One window per account and five days, or per hour's day."""
    forecast = face(parse_config(raw_config), streams=_NAMES)
    requests = {stream.name: stream.requests for stream in forecast.streams}
    assert requests["hours_of_ads"] > requests["campaigns_by_country"] > 0
    assert requests["campaigns_ever"] > 0
