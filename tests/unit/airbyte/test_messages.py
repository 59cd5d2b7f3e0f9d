from __future__ import annotations

import json
import re
from typing import Any, cast

import msgspec
import pytest
from airbyte_protocol_dataclasses.models import AirbyteMessage, AirbyteStreamStatus, FailureType, Type
from hypothesis import given
from hypothesis import strategies as st
from row_builders import sent_row
from unit_builders import page, stream

from tiktok_marketing.airbyte.line_sinks import _PORTION, LineSink, ReportLines, line_sink
from tiktok_marketing.airbyte.messages import error_line, log_line, state_line, status_line
from tiktok_marketing.airbyte.output import Portion
from tiktok_marketing.airbyte.spec import SPECIFICATION
from tiktok_marketing.catalog import STREAMS, json_schema
from tiktok_marketing.sync.decode.objects import ObjectReader
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.events import Rows
from tiktok_marketing.sync.plan.cursors import NO_CURSOR, Cursors
from tiktok_marketing.text import one_line

REPORTS = [stream.name for stream in STREAMS if stream.is_report]

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20) | st.text('{}[],:"\\\n', max_size=8)


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, refused if it names a key twice."""
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), names
    return dict(pairs)


def lines(data: bytes) -> list[Any]:
    """Each line as JSON. No key may appear twice, and no line may be cut."""
    assert data == b"" or data.endswith(b"\n")
    return [json.loads(line, object_pairs_hook=without_duplicates) for line in data.split(b"\n")[:-1]]


def valid(line: Any) -> AirbyteMessage:
    """The line as the protocol's model."""
    return msgspec.convert(line, AirbyteMessage)


def portions_of(batch: Rows) -> list[Portion]:
    """The portions of lines that a batch is written as."""
    return list(cast(LineSink, batch.records).portions())


def objects(name: str, advertiser_id: int | None, records: list[Any]) -> Rows:
    """Objects as the sync hands them over."""
    sink = line_sink(stream(name), advertiser_id)
    sink.extend(records)
    return Rows(stream(name), advertiser_id, sink, 100)


def data_of(batch: Rows) -> list[Any]:
    """The data of a batch's records. Each record is checked to be a message of its stream."""
    messages = [line for portion in portions_of(batch) for line in lines(b"".join(portion))]
    for line in messages:
        assert set(line) == {"type", "record"}
        assert line["type"] == "RECORD"
        assert set(line["record"]) == {"stream", "data", "emitted_at"}
        assert line["record"]["stream"] == batch.stream.name
        assert isinstance(line["record"]["emitted_at"], int)
        assert valid(line).type is Type.RECORD
    return [line["record"]["data"] for line in messages]


def report_batch(name: str, rows: list[Any], advertiser_id: int = 7001) -> Rows:
    """The rows of a report as the sync hands them over."""
    reader = report_reader(stream(name))
    return Rows(
        stream(name),
        advertiser_id,
        reader.read_into(page(rows), lambda: ReportLines(stream(name), advertiser_id)).records,
        100,
    )


@pytest.mark.parametrize("name", REPORTS)
def test_a_reports_record_repeats_its_dimensions_at_the_root(name: str) -> None:
    """The root has the account and the dimensions; `dimensions` and `metrics` are nested, as TikTok sends them."""
    batch = report_batch(name, [sent_row(name), sent_row(name)])
    expected = []
    for record in report_reader(stream(name)).read(page([sent_row(name), sent_row(name)])).records:
        dimensions = msgspec.structs.asdict(record.dimensions)
        expected.append(
            {
                "advertiser_id": 7001,
                **dimensions,
                "dimensions": dimensions,
                "metrics": msgspec.structs.asdict(record.metrics),
            }
        )
    assert data_of(batch) == expected


@pytest.mark.parametrize("name", REPORTS)
def test_a_reports_record_has_the_schemas_fields(name: str) -> None:
    """Exactly the fields that the schema declares."""
    (data,) = data_of(report_batch(name, [sent_row(name)]))
    assert set(data) == set(json_schema(stream(name))["properties"])


def test_an_account_that_is_a_dimension_appears_once() -> None:
    """With the value of the row."""
    (data,) = data_of(report_batch("advertisers_reports_daily", [sent_row("advertisers_reports_daily")]))
    assert data["advertiser_id"] == data["dimensions"]["advertiser_id"] == 700100


@given(texts, texts)
def test_any_text_makes_one_valid_line(day: str, name: str) -> None:
    """Braces, quotes and line breaks in values break neither the line nor its envelope."""
    row = {"dimensions": {"ad_id": "1", "stat_time_day": day}, "metrics": {"ad_name": name}}
    (data,) = data_of(report_batch("ads_reports_daily", [row]))
    assert data["stat_time_day"] == data["dimensions"]["stat_time_day"] == day
    assert data["metrics"]["ad_name"] == (None if name == "-" else name)


@given(st.integers(0, 2**63 - 1), st.integers(0, 5))
def test_every_record_becomes_a_line(advertiser_id: int, count: int) -> None:
    """With all nineteen digits of the account."""
    batch = report_batch("ads_reports_daily", [sent_row("ads_reports_daily")] * count, advertiser_id)
    assert [data["advertiser_id"] for data in data_of(batch)] == [advertiser_id] * count


@given(st.dictionaries(texts, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts | st.lists(texts)))
def test_an_objects_record_is_the_object(fields: dict[str, Any]) -> None:
    """With unknown fields and any text."""
    records = ObjectReader(stream("campaigns"), "7001").read(page([{"campaign_id": "5"}])).records
    records[0].update(fields)
    assert data_of(objects("campaigns", 7001, records)) == records


