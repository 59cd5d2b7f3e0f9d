"""iflow-mcp-adsmcp-tiktok-ads-mcp, a server for assistants that knows days only by their distance from today."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from clients import servers
from clients.client import Client
from clients.emulation import Emulation, running

CLIENT = "adsmcp"
COMMAND = "tiktok-ads-mcp"


@pytest.fixture(scope="module")
def emulation() -> Iterator[Emulation]:
    """An emulator whose clock stands at the present day."""
    with running(f"{datetime.now(UTC):%Y-%m-%dT%H:%M}") as emulation:
        yield emulation


def test_adsmcp_reads_campaigns_and_ad_groups(client: Client, emulation: Emulation) -> None:
    """Those that plain requests list."""
    account = {"advertiser_id": emulation.advertiser_ids[0]}
    expected = [record["campaign_id"] for record in emulation.pages("campaign/get/", account)]
    adgroups = [record for record in emulation.pages("adgroup/get/", account) if record["campaign_id"] == expected[0]]
    lists = servers.ask(
        client,
        emulation,
        COMMAND,
        ("tiktok_ads_get_campaigns", {"limit": 100}),
        ("tiktok_ads_get_adgroups", {"campaign_id": expected[0], "limit": 100}),
    )
    assert [record["campaign_id"] for record in lists[0]["data"]["campaigns"]] == expected
    assert [record["adgroup_id"] for record in lists[1]["adgroups"]] == [record["adgroup_id"] for record in adgroups]
    assert adgroups


def test_adsmcp_gets_amounts_without_decimals(client: Client, emulation: Emulation) -> None:
    """It always sends `advertiser_ids`, too, for which TikTok rounds money to whole units."""
    account = emulation.advertiser_ids[0]
    ids = [record["campaign_id"] for record in emulation.pages("campaign/get/", {"advertiser_id": account})]
    arguments = {"campaign_ids": ids, "date_range": "last_30_days", "metrics": ["spend", "impressions"]}
    (answer,) = servers.ask(client, emulation, COMMAND, ("tiktok_ads_get_campaign_performance", arguments))
    start, _, end = answer["date_range"].partition(" to ")
    expected = emulation.pages(
        "report/integrated/get/",
        {
            "advertiser_id": account,
            "report_type": "BASIC",
            "data_level": "AUCTION_CAMPAIGN",
            "dimensions": ["campaign_id"],
            "metrics": ["campaign_name", "spend", "impressions"],
            "start_date": start,
            "end_date": end,
            "filtering": [{"field_name": "campaign_ids", "filter_type": "IN", "filter_value": json.dumps(ids)}],
        },
    )
    exact = {row["metrics"]["campaign_name"]: row["metrics"] for row in expected}
    rows = {row["campaign_name"]: row for row in answer["campaigns"]}
    assert rows.keys() == exact.keys()
    assert {name: row["impressions"] for name, row in rows.items()} == {
        name: row["impressions"] for name, row in exact.items()
    }
    assert all(abs(Decimal(row["spend"]) - Decimal(exact[name]["spend"])) < 1 for name, row in rows.items())
    assert any(Decimal(exact[name]["spend"]) % 1 for name in rows)
    assert not any(Decimal(row["spend"]) % 1 for row in rows.values())
