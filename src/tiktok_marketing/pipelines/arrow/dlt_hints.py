"""What dlt has to know of a stream's columns beside their Arrow types."""

from __future__ import annotations

from typing import Any

from tiktok_marketing.catalog import Stream
from tiktok_marketing.pipelines.arrow.columns import ColumnType
from tiktok_marketing.pipelines.arrow.tables import MISFITS, columns_of


def column_hints(stream: Stream, table: Any, *, json_type: str = "json") -> dict[str, dict[str, Any]]:
    """Return what Arrow's types do not say: which texts are JSON, and that times have no zone.

    Args:
        stream: The stream.
        table: Its rows.
        json_type: dlt's type of the columns that hold JSON.
    """
    hints: dict[str, dict[str, Any]] = {}
    for column in columns_of(stream):
        hint: dict[str, Any] = {"description": column.description}
        if column.type is ColumnType.JSON:
            hint["data_type"] = json_type
        elif column.type is ColumnType.TIME:
            hint["timezone"] = False
        hints[column.name] = hint
    if MISFITS in table.schema.names:
        hints[MISFITS] = {"data_type": json_type}
    return hints
