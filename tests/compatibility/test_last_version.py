"""What the last version left behind is read on: its states, its databases and the configurations that it accepted."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
import pytest_asyncio

from postgres_server import Database, Server, server
from support import HurriedClock, Outcome, config_for, cursors_of, read_from
from tiktok_marketing.catalog import STREAMS, Stream, stream_named
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.doctor import DoctorOptions, Severity, examine
from tiktok_marketing.doctor.findings import HIDDEN
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.pipelines import RunOptions, Summary, Watcher, destination_of, load_async
from tiktok_marketing.views import ViewSettings, create_views

pytestmark = pytest.mark.thorough

DATA = Path(__file__).parent / "data"
MADE_WITH = json.loads((DATA / "made_with.json").read_text())
CONFIGURATIONS = json.loads((DATA / "accepted_shapes.json").read_text())
STATES = json.loads((DATA / "airbyte_states.json").read_text())
THEN = datetime.fromisoformat(MADE_WITH["now"])
NOW = THEN + timedelta(days=3)
LOOKBACK = timedelta(days=MADE_WITH["loaded"]["attribution_window"])
REPORTS = [stream for stream in STREAMS if stream.is_report and stream.cursor]
LEVELS = {"ads": "ad", "campaigns": "campaign", "advertisers": "advertiser"}


@pytest_asyncio.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """The business of the last version's files, three days later."""
    business = {**MADE_WITH["business"], "anchor": date.fromisoformat(MADE_WITH["business"]["anchor"])}
    async with Emulator(Options(now=NOW, **business)) as running:
        yield running


def config_of(emulator: Emulator) -> dict[str, Any]:
    """The configuration with which states and databases were made."""
    return config_for(emulator, **MADE_WITH["loaded"])


def warnings_of(outcome: Outcome) -> list[str]:
    """Whatever a read says that is not plain information."""
    return [line["message"] for line in outcome.of_type("LOG") if line["level"] != "INFO"]


def days_asked(emulator: Emulator) -> dict[str, date]:
    """The earliest day that daily and hourly reports of each account were asked for."""
    earliest: dict[str, date] = {}
    for request in emulator.counters.requests:
        if "stat_time_" in request.params.get("dimensions", ""):
            day = date.fromisoformat(request.params["start_date"][:10])
            earliest[request.advertiser_id] = min(day, earliest.get(request.advertiser_id, day))
    return earliest


@pytest.mark.parametrize("made", CONFIGURATIONS, ids=lambda made: made["name"])
async def test_a_configuration_reads_what_it_read(emulator: Emulator, made: dict[str, Any]) -> None:
    """Each accepted shape gives the same number of records, without a warning."""
    emulator.clock.set(THEN)
    outcome = await read_from(emulator, made["configuration"], made["records"], clock=HurriedClock(THEN))
    assert outcome.exit_code == 0
    assert warnings_of(outcome) == []
    assert {name: len(outcome.records(name)) for name in made["records"]} == made["records"]


async def test_a_state_is_read_on(emulator: Emulator) -> None:
    """Reports are read from the state minus the lookback on, each record once, and every state moves on."""
    before = cursors_of(
        {state["stream"]["stream_descriptor"]["name"]: state["stream"]["stream_state"] for state in STATES}
    )
    outcome = await read_from(emulator, config_of(emulator), state=STATES, now=NOW)
    asked = days_asked(emulator)
    whole = await read_from(emulator, config_of(emulator), now=NOW)
    assert outcome.exit_code == 0
    assert warnings_of(outcome) == []
    after = cursors_of(outcome.last_states)
    assert {stream.name for stream in REPORTS} <= set(before)
    for stream in REPORTS:
        cursor = str(stream.cursor)
        first_days = {
            int(account): date.fromisoformat(state[cursor][:10]) - LOOKBACK
            for account, state in before[stream.name].items()
        }
        wanted = [
            record
            for record in whole.records(stream.name)
            if date.fromisoformat(record[cursor][:10]) >= first_days[record["advertiser_id"]]
        ]
        assert _sorted(outcome.records(stream.name)) == _sorted(wanted)
        for account, state in before[stream.name].items():
            assert after[stream.name][account][cursor] > state[cursor]
    assert 0 < len(outcome.records("ads_reports_daily")) < len(whole.records("ads_reports_daily"))
    cursors = [state["stat_time_day"] for state in before["ads_reports_daily"].values()]
    assert min(asked[account] for account in emulator.advertiser_ids) == min(map(_day, cursors)) - LOOKBACK


