"""Rows of reports that are not made of campaigns: their dimensions and metrics, their order, and their pages."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, page_info, refuse

_MAX_PAGE = 1000


class ReportRow(msgspec.Struct):
    """A row.

    Attributes:
        dimensions: Its dimensions, in the order of the request.
        metrics: Its metrics, as the report shows them.
        amounts: The metrics as numbers, to order and to sum rows by. Texts and missing values have none.
    """

    dimensions: dict[str, str]
    metrics: dict[str, str]
    amounts: dict[str, int]


def requested(params: Mapping[str, str], name: str, default: list[str]) -> list[str]:
    """The names in a parameter, each once."""
    return list(dict.fromkeys(read.texts(params, name) or default))


def check_names(kind: str, names: list[str], known: list[str]) -> None:
    """Refuse names that a report does not have."""
    invalid = [name for name in names if name not in known]
    if invalid:
        refuse(
            f"Please correct the information in invalid {kind} fields and try again. Invalid {kind} fields: {invalid}. "
        )


def page_of(
    rows: list[ReportRow],
    metrics: list[str],
    params: Mapping[str, str],
    totals: Callable[[], dict[str, str]] | None = None,
) -> Answer:
    """The page of some rows that a request asks for, in the order that it asks for."""
    page, size = read.integer(params, "page", 1, 1, None), read.integer(params, "page_size", 10, 1, _MAX_PAGE)
    field, direction = params.get("order_field", ""), params.get("order_type", "DESC")
    if direction not in {"ASC", "DESC"}:
        refuse("order_type: Must be ASC or DESC.")
    if field:
        if field not in metrics or any(field not in row.amounts for row in rows):
            refuse(f"order_field: {field} is not a metric to order by.")
        rows = sorted(rows, key=lambda row: row.amounts[field], reverse=direction == "DESC")
    shown = [{"dimensions": row.dimensions, "metrics": row.metrics} for row in rows[(page - 1) * size : page * size]]
    data: dict[str, Any] = {"list": shown, "page_info": page_info(page, size, len(rows))}
    if totals is not None:
        data["total_metrics"] = totals()
    return encode(data)
