"""While a sync runs, or after it was stopped, a database holds whole days and never half of one."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from support import NOW, config_for
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.pipelines import RunOptions, load_async
from tiktok_marketing.pipelines.package import HELD_BYTES, UnfinishedDays
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.events import DaysComplete, DaysIncomplete, Rows
from tiktok_marketing.sync.plan.windows import Window

NAME = "ads_reports_daily"


def days_in(database: Path) -> Counter[str]:
    """The number of rows per day."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            f"SELECT strftime(stat_time_day, '%Y-%m-%d'), count(*) FROM tiktok_ads.{NAME} GROUP BY 1"  # noqa: S608
        ).fetchall()
    return Counter(dict(rows))


@pytest.mark.parametrize(
    "options",
    [pytest.param({}, id="pages"), pytest.param({"ad_report_limit": 60}, id="campaigns", marks=pytest.mark.thorough)],
)
async def test_a_sync_that_is_stopped_between_two_pages_leaves_no_half_day(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    """Rows of a window wait until their days are whole, so what is loaded equals what an undisturbed sync loads."""
    async with Emulator(
        Options(now=NOW, tier="unlimited", advertisers=1, days=60, ads_per_account=200, **options)
    ) as emulator:
        config = parse_config(config_for(emulator, start_date="2026-05-01", include_deleted=True))
        at = RunOptions(clock=FixedClock(NOW), address=emulator.url)
        whole, stopped = tmp_path / "whole.duckdb", tmp_path / "stopped.duckdb"
        assert (await load_async(config, str(whole), streams=[NAME], options=at)).complete
        asked = emulator.counters.total()
        for answers in range(1, asked - 2, max(1, asked // 4)):
            emulator.faults.clear()
            emulator.counters.reset()
            emulator.faults.add(Fault(path="report/integrated/get/", hang=True, skip=answers))
            stop = asyncio.Event()
            loading = asyncio.create_task(
                load_async(config, str(stopped), streams=[NAME], options=at, stop=stop, full=True)
            )
            while emulator.counters.total(answer="hang") < 1 and not loading.done():  # noqa: ASYNC110 - the emulator has no event for it
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            stop.set()
            await loading
            expected = days_in(whole)
            for day, count in days_in(stopped).items():
                assert count == expected[day], (answers, day)
            stopped.unlink()


def test_rows_of_a_window_that_failed_are_not_loaded(run: Any, query: Any, make: Any) -> None:
    """Half of a day is worse than none of it: the next sync reads the whole day."""
    name = "campaigns_reports_daily"
    of = make.stream(name)
    good, bad = (
        Rows(of, make.account, RecordList([make.campaign_row(window_id, "2026-01-01")]), 9, window_id)
        for window_id in (1, 2)
    )
    day = Window(date(2026, 1, 1), date(2026, 1, 1))
    run(make.whole(name, good, bad, DaysComplete(of, 1, make.account, day, exact=False), DaysIncomplete(of, 2)))
    assert query(f"SELECT campaign_id FROM {name}") == [(make.ad + 1,)]  # noqa: S608 - a name from above


def test_a_day_larger_than_memory_allows_is_released_early(make: Any) -> None:
    """Otherwise an account with hundreds of thousands of ads would need memory for all rows of a day."""
    of = make.stream("ads_reports_daily")
    half = pa.table(
        {"x": pa.Array.from_buffers(pa.uint8(), HELD_BYTES // 2, [None, pa.py_buffer(bytes(HELD_BYTES // 2))])}
    )
    unfinished = UnfinishedDays()
    assert unfinished.add(1, of, half) == []
    assert unfinished.add(2, of, half.slice(0, 10)) == []
    assert [table.num_rows for _, table in unfinished.add(1, of, half)] == [half.num_rows] * 2
    assert unfinished.release(1) == []
    assert [table.num_rows for table in unfinished.release(2)] == [10]
