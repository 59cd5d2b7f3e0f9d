"""Airbyte protocol messages as bytes, one a line."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

import msgspec
from airbyte_protocol_dataclasses.models import (
    AirbyteErrorTraceMessage,
    AirbyteLogMessage,
    AirbyteMessage,
    AirbyteStreamStatus,
    AirbyteStreamStatusTraceMessage,
    AirbyteTraceMessage,
    FailureType,
    Level,
    StreamDescriptor,
    TraceType,
    Type,
)

from source_tiktok_marketing.catalog import ReportSource
from source_tiktok_marketing.sync.events import Batch

_ENCODER = msgspec.json.Encoder()
_encode_into = _ENCODER.encode_into
_COMMA = 0x2C
_PORTION = 192 * 1024

LogLevel = Literal["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
StreamState = Literal["STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"]


def message_line(message: AirbyteMessage) -> bytes:
    """Any message but records and states, which are too many to be built as objects."""
    told = _without_nulls(msgspec.to_builtins(message))
    try:
        return _ENCODER.encode(told) + b"\n"
    except UnicodeEncodeError:  # half of a character, quoted from what somebody passed in
        return json.dumps(told).encode() + b"\n"


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def log_line(level: LogLevel, text: str, *, detail: str = "") -> bytes:
    """A log message."""
    log = AirbyteLogMessage(level=Level[level], message=text, stack_trace=detail or None)
    return message_line(AirbyteMessage(type=Type.LOG, log=log))


def status_line(stream: str, status: StreamState) -> bytes:
    """What becomes of a stream."""
    told = AirbyteStreamStatusTraceMessage(
        stream_descriptor=StreamDescriptor(name=stream), status=AirbyteStreamStatus[status]
    )
    return _trace(AirbyteTraceMessage(type=TraceType.STREAM_STATUS, emitted_at=_now(), stream_status=told))


def error_line(text: str, failure: str, *, detail: str = "", stream: str | None = None) -> bytes:
    """An error that a person has to read.

    Args:
        text: What happened and what to do.
        failure: `config_error`, `system_error` or `transient_error`.
        detail: For whoever debugs it.
        stream: The stream that it is about, if it is one only.
    """
    error = AirbyteErrorTraceMessage(
        message=text,
        internal_message=detail or text,
        failure_type=FailureType(failure),
        stream_descriptor=StreamDescriptor(name=stream) if stream else None,
    )
    return _trace(AirbyteTraceMessage(type=TraceType.ERROR, emitted_at=_now(), error=error))


def _trace(trace: AirbyteTraceMessage) -> bytes:
    return message_line(AirbyteMessage(type=Type.TRACE, trace=trace))


def state_line(stream: str, state: Mapping[str, Any], records: int) -> bytes:
    """A stream's state, and how many records came since the one before."""
    told = {
        "type": "STATE",
        "state": {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": stream}, "stream_state": state},
            "sourceStats": {"recordCount": float(records)},
        },
    }
    return _ENCODER.encode(told) + b"\n"


def record_lines(batch: Batch) -> Iterator[bytearray]:
    """The records of a batch, in portions that stay in the processor's cache.

    The bytes of each record are put together around what the encoder writes for its parts; no message object is made.
    A report's row repeats its dimensions at the root, beside the account.
    """
    head = _head(batch.stream.name)
    tail = b',"emitted_at":%d}}\n' % _now()
    source = batch.stream.source
    fill = _fill_objects if not isinstance(source, ReportSource) else _fill_rows
    if isinstance(source, ReportSource) and "advertiser_id" not in source.dimensions:
        head += b'{"advertiser_id":%d' % (batch.advertiser_id or 0)
        fill = _fill_stamped_rows
    records = iter(batch.records)
    while lines := fill(records, head, tail):
        yield lines


def _fill_objects(records: Iterator[Any], head: bytes, tail: bytes) -> bytearray:
    lines = bytearray()
    for record in records:
        lines += head
        _encode_into(record, lines, -1)
        lines += tail
        if len(lines) > _PORTION:
            break
    return lines


def _fill_rows(records: Iterator[Any], head: bytes, tail: bytes) -> bytearray:
    """Rows whose dimensions hold the account already."""
    lines = bytearray()
    for record in records:
        lines += head
        _encode_into(record.dimensions, lines, -1)
        at = len(lines) - 1
        _encode_into(record, lines, at)  # over the brace that closes the dimensions
        lines[at] = _COMMA
        lines += tail
        if len(lines) > _PORTION:
            break
    return lines


def _fill_stamped_rows(records: Iterator[Any], head: bytes, tail: bytes) -> bytearray:
    """Rows that the head has put the account before."""
    lines = bytearray()
    for record in records:
        lines += head
        at = len(lines)
        _encode_into(record.dimensions, lines, at)
        lines[at] = _COMMA  # for the brace that opens the dimensions: they go on with the record's root
        at = len(lines) - 1
        _encode_into(record, lines, at)
        lines[at] = _COMMA
        lines += tail
        if len(lines) > _PORTION:
            break
    return lines


@lru_cache(maxsize=256)
def _head(stream: str) -> bytes:
    return b'{"type":"RECORD","record":{"stream":%s,"data":' % _ENCODER.encode(stream)


def _now() -> int:
    return int(time.time() * 1000)
