"""Postgres tables that the user has divided, or given indexes and constraints of their own."""

from __future__ import annotations

from typing import Any

import pytest

DAILY = "campaigns_reports_daily"
FIRST, SECOND = "2026-01-01", "2026-01-02"
PARTITIONED = """
    ALTER TABLE campaigns_reports_daily RENAME TO before;
    CREATE TABLE campaigns_reports_daily (LIKE before) PARTITION BY RANGE (stat_time_day);
    CREATE TABLE p1 PARTITION OF campaigns_reports_daily FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
    CREATE TABLE p2 PARTITION OF campaigns_reports_daily FOR VALUES FROM ('2026-01-02') TO ('2030-01-01');
    INSERT INTO campaigns_reports_daily SELECT * FROM before"""
INHERITED = """
    DROP INDEX campaigns_reports_daily_days;
    CREATE TABLE later () INHERITS (campaigns_reports_daily);
    INSERT INTO later SELECT * FROM campaigns_reports_daily WHERE stat_time_day >= '2026-01-02';
    DELETE FROM ONLY campaigns_reports_daily WHERE stat_time_day >= '2026-01-02'"""


def load(run: Any, make: Any, *days: str, spend: str = "1.10") -> Any:
    """Load five campaigns and their figures of these days."""
    campaigns = [{"campaign_id": make.ad + campaign, "campaign_name": f"n{spend}"} for campaign in range(5)]
    rows = [make.campaign_row(campaign, day, spend) for day in days for campaign in range(5)]
    return run(
        make.whole("campaigns", make.batch("campaigns", campaigns))
        + make.whole(DAILY, make.batch(DAILY, rows), make.state(SECOND))
    )


@pytest.mark.parametrize("division", [PARTITIONED, INHERITED], ids=["partitions", "inheritance"])
def test_only_copies_are_deleted_from_a_divided_table(postgres_only: Any, make: Any, division: str) -> None:
    """A place in one part of a table is not the same place in another, so rows of other parts stay."""
    run = make.runner(postgres_only)
    load(run, make, FIRST, SECOND)
    postgres_only.change(division)
    postgres_only.change(f"INSERT INTO {DAILY} SELECT * FROM {DAILY} WHERE stat_time_day >= '{SECOND}' LIMIT 3")  # noqa: S608
    key = f"SELECT campaign_id, stat_time_day FROM {DAILY} ORDER BY 1, 2"  # noqa: S608
    before = sorted(set(postgres_only.ask(key)))
    ran = load(run, make, SECOND, spend="2.50")
    assert ran.summary.complete, ran.summary.missing()
    assert f"3 rows of {DAILY} repeated the key of another, and were deleted." in ran.notices
    assert postgres_only.ask(key) == before
    load(run, make, FIRST, SECOND, spend="3.50")
    assert postgres_only.ask(key) == before
    assert postgres_only.ask(f"SELECT DISTINCT spend FROM {DAILY}") == [(3.5,)]  # noqa: S608


OWN = {
    "an index": f"CREATE INDEX {DAILY}_key ON {DAILY} (campaign_id)",
    "a unique index": f"CREATE UNIQUE INDEX {DAILY}_key ON {DAILY} (campaign_id, stat_time_day, spend)",
    "an index of an expression": f"CREATE INDEX {DAILY}_key ON {DAILY} ((campaign_id + 1))",
    "a constraint": f"ALTER TABLE {DAILY} ADD CONSTRAINT {DAILY}_key UNIQUE (campaign_id, stat_time_day)",
    "a constraint in place of the index": f"DROP INDEX {DAILY}_days; ALTER TABLE {DAILY} ADD CONSTRAINT {DAILY}_days"
    " UNIQUE (advertiser_id, stat_time_day, campaign_id) DEFERRABLE INITIALLY DEFERRED",
    "a constraint in place of the key": "DROP INDEX campaigns_key; ALTER TABLE campaigns ADD CONSTRAINT campaigns_key"
    " UNIQUE (advertiser_id, campaign_id) DEFERRABLE INITIALLY DEFERRED",
}


@pytest.mark.parametrize("own", OWN)
def test_indexes_and_constraints_of_the_user_stay_whatever_their_name(postgres_only: Any, make: Any, own: str) -> None:
    """Also with the name of an index of a sync's own, which then gets another name."""
    run = make.runner(postgres_only)
    load(run, make, FIRST, SECOND)
    postgres_only.change(OWN[own])
    sql = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'tiktok_ads' ORDER BY 1"
    before = postgres_only.ask(sql)
    for spend in ("2.50", "3.50"):
        ran = load(run, make, FIRST, SECOND, spend=spend)
        assert ran.summary.complete, ran.summary.missing()
    assert set(before) <= set(postgres_only.ask(sql))
    assert postgres_only.ask(f"SELECT count(*), min(spend) FROM {DAILY}") == [(10, 3.5)]  # noqa: S608
    assert postgres_only.ask("SELECT count(*), min(campaign_name) FROM campaigns") == [(5, "n3.50")]
