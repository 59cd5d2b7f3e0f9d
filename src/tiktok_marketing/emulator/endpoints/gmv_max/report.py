"""gmv_max/report/get: one page of the GMV Max report on a store."""

from collections.abc import Callable, Mapping
from typing import Any

from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.business.days import local_ordinal
from tiktok_marketing.emulator.business.identities import identities
from tiktok_marketing.emulator.business.shop.figures import COMPONENTS, ShopFigures
from tiktok_marketing.emulator.business.shop.stores import Store
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.cache import BoundedCache
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, page_info, refuse
from tiktok_marketing.emulator.endpoints.gmv_max.levels import CREATIVES, PRODUCTS
from tiktok_marketing.emulator.endpoints.gmv_max.metrics import Metrics, Value
from tiktok_marketing.emulator.endpoints.gmv_max.query import GmvMaxQuery, parse
from tiktok_marketing.emulator.endpoints.gmv_max.rows import Row, Rows
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.randomness import keyed

StoreSource = Callable[[Account, str], Store]
"""Gives the store with an id that an account sees. It refuses an id that it does not see."""
ShopFigureSource = Callable[[Account, int], ShopFigures]
"""Gives what the GMV Max campaigns of an account show at a time."""

_MAX_PAGE = 1000
_CACHED_ROWS = 30_000


class GmvMaxReport:
    """Answers requests for the report.

    Args:
        options: The settings of the emulator.
        store_of: Gives the store of a request.
        figures_of: Gives the figures of the store's owner.
    """

    def __init__(self, options: Options, store_of: StoreSource, figures_of: ShopFigureSource) -> None:
        self._options = options
        self._store_of = store_of
        self._figures_of = figures_of
        self._rows: BoundedCache[list[Row]] = BoundedCache(_CACHED_ROWS)

    def answer(self, account: Account, params: Mapping[str, Any], now: int) -> Answer:
        """Answer with one page.

        Raises:
            Refusal: The request is wrong.
        """
        store_ids = read.texts(params, "store_ids")
        if not store_ids:
            refuse("Missing required field(s): store_ids.")
        if len(store_ids) > 1:
            refuse("store_ids: Longer than maximum length 1.")
        query = parse(params)
        page, size = read.integer(params, "page", 1, 1, None), read.integer(params, "page_size", 10, 1, _MAX_PAGE)
        store = self._store_of(account, store_ids[0])
        rows = self._all_rows(query, store, account, now)
        metrics = self._metrics(query, store, account, now)
        if query.sort_field:
            rows = sorted(
                rows, key=lambda row: metrics.number(query.sort_field, row.vector), reverse=not query.ascending
            )
        shown = [
            {"dimensions": row.dimensions, "metrics": self._shown(query, metrics, account, row)}
            for row in rows[(page - 1) * size : page * size]
        ]
        data: dict[str, Any] = {"list": shown, "page_info": page_info(page, size, len(rows))}
        if query.totals:
            data["total_metrics"] = _totals(query, metrics, rows)
        return encode(data)

    def _all_rows(self, query: GmvMaxQuery, store: Store, account: Account, now: int) -> list[Row]:
        """All rows of a query, in an order that follows from it. Rows without cost come first, as at TikTok."""
        key = (account.id, store.id, query.fingerprint)
        cache = self._rows.at(now)
        rows = cache.get(key)
        if rows is None:
            collected = Rows(query, store, account, self._figures_of(store.owner, now))
            rows = collected.collect(zero_rows=self._options.zero_rows)
            if self._options.shuffled_rows:
                seed = keyed(self._options.seed, account.key, *query.fingerprint)
                rows.sort(key=lambda row: (row.vector[0] > 0, keyed(seed, *"|".join(row.dimensions.values()).encode())))
            cache.put(key, rows, len(rows) + 1)
        return rows

    @staticmethod
    def _metrics(query: GmvMaxQuery, store: Store, account: Account, now: int) -> Metrics:
        permitted = account is store.owner
        known = [item for item in identities(store.owner, now) if item.type == "TT_USER"] if permitted else []
        return Metrics(query.level, account, local_ordinal(account.zone, now), now, known[0] if known else None)

    @staticmethod
    def _shown(query: GmvMaxQuery, metrics: Metrics, account: Account, row: Row) -> dict[str, Value]:
        """The metrics of a row in the order of the alphabet. Rows of products and posts name a currency, unasked."""
        values = metrics.shown(query.metrics, row)
        if query.level is PRODUCTS:
            values["currency"] = "0"
        elif query.level is CREATIVES:
            values["currency"] = account.template.currency
        return dict(sorted(values.items()))


def _totals(query: GmvMaxQuery, metrics: Metrics, rows: list[Row]) -> dict[str, Value]:
    """The metrics of all rows together, without those that describe an object."""
    total = [0] * len(COMPONENTS)
    for row in rows:
        total = [value + more for value, more in zip(total, row.vector, strict=True)]
    describing = {*query.level.attributes, "roas_bid", "product_status", "creative_delivery_status"}
    return {name: metrics.sum_shown(name, total) for name in sorted(query.metrics) if name not in describing}
