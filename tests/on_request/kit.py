"""What the tests of streams on request share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from support import NOW, config_for, read_from
from tiktok_marketing.catalog import object_stream
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator
from tiktok_marketing.pipelines.load import RunOptions, load_async


async def rows_by_skipping(emulator: Emulator, name: str) -> dict[bool, list[str]]:
    """The rows of a report if empty days of the account are skipped, and if they are not."""
    streams = [name, "ads_reports_daily", "ads_reports_hourly", "campaigns_reports_hourly"]
    rows = {}
    for skip in (True, False):
        config = config_for(emulator, start_date="2026-05-01", skip_empty_days=skip, report_granularity=1)
        outcome = await read_from(emulator, config, streams)
        assert outcome.exit_code == 0, outcome.errors
        rows[skip] = sorted(json.dumps(record, sort_keys=True) for record in outcome.records(name))
    return rows


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
