"""tiktok-ads-mcp, a server for assistants: its reports are whole, its lists end after ten objects."""

from __future__ import annotations

from decimal import Decimal

import pytest

from clients import servers
from clients.client import Client
from clients.emulation import END, START, Emulation

CLIENT = "ads-mcp"
COMMAND = "tiktok-ads-mcp"


@pytest.mark.parametrize("level", ["campaign", "adgroup", "ad"])
def test_ads_mcp_reads_whole_reports(client: Client, emulation: Emulation, level: str) -> None:
    """At each level, although it asks for campaigns with two slashes."""
    servers.check_reports(client, emulation, COMMAND, level)


def test_ads_mcp_lists_only_ten_ad_groups_and_ads(client: Client, emulation: Emulation) -> None:
    """Its tools accept a page and its size, and pass neither on."""
    servers.check_lists(client, emulation, COMMAND)


def test_ads_mcp_does_not_filter_campaigns(client: Client, emulation: Emulation) -> None:
    """It sends the ids beside `filtering`, where they mean nothing."""
    account = emulation.advertiser_ids[0]
    expected = [record["campaign_id"] for record in emulation.pages("campaign/get/", {"advertiser_id": account})]
    arguments = {"advertiser_id": account, "filters": {"campaign_ids": expected[:1]}}
    (answer,) = servers.ask(client, emulation, COMMAND, ("get_campaigns_tool", arguments))
    assert len(expected) > 1
    assert [record["campaign_id"] for record in answer["campaigns"]] == expected


def test_ads_mcp_shows_what_is_refused(client: Client, emulation: Emulation) -> None:
    """The message of a plain request, and no rows."""
    arguments = servers.report(emulation.advertiser_ids[0], "ad", metrics=["no_such_metric"])
    (answer,) = servers.ask(client, emulation, COMMAND, ("get_reports_tool", arguments))
    assert answer["error"] is True
    assert "TikTok API error 40002" in answer["message"]
    assert "no_such_metric" in answer["message"]


def test_ads_mcp_reads_reports_of_a_business_center(client: Client, emulation: Emulation) -> None:
    """The spend of each of its accounts is the truth."""
    center = emulation.data("bc/get/", {})["list"][0]["bc_info"]["bc_id"]
    arguments = {
        "report_type": "BC",
        "bc_id": center,
        "dimensions": ["advertiser_id"],
        "metrics": ["spend"],
        "start_date": START,
        "end_date": END,
        "page_size": 1000,
    }
    (answer,) = servers.ask(client, emulation, COMMAND, ("get_reports_tool", arguments))
    read = {row["dimensions"]["advertiser_id"]: Decimal(row["metrics"]["spend"]) for row in answer["reports"]}
    assert read
    for account, amount in read.items():
        truth = emulation.truth(account, include_deleted=True)
        assert amount == Decimal(truth["metrics"]["advertiser"]["spend"])


def test_ads_mcp_reads_business_centers_without_their_names(client: Client, emulation: Emulation) -> None:
    """It looks for names beside `bc_info`, in which TikTok has them."""
    (answer,) = servers.ask(client, emulation, COMMAND, ("get_business_centers_tool", {}))
    expected = emulation.data("bc/get/", {})["list"]
    assert [center["user_role"] for center in answer["centers"]] == [center["user_role"] for center in expected]
    assert {(center["bc_id"], center["name"]) for center in answer["centers"]} == {(None, "Unknown")}