def test_a_record_of_the_list_of_accounts_has_its_own_id() -> None:
    """The stream is not read per account."""
    batch = objects("advertiser_ids", None, [{"advertiser_id": "7001", "advertiser_name": "A"}])
    assert data_of(batch) == [{"advertiser_id": "7001", "advertiser_name": "A"}]


def test_an_empty_batch_has_no_lines() -> None:
    """And no portion."""
    assert portions_of(objects("ads", 7001, [])) == []


@pytest.mark.parametrize("name", ["ads", "ads_reports_daily", "advertisers_reports_daily"])
def test_a_large_batch_comes_in_portions(name: str) -> None:
    """No portion is much larger than 192 KiB, all but the last are full, and the lines keep their order."""
    if name == "ads":
        batch = objects(name, 7001, [{"ad_id": n, "ad_name": "x" * 500} for n in range(2000)])
    else:
        rows = [sent_row(name) for _ in range(2000)]
        for n, row in enumerate(rows):
            row["dimensions"]["stat_time_day"] = str(n)
        batch = report_batch(name, rows)
    chunks = portions_of(batch)
    longest = max(len(chunk) for portion in chunks for chunk in portion)
    portions = [b"".join(portion) for portion in chunks]
    assert all(portion.endswith(b"}\n") for portion in portions)
    assert longest < _PORTION / 2
    assert len(portions) > 2
    assert all(_PORTION < len(portion) <= _PORTION + longest for portion in portions[:-1])
    assert 0 < len(portions[-1]) <= _PORTION + longest
    order = [data.get("stat_time_day", data.get("ad_id")) for data in data_of(batch)]
    assert [int(position) for position in order] == list(range(2000))


def test_lines_can_be_selected_by_position() -> None:
    """So that a row that was delivered before can be left out."""
    lines = report_batch("ads_reports_daily", [sent_row("ads_reports_daily", text=str(n)) for n in range(50)]).records
    assert len(lines) == 50
    whole = Rows(stream("ads_reports_daily"), 7001, lines, 100)
    assert [data["stat_time_day"] for data in data_of(whole)] == [str(n) for n in range(50)]
    chosen = Rows(stream("ads_reports_daily"), 7001, lines.select([7, 9]), 100)
    assert len(chosen.records) == 2
    assert [data["stat_time_day"] for data in data_of(chosen)] == ["7", "9"]


@pytest.mark.parametrize(
    "state", [NO_CURSOR, Cursors("modify_time", {"7001": "2024-01-05 10:00:00"}).to_state(), Cursors("x").to_state()]
)
def test_a_state_message_has_the_state_and_its_count_of_records(state: dict[str, Any]) -> None:
    """As a state of type STREAM, with the stream's descriptor."""
    (line,) = lines(state_line("ads", state, 12))
    assert line["state"]["stream"] == {"stream_descriptor": {"name": "ads"}, "stream_state": state}
    assert line["state"]["sourceStats"] == {"recordCount": 12}
    message = valid(line)
    assert message.type is Type.STATE
    assert message.state is not None
    assert message.state.sourceStats is not None
    assert message.state.sourceStats.recordCount == 12


@pytest.mark.parametrize("status", ["STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"])
def test_a_status_is_a_trace_message(status: Any) -> None:
    """Each of the four statuses."""
    (line,) = lines(status_line("ads", status))
    trace = valid(line).trace
    assert trace is not None
    assert trace.stream_status is not None
    assert trace.stream_status.status is AirbyteStreamStatus(status)
    assert trace.stream_status.stream_descriptor.name == "ads"
    assert trace.emitted_at > 1_600_000_000_000


@pytest.mark.parametrize("failure", ["config_error", "system_error", "transient_error"])
def test_an_error_is_a_trace_message(failure: str) -> None:
    """With its text, detail, type and stream."""
    (line,) = lines(error_line("It broke.", failure, detail="GET /x", stream="ads"))
    trace = valid(line).trace
    assert trace is not None
    assert trace.error is not None
    assert (trace.error.message, trace.error.internal_message) == ("It broke.", "GET /x")
    assert trace.error.failure_type is FailureType(failure)
    assert trace.error.stream_descriptor is not None
    assert trace.error.stream_descriptor.name == "ads"


def test_an_error_of_the_whole_sync_names_no_stream() -> None:
    """The descriptor is left out, not null."""
    (line,) = lines(error_line("It broke.", "system_error"))
    assert "stream_descriptor" not in line["trace"]["error"]
    assert line["trace"]["error"]["internal_message"] == "It broke."


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARN", "ERROR", "FATAL"])
def test_a_log_line_has_its_level(level: Any) -> None:
    """Each level of the protocol."""
    (line,) = lines(log_line(level, "Hello.", detail="more"))
    assert line == {"type": "LOG", "log": {"level": level, "message": "Hello.", "stack_trace": "more"}}
    assert valid(line).type is Type.LOG


@given(texts)
def test_any_text_is_one_log_line(text: str) -> None:
    """Even with line breaks, which the platform would print, and with characters that its log's reader would obey."""
    (line,) = lines(log_line("INFO", text, detail=text))
    assert line["log"]["message"] == one_line(text)
    assert re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", line["log"]["message"]) is None
    assert not re.search(r"\n\S", line["log"].get("stack_trace", ""))


def test_half_a_character_is_one_error_line() -> None:
    """An error may quote somebody's input, and JSON can have half of an emoji."""
    (line,) = lines(error_line("The catalog asks for stream '\ud83d'.", "config_error"))
    assert line["trace"]["error"]["message"] == "The catalog asks for stream '\\ud83d'."


def test_the_specification_fits_the_protocol() -> None:
    """The protocol's model accepts it."""
    message = valid({"type": "SPEC", "spec": SPECIFICATION})
    assert message.spec is not None
    assert message.spec.supportsIncremental
