"""Stores, campaigns, sessions and lookups of GMV Max."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

PRODUCT, LIVE = "PRODUCT_GMV_MAX", "LIVE_GMV_MAX"
DOCUMENTED = {
    "advertiser_id", "campaign_id", "campaign_name", "operation_status", "create_time", "modify_time",
    "objective_type", "secondary_status", "roi_protection_compensation_status",
}  # fmt: skip


async def stores(client: Client, place: int = 0) -> list[dict[str, Any]]:
    """The stores that an account sees."""
    data = await client.data("gmv_max/store/list/", advertiser_id=client.emulator.advertiser_ids[place])
    records: list[dict[str, Any]] = data["store_list"]
    return records


async def campaigns(client: Client, kind: str = PRODUCT, **filters: Any) -> list[dict[str, Any]]:
    """The campaigns of the first account of a kind."""
    filtering = {"gmv_max_promotion_types": [kind], **filters}
    account = client.emulator.advertiser_ids[0]
    return await client.read_all("gmv_max/campaign/get/", 2, advertiser_id=account, filtering=filtering)


async def about_store(client: Client, path: str, **params: Any) -> dict[str, Any]:
    """The answer to a request about the main store, from its owner unless `params` say otherwise."""
    store = (await stores(client))[0]
    request = {
        "advertiser_id": client.emulator.advertiser_ids[0],
        "store_id": store["store_id"],
        "store_authorized_bc_id": store["store_authorized_bc_id"],
    }
    return await client.envelope(path, **request | params)


# -- stores


async def test_an_account_sees_its_own_stores(client: Client) -> None:
    """One of them is too new for GMV Max. The Business Center lists the same stores."""
    records = await stores(client)
    assert [store["is_gmv_max_available"] for store in records] == [True, True, False]
    assert [store["store_status"] for store in records] == ["ACTIVE", "ACTIVE", "NEW_CREATE"]
    assert records[2]["exclusive_authorized_advertiser_info"] == {}
    bc_id = records[0]["store_authorized_bc_id"]
    assets = (await client.data("bc/asset/get/", bc_id=bc_id, asset_type="TIKTOK_SHOP"))["list"]
    assert [asset["asset_id"] for asset in assets] == [store["store_id"] for store in records]


async def test_other_accounts_of_the_business_center_see_the_main_store(client: Client) -> None:
    """The store names the account whose campaigns promote it, whoever asks."""
    own = (await stores(client))[0]
    seen = {place: await stores(client, place) for place in range(1, 6)}
    assert [place for place, records in seen.items() if records] == [1, 3]
    for place in (1, 3):
        (store,) = seen[place]
        assert store["store_id"] == own["store_id"]
        assert store["store_role"] == "AD_PROMOTION"
        owner = store["exclusive_authorized_advertiser_info"]["advertiser_id"]
        assert owner == client.emulator.advertiser_ids[0]


async def test_only_the_owner_has_the_exclusive_authorization(client: Client) -> None:
    """Which decides whose spend counts where several accounts see one store."""
    for place, status in ((0, "EFFECTIVE"), (3, "UNAUTHORIZED")):
        account = client.emulator.advertiser_ids[place]
        answer = await about_store(client, "gmv_max/exclusive_authorization/get/", advertiser_id=account)
        assert answer["data"]["authorization_status"] == status
        assert answer["data"]["advertiser_id"] == account


# -- campaigns


async def test_campaigns_are_listed_by_kind_without_the_deleted_ones(client: Client) -> None:
    """The documented fields and no others. `STATUS_DELETE` lists the deleted ones."""
    product, live = await campaigns(client), await campaigns(client, LIVE)
    assert (len(product), len(live)) == (3, 1)
    assert all(set(record) == DOCUMENTED for record in product + live)
    assert {record["operation_status"] for record in product} == {"ENABLE", "DISABLE"}
    deleted = await campaigns(client, primary_status="STATUS_DELETE")
    assert [record["secondary_status"] for record in deleted] == ["CAMPAIGN_STATUS_DELETE"]
    assert {record["campaign_id"] for record in deleted}.isdisjoint(record["campaign_id"] for record in product)


async def test_both_kinds_of_campaigns_can_be_listed_at_once(client: Client) -> None:
    """With both in the filter."""
    account = client.emulator.advertiser_ids[0]
    data = await client.data(
        "gmv_max/campaign/get/", advertiser_id=account, filtering={"gmv_max_promotion_types": [PRODUCT, LIVE]}
    )
    assert data["page_info"]["total_number"] == 4


async def test_campaigns_can_be_filtered(client: Client) -> None:
    """By store, id, name, status and time of creation."""
    everything = await campaigns(client)
    main, outlet, _ = (store["store_id"] for store in await stores(client))
    ids = [record["campaign_id"] for record in everything]
    by_store = [await campaigns(client, store_ids=[store]) for store in (main, outlet)]
    assert [len(records) for records in by_store] == [2, 1]
    assert await campaigns(client, campaign_ids=ids[:1]) == everything[:1]
    name = everything[0]["campaign_name"]
    assert await campaigns(client, campaign_name=name.upper()) == everything[:1]
    disabled = await campaigns(client, primary_status="STATUS_DISABLE")
    assert [record["operation_status"] for record in disabled] == ["DISABLE"]
    middle = everything[1]["create_time"]
    later = await campaigns(client, creation_filter_start_time=middle)
    earlier = await campaigns(client, creation_filter_end_time=middle)
    assert (later, earlier) == (everything[:2], everything[1:])


async def test_campaigns_change_and_tell_when(client: Client) -> None:
    """`modify_time` grows while a campaign runs, and stays once it is deleted."""
    before, deleted = await campaigns(client), await campaigns(client, primary_status="STATUS_DELETE")
    client.emulator.clock.advance(10 * 86_400)
    after = await campaigns(client)
    running = [record["operation_status"] == "ENABLE" for record in before]
    grown = [new["modify_time"] > old["modify_time"] for old, new in zip(before, after, strict=True)]
    assert running == grown
    assert await campaigns(client, primary_status="STATUS_DELETE") == deleted


async def test_fields_limit_what_a_list_of_campaigns_shows(client: Client) -> None:
    """Unknown fields are refused by their place."""
    account, kinds = client.emulator.advertiser_ids[0], {"gmv_max_promotion_types": [PRODUCT]}
    request = {"advertiser_id": account, "filtering": kinds}
    data = await client.data("gmv_max/campaign/get/", **request, fields=["campaign_id", "campaign_name"])
    assert all(set(record) == {"campaign_id", "campaign_name"} for record in data["list"])
    refusal = await client.envelope("gmv_max/campaign/get/", **request, fields=["campaign_id", "moon"])
    assert (refusal["code"], refusal["message"][:9]) == (40002, "fields.1:")


async def test_the_details_of_a_campaign_name_its_store_and_products(client: Client) -> None:
    """A campaign for some products lists them, and every campaign its store."""
    account = client.emulator.advertiser_ids[0]
    known = [store["store_id"] for store in await stores(client)]
    specific = set()
    for record in [*await campaigns(client), *await campaigns(client, LIVE)]:
        info = await client.data("campaign/gmv_max/info/", advertiser_id=account, campaign_id=record["campaign_id"])
        assert info["campaign_name"] == record["campaign_name"]
        assert info["store_id"] in known[:2]
        assert bool(info["item_group_ids"]) == (info["product_specific_type"] == "CUSTOMIZED_PRODUCTS")
        specific.add((info["shopping_ads_type"], info["product_specific_type"]))
    assert specific == {("PRODUCT", "ALL"), ("PRODUCT", "CUSTOMIZED_PRODUCTS"), ("LIVE", "UNSET")}


async def test_a_campaign_has_sessions_that_can_be_read_by_id(client: Client) -> None:
    """Only the boost of a post names a post, and only when it is read by its id."""
    account = client.emulator.advertiser_ids[0]
    campaign = (await campaigns(client))[-1]["campaign_id"]
    request = {"advertiser_id": account, "campaign_id": campaign}
    listed = (await client.data("campaign/gmv_max/session/list/", **request))["session_list"]
    assert {session["bid_type"] for session in listed} == {"NO_BID", "CREATIVE_NO_BID"}
    ids = [session["session_id"] for session in listed]
    read = await client.data("campaign/gmv_max/session/get/", advertiser_id=account, session_ids=[*ids, "1"])
    details = {session["session_id"]: session for session in read["session_list"]}
    assert set(details) == set(ids)
    for session in listed:
        post = details[session["session_id"]].pop("item_id", None)
        assert (post is not None) == (session["bid_type"] == "CREATIVE_NO_BID")
        assert details[session["session_id"]] == session


async def test_other_accounts_do_not_have_the_campaigns_of_a_store_that_they_see(client: Client) -> None:
    """Neither in their list nor by id."""
    other, campaign = client.emulator.advertiser_ids[3], (await campaigns(client))[0]["campaign_id"]
    data = await client.data(
        "gmv_max/campaign/get/", advertiser_id=other, filtering={"gmv_max_promotion_types": [PRODUCT]}
    )
    assert data["list"] == []
    for path in ("campaign/gmv_max/info/", "campaign/gmv_max/session/list/"):
        assert (await client.envelope(path, advertiser_id=other, campaign_id=campaign))["code"] == 40002


# -- lookups


async def test_identities_of_a_store_are_those_of_the_account(client: Client) -> None:
    """With the official account of the store. What goes LIVE for a campaign is occupied for others."""
    answer = await about_store(client, "gmv_max/identity/get/")
    records = answer["data"]["identity_list"]
    listed = await client.read_all(
        "identity/get/", 100, "identity_list", advertiser_id=client.emulator.advertiser_ids[0]
    )
    expected = {record["identity_id"] for record in listed if record["identity_type"] != "CUSTOMIZED_USER"}
    assert records[0]["identity_type"] == "TTS_TT"
    assert {record["identity_id"] for record in records[1:]} == expected
    reasons = {record["identity_type"]: record.get("unavailable_reason") for record in records}
    assert reasons["TT_USER"] == "OCCUPIED"
    assert all(record["live_gmv_max_available"] != ("unavailable_reason" in record) for record in records)


async def test_posts_of_a_store_can_be_filtered_and_sorted(client: Client) -> None:
    """By product, text and type of account. Posts with a code need to be asked for."""
    account, store = client.emulator.advertiser_ids[0], (await stores(client))[0]["store_id"]

    async def posts(**params: Any) -> list[dict[str, Any]]:
        request = {"advertiser_id": account, "store_id": store, **params}
        return await client.read_all("gmv_max/video/get/", 7, "item_list", **request)

    usual, all_posts = await posts(), await posts(need_auth_code_video="true")
    kinds = [{post["identity_info"]["identity_type"] for post in found} for found in (usual, all_posts)]
    assert kinds == [{"TT_USER", "BC_AUTH_TT", "TTS_TT"}, {"TT_USER", "BC_AUTH_TT", "TTS_TT", "AUTH_CODE"}]
    product = usual[0]["spu_id_list"][0]
    assert {post["spu_id_list"][0] for post in await posts(spu_id_list=[product])} == {product}
    official = await posts(identity_list=[{"identity_id": "1", "identity_type": "TTS_TT"}])
    assert {post["identity_info"]["identity_type"] for post in official} == {"TTS_TT"}
    assert await posts(keyword=usual[0]["item_id"]) == usual[:1]
    times = [int(post["item_id"]) >> 32 for post in await posts(sort_field="POST_TIME", sort_type="ASC")]
    assert times == sorted(times)
    assert len({post["item_id"] for post in all_posts}) == len(all_posts)


async def test_occupied_assets_name_ads_that_exist(client: Client) -> None:
    """Shopping Ads of the account that run and are not of GMV Max."""
    account = client.emulator.advertiser_ids[0]
    ads = {ad["ad_id"]: ad for ad in await client.read_all("ad/get/", 1000, advertiser_id=account)}
    info = (await about_store(client, "gmv_max/store/shop_ad_usage_check/"))["data"]
    assert info == {"promote_all_products_allowed": False, "is_running_custom_shop_ads": True}
    videos = (await about_store(client, "gmv_max/video/get/", page_size=50))["data"]["item_list"]
    identities = (await about_store(client, "gmv_max/identity/get/"))["data"]["identity_list"]
    assets = {("SPU", post["spu_id_list"][0]) for post in videos}
    assets |= {(record["identity_type"], record["identity_id"]) for record in identities[:3]}
    occupied = []
    for kind, asset in sorted(assets):
        if kind == "AUTH_CODE":
            continue
        answer = await about_store(
            client, "gmv_max/occupied_custom_shop_ads/list/", occupied_asset_type=kind, asset_ids=[asset]
        )
        occupied += answer["data"]["occupied_custom_shop_ads"]
    assert occupied
    for record in occupied:
        assert ads[record["ad_id"]]["adgroup_id"] == record["adgroup_id"]


async def test_a_recommendation_has_a_return_and_a_budget(client: Client) -> None:
    """For products and for LIVE rooms, which need an identity."""
    request = {"shopping_ads_type": "PRODUCT", "optimization_goal": "VALUE"}
    answer = await about_store(client, "gmv_max/bid/recommend/", **request)
    assert answer["data"]["roas_bid"] > 1
    assert answer["data"]["budget"] > 100
    live = request | {"shopping_ads_type": "LIVE"}
    assert (await about_store(client, "gmv_max/bid/recommend/", **live))["code"] == 40002
    assert (await about_store(client, "gmv_max/bid/recommend/", **live, identity_id="1"))["code"] == 0


# -- refusals

KINDS = {"gmv_max_promotion_types": [PRODUCT]}


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("gmv_max/campaign/get/", {}),
        ("gmv_max/campaign/get/", {"filtering": {"gmv_max_promotion_types": ["PRODUCT"]}}),
        ("gmv_max/campaign/get/", {"filtering": {**KINDS, "moon": 1}}),
        ("gmv_max/campaign/get/", {"filtering": {**KINDS, "primary_status": "STATUS_MOON"}}),
        ("gmv_max/campaign/get/", {"filtering": {**KINDS, "store_ids": ["1"] * 11}}),
        ("gmv_max/campaign/get/", {"filtering": {**KINDS, "campaign_ids": ["1"] * 101}}),
        ("gmv_max/campaign/get/", {"filtering": {**KINDS, "creation_filter_start_time": "2026-03-01"}}),
        ("gmv_max/campaign/get/", {"filtering": KINDS, "page_size": 101}),
        ("campaign/gmv_max/info/", {}),
        ("campaign/gmv_max/info/", {"campaign_id": "7"}),
        ("campaign/gmv_max/session/list/", {"campaign_id": "7"}),
        ("campaign/gmv_max/session/get/", {"session_ids": []}),
        ("campaign/gmv_max/session/get/", {"session_ids": ["1"] * 21}),
        ("gmv_max/identity/get/", {"store_authorized_bc_id": "7"}),
        ("gmv_max/identity/get/", {"store_authorized_bc_id": ""}),
        ("gmv_max/video/get/", {"page_size": 51}),
        ("gmv_max/video/get/", {"sort_field": "MOON"}),
        ("gmv_max/video/get/", {"sort_type": "UP"}),
        ("gmv_max/video/get/", {"identity_list": [{"identity_type": "MOON"}]}),
        ("gmv_max/video/get/", {"identity_list": [{"identity_type": "TT_USER"}] * 21}),
        ("gmv_max/video/get/", {"identity_list": "{}"}),
        ("gmv_max/occupied_custom_shop_ads/list/", {"occupied_asset_type": "MOON", "asset_ids": ["1"]}),
        ("gmv_max/occupied_custom_shop_ads/list/", {"occupied_asset_type": "SPU", "asset_ids": ["1", "2"]}),
        ("gmv_max/occupied_custom_shop_ads/list/", {"occupied_asset_type": "SPU"}),
        ("gmv_max/bid/recommend/", {"shopping_ads_type": "VIDEO", "optimization_goal": "VALUE"}),
        ("gmv_max/bid/recommend/", {"shopping_ads_type": "PRODUCT"}),
    ],
)  # fmt: skip
async def test_wrong_requests_are_refused(client: Client, path: str, params: dict[str, Any]) -> None:
    """With 40002."""
    assert (await about_store(client, path, **params))["code"] == 40002


async def test_a_store_that_an_account_does_not_see_is_refused(client: Client) -> None:
    """With 40001, by every endpoint that names a store."""
    outsider = client.emulator.advertiser_ids[2]
    for path in (
        "gmv_max/identity/get/", "gmv_max/video/get/", "gmv_max/exclusive_authorization/get/",
        "gmv_max/store/shop_ad_usage_check/", "gmv_max/bid/recommend/", "gmv_max/occupied_custom_shop_ads/list/",
    ):  # fmt: skip
        assert (await about_store(client, path, advertiser_id=outsider))["code"] == 40001


async def test_the_endpoints_of_gmv_max_are_granted_apart(session: aiohttp.ClientSession) -> None:
    """The report works without the campaigns, and the stores without the report."""
    paths = ("gmv_max/store/list/", "gmv_max/campaign/get/", "campaign/gmv_max/info/", "gmv_max/report/get/")
    granted = {}
    for scope in (241, 242, 243, 44, 2):
        async with Emulator(Options(now=NOW, tier="unlimited", scopes=(scope,))) as emulator:
            account = emulator.advertiser_ids[0]
            client = Client(emulator, session)
            answers = {path: await client.envelope(path, advertiser_id=account) for path in paths}
        granted[scope] = [path for path in paths if answers[path]["code"] != 40001]
        for path in set(paths) - set(granted[scope]):
            assert answers[path]["message"] == f"Advertiser {account} does not grant you /{path}:GET permission."
    assert granted == {241: [paths[0]], 242: [paths[1]], 243: [paths[2]], 44: [paths[3]], 2: [*paths[:3]]}
