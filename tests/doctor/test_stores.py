# ruff: noqa: S608 - the statements are our own
"""Reports by store are examined too: their rows against TikTok's, and stores against their campaigns."""

from __future__ import annotations

import shlex
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from doctor.conftest import NOW, Doctor, World, synced
from tiktok_marketing.cli.doctor import _SyncCommand

WHOLE, PRODUCTS = "gmv_max_advertiser_reports_daily", "gmv_max_product_campaign_reports_daily"
LIVES, POSTS = "gmv_max_live_campaign_reports_daily", "gmv_max_creative_reports_daily"
STREAMS = f"advertisers,gmv_max_stores,gmv_max_campaigns,{WHOLE},{PRODUCTS},{LIVES},{POSTS}"
DAY = "2026-06-03"


@pytest.fixture(scope="module")
def filled(running: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the reports by store."""
    path = tmp_path_factory.mktemp("stores") / "x.duckdb"
    assert synced(running, path, running.config(start_date="2026-05-30"), STREAMS).complete
    return path


@pytest.fixture
def stores(world: World, filled: Path, tmp_path: Path) -> Doctor:
    """A doctor for a copy of that database."""
    return Doctor(world, Path(shutil.copy(filled, tmp_path / "x.duckdb")))


def examined(stores: Doctor, **options: Any) -> list[Any]:
    """What is wrong with the database."""
    examination = stores.examine(stores.world.config(start_date="2026-05-30"), **options)
    return [finding for finding in examination.findings if finding.severity == "wrong"]


def test_a_database_as_a_sync_left_it_is_well(stores: Doctor) -> None:
    """TikTok has the rows of each store, and each store has what its campaigns have together."""
    assert not examined(stores)
    assert stores.examination is not None
    assert "Each store has what its campaigns have together." in str(stores.examination)


@pytest.mark.parametrize("table", [WHOLE, PRODUCTS])
def test_a_store_that_differs_from_its_campaigns_is_found_and_its_remedy_helps(stores: Doctor, table: str) -> None:
    """The command reads the store and its campaigns again, because nothing says which of them is damaged."""
    assert stores.damage(f"UPDATE {table} SET cost = cost + 1 WHERE stat_time_day = '{DAY}' AND cost > 0")
    findings = [finding for finding in examined(stores, offline=True) if finding.check == "shops"]
    assert findings
    assert all(str(finding.days[0]) == DAY for finding in findings)
    words = shlex.split(_SyncCommand("config.json", str(stores.path), "tiktok_ads").remedy(findings[0]))
    streams = words[words.index("--streams") + 1]
    config = stores.world.config(start_date="2026-05-30")
    stores.sync(config, streams, full="--full" in words, now=NOW + timedelta(seconds=5))
    assert not examined(stores, offline=True, now=NOW + timedelta(seconds=10))


def test_rows_that_are_gone_are_found(stores: Doctor) -> None:
    """TikTok is asked for each store and its objects, as in a sync."""
    assert stores.damage(f"DELETE FROM {POSTS} WHERE stat_time_day = '{DAY}'")
    stores.damage(f"UPDATE _tiktok_loads SET kept_rows = (SELECT count(*) FROM {POSTS}) WHERE stream = '{POSTS}'")
    wrong = [finding for finding in examined(stores) if finding.stream == POSTS]
    assert {finding.check for finding in wrong} == {"gaps"}, wrong
    assert DAY in {str(day) for finding in wrong for day in finding.days}


@pytest.mark.parametrize("requests", [40, 80])
def test_rows_without_requests_left_to_compare_them_are_no_finding(stores: Doctor, requests: int) -> None:
    """If TikTok has as many, nothing is wrong with them. The report says that not all was compared."""
    examination = stores.examine(stores.world.config(start_date="2026-05-30"), requests=requests)
    assert not [finding for finding in examination.findings if finding.check == "totals"]
    assert not examination.sample.whole
