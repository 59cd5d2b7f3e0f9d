"""A sync into a database reads what the database does not cover, and `plan` foresees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from support import NOW, config_for, read_from
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.pipelines import RunOptions, Summary, destination_of, load_async, next_start

pytestmark = pytest.mark.thorough

DAILY = "ads_reports_daily"
HOURLY = "ads_reports_hourly"


@pytest_asyncio.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """A small business with deleted campaigns."""
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=3, days=40, ads_per_account=10)) as running:
        yield running


async def sync(emulator: Emulator, place: Any, *, full: bool = False, **fields: Any) -> Summary:
    """Load a daily and an hourly report."""
    config = parse_config(
        config_for(emulator, **{"start_date": "2026-06-10", "include_deleted": True, "attribution_window": 0} | fields)
    )
    options = RunOptions(clock=FixedClock(NOW), address=emulator.url)
    return await load_async(config, place.address, streams=[DAILY, HOURLY], full=full, options=options)


def contents(place: Any) -> list[Any]:
    """Rows and spend per account and day."""
    return [
        place.ask(f"SELECT advertiser_id, {day}, count(*), sum(spend) FROM {name} GROUP BY 1, 2 ORDER BY 1, 2")  # noqa: S608
        for name, day in ((DAILY, "stat_time_day"), (HOURLY, "stat_time_hour"))
    ]


def days_asked(emulator: Emulator) -> set[str]:
    """The first days of the requests for ads."""
    return {
        request.params["start_date"]
        for request in emulator.counters.requests
        if request.params.get("data_level") == "AUCTION_AD"
    }


async def test_an_earlier_start_date_reads_earlier_days(emulator: Emulator, duckdb_only: Any, tmp_path: Any) -> None:
    """Only the missing days are read, the sync says so, and then the database is as a new one."""
    await sync(emulator, duckdb_only)
    emulator.counters.requests.clear()
    again = await sync(emulator, duckdb_only, start_date="2026-06-01")
    assert again.complete
    assert not again.differences()
    assert not {f"2026-06-{day}" for day in range(10, 15)} & days_asked(emulator)
    assert "the days 2026-06-01 to 2026-06-09 for 3 accounts" in " ".join(again.notices)
    fresh = type(duckdb_only)(tmp_path / "fresh.duckdb")
    await sync(emulator, fresh, start_date="2026-06-01")
    assert contents(duckdb_only) == contents(fresh)
    assert (await sync(emulator, duckdb_only, start_date="2026-06-01")).notices == ()


async def test_deleted_objects_are_filled_in(emulator: Emulator, database: Any, tmp_path: Any) -> None:
    """`include_deleted` switched on reads the reports that hide such rows again."""
    await sync(emulator, database, include_deleted=False, start_date="2026-05-07")
    without = contents(database)
    again = await sync(emulator, database, start_date="2026-05-07")
    assert "include_deleted is on" in " ".join(again.notices)
    fresh = type(database)(tmp_path / "fresh.duckdb") if database.kind == "duckdb" else database.another()
    await sync(emulator, fresh, start_date="2026-05-07")
    assert contents(database) == contents(fresh) != without


async def test_an_added_account_is_read_from_the_start(emulator: Emulator, duckdb_only: Any, tmp_path: Any) -> None:
    """The others are not read again."""
    await sync(emulator, duckdb_only, advertiser_ids=list(emulator.advertiser_ids[:2]))
    again = await sync(emulator, duckdb_only)
    assert "not all accounts have been read before" in " ".join(again.notices).lower()
    fresh = type(duckdb_only)(tmp_path / "fresh.duckdb")
    await sync(emulator, fresh)
    assert contents(duckdb_only) == contents(fresh)


async def test_a_full_sync_of_some_accounts_leaves_the_states_of_the_others(emulator: Emulator, database: Any) -> None:
    """They go on where they were."""
    await sync(emulator, database)
    before = contents(database)
    await sync(emulator, database, full=True, advertiser_ids=list(emulator.advertiser_ids[:1]))
    assert contents(database) == before
    start = next_start(destination_of(database.address), [])
    assert start is not None
    accounts = {entry["partition"]["advertiser_id"] for entry in start.states[DAILY]["states"]}
    assert accounts == set(emulator.advertiser_ids)


async def test_a_sync_that_ends_within_a_gap_goes_on_there(
    emulator: Emulator, duckdb_only: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    """No day of the gap is recorded as covered before its rows are in the database."""
    monkeypatch.setattr("tiktok_marketing.pipelines.package.FULL_ROWS", 100)
    monkeypatch.setattr("tiktok_marketing.sync.run.stream_run._CHECKPOINT_INTERVAL", 0.0)
    monkeypatch.setattr("tiktok_marketing.sync.run.stream_run._INTERVAL_IF_FEW", 0.0)
    monkeypatch.setattr("tiktok_marketing.sync.run.stream_run._STATE_RATE", 1e9)
    monkeypatch.setattr("tiktok_marketing.sync.run.stream_run._STATE_RATE_IF_FEW", 1e9)
    await sync(emulator, duckdb_only)
    config = parse_config(config_for(emulator, start_date="2026-05-20", include_deleted=True, attribution_window=0))
    for seconds in (0.3, 0.8, 1.5):
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, stop.set)
        options = RunOptions(clock=FixedClock(NOW), address=emulator.url)
        await load_async(config, duckdb_only.address, streams=[DAILY], stop=stop, options=options)
    monkeypatch.undo()
    assert (await sync(emulator, duckdb_only, start_date="2026-05-20")).complete
    fresh = type(duckdb_only)(tmp_path / "fresh.duckdb")
    await sync(emulator, fresh, start_date="2026-05-20")
    assert contents(duckdb_only) == contents(fresh)


async def test_a_database_without_a_record_of_it_is_filled(emulator: Emulator, database: Any, tmp_path: Any) -> None:
    """Earlier versions wrote none: the first day of each account's rows is certain, and nothing before it."""
    await sync(emulator, database)
    start = next_start(destination_of(database.address), [])
    assert start is not None
    forget_coverage(database)
    again = await sync(emulator, database, start_date="2026-06-05")
    assert again.complete
    fresh = type(database)(tmp_path / "fresh.duckdb") if database.kind == "duckdb" else database.another()
    await sync(emulator, fresh, start_date="2026-06-05")
    assert contents(database) == contents(fresh)
    assert date(2026, 6, 5) in {row[1] for row in contents(database)[0]}


