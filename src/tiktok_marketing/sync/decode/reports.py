"""Decodes pages of reports to rows with the catalog's types.

Rows are decoded directly to structs of their stream, and passed on a dozen or two at a time, because a whole page would
leave the processor's cache before anything uses it. If a value does not fit its type, those rows are decoded again
without types. Each value is then converted to its type, or to null if that fails, so no row is lost because of a value.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import count
from operator import attrgetter
from sys import float_info
from typing import Annotated, Any

import msgspec

from tiktok_marketing.catalog import ReportStream, field_types
from tiktok_marketing.sync.decode.coercion import LARGEST_INT, coerce
from tiktok_marketing.sync.decode.lenient_json import PageInfo, as_objects, decode_lenient, decode_list
from tiktok_marketing.sync.decode.pages import Keyer, Page, RecordList, RowSink, Sink

_PYTHON: dict[str, Any] = {
    "integer": Annotated[int, msgspec.Meta(ge=-LARGEST_INT - 1, le=LARGEST_INT)],
    # Airbyte's connector writes 0.0 for TikTok's "0", and so does this one, although writing an integer is faster.
    # The bounds exclude the texts nan and inf, which the decoder accepts as numbers and JSON does not allow.
    "number": Annotated[float, msgspec.Meta(ge=-float_info.max, le=float_info.max)],
    "string": str,
}
_SLICE = 48 * 1024
"""Bytes of a page that are decoded at once: they and their rows fit into the processor's cache."""
_LIST = b'"list":['
_ROW_BEGINS = (b'{"dimensions":{', b'{"metrics":{')
_ROW_ENDS = b"}}"
_COMPACT = b'{"code":'
_SPACED_NULL = re.compile(rb':\s+"-"')


class ReportReader:
    """Decodes one report stream."""

    def __init__(self, stream: ReportStream) -> None:
        types = field_types(stream)
        self._fields = {group: types[group].fields for group in ("dimensions", "metrics")}
        source = stream.source
        # A dimension is never null: rows that have "-" for one are decoded again without types.
        dimensions = [(name, _PYTHON[self._fields["dimensions"][name].kind]) for name in source.dimensions]
        metrics = [(name, _PYTHON[self._fields["metrics"][name].kind] | None, None) for name in source.metrics]
        self._dimensions = msgspec.defstruct("Dimensions", dimensions, gc=False)
        self._metrics = msgspec.defstruct("Metrics", metrics, gc=False)
        self._row = msgspec.defstruct("Row", [("dimensions", self._dimensions), ("metrics", self._metrics)], gc=False)
        data = msgspec.defstruct("Data", [("list", list[self._row]), ("page_info", PageInfo)])  # type: ignore[name-defined]
        answer = msgspec.defstruct("Answer", [("data", data)])
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(answer, strict=False).decode
        self._decode_rows: Callable[[bytes], list[Any]] = msgspec.json.Decoder(list[self._row], strict=False).decode  # type: ignore[name-defined]
        self._dimension_names = source.dimensions

    def read(self, body: bytes) -> Page[RecordList]:
        """Decode a page into a list of structs."""
        return self.read_into(body, RecordList)

    def read_into(self, body: bytes, new_sink: Callable[[], Sink]) -> Page[Sink]:
        """Decode a page, quickly where every value has its type.

        Args:
            body: The page.
            new_sink: Makes the sink that receives the rows and becomes the page's `records`.
        """
        try:
            return self._gather(*_sliced(body), new_sink())
        except msgspec.DecodeError:  # a slice ends within a row, or the page is damaged
            return self._gather(body, (), new_sink())

    def _gather(self, frame: bytes, slices: Iterable[bytes], sink: Sink) -> Page[Sink]:
        rejected: dict[str, str] = {}
        rows, info = self._whole(frame, rejected)
        dimensions = [row.dimensions for row in rows]
        sink.extend(rows)
        for rows_text in slices:
            taken = sink.take(rows_text)
            if taken is not None:
                dimensions += map(self._dimensions, *taken)
                continue
            rows = self._some(rows_text, rejected)
            dimensions += [row.dimensions for row in rows]
            sink.extend(rows)
        return Page(sink, dimensions, info.total_number, info.total_page, rejected)

    def keyer(self) -> Keyer:
        """Makes keys of the rows' dimensions: the first one, an id, with a number for the other values packed below it.

        A window may have hundreds of thousands of rows, and all their keys stay in memory while it is read. An integer
        takes a third of the memory of a tuple.
        """
        first, *others = self._dimension_names
        first_of = attrgetter(first)
        if not others:
            return lambda keyed: list(map(first_of, keyed))
        others_of = attrgetter(*others)
        numbers: defaultdict[Any, int] = defaultdict(count().__next__)

        def keys(keyed: Iterable[Any]) -> list[Any]:
            return [
                identity << 32 | numbers[rest] if type(identity) is int else (identity, rest)
                for identity, rest in zip(map(first_of, keyed), map(others_of, keyed), strict=True)
            ]

        return keys

    def _whole(self, answer: bytes, rejected: dict[str, str]) -> tuple[list[Any], PageInfo]:
        """The rows of an answer, and its counts."""
        with_nulls = _with_nulls(answer)
        if not answer.startswith(_COMPACT):  # a serializer that writes spaces writes one after the first colon
            with_nulls = _SPACED_NULL.sub(b":null", with_nulls)
        try:
            data = self._decode(with_nulls).data
        except (msgspec.DecodeError, UnicodeDecodeError):  # a value of another type, or a text that msgspec rejects
            rows, info = decode_list(answer, "list")
            return [self._coerced_row(row, rejected) for row in rows], info
        return data.list, data.page_info

    def _some(self, rows: bytes, rejected: dict[str, str]) -> list[Any]:
        """The rows, which are separated by commas."""
        try:
            return self._decode_rows(_with_nulls(rows, b"[", b"]"))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return [
                self._coerced_row(row, rejected)
                for row in as_objects(decode_lenient(b"[%b]" % rows), "a slice of the list")
            ]

    def _coerced_row(self, row: Mapping[str, Any], rejected: dict[str, str]) -> Any:
        return self._row(*(self._coerced(group, row.get(group), rejected) for group in self._fields))

    def _coerced(self, group: str, raw_values: Any, rejected: dict[str, str]) -> Any:
        """The struct of a row's dimensions or metrics, each value converted to its type or null."""
        if not isinstance(raw_values, Mapping):
            raise msgspec.ValidationError(f"a row of the report has no `{group}`")
        values = {}
        for name, kind in self._fields[group].items():
            value = raw_values.get(name)
            is_null = group == "metrics" and value == "-"
            values[name] = None if is_null else coerce(value, kind, name, rejected)
        return (self._metrics if group == "metrics" else self._dimensions)(**values)


