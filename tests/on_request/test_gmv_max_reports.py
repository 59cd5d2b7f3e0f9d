"""The GMV Max reports, over real sockets: every row of every store, whatever TikTok demands to be named."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import duckdb
import pytest

from emulator.kit import Client
from on_request.conftest import emulator_of
from support import A_DAY, NOW, Outcome, config_for, read_from
from tiktok_marketing.catalog import ON_REQUEST, ReportStream
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Fault
from tiktok_marketing.pipelines.load import RunOptions, load_async

REPORTS = [stream for stream in ON_REQUEST if isinstance(stream, ReportStream) and stream.source.stores is not None]
NAMES = [stream.name for stream in REPORTS]
DAILY = [name for name in NAMES if name.endswith("_daily")]
DAYS = {"start_date": "2026-06-07", "end_date": "2026-06-08", "include_deleted": True}
PRODUCTS, LIVES = "gmv_max_product_campaign_reports", "gmv_max_live_campaign_reports"
Sums = Mapping[tuple[Any, ...], list[float]]


def sums(outcome: Outcome, name: str, *by: str) -> Sums:
    """Cost and orders of a report's records, for each value of the fields at their root."""
    totals: defaultdict[tuple[Any, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for record in outcome.records(name):
        total = totals[tuple(record[field] for field in by)]
        total[0] = round(total[0] + (record["metrics"]["cost"] or 0), 2)
        total[1] += record["metrics"]["orders"] or 0
    return {key: total for key, total in totals.items() if any(total)}


def added(*parts: Sums) -> Sums:
    """The sums of several reports together."""
    totals: defaultdict[tuple[Any, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for part in parts:
        for key, (cost, orders) in part.items():
            totals[key] = [round(totals[key][0] + cost, 2), totals[key][1] + orders]
    return totals


@pytest.fixture(scope="module")
def everything() -> tuple[Outcome, list[tuple[str, str]]]:
    """What a sync of all GMV Max reports delivers, and the stores of each account."""
    return asyncio.run(_everything())


async def _everything() -> tuple[Outcome, list[tuple[str, str]]]:
    async with emulator_of(settled=True, advertisers=2) as emulator, aiohttp.ClientSession() as session:
        outcome = await read_from(emulator, config_for(emulator, **DAYS), NAMES)
        client = Client(emulator, session)
        stores = [
            (account, store["store_id"])
            for account in emulator.advertiser_ids
            for store in (await client.data("gmv_max/store/list/", advertiser_id=account))["store_list"]
        ]
    return outcome, stores


def test_the_store_has_the_figures_of_its_campaigns(everything: tuple[Outcome, Any]) -> None:
    """Products and live streams together cost and sell what the store does, by day, hour and in total."""
    outcome, _ = everything
    assert outcome.exit_code == 0, outcome.errors
    for grain, time in (("daily", "stat_time_day"), ("hourly", "stat_time_hour"), ("lifetime", "store_id")):
        by = ("advertiser_id", "store_id", time)
        parts = [sums(outcome, f"{name}_{grain}", *by) for name in (PRODUCTS, LIVES)]
        assert all(parts), grain
        assert added(*parts) == sums(outcome, f"gmv_max_advertiser_reports_{grain}", *by), grain


@pytest.mark.parametrize(
    ("below", "above"),
    [
        ("gmv_max_product_reports", PRODUCTS),
        ("gmv_max_product_duration_reports", PRODUCTS),
        ("gmv_max_live_room_reports", LIVES),
        ("gmv_max_live_duration_reports", LIVES),
    ],
)
def test_objects_have_the_figures_of_their_campaigns(everything: tuple[Outcome, Any], below: str, above: str) -> None:
    """Nothing is lost between a campaign and its products and live streams."""
    outcome, _ = everything
    by = ("advertiser_id", "store_id", "campaign_id")
    compared = 0
    for grain in ("daily", "hourly", "lifetime"):
        if f"{below}_{grain}" in NAMES:
            assert sums(outcome, f"{below}_{grain}", *by) == sums(outcome, f"{above}_{grain}", *by), grain
            compared += 1
    assert compared


def test_posts_cost_what_their_products_cost(everything: tuple[Outcome, Any]) -> None:
    """They may have fewer orders: a post without cost has no row."""
    outcome, _ = everything
    by = ("advertiser_id", "store_id", "campaign_id", "item_group_id", "stat_time_day")
    posts = sums(outcome, "gmv_max_creative_reports_daily", *by)
    products = {key: of for key, of in sums(outcome, "gmv_max_product_reports_daily", *by).items() if of[0]}
    assert {key: cost for key, (cost, _) in posts.items()} == {key: cost for key, (cost, _) in products.items()}
    assert all(orders <= products[key][1] for key, (_, orders) in posts.items())


def test_hours_and_days_and_all_days_agree(everything: tuple[Outcome, Any]) -> None:
    """A sync reads hours in windows of a day, days in longer ones, and totals at once."""
    outcome, _ = everything
    for stream in REPORTS:
        name = stream.name.removesuffix("_daily")
        if name != stream.name:
            by = (*(field for field in stream.row_key if field != "stat_time_day"),)
            for grain in ("hourly", "lifetime"):
                if f"{name}_{grain}" in NAMES:
                    assert sums(outcome, f"{name}_{grain}", *by) == sums(outcome, stream.name, *by), (name, grain)


def test_rows_have_the_form_of_airbytes(everything: tuple[Outcome, Any]) -> None:
    """The store is at the root, ids are what the schema says, and no key comes twice."""
    outcome, stores = everything
    for stream in REPORTS:
        records = outcome.records(stream.name)
        assert records, stream.name
        keys = {tuple(record[field] for field in stream.row_key) for record in records}
        assert len(keys) == len(records), stream.name
        assert {(str(record["advertiser_id"]), record["store_id"]) for record in records} <= set(stores)
    (live, *_) = outcome.records(f"{LIVES}_daily")
    assert live["metrics"]["10_second_live_views"] >= 0
    assert live["dimensions"]["campaign_id"] == live["campaign_id"]
    overview = outcome.records("gmv_max_advertiser_reports_lifetime")
    assert {(str(record["advertiser_id"]), record["store_id"]) for record in overview} == set(stores)


async def test_deleted_campaigns_have_rows_if_they_are_asked_for(client: Client) -> None:
    """Without `include_deleted`, TikTok hides them in the reports on campaigns."""
    names = [f"{name}_lifetime" for name in (PRODUCTS, LIVES)]
    numbers = []
    for include_deleted in (False, True):
        config = config_for(client.emulator, start_date="2025-07-01", include_deleted=include_deleted)
        outcome = await read_from(client.emulator, config, names)
        assert outcome.exit_code == 0
        numbers.append(sum(len(outcome.records(name)) for name in names))
    assert 0 < numbers[0] < numbers[1]


@pytest.mark.thorough
async def test_a_later_sync_goes_on_and_brings_each_row_once(tmp_path: Path) -> None:
    """Rows of the days that may still change are replaced, and the store's hours without figures make no odd row."""
    path = tmp_path / "tiktok.duckdb"
    names = [f"{LIVES}_daily", "gmv_max_product_reports_daily", "gmv_max_advertiser_reports_hourly"]
    async with emulator_of(advertisers=1) as emulator:
        config = parse_config(config_for(emulator, start_date="2026-06-14"))
        for moment in (NOW, NOW + A_DAY):
            emulator.clock.advance((moment - NOW).total_seconds())
            surroundings = RunOptions(clock=FixedClock(moment), address=emulator.url)
            result = await load_async(config, str(path), streams=names, options=surroundings)
            assert result.complete
            assert not result.notices
    with duckdb.connect(str(path), read_only=True) as database:
        for name in names:
            key = next(", ".join(stream.table_key) for stream in REPORTS if stream.name == name)
            total, distinct = database.execute(
                f"SELECT count(*), count(DISTINCT ({key})) FROM tiktok_ads.{name}"  # noqa: S608 - our own names
            ).fetchall()[0]
            assert total == distinct > 0, name
        views = database.execute(f"SELECT sum(_10_second_live_views) FROM tiktok_ads.{LIVES}_daily").fetchall()  # noqa: S608
    assert views[0][0] > 0


def refused(records: Iterable[str], outcome: Outcome) -> bool:
    """Whether exactly these streams are incomplete."""
    return {name for name, said in outcome.statuses.items() if said[-1] == "INCOMPLETE"} == set(records)


async def test_a_grant_without_stores_costs_these_streams_alone() -> None:
    """The error names the permission, and everything else is read."""
    async with emulator_of(scopes=(44, 100, 200, 210, 220), advertisers=2) as emulator:
        names = [f"{PRODUCTS}_daily", "campaigns"]
        outcome = await read_from(emulator, config_for(emulator), names)
    assert outcome.exit_code == 1
    assert refused([f"{PRODUCTS}_daily"], outcome), outcome.statuses
    assert outcome.records("campaigns")
    assert "GMV" in " ".join(error["message"] for error in outcome.errors), outcome.errors


async def test_an_account_without_stores_has_no_rows_and_is_complete() -> None:
    """Its state moves on as if its days were read, because they were."""
    async with emulator_of(advertisers=1) as emulator:
        emulator.faults.add(Fault(path="gmv_max/store/list/", edit="$.data.store_list", json="[]"))
        outcome = await read_from(emulator, config_for(emulator), DAILY)
    assert outcome.exit_code == 0
    assert not any(outcome.records(name) for name in DAILY)
    assert set(outcome.last_states) == set(DAILY)
