"""What a report is asked: its parameters, and the smaller requests that together ask for the same rows. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from tiktok_marketing.catalog import ReportSource, ReportStream, Stream
from tiktok_marketing.errors import TikTokError
from tiktok_marketing.sync.plan.windows import Window, windows

PAGE_SIZE = 1000
"""The largest page of a report."""
_PARAMETER_ERROR = 40002
_INVALID_METRICS = re.compile(r"[Ii]nvalid metric fields?: *\[([^\]]*)\]")
_IDS_PER_FILTER = 100
"""The most ids that one filter takes (`/report/integrated/get/`)."""


class Piece(msgspec.Struct, frozen=True):
    """A part of a report that is asked for at once.

    Args:
        window: Its days; None for a lifetime report.
        id_field: `campaign_ids` or `adgroup_ids`, if only these objects' rows are asked for.
        ids: Which ones.
        summed: Whether a row sums up all days of the window, which then cannot be asked for apart.
    """

    window: Window | None
    id_field: str | None = None
    ids: tuple[str, ...] = ()
    summed: bool = False

    @property
    def since(self) -> date:
        """Its first day; what has none is before all days."""
        return self.window.start if self.window else date.min

    def days(self, first: date, before: date | None) -> Window | None:
        """Its days from one day to before another, or to its last; None if its rows have no days."""
        if self.window is None or self.summed:
            return None
        return Window(first, before - timedelta(days=1) if before else self.window.end)

    def halves(self) -> list[Piece] | None:
        """The same rows as two smaller parts: of the days, else of the ids. None if it is one day of one object."""
        parts = self.window.halves() if self.window and not self.summed else None
        if parts is not None:
            return [replace(self, window=part) for part in parts]
        return self.id_halves()

    def shorter(self, total: int, most: int) -> list[Piece]:
        """The same rows, of which there are `total`, in parts of the days that have about `most` each."""
        assert self.window is not None  # noqa: S101 - only pieces of several days are too long
        return [replace(self, window=part) for part in shorter_windows(self.window, total, most)]

    def id_halves(self) -> list[Piece] | None:
        """The same rows as two parts of its ids; None if it has not two."""
        if len(self.ids) < 2:
            return None
        middle = len(self.ids) // 2
        return [replace(self, ids=ids) for ids in (self.ids[:middle], self.ids[middle:])]

    def by(self, id_field: str, ids: list[str]) -> list[Piece]:
        """The same rows, by the objects they belong to, as many at once as one filter takes."""
        return [
            replace(self, id_field=id_field, ids=tuple(ids[start : start + _IDS_PER_FILTER]))
            for start in range(0, len(ids), _IDS_PER_FILTER)
        ]


def is_exact(stream: Stream, *, include_deleted: bool) -> bool:
    """Whether a report has no other rows than those that come: TikTok hides rows of deleted objects unless asked."""
    return include_deleted or not isinstance(stream, ReportStream) or stream.source.status_field is None


def shorter_windows(window: Window, rows: int, most: int) -> list[Window]:
    """The days of a window that has so many rows, in windows that have about `most` each, or are a single day."""
    return list(windows(window.start, window.end, max(1, window.days * most // rows)))


def account_params(
    source: ReportSource,
    advertiser_id: str,
    window: Window | None,
    metrics: Sequence[str],
    *,
    every_status: bool,
    only: tuple[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """What `/report/integrated/get/` is asked about one account, but for the page.

    Args:
        source: The report.
        advertiser_id: The account.
        window: The days; None for all time.
        metrics: Those of its metrics that are wanted.
        every_status: Whether rows of deleted objects are wanted.
        only: A filter by id (`campaign_ids` or `adgroup_ids`) and its values.
    """
    params = {"advertiser_id": advertiser_id, **report_params(source, metrics, window)}
    filters = []
    if every_status and source.status_field:
        filters.append(_filter(source.status_field, ["STATUS_ALL"]))
    if only is not None:
        filters.append(_filter(only[0], list(only[1])))
    if filters:
        params["filtering"] = filters
    return params


def report_params(source: ReportSource, metrics: Sequence[str], window: Window | None) -> dict[str, Any]:
    """What `/report/integrated/get/` is asked, but for the account and the page.

    Args:
        source: The report.
        metrics: Those of its metrics that are wanted.
        window: The days; None for all time.
    """
    when = (
        {"query_lifetime": True} if window is None else {"start_date": str(window.start), "end_date": str(window.end)}
    )
    return {
        "service_type": "AUCTION",
        "report_type": source.report_type,
        "data_level": source.data_level,
        "dimensions": list(source.dimensions),
        "metrics": list(metrics),
        **when,
    }


def refused_metrics(error: TikTokError) -> set[str]:
    """The metrics that TikTok says a report cannot have; none if the error is about something else.

    Example:
        `Invalid metric fields: ['skan_result'].` with code 40002.
    """
    match = _INVALID_METRICS.search(error.tiktok_message) if error.code == _PARAMETER_ERROR else None
    return set(re.findall(r"\w+", match[1])) if match else set()


def _filter(field: str, values: list[str]) -> dict[str, str]:
    """A filter of a report, whose value is JSON text within the JSON."""
    return {"field_name": field, "filter_type": "IN", "filter_value": msgspec.json.encode(values).decode()}
