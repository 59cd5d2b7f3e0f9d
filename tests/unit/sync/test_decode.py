from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_builders import any_value, page, report_source, stream, texts

from tiktok_marketing.catalog import STREAMS, field_types
from tiktok_marketing.sync.decode.coercion import Misfit
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.pages import Page, RecordList
from tiktok_marketing.sync.decode.reports import ReportReader, _sliced, report_reader

NAME = "ads_reports_daily"
READER = report_reader(stream(NAME))
DIMENSIONS = {"ad_id": "1700000000000000001", "stat_time_day": "2026-01-01 00:00:00"}
TEXT, NUMBER, INTEGER = "ad_name", "likes", "tt_app_id"


def row(**metrics: Any) -> dict[str, Any]:
    """A row of the report with these metrics."""
    return {"dimensions": DIMENSIONS, "metrics": metrics}


def read(*rows: Any, **options: Any) -> Page:
    """A decoded page of these rows."""
    return READER.read(page(rows, **options))


def metrics(body: Page, n: int = 0) -> dict[str, Any]:
    """The metrics of a row as a dictionary, without nulls."""
    return {name: value for name, value in msgspec.structs.asdict(body.records[n].metrics).items() if value is not None}


def read_without_types(rows: list[Any]) -> list[Any]:
    """The same rows, decoded without types because of one value."""
    return READER._careful(msgspec.json.decode(page(rows))["data"]["list"]).rows


