"""Every documented dimension of BASIC and AUDIENCE reports: its values add up, and its metrics are the documented."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from emulator.kit import Client

BASIC = (
    "country_code", "ad_type", "custom_event_type", "event_source_id", "page_id", "component_name", "room_id",
    "post_id", "image_id", "video_material_id", "minis_id", "search_terms", "search_keyword", "match_type",
    "skan_postback_sequence",
)  # fmt: skip
INTERESTS = ("interest_category", "interest_category_tier2", "interest_category_tier3", "interest_category_tier4")
AUDIENCE = (
    "gender", "age", "country_code", "province_id", "dma_id", "language", "platform", "ac", "placement", "ad_type",
    "device_brand_id", *INTERESTS, "additional_interests", "audience_tags", "behavior_id", "contextual_tag", "hashtag",
    "purchase_intention", "bucket_id",
)  # fmt: skip
TIMELESS = {"device_brand_id", *INTERESTS}
METRICS = ["spend", "clicks", "conversion"]


async def rows_of(client: Client, account: str, report_type: str, level: str, *dimensions: str) -> list[dict[str, Any]]:
    """The rows of a report, deleted objects included."""
    status = {"field_name": f"{level}_status", "filter_type": "IN", "filter_value": '["STATUS_ALL"]'}
    more = {} if level == "advertiser" else {"filtering": [status]}
    return await client.read_all(
        "report/integrated/get/", advertiser_id=account, report_type=report_type, metrics=METRICS,
        data_level=f"AUCTION_{level.upper()}", dimensions=[f"{level}_id", *dimensions], start_date="2026-02-20",
        end_date="2026-03-08", **more,
    )  # fmt: skip


def sums(rows: list[dict[str, Any]], *dimensions: str) -> dict[tuple[str, ...], list[int]]:
    """The sums of the metrics by some dimensions, in whole hundredths. Rows of zeros are left out."""
    total: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * len(METRICS))
    for row in rows:
        key = tuple(row["dimensions"][name] for name in dimensions)
        for place, metric in enumerate(METRICS):
            total[key][place] += round(float(row["metrics"][metric]) * 100)
    return {key: values for key, values in total.items() if any(values)}


@pytest.mark.parametrize("account", [0, 1])
@pytest.mark.parametrize(("report_type", "dimension"), [*(("BASIC", name) for name in BASIC),
                                                        *(("AUDIENCE", name) for name in AUDIENCE)])  # fmt: skip
async def test_the_values_of_each_dimension_add_up_to_the_whole(
    client: Client, report_type: str, dimension: str, account: int
) -> None:
    """By ad, with days where the dimension has any."""
    advertiser = client.emulator.advertiser_ids[account]
    times = () if dimension in TIMELESS else ("stat_time_day",)
    whole = await rows_of(client, advertiser, "BASIC", "ad", *times)
    rows = await rows_of(client, advertiser, report_type, "ad", dimension, *times)
    assert sums(rows, "ad_id", *times) == sums(whole, "ad_id", *times)
    name = "interest_category_v2" if dimension == "interest_category" else dimension
    keys = [
        (row["dimensions"]["ad_id"], row["dimensions"][name], row["dimensions"].get("stat_time_day")) for row in rows
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("dimension", ["hashtag", "interest_category_tier2", "search_terms", "room_id"])
async def test_levels_agree_about_each_value(client: Client, dimension: str) -> None:
    """Ads add up to campaigns, and campaigns to the account."""
    account = client.emulator.advertiser_ids[0]
    kind = "BASIC" if dimension in BASIC else "AUDIENCE"
    by_value = [
        sums(await rows_of(client, account, kind, level, dimension), dimension)
        for level in ("ad", "adgroup", "campaign", "advertiser")
    ]
    assert by_value[0]
    assert by_value == [by_value[0]] * 4


async def test_dimensions_name_what_exists(client: Client) -> None:
    """Images, posts and pixels of the account; interests that the lookup knows."""
    account = client.emulator.advertiser_ids[0]

    async def values(report_type: str, dimension: str) -> set[str]:
        rows = await rows_of(client, account, report_type, "ad", dimension)
        name = "interest_category_v2" if dimension == "interest_category" else dimension
        return {row["dimensions"][name] for row in rows} - {"-"}

    images = await client.read_all("file/image/ad/search/", 100, advertiser_id=account)
    assert await values("BASIC", "image_id") <= {image["image_id"] for image in images}
    posts = await client.read_all("tt_video/list/", 50, advertiser_id=account)
    assert await values("BASIC", "post_id") <= {post["item_info"]["item_id"] for post in posts}
    pixels = await client.read_all("pixel/list/", 20, "pixels", advertiser_id=account)
    assert await values("BASIC", "event_source_id") <= {pixel["pixel_id"] for pixel in pixels}
    interests = (await client.data("tool/interest_category/", advertiser_id=account))["interest_categories"]
    for level, dimension in enumerate(INTERESTS, start=1):
        known = {item["interest_category_id"] for item in interests if item["level"] == level}
        assert await values("AUDIENCE", dimension) <= known


async def test_few_impressions_of_a_search_term_are_hidden(client: Client) -> None:
    """They are the text `<5`. Other values of the row are numbers."""
    account = client.emulator.advertiser_ids[0]
    impressions = set()
    for day in range(1, 10):
        rows = await client.read_all(
            "report/integrated/get/", advertiser_id=account, report_type="BASIC", data_level="AUCTION_AD",
            dimensions=["ad_id", "search_terms", "stat_time_day"], metrics=["impressions", "spend"],
            start_date=f"2026-03-0{day}", end_date=f"2026-03-0{day}",
        )  # fmt: skip
        impressions |= {row["metrics"]["impressions"] for row in rows}
        assert all(float(row["metrics"]["spend"]) >= 0 for row in rows)
    assert "<5" in impressions
    assert impressions.isdisjoint({"1", "2", "3", "4"})


@pytest.mark.parametrize(
    ("report_type", "level", "dimensions", "metrics", "code"),
    [
        ("BASIC", "AD", ["ad_id", "search_terms"], ["result_rate"], 0),
        ("BASIC", "AD", ["ad_id", "search_terms"], ["reach"], 40002),
        ("BASIC", "AD", ["ad_id", "ad_type"], ["skan_conversion"], 0),
        ("BASIC", "AD", ["ad_id", "ad_type"], ["reach"], 40002),
        ("BASIC", "ADVERTISER", ["advertiser_id", "ad_type"], ["spend"], 40002),
        ("BASIC", "AD", ["ad_id", "room_id"], ["onsite_shopping_roas"], 0),
        ("BASIC", "AD", ["ad_id", "hashtag"], ["spend"], 40002),
        ("AUDIENCE", "AD", ["ad_id", "search_terms"], ["spend"], 40002),
        ("AUDIENCE", "AD", ["ad_id", "hashtag"], ["engaged_view"], 0),
        ("AUDIENCE", "AD", ["ad_id", "hashtag"], ["result"], 40002),
        ("AUDIENCE", "AD", ["ad_id", "hashtag", "gender"], ["spend"], 40002),
        ("AUDIENCE", "AD", ["ad_id", "interest_category", "stat_time_day"], ["spend"], 40002),
        ("BASIC", "AD", ["ad_id", "page_id", "component_name"], ["spend"], 40002),
    ],
)  # fmt: skip
async def test_dimensions_accept_the_documented_metrics_and_companions(
    client: Client, report_type: str, level: str, dimensions: list[str], metrics: list[str], code: int
) -> None:
    """Others are refused with 40002."""
    answer = await client.envelope(
        "report/integrated/get/", advertiser_id=client.emulator.advertiser_ids[0], report_type=report_type,
        data_level=f"AUCTION_{level}", dimensions=dimensions, metrics=metrics, start_date="2026-03-01",
        end_date="2026-03-05",
    )  # fmt: skip
    assert answer["code"] == code, answer["message"]
