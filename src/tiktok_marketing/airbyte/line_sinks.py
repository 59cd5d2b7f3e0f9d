"""Sinks that turn records into lines of the Airbyte protocol: one record message per line."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import repeat
from operator import attrgetter
from typing import Any, Protocol

import msgspec

from tiktok_marketing.airbyte.output import Portion
from tiktok_marketing.catalog import ReportStream, Stream
from tiktok_marketing.sync.decode.coercion import Misfit
from tiktok_marketing.sync.decode.native import lines_of
from tiktok_marketing.sync.decode.pages import RecordList, RowSink

_ENCODER = msgspec.json.Encoder()
_PORTION = 192 * 1024
"""Bytes of a portion. It may have one chunk more."""
_OBJECTS = 32
"""Objects that are encoded at once."""
_NULLED = {"change": "NULLED", "reason": "SOURCE_SERIALIZATION_ERROR"}
_RECORD_END = b"}}\n"


class LineSink(RowSink, Protocol):
    """A sink that returns its records as lines."""

    def portions(self) -> Iterator[Portion]:
        """The lines, in portions that end with a line."""
        ...


def line_sink(stream: Stream, advertiser_id: int | None) -> LineSink:
    """Make the sink for a page of an account."""
    if isinstance(stream, ReportStream) and advertiser_id is not None:
        return ReportLines(stream, advertiser_id)
    return ObjectLines(stream)


class ReportLines:
    """Rows of a report, encoded as soon as they are decoded.

    A row repeats its dimensions at the root, beside the account.

    Args:
        stream: The report.
        advertiser_id: The account.
    """

    __slots__ = ("_account", "_advertiser_id", "_before", "_chunks", "_count", "_data", "_head", "_names", "_stream")

    def __init__(self, stream: ReportStream, advertiser_id: int) -> None:
        self._stream = stream
        self._advertiser_id = advertiser_id
        self._head = _head_of(stream)
        self._names, self._data = _data_of(stream)
        self._account = () if "advertiser_id" in self._names else (repeat(advertiser_id),)
        self._before = self._head + (b'{"advertiser_id":%d,' % advertiser_id if self._account else b"{")
        self._chunks: list[bytes | memoryview] = []
        self._count = 0

    def take(self, rows: bytes) -> Sequence[Sequence[Any]] | None:
        """Add rows as TikTok sends them. Returns their dimensions; None if the rows have to be decoded first."""
        encoded = lines_of(self._stream, rows, self._before, _tail())
        if encoded is None:
            return None
        lines, dimensions = encoded
        self._chunks.append(lines)
        self._count += len(dimensions[0])
        return dimensions

    def extend(self, rows: Sequence[Any], misfits: Sequence[Misfit] = ()) -> None:
        """Add decoded rows."""
        if not rows:
            return
        dimensions = [row.dimensions for row in rows]
        at_root = (map(attrgetter(name), dimensions) for name in self._names)
        data = map(self._data, *self._account, *at_root, dimensions, [row.metrics for row in rows])
        self._count += len(rows)
        lines = _lines_of(data, self._head)
        self._chunks.append(_with_changes(lines, self._changes(misfits)) if misfits else lines)

    def _changes(self, misfits: Iterable[Misfit]) -> Mapping[int, Sequence[str]]:
        """The fields that are null in each row because their value does not fit. The root repeats dimensions."""
        changes: defaultdict[int, list[str]] = defaultdict(list)
        for misfit in misfits:
            if misfit.field in self._names:
                changes[misfit.row] += [misfit.field, f"dimensions.{misfit.field}"]
            else:
                changes[misfit.row].append(f"metrics.{misfit.field}")
        return changes

    def select(self, positions: Sequence[int]) -> ReportLines:
        """Only the lines at these positions."""
        lines = [line for chunk in self._chunks for line in bytes(chunk).splitlines(keepends=True)]
        selected = ReportLines(self._stream, self._advertiser_id)
        selected._chunks = [lines[position] for position in positions]
        selected._count = len(positions)
        return selected

    def portions(self) -> Iterator[Portion]:
        """The lines, in portions of whole lines."""
        return _portions(self._chunks)

    def __len__(self) -> int:
        return self._count


class ObjectLines(RecordList):
    """Objects, encoded when they are written.

    Args:
        stream: The stream of objects.
        records: Objects to begin with.
    """

    def __init__(self, stream: Stream, records: Iterable[Any] = (), misfits: Sequence[Misfit] = ()) -> None:
        super().__init__(records, misfits)
        self._stream = stream

    def select(self, positions: Sequence[int]) -> ObjectLines:
        """Only the objects at these positions."""
        chosen = RecordList(self, self.misfits).select(positions)
        return ObjectLines(self._stream, chosen, chosen.misfits)

    def portions(self) -> Iterator[Portion]:
        """The lines, in portions of whole lines."""
        return _portions(self._lines(at) for at in range(0, len(self), _OBJECTS))

    def _lines(self, start: int) -> bytes | memoryview:
        lines = _lines_of(self[start : start + _OBJECTS], _head_of(self._stream))
        changes: defaultdict[int, list[str]] = defaultdict(list)
        for misfit in self.misfits:
            if start <= misfit.row < start + _OBJECTS:
                changes[misfit.row - start] += misfit.parts
        return _with_changes(lines, changes) if changes else lines


@cache
def _data_of(stream: ReportStream) -> tuple[tuple[str, ...], Any]:
    """The dimensions of a report, and a type for the data of its records."""
    names = stream.source.dimensions
    fields = dict.fromkeys(("advertiser_id", *names, "dimensions", "metrics"), Any)
    return names, msgspec.defstruct("Data", fields.items(), gc=False)


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
    return b',"emitted_at":%d}}\n' % int(time.time() * 1000)


def _lines_of(data: Iterable[Any], head: bytes) -> memoryview:
    """Record messages, one per line, from the data of each.

    Replacing every line end puts the envelopes around the data, all at once: the encoder writes line ends nowhere else.
    That takes a third of the time of encoding an object per message.
    """
    tail = _tail()
    lines = _ENCODER.encode_lines([None, *data])
    before, after = len(b"null" + tail), len(head)  # so that a line end precedes the first record, too
    return memoryview(lines.replace(b"\n", tail + head))[before:-after]


def _with_changes(lines: memoryview, changes: Mapping[int, Sequence[str]]) -> bytes:
    """The lines with a note, in the form of Airbyte's protocol, of the fields that became null in a record.

    Args:
        lines: Record messages, one per line.
        changes: The fields, by the position of their record.
    """
    noted = bytes(lines).splitlines(keepends=True)
    for position, fields in changes.items():
        meta = {"changes": [{"field": field, **_NULLED} for field in dict.fromkeys(fields)]}
        noted[position] = b'%b,"meta":%b%b' % (
            noted[position].removesuffix(_RECORD_END),
            _ENCODER.encode(meta),
            _RECORD_END,
        )
    return b"".join(noted)
