"""TikTok's own SDK for Python, which takes the host as a setting: it reads what plain requests get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from clients.client import Client
from clients.emulation import END, START, Emulation, spend
from tiktok_marketing.emulator.platform import Platform

CLIENT = "sdk"

Arguments = Mapping[str, Any]

LACKING = frozenset(
    {
        "user/info/", "tt_video/list/", "file/image/ad/search/", "file/music/get/", "pixel/instant_page/event/",
        "report/task/download/", "gmv_max/campaign/get/",
    }
)  # fmt: skip
"""The paths that TikTok documents and its SDK has no method for."""

REFUSED = frozenset({"report/task/check/"})
"""What the emulator refuses by default, as TikTok does for most apps."""

BUYING_TYPES = (["AUCTION", "RESERVATION_RF"], ["RESERVATION_TOP_VIEW"])
"""What lists of objects must be asked for apart."""

LEVELS = ("advertiser", "campaign", "adgroup", "ad")


def served() -> list[str]:
    """The paths that the emulator serves for reading, without the exchange of tokens."""
    return sorted(path for path, methods in Platform().methods.items() if "GET" in methods)


def arguments_of(path: str, emulation: Emulation) -> Arguments:  # noqa: C901, PLR0911 - one case per path reads best
    """What the SDK's method for a path asks for: most of them, for the account alone."""
    own = {"advertiser_id": emulation.advertiser_ids[0]}
    match path:
        case "oauth2/advertiser/get/":
            return {"app_id": emulation.app_id, "secret": emulation.secret}
        case "advertiser/info/":
            return {"advertiser_ids": emulation.advertiser_ids}
        case "report/integrated/get/":
            return report(emulation.advertiser_ids[0], "campaign")
        case "report/task/check/":
            return {**own, "task_id": "1"}
        case "pixel/event/stats/":
            pixels = [pixel["pixel_id"] for pixel in emulation.data("pixel/list/", own)["pixels"]]
            return {**own, "pixel_ids": pixels, "date_range": {"start_date": START, "end_date": END}}
        case "bc/get/":
            return {}
        case "bc/asset/get/":
            return {"bc_id": business_center(emulation), "asset_type": "ADVERTISER"}
        case path if "gmv_max" in path:
            return {**own, **about_gmv_max(path, emulation)}
        case "advertiser/balance/get/" | "bc/balance/get/":
            return {"bc_id": business_center(emulation)}
        case "file/image/ad/info/" | "file/video/ad/info/":
            kind = path.split("/")[1]
            return {**own, f"{kind}_ids": [record[f"{kind}_id"] for record in assets(emulation, kind)]}
        case "tool/os_version/":
            return {**own, "os_type": "ANDROID"}
        case "tool/region/":
            return {**own, "placements": ["PLACEMENT_TIKTOK"], "objective_type": "TRAFFIC"}
    return own


def about_gmv_max(path: str, emulation: Emulation) -> Arguments:
    """What a method for GMV Max asks for beside the account: most of them, the main store."""
    own = {"advertiser_id": emulation.advertiser_ids[0]}
    store = emulation.data("gmv_max/store/list/", own)["store_list"][0]
    kinds = {"filtering": {"gmv_max_promotion_types": ["PRODUCT_GMV_MAX"]}}
    campaign = {"campaign_id": emulation.data("gmv_max/campaign/get/", own | kinds)["list"][-1]["campaign_id"]}
    match path:
        case "gmv_max/store/list/":
            return {}
        case "gmv_max/campaign/get/":
            return kinds
        case "gmv_max/report/get/":
            days = {"start_date": START, "end_date": END}
            metrics = ["cost", "net_cost", "orders", "cost_per_order", "gross_revenue", "roi"]
            dimensions = ["advertiser_id", "stat_time_day"]
            return {"store_ids": [store["store_id"]], "dimensions": dimensions, "metrics": metrics, **days}
        case "campaign/gmv_max/info/" | "campaign/gmv_max/session/list/":
            return campaign
        case "campaign/gmv_max/session/get/":
            sessions = emulation.data("campaign/gmv_max/session/list/", own | campaign)["session_list"]
            return {"session_ids": [session["session_id"] for session in sessions]}
    asset = {"occupied_asset_type": "SPU", "asset_ids": ["1"]} if "occupied" in path else {}
    wanted = {"shopping_ads_type": "PRODUCT", "optimization_goal": "VALUE"} if "bid" in path else {}
    center = {} if "shop_ad" in path or asset or wanted else {"store_authorized_bc_id": store["store_authorized_bc_id"]}
    return {"store_id": store["store_id"], **center, **asset, **wanted}


def business_center(emulation: Emulation) -> str:
    """The first Business Center's id."""
    identifier: str = emulation.data("bc/get/", {})["list"][0]["bc_info"]["bc_id"]
    return identifier


