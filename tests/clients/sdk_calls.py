"""What TikTok's SDKs are asked for: every path that the emulator serves for reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.emulation import END, START, Emulation
from tiktok_marketing.emulator.platform import Platform

Arguments = Mapping[str, Any]

LEVELS = ("advertiser", "campaign", "adgroup", "ad")


def served() -> list[str]:
    """The paths that the emulator serves for reading, without the exchange of tokens."""
    return sorted(path for path, methods in Platform().methods.items() if "GET" in methods)


def arguments_of(path: str, emulation: Emulation) -> Arguments:  # noqa: C901, PLR0911, PLR0912 - one case per path reads best
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
        case path if path.startswith(("smart_plus/", "campaign/spc/")) or "review_info" in path:
            return {**own, **about_smart_plus(path, emulation)}
        case path if "bid_protection" in path:
            ids = [record["campaign_id"] for record in emulation.data("campaign/get/", own)["list"]]
            return {**own, "data_level": "CAMPAIGN", "query_ids": ids, "start_date": END, "end_date": END}
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


def about_smart_plus(path: str, emulation: Emulation) -> Arguments:
    """What a method for Smart+ or for reviews asks for beside the account."""
    own = {"advertiser_id": emulation.advertiser_ids[0]}
    everything = {**own, "filtering": {"primary_status": "STATUS_ALL"}}
    if "material_report" in path:
        owner = ["smart_plus_ad_id"] if "overview" in path else []
        return {"dimensions": [*owner, "main_material_id"], "start_date": "2026-01-01", "end_date": END}
    match path:
        case "campaign/spc/get/":
            return {"campaign_ids": [record["campaign_id"] for record in emulation.data("campaign/get/", own)["list"]]}
        case "ad/review_info/" | "adgroup/review_info/":
            level = path.split("/", 1)[0]
            ids = [record[f"{level}_id"] for record in emulation.data(f"{level}/get/", own)["list"]]
            return {f"{level}_ids": ids}
        case "smart_plus/ad/review_info/" | "smart_plus/material/review_info/":
            ads = emulation.data("smart_plus/ad/get/", everything)["list"]
            if "material" in path:
                return {"ad_material_ids": [item["ad_material_id"] for ad in ads for item in ad["creative_list"]]}
            return {"smart_plus_ad_ids": [ad["smart_plus_ad_id"] for ad in ads]}
    return {"filtering": everything["filtering"]}


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
