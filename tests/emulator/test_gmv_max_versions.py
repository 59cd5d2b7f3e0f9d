"""Version 2.0 of the GMV Max report, which an option switches on, and the posts whose products were chosen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

STORE, VIDEOS = "gmv_max/report/get/", "gmv_max/video_list/report/get/"
SALES = ["cost", "gross_revenue", "orders"]
ALL = [*SALES, "roi", "cost_per_order", "net_cost"]
DAYS = {"start_date": "2026-02-20", "end_date": "2026-03-10"}


class Shop:
    """The main store of the first account, read in one version."""

    def __init__(self, client: Client, version: str, store: dict[str, Any]) -> None:
        self.client = client
        self.base = f"{client.emulator.url}/open_api/{version}/"
        self.named = {"store_authorized_bc_id": store["store_authorized_bc_id"]} if version == "v2.0" else {}
        self.store = store["store_id"]

    async def envelope(self, path: str, dimensions: list[str], **params: Any) -> dict[str, Any]:
        """The answer to a request for a report."""
        request = {
            "advertiser_id": self.client.emulator.advertiser_ids[0], "store_ids": [self.store],
            "dimensions": dimensions, "metrics": SALES, "page_size": 1000, **DAYS, **self.named,
        } | params  # fmt: skip
        return await self.client.envelope(f"../{self.base.split('/')[-2]}/{path}", **request)

    async def rows(self, path: str, dimensions: list[str], **params: Any) -> list[dict[str, Any]]:
        """All rows of a report."""
        answer = await self.envelope(path, dimensions, **params)
        assert (answer["code"], answer["message"]) == (0, "OK"), answer
        rows: list[dict[str, Any]] = answer["data"]["list"]
        assert len(rows) == answer["data"]["page_info"]["total_number"]
        return rows


@pytest.fixture
async def version_2(session: aiohttp.ClientSession) -> AsyncIterator[Shop]:
    """The main store of an emulator that answers version 2.0 of the report."""
    async with Emulator(
        Options(now=NOW, tier="unlimited", latency=0, settled=True, gmv_max_report_version="2.0")
    ) as emulator:
        client = Client(emulator, session)
        stores = (await client.data("gmv_max/store/list/", advertiser_id=emulator.advertiser_ids[0]))["store_list"]
        yield Shop(client, "v2.0", stores[0])


@pytest.fixture
async def version_1(settled: Client) -> Shop:
    """The same store in version 1.3."""
    stores = (await settled.data("gmv_max/store/list/", advertiser_id=settled.emulator.advertiser_ids[0]))["store_list"]
    return Shop(settled, "v1.3", stores[0])


def sums(rows: list[dict[str, Any]], metrics: list[str] = SALES) -> dict[str, float]:
    """The sums of some metrics."""
    return {name: round(sum(float(row["metrics"][name]) for row in rows), 2) for name in metrics}


async def test_a_store_has_the_same_figures_in_both_versions(version_1: Shop, version_2: Shop) -> None:
    """By day and by hour. Version 2.0 names the currency unasked."""
    old = await version_1.rows(STORE, ["advertiser_id", "stat_time_day"], metrics=ALL)
    new = await version_2.rows(STORE, ["stat_time_day"], metrics=ALL)
    assert {row["dimensions"]["stat_time_day"]: row["metrics"] for row in new} == {
        row["dimensions"]["stat_time_day"]: row["metrics"] | {"currency": "USD"}
        for row in old
        if any(float(value) for value in row["metrics"].values())
    }
    day = {"start_date": "2026-03-05", "end_date": "2026-03-05"}
    hours = await version_2.rows(STORE, ["stat_time_hour"], **day)
    whole = [row for row in new if row["dimensions"]["stat_time_day"].startswith("2026-03-05")]
    assert sums(hours) == sums(whole)
    assert len(hours) > 10


async def test_the_cost_of_a_store_lands_on_no_product(version_2: Shop) -> None:
    """It is that of the product -1, and orders are those of the products."""
    rows = await version_2.rows(STORE, ["spu_id"])
    by_product = {row["dimensions"]["spu_id"]: row["metrics"] for row in rows}
    cost = by_product.pop("-1")
    whole = sums(await version_2.rows(STORE, ["stat_time_day"]))
    assert (float(cost["cost"]), cost["orders"], float(cost["gross_revenue"])) == (whole["cost"], "0", 0.0)
    assert by_product
    assert all(float(metrics["cost"]) == 0 for metrics in by_product.values())
    assert sum(int(metrics["orders"]) for metrics in by_product.values()) > 0
    chosen = next(iter(by_product))
    some = await version_2.rows(
        STORE, ["spu_id"], filtering=[{"field_name": "spu_id", "filter_type": "IN", "filter_value": [chosen]}]
    )
    assert [row["dimensions"] for row in some] == [{"spu_id": chosen}]


async def test_videos_are_fewer_than_the_store(version_2: Shop) -> None:
    """LIVE rooms and product cards are no videos. Some videos sell without any cost, and come first."""
    rows = await version_2.rows(VIDEOS, ["item_id"])
    ids = [row["dimensions"]["item_id"] for row in rows]
    assert len(set(ids)) == len(ids) > 10
    assert "-1" not in ids
    whole = sums(await version_2.rows(STORE, ["stat_time_day"]))
    assert 0 < sums(rows)["cost"] < whole["cost"]
    organic = [row for row in rows if float(row["metrics"]["cost"]) == 0 and float(row["metrics"]["gross_revenue"])]
    assert organic
    costs = [float(row["metrics"]["cost"]) for row in rows]
    assert not any(costs[: len([cost for cost in costs if not cost])])
    ignored = await version_2.rows(VIDEOS, ["item_id"], order_field="cost", order_type="DESC")
    assert ignored == rows
    falling = await version_2.rows(VIDEOS, ["item_id"], sort_field="cost")
    assert [float(row["metrics"]["cost"]) for row in falling] == sorted(costs, reverse=True)
    wanted = ids[:3]
    some = await version_2.rows(
        VIDEOS, ["item_id"], filtering=[{"field_name": "item_id", "filter_type": "IN", "filter_value": wanted}]
    )
    assert sorted(row["dimensions"]["item_id"] for row in some) == sorted(wanted)


@pytest.mark.parametrize(
    ("path", "wrong", "text"),
    [
        (STORE, {"dimensions": ["item_id"]}, "Invalid dim: item_id is not exist"),
        (STORE, {"dimensions": ["order_source"]}, "Invalid dim: order_source is not exist"),
        (VIDEOS, {"dimensions": ["campaign_id", "ad_id"]}, "Invalid dim: campaign_id is not exist"),
        (VIDEOS, {"dimensions": ["item_id", "stat_time_day"]}, "Invalid dim: stat_time_day is not exist"),
        (VIDEOS, {"metrics": ["cost", "net_cost", "clicks"]}, "Invalid metric: net_cost is not exist"),
        (STORE, {"metrics": ["impressions", "ctr"]}, "Invalid metric: impressions is not exist"),
        (STORE, {"store_authorized_bc_id": ""}, "Missing required field(s): store_authorized_bc_id."),
        (STORE, {"store_ids": []}, "Missing required field(s): store_ids."),
        (STORE, {"filtering": {"item_ids": ["1"]}}, "filtering: Not a valid list."),
        (
            STORE,
            {"filtering": [{"field_name": "item_id", "filter_type": "IN", "filter_value": []}]},
            "Invalid filter: item_id is not exist",
        ),
        (STORE, {"sort_field": "clicks"}, "sort_field: clicks cannot be used to sort."),
        (STORE, {"start_date": "2026-01-01"}, "max time span is 30 days when use stat_time_day"),
    ],
)
async def test_version_2_refuses_in_its_own_words(version_2: Shop, path: str, wrong: dict[str, Any], text: str) -> None:
    """It names the first unknown dimension or metric only."""
    request = {"dimensions": ["stat_time_day"] if path == STORE else ["item_id"]} | wrong
    answer = await version_2.envelope(path, **request)
    assert (answer["code"], answer["message"]) == (40002, text)


async def test_only_one_version_of_the_report_answers(version_1: Shop, version_2: Shop) -> None:
    """The other one is not found, or answers an error without a reason. Other endpoints stay in version 1.3."""
    old = Shop(version_2.client, "v1.3", {"store_id": version_2.store})
    answer = await old.envelope(STORE, ["advertiser_id"])
    assert (answer["code"] != 0, answer["message"]) == (True, "ERROR Message.")
    token = {"Access-Token": version_1.client.emulator.access_token}
    for shop, version, path in (
        (version_1, "v2.0", STORE), (version_1, "v2.0", VIDEOS), (version_2, "v1.3", VIDEOS),
        (version_2, "v2.0", "campaign/get/"), (version_2, "v2.0", "gmv_max/store/list/"),
    ):  # fmt: skip
        url = f"{shop.client.emulator.url}/open_api/{version}/{path}"
        async with shop.client.session.get(url, headers=token) as response:
            assert (response.status, await response.text()) == (404, "Not Found")
    for wrong in ("3.0", "2", ""):
        with pytest.raises(ValueError, match="gmv_max_report_version"):
            Options(gmv_max_report_version=wrong)


# -- posts whose products were chosen


async def post(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer to a POST request."""
    headers = {"Access-Token": client.emulator.access_token}
    url = f"{client.emulator.url}/open_api/v1.3/gmv_max/creation/{path}"
    async with client.session.post(url, json=body, headers=headers) as response:
        answer: dict[str, Any] = await response.json()
        return answer


