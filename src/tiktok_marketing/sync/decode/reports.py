"""Pages of reports become rows of the catalog's types.

Rows are decoded straight into structs made for their stream, and handed on a dozen or two at a time: a whole page would
leave the processor's cache before anybody looks at it. Where a value does not fit its type, those rows are decoded once
more without types, and each value is converted to its type or, failing that, to null: no row is lost for a value.
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
    # Airbyte's connector writes 0.0 where TikTok says "0", and so do we, although an integer would be written faster.
    # The bounds keep the texts nan and inf out, which are numbers to a decoder and nothing to JSON.
    "number": Annotated[float, msgspec.Meta(ge=-float_info.max, le=float_info.max)],
    "string": str,
}
_SLICE = 48 * 1024
"""Bytes of a page that are decoded at once: with what is made of them they fit into the processor's cache."""
_LIST = b'"list":['
_ROW_BEGINS = (b'{"dimensions":{', b'{"metrics":{')
_ROW_ENDS = b"}}"
_COMPACT = b'{"code":'
_SPACED_NULL = re.compile(rb':\s+"-"')


class ReportReader:
    """Reads one report stream."""

    def __init__(self, stream: ReportStream) -> None:
        types = field_types(stream)
        self._fields = {part: types[part].fields for part in ("dimensions", "metrics")}
        source = stream.source
        # A dimension is never null: a page in which "-" stands for one is read again as it came.
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
        """Decode a page, quickly where every value is of its type.

        Args:
            body: The page.
            new_sink: Makes what takes the rows and is the page's `records`.
        """
        try:
            return self._gather(*_sliced(body), new_sink())
        except msgspec.DecodeError:  # the slices were cut where no row ends, or the page is damaged
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
        """Keys of the rows' dimensions: an id and, packed below it, which of the other values it goes with.

        A window may have hundreds of thousands of rows, whose keys are all kept while it is read; an integer is a
        third of a tuple.
        """
        first, *others = self._dimension_names
        of_first = attrgetter(first)
        if not others:
            return lambda keyed: list(map(of_first, keyed))
        of_others = attrgetter(*others)
        known: defaultdict[Any, int] = defaultdict(count().__next__)

        def keys(keyed: Iterable[Any]) -> list[Any]:
            return [
                identity << 32 | known[rest] if type(identity) is int else (identity, rest)
                for identity, rest in zip(map(of_first, keyed), map(of_others, keyed), strict=True)
            ]

        return keys

    def _whole(self, answer: bytes, rejected: dict[str, str]) -> tuple[list[Any], PageInfo]:
        """The rows of an answer, and its counts."""
        with_nulls = _with_nulls(answer)
        if not answer.startswith(_COMPACT):  # a serializer that puts spaces puts one after the first colon
            with_nulls = _SPACED_NULL.sub(b":null", with_nulls)
        try:
            data = self._decode(with_nulls).data
        except (msgspec.DecodeError, UnicodeDecodeError):  # a value not of its type, or a text that msgspec refuses
            rows, info = decode_list(answer, "list")
            return [self._fitted_row(row, rejected) for row in rows], info
        return data.list, data.page_info

    def _some(self, rows: bytes, rejected: dict[str, str]) -> list[Any]:
        """The rows, which are separated by commas."""
        try:
            return self._decode_rows(_with_nulls(rows, b"[", b"]"))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return [
                self._fitted_row(row, rejected)
                for row in as_objects(decode_lenient(b"[%b]" % rows), "a slice of the list")
            ]

    def _fitted_row(self, row: Mapping[str, Any], rejected: dict[str, str]) -> Any:
        return self._row(*(self._fitted(part, row.get(part), rejected) for part in self._fields))

    def _fitted(self, part: str, given: Any, rejected: dict[str, str]) -> Any:
        """The struct of a row's dimensions or metrics, each value in its type or null."""
        if not isinstance(given, Mapping):
            raise msgspec.ValidationError(f"a row of the report has no `{part}`")
        values = {}
        for name, kind in self._fields[part].items():
            value = given.get(name)
            is_null = part == "metrics" and value == "-"
            values[name] = None if is_null else coerce(value, kind, name, rejected)
        return (self._metrics if part == "metrics" else self._dimensions)(**values)


def _with_nulls(body: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """The JSON with null for `"-"`, which is TikTok's null in a metric; in a dimension it makes typed decoding fail.

    A quote right after a colon opens a value, so only values that are "-" as a whole are hit, wherever they are.
    """
    parts = body.rsplit(b':"-"')  # `split` takes half as long again, and `replace` three times as long
    parts[0] = before + parts[0]
    parts[-1] += after
    return b":null".join(parts)


def _sliced(body: bytes) -> tuple[bytes, Iterator[bytes]]:
    """A page without its rows, and the rows, a dozen or two at a time; the whole page and nothing if there are none.

    The cuts are looked for as text. They are where they should be if the page without its rows is an answer and each
    slice, between brackets, is an array of rows: then what lies between the brackets of the list is those rows.
    """
    start, end = body.find(_LIST) + len(_LIST), body.rfind(_ROW_ENDS + b"]") + len(_ROW_ENDS)
    begin = next((one for one in _ROW_BEGINS if body.startswith(one, start)), None)
    if begin is None or end <= start or not body.startswith(_COMPACT):
        return body, iter(())
    before, after = body[:start], body[end:]
    if b'"data"' in after or b'"list"' in after or not _is_list_of_answer(before):
        return body, iter(())
    return before + after, _slices(body, start, end, _ROW_ENDS + b"," + begin)


_NO_ROWS = msgspec.defstruct("NoRows", [("list", Annotated[list[Any], msgspec.Meta(max_length=0)])])
_BEGINNING = msgspec.json.Decoder(msgspec.defstruct("Beginning", [("data", _NO_ROWS)]))


def _is_list_of_answer(before: bytes) -> bool:
    """Whether what ends here is the beginning of an answer, up to the bracket that opens its list."""
    try:
        _BEGINNING.decode(before + b"]}}")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _slices(body: bytes, at: int, end: int, between: bytes) -> Iterator[bytes]:
    while at < end:
        cut = body.find(between, at + _SLICE, end)
        until = end if cut < 0 else cut + len(_ROW_ENDS)
        yield body[at:until]
        at = until + 1


class ReportPageReader:
    """Reads pages of a report into the sinks of one sync and account.

    Args:
        reader: Of the report.
        new_sink: Makes the sink of a page.
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
    """The reader of a report stream, made once: its structs serve all accounts."""
    return ReportReader(stream)