def assets(emulation: Emulation, kind: str) -> list[Any]:
    """The first images or videos of the first account."""
    records: list[Any] = emulation.data(f"file/{kind}/ad/search/", {"advertiser_id": emulation.advertiser_ids[0]})[
        "list"
    ]
    return records


def report(account: str, level: str, **changed: Any) -> Arguments:
    """A daily report of a level."""
    return {
        "report_type": "BASIC",
        "advertiser_id": account,
        "data_level": f"AUCTION_{level.upper()}",
        "dimensions": [f"{level}_id", "stat_time_day"],
        "metrics": ["spend", "impressions", "clicks", "reach", "conversion"],
        "start_date": START,
        "end_date": END,
        "page_size": 1000,
        **changed,
    }


def ask(client: Client, emulation: Emulation, *calls: tuple[str, Arguments]) -> list[Any]:
    """What the SDK answers to each call."""
    request = {"host": emulation.url, "token": emulation.access_token, "calls": calls}
    answers: list[Any] = client.ask("sdk", request)
    return answers


@pytest.fixture(scope="module")
def answers(client: Client, emulation: Emulation) -> dict[str, Any]:
    """The SDK's answer for each path."""
    calls = [(path, arguments_of(path, emulation)) for path in served()]
    return dict(zip(served(), ask(client, emulation, *calls), strict=True))


@pytest.mark.parametrize("path", [path for path in served() if path not in LACKING | REFUSED])
def test_the_sdk_reads_every_endpoint(answers: dict[str, Any], emulation: Emulation, path: str) -> None:
    """What it deserializes is what a plain request gets."""
    expected = emulation.data(path, arguments_of(path, emulation))
    assert expected
    assert answers[path] is not None, "The SDK has no method for it."
    assert answers[path].get("error") is None
    assert answers[path]["data"]["data"] == expected


def test_the_sdk_has_no_method_for_some_endpoints(answers: dict[str, Any]) -> None:
    """Those that are listed, and no others."""
    assert {path for path, answer in answers.items() if answer is None} == LACKING & set(served())


@pytest.mark.parametrize("level", LEVELS)
def test_the_sdk_reads_whole_reports(client: Client, emulation: Emulation, level: str) -> None:
    """Rows and spend of every account are the truth, deleted ads included."""
    status = {"field_name": f"{level}_status", "filter_type": "IN", "filter_value": '["STATUS_ALL"]'}
    filtering = {} if level == "advertiser" else {"filtering": [status]}
    calls = [("report/integrated/get/", report(account, level, **filtering)) for account in emulation.advertiser_ids]
    read = ask(client, emulation, *calls)
    totals = 0
    for account, answer in zip(emulation.advertiser_ids, read, strict=True):
        truth = emulation.truth(account, include_deleted=True)
        rows = answer["data"]["data"]["list"]
        assert len(rows) == truth["rows"][level]["daily"]
        assert spend(row["metrics"]["spend"] for row in rows) == spend([truth["metrics"][level]["spend"]])
        totals += len(rows)
    assert totals > 0


@pytest.mark.parametrize("level", LEVELS[1:])
def test_the_sdk_reads_whole_lists_of_objects(client: Client, emulation: Emulation, level: str) -> None:
    """As many campaigns, ad groups and ads as there are, deleted ones included."""
    filters = [{"primary_status": "STATUS_ALL", "buying_types": types} for types in BUYING_TYPES]
    asked = [(account, filtering) for account in emulation.advertiser_ids for filtering in filters]
    calls = [
        (f"{level}/get/", {"advertiser_id": account, "page_size": 100, "filtering": filtering})
        for account, filtering in asked
    ]
    read = ask(client, emulation, *calls)
    for account in emulation.advertiser_ids:
        lists = [
            answer["data"]["data"]["list"] for (owner, _), answer in zip(asked, read, strict=True) if owner == account
        ]
        total = emulation.truth(account, include_deleted=True)["objects"][f"{level}s"]["total"]
        assert len({record[f"{level}_id"] for records in lists for record in records}) == total


def test_the_sdk_raises_what_most_apps_may_not(answers: dict[str, Any], emulation: Emulation) -> None:
    """With the return code and the message of a plain request."""
    for path in REFUSED:
        refusal = emulation.envelope(path, arguments_of(path, emulation))
        assert refusal["code"] == 40118
        assert f"Error Code: 40118, message: {refusal['message']}" in answers[path]["error"]


def test_the_sdk_raises_what_is_refused(client: Client, emulation: Emulation) -> None:
    """With the return code and the message of a plain request."""
    arguments = report(emulation.advertiser_ids[0], "ad", metrics=["spend", "no_such_metric"])
    refusal = emulation.envelope("report/integrated/get/", arguments)
    (answer,) = ask(client, emulation, ("report/integrated/get/", arguments))
    assert refusal["code"] == 40002
    assert f"Error Code: {refusal['code']}, message: {refusal['message']}" in answer["error"]
