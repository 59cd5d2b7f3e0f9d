"""What the tests of streams on request share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from support import NOW, config_for
from tiktok_marketing.catalog import object_stream
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator
from tiktok_marketing.pipelines.load import RunOptions, load_async


def without_links(record: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record but for links, which are made for each answer."""
    return {name: value for name, value in record.items() if not (isinstance(value, str) and "://" in value)}


async def load(emulator: Emulator, path: Path, streams: Iterable[str], *, now: datetime = NOW, **fields: Any) -> None:
    """Load streams of an emulator into a DuckDB file, completely."""
    options = RunOptions(clock=FixedClock(now), address=emulator.url)
    result = await load_async(parse_config(config_for(emulator, **fields)), str(path), streams=streams, options=options)
    assert result.complete


def comparable(name: str, records: Iterable[Mapping[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    """Records by their keys, without links and nulls, whose ids and times have one form."""
    stream = object_stream(name)
    by_key: dict[tuple[str, ...], dict[str, Any]] = {}
    for record in records:
        row = {field: _comparable(value) for field, value in record.items()}
        key = tuple(str(record[field]) for field in stream.row_key)
        assert key not in by_key, f"{name} has {key} twice"
        by_key[key] = {field: value for field, value in row.items() if value is not None}
    assert by_key
    return by_key


def _comparable(value: Any) -> Any:
    """A value in one form: numbers as text, as ids are, and without links, which are made for each answer."""
    if isinstance(value, Mapping):
        return {name: _comparable(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{float(value):.4f}" if isinstance(value, float) and not value.is_integer() else str(int(value))
    if isinstance(value, str) and "://" in value:
        return value.partition("?")[0]
    return value
