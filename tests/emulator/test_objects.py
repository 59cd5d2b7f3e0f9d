"""The endpoints of accounts, campaigns, ad groups and ads."""

from datetime import timedelta
from typing import Any

import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

LEVELS = ("campaign", "adgroup", "ad")


async def lists(client: Client, level: str, **filtering: Any) -> list[dict[str, Any]]:
    """All objects of a level in all accounts."""
    records = []
    for advertiser in client.emulator.advertiser_ids:
        records += await client.read_all(f"{level}/get/", advertiser_id=advertiser, filtering=filtering)
    return records


async def test_the_token_reaches_six_different_accounts(client: Client) -> None:
    """Accounts differ in zone, currency and age. Zones include half an hour, one far ahead and one far behind."""
    data = await client.data("oauth2/advertiser/get/", app_id=client.emulator.app_id, secret=client.emulator.secret)
    ids = [item["advertiser_id"] for item in data["list"]]
    accounts = (await client.data("advertiser/info/", advertiser_ids=ids))["list"]
    assert ids == client.emulator.advertiser_ids
    assert {item["display_timezone"] for item in accounts} >= {
        "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Pacific/Honolulu",
    }  # fmt: skip
    assert len({item["currency"] for item in accounts}) >= 5
    assert len({item["create_time"] for item in accounts}) == 6
    assert all(len(item["advertiser_id"]) == 19 for item in accounts)


async def test_the_timezone_of_an_account_has_the_sign_of_posix(client: Client) -> None:
    """`timezone` is Etc/GMT+5 for New York, which is five hours behind UTC."""
    data = await client.data("advertiser/info/", advertiser_ids=client.emulator.advertiser_ids[:1])
    assert data["list"][0]["timezone"] == "Etc/GMT+5"


async def test_advertiser_info_returns_the_requested_fields(client: Client) -> None:
    """`fields` selects fields. The id is always included."""
    data = await client.data("advertiser/info/", advertiser_ids=client.emulator.advertiser_ids[:1], fields=["currency"])
    assert data["list"] == [{"advertiser_id": client.emulator.advertiser_ids[0], "currency": "USD"}]


async def test_an_unused_account_has_empty_lists(client: Client) -> None:
    """Without objects, total_number and total_page are 0."""
    data = await client.data("campaign/get/", advertiser_id=client.emulator.advertiser_ids[5])
    assert data == {"list": [], "page_info": {"page": 1, "page_size": 10, "total_number": 0, "total_page": 0}}


async def test_no_ad_of_an_idle_account_delivers(client: Client) -> None:
    """The fifth account has ads, and none of them delivers any more."""
    ads = await client.read_all("ad/get/", advertiser_id=client.emulator.advertiser_ids[4])
    assert ads
    assert not [item for item in ads if item["secondary_status"] == "AD_STATUS_DELIVERY_OK"]


@pytest.mark.parametrize("level", LEVELS)
async def test_lists_have_the_newest_object_first_and_ids_of_sixteen_digits(client: Client, level: str) -> None:
    """Lists are in descending order of id and of creation. Ids are text."""
    records = await client.read_all(f"{level}/get/", advertiser_id=client.emulator.advertiser_ids[0])
    ids = [item[f"{level}_id"] for item in records]
    assert ids == sorted(ids, reverse=True)
    assert all(isinstance(item, str) and len(item) == 16 for item in ids)
    created = [item["create_time"] for item in records]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize("level", LEVELS)
async def test_pages_of_any_size_contain_the_same_records(client: Client, level: str) -> None:
    """Pages of three records add up to the same list as pages of a thousand."""
    advertiser = client.emulator.advertiser_ids[1]
    assert await client.read_all(f"{level}/get/", page_size=3, advertiser_id=advertiser) == await client.read_all(
        f"{level}/get/", advertiser_id=advertiser
    )


