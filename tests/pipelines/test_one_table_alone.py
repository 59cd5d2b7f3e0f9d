"""Whatever somebody does to one table of a Postgres, it costs the stream of that table, and no other."""

from __future__ import annotations

from typing import Any

import pytest

DAILY = "campaigns_reports_daily"
FUNCTION = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ begin {} end $$; "
TRIGGER = "CREATE TRIGGER t BEFORE {} ON {} FOR EACH {} EXECUTE FUNCTION f()"
BEFORE_INSERT = TRIGGER.format("INSERT", "campaigns", "ROW")


def load(run: Any, make: Any, spend: str = "1.10", **options: Any) -> Any:
    """Load two campaigns, two ads, and the figures of a day."""
    rows = [make.campaign_row(campaign, "2026-01-01", spend) for campaign in (1, 2)]
    campaigns = [{"campaign_id": make.ad + campaign, "campaign_name": f"n{spend}"} for campaign in (1, 2)]
    ads = [{"ad_id": make.ad + ad, "ad_name": f"n{spend}"} for ad in (1, 2)]
    return run(
        make.whole("campaigns", make.batch("campaigns", campaigns))
        + make.whole("ads", make.batch("ads", ads))
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
    others = {"campaigns": "campaign_name = 'n2.50'", "ads": "ad_name = 'n2.50'", DAILY: "spend = 2.5"}
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
