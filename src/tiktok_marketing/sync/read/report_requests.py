"""The parameters of report requests, and how to divide one into smaller requests for the same rows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from tiktok_marketing.catalog import Grain, Level, ReportSource, ReportStream, Stream, report_stream
from tiktok_marketing.catalog.boosted_posts import ORIGIN_FILTER
from tiktok_marketing.catalog.business_center_reports import CENTER_DIMENSION
from tiktok_marketing.catalog.gmv_max_reports import STORE_DIMENSION
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import TikTokError
from tiktok_marketing.sync.plan.windows import Window, windows
from tiktok_marketing.sync.read.refused_names import refused_names

PAGE_SIZE = 1000
"""The largest page of a report."""
_ORDER_METRIC = "spend"
"""Every report has it, and no metric has more different values."""
_STORE_ORDER_METRIC = "cost"
"""The same in GMV Max reports."""
_IDS_PER_FILTER = 100
"""The most ids that one filter accepts (`/report/integrated/get/`)."""
_OF_LISTS = frozenset({"IN", "NOT_IN", "CONTAIN_ANY_OF"})
"""Types of filters whose value is a list even if there is one."""

ASKED_AS = {"interest_category_v2": "interest_category"}
"""Dimensions that a request names otherwise than the answer."""


class StorePart(msgspec.Struct, frozen=True):
    """The part of a GMV Max report that one request asks for.

    Args:
        store_id: The store.
        filters: Filters by id, each with its ids.
    """

    store_id: str
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def halves(self) -> list[StorePart] | None:
        """The same rows as two parts with half of the ids of the last filter each; None if it has fewer than two."""
        *before, (name, ids) = self.filters or (("", ()),)
        if len(ids) < 2:
            return None
        middle = len(ids) // 2
        return [replace(self, filters=(*before, (name, half))) for half in (ids[:middle], ids[middle:])]


class Piece(msgspec.Struct, frozen=True):
    """The rows of a report that one request asks for.

    Args:
        window: The days; None for a lifetime report.
        id_field: `campaign_ids` or `adgroup_ids`, to ask for the rows of these objects only.
        ids: The ids of these objects.
        summed: Whether a row is the sum over all days of the window, so that the days cannot be divided.
        store: The part of a report that is divided by stores.
        center: The Business Center that reports the rows; empty if none does.
    """

    window: Window | None
    id_field: str | None = None
    ids: tuple[str, ...] = ()
    summed: bool = False
    store: StorePart | None = None
    center: str = ""

    @property
    def since(self) -> date:
        """Its first day; the earliest date if it has no days."""
        return self.window.start if self.window else date.min

    def days(self, first: date, before: date | None) -> Window | None:
        """Its days from `first` to the day before `before`, or to its last day; None if its rows have no days."""
        if self.window is None or self.summed:
            return None
        return Window(first, before - timedelta(days=1) if before else self.window.end)

    def halves(self) -> list[Piece] | None:
        """The same rows as two smaller pieces, by days or else by ids; None if it is one day of one object."""
        halves = self.window.halves() if self.window and not self.summed else None
        if halves is not None:
            return [replace(self, window=window) for window in halves]
        return self.id_halves()

    def shorter(self, total: int, max_rows: int) -> list[Piece]:
        """The same rows, of which there are `total`, as shorter pieces with about `max_rows` rows each."""
        assert self.window is not None  # noqa: S101 - only pieces of several days are too long
        return [replace(self, window=window) for window in shorter_windows(self.window, total, max_rows)]

    def id_halves(self) -> list[Piece] | None:
        """The same rows as two pieces with half of the ids each; None if it has fewer than two ids."""
        if self.store is not None:
            parts = self.store.halves()
            return None if parts is None else [replace(self, store=part) for part in parts]
        if len(self.ids) < 2:
            return None
        middle = len(self.ids) // 2
        return [replace(self, ids=ids) for ids in (self.ids[:middle], self.ids[middle:])]

    def by(self, id_field: str, ids: list[str]) -> list[Piece]:
        """The same rows as pieces by the objects that they belong to, as many ids per piece as one filter accepts."""
        return [
            replace(self, id_field=id_field, ids=tuple(ids[start : start + _IDS_PER_FILTER]))
            for start in range(0, len(ids), _IDS_PER_FILTER)
        ]


def is_exact(stream: Stream, *, include_deleted: bool) -> bool:
    """Whether TikTok delivers every row of a report: unless asked, it hides rows of deleted objects in some reports.

    A report with filters has the rows that pass them now, and no others: another filter would leave others.
    """
    if not isinstance(stream, ReportStream) or stream.source.filters:
        return True
    return stream.source.includes_deleted(include_deleted) or not stream.source.hides_deleted


def shorter_windows(window: Window, rows: int, max_rows: int) -> list[Window]:
    """The days of a window with `rows` rows as windows that have about `max_rows` rows each, or are a single day."""
    return list(windows(window.start, window.end, max(1, window.days * max_rows // rows)))


def account_params(
    source: ReportSource,
    advertiser_id: AdvertiserId,
    window: Window | None,
    metrics: Sequence[str],
    *,
    every_status: bool,
    only: tuple[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """The parameters of `/report/integrated/get/` for one account, without the page.

    Args:
        source: The report.
        advertiser_id: The account.
        window: The days; None for all time.
        metrics: The metrics to request.
        every_status: Whether to include rows of deleted objects, unless the report says it itself.
        only: A filter by id (`campaign_ids` or `adgroup_ids`) and its values, which the report's own filter by this
            id must accept: it takes its place.
    """
    params = {"advertiser_id": advertiser_id, **report_params(source, metrics, window)}
    filters = []
    if source.includes_deleted(every_status) and source.status_field and source.hides_deleted:
        filters.append(_filter(source.status_field, ["STATUS_ALL"]))
    filters += origin_filters(source)
    filters += own_filters(source, only)
    if filters:
        params["filtering"] = filters
    return params


def own_filters(source: ReportSource, only: tuple[str, Sequence[str]] | None) -> list[dict[str, str]]:
    """The report's own filters, and the one by id (`only`) that may take the place of one of them."""
    filters = [
        _filter(of.field, of.values if len(of.values) > 1 or of.kind in _OF_LISTS else of.values[0], of.kind)
        for of in source.filters
        if only is None or of.field != only[0]
    ]
    return filters if only is None else [*filters, _filter(only[0], list(only[1]))]