def forget_coverage(place: Any) -> None:
    """Rewrite the states as an earlier version wrote them."""
    from dlt.common.versioned_state import compress_state, decompress_state

    rows = place.ask("SELECT _dlt_load_id, state FROM _dlt_pipeline_state")
    for load_id, text in rows:
        state = decompress_state(text)
        source = state["sources"]["tiktok"]
        source.pop("filled", None)
        for of in source["streams"].values():
            of.pop("coverage", None)
        changed = f"SET state = '{compress_state(state)}' WHERE _dlt_load_id = '{load_id}'"
        place.change(f"UPDATE _dlt_pipeline_state {changed}")


async def test_airbyte_warns_and_names_the_way(emulator: Emulator) -> None:
    """There, the state says what it covers, and the user decides."""
    first = await read_from(emulator, config_for(emulator, start_date="2026-06-10"), [DAILY, "ads"])
    for fields, warning in (
        ({"start_date": "2026-06-01"}, "the days 2026-06-01 to 2026-06-09 for 3 accounts may be missing"),
        ({"start_date": "2026-06-10", "include_deleted": True}, "include_deleted is on"),
    ):
        config = config_for(emulator, **fields)
        second = await read_from(emulator, config, [DAILY, "ads"], state=first.state_file)
        (text,) = (line["message"] for line in second.of_type("LOG") if line["level"] == "WARN")
        assert warning in text
        assert f"ads, {DAILY}" in text
        assert "Refresh stream" in text
        assert second.exit_code == 0
