from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tiktok_marketing.catalog import STREAMS, Stream
from tiktok_marketing.errors import IncompleteReadError
from tiktok_marketing.pipelines.arrow.columns import ColumnType
from tiktok_marketing.pipelines.arrow.tables import (
    MISFITS,
    MOST_UNDECLARED,
    TableBuilder,
    check_key,
    columns_of,
    newest_of_each_key,
)
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.reports import report_reader


def table_of(make: Any, records: list[Any], name: str = "ads_reports_daily", notices: list[str] | None = None) -> Any:
    """The table of one page."""
    collected: list[str] = [] if notices is None else notices
    return TableBuilder(make.stream(name), collected.append).table(records, make.account)


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_every_stream_has_a_table_with_account_and_key_first(stream: Stream) -> None:
    """No column appears twice."""
    names = [column.name for column in columns_of(stream)]
    assert len(names) == len(set(names))
    assert names[0] == "advertiser_id"
    assert set(stream.row_key) <= set(names[: len(stream.row_key) + 1])
    assert not {"dimensions", "metrics"} & set(names)
    assert TableBuilder(stream, print).schema.empty_table().num_rows == 0


def test_the_account_is_a_number_in_every_table() -> None:
    """Tables can be joined by account, although Airbyte's schema declares it as text in one of them."""
    types = {column.type for stream in STREAMS for column in columns_of(stream) if column.name == "advertiser_id"}
    assert types == {ColumnType.INTEGER}


def test_the_promoted_app_is_a_number_in_every_table() -> None:
    """Airbyte's schema declares it as text in audience reports only; joins need the same type everywhere."""
    types = {column.type for stream in STREAMS for column in columns_of(stream) if column.name == "tt_app_id"}
    assert types == {ColumnType.INTEGER}


def test_a_number_that_records_hold_as_text_becomes_a_number(make: Any) -> None:
    """Counts are integers, money is exact, quotients are doubles, and days are dates."""
    row = make.day_row(1, "2026-01-31", "20.50", impressions="1234", ctr="2.58", likes=7.0, campaign_id=17)
    table = table_of(make, [row]).to_pylist()[0]
    assert table["advertiser_id"] == make.account
    assert table["stat_time_day"] == date(2026, 1, 31)
    assert table["spend"] == Decimal("20.5000")
    assert (table["impressions"], table["likes"], table["campaign_id"]) == (1234, 7, 17)
    assert table["ctr"] == pytest.approx(2.58)


def test_an_id_of_19_digits_stays_exact(make: Any) -> None:
    """No digit of an id is lost, up to the largest that a BIGINT holds."""
    row = make.report_row("ads_reports_lifetime", {"ad_id": 2**63 - 1})
    assert table_of(make, [row], "ads_reports_lifetime").column("ad_id").to_pylist() == [2**63 - 1]


def test_a_number_field_that_is_an_id_stays_exact(make: Any) -> None:
    """`page_id` of ads is a number in Airbyte's schema; as a double it would end in zeros."""
    table = table_of(make, [{"ad_id": 1, "page_id": 1700000000000000123}], "ads")
    assert table.column("page_id").to_pylist() == [1700000000000000123]


def test_hours_and_times_have_no_zone(make: Any) -> None:
    """Hours are in the account's time zone, and times of objects in UTC; neither is shifted."""
    hour = make.report_row("ads_reports_hourly", {"ad_id": 1, "stat_time_hour": "2026-01-31 23:00:00"})
    table = table_of(make, [hour], "ads_reports_hourly")
    assert table.schema.field("stat_time_hour").type == pa.timestamp("us")
    assert table.column("stat_time_hour").to_pylist() == [datetime(2026, 1, 31, 23)]  # noqa: DTZ001 - it has no zone


