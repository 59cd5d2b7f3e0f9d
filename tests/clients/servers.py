"""Clients that are servers of the Model Context Protocol: their tools, called as an assistant calls them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.client import Client
from clients.emulation import END, START, Emulation, spend

Call = tuple[str, Mapping[str, Any]]


def ask(client: Client, emulation: Emulation, command: str, *calls: Call) -> list[Any]:
    """Start the server, and call its tools one after another."""
    variables = {
        "TIKTOK_APP_ID": emulation.app_id,
        "TIKTOK_SECRET": emulation.secret,
        "TIKTOK_APP_SECRET": emulation.secret,
        "TIKTOK_ACCESS_TOKEN": emulation.access_token,
        "TIKTOK_ADVERTISER_ID": emulation.advertiser_ids[0],
    }
    answers: list[Any] = client.ask("tools", {"command": command, "calls": calls}, **variables)
    return answers


def report(account: str, level: str, **changed: Any) -> Mapping[str, Any]:
    """The arguments of `get_reports_tool` for a daily report."""
    return {
        "advertiser_id": account,
        "data_level": f"AUCTION_{level.upper()}",
        "dimensions": [f"{level}_id", "stat_time_day"],
        "metrics": ["spend", "impressions"],
        "start_date": START,
        "end_date": END,
        "page_size": 1000,
        **changed,
    }


def check_reports(client: Client, emulation: Emulation, command: str, level: str) -> None:
    """Rows and spend of every account are the truth without deleted objects."""
    calls = [("get_reports_tool", report(account, level)) for account in emulation.advertiser_ids]
    total = 0
    for account, answer in zip(emulation.advertiser_ids, ask(client, emulation, command, *calls), strict=True):
        truth = emulation.truth(account, include_deleted=False)
        rows = answer["reports"]
        assert len(rows) == truth["rows"][level]["daily"]
        assert spend(row["metrics"]["spend"] for row in rows) == spend([truth["metrics"][level]["spend"]])
        total += len(rows)
    assert total


def check_lists(client: Client, emulation: Emulation, command: str) -> None:
    """Accounts and campaigns are whole. Of ad groups and ads the first ten arrive, whatever page is asked for."""
    account = emulation.advertiser_ids[0]
    paging = {"advertiser_id": account, "page": 2, "page_size": 1000}
    accounts, campaigns, adgroups, ads = ask(
        client,
        emulation,
        command,
        ("get_authorized_ad_accounts_tool", {}),
        ("get_campaigns_tool", {"advertiser_id": account}),
        ("get_ad_groups_tool", paging),
        ("get_ads_tool", paging),
    )
    assert [entry["advertiser_id"] for entry in accounts["advertisers"]] == emulation.advertiser_ids
    for name, records in (
        ("campaign", campaigns["campaigns"]),
        ("adgroup", adgroups["ad_groups"]),
        ("ad", ads["ads"]),
    ):
        expected = [record[f"{name}_id"] for record in emulation.pages(f"{name}/get/", {"advertiser_id": account})]
        assert [record[f"{name}_id"] for record in records] == expected[:10]
        assert name == "campaign" or len(expected) > 10
