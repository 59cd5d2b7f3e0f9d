"""Airbyte protocol messages as bytes, one per line."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
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

from tiktok_marketing.text import shown_line, shown_lines

_ENCODER = msgspec.json.Encoder()

LogLevel = Literal["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
StreamState = Literal["STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"]


def message_line(message: AirbyteMessage) -> bytes:
    """Encode a message. Records and states are too many to be built as objects, and have functions of their own."""
    fields = _without_nulls(msgspec.to_builtins(message))
    try:
        return _ENCODER.encode(fields) + b"\n"
    except UnicodeEncodeError:  # half of a character, quoted from somebody's input
        return json.dumps(fields).encode() + b"\n"


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def log_line(level: LogLevel, text: str, *, detail: str = "") -> bytes:
    """A log message."""
    log = AirbyteLogMessage(level=Level[level], message=shown_line(text), stack_trace=shown_lines(detail) or None)
    return message_line(AirbyteMessage(type=Type.LOG, log=log))


def status_line(stream: str, status: StreamState) -> bytes:
    """The status of a stream."""
    stream_status = AirbyteStreamStatusTraceMessage(
        stream_descriptor=StreamDescriptor(name=stream), status=AirbyteStreamStatus[status]
    )
    return _trace(AirbyteTraceMessage(type=TraceType.STREAM_STATUS, emitted_at=_now(), stream_status=stream_status))


def error_line(text: str, failure: str, *, detail: str = "", stream: str | None = None) -> bytes:
    """An error for a person.

    Args:
        text: What happened and what to do.
        failure: `config_error`, `system_error` or `transient_error`.
        detail: More, for whoever debugs it.
        stream: The stream that it concerns; None if it concerns several.
    """
    error = AirbyteErrorTraceMessage(
        message=shown_line(text),
        internal_message=shown_lines(detail or text),
        failure_type=FailureType(failure),
        stream_descriptor=StreamDescriptor(name=stream) if stream else None,
    )
    return _trace(AirbyteTraceMessage(type=TraceType.ERROR, emitted_at=_now(), error=error))


def _trace(trace: AirbyteTraceMessage) -> bytes:
    return message_line(AirbyteMessage(type=Type.TRACE, trace=trace))


def state_line(stream: str, state: Mapping[str, Any], records: int) -> bytes:
    """A stream's state, and the number of records since the state before."""
    message = {
        "type": "STATE",
        "state": {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": stream}, "stream_state": state},
            "sourceStats": {"recordCount": float(records)},
        },
    }
    return _ENCODER.encode(message) + b"\n"


def _now() -> int:
    return int(time.time() * 1000)
