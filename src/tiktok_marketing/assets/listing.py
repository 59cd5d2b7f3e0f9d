"""Which files there are to store: the addresses that the tables of a sync hold, one per content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tiktok_marketing.pipelines.databases.destination import ReadOnlyDatabase

KINDS: Mapping[str, str] = {
    "image": "images of the asset library",
    "video_cover": "covers of the videos of the asset library",
    "video": "videos of the asset library",
    "post_cover": "covers of TikTok posts (Spark Ads)",
    "post": "videos of TikTok posts (Spark Ads)",
}
"""The kinds of files, which are also the folders that hold them."""


class _Source(msgspec.Struct, frozen=True):
    """Where the addresses of a kind are.

    Args:
        table: The table.
        content_id: The column of the content's id.
        column: The column with the address, or with JSON that has it.
        path: The way to the address within the JSON.
    """

    table: str
    content_id: str
    column: str
    path: tuple[str | int, ...] = ()


_FIRST_IMAGE = ("carousel_info", "image_info", 0, "image_url")
_SOURCES: Mapping[str, tuple[_Source, ...]] = {
    "image": (_Source("creative_assets_images", "image_id", "image_url"),),
    "video_cover": (_Source("creative_assets_videos", "video_id", "video_cover_url"),),
    "video": (_Source("creative_assets_videos", "video_id", "preview_url"),),
    "post_cover": (
        _Source("spark_ads", "spark_ads_post_id", "video_info", ("poster_url",)),
        _Source("spark_ads", "spark_ads_post_id", "item_info", _FIRST_IMAGE),  # of posts that show images
    ),
    "post": (_Source("spark_ads", "spark_ads_post_id", "video_info", ("preview_url",)),),
}
"""Kind to where its addresses are. A post has its cover in one of two places."""
_ENDS = re.compile(r"[?&]x-expires=(\d{1,11})(?:&|$)", re.ASCII)


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file to store.

    Args:
        kind: One of `KINDS`.
        content_id: TikTok's id of the image, video or post. Accounts that share it show the same content.
        address: Where it is now.
        ends_at: When the address ends, in UTC; None if it does not say.
    """

    kind: str
    content_id: str
    address: str
    ends_at: datetime | None


def assets_of(database: ReadOnlyDatabase, kinds: Iterable[str] = KINDS) -> list[Asset]:
    """Return the files that a database knows, one per kind and content: the one whose address ends last.

    Args:
        database: A database that a sync has filled.
        kinds: The kinds to return.
    """
    tables = database.columns_by_table()
    assets: dict[tuple[str, str], Asset] = {}
    for kind, source in ((name, source) for name in kinds for source in _SOURCES[name]):
        if not {source.content_id, source.column} <= tables.get(source.table, set()):
            continue
        rows = database.rows(
            f"SELECT CAST({source.content_id} AS VARCHAR), {source.column} FROM {database.table(source.table)}"  # noqa: S608
            f" WHERE {source.content_id} IS NOT NULL AND {source.column} IS NOT NULL"
        )
        for content_id, value in rows:
            address = _member(value, source.path) if source.path else value
            if not isinstance(address, str) or not address.strip():
                continue
            asset = Asset(kind=kind, content_id=content_id, address=address.strip(), ends_at=_end_of(address))
            known = assets.get((kind, content_id))
            if known is None or _lasts(asset) > _lasts(known):
                assets[kind, content_id] = asset
    return list(assets.values())


def _lasts(asset: Asset) -> datetime:
    return asset.ends_at or datetime.max.replace(tzinfo=UTC)


def _member(value: Any, path: Iterable[str | int]) -> Any:
    """What a text of JSON, or a value that was one, has at the end of a path; None if it leads nowhere."""
    try:
        value = msgspec.json.decode(value) if isinstance(value, str) else value
        for step in path:
            value = value[step]
    except (msgspec.DecodeError, TypeError, LookupError):
        return None
    return value


def _end_of(address: str) -> datetime | None:
    match = _ENDS.search(address)
    return datetime.fromtimestamp(int(match[1]), UTC) if match else None
