"""Whatever somebody does to one table of a Postgres, it costs the stream of that table, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from typing import Any

import pytest

from tiktok_marketing.pipelines.databases.postgres import waiting
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.events import DaysComplete, DaysEmpty, Rows
from tiktok_marketing.sync.plan.windows import Window

DAILY = "campaigns_reports_daily"
FUNCTION = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ begin {} end $$; "
TRIGGER = "CREATE TRIGGER t BEFORE {} ON {} FOR EACH {} EXECUTE FUNCTION f()"
BEFORE_INSERT = TRIGGER.format("INSERT", "campaigns", "ROW")


def load(run: Any, make: Any, spend: str = "1.10", **options: Any) -> Any:
    """Load two campaigns, two audiences, and the figures of a day."""
    rows = [make.campaign_row(campaign, "2026-01-01", spend) for campaign in (1, 2)]
    campaigns = [{"campaign_id": make.ad + campaign, "campaign_name": f"n{spend}"} for campaign in (1, 2)]
    audiences = [{"audience_id": str(audience), "name": f"n{spend}"} for audience in (1, 2)]
    return run(
        make.whole("campaigns", make.batch("campaigns", campaigns))
        + make.whole("audiences", make.batch("audiences", audiences))
        + make.whole(DAILY, make.batch(DAILY, rows), make.state("2026-01-01")),
        **options,
    )


def loads_the_others(database: Any, make: Any, change: str, *, back: str = "", stream: str = "campaigns") -> str:
    """Make a change, and load: only the stream is incomplete. Without the change, it is whole. Returns the message."""
    run = make.runner(database)
    load(run, make)
    database.change(change)
    ran = load(run, make, "2.50")
    assert {of.name for of in ran.summary.streams if not of.complete} == {stream}, ran.summary.missing()
    others = {"campaigns": "campaign_name = 'n2.50'", "audiences": "name = 'n2.50'", DAILY: "spend = 2.5"}
    for table in others.keys() - {stream}:
        assert database.ask(f"SELECT count(*) FROM {table} WHERE {others[table]}") == [(2,)], table  # noqa: S608
    (missing,) = ran.summary.missing()
    assert stream in missing
    if back:
        database.change(back)
        again = load(run, make, "2.50")
        assert again.summary.complete, again.summary.missing()
        assert database.ask(f"SELECT count(*) FROM {stream} WHERE {others[stream]}") == [(2,)]  # noqa: S608
    return str(missing)


@contextmanager
def limited(place: Any) -> Iterator[Any]:
    """The same database as the user `lesser`, who is no superuser and owns the schema and its tables."""
    place.change("CREATE ROLE lesser LOGIN PASSWORD 'x'")
    try:
        with closing(place.connect()) as connection, connection.cursor() as cursor:
            name = place.address.rpartition("/")[2]
            cursor.execute(f"GRANT ALL ON DATABASE {name} TO lesser")
            cursor.execute("ALTER SCHEMA tiktok_ads OWNER TO lesser")
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'tiktok_ads'")
            for (table,) in cursor.fetchall():
                cursor.execute(f"ALTER TABLE tiktok_ads.{table} OWNER TO lesser")
        before, _, after = place.address.partition("://")
        narrow = type(place).__new__(type(place))
        narrow.address = f"{before}://lesser:x@{after.partition('@')[2]}"
        yield narrow
    finally:
        place.change("REASSIGN OWNED BY lesser TO loader; DROP OWNED BY lesser; DROP ROLE lesser")


REFUSALS = {
    "a trigger without RETURN": FUNCTION.format("") + BEFORE_INSERT,
    "a code of their own": FUNCTION.format("raise exception 'no' using errcode = 'ZZ001';") + BEFORE_INSERT,
    "two rows for one": FUNCTION.format("new.budget := (select 1 union select 2); return new;") + BEFORE_INSERT,
    "an endless trigger": FUNCTION.format("insert into campaigns select new.*; return new;") + BEFORE_INSERT,
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_every_error_of_a_trigger_costs_its_stream_alone(postgres_only: Any, make: Any, refusal: str) -> None:
    """A trigger can fail with every code of Postgres, or with one that somebody made up."""
    loads_the_others(postgres_only, make, REFUSALS[refusal], back="DROP TRIGGER t ON campaigns")


def test_a_publication_costs_its_tables_alone_and_the_advice_helps(postgres_only: Any, make: Any) -> None:
    """Postgres publishes no changes of a table that does not say how to find a row. The message says what to do."""
    missing = loads_the_others(postgres_only, make, "CREATE PUBLICATION p FOR TABLE campaigns")
    assert "REPLICA IDENTITY FULL" in missing
    postgres_only.change(missing[missing.index("ALTER TABLE") : missing.index(" (or")])
    again = load(make.runner(postgres_only), make, "2.50")
    assert again.summary.complete, again.summary.missing()


NO_DELETE = FUNCTION.format("raise exception 'no deletes';") + TRIGGER.format("DELETE", "{}", "STATEMENT")
REFERENCE = """
    INSERT INTO audiences (advertiser_id, audience_id, _dlt_load_id) SELECT min(advertiser_id), '9', '1' FROM audiences;
    CREATE TABLE mine (a bigint, i varchar, FOREIGN KEY (a, i) REFERENCES audiences (advertiser_id, audience_id));
    INSERT INTO mine SELECT advertiser_id, audience_id FROM audiences"""
NUMERIC_PACKAGE = "ALTER TABLE {} ALTER COLUMN _dlt_load_id TYPE numeric(30, 7) USING _dlt_load_id::numeric(30, 7)"
STEPS = {
    "rows that are gone, a trigger": (NO_DELETE.format("audiences"), "DROP TRIGGER t ON audiences", "audiences"),
    "rows that are gone, a foreign key": (REFERENCE, "DROP TABLE mine", "audiences"),
    "rows that are counted, objects": (NUMERIC_PACKAGE.format("audiences"), "", "audiences"),
    "rows that are counted, a report": (NUMERIC_PACKAGE.format(DAILY), "", DAILY),
}


@pytest.mark.parametrize("step", STEPS)
def test_every_step_with_a_table_costs_its_stream_alone(postgres_only: Any, make: Any, step: str) -> None:
    """Also what comes after the rows: those that are gone are deleted, and those that are there are counted."""
    change, back, stream = STEPS[step]
    loads_the_others(postgres_only, make, change, back=back, stream=stream)


def test_days_that_cannot_be_emptied_cost_their_stream_alone(postgres_only: Any, make: Any) -> None:
    """TikTok has withdrawn the rows of a day, and a trigger keeps them. The state does not move."""
    run = make.runner(postgres_only)
    load(run, make)
    postgres_only.change(NO_DELETE.format(DAILY))
    day = date(2026, 1, 1)
    gone = DaysEmpty(make.stream(DAILY), make.account, Window(day, day), exact=True)
    audiences = make.whole("audiences", make.batch("audiences", [{"audience_id": "1", "name": "n2.50"}]))
    ran = run(make.whole(DAILY, gone, make.state("2026-01-02")) + audiences)
    assert {of.name for of in ran.summary.streams if not of.complete} == {DAILY}, ran.summary.missing()
    assert "does not let a sync delete the rows" in ran.summary.missing()[0]
    assert postgres_only.ask("SELECT name FROM audiences") == [("n2.50",)]
    postgres_only.change(f"DROP TRIGGER t ON {DAILY}")
    again = run(make.whole(DAILY, gone, make.state("2026-01-02")))
    assert "2026-01-02" not in str(again.states_before[DAILY])
    assert again.summary.complete
    assert postgres_only.ask(f"SELECT count(*) FROM {DAILY}") == [(0,)]  # noqa: S608


SWALLOW = FUNCTION.format("return null;") + TRIGGER.format("{}", "{}", "ROW")
KEEPERS = {
    "a trigger": (SWALLOW.format("DELETE", "{0}"), "DROP TRIGGER t ON {0}"),
    "a rule": ("CREATE RULE r AS ON DELETE TO {0} DO INSTEAD NOTHING", "DROP RULE r ON {0}"),
}


@pytest.mark.parametrize("keeper", KEEPERS)
@pytest.mark.parametrize("withdrawn", ["some rows", "a day", "an object"])
def test_rows_that_silently_stay_cost_their_stream_alone(
    postgres_only: Any, make: Any, keeper: str, withdrawn: str
) -> None:
    """TikTok has withdrawn rows, and deleting them does nothing. The stream is incomplete until the rows are gone."""
    run = make.runner(postgres_only)
    load(run, make)
    stream = "audiences" if withdrawn == "an object" else DAILY
    keep, release = KEEPERS[keeper]
    postgres_only.change(keep.format(stream))

    def again() -> Any:
        of, day = make.stream(DAILY), Window(date(2026, 1, 1), date(2026, 1, 1))
        rows = Rows(of, make.account, RecordList([make.campaign_row(1, "2026-01-01", "2.50")]), 1000, 1)
        whole = [rows, DaysComplete(of, 1, make.account, day, exact=True)]
        empty = [DaysEmpty(of, make.account, day, exact=True)]
        audiences = make.batch("audiences", [{"audience_id": "1", "name": "n2.50"}])
        return run(
            make.whole(DAILY, *(empty if withdrawn == "a day" else whole), make.state("2026-01-02"))
            + make.whole("audiences", audiences)
        )

    kept = again()
    assert {of.name for of in kept.summary.streams if not of.complete} == {stream}, kept.summary.missing()
    assert "trigger or rule" in kept.summary.missing()[0]
    postgres_only.change(release.format(stream))
    released = again()
    assert stream == "audiences" or "2026-01-02" not in str(released.states_before)
    assert released.summary.complete, released.summary.missing()
    left = postgres_only.ask(f"SELECT count(*) FROM {stream}")  # noqa: S608 - our own name
    assert left == [(0 if withdrawn == "a day" else 1,)]


def test_rows_that_come_again_are_updated_where_none_can_be_deleted(postgres_only: Any, make: Any) -> None:
    """A trigger that keeps every row is no obstacle while TikTok withdraws nothing."""
    run = make.runner(postgres_only)
    load(run, make)
    postgres_only.change(SWALLOW.format("DELETE", DAILY))
    of, day = make.stream(DAILY), Window(date(2026, 1, 1), date(2026, 1, 1))
    rows = RecordList([make.campaign_row(campaign, "2026-01-01", "2.50") for campaign in (1, 2)])
    page = Rows(of, make.account, rows, 1000, 1)
    ran = run(make.whole(DAILY, page, DaysComplete(of, 1, make.account, day, exact=True), make.state("2026-01-02")))
    assert ran.summary.complete, ran.summary.missing()
    assert postgres_only.ask(f"SELECT count(*), sum(spend) FROM {DAILY}") == [(2, 5)]  # noqa: S608 - our own name


@pytest.mark.parametrize("stream", ["audiences", DAILY])
def test_a_table_that_swallows_all_rows_costs_its_stream_alone(postgres_only: Any, make: Any, stream: str) -> None:
    """A trigger puts them elsewhere. An empty table with rows that were loaded used to stop every sync."""
    change = f"DELETE FROM {stream}; {SWALLOW.format('INSERT', stream)}"  # noqa: S608 - our own names
    missing = loads_the_others(postgres_only, make, change, back=f"DROP TRIGGER t ON {stream}", stream=stream)
    assert "trigger or rule" in missing


def test_a_table_that_cannot_be_read_costs_its_stream_alone(postgres_only: Any, make: Any) -> None:
    """Where a user must see all rows or none, a policy on one table fails every query of it."""
    run = make.runner(postgres_only)
    load(run, make)
    with limited(postgres_only) as place:
        postgres_only.change("ALTER ROLE lesser SET row_security = off")
        postgres_only.change(
            "ALTER TABLE audiences ENABLE ROW LEVEL SECURITY; ALTER TABLE audiences FORCE ROW LEVEL SECURITY"
        )
        ran = load(make.runner(place), make, "2.50")
        assert {of.name for of in ran.summary.streams if not of.complete} == {"audiences"}, ran.summary.missing()
        assert "BYPASSRLS" in ran.summary.missing()[0]


@pytest.mark.parametrize("lock", ["ALTER TABLE {} ADD COLUMN note text", "SELECT * FROM {} FOR UPDATE"])
def test_a_locked_table_costs_its_stream_alone(
    postgres_only: Any, make: Any, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    """Somebody has begun to change one table, and has gone for lunch. The message says who."""
    run = make.runner(postgres_only)
    load(run, make)
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "300ms")
    with closing(postgres_only.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"BEGIN; {lock.format('tiktok_ads.audiences')}")
        ran = load(run, make, "2.50")
        assert {of.name for of in ran.summary.streams if not of.complete} == {"audiences"}, ran.summary.missing()
        assert f"It is locked by process {connection.info.backend_pid} of loader" in ran.summary.missing()[0]
    assert load(run, make, "2.50").summary.complete


def test_a_table_that_is_locked_meanwhile_costs_its_stream_alone(
    postgres_only: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same, while a sync runs."""
    run = make.runner(postgres_only)
    load(run, make)
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "300ms")
    with closing(postgres_only.connect()) as connection, connection.cursor() as cursor:

        async def lock() -> None:
            cursor.execute(f"BEGIN; ALTER TABLE tiktok_ads.{DAILY} ADD COLUMN note text")

        row = make.campaign_row(1, "2026-01-01", "2.50")
        audiences = make.whole("audiences", make.batch("audiences", [{"audience_id": "1", "name": "n2.50"}]))
        ran = run(make.whole(DAILY, lock, make.batch(DAILY, [row]), make.state("2026-01-02")) + audiences)
        assert {of.name for of in ran.summary.streams if not of.complete} == {DAILY}, ran.summary.missing()
    assert postgres_only.ask("SELECT count(*) FROM audiences WHERE name = 'n2.50'") == [(1,)]
    postgres_only.change(f"DELETE FROM {DAILY}")  # noqa: S608
    assert any(f"the table {DAILY} is empty, and was not" in text for text in load(run, make).notices)


