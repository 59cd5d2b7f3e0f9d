"""What people reported of TikTok connectors, where no other test shows it. docs/tried.md names these tests."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

import programs
from support import NOW, Outcome, catalog_of, config_for, read_from
from tiktok_marketing.catalog import STREAMS, json_schema
from tiktok_marketing.emulator import Emulator, Fault, Options

LEVELS = ("ads", "ad_groups", "campaigns", "advertisers")
WISHED = {
    *("video_play_actions", "video_watched_2s", "video_watched_6s", "video_views_p100", "average_video_play"),
    *("engagements", "engaged_view", "paid_engaged_view", "engaged_view_15s", "engaged_view_through_conversions"),
    *("purchase", "purchase_rate", "cost_per_purchase", "total_purchase", "total_purchase_value", "complete_payment"),
    *("registration", "registration_rate", "cost_per_registration", "sales_lead", "sales_lead_rate"),
    *("app_install", "cost_per_app_install", "profile_visits_rate", "reach", "total_view_content"),
    *("total_app_event_add_to_cart", "web_event_add_to_cart", "onsite_on_web_cart"),
    *("page_content_view_events", "onsite_on_web_detail", "total_landing_page_view"),
    *("skan_conversion", "skan_cost_per_conversion", "skan_result"),
}

WITH_ZONE_AS_AT_AIRBYTE = {("audiences", "create_time"), ("audiences", "expired_time"), ("pixels", "create_time")}
"""Airbyte's schemas say that these times have a zone. TikTok sends none."""


def emulator_of(**options: Any) -> Emulator:
    """A small business without a quota, at a fixed time."""
    return Emulator(Options(now=NOW, tier="unlimited", days=30, ads_per_account=20, **options))


async def test_music_without_a_time_comes_with_every_sync() -> None:
    """TikTok's own music has no time to continue from, so a state leaves nothing out."""
    async with emulator_of() as emulator:
        for field in ("create_time", "modify_time"):
            emulator.faults.add(Fault(path="file/music/get/", edit=field))
        config = config_for(emulator)
        first = await read_from(emulator, config, ["creative_assets_music"])
        second = await read_from(emulator, config, ["creative_assets_music"], state=first.state_file)
    assert first.exit_code == second.exit_code == 0
    assert tracks_of(first)
    assert tracks_of(second) == tracks_of(first)
    assert not any("modify_time" in track for track in second.records("creative_assets_music"))


def tracks_of(outcome: Outcome) -> set[tuple[int, str]]:
    """Account and id of each music track."""
    return {(track["advertiser_id"], track["music_id"]) for track in outcome.records("creative_assets_music")}


async def test_rows_of_ads_add_up_to_their_ad_groups_and_campaigns() -> None:
    """Each row of an ad names its ad group and campaign, so that reports of different levels can be joined."""
    async with emulator_of() as emulator:
        config = config_for(emulator, include_deleted=True, start_date="2026-06-09", end_date="2026-06-14")
        names = [f"{level}_reports_daily" for level in LEVELS[:3]]
        outcome = await read_from(emulator, config, names)
    assert outcome.exit_code == 0
    for name, parent in (("ad_groups", "adgroup_id"), ("campaigns", "campaign_id")):
        whole = {
            (row[parent], row["stat_time_day"]): Decimal(row["metrics"]["spend"])
            for row in outcome.records(f"{name}_reports_daily")
        }
        parts: defaultdict[tuple[int, str], Decimal] = defaultdict(Decimal)
        for row in outcome.records("ads_reports_daily"):
            parts[row["metrics"][parent], row["stat_time_day"]] += Decimal(row["metrics"]["spend"])
        assert parts == whole
        assert any(whole.values())


def test_a_token_without_accounts_is_told_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No command succeeds with nothing, and each says what to do."""
    with programs.emulator_beside(Options(now=NOW, tier="unlimited", days=3, ads_per_account=3)) as emulator:
        emulator.faults.add(Fault(path="oauth2/advertiser/get/", lack=1.0))
        monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
        file, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
        file.write_text(json.dumps(config_for(emulator)))
        catalog.write_text(json.dumps(catalog_of(["campaigns"])))
        config = ("--config", str(file))
        ended = {
            "check": programs.command("check", *config),
            "doctor": programs.command("doctor", *config),
            "plan": programs.command("plan", *config),
            "sync": programs.command("sync", *config, "--to", str(tmp_path / "x.duckdb"), "--streams", "campaigns"),
            "source check": programs.source("check", *config),
            "source read": programs.source("read", *config, "--catalog", str(catalog)),
        }
    for name, program in ended.items():
        output = " ".join((program.out + program.err).split())
        assert "has access to no ad account" in output, name
        assert "Authorize the application again" in output, name
    assert {name for name, program in ended.items() if program.code == 0} == {"source check"}
    assert ended["source check"].messages[-1]["connectionStatus"]["status"] == "FAILED"


async def test_every_record_fits_its_schema_with_key_and_cursor_at_the_root() -> None:
    """Of every stream. A time without a zone is declared as one, with three exceptions of Airbyte's."""
    wrong = set()
    async with emulator_of() as emulator:
        outcome = await read_from(emulator, config_for(emulator, include_deleted=True, start_date="2026-06-13"))
    assert outcome.exit_code == 0
    for stream in STREAMS:
        schema = json_schema(stream)
        assert {stream.cursor} - {None} <= schema["properties"].keys()
        validator = Draft7Validator(schema)
        records = outcome.records(stream.name)
        assert records, stream.name
        for record in records:
            validator.validate(record)
            assert set(stream.primary_key) <= record.keys()
            assert stream.cursor is None or stream.cursor in record or not stream.is_report
        for field, declared in schema["properties"].items():
            if declared.get("format") == "date-time":
                without_zone = declared.get("airbyte_type") == "timestamp_without_timezone"
                times = [datetime.fromisoformat(record[field]) for record in records if record.get(field)]
                if any((time.tzinfo is None) is not without_zone for time in times):
                    wrong.add((stream.name, field))
    assert wrong == WITH_ZONE_AS_AT_AIRBYTE


async def test_metrics_that_people_missed_come_at_every_level() -> None:
    """Video, conversions in the app, on the website and in the shop, and SKAdNetwork's, by campaign as by ad."""
    async with emulator_of() as emulator:
        names = [f"{level}_reports_daily" for level in LEVELS]
        outcome = await read_from(emulator, config_for(emulator, start_date="2026-06-01"), names)
    for name in names:
        assert {metric for metric in WISHED if not has_values(outcome, name, metric)} == set(), name


def has_values(outcome: Outcome, name: str, metric: str) -> bool:
    """Whether a report has a value in this metric."""
    return any(row["metrics"][metric] is not None for row in outcome.records(name))
