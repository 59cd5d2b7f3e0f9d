"""What happens to reading when the database is slower."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from support import NOW, config_for
from tiktok_marketing.api import transport
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.pipelines import RunOptions, load_async, package
from tiktok_marketing.pipelines.loader import Loader
from tiktok_marketing.sync.run import engine

NAME = "ads_reports_hourly"


async def requests_until_silence(emulator: Emulator) -> int:
    """Wait until no request has come for a while; returns how many there were."""
    count, calm = -1, 0
    while calm < 20:
        calm = calm + 1 if emulator.counters.total() == count else 0
        count = emulator.counters.total()
        await asyncio.sleep(0.05)
    return count


@pytest.mark.thorough
async def test_reading_waits_for_a_slow_database_and_loses_nothing(
    duckdb_only: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a package is stuck in the database, a second package and the queue fill up. Then no more is requested."""
    rows = 500
    monkeypatch.setattr(package, "FULL_ROWS", rows)
    monkeypatch.setattr(package, "HELD_BYTES", 100_000)
    monkeypatch.setitem(engine.Sync.__init__.__kwdefaults__, "buffer_bytes", 50_000)
    monkeypatch.setattr(transport, "_BODY_BYTES", 50_000)
    go_on = threading.Event()
    load, begun = Loader.load, []

    def stuck(loader: Any, filled: Any) -> Any:
        begun.append((filled.rows, filled.size))
        assert go_on.wait(60)
        return load(loader, filled)

    monkeypatch.setattr(Loader, "load", stuck)
    async with Emulator(Options(now=NOW, tier="unlimited", days=60, ads_per_account=30)) as emulator:
        config = parse_config(
            config_for(emulator, start_date="2026-04-20", include_deleted=True, requests_per_second=30)
        )
        at = RunOptions(clock=FixedClock(NOW), address=emulator.url)
        loading = asyncio.create_task(load_async(config, duckdb_only.address, streams=[NAME], options=at))
        while not begun:  # noqa: ASYNC110 - it begins in another thread
            await asyncio.sleep(0.01)
        asked = await requests_until_silence(emulator)
        assert len(begun) == 1
        assert not loading.done()
        go_on.set()
        summary = await loading
        assert summary.complete
        assert emulator.counters.total() > 2 * asked
    assert max(count for count, _ in begun) < 2 * rows + 1000
    assert duckdb_only.ask(f"SELECT count(*) FROM {NAME}") == [(summary.rows,)]  # noqa: S608 - a name from above