NAMESAKES = {
    "a sequence": ("CREATE SEQUENCE campaigns", "DROP SEQUENCE campaigns"),
    "a type": ("CREATE TYPE campaigns AS ENUM ('a')", "DROP TYPE campaigns"),
    "an index": ("CREATE INDEX campaigns ON audiences (name)", "DROP INDEX campaigns"),
}


@pytest.mark.parametrize("namesake", NAMESAKES)
def test_a_table_whose_name_is_taken_costs_its_stream_alone(postgres_only: Any, make: Any, namesake: str) -> None:
    """Something else has the name, which is no table. Without it, the table is created and filled."""
    change, back = NAMESAKES[namesake]
    missing = loads_the_others(postgres_only, make, f"DROP TABLE campaigns; {change}", back=back)
    assert "Rename or drop it" in missing


def lacks_a_right_to_campaigns(owner: Any, place: Any, make: Any) -> None:
    """The other tables are filled. The right that is missing can be granted as the message says, and is enough."""
    ran = load(make.runner(place), make, "2.50")
    assert {of.name for of in ran.summary.streams if not of.complete} == {"campaigns"}, ran.summary.missing()
    (missing,) = ran.summary.missing()
    owner.change(missing[missing.index("GRANT") : missing.index(", and run")])
    assert load(make.runner(place), make, "2.50").summary.complete