def test_seconds_since_1970_become_a_time(make: Any) -> None:
    """`create_time` of accounts is a number at TikTok and a time in the database, as in every other table."""
    table = table_of(make, [{"advertiser_id": 1, "create_time": 1672531200}], "advertisers")
    assert table.column("create_time").to_pylist() == [datetime(2023, 1, 1)]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("field", "value", "number"),
    [
        ("impressions", "12.0", 12),
        ("impressions", " 12 ", 12),
        ("impressions", "", None),
        ("impressions", "-", None),
        ("spend", "1.23456", Decimal("1.2346")),
        ("spend", "", None),
        ("ctr", "-", None),
        ("ctr", "1e2", 100.0),
        ("clicks", "1,234", 1234),
        ("clicks", "null", None),
    ],
)
def test_an_unusual_value_with_a_clear_meaning_is_converted(make: Any, field: str, value: str, number: Any) -> None:
    """Neither the page nor the value is lost."""
    notices: list[str] = []
    table = (
        table_of(make, [make.day_row(1, "2026-01-01", **{field: value})], notices=notices) if field != "spend" else None
    )
    if table is None:
        table = table_of(make, [make.day_row(1, "2026-01-01", value)], notices=notices)
    assert table.column(field).to_pylist() == [number]
    assert not notices


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("impressions", "<5"),
        ("clicks", "1,23"),
        ("clicks", "0x10"),
        ("impressions", "1.5"),
        ("clicks", str(2**63)),
        ("ctr", "nan%"),
        ("ctr", "nan"),
        ("ctr", "inf"),
    ],
)
def test_a_value_that_does_not_fit_is_kept_aside(make: Any, field: str, value: str) -> None:
    """The column has null, another column keeps the text, other rows are unaffected, and one notice says so."""
    notices: list[str] = []
    rows = [make.day_row(ad, "2026-01-01", "1.10", **{field: value if ad == 2 else "3"}) for ad in range(1, 4)]
    table = table_of(make, rows, notices=notices)
    assert table.column(field).to_pylist() == [3, None, 3]
    assert [text and json.loads(text) for text in table.column(MISFITS).to_pylist()] == [None, {field: value}, None]
    assert len(notices) == 1
    assert field in notices[0]


def test_money_beyond_its_column_is_kept_aside(make: Any) -> None:
    """An amount with more than 14 digits before the decimal point does not stop the sync."""
    table = table_of(make, [make.day_row(1, "2026-01-01", "1" + 14 * "0")])
    assert table.column("spend").to_pylist() == [None]
    assert json.loads(table.column(MISFITS)[0].as_py()) == {"spend": "100000000000000"}


def test_a_float_is_never_cut_to_a_whole_number(make: Any) -> None:
    """Arrow would silently turn 1.5 into 1."""
    table = table_of(make, [{"ad_id": 1, "carousel_image_index": 1.5}], "ads")
    assert table.column("carousel_image_index").to_pylist() == [None]
    assert json.loads(table.column(MISFITS)[0].as_py()) == {"carousel_image_index": 1.5}


def test_objects_and_lists_become_json(make: Any) -> None:
    """Nested values stay whole, and DuckDB's JSON functions can query them."""
    table = table_of(make, [{"ad_id": 1, "image_ids": ["a", "b"]}, {"ad_id": 2}], "ads")
    assert table.column("image_ids").to_pylist() == ['["a","b"]', None]


def test_a_field_that_tiktok_adds_later_becomes_a_column(make: Any) -> None:
    """An unknown field becomes a text column, with a name in the style of SQL."""
    records = [{"ad_id": 1, "brandNew": {"a": 1}, "other_new": "x"}, {"ad_id": 2}]
    table = table_of(make, records, "ads")
    assert table.column("brand_new").to_pylist() == ['{"a":1}', None]
    assert table.column("other_new").to_pylist() == ["x", None]


def test_a_new_field_whose_name_is_taken_in_sql_is_kept_aside(make: Any) -> None:
    """`adName` beside `ad_name` would overwrite it."""
    table = table_of(make, [{"ad_id": 1, "ad_name": "mine", "adName": "other"}], "ads")
    assert table.column("ad_name").to_pylist() == ["mine"]
    assert json.loads(table.column(MISFITS)[0].as_py()) == {"adName": "other"}


def test_another_value_in_a_text_column_becomes_json(make: Any) -> None:
    """A number or an object in a field that is declared as text fits."""
    table = table_of(make, [{"ad_id": 1, "ad_text": 5, "ad_name": "\ud800x"}], "ads")
    assert table.column("ad_text").to_pylist() == ["5"]
    assert table.column("ad_name").to_pylist() == ["?x"]


