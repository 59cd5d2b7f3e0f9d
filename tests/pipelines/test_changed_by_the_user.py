"""The database is the user's too: what they drop comes back, and what they add stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support import NOW, config_for
from tiktok_marketing.catalog import stream_named
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.errors import DestinationError
from tiktok_marketing.pipelines import RunOptions, Summary, destination_of, load_async, next_start

pytestmark = pytest.mark.thorough

DAILY = "campaigns_reports_daily"
OTHER = "advertisers_reports_daily"
STREAMS = ["advertisers", "campaigns", "ads", DAILY, OTHER]
BUSINESS = Options(now=NOW, tier="unlimited", advertisers=2, days=30, ads_per_account=10)


async def load(emulator: Emulator, place: Any, *, full: bool = False, **fields: Any) -> Summary:
    """Load the streams into a database."""
    config = config_for(emulator, **{"start_date": "2026-06-01", "include_deleted": True} | fields)
    options = RunOptions(clock=FixedClock(NOW), address=emulator.url)
    return await load_async(parse_config(config), place.address, streams=STREAMS, full=full, options=options)


@pytest_asyncio.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """A small business."""
    async with Emulator(BUSINESS) as running:
        yield running


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A database of each kind that one sync has filled, by kind; each test gets a copy."""
    places: dict[str, Any] = {}

    async def fill() -> None:
        async with Emulator(BUSINESS) as running:
            for place in places.values():
                assert (await load(running, place)).complete

    make = request.getfixturevalue("places")
    places |= {"duckdb": make.duckdb(tmp_path_factory.mktemp("loaded")), "postgres": make.postgres()}
    asyncio.run(fill())
    return places


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest, loaded: dict[str, Any], tmp_path: Path) -> Any:
    """A copy of the filled database. Each test runs once per kind."""
    return loaded[request.param].copy(tmp_path)


def counts(database: Any) -> dict[str, tuple[Any, ...]]:
    """The rows of each table, and the spend of the reports."""
    of = {name: database.ask(f"SELECT count(*) FROM {name}")[0] for name in STREAMS[:3]}  # noqa: S608 - our own names
    return of | {name: database.ask(f"SELECT count(*), sum(spend) FROM {name}")[0] for name in STREAMS[3:]}  # noqa: S608


