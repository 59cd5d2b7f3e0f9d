"""Types of columns: which hold what a sync needs to find a row again, and which keep only a part of a value."""

from __future__ import annotations

import pytest

from tiktok_marketing.catalog import ALL_STREAMS
from tiktok_marketing.pipelines.arrow.tables import columns_of
from tiktok_marketing.pipelines.column_types import key_type_refusal, rounding_of
from tiktok_marketing.pipelines.databases.destination import Relation, StoredColumn
from tiktok_marketing.pipelines.databases.duckdb import session as duckdb
from tiktok_marketing.pipelines.databases.postgres import session as postgres
from tiktok_marketing.pipelines.table_setup import _DATA_TYPES

STREAMS = {stream.name: stream for stream in ALL_STREAMS}
HOURLY = "ads_reports_hourly"


def refusal(name: str, column: str, type_: str) -> str:
    """What is said of a table in which one column has another type; empty if nothing is."""
    relation = Relation("table", {column: StoredColumn(type_)})
    error = key_type_refusal(STREAMS[name], relation, "tiktok_ads")
    return "" if error is None else str(error)


@pytest.mark.parametrize("words", [duckdb._TYPES, postgres._TYPES], ids=["duckdb", "postgres"])
def test_the_types_that_a_sync_gives_are_fit(words: dict[str, str]) -> None:
    """No table that a sync has created is refused."""
    for name, stream in STREAMS.items():
        columns = {column.name: StoredColumn(words[_DATA_TYPES[column.type]]) for column in columns_of(stream)}
        assert key_type_refusal(stream, Relation("table", columns), "tiktok_ads") is None, name
        assert key_type_refusal(stream, None, "tiktok_ads") is None
        assert rounding_of(stream, Relation("table", columns), "tiktok_ads") is None, name
        assert rounding_of(stream, None, "tiktok_ads") is None


FIT = [
    ("ad_id", "numeric"), ("ad_id", "DECIMAL(38,0)"), ("ad_id", "HUGEINT"), ("ad_id", "character varying"),
    ("ad_id", "ids"), ("advertiser_id", "integer"), ("stat_time_hour", "timestamp(3) without time zone"),
    ("stat_time_hour", "TIMESTAMP_NS"), ("stat_time_hour", "text"), ("_dlt_load_id", "character(30)"),
    ("spend", "real"), ("spend", "timestamp with time zone"),
]  # fmt: skip
UNFIT = [
    ("ad_id", "double precision"), ("ad_id", "FLOAT"), ("advertiser_id", "BOOLEAN"), ("ad_id", "bytea"),
    ("stat_time_hour", "date"), ("stat_time_hour", "timestamp with time zone"), ("stat_time_hour", "JSON"),
    ("stat_time_hour", "timestamp(6) with time zone"), ("stat_time_hour", "BIGINT"),
    ("stat_time_hour", "TIME"), ("stat_time_hour", "time without time zone"), ("stat_time_hour", "TIME WITH TIME ZONE"),
    ("_dlt_load_id", "numeric(30,7)"), ("_dlt_load_id", "jsonb"), ("_dlt_load_id", "DOUBLE"), ("_dlt_load_id", "date"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "type_"), FIT)
def test_a_type_that_holds_the_values_is_the_users_choice(column: str, type_: str) -> None:
    """Also one that nobody here knows, and any type of a metric."""
    assert not refusal(HOURLY, column, type_)


@pytest.mark.parametrize(("column", "type_"), UNFIT)
def test_a_type_that_does_not_hold_the_values_is_named(column: str, type_: str) -> None:
    """With the table, the column and the way out."""
    said = refusal(HOURLY, column, type_)
    assert said.startswith(f"The column {column} of the table {HOURLY} has the type {type_}, ")
    assert "rop the table: the next sync creates it and reads it from the start." in said