def test_a_table_that_may_not_be_created_costs_its_stream_alone(postgres_only: Any, make: Any) -> None:
    """The user may fill all tables and create none. The message has the right that is missing."""
    run = make.runner(postgres_only)
    load(run, make)
    with limited(postgres_only) as place:
        postgres_only.change("DROP TABLE campaigns; ALTER SCHEMA tiktok_ads OWNER TO loader")
        postgres_only.change("GRANT USAGE ON SCHEMA tiktok_ads TO lesser")
        lacks_a_right_to_campaigns(postgres_only, place, make)


def test_the_right_to_change_rows_that_is_missing_can_be_granted_as_the_message_says(
    postgres_only: Any, make: Any
) -> None:
    """It names the user of the connection, and the other tables are filled."""
    run = make.runner(postgres_only)
    load(run, make)
    with limited(postgres_only) as place:
        postgres_only.change("ALTER SCHEMA tiktok_ads OWNER TO loader; GRANT USAGE ON SCHEMA tiktok_ads TO lesser")
        postgres_only.change("ALTER TABLE campaigns OWNER TO loader; GRANT SELECT ON campaigns TO lesser")
        lacks_a_right_to_campaigns(postgres_only, place, make)


def test_a_user_who_may_create_no_table_can_fill_those_that_are_there(postgres_only: Any, make: Any) -> None:
    """Rows that are merged pass through a table of their own. If the user may not create that either, it says so."""
    run = make.runner(postgres_only)
    load(run, make)
    name = postgres_only.address.rpartition("/")[2]
    with limited(postgres_only) as place:
        postgres_only.change("ALTER SCHEMA tiktok_ads OWNER TO loader; GRANT USAGE ON SCHEMA tiktok_ads TO lesser")
        ran = load(make.runner(place), make, "2.50")
        assert ran.summary.complete, ran.summary.missing()
        assert postgres_only.ask("SELECT DISTINCT campaign_name FROM campaigns") == [("n2.50",)]
        postgres_only.change(f"REVOKE ALL ON DATABASE {name} FROM lesser; REVOKE TEMP ON DATABASE {name} FROM public")
        (missing, *_) = load(make.runner(place), make, "3.50").summary.missing()
        postgres_only.change(missing[missing.index("GRANT CREATE ON SCHEMA") : missing.index(", and run")])
        assert load(make.runner(place), make, "3.50").summary.complete


