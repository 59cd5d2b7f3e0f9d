"""What can be read: streams, metrics, dimensions and schemas, as data.

Adding a stream is adding a row here (and a schema file for an object). No I/O, and no import from any other room.
"""

from __future__ import annotations

from tiktok_marketing.catalog.objects import OBJECTS
from tiktok_marketing.catalog.reports import REPORTS
from tiktok_marketing.catalog.schema import FieldType, field_types, json_schema
from tiktok_marketing.catalog.stream import (
    ExpectedError,
    Grain,
    Level,
    ListQuery,
    ObjectSource,
    Parent,
    ReportSource,
    Scope,
    Stream,
)

__all__ = [
    "STREAMS",
    "ExpectedError",
    "FieldType",
    "Grain",
    "Level",
    "ListQuery",
    "ObjectSource",
    "Parent",
    "ReportSource",
    "Scope",
    "Stream",
    "field_types",
    "json_schema",
    "stream_named",
]

STREAMS: tuple[Stream, ...] = OBJECTS + REPORTS
"""Every stream, accounts first, then what is in them, then reports."""

_BY_NAME = {stream.name: stream for stream in STREAMS}


def stream_named(name: str) -> Stream | None:
    """Return the stream called `name`, or None where there is none."""
    return _BY_NAME.get(name)