async def test_ads_ad_groups_and_campaigns_belong_together(client: Client) -> None:
    """Each ad is in an ad group of its campaign, and no object is older than its parent."""
    everything = {"primary_status": "STATUS_ALL", "buying_types": ["AUCTION", "RESERVATION_RF"]}
    campaigns = {item["campaign_id"]: item for item in await lists(client, "campaign", **everything)}
    groups = {item["adgroup_id"]: item for item in await lists(client, "adgroup", **everything)}
    ads = await lists(client, "ad", **everything)
    assert len(ads) > 150
    for ad in ads:
        group = groups[ad["adgroup_id"]]
        assert group["campaign_id"] == ad["campaign_id"]
        assert campaigns[ad["campaign_id"]]["campaign_name"] == ad["campaign_name"]
        assert ad["create_time"] >= group["create_time"] >= campaigns[ad["campaign_id"]]["create_time"]


@pytest.mark.parametrize("level", LEVELS)
async def test_lists_hide_deleted_objects_without_a_status_filter(client: Client, level: str) -> None:
    """STATUS_ALL lists the objects that are listed without a filter and those of STATUS_DELETE."""
    visible = await lists(client, level)
    deleted = await lists(client, level, primary_status="STATUS_DELETE")
    everything = await lists(client, level, primary_status="STATUS_ALL")
    by_secondary_status = await lists(client, level, secondary_status=f"{level.upper()}_STATUS_ALL")
    assert deleted
    assert len(everything) == len(visible) + len(deleted) == len(by_secondary_status)
    assert all(item["secondary_status"].endswith("DELETE") for item in deleted)


async def test_lists_have_auction_and_reach_and_frequency_campaigns_by_default(client: Client) -> None:
    """TopView campaigns need a filter for them, and no other buying type beside it."""
    by_default = await lists(client, "campaign")
    top_view = await lists(client, "campaign", buying_types=["RESERVATION_TOP_VIEW"])
    assert "RF_REACH" in {item["objective_type"] for item in by_default}
    assert {item["objective_type"] for item in top_view} == {"TOPVIEW_REACH"}
    assert not {item["campaign_id"] for item in by_default} & {item["campaign_id"] for item in top_view}
    refused = await client.envelope(
        "campaign/get/",
        advertiser_id=client.emulator.advertiser_ids[0],
        filtering={"buying_types": ["AUCTION", "RESERVATION_TOP_VIEW"]},
    )
    assert refused["code"] == 40002


async def test_smart_plus_ads_have_no_modify_time(client: Client) -> None:
    """Ads with a smart_plus_ad_id have a modify_time of null, or none at all."""
    smart = [item for item in await lists(client, "ad") if "smart_plus_ad_id" in item]
    assert smart
    assert all(item.get("modify_time") is None for item in smart)
    assert {"modify_time" in item for item in smart} == {True, False}


async def test_lists_can_be_filtered_by_campaign_and_by_name(client: Client) -> None:
    """campaign_ids filters all three lists. A filter by name matches any part of it, in any case."""
    campaign = (await lists(client, "campaign"))[0]
    advertiser = campaign["advertiser_id"]
    for level in LEVELS:
        records = await client.read_all(
            f"{level}/get/", advertiser_id=advertiser, filtering={"campaign_ids": [campaign["campaign_id"]]}
        )
        assert {item["campaign_id"] for item in records} == {campaign["campaign_id"]}
    named = await lists(client, "campaign", campaign_name="ALWAYS ON")
    assert {item["campaign_name"][:9] for item in named} == {"Always on"}


