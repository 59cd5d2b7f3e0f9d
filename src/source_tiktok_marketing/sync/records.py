"""Page bytes become records of the catalog's types.

A report's page is decoded straight into structs made for its stream. Where a value does not fit its type, that page is
read once more without types and every value is brought to its type or, failing that, to null: no row is given up for a
value. Objects are few and may hold fields nobody declared, so they stay dictionaries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from operator import attrgetter
from typing import Annotated, Any, Protocol

import msgspec

from source_tiktok_marketing.catalog import FieldType, ObjectSource, ReportSource, Stream, field_types

_LARGEST_INT = 2**63 - 1
_WHOLE = re.compile(r"([+-]?\d+)(?:\.0*)?", re.ASCII)
_REAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)


class Page(msgspec.Struct, frozen=True):
    """One page, decoded.

    Args:
        records: As `sync.events.Batch` describes them.
        total_number: Rows that TikTok says there are on all pages; None if it does not say.
        total_page: Pages that TikTok says there are; None likewise.
        odd: Fields whose value could not be brought to its type and became null, with one such value each.
    """

    records: list[Any]
    total_number: int | None
    total_page: int | None
    odd: Mapping[str, str] = {}


Keyer = Callable[[Sequence[Any]], list[Any]]
"""Gives what tells each record from the others of its stream and account."""


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
    "integer": Annotated[int, msgspec.Meta(ge=-_LARGEST_INT - 1, le=_LARGEST_INT)],
    "number": float,
    "string": str,
}
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
        self._dimension_names = source.dimensions

    def read(self, body: bytes) -> Page:
        """Decode a page, quickly if every value is of its type."""
        try:
            # A quote right after a colon opens a value, so only values that are "-" as a whole are hit, wherever they
            # are: in a metric it is TikTok's null, and in a dimension it makes the typed decoding fail.
            body_with_nulls = b":null".join(body.split(b':"-"'))  # one pass; `replace` takes two
            if not body.startswith(_COMPACT):  # a serializer that puts spaces puts one after the first colon
                body_with_nulls = _SPACED_NULL.sub(b":null", body_with_nulls)
            data: Any = self._decode(body_with_nulls).data
        except (
            msgspec.DecodeError,
            UnicodeDecodeError,
        ):  # a value that is not of its type, or a text that msgspec refuses
            return self._read_untyped(body)
        return Page(data.list, data.page_info.total_number, data.page_info.total_page)

    def keyer(self) -> Keyer:
        """Keys of the rows' dimensions: an id and, packed below it, which of the other values it goes with.

        A window may have hundreds of thousands of rows, whose keys are all kept while it is read; an integer is a
        third of a tuple.
        """
        first, *others = self._dimension_names
        if not others:
            return lambda rows: [getattr(row.dimensions, first) for row in rows]
        of_others = attrgetter(*others)
        of_first = attrgetter(first)
        known: dict[Any, int] = {}

        def keys(rows: Sequence[Any]) -> list[Any]:
            packed = []
            for row in rows:
                dimensions = row.dimensions
                rest = of_others(dimensions)
                number = known.get(rest)
                if number is None:
                    number = known[rest] = len(known)
                identity = of_first(dimensions)
                packed.append(identity << 32 | number if type(identity) is int else (identity, rest))
            return packed

        return keys

    def _read_untyped(self, body: bytes) -> Page:
        rows, info = _untyped(body, "list")
        odd: dict[str, str] = {}
        records = []
        for row in rows:
            parts = {}
            for part, types in self._fields.items():
                values = row.get(part)
                if not isinstance(values, Mapping):
                    raise msgspec.ValidationError(f"a row of the report has no `{part}`")
                given = {name: values.get(name) for name in types}
                if part == "metrics":
                    given = {name: None if value == "-" else value for name, value in given.items()}
                parts[part] = {name: _fitted(value, types[name], name, odd) for name, value in given.items()}
            records.append(self._row(self._dimensions(**parts["dimensions"]), self._metrics(**parts["metrics"])))
        return Page(records, info.total_number, info.total_page, odd)


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
        return Page(records, info.total_number, info.total_page, odd)

    def typed(self, row: Mapping[str, Any], odd: dict[str, str]) -> dict[str, Any]:
        """One object with the catalog's types; fields that the catalog does not know pass as they are."""
        types = self._types
        if self._lifted:
            row = {name: _inner(row, way) for name, way in self._lifted.items()} | dict(row)
        record = {
            name: _fitted(value, types[name], name, odd) if name in types else value for name, value in row.items()
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

        return lambda records: [key(record) for record in records]


def _inner(record: Any, way: Sequence[str]) -> Any:
    """What is inside a record at the end of this way; None where the way ends before."""
    for name in way:
        record = record.get(name) if isinstance(record, Mapping) else None
    return record


@lru_cache(maxsize=256)
def report_reader(stream: Stream) -> ReportReader:
    """The reader of a report stream, made once: its structs serve all accounts."""
    return ReportReader(stream)


def _untyped(body: bytes, list_key: str) -> tuple[list[Mapping[str, Any]], _PageInfo]:
    answer = _any_json(body)
    data = answer.get("data") if isinstance(answer, Mapping) else None
    rows = data.get(list_key) if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise msgspec.ValidationError(f"`data.{list_key}` is not a list of objects")
    return rows, msgspec.convert(data.get("page_info") or {}, _PageInfo, strict=False)


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


def _fitted(value: Any, kind: FieldType, name: str, odd: dict[str, str]) -> Any:
    """The value in its type, or null; what could not be saved is noted in `odd`."""
    if value is None or kind.kind == "any":
        return value
    fitted = _FITTERS[kind.kind](value, kind, name, odd)
    if fitted is None and value not in {"", "-"} if isinstance(value, str) else fitted is None:
        odd.setdefault(name, str(value)[:60])
    return fitted


def _integer(value: Any, _kind: FieldType, _name: str, _odd: dict[str, str]) -> int | None:
    if isinstance(value, str):
        text = _ungrouped(value)
        match = _WHOLE.fullmatch(text)
        if match is None and _REAL.fullmatch(text):  # 1e3
            return _integer(float(text), _kind, _name, _odd)
        number = int(match[1]) if match and len(match[1]) < 30 else None
    elif isinstance(value, float):
        number = int(value) if value.is_integer() else None
    else:
        number = int(value) if isinstance(value, (int, bool)) else None
    return number if number is not None and -_LARGEST_INT - 1 <= number <= _LARGEST_INT else None


def _number(value: Any, _kind: FieldType, _name: str, _odd: dict[str, str]) -> float | None:
    if isinstance(value, str):
        value = _ungrouped(value)
        if not _REAL.fullmatch(value):
            return None
    elif not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def _ungrouped(text: str) -> str:
    """The text without the commas between thousands."""
    text = text.strip()
    return text.replace(",", "") if _GROUPED.fullmatch(text) else text


def _string(value: Any, _kind: FieldType, _name: str, _odd: dict[str, str]) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, list, dict)):
        return msgspec.json.encode(value).decode()
    return str(value)


def _boolean(value: Any, _kind: FieldType, _name: str, _odd: dict[str, str]) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())


def _object(value: Any, kind: FieldType, name: str, odd: dict[str, str]) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    return {
        key: _fitted(item, kind.fields[key], f"{name}.{key}", odd) if key in kind.fields else item
        for key, item in value.items()
    }


def _array(value: Any, kind: FieldType, name: str, odd: dict[str, str]) -> list[Any] | None:
    if not isinstance(value, list):
        return None
    items = kind.items
    return value if items is None else [_fitted(item, items, name, odd) for item in value]


_FITTERS: dict[str, Callable[[Any, FieldType, str, dict[str, str]], Any]] = {
    "integer": _integer,
    "number": _number,
    "string": _string,
    "boolean": _boolean,
    "object": _object,
    "array": _array,
}
