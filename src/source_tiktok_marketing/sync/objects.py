"""The lists of objects of one account, as the requests that together reach every one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from source_tiktok_marketing.catalog import ObjectSource, Stream
from source_tiktok_marketing.sync.pages import Request


def object_requests(
    stream: Stream, advertiser_id: str, *, include_deleted: bool, within: Mapping[str, Any] | None = None
) -> list[Request]:
    """One request for each walk that TikTok wants separately.

    Args:
        stream: Whose objects.
        advertiser_id: The account.
        include_deleted: Whether deleted objects are wanted.
        within: More to filter by, `{"campaign_ids": [...]}` say.
    """
    source = stream.source
    assert isinstance(source, ObjectSource)  # noqa: S101 - narrows the type; the caller has looked
    deleted = source.deleted_filter if include_deleted else {}
    requests = []
    for walk in source.walks:
        filtering = {**walk.filtering, **deleted, **(within or {})}
        params: dict[str, Any] = {"advertiser_id": advertiser_id}
        if filtering:
            params["filtering"] = filtering
        requests.append(
            Request(
                endpoint=stream.endpoint,
                params=params,
                page_size=source.page_size_of(walk),
                advertiser_id=advertiser_id,
            )
        )
    return requests