DAMAGES = {
    "a report's table is dropped": f"DROP TABLE {DAILY}",
    "a report's table is renamed": f"ALTER TABLE {DAILY} RENAME TO mine",
    "a report's table is emptied": f"DELETE FROM {DAILY}",  # noqa: S608 - our own name
    "a report's table is truncated": f"TRUNCATE {DAILY}",
    "a metric's column is dropped": f"ALTER TABLE {DAILY} DROP COLUMN spend",
    "a metric's column is renamed": f"ALTER TABLE {DAILY} RENAME COLUMN clicks TO klicks",
    "the day's column is dropped": f"ALTER TABLE {DAILY} DROP COLUMN stat_time_day",
    "the account's column is dropped": f"ALTER TABLE {DAILY} DROP COLUMN advertiser_id",
    "the package's column is dropped": f"ALTER TABLE {DAILY} DROP COLUMN _dlt_load_id",
    "all tables are dropped": "; ".join(f"DROP TABLE {name}" for name in STREAMS),
    "a table of objects is dropped": "DROP TABLE campaigns",
    "a column of objects is dropped": "ALTER TABLE ads DROP COLUMN ad_name",
    "a key of objects is dropped": "ALTER TABLE ads DROP COLUMN ad_id",
    "the states are dropped": "DROP TABLE _dlt_pipeline_state",
    "the states are emptied": "DELETE FROM _dlt_pipeline_state",
    "the states are unreadable": "UPDATE _dlt_pipeline_state SET state = 'gibberish'",
    "a column of the states is dropped": "ALTER TABLE _dlt_pipeline_state DROP COLUMN state",
    "a lesser column of the states is dropped": "ALTER TABLE _dlt_pipeline_state DROP COLUMN created_at",
    "the packages are dropped": "DROP TABLE _dlt_loads",
    "the packages are emptied": "DELETE FROM _dlt_loads",
    "a column of the packages is dropped": "ALTER TABLE _dlt_loads DROP COLUMN status",
    "the schemas are dropped": "DROP TABLE _dlt_version",
    "a column of the schemas is dropped": "ALTER TABLE _dlt_version DROP COLUMN schema",
    "the ids of the packages are numbers": (
        "ALTER TABLE _dlt_loads ALTER COLUMN load_id TYPE numeric(30, 7) USING load_id::numeric(30, 7)"
    ),
    "the status of the packages is text": "ALTER TABLE _dlt_loads ALTER COLUMN status TYPE varchar",
    "the version of the states is text": "ALTER TABLE _dlt_pipeline_state ALTER COLUMN version TYPE varchar",
    "the time of the states is text": "ALTER TABLE _dlt_pipeline_state ALTER COLUMN created_at TYPE varchar",
    "the schemas are JSON": "ALTER TABLE _dlt_version ALTER COLUMN schema TYPE json USING schema::json",
    "the states are cut": "ALTER TABLE _dlt_pipeline_state ALTER COLUMN state TYPE varchar(100) USING left(state, 100)",
    "the states have a length": "ALTER TABLE _dlt_pipeline_state ALTER COLUMN state TYPE varchar(9000)",
    "the schemas are cut": "ALTER TABLE _dlt_version ALTER COLUMN schema TYPE varchar(100) USING left(schema, 100)",
    "the ids of the packages are cut": (
        "ALTER TABLE _dlt_loads ALTER COLUMN load_id TYPE varchar(10) USING left(load_id, 10)"
    ),
    "the record of syncs is dropped": "DROP TABLE _tiktok_syncs",
    "a column of the record is dropped": "ALTER TABLE _tiktok_syncs DROP COLUMN missing",
    "a column of the loads is dropped": "ALTER TABLE _tiktok_loads DROP COLUMN kept_rows",
    "the schema is dropped": "DROP SCHEMA tiktok_ads CASCADE",
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_the_next_sync_makes_it_whole(emulator: Emulator, database: Any, damage: str) -> None:
    """Whatever is gone, a plain sync brings it back."""
    before = counts(database)
    database.change(DAMAGES[damage])
    again = await load(emulator, database)
    assert again.complete, again.missing()
    assert counts(database) == before
    assert not again.differences()


async def test_a_type_that_cannot_be_restored_is_named(emulator: Emulator, database: Any) -> None:
    """The message names the table, the column and both types, and what it advises works."""
    before = counts(database)
    database.change("ALTER TABLE _dlt_loads ALTER COLUMN status TYPE varchar; UPDATE _dlt_loads SET status = 'loaded'")
    with pytest.raises(DestinationError, match="The column status of the table _dlt_loads") as refused:
        await load(emulator, database)
    assert "instead of BIGINT" in refused.value.message
    advice = refused.value.remedy
    database.change(advice[advice.index("ALTER TABLE") : advice.index(". The next")])
    assert (await load(emulator, database)).complete
    assert counts(database) == before


def change_state(database: Any, name: str, state: Any) -> None:
    """Write another state of one stream."""
    from dlt.common.versioned_state import compress_state, decompress_state

    for load_id, text in database.ask("SELECT _dlt_load_id, state FROM _dlt_pipeline_state"):
        kept = decompress_state(text)
        kept["sources"]["tiktok"]["streams"][name] = state
        database.change(
            f"UPDATE _dlt_pipeline_state SET state = '{compress_state(kept)}' WHERE _dlt_load_id = '{load_id}'"  # noqa: S608
        )


@pytest.mark.parametrize("state", [{"cursors": {"7001": "2026-06-10"}}, {"stat_time_day": "soon"}, 7])
async def test_a_state_that_cannot_be_read_costs_its_stream(emulator: Emulator, database: Any, state: Any) -> None:
    """A newer version may have written it. It stays, and the advice works."""
    before = counts(database)
    change_state(database, DAILY, state)
    database.change(f"DELETE FROM {OTHER} WHERE stat_time_day = '2026-06-14'")  # noqa: S608 - our own name
    for _ in range(2):
        again = await load(emulator, database)
        (missing,) = again.missing()
        assert f"The state of stream {DAILY} cannot be read" in missing
        assert f"--streams {DAILY} --full" in missing
        assert [each.name for each in again.streams if not each.complete] == [DAILY]
        assert counts(database) == before
    start = next_start(destination_of(database.address), [of for of in map(stream_named, (DAILY, OTHER)) if of])
    assert start is not None
    assert start.states[DAILY] == state
    assert (await load(emulator, database, full=True)).complete
    assert (await load(emulator, database)).complete
    assert counts(database) == before
