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

_COLUMNS: Mapping[str, tuple[str, str, str]] = {
    "image": ("creative_assets_images", "image_id", "image_url"),
    "video_cover": ("creative_assets_videos", "video_id", "video_cover_url"),
    "video": ("creative_assets_videos", "video_id", "preview_url"),
    "post_cover": ("spark_ads", "spark_ads_post_id", "video_info"),
    "post": ("spark_ads", "spark_ads_post_id", "video_info"),
}
"""Kind to the table, the column of the content's id, and the column with its address."""
_MEMBERS: Mapping[str, str] = {"post_cover": "poster_url", "post": "preview_url"}
"""The member with the address, for kinds whose column holds JSON."""
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
    for kind in kinds:
        table, id_column, column = _COLUMNS[kind]
        if not {id_column, column} <= tables.get(table, set()):
            continue
        rows = database.rows(
            f"SELECT CAST({id_column} AS VARCHAR), {column} FROM {database.table(table)}"  # noqa: S608
            f" WHERE {id_column} IS NOT NULL AND {column} IS NOT NULL"
        )
        for content_id, value in rows:
            address = _member(value, _MEMBERS[kind]) if kind in _MEMBERS else value
            if not isinstance(address, str) or not address.strip():
                continue
            asset = Asset(kind=kind, content_id=content_id, address=address.strip(), ends_at=_end_of(address))
            known = assets.get((kind, content_id))
            if known is None or _lasts(asset) > _lasts(known):
                assets[kind, content_id] = asset
    return list(assets.values())


def _lasts(asset: Asset) -> datetime:
    return asset.ends_at or datetime.max.replace(tzinfo=UTC)


def _member(value: Any, name: str) -> Any:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return None
    return value.get(name) if isinstance(value, dict) else None


def _end_of(address: str) -> datetime | None:
    match = _ENDS.search(address)
    return datetime.fromtimestamp(int(match[1]), UTC) if match else None
