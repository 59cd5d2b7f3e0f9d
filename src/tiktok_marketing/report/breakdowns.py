"""Figures by weekday and hour, by age and gender, by country and by platform, in as few rows as the page can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tiktok_marketing.report.bounds import MOST_BREAKDOWN_ROWS
from tiktok_marketing.report.contents import Breakdown
from tiktok_marketing.report.scope import CORE, Scope
from tiktok_marketing.report.source import ACCOUNT, TYPE, Source, columns_of, summed

_PERIODS = {
    "day": "day",
    "week": "CAST(date_trunc('week', day) AS DATE)",
    "month": "CAST(date_trunc('month', day) AS DATE)",
    "all": "CAST(? AS DATE)",
}


class _Table(msgspec.Struct, frozen=True, kw_only=True):
    view: str
    dimensions: Mapping[str, str]
    """Column of the view to its type."""


_TABLES = {
    "hours": _Table(view="hourly_by_campaign", dimensions={"weekday": "BIGINT", "hour": "BIGINT"}),
    "people": _Table(view="daily_by_age_and_gender", dimensions={"age": "VARCHAR", "gender": "VARCHAR"}),
    "countries": _Table(view="daily_by_country", dimensions={"country_code": "VARCHAR"}),
    "platforms": _Table(view="daily_by_platform", dimensions={"platform": "VARCHAR"}),
}
VIEWS = {name: table.view for name, table in _TABLES.items()}
"""Section of the page to the view that it shows."""


def breakdowns(source: Source, scope: Scope) -> Mapping[str, Breakdown]:
    """Return all breakdowns whose tables are there."""
    return {
        name: _breakdown(source, scope, table)
        for name, table in _TABLES.items()
        if not scope.is_empty and source.has(table.view)
    }


def _breakdown(source: Source, scope: Scope, table: _Table) -> Breakdown:
    """Copy the rows per day, then add up days, types and accounts until the page can hold them."""
    names = ", ".join(table.dimensions)
    declared = ", ".join(f"{name} {type_}" for name, type_ in table.dimensions.items())
    source.memory.execute(
        "CREATE OR REPLACE TEMP TABLE split (day DATE, advertiser_id BIGINT, currency VARCHAR, campaign_type VARCHAR, "
        f"{declared}, {', '.join(measure.declared for measure in CORE)})"
    )
    places = ", ".join(str(number) for number in range(1, 5 + len(table.dimensions)))
    source.copy(
        "split",
        f"SELECT day, {ACCOUNT}, {TYPE}, {names}, {summed(CORE)} FROM {source.view(table.view)}"  # noqa: S608
        f" WHERE day BETWEEN ? AND ? GROUP BY {places}",
        [scope.ids, *scope.bounds],
    )
    for grain, by_type, by_account in _forms():
        key = (
            f"{_PERIODS[grain]} AS period, {'advertiser_id' if by_account else 'NULL::BIGINT AS advertiser_id'},"
            f" currency, {'campaign_type' if by_type else chr(39) * 2 + ' AS campaign_type'}, {names}"
        )
        values = [scope.bounds[0]] if grain == "all" else []
        size = source.query(f"SELECT count(*) FROM (SELECT DISTINCT {key} FROM split)", values)[0][0]  # noqa: S608
        if size <= MOST_BREAKDOWN_ROWS:
            break
    rows = source.query(
        f"SELECT {key}, {', '.join(measure.shown for measure in CORE)} FROM split GROUP BY ALL ORDER BY ALL",  # noqa: S608
        values,
    )
    return _contents(rows, scope, table, grain, by_type=by_type, by_account=by_account)


def _forms() -> Sequence[tuple[str, bool, bool]]:
    """The forms of a breakdown, the most exact one first: its periods, and whether it has types and accounts."""
    return [
        *((grain, True, True) for grain in _PERIODS),
        ("all", False, True),
        ("month", True, False),
        ("all", True, False),
        ("all", False, False),
    ]


def _contents(
    rows: Sequence[tuple[Any, ...]], scope: Scope, table: _Table, grain: str, *, by_type: bool, by_account: bool
) -> Breakdown:
    periods = sorted({row[0] for row in rows})
    numbers = {period: number for number, period in enumerate(periods)}
    numbered = [
        (
            numbers[period],
            scope.account(advertiser_id, currency) if by_account else scope.currency(currency),
            scope.type(kind) if by_type else 0,
            *rest,
        )
        for period, advertiser_id, currency, kind, *rest in rows
    ]
    names = ("period", "account", "type", *table.dimensions, *(measure.name for measure in CORE))
    return Breakdown(
        grain=grain,
        periods=[period.isoformat() for period in periods],
        by_type=by_type,
        by_account=by_account,
        cells=columns_of(names, numbered),
    )
