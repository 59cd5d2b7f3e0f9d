"""Databases that real syncs filled from a real emulator, ready to be damaged and examined."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from emulator_process import EmulatorProcess, emulator_process
from support import whole_packages
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.doctor import DoctorOptions, Examination, Finding, Severity, examine
from tiktok_marketing.pipelines import RunOptions, Summary, destination_of, load_async

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
DAILY = (
    "campaigns,ad_groups,ads,advertisers,audiences,ads_reports_daily,ad_groups_reports_daily,"
    "campaigns_reports_daily,advertisers_reports_daily,ads_reports_hourly,ads_audience_reports_by_country_daily"
)


class World(EmulatorProcess):
    """An emulator that runs in a process of its own."""

    def set_time(self, moment: datetime) -> None:
        """Set its clock."""
        self.control("clock", {"set": moment.isoformat()}, "POST")

    def account(self, life: str) -> str:
        """The first account with that life: `active`, `idle` or `unused`."""
        accounts = [account for account in self.control("info")["accounts"] if account["life"] == life]
        return str(accounts[0]["advertiser_id"])

    def config(self, **fields: Any) -> dict[str, Any]:
        """A configuration that reads it."""
        credentials = {"auth_type": "oauth2.0"} | {
            name: self.info[name] for name in ("app_id", "secret", "access_token")
        }
        defaults = {"start_date": "2026-05-20", "attribution_window": 3, "requests_per_second": 500}
        return {**defaults, **fields, "credentials": credentials | fields.get("credentials", {})}


@pytest.fixture(scope="session")
def running() -> Iterator[World]:
    """One emulator for all tests."""
    with emulator_process("--now", f"{NOW:%Y-%m-%dT%H:%M}", "--days", "40", "--ads-per-account", "24") as emulator:
        yield World(emulator.url, emulator.info)


@pytest.fixture
def world(running: World) -> Iterator[World]:
    """The emulator, at its usual time and without faults before and after."""
    yield running
    running.heal()
    running.set_time(NOW)


def synced(
    world: World,
    path: Path,
    config: dict[str, Any],
    streams: str | None = DAILY,
    *,
    now: datetime = NOW,
    full: bool = False,
) -> Summary:
    """Run a real sync, with a clock that stands still."""
    with whole_packages():
        return asyncio.run(
            load_async(
                parse_config(config),
                f"duckdb:///{path}",
                streams=None if streams is None else streams.split(","),
                full=full,
                options=RunOptions(clock=FixedClock(now), address=world.url),
            )
        )


@pytest.fixture(scope="session")
def pristine(running: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that is unchanged since its sync."""
    path = tmp_path_factory.mktemp("pristine") / "x.duckdb"
    assert synced(running, path, running.config()).complete
    return path


@pytest.fixture
def database(pristine: Path, tmp_path: Path) -> Path:
    """A copy of the pristine database, to be damaged."""
    return Path(shutil.copy(pristine, tmp_path / "x.duckdb"))


class Doctor:
    """Examines a database, and remembers the result.

    Args:
        world: The emulator.
        path: The database.
    """

    def __init__(self, world: World, path: Path) -> None:
        self.world = world
        self.path = path
        self.examination: Examination | None = None

    def sync(self, config: dict[str, Any], streams: str | None = DAILY, **rest: Any) -> Summary:
        """Sync into the database."""
        return synced(self.world, self.path, config, streams, **rest)

    def damage(self, sql: str) -> int:
        """Run a statement that no sync would run. Returns how many rows it changed."""
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("USE tiktok_ads")
            changed = connection.execute(sql).fetchall()
        return int(changed[0][0]) if changed and isinstance(changed[0][0], int) else 0

    def overwrite(self, table: str, column: str) -> None:
        """Overwrite a part of the file that holds a column, as a disk that fails does."""
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("CHECKPOINT")
            blocks = connection.execute(
                f"SELECT block_id FROM pragma_storage_info('tiktok_ads.{table}')"  # noqa: S608 - our own names
                f" WHERE block_id >= 0 AND column_name = '{column}' AND segment_type <> 'VALIDITY'"
            ).fetchall()
            size = int(connection.execute("PRAGMA database_size").fetchall()[0][2])
        with self.path.open("r+b") as file:
            file.seek(3 * 4096 + int(blocks[0][0]) * size + 100)  # three headers come before the blocks
            file.write(b"another")

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the database."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            connection.execute("USE tiktok_ads")
            rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            return rows

    def examine(self, config: dict[str, Any] | None = None, *, now: datetime = NOW, **options: Any) -> Examination:
        """Examine the database, or with `database=None` the access alone."""
        options.setdefault("database", destination_of(f"duckdb:///{self.path}"))
        self.examination = asyncio.run(
            examine(
                parse_config(config or self.world.config()),
                DoctorOptions(**options),
                clock=FixedClock(now),
                address=self.world.url,
            )
        )
        return self.examination

    def wrong(self, check: str | None = None) -> list[Finding]:
        """The findings of the last examination with the severity `wrong`."""
        assert self.examination is not None
        return [finding for finding in self.examination.of(Severity.WRONG) if check in {None, finding.check}]


@pytest.fixture
def doctor(world: World, database: Path) -> Doctor:
    """A doctor for a copy of the pristine database."""
    return Doctor(world, database)


@pytest.fixture
def fresh(world: World, tmp_path: Path) -> Doctor:
    """A doctor for a database that the test fills itself."""
    return Doctor(world, tmp_path / "fresh.duckdb")


@pytest.fixture
def a_day() -> Callable[[int], date]:
    """Return the day that many days before now."""
    return lambda ago: (NOW - timedelta(days=ago)).date()


@pytest.fixture
def now() -> datetime:
    """The time at which the emulator stands still."""
    return NOW
