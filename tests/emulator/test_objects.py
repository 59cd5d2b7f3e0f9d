"""Accounts, campaigns, ad groups and ads."""

from datetime import timedelta
from typing import Any

import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

LEVELS = ("campaign", "adgroup", "ad")


async def lists(client: Client, level: str, **filtering: Any) -> list[dict[str, Any]]:
    """The whole list of a level over all accounts."""
    found = []
    for advertiser in client.emulator.advertiser_ids:
        found += await client.walk(f"{level}/get/", advertiser_id=advertiser, filtering=filtering)
    return found


async def test_the_token_reaches_six_different_accounts(client: Client) -> None:
    """Accounts differ in zone, currency and age; one zone is half an hour off, one lies far ahead, one far behind."""
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


async def test_the_posix_zone_has_the_opposite_sign(client: Client) -> None:
    """`timezone` is Etc/GMT+5 for New York, five hours behind."""
    data = await client.data("advertiser/info/", advertiser_ids=client.emulator.advertiser_ids[:1])
    assert data["list"][0]["timezone"] == "Etc/GMT+5"


async def test_info_gives_the_fields_asked_for(client: Client) -> None:
    """`fields` selects; the id always comes along."""
    data = await client.data("advertiser/info/", advertiser_ids=client.emulator.advertiser_ids[:1], fields=["currency"])
    assert data["list"] == [{"advertiser_id": client.emulator.advertiser_ids[0], "currency": "USD"}]


async def test_an_account_may_be_empty(client: Client) -> None:
    """No objects are total_number 0 and total_page 0."""
    data = await client.data("campaign/get/", advertiser_id=client.emulator.advertiser_ids[5])
    assert data == {"list": [], "page_info": {"page": 1, "page_size": 10, "total_number": 0, "total_page": 0}}


async def test_an_idle_account_has_only_ended_ads(client: Client) -> None:
    """Nothing of the fifth account delivers any more."""
    ads = await client.walk("ad/get/", advertiser_id=client.emulator.advertiser_ids[4])
    assert ads
    assert not [item for item in ads if item["secondary_status"] == "AD_STATUS_DELIVERY_OK"]


@pytest.mark.parametrize("level", LEVELS)
async def test_newest_comes_first_and_ids_are_sixteen_digits(client: Client, level: str) -> None:
    """Lists are ordered by id, downwards; ids are text."""
    records = await client.walk(f"{level}/get/", advertiser_id=client.emulator.advertiser_ids[0])
    ids = [item[f"{level}_id"] for item in records]
    assert ids == sorted(ids, reverse=True)
    assert all(isinstance(item, str) and len(item) == 16 for item in ids)
    created = [item["create_time"] for item in records]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize("level", LEVELS)
async def test_pages_of_any_size_hold_the_same(client: Client, level: str) -> None:
    """Walking by three gives what walking by a thousand gives."""
    advertiser = client.emulator.advertiser_ids[1]
    assert await client.walk(f"{level}/get/", page_size=3, advertiser_id=advertiser) == await client.walk(
        f"{level}/get/", advertiser_id=advertiser
    )


async def test_children_hang_together(client: Client) -> None:
    """Each ad is in an ad group of its campaign, and none is older than what holds it."""
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
async def test_deleted_objects_are_hidden_unless_asked_for(client: Client, level: str) -> None:
    """STATUS_ALL is what is shown without a filter plus what STATUS_DELETE shows."""
    shown = await lists(client, level)
    deleted = await lists(client, level, primary_status="STATUS_DELETE")
    everything = await lists(client, level, primary_status="STATUS_ALL")
    also = await lists(client, level, secondary_status=f"{level.upper()}_STATUS_ALL")
    assert deleted
    assert len(everything) == len(shown) + len(deleted) == len(also)
    assert all(item["secondary_status"].endswith("DELETE") for item in deleted)


async def test_buying_types_are_auction_and_reach_and_frequency_by_default(client: Client) -> None:
    """TopView campaigns appear only if asked for, and alone."""
    usual = await lists(client, "campaign")
    top_view = await lists(client, "campaign", buying_types=["RESERVATION_TOP_VIEW"])
    assert "RF_REACH" in {item["objective_type"] for item in usual}
    assert {item["objective_type"] for item in top_view} == {"TOPVIEW_REACH"}
    assert not {item["campaign_id"] for item in usual} & {item["campaign_id"] for item in top_view}
    refused = await client.envelope(
        "campaign/get/",
        advertiser_id=client.emulator.advertiser_ids[0],
        filtering={"buying_types": ["AUCTION", "RESERVATION_TOP_VIEW"]},
    )
    assert refused["code"] == 40002


async def test_smart_plus_ads_have_no_modify_time(client: Client) -> None:
    """It is null, or the key is missing; smart_plus_ad_id is there."""
    smart = [item for item in await lists(client, "ad") if "smart_plus_ad_id" in item]
    assert smart
    assert all(item.get("modify_time") is None for item in smart)
    assert {"modify_time" in item for item in smart} == {True, False}


async def test_filters_by_id_and_name(client: Client) -> None:
    """Campaign ids narrow all three lists; a name is looked for as a part, whatever its case."""
    campaign = (await lists(client, "campaign"))[0]
    advertiser = campaign["advertiser_id"]
    for level in LEVELS:
        records = await client.walk(
            f"{level}/get/", advertiser_id=advertiser, filtering={"campaign_ids": [campaign["campaign_id"]]}
        )
        assert {item["campaign_id"] for item in records} == {campaign["campaign_id"]}
    named = await lists(client, "campaign", campaign_name="ALWAYS ON")
    assert {item["campaign_name"][:9] for item in named} == {"Always on"}


async def test_times_filter(client: Client) -> None:
    """Creation windows include both ends; modified_after works on ads and nowhere else."""
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


async def test_fields_select(client: Client) -> None:
    """Only what is asked for comes; unknown names are ignored."""
    data = await client.data(
        "ad/get/", advertiser_id=client.emulator.advertiser_ids[0], fields=["ad_id", "ad_name", "nonsense"]
    )
    assert all(set(item) == {"ad_id", "ad_name"} for item in data["list"])


async def test_a_day_later_there_is_news(client: Client) -> None:
    """Overnight objects appear and others change; nothing else about the past does."""
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
    """Two emulators agree on every record; another seed gives another business; a fixed anchor survives a restart."""
    options = Options(now=NOW + timedelta(days=1), anchor=NOW.date(), tier="unlimited")
    async with Emulator(options) as twin:
        other = Client(twin, client.session)
        client.emulator.clock.advance(timedelta(days=1))
        assert await lists(other, "ad") == await lists(client, "ad")
    async with Emulator(Options(now=NOW, seed=8, tier="unlimited")) as stranger:
        assert stranger.advertiser_ids != client.emulator.advertiser_ids


async def test_large_accounts_start_lazily() -> None:
    """200,000 ads are not made before they are asked for, and then they are all there."""
    emulator = Emulator(Options(now=NOW, ads_per_account=20_000))
    account = emulator.business.accounts[0]
    assert account._inventory is None
    count = len(account.ads(emulator.clock.tick))
    assert 14_000 < count < 26_000
    assert len({ad.id for ad in account.ads(emulator.clock.tick)}) == count