def _with_nulls(body: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """The JSON with null in place of `"-"`, which means null in a metric; in a dimension, typed decoding then fails.

    A quote right after a colon opens a value, so this replaces only values that are exactly "-", wherever they are.
    """
    chunks = body.rsplit(b':"-"')  # `split` takes half as long again, and `replace` three times as long
    chunks[0] = before + chunks[0]
    chunks[-1] += after
    return b":null".join(chunks)


def _sliced(body: bytes) -> tuple[bytes, Iterator[bytes]]:
    """A page without its rows, and the rows in slices of a dozen or two; the whole page and no slices if it has none.

    The cuts are found by searching the text. They are right if the page without its rows is an answer, and each slice,
    in brackets, is an array of rows.
    """
    start, end = body.find(_LIST) + len(_LIST), body.rfind(_ROW_ENDS + b"]") + len(_ROW_ENDS)
    begin = next((prefix for prefix in _ROW_BEGINS if body.startswith(prefix, start)), None)
    if begin is None or end <= start or not body.startswith(_COMPACT):
        return body, iter(())
    before, after = body[:start], body[end:]
    if b'"data"' in after or b'"list"' in after or not _is_list_of_answer(before):
        return body, iter(())
    return before + after, _slices(body, start, end, _ROW_ENDS + b"," + begin)


_NO_ROWS = msgspec.defstruct("NoRows", [("list", Annotated[list[Any], msgspec.Meta(max_length=0)])])
_BEGINNING = msgspec.json.Decoder(msgspec.defstruct("Beginning", [("data", _NO_ROWS)]))


def _is_list_of_answer(before: bytes) -> bool:
    """Whether this is the beginning of an answer, up to the bracket that opens its list."""
    try:
        _BEGINNING.decode(before + b"]}}")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _slices(body: bytes, at: int, end: int, separator: bytes) -> Iterator[bytes]:
    while at < end:
        cut = body.find(separator, at + _SLICE, end)
        until = end if cut < 0 else cut + len(_ROW_ENDS)
        yield body[at:until]
        at = until + 1


class ReportPageReader:
    """Decodes pages of a report into the sinks of one sync and account.

    Args:
        reader: The report's reader.
        new_sink: Makes the sink for a page.
    """

    def __init__(self, reader: ReportReader, new_sink: Callable[[], RowSink]) -> None:
        self._reader = reader
        self._new_sink = new_sink
        self.keyer = reader.keyer

    def read(self, body: bytes) -> Page[RowSink]:
        """Decode a page."""
        return self._reader.read_into(body, self._new_sink)


@lru_cache(maxsize=256)
def report_reader(stream: ReportStream) -> ReportReader:
    """The reader of a report stream. It is made once, because its structs serve all accounts."""
    return ReportReader(stream)
