"""Which streams a database knows: those of the catalog, and the reports of the configurations that have filled it.

A sync writes the description of each report of its configuration's own beside the states (`Source.reports`). So what
only has the database, such as `views` or `state show`, knows these reports too. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tiktok_marketing.catalog import ALL_STREAMS, AnyStream, ReportStream, Stream, stream_named

REPORTS = "reports"
"""The key of the descriptions in what a sync leaves beside its rows."""


def known_streams(reports: Any, configured: Sequence[AnyStream] = ALL_STREAMS) -> tuple[AnyStream, ...]:
    """The streams of a configuration, and the reports that only the database knows.

    Args:
        reports: The descriptions that syncs have left, by the name of the stream. What they are not is left out.
        configured: The streams of the configuration, or those of the catalog where there is none.
    """
    names = {stream.name for stream in configured}
    others = [fields for name, fields in reports.items() if name not in names] if isinstance(reports, Mapping) else []
    if not others:
        return tuple(configured)
    from tiktok_marketing.catalog.custom_reports import described_streams

    return (*configured, *(stream for stream in described_streams(others) if stream.name not in names))


def key_before(reports: Any, stream: Stream) -> tuple[str, ...] | None:
    """The key of a report's table, if an earlier sync has filled it with rows of another key; None if none has.

    Args:
        reports: The descriptions that earlier syncs have left.
        stream: The report, as it is now.
    """
    if stream_named(stream.name) is not None or not isinstance(reports, Mapping) or stream.name not in reports:
        return None
    from tiktok_marketing.catalog.custom_reports import described_streams

    before = described_streams([reports[stream.name]])
    return before[0].table_key if before and set(before[0].table_key) != set(stream.table_key) else None


def described_reports(before: Any, streams: Iterable[Stream]) -> dict[str, Any]:
    """The descriptions that a sync leaves: those of its own reports, and those that earlier syncs have left.

    A report whose key has changed keeps its description, because its table has the rows of that.

    Args:
        before: What earlier syncs have left.
        streams: The streams of this sync.
    """
    left = dict(before) if isinstance(before, Mapping) else {}
    own = [
        stream
        for stream in streams
        if isinstance(stream, ReportStream) and stream_named(stream.name) is None and key_before(before, stream) is None
    ]
    if own:
        from tiktok_marketing.catalog.custom_reports import fields_of

        left |= {stream.name: fields_of(stream) for stream in own}
    return left
