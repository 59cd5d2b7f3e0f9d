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


async def test_names_of_regions_join_the_provinces_of_reports(client: Client, tmp_path: Path) -> None:
    """`province_id` of a report is a `region_id` of the same account."""
    report = {
        "name": "provinces",
        "report_type": "AUDIENCE",
        "level": "account",
        "dimensions": ["province_id"],
        "metrics": ["spend", "impressions"],
        "grain": "day",
    }
    path = tmp_path / "tiktok.duckdb"
    await load(client.emulator, path, ["regions", "provinces"], custom_reports=[report], start_date="2026-06-10")
    with duckdb.connect(str(path), read_only=True) as database:
        rows = database.execute(
            "SELECT count(*), count(region_name), min(region_level) FROM tiktok_ads.provinces AS report "
            "LEFT JOIN tiktok_ads.regions AS region ON region.advertiser_id = report.advertiser_id "
            "AND region.region_id = report.province_id WHERE report.province_id <> '(not set)'"
        ).fetchall()
    ((all_rows, named, level),) = rows
    assert all_rows == named > 0
    assert level == "PROVINCE"
