"""The lists of GMV Max, over real sockets: what the streams deliver equals what a plain client lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from emulator.kit import Client
from support import A_DAY, NOW, config_for, read_from
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.pipelines.load import RunOptions, load_async

KINDS = ("PRODUCT_GMV_MAX", "LIVE_GMV_MAX")
STORES, CAMPAIGNS = "gmv_max_stores", "gmv_max_campaigns"


async def listed_stores(client: Client) -> set[tuple[str, str]]:
    """Account and id of every store that a plain client lists."""
    return {
        (account, store["store_id"])
        for account in client.emulator.advertiser_ids
        for store in (await client.data("gmv_max/store/list/", advertiser_id=account))["store_list"]
    }


async def listed_campaigns(client: Client, *, deleted: bool) -> dict[int, dict[str, Any]]:
    """The campaigns of every account that a plain client lists, by id."""
    filters: list[dict[str, Any]] = [{}, {"primary_status": "STATUS_DELETE"}] if deleted else [{}]
    return {
        int(record["campaign_id"]): record
        for account in client.emulator.advertiser_ids
        for kind in KINDS
        for extra in filters
        for record in await client.read_all(
            "gmv_max/campaign/get/",
            2,
            advertiser_id=account,
            filtering={"gmv_max_promotion_types": [kind], **extra},
        )
    }


async def test_every_account_has_the_stores_that_it_sees(client: Client) -> None:
    """One store that two accounts see is a record of both."""
    outcome = await read_from(client.emulator, config_for(client.emulator), [STORES])
    records = outcome.records(STORES)
    read = [(str(record["advertiser_id"]), record["store_id"]) for record in records]
    assert outcome.exit_code == 0
    assert sorted(read) == sorted(await listed_stores(client))
    assert len({store for _, store in read}) < len(read)


@pytest.mark.parametrize("include_deleted", [False, True])
async def test_campaigns_of_both_kinds_are_read(client: Client, include_deleted: bool) -> None:
    """Deleted ones, which no filter lists together with the others, come with `include_deleted`."""
    config = config_for(client.emulator, include_deleted=include_deleted, start_date="2012-01-01")
    outcome = await read_from(client.emulator, config, [CAMPAIGNS])
    expected = await listed_campaigns(client, deleted=include_deleted)
    records = outcome.records(CAMPAIGNS)
    assert outcome.exit_code == 0
    assert {record["campaign_id"]: record["campaign_name"] for record in records} == {
        key: record["campaign_name"] for key, record in expected.items()
    }
    assert len(records) == len(expected)
    statuses = {record["secondary_status"] for record in records}
    assert ("CAMPAIGN_STATUS_DELETE" in statuses) == include_deleted


async def test_a_later_sync_reads_what_changed(client: Client) -> None:
    """`modify_time` is the cursor: paused and deleted campaigns do not come again."""
    config = config_for(client.emulator, include_deleted=True, start_date="2012-01-01")
    first = await read_from(client.emulator, config, [CAMPAIGNS])
    client.emulator.clock.advance(10 * 86_400)
    second = await read_from(client.emulator, config, [CAMPAIGNS], state=first.state_file, now=NOW + 10 * A_DAY)
    since = {record["campaign_id"]: record["modify_time"] for record in first.records(CAMPAIGNS)}
    changed = {
        key
        for key, record in (await listed_campaigns(client, deleted=True)).items()
        if record["modify_time"] > since[key].replace("T", " ")[:19]
    }
    assert 0 < len(changed) < len(since)
    assert {record["campaign_id"] for record in second.records(CAMPAIGNS)} >= changed
    assert len(second.records(CAMPAIGNS)) < len(since)


async def test_one_store_of_two_accounts_is_two_rows_of_the_table(client: Client, tmp_path: Path) -> None:
    """The key of the table begins with the account."""
    path = tmp_path / "tiktok.duckdb"
    config = parse_config(config_for(client.emulator))
    surroundings = RunOptions(clock=FixedClock(NOW), address=client.emulator.url)
    for _ in range(2):
        result = await load_async(config, str(path), streams=[STORES, CAMPAIGNS], options=surroundings)
        assert result.complete
    with duckdb.connect(str(path), read_only=True) as database:
        rows = database.execute("SELECT advertiser_id::VARCHAR, store_id FROM tiktok_ads.gmv_max_stores").fetchall()
        campaigns = database.execute("SELECT campaign_id FROM tiktok_ads.gmv_max_campaigns").fetchall()
    assert sorted(rows) == sorted(await listed_stores(client))
    assert sorted(key for (key,) in campaigns) == sorted(await listed_campaigns(client, deleted=True))
