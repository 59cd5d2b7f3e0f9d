"""Lookups, Business Centers, balances, identities, saved audiences and assets by id: they belong to one business."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.endpoints.known import KNOWN
from tiktok_marketing.emulator.endpoints.served import ENDPOINTS


async def all_ads(client: Client, account: str) -> list[dict[str, Any]]:
    """Every ad of an account, deleted ones included."""
    return await client.read_all("ad/get/", advertiser_id=account, filtering={"primary_status": "STATUS_ALL"})


async def test_reports_name_regions_that_search_region_lists(client: Client) -> None:
    """Countries, provinces and market areas, with the country that each belongs to."""
    account = client.emulator.advertiser_ids[0]
    regions = (await client.data("search/region/", advertiser_id=account))["region_list"]
    by_id = {region["region_id"]: region for region in regions}
    assert len(by_id) == len(regions)
    countries = {region["country_code"]: region for region in regions if region["region_level"] == "COUNTRY"}
    assert all(region["parent_id"] == "0" for region in countries.values())
    request = {
        "advertiser_id": account, "report_type": "AUDIENCE", "data_level": "AUCTION_AD", "metrics": ["spend"],
        "start_date": "2026-02-10", "end_date": "2026-03-10",
    }  # fmt: skip
    for dimension, unknown in (("country_code", "None"), ("province_id", "-"), ("dma_id", "0")):
        rows = await client.read_all("report/integrated/get/", dimensions=["ad_id", dimension], **request)
        values = {row["dimensions"][dimension] for row in rows} - {unknown}
        assert values
        assert values <= (set(countries) if dimension == "country_code" else set(by_id))
    groups = await client.read_all("adgroup/get/", advertiser_id=account)
    assert {place for group in groups for place in group["location_ids"]} <= set(by_id)
    for region in regions:
        parent = by_id.get(region["parent_id"])
        assert parent is None or parent["country_code"] == region["country_code"]
    assert len({region["region_name"] for region in regions if region["region_level"] == "COUNTRY"}) == len(countries)


async def test_targeting_regions_are_a_tree(client: Client) -> None:
    """Each region names those below it, down to the level that is asked for."""
    account = client.emulator.advertiser_ids[0]
    request = {"advertiser_id": account, "placements": ["PLACEMENT_TIKTOK"], "objective_type": "TRAFFIC"}
    data = await client.data("tool/region/", **request, level_range="ALL")
    known = {region["location_id"]: region for region in data["region_info"]}
    assert data["region_list"] == list(known)
    for region in known.values():
        assert all(known[below]["parent_id"] == region["location_id"] for below in region["next_level_ids"])
    short = await client.data("tool/region/", **request, level_range="TO_COUNTRY")
    assert {region["level"] for region in short["region_info"]} == {"COUNTRY"}
    assert (await client.envelope("tool/region/", advertiser_id=account, placements=["MOON"], objective_type="X"))[
        "code"
    ] == 40002


async def test_every_lookup_lists_unique_records(client: Client) -> None:
    """Each is a list of records with an id or a code of its own."""
    account = client.emulator.advertiser_ids[0]
    more = {"tool/os_version/": {"os_type": "IOS"},
            "tool/region/": {"placements": ["PLACEMENT_TIKTOK"], "objective_type": "REACH"}}  # fmt: skip
    for endpoint in ENDPOINTS:
        if not endpoint.path.startswith(("tool/", "search/")):
            continue
        records = (await client.data(endpoint.path, advertiser_id=account, **more.get(endpoint.path, {})))[
            endpoint.records
        ]
        keys = [tuple(str(value) for value in record.values()) for record in records]
        assert len(set(keys)) == len(keys) > 1, endpoint.path
        assert (await client.envelope(endpoint.path, **more.get(endpoint.path, {})))["code"] == 40002
        assert (await client.envelope(endpoint.path, advertiser_id="7"))["code"] == 40300


async def test_targeting_names_interests_and_actions_that_exist(client: Client) -> None:
    """Those of ad groups and of saved audiences; the interests are a tree of four levels."""
    account = client.emulator.advertiser_ids[0]
    interests = (await client.data("tool/interest_category/", advertiser_id=account))["interest_categories"]
    known = {interest["interest_category_id"]: interest for interest in interests}
    children = [child for interest in interests for child in interest["sub_category_ids"]]
    assert len(children) == len(set(children))
    assert set(known) - set(children) == {name for name, interest in known.items() if interest["level"] == 1}
    assert all(known[child]["level"] == interest["level"] + 1 for interest in interests
               for child in interest["sub_category_ids"])  # fmt: skip
    assert {interest["level"] for interest in interests} == {1, 2, 3, 4}
    actions = (await client.data("tool/action_category/", advertiser_id=account))["action_categories"]
    action_ids = {action["action_category_id"] for action in actions}
    for name in client.emulator.advertiser_ids:
        groups = await client.read_all("adgroup/get/", advertiser_id=name)
        saved = await client.read_all("dmp/saved_audience/list/", 100, "saved_audiences", advertiser_id=name)
        custom = await client.read_all("dmp/custom_audience/list/", 100, advertiser_id=name)
        for target in (*groups, *saved):
            assert set(target["interest_category_ids"]) <= set(known)
            assert {one for action in target["actions"] for one in action["action_category_ids"]} <= action_ids
        for audience in saved:
            assert set(audience["audience_ids"]) <= {record["audience_id"] for record in custom}


async def test_saved_audiences_can_be_asked_for_by_id(client: Client) -> None:
    """At most a hundred of them."""
    account = client.emulator.advertiser_ids[0]
    saved = await client.read_all("dmp/saved_audience/list/", 2, "saved_audiences", advertiser_id=account)
    ids = [audience["saved_audience_id"] for audience in saved]
    assert len(set(ids)) == len(ids) > 2
    one = await client.data("dmp/saved_audience/list/", advertiser_id=account, saved_audience_ids=ids[1:2])
    assert one["saved_audiences"] == saved[1:2]
    many = await client.envelope("dmp/saved_audience/list/", advertiser_id=account, saved_audience_ids=["1"] * 101)
    assert many["code"] == 40002


async def test_ads_appear_under_identities_that_are_listed(client: Client) -> None:
    """With the same type and Business Center; creators of posts have identities, too."""
    for account in client.emulator.advertiser_ids:
        listed = await client.read_all("identity/get/", 100, "identity_list", advertiser_id=account)
        known = {(item["identity_id"], item["identity_type"], item["identity_authorized_bc_id"]) for item in listed}
        assert len({item["identity_id"] for item in listed}) == len(listed)
        ads = await all_ads(client, account)
        used = {(ad["identity_id"], ad["identity_type"], ad["identity_authorized_bc_id"]) for ad in ads}
        assert used <= known
        posts = await client.read_all("tt_video/list/", 50, advertiser_id=account)
        creators = {post["user_info"]["identity_id"] for post in posts if "user_info" in post}
        assert creators <= {item["identity_id"] for item in listed if item["identity_type"] == "AUTH_CODE"}
    account = client.emulator.advertiser_ids[0]
    for kind in ("CUSTOMIZED_USER", "AUTH_CODE", "TT_USER", "BC_AUTH_TT"):
        some = await client.read_all("identity/get/", 100, "identity_list", advertiser_id=account, identity_type=kind)
        assert {item["identity_type"] for item in some} == {kind}
    assert (await client.envelope("identity/get/", advertiser_id=account, identity_type="X"))["code"] == 40002


async def test_assets_can_be_asked_for_by_id(client: Client) -> None:
    """The records are those of the search, in the order of the request; unknown ids are left out."""
    account = client.emulator.advertiser_ids[0]
    for kind, most in (("image", 100), ("video", 60)):
        found = await client.read_all(f"file/{kind}/ad/search/", 100, advertiser_id=account)
        ids = [record[f"{kind}_id"] for record in found[:5]][::-1]
        data = await client.data(f"file/{kind}/ad/info/", advertiser_id=account, **{f"{kind}_ids": [*ids, "unknown"]})
        assert data == {"list": found[:5][::-1]}
        for wrong in (["x"] * (most + 1), [], "x"):
            answer = await client.envelope(f"file/{kind}/ad/info/", advertiser_id=account, **{f"{kind}_ids": wrong})
            assert answer["code"] == 40002
        assert (await client.envelope(f"file/{kind}/ad/info/", advertiser_id=account))["code"] == 40002
    ads = await all_ads(client, account)
    used = list({ad["video_id"] for ad in ads if ad["video_id"]})[:60]
    data = await client.data("file/video/ad/info/", advertiser_id=account, video_ids=used)
    assert [record["video_id"] for record in data["list"]] == used


# -- Business Centers


async def test_business_centers_own_all_accounts(client: Client) -> None:
    """Each account once, as its own record says. The pixels belong to the same Business Center."""
    accounts = client.emulator.advertiser_ids
    info = (await client.data("advertiser/info/", advertiser_ids=accounts))["list"]
    centers = await client.read_all("bc/get/", 1)
    owned = defaultdict(list)
    for center in centers:
        bc_id = center["bc_info"]["bc_id"]
        assets = await client.read_all("bc/asset/get/", 2, bc_id=bc_id, asset_type="ADVERTISER")
        owned[bc_id] = [asset["asset_id"] for asset in assets]
        assert (await client.data("bc/get/", bc_id=bc_id))["list"] == [center]
        pixels = await client.read_all("bc/asset/get/", 50, bc_id=bc_id, asset_type="PIXEL")
        for pixel in pixels:
            assert pixel["owner_bc_name"] == center["bc_info"]["name"]
    assert len(centers) == 2
    assert sorted(account for members in owned.values() for account in members) == sorted(accounts)
    assert {record["advertiser_id"]: record["owner_bc_id"] for record in info} == {
        account: bc_id for bc_id, members in owned.items() for account in members
    }
    for account in accounts:
        pixels = await client.read_all("pixel/list/", 20, "pixels", advertiser_id=account)
        assert {pixel["asset_ownership"]["owner_bc_id"] for pixel in pixels} <= {
            bc_id for bc_id, members in owned.items() if account in members
        }


async def test_a_business_center_refuses_what_it_does_not_know(client: Client) -> None:
    """An id of another one, an unknown type of asset, and too large pages."""
    bc_id = (await client.data("bc/get/"))["list"][0]["bc_info"]["bc_id"]
    for path in ("bc/asset/get/", "advertiser/balance/get/"):
        assert (await client.envelope(path, bc_id="7", asset_type="PIXEL"))["code"] == 40001
        assert (await client.envelope(path, asset_type="PIXEL"))["code"] == 40002
        assert (await client.envelope(path, bc_id=bc_id, asset_type="PIXEL", page_size=51))["code"] == 40002
    assert (await client.envelope("bc/asset/get/", bc_id=bc_id, asset_type="MOON"))["code"] == 40002
    found = await client.data("bc/asset/get/", bc_id=bc_id, asset_type="ADVERTISER", filtering={"keyword": "kerer"})
    assert [asset["asset_name"] for asset in found["list"]] == ["Kererū Solar"]
    limited = await client.data("bc/get/", token=client.emulator.limited_access_token)
    assert len(limited["list"]) == 1


async def test_balances_are_what_was_paid_in_less_what_was_spent(client: Client) -> None:
    """The spend is that of the reports, and the balance that of the account's record."""
    spent = {}
    for account in client.emulator.advertiser_ids:
        rows = await client.report("advertiser", "", advertiser_id=account, query_lifetime="true", metrics=["spend"])
        shop = await client.data(
            "report/integrated/get/", advertiser_id=account, report_type="TT_SHOP", data_level="AUCTION_ADVERTISER",
            dimensions=["advertiser_id"], start_date="2025-06-01", end_date="2026-03-12",
        )  # fmt: skip
        spent[account] = sum(float(row["metrics"]["spend"]) for row in (*rows, *shop["list"]))
    info = (await client.data("advertiser/info/", advertiser_ids=list(spent)))["list"]
    balances = {record["advertiser_id"]: record["balance"] for record in info}
    seen = set()
    for center in (await client.data("bc/get/"))["list"]:
        records = await client.read_all(
            "advertiser/balance/get/", 3, "advertiser_account_list", bc_id=center["bc_info"]["bc_id"]
        )
        for record in records:
            account = record["advertiser_id"]
            seen.add(account)
            assert record["account_balance"] == balances[account]
            assert record["budget_cost"] == pytest.approx(spent[account])
            assert record["account_balance"] == pytest.approx(record["cash_balance"] + record["grant_balance"])
            assert record["recharge_amount"] >= record["cash_balance"]
            assert record["valid_cash_balance"] == pytest.approx(record["cash_balance"] - record["frozen_balance"])
            assert abs(record["recharge_amount"] - record["cash_balance"] - spent[account]) <= spent[account] * 0.06
    assert seen == set(client.emulator.advertiser_ids)


