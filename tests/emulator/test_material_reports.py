"""The reports on Smart+ creatives: their sums are those of the usual reports, and what they refuse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.endpoints.smart_plus.query import METRICS

OVERVIEW, BREAKDOWN = "smart_plus/material_report/overview/", "smart_plus/material_report/breakdown/"
DAYS = {"start_date": "2026-01-20", "end_date": "2026-03-10"}
ENTITIES = ("main_material_id", "ad_text_entity_id", "call_to_action_entity_id", "interactive_add_on_entity_id")
SUMS = ["spend", "impressions", "clicks", "conversion", "skan_total_purchase", "total_purchase_value", "likes"]


@pytest.fixture
async def client(session: aiohttp.ClientSession) -> AsyncIterator[Client]:
    """A client of an emulator with several Smart+ ads in each account."""
    async with Emulator(Options(now=NOW, tier="unlimited", latency=0, ads_per_account=400)) as emulator:
        yield Client(emulator, session)


def sums(rows: list[dict[str, Any]], metrics: list[str]) -> dict[str, float]:
    """The sums of some metrics."""
    return {name: round(sum(float(row["metrics"][name]) for row in rows), 2) for name in metrics}


async def smart_account(client: Client) -> str:
    """The account whose Smart+ ads spent most on the days of the tests."""
    spent = {}
    for account in client.emulator.advertiser_ids:
        rows = await client.read_all(
            OVERVIEW, 100, advertiser_id=account, dimensions=["advertiser_id", "main_material_id"], **DAYS
        )
        spent[account] = sum(float(row["metrics"]["spend"]) for row in rows)
    return max(spent, key=lambda account: spent[account])


@pytest.mark.parametrize("hours", [0, 7, 16])
async def test_creatives_sum_up_to_the_smart_plus_ads(client: Client, hours: int) -> None:
    """Whatever is late: each Smart+ ad has the same figures in the overview and in the report by ad_id_v2."""
    client.emulator.clock.advance(timedelta(hours=hours))
    account = await smart_account(client)
    request = {"advertiser_id": account, **DAYS, "metrics": SUMS[:4]}
    usual: dict[str, list[dict[str, Any]]] = defaultdict(list)
    half = (
        {"start_date": "2026-01-20", "end_date": "2026-02-14"},
        {"start_date": "2026-02-15", "end_date": "2026-03-10"},
    )
    for days in half:
        for row in await client.read_all(
            "report/integrated/get/", **request | days, report_type="BASIC", data_level="AUCTION_AD",
            dimensions=["ad_id_v2", "stat_time_day"],
            filtering=[{"field_name": "ad_status", "filter_type": "IN", "filter_value": '["STATUS_ALL"]'}],
        ):  # fmt: skip
            usual[row["dimensions"]["ad_id_v2"]].append(row)
    rows = await client.read_all(OVERVIEW, 100, **request, dimensions=["smart_plus_ad_id", "main_material_id"])
    by_ad: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_ad[row["dimensions"]["smart_plus_ad_id"]].append(row)
    for name, own in by_ad.items():
        assert sums(own, SUMS[:4]) == sums(usual[name], SUMS[:4])
    assert sums(rows, ["spend"])["spend"] > 0


async def test_levels_and_times_of_creative_reports_agree(client: Client) -> None:
    """A creative has the same figures by ad, ad group, campaign and account, and by hour, day, week and month."""
    account = await smart_account(client)
    request = {"advertiser_id": account, "metrics": SUMS}
    for entity in ENTITIES:
        wholes = [
            sums(await client.read_all(OVERVIEW, 100, **request, **DAYS, dimensions=[owner, entity]), SUMS)
            for owner in ("smart_plus_ad_id", "adgroup_id", "campaign_id", "advertiser_id")
        ]
        times = [
            sums(await client.read_all(BREAKDOWN, 100, **request, **DAYS, dimensions=[entity, *time]), SUMS)
            for time in ([], ["stat_time_day"], ["stat_time_week"], ["stat_time_month"])
        ]
        assert all(whole == wholes[0] for whole in (*wholes, *times)), entity
    all_days = await client.read_all(
        BREAKDOWN, 100, **request, **DAYS, dimensions=["main_material_id", "stat_time_day"]
    )
    busy = date.fromisoformat(max(row["dimensions"]["stat_time_day"] for row in all_days)[:10])
    week = {"start_date": str(busy - timedelta(days=7)), "end_date": str(busy)}
    daily, hourly = [
        await client.read_all(BREAKDOWN, 100, **request, **week, dimensions=["main_material_id", time])
        for time in ("stat_time_day", "stat_time_hour")
    ]
    assert len(hourly) > len(daily)
    assert sums(hourly, SUMS) == sums(daily, SUMS)


async def test_rows_by_text_overlap(client: Client) -> None:
    """Each creative was shown with two texts, so their rows together count it twice."""
    account = await smart_account(client)
    creatives, texts = [
        sums(
            await client.read_all(OVERVIEW, 100, advertiser_id=account, **DAYS, dimensions=["advertiser_id", entity]),
            ["spend"],
        )["spend"]
        for entity in ENTITIES[:2]
    ]
    assert texts == pytest.approx(2 * creatives)
    assert creatives > 0


async def test_creative_rows_name_what_they_are_about(client: Client) -> None:
    """The types come unasked. The status of a creative and its id in the ad are known per Smart+ ad only."""
    account = await smart_account(client)
    ads = await client.read_all(
        "smart_plus/ad/get/", 100, advertiser_id=account, filtering={"primary_status": "STATUS_ALL"}
    )
    materials = {
        creative["ad_material_id"]: (ad["smart_plus_ad_id"], creative["creative_info"]["material_name"])
        for ad in ads
        for creative in ad["creative_list"]
    }
    texts = {text["ad_text"] for ad in ads for text in ad["ad_text_list"]}
    described = ["ad_material_id", "main_material_name", "material_primary_status", "material_second_status_list",
                 "operation_status"]  # fmt: skip
    rows = await client.read_all(
        OVERVIEW, 100, advertiser_id=account, **DAYS, dimensions=["smart_plus_ad_id", "main_material_id"],
        metrics=["spend", *described],
    )  # fmt: skip
    named = {}
    for row in rows:
        assert row["dimensions"]["main_material_type"] in {"VIDEO_NON_SPARK_ADS", "CAROUSEL_NON_SPARK_ADS"}
        assert row["metrics"]["operation_status"] in {"ENABLE", "DISABLE", "FROZEN"}
        assert isinstance(row["metrics"]["material_second_status_list"], list)
        for name in row["metrics"]["ad_material_id"]:
            named[name] = (row["dimensions"]["smart_plus_ad_id"], row["metrics"]["main_material_name"])
    assert materials.items() <= named.items()
    whole = await client.data(
        OVERVIEW, advertiser_id=account, **DAYS, dimensions=["campaign_id", "main_material_id"], metrics=described
    )
    assert whole["list"][0]["metrics"]["ad_material_id"] == ""
    assert "material_second_status_list" not in whole["list"][0]["metrics"]
    by_text = await client.read_all(
        BREAKDOWN, 100, advertiser_id=account, **DAYS, dimensions=["ad_text_entity_id", "call_to_action_entity_id"],
        metrics=["ad_text", "call_to_action", "multi_name"],
    )  # fmt: skip
    assert texts <= {row["metrics"]["ad_text"] for row in by_text}
    for row in by_text:
        metrics, dimensions = row["metrics"], row["dimensions"]
        assert metrics["multi_name"] == f"{metrics['ad_text']}_{metrics['call_to_action']}"
        assert dimensions["ad_text_entity_type"] == "text"
        assert dimensions["call_to_action_entity_type"] in {"manual_call_to_action", "dynamic_call_to_action"}


async def test_creative_reports_are_sorted_filtered_and_paged(client: Client) -> None:
    """By spend, the highest first, unless the request says otherwise."""
    account = await smart_account(client)
    request = {"advertiser_id": account, **DAYS, "dimensions": ["smart_plus_ad_id", "main_material_id"]}
    rows = await client.read_all(OVERVIEW, 100, **request)
    assert len(rows) > 3
    spends = [float(row["metrics"]["spend"]) for row in rows]
    assert spends == sorted(spends, reverse=True)
    assert await client.read_all(OVERVIEW, 2, **request) == rows
    rising = await client.read_all(OVERVIEW, 100, **request, sort_field="impressions", sort_type="ASC")
    views = [int(row["metrics"]["impressions"]) for row in rising]
    assert views == sorted(views)
    ad, creative = rows[0]["dimensions"]["smart_plus_ad_id"], rows[0]["dimensions"]["main_material_id"]
    kind = rows[0]["dimensions"]["main_material_type"]
    for filtering in (
        {"smart_plus_ad_ids": [ad]},
        {"main_material_types": [kind], "main_material_ids": [creative]},
        {"main_material_types": [kind]},
    ):
        chosen = await client.read_all(OVERVIEW, 100, **request, filtering=filtering)
        key = next(iter(filtering)).removesuffix("s")
        expected = [row for row in rows if row["dimensions"].get(key, kind) == (ad if key.endswith("ad_id") else kind)]
        if "main_material_ids" in filtering:
            expected = [row for row in expected if row["dimensions"]["main_material_id"] == creative]
        assert chosen == expected
    for name in ("main_material_id", "main_material_ids"):
        broken = await client.read_all(
            BREAKDOWN, 100, advertiser_id=account, **DAYS, dimensions=["main_material_id"],
            filtering={"main_material_types": [kind], name: [creative]},
        )  # fmt: skip
        assert {row["dimensions"]["main_material_id"] for row in broken} == {creative}
    lifetime = await client.read_all(
        OVERVIEW, 100, advertiser_id=account, dimensions=["advertiser_id", "main_material_id"], query_lifetime="true"
    )
    assert sums(lifetime, ["spend"])["spend"] >= sum(spends) - 0.01


async def test_every_metric_of_creative_reports_has_figures_of_its_own(session: aiohttp.ClientSession) -> None:
    """The documented 832 metrics are accepted, and those of counts and values are not all zero."""
    assert len(METRICS) == 832
    async with Emulator(Options(now=NOW, tier="unlimited", latency=0, advertisers=8, ads_per_account=400)) as emulator:
        client = Client(emulator, session)
        columns: dict[str, list[str]] = {name: [] for name in METRICS}
        for account in emulator.advertiser_ids:
            rows = await client.read_all(
                BREAKDOWN, 100, advertiser_id=account, **DAYS, dimensions=["main_material_id", "stat_time_month"],
                metrics=sorted(METRICS),
            )  # fmt: skip
            for row in rows:
                assert set(row["metrics"]) == METRICS
                for name, value in row["metrics"].items():
                    columns[name].append(value)
    shown = {name for name, values in columns.items() if any(float(value) for value in values)}
    own = {name for name in METRICS if name.startswith(("skan_", "website_", "playable_", "product_"))}
    assert not own - shown
    counts = [name for name in own if "rate" not in name and "cost" not in name and "per" not in name]
    assert len({tuple(columns[name]) for name in counts}) == len(counts)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (OVERVIEW, {"dimensions": ["main_material_id"]}),
        (OVERVIEW, {"dimensions": ["campaign_id"]}),
        (OVERVIEW, {"dimensions": ["campaign_id", "adgroup_id", "main_material_id"]}),
        (OVERVIEW, {"dimensions": ["campaign_id", "main_material_id", "ad_text_entity_id"]}),
        (OVERVIEW, {"dimensions": ["campaign_id", "main_material_id", "stat_time_day"]}),
        (OVERVIEW, {"dimensions": ["campaign_id", "main_material_type"]}),
        (BREAKDOWN, {"dimensions": ["stat_time_day"]}),
        (BREAKDOWN, {"dimensions": ["main_material_id", "stat_time_day", "stat_time_week"]}),
        (BREAKDOWN, {"dimensions": ["campaign_id", "main_material_id"]}),
        (BREAKDOWN, {"dimensions": []}),
        (BREAKDOWN, {"query": "", "start_date": "2024-03-09"}),
        (BREAKDOWN, {"dimensions": ["main_material_id", "stat_time_hour"], "start_date": "2026-03-02"}),
        (BREAKDOWN, {"start_date": "2026-03-11"}),
        (OVERVIEW, {"dimensions": ["campaign_id", "main_material_id"], "page_size": 101}),
        (OVERVIEW, {"dimensions": ["campaign_id", "main_material_id"], "metrics": ["native_growth_active"]}),
        (OVERVIEW, {"dimensions": ["campaign_id", "main_material_id"], "metrics": ["multi_name"]}),
        (BREAKDOWN, {"metrics": ["ad_material_id"]}),
        (BREAKDOWN, {"sort_field": "ad_text"}),
        (BREAKDOWN, {"filtering": {"campaign_ids": ["1"], "adgroup_ids": ["2"]}}),
        (BREAKDOWN, {"filtering": {"main_material_ids": ["1"]}}),
        (BREAKDOWN, {"filtering": {"campaign_ids": ["1"] * 201}}),
        (BREAKDOWN, {"filtering": {"ad_text_entity_ids": ["1"] * 300, "call_to_action_entity_ids": ["2"] * 101}}),
        (OVERVIEW, {"dimensions": ["campaign_id", "main_material_id"], "filtering": {"adgroup_ids": ["2"]}}),
        (OVERVIEW, {"dimensions": ["campaign_id", "main_material_id"], "filtering": {"main_material_types": ["X"]}}),
    ],
)
async def test_creative_reports_refuse_what_does_not_go_together(
    client: Client, path: str, wrong: dict[str, Any]
) -> None:
    """With 40002, as the pages on their dimensions and filters say."""
    request = {"advertiser_id": client.emulator.advertiser_ids[0], "dimensions": ["main_material_id"], **DAYS}
    answer = await client.envelope(path, **request | wrong)
    assert (answer["code"], answer["data"]) == (40002, {})


async def test_creative_reports_can_contradict_their_counts(session: aiohttp.ClientSession) -> None:
    """For the accounts that an option names, as was seen at TikTok."""
    async with Emulator(Options(now=NOW, tier="unlimited", latency=0, contradictory_page_info=(3,))) as emulator:
        client = Client(emulator, session)
        data = await client.data(
            OVERVIEW, advertiser_id=emulator.advertiser_ids[2], **DAYS, page_size=100,
            dimensions=["advertiser_id", "main_material_id"],
        )  # fmt: skip
        assert data["page_info"]["total_number"] == len(data["list"]) + 2
