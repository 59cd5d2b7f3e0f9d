"""What can be read: streams, metrics, dimensions and schemas, as data.

To add a stream, add a row here, and a schema file if it lists objects. The catalog does no I/O and imports nothing from
the rest of the package.
"""

from __future__ import annotations

from tiktok_marketing.catalog.bid_protection import BID_PROTECTION
from tiktok_marketing.catalog.breakdowns import BREAKDOWNS
from tiktok_marketing.catalog.business_center_reports import CENTER_REPORTS
from tiktok_marketing.catalog.gmv_max import GMV_MAX_OBJECTS
from tiktok_marketing.catalog.gmv_max_reports import GMV_MAX_REPORTS
from tiktok_marketing.catalog.lookups import LOOKUPS
from tiktok_marketing.catalog.material_reports import MATERIAL_REPORTS
from tiktok_marketing.catalog.objects import OBJECTS
from tiktok_marketing.catalog.playable_reports import PLAYABLE_REPORTS
from tiktok_marketing.catalog.reports import REPORTS
from tiktok_marketing.catalog.schema import FieldType, field_types, json_schema
from tiktok_marketing.catalog.shop_reports import SHOP_REPORTS
from tiktok_marketing.catalog.smart_plus import SMART_PLUS
from tiktok_marketing.catalog.stream import (
    AnyStream,
    ExpectedError,
    Grain,
    Level,
    ListQuery,
    ObjectSource,
    ObjectStream,
    Parent,
    ReportFilter,
    ReportSource,
    ReportStream,
    Scope,
    StoreRequests,
    Stream,
)
from tiktok_marketing.catalog.topview_reports import TOPVIEW_REPORTS

__all__ = [
    "ALL_STREAMS",
    "ON_REQUEST",
    "REPORTS",
    "STREAMS",
    "AnyStream",
    "ExpectedError",
    "FieldType",
    "Grain",
    "Level",
    "ListQuery",
    "ObjectSource",
    "ObjectStream",
    "Parent",
    "ReportFilter",
    "ReportSource",
    "ReportStream",
    "Scope",
    "StoreRequests",
    "Stream",
    "field_types",
    "json_schema",
    "object_stream",
    "report_stream",
    "stream_named",
]

STREAMS: tuple[AnyStream, ...] = (*OBJECTS, *REPORTS)
"""The streams that are read if none is named: accounts first, then the objects in them, then reports."""
ON_REQUEST: tuple[AnyStream, ...] = (
    *SMART_PLUS,
    *GMV_MAX_OBJECTS,
    *LOOKUPS,
    *BID_PROTECTION,
    *GMV_MAX_REPORTS,
    *MATERIAL_REPORTS,
    *SHOP_REPORTS,
    *TOPVIEW_REPORTS,
    *PLAYABLE_REPORTS,
    *CENTER_REPORTS,
    *BREAKDOWNS,
)
"""The streams that are read only if they are named."""
ALL_STREAMS: tuple[AnyStream, ...] = (*STREAMS, *ON_REQUEST)
"""Every stream."""

_OBJECTS_BY_NAME = {stream.name: stream for stream in ALL_STREAMS if isinstance(stream, ObjectStream)}
_REPORTS_BY_NAME = {stream.name: stream for stream in ALL_STREAMS if isinstance(stream, ReportStream)}


def stream_named(name: str) -> AnyStream | None:
    """Return the stream called `name`, or None if there is none."""
    return _OBJECTS_BY_NAME.get(name) or _REPORTS_BY_NAME.get(name)


def object_stream(name: str) -> ObjectStream:
    """Return the object stream called `name`.

    Raises:
        KeyError: There is no object stream of this name.
    """
    return _OBJECTS_BY_NAME[name]


def report_stream(name: str) -> ReportStream:
    """Return the report stream called `name`.

    Raises:
        KeyError: There is no report stream of this name.
    """
    return _REPORTS_BY_NAME[name]
