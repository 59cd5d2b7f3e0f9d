"""Figures that come late, are corrected, grow and are taken back: syncs at any hour end with what a fresh one reads."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support import NOW, config_for
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.pipelines import RunOptions, load_async

pytestmark = pytest.mark.thorough

STREAMS = [
    "ads_reports_daily",
    "campaigns_reports_hourly",
    "ads_audience_reports_daily",
    "ads_reports_by_country_daily",
]
KEYS = {
    "ads_reports_daily": "advertiser_id, ad_id, stat_time_day",
    "campaigns_reports_hourly": "advertiser_id, campaign_id, stat_time_hour",
    "ads_audience_reports_daily": "advertiser_id, ad_id, stat_time_day, gender, age",
    "ads_reports_by_country_daily": "advertiser_id, ad_id, stat_time_day, country_code",
}
HOURS = (0, 11, 25, 49, 74)
"""When the syncs begin, after noon UTC: before and after hours appear, counts of people come, days are corrected."""


def figures(database: Any, name: str) -> list[tuple[Any, ...]]:
    """The rows of a report: keys, what was delivered, people and conversions."""
    columns = "spend, impressions, clicks, conversion" + ("" if "audience" in name else ", reach, real_time_conversion")
    return sorted(database.ask(f"SELECT {KEYS[name]}, {columns} FROM {name}"), key=repr)  # noqa: S608 - our own names


@pytest.mark.parametrize("unstable_order", [False, True], ids=["shuffled", "another order each time"])
async def test_syncs_at_any_hour_end_with_the_rows_of_a_fresh_one(
    duckdb_only: Any, tmp_path: Path, unstable_order: bool
) -> None:
    """On the emulator as it is by default, each table has the rows and figures of a load that begins at the end."""
    options = Options(
        now=NOW,
        anchor=NOW.date(),
        tier="unlimited",
        advertisers=2,
        days=40,
        ads_per_account=12,
        taken_back=10,
        unstable_order=unstable_order,
    )
    async with Emulator(options) as emulator:
        fields = {"start_date": "2026-06-08", "include_deleted": True, "attribution_window": 28}
        config = parse_config(config_for(emulator, **fields))
        seen = []
        for hours in HOURS:
            moment = NOW + timedelta(hours=hours)
            emulator.clock.set(moment)
            at = RunOptions(clock=FixedClock(moment), address=emulator.url)
            assert (await load_async(config, duckdb_only.address, streams=STREAMS, options=at)).complete
            seen.append({name: figures(duckdb_only, name) for name in STREAMS})
        fresh = type(duckdb_only)(tmp_path / "fresh.duckdb")
        assert (await load_async(config, fresh.address, streams=STREAMS, options=at)).complete
    for name in STREAMS:
        assert seen[-1][name] == figures(fresh, name), name
        assert len({str(rows[name]) for rows in seen}) == len(HOURS), f"{name} did not move"
