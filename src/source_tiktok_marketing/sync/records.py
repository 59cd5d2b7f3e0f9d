"""Page bytes become records of the catalog's types.

A report's rows are decoded straight into structs made for its stream, and handed on, a dozen or two at a time: a whole
page would leave the processor's cache before anybody looks at it. Where a value does not fit its type, those rows are
read once more without types and every value is brought to its type or, failing that, to null: no row is given up for a
value. Objects are few and may hold fields nobody declared, so they stay dictionaries.
"""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from operator import attrgetter
from sys import float_info
from typing import Annotated, Any, Protocol

import msgspec

from source_tiktok_marketing.catalog import ObjectSource, ReportSource, Stream, field_types
from source_tiktok_marketing.sync.fitting import LARGEST_INT, fitted


class Page(msgspec.Struct, frozen=True):
    """One page, decoded.

    Args:
        records: As `sync.events.Batch` describes them.
        keyed: What a key is made of, for each record: a row's dimensions, or the object itself.
        total_number: Rows that TikTok says there are on all pages; None if it does not say.
        total_page: Pages that TikTok says there are; None likewise.
        odd: Fields whose value could not be brought to its type and became null, with one such value each.
    """

    records: Sequence[Any]
    keyed: Sequence[Any]
    total_number: int | None
    total_page: int | None
    odd: Mapping[str, str] = {}


class Kept(Sequence[Any]):
    """What rows of a report are kept in, other than a list: it makes something else of them as they come."""

    def take(self, _rows: bytes, /) -> Sequence[Sequence[Any]] | None:
        """Take rows as TikTok sends them, separated by commas, if it can make something of the mere text.

        Returns:
            For each dimension its value in each row; None if nothing was taken, and they are to be decoded.
        """
        return None

    @abstractmethod
    def extend(self, rows: list[Any], /) -> None:
        """Take rows, as `sync.events.Batch` describes them. Whoever calls it does not keep them."""


Keep = Callable[[Stream, int], Kept | list[Any]]
"""Makes what rows of a stream and account are kept in, for each page anew."""


def as_structs(_stream: Stream, _advertiser_id: int) -> list[Any]:
    """Keep the rows as they are."""
    return []


Keyer = Callable[[Sequence[Any]], list[Any]]
"""Gives, of what is `keyed`, what tells each record from the others of its stream and account."""


class Reader(Protocol):
    """Makes records of page bytes."""

    def read(self, body: bytes) -> Page:
        """Decode a page of a successful answer.

        Raises:
            msgspec.DecodeError: If the body is not JSON of the documented shape.
        """
        ...

    def keyer(self) -> Keyer:
        """Makes keys of records, as long as they are to be compared with each other."""
        ...


class _PageInfo(msgspec.Struct):
    total_number: int | None = None
    total_page: int | None = None


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

    def __init__(self, stream: Stream) -> None:
        types = field_types(stream)
        self._fields = {part: types[part].fields for part in ("dimensions", "metrics")}
        source = stream.source
        assert isinstance(source, ReportSource)  # noqa: S101 - narrows the type; `reader_of` has looked
        # A dimension is never null: a page in which "-" stands for one is read again as it came.
        dimensions = [(name, _PYTHON[self._fields["dimensions"][name].kind]) for name in source.dimensions]
        metrics = [(name, _PYTHON[self._fields["metrics"][name].kind] | None, None) for name in source.metrics]
        self._dimensions = msgspec.defstruct("Dimensions", dimensions, gc=False)
        self._metrics = msgspec.defstruct("Metrics", metrics, gc=False)
        self._row = msgspec.defstruct("Row", [("dimensions", self._dimensions), ("metrics", self._metrics)], gc=False)
        data = msgspec.defstruct("Data", [("list", list[self._row]), ("page_info", _PageInfo)])  # type: ignore[name-defined]
        answer = msgspec.defstruct("Answer", [("data", data)])
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(answer, strict=False).decode
        self._decode_rows: Callable[[bytes], list[Any]] = msgspec.json.Decoder(list[self._row], strict=False).decode  # type: ignore[name-defined]
        self._dimension_names = source.dimensions

    def read(self, body: bytes, keep: Callable[[], Kept | list[Any]] = list) -> Page:
        """Decode a page, quickly where every value is of its type.

        Args:
            body: The page.
            keep: Makes what takes the rows and is the page's `records`.
        """
        try:
            return self._gather(*_sliced(body), keep)
        except msgspec.DecodeError:  # the slices were cut where no row ends, or the page is damaged
            return self._gather(body, (), keep)

    def _gather(self, frame: bytes, slices: Iterable[bytes], keep: Callable[[], Kept | list[Any]]) -> Page:
        kept = keep()
        odd: dict[str, str] = {}
        rows, info = self._whole(frame, odd)
        dimensions = [row.dimensions for row in rows]
        kept.extend(rows)
        for one in slices:
            taken = kept.take(one) if isinstance(kept, Kept) else None
            if taken is not None:
                dimensions += map(self._dimensions, *taken)
                continue
            rows = self._some(one, odd)
            dimensions += [row.dimensions for row in rows]
            kept.extend(rows)
        return Page(kept, dimensions, info.total_number, info.total_page, odd)

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

        def keys(keyed: Sequence[Any]) -> list[Any]:
            return [
                identity << 32 | known[rest] if type(identity) is int else (identity, rest)
                for identity, rest in zip(map(of_first, keyed), map(of_others, keyed), strict=True)
            ]

        return keys

    def _whole(self, answer: bytes, odd: dict[str, str]) -> tuple[list[Any], _PageInfo]:
        """The rows of an answer, and its counts."""
        with_nulls = _with_nulls(answer)
        if not answer.startswith(_COMPACT):  # a serializer that puts spaces puts one after the first colon
            with_nulls = _SPACED_NULL.sub(b":null", with_nulls)
        try:
            data = self._decode(with_nulls).data
        except (msgspec.DecodeError, UnicodeDecodeError):  # a value not of its type, or a text that msgspec refuses
            rows, info = _untyped(answer, "list")
            return [self._fitted_row(row, odd) for row in rows], info
        return data.list, data.page_info

    def _some(self, rows: bytes, odd: dict[str, str]) -> list[Any]:
        """The rows, which are separated by commas."""
        try:
            return self._decode_rows(_with_nulls(rows, b"[", b"]"))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return [self._fitted_row(row, odd) for row in _objects(_any_json(b"[%b]" % rows), "a slice of the list")]

    def _fitted_row(self, row: Mapping[str, Any], odd: dict[str, str]) -> Any:
        return self._row(*(self._fitted(part, row.get(part), odd) for part in self._fields))

    def _fitted(self, part: str, given: Any, odd: dict[str, str]) -> Any:
        """The struct of a row's dimensions or metrics, each value in its type or null."""
        if not isinstance(given, Mapping):
            raise msgspec.ValidationError(f"a row of the report has no `{part}`")
        values = {}
        for name, kind in self._fields[part].items():
            value = given.get(name)
            is_null = part == "metrics" and value == "-"
            values[name] = None if is_null else fitted(value, kind, name, odd)
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


