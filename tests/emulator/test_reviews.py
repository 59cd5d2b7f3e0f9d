"""Reviews of ads, ad groups and Smart+ creatives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

ALL = {"primary_status": "STATUS_ALL"}


@pytest.fixture
async def client(session: aiohttp.ClientSession) -> AsyncIterator[Client]:
    """A client of an emulator with several Smart+ ads in each account."""
    async with Emulator(Options(now=NOW, tier="unlimited", latency=0, ads_per_account=400)) as emulator:
        yield Client(emulator, session)


async def reviews(client: Client, path: str, name: str, ids: list[str], **more: Any) -> list[dict[str, Any]]:
    """The data of all answers about some ids, twenty at a time."""
    account = client.emulator.advertiser_ids[0]
    return [
        await client.data(path, advertiser_id=account, **{name: ids[start : start + 20]}, **more)
        for start in range(0, len(ids), 20)
    ]


async def test_reviews_agree_with_the_status_of_ads(client: Client) -> None:
    """Ads that were denied are unavailable, with the reason; those that deliver are available, at least in part."""
    account = client.emulator.advertiser_ids[0]
    ads = {ad["ad_id"]: ad for ad in await client.read_all("ad/get/", advertiser_id=account, filtering=ALL)}
    answers = await reviews(client, "ad/review_info/", "ad_ids", list(ads))
    by_id = {name: review for answer in answers for name, review in answer["ad_review_map"].items()}
    assert set(by_id) == set(ads)
    statuses = set()
    for name, review in by_id.items():
        assert review["ad_id"] == name
        statuses.add(review["review_status"])
        status = ads[name]["secondary_status"]
        assert review["is_approved"] == (review["review_status"] != "UNAVAILABLE")
        if status == "AD_STATUS_AUDIT_DENY":
            assert (review["review_status"], len(review["reject_info"])) == ("UNAVAILABLE", 1)
        elif status == "AD_STATUS_DELIVERY_OK":
            assert review["is_approved"]
        assert (review["last_audit_time"] == "") == (ads[name]["create_time"] > "2026-03-10 13:40:00")
        for info in review["reject_info"]:
            video = info["content_info"].get("video_content", {}).get("video_id")
            assert video in {None, "", ads[name]["video_id"]}
    assert statuses == {"ALL_AVAILABLE", "PART_AVAILABLE", "UNAVAILABLE"}


async def test_ad_groups_name_the_reviews_of_their_ads(client: Client) -> None:
    """By ad group and ad. In Smart+ ad groups the inner id is that of a creative."""
    account = client.emulator.advertiser_ids[0]
    groups = await client.read_all("adgroup/get/", advertiser_id=account, filtering=ALL)
    ads = await client.read_all("ad/get/", advertiser_id=account, filtering=ALL)
    smart = await client.read_all("smart_plus/ad/get/", 100, advertiser_id=account, filtering=ALL)
    materials = {ad["adgroup_id"]: {creative["ad_material_id"] for creative in ad["creative_list"]} for ad in smart}
    assert len(materials) > 2
    answers = await reviews(client, "adgroup/review_info/", "adgroup_ids", [group["adgroup_id"] for group in groups])
    inner = {name: review for answer in answers for name, review in answer["ad_review_map"].items()}
    outer = {name: review for answer in answers for name, review in answer["ad_group_review_map"].items()}
    assert set(inner) == set(outer) == {group["adgroup_id"] for group in groups}
    for name, review in inner.items():
        own = {ad["ad_id"] for ad in ads if ad["adgroup_id"] == name}
        if name in materials:
            assert materials[name] <= set(review)
            assert not own & set(review)
        else:
            assert set(review) == own
        rejected = any(item["reject_info"] and not item["is_approved"] for item in review.values())
        assert outer[name]["contain_rejected_ads"] == rejected


async def test_smart_plus_creatives_are_reviewed_by_their_material_ids(client: Client) -> None:
    """The reviews of a Smart+ ad contain those of its creatives. Reasons come when they are asked for."""
    reasons = []
    for account in client.emulator.advertiser_ids:
        smart = await client.read_all("smart_plus/ad/get/", 100, advertiser_id=account, filtering=ALL)
        materials = [creative["ad_material_id"] for ad in smart for creative in ad["creative_list"]][:99]
        if not materials:
            continue
        ids = [ad["smart_plus_ad_id"] for ad in smart]
        whole = await client.data("smart_plus/ad/review_info/", advertiser_id=account, smart_plus_ad_ids=ids)
        assert {review["smart_plus_ad_id"] for review in whole["smart_plus_ad_review_infos"]} == set(ids)
        request = {"advertiser_id": account, "ad_material_ids": [*materials, "7"]}
        data = await client.data("smart_plus/material/review_info/", **request)
        assert {review["ad_material_id"] for review in data["material_review_infos"]} == set(materials)
        assert all(review in whole["material_review_infos"] for review in data["material_review_infos"])
        assert not any("reject_info" in review for review in data["material_review_infos"])
        details = {"include_reject_info": True, "include_violation_frame": True}
        full = await client.data("smart_plus/material/review_info/", **request, extra_info_setting=details)
        reasons += [info for review in full["material_review_infos"] for info in review["reject_info"]]
    assert reasons
    assert any("violation_frames" in info for info in reasons)


async def test_faults_reach_the_records_of_reviews(client: Client) -> None:
    """A partial answer lacks half of the ids of each map, and an edit changes the reviews themselves."""
    account = client.emulator.advertiser_ids[0]
    groups = await client.read_all("adgroup/get/", advertiser_id=account)
    request = {"advertiser_id": account, "adgroup_ids": [group["adgroup_id"] for group in groups][:10]}
    whole = await client.data("adgroup/review_info/", **request)
    client.emulator.faults.add("path=adgroup/review_info/,first=1,code=20001,keep=0.5")
    partial = await client.envelope("adgroup/review_info/", **request)
    assert partial["code"] == 20001
    for name in ("ad_review_map", "ad_group_review_map"):
        assert partial["data"][name] == dict(list(whole[name].items())[:5])
    client.emulator.faults.add("path=adgroup/review_info/,edit=review_status,value=STRANGE")
    edited = await client.data("adgroup/review_info/", **request)
    outer = edited["ad_group_review_map"]
    assert set(outer) == set(request["adgroup_ids"])
    reviews = [*outer.values(), *(review for inner in edited["ad_review_map"].values() for review in inner.values())]
    assert {review["review_status"] for review in reviews} == {"STRANGE"}
    assert len(reviews) > len(outer)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("ad/review_info/", {}),
        ("ad/review_info/", {"ad_ids": []}),
        ("ad/review_info/", {"ad_ids": ["x"]}),
        ("adgroup/review_info/", {"adgroup_ids": ["1"] * 21}),
        ("adgroup/review_info/", {"adgroup_ids": ["1"], "lang": "xx"}),
        ("smart_plus/ad/review_info/", {"smart_plus_ad_ids": ["1"] * 101}),
        ("smart_plus/material/review_info/", {"ad_material_ids": ["1"], "extra_info_setting": ["x"]}),
        (
            "smart_plus/material/review_info/",
            {"ad_material_ids": ["1"], "extra_info_setting": {"include_reject_info": 7}},
        ),
    ],
)
async def test_reviews_refuse_wrong_parameters(client: Client, path: str, wrong: dict[str, Any]) -> None:
    """With 40002."""
    answer = await client.envelope(path, advertiser_id=client.emulator.advertiser_ids[0], **wrong)
    assert answer["code"] == 40002
