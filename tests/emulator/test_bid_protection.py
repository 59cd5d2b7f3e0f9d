"""Bid protection: the ad credits of campaigns and ad groups by day."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

STATUS, DETAIL = "report/bid_protection/status/get/", "report/bid_protection/detail/get/"
DAYS = {"start_date": "2026-02-08", "end_date": "2026-03-10"}


async def ids_of(client: Client, account: str, level: str) -> list[str]:
    """The ids of all objects of a level."""
    objects = await client.read_all(f"{level}/get/", advertiser_id=account, filtering={"primary_status": "STATUS_ALL"})
    return [item[f"{level}_id"] for item in objects]


async def records(client: Client, account: str, level: str) -> list[dict[str, Any]]:
    """All records of a level in a month."""
    found: list[dict[str, Any]] = []
    ids = await ids_of(client, account, level)
    for start in range(0, len(ids), 6):
        data = await client.data(
            DETAIL, advertiser_id=account, data_level=level.upper(), query_ids=ids[start : start + 6], **DAYS
        )
        found += data["bid_protection_records"]
    return found


async def test_credits_belong_to_days_with_spend(settled: Client) -> None:
    """A record has its day and is less than the spend. Credits are scaled, and without any there is no currency."""
    paid = 0
    for account in settled.emulator.advertiser_ids:
        info = await settled.data("advertiser/info/", advertiser_ids=[account])
        spends: dict[tuple[str, str], float] = {}
        for days in ({"start_date": "2026-02-08", "end_date": "2026-02-28"},
                     {"start_date": "2026-03-01", "end_date": "2026-03-10"}):  # fmt: skip
            for row in await settled.report("campaign", advertiser_id=account, **days):
                key = (row["dimensions"]["campaign_id"], row["dimensions"]["stat_time_day"][:10])
                spends[key] = float(row["metrics"]["spend"])
        for record in await records(settled, account, "campaign"):
            key = (record["query_id"], record["record_date"])
            assert spends[key] > 0
            credit = int(record["credit_amount"]) / 100_000
            assert credit < spends[key]
            assert record["currency"] == (info["list"][0]["currency"] if credit else "")
            assert (credit > 0) == (record["bid_protection_daily_status"] == "PAYMENT_COMPLETE")
            paid += credit > 0
    assert paid > 10


async def test_credits_of_ad_groups_sum_up_to_their_campaign(client: Client) -> None:
    """On each day, with the same status where the campaign waits."""
    account = client.emulator.advertiser_ids[1]
    groups = await client.read_all("adgroup/get/", advertiser_id=account, filtering={"primary_status": "STATUS_ALL"})
    campaign_of = {group["adgroup_id"]: group["campaign_id"] for group in groups}
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for record in await records(client, account, "adgroup"):
        sums[campaign_of[record["query_id"]], record["record_date"]] += int(record["credit_amount"])
    whole = await records(client, account, "campaign")
    assert {(item["query_id"], item["record_date"]): int(item["credit_amount"]) for item in whole} == dict(sums)
    assert any(sums.values())


async def test_credits_are_confirmed_over_days(session: aiohttp.ClientSession) -> None:
    """Recent days are not final. When the days have passed, no record waits any more, and final ones stay."""
    final = {"INELIGIBLE", "PAYMENT_COMPLETE", "TARGET_MET"}
    async with Emulator(Options(now=NOW, tier="unlimited", latency=0)) as emulator:
        client = Client(emulator, session)
        account = emulator.advertiser_ids[0]
        before = {(item["query_id"], item["record_date"]): item for item in await records(client, account, "campaign")}
        emulator.clock.set(datetime(2026, 3, 25, 12, tzinfo=UTC))
        after = {(item["query_id"], item["record_date"]): item for item in await records(client, account, "campaign")}
    waiting = [key for key, item in before.items() if item["bid_protection_daily_status"] not in final]
    assert waiting
    assert {item["bid_protection_daily_status"] for item in after.values()} <= final
    assert any(int(after[key]["credit_amount"]) for key in waiting)


async def test_the_status_of_bid_protection_is_listed_by_id(client: Client) -> None:
    """Of campaigns and ad groups; only what has a record is or was protected."""
    account = client.emulator.advertiser_ids[0]
    for level in ("campaign", "adgroup"):
        ids = await ids_of(client, account, level)
        data = await client.data(STATUS, advertiser_id=account, data_level=level.upper(), query_ids=ids[:200])
        assert [item["query_id"] for item in data["list"]] == ids[:200]
        assert {item["bid_protection_status"] for item in data["list"]} <= {"ACTIVE", "INACTIVE", "INVALID"}
        assert {item["compensation_category"] for item in data["list"]} <= {"THREE_DAY", "FULL_LIFE_CYCLE"}
        assert any(item["bid_protection_status"] == "ACTIVE" for item in data["list"])


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"query_ids": None}, 40002),
        ({"query_ids": []}, 52404),
        ({"query_ids": ["7"]}, 40002),
        ({"data_level": "ADVERTISER"}, 40002),
        ({"data_level": None}, 40002),
        ({"start_date": None}, 40002),
        ({"start_date": "2026-01-08"}, 40002),
        ({"start_date": "2026-03-09", "end_date": "2026-05-10"}, 40002),
        ({"end_date": "2026-02-07"}, 40002),
    ],
)
async def test_bid_protection_refuses_wrong_parameters(client: Client, wrong: dict[str, Any], code: int) -> None:
    """A missing list of ids is a wrong parameter, and an empty one has a code of its own."""
    account = client.emulator.advertiser_ids[0]
    ids = await ids_of(client, account, "campaign")
    request = {"advertiser_id": account, "data_level": "CAMPAIGN", "query_ids": ids[:2], **DAYS} | wrong
    answer = await client.envelope(DETAIL, **{name: value for name, value in request.items() if value is not None})
    assert answer["code"] == code


async def test_ids_times_days_of_bid_protection_are_limited(client: Client) -> None:
    """Two hundred ids for a day, and six for thirty days."""
    account = client.emulator.advertiser_ids[0]
    ids = await ids_of(client, account, "adgroup")
    request = {"advertiser_id": account, "data_level": "ADGROUP"}
    assert (await client.envelope(DETAIL, **request, **DAYS, query_ids=ids[:6]))["code"] == 0
    assert (await client.envelope(DETAIL, **request, **DAYS, query_ids=ids[:7]))["code"] == 40002
    one_day = {"start_date": "2026-03-09", "end_date": "2026-03-09"}
    assert (await client.envelope(DETAIL, **request, **one_day, query_ids=ids[:20]))["code"] == 0
