"""The C extension, compared with the pure-Python path, which alone defines what a row means."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from row_builders import NEEDS_C, REPORTS, compact, damaged, rows_of, sent_row
from unit_builders import page, report_source, stream

from tiktok_marketing.airbyte.line_sinks import ReportLines
from tiktok_marketing.sync.decode import native as rows_module
from tiktok_marketing.sync.decode.native import NATIVE, lines_of
from tiktok_marketing.sync.decode.reports import report_reader

NAME = "ads_reports_daily"
BEFORE, AFTER = b'{"before":1,', b',"after":2}\n'


def test_the_extension_is_built_where_a_compiler_exists(tmp_path: Path) -> None:
    """It needs only a compiler and Python's headers, and is left out silently only without them."""
    (tmp_path / "probe.c").write_text("#include <Python.h>\n")
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    command = [compiler, "-I", sysconfig.get_path("include"), "-c", "probe.c", "-o", "probe.o"]
    try:
        can = subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0  # noqa: PLW1510, S603
    except OSError:
        can = False
    if can and not os.environ.get("TIKTOK_PURE_PYTHON"):
        assert NATIVE is not None


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object that must not contain a key twice."""
    assert len(pairs) == len(dict(pairs)), pairs
    return dict(pairs)


def in_python(name: str, rows: bytes) -> tuple[list[Any], list[Any]]:
    """The rows on the pure-Python path: the data of records, and the dimensions."""
    sink = ReportLines(stream(name), 7001)
    read = report_reader(stream(name))._some(rows).rows
    sink.extend(read)
    return data_of(sink), [msgspec.to_builtins(row.dimensions) for row in read]


def data_of(sink: ReportLines) -> list[Any]:
    """The data of the records in a sink."""
    text = b"".join(chunk for portion in sink.portions() for chunk in portion)
    return [json.loads(line)["record"]["data"] for line in text.splitlines()]


def in_c(name: str, rows: bytes) -> tuple[list[Any], list[Any]] | None:
    """The same from the C extension; None if it leaves the rows to the pure-Python path."""
    own = b"" if "advertiser_id" in report_source(name).dimensions else b'"advertiser_id":7001,'
    encoded = lines_of(stream(name), rows, b"{" + own, b"\n")
    if encoded is None:
        return None
    text, dimensions = encoded
    lines = [json.loads(line, object_pairs_hook=without_duplicates) for line in text.split(b"\n")[:-1]]
    names = report_source(name).dimensions
    return lines, [dict(zip(names, row, strict=True)) for row in zip(*dimensions, strict=True)]


def agree(name: str, rows: bytes) -> bool:
    """Whether the C extension read the rows; if so, its result must be that of the pure-Python path."""
    encoded = in_c(name, rows)
    if encoded is None:
        return False
    assert repr(encoded) == repr(in_python(name, rows))  # a zero may have a sign
    return True


@NEEDS_C
@pytest.mark.parametrize("name", REPORTS)
def test_rows_of_every_report_are_read(name: str) -> None:
    """With the fields in any order, and with TikTok's null or a text anywhere."""
    row = sent_row(name)
    nothing = {"dimensions": row["dimensions"], "metrics": dict.fromkeys(row["metrics"], "-")}
    reversed_row = {part: dict(reversed(fields.items())) for part, fields in reversed(row.items())}
    assert agree(name, compact(row, nothing, reversed_row, row))
    assert agree(name, compact(row))


@NEEDS_C
@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0", "0.0"),
        ("0.00", "0.0"),
        ("-0.00", "-0.0"),
        ("12.30", "12.3"),
        ("-4.5", "-4.5"),
        ("0.0001", "0.0001"),
        ("100000000000000", "100000000000000.0"),
        ("123456789.123456", "123456789.123456"),
    ],
)
def test_a_number_is_written_like_a_double(text: str, written: str) -> None:
    """As short as possible, and whole numbers with a fraction, as Airbyte's connector writes them."""
    encoded = lines_of(stream(NAME), compact(sent_row(NAME, video_play_actions=text)), BEFORE, AFTER)
    assert encoded is not None
    assert f'"video_play_actions":{written},'.encode() in encoded[0]
    assert written == repr(float(text))


