"""Airbyte protocol messages as bytes, one a line."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from operator import attrgetter
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

from source_tiktok_marketing.catalog import ReportSource, Stream
from source_tiktok_marketing.sync.events import Batch
from source_tiktok_marketing.sync.records import Kept

_ENCODER = msgspec.json.Encoder()
_encode_into = _ENCODER.encode_into
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


class _Record(msgspec.Struct, gc=False):
    stream: str
    data: Any
    emitted_at: int


class _RecordMessage(msgspec.Struct, tag_field="type", tag="RECORD", gc=False):
    record: _Record


class RowLines(Kept):
    """Rows of a report as record messages, one a line, encoded as soon as they are decoded.

    A row repeats its dimensions at the root, beside the account.

    Args:
        stream: Whose they are.
        advertiser_id: The account.
    """

    __slots__ = ("_account", "_count", "_data", "_names", "_stream", "chunks")

    def __init__(self, stream: Stream, advertiser_id: int) -> None:
        self._stream = stream.name
        self._names, self._data = _data_of(stream)
        self._account = () if "advertiser_id" in self._names else (advertiser_id,)
        self._count = 0
        self.chunks: list[bytes] = []
        """Some lines each."""

    def extend(self, rows: list[Any]) -> None:
        """Take rows, as `sync.events.Batch` describes them."""
        if not rows:
            return
        emitted_at, stream, account, data = _now(), self._stream, self._account, self._data
        dimensions = [row.dimensions for row in rows]
        at_root = zip(*(map(attrgetter(name), dimensions) for name in self._names), strict=True)
        messages = [
            _RecordMessage(_Record(stream, data(*account, *values, row.dimensions, row.metrics), emitted_at))
            for row, values in zip(rows, at_root, strict=True)
        ]
        self._count += len(rows)
        self.chunks.append(_ENCODER.encode_lines(messages))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            yield from chunk.splitlines(keepends=True)

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]


@cache
def _data_of(stream: Stream) -> tuple[tuple[str, ...], Any]:
    """The dimensions of a report, and the type of its records' data."""
    assert isinstance(stream.source, ReportSource)  # noqa: S101 - narrows the type; objects have no dimensions
    names = stream.source.dimensions
    fields = dict.fromkeys(("advertiser_id", *names, "dimensions", "metrics"), Any)
    return names, msgspec.defstruct("Data", fields.items(), gc=False)


def record_lines(batch: Batch) -> Iterator[bytes | bytearray]:
    """The records of a batch, in portions.

    Args:
        batch: Objects, or rows of a report that were kept as lines.
    """
    if isinstance(batch.stream.source, ReportSource):
        lines = batch.records
        yield from _portions(lines.chunks if isinstance(lines, RowLines) else lines)
        return
    head = b'{"type":"RECORD","record":{"stream":%s,"data":' % _ENCODER.encode(batch.stream.name)
    tail = b',"emitted_at":%d}}\n' % _now()
    records = iter(batch.records)
    while portion := _fill(records, head, tail):
        yield portion


def _portions(chunks: Iterable[bytes]) -> Iterator[bytes]:
    portion: list[bytes] = []
    size = 0
    for chunk in chunks:
        portion.append(chunk)
        size += len(chunk)
        if size > _PORTION:
            yield b"".join(portion)
            portion, size = [], 0
    if portion:
        yield b"".join(portion)


def _fill(records: Iterator[Any], head: bytes, tail: bytes) -> bytearray:
    """A portion of lines; each is put together around what the encoder writes, without an object for the message."""
    lines = bytearray()
    for record in records:
        lines += head
        _encode_into(record, lines, -1)
        lines += tail
        if len(lines) > _PORTION:
            break
    return lines


def _now() -> int:
    return int(time.time() * 1000)
