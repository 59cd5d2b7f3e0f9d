"""Decodes pages of reports to rows with the catalog's types.

Rows are decoded directly to structs of their stream, and passed on a dozen or two at a time, because a whole page would
leave the processor's cache before anything uses it. If a value does not fit its type, those rows are decoded again
without types. Each value is then converted to its type, or to null if that fails, so no row is lost because of a value.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from operator import attrgetter
from sys import float_info
from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from tiktok_marketing.catalog import ReportStream, field_types
from tiktok_marketing.catalog.schema import attribute_of
from tiktok_marketing.sync.decode.coercion import LARGEST_INT, Misfit, coerce, to_text
from tiktok_marketing.sync.decode.lenient_json import (
    NOT_AN_OBJECT,
    PageInfo,
    as_objects,
    count_of,
    decode_lenient,
    decode_list,
)
from tiktok_marketing.sync.decode.pages import Keyer, Page, RawRows, RecordList, RowSink, Sink, moved

_PYTHON: dict[str, Any] = {
    # A text stays a text, because the decoder would read "1700000000000000001.0" as a double, and round it.
    "integer": Annotated[int, msgspec.Meta(ge=-LARGEST_INT - 1, le=LARGEST_INT)] | str,
    # Airbyte's connector writes 0.0 for TikTok's "0", and so does this one, although writing an integer is faster.
    # The bounds exclude the texts nan and inf, which the decoder accepts as numbers and JSON does not allow.
    "number": Annotated[float, msgspec.Meta(ge=-float_info.max, le=float_info.max)],
    "string": str,
}
_SLICE = 48 * 1024
"""Bytes of a page that are decoded at once: they and their rows fit into the processor's cache."""
_SPACE = rb"[ \t\n\r]*+"
_LIST = re.compile(rb'"list"%b:%b\[%b(?=\{)' % (_SPACE, _SPACE, _SPACE))
_BETWEEN_ROWS = re.compile(
    rb'\}%b\}%b(?P<comma>,)%b\{%b"(?:dimensions|metrics)"%b:%b\{' % ((_SPACE,) * 6),
)
_MOST_DIGITS = len(str(LARGEST_INT))
_UNUSUAL = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the typed decoder raises for a value that is not what TikTok usually sends."""
_ESCAPED_DASH = re.compile(rb'\\(?<="\\)u002[dD]"')  # the backslash first, so that it is found quickly


class ReportReader:
    """Decodes one report stream."""

    def __init__(self, stream: ReportStream) -> None:
        types = field_types(stream)
        self._fields = {group: types[group].fields for group in ("dimensions", "metrics")}
        source = stream.source
        # A dimension is never null: rows that have "-" for one are decoded again without types.
        dimensions = [(name, _PYTHON[self._fields["dimensions"][name].kind]) for name in source.dimensions]
        metrics = [
            (attribute_of(name), _PYTHON[self._fields["metrics"][name].kind] | None, None) for name in source.metrics
        ]
        names = {attribute_of(name): name for name in source.metrics}
        self._dimensions = msgspec.defstruct("Dimensions", dimensions, gc=False)
        self._metrics = msgspec.defstruct("Metrics", metrics, gc=False, rename=names)
        self._row = msgspec.defstruct("Row", [("dimensions", self._dimensions), ("metrics", self._metrics)], gc=False)
        data = msgspec.defstruct("Data", [("list", list[self._row]), ("page_info", PageInfo | None, None)])  # type: ignore[name-defined]
        answer = msgspec.defstruct("Answer", [("data", data)])
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(answer, strict=False).decode
        self._decode_rows: Callable[[bytes], list[Any]] = msgspec.json.Decoder(list[self._row], strict=False).decode  # type: ignore[name-defined]
        self._dimension_names = source.dimensions
        self._integers = {
            group: [attribute_of(name) for name, kind in fields.items() if kind.kind == "integer"]
            for group, fields in self._fields.items()
        }

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
            return self._gather(body, *_sliced(body), new_sink())
        except msgspec.DecodeError:  # a slice ends within a row, or the page is damaged
            return self._gather(body, body, (), new_sink())

    def _gather(self, body: bytes, frame: bytes, slices: Iterable[bytes], sink: Sink) -> Page[Sink]:
        decoded, info = self._whole(frame)
        keyed = list(decoded.keyed)
        misfits = list(decoded.misfits)
        sink.extend(decoded.rows, *decoded.arguments)
        for rows_text in slices:
            taken = sink.take(rows_text)
            if taken is not None:
                keyed += map(self._dimensions, *taken)
                continue
            decoded = self._some(rows_text)
            misfits += moved(decoded.misfits, len(keyed))
            keyed += decoded.keyed
            sink.extend(decoded.rows, *decoded.arguments)
        counts = count_of(info.total_number), count_of(info.total_page)
        raw = RawRows(lambda: decode_list(body, "list")[0], body)
        return Page(sink, keyed, *counts, misfits, count_of(info.page_size), raw)

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

    def describe(self, keyed: Any) -> str:
        """The row's dimensions, for people."""
        return ", ".join(f"{name} {getattr(keyed, name)}" for name in self._dimension_names)

    def shared_in(self, keyed: Any) -> str | None:
        """The hour of the row, because a day of 25 hours has one of them twice."""
        values = [getattr(keyed, name) for name in self._dimension_names]
        if any(value in {None, "", "-"} for value in values):
            return ""
        return getattr(keyed, "stat_time_hour", None)

    def _whole(self, answer: bytes) -> tuple[_Decoded, PageInfo]:
        """The rows of an answer, and its counts."""
        try:
            data = self._decode(_with_nulls(answer)).data
            return self._quick(data.list), data.page_info or PageInfo()
        except _UNUSUAL:
            rows, info = decode_list(answer, "list")
            return self._careful(rows), info

    def _some(self, rows: bytes) -> _Decoded:
        """The rows, which are separated by commas."""
        try:
            return self._quick(self._decode_rows(_with_nulls(rows, b"[", b"]")))
        except _UNUSUAL:
            return self._careful(as_objects(decode_lenient(b"[%b]" % rows), "a slice of the list"))

    def _quick(self, rows: list[Any]) -> _Decoded:
        """Rows that the decoder typed, with the integers that it left as texts."""
        for group, names in self._integers.items():
            for struct in map(attrgetter(group), rows) if names else ():
                for name in names:
                    value = getattr(struct, name)
                    if type(value) is str:
                        setattr(struct, name, _plain_integer(value))
        return _Decoded(rows, [row.dimensions for row in rows], ())

    def _careful(self, raw_rows: Sequence[Mapping[str, Any]]) -> _Decoded:
        """Rows whose values are converted one by one, to their type or to null.

        Raises:
            msgspec.ValidationError: If no row has dimensions and metrics, so that this is not a report.
        """
        _check_form(raw_rows)
        rows: list[Any] = []
        keyed: list[Any] = []
        misfits: list[Misfit] = []
        for number, raw in enumerate(raw_rows):
            before = len(misfits)
            dimensions = self._coerced("dimensions", raw, number, misfits)
            # What identifies a row is what TikTok sent.
            originals = {misfit.field: to_text(misfit.value) for misfit in misfits[before:]}
            keyed.append(replace(dimensions, **originals) if originals else dimensions)
            rows.append(self._row(dimensions, self._coerced("metrics", raw, number, misfits)))
        return _Decoded(rows, keyed, misfits)

    def _coerced(self, group: str, raw: Mapping[str, Any], row: int, misfits: list[Misfit]) -> Any:
        """The struct of a row's dimensions or metrics, each value converted to its type or null.

        A row may lack all of them, or be no object itself. It is delivered without, and what stands in their place is a
        misfit of the first.
        """
        raw_values = raw.get(group, raw.get(NOT_AN_OBJECT))
        if not isinstance(raw_values, Mapping):
            instead = "null" if raw_values is None else raw_values
            misfits.append(Misfit(row, next(iter(self._fields[group])), instead, {group: instead}))
            raw_values = {}
        values = {}
        rejected: dict[str, Any] = {}
        for name, kind in self._fields[group].items():
            value = raw_values.get(name)
            is_null = group == "metrics" and value == "-"
            values[attribute_of(name)] = None if is_null else coerce(value, kind, name, rejected)
            if rejected:
                misfits.append(Misfit(row, name, value, rejected))
                rejected = {}
        return (self._metrics if group == "metrics" else self._dimensions)(**values)


