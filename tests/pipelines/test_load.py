from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tiktok_marketing.errors import ConnectorError, DestinationError
from tiktok_marketing.pipelines import load_loop
from tiktok_marketing.pipelines.databases.kinds import destination_of
from tiktok_marketing.pipelines.databases.replacement import Replacement
from tiktok_marketing.pipelines.loader import Loader
from tiktok_marketing.pipelines.package import LoadPackage
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.events import DaysComplete, Failure, Notice, Rows
from tiktok_marketing.sync.plan.windows import Window

DAILY = "campaigns_reports_daily"
COLUMNS = {
    "duckdb": "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE table_name = '{table}'",
    "postgres": "SELECT attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum)"
    " FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0",
}
TYPES = {
    "duckdb": {
        "campaign_id": "BIGINT",
        "special_industries": "JSON",
        "modify_time": "TIMESTAMP",
        "budget": "DECIMAL(18,4)",
    },
    "postgres": {
        "campaign_id": "bigint",
        "special_industries": "jsonb",
        "modify_time": "timestamp without time zone",
        "budget": "numeric(18,4)",
    },
}


def failure(name: str, account: str | None = None, *, tolerated: bool = False) -> Failure:
    """A failure of a stream."""
    return Failure(name, account, "", ConnectorError("No permission.", remedy="Ask for it."), tolerated)


of_the_loop = pytest.mark.parametrize(
    "database", ["duckdb", pytest.param("postgres", marks=pytest.mark.thorough)], indirect=True
)
"""For rules of the loop, which knows no kind of database."""


def test_rows_are_loaded_with_their_state(run: Any, query: Any, make: Any) -> None:
    """The next run starts from the state that the last run loaded."""
    first = run(make.whole(DAILY, make.batch(DAILY, [make.campaign_row(1, "2026-01-01")]), make.state("2026-01-01")))
    second = run(make.whole(DAILY, make.state("2026-01-02")))
    assert first.states_before == {}
    assert second.states_before == {DAILY: make.state("2026-01-01").state}
    assert first.summary.complete
    assert first.summary.streams[0].state_to == "2026-01-01 00:00:00"
    assert query("SELECT count(*), sum(spend) FROM campaigns_reports_daily") == [(1, Decimal("1.1000"))]


def test_rows_are_merged_by_key(run: Any, query: Any, make: Any) -> None:
    """A row that is read again replaces the old row and is there once."""
    run(make.whole(DAILY, make.batch(DAILY, [make.campaign_row(ad, "2026-01-01", "1.00") for ad in (1, 2)])))
    run(make.whole(DAILY, make.batch(DAILY, [make.campaign_row(ad, "2026-01-01", "5.00") for ad in (2, 3)])))
    assert query("SELECT spend::INT FROM campaigns_reports_daily ORDER BY campaign_id") == [(1,), (5,), (5,)]


def test_an_object_that_accounts_share_has_a_row_per_account(run: Any, query: Any, make: Any) -> None:
    """A pixel of two accounts is two rows, although its key in Airbyte does not include the account."""
    shared = [{"advertiser_id": account, "pixel_id": "5", "pixel_name": "Shop"} for account in (1, 2)]
    run(make.whole("pixels", make.batch("pixels", shared)))
    run(make.whole("pixels", make.batch("pixels", shared)))
    assert query("SELECT advertiser_id, pixel_id FROM pixels ORDER BY 1") == [(1, "5"), (2, "5")]


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("pixel_events_statistics", {"pixel_id": "5", "statistics": [{"total_count": 7}]}),
        ("pixel_instant_page_events", {"business_type": "LEAD", "instant_page_events": {"objective_types": []}}),
    ],
)
def test_a_stream_without_a_key_is_replaced_by_the_next_run(
    run: Any, query: Any, make: Any, name: str, record: dict[str, Any]
) -> None:
    """Airbyte declares no key for these streams; a second run replaces the rows of the first."""
    records = [{"advertiser_id": account, **record} for account in (1, 2)]
    run(make.whole(name, make.batch(name, records)))
    run(make.whole(name, make.batch(name, records)))
    assert query(f"SELECT advertiser_id FROM {name} ORDER BY 1") == [(1,), (2,)]  # noqa: S608 - a name from above


