"""Airbyte protocol messages as bytes, one a line."""

from __future__ import annotations

import time
from collections.abc import Mapping
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

from source_tiktok_marketing.sync.events import Batch

_ENCODER = msgspec.json.Encoder()
_COMMA = 0x2C

LogLevel = Literal["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
StreamState = Literal["STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"]


def message_line(message: AirbyteMessage) -> bytes:
    """Any message but records and states, which are too many to be built as objects."""
    return _ENCODER.encode(_without_nulls(msgspec.to_builtins(message))) + b"\n"


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


def record_lines(batch: Batch) -> bytearray:
    """The records of a batch.

    The bytes of each record are put together around what the encoder writes for its parts; no message object is made.
    A report's row repeats its dimensions at the root, beside the account.
    """
    head = _head(batch.stream.name)
    tail = b',"emitted_at":%d}}\n' % _now()
    lines = bytearray()
    encode_into = _ENCODER.encode_into
    if not batch.stream.is_report:
        for record in batch.records:
            lines += head
            encode_into(record, lines, -1)
            lines += tail
        return lines
    stamped = batch.advertiser_id is not None and "advertiser_id" not in batch.stream.source.dimensions  # type: ignore[union-attr]
    start = head + b'{"advertiser_id":%d' % (batch.advertiser_id or 0) if stamped else head
    for record in batch.records:
        lines += start
        at = len(lines)
        encode_into(record.dimensions, lines, -1)
        if stamped:
            lines[at] = _COMMA  # the brace that opens the dimensions: they continue the record's root
        at = len(lines) - 1
        encode_into(record, lines, at)  # over the brace that closes them
        lines[at] = _COMMA
        lines += tail
    return lines


@lru_cache(maxsize=256)
def _head(stream: str) -> bytes:
    return b'{"type":"RECORD","record":{"stream":%s,"data":' % _ENCODER.encode(stream)


def _now() -> int:
    return int(time.time() * 1000)