def test_a_comment_that_cannot_be_set_costs_nothing(postgres_only: Any, make: Any) -> None:
    """The table belongs to somebody else, who has given the user every right that a row needs."""
    run = make.runner(postgres_only)
    load(run, make)
    with limited(postgres_only) as place:
        postgres_only.change("ALTER TABLE campaigns OWNER TO loader; COMMENT ON COLUMN campaigns.campaign_name IS NULL")
        postgres_only.change("GRANT SELECT, INSERT, UPDATE, DELETE ON campaigns TO lesser")
        ran = load(make.runner(place), make, "2.50")
        assert ran.summary.complete, ran.summary.missing()
        assert postgres_only.ask("SELECT DISTINCT campaign_name FROM campaigns") == [("n2.50",)]


def test_the_advice_about_a_required_column_can_be_pasted(database: Any, make: Any) -> None:
    """The statement names the schema and quotes the column, so that it works from everywhere."""
    run = make.runner(database)
    load(run, make)
    database.change('ALTER TABLE campaigns ADD COLUMN "Our ID" VARCHAR')
    database.change('UPDATE campaigns SET "Our ID" = 1')
    database.change('ALTER TABLE campaigns ALTER COLUMN "Our ID" SET NOT NULL')
    (missing,) = load(run, make).summary.missing()
    advice = missing[missing.index("ALTER TABLE") :].rstrip(".")
    database.change(f"{'USE main' if database.kind == 'duckdb' else 'SET search_path = public'}; {advice}")
    assert load(run, make, "2.50").summary.complete


