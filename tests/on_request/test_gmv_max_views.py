"""The views of GMV Max: a store that several accounts see counts once, and days are also those of the shop."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from on_request.conftest import emulator_of
from support import NOW, config_for
from tiktok_marketing.cli.main import run as run_command
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.pipelines.load import RunOptions, load_async

DAILY, HOURLY = "gmv_max_advertiser_reports_daily", "gmv_max_advertiser_reports_hourly"
SHOP_OFFSETS = {"US": -480, "GB": 0, "JP": 540, "ID": 420, "DE": 60, "MX": -360, "BR": -180, "VN": 420, "TH": 420}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the stores of four accounts, and with views."""
    path = str(tmp_path_factory.mktemp("shop") / "shop.duckdb")

    async def sync() -> None:
        async with emulator_of(settled=True) as emulator:
            config = parse_config(config_for(emulator, start_date="2026-06-10", end_date="2026-06-13"))
            surroundings = RunOptions(clock=FixedClock(NOW), address=emulator.url)
            names = ["advertisers", "gmv_max_stores", DAILY, HOURLY]
            result = await load_async(config, path, streams=names, options=surroundings)
            assert result.complete

    asyncio.run(sync())
    assert run_command(["views", "--database", path]) == 0
    return path


def ask(path: str, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with duckdb.connect(path, read_only=True) as database:
        return database.execute(f"SET search_path = 'tiktok_ads'; {sql}").fetchall()


def owners(path: str) -> dict[str, int]:
    """The account whose rows of a store count."""
    seen: dict[str, list[tuple[bool, int]]] = {}
    for advertiser_id, store_id, exclusive in ask(
        path, "SELECT advertiser_id, store_id, exclusive_authorized_advertiser_info::VARCHAR FROM gmv_max_stores"
    ):
        alone = json.loads(exclusive or "{}").get("advertiser_id")
        seen.setdefault(store_id, []).append((str(advertiser_id) != alone, advertiser_id))
    assert any(len(accounts) > 1 for accounts in seen.values())
    return {store_id: min(accounts)[1] for store_id, accounts in seen.items()}


def test_each_store_counts_once(filled: str) -> None:
    """The rows are those of the account that alone may advertise it, or of the lowest id."""
    chosen = owners(filled)
    rows = ask(filled, f"SELECT stat_time_day, advertiser_id, store_id, cost, orders FROM {DAILY}")  # noqa: S608
    expected = sorted(row for row in rows if chosen[row[2]] == row[1])
    assert 0 < len(expected) < len(rows)
    assert sorted(ask(filled, "SELECT day, advertiser_id, store_id, cost, orders FROM daily_gmv_max")) == expected
    numbers = dict(ask(filled, "SELECT DISTINCT store_id, accounts FROM daily_gmv_max"))
    assert max(numbers.values()) > 1


def test_days_of_the_shop_have_the_hours_of_its_clock(filled: str) -> None:
    """An hour belongs to the day that it is in at the shop's offset, and no hour is lost."""
    chosen = owners(filled)
    accounts = dict(ask(filled, "SELECT advertiser_id, utc_offset_minutes FROM _tiktok_accounts"))
    countries = {
        store_id: json.loads(codes)[0]
        for store_id, codes in ask(filled, "SELECT store_id, targeting_region_codes::VARCHAR FROM gmv_max_stores")
    }
    expected: dict[tuple[Any, ...], list[Any]] = {}
    hour: datetime
    for advertiser_id, store_id, hour, cost, orders in ask(
        filled,
        f"SELECT advertiser_id, store_id, stat_time_hour, cost, orders FROM {HOURLY}",  # noqa: S608
    ):
        if chosen[store_id] == advertiser_id:
            offset = SHOP_OFFSETS.get(countries[store_id], -480)
            day = (hour + timedelta(minutes=offset - accounts[advertiser_id])).date()
            total = expected.setdefault((day, advertiser_id, store_id, offset), [0, 0, 0])
            total[:] = [total[0] + 1, total[1] + cost, total[2] + orders]
    rows = ask(
        filled,
        "SELECT shop_day, advertiser_id, store_id, shop_offset_minutes, hours, cost, orders FROM shop_days_gmv_max",
    )
    assert {row[:4]: list(row[4:]) for row in rows} == expected
    assert any(day != 0 for *_, day in expected)


def test_without_gmv_max_the_views_are_left_out(tmp_path: Path, filled: str) -> None:
    """Whoever has no stores has no such view, and the others are there."""
    path = str(tmp_path / "other.duckdb")
    with duckdb.connect(path) as database:
        database.execute(f"ATTACH '{filled}' AS filled (READ_ONLY)")
        database.execute("CREATE SCHEMA tiktok_ads")
        for (name,) in database.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'filled' AND table_name NOT LIKE 'gmv_%'"
        ).fetchall():
            database.execute(f'CREATE TABLE tiktok_ads."{name}" AS FROM filled.tiktok_ads."{name}"')
    assert run_command(["views", "--database", path]) == 0
    names = {name for (name,) in ask(path, "SELECT view_name FROM duckdb_views() WHERE schema_name = 'tiktok_ads'")}
    assert "accounts" in names
    assert not any("gmv" in name for name in names)
