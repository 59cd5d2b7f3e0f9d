"""A store that an account sees only later is read from the start, and no cursor of the account hides its days."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from on_request.conftest import emulator_of
from support import A_DAY, NOW, Outcome, config_for, key_of, read_from
from tiktok_marketing.catalog import stream_named
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Fault
from tiktok_marketing.pipelines.load import RunOptions, load_async

LIST = "gmv_max/store/list/"
DAILY, POSTS = "gmv_max_advertiser_reports_daily", "gmv_max_creative_reports_daily"
HOURLY, TOTAL = "gmv_max_advertiser_reports_hourly", "gmv_max_advertiser_reports_lifetime"
NAMES = [DAILY, POSTS, HOURLY, TOTAL]
UP_TO = "WHERE stat_time_day < '2026-06-15'"
DAYS: dict[str, Any] = {"start_date": "2026-06-05", "attribution_window": 1, "include_deleted": True}


def rows(*outcomes: Outcome) -> dict[str, dict[tuple[Any, ...], Any]]:
    """The newest rows of several syncs, by stream and key."""
    merged: dict[str, dict[tuple[Any, ...], Any]] = {}
    for name in NAMES:
        stream = stream_named(name)
        assert stream is not None
        merged[name] = {
            key_of(stream, record): record["metrics"]
            for outcome in outcomes
            for record in outcome.records(name)
            if record["metrics"]["cost"]  # a store without figures has a row of zeros for its hours
        }
    return merged


def texts(outcome: Outcome) -> str:
    """What was logged."""
    return " ".join(str(message["message"]) for message in outcome.of_type("LOG"))


@pytest.fixture
def emulator() -> Emulator:
    """A business of one account, whose figures are final."""
    return emulator_of(advertisers=1, settled=True)


async def test_a_store_that_appears_is_read_from_the_start(emulator: Emulator) -> None:
    """A cursor says how far the account was read, but not of which stores. The state says it, and so does the log."""
    async with emulator:
        config = config_for(emulator, **DAYS)
        emulator.faults.add(Fault(path=LIST, lack=0.99))
        first = await read_from(emulator, config, NAMES)
        assert first.exit_code == 0
        emulator.faults.clear()
        second = await read_from(emulator, config, NAMES, state=first.state_file)
        fresh = await read_from(emulator, config, NAMES)
    assert second.exit_code == 0
    missing = {name: len(of) for name, of in rows(fresh).items() if not of.items() <= rows(first, second)[name].items()}
    assert not missing
    assert all(rows(first)[name].keys() != of.keys() for name, of in rows(fresh).items()), "the store never was away"
    assert "stores have appeared since the last sync" in texts(second)


async def test_known_stores_are_read_from_the_cursor(emulator: Emulator) -> None:
    """Nothing is read again while the stores stay the same, and the list of stores is asked for once per account."""
    async with emulator:
        config = config_for(emulator, **DAYS)
        first = await read_from(emulator, config, NAMES)
        emulator.counters.reset()
        second = await read_from(emulator, config, NAMES, state=first.state_file)
        asked = [request for request in emulator.counters.requests if request.path == LIST]
    assert len(asked) == 1
    assert {record["stat_time_day"][:10] for record in second.records(DAILY)} <= {"2026-06-14", "2026-06-15"}
    assert "have appeared" not in texts(second)


@pytest.mark.thorough
async def test_a_store_that_was_away_for_a_while_is_read_from_the_start(emulator: Emulator) -> None:
    """The days of its absence were read without it."""
    async with emulator:
        config = config_for(emulator, **DAYS)
        outcomes = [await read_from(emulator, config, NAMES)]
        for lack in (0.99, 0.0):
            emulator.faults.clear()
            if lack:
                emulator.faults.add(Fault(path=LIST, lack=lack))
            outcomes.append(await read_from(emulator, config, NAMES, state=outcomes[-1].state_file))
    assert "have appeared" not in texts(outcomes[1])
    assert "have appeared" in texts(outcomes[2])


@pytest.mark.thorough
async def test_rows_of_a_store_that_is_gone_stay(emulator: Emulator, tmp_path: Path) -> None:
    """In every sync from then on, with a warning. A list that lacks a store is no proof that its rows are gone."""
    path = tmp_path / "tiktok.duckdb"
    async with emulator:
        config = parse_config(config_for(emulator, **DAYS))
        await loaded(emulator, config, path, 0)
        before = costs(path)
        emulator.faults.add(Fault(path=LIST, lack=0.99))
        notices = [str((await loaded(emulator, config, path, days)).notices) for days in (0, 1)]
        assert costs(path) == before
        assert all("TikTok no longer lists stores that were read before" in text for text in notices)
        emulator.faults.clear()
        result = await loaded(emulator, config, path, 1)
    assert "have appeared" in str(result.notices)
    assert costs(path) == before


async def test_a_state_without_stores_is_accepted(emulator: Emulator) -> None:
    """Such as that of Airbyte's connector: all stores count as known, and the next state names them."""
    async with emulator:
        config = config_for(emulator, **DAYS)
        first = await read_from(emulator, config, [DAILY])
        state = json.loads(json.dumps(first.state_file))
        del state[0]["stream"]["stream_state"]["stores"]
        second = await read_from(emulator, config, [DAILY], state=state)
    assert second.exit_code == 0
    assert "have appeared" not in texts(second)
    assert second.last_states[DAILY]["stores"] == first.last_states[DAILY]["stores"]


