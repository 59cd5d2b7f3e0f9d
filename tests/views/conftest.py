"""Databases that a real sync from the emulator has filled, with what the emulator says that they must show."""

from __future__ import annotations

import asyncio
import fcntl
import functools
import os
import pickle
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import psycopg2
import pytest

from postgres_server import Database, Server, server
from support import HurriedClock, config_for, whole_packages
from tiktok_marketing.cli.main import run as run_command
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.pipelines import RunOptions, load_async
from tiktok_marketing.views.currency import EuropeanCentralBank

NOW = datetime(2026, 3, 11, 15, 30, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 4), date(2026, 3, 12)
"""The last day has begun only for places far ahead of UTC."""
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
ONE_DAY = date(2026, 3, 7)
LISTS = ("ad/get/", "file/video/ad/search/", "file/image/ad/search/", "tt_video/list/")
CURRENCIES = ("JPY", "IDR", "EUR", "AED", "USD", "USD")
"""One per account. The first two have no decimals, and the European Central Bank does not know the fourth."""
STREAMS = (
    "advertisers",
    "campaigns",
    "ad_groups",
    "ads",
    "creative_assets_images",
    "creative_assets_videos",
    "spark_ads",
    "smart_plus_ads",
    "regions",
    "advertisers_reports_daily",
    "campaigns_reports_daily",
    "ad_groups_reports_daily",
    "ads_reports_daily",
    "campaigns_audience_reports_*",
    "advertisers_reports_hourly",
    "campaigns_reports_hourly",
    "ad_groups_reports_hourly",
    "ads_reports_hourly",
    "gmv_max_stores",
    "gmv_max_advertiser_reports_daily",
    "gmv_max_advertiser_reports_hourly",
)
Truth = Mapping[str, Any]


