"""A load that is refused before anything is loaded leaves nothing behind that was not there before."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from support import NOW, config_for
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.pipelines import RunOptions, load_async

FUTURE = {"start_date": "2031-01-01"}
NO_SUCH_TOKEN = "f" * 40
REFUSALS: dict[str, dict[str, Any]] = {
    "future_start": {"fields": FUTURE},
    "wrong_token": {"token": NO_SUCH_TOKEN},
    "unknown_stream": {"streams": ["no_such_stream"]},
    "future_since": {"since": date(2031, 1, 1)},
    "no_account": {"fault": Fault(path="oauth2/advertiser/get/", lack=1.0)},
    "no_network": {"address": "http://127.0.0.1:1"},
}


async def refused(database: Any, refusal: dict[str, Any]) -> None:
    """A load that fails in this way."""
    async with Emulator(Options(now=NOW, tier="unlimited", days=5, advertisers=1, ads_per_account=4)) as emulator:
        if "fault" in refusal:
            emulator.faults.add(refusal["fault"])
        raw = config_for(emulator, **refusal.get("fields", {}))
        if "token" in refusal:
            raw["credentials"]["access_token"] = refusal["token"]
        at = RunOptions(clock=FixedClock(NOW), address=refusal.get("address", emulator.url), since=refusal.get("since"))
        streams = refusal.get("streams", ["campaigns"])
        with pytest.raises(ConnectorError):
            await load_async(parse_config(raw), database.address, streams=streams, options=at)


def names_in(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def link(path: Path, target: Path) -> None:
    """Make a link."""
    path.symlink_to(target)


def schemas(database: Any) -> set[str]:
    """The schemas that somebody created in a Postgres."""
    sql = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize(
    "refusal", [pytest.param(name, marks=[pytest.mark.thorough] if name == "no_network" else []) for name in REFUSALS]
)
async def test_no_file_is_left_by_a_refused_load(refusal: str, tmp_path: Path, duckdb_only: Any) -> None:
    """Neither the file nor what is kept beside it while it is loaded."""
    await refused(duckdb_only, REFUSALS[refusal])
    assert names_in(tmp_path) == []


async def test_no_schema_is_left_in_the_users_file(duckdb_only: Any) -> None:
    """What the file holds stays, and the file is used again."""
    with duckdb.connect(duckdb_only.address) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS x")
    await refused(duckdb_only, REFUSALS["wrong_token"])
    with duckdb.connect(duckdb_only.address) as connection:
        assert connection.execute("SELECT x FROM mine").fetchall() == [(1,)]
        names = connection.execute("SELECT schema_name FROM duckdb_schemas() WHERE NOT internal").fetchall()
    assert ("tiktok_ads",) not in names


@pytest.mark.parametrize(
    "sql", ["CREATE SCHEMA tiktok_ads", "CREATE SCHEMA tiktok_ads; CREATE TABLE tiktok_ads.mine(x int)"]
)
async def test_what_the_user_prepared_in_the_file_stays(sql: str, duckdb_only: Any) -> None:
    """An empty schema of theirs is theirs."""
    with duckdb.connect(duckdb_only.address) as connection:
        connection.execute(sql)
        before = connection.execute("SELECT schema_name FROM duckdb_schemas()").fetchall()
    await refused(duckdb_only, REFUSALS["wrong_token"])
    with duckdb.connect(duckdb_only.address) as connection:
        assert connection.execute("SELECT schema_name FROM duckdb_schemas()").fetchall() == before


async def test_a_link_to_a_file_that_does_not_exist_stays(duckdb_only: Any, tmp_path: Path) -> None:
    """The link is the user's; the file that it led to is gone again."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link(Path(duckdb_only.address), elsewhere / "real.duckdb")
    await refused(duckdb_only, REFUSALS["wrong_token"])
    assert names_in(tmp_path) == ["elsewhere", "test.duckdb"]
    assert names_in(elsewhere) == []


@pytest.mark.parametrize("prepared", [False, True])
async def test_no_schema_is_left_in_postgres(postgres_only: Any, *, prepared: bool) -> None:
    """A schema that the user created stays."""
    if prepared:
        postgres_only.ask("CREATE SCHEMA tiktok_ads")
    before = schemas(postgres_only)
    await refused(postgres_only, REFUSALS["wrong_token"])
    assert schemas(postgres_only) == before