async def test_a_list_that_fails_while_a_sync_is_planned_fails_its_streams_alone(emulator: Emulator) -> None:
    """The state stays, and the next sync sees the store that has appeared."""
    async with emulator:
        config = config_for(emulator, **DAYS)
        emulator.faults.add(Fault(path=LIST, lack=0.99))
        first = await read_from(emulator, config, [DAILY, "campaigns"])
        emulator.faults.clear()
        emulator.faults.add(Fault(path=LIST, code=40002))
        second = await read_from(emulator, config, [DAILY, "campaigns"], state=first.state_file)
        emulator.faults.clear()
        third = await read_from(emulator, config, [DAILY, "campaigns"], state=second.state_file or first.state_file)
    assert second.exit_code == 1
    assert second.statuses["campaigns"][-1] == "COMPLETE"
    assert "have appeared" in texts(third)


async def test_a_list_that_comes_after_the_plan_makes_the_account_incomplete(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier days of a new store are missing, and the sync says so. The next one reads them."""
    monkeypatch.setattr("tiktok_marketing.sync.run.window_reader._STORES_PATIENCE", 0.1)
    async with emulator:
        config = config_for(emulator, **DAYS)
        emulator.faults.add(Fault(path=LIST, lack=0.99))
        first = await read_from(emulator, config, [DAILY, "campaigns"])
        emulator.faults.clear()
        emulator.faults.add(Fault(path=LIST, latency=0.5))
        second = await read_from(emulator, config, [DAILY, "campaigns"], state=first.state_file)
        emulator.faults.clear()
        third = await read_from(emulator, config, [DAILY, "campaigns"], state=second.state_file)
        fresh = await read_from(emulator, config, [DAILY])
    assert second.exit_code == 1
    assert second.statuses == {
        DAILY: ["STARTED", "RUNNING", "INCOMPLETE"],
        "campaigns": ["STARTED", "RUNNING", "COMPLETE"],
    }
    assert "after this sync was planned" in texts(second)
    assert third.exit_code == 0
    assert rows(fresh)[DAILY].items() <= rows(first, second, third)[DAILY].items()


@pytest.mark.thorough
async def test_a_database_gets_the_earlier_days_of_a_store(emulator: Emulator, tmp_path: Path) -> None:
    """With the figures that a database of a sync from nothing has."""
    sums = []
    async with emulator:
        config = parse_config(config_for(emulator, **DAYS))
        for name, lacks in (("later.duckdb", (0.99, 0.0)), ("whole.duckdb", (0.0,))):
            for number, lack in enumerate(lacks):
                emulator.faults.clear()
                if lack:
                    emulator.faults.add(Fault(path=LIST, lack=lack))
                await loaded(emulator, config, tmp_path / name, number)
            sums.append(costs(tmp_path / name))
    assert sums[0] == sums[1]
    assert all(stores for _, stores in sums[0])


async def loaded(emulator: Emulator, config: Any, path: Path, days: int) -> Any:
    """Load the streams some days later."""
    moment = NOW + days * A_DAY
    emulator.clock.set(moment)
    options = RunOptions(clock=FixedClock(moment), address=emulator.url)
    result = await load_async(config, str(path), streams=NAMES, options=options)
    assert result.complete
    return result


def costs(path: Path) -> list[tuple[Any, Any]]:
    """What each table's rows cost up to the day of the first sync, and how many stores they are of.

    A report without days goes on to the present day, so its cost is left out.
    """
    times = {HOURLY: "WHERE stat_time_hour < '2026-06-15'", TOTAL: ""}
    with duckdb.connect(str(path), read_only=True) as database:
        return [
            database.execute(
                f"SELECT {'0' if name == TOTAL else 'sum(cost)'}, count(DISTINCT store_id)"  # noqa: S608 - our own names
                f" FROM tiktok_ads.{name} {times.get(name, UP_TO)}"
            ).fetchall()[0]
            for name in NAMES
        ]