@NEEDS_C
@pytest.mark.parametrize(
    "text",
    [
        *("", " 1", "1 ", "+1", "01", "1.", ".5", "1e3", "NaN", "Infinity", "1,000.00", "0x1", "\u0661", "1_0", "--1"),
        *("0.00001", "1234567890123456", "0.1234567890123456", "9" * 30, "1.5.2", "-.1", "1-", "- 1", "-0"),
    ],
)
def test_other_numbers_are_left_to_the_pure_python_path(text: str) -> None:
    """Whatever differs from how a double is written."""
    assert agree(NAME, compact(sent_row(NAME, video_play_actions=text))) is False


@NEEDS_C
@pytest.mark.parametrize(
    ("text", "read"),
    [
        *((text, True) for text in ("0", "-7", "9223372036854775807", "-9223372036854775807", "-")),
        *(
            (text, False)
            for text in ("9223372036854775808", "99999999999999999999", "007", "-0", "1.0", "", "+1", "1 ")
        ),
    ],
)
def test_an_integer_is_written_unchanged(text: str, *, read: bool) -> None:
    """If it fits into 64 bits and has no superfluous characters."""
    assert agree(NAME, compact(sent_row(NAME, campaign_id=text))) is read


@NEEDS_C
@pytest.mark.parametrize(
    "fault",
    [
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"}}',
        b'{"metrics":{}}',
        b'{"dimensions":{"ad_id":"1"},"metrics":{}}',
        b'{"dimensions":{"ad_id":"-","stat_time_day":"x"},"metrics":{}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"-"},"metrics":{}}',
        b'{"dimensions":{"ad_id":null,"stat_time_day":"x"},"metrics":{}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":""},"metrics":{}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{},"more":{}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"dimensions":{},"metrics":{}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"spend":"1","spend":"2"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"likes":"much","likes":"2","ad_name":"\\u002d"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"spend":12.5}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"spend":{"a":"1"}}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"spend":true}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"ad_name":"\\u002D"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"ad_name":"\\ud83d"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"ad_name":"\\ude00"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"ad_name":"\\x41"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"ad_name":"\xff"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"ad_name":"\xed\xa0\x80"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"ad_name":"a\nb"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"\\u0078"},"metrics":{}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"\\u0061d_name":"x"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{}} {}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{}},',
        b"[]",
        b"",
    ],
)
def test_unusual_rows_are_left_to_the_pure_python_path(fault: bytes) -> None:
    """The extension reads the usual form only."""
    good = b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{}}'
    assert in_c(NAME, good) is not None
    assert in_c(NAME, fault) is None
    assert in_c(NAME, good + b"," + fault) is None


@NEEDS_C
@pytest.mark.parametrize(
    "row",
    [
        b' { "dimensions" : { "ad_id" : "1" , "stat_time_day" : "x" } , "metrics" : { "spend" : "1.0" } } ',
        b'{"metrics":{},"dimensions":{"stat_time_day":"x","ad_id":"1"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x","new":"y"},"metrics":{"newer":"-","spend":"2"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"ad_name": "-","spend" :\n"-","likes":\t "-"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"spend":null,"ad_name":"","impressions":"-"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"ad_name":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"}}',
        b'{"dimensions":{"ad_id":"1","stat_time_day":"x"},"metrics":{"ad_name":"\\ud83d\\ude00\xf0\x9f\x98\x80\xc3\xa9"}}',
    ],
)
def test_rows_that_the_extension_reads_mean_the_same_in_python(row: bytes) -> None:
    """White space, any order, unknown fields, missing values, escapes and characters."""
    assert agree(NAME, row)