def repeated(rows: list[Any]) -> list[Any]:
    """The rows, over and over and with a long text each, so that their page is read in slices."""
    return [
        {"dimensions": entry["dimensions"], "metrics": entry["metrics"] | {"ad_text": f"{n}" + "x" * 4000}}
        for n, entry in enumerate(rows * (40 // max(1, len(rows))))
    ]


def as_json(records: Sequence[Any]) -> Any:
    """The records as whoever receives them sees them."""
    return json.loads(msgspec.json.encode(records))


def test_values_get_the_catalogs_types() -> None:
    """TikTok sends text; ids become integers, newer metrics numbers, and money stays text."""
    body = read(row(spend="20.50", likes="3", tt_app_id="123", ad_name="Spring"))
    assert metrics(body) == {"spend": "20.50", "likes": 3.0, "tt_app_id": 123, "ad_name": "Spring"}
    assert body.records[0].dimensions.ad_id == 1700000000000000001
    assert body.records[0].dimensions.stat_time_day == "2026-01-01 00:00:00"
    assert body.rejected == {}


@pytest.mark.parametrize(
    "layout", [{"separators": (",", ":")}, {}, {"indent": 1}, {"indent": "\t"}, {"separators": (" , ", " :\n ")}]
)
def test_a_lone_dash_in_a_metric_is_null(layout: dict[str, Any]) -> None:
    """`"-"` is TikTok's null, whatever the metric's type and however the answer is spaced."""
    compact = page([row(spend="-", likes="-", tt_app_id="-", ad_name="-")])
    body = READER.read(json.dumps(json.loads(compact), **layout).encode())
    assert metrics(body) == {}
    assert body.rejected == {}


@given(texts, texts)
def test_texts_are_preserved(name: str, text: str) -> None:
    """Quotes, backslashes, emoji and `":"-"` pass unchanged; only a value that is exactly a dash is null."""
    body = read(row(ad_name=name, ad_text=text, spend="-"))
    expected = {"ad_name": name, "ad_text": text}
    assert metrics(body) == {key: value for key, value in expected.items() if value != "-"}


@given(texts)
def test_texts_are_preserved_in_a_page_with_a_rejected_value(name: str) -> None:
    """A rejected value elsewhere on the page does not change texts."""
    body = read(row(ad_name=name, likes="<5"))
    assert metrics(body) == ({} if name == "-" else {"ad_name": name})


@pytest.mark.parametrize("count", [3, 40])
@pytest.mark.parametrize("group", ["dimensions", "metrics"])
@pytest.mark.parametrize("instead", [None, [], [1], "x", 7, True], ids=str)
def test_a_row_without_dimensions_or_metrics_costs_no_other_row(count: int, group: str, instead: Any) -> None:
    """It comes with nulls, what stood there is reported, and the other rows are whole, in one slice or in several."""
    whole = [row(spend=str(n), ad_text="x" * 4000) for n in range(count)]
    odd = [whole[0], whole[1] | {group: instead}, *whole[2:]]
    body, expected = read(*odd), as_json(read(*whole).records)
    assert set(expected[1].pop(group).values()) != {None}
    records = as_json(body.records)
    assert set(records[1].pop(group).values()) == {None}
    assert records == expected
    assert [misfit.parts for misfit in body.misfits] == [{group: "null" if instead is None else instead}]


@pytest.mark.parametrize("count", [3, 40])
@pytest.mark.parametrize("instead", [None, [], [1], "x", 7, True], ids=str)
@pytest.mark.parametrize("place", [0, 1, -1])
def test_a_row_that_is_no_object_costs_no_other_row(count: int, instead: Any, place: int) -> None:
    """It comes as a row without dimensions and metrics does."""
    rows: list[Any] = [row(spend=str(n), ad_text="x" * 4000) for n in range(count)]
    expected = as_json(read(*rows).records)
    rows[place] = instead
    body = read(*rows)
    records = as_json(body.records)
    assert set(records[place].pop("dimensions").values()) == {None}
    assert set(records[place].pop("metrics").values()) == {None}
    del records[place], expected[place]
    assert records == expected
    value = "null" if instead is None else instead
    assert [misfit.parts for misfit in body.misfits] == [{group: value} for group in ("dimensions", "metrics")]


@pytest.mark.parametrize("group", ["dimensions", "metrics"])
def test_an_answer_whose_rows_all_lack_their_figures_is_damaged(group: str) -> None:
    """So it is requested again."""
    with pytest.raises(msgspec.DecodeError, match=f"no `{group}`"):
        read(*[{key: value for key, value in row(spend="1").items() if key != group}] * 3)
    for odd in (5, None, {}):
        with pytest.raises(msgspec.DecodeError, match="no `dimensions`"):
            read(odd)


def test_texts_that_contain_a_dash_are_preserved() -> None:
    """A text that only contains a dash, or the bytes of a null, is text."""
    tricky = ['":"-"', ':"-"', ': "-"', "--", " -", "- ", '"-"', '\\":"-"', 'a:"-", "b":"-"', "\\", ':"-\\', "–"]  # noqa: RUF001 - a dash that is not the dash
    body = read(*(row(ad_name=text) for text in tricky))
    assert [record.metrics.ad_name for record in body.records] == tricky


def test_a_dash_in_a_dimension_is_preserved() -> None:
    """A dimension belongs to the key and is never null."""
    body = READER.read(page([{"dimensions": {**DIMENSIONS, "stat_time_day": "-"}, "metrics": {"spend": "-"}}]))
    assert body.records[0].dimensions.stat_time_day == "-"
    assert body.records[0].metrics.spend is None


def test_a_dash_elsewhere_in_the_answer_does_no_harm() -> None:
    """The envelope's message or an unknown field may be a dash."""
    body = page([row(spend="1")]).replace(b'"OK"', b'"-"').replace(b'"page":1', b'"page":1,"note":"-"')
    assert metrics(READER.read(body)) == {"spend": "1"}


ODD_VALUES = [
    ("likes", "", None),
    ("likes", "<5", None),
    ("likes", "1,234.5", 1234.5),
    ("likes", "1,234,567", 1234567.0),
    ("likes", "1,23", None),
    ("likes", " 7 ", 7.0),
    ("likes", "1e400", None),
    ("likes", "twelve", None),
    ("likes", "1_000", None),
    ("likes", "\uff11\uff12", None),  # full-width digits
    ("likes", True, 1.0),
    ("likes", [], None),
    ("likes", {"a": 1}, None),
    ("tt_app_id", "", None),
    ("tt_app_id", "12.0", 12),
    ("tt_app_id", "12.5", None),
    ("tt_app_id", 12.5, None),
    ("tt_app_id", "1,234", 1234),
    ("tt_app_id", "abc", None),
    ("tt_app_id", [], None),
    ("tt_app_id", "1_000", None),
    ("tt_app_id", "\uff11\uff12", None),
    ("spend", 20.5, "20.5"),
    ("spend", 20, "20"),
    ("spend", True, "true"),
    ("spend", ["a"], '["a"]'),
    ("spend", {"a": 1}, '{"a":1}'),
    ("spend", "", ""),
    ("ad_name", 5, "5"),
]


@pytest.mark.parametrize(("name", "given_value", "expected"), ODD_VALUES)
def test_a_rejected_value_costs_no_row(name: str, given_value: Any, expected: Any) -> None:
    """It is converted to its type or to null, and the rest of the page does not change."""
    body = read(row(spend="1.00"), row(**{name: given_value}), row(likes="3"))
    assert len(body.records) == 3
    assert getattr(body.records[1].metrics, name) == expected
    assert body.records[0].metrics.spend == "1.00"
    assert body.records[2].metrics.likes == 3.0


@pytest.mark.parametrize(
    ("name", "value"), [("likes", "<5"), ("likes", "twelve"), ("tt_app_id", "abc"), ("tt_app_id", [])]
)
def test_a_rejected_value_is_reported(name: str, value: Any) -> None:
    """With the field and an example, for the log."""
    assert read(row(**{name: value})).rejected == {name: str(value)}


@pytest.mark.parametrize("value", [2**63, 2**64, -(2**63) - 1, str(2**63), str(-(2**63) - 1), "9" * 400])
def test_an_integer_beyond_64_bits_is_null_and_reported(value: Any) -> None:
    """No destination could store it."""
    body = read(row(tt_app_id=value, spend="1.00"))
    assert metrics(body) == {"spend": "1.00"}
    assert body.rejected == {"tt_app_id": str(value)[:60]}


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63)])
def test_an_integer_of_64_bits_keeps_its_digits(value: int) -> None:
    """The smallest and the largest, as numbers and as text."""
    body = read(row(tt_app_id=value), row(tt_app_id=str(value)))
    assert [record.metrics.tt_app_id for record in body.records] == [value, value]
    assert body.rejected == {}


