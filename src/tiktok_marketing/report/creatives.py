"""The creatives with most spend, what they show, and their figures per day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tiktok_marketing.report.bounds import MOST_CELLS, MOST_ITEMS, within
from tiktok_marketing.report.contents import Creative, Creatives
from tiktok_marketing.report.levels import cells
from tiktok_marketing.report.scope import RESULTS, Scope
from tiktok_marketing.report.source import TYPE, Measure, Source, columns_of, shown_text, summed
from tiktok_marketing.report.thumbnails import thumbnail

VIEW = "daily_by_creative"
_MEASURES = (*RESULTS, Measure("watched_2s", "video_watched_2s"), Measure("watched_6s", "video_watched_6s"))


def creatives(source: Source, scope: Scope, assets: Path | None) -> Creatives:
    """Return the creatives.

    Args:
        source: The database.
        scope: The days and accounts.
        assets: The folder of `sync --assets`; None if there is none.
    """
    if scope.is_empty or not source.has(VIEW):
        return Creatives()
    rows = _largest(source, scope)
    numbers = {(row[0], row[1]): number for number, row in enumerate(rows)}
    contents = _contents(source, numbers)
    items = []
    for advertiser_id, creative, kind, currency, *_ in rows:
        name, text, ads, path = contents.get((advertiser_id, creative), ("", "", 0, None))
        items.append(
            Creative(
                id=creative,
                kind=kind,
                account=scope.account(advertiser_id, currency),
                name=shown_text(name),
                text=shown_text(text),
                ads=ads,
                thumbnail=thumbnail(assets, path),
            )
        )
    return Creatives(items=items, total=_count(source, scope), cells=_cells(source, scope, numbers))


def _largest(source: Source, scope: Scope) -> list[tuple[Any, ...]]:
    sums = (
        "SELECT advertiser_id, creative_id, max(creative_kind) AS kind, COALESCE(max(currency), '') AS currency,"  # noqa: S608
        " COALESCE(sum(spend), 0) AS spend, COALESCE(sum(impressions), 0) AS impressions, count(*) AS size"
        f" FROM {source.view(VIEW)} WHERE day BETWEEN ? AND ? GROUP BY 1, 2"
    )
    rows = source.rows(
        "SELECT advertiser_id, creative_id, kind, currency, size FROM (SELECT *, row_number() OVER (PARTITION BY"  # noqa: S608
        f" currency ORDER BY spend DESC, impressions DESC, creative_id) AS place FROM ({sums}) AS sums) AS ranked"
        f" ORDER BY place, currency LIMIT {MOST_ITEMS['creatives']}",
        scope.bounds,
    )
    return rows[: within((row[4] for row in rows), MOST_CELLS["creatives"], MOST_ITEMS["creatives"])]


def _contents(source: Source, keys: Mapping[tuple[int, str], int]) -> Mapping[tuple[int, str], tuple[Any, ...]]:
    """Return name, text, number of ads and stored thumbnail of creatives."""
    if not source.has("creatives") or not keys:
        return {}
    rows = source.rows(
        "SELECT advertiser_id, creative_id, max(ad_name), max(ad_text), count(*), max(thumbnail_path)"  # noqa: S608
        f" FROM {source.view('creatives')} WHERE creative_id = ANY(?) GROUP BY 1, 2",
        [[creative for _, creative in keys]],
    )
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


def _count(source: Source, scope: Scope) -> int:
    sql = (
        f"SELECT count(*) FROM (SELECT DISTINCT advertiser_id, creative_id FROM {source.view(VIEW)}"  # noqa: S608
        " WHERE day BETWEEN ? AND ?) AS items"
    )
    return int(source.rows(sql, scope.bounds)[0][0])


def _cells(source: Source, scope: Scope, numbers: Mapping[tuple[int, str], int]) -> Mapping[str, Sequence[Any]]:
    rows = cells(
        source,
        f"SELECT advertiser_id, creative_id, day, {TYPE}, {summed(_MEASURES)} FROM {source.view(VIEW)}"  # noqa: S608
        " WHERE day BETWEEN ? AND ? AND creative_id = ANY(?) GROUP BY 1, 2, 3, 4",
        [*scope.bounds, [creative for _, creative in numbers]],
        "advertiser_id BIGINT, creative VARCHAR, day DATE, campaign_type VARCHAR",
        _MEASURES,
    )
    first = scope.bounds[0]
    numbered = sorted(
        (numbers[row[0], row[1]], (row[2] - first).days, scope.type(row[3]), *row[4:])
        for row in rows
        if (row[0], row[1]) in numbers
    )
    return columns_of(("item", "day", "type", *(measure.name for measure in _MEASURES)), numbered)