@NEEDS_C
@given(rows_of(NAME))
def test_any_rows_mean_the_same_in_python(rows: list[dict[str, Any]]) -> None:
    """Whatever the values are."""
    agree(NAME, compact(*rows))
    agree(NAME, json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")[1:-1])


@NEEDS_C
@settings(deadline=None)
@given(st.integers())
def test_damaged_rows_are_never_read_differently_than_in_python(seed: int) -> None:
    """Rows that Python rejects are left to it; the others are read the same."""
    rng = random.Random(seed)
    row = sent_row(NAME, ad_name='caf\u00e9 \U0001f600 "x"', spend="12.30", secondary_goal_result="-")
    rows = compact(row, sent_row(NAME))
    for _ in range(50):
        agree(NAME, damaged(rng, rows))


@NEEDS_C
def test_a_page_is_read_by_the_extension() -> None:
    """A page of many rows goes through it, and one rejected value leaves only its slice to Python."""
    encoded: list[int] = []
    real = NATIVE.lines

    class Counting:
        layout = staticmethod(NATIVE.layout)

        @staticmethod
        def lines(*given: Any) -> Any:
            answer = real(*given)
            encoded.append(0 if answer is None else len(answer[1][0]))
            return answer

    rows = [sent_row(NAME) for _ in range(500)]
    for n, row in enumerate(rows):
        row["dimensions"]["ad_id"] = str(n)
    rows[250]["metrics"]["spend"] = {"odd": "1"}
    body = json.dumps(json.loads(page(rows)), separators=(",", ":")).encode()
    sink = ReportLines(stream(NAME), 7001)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_module, "NATIVE", Counting)
        read = report_reader(stream(NAME)).read_into(body, lambda: sink)
    assert encoded.count(0) == 1
    assert 400 < sum(encoded) < 500
    assert len(read.records) == 500
    assert [dimensions.ad_id for dimensions in read.keyed] == list(range(500))
    assert [data["ad_id"] for data in data_of(sink)] == list(range(500))


def test_without_the_extension_python_reads_everything() -> None:
    """With `TIKTOK_PURE_PYTHON` set, or where it cannot be built."""
    program = (
        "import sys\n"
        "from tiktok_marketing.sync.decode.native import NATIVE, lines_of\n"
        "from tiktok_marketing.catalog import stream_named\n"
        "assert NATIVE is None\n"
        "assert lines_of(stream_named('ads_reports_daily'), b'', b'', b'') is None\n"
    )
    environment = {**os.environ, "TIKTOK_PURE_PYTHON": "1"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)  # noqa: S603 - our own program


@NEEDS_C
def test_an_invalid_layout_is_an_error() -> None:
    """A bug in the connector raises an error instead of writing a wrong line."""
    for dimensions, of in [
        ([], []),
        ([(b"a", "i", "-"), (b"a", "s", "-")], []),
        ([(b"a", "i", "-")], [(b"b", "s", "-"), (b"b", "n", "-")]),
        ([(b"a", "x", "-")], []),
        ([(b"a", "i", "x")], []),
        ([(b"a", "i", "\0")], []),
        ([(b"a", "i", "\u20ac")], []),
        ([(b'a"', "i", "-")], []),
        ([(b"\xc3\xa9", "i", "-")], []),
        ([(b"a", "i", "-")], [(b"%d" % n, "n", "-") for n in range(1000)]),
    ]:
        with pytest.raises(ValueError, match="field"):
            NATIVE.layout(dimensions, of)
    with pytest.raises(TypeError):
        NATIVE.layout([("a", "i", "-")], [])
    with pytest.raises(ValueError, match="PyCapsule"):
        NATIVE.lines(object(), b"", b"", b"")
    many = NATIVE.layout([(b"a", "i", "-")], [(b"%d" % n, "n", "-") for n in range(999)])
    assert NATIVE.lines(many, b'{"dimensions":{"a":"1"},"metrics":{"998":"2"}}', b"", b"")[1] == ([1],)