async def test_posts_name_the_products_that_were_chosen_for_them(version_1: Shop) -> None:
    """They are some of the posts that campaigns can use. Their products are those of the store."""
    client = version_1.client
    account = client.emulator.advertiser_ids[0]
    stores = (await client.data("gmv_max/store/list/", advertiser_id=account))["store_list"]
    named = {
        "advertiser_id": account, "store_id": version_1.store,
        "store_authorized_bc_id": stores[0]["store_authorized_bc_id"],
    }  # fmt: skip
    usual = await client.read_all(
        "gmv_max/video/get/", 50, "item_list", advertiser_id=account, store_id=version_1.store,
        store_authorized_bc_id=named["store_authorized_bc_id"],
    )  # fmt: skip
    request = named | {"creative_source": "ALL", "page_size": 2}
    chosen: list[dict[str, Any]] = []
    for page in range(1, 100):
        data = (await post(client, "custom_anchor_video_list/get/", request | {"page": page}))["data"]
        chosen += data["item_list"]
        if page >= data["page_info"]["total_page"]:
            break
    assert 0 < len(chosen) == data["page_info"]["total_number"] < len(usual)
    assert all(item in usual for item in chosen)
    ids = [item["item_id"] for item in usual][:50]
    answer = await post(client, "shop_video/video_anchors/", named | {"item_ids": [*ids, "7"]})
    anchors = {video["item_id"]: video["product_list"] for video in answer["data"]["video_list"]}
    assert list(anchors) == ids
    for item in usual[:50]:
        assert [product["spu_id"] for product in anchors[item["item_id"]]] == item["spu_id_list"]
    custom = {item["item_id"] for item in chosen}
    assert {name for name, products in anchors.items() if products[0]["anchor_source"] == "CUSTOM"} == custom & set(ids)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("custom_anchor_video_list/get/", {"creative_source": None}),
        ("custom_anchor_video_list/get/", {"page_size": 51}),
        ("custom_anchor_video_list/get/", {"sort_field": ["x"]}),
        ("custom_anchor_video_list/get/", {"sort_type": {"x": 1}}),
        ("custom_anchor_video_list/get/", {"store_authorized_bc_id": "7"}),
        ("shop_video/video_anchors/", {"item_ids": []}),
        ("shop_video/video_anchors/", {"item_ids": ["1"] * 101}),
        ("shop_video/video_anchors/", {"item_ids": {"x": 1}}),
        ("shop_video/video_anchors/", {"store_id": None}),
    ],
)
async def test_posts_refuse_wrong_bodies(version_1: Shop, path: str, wrong: dict[str, Any]) -> None:
    """With 40002, whatever the type of a value."""
    client = version_1.client
    account = client.emulator.advertiser_ids[0]
    stores = (await client.data("gmv_max/store/list/", advertiser_id=account))["store_list"]
    body = {
        "advertiser_id": account, "store_id": version_1.store, "creative_source": "ALL", "item_ids": ["1"],
        "store_authorized_bc_id": stores[0]["store_authorized_bc_id"],
    } | wrong  # fmt: skip
    answer = await post(client, path, {name: value for name, value in body.items() if value is not None})
    assert answer["code"] == 40002