def _check_form(raw_rows: Sequence[Mapping[str, Any]]) -> None:
    """Check that these are rows of a report, of which some may be odd.

    Raises:
        msgspec.ValidationError: If not even one of them has dimensions and metrics.
    """
    for group in ("dimensions", "metrics"):
        if raw_rows and not any(isinstance(raw.get(group), Mapping) for raw in raw_rows):
            raise msgspec.ValidationError(f"a row of the report has no `{group}`")


class _Decoded(msgspec.Struct, frozen=True):
    """Rows of a report.

    Args:
        rows: The rows.
        keyed: What identifies each of them.
        misfits: Their values that became null, because they do not fit their type.
    """

    rows: list[Any]
    keyed: Sequence[Any]
    misfits: Sequence[Misfit]

    @property
    def arguments(self) -> tuple[Sequence[Misfit], ...]:
        """What a sink gets beside the rows."""
        return (self.misfits,) if self.misfits else ()


def _plain_integer(text: str) -> int:
    """The integer of a text that is nothing but its digits.

    Raises:
        msgspec.ValidationError: If it is anything else, which `coercion` may still read as an integer.
    """
    if len(text) <= _MOST_DIGITS and text.isascii() and text.isdigit() and int(text) <= LARGEST_INT:
        return int(text)
    raise msgspec.ValidationError("the text is not the digits of an integer")


