"""What the tests of streams on request share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from support import NOW, config_for
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator
from tiktok_marketing.pipelines.load import RunOptions, load_async


def without_links(record: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record but for links, which are made for each answer."""
    return {name: value for name, value in record.items() if not (isinstance(value, str) and "://" in value)}


async def load(emulator: Emulator, path: Path, streams: Iterable[str], **fields: Any) -> None:
    """Load streams of an emulator into a DuckDB file, completely."""
    options = RunOptions(clock=FixedClock(NOW), address=emulator.url)
    result = await load_async(parse_config(config_for(emulator, **fields)), str(path), streams=streams, options=options)
    assert result.complete
