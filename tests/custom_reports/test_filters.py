"""Filters and `include_deleted` of a report of one's own: its rows are a part of the account's, and all of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import tiktok_marketing as tiktok
from programs import emulator_beside
from support import quickly
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Options

_PLAIN: dict[str, Any] = {"name": "mine", "level": "campaign", "metrics": ["spend", "impressions"]}
_ROWS = "SELECT campaign_id, stat_time_day, spend, impressions FROM tiktok_ads.{} ORDER BY ALL"


def _ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as database:
        return database.sql(sql).fetchall()


def _load(raw: dict[str, Any], path: Path, *streams: str, **report: Any) -> Any:
    config = parse_config(raw | {"custom_reports": [_PLAIN | report]})
    loaded = tiktok.load(config, f"duckdb:///{path}", streams=streams or ("mine",))
    assert loaded.complete, loaded.notices
    return loaded


def _campaigns(path: Path) -> list[str]:
    """The campaigns with spend, by their spend."""
    sql = "SELECT campaign_id FROM tiktok_ads.campaigns_reports_daily GROUP BY 1 HAVING sum(spend) > 0 ORDER BY 1"
    return [str(campaign_id) for (campaign_id,) in _ask(path, sql)]


def test_the_rows_are_those_of_the_objects_that_pass(raw_config: dict[str, Any], tmp_path: Path) -> None:
    """Filters by id, and by a property of the campaign."""
    whole = tmp_path / "whole.duckdb"
    _load(raw_config, whole, "mine", "campaigns", "campaigns_reports_daily")
    chosen = _campaigns(whole)[::2]
    automatic = [
        str(row[0])
        for row in _ask(
            whole, "SELECT campaign_id FROM tiktok_ads.campaigns WHERE campaign_automation_type <> 'MANUAL' ORDER BY 1"
        )
    ]
    assert 0 < len(automatic) < len(_ask(whole, "SELECT 1 FROM tiktok_ads.campaigns"))
    cases = {
        "ids": ({"campaign_ids": chosen}, chosen),
        "kinds": (
            [{"field": "campaign_automation_type", "type": "NOT_IN", "values": ["MANUAL"]}],
            automatic,
        ),
    }
    for name, (filters, passing) in cases.items():
        path = tmp_path / f"{name}.duckdb"
        _load(raw_config, path, filters=filters)
        expected = [row for row in _ask(whole, _ROWS.format("mine")) if str(row[0]) in passing]
        assert _ask(path, _ROWS.format("mine")) == expected != [], name


@pytest.mark.parametrize("of_all", quickly(True, False))
def test_a_report_says_itself_whether_deleted_objects_have_rows(
    of_all: bool, raw_config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the configuration says for all streams."""
    options = Options(tier="unlimited", advertisers=1, days=40, ads_per_account=120, settled=True, latency=0)
    raw_config["start_date"] = str((datetime.now(UTC) - timedelta(days=30)).date())
    raw_config["include_deleted"] = of_all
    spend = {}
    with emulator_beside(options) as large:
        monkeypatch.setenv("TIKTOK_API_URL", large.url)
        raw_config["credentials"] |= {
            "access_token": large.access_token,
            "app_id": large.app_id,
            "secret": large.secret,
        }
        for own in (True, False, None):
            path = tmp_path / f"{own}.duckdb"
            _load(raw_config, path, level="ad", **({} if own is None else {"include_deleted": own}))
            [(spend[own],)] = _ask(path, "SELECT sum(spend) FROM tiktok_ads.mine")
    assert spend[True] > spend[False] > 0
    assert spend[None] == spend[of_all]


