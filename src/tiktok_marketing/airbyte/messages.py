"""Airbyte protocol messages as bytes, one a line."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import repeat
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

from tiktok_marketing.airbyte.output import Portion
from tiktok_marketing.catalog import ReportSource, Stream
from tiktok_marketing.sync.decode.native import lines_of
from tiktok_marketing.sync.decode.pages import RowSink
from tiktok_marketing.sync.events import Batch

_ENCODER = msgspec.json.Encoder()
_PORTION = 192 * 1024
"""Bytes that are handed on at once, or a chunk more."""
_OBJECTS = 32
"""Objects that are encoded at once."""

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


class RowLines(RowSink):
    """Rows of a report as record messages, one a line, encoded as soon as they are decoded.

    A row repeats its dimensions at the root, beside the account.

    Args:
        stream: Whose they are.
        advertiser_id: The account.
    """

    __slots__ = ("_account", "_before", "_count", "_data", "_head", "_names", "_stream", "chunks")

    def __init__(self, stream: Stream, advertiser_id: int) -> None:
        self._stream = stream
        self._head = _head_of(stream)
        self._names, self._data = _data_of(stream)
        self._account = () if "advertiser_id" in self._names else (repeat(advertiser_id),)
        self._before = self._head + (b'{"advertiser_id":%d,' % advertiser_id if self._account else b"{")
        self._count = 0
        self.chunks: list[bytes | memoryview] = []
        """Some lines each."""

    def take(self, rows: bytes) -> Sequence[Sequence[Any]] | None:
        """Take rows as TikTok sends them; None if they have to be decoded."""
        made = lines_of(self._stream, rows, self._before, _tail())
        if made is None:
            return None
        lines, dimensions = made
        self.chunks.append(lines)
        self._count += len(dimensions[0])
        return dimensions

    def extend(self, rows: list[Any]) -> None:
        """Take rows, as `sync.events.Batch` describes them."""
        if not rows:
            return
        dimensions = [row.dimensions for row in rows]
        at_root = (map(attrgetter(name), dimensions) for name in self._names)
        data = map(self._data, *self._account, *at_root, dimensions, [row.metrics for row in rows])
        self._count += len(rows)
        self.chunks.append(_lines_of(data, self._head))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            yield from bytes(chunk).splitlines(keepends=True)

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]


@cache
def _data_of(stream: Stream) -> tuple[tuple[str, ...], Any]:
    """The dimensions of a report, and the type of its records' data."""
    assert isinstance(stream.source, ReportSource)  # noqa: S101 - narrows the type; objects have no dimensions
    names = stream.source.dimensions
    fields = dict.fromkeys(("advertiser_id", *names, "dimensions", "metrics"), Any)
    return names, msgspec.defstruct("Data", fields.items(), gc=False)


def record_lines(batch: Batch) -> Iterator[Portion]:
    """The records of a batch, in portions of whole lines.

    Args:
        batch: Objects, or rows of a report that were kept as lines.
    """
    records = batch.records
    if isinstance(records, RowLines):
        return _portions(records.chunks)
    if isinstance(batch.stream.source, ReportSource):  # some of a page's lines
        return _portions(records)
    head = _head_of(batch.stream)
    some = (records[at : at + _OBJECTS] for at in range(0, len(records), _OBJECTS))
    return _portions(_lines_of(one, head) for one in some)


def _portions(chunks: Iterable[bytes | memoryview]) -> Iterator[Portion]:
    portion: list[bytes | memoryview] = []
    size = 0
    for chunk in chunks:
        portion.append(chunk)
        size += len(chunk)
        if size > _PORTION:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _head_of(stream: Stream) -> bytes:
    return b'{"type":"RECORD","record":{"stream":%s,"data":' % _ENCODER.encode(stream.name)


def _tail() -> bytes:
    return b',"emitted_at":%d}}\n' % _now()


def _lines_of(data: Iterable[Any], head: bytes) -> memoryview:
    """Record messages, one a line, for the data of each.

    What is around the data is put in where one line ends and the next begins, all at once: the encoder writes line ends
    nowhere else. That takes a third of the time of encoding an object for each message.
    """
    tail = _tail()
    lines = _ENCODER.encode_lines([None, *data])
    before, after = len(b"null" + tail), len(head)  # so that the first line, too, comes after an end
    return memoryview(lines.replace(b"\n", tail + head))[before:-after]


def _now() -> int:
    return int(time.time() * 1000)