def _day(cursor: str) -> date:
    return date.fromisoformat(cursor[:10])


def _sorted(records: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(record, sort_keys=True) for record in records)


async def test_states_of_objects_are_read_on(emulator: Emulator) -> None:
    """Of campaigns, ad groups and ads, only those that changed since come, and no state goes back."""
    names = ["campaigns", "ad_groups", "ads"]
    outcome = await read_from(emulator, config_of(emulator), names, state=STATES, now=NOW)
    whole = await read_from(emulator, config_of(emulator), names, now=NOW)
    assert 0 < len(outcome.of_type("RECORD")) < len(whole.of_type("RECORD"))
    assert outcome.exit_code == 0
    assert warnings_of(outcome) == []
    before = cursors_of(
        {state["stream"]["stream_descriptor"]["name"]: state["stream"]["stream_state"] for state in STATES}
    )
    for name, cursors in cursors_of(outcome.last_states).items():
        for account, cursor in cursors.items():
            assert cursor["modify_time"] >= before[name][account]["modify_time"]
        for record in outcome.records(name):
            state = before[name][str(record["advertiser_id"])]["modify_time"]
            # Ads of Smart+ campaigns have no modify_time and always come.
            assert (modified := record.get("modify_time")) is None or modified >= state.removesuffix("Z")


class Place(msgspec.Struct):
    """A database.

    Args:
        address: As for `--to`.
        ask: Runs one statement in it.
        change: Runs one statement that changes something.
    """

    address: str
    ask: Callable[[str], list[tuple[Any, ...]]]
    change: Callable[[str], object]


def duckdb_at(path: Path) -> Place:
    """A DuckDB file."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("USE tiktok_ads")
            rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            return rows

    def change(sql: str) -> None:
        with duckdb.connect(str(path)) as connection:
            connection.execute("USE tiktok_ads")
            connection.execute(sql)

    return Place(f"duckdb:///{path}", ask, change)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all tests."""
    with server() as started:
        yield started


class Places(msgspec.Struct):
    """Two databases of one kind.

    Args:
        old: What the last version left.
        new: A database that nothing was loaded into.
    """

    old: Place
    new: Place


