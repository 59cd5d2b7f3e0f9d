"""Compares what a store cost and sold with its campaigns for products and LIVE rooms, inside the database.

Together they are the whole store. Its posts are not: LIVE rooms and product cards have no post.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

import msgspec

from tiktok_marketing.catalog import Stream
from tiktok_marketing.config import Config
from tiktok_marketing.doctor.database import Database
from tiktok_marketing.doctor.findings import Finding, Fix, Severity

SHOPS = "shops"
_WHOLE = "gmv_max_advertiser_reports_daily"
_PARTS = ("gmv_max_product_campaign_reports_daily", "gmv_max_live_campaign_reports_daily")


class ShopDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A day of a store on which its campaigns do not have what the store has.

    Args:
        advertiser_id: The account.
        store_id: The store.
        day: The day.
        cost: What the store cost, and what its campaigns cost.
        orders: What the store sold, and what its campaigns sold.
    """

    advertiser_id: str
    store_id: str
    day: date
    cost: tuple[Decimal, Decimal]
    orders: tuple[int, int]


def are_stored(streams: Iterable[Stream]) -> bool:
    """Whether the database has all that is compared."""
    return {_WHOLE, *_PARTS} <= {stream.name for stream in streams}


def shop_differences(database: Database, config: Config) -> list[ShopDifference]:
    """Return the days on which a store and its campaigns differ, of those whose figures were final when read.

    Without deleted campaigns, the campaigns may have less than the store.
    """
    database.memory.execute(
        "CREATE OR REPLACE TEMP TABLE shop_days"
        " (whole BOOLEAN, advertiser_id BIGINT, store_id VARCHAR, day DATE, cost DECIMAL(38, 4), orders BIGINT)"
    )
    for name in (_WHOLE, *_PARTS):
        database.copy_to_memory(
            "shop_days",
            f"SELECT {'TRUE' if name == _WHOLE else 'FALSE'}, advertiser_id, store_id,"  # noqa: S608
            " CAST(stat_time_day AS DATE), sum(cost), sum(orders)"
            f" FROM {database.table(name)} GROUP BY 2, 3, 4",
        )
    fewer = "" if config.include_deleted else " AND (parts_cost > cost OR parts_orders > orders)"
    rows = database.query(
        "WITH sums AS (SELECT advertiser_id, store_id, day,"  # noqa: S608
        " coalesce(sum(cost) FILTER (whole), 0) AS cost, coalesce(sum(cost) FILTER (NOT whole), 0) AS parts_cost,"
        " coalesce(sum(orders) FILTER (whole), 0) AS orders,"
        " coalesce(sum(orders) FILTER (NOT whole), 0) AS parts_orders"
        " FROM shop_days GROUP BY ALL)"
        " SELECT advertiser_id::VARCHAR, store_id, day, cost, parts_cost, orders, parts_orders FROM sums"
        " WHERE (cost <> parts_cost OR orders <> parts_orders)"
        f"{fewer} AND (SELECT count(*) FROM expected e WHERE e.advertiser_id = sums.advertiser_id"
        " AND list_contains($1, e.stream) AND sums.day BETWEEN e.first AND e.final_until) = 3"
        " AND (SELECT bool_and(d.read_at >= d.day + INTERVAL 1 DAY + to_seconds(e.final_after)) FROM days d"
        " JOIN expected e ON e.stream = d.stream AND e.advertiser_id = d.advertiser_id"
        " WHERE d.advertiser_id = sums.advertiser_id AND d.day = sums.day AND list_contains($1, d.stream))"
        " ORDER BY ALL",
        [[_WHOLE, *_PARTS]],
    )
    return [
        ShopDifference(
            advertiser_id=advertiser_id,
            store_id=store_id,
            day=day,
            cost=(cost, parts_cost),
            orders=(int(orders), int(parts_orders)),
        )
        for advertiser_id, store_id, day, cost, parts_cost, orders, parts_orders in rows
    ]


def to_findings(differences: Iterable[ShopDifference]) -> Iterator[Finding]:
    """Return what the differences mean, one finding per account and store."""
    groups: dict[tuple[str, str], list[ShopDifference]] = {}
    for difference in differences:
        groups.setdefault((difference.advertiser_id, difference.store_id), []).append(difference)
    for (advertiser_id, store_id), group in groups.items():
        first = group[0]
        days = "1 day" if len(group) == 1 else f"{len(group):,} days"
        yield Finding(
            severity=Severity.WRONG,
            check=SHOPS,
            message=f"Store {store_id} and its campaigns differ on {days}. On {first.day} the store has cost "
            f"{first.cost[0]:,.2f} and {first.orders[0]:,} orders, and its campaigns together have "
            f"{first.cost[1]:,.2f} and {first.orders[1]:,}.",
            stream=_WHOLE,
            advertiser_id=advertiser_id,
            days=tuple(each.day for each in group),
            fix=Fix.FULL,
            fixed_with=_PARTS,
        )
