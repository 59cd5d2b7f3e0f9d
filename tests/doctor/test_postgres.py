"""Postgres databases that are damaged on purpose: the findings are the same as for a DuckDB file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from postgres_server import Database, server
from support import quickly
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.doctor import DoctorOptions, Examination, Severity, examine
from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.pipelines import RunOptions, destination_of, load_async

ADS, GROUPS, CAMPAIGNS = "ads_reports_daily", "ad_groups_reports_daily", "campaigns_reports_daily"
ACCOUNTS, HOURLY = "advertisers_reports_daily", "campaigns_reports_hourly"
STREAMS = ["campaigns", "ads", "advertisers", "audiences", ADS, GROUPS, CAMPAIGNS, ACCOUNTS, HOURLY]
SOON = timedelta(minutes=1)


class Patient:
    """A database, and what the last examination found in it.

    Args:
        world: The emulator.
        database: The database.
        now: The time.
    """

    def __init__(self, world: Any, database: Database, now: datetime) -> None:
        self.database = database
        self._world = world
        self._now = now
        self._config = parse_config(world.config(start_date="2026-06-01"))
        self.examination: Examination | None = None

    def sync(self, *, after: timedelta = timedelta(), full: bool = False) -> None:
        """Run a real sync."""
        at = RunOptions(clock=FixedClock(self._now + after), address=self._world.url)
        loading = load_async(self._config, self.database.address, streams=STREAMS, full=full, options=at)
        assert asyncio.run(loading).complete

    def examine(self, *, after: timedelta = timedelta(), **options: Any) -> Examination:
        """Examine the database."""
        options.setdefault("database", destination_of(self.database.address))
        clock = FixedClock(self._now + after)
        self.examination = asyncio.run(
            examine(self._config, DoctorOptions(**options), clock=clock, address=self._world.url)
        )
        return self.examination

    def wrong(self) -> set[tuple[str, str | None, str | None, tuple[date, ...]]]:
        """What the last examination found wrong, and where."""
        assert self.examination is not None
        return {
            (finding.check, finding.stream, finding.advertiser_id, finding.days)
            for finding in self.examination.of(Severity.WRONG)
        }

    @property
    def busiest(self) -> str:
        """The account with the most rows."""
        sql = f"SELECT advertiser_id FROM {ADS} GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"  # noqa: S608
        return str(self.database.ask(sql)[0][0])


@pytest.fixture(scope="module")
def copies(running: Any) -> Iterator[Callable[[], Database]]:
    """Return a function that copies a database which is unchanged since its sync."""
    numbers = count()
    with server() as started:
        pristine = started.new_database()
        moment = datetime.fromisoformat(running.control("clock")["now"])
        Patient(running, pristine, moment).sync()

        def copy() -> Database:
            name = f"copy_{next(numbers)}"
            template = pristine.address.rpartition("/")[2]
            Database(started.address("postgres")).ask(f"CREATE DATABASE {name} TEMPLATE {template}")
            return Database(started.address(name))

        yield copy


@pytest.fixture
def patient(copies: Callable[[], Database], world: Any, now: datetime) -> Patient:
    """A copy, to be damaged."""
    return Patient(world, copies(), now)


def test_an_untouched_database_is_well_and_stays_unchanged(patient: Patient) -> None:
    """Everything is compared, on a server that accepts no writes."""
    name = patient.database.address.rpartition("/")[2]
    patient.database.ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    examination = patient.examine()
    assert examination.well
    assert not examination.findings
    assert examination.sample is not None
    assert examination.sample.whole
    assert patient.examine(offline=True).well


def test_damages_of_reports_and_objects_are_found(patient: Patient, a_day: Any) -> None:
    """Missing and surplus days and rows, changed figures, and a missing object."""
    account = patient.busiest
    day = f"WHERE advertiser_id = {account} AND stat_time_day = '{a_day(7)}'"
    ask = patient.database.ask

    def change(table: str, words: str) -> None:
        ask(f"UPDATE {table} SET {words} WHERE ctid = (SELECT min(ctid) FROM {table} {day} AND impressions > 0)")  # noqa: S608

    ask(f"DELETE FROM {ADS} {day}")  # noqa: S608
    ask(f"DELETE FROM {HOURLY} WHERE advertiser_id = {account} AND stat_time_hour::DATE = '{a_day(6)}'")  # noqa: S608
    change(GROUPS, "adgroup_id = adgroup_id + 1")
    change(CAMPAIGNS, "spend = spend + 0.01")
    ((campaign,),) = ask(f"SELECT campaign_id FROM campaigns WHERE advertiser_id = {account} LIMIT 1")  # noqa: S608
    ask(f"DELETE FROM campaigns WHERE campaign_id = {campaign}")  # noqa: S608
    assert not patient.examine().well
    assert {
        ("gaps", ADS, account, (a_day(7),)),
        ("gaps", HOURLY, account, (a_day(6),)),
        ("rows", GROUPS, account, (a_day(7),)),
        ("values", CAMPAIGNS, account, (a_day(7),)),
        ("objects", "campaigns", account, ()),
    } <= patient.wrong()
    messages = " ".join(finding.message for finding in patient.examination.findings) if patient.examination else ""
    assert "TikTok has 1 row that the database lacks" in messages
    assert "The database has 1 row that TikTok does not have" in messages
    patient.sync(after=SOON, full=True)
    assert patient.examine(after=SOON).well


def test_damages_are_found_offline(patient: Patient, a_day: Any) -> None:
    """Missing and duplicate rows, rows without a key, sums that disagree, a missing table, a stale stream."""
    account = patient.busiest
    ask = patient.database.ask
    ask(f"UPDATE {CAMPAIGNS} SET spend = spend * 2 WHERE advertiser_id = {account} AND stat_time_day = '{a_day(7)}'")  # noqa: S608
    ask("DROP INDEX ads_key")
    ask("INSERT INTO ads SELECT * FROM ads LIMIT 1")
    ask(f"DELETE FROM {HOURLY} WHERE ctid = (SELECT min(ctid) FROM {HOURLY})")  # noqa: S608
    ask(f"ALTER TABLE {ADS} ALTER ad_id DROP NOT NULL")
    ask(f"UPDATE {ADS} SET ad_id = NULL WHERE ctid = (SELECT min(ctid) FROM {ADS})")  # noqa: S608
    ask("DROP TABLE audiences")
    assert not patient.examine(offline=True).well
    assert {
        ("sums", CAMPAIGNS, account, (a_day(7),)),
        ("rows", HOURLY, None, ()),
        ("rows", ADS, None, ()),
        ("tables", "audiences", None, ()),
    } <= patient.wrong()
    assert "ads" in {stream for check, stream, _, _ in patient.wrong() if check == "rows"}
    patient.examine(offline=True, after=timedelta(days=4))
    assert {stream for check, stream, _, _ in patient.wrong() if check == "freshness"} >= {ADS, "campaigns"}


@pytest.mark.parametrize("table", ["_tiktok_syncs", "_tiktok_loads", "_dlt_pipeline_state", "_dlt_loads"])
def test_a_missing_bookkeeping_table_is_found(patient: Patient, table: str) -> None:
    """The finding names it."""
    patient.database.ask(f"DROP TABLE {table}")
    assert not patient.examine(offline=True).well
    assert patient.examination is not None
    assert table in " ".join(finding.message for finding in patient.examination.of(Severity.WRONG))


def test_a_database_that_cannot_be_examined_is_reported(patient: Patient) -> None:
    """There is no such schema, no server, or no right to read."""
    address = patient.database.address
    with pytest.raises(ConfigurationError, match="no tables of a sync in the schema other") as refused:
        patient.examine(database=destination_of(address, "other"), offline=True)
    assert "tiktok_ads (--dataset)" in refused.value.remedy
    with pytest.raises(DestinationError, match="No Postgres server answers"):
        patient.examine(database=destination_of("postgresql://loader@127.0.0.1:1/x"), offline=True)
    patient.database.ask("CREATE ROLE stranger LOGIN PASSWORD 'x'")
    patient.database.ask("GRANT USAGE ON SCHEMA tiktok_ads TO stranger")
    patient.database.ask(f"GRANT INSERT ON {ADS} TO stranger")
    server_part = address.rpartition("@")[2]
    with pytest.raises(DestinationError, match="stranger may not read the schema tiktok_ads"):
        patient.examine(database=destination_of(f"postgresql://stranger:x@{server_part}"), offline=True)


UNREADABLE = {
    "a metric is text": (f"ALTER TABLE {ADS} ALTER spend TYPE text", ADS, "column spend"),
    "a metric is not a number": (
        f"ALTER TABLE {ADS} ALTER spend TYPE numeric; UPDATE {ADS} SET spend = 'NaN'",  # noqa: S608
        ADS,
        "column spend",
    ),
    "the day is text": (f"ALTER TABLE {ADS} ALTER stat_time_day TYPE text", ADS, "column stat_time_day"),
    "a day never comes": (
        f"UPDATE {ADS} SET stat_time_day = 'infinity' WHERE ctid = (SELECT min(ctid) FROM {ADS})",  # noqa: S608
        ADS,
        "column stat_time_day",
    ),
    "a day was before Christ": (
        f"UPDATE {ADS} SET stat_time_day = '0044-03-15 BC' WHERE ctid = (SELECT min(ctid) FROM {ADS})",  # noqa: S608
        ADS,
        "column stat_time_day",
    ),
    "an account is text": ("ALTER TABLE ads ALTER advertiser_id TYPE text", "ads", "column advertiser_id"),
    "the table is a view of errors": (
        "ALTER TABLE ads RENAME TO passing; CREATE VIEW ads AS SELECT * FROM passing WHERE 1 / (ad_id - ad_id) = 1",
        "ads",
        "ads is a view",
    ),
    "syncs began never": ("UPDATE _tiktok_syncs SET started_at = 'infinity'", None, "_tiktok_syncs"),
    "the times of the syncs are text": (
        "ALTER TABLE _tiktok_syncs ALTER started_at TYPE text",
        None,
        "_tiktok_syncs",
    ),
    "the ids of the packages are numbers": (
        "ALTER TABLE _dlt_loads ALTER load_id TYPE numeric USING load_id::numeric",
        None,
        "_dlt_loads",
    ),
}


@pytest.mark.parametrize("what", quickly(*UNREADABLE))
def test_what_cannot_be_read_costs_only_itself(patient: Patient, a_day: Any, what: str) -> None:
    """The finding names the table and the column with a next step, and a fault of another stream is found, too."""
    sql, stream, named = UNREADABLE[what]
    account = patient.busiest
    day = f"advertiser_id = {account} AND stat_time_day = '{a_day(7)}'"
    patient.database.ask(f"DELETE FROM {CAMPAIGNS} WHERE {day}")  # noqa: S608
    patient.database.ask(sql)
    patient.examine()
    assert patient.examination is not None
    (finding,) = [each for each in patient.examination.of(Severity.WRONG) if named in each.message]
    assert (finding.check, finding.stream) == ("tables", stream)
    assert finding.remedy
    assert CAMPAIGNS in {place[1] for place in patient.wrong()}
