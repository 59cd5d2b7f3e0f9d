"""What Airbyte's connector 4.7.0 declares for its streams, as its `discover` says, and where this one differs.

A type ends in `?` where null is allowed, an array names its items (`array<string>`), and a text with a format has it
after a colon (`string:date-time(timestamp_without_timezone)`). `make parity` holds the file against `discover` itself.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

_FOLDER = Path(__file__).parent / "unit" / "catalog"


class Declared(msgspec.Struct, frozen=True):
    """One stream there; reports share schemas."""

    primary_key: tuple[str, ...]
    cursor: str | None
    sync_modes: tuple[str, ...]
    fields: dict[str, str] = {}
    schema: str | None = None


class _Catalog(msgspec.Struct, frozen=True):
    schemas: dict[str, dict[str, str]]
    streams: dict[str, Declared]


class _Group(msgspec.Struct, frozen=True):
    streams: tuple[str, ...]
    fields: tuple[str, ...]


class _Differences(msgspec.Struct, frozen=True):
    left_out: list[_Group]
    added: list[_Group]


TYPED_OTHERWISE = {
    ("ads", "modify_time"): "ads of Smart+ campaigns have none: 4.7.0 fails at them, and later versions allow null",
    ("pixels", "events[].currency"): "TikTok sends a text; 5.0.0 corrected the type",
}
"""Fields whose type is not 4.7.0's, and why."""


@cache
def declared() -> dict[str, Declared]:
    """Each stream with its own list of fields."""
    catalog = msgspec.json.decode((_FOLDER / "airbyte_4_7_0.json").read_bytes(), type=_Catalog)
    return {
        name: stream
        if stream.schema is None
        else msgspec.structs.replace(stream, fields=catalog.schemas[stream.schema])
        for name, stream in catalog.streams.items()
    }


@cache
def _differences() -> _Differences:
    return msgspec.json.decode((_FOLDER / "airbyte_4_7_0_differences.json").read_bytes(), type=_Differences)


def left_out(stream: str) -> set[str]:
    """Fields that 4.7.0 declares and never fills, and this connector does not declare."""
    return {field for group in _differences().left_out if stream in group.streams for field in group.fields}


def added(stream: str) -> set[str]:
    """Fields that this connector has and 4.7.0 does not declare."""
    return {field for group in _differences().added if stream in group.streams for field in group.fields}


UNREADABLE_IN_SANDBOX = frozenset(
    {
        "advertisers",
        "audiences",
        "creative_assets_images",
        "creative_assets_videos",
        "creative_assets_music",
        "creative_assets_portfolios",
    }
)
"""Streams that 4.7.0 offers for a sandbox, although a sandbox does not have their endpoints."""
