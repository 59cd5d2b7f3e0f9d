"""tiktok-gmvmax-mcp, a successor of tiktok-ads-mcp that also adds up reports."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from clients import servers
from clients.client import Client
from clients.emulation import END, START, Emulation

CLIENT = "gmvmax-mcp"
COMMAND = "tiktok-gmvmax-mcp"


@pytest.mark.parametrize("level", ["campaign", "adgroup", "ad"])
def test_gmvmax_mcp_reads_whole_reports(client: Client, emulation: Emulation, level: str) -> None:
    """At each level."""
    servers.check_reports(client, emulation, COMMAND, level)


def test_gmvmax_mcp_lists_only_ten_ad_groups_and_ads(client: Client, emulation: Emulation) -> None:
    """Its tools accept a page and its size, and pass neither on."""
    servers.check_lists(client, emulation, COMMAND)


def test_gmvmax_mcp_adds_up_the_spend_of_a_window(client: Client, emulation: Emulation) -> None:
    """Its sum over the days is the account's spend."""
    account = emulation.advertiser_ids[0]
    arguments = {"advertiser_id": account, "start_date": START, "end_date": END}
    (answer,) = servers.ask(client, emulation, COMMAND, ("get_ads_range_report_tool", arguments))
    expected = emulation.truth(account, include_deleted=True)["metrics"]["advertiser"]["spend"]
    assert Decimal(str(answer["cost"])) == Decimal(expected) > 0


def test_gmvmax_mcp_moves_hours_between_time_zones(client: Client, emulation: Emulation) -> None:
    """In the account's own time zone, the hours of a day add up to that day."""
    account = emulation.advertiser_ids[0]
    (info,) = emulation.data("advertiser/info/", {"advertiser_ids": [account]})["list"]
    arguments = {"advertiser_id": account, "date": END, "shop_tz": info["timezone"]}
    (answer,) = servers.ask(client, emulation, COMMAND, ("get_ads_report_aligned_tool", arguments))
    expected = emulation.truth(account, include_deleted=True, start=END)["metrics"]["advertiser"]["spend"]
    assert answer["hours_included"] == 24
    assert Decimal(str(answer["metrics"]["cost"])) == Decimal(expected) > 0


def test_gmvmax_mcp_reads_business_centers_identities_balances_and_videos(client: Client, emulation: Emulation) -> None:
    """What plain requests get."""
    own = {"advertiser_id": emulation.advertiser_ids[0]}
    expected = emulation.data("bc/get/", {})["list"]
    identities = emulation.data("identity/get/", own)["identity_list"]
    (info,) = emulation.data("advertiser/info/", {"advertiser_ids": emulation.advertiser_ids[:1]})["list"]
    videos = [video["video_id"] for video in emulation.data("file/video/ad/search/", own)["list"]]
    centers, read, balances, details = servers.ask(
        client,
        emulation,
        COMMAND,
        ("get_business_centers_tool", {}),
        ("get_identities_tool", own),
        ("get_advertiser_balance_tool", {"advertiser_ids": emulation.advertiser_ids[:1]}),
        ("get_video_info_tool", {**own, "video_ids": videos}),
    )
    assert [center["name"] for center in centers["centers"]] == [center["bc_info"]["name"] for center in expected]
    assert [entry["identity_id"] for entry in read["identities"]] == [entry["identity_id"] for entry in identities]
    assert [Decimal(str(entry["balance"])) for entry in balances["advertisers"]] == [Decimal(str(info["balance"]))]
    assert sorted(video["video_id"] for video in details["videos"]) == sorted(videos)


def test_gmvmax_mcp_reads_the_balance_of_a_business_center(client: Client, emulation: Emulation) -> None:
    """What a plain request gets."""
    bc_id = emulation.data("bc/get/", {})["list"][0]["bc_info"]["bc_id"]
    (answer,) = servers.ask(client, emulation, COMMAND, ("get_bc_balance_tool", {"bc_id": bc_id}))
    expected = emulation.data("bc/balance/get/", {"bc_id": bc_id})
    assert answer["balance"] == expected