class ObjectReader:
    """Reads one stream of objects.

    Args:
        stream: Which one.
        advertiser_id: The account that is being read, put into each record; None if the records have it themselves.
    """

    def __init__(self, stream: Stream, advertiser_id: str | None = None) -> None:
        source = stream.source
        assert isinstance(source, ObjectSource)  # noqa: S101 - narrows the type; the caller has looked
        self._list_key = source.list_key
        self._types = field_types(stream)
        self._advertiser_id = None if advertiser_id is None else int(advertiser_id)
        self._lifted = source.lifted
        self._row_key = stream.row_key

    def read(self, body: bytes) -> Page:
        """Decode a page."""
        rows, info = _untyped(body, self._list_key)
        odd: dict[str, str] = {}
        records = [self.typed(row, odd) for row in rows]
        return Page(records, records, info.total_number, info.total_page, odd)

    def typed(self, row: Mapping[str, Any], odd: dict[str, str]) -> dict[str, Any]:
        """One object with the catalog's types; fields that the catalog does not know pass as they are."""
        types = self._types
        if self._lifted:
            row = {name: _inner(row, way) for name, way in self._lifted.items()} | dict(row)
        record = {
            name: fitted(value, types[name], name, odd) if name in types else value for name, value in row.items()
        }
        if self._advertiser_id is not None:
            record["advertiser_id"] = self._advertiser_id
        return record

    def keyer(self) -> Keyer:
        """Keys of the objects' ids."""
        names = self._row_key

        def key(record: Any) -> Any:
            ids = tuple(record.get(name) for name in names)
            if ids and all(isinstance(one, (int, str)) for one in ids):
                return ids
            return msgspec.json.encode(record)  # without an id only itself tells it apart

        return lambda keyed: [key(record) for record in keyed]


def _inner(record: Any, way: Sequence[str]) -> Any:
    """What is inside a record at the end of this way; None where the way ends before."""
    for name in way:
        record = record.get(name) if isinstance(record, Mapping) else None
    return record


class KeepingReader:
    """Reads a report's rows into what somebody keeps them in.

    Args:
        reader: Of the report.
        keep: Makes that, for each page anew.
    """

    def __init__(self, reader: ReportReader, keep: Callable[[], Kept | list[Any]]) -> None:
        self._reader = reader
        self._keep = keep
        self.keyer = reader.keyer

    def read(self, body: bytes) -> Page:
        """Decode a page."""
        return self._reader.read(body, self._keep)


@lru_cache(maxsize=256)
def report_reader(stream: Stream) -> ReportReader:
    """The reader of a report stream, made once: its structs serve all accounts."""
    return ReportReader(stream)


def _untyped(body: bytes, list_key: str) -> tuple[list[Mapping[str, Any]], _PageInfo]:
    answer = _any_json(body)
    data = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(data, Mapping):
        raise msgspec.ValidationError("`data` is not an object")
    rows = _objects(data.get(list_key), f"`data.{list_key}`")
    return rows, msgspec.convert(data.get("page_info") or {}, _PageInfo, strict=False)


def _objects(value: Any, what: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise msgspec.ValidationError(f"{what} is not a list of objects")
    return value


def _any_json(body: bytes) -> Any:
    """The JSON of a body, with U+FFFD for halves of characters and infinity for numbers beyond all bounds.

    TikTok cuts texts, sometimes in the middle of an emoji. msgspec refuses such a body; no row is given up for that.

    Raises:
        msgspec.DecodeError: If it is not JSON.
    """
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        try:
            return _whole(json.loads(body, parse_int=_any_int))
        except (ValueError, RecursionError):
            raise error from None
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(f"it is not UTF-8 ({error.reason})") from None


def _any_int(text: str) -> int | float:
    return int(text) if len(text) < 400 else float(text)


def _whole(value: Any) -> Any:
    """The value with U+FFFD for each half of a character."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value