@pytest.mark.thorough
def test_other_filters_replace_all_rows_of_the_days(raw_config: dict[str, Any], tmp_path: Path) -> None:
    """Also rows of earlier days than a sync reads anyway, in both directions, and where deleted objects are hidden."""
    whole, path = tmp_path / "whole.duckdb", tmp_path / "t.duckdb"
    raw = raw_config | {"attribution_window": 0, "include_deleted": False}
    _load(raw, whole, "mine", "campaigns_reports_daily")
    rows, campaigns = _ask(whole, _ROWS.format("mine")), _campaigns(whole)
    for chosen in (campaigns[:3], campaigns[2:], campaigns, campaigns[:1]):
        filters = {} if chosen == campaigns else {"campaign_ids": chosen}
        loaded = _load(raw, path, filters=filters)
        assert _ask(path, _ROWS.format("mine")) == [row for row in rows if str(row[0]) in chosen], chosen
    assert any("the dimensions or filters of the report have changed" in notice for notice in loaded.notices)
    again = _load(raw, path, filters={"campaign_ids": campaigns[:1]})
    assert not any("have changed" in notice for notice in again.notices)


def test_a_metric_in_place_of_another_is_read_for_all_days(raw_config: dict[str, Any], tmp_path: Path) -> None:
    """Although there are as many metrics as before."""
    path = tmp_path / "t.duckdb"
    raw = raw_config | {"attribution_window": 0}
    _load(raw, path, metrics=["spend", "impressions"])
    _load(raw, path, metrics=["spend", "clicks"])
    assert _ask(path, "SELECT count(clicks) = count(*), count(impressions) FROM tiktok_ads.mine") == [(True, 0)]
    _load(raw, path, metrics=["spend", "impressions"])
    assert _ask(path, "SELECT count(impressions) = count(*) FROM tiktok_ads.mine") == [(True,)]


@pytest.mark.parametrize(
    "other", quickly({"dimensions": ["country_code"]}, {"grain": "hour"}, {"grain": "lifetime"}, {"level": "ad"})
)
def test_a_table_takes_no_rows_of_another_key(
    other: dict[str, Any], raw_config: dict[str, Any], tmp_path: Path
) -> None:
    """They would count twice. Nothing changes, other streams are loaded, and with the earlier key all is well again."""
    path = tmp_path / "t.duckdb"
    _load(raw_config, path)
    rows = _ask(path, _ROWS.format("mine"))
    for _ in range(2):
        config = parse_config(raw_config | {"custom_reports": [_PLAIN | other]})
        loaded = tiktok.load(config, f"duckdb:///{path}", streams=["mine", "campaigns"])
        assert not loaded.complete
        [missing] = loaded.missing
        assert "The table mine has a row per advertiser_id, campaign_id, stat_time_day" in missing
        assert "Give the report another name" in missing
        assert loaded.streams["campaigns"] > 0
        assert _ask(path, _ROWS.format("mine")) == rows
    _load(raw_config, path)
    config = parse_config(raw_config | {"custom_reports": [_PLAIN | other | {"name": "other"}]})
    assert tiktok.load(config, f"duckdb:///{path}", streams=["other"]).complete


def test_a_folder_of_files_takes_no_rows_of_another_key_either(raw_config: dict[str, Any], tmp_path: Path) -> None:
    """The report is not read, and the other streams are."""
    address = f"parquet://{tmp_path}/files"
    assert tiktok.load(parse_config(raw_config | {"custom_reports": [_PLAIN]}), address, streams=["mine"]).complete
    config = parse_config(raw_config | {"custom_reports": [_PLAIN | {"dimensions": ["country_code"]}]})
    loaded = tiktok.load(config, address, streams=["mine", "campaigns"])
    [missing] = loaded.missing
    assert "The table mine has a row per" in missing
    assert loaded.streams["campaigns"] > 0


def test_a_report_without_days_has_only_the_rows_that_pass_now(raw_config: dict[str, Any], tmp_path: Path) -> None:
    """Each sync replaces them as a whole."""
    whole, path = tmp_path / "whole.duckdb", tmp_path / "t.duckdb"
    _load(raw_config, whole, "mine", "campaigns_reports_daily")
    campaigns = _campaigns(whole)
    raw = raw_config | {"include_deleted": False}
    for chosen in (campaigns[:3], campaigns[2:4]):
        _load(raw, path, grain="lifetime", filters={"campaign_ids": chosen})
        stored = _ask(path, "SELECT DISTINCT campaign_id::VARCHAR FROM tiktok_ads.mine ORDER BY 1")
        assert [campaign_id for (campaign_id,) in stored] == sorted(chosen)