@pytest.mark.parametrize("name", [NUMBER, INTEGER])
@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"9" * 401, b"-" + b"9" * 401, b"9" * 5000])
def test_a_number_too_large_for_a_double_costs_no_row(name: str, number: bytes) -> None:
    """It becomes null, and the other rows and values do not change."""
    sent = page([row(**{name: "@", "spend": "1.00"}), row(ad_name="Spring")])
    body = READER.read(sent.replace(b'"@"', number))
    assert [metrics(body, n) for n in range(2)] == [{"spend": "1.00"}, {"ad_name": "Spring"}]
    assert list(body.rejected) == [name]


@pytest.mark.parametrize("number", [b"1e400", b"9" * 5000])
def test_a_text_may_be_a_number_too_large_for_a_double(number: bytes) -> None:
    """Money is text, and stays text."""
    body = READER.read(page([row(spend="@", likes="3")]).replace(b'"@"', number))
    assert body.records[0].metrics.likes == 3.0
    assert isinstance(body.records[0].metrics.spend, str)


@pytest.mark.parametrize("dimensions", [{"ad_id": "1"}, {"ad_id": "1", "stat_time_day": None}])
def test_a_missing_dimension_is_null(dimensions: dict[str, Any]) -> None:
    """It is not the text None."""
    body = READER.read(page([{"dimensions": dimensions, "metrics": {"spend": "1.00"}}]))
    assert body.records[0].dimensions.ad_id == 1
    assert body.records[0].dimensions.stat_time_day is None
    assert metrics(body) == {"spend": "1.00"}


def test_a_missing_id_is_null() -> None:
    """The row is delivered without it."""
    body = READER.read(page([{"dimensions": {"stat_time_day": "2026-01-01"}, "metrics": {}}]))
    assert body.records[0].dimensions.ad_id is None
    assert body.records[0].dimensions.stat_time_day == "2026-01-01"


def test_an_id_that_is_not_a_number_is_null_and_reported() -> None:
    """A column of integers cannot contain text."""
    body = READER.read(page([{"dimensions": {**DIMENSIONS, "ad_id": "abc"}, "metrics": {}}]))
    assert body.records[0].dimensions.ad_id is None
    assert body.rejected == {"ad_id": "abc"}


def test_half_a_character_in_a_row_is_replaced() -> None:
    """TikTok cuts names, sometimes in the middle of an emoji. U+FFFD stands for what is left of it."""
    body = READER.read(page([row(ad_name="@", spend="-"), row(ad_name="ä😀")]).replace(b"@", b"cut \\ud83d."))
    assert [metrics(body, n) for n in range(2)] == [{"ad_name": "cut \ufffd."}, {"ad_name": "ä😀"}]
    assert body.rejected == {}


@pytest.mark.parametrize("value", ["", "-", None])
def test_an_empty_value_is_not_rejected(value: Any) -> None:
    """An empty text, a dash and null all mean that there is no value."""
    assert read(row(likes=value, tt_app_id=value)).rejected == {}


