"""tiktok-ads-mcp, a server for assistants: its reports are whole, its lists end after ten objects."""

from __future__ import annotations

import pytest

from clients import servers
from clients.client import Client
from clients.emulation import Emulation

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