GMV_MAX = {"metrics": ["cost", "orders", "gross_revenue"], "dimensions": ["advertiser_id", "stat_time_day"]}


def gmv_max(emulation: Emulation) -> tuple[dict[str, str], str, list[Any]]:
    """The first account, its main store, and what a plain request reads of the store by day."""
    own = {"advertiser_id": emulation.advertiser_ids[0]}
    store = emulation.data("gmv_max/store/list/", own)["store_list"][0]["store_id"]
    days = {"start_date": START, "end_date": END, "page_size": 1000}
    rows = emulation.data("gmv_max/report/get/", {**own, **GMV_MAX, **days, "store_ids": [store]})["list"]
    return own, store, rows


def test_gmvmax_mcp_reads_stores_and_campaigns_of_gmv_max(client: Client, emulation: Emulation) -> None:
    """What plain requests get."""
    own, _, _ = gmv_max(emulation)
    kinds = {"filtering": {"gmv_max_promotion_types": ["PRODUCT_GMV_MAX"]}}
    expected = emulation.data("gmv_max/campaign/get/", {**own, **kinds})["list"]
    details = {**own, "campaign_id": expected[0]["campaign_id"]}
    stores, campaigns, info = servers.ask(
        client,
        emulation,
        COMMAND,
        ("get_gmvmax_store_list_tool", own),
        ("get_gmvmax_campaigns_tool", own),
        ("get_gmvmax_campaign_info_tool", details),
    )
    assert stores["data"] == emulation.data("gmv_max/store/list/", own)
    assert campaigns["campaigns"] == expected
    assert emulation.data("campaign/gmv_max/info/", details) in info.values()


def test_gmvmax_mcp_reads_reports_of_gmv_max(client: Client, emulation: Emulation) -> None:
    """By day, the sum of a window, and the hours of a day in the account's time zone."""
    own, store, rows = gmv_max(emulation)
    (info,) = emulation.data("advertiser/info/", {"advertiser_ids": list(own.values())})["list"]
    window = {**own, "start_date": START, "end_date": END, "store_ids": [store]}
    day = {**own, "date": END, "store_ids": [store], "shop_tz": info["timezone"]}
    daily, total, aligned = servers.ask(
        client,
        emulation,
        COMMAND,
        ("get_gmvmax_reports_tool", {**window, **GMV_MAX}),
        ("get_gmvmax_range_report_tool", window),
        ("get_gmvmax_report_aligned_tool", day),
    )
    assert {row["dimensions"]["stat_time_day"]: row["metrics"] for row in daily["reports"]} == {
        row["dimensions"]["stat_time_day"]: row["metrics"] for row in rows
    }
    cost = {row["dimensions"]["stat_time_day"][:10]: Decimal(row["metrics"]["cost"]) for row in rows}
    assert Decimal(str(total["cost"])) == sum(cost.values()) > 0
    assert Decimal(str(round(aligned["metrics"]["cost"], 2))) == cost[END] > 0


def test_gmvmax_mcp_reads_no_posts_of_gmv_max(client: Client, emulation: Emulation) -> None:
    """It looks for them in `list`, and TikTok has them in `item_list`."""
    own, store, _ = gmv_max(emulation)
    arguments = {**own, "store_id": store}
    (answer,) = servers.ask(client, emulation, COMMAND, ("get_gmvmax_videos_tool", arguments))
    assert answer["videos"] == []
    assert answer["page_info"]["total_number"] > 0


def test_gmvmax_mcp_asks_for_what_the_emulator_lacks(client: Client, emulation: Emulation) -> None:
    """The costs of a Business Center's accounts: the answer says that TikTok has the endpoint."""
    bc_id = emulation.data("bc/get/", {})["list"][0]["bc_info"]["bc_id"]
    arguments = {"bc_id": bc_id, "start_date": START, "end_date": END}
    (answer,) = servers.ask(client, emulation, COMMAND, ("get_bc_account_cost_tool", arguments))
    assert answer["error"] is True
    assert "The emulator does not serve it." in answer["message"]