async def test_lists_can_be_filtered_by_time(client: Client) -> None:
    """Filters by creation time include both ends. Only ads have modified_after."""
    ads = await lists(client, "ad")
    middle = sorted(item["create_time"] for item in ads)[len(ads) // 2]
    young = await lists(client, "ad", creation_filter_start_time=middle)
    old = await lists(client, "ad", creation_filter_end_time=middle)
    assert len(young) + len(old) == len(ads) + sum(item["create_time"] == middle for item in ads)
    recent = await lists(client, "ad", modified_after="2026-03-08 00:00:00")
    assert 0 < len(recent) < len(ads)
    assert all(item.get("modify_time") is None or item["modify_time"] >= "2026-03-08" for item in recent)
    refused = await client.envelope(
        "adgroup/get/",
        advertiser_id=client.emulator.advertiser_ids[0],
        filtering={"modified_after": "2026-03-08 00:00:00"},
    )
    assert refused["code"] == 40002


async def test_lists_return_the_requested_fields(client: Client) -> None:
    """`fields` selects fields. An empty list counts as absent."""
    request = {"advertiser_id": client.emulator.advertiser_ids[0]}
    data = await client.data("ad/get/", **request, fields=["ad_id", "ad_name"])
    assert all(set(item) == {"ad_id", "ad_name"} for item in data["list"])
    assert await client.data("ad/get/", **request, fields=[]) == await client.data("ad/get/", **request)


@pytest.mark.parametrize("path", ["campaign/get/", "adgroup/get/", "ad/get/", "advertiser/info/"])
async def test_an_unknown_field_is_refused_by_its_place(client: Client, path: str) -> None:
    """The first unknown name is named by its place, one at a time, with the names that are accepted."""
    ids = client.emulator.advertiser_ids[:1]
    account = {"advertiser_ids": ids} if path == "advertiser/info/" else {"advertiser_id": ids[0]}
    answer = await client.envelope(path, **account, fields=["advertiser_id", "spend", "nonsense"])
    assert answer["code"] == 40002
    place, _, names = answer["message"].partition(": ")
    assert place == "fields.1"
    accepted = names.removeprefix("Must be one of: ").removesuffix(".").split(", ")
    assert "advertiser_id" in accepted
    whole = (await client.data(path, **account, page_size=100))["list"]
    assert {name for record in whole for name in record} <= set(accepted)
    data = await client.data(path, **account, fields=accepted)
    assert data["list"]


async def test_a_day_later_there_are_new_and_changed_objects(client: Client) -> None:
    """New objects appear and some change. An object with the same modify_time has at most another status."""
    before = {level: await lists(client, level, primary_status="STATUS_ALL") for level in LEVELS}
    client.emulator.clock.advance(timedelta(days=1))
    for level in LEVELS:
        after = {item[f"{level}_id"]: item for item in await lists(client, level, primary_status="STATUS_ALL")}
        for item in before[level]:
            later = after.pop(item[f"{level}_id"])
            if later.get("modify_time") == item.get("modify_time") and later.get("modify_time"):
                changed = {name for name in item if item[name] != later.get(name)}
                assert changed <= {"secondary_status"}
        assert all(item["create_time"] >= "2026-03-10" for item in after.values())
        if level == "ad":
            assert after
    ads = await lists(client, "ad", modified_after="2026-03-10 15:30:00")
    assert any(item.get("modify_time") and item["create_time"] < "2026-03-10" for item in ads)


async def test_the_same_seed_and_clock_give_the_same_business(client: Client) -> None:
    """Two emulators list the same records if their anchor is fixed. Another seed gives another business."""
    options = Options(now=NOW + timedelta(days=1), anchor=NOW.date(), tier="unlimited")
    async with Emulator(options) as twin:
        other = Client(twin, client.session)
        client.emulator.clock.advance(timedelta(days=1))
        assert await lists(other, "ad") == await lists(client, "ad")
    async with Emulator(Options(now=NOW, seed=8, tier="unlimited")) as other_seed:
        assert other_seed.advertiser_ids != client.emulator.advertiser_ids


async def test_large_accounts_are_built_when_first_requested() -> None:
    """No ad is built before the first request. Then all are, with unique ids."""
    emulator = Emulator(Options(now=NOW, ads_per_account=20_000))
    account = emulator.business.accounts[0]
    assert not account._inventories
    count = len(account.ads(emulator.clock.tick))
    assert 14_000 < count < 26_000
    assert len({ad.id for ad in account.ads(emulator.clock.tick)}) == count
