"""Smart+ campaigns, ad groups, ads and reviews, over real sockets: the streams read what a plain client lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from emulator.kit import Client
from on_request.kit import comparable, load
from support import NOW, config_for, read_from
from tiktok_marketing.catalog import object_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.read.objects import object_requests

LISTS = {
    "smart_plus_campaigns": "smart_plus/campaign/get/",
    "smart_plus_ad_groups": "smart_plus/adgroup/get/",
    "smart_plus_ads": "smart_plus/ad/get/",
}
REVIEWS = {
    "ad_reviews": ("ad/get/", "ad_id", "ad/review_info/", "ad_ids", "ad_review_map"),
    "ad_group_reviews": ("adgroup/get/", "adgroup_id", "adgroup/review_info/", "adgroup_ids", "ad_group_review_map"),
}
EVERYTHING = {"include_deleted": True, "start_date": "2012-01-01"}


async def listed(client: Client, path: str, *, deleted: bool = True) -> list[dict[str, Any]]:
    """What a plain client lists for all accounts, in small pages."""
    filtering = {"primary_status": "STATUS_ALL"} if deleted else {}
    return [
        {**record, "advertiser_id": account}
        for account in client.emulator.advertiser_ids
        for record in await client.read_all(path, 7, advertiser_id=account, filtering=filtering)
    ]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("deleted", [False, True])
async def test_every_smart_plus_object_is_read(client: Client, name: str, deleted: bool) -> None:
    """With all its fields, and deleted ones with `include_deleted`."""
    fields = {**EVERYTHING, "include_deleted": deleted}
    outcome = await read_from(client.emulator, config_for(client.emulator, **fields), [name])
    assert outcome.exit_code == 0
    expected = await listed(client, LISTS[name], deleted=deleted)
    assert comparable(name, outcome.records(name)) == comparable(name, expected)


def test_changed_smart_plus_ads_alone_can_be_asked_for() -> None:
    """`smart_plus/ad/get/` has a filter for them. The lists of campaigns and ad groups have none."""
    since = "2026-06-15 10:00:00"
    asked = {
        name: object_requests(
            object_stream(name), AdvertiserId("7001"), include_deleted=True, today=NOW.date(), changed_since=since
        )[0].params["filtering"]
        for name in LISTS
    }
    assert asked.pop("smart_plus_ads") == {"primary_status": "STATUS_ALL", "modified_after": "2026-06-15 09:59:59"}
    assert list(asked.values()) == [{"primary_status": "STATUS_ALL"}] * 2


async def test_legacy_campaigns_are_read_by_their_ids(client: Client) -> None:
    """The list of campaigns says which of them are of the old kind."""
    name = "smart_plus_legacy_campaigns"
    outcome = await read_from(client.emulator, config_for(client.emulator, **EVERYTHING), [name])
    assert outcome.exit_code == 0
    expected = []
    for account in client.emulator.advertiser_ids:
        campaigns = await client.read_all("campaign/get/", advertiser_id=account)
        ids = [campaign["campaign_id"] for campaign in campaigns if campaign["is_smart_performance_campaign"]]
        if ids:
            data = await client.data("campaign/spc/get/", advertiser_id=account, campaign_ids=ids)
            expected += [{**record, "advertiser_id": account} for record in data["list"]]
    assert comparable(name, outcome.records(name)) == comparable(name, expected)


async def test_ids_of_smart_plus_ads_join_the_usual_ads(client: Client, tmp_path: Path) -> None:
    """A creative in `ads` names its ad in `smart_plus_ads`."""
    path = tmp_path / "tiktok.duckdb"
    await load(client.emulator, path, ["ads", *LISTS])
    with duckdb.connect(str(path), read_only=True) as database:
        creatives, joined, in_groups, in_campaigns = database.execute(
            "SELECT count(*), count(ad.smart_plus_ad_id), count(ad_group.adgroup_id), count(campaign.campaign_id) "
            "FROM tiktok_ads.ads AS creative LEFT JOIN tiktok_ads.smart_plus_ads AS ad USING (smart_plus_ad_id) "
            "LEFT JOIN tiktok_ads.smart_plus_ad_groups AS ad_group ON ad_group.adgroup_id = ad.adgroup_id "
            "LEFT JOIN tiktok_ads.smart_plus_campaigns AS campaign ON campaign.campaign_id = ad.campaign_id "
            "WHERE creative.smart_plus_ad_id IS NOT NULL"
        ).fetchall()[0]
    assert creatives == joined == in_groups == in_campaigns > 0


@pytest.mark.parametrize("name", REVIEWS)
async def test_reviews_of_every_ad_and_ad_group_are_read(client: Client, name: str) -> None:
    """TikTok answers with an object that has a key for each. Deleted ads are not reviewed any more."""
    path, key, review_path, param, map_key = REVIEWS[name]
    outcome = await read_from(client.emulator, config_for(client.emulator, **EVERYTHING), [name])
    assert outcome.exit_code == 0
    expected = []
    for account in client.emulator.advertiser_ids:
        types = (["AUCTION", "RESERVATION_RF"], ["RESERVATION_TOP_VIEW"])
        ids = [
            record[key]
            for buying_types in types
            for record in await client.read_all(
                path, 100, advertiser_id=account, filtering={"buying_types": buying_types}
            )
        ]
        for start in range(0, len(ids), 20):
            data = await client.data(review_path, advertiser_id=account, **{param: ids[start : start + 20]})
            expected += [{**record, "advertiser_id": account} for record in data[map_key].values()]
    assert comparable(name, outcome.records(name)) == comparable(name, expected)


@pytest.mark.parametrize("name", ["smart_plus_ad_reviews", "smart_plus_creative_reviews"])
async def test_reviews_of_smart_plus_ads_and_creatives_give_reasons(client: Client, name: str) -> None:
    """Each ad and each creative in an ad has a review, and those that are limited have reasons."""
    outcome = await read_from(client.emulator, config_for(client.emulator, **EVERYTHING), [name])
    assert outcome.exit_code == 0
    records = outcome.records(name)
    ads = await listed(client, LISTS["smart_plus_ads"], deleted=False)
    if name == "smart_plus_ad_reviews":
        expected = {(int(ad["smart_plus_ad_id"]),) for ad in ads}
    else:
        expected = {
            (int(ad["smart_plus_ad_id"]), creative["ad_material_id"]) for ad in ads for creative in ad["creative_list"]
        }
    stream = object_stream(name)
    assert {tuple(record[field] for field in stream.primary_key) for record in records} == expected
    assert {bool(record.get("reject_info")) for record in records} == {False, True}