def _with_nulls(body: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """The JSON with null in place of `"-"`, which means null in a metric; in a dimension, typed decoding then fails.

    Such a text is a value, in a list or not, or the name of a field. Of a name, null makes JSON that is not valid, so
    typed decoding fails there, too. It also fails where a longer text ends like that: null then takes the place of one
    quotation mark of its two. White space does not matter.

    Raises:
        msgspec.ValidationError: If an escape stands for the dash.
    """
    if b"\\" in body and _ESCAPED_DASH.search(body) is not None:
        raise msgspec.ValidationError("a dash that is escaped")
    chunks = body.rsplit(b'"-"')  # `split` takes half as long again, and `replace` three times as long
    chunks[0] = before + chunks[0]
    chunks[-1] += after
    return b"null".join(chunks)


def _sliced(body: bytes) -> tuple[bytes, Iterator[bytes]]:
    """A page without its rows, and the rows in slices of a dozen or two; the whole page and no slices if it has none.

    The cuts are found by searching the text. They are right if the page without its rows is an answer, and each slice,
    in brackets, is an array of rows.
    """
    begin = _LIST.search(body)
    end = _end_of_rows(body)
    if begin is None or end <= begin.end():
        return body, iter(())
    start = begin.end()
    before, after = body[:start], body[end:]
    if b'"data"' in after or b'"list"' in after or not _is_list_of_answer(before):
        return body, iter(())
    return before + after, _slices(body, start, end)


def _end_of_rows(body: bytes) -> int:
    """Where the last row of the list ends, behind its second brace; 0 if this is not found."""
    bracket = len(body)
    while (bracket := body.rfind(b"]", 0, bracket)) > 0:
        end = _without_space(body, bracket)
        if body.endswith(b"}", 0, end) and body.endswith(b"}", 0, _without_space(body, end - 1)):
            return end
    return 0


def _without_space(body: bytes, end: int) -> int:
    """The end of a text without the space at its end."""
    while end and body[end - 1] in b" \t\n\r":
        end -= 1
    return end


_NO_ROWS = msgspec.defstruct("NoRows", [("list", Annotated[list[Any], msgspec.Meta(max_length=0)])])
_BEGINNING = msgspec.json.Decoder(msgspec.defstruct("Beginning", [("data", _NO_ROWS)]))


def _is_list_of_answer(before: bytes) -> bool:
    """Whether this is the beginning of an answer, up to the bracket that opens its list."""
    try:
        _BEGINNING.decode(before + b"]}}")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _slices(body: bytes, at: int, end: int) -> Iterator[bytes]:
    while at < end:
        cut = _BETWEEN_ROWS.search(body, at + _SLICE, end)
        until = end if cut is None else cut.start("comma")
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
        self.describe = reader.describe
        self.shared_in = reader.shared_in

    def read(self, body: bytes) -> Page[RowSink]:
        """Decode a page."""
        return self._reader.read_into(body, self._new_sink)


@lru_cache(maxsize=1024)
def report_reader(stream: ReportStream) -> ReportReader:
    """The reader of a report stream. It is made once, because its structs serve all accounts."""
    return ReportReader(stream)