def test_sums_of_money_are_exact(run: Any, query: Any, make: Any) -> None:
    """A thousand times ten cents is a hundred, not 99.9999999999986."""
    run(make.whole(DAILY, make.batch(DAILY, [make.campaign_row(ad, "2026-01-01", "0.10") for ad in range(1000)])))
    assert query("SELECT sum(spend) = 100 FROM campaigns_reports_daily") == [(True,)]


def test_a_stream_without_records_has_a_table(run: Any, query: Any, make: Any) -> None:
    """A query on it returns no rows rather than an error, and every declared column exists."""
    run(make.whole("campaigns"))
    assert query("SELECT campaign_id, objective_type, special_industries FROM campaigns") == []


def test_columns_have_types_and_comments_in_the_database(run: Any, query: Any, make: Any, database: Any) -> None:
    """A tool can show what each column means."""
    run(make.whole("campaigns", make.batch("campaigns", [{"campaign_id": 1, "special_industries": ["HEC"]}])))
    columns = query(COLUMNS[database.kind].format(table="campaigns"))
    types = {name: kind for name, kind, _ in columns}
    assert types.items() >= TYPES[database.kind].items()
    assert all(comment for _, _, comment in columns)
    assert query("SELECT special_industries ->> 0 FROM campaigns") == [("HEC",)]


def test_a_new_field_becomes_a_column_that_stays(run: Any, query: Any, make: Any) -> None:
    """The column also stays when the next sync brings records without the field."""
    run(make.whole("ads", make.batch("ads", [{"ad_id": 1}])))
    run(make.whole("ads", make.batch("ads", [{"ad_id": 2, "brand_new": "x"}])))
    run(make.whole("ads", make.batch("ads", [{"ad_id": 3}])))
    assert query("SELECT ad_id, brand_new FROM ads ORDER BY 1") == [(1, None), (2, "x"), (3, None)]


def test_misfits_are_kept_in_the_database(run: Any, query: Any, make: Any) -> None:
    """A query can find the text that did not fit its column."""
    ran = run(make.whole(DAILY, make.batch(DAILY, [make.campaign_row(1, "2026-01-01", impressions="<5")])))
    assert query("SELECT impressions, _misfits ->> 'impressions' FROM campaigns_reports_daily") == [(None, "<5")]
    assert ran.summary.notices == tuple(ran.notices)


def test_rows_that_a_whole_read_no_longer_has_are_removed(run: Any, query: Any, make: Any) -> None:
    """An account that the token no longer reaches disappears from the table of accounts."""
    run(make.whole("advertisers", make.batch("advertisers", [{"advertiser_id": 1}, {"advertiser_id": 2}], None)))
    run(make.whole("advertisers", make.batch("advertisers", [{"advertiser_id": 2}], None)))
    assert query("SELECT advertiser_id FROM advertisers") == [(2,)]


def test_nothing_is_removed_after_an_incomplete_read(run: Any, query: Any, make: Any) -> None:
    """A row that was not read may still exist at TikTok."""
    run(make.whole("advertisers", make.batch("advertisers", [{"advertiser_id": 1}, {"advertiser_id": 2}], None)))
    failures = (failure("advertisers", "1"),)
    ran = run(make.whole("advertisers", make.batch("advertisers", [{"advertiser_id": 2}], None), failures=failures))
    assert query("SELECT count(*) FROM advertisers") == [(2,)]
    assert not ran.summary.complete
    assert "No permission." in ran.summary.missing()[0]


def test_rows_of_skipped_accounts_stay(run: Any, query: Any, make: Any) -> None:
    """These accounts were not read, so nothing is known about their rows."""
    both = [make.batch("advertisers", [{"advertiser_id": account} for account in (1, 2, 3)], None)]
    run(make.whole("advertisers", *both))
    skipped = (failure("advertisers", "1", tolerated=True),)
    ran = run(make.whole("advertisers", make.batch("advertisers", [{"advertiser_id": 2}], None), failures=skipped))
    assert query("SELECT advertiser_id FROM advertisers ORDER BY 1") == [(1,), (2,)]
    assert ran.summary.complete


def test_rows_of_a_stream_with_a_cursor_are_never_removed(run: Any, query: Any, make: Any) -> None:
    """An incremental read returns only what changed."""
    run(make.whole("campaigns", make.batch("campaigns", [{"campaign_id": 1}])))
    run(make.whole("campaigns", make.batch("campaigns", [{"campaign_id": 2}])))
    assert query("SELECT count(*) FROM campaigns") == [(2,)]