class Filled(msgspec.Struct, frozen=True):
    """A database of a test.

    Args:
        kind: "duckdb" or "postgres".
        address: For `--database`.
        truths: Account to what the emulator says of it; see `emulator.expected.truth`. `days` has its metrics by day,
            `one_day` all about one day, and `listed` what TikTok's lists say, by path.
    """

    kind: str
    address: str
    truths: Mapping[int, Truth]

    def ask(self, sql: str, values: Sequence[Any] = (), *, schema: str = "tiktok_ads") -> list[tuple[Any, ...]]:
        """Run one statement, with the schema as the current one."""
        if self.kind == "duckdb":
            with duckdb.connect(self.address) as connection:
                connection.execute(f"""SET schema = '"{schema.replace('"', '""')}"'""")
                rows: list[tuple[Any, ...]] = connection.execute(sql, list(values)).fetchall()
                return rows
        with closing(psycopg2.connect(self.address)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('search_path', quote_ident(%s), FALSE)", [schema])
                cursor.execute(sql.replace("?", "%s") if values else sql, list(values) or None)
                return [] if cursor.description is None else cursor.fetchall()

    def run(self, script: str) -> None:
        """Run several statements, as a person runs a script."""
        if self.kind == "duckdb":
            with duckdb.connect(self.address) as connection:
                connection.execute(script)
            return
        with closing(psycopg2.connect(self.address)) as connection, connection.cursor() as cursor:
            cursor.execute(script)
            connection.commit()

    def dicts(self, sql: str) -> list[dict[str, Any]]:
        """Run a query. Returns rows by column."""
        names = [name for name, *_ in self.described(sql)]
        return [dict(zip(names, row, strict=True)) for row in self.ask(sql)]

    def described(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the columns of a query, with their types as the driver tells them."""
        if self.kind == "duckdb":
            with duckdb.connect(self.address, read_only=True) as connection:
                connection.execute("USE tiktok_ads")
                return list(connection.execute(sql).description)
        with closing(psycopg2.connect(self.address)) as connection, connection.cursor() as cursor:
            cursor.execute("SET search_path = tiktok_ads")
            cursor.execute(sql)
            return [(column.name, column.type_code) for column in cursor.description]


def views(database: Filled, *options: str) -> int:
    """Run `tiktok-marketing views`. Returns its exit code."""
    return run_command(["views", "--database", database.address, *options])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """One server for all tests."""
    with server() as started:
        yield started


def fill(address: str, names: Sequence[str] = STREAMS, **options: Any) -> Mapping[int, Truth]:
    """Sync an emulator's business of eight days into a database. Returns the truth about each account."""

    async def sync() -> Mapping[int, Truth]:
        business: dict[str, Any] = {
            "tier": "unlimited",
            "ads_per_account": 25,
            "taken_back": 0,
            "currencies": CURRENCIES,
            **options,
        }
        async with Emulator(Options(now=NOW, **business)) as emulator:
            config = parse_config(config_for(emulator, start_date=FIRST.isoformat(), include_deleted=True))
            surroundings = RunOptions(address=emulator.url, clock=HurriedClock(NOW))
            with whole_packages():
                summary = await load_async(config, address, streams=names, options=surroundings)
            assert summary.complete
            return {
                int(account): {
                    **emulator.truth(account, FIRST, LAST, details=True),
                    "one_day": emulator.truth(account, ONE_DAY, ONE_DAY, details=True, breakdowns=True),
                    "listed": {path: list(listed(emulator, path, account)) for path in LISTS},
                    "days": {day: emulator.truth(account, day, day, hourly=False)["metrics"] for day in DAYS},
                }
                for account in emulator.advertiser_ids
            }

    return asyncio.run(sync())


def listed(emulator: Emulator, path: str, account: str) -> Iterator[dict[str, Any]]:
    """All records of one of the emulator's lists, deleted ones too."""
    for page in count(1):
        params = {"advertiser_id": account, "page_size": 50, "page": page}
        if path.endswith("/get/"):
            params["filtering"] = '{"primary_status":"STATUS_ALL"}'
        answer = emulator.respond(path, emulator.access_token, {name: str(value) for name, value in params.items()})
        assert answer.code == 0, answer.message
        data = msgspec.json.decode(answer.answer.data)
        yield from data["list"]
        if page >= data["page_info"]["total_page"]:
            return


@pytest.fixture(scope="session")
def originals(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Filled]:
    """Gives the database of a kind that a sync has filled, once."""

    @functools.cache
    def original(kind: str) -> Filled:
        if kind == "duckdb":
            return _filled_once(tmp_path_factory.getbasetemp())
        address = postgres_server.new_database().address
        return Filled(kind, address, fill(address))

    return original


def _filled_once(folder: Path) -> Filled:
    """The DuckDB file that all processes of a test run share. Whoever needs it first fills it; nobody changes it."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    address, truths = folder / "filled.duckdb", folder / "filled.pickle"
    with (folder / "filled.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not truths.exists():
            truths.write_bytes(pickle.dumps(fill(str(address))))
        return Filled("duckdb", str(address), pickle.loads(truths.read_bytes()))  # noqa: S301 - written above


@pytest.fixture(scope="session", autouse=True)
def bank() -> Iterator[None]:
    """Parse the rates of the bank once per run, which takes half a second."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(EuropeanCentralBank, "installed", functools.cache(EuropeanCentralBank.installed))
        yield


@pytest.fixture(scope="session")
def copied(postgres_server: Server) -> Callable[[Filled, Path], Filled]:
    """Copies a database. A DuckDB file is copied into a folder."""

    def copy(original: Filled, folder: Path) -> Filled:
        if original.kind == "duckdb":
            path = shutil.copy(original.address, folder / "copy.duckdb")
            return msgspec.structs.replace(original, address=str(path))
        name = f"copy_{next(_numbers)}"
        template = original.address.rpartition("/")[2]
        Database(postgres_server.address("postgres")).ask(f"CREATE DATABASE {name} TEMPLATE {template}")
        return msgspec.structs.replace(original, address=postgres_server.address(name))

    return copy


@pytest.fixture(scope="session")
def viewed(
    originals: Callable[[str], Filled],
    copied: Callable[[Filled, Path], Filled],
    bank: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, str], Filled]:
    """Gives the database of a kind with the views of a layout, once."""
    del bank

    @functools.cache
    def viewed(kind: str, layout: str) -> Filled:
        database = copied(originals(kind), tmp_path_factory.mktemp("viewed"))
        assert views(database, "--layout", layout) == 0
        return database

    return viewed


EACH_KIND = ["duckdb", pytest.param("postgres", marks=pytest.mark.thorough)]
"""Each test runs once per kind; Postgres is among the thorough."""


@pytest.fixture(params=EACH_KIND)
def filled(
    request: pytest.FixtureRequest,
    originals: Callable[[str], Filled],
    copied: Callable[[Filled, Path], Filled],
    tmp_path: Path,
) -> Filled:
    """A copy of the database that a sync has filled."""
    return copied(originals(request.param), tmp_path)


BOTH = pytest.mark.parametrize("filled", ["duckdb", "postgres"], indirect=True)
"""For a test that always tries both kinds."""
_numbers = count()