@pytest.fixture(params=["duckdb", "postgres"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Places:
    """The last version's database and an empty one: each test runs once with each kind."""
    if request.param == "duckdb":
        (tmp_path / "old.duckdb").write_bytes(gzip.decompress((DATA / "duckdb.gz").read_bytes()))
        return Places(duckdb_at(tmp_path / "old.duckdb"), duckdb_at(tmp_path / "new.duckdb"))
    started: Server = request.getfixturevalue("postgres")
    old, new = (started.new_database() for _ in range(2))
    Database(old.address).run(gzip.decompress((DATA / "postgres.sql.gz").read_bytes()).decode())
    return Places(Place(old.address, old.ask, old.ask), Place(new.address, new.ask, new.ask))


class _Heard(Watcher):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def says(self, text: str) -> None:
        self.texts.append(text)


async def sync(emulator: Emulator, place: Place, config: Mapping[str, Any]) -> Summary:
    """Sync into a database, without a word to the user."""
    heard = _Heard()
    summary = await load_async(
        parse_config(config),
        place.address,
        streams=MADE_WITH["tables"],
        watcher=heard,
        options=RunOptions(clock=FixedClock(NOW), address=emulator.url),
    )
    assert (summary.complete, heard.texts, summary.notices) == (True, [], ())
    return summary


async def load(emulator: Emulator, place: Place, now: datetime, *, include_deleted: bool) -> Summary:
    """Sync into a database at some time."""
    emulator.clock.set(now)
    config = parse_config({**config_of(emulator), "include_deleted": include_deleted})
    options = RunOptions(clock=FixedClock(now), address=emulator.url)
    return await load_async(config, place.address, streams=MADE_WITH["tables"], options=options)


def columns_of(place: Place) -> list[tuple[Any, ...]]:
    """Every column in the schema."""
    return place.ask(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_schema = 'tiktok_ads' ORDER BY 1, 2"
    )


def with_amounts_as_before(columns: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The columns of a new database, but for amounts of objects, which keep their type: a user's view may read them."""
    kept = {"DECIMAL(18,4)": "DOUBLE", "numeric": "double precision"}
    return [
        (
            table,
            column,
            type_ if stream_named(table) is None or stream(table).is_report else kept.get(type_, type_),
            null,
        )
        for table, column, type_, null in columns
    ]


def stream(name: str) -> Stream:
    """A stream of the catalog."""
    of = stream_named(name)
    assert of is not None
    return of


async def test_a_database_is_synced_on(emulator: Emulator, places: Places) -> None:
    """States move, no row is doubled or lost, only days since the state are asked for, and the tables stay as is."""
    config = config_of(emulator)
    old, new = places.old, places.new
    summary = await sync(emulator, old, config)
    asked = days_asked(emulator)
    whole = {of.name: of.rows for of in (await sync(emulator, new, config)).streams}

    for of in summary.streams:
        if stream(of.name).is_report and stream(of.name).cursor:
            assert of.state_from is not None
            assert of.state_to is not None
            assert of.state_to > of.state_from
            assert 0 < of.rows < whole[of.name]
    start = date.fromisoformat(MADE_WITH["loaded"]["start_date"])
    assert min(asked[account] for account in emulator.advertiser_ids) == THEN.date() - LOOKBACK > start

    assert columns_of(old) == with_amounts_as_before(columns_of(new))
    for name in MADE_WITH["tables"]:
        key = ", ".join(stream(name).primary_key)
        counts = f"SELECT count(*), count(DISTINCT ({key})) FROM {name}"  # noqa: S608 - names of the catalog
        assert old.ask(counts) == new.ask(counts), name
        if stream(name).is_report:
            assert old.ask(f"SELECT count(*) = count(DISTINCT ({key})) FROM {name}") == [(True,)]  # noqa: S608


@pytest.mark.parametrize("name", ["ads_reports_daily", "ads_reports_hourly", "campaigns_reports_daily"])
async def test_sums_are_the_emulators(emulator: Emulator, places: Places, name: str) -> None:
    """After the sync, rows and spend of all days are what the emulator's business has, old days included."""
    await sync(emulator, places.old, config_of(emulator))
    level = LEVELS[name.partition("_")[0]]
    grain = "hourly" if name.endswith("hourly") else "daily"
    start = date.fromisoformat(MADE_WITH["loaded"]["start_date"])
    truths = [emulator.truth(account, start, NOW.date() + timedelta(days=1)) for account in emulator.advertiser_ids]
    rows = sum(truth["rows"][level][grain] for truth in truths)
    spend = sum(Decimal(truth["metrics"][level]["spend"]) for truth in truths)
    assert rows > 30
    assert places.old.ask(f"SELECT count(*), sum(spend) FROM {name}") == [(rows, spend)]  # noqa: S608


async def test_the_doctor_finds_nothing_that_a_new_database_has_not(emulator: Emulator, places: Places) -> None:
    """A database that was synced on is as healthy as one that this version made."""
    config = config_of(emulator)
    findings = []
    for place in (places.old, places.new):
        await sync(emulator, place, config)
        examination = await examine(
            parse_config(config),
            DoctorOptions(database=destination_of(place.address)),
            clock=FixedClock(NOW),
            address=emulator.url,
        )
        # The last version read the closed days again for three days only, so later conversions are left out there.
        every = [finding for severity in Severity for finding in examination.of(severity)]
        findings.append([finding for finding in every if finding.check != HIDDEN])
    assert findings[0] == findings[1]


@pytest.mark.parametrize("with_objects", [True, False], ids=["objects and reports", "reports alone"])
async def test_deleted_objects_that_were_left_out_are_filled_in(
    emulator: Emulator, places: Places, tmp_path: Path, *, with_objects: bool
) -> None:
    """The last version did not note what it covers. A sync sees that deleted objects are missing, and reads them."""
    old, new, hidden = places.old, places.new, duckdb_at(tmp_path / "hidden.duckdb")
    await load(emulator, hidden, THEN, include_deleted=False)
    deleted = {name: _delete_others(old, hidden, stream(name)) for name in MADE_WITH["tables"]}
    assert deleted["ads"]
    # No deleted ad of this business had figures in these days. So the figures of one that was not are left out, too.
    ((ad,),) = old.ask("SELECT ad_id FROM ads_reports_daily GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
    for name in ("ads_reports_daily", "ads_reports_hourly", "ads_audience_reports_daily"):
        old.change(f"DELETE FROM {name} WHERE ad_id = {ad}")  # noqa: S608
    if not with_objects:
        for name in ("campaigns", "ad_groups", "ads"):
            old.change(f"DROP TABLE {name}")
    summary = await load(emulator, old, NOW, include_deleted=True)
    assert summary.complete
    assert "include_deleted is on" in " ".join(summary.notices)
    await load(emulator, new, NOW, include_deleted=True)
    for name in MADE_WITH["tables"]:
        sums = f"SELECT count(*){', sum(spend)' * stream(name).is_report} FROM {name}"  # noqa: S608
        assert old.ask(sums) == new.ask(sums), name
    assert (await load(emulator, old, NOW, include_deleted=True)).notices == ()


async def test_a_database_with_deleted_objects_is_not_read_again(emulator: Emulator, places: Places) -> None:
    """Where deleted objects came before, their reports did, too."""
    summary = await load(emulator, places.old, NOW, include_deleted=True)
    assert summary.notices == ()


def _delete_others(old: Place, kept: Place, of: Stream) -> int:
    """Delete the rows whose key another database does not have. Returns how many keys there were."""
    key = ", ".join(of.row_key)
    rows = f"SELECT DISTINCT {key} FROM {of.name}"  # noqa: S608 - names of the catalog
    others = set(old.ask(rows)) - set(kept.ask(rows))
    for row in others:
        values = " AND ".join(f"{name} = '{value}'" for name, value in zip(of.row_key, row, strict=True))
        old.change(f"DELETE FROM {of.name} WHERE {values}")  # noqa: S608
    return len(others)


def test_the_views_fit_a_database_of_the_last_version(places: Places) -> None:
    """Without a sync, the views show its rows, with decimals where that version had doubles."""
    result = create_views(destination_of(places.old.address), ViewSettings())
    assert {"daily_by_ad", "daily_by_campaign", "creatives", "open_days"} <= set(result.created)
    loaded = places.old.ask("SELECT sum(spend), count(*) FROM tiktok_ads.ads_reports_daily")
    assert places.old.ask("SELECT sum(spend), count(*) FROM tiktok_ads.daily_by_ad") == loaded
    budgets = places.old.ask("SELECT max(budget) FROM tiktok_ads.daily_by_campaign")
    assert isinstance(budgets[0][0], Decimal)
    assert budgets[0][0] > 0