def test_a_full_sync_forgets_the_state(run: Any, make: Any) -> None:
    """If it ends early, the next run continues the full sync rather than the old state."""
    run(make.whole(DAILY, make.state("2026-01-05")) + make.whole("campaigns", make.state("2026-01-05", "campaigns")))
    run(make.whole(DAILY, make.batch(DAILY, [make.campaign_row(1, "2026-01-01")])), full=True)
    again = run(make.whole(DAILY))
    assert set(again.states_before) == {"campaigns"}


@of_the_loop
def test_packages_are_loaded_while_reading_continues(run: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long sync shows data early: a package does not wait for the end."""
    monkeypatch.setattr("tiktok_marketing.pipelines.package.FULL_ROWS", 2)
    pages = [
        make.batch(DAILY, [make.campaign_row(ad, "2026-01-01") for ad in (2 * page, 2 * page + 1)]) for page in range(3)
    ]
    ran = run(make.whole(DAILY, *pages))
    assert ran.summary.packages >= 3
    assert ran.summary.rows == 6


@of_the_loop
def test_a_package_is_loaded_after_some_seconds_without_new_rows(
    run: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync that waits for TikTok's quota does not hold back what it has."""
    monkeypatch.setattr(load_loop, "FIRST_SECONDS", 0.1)
    loaded: list[float] = []
    load = Loader.load
    monkeypatch.setattr(Loader, "load", lambda *args: (loaded.append(time.monotonic()), load(*args))[1])
    reached: list[float] = []

    async def wait() -> None:
        await asyncio.sleep(1.0)
        reached.append(time.monotonic())

    run(make.whole(DAILY, make.batch(DAILY, [make.campaign_row(1, "2026-01-01")]), wait))
    assert loaded[0] < reached[0]


@of_the_loop
def test_at_most_one_package_waits_while_another_is_loaded(
    run: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If loading is slower than reading, reading waits: memory holds at most two packages."""
    monkeypatch.setattr("tiktok_marketing.pipelines.package.FULL_ROWS", 1)
    load, make_package = Loader.load, LoadPackage.__init__
    begun: list[LoadPackage] = []

    def slow(loader: Any, package: LoadPackage) -> Any:
        time.sleep(0.2)
        return load(loader, package)

    def counted(package: LoadPackage, began: float) -> None:
        make_package(package, began)
        begun.append(package)

    monkeypatch.setattr(Loader, "load", slow)
    monkeypatch.setattr(LoadPackage, "__init__", counted)
    pages = [make.batch(DAILY, [make.campaign_row(ad, "2026-01-01")]) for ad in range(4)]
    ran = run(make.whole(DAILY, *pages))
    assert ran.summary.rows == 4
    assert max(package.rows for package in begun) == 1


def test_the_state_of_an_unfinished_package_does_not_count(
    run: Any, query: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync that is killed before the end of a package reads its rows again and duplicates none."""
    from dlt.destinations.job_client_impl import SqlJobClientBase

    def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    events = make.whole(DAILY, make.batch(DAILY, [make.campaign_row(1, "2026-01-01")]), make.state("2026-01-01"))
    with monkeypatch.context() as patch:
        patch.setattr(SqlJobClientBase, "complete_load", killed)
        with pytest.raises(DestinationError, match="killed"):
            run(events)
    assert query("SELECT count(*) FROM campaigns_reports_daily") == [(1,)]
    assert run(events).states_before == {}
    assert query("SELECT count(*), sum(spend) FROM campaigns_reports_daily") == [(1, Decimal("1.1000"))]


def test_old_rows_stay_if_a_sync_is_killed_before_new_ones_are_inserted(
    run: Any, query: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deletion and insertion are one transaction."""
    of, days = make.stream(DAILY), Window(date(2026, 1, 1), date(2026, 1, 1))
    page = Rows(of, make.account, RecordList([make.campaign_row(1, "2026-01-01")]), 9, 1)
    events = make.whole(DAILY, page, DaysComplete(of, 1, make.account, days, exact=True))
    run(events)
    delete_replaced = Replacement.delete_replaced

    def killed(change: Replacement, *arguments: Any, **named: Any) -> None:
        delete_replaced(change, *arguments, **named)
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(Replacement, "delete_replaced", killed)
        with pytest.raises(DestinationError, match="killed"):
            run(events)
    assert query("SELECT count(*) FROM campaigns_reports_daily") == [(1,)]


@of_the_loop
def test_a_failed_load_ends_the_sync_with_its_reason(run: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """This also holds in the middle of a sync, when the load runs in the other thread."""
    monkeypatch.setattr("tiktok_marketing.pipelines.package.FULL_ROWS", 1)

    def full(*_: Any) -> Any:
        raise duckdb.IOException("IO Error: No space left on device")

    monkeypatch.setattr("tiktok_marketing.pipelines.dlt_pipeline._source", full)
    with pytest.raises(DestinationError, match="is full"):
        run(make.whole(DAILY, *[make.batch(DAILY, [make.campaign_row(ad, "2026-01-01")]) for ad in range(5)]))


@of_the_loop
def test_what_was_read_before_an_error_is_loaded(run: Any, query: Any, make: Any) -> None:
    """If the token is revoked, the sync ends, and the rows and the state until then are loaded."""
    error = ConnectorError("The token was revoked.", remedy="Get a new one.")
    events = make.whole(DAILY, make.batch(DAILY, [make.campaign_row(1, "2026-01-01")]), make.state("2026-01-01"))[:-1]
    ran = run([*events, error])
    assert ran.summary.stopped is error
    assert not ran.summary.complete
    assert "The token was revoked." in ran.summary.missing()[0]
    assert run(make.whole(DAILY)).states_before
    assert query("SELECT count(*) FROM campaigns_reports_daily") == [(1,)]


@of_the_loop
def test_an_error_before_anything_was_read_is_raised(run: Any) -> None:
    """There is nothing to summarize."""
    with pytest.raises(ConnectorError, match="wrong token"):
        run([ConnectorError("A wrong token.".lower())], names=[DAILY])


@of_the_loop
def test_a_stop_loads_what_was_read(run: Any, query: Any, make: Any) -> None:
    """After Ctrl-C, rows and states until then are loaded, and the summary says that the sync was interrupted."""
    stop = asyncio.Event()

    async def end() -> None:
        stop.set()
        await asyncio.sleep(30)

    page = make.batch(DAILY, [make.campaign_row(1, "2026-01-01")])
    ran = run(make.whole(DAILY, page, make.state("2026-01-01"), end), stop=stop)
    assert ran.summary.interrupted
    assert not ran.summary.complete
    assert query("SELECT count(*) FROM campaigns_reports_daily") == [(1,)]
    assert run(make.whole(DAILY)).states_before


def test_old_states_are_deleted(run: Any, query: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each state names every account; a sync of hours would fill the database with them."""
    monkeypatch.setattr("tiktok_marketing.pipelines.package.FULL_ROWS", 1)
    events = [
        event
        for day in range(1, 7)
        for event in (make.batch(DAILY, [make.campaign_row(1, f"2026-01-0{day}")]), make.state(f"2026-01-0{day}"))
    ]
    ran = run(make.whole(DAILY, *events))
    assert ran.summary.packages > 3
    assert query("SELECT count(*) <= 2 FROM _dlt_pipeline_state") == [(True,)]
    assert run(make.whole(DAILY)).states_before == {DAILY: make.state("2026-01-06").state}


@of_the_loop
def test_a_state_stays_when_later_packages_have_none(run: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package whose states did not move contains none; the last state before it stays valid."""
    monkeypatch.setattr("tiktok_marketing.pipelines.package.FULL_ROWS", 1)
    pages = [make.batch(DAILY, [make.campaign_row(ad, "2026-01-02")]) for ad in range(4)]
    first = make.batch(DAILY, [make.campaign_row(1, "2026-01-01")])
    run(make.whole(DAILY, first, make.state("2026-01-01"), *pages))
    assert run(make.whole(DAILY)).states_before == {DAILY: make.state("2026-01-01").state}


def test_a_sync_leaves_only_its_tables(run: Any, query: Any, make: Any, database: Any) -> None:
    """No staging schema and no working folder remain."""
    run(make.whole(DAILY, make.batch(DAILY, [make.campaign_row(1, "2026-01-01")])))
    assert query("SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'tiktok%'") == [
        ("tiktok_ads",)
    ]
    assert not destination_of(database.address).working_folder.exists()


def test_every_sync_is_recorded(run: Any, query: Any, make: Any) -> None:
    """The table of syncs says when a number was read, and whether the read was complete."""
    run(make.whole(DAILY, make.batch(DAILY, [make.campaign_row(1, "2026-01-01")])))
    run(make.whole(DAILY, failures=(failure(DAILY, "7"),)))
    syncs = query("SELECT stream, loaded_rows, complete, missing FROM _tiktok_syncs ORDER BY started_at")
    assert syncs == [(DAILY, 1, True, None), (DAILY, 0, False, f"{DAILY}, account 7: No permission.")]


def test_every_package_is_recorded(run: Any, query: Any, make: Any) -> None:
    """The table of loads says how many rows each package left, so that the doctor notices if one disappears."""
    rows = [make.campaign_row(number, "2026-01-01") for number in range(3)]
    run(make.whole(DAILY, make.batch(DAILY, rows)))
    run(make.whole(DAILY, make.batch(DAILY, rows[:2])))
    loads = query(
        "SELECT stream, kept_rows FROM _tiktok_loads JOIN _tiktok_syncs USING (sync_id, stream) ORDER BY started_at"
    )
    assert loads == [(DAILY, 3), (DAILY, 2)]
    assert query("SELECT count(*) FROM _tiktok_loads JOIN campaigns_reports_daily ON load_id = _dlt_load_id") == [(3,)]


@of_the_loop
def test_notices_reach_the_watcher_and_the_summary(run: Any, make: Any) -> None:
    """What the sync noticed on the way is not lost."""
    ran = run(make.whole(DAILY, Notice("warning", "Mind the gap.")))
    assert "Mind the gap." in ran.notices
    assert ran.summary.notices == ("Mind the gap.",)


def test_a_sync_waits_for_a_database_that_is_being_read(
    make: Any, duckdb_only: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is free between packages; a reader at the wrong moment only delays a package."""
    monkeypatch.setattr("tiktok_marketing.pipelines.package.FULL_ROWS", 1)
    holders: list[subprocess.Popen[bytes]] = []

    async def look() -> None:
        address = duckdb_only.address
        code = f"import duckdb, time; c = duckdb.connect({address!r}); print('open', flush=True); time.sleep(1)"
        holders.append(subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE))  # noqa: ASYNC220, S603 - our own code
        assert holders[0].stdout is not None
        holders[0].stdout.readline()

    ran = make.runner(duckdb_only)(make.whole(DAILY, look, make.batch(DAILY, [make.campaign_row(1, "2026-01-01")])))
    holders[0].communicate()
    assert ran.summary.complete
    assert any("in use by process" in text for text in ran.notices)


def test_dlt_ignores_the_users_settings_and_leaves_no_files(tmp_path: Path) -> None:
    """Settings in the home and current folder and the environment have no effect. Nothing is written or printed."""
    home, here = tmp_path / "home", tmp_path / "here"
    for folder in (home, here):
        (folder / ".dlt").mkdir(parents=True)
        (folder / ".dlt" / "config.toml").write_text("not toml at all [[[")
        (folder / ".dlt" / "secrets.toml").write_text("not toml at all [[[")
    code = (
        "from tiktok_marketing.pipelines.databases.kinds import destination_of\n"
        "from tiktok_marketing.pipelines.databases.lock import reserved\n"
        "from tiktok_marketing.pipelines.loader import Loader\n"
        "from tiktok_marketing.pipelines.package import LoadPackage\n"
        "from tiktok_marketing.pipelines.arrow.tables import TableBuilder\n"
        "from tiktok_marketing.catalog import stream_named\n"
        f"to = destination_of({str(tmp_path / 'x.duckdb')!r})\n"
        "with reserved(to) as folder:\n"
        "    loader = Loader(to, folder, print)\n"
        "    loader.open()\n"
        "    package = LoadPackage(0.0)\n"
        "    stream = stream_named('ads')\n"
        "    package.add(stream, TableBuilder(stream, print).table([{'ad_id': 1}], 7))\n"
        "    assert loader.load(package) == {'ads': 1}\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LOAD__WORKERS": "nonsense",
        "DESTINATION__DUCKDB__CREDENTIALS": "/nowhere/else.duckdb",
        "RUNTIME__LOG_LEVEL": "DEBUG",
    }
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    ended = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-W", "error", "-c", code],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("", "", 0)
    after = sorted(str(path) for path in tmp_path.rglob("*"))
    assert set(after) - set(before) == {str(tmp_path / "x.duckdb")}
