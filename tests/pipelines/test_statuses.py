"""Objects whose status changes although their `modify_time` does not."""

from __future__ import annotations

from pathlib import Path

import duckdb

from support import A_DAY, NOW, config_for, read_from
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.pipelines.load import RunOptions, load_async

OBJECTS = {"campaigns": "campaign_id", "ad_groups": "adgroup_id", "ads": "ad_id"}


async def test_every_status_is_as_of_the_last_sync(tmp_path: Path) -> None:
    """A day later every object has TikTok's status, even if only its parent changed."""
    path = tmp_path / "x.duckdb"
    async with Emulator(Options(now=NOW, tier="unlimited", days=60, anchor=NOW.date())) as emulator:
        config = config_for(emulator, include_deleted=True, start_date="2026-01-01")
        for now in (NOW, NOW + A_DAY):
            emulator.clock.set(now)
            at = RunOptions(clock=FixedClock(now), address=emulator.url)
            summary = await load_async(parse_config(config), str(path), streams=OBJECTS, options=at)
            assert summary.complete
        expected = await read_from(emulator, config, OBJECTS, now=NOW + A_DAY, incremental=False)
    with duckdb.connect(str(path)) as database:
        for name, key in OBJECTS.items():
            rows = database.execute(f"SELECT {key}, secondary_status FROM tiktok_ads.{name}").fetchall()  # noqa: S608
            assert dict(rows) == {record[key]: record["secondary_status"] for record in expected.records(name)}
