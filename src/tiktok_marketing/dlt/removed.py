"""Says to dlt which days, hours or accounts of a report have no rows any more.

dlt replaces the rows of a merge key, but only if it gets a row with that key. A row that is marked as deleted (dlt's
hint `hard_delete`) has the key and is not loaded. So each day without rows gets such a row, and each hour, in a report
by hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from tiktok_marketing.catalog import Stream
from tiktok_marketing.pipelines.arrow.stand_ins import stand_in
from tiktok_marketing.pipelines.arrow.tables import columns_of
from tiktok_marketing.pipelines.databases.replacement import day_column
from tiktok_marketing.sync.plan.windows import Window

REMOVED = "_tiktok_removed"
"""The column that marks a row as deleted. It is null in every row of the table."""
HINTS: dict[str, dict[str, Any]] = {
    REMOVED: {"data_type": "bool", "hard_delete": True, "description": "Marks rows that a load removes; always null."}
}


def removed_rows(
    stream: Stream, schema: pa.Schema, advertiser_id: int, days: Window | None, present: Iterable[pa.Table]
) -> pa.Table | None:
    """Return the rows that remove what a report no longer has; None if every day has rows.

    Args:
        stream: The report.
        schema: The schema of its rows.
        advertiser_id: The account.
        days: The days that are complete; None for a report without days.
        present: The rows that the report has of them.
    """
    column = day_column(stream)
    tables = [table for table in present if table.num_rows]
    keys: list[dict[str, Any]]
    if column is None or days is None:
        keys = [] if tables else [{"advertiser_id": advertiser_id}]
    else:
        have = {value for table in tables for value in table.column(column).unique().to_pylist()}
        keys = [
            {"advertiser_id": advertiser_id, column: moment}
            for moment in _moments(days, hours=column == "stat_time_hour")
            if moment not in have
        ]
    if not keys:
        return None
    others = {each.name: stand_in(each.type, None) for each in columns_of(stream) if each.name in stream.table_key}
    rows = [{**others, **key, REMOVED: True} for key in keys]
    fields = [schema.field(name) for name in schema.names if name in {*others, "advertiser_id"}]
    return pa.Table.from_pylist(rows, schema=pa.schema([*fields, pa.field(REMOVED, pa.bool_())]))


def _moments(days: Window, *, hours: bool) -> Iterator[date]:
    day = days.start
    while day <= days.end:
        if hours:
            yield from (datetime.combine(day, time(hour)) for hour in range(24))
        else:
            yield day
        day += timedelta(days=1)
