"""Campaigns, their ad groups, and their ads: the ones with most spend, with their figures per day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tiktok_marketing.report.bounds import MOST_CELLS, MOST_ITEMS, within
from tiktok_marketing.report.contents import Item, Level
from tiktok_marketing.report.scope import RESULTS, Scope
from tiktok_marketing.report.source import Measure, Source, columns_of, shown_text, summed

_Key = tuple[int, int]
"""Account and item."""


class _Table(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    view: str
    key: str
    label: str
    parent: str | None


_CAMPAIGNS = _Table(name="campaigns", view="daily_by_campaign", key="campaign_id", label="campaign_name", parent=None)
_AD_GROUPS = _Table(
    name="ad_groups", view="daily_by_ad_group", key="adgroup_id", label="adgroup_name", parent="campaign_id"
)
_ADS = _Table(name="ads", view="daily_by_ad", key="ad_id", label="ad_name", parent="adgroup_id")


def levels(source: Source, scope: Scope) -> Mapping[str, Level]:
    """Return the three levels. An item is there only if the item that it belongs to is there."""
    levels: dict[str, Level] = {}
    parents: dict[_Key, int] | None = None
    for table in (_CAMPAIGNS, _AD_GROUPS, _ADS):
        if scope.is_empty or not source.has(table.view) or parents == {}:
            levels[table.name] = Level()
            continue
        rows = _largest(source, scope, table, parents)
        numbers = {(row[0], row[1]): number for number, row in enumerate(rows)}
        items = [_item(row, scope, parents) for row in rows]
        levels[table.name] = Level(
            items=items, total=_count(source, scope, table), cells=_cells(source, scope, table, numbers)
        )
        parents = numbers
    return levels


def _largest(source: Source, scope: Scope, table: _Table, parents: Mapping[_Key, int] | None) -> list[tuple[Any, ...]]:
    """Return account, item, parent, name, currency and type of the largest items, in turn from each currency."""
    parent = table.parent or "NULL"
    where, values = "TRUE", []
    if parents is not None:
        where, values = f"{table.parent} = ANY(?)", [[key for _, key in parents]]
    sums = (
        f"SELECT advertiser_id, {table.key} AS item, max({parent}) AS parent, max({table.label}) AS label,"  # noqa: S608
        " COALESCE(max(currency), '') AS currency, COALESCE(max(campaign_type), '') AS kind,"
        f" COALESCE(sum(spend), 0) AS spend, COALESCE(sum(impressions), 0) AS impressions, count(DISTINCT day) AS size"
        f" FROM {source.view(table.view)} WHERE day BETWEEN ? AND ? AND {where} GROUP BY 1, 2"
    )
    rows = source.rows(
        "SELECT advertiser_id, item, parent, label, currency, kind, size FROM (SELECT *, row_number() OVER"  # noqa: S608
        f" (PARTITION BY currency ORDER BY spend DESC, impressions DESC, item) AS place FROM ({sums}) AS sums)"
        f" AS ranked ORDER BY place, currency LIMIT {MOST_ITEMS[table.name]}",
        [*scope.bounds, *values],
    )
    if parents is not None:
        rows = [row for row in rows if (row[0], row[2]) in parents]
    return rows[: within((row[6] for row in rows), MOST_CELLS[table.name], MOST_ITEMS[table.name])]


def _item(row: Sequence[Any], scope: Scope, parents: Mapping[_Key, int] | None) -> Item:
    advertiser_id, item, parent, label, currency, kind, _ = row
    return Item(
        id=str(item),
        name=shown_text(label),
        account=scope.account(advertiser_id, currency),
        type=scope.type(kind),
        parent=None if parents is None else parents[advertiser_id, parent],
    )


def _count(source: Source, scope: Scope, table: _Table) -> int:
    sql = (
        f"SELECT count(*) FROM (SELECT DISTINCT advertiser_id, {table.key} FROM {source.view(table.view)}"  # noqa: S608
        " WHERE day BETWEEN ? AND ?) AS items"
    )
    return int(source.rows(sql, scope.bounds)[0][0])


def _cells(source: Source, scope: Scope, table: _Table, numbers: Mapping[_Key, int]) -> Mapping[str, Sequence[Any]]:
    rows = cells(
        source,
        f"SELECT advertiser_id, {table.key}, day, {summed(RESULTS)} FROM {source.view(table.view)}"  # noqa: S608
        f" WHERE day BETWEEN ? AND ? AND {table.key} = ANY(?) GROUP BY 1, 2, 3",
        [*scope.bounds, [key for _, key in numbers]],
        "advertiser_id BIGINT, item BIGINT, day DATE",
        RESULTS,
    )
    first = scope.bounds[0]
    numbered = sorted(
        (numbers[row[0], row[1]], (row[2] - first).days, *row[3:]) for row in rows if (row[0], row[1]) in numbers
    )
    return columns_of(("item", "day", *(measure.name for measure in RESULTS)), numbered)


def cells(
    source: Source, sql: str, values: Sequence[Any], key: str, measures: Sequence[Measure]
) -> list[tuple[Any, ...]]:
    """Run a query whose last columns are measures. Returns its rows with these as whole numbers.

    Args:
        source: The database.
        sql: The query.
        values: Its values.
        key: Its other columns, as SQL declares them.
        measures: The measures.
    """
    source.memory.execute(
        f"CREATE OR REPLACE TEMP TABLE cells ({key}, {', '.join(measure.declared for measure in measures)})"
    )
    source.copy("cells", sql, values)
    names = ", ".join(part.split()[0] for part in key.split(", "))
    return source.query(f"SELECT {names}, {', '.join(measure.shown for measure in measures)} FROM cells GROUP BY ALL")  # noqa: S608
