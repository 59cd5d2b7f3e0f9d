"""Views, columns, indexes, rights and constraints of the user stay, whatever a sync does to its tables."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from typing import Any

import duckdb
import pytest

from postgres_server import PASSWORD
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.events import DaysComplete, Rows
from tiktok_marketing.sync.plan.windows import Window

pytestmark = pytest.mark.thorough

DAILY = "campaigns_reports_daily"


def load(run: Any, make: Any, spend: str = "1.10", **options: Any) -> Any:
    """Load two campaigns and a day of their figures."""
    rows = [make.campaign_row(campaign, "2026-01-01", spend) for campaign in (1, 2)]
    campaigns = [{"campaign_id": make.ad + campaign, "campaign_name": f"n{spend}"} for campaign in (1, 2)]
    names = make.batch("campaigns", campaigns)
    return run(
        make.whole("campaigns", names) + make.whole(DAILY, make.batch(DAILY, rows), make.state("2026-01-01")), **options
    )


@pytest.mark.parametrize("full", [False, True], ids=["plain", "full"])
def test_views_columns_and_indexes_stay(run: Any, database: Any, make: Any, full: bool) -> None:
    """What the user added is there after the next sync, and their values stay with the keys of their rows."""
    load(run, make)
    database.change("ALTER TABLE campaigns ADD COLUMN client VARCHAR DEFAULT 'none'")
    database.change(f"ALTER TABLE {DAILY} ADD COLUMN checked BOOLEAN")
    database.change(f"CREATE VIEW per_client AS SELECT client, spend FROM campaigns JOIN {DAILY} USING (campaign_id)")  # noqa: S608
    database.change("CREATE INDEX mine ON campaigns (campaign_name)")
    database.change(f"CREATE UNIQUE INDEX mine_too ON {DAILY} (campaign_id, stat_time_day)")
    database.change("COMMENT ON COLUMN campaigns.client IS 'ours'")
    database.change(f"UPDATE campaigns SET client = 'acme' WHERE campaign_id = {make.ad + 1}")  # noqa: S608
    database.change(f"UPDATE {DAILY} SET checked = true WHERE campaign_id = {make.ad + 2}")  # noqa: S608
    assert load(run, make, "2.50", full=full).summary.complete
    assert database.ask("SELECT client, campaign_name FROM campaigns ORDER BY campaign_id") == [
        ("acme", "n2.50"),
        ("none", "n2.50"),
    ]
    assert database.ask(f"SELECT checked FROM {DAILY} ORDER BY campaign_id") == [(None,), (True,)]  # noqa: S608
    assert [(client, str(spend)) for client, spend in database.ask("SELECT * FROM per_client ORDER BY 1")] == [
        ("acme", "2.5000"),
        ("none", "2.5000"),
    ]
    indexes = "duckdb_indexes() WHERE index_name" if database.kind == "duckdb" else "pg_indexes WHERE indexname"
    assert database.ask(f"SELECT count(*) FROM {indexes} IN ('mine', 'mine_too')") == [(2,)]  # noqa: S608


ODD_NAMES = ['size 5" x', '"', "it's", "50 % ?", "a; b -- c", "Größe", "%s {x}"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_column_of_the_user_may_have_any_name(run: Any, database: Any, make: Any, name: str) -> None:
    """Its values stay with the keys of their rows, also of rows that share a key."""
    load(run, make)
    quoted = '"' + name.replace('"', '""') + '"'
    for table in ("campaigns", DAILY):
        database.change(f"ALTER TABLE {table} ADD COLUMN {quoted} VARCHAR DEFAULT 'none'")
        database.change(f"UPDATE {table} SET {quoted} = 'kept' WHERE campaign_id = {make.ad + 1}")  # noqa: S608
    assert load(run, make, "2.50").summary.complete
    rows = [make.campaign_row(1, "2026-01-01", "3.50"), make.campaign_row(1, "2026-01-01", "4.50")]
    assert run(make.whole(DAILY, make.batch(DAILY, rows), make.state("2026-01-01"))).summary.complete
    assert database.ask(f"SELECT {quoted} FROM campaigns ORDER BY campaign_id") == [("kept",), ("none",)]  # noqa: S608
    assert set(database.ask(f"SELECT {quoted}, spend > 3 FROM {DAILY}")) == {("kept", True), ("none", False)}  # noqa: S608


@pytest.mark.parametrize("name", ["client", 'size 5" x'])
def test_a_required_column_of_the_user_stops_its_stream_alone(run: Any, database: Any, make: Any, name: str) -> None:
    """The message names the table, the column and what to do; what it advises works."""
    quoted = '"' + name.replace('"', '""') + '"'
    load(run, make)
    database.change("DROP TABLE campaigns")
    columns = f"campaign_id BIGINT, advertiser_id BIGINT, {quoted} VARCHAR NOT NULL"
    database.change(f"CREATE TABLE campaigns ({columns})")
    ran = load(run, make, "2.50")
    complete = {stream.name: stream.complete for stream in ran.summary.streams}
    assert complete == {"campaigns": False, DAILY: True}
    (missing,) = ran.summary.missing()
    assert f"The column {name} of the table campaigns accepts no null" in missing
    advice = missing[missing.index("ALTER TABLE") :].rstrip(".")
    database.change(advice)
    assert load(run, make, "2.50").summary.complete
    assert database.ask(f"SELECT count(*), count({quoted}) FROM campaigns") == [(2, 0)]  # noqa: S608


IN_ANOTHER_CASE = {
    "a report's table": (DAILY, "Campaigns_Reports_Daily"),
    "a table of objects": ("campaigns", "CAMPAIGNS"),
    "the packages": ("_dlt_loads", "_DLT_Loads"),
    "the states": ("_dlt_pipeline_state", "_DLT_PIPELINE_STATE"),
    "the schemas": ("_dlt_version", "_Dlt_Version"),
    "the record of syncs": ("_tiktok_syncs", "_Tiktok_Syncs"),
    "a metric": (f"{DAILY} spend", "Spend"),
    "the key of objects": ("campaigns campaign_id", "CAMPAIGN_ID"),
    "the package of a row": (f"{DAILY} _dlt_load_id", "_DLT_LOAD_ID"),
    "a column of the packages": ("_dlt_loads status", "Status"),
}


@pytest.mark.parametrize("what", IN_ANOTHER_CASE)
def test_names_in_another_case_are_the_same_to_duckdb(duckdb_only: Any, make: Any, what: str) -> None:
    """The rows of the next sync replace those that are there, nothing is read again, and the name stays."""
    run = make.runner(duckdb_only)
    load(run, make)
    name, other = IN_ANOTHER_CASE[what]
    table, _, column = name.partition(" ")
    if column:
        duckdb_only.change(f'ALTER TABLE {table} RENAME COLUMN {column} TO "{other}"')
    else:
        duckdb_only.change(f'ALTER TABLE {table} RENAME TO passing; ALTER TABLE passing RENAME TO "{other}"')
    again = load(run, make, "2.50")
    assert again.summary.complete, again.summary.missing()
    assert not again.notices
    assert again.states_before
    sums = f"SELECT count(*), sum(spend) FROM {DAILY}"  # noqa: S608
    assert [(count, str(spend)) for count, spend in duckdb_only.ask(sums)] == [(2, "5.0000")]
    assert duckdb_only.ask("SELECT count(*) FROM campaigns") == [(2,)]
    assert duckdb_only.ask("SELECT count(DISTINCT sync_id) FROM _tiktok_syncs") == [(2,)]
    sql = f"SELECT table_name = '{other}' OR column_name = '{other}' AS kept FROM duckdb_columns()"  # noqa: S608
    assert duckdb_only.ask(f"SELECT bool_or(kept) FROM ({sql})") == [(True,)]  # noqa: S608


@pytest.mark.parametrize("is_new", [True, False])
def test_a_schema_in_another_case_is_the_same_to_duckdb(duckdb_only: Any, make: Any, is_new: bool) -> None:
    """The user has created it, or has written its name anew. The name stays."""
    run = make.runner(duckdb_only)
    if not is_new:
        load(run, make)
    with duckdb.connect(duckdb_only.address) as connection:
        connection.execute('DROP SCHEMA IF EXISTS tiktok_ads CASCADE; CREATE SCHEMA "TikTok_Ads"')
    for _ in range(2):
        ran = load(run, make, "2.50")
        assert ran.summary.complete, ran.summary.missing()
        assert duckdb_only.ask("SELECT count(*) FROM campaigns") == [(2,)]
    names = duckdb_only.ask("SELECT schema_name FROM duckdb_schemas() WHERE database_name = 'test'")
    assert ("TikTok_Ads",) in names
    assert ("tiktok_ads",) not in names


@pytest.mark.parametrize("column", ["CPC", "Spend", "_Dlt_Load_Id", "straße"])
def test_names_in_another_case_are_the_users_to_postgres(postgres_only: Any, make: Any, column: str) -> None:
    """A column whose name differs only in its case, also by the rules of German, is one of the user's."""
    run = make.runner(postgres_only)
    load(run, make)
    for table in ("campaigns", DAILY):
        postgres_only.change(f'ALTER TABLE {table} ADD COLUMN "{column}" numeric DEFAULT 7, ADD COLUMN strasse text')
    again = load(run, make, "2.50")
    assert again.summary.complete, again.summary.missing()
    assert not again.notices
    assert postgres_only.ask(f'SELECT sum("{column}") = 14, sum(spend) = 5 FROM {DAILY}') == [(True, True)]  # noqa: S608


