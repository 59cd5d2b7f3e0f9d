"""Rows that become columns as they come, held against tables that are made of their records."""

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
MAKERS = {name: TableBuilder(stream(name), lambda _: None) for name in REPORTS}


def agree(name: str, text: bytes) -> bool:
    """Whether the text became columns; if so, they must be those that its records would have become."""
    kept = ArrowSink(MAKERS[name], ACCOUNT)
    dimensions = kept.take(text)
    if dimensions is None:
        assert len(kept) == kept.table().num_rows == 0
        return False
    rows = report_reader(stream(name))._some(text, {})
    table = kept.table()
    table.validate(full=True)
    expected = MAKERS[name].table(rows, ACCOUNT)
    assert table.schema == expected.schema
    for column in table.column_names:
        assert repr(table[column].to_pylist()) == repr(expected[column].to_pylist()), column
    assert [list(one) for one in zip(*dimensions, strict=True)] == [
        list(msgspec.structs.astuple(row.dimensions)) for row in rows
    ]
    return True


@NEEDS_C
@pytest.mark.parametrize("name", REPORTS)
def test_rows_of_every_report_become_columns(name: str) -> None:
    """With values, without, and in another order."""
    row = sent_row(name, text="2026-03-09 23:00:00")
    nothing = {"dimensions": row["dimensions"], "metrics": dict.fromkeys(row["metrics"], "-")}
    turned = {part: dict(reversed(fields.items())) for part, fields in reversed(row.items())}
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
    kept = ArrowSink(MAKERS["ads_reports_daily"], ACCOUNT)
    kept.take(sent)
    is_money = field in {"spend", "total_sales_lead_value"}
    assert [str(one) if is_money and value else one for one in kept.table()[field].to_pylist()] == [value] * 3


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
def test_other_values_are_for_the_reader_in_python(field: str, text: str) -> None:
    """Whatever would have to be rounded, or is written in a way of its own."""
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
def test_a_day_is_one_of_the_calendar(name: str, text: str, *, read: bool) -> None:
    """And an hour one of the clock."""
    assert agree(name, compact(sent_row(name, text=text))) is read


@NEEDS_C
@settings(deadline=None)
@given(st.data())
def test_any_rows_become_what_their_records_become(data: st.DataObject) -> None:
    """Whatever the values are."""
    name = data.draw(st.sampled_from(["ads_reports_daily", "ads_reports_hourly", "ads_audience_reports_daily"]))
    rows = data.draw(rows_of(name))
    agree(name, compact(*rows))
    agree(name, json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")[1:-1])


@NEEDS_C
@settings(deadline=None)
@given(st.integers())
def test_damaged_rows_never_become_anything_else(seed: int) -> None:
    """What Python refuses is left to it; what it reads becomes the same."""
    rng = random.Random(seed)
    row = sent_row("ads_reports_daily", text="2026-03-09 00:00:00", ad_name='caf\u00e9 \U0001f600 "x"', spend="12.30")
    text = compact(row, sent_row("ads_reports_daily", text="2026-03-10 00:00:00"))
    for _ in range(20):
        agree("ads_reports_daily", damaged(rng, text))


@pytest.mark.parametrize("name", REPORTS)
def test_a_column_can_hold_what_its_record_can(name: str) -> None:
    """The C extension looks at a value as the column's, so a record must not make anything else of it."""
    allowed = {"integer": {"i"}, "number": {"f", "c", "m"}, "string": {"s", "i", "f", "m", "d", "t"}}
    types, kinds = field_types(stream(name)), MAKERS[name].kinds
    assert kinds is not None
    for part in ("metrics", "dimensions"):
        for field, type_ in types[part].fields.items():
            assert kinds[field] in allowed[type_.kind], field


def test_nobody_is_told_of_a_page_that_is_refused() -> None:
    """A value that does not fit is told of once its row is somewhere."""
    told: list[str] = []
    maker = TableBuilder(stream("ads_reports_daily"), told.append)
    body = page(many(500, odd=0))
    reader = report_reader(stream("ads_reports_daily"))
    with pytest.raises(msgspec.DecodeError):
        reader.read_into(body[:-300], lambda: ArrowSink(maker, ACCOUNT))
    assert told == []
    table = reader.read_into(body, lambda: ArrowSink(maker, ACCOUNT)).records.table()
    assert len(told) == 1
    assert table.num_rows == 500


def many(count: int, odd: int | None = None) -> list[dict[str, Any]]:
    """Rows of different ads; the money of one is no money."""
    rows = [sent_row("ads_reports_daily", text="2026-03-09 00:00:00") for _ in range(count)]
    for n, row in enumerate(rows):
        row["dimensions"]["ad_id"] = str(n)
    if odd is not None:
        rows[odd]["metrics"]["spend"] = "much"
    return rows


@pytest.mark.parametrize("count", [0, 1, 30, 500, 3000])
@pytest.mark.parametrize("odd", [None, 0, 250])
def test_a_page_becomes_one_table(count: int, odd: int | None) -> None:
    """In its order, also where some of its rows had to be decoded; what does not fit is where it always is."""
    rows = many(count, odd if odd is not None and odd < count else None)
    body = page(rows)
    maker = MAKERS["ads_reports_daily"]
    reader = report_reader(stream("ads_reports_daily"))
    read = reader.read_into(body, lambda: ArrowSink(maker, ACCOUNT))
    table = read.records.table()
    expected = maker.table(reader.read(body).records, ACCOUNT)
    assert len(read.records) == table.num_rows == count
    assert [one.ad_id for one in read.keyed] == list(range(count)) == table["ad_id"].to_pylist()
    assert table.schema == expected.schema
    assert table.equals(expected)


def test_some_of_the_rows_can_be_left_out() -> None:
    """A row that came before is not loaded again."""
    maker = MAKERS["ads_reports_daily"]
    reader = report_reader(stream("ads_reports_daily"))
    kept = reader.read_into(page(many(300, odd=7)), lambda: ArrowSink(maker, ACCOUNT)).records
    selected = kept.select([7, 57, 107, 157, 207, 257])
    assert len(selected) == 6
    table = selected.table()
    assert table["ad_id"].to_pylist() == [7, 57, 107, 157, 207, 257]
    assert pa.types.is_string(table.schema.field("_misfits").type)
    assert table["_misfits"].null_count == 5
    assert kept.table()["ad_id"].to_pylist() == list(range(300))
