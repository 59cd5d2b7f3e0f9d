"""Rows of GMV Max campaigns that are deleted later stay in a database, at every level alike."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from on_request.conftest import emulator_of
from support import config_for
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator
from tiktok_marketing.pipelines.load import RunOptions, load_async

CAMPAIGNS = "gmv_max_product_campaign_reports_daily"
BELOW = ("gmv_max_product_reports_daily", "gmv_max_creative_reports_daily", "gmv_max_product_reports_lifetime")
NAMES = [CAMPAIGNS, *BELOW]
UP_TO = "WHERE stat_time_day <= '2025-06-22'"
BEFORE, AFTER = datetime(2025, 6, 23, 12, tzinfo=UTC), datetime(2025, 6, 26, 12, tzinfo=UTC)
"""A campaign of the first account is deleted in between. It has cost until June 8."""


def emulator() -> Emulator:
    """A business of one account, whose figures are final."""
    return emulator_of(advertisers=1, settled=True, days=400)


async def load(emulator: Emulator, path: Path, at: datetime, *, include_deleted: bool, again: int) -> Any:
    """Load the reports at a time, some of the latest days once more."""
    emulator.clock.set(at)
    days = {"start_date": "2025-05-16", "attribution_window": again}
    config = parse_config(config_for(emulator, **days, include_deleted=include_deleted))
    options = RunOptions(clock=FixedClock(at), address=emulator.url)
    result = await load_async(config, str(path), streams=NAMES, options=options)
    assert result.complete
    return result


def costs(path: Path) -> dict[str, dict[str, Any]]:
    """What each campaign has cost up to the first sync, in each table."""
    with duckdb.connect(str(path), read_only=True) as database:
        return {
            name: dict(
                database.execute(
                    f"SELECT campaign_id::VARCHAR, sum(cost) FROM tiktok_ads.{name}"  # noqa: S608 - our own names
                    f" {'' if name.endswith('_lifetime') else UP_TO}"
                    " GROUP BY 1 HAVING sum(cost) > 0"
                ).fetchall()
            )
            for name in NAMES
        }


@pytest.mark.thorough
async def test_rows_of_a_campaign_stay_when_it_is_deleted(tmp_path: Path) -> None:
    """Without `include_deleted`, TikTok's list hides the campaign, which is no proof that its rows are gone."""
    path = tmp_path / "tiktok.duckdb"
    async with emulator() as running:
        await load(running, path, BEFORE, include_deleted=False, again=45)
        before = costs(path)
        await load(running, path, AFTER, include_deleted=False, again=45)
    after = costs(path)
    assert len(before[CAMPAIGNS]) > 1
    for name in NAMES:
        assert before[name].keys() <= after[name].keys(), name
    assert [after[name] for name in BELOW[:2]] == [after[CAMPAIGNS]] * 2


@pytest.mark.thorough
async def test_deleted_campaigns_are_read_once_they_are_asked_for(tmp_path: Path) -> None:
    """The earlier syncs did not ask for them, at no level. So the days are read again, and a notice says so."""
    path = tmp_path / "tiktok.duckdb"
    async with emulator() as running:
        await load(running, path, AFTER, include_deleted=False, again=1)
        assert len(set(map(len, costs(path).values()))) == 1
        lacking = costs(path)[CAMPAIGNS]
        result = await load(running, path, AFTER, include_deleted=True, again=1)
    whole = costs(path)
    assert lacking.keys() < whole[CAMPAIGNS].keys()
    assert [whole[name] for name in BELOW[:2]] == [whole[CAMPAIGNS]] * 2
    assert any("include_deleted" in str(notice) for notice in result.notices)
