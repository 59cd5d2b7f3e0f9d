"""The endpoints of streams on request in the API model: GMV Max, Smart+ creatives, reviews and lookups.

The emulator's parsers, which are written from the documents, check the requests for reports.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from simulation.limits import TOO_MUCH, Limited, Limits, Slow
from simulation.shops import LIVE, PRODUCT, Campaign, Shops, Store
from simulation.world import Account, World
from tiktok_marketing.emulator.endpoints.envelope import Refusal
from tiktok_marketing.emulator.endpoints.gmv_max import query as gmv_max
from tiktok_marketing.emulator.endpoints.reports.query import dates
from tiktok_marketing.emulator.endpoints.smart_plus import query as smart_plus

REPORT = "report/integrated/get/"
OWN_REPORT_TYPES = frozenset({"TT_SHOP", "PLAYABLE_MATERIAL"})
"""Types of reports in the endpoint of the usual ones that have neither their filters nor their levels."""
_PROMOTIONS = {"PRODUCT_GMV_MAX": PRODUCT, "LIVE_GMV_MAX": LIVE}
_ID_FILTERS = {"campaign_ids": "campaign_id", "item_group_ids": "item_group_id", "room_ids": "room_id"}
_LIVE_METRIC = "live_views"
_LANGUAGES = ("de", "en", "ja")
_REVIEWED_AT_ONCE = 20


class OnRequest:
    """Answers these endpoints.

    Args:
        world: The world.
        shops: Its stores.
        limits: How much the API accepts and delivers.
        refused: Metrics that the application may not read.
    """

    def __init__(self, world: World, shops: Shops, limits: Limits, refused: frozenset[str]) -> None:
        self._world = world
        self._shops = shops
        self._limits = limits
        self._refused = refused
        self.reviews_lack = 0
        """An answer about several ads lacks every review with this number in turn; 0 for none."""
        self._answers: dict[str, Callable[[Account, Mapping[str, str], float], Any]] = {
            "gmv_max/store/list/": self._stores,
            "gmv_max/campaign/get/": self._campaigns,
            "campaign/gmv_max/info/": self._campaign_details,
            "campaign/gmv_max/session/list/": self._sessions,
            "gmv_max/video/get/": self._posts,
            "gmv_max/report/get/": self._store_report,
            "smart_plus/material_report/overview/": self._materials_of_ads,
            "smart_plus/material_report/breakdown/": self._materials_by_day,
            "ad/review_info/": self._reviews,
            "tool/language/": self._languages,
            REPORT: self._report,
        }

    def __contains__(self, endpoint: str) -> bool:
        return endpoint in self._answers

    def answer(self, endpoint: str, account: Account, params: Mapping[str, str], at: float) -> bytes:
        """The `data` of an answer.

        Raises:
            Refusal: If TikTok would refuse it.
            Slow: If TikTok would say nothing.
        """
        data = self._answers[endpoint](account, params, min(at, self._world.frozen))
        return json.dumps(data, separators=(",", ":")).encode()

    # lists

    def _stores(self, account: Account, _params: Mapping[str, str], at: float) -> Any:
        return {
            "store_list": [
                {
                    "store_id": store.id,
                    "store_name": "v1",
                    "store_authorized_bc_id": store.center,
                    "is_gmv_max_available": store.available,
                }
                for store in self._shops.seen_by(account, at)
            ]
        }

    def _campaigns(self, account: Account, params: Mapping[str, str], at: float) -> Any:
        filtering = json.loads(params.get("filtering") or "{}")
        kinds = filtering.get("gmv_max_promotion_types") or []
        if not kinds or not _PROMOTIONS.keys() >= set(kinds):
            raise Refusal(40002, "Missing required field(s): filtering.gmv_max_promotion_types.")
        deleted = filtering.get("primary_status") == "STATUS_DELETE"
        promotions = {_PROMOTIONS[kind] for kind in kinds}
        chosen = [
            campaign
            for campaign in reversed(self._shops.campaigns_of(account))
            if campaign.exists(at) and campaign.promotion in promotions and (campaign.deleted <= at) == deleted
        ]
        return self._page(params, 100, [self._campaign(campaign, at) for campaign in chosen])

    def _campaign(self, campaign: Campaign, at: float) -> dict[str, Any]:
        text = self._world.text
        return {
            "advertiser_id": campaign.store.owner.id,
            "campaign_id": str(campaign.number),
            "campaign_name": f"v{campaign.version(at)}",
            "create_time": text(campaign.created),
            "modify_time": text(campaign.modified(at)),
        }

    def _campaign_named(self, account: Account, params: Mapping[str, str], at: float) -> Campaign:
        for campaign in self._shops.campaigns_of(account):
            if str(campaign.number) == params.get("campaign_id") and campaign.exists(at):
                return campaign
        raise Refusal(40002, f"campaign_id: The campaign {params.get('campaign_id')} does not exist.")

    def _campaign_details(self, account: Account, params: Mapping[str, str], at: float) -> Any:
        campaign = self._campaign_named(account, params, at)
        return self._campaign(campaign, at) | {"store_id": campaign.store.id, "item_list": []}

    def _sessions(self, account: Account, params: Mapping[str, str], at: float) -> Any:
        campaign = self._campaign_named(account, params, at)
        return {
            "session_list": [
                {"campaign_id": str(campaign.number), "session_id": session} for session in sessions_of(campaign)
            ]
        }

    def _posts(self, account: Account, params: Mapping[str, str], at: float) -> Any:
        store = self._store(account, params.get("store_id", ""), at)
        if params.get("store_authorized_bc_id") != store.center:
            raise Refusal(40002, "store_authorized_bc_id: The Business Center does not have the store.")
        return self._page(params, 50, [{"item_id": post} for post in posts_of(store, at)], "item_list")

    def _store(self, account: Account, store_id: str, at: float) -> Store:
        for store in self._shops.seen_by(account, at):
            if store.id == store_id:
                return store
        raise Refusal(40001, f"The advertiser has no permission to the store {store_id}.")

    def _reviews(self, account: Account, params: Mapping[str, str], at: float) -> Any:
        wanted = json.loads(params.get("ad_ids", "[]"))
        if not 1 <= len(wanted) <= _REVIEWED_AT_ONCE:
            raise Refusal(40002, f"ad_ids: The list must have 1 to {_REVIEWED_AT_ONCE} values.")
        ads = [str(ad.number) for ad in account.entities["ad"] if ad.exists(at) and str(ad.number) in wanted]
        if self.reviews_lack and len(wanted) > 1:
            ads = [ad for number, ad in enumerate(ads, 1) if number % self.reviews_lack]
        return {"ad_review_map": {ad: {"id": ad, "review_status": "ALL_AVAILABLE"} for ad in ads}}

    def _languages(self, _account: Account, _params: Mapping[str, str], _at: float) -> Any:
        return {"languages": [{"code": code, "name": code.upper()} for code in _LANGUAGES]}

    def _page(
        self, params: Mapping[str, str], most: int, records: Sequence[dict[str, Any]], key: str = "list"
    ) -> dict[str, Any]:
        page, size = self._limits.page_of(params, most)
        shown = list(records[(page - 1) * size : page * size])
        return {key: shown, "page_info": self._limits.page_info(page, size, len(records))}

    # reports

    def _store_report(self, account: Account, params: Mapping[str, str], at: float) -> Any:
        asked = json.loads(params.get("store_ids", "[]"))
        if len(asked) != 1:
            raise Refusal(40002, "store_ids: The list must have 1 value.")
        query = gmv_max.parse(params)
        store = self._store(account, asked[0], at)
        ids = {_ID_FILTERS[name]: frozenset(values) for name, values in query.ids.items()}
        days = (query.end - query.start).days + 1 if query.time else 1
        subjects = max([len(store.campaigns), *map(len, ids.values())])
        self._weigh(subjects * days * (24 if query.time == "stat_time_hour" else 1))
        promotion = next(iter(query.words.get("gmv_max_promotion_types", ("",))))
        if "campaign_id" in query.dimensions and not promotion:
            promotion = LIVE if "room_id" in query.dimensions else PRODUCT
        statuses = query.words.get("campaign_statuses", ())
        rows = self._shops.rows(
            account,
            store,
            query.dimensions,
            (query.start, query.end),
            at,
            promotion=promotion,
            deleted_too="campaign_id" not in query.dimensions or bool(statuses),
            only_deleted=statuses == ("STATUS_DELETE",),
            ids=ids,
        )
        return self._rows(params, 1000, query.dimensions, query.metrics, rows, "cost")

    def _materials_of_ads(self, account: Account, params: Mapping[str, str], at: float) -> Any:
        return self._materials(account, params, at, overview=True)

    def _materials_by_day(self, account: Account, params: Mapping[str, str], at: float) -> Any:
        return self._materials(account, params, at, overview=False)

    def _materials(self, account: Account, params: Mapping[str, str], at: float, *, overview: bool) -> Any:
        query = smart_plus.parse(params, overview=overview)
        days = None if query.start is None or query.end is None else (query.start, query.end)
        if days is not None:
            self._weigh((days[1] - days[0]).days + 1)
        dimensions = (*json.loads(params["dimensions"]), "main_material_type")
        rows = self._world.rows(account, "MATERIALS", dimensions, days, at)
        return self._rows(params, 100, dimensions, query.metrics, rows, "spend")

    def _report(self, account: Account, params: Mapping[str, str], at: float) -> Any:
        dimensions, metrics = json.loads(params["dimensions"]), json.loads(params["metrics"])
        time = "stat_time_day" if "stat_time_day" in dimensions else ""
        days: tuple[date, date] | None = None
        if params.get("query_lifetime") != "true" or time:
            days = dates(params, time)
            self._weigh(((days[1] - days[0]).days + 1 if time else 1) * 2)
        if params["report_type"] == "PLAYABLE_MATERIAL":
            rows = self._world.rows(account, "PLAYABLES", dimensions, days, at)
        elif days is None or params.get("filtering"):
            raise Refusal(40002, "filtering: It is not supported by TT_SHOP reports.")
        else:
            rows = self._shops.spend(account, dimensions, days, at)
        return self._rows(params, 1000, dimensions, metrics, rows, "spend")

    def _weigh(self, work: int) -> None:
        if work > self._limits.heavy:
            if self._limits.heavy_code is None:
                raise Slow
            raise Limited(TOO_MUCH, self._limits.heavy_code, "The query is too large, or took too long.")

    def _rows(
        self,
        params: Mapping[str, str],
        most: int,
        dimensions: Sequence[str],
        metrics: Sequence[str],
        rows: Mapping[tuple[str, ...], int],
        version: str,
    ) -> Any:
        """A page of rows, whose metric `version` has the version."""
        refused = [name for name in metrics if name in self._refused]
        if refused:
            raise Limited("metric refused", 40002, f"Invalid metric: {refused[0]} is not exist")
        empty = dict.fromkeys(metrics, "-")
        if _LIVE_METRIC in empty:
            empty[_LIVE_METRIC] = "1"
        records = [
            {"dimensions": dict(zip(dimensions, key, strict=True)), "metrics": empty | {version: f"{number}.00"}}
            for key, number in rows.items()
        ]
        return self._page(params, most, records)


def sessions_of(campaign: Campaign) -> list[str]:
    """The ids of a campaign's sessions."""
    return [str(campaign.number * 10 + place) for place in range(campaign.number % 3)]


def posts_of(store: Store, at: float) -> list[str]:
    """The ids of the posts that campaigns for products of a store can use, newest first."""
    posts = [
        str(leaf.number)
        for campaign in store.campaigns
        if campaign.promotion == PRODUCT
        for leaf in campaign.leaves
        if leaf.exists(at)
    ]
    return posts[::-1]