async def test_a_business_center_has_the_money_of_its_accounts(client: Client) -> None:
    """In its own currency, to the cent that each account may be rounded by."""
    for center in (await client.data("bc/get/"))["list"]:
        bc_id = center["bc_info"]["bc_id"]
        money = await client.data("bc/balance/get/", bc_id=bc_id)
        records = await client.read_all("advertiser/balance/get/", 50, "advertiser_account_list", bc_id=bc_id)
        assert (money["bc_id"], money["currency"]) == (bc_id, center["bc_info"]["currency"])
        for kind in ("cash", "grant", "account"):
            expected = sum(in_dollars(record[f"{kind}_balance"], record["currency"]) for record in records)
            assert money[f"{kind}_balance"] == pytest.approx(expected, abs=0.01 * len(records))
        assert money["account_balance"] == pytest.approx(money["cash_balance"] + money["grant_balance"])
        assert money["valid_cash_balance"] == pytest.approx(money["cash_balance"] - money["frozen_balance"])
        refused = await client.envelope("bc/balance/get/", bc_id=bc_id, payment_portfolio_id="7000000000000000001")
        assert refused["code"] == 40002
    assert (await client.envelope("bc/balance/get/", bc_id="1"))["code"] == 40001


def in_dollars(amount: float, currency: str) -> float:
    """An amount of a currency in dollars, at the emulator's rates."""
    per_dollar = {"USD": 1, "INR": 84, "NZD": 1.65, "EUR": 0.92, "JPY": 150, "GBP": 0.78, "NPR": 134, "AUD": 1.5}
    return amount / per_dollar[currency]


