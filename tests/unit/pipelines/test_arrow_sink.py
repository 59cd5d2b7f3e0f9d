"""Rows that become columns as they arrive, compared with tables that are built from their records."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from row_builders import NEEDS_C, REPORTS, compact, damaged, rows_of, sent_row
from unit_builders import page, stream

from tiktok_marketing.catalog import field_types
from tiktok_marketing.pipelines.arrow.sink import ArrowSink
from tiktok_marketing.pipelines.arrow.tables import TableBuilder
from tiktok_marketing.sync.decode.reports import report_reader

ACCOUNT = 7001
BUILDERS = {name: TableBuilder(stream(name), lambda _: None) for name in REPORTS}


def agree(name: str, text: bytes) -> bool:
    """Whether the text became columns. If so, they must equal the columns of its records."""
    sink = ArrowSink(BUILDERS[name], ACCOUNT)
    dimensions = sink.take(text)
    if dimensions is None:
        assert len(sink) == sink.table().num_rows == 0
        return False
    rows = report_reader(stream(name))._some(text).rows
    table = sink.table()
    table.validate(full=True)
    expected = BUILDERS[name].table(rows, ACCOUNT)
    assert table.schema == expected.schema
    for column in table.column_names:
        assert repr(table[column].to_pylist()) == repr(expected[column].to_pylist()), column
    assert [list(row) for row in zip(*dimensions, strict=True)] == [
        list(msgspec.structs.astuple(row.dimensions)) for row in rows
    ]
    return True


@NEEDS_C
@pytest.mark.parametrize("name", REPORTS)
def test_rows_of_every_report_become_columns(name: str) -> None:
    """Rows with values, without values, and with fields in another order."""
    row = sent_row(name, text="2026-03-09 23:00:00")
    nothing = {"dimensions": row["dimensions"], "metrics": dict.fromkeys(row["metrics"], "-")}
    turned = {group: dict(reversed(fields.items())) for group, fields in reversed(row.items())}
    assert agree(name, compact(row, nothing, turned, row))


@NEEDS_C
@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("spend", "12.3", "12.3000"),
        ("spend", "-0.0001", "-0.0001"),
        ("spend", "99999999999.9999", "99999999999.9999"),
        ("spend", "-99999999999999", "-99999999999999.0000"),
        ("spend", "-", None),
        ("impressions", "9007199254740993", 9007199254740993),
        ("impressions", "-3", -3),
        ("ctr", "1.03", 1.03),
        ("ctr", "-0.0", 0.0),
        ("total_sales_lead_value", "33443271510560.4", "33443271510560.4000"),
        ("total_sales_lead_value", "853392357154.43", "853392357154.4300"),
        ("total_sales_lead_value", "99999999999.9999", "99999999999.9999"),
        ("ctr", "123456789.123456", 123456789.123456),
        ("ad_name", '\u00e9 \U0001f600 \\ " / \b\f\n\r\t \u20ac', '\u00e9 \U0001f600 \\ " / \b\f\n\r\t \u20ac'),
        ("ad_name", "", ""),
        ("ad_name", "x" * 70_000, "x" * 70_000),
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_value_is_exact(field: str, text: str, value: Any, *, ascii_only: bool) -> None:
    """Money to the cent, numbers to the last bit, texts with all their characters."""
    rows = [sent_row("ads_reports_daily", text="2026-03-09 00:00:00", **{field: text})] * 3
    sent = json.dumps(rows, separators=(",", ":"), ensure_ascii=ascii_only).encode()[1:-1]
    assert agree("ads_reports_daily", sent)
    sink = ArrowSink(BUILDERS["ads_reports_daily"], ACCOUNT)
    sink.take(sent)
    is_money = field in {"spend", "total_sales_lead_value"}
    assert [str(cell) if is_money and value else cell for cell in sink.table()[field].to_pylist()] == [value] * 3


@NEEDS_C
@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("spend", text) for text in ("1.00001", "100000000000000", "1e3", "", " 1", "1,000.00", "0.00001")),
        *(("impressions", text) for text in ("1.0", "1.5", "", "9223372036854775808", "1e3")),
        *(("video_play_actions", text) for text in ("1.5", "1234567890123456")),
        *(("ctr", text) for text in ("-0", "nan", "inf", "1e-7", "", "1234567890.1234567")),
    ],
)
def test_unusual_values_are_left_to_the_python_reader(field: str, text: str) -> None:
    """Values that would have to be rounded, or that are written in an unusual way."""
    good = sent_row("ads_reports_daily", text="2026-03-09 00:00:00")
    assert agree("ads_reports_daily", compact(good))
    assert not agree("ads_reports_daily", compact(good, good | {"metrics": good["metrics"] | {field: text}}))


@NEEDS_C
@pytest.mark.parametrize(
    ("text", "read"),
    [
        *((text, True) for text in ("2026-03-09 00:00:00", "2026-03-09", "2024-02-29 23:59:59", "2000-02-29")),
        *((text, True) for text in ("1970-01-01 00:00:00", "1969-12-31 23:59:59", "1900-03-01", "9999-12-31 23:00:00")),
        *(
            (text, False)
            for text in ("2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-04-31")
        ),
        *((text, False) for text in ("2026-01-01 24:00:00", "2026-01-01 00:60:00", "2026-01-01T00:00:00", "2026-1-01")),
        *(
            (text, False)
            for text in ("x", "", "2026-01-01 ", "2026-01-01 00:00", "0000-01-01", "2026/01/01", "20260101  ")
        ),
    ],
)
@pytest.mark.parametrize("name", ["ads_reports_daily", "ads_reports_hourly"])
def test_only_a_valid_date_becomes_a_day(name: str, text: str, *, read: bool) -> None:
    """The same holds for the hours of a day."""
    assert agree(name, compact(sent_row(name, text=text))) is read


@NEEDS_C
@settings(deadline=None)
@given(st.data())
def test_any_rows_become_the_same_columns_as_their_records(data: st.DataObject) -> None:
    """Whatever the values are."""
    name = data.draw(st.sampled_from(["ads_reports_daily", "ads_reports_hourly", "ads_audience_reports_daily"]))
    rows = data.draw(rows_of(name))
    agree(name, compact(*rows))
    agree(name, json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")[1:-1])


@NEEDS_C
@settings(deadline=None)
@given(st.integers())
def test_damaged_rows_are_refused_or_read_as_python_reads_them(seed: int) -> None:
    """What Python refuses is left to Python; what the C extension reads is the same."""
    rng = random.Random(seed)
    row = sent_row("ads_reports_daily", text="2026-03-09 00:00:00", ad_name='caf\u00e9 \U0001f600 "x"', spend="12.30")
    text = compact(row, sent_row("ads_reports_daily", text="2026-03-10 00:00:00"))
    for _ in range(20):
        agree("ads_reports_daily", damaged(rng, text))


@pytest.mark.parametrize("name", REPORTS)
def test_a_column_can_hold_every_value_of_its_field(name: str) -> None:
    """The C extension reads a value as its column holds it, so a record must not read it as another type."""
    allowed = {"integer": {"i"}, "number": {"f", "c", "m"}, "string": {"s", "i", "f", "m", "d", "t"}}
    types, kinds = field_types(stream(name)), BUILDERS[name].kinds
    assert kinds is not None
    for group in ("metrics", "dimensions"):
        for field, type_ in types[group].fields.items():
            assert kinds[field] in allowed[type_.kind], field


def test_a_page_that_is_refused_causes_no_notice() -> None:
    """A value that does not fit is reported once its row is part of a table."""
    notices: list[str] = []
    builder = TableBuilder(stream("ads_reports_daily"), notices.append)
    body = page(many(500, odd=0))
    reader = report_reader(stream("ads_reports_daily"))
    with pytest.raises(msgspec.DecodeError):
        reader.read_into(body[:-300], lambda: ArrowSink(builder, ACCOUNT))
    assert notices == []
    table = reader.read_into(body, lambda: ArrowSink(builder, ACCOUNT)).records.table()
    assert len(notices) == 1
    assert table.num_rows == 500


def many(count: int, odd: int | None = None) -> list[dict[str, Any]]:
    """Rows of different ads; the spend of one of them is not a number."""
    rows = [sent_row("ads_reports_daily", text="2026-03-09 00:00:00") for _ in range(count)]
    for n, row in enumerate(rows):
        row["dimensions"]["ad_id"] = str(n)
    if odd is not None:
        rows[odd]["metrics"]["spend"] = "much"
    return rows


@pytest.mark.parametrize("count", [0, 1, 30, 500, 3000])
@pytest.mark.parametrize("odd", [None, 0, 250])
def test_a_page_becomes_one_table(count: int, odd: int | None) -> None:
    """In the order of its rows, also if some rows had to be decoded; `_misfits` has what does not fit."""
    rows = many(count, odd if odd is not None and odd < count else None)
    body = page(rows)
    builder = BUILDERS["ads_reports_daily"]
    reader = report_reader(stream("ads_reports_daily"))
    read = reader.read_into(body, lambda: ArrowSink(builder, ACCOUNT))
    table = read.records.table()
    records = reader.read(body).records
    expected = builder.table(records, ACCOUNT, records.misfits)
    assert len(read.records) == table.num_rows == count
    assert [row.ad_id for row in read.keyed] == list(range(count)) == table["ad_id"].to_pylist()
    assert table.schema == expected.schema
    assert table.equals(expected)


def test_selected_rows_become_a_table_of_their_own() -> None:
    """A row that came before is not loaded again."""
    builder = BUILDERS["ads_reports_daily"]
    reader = report_reader(stream("ads_reports_daily"))
    sink = reader.read_into(page(many(300, odd=7)), lambda: ArrowSink(builder, ACCOUNT)).records
    selected = sink.select([7, 57, 107, 157, 207, 257])
    assert len(selected) == 6
    table = selected.table()
    assert table["ad_id"].to_pylist() == [7, 57, 107, 157, 207, 257]
    assert pa.types.is_string(table.schema.field("_misfits").type)
    assert table["_misfits"].null_count == 5
    assert sink.table()["ad_id"].to_pylist() == list(range(300))