def origin_filters(source: ReportSource) -> list[dict[str, str]]:
    """The filter that adds the rows of boosted posts; none if the report has none, or filters by origin itself."""
    if not source.origins or any(of.field == ORIGIN_FILTER for of in source.filters):
        return []
    return [_filter(ORIGIN_FILTER, source.origins)]


def piece_params(
    source: ReportSource, advertiser_id: AdvertiserId, piece: Piece, metrics: Sequence[str], *, every_status: bool
) -> dict[str, Any]:
    """The same parameters for a piece; those of `/gmv_max/report/get/`, if it is a part of a store's report."""
    if piece.store is not None:
        return _store_params(source, advertiser_id, piece, metrics, every_status=every_status)
    if source.is_of_center:
        only_account = [_filter("advertiser_id", [advertiser_id])]
        return center_params(source, piece.center, piece.window, metrics) | {"filtering": only_account}
    only = (piece.id_field, piece.ids) if piece.id_field else None
    return account_params(source, advertiser_id, piece.window, metrics, every_status=every_status, only=only)


def center_params(source: ReportSource, center: str, window: Window | None, metrics: Sequence[str]) -> dict[str, Any]:
    """The parameters of a Business Center's report on all of its accounts, without the page."""
    return {"bc_id": center, **report_params(source, metrics, window)}


def _store_params(
    source: ReportSource, advertiser_id: AdvertiserId, piece: Piece, metrics: Sequence[str], *, every_status: bool
) -> dict[str, Any]:
    assert piece.store is not None  # noqa: S101 - the caller looked
    assert piece.window is not None  # noqa: S101 - these reports have days
    filters: dict[str, Any] = {name: list(ids) for name, ids in piece.store.filters}
    if source.stores is not None and source.stores.names_promotion:
        filters["gmv_max_promotion_types"] = [source.stores.promotion]
    if every_status and source.status_field:
        filters[source.status_field] = ["STATUS_ALL"]
    params: dict[str, Any] = {
        "advertiser_id": advertiser_id,
        "store_ids": [piece.store.store_id],
        "start_date": str(piece.window.start),
        "end_date": str(piece.window.end),
        "dimensions": [name for name in source.dimensions if name != STORE_DIMENSION],
        "metrics": list(metrics),
    }
    return params | ({"filtering": filters} if filters else {})


