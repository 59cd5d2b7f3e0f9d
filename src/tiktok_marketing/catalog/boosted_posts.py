"""Boosted posts ("Promote"): campaigns that people made in TikTok's app. Pure.

TikTok leaves them out of its lists and reports unless a request names their origin. With the setting
`include_promote`, every list of advertising objects and every report on them does.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from tiktok_marketing.catalog.stream import AnyStream, ListQuery, ReportStream

ORIGIN_FILTER = "campaign_system_origins"
"""The filter, in lists and in reports."""
_EVERY_ORIGIN = ("TT_ADS_PLATFORM", "PROMOTE")


def with_boosted_posts(streams: Iterable[AnyStream]) -> tuple[AnyStream, ...]:
    """The streams, with boosted posts in those that can have them."""
    return tuple(_with_boosted_posts(stream) for stream in streams)


def report_with_boosted_posts(stream: ReportStream) -> ReportStream:
    """A report, with the rows of boosted posts if it can have them."""
    if stream.source.is_of_shop:
        return stream
    return replace(stream, source=replace(stream.source, origins=_EVERY_ORIGIN))


def _with_boosted_posts(stream: AnyStream) -> AnyStream:
    if isinstance(stream, ReportStream):
        return report_with_boosted_posts(stream)
    queries = tuple(map(_query_with_boosted_posts, stream.source.queries))
    return replace(stream, source=replace(stream.source, queries=queries))


def _query_with_boosted_posts(query: ListQuery) -> ListQuery:
    """A query of a list by buying type. Nobody reserves a boosted post, so it is in the query of auctions."""
    if "AUCTION" not in query.filtering.get("buying_types", ()):
        return query
    return replace(query, filtering={**query.filtering, ORIGIN_FILTER: list(_EVERY_ORIGIN)})
