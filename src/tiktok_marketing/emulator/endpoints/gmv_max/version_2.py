"""Version 2.0 of the GMV Max report: one endpoint for a store, and one for its videos.

TikTok's public documentation does not have it, but applications read it. Its dimensions, filters and refusals differ.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.business.days import local_ordinal
from tiktok_marketing.emulator.business.shop.figures import INDEX, ShopFigures
from tiktok_marketing.emulator.business.shop.stores import Store
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, page_info, refuse
from tiktok_marketing.emulator.endpoints.gmv_max.levels import CREATIVES, OVERVIEW, PRODUCTS, TIMES, Level
from tiktok_marketing.emulator.endpoints.gmv_max.metrics import Metrics
from tiktok_marketing.emulator.endpoints.gmv_max.query import GmvMaxQuery
from tiktok_marketing.emulator.endpoints.gmv_max.rows import CARD, Row, Rows
from tiktok_marketing.emulator.endpoints.reports.query import dates
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.randomness import keyed

STORE_PATH, VIDEO_PATH = "v2.0/gmv_max/report/get/", "v2.0/gmv_max/video_list/report/get/"
"""The paths of the two endpoints below `/open_api/`."""

_PRODUCT, _VIDEO = "spu_id", "item_id"
_NO_PRODUCT = "-1"
"""The product on which the cost of a store lands."""
_SALES = ("cost", "gross_revenue", "orders", "roi", "cost_per_order")
_MAX_PAGE = 1000
_COSTS = tuple(INDEX[name] for name in ("cost", "item_cost", "net_cost"))
_COST = INDEX["cost"]


class Report2(msgspec.Struct, frozen=True):
    """What one of the endpoints accepts.

    Attributes:
        dimensions: Its dimensions.
        metrics: Its metrics.
        longest: How many dimensions a request can have.
    """

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    longest: int


_REPORTS = {
    STORE_PATH: Report2((*TIMES, _PRODUCT), (*_SALES, "net_cost"), 2),
    VIDEO_PATH: Report2((_VIDEO,), _SALES, 1),
}


class GmvMaxReport2:
    """Answers requests for the two endpoints.

    Args:
        options: The settings of the emulator.
        store_of: Gives the store of a request, which must name its Business Center.
        figures_of: Gives the figures of the store's owner.
    """

    def __init__(
        self,
        options: Options,
        store_of: Callable[[Account, Mapping[str, Any]], Store],
        figures_of: Callable[[Account, int], ShopFigures],
    ) -> None:
        self._options = options
        self._store_of = store_of
        self._figures_of = figures_of

    def answer(self, path: str, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        """Answer with one page.

        Raises:
            Refusal: The request is wrong.
        """
        store_ids = read.texts(params, "store_ids")
        if not store_ids:
            refuse("Missing required field(s): store_ids.")
        if len(store_ids) > 1:
            refuse("store_ids: Longer than maximum length 1.")
        store = self._store_of(account, {**params, "store_id": store_ids[0]})
        query = _parse(path, params)
        page, size = read.integer(params, "page", 1, 1, None), read.integer(params, "page_size", 10, 1, _MAX_PAGE)
        rows = self._rows(query, store, account, now)
        metrics = Metrics(query.level, account, local_ordinal(account.zone, now), now, None)
        seed = keyed(self._options.seed, account.key)
        rows.sort(key=lambda row: (row.vector[_COST] > 0, keyed(seed, *"|".join(row.dimensions.values()).encode())))
        if query.sort_field:
            rows.sort(key=lambda row: metrics.number(query.sort_field, row.vector), reverse=not query.ascending)
        shown = [
            {
                "dimensions": row.dimensions,
                "metrics": {name: metrics.sum_shown(name, row.vector) for name in query.metrics}
                | {"currency": account.template.currency},
            }
            for row in rows[(page - 1) * size : page * size]
        ]
        return encode({"list": shown, "page_info": page_info(page, size, len(rows))})

    def _rows(self, query: GmvMaxQuery, store: Store, account: Account, now: int) -> list[Row]:
        """All rows of a query."""
        collected = Rows(query, store, account, self._figures_of(store.owner, now)).collect(zero_rows=False)
        if query.level is CREATIVES:
            return [_renamed(row, _VIDEO, row.dimensions["item_id"]) for row in collected if _is_video(row)]
        if query.level is OVERVIEW:
            return [_timed(row, query) for row in collected]
        whole = msgspec.structs.replace(query, level=OVERVIEW, dimensions=("advertiser_id", *_times(query)), ids={})
        costs = Rows(whole, store, account, self._figures_of(store.owner, now)).collect(zero_rows=False)
        products = [row for row in map(_without_cost, collected) if any(row.vector)]
        rows = [_renamed(row, _PRODUCT, row.dimensions["item_group_id"]) for row in products]
        if not query.allows("item_group_ids", _NO_PRODUCT):
            return rows
        return [*rows, *(_renamed(_only_cost(row), _PRODUCT, _NO_PRODUCT) for row in costs)]


def _parse(path: str, params: Mapping[str, Any]) -> GmvMaxQuery:
    """Read the parameters of a request. Rows are collected as for version 1.3."""
    report = _REPORTS[path]
    dimensions = list(dict.fromkeys(read.texts(params, "dimensions") or []))
    if not dimensions:
        refuse("Missing required field(s): dimensions.")
    for name in dimensions:
        if name not in report.dimensions:
            refuse(f"Invalid dim: {name} is not exist")
    times = [name for name in dimensions if name in TIMES]
    if len(dimensions) > report.longest or len(times) > 1:
        refuse("Invalid dim: too many dimensions")
    metrics = list(dict.fromkeys(read.texts(params, "metrics") or []))
    if not metrics:
        refuse("Missing required field(s): metrics.")
    for name in metrics:
        if name not in report.metrics:
            refuse(f"Invalid metric: {name} is not exist")
    time = times[0] if times else ""
    start, end = dates(params, time)
    sort_field, sort_type = str(params.get("sort_field") or ""), params.get("sort_type", "DESC")
    if sort_field and sort_field not in report.metrics:
        refuse(f"sort_field: {sort_field} cannot be used to sort.")
    if sort_type not in ("ASC", "DESC"):
        refuse("sort_type: Must be one of: ASC, DESC.")
    level, inner = _level(dimensions)
    return GmvMaxQuery(
        level=level,
        dimensions=(inner, *times),
        metrics=tuple(metrics),
        time=time,
        start=start,
        end=end,
        ids=_filters(params, report),
        words={},
        texts={},
        sort_field=sort_field,
        ascending=sort_type == "ASC",
        totals=False,
    )


def _level(dimensions: list[str]) -> tuple[Level, str]:
    """The level of version 1.3 that the rows come from, and its ID dimension."""
    if _VIDEO in dimensions:
        return CREATIVES, "item_id"
    return (PRODUCTS, "item_group_id") if _PRODUCT in dimensions else (OVERVIEW, "advertiser_id")


def _filters(params: Mapping[str, Any], report: Report2) -> dict[str, tuple[str, ...]]:
    """The ids that filters allow: a list of objects whose `filter_value`, in the singular, is a list of ids."""
    entries = read.json_value(params, "filtering") or []
    if not isinstance(entries, list):
        refuse("filtering: Not a valid list.")
    names = {_VIDEO: "item_ids", _PRODUCT: "item_group_ids"}
    ids: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        if not isinstance(entry, dict) or set(entry) != {"field_name", "filter_type", "filter_value"}:
            refuse("filtering: Each filter must have field_name, filter_type and filter_value.")
        field = entry["field_name"]
        if not isinstance(field, str) or field not in names or field not in report.dimensions:
            refuse(f"Invalid filter: {field} is not exist")
        if entry["filter_type"] != "IN":
            refuse(f"filter_type: {entry['filter_type']} is not a valid filter type.")
        ids[names[field]] = tuple(read.text_list(read.json_value(entry, "filter_value") or [], field))
    return ids


def _times(query: GmvMaxQuery) -> tuple[str, ...]:
    return (query.time,) if query.time else ()


def _is_video(row: Row) -> bool:
    """Whether a row is about a video. Product cards are about none."""
    return row.dimensions["item_id"] != CARD


def _timed(row: Row, query: GmvMaxQuery) -> Row:
    """A row of the whole store, which names its time only."""
    return Row({name: row.dimensions[name] for name in _times(query)}, row.subject, row.vector)


def _renamed(row: Row, name: str, value: str) -> Row:
    """A row that names what it is about as version 2.0 does."""
    times = {time: text for time, text in row.dimensions.items() if time in TIMES}
    return Row({name: value} | times, row.subject, row.vector)


def _without_cost(row: Row) -> Row:
    """The orders of a product and what they brought. Its cost is the store's."""
    wanted = {INDEX["orders"], INDEX["gross_revenue"]}
    vector = [value if place in wanted else 0 for place, value in enumerate(row.vector)]
    return Row(row.dimensions, row.subject, vector)


def _only_cost(row: Row) -> Row:
    """The cost of a store. Its orders are those of products."""
    vector = [value if place in _COSTS else 0 for place, value in enumerate(row.vector)]
    vector[INDEX["item_cost"]] = vector[_COST]
    return Row(row.dimensions, row.subject, vector)