def report_params(source: ReportSource, metrics: Sequence[str], window: Window | None) -> dict[str, Any]:
    """The parameters of `/report/integrated/get/`, without the account and the page.

    Args:
        source: The report.
        metrics: The metrics to request.
        window: The days; None for all time.
    """
    days = (
        {"query_lifetime": True} if window is None else {"start_date": str(window.start), "end_date": str(window.end)}
    )
    not_asked = source.answered | {CENTER_DIMENSION}
    asked = [ASKED_AS.get(name, name) for name in source.dimensions if name not in not_asked]
    if source.is_of_center:
        return {"report_type": source.report_type, "dimensions": asked, "metrics": list(metrics), **days}
    if source.is_of_materials:
        return {"dimensions": asked, "metrics": list(metrics), **days}
    return {
        "service_type": "AUCTION",
        "report_type": source.report_type,
        **({} if source.report_type == "PLAYABLE_MATERIAL" else {"data_level": source.data_level}),
        "dimensions": asked,
        "metrics": list(metrics),
        **days,
    }


def given_dimensions(source: ReportSource, piece: Piece) -> dict[str, str]:
    """The dimensions of a piece's rows that the answer does not say.

    It does not repeat the Business Center, nor the store. And a store without figures has one row of zeros for a day of
    hours, whose hour is `-`. It becomes a row of the day's first hour.
    """
    if piece.center:
        return {CENTER_DIMENSION: piece.center}
    if piece.store is None:
        return {}
    given = {STORE_DIMENSION: piece.store.store_id}
    if source.grain is Grain.HOUR and piece.window is not None and piece.window.days == 1:
        given["stat_time_hour"] = f"{piece.window.start} 00:00:00"
    return given


def order_params(source: ReportSource, metrics: Sequence[str]) -> dict[str, str]:
    """The parameters that order the rows of a report; none if it lacks the metric.

    TikTok orders by metrics only, of those that are requested. Rows without an order are not sorted, and nothing says
    that they come in the same order again. The first pass does without: the order of a metric changes while figures
    do, and sorting makes a request heavier.
    """
    if source.stores is not None:
        return {"sort_field": _STORE_ORDER_METRIC, "sort_type": "DESC"} if _STORE_ORDER_METRIC in metrics else {}
    if source.is_of_materials:
        return {"sort_field": _ORDER_METRIC, "sort_type": "DESC"} if _ORDER_METRIC in metrics else {}
    return {"order_field": _ORDER_METRIC, "order_type": "DESC"} if _ORDER_METRIC in metrics else {}


def refused_metrics(error: TikTokError, source: ReportSource, asked: Sequence[str]) -> frozenset[str]:
    """The metrics to leave out of a report, because TikTok withdrew them; none if that would not help.

    Nothing can be left out if the error is about something else, names a part of the rows' key, or leaves no metric.

    Args:
        error: The error that the request ended with.
        source: The report.
        asked: The metrics that were requested, in the order of the request.
    """
    names = refused_names(error, asked)
    if names.intersection(source.dimensions) or len(names) == len(asked):
        return frozenset()
    return names


def accepted_ids(source: ReportSource, id_field: str, ids: Iterable[str]) -> list[str]:
    """The ids that a report's own filter by them accepts, or all of them if it has none."""
    own = next((of.values for of in source.filters if of.field == id_field), None)
    return [object_id for object_id in ids if own is None or object_id in own]


def smaller_objects(source: ReportSource, piece: Piece) -> tuple[ReportStream, str] | None:
    """The report that shows which objects have rows in a piece, and the filter that accepts their ids.

    None if nothing is smaller than the piece.
    """
    if source.is_of_shop or source.is_of_materials:
        return None
    if piece.id_field is None and source.data_level != Level.ADVERTISER:
        return report_stream("campaigns_reports_lifetime"), "campaign_ids"
    if piece.id_field == "campaign_ids" and source.data_level == Level.AD:
        return report_stream("ad_groups_reports_lifetime"), "adgroup_ids"
    return None


def _filter(field: str, values: Sequence[str] | str, kind: str = "IN") -> dict[str, str]:
    """A filter of a report, whose value is JSON text within the JSON."""
    return {"field_name": field, "filter_type": kind, "filter_value": msgspec.json.encode(values).decode()}
