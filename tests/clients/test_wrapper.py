"""tiktok-business-api, a wrapper around the API's paths that reads all pages of a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from clients.client import Client
from clients.emulation import END, START, Emulation, spend

CLIENT = "wrapper"

LISTS = {
    "campaign/get/": ("campaign", "get_campaigns", "campaign_id"),
    "adgroup/get/": ("ad_group", "get_ad_groups", "adgroup_id"),
    "ad/get/": ("ad", "get_ads", "ad_id"),
}
AUDIENCES = "dmp/custom_audience/list/"

Call = tuple[str, str, Mapping[str, Any]]


def ask(client: Client, emulation: Emulation, *calls: Call, account: str | None = None) -> list[Any]:
    """What the methods return."""
    request = {
        "token": emulation.access_token,
        "account": account or emulation.advertiser_ids[0],
        "calls": calls,
    }
    answers: list[Any] = client.ask("wrapper", request)
    return answers


@pytest.mark.parametrize("page_size", [1000, 50])
def test_the_wrapper_reads_whole_reports(client: Client, emulation: Emulation, page_size: int) -> None:
    """Rows and spend of every account and level are the truth, on one page as on many."""
    total = 0
    for account in emulation.advertiser_ids:
        truth = emulation.truth(account, include_deleted=False)
        levels = ("campaign", "adgroup", "ad")
        calls = [("reports", "get_synchronous_report", {"params": report(level, page_size)}) for level in levels]
        for level, answer in zip(levels, ask(client, emulation, *calls, account=account), strict=True):
            rows = answer["data"]["list"]
            assert len(rows) == truth["rows"][level]["daily"]
            assert spend(row["metrics"]["spend"] for row in rows) == spend([truth["metrics"][level]["spend"]])
            total += len(rows)
    assert total > page_size


def report(level: str, page_size: int) -> Mapping[str, Any]:
    """A daily report of a level."""
    return {
        "report_type": "BASIC",
        "data_level": f"AUCTION_{level.upper()}",
        "dimensions": [f"{level}_id", "stat_time_day"],
        "metrics": ["spend", "impressions"],
        "start_date": START,
        "end_date": END,
        "page_size": page_size,
    }


@pytest.mark.parametrize("path", LISTS)
def test_the_wrapper_reads_whole_lists_of_objects(client: Client, emulation: Emulation, path: str) -> None:
    """The objects that plain requests list."""
    service, method, key = LISTS[path]
    (answer,) = ask(client, emulation, (service, method, {}))
    expected = emulation.pages(path, {"advertiser_id": emulation.advertiser_ids[0]})
    assert expected
    assert [record[key] for record in answer["data"]["list"]] == [record[key] for record in expected]


def test_the_wrapper_reads_audiences_in_pages_of_a_hundred(client: Client, emulation: Emulation) -> None:
    """Its own pages of 1,000 are refused, because the endpoint has at most 100."""
    usual, smaller = ask(
        client,
        emulation,
        ("audience", "get_all_audiences", {}),
        ("audience", "get_all_audiences", {"params": {"page_size": 100}}),
    )
    expected = emulation.pages(AUDIENCES, {"advertiser_id": emulation.advertiser_ids[0]})
    assert usual["code"] == 40002
    assert expected
    assert smaller["data"]["list"] == expected


def test_the_wrapper_cannot_read_accounts(client: Client, emulation: Emulation) -> None:
    """It calls its own method with too many arguments."""
    (answer,) = ask(client, emulation, ("advertiser", "get_current_advertiser_info", {}))
    assert answer.startswith("TypeError: ")