def test_a_view_with_the_name_of_a_table_stops_its_stream_alone(run: Any, database: Any, make: Any) -> None:
    """Somebody renamed the table and put a view in its place."""
    load(run, make)
    database.change("ALTER TABLE campaigns RENAME TO kept")
    database.change("CREATE VIEW campaigns AS SELECT * FROM kept")
    ran = load(run, make)
    assert {stream.name: stream.complete for stream in ran.summary.streams} == {"campaigns": False, DAILY: True}
    assert "campaigns is a view" in ran.summary.missing()[0]
    database.change("DROP VIEW campaigns")
    assert load(run, make).summary.complete
    assert database.ask("SELECT (SELECT count(*) FROM campaigns), (SELECT count(*) FROM kept)") == [(2, 2)]


REFUSALS = {
    "a constraint": "ALTER TABLE campaigns ADD CONSTRAINT short CHECK (length(campaign_name) < 5)",
    "a column of theirs that accepts no null": "ALTER TABLE campaigns ALTER COLUMN objective SET NOT NULL",
    "another type": "ALTER TABLE campaigns ALTER COLUMN campaign_name TYPE integer USING 1",
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_table_that_refuses_its_rows_stops_its_stream_alone(postgres_only: Any, make: Any, refusal: str) -> None:
    """The rows of other streams and their states are loaded, and the next sync goes on once the reason is gone."""
    run = make.runner(postgres_only)
    load(run, make, "1.1")
    if "null" in refusal:
        postgres_only.change("UPDATE campaigns SET objective = 'x'")
        postgres_only.change("ALTER TABLE campaigns ADD COLUMN IF NOT EXISTS objective varchar")
        postgres_only.change("UPDATE campaigns SET objective = 'x'")
    postgres_only.change(REFUSALS[refusal])
    ran = load(run, make, "2.5000000")
    assert {stream.name: stream.complete for stream in ran.summary.streams} == {"campaigns": False, DAILY: True}
    assert "The table campaigns does not accept the rows of a sync" in ran.summary.missing()[0]
    assert postgres_only.ask(f"SELECT min(spend) FROM {DAILY}")[0][0] == 2.5  # noqa: S608


UNFIT_TYPES = {
    "an id that is rounded": ("campaigns", "campaign_id", "double precision", None),
    "a day with a time zone": (DAILY, "stat_time_day", "timestamptz", "date"),
    "a package that is a number": (
        DAILY,
        "_dlt_load_id",
        "double precision USING _dlt_load_id::double precision",
        "text",
    ),
}


@pytest.mark.parametrize("what", UNFIT_TYPES)
def test_a_key_of_another_type_stops_its_stream_alone(run: Any, database: Any, make: Any, what: str) -> None:
    """The message names the table, the column and what to do, and what it advises works."""
    table, column, type_, fitting = UNFIT_TYPES[what]
    load(run, make)
    if column == "campaign_id":  # two ids of this length are one when they are rounded
        database.change(f"DELETE FROM campaigns WHERE campaign_id = {make.ad + 2}")  # noqa: S608
    database.change(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {type_}")
    ran = load(run, make, "2.50")
    complete = {stream.name: stream.complete for stream in ran.summary.streams}
    assert complete == {name: name != table for name in ("campaigns", DAILY)}
    (missing,) = ran.summary.missing()
    assert f"The column {column} of the table {table} has the type" in missing
    assert "the next sync creates it and reads it from the start" in missing
    advice = f"DROP TABLE {table}"
    if fitting is not None:
        advice = missing[missing.index("ALTER TABLE") :].partition(". ")[0]
        assert advice.endswith(f"TYPE {fitting}")
    database.change(advice)
    assert load(run, make, "2.50").summary.complete
    assert database.ask(f"SELECT count(*) FROM {table}") == [(2,)]  # noqa: S608


@pytest.mark.parametrize("type_", ["decimal(9,1)", "real"])
def test_a_figure_that_is_rounded_is_said_and_comes_back(run: Any, database: Any, make: Any, type_: str) -> None:
    """The type is the user's choice, so the rows come. Each sync names the column, and what it advises works."""
    load(run, make)
    database.change(f"ALTER TABLE {DAILY} ALTER COLUMN spend TYPE {type_}")
    database.change(f"ALTER TABLE {DAILY} ALTER COLUMN ctr TYPE {type_}")
    for _ in range(2):
        ran = load(run, make, "2.55")
        assert ran.summary.complete
        (notice,) = ran.notices
        assert notice.startswith(
            f"{DAILY}: The types of these columns keep only a part of what TikTok reports: spend ("
        )
    for statement in notice.partition(", run ")[2].partition(". The next")[0].split("; "):
        database.change(statement)
    assert all("keep only a part" not in text for text in load(run, make, "2.55").notices)
    assert [str(spend) for (spend,) in database.ask(f"SELECT spend FROM {DAILY}")] == ["2.5500", "2.5500"]  # noqa: S608


@pytest.mark.parametrize("column", ["campaigns campaign_id", f"{DAILY} stat_time_day", f"{DAILY} advertiser_id"])
def test_a_key_as_text_replaces_the_rows_that_come_again(run: Any, database: Any, make: Any, column: str) -> None:
    """Texts hold all that a key has."""
    load(run, make)
    table, _, name = column.partition(" ")
    database.change(f"ALTER TABLE {table} ALTER COLUMN {name} TYPE varchar")
    ran = load(run, make, "2.50")
    assert ran.summary.complete, ran.summary.missing()
    assert database.ask(f"SELECT count(*) FROM {table}") == [(2,)]  # noqa: S608


def test_rights_foreign_keys_triggers_and_computed_columns_stay(postgres_only: Any, make: Any) -> None:
    """Rows that others refer to are updated in place."""
    run = make.runner(postgres_only)
    load(run, make)
    change = postgres_only.change
    change("CREATE ROLE reader LOGIN")
    change("GRANT SELECT ON campaigns TO reader")
    change(
        "CREATE TABLE owners (advertiser_id bigint, campaign_id bigint, owner text,"
        " FOREIGN KEY (advertiser_id, campaign_id) REFERENCES campaigns (advertiser_id, campaign_id))"
    )
    change("INSERT INTO owners SELECT advertiser_id, campaign_id, 'me' FROM campaigns")
    change("ALTER TABLE campaigns ADD COLUMN loud text GENERATED ALWAYS AS (upper(campaign_name)) STORED")
    change("ALTER TABLE campaigns ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY")
    change("ALTER TABLE campaigns ADD COLUMN seen timestamptz NOT NULL DEFAULT now()")
    change("CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
    change("CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON campaigns FOR EACH ROW EXECUTE FUNCTION touched()")
    ran = load(run, make, "2.50")
    assert ran.summary.complete, ran.summary.missing()
    assert postgres_only.ask("SELECT loud, number FROM campaigns ORDER BY campaign_id") == [("N2.50", 1), ("N2.50", 2)]
    assert postgres_only.ask("SELECT has_table_privilege('reader', 'campaigns', 'SELECT')") == [(True,)]
    assert postgres_only.ask("SELECT count(*) FROM owners") == [(2,)]
    assert postgres_only.ask("SELECT count(*) FROM pg_trigger WHERE tgname = 'touch'") == [(1,)]


def test_rows_that_a_trigger_removes_are_reported(postgres_only: Any, make: Any) -> None:
    """What is stored is compared with what was read, so that no row is lost in silence.

    No state covers such rows: syncs read the stream from the start until all of them are there.
    """
    run = make.runner(postgres_only)
    load(run, make)
    postgres_only.change("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    postgres_only.change(f"CREATE TRIGGER gone BEFORE INSERT ON {DAILY} FOR EACH ROW EXECUTE FUNCTION nothing()")
    postgres_only.change(f"DELETE FROM {DAILY} WHERE campaign_id = {make.ad + 1}")  # noqa: S608
    for attempt in range(3):
        ran = load(run, make)
        assert (DAILY in ran.states_before) is (attempt == 0)
        (daily,) = (stream for stream in ran.summary.streams if stream.name == DAILY)
        assert not daily.complete
        assert "rows that were loaded are not in the table" in ran.summary.missing()[0]
    postgres_only.change(f"DROP TRIGGER gone ON {DAILY}")
    ran = load(run, make)
    assert DAILY not in ran.states_before
    assert ran.summary.complete
    assert postgres_only.ask(f"SELECT count(*) FROM {DAILY}") == [(2,)]  # noqa: S608
    assert DAILY in load(run, make).states_before


def test_accounts_that_share_an_id_keep_both_rows(run: Any, database: Any, make: Any) -> None:
    """Every key contains the account."""
    ads = [make.batch("ads", [{"ad_id": 1, "ad_name": str(account)}], account) for account in (1, 2)]
    rows = [make.batch(DAILY, [make.campaign_row(1, "2026-01-01", str(account))], account) for account in (1, 2)]
    for _ in range(2):
        ran = run(make.whole("ads", *ads) + make.whole(DAILY, *rows))
        assert [(stream.read, stream.rows, stream.difference) for stream in ran.summary.streams] == [(2, 2, "")] * 2
        assert database.ask("SELECT advertiser_id, ad_name FROM ads ORDER BY 1") == [(1, "1"), (2, "2")]
        assert database.ask(f"SELECT advertiser_id, spend FROM {DAILY} ORDER BY 1") == [(1, 1), (2, 2)]  # noqa: S608


@pytest.mark.parametrize("per_package", [1, 1000], ids=["in other packages", "in one package"])
def test_rows_that_repeat_a_key_explain_the_difference(
    run: Any, database: Any, make: Any, monkeypatch: pytest.MonkeyPatch, per_package: int
) -> None:
    """The summary and `_tiktok_syncs` count what is stored, beside what was read."""
    monkeypatch.setattr("tiktok_marketing.pipelines.package.FULL_ROWS", per_package)
    pages = [make.batch("ads", [{"ad_id": ad}]) for ad in (1, 2, 1, 3, 1)]
    ran = run(make.whole("ads", *pages))
    (ads,) = ran.summary.streams
    assert (ads.read, ads.rows, ads.difference, ads.complete) == (5, 3, "2 rows repeat a key", True)
    recorded = database.ask("SELECT read_rows, loaded_rows, difference FROM _tiktok_syncs")
    assert recorded == [(5, 3, "2 rows repeat a key")]


def test_the_record_of_syncs_may_have_columns_of_the_user(run: Any, database: Any, make: Any) -> None:
    """One that accepts no null costs the record and not the sync."""
    load(run, make)
    database.change("ALTER TABLE _tiktok_syncs ADD COLUMN note VARCHAR")
    assert load(run, make).summary.complete
    assert database.ask("SELECT count(*) FROM _tiktok_syncs") == [(4,)]
    database.change("UPDATE _tiktok_syncs SET note = ''")
    database.change("ALTER TABLE _tiktok_syncs ALTER COLUMN note SET NOT NULL")
    ran = load(run, make)
    assert ran.summary.complete
    assert any("is not recorded" in text for text in ran.notices)


def test_the_keys_of_an_earlier_version_are_replaced(postgres_only: Any, make: Any) -> None:
    """Its unique index had no account, and would refuse an id that two accounts share."""
    run = make.runner(postgres_only)
    load(run, make)
    postgres_only.change("DROP INDEX campaigns_key")
    postgres_only.change("CREATE UNIQUE INDEX campaigns_key ON campaigns (campaign_id)")
    other = make.batch("campaigns", [{"campaign_id": make.ad + 1}], 2)
    assert run(make.whole("campaigns", other)).summary.complete
    assert postgres_only.ask("SELECT count(*) FROM campaigns") == [(3,)]


def test_a_row_that_comes_again_keeps_its_number(postgres_only: Any, make: Any) -> None:
    """The database numbers rows in a column of the user's, which nobody else can write to."""
    run = make.runner(postgres_only)
    of, day = make.stream(DAILY), Window(date(2026, 1, 1), date(2026, 1, 1))

    def loaded(spend: str) -> None:
        page = RecordList([make.campaign_row(campaign, "2026-01-01", spend) for campaign in (1, 2)])
        rows = Rows(of, make.account, page, 1000, 1)
        run(make.whole(DAILY, rows, DaysComplete(of, 1, make.account, day, exact=True), make.state("2026-01-01")))

    loaded("1.10")
    postgres_only.change(f"ALTER TABLE {DAILY} ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY")
    numbers = f"SELECT campaign_id, number, spend FROM {DAILY} ORDER BY 1"  # noqa: S608 - our own names
    before = [row[:2] for row in postgres_only.ask(numbers)]
    loaded("2.50")
    again = postgres_only.ask(numbers)
    assert [row[:2] for row in again] == before
    assert {row[2] for row in again} == {2.5}


def test_rows_that_the_user_doubled_are_deleted(postgres_only: Any, make: Any) -> None:
    """Without the index, somebody inserted rows twice. It comes back, and the newest row of each key stays."""
    run = make.runner(postgres_only)
    load(run, make)
    postgres_only.change(f"DROP INDEX {DAILY}_days")
    postgres_only.change(f"INSERT INTO {DAILY} SELECT * FROM {DAILY}")  # noqa: S608
    ran = load(run, make)
    assert ran.summary.complete
    assert f"2 rows of {DAILY} repeated the key of another, and were deleted." in ran.notices
    assert postgres_only.ask(f"SELECT count(*) FROM {DAILY}") == [(2,)]  # noqa: S608


def test_a_renamed_table_keeps_its_index_and_the_new_one_has_its_own(postgres_only: Any, make: Any) -> None:
    """The name of the index is taken then."""
    run = make.runner(postgres_only)
    load(run, make)
    postgres_only.change("ALTER TABLE campaigns RENAME TO kept")
    load(run, make)
    unique = "SELECT tablename FROM pg_indexes WHERE tablename IN ('kept', 'campaigns') ORDER BY 1"
    assert postgres_only.ask(unique) == [("campaigns",), ("kept",)]


def test_a_reader_without_rights_does_not_stop_a_sync(postgres_only: Any, make: Any) -> None:
    """A table that the loader may not write to is refused alone."""
    run = make.runner(postgres_only)
    load(run, make)
    before, _, after = postgres_only.address.partition("://")
    postgres_only.change(f"CREATE ROLE narrow LOGIN PASSWORD '{PASSWORD}'")
    with closing(postgres_only.connect()) as connection, connection.cursor() as cursor:
        name = postgres_only.address.rpartition("/")[2]
        cursor.execute(f"GRANT ALL ON DATABASE {name} TO narrow")
        cursor.execute("ALTER SCHEMA tiktok_ads OWNER TO narrow")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'tiktok_ads' AND tablename <> 'campaigns'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE tiktok_ads.{table} OWNER TO narrow")
    narrow = type(postgres_only).__new__(type(postgres_only))
    narrow.address = f"{before}://narrow:{after.partition('@')[0].partition(':')[2]}@{after.partition('@')[2]}"
    ran = load(make.runner(narrow), make)
    assert {stream.name: stream.complete for stream in ran.summary.streams} == {"campaigns": False, DAILY: True}
    assert "campaigns" in ran.summary.missing()[0]
