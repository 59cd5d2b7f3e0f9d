"""Reports on request are streams like any other: in a database, in a plan, and for the doctor."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from on_request.conftest import emulator_of
from support import A_DAY, NOW, config_for
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.doctor import DoctorOptions, Severity, examine
from tiktok_marketing.pipelines import RunOptions, destination_of, load_async

STREAMS = [
    "advertisers",
    "ads",
    "ads_reports_daily",
    "ads_v2_reports_daily",
    "campaigns_reports_by_country_hourly",
    "ads_reports_by_search_terms_daily",
    "ad_groups_reports_by_search_terms_daily",
    "campaigns_audience_reports_by_language_daily",
    "advertisers_audience_reports_by_language_daily",
    "campaigns_audience_reports_by_interest_lifetime",
    "advertisers_shop_reports_by_country_daily",
    "campaigns_shop_reports_by_country_daily",
    "advertisers_shop_reports_lifetime",
]
DAYS = {"start_date": "2026-06-05", "end_date": "2026-06-10", "include_deleted": True}


@pytest.mark.thorough
async def test_tables_are_healthy_and_a_second_sync_adds_no_row(tmp_path: Path) -> None:
    """The doctor finds nothing in them. A search term that few people saw has no number, and its row is there."""
    address = f"duckdb:///{tmp_path / 't.duckdb'}"
    counts = []
    async with emulator_of(settled=True, advertisers=2) as emulator:
        config = parse_config(config_for(emulator, **DAYS))
        for day in (NOW, NOW + A_DAY):
            emulator.clock.set(day)
            options = RunOptions(address=emulator.url, clock=FixedClock(day))
            summary = await load_async(config, address, streams=STREAMS, options=options)
            assert summary.complete
            with duckdb.connect(str(tmp_path / "t.duckdb"), read_only=True) as database:
                counts.append(
                    {
                        name: database.sql(f"SELECT count(*) FROM tiktok_ads.{name}").fetchall()  # noqa: S608
                        for name in STREAMS
                        if "reports" in name
                    }
                )
        doctor = DoctorOptions(database=destination_of(address))
        examination = await examine(config, doctor, address=emulator.url, clock=FixedClock(NOW + A_DAY))
    assert counts[0] == counts[1]
    assert all(count[0][0] for count in counts[0].values())
    assert examination.of(Severity.WRONG) == examination.of(Severity.WARNING) == examination.of(Severity.NOTE) == ()
    with duckdb.connect(str(tmp_path / "t.duckdb"), read_only=True) as database:
        [(hidden, misfits)] = database.sql(
            "SELECT count(*) - count(impressions), count(_misfits) FROM tiktok_ads.ads_reports_by_search_terms_daily"
        ).fetchall()
    assert hidden == misfits > 0
