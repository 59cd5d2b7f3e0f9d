"""Lookups, identities and saved audiences, over real sockets: each account has what a plain client lists for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from emulator.kit import Client
from on_request.kit import load, without_links
from support import config_for, key_of, read_from
from tiktok_marketing.catalog import object_stream

LISTS = {
    "regions": ("search/region/", "region_list"),
    "languages": ("tool/language/", "languages"),
    "interest_categories": ("tool/interest_category/", "interest_categories"),
    "action_categories": ("tool/action_category/", "action_categories"),
    "device_models": ("tool/device_model/", "device_models"),
    "carriers": ("tool/carrier/", "countries"),
    "saved_audiences": ("dmp/saved_audience/list/", "saved_audiences"),
    "identities": ("identity/get/", "identity_list"),
}
LOOKUPS = ("regions", "languages", "interest_categories", "action_categories", "device_models")
JOINS = (
    ("advertisers_audience_reports_by_province_daily", "province_id", "regions", "region_id"),
    ("advertisers_audience_reports_by_dma_daily", "dma_id", "regions", "region_id"),
    ("advertisers_audience_reports_by_language_daily", "language", "languages", "code"),
    (
        "advertisers_audience_reports_by_interest_lifetime",
        "interest_category_v2",
        "interest_categories",
        "interest_category_id",
    ),
    ("advertisers_audience_reports_by_behavior_daily", "behavior_id", "action_categories", "action_category_id"),
    (
        "advertisers_audience_reports_by_device_brand_lifetime",
        "device_brand_id",
        "device_models",
        "device_model_id",
    ),
)
"""A report, its dimension, and the lookup and the column that have the dimension's values."""
PAGED = {"saved_audiences", "identities"}


async def listed(client: Client, name: str) -> list[dict[str, Any]]:
    """What a plain client lists for all accounts, with the account in each record."""
    path, list_key = LISTS[name]
    records = []
    for account in client.emulator.advertiser_ids:
        if name in PAGED:
            rows = await client.read_all(path, 2, list_key, advertiser_id=account)
        else:
            rows = (await client.data(path, advertiser_id=account))[list_key]
        records += [{**row, "advertiser_id": int(account)} for row in rows]
    return records


@pytest.mark.parametrize("name", LISTS)
async def test_each_account_has_its_records(client: Client, name: str) -> None:
    """All fields are as TikTok sends them, and no two records have the same key."""
    outcome = await read_from(client.emulator, config_for(client.emulator), [name])
    assert outcome.exit_code == 0
    stream = object_stream(name)
    read = {key_of(stream, record): without_links(record) for record in outcome.records(name)}
    expected = {key_of(stream, record): without_links(record) for record in await listed(client, name)}
    assert read == expected
    assert len(outcome.records(name)) == len(read) > 0


async def test_ids_of_reports_have_names(client: Client, tmp_path: Path) -> None:
    """Every value that a report knows is in the lookup of the same account. What TikTok does not know has none."""
    path = tmp_path / "tiktok.duckdb"
    reports = [report for report, _, _, _ in JOINS]
    await load(client.emulator, path, [*LOOKUPS, *reports], start_date="2026-06-10")
    with duckdb.connect(str(path), read_only=True) as database:
        for report, dimension, lookup, key in JOINS:
            values, named = database.execute(
                f"SELECT count(*), count(lookup.advertiser_id) FROM tiktok_ads.{report} AS report "  # noqa: S608
                f"LEFT JOIN tiktok_ads.{lookup} AS lookup ON lookup.advertiser_id = report.advertiser_id "
                f"AND lookup.{key} = report.{dimension} WHERE report.{dimension} NOT IN ('(not set)', '0', 'NONE')"
            ).fetchall()[0]
            assert values == named > 0, report