def test_one_short_example_is_reported_per_field() -> None:
    """A page full of invalid values makes one short line."""
    body = read(row(likes="x" * 1000), row(likes="other"))
    assert body.rejected == {"likes": "x" * 60}


def test_missing_metrics_are_null() -> None:
    """TikTok may leave out a metric; the row is delivered."""
    assert metrics(read(row(spend="1"))) == {"spend": "1"}
    assert metrics(read(row(), row(likes="<5"))) == {}


def test_null_metrics_are_null() -> None:
    """JSON's own null is one too."""
    assert metrics(read(row(spend=None, likes=None, tt_app_id=None, ad_name=None))) == {}


def test_unknown_metrics_are_left_out() -> None:
    """A metric that TikTok adds is not in the schema."""
    assert metrics(read(row(spend="1", brand_new="2"))) == {"spend": "1"}


def test_the_key_of_a_row_is_its_dimensions() -> None:
    """Rows with one id and day have one key whatever their metrics, and the key is a small integer."""
    first, second, next_day = READER.keyer()(
        [
            *read(row(spend="1"), row(spend="2")).keyed,
            *READER.read(page([{"dimensions": {**DIMENSIONS, "stat_time_day": "x"}, "metrics": {}}])).keyed,
        ]
    )
    assert first == second
    assert first != next_day
    assert {type(first), type(next_day)} == {int}


def test_the_key_of_a_lifetime_row_is_its_id() -> None:
    """It has no other dimension."""
    lifetime = report_reader(stream("ads_reports_lifetime"))
    rows = [{"dimensions": {"ad_id": entry}, "metrics": {}} for entry in ("5", "6", "5")]
    assert lifetime.keyer()(lifetime.read(page(rows)).keyed) == [5, 6, 5]


_ids = st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(0, 3) | st.integers(0, 3).map(lambda n: n << 32)
_dimensions = st.tuples(_ids, st.none() | st.sampled_from(["", "2026-01-01", "2026-01-02"]) | texts)


@given(st.lists(st.lists(_dimensions, max_size=6), max_size=4))
def test_keys_are_equal_exactly_if_the_dimensions_are(pages: list[list[tuple[int | None, str | None]]]) -> None:
    """Over all pages that one keyer has seen, including ids and days that are null."""
    keys_of = READER.keyer()
    keys: list[Any] = []
    for dimensions in pages:
        keys += keys_of([READER._dimensions(ad_id=ad_id, stat_time_day=day) for ad_id, day in dimensions])
    rows = [entry for dimensions in pages for entry in dimensions]
    assert len(keys) == len(rows)
    for n, key in enumerate(keys):
        assert [key == other for other in keys] == [rows[n] == other for other in rows]


def test_the_page_has_tiktoks_count() -> None:
    """The number of rows is compared with it."""
    body = read(row(), total=17)
    assert (body.total_number, body.total_page) == (17, 1)


def test_a_page_without_a_count_has_none() -> None:
    """A missing `page_info` loses no row."""
    body = READER.read(b'{"code":0,"data":{"list":[' + json.dumps(row(spend="1")).encode() + b"]}}")
    assert (body.total_number, body.total_page) == (None, None)
    assert metrics(body) == {"spend": "1"}


@pytest.mark.parametrize("info", [b'"x"', b"5", b"[]", b'[{"total_number":1}]', b"true"])
def test_counts_of_another_form_cost_no_row(info: bytes) -> None:
    """Then there are none, in reports and in lists."""
    body = page([row(spend="1")])
    before, _, after = body.partition(b'"page_info":')
    body = before + b'"page_info":' + info + b"}}"
    assert after.endswith(b"}}")
    read_page = READER.read(body)
    assert (read_page.total_number, read_page.total_page) == (None, None)
    assert metrics(read_page) == {"spend": "1"}
    objects = ObjectReader(stream("ads"), "7001").read(
        b'{"code":0,"data":{"list":[{"ad_id":"1"}],"page_info":%b}}' % info
    )
    assert objects.records == [{"ad_id": 1, "advertiser_id": 7001}]
    assert objects.total_number is None


