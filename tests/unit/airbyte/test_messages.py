from __future__ import annotations

import json
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

REPORTS = [one.name for one in STREAMS if one.is_report]

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20) | st.text('{}[],:"\\\n', max_size=8)


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, refused if it names a key twice."""
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), names
    return dict(pairs)


def lines(data: bytes) -> list[Any]:
    """Each line as JSON; no key twice, no line broken."""
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
    """What is in the records of a batch, each of which is a message of its stream."""
    told = [line for portion in portions_of(batch) for line in lines(b"".join(portion))]
    for line in told:
        assert set(line) == {"type", "record"}
        assert line["type"] == "RECORD"
        assert set(line["record"]) == {"stream", "data", "emitted_at"}
        assert line["record"]["stream"] == batch.stream.name
        assert isinstance(line["record"]["emitted_at"], int)
        assert valid(line).type is Type.RECORD
    return [line["record"]["data"] for line in told]


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
    """Root: account and dimensions; `dimensions` and `metrics` nested as TikTok has them; nothing twice."""
    batch = report_batch(name, [sent_row(name), sent_row(name)])
    naive = []
    for record in report_reader(stream(name)).read(page([sent_row(name), sent_row(name)])).records:
        dimensions = msgspec.structs.asdict(record.dimensions)
        naive.append(
            {
                "advertiser_id": 7001,
                **dimensions,
                "dimensions": dimensions,
                "metrics": msgspec.structs.asdict(record.metrics),
            }
        )
    assert data_of(batch) == naive


@pytest.mark.parametrize("name", REPORTS)
def test_a_reports_record_has_the_schemas_fields(name: str) -> None:
    """No field more and no field less than the schema declares."""
    (data,) = data_of(report_batch(name, [sent_row(name)]))
    assert set(data) == set(json_schema(stream(name))["properties"])


def test_an_account_reports_own_account_wins() -> None:
    """Where the account is a dimension, it is there once, as the row says."""
    (data,) = data_of(report_batch("advertisers_reports_daily", [sent_row("advertisers_reports_daily")]))
    assert data["advertiser_id"] == data["dimensions"]["advertiser_id"] == 700100


@given(texts, texts)
def test_any_text_makes_one_valid_line(day: str, name: str) -> None:
    """Braces, quotes and line breaks within values break neither the line nor what is spliced around it."""
    row = {"dimensions": {"ad_id": "1", "stat_time_day": day}, "metrics": {"ad_name": name}}
    (data,) = data_of(report_batch("ads_reports_daily", [row]))
    assert data["stat_time_day"] == data["dimensions"]["stat_time_day"] == day
    assert data["metrics"]["ad_name"] == (None if name == "-" else name)


@given(st.integers(0, 2**63 - 1), st.integers(0, 5))
def test_every_record_becomes_a_line(advertiser_id: int, count: int) -> None:
    """As many lines as records, with all nineteen digits of the account."""
    batch = report_batch("ads_reports_daily", [sent_row("ads_reports_daily")] * count, advertiser_id)
    assert [data["advertiser_id"] for data in data_of(batch)] == [advertiser_id] * count


@given(st.dictionaries(texts, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts | st.lists(texts)))
def test_an_objects_record_is_the_object(fields: dict[str, Any]) -> None:
    """Unknown fields and any text come through."""
    records = ObjectReader(stream("campaigns"), "7001").read(page([{"campaign_id": "5"}])).records
    records[0].update(fields)
    assert data_of(objects("campaigns", 7001, records)) == records


def test_accounts_are_records_too() -> None:
    """A stream that is not read per account brings its own id."""
    batch = objects("advertiser_ids", None, [{"advertiser_id": "7001", "advertiser_name": "A"}])
    assert data_of(batch) == [{"advertiser_id": "7001", "advertiser_name": "A"}]


def test_no_records_are_no_lines() -> None:
    """An empty batch says nothing."""
    assert portions_of(objects("ads", 7001, [])) == []


@pytest.mark.parametrize("name", ["ads", "ads_reports_daily", "advertisers_reports_daily"])
def test_a_large_batch_comes_in_portions(name: str) -> None:
    """No portion is much larger than 192 KiB, all but the last are full, and the lines keep their order.

    Objects are added some at a time, rows as many at once as were decoded at once.
    """
    if name == "ads":
        batch = objects(name, 7001, [{"ad_id": n, "ad_name": "x" * 500} for n in range(2000)])
    else:
        rows = [sent_row(name) for _ in range(2000)]
        for n, row in enumerate(rows):
            row["dimensions"]["stat_time_day"] = str(n)
        batch = report_batch(name, rows)
    told = portions_of(batch)
    longest = max(len(chunk) for portion in told for chunk in portion)
    portions = [b"".join(portion) for portion in told]
    assert all(portion.endswith(b"}\n") for portion in portions)
    assert longest < _PORTION / 2
    assert len(portions) > 2
    assert all(_PORTION < len(portion) <= _PORTION + longest for portion in portions[:-1])
    assert 0 < len(portions[-1]) <= _PORTION + longest
    order = [data.get("stat_time_day", data.get("ad_id")) for data in data_of(batch)]
    assert [int(one) for one in order] == list(range(2000))


def test_some_of_the_lines_can_be_selected() -> None:
    """A row that was delivered before is left out."""
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
def test_a_state_is_the_streams_own(state: dict[str, Any]) -> None:
    """A STREAM state with the descriptor, and the count of records it covers."""
    (line,) = lines(state_line("ads", state, 12))
    assert line["state"]["stream"] == {"stream_descriptor": {"name": "ads"}, "stream_state": state}
    assert line["state"]["sourceStats"] == {"recordCount": 12}
    message = valid(line)
    assert message.type is Type.STATE
    assert message.state is not None
    assert message.state.sourceStats is not None
    assert message.state.sourceStats.recordCount == 12


@pytest.mark.parametrize("status", ["STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"])
def test_a_status_is_a_trace(status: Any) -> None:
    """The four states of a stream."""
    (line,) = lines(status_line("ads", status))
    trace = valid(line).trace
    assert trace is not None
    assert trace.stream_status is not None
    assert trace.stream_status.status is AirbyteStreamStatus(status)
    assert trace.stream_status.stream_descriptor.name == "ads"
    assert trace.emitted_at > 1_600_000_000_000


@pytest.mark.parametrize("failure", ["config_error", "system_error", "transient_error"])
def test_an_error_is_a_trace(failure: str) -> None:
    """Text, detail, type and stream are in their places."""
    (line,) = lines(error_line("It broke.", failure, detail="GET /x", stream="ads"))
    trace = valid(line).trace
    assert trace is not None
    assert trace.error is not None
    assert (trace.error.message, trace.error.internal_message) == ("It broke.", "GET /x")
    assert trace.error.failure_type is FailureType(failure)
    assert trace.error.stream_descriptor is not None
    assert trace.error.stream_descriptor.name == "ads"


def test_an_error_of_the_whole_sync_names_no_stream() -> None:
    """What is not known is left out rather than null."""
    (line,) = lines(error_line("It broke.", "system_error"))
    assert "stream_descriptor" not in line["trace"]["error"]
    assert line["trace"]["error"]["internal_message"] == "It broke."


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARN", "ERROR", "FATAL"])
def test_a_log_line_has_its_level(level: Any) -> None:
    """Every level of the protocol."""
    (line,) = lines(log_line(level, "Hello.", detail="more"))
    assert line == {"type": "LOG", "log": {"level": level, "message": "Hello.", "stack_trace": "more"}}
    assert valid(line).type is Type.LOG


@given(texts)
def test_any_text_is_one_log_line(text: str) -> None:
    """A message with line breaks stays one line."""
    (line,) = lines(log_line("INFO", text))
    assert line["log"]["message"] == text


def test_half_a_character_is_one_error_line() -> None:
    """An error may quote what somebody passed in, and JSON can hold half of an emoji."""
    (line,) = lines(error_line("The catalog asks for stream '\ud83d'.", "config_error"))
    assert line["trace"]["error"]["message"] == "The catalog asks for stream '\ud83d'."


def test_the_specification_is_the_protocols() -> None:
    """It is read as a specification."""
    message = valid({"type": "SPEC", "spec": SPECIFICATION})
    assert message.spec is not None
    assert message.spec.supportsIncremental
