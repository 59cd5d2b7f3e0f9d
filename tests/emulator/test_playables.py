"""Playables, the ads that show them, and reports on them, which an option switches on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

DAYS = {"start_date": "2026-01-20", "end_date": "2026-03-10"}
SUMS = ["spend", "impressions", "playable_page_view_count"]


@pytest.fixture
async def client(session: aiohttp.ClientSession) -> AsyncIterator[Client]:
    """A client of an emulator that answers reports on playables."""
    async with Emulator(
        Options(now=NOW, tier="unlimited", latency=0, ads_per_account=400, playable_reports=True, settled=True)
    ) as emulator:
        yield Client(emulator, session)


async def app_account(client: Client) -> tuple[str, list[dict[str, Any]]]:
    """The first account with playables, and all of them."""
    for account in client.emulator.advertiser_ids:
        playables = await client.read_all("playable/get/", 500, advertiser_id=account)
        if playables:
            return account, playables
    raise AssertionError


async def rows(client: Client, account: str, *dimensions: str, **more: Any) -> list[dict[str, Any]]:
    """All rows of a report on playables."""
    request = {"advertiser_id": account, "report_type": "PLAYABLE_MATERIAL", "metrics": SUMS, **DAYS, **more}
    return await client.read_all("report/integrated/get/", dimensions=list(dimensions), **request)


async def test_ads_show_playables_that_are_listed(client: Client) -> None:
    """By their address. Accounts without an app have none."""
    account, playables = await app_account(client)
    ads = await client.read_all("ad/get/", advertiser_id=account)
    used = {ad["playable_url"] for ad in ads} - {""}
    assert used
    assert used <= {playable["playable_url"] for playable in playables}
    assert len({playable["playable_id"] for playable in playables}) == len(playables) > 3
    for name, value in (("playable_id", playables[1]["playable_id"]), ("status", "AUDIT_SUCCESS")):
        some = await client.read_all("playable/get/", 500, advertiser_id=account, **{name: value})
        assert some == [playable for playable in playables if playable[name] == value]
    for wrong in ({"status": "X"}, {"operation_status": "X"}, {"page_size": 501}):
        assert (await client.envelope("playable/get/", advertiser_id=account, **wrong))["code"] == 40002


async def test_reports_on_playables_sum_up_their_ads(client: Client) -> None:
    """The spend of a playable is that of its ads, and its countries add up to it."""
    account, playables = await app_account(client)
    addresses = {playable["playable_url"]: playable["playable_id"] for playable in playables}
    everything = {"filtering": {"primary_status": "STATUS_ALL"}}
    ads = await client.read_all("ad/get/", advertiser_id=account, **everything)
    shown = {ad["ad_id"]: addresses[ad["playable_url"]] for ad in ads if ad["playable_url"]}
    spent: dict[str, float] = {}
    for row in await client.report("ad", "", advertiser_id=account, **DAYS, metrics=["spend"]):
        name = shown.get(row["dimensions"]["ad_id"])
        if name:
            spent[name] = spent.get(name, 0) + float(row["metrics"]["spend"])
    whole = {row["dimensions"]["playable_id"]: row["metrics"] for row in await rows(client, account, "playable_id")}
    assert {name: float(metrics["spend"]) for name, metrics in whole.items()} == pytest.approx(
        {name: spend for name, spend in spent.items() if spend}
    )
    countries = await rows(client, account, "playable_id", "country_code")
    assert len(countries) >= len(whole) > 0
    for name, metrics in whole.items():
        own = [row["metrics"] for row in countries if row["dimensions"]["playable_id"] == name]
        for metric in SUMS:
            assert sum(float(values[metric]) for values in own) == pytest.approx(float(metrics[metric]))
    lifetime = await rows(client, account, "playable_id", query_lifetime="true")
    assert {row["dimensions"]["playable_id"] for row in lifetime} >= set(whole)


@pytest.mark.parametrize(
    "wrong",
    [
        {"dimensions": ["country_code"]},
        {"dimensions": ["playable_id", "stat_time_day"]},
        {"dimensions": ["playable_id", "country_code"], "query_lifetime": "true"},
        {"metrics": ["reach"]},
        {"start_date": "2024-01-01"},
    ],
)
async def test_reports_on_playables_refuse_what_they_lack(client: Client, wrong: dict[str, Any]) -> None:
    """With 40002. They have no time, and no lifetime by country."""
    account, _ = await app_account(client)
    request = {
        "advertiser_id": account, "report_type": "PLAYABLE_MATERIAL", "dimensions": ["playable_id"], **DAYS,
    } | wrong  # fmt: skip
    assert (await client.envelope("report/integrated/get/", **request))["code"] == 40002