def test_a_publication_of_all_tables_lets_rows_be_added(postgres_only: Any, make: Any) -> None:
    """Old states cannot be deleted then, which a notice says once. What needs no deletion is loaded."""
    run = make.runner(postgres_only)
    load(run, make)
    postgres_only.change("CREATE PUBLICATION p FOR ALL TABLES")
    row = make.campaign_row(3, "2026-01-02", "2.50")
    ran = run(make.whole("advertisers_reports_daily") + make.whole(DAILY, make.batch(DAILY, [row])))
    assert sum("old states cannot be deleted" in text for text in ran.notices) == 1
    assert all("REPLICA IDENTITY" in text for text in ran.summary.missing())


@pytest.mark.parametrize(
    "change",
    [
        "CREATE VIEW _tiktok_syncs AS SELECT * FROM kept LIMIT 5",
        "CREATE TABLE _tiktok_syncs (LIKE kept); "
        + FUNCTION.format("raise exception 'no' using errcode = '55000';")
        + TRIGGER.format("INSERT", "_tiktok_syncs", "ROW"),
    ],
    ids=["a view", "a trigger"],
)
def test_a_record_that_cannot_be_written_costs_a_notice(postgres_only: Any, make: Any, change: str) -> None:
    """The rows are loaded, so the sync is complete."""
    run = make.runner(postgres_only)
    load(run, make)
    postgres_only.change(f"ALTER TABLE _tiktok_syncs RENAME TO kept; {change}")
    ran = load(run, make, "2.50")
    assert ran.summary.complete
    assert any("is not recorded" in text for text in ran.notices)


def test_a_text_that_the_database_cannot_hold_costs_its_stream_alone(postgres_only: Any, make: Any) -> None:
    """The database is in LATIN1. The message says so, and which one to create."""
    name = postgres_only.address.rpartition("/")[2]
    with closing(postgres_only.another().connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name}")
        cursor.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0")
    run = make.runner(postgres_only)
    campaigns = make.batch("campaigns", [{"campaign_id": make.ad, "campaign_name": "\u65e5\u672c"}])
    audiences = make.batch("audiences", [{"audience_id": "1", "name": "\u00e9"}])
    ran = run(make.whole("campaigns", campaigns) + make.whole("audiences", audiences))
    assert {of.name for of in ran.summary.streams if not of.complete} == {"campaigns"}, ran.summary.missing()
    assert "ENCODING 'UTF8'" in ran.summary.missing()[0]
