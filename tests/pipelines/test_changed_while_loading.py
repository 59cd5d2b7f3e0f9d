"""If what a sync has loaded is gone before it ends, it stops, and the next one makes the database whole."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from tiktok_marketing.errors import DestinationChangedError

pytestmark = pytest.mark.thorough

DAILY = "campaigns_reports_daily"
CHANGES = {
    "emptied": (f"DELETE FROM {DAILY}", f"the table {DAILY} was emptied"),  # noqa: S608 - our own name
    "truncated": (f"TRUNCATE {DAILY}", f"the table {DAILY} was emptied"),
    "dropped": (f"DROP TABLE {DAILY}", f"the table {DAILY} was dropped or renamed"),
    "renamed": (f"ALTER TABLE {DAILY} RENAME TO mine", f"the table {DAILY} was dropped or renamed"),
    "column dropped": (
        f"ALTER TABLE {DAILY} DROP COLUMN clicks",
        f"the column clicks of the table {DAILY} was dropped or renamed",
    ),
    "column renamed": (
        f"ALTER TABLE {DAILY} RENAME COLUMN spend TO cost",
        f"the column spend of the table {DAILY} was dropped or renamed",
    ),
    "schema dropped": ("DROP SCHEMA tiktok_ads CASCADE", "the schema tiktok_ads was dropped"),
    "packages dropped": ("DROP TABLE _dlt_loads", "the table _dlt_loads was dropped"),
    "packages emptied": ("DELETE FROM _dlt_loads", "it lacks 1 of the packages"),
    "loaded by another": (
        "INSERT INTO _dlt_loads (load_id, schema_name, status, inserted_at) VALUES ('1', 'tiktok', 0, now())",
        "another program loaded something",
    ),
}


@pytest.fixture
def one_row_per_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages are as small as they can be."""
    monkeypatch.setattr("tiktok_marketing.pipelines.package.FULL_ROWS", 1)


def elsewhere(database: Any, sql: str) -> list[list[Any]] | None:
    """Run one statement from another process, as others do; None if the database cannot be opened now."""
    if database.kind != "duckdb":
        return [list(row) for row in database.ask(sql)]
    program = (
        "import duckdb, json, sys; connection = duckdb.connect(sys.argv[1]); "
        "sys.argv[2].startswith('DROP SCHEMA') or connection.execute('USE tiktok_ads'); "
        "print(json.dumps(connection.execute(sys.argv[2]).fetchall(), default=str))"
    )
    command = [sys.executable, "-c", program, database.address, sql]
    ended = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own program
    return json.loads(ended.stdout) if ended.returncode == 0 else None


def until_done(database: Any, sql: str, *, rows_needed: bool = False) -> None:
    """Run one statement from another process as soon as the database can be opened, and has rows if they are needed."""
    for _ in range(300):
        try:
            rows = elsewhere(database, sql)
        except psycopg2.Error:  # it has no tables yet
            rows = None
        if rows or (rows is not None and not rows_needed):
            return
        time.sleep(0.05)
    raise TimeoutError(sql)


def once_loaded(database: Any, change: Callable[[], Any]) -> Callable[[], Any]:
    """A step of a fake sync that changes the database once the first package is in it."""

    async def step() -> None:
        await asyncio.to_thread(until_done, database, "SELECT load_id FROM _dlt_loads", rows_needed=True)
        await asyncio.to_thread(change)

    return step


def events(make: Any, *change: Any) -> list[Any]:
    """Two packages of one report, with a change in between."""
    return make.whole(
        DAILY,
        make.batch(DAILY, [make.campaign_row(1, "2026-01-01")]),
        make.state("2026-01-01"),
        *change,
        make.batch(DAILY, [make.campaign_row(2, "2026-01-02")]),
        make.state("2026-01-02"),
    )


@pytest.mark.usefixtures("one_row_per_package")
@pytest.mark.parametrize("change", CHANGES)
def test_a_sync_stops_if_what_it_loaded_is_gone(run: Any, database: Any, make: Any, change: str) -> None:
    """The message says what happened, and the state covers nothing that is gone."""
    sql, reason = CHANGES[change]
    with pytest.raises(DestinationChangedError, match=reason) as stopped:
        run(events(make, once_loaded(database, lambda: until_done(database, sql))))
    assert "Run it again" in stopped.value.remedy
    again = run(events(make))
    assert again.states_before.get(DAILY) is None or change == "loaded by another"
    assert again.summary.complete
    rows = database.ask(f"SELECT campaign_id, spend FROM {DAILY} ORDER BY 1")  # noqa: S608 - our own name
    assert rows == [(make.ad + 1, Decimal("1.1")), (make.ad + 2, Decimal("1.1"))]


@pytest.mark.usefixtures("one_row_per_package")
@pytest.mark.parametrize("with_what", ["nothing", "a copy", "another database"])
def test_a_sync_stops_if_its_file_is_replaced(duckdb_only: Any, make: Any, with_what: str) -> None:
    """A file that was deleted is never silently created again while a sync runs."""
    path = Path(duckdb_only.address)

    def replace() -> None:
        copy = shutil.copy(path, f"{path}.copy")
        path.unlink()
        if with_what == "a copy":
            Path(copy).rename(path)
        elif with_what == "another database":
            with duckdb.connect(path) as connection:
                connection.execute("CREATE TABLE something AS SELECT 1")

    with pytest.raises(DestinationChangedError, match="was changed"):
        make.runner(duckdb_only)(events(make, once_loaded(duckdb_only, replace)))
    assert path.exists() == (with_what != "nothing")


def test_a_table_that_is_emptied_after_its_rows_came_is_noticed_before_the_state_counts(
    run: Any, database: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state is written in a transaction of its own, which looks at every table first."""
    from tiktok_marketing.pipelines.databases.replacement import TableChanges

    def check_after_a_user(self: TableChanges, session: Any, table: str | None) -> None:
        if table is None and self.replacements:
            session.execute(f'DELETE FROM "tiktok_ads"."{DAILY}"')  # noqa: S608 - what a user could do
        original(session, table)

    originals: list[Any] = []
    initialize = TableChanges.__init__

    def initialized(self: TableChanges, check: Any) -> None:
        originals.append(check)
        initialize(self, lambda session, table: check_after_a_user(self, session, table))

    def original(session: Any, table: str | None) -> None:
        originals[-1](session, table)

    with monkeypatch.context() as patched:
        patched.setattr(TableChanges, "__init__", initialized)
        with pytest.raises(DestinationChangedError, match="emptied"):
            run(events(make))
    again = run(events(make))
    assert again.states_before == {}
    assert database.ask(f"SELECT count(*) FROM {DAILY}") == [(2,)]  # noqa: S608 - our own name


def test_a_delete_that_runs_at_the_same_time_waits_for_the_package(
    postgres_only: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would delete the rows before the package and leave those of the package, which looks whole."""
    run = make.runner(postgres_only)
    run(events(make))
    monkeypatch.setattr("tiktok_marketing.pipelines.databases.postgres.session._LOCK_TIMEOUT", "1s")
    with postgres_only.connect() as connection, connection.cursor() as cursor:
        connection.autocommit = False
        cursor.execute(f"DELETE FROM tiktok_ads.{DAILY}")  # noqa: S608 - our own name
        with pytest.raises(Exception, match="holds a lock on a table"):
            run(events(make))
        connection.rollback()
    assert run(events(make)).summary.complete