def test_an_empty_page_is_a_page() -> None:
    """An account that spent nothing has no rows."""
    assert read().records == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"code":0,"data":{"list":[{"dimen',
        b'{"code":0}',
        b'{"code":0,"data":null}',
        b'{"code":0,"data":{"page_info":null}}',
        b'{"code":0,"data":{"list":{"a":1}}}',
        b"[]",
        b"null",
        b"5",
    ],
)
def test_an_undocumented_form_is_a_decode_error(body: bytes) -> None:
    """The client then treats the body as damaged and asks again; nothing is dropped silently."""
    with pytest.raises(msgspec.DecodeError):
        READER.read(body)
    with pytest.raises(msgspec.DecodeError):
        ObjectReader(stream("ads"), "7001").read(body)


def test_a_row_that_is_not_utf8_is_a_decode_error() -> None:
    """Such a body was damaged in transit."""
    with pytest.raises(msgspec.DecodeError):
        READER.read(page([row(ad_name="@")]).replace(b"@", b"\xff"))


@pytest.mark.parametrize("field", ["ad_name", "brand_new"])
def test_an_object_that_is_not_utf8_is_a_decode_error(field: str) -> None:
    """In known fields and in others."""
    with pytest.raises(msgspec.DecodeError):
        ObjectReader(stream("ads"), "7001").read(page([{"ad_id": "1", field: "@"}]).replace(b"@", b"\xff"))


_numbers = (
    st.integers(-(2**63), 2**63)
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
)
_plain = st.fixed_dictionaries(
    {},
    optional={
        "spend": texts | st.none(),
        "ad_name": texts | st.none(),
        "likes": _numbers | _numbers.map(str) | st.none() | st.just("-"),
        "tt_app_id": st.integers(-(2**63), 2**63 - 1).flatmap(lambda n: st.sampled_from([n, str(n)])) | st.just("-"),
    },
)


@given(st.lists(_plain, max_size=4))
def test_decoding_with_and_without_types_agrees(rows: list[dict[str, Any]]) -> None:
    """A rejected value somewhere on the page must not change the other values."""
    given_rows = [row(**values) for values in rows]
    fast = READER.read(page(given_rows))
    assert as_json(fast.records) == as_json(read_without_types(given_rows))
    assert fast.rejected == {}


_metrics = st.dictionaries(
    st.sampled_from(["ad_name", "spend", "likes", "tt_app_id", "new"]),
    texts | st.integers(-(2**62), 2**62) | st.sampled_from(["-", "7", "0.50", "<5", None, '}},{"dimensions":{', "}}]"]),
)


def reversed_page(body: bytes) -> bytes:
    """The page with all its fields in the opposite order, except the rows and the code."""
    answer = json.loads(body)
    answer["data"]["list"] = [dict(reversed(row.items())) for row in answer["data"]["list"]]
    answer["data"] = dict(reversed(answer["data"].items()))
    code = answer.pop("code")
    return json.dumps({"code": code, **dict(reversed(answer.items()))}, separators=(",", ":")).encode()


@pytest.mark.parametrize("order", [bytes, reversed_page])
@settings(max_examples=40)
@given(values=st.lists(_metrics, min_size=1, max_size=6))
def test_a_page_in_slices_is_decoded_like_its_rows(
    order: Callable[[bytes], bytes], values: list[dict[str, Any]]
) -> None:
    """Whatever its texts are, wherever a rejected value is, and whether the list or the counts come first."""
    rows = repeated([row(**entry) for entry in values])
    body = order(page(rows))
    assert len(list(_sliced(body)[1])) > 2
    whole_page = READER.read(body)
    alone = [READER.read(page([entry])) for entry in rows]
    assert as_json(whole_page.records) == [as_json(entry.records)[0] for entry in alone]
    assert [record.dimensions for record in whole_page.records] == whole_page.keyed
    assert set(whole_page.rejected) == {name for entry in alone for name in entry.rejected}
    assert (whole_page.total_number, whole_page.total_page) == (len(rows), 1)


@pytest.mark.parametrize("text", ["NaN", "nan", "Infinity", "-INF"])
def test_nan_and_infinity_are_rejected(text: str) -> None:
    """They become null, and are reported."""
    body = read(row(likes=text), row(likes="3"))
    assert [record.metrics.likes for record in body.records] == [None, 3.0]
    assert body.rejected == {"likes": text}


def test_a_rejected_value_does_not_change_other_slices() -> None:
    """A dash in a dimension is preserved, too."""
    rows = repeated([row(likes="3", spend="-")])
    rows[20] = {"dimensions": {**DIMENSIONS, "stat_time_day": "-"}, "metrics": {"likes": "<5", "spend": "-"}}
    body = READER.read(page(rows))
    assert [record.metrics.likes for record in body.records] == [3] * 20 + [None] + [3] * 19
    assert {record.metrics.spend for record in body.records} == {None}
    assert body.records[20].dimensions.stat_time_day == "-"
    assert body.rejected == {"likes": "<5"}


BOUNDARY = {"a": {"dimensions": {"b": {"c": {}}}}, "list": [{"x": {"y": 1}}, {"dimensions": {"z": {"z": 1}}}]}


@pytest.mark.parametrize("where", ["row", "metrics", "dimensions"])
def test_text_that_looks_like_the_end_of_a_row_is_not_one(where: str) -> None:
    """A page with such a text in an unknown field is decoded as a whole."""
    rows: list[Any] = repeated([row(likes="3")])
    plain = as_json(READER.read(page(rows)).records)
    for entry in rows:
        if where == "row":
            entry["new"] = BOUNDARY
        else:
            entry[where] = {**entry[where], "new": BOUNDARY}
    assert as_json(READER.read(page(rows)).records) == plain


@pytest.mark.parametrize("tail", ['"x":{"data":{"list":[]}}', '"x":[{"y":{"z":{}}}]', '"page":1'])
def test_fields_after_the_list_are_ignored(tail: str) -> None:
    """TikTok may add fields to the answer."""
    rows = repeated([row(likes="3")])
    body = page(rows)
    assert body.endswith(b"}}}")
    body = body[:-1] + b"," + tail.encode() + b"}"
    assert as_json(READER.read(body).records) == as_json(READER.read(page(rows)).records)


def test_only_data_list_contains_the_rows() -> None:
    """Lists elsewhere in the answer are ignored."""
    rows = repeated([row(likes="3")])
    inner = json.dumps({"data": {"list": rows}}, separators=(",", ":")).encode()
    body = page([row(likes="4")]).replace(b'"code":0,', b'"code":0,"x":' + inner + b",")
    assert [record.metrics.likes for record in READER.read(body).records] == [4]


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("damage", [b"", b'""', b"}", b"]", b"\xff"])
def test_damage_anywhere_in_a_long_page_is_a_decode_error(at: float, damage: bytes) -> None:
    """A truncated page is not accepted as a page."""
    body = page(repeated([row(likes="3")]))
    cut = body.index(b'"likes"', int(len(body) * at))
    with pytest.raises(msgspec.DecodeError):
        READER.read(body[:cut] + damage + body[cut + 1 :] if damage else body[:cut])


def test_rows_are_passed_on_while_they_are_decoded() -> None:
    """A sink that converts them never holds the whole page of structs."""

    class Counted(RecordList):
        def __init__(self) -> None:
            super().__init__()
            self.sizes: list[int] = []

        def extend(self, rows: Any, misfits: Sequence[Misfit] = ()) -> None:
            self.sizes.append(len(rows))
            super().extend(rows, misfits)

    body = READER.read_into(page(repeated([row(likes="3")])), Counted)
    assert len(body.records) == len(body.keyed) == 40
    assert max(body.records.sizes) < 20


@given(st.lists(st.dictionaries(st.sampled_from(report_source(NAME).metrics), any_value, max_size=6), max_size=5))
def test_no_value_costs_a_row_and_every_value_keeps_its_type(rows: list[dict[str, Any]]) -> None:
    """Whatever arrives, no row is lost, and each value has the catalog's type or is null."""
    body = read(*(row(**values) for values in rows))
    assert len(body.records) == len(rows)
    python: dict[str, Any] = {"string": str, "number": (int, float), "integer": int}
    types = field_types(stream(NAME))["metrics"].fields
    for record in body.records:
        for name, value in msgspec.structs.asdict(record.metrics).items():
            assert value is None or isinstance(value, python[types[name].kind])


@pytest.mark.parametrize("name", [stream.name for stream in STREAMS if stream.is_report])
def test_every_report_is_decoded(name: str) -> None:
    """With its own dimensions and metrics."""
    source = report_source(name)
    types = field_types(stream(name))
    sent = {
        "dimensions": {name: "7" if types[name].kind == "integer" else "x" for name in source.dimensions},
        "metrics": dict.fromkeys(source.metrics, "4"),
    }
    body = ReportReader(stream(name)).read(page([sent]))
    assert body.rejected == {}
    (record,) = as_json(body.records)
    kinds = {"integer": 4, "number": 4.0, "string": "4"}
    assert record["metrics"] == {name: kinds[types["metrics"].fields[name].kind] for name in source.metrics}
    assert list(record["dimensions"]) == list(source.dimensions)