def test_of_two_rows_with_the_same_key_the_later_stays(make: Any) -> None:
    """Pages can shift while they are read; the row that came last is the newest."""
    rows = [make.day_row(ad, "2026-01-01", spend) for ad, spend in ((1, "1"), (2, "2"), (1, "3"))]
    table = newest_of_each_key(table_of(make, rows), ("ad_id", "stat_time_day"))
    assert table.column("spend").to_pylist() == [Decimal(2), Decimal(3)]


def test_a_row_without_a_key_is_refused(make: Any) -> None:
    """It could not be distinguished from other rows, and every sync would add another."""
    table = table_of(make, [{"ad_id": 1}], "ads").set_column(1, "ad_id", pa.nulls(1, pa.int64()))
    with pytest.raises(IncompleteReadError, match="without a usable ad_id"):
        check_key(table, make.stream("ads"))


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_every_column_of_a_key_has_a_stand_in(stream: Stream) -> None:
    """Two rows without a key are in the table, and `_misfits` says that they have none."""
    notices: list[str] = []
    builder = TableBuilder(stream, notices.append)
    if stream.is_report:
        reader = report_reader(stream)
        sent = {"dimensions": dict.fromkeys(stream.dimensions), "metrics": {}}
        records = reader.read(json.dumps({"data": {"list": [sent]}}).encode()).records
    else:
        records = [{"x": 1}, {"x": 2}]
    table = builder.table(records, None if stream.row_key == ("advertiser_id",) else 7001)
    check_key(table, stream)
    missing = [name for name in stream.row_key if table.column(name)[0].as_py() != 7001]
    if missing:
        assert set(json.loads(table.column(MISFITS)[0].as_py())) == {*missing}
        assert len(notices) >= len(missing)
    if stream.row_key and not stream.is_report:
        assert newest_of_each_key(table, stream.row_key).num_rows == 2


def test_stand_ins_of_values_that_do_not_fit_differ(make: Any) -> None:
    """Two ads whose ids are not numbers stay two ads, and have the same stand-ins in the next sync."""
    read = ObjectReader(make.stream("ads"), "7001").typed_all([{"ad_id": "abc"}, {"ad_id": "abd"}, {"ad_id": "7"}])
    ids = [
        TableBuilder(make.stream("ads"), print).table(read, make.account, read.misfits).column("ad_id").to_pylist()
        for _ in range(2)
    ]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 3
    assert max(ids[0][:2]) < -1
    assert ids[0][2] == 7


@pytest.mark.parametrize(
    "field",
    [
        *("ctid", "xmin", "tableoid", "cmax", "oid", "rowid", "", "\u540d\u524d", "9lives"),
        *("x" * 300, "ad name"[:2] + "_NAME", "a b" * 40, "\x00", '"'),
    ],
)
def test_a_new_field_that_cannot_have_a_column_is_kept_aside(make: Any, field: str) -> None:
    """Names of the database's own columns, of other columns, without letters, or too long."""
    table = table_of(make, [{"ad_id": 1, field: {"a": 1}}], "ads")
    assert json.loads(table.column(MISFITS)[0].as_py()) == {field: {"a": 1}}
    assert table.num_columns == len(columns_of(make.stream("ads"))) + 1


def test_new_fields_become_no_more_columns_than_a_table_can_have(make: Any) -> None:
    """The others are kept aside, also if an earlier sync added the columns."""
    builder = TableBuilder(make.stream("ads"), lambda _: None)
    builder.has_columns(["ad_id", "_dlt_load_id", *(f"old_{n}" for n in range(100))])
    table = builder.table([{"ad_id": 1, **{f"new_{n}": n for n in range(2000)}, "old_5": 5}], make.account)
    added = table.num_columns - len(columns_of(make.stream("ads"))) - 1
    assert added == MOST_UNDECLARED - 100 + 1
    assert table.column("old_5").to_pylist() == ["5"]
    assert len(json.loads(table.column(MISFITS)[0].as_py())) == 2000 - (MOST_UNDECLARED - 100)


def test_nan_becomes_null(make: Any) -> None:
    """NaN in one row would turn every sum and average of its column into NaN."""
    table = table_of(make, [make.day_row(1, "2026-01-01", profile_visits_rate=float("nan"))])
    assert table.column("profile_visits_rate").to_pylist() == [None]
