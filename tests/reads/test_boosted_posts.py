"""Posts that people boosted in TikTok's app are read if the configuration asks for them, everywhere alike."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from support import NOW, Outcome, config_for, read_from
from tiktok_marketing.catalog import ALL_STREAMS
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.pipelines.load import RunOptions, load_async
from tiktok_marketing.sync.plan.selection import streams_of

LISTS = ("campaigns", "ad_groups", "ads")
REPORTS = ("advertisers_reports_daily", "campaigns_reports_daily", "ad_groups_reports_daily", "ads_reports_daily")
BY_COUNTRY = "campaigns_reports_by_country_daily"
DAYS: dict[str, Any] = {"start_date": "2026-05-20", "end_date": "2026-06-10", "include_deleted": True}
SPEND = "SELECT sum(spend) FROM tiktok_ads.campaigns_reports_daily"


def emulator_of(**options: Any) -> Emulator:
    """A small business, of whose posts one is boosted every 25 days."""
    usual = {"now": NOW, "tier": "unlimited", "days": 60, "anchor": NOW.date(), "ads_per_account": 6, "settled": True}
    return Emulator(Options(**usual | {"advertisers": 2} | options))


def boosted(outcome: Outcome) -> set[int]:
    """The campaigns that were made in TikTok's app."""
    return {
        record["campaign_id"]
        for record in outcome.records("campaigns")
        if record.get("campaign_system_origin") == "PROMOTE"
    }


def spend(outcome: Outcome, name: str) -> dict[tuple[int, str], Decimal]:
    """The spend of each account and day."""
    sums: defaultdict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for record in outcome.records(name):
        sums[record["advertiser_id"], record["stat_time_day"]] += Decimal(record["metrics"]["spend"])
    return {key: total for key, total in sums.items() if total}


async def test_lists_and_reports_have_boosted_posts_if_they_are_asked_for() -> None:
    """Without the setting there are none. With it, every level and breakdown has the same figures."""
    streams = [*LISTS, *REPORTS, BY_COUNTRY]
    async with emulator_of() as emulator:
        without = await read_from(emulator, config_for(emulator, **DAYS), streams)
        outcome = await read_from(emulator, config_for(emulator, **DAYS, include_promote=True), streams)
    assert outcome.exit_code == 0, outcome.errors
    assert not boosted(without)
    posts = boosted(outcome)
    assert posts
    for name in LISTS:
        assert posts <= {record["campaign_id"] for record in outcome.records(name)}
        ids = [record[f"{name[:-1].replace('ad_group', 'adgroup')}_id"] for record in outcome.records(name)]
        assert len(ids) == len(set(ids))
    assert posts & {record["campaign_id"] for record in outcome.records("campaigns_reports_daily")}
    whole = spend(outcome, REPORTS[0])
    assert sum(whole.values()) > sum(spend(without, REPORTS[0]).values())
    for name in (*REPORTS[1:], BY_COUNTRY):
        assert spend(outcome, name) == whole, name


async def test_days_with_boosted_posts_only_are_not_empty() -> None:
    """The question which days have data is about the same campaigns as the reports."""
    rows = {}
    async with emulator_of(advertisers=1, ads_per_account=1) as emulator:
        for skip in (True, False):
            config = config_for(
                emulator, **DAYS | {"start_date": "2026-04-10"}, include_promote=True, skip_empty_days=skip
            )
            config |= {"report_granularity": 1}
            outcome = await read_from(emulator, config, ["campaigns", *REPORTS])
            assert outcome.exit_code == 0, outcome.errors
            rows[skip] = sorted(json.dumps(record, sort_keys=True) for record in outcome.records(REPORTS[3]))
    posts = boosted(outcome)
    days: defaultdict[str, set[int]] = defaultdict(set)
    for record in outcome.records("campaigns_reports_daily"):
        days[record["stat_time_day"]].add(record["campaign_id"])
    assert any(campaigns <= posts for campaigns in days.values())
    assert rows[True] == rows[False]


async def test_a_report_in_parts_has_boosted_posts() -> None:
    """The lists that the parts are made from, and the sums that they are compared with, have them too."""
    async with emulator_of(advertisers=1) as emulator:
        config = config_for(emulator, **DAYS | {"start_date": "2026-06-10"}, include_promote=True)
        whole = await read_from(emulator, config, ["ads_reports_daily"])
        emulator.faults.add(Fault(path="report/integrated/get/", code=40067, times=1))
        parts = await read_from(emulator, {**config, "skip_empty_days": False}, ["ads_reports_daily"])
    assert parts.exit_code == 0, parts.errors
    assert spend(parts, "ads_reports_daily") == spend(whole, "ads_reports_daily")
    assert len(parts.records("ads_reports_daily")) == len(whole.records("ads_reports_daily")) > 0


async def test_a_database_reads_its_days_again_once_they_are_asked_for(tmp_path: Path) -> None:
    """And only once."""
    path = tmp_path / "t.duckdb"
    totals = []
    async with emulator_of() as emulator:
        options = RunOptions(address=emulator.url, clock=FixedClock(NOW))
        for fields in ({}, {"include_promote": True}, {"include_promote": True}):
            config = parse_config(config_for(emulator, **DAYS, **fields))
            emulator.counters.reset()
            summary = await load_async(
                config, f"duckdb:///{path}", streams=["campaigns_reports_daily"], options=options
            )
            assert summary.complete
            with duckdb.connect(str(path), read_only=True) as database:
                totals.append(database.sql(SPEND).fetchall()[0][0])
            notices = [text for text in summary.notices if "include_promote" in text]
            assert bool(notices) == (len(totals) == 2)
    assert totals[0] < totals[1] == totals[2]


def test_a_sandbox_account_has_no_boosted_posts() -> None:
    """TikTok's sandbox knows few filters, so nothing asks it for them."""
    sandbox = {"auth_type": "sandbox_access_token", "advertiser_id": "7001", "access_token": "token"}
    config = parse_config({"credentials": sandbox, "include_promote": True})
    assert streams_of(config) == ALL_STREAMS


@pytest.mark.parametrize("own", [["PROMOTE"], ["TT_ADS_PLATFORM"]])
async def test_a_report_of_ones_own_says_itself_which_campaigns_it_has(own: list[str]) -> None:
    """Its filter goes before the setting."""
    report = {
        "name": "mine",
        "level": "campaign",
        "metrics": ["spend"],
        "filters": [{"field": "campaign_system_origins", "values": own}],
    }
    async with emulator_of() as emulator:
        config = config_for(emulator, **DAYS, include_promote=True, custom_reports=[report])
        catalog = {
            "streams": [
                {"stream": {"name": name, "json_schema": {}}, "sync_mode": "full_refresh"}
                for name in ("campaigns", "mine")
            ]
        }
        outcome = await read_from(emulator, config, catalog=catalog)
    shown = {record["campaign_id"] for record in outcome.records("mine")}
    assert shown
    assert (shown <= boosted(outcome)) == (own == ["PROMOTE"])
    assert bool(shown & boosted(outcome)) == (own == ["PROMOTE"])