async def test_more_fields_of_a_balance_come_one_account_at_a_time(client: Client) -> None:
    """With a page size of one."""
    bc_id = (await client.data("bc/get/"))["list"][0]["bc_info"]["bc_id"]
    request = {"bc_id": bc_id, "fields": ["budget_remaining", "min_transferable_amount"]}
    assert (await client.envelope("advertiser/balance/get/", **request))["code"] == 40002
    (record,) = (await client.data("advertiser/balance/get/", **request, page_size=1))["advertiser_account_list"]
    assert {"budget_remaining", "min_transferable_amount"} <= set(record)


# -- what is not served


@pytest.mark.parametrize("path", ["catalog/get/", "ad/aco/get", "campaign/create/"])
async def test_an_endpoint_that_is_not_served_says_so(client: Client, path: str) -> None:
    """HTTP 404, with a header and a text in the emulator's own words. It is counted."""
    url = f"{client.emulator.url}/open_api/v1.3/{path}"
    async with client.session.get(url) as response:
        assert (response.status, response.headers["X-Emulator-Note"]) == (404, "known, not served")
        assert "The emulator does not serve it." in await response.text()
    assert client.emulator.counters.total(path.strip("/") + "/", answer="not served") == 1
    async with client.session.get(f"{client.emulator.url}/open_api/v1.3/no/such/thing/") as response:
        assert (response.status, response.headers["X-Emulator-Note"]) == (404, "unknown endpoint")
    async with client.session.post(f"{client.emulator.url}/open_api/v1.3/campaign/get/") as response:
        assert (response.status, response.headers["X-Emulator-Note"]) == (405, "campaign/get/ accepts GET")


