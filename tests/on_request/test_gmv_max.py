"""The lists of GMV Max, over real sockets: what the streams deliver equals what a plain client lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from emulator.kit import Client
from on_request.kit import load, without_links
from support import A_DAY, NOW, config_for, key_of, read_from
from tiktok_marketing.catalog import object_stream

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


async def test_a_campaign_says_what_it_promotes(client: Client) -> None:
    """TikTok's records have no such field, and the two kinds are listed one by one."""
    outcome = await read_from(client.emulator, config_for(client.emulator, start_date="2012-01-01"), [CAMPAIGNS])
    kinds = {
        record["campaign_name"].split()[0]: record["gmv_max_promotion_type"] for record in outcome.records(CAMPAIGNS)
    }
    assert kinds == {"Product": "PRODUCT_GMV_MAX", "LIVE": "LIVE_GMV_MAX"}


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
    for _ in range(2):
        await load(client.emulator, path, [STORES, CAMPAIGNS])
    with duckdb.connect(str(path), read_only=True) as database:
        rows = database.execute("SELECT advertiser_id::VARCHAR, store_id FROM tiktok_ads.gmv_max_stores").fetchall()
        campaigns = database.execute("SELECT campaign_id FROM tiktok_ads.gmv_max_campaigns").fetchall()
    assert sorted(rows) == sorted(await listed_stores(client))
    assert sorted(key for (key,) in campaigns) == sorted(await listed_campaigns(client, deleted=True))


async def details_of(client: Client) -> list[dict[str, Any]]:
    """The settings of every campaign that is not deleted, as a plain client gets them."""
    campaigns = await listed_campaigns(client, deleted=False)
    return [
        await client.data("campaign/gmv_max/info/", advertiser_id=record["advertiser_id"], campaign_id=str(key))
        for key, record in campaigns.items()
    ]


async def sessions_of(client: Client) -> list[dict[str, Any]]:
    """The sessions of every campaign, as a plain client lists them."""
    records = []
    for key, campaign in (await listed_campaigns(client, deleted=True)).items():
        account = campaign["advertiser_id"]
        data = await client.data("campaign/gmv_max/session/list/", advertiser_id=account, campaign_id=str(key))
        records += [{**session, "advertiser_id": account} for session in data["session_list"]]
    return records


async def of_stores(client: Client, path: str, list_key: str, **params: Any) -> list[dict[str, Any]]:
    """What a plain client lists for every store that GMV Max can promote, page by page if `params` has a page size."""
    records = []
    for account in client.emulator.advertiser_ids:
        for store in (await client.data("gmv_max/store/list/", advertiser_id=account))["store_list"]:
            if store["is_gmv_max_available"]:
                names = ("store_id", "store_authorized_bc_id")
                asked = {"advertiser_id": account, **{name: store[name] for name in names}}
                if params:
                    rows = await client.read_all(path, list_key=list_key, **asked, **params)
                else:
                    rows = (await client.data(path, **asked))[list_key]
                records += [{**row, "store_id": store["store_id"], "advertiser_id": account} for row in rows]
    return records


def normalized(name: str, records: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Records by their keys, without links, whose ids are text and whose times have one form."""
    stream = object_stream(name)
    rows = [without_links(record) | {"advertiser_id": str(record["advertiser_id"])} for record in records]
    rows = [row | ({"campaign_id": str(row["campaign_id"])} if "campaign_id" in row else {}) for row in rows]
    by_key = {key_of(stream, row): row for row in rows}
    assert len(by_key) == len(records) > 0
    return by_key


async def test_the_settings_of_every_campaign_are_read(client: Client) -> None:
    """One request per campaign that is not deleted, whose answer is the record."""
    name = "gmv_max_campaign_details"
    outcome = await read_from(client.emulator, config_for(client.emulator, include_deleted=True), [name])
    assert outcome.exit_code == 0
    assert normalized(name, outcome.records(name)) == normalized(name, await details_of(client))


async def test_the_sessions_of_every_campaign_are_read(client: Client) -> None:
    """Those of deleted campaigns, too, because they have spent."""
    name = "gmv_max_sessions"
    outcome = await read_from(client.emulator, config_for(client.emulator, include_deleted=True), [name])
    assert outcome.exit_code == 0
    assert normalized(name, outcome.records(name)) == normalized(name, await sessions_of(client))


async def test_the_identities_of_every_store_are_read(client: Client) -> None:
    """The store is in the record, so that two stores may have one identity."""
    name = "gmv_max_identities"
    outcome = await read_from(client.emulator, config_for(client.emulator), [name])
    assert outcome.exit_code == 0
    expected = await of_stores(client, "gmv_max/identity/get/", "identity_list")
    assert normalized(name, outcome.records(name)) == normalized(name, expected)


async def test_the_posts_of_every_store_are_read(client: Client) -> None:
    """Page by page. The same post of two stores is two records."""
    name = "gmv_max_videos"
    outcome = await read_from(client.emulator, config_for(client.emulator), [name])
    assert outcome.exit_code == 0
    expected = await of_stores(client, "gmv_max/video/get/", "item_list", page_size=7)
    read, listed = normalized(name, outcome.records(name)), normalized(name, expected)
    assert {key: (row["text"], row["spu_id_list"]) for key, row in read.items()} == {
        key: (row["text"], row["spu_id_list"]) for key, row in listed.items()
    }