@pytest.mark.parametrize(
    ("column", "type_", "back"),
    [
        ("stat_time_hour", "timestamp with time zone", "timestamp"),
        ("_dlt_load_id", "numeric", "text"),
        ("stat_time_hour", "date", None),
        ("stat_time_hour", "bigint", None),
        ("stat_time_hour", "time with time zone", None),
        ("_dlt_load_id", "real", None),
        ("ad_id", "double precision", None),
    ],
)
def test_what_is_lost_is_not_changed_back(column: str, type_: str, back: str | None) -> None:
    """A rounded id and an hour that was cut off are gone. A time with a zone is still there, in that zone."""
    said = refusal(HOURLY, column, type_)
    change = f'ALTER TABLE "tiktok_ads"."{HOURLY}" ALTER COLUMN "{column}" TYPE {back}. '
    assert (change in said) is (back is not None)
    assert ("What it held is lost." in said) is (back is None)
    assert ("in the time zone in which you changed it" in said) is (back == "timestamp")


def test_a_key_of_text_is_not_a_number() -> None:
    """Countries, genders and the like."""
    name = "campaigns_audience_reports_by_country_daily"
    assert refusal(name, "country_code", "integer")
    assert refusal(name, "country_code", "JSON")
    assert not refusal(name, "country_code", "text")


ROUNDING = [
    ("spend", "integer"), ("spend", "BIGINT"), ("spend", "numeric(12,2)"), ("spend", "DECIMAL(10,0)"),
    ("spend", "numeric(10)"), ("spend", "numeric(10,-2)"), ("spend", "real"), ("spend", "money"), ("spend", "BOOLEAN"),
    ("ctr", "smallint"), ("ctr", "FLOAT"), ("ctr", "DECIMAL(18,3)"), ("impressions", "real"), ("clicks", "boolean"),
]  # fmt: skip
WHOLE = [
    ("spend", "numeric"), ("spend", "numeric(30,9)"), ("spend", "DECIMAL(38,10)"), ("spend", "double precision"),
    ("spend", "text"), ("ctr", "numeric(18,4)"), ("ctr", "DOUBLE"), ("impressions", "integer"),
    ("impressions", "DOUBLE"), ("impressions", "numeric(12,2)"), ("campaign_name", "character varying(80)"),
    ("stat_time_hour", "date"), ("ad_id", "double precision"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "type_"), ROUNDING)
def test_a_type_that_rounds_is_named(column: str, type_: str) -> None:
    """With the statement after which the next sync brings the whole values."""
    rounding = rounding_of(STREAMS[HOURLY], Relation("table", {column: StoredColumn(type_)}), "tiktok_ads")
    assert rounding is not None
    assert rounding.message.endswith(f" keep only a part of what TikTok reports: {column} ({type_}).")
    assert f'run ALTER TABLE "tiktok_ads"."{HOURLY}" DROP COLUMN "{column}". The next sync' in rounding.remedy


@pytest.mark.parametrize(("column", "type_"), WHOLE)
def test_a_type_that_keeps_the_value_is_not_mentioned(column: str, type_: str) -> None:
    """Nor one that refuses what does not fit, nor one of a key, of which the sync says more."""
    assert rounding_of(STREAMS[HOURLY], Relation("table", {column: StoredColumn(type_)}), "tiktok_ads") is None


def test_times_and_ids_are_not_cut() -> None:
    """A time of day is lost in a date, a date in a time of day, and the last digits of an id in a double."""
    types = {"create_time": "date", "modify_time": "TIME", "adgroup_id": "DOUBLE", "ad_name": "x"}
    relation = Relation("table", {name: StoredColumn(type_) for name, type_ in types.items()})
    rounding = rounding_of(STREAMS["ads"], relation, "tiktok_ads")
    assert rounding is not None
    named = rounding.message.partition(": ")[2].removesuffix(".").split(", ")
    assert sorted(named) == ["adgroup_id (DOUBLE)", "create_time (date)", "modify_time (TIME)"]
    assert rounding.remedy.count("DROP COLUMN") == 3