@pytest.mark.parametrize("report_type", ["PLAYABLE_MATERIAL", "CATALOG"])
async def test_a_report_that_is_not_served_says_so(client: Client, report_type: str) -> None:
    """With a header. What TikTok itself refuses has no such header."""
    request = {"advertiser_id": client.emulator.advertiser_ids[0], "data_level": "AUCTION_AD"}
    answer = await client.envelope("report/integrated/get/", report_type=report_type, **request)
    assert answer["code"] == 40002
    assert client.headers["X-Emulator-Note"] == f"report_type {report_type}: known, not served"
    await client.envelope("report/integrated/get/", report_type="MOON", **request)
    assert "X-Emulator-Note" not in client.headers


def test_every_served_endpoint_is_one_of_tiktoks() -> None:
    """Only the user's information is in no list of endpoints."""
    assert {endpoint.path for endpoint in ENDPOINTS} - set(KNOWN) == {"user/info/"}
    assert len({endpoint.path for endpoint in ENDPOINTS}) == len(ENDPOINTS)
    assert len(KNOWN) > 500


async def test_the_sandbox_serves_few_endpoints(session: aiohttp.ClientSession) -> None:
    """Campaigns, ad groups, ads, reports, identities and the user; the others are not implemented there."""
    async with Emulator(Options(now=NOW, tier="unlimited", sandbox_throttle=False)) as emulator:
        client = Client(emulator, session)
        served = set()
        for endpoint in ENDPOINTS:
            if "GET" not in endpoint.methods:
                continue
            answer = await client.envelope(
                endpoint.path, emulator.sandbox_access_token, advertiser_id=emulator.sandbox_advertiser_id
            )
            if answer["code"] not in {40008, 40014}:
                served.add(endpoint.path)
    assert served == {
        "campaign/get/", "adgroup/get/", "ad/get/", "report/integrated/get/", "user/info/", "identity/get/"
    }  # fmt: skip
