"""Smart+ campaigns, ad groups and ads: they are those of the other lists, seen from another side."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

ALL = {"primary_status": "STATUS_ALL"}


async def lists(client: Client, account: str) -> tuple[list[dict[str, Any]], ...]:
    """All Smart+ campaigns, ad groups and ads of an account, deleted ones included."""
    campaigns = await client.read_all("smart_plus/campaign/get/", advertiser_id=account, filtering=ALL)
    groups = await client.read_all("smart_plus/adgroup/get/", advertiser_id=account, filtering=ALL)
    ads = await client.read_all("smart_plus/ad/get/", 100, advertiser_id=account, filtering=ALL)
    return campaigns, groups, ads


async def test_smart_plus_objects_are_those_of_the_usual_lists(client: Client) -> None:
    """Each campaign and ad group that says UPGRADED_SMART_PLUS, and one Smart+ ad per ad group."""
    seen = 0
    for account in client.emulator.advertiser_ids:
        campaigns, groups, ads = await lists(client, account)
        for level, records in (("campaign", campaigns), ("adgroup", groups)):
            usual = {
                record[f"{level}_id"]: record
                for record in await client.read_all(f"{level}/get/", advertiser_id=account, filtering=ALL)
                if record["campaign_automation_type"] == "UPGRADED_SMART_PLUS"
            }
            assert {record[f"{level}_id"] for record in records} == set(usual)
            for record in records:
                for name in ("campaign_name", "budget", "create_time", "modify_time"):
                    assert record[name] == usual[record[f"{level}_id"]][name]
        by_smart_ad = defaultdict(list)
        for ad in await client.read_all("ad/get/", advertiser_id=account, filtering=ALL):
            if "smart_plus_ad_id" in ad:
                by_smart_ad[ad["smart_plus_ad_id"]].append(ad)
        assert set(by_smart_ad) <= {ad["smart_plus_ad_id"] for ad in ads}
        assert [ad["adgroup_id"] for ad in ads] == [group["adgroup_id"] for group in groups]
        seen += len(ads)
    assert seen > 5


async def test_a_smart_plus_ad_lists_creatives_that_are_ads_of_the_usual_list(session: aiohttp.ClientSession) -> None:
    """Except for those that TikTok added. The videos, images, identities and cards exist, and material ids are own."""
    added = listed = 0
    async with Emulator(
        Options(now=NOW, tier="unlimited", latency=0, ads_per_account=900, deleted_ads_vanish_after=None)
    ) as emulator:
        client = Client(emulator, session)
        for account in emulator.advertiser_ids[:4]:
            _, _, ads = await lists(client, account)
            usual = {ad["ad_id"]: ad for ad in await client.read_all("ad/get/", advertiser_id=account)}
            identities = await client.read_all("identity/get/", 100, "identity_list", advertiser_id=account)
            known = {identity["identity_id"] for identity in identities}
            portfolios = await client.read_all(
                "creative/portfolio/list/", 100, "creative_portfolios", advertiser_id=account
            )
            cards = {portfolio["creative_portfolio_id"] for portfolio in portfolios}
            materials = [creative["ad_material_id"] for ad in ads for creative in ad["creative_list"]]
            assert len(set(materials)) == len(materials)
            assert not {*materials} & set(usual)
            for ad in ads:
                smart = {name for name, own in usual.items() if own.get("smart_plus_ad_id") == ad["smart_plus_ad_id"]}
                creatives = {creative["smart_plus_creative_id"]: creative for creative in ad["creative_list"]}
                if smart:
                    assert set(creatives) <= smart
                    added += len(smart - set(creatives))
                    listed += len(creatives)
                for name in smart & set(creatives):
                    info = creatives[name]["creative_info"]
                    assert info.get("video_info", {}).get("video_id") == usual[name]["video_id"]
                    assert [image["web_uri"] for image in info["image_info"]] == usual[name]["image_ids"]
                    assert info["identity_id"] in known
                    assert creatives[name]["material_operation_status"] == usual[name]["operation_status"]
                texts = {text for name in smart & set(creatives) for text in usual[name]["ad_texts"]}
                if smart:
                    assert {text["ad_text"] for text in ad["ad_text_list"]} == texts
                own_cards = {card["card_id"] for card in ad["interactive_add_on_list"]}
                assert own_cards <= cards
                assert {usual[name]["card_id"] for name in smart} <= own_cards | {None}
    assert listed > 20
    assert 0 < added < listed


async def test_smart_plus_lists_obey_filters_and_page_sizes(client: Client) -> None:
    """Deleted objects are hidden by default, and ads come a hundred at a time at most."""
    account = client.emulator.advertiser_ids[2]
    campaigns, groups, ads = await lists(client, account)
    assert len(ads) > 2
    for level, key, records in (
        ("campaign", "campaign_id", campaigns), ("adgroup", "adgroup_id", groups), ("ad", "smart_plus_ad_id", ads),
    ):  # fmt: skip
        path = f"smart_plus/{level}/get/"
        times = [record["create_time"] for record in records]
        assert times == sorted(times, reverse=True)
        chosen = records[-1]
        by_id = await client.data(path, advertiser_id=account, filtering=ALL | {f"{key}s": [chosen[key]]})
        assert by_id["list"] == [chosen]
        young = await client.data(
            path, advertiser_id=account, filtering=ALL | {"creation_filter_start_time": times[0]}, page_size=100
        )
        assert [record[key] for record in young["list"]] == [
            record[key] for record in records if record["create_time"] >= times[0]
        ]
        some = await client.data(path, advertiser_id=account, filtering=ALL, fields=[key, "create_time"])
        assert some["list"][0] == {key: records[0][key], "create_time": times[0]}
        largest = 100 if key == "smart_plus_ad_id" else 1000
        for wrong in (
            {"page_size": largest + 1}, {"filtering": {"moon": 1}}, {"fields": ["moon"]},
            {"filtering": {f"{key}s": ["1"] * 101}}, {"filtering": {"secondary_status": "MOON"}},
        ):  # fmt: skip
            assert (await client.envelope(path, advertiser_id=account, **wrong))["code"] == 40002
    group = groups[0]["adgroup_id"]
    inside = await client.data("smart_plus/ad/get/", advertiser_id=account, filtering=ALL | {"adgroup_ids": [group]})
    assert {ad["adgroup_id"] for ad in inside["list"]} == {group}


async def test_deleted_smart_plus_objects_are_listed_only_when_asked_for(session: aiohttp.ClientSession) -> None:
    """As in the usual lists; deleted ads vanish for good after a while."""
    async with Emulator(Options(now=NOW, tier="unlimited", latency=0, ads_per_account=900)) as emulator:
        client = Client(emulator, session)
        deleted = 0
        for account in emulator.advertiser_ids[:3]:
            for level, size in (("campaign", 1000), ("adgroup", 1000), ("ad", 100)):
                path = f"smart_plus/{level}/get/"
                request = {"advertiser_id": account, "page_size": size}
                everything = await client.read_all(path, **request, filtering=ALL)
                alive = await client.read_all(path, **request)
                gone = await client.read_all(path, **request, filtering={"primary_status": "STATUS_DELETE"})
                assert len(alive) + len(gone) == len(everything)
                deleted += len(gone)
        assert deleted > 3


async def test_modified_after_lists_smart_plus_ads_that_changed(client: Client) -> None:
    """Ads without a modify_time are left out, unless an option says otherwise."""
    timeless = 0
    for account in client.emulator.advertiser_ids:
        _, _, ads = await lists(client, account)
        after = "2026-01-20 00:00:00"
        changed = await client.read_all(
            "smart_plus/ad/get/", 100, advertiser_id=account, filtering=ALL | {"modified_after": after}
        )
        assert changed == [ad for ad in ads if ad["modify_time"] and ad["modify_time"] >= after]
        timeless += sum(ad["modify_time"] is None for ad in ads)
    assert timeless


async def test_old_smart_plus_campaigns_are_listed_by_their_ids(session: aiohttp.ClientSession) -> None:
    """They say so in the usual list. The endpoint needs ids and leaves campaigns of other kinds out."""
    seen = 0
    async with Emulator(Options(now=NOW, tier="unlimited", latency=0, ads_per_account=400)) as emulator:
        client = Client(emulator, session)
        for account in emulator.advertiser_ids:
            campaigns = await client.read_all("campaign/get/", advertiser_id=account)
            ids = [campaign["campaign_id"] for campaign in campaigns]
            if not ids:
                continue
            old = {
                campaign["campaign_id"]: campaign
                for campaign in campaigns
                if campaign["campaign_automation_type"] == "SMART_PLUS"
            }
            assert all(campaign["is_smart_performance_campaign"] for campaign in old.values())
            data = await client.data("campaign/spc/get/", advertiser_id=account, campaign_ids=ids)
            assert set(data) == {"list"}
            assert {record["campaign_id"]: record["campaign_name"] for record in data["list"]} == {
                name: campaign["campaign_name"] for name, campaign in old.items()
            }
            for record in data["list"]:
                ads = await client.read_all(
                    "ad/get/", advertiser_id=account, filtering={"campaign_ids": [record["campaign_id"]]}
                )
                assert {title["title"] for title in record["title_list"]} == {ad["ad_text"] for ad in ads}
            seen += len(old)
        for wrong in ({}, {"campaign_ids": []}, {"campaign_ids": ["1"] * 101}):
            answer = await client.envelope("campaign/spc/get/", advertiser_id=emulator.advertiser_ids[0], **wrong)
            assert answer["code"] == 40002
    assert seen


@pytest.mark.parametrize("path", ["campaign", "adgroup", "ad"])
async def test_smart_plus_lists_need_the_scope_of_their_objects(session: aiohttp.ClientSession, path: str) -> None:
    """A token that may read reports only gets none of them."""
    async with Emulator(Options(now=NOW, latency=0, scopes=(44,))) as emulator:
        answer = await Client(emulator, session).envelope(
            f"smart_plus/{path}/get/", advertiser_id=emulator.advertiser_ids[0]
        )
        assert answer["code"] == 40001
