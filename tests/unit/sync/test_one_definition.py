"""Each way of reading a value gives the same result, whatever stands beside it on the page."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from row_builders import NEEDS_C
from unit_builders import page, report_source, stream

from odd_values import LITERALS, TEXTS, json_texts
from tiktok_marketing.airbyte.line_sinks import ReportLines
from tiktok_marketing.sync.decode import native
from tiktok_marketing.sync.decode.lenient_json import decode_lenient
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.pages import Page, RecordList
from tiktok_marketing.sync.decode.reports import _UNUSUAL, _with_nulls, report_reader

NAME = "ads_reports_by_country_daily"
READER = report_reader(stream(NAME))
FIELDS = ["ad_id", "country_code", "stat_time_day", "ad_name", "likes", "tt_app_id", "campaign_id", "spend", "cpc"]
EVERY_VALUE = sorted({*map(json.dumps, TEXTS), *LITERALS})

fields = st.dictionaries(st.sampled_from(FIELDS), json_texts, max_size=5)


def row_text(values: dict[str, str], space: str = "") -> bytes:
    """A row with these values, which are JSON texts, and space around everything."""
    dimensions = {"ad_id": '"1700000000000000001"', "country_code": '"DE"', "stat_time_day": '"2026-01-01 00:00:00"'}
    names = report_source(NAME).dimensions
    groups = {
        "dimensions": dimensions | {name: value for name, value in values.items() if name in names},
        "metrics": {"clicks": '"4"'} | {name: value for name, value in values.items() if name not in names},
    }
    texts = {
        group: "{" + ",".join(f'{space}"{name}"{space}:{space}{value}{space}' for name, value in fields.items()) + "}"
        for group, fields in groups.items()
    }
    return (
        "{" + ",".join(f'{space}"{name}"{space}:{space}{text}{space}' for name, text in texts.items()) + "}"
    ).encode()


def page_text(*rows: bytes) -> bytes:
    """A page of these rows."""
    return page([]).replace(b'"list":[]', b'"list":[%b]' % b",".join(rows))


def shown(read: Page[RecordList]) -> list[Any]:
    """The records, the keys and the misfits of each row, with the signs of zeros."""
    misfits: list[list[Any]] = [[] for _ in read.records]
    for misfit in read.misfits:
        misfits[misfit.row].append((misfit.field, repr(misfit.value), repr(misfit.parts)))
    return [
        (repr(record), repr(keyed), row) for record, keyed, row in zip(read.records, read.keyed, misfits, strict=True)
    ]


def quickly(row: bytes) -> Any:
    """The row as the typed decoder reads it; None if it leaves the row to the careful way."""
    try:
        return READER._quick(READER._decode_rows(_with_nulls(row, b"[", b"]"))).rows
    except _UNUSUAL:
        return None


def carefully(row: bytes) -> Page[RecordList]:
    """The row as the careful way reads it."""
    decoded = READER._careful(decode_lenient(b"[%b]" % row))
    return Page(RecordList(decoded.rows), decoded.keyed, 1, 1, decoded.misfits)


def check_quick_and_careful(row: bytes) -> None:
    """What the quick way takes, it takes without a misfit and with the same values."""
    careful = carefully(row)
    assert shown(READER.read(page_text(row))) == shown(careful)
    quick = quickly(row)
    if quick is not None:
        assert repr(quick) == repr(list(careful.records))
        assert careful.misfits == []


@pytest.mark.parametrize("field", FIELDS)
def test_the_typed_decoder_and_the_coercion_agree_on_every_value(field: str) -> None:
    """On the values that formats of numbers, dates and nulls differ in."""
    for value in EVERY_VALUE:
        check_quick_and_careful(row_text({field: value}))


@settings(max_examples=300)
@given(fields)
@example({"likes": '"NULL"'})
@example({"tt_app_id": '"1700000000000000001.0"'})
@example({"ad_name": '"\\u002d"'})
@example({"ad_name": '"\\u002D"', "likes": '"1"'})
@example({"ad_name": r'"a\"-"', "campaign_name": r'"\"-"', "likes": '"-"'})
def test_the_typed_decoder_and_the_coercion_agree(values: dict[str, str]) -> None:
    """On any values."""
    check_quick_and_careful(row_text(values))


@settings(max_examples=150)
@example([{"ad_id": "1e400"}, {"ad_id": "9" * 400}], "")
@example([{"ad_id": "1e400"}, {"ad_id": "-" + "9" * 4299}], "")
@example([{"ad_id": "1e400"}, {"ad_id": "-" + "9" * 4300}], "")
@given(st.lists(fields, min_size=2, max_size=5), st.sampled_from(["", " ", "\n\t", "\r\n  "]))
def test_a_value_does_not_depend_on_its_neighbors(rows: list[dict[str, str]], space: str) -> None:
    """A row is read alike alone, on a page, in a slice, and with white space anywhere."""
    texts = [row_text(values, space) for values in rows]
    alone = [shown(READER.read(page_text(row_text(values))))[0] for values in rows]
    assert shown(READER.read(page_text(*texts))) == alone
    long_row = row_text({"ad_name": json.dumps("x" * 50_000)}, space)
    spread = [text for row in texts for text in (row, long_row)]  # a slice for each
    read = READER.read(page_text(*spread))
    positions = [2 * n for n in range(len(rows))]
    assert [shown(read)[position] for position in positions] == alone


def lines_of_python(rows: bytes) -> list[Any]:
    """The records that the pure-Python path writes."""
    sink = ReportLines(stream(NAME), 7001)
    sink.extend(READER._careful(decode_lenient(b"[%b]" % rows)).rows)
    text = b"".join(chunk for portion in sink.portions() for chunk in portion)
    return [json.loads(line)["record"]["data"] for line in text.splitlines()]


def check_lines(row: bytes) -> bool:
    """Whether the C extension writes the row; if it does, it has no misfit and the same values."""
    encoded = native.lines_of(stream(NAME), row, b'{"advertiser_id":7001,', b"\n")
    if encoded is None:
        return False
    assert [repr(json.loads(line)) for line in encoded[0].splitlines()] == list(map(repr, lines_of_python(row)))
    assert carefully(row).misfits == []
    return True


@NEEDS_C
@pytest.mark.parametrize("field", FIELDS)
def test_lines_of_the_extension_agree_with_the_coercion_on_every_value(field: str) -> None:
    """The extension leaves a value to Python or writes what Python writes."""
    written = [check_lines(row_text({field: value})) for value in EVERY_VALUE]
    assert any(written)
    assert not all(written)


@NEEDS_C
@settings(max_examples=300)
@given(fields, st.sampled_from(["", " ", "\n\t"]))
def test_lines_of_the_extension_agree_with_the_coercion(values: dict[str, str], space: str) -> None:
    """On any values, with white space anywhere."""
    row = row_text(values, space)
    assert check_lines(row) is check_lines(row_text(values))


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(["ad_id", "ad_name", "create_time", "is_aco", "image_ids", "x"]), json_texts))
def test_an_object_is_delivered_with_whatever_values(values: dict[str, str]) -> None:
    """Each value fits or is a misfit that holds the original, and the record can be written as JSON."""
    text = "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in values.items()) + "}"
    read = ObjectReader(stream("ads"), "7001").read(page_text(text.encode()))
    (record,) = read.records
    assert set(record) == {*values, "advertiser_id"}
    msgspec.json.encode(record)
    for misfit in read.misfits:
        assert misfit.row == 0
        assert misfit.value is not None
        assert msgspec.json.encode(misfit.value)


def test_keys_hold_what_tiktok_sent() -> None:
    """Two rows whose ids are not numbers have two keys."""
    read = READER.read(page_text(*(row_text({"ad_id": text}) for text in ('"abc"', '"abd"', "[1]"))))
    assert len(set(READER.keyer()(read.keyed))) == 3
    objects = ObjectReader(stream("ads"), "7001")
    read = objects.read(page_text(b'{"ad_id":"abc"}', b'{"ad_id":"abd"}', b'{"ad_id":[1]}', b'{"ad_id":5}'))
    assert len(set(objects.keyer()(read.keyed))) == 4
