"""Page bytes become records of the catalog's types.

A report's page is decoded straight into structs made for its stream. Where a value does not fit its type, that page is
read once more without types and every value is brought to its type or, failing that, to null: no row is given up for a
value. Objects are few and may hold fields nobody declared, so they stay dictionaries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from operator import attrgetter
from typing import Any, Protocol

import msgspec

from source_tiktok_marketing.catalog import FieldType, ObjectSource, ReportSource, Stream, field_types

_LARGEST_INT = 2**63 - 1
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")


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


_PYTHON = {"integer": int, "number": float, "string": str}


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
            # are: in a metric it is TikTok's null, and anywhere else it makes the typed decoding fail.
            data: Any = self._decode(body.replace(b':"-"', b":null").replace(b': "-"', b": null")).data
        except msgspec.ValidationError:
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
                given = {name: None if (value := values.get(name)) == "-" else value for name in types}
                parts[part] = {name: _fitted(value, types[name], name, odd) for name, value in given.items()}
            dimensions = row["dimensions"]
            for name, value in parts["dimensions"].items():
                if value is None:  # part of the key: the text that came is better than nothing
                    parts["dimensions"][name] = str(dimensions.get(name))
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
        self._primary_key = stream.primary_key

    def read(self, body: bytes) -> Page:
        """Decode a page."""
        rows, info = _untyped(body, self._list_key)
        odd: dict[str, str] = {}
        records = [self.typed(row, odd) for row in rows]
        return Page(records, info.total_number, info.total_page, odd)

    def typed(self, row: Mapping[str, Any], odd: dict[str, str]) -> dict[str, Any]:
        """One object with the catalog's types; fields that the catalog does not know pass as they are."""
        types = self._types
        record = {
            name: _fitted(value, types[name], name, odd) if name in types else value for name, value in row.items()
        }
        if self._advertiser_id is not None:
            record["advertiser_id"] = self._advertiser_id
        return record

    def keyer(self) -> Keyer:
        """Keys of the objects' ids."""
        names = self._primary_key
        return lambda records: [tuple(record.get(name) for name in names) for record in records]


@lru_cache(maxsize=256)
def report_reader(stream: Stream) -> ReportReader:
    """The reader of a report stream, made once: its structs serve all accounts."""
    return ReportReader(stream)


def _untyped(body: bytes, list_key: str) -> tuple[list[Mapping[str, Any]], _PageInfo]:
    answer = msgspec.json.decode(body)
    data = answer.get("data") if isinstance(answer, Mapping) else None
    rows = data.get(list_key) if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise msgspec.ValidationError(f"`data.{list_key}` is not a list of objects")
    return rows, msgspec.convert(data.get("page_info") or {}, _PageInfo, strict=False)


def _fitted(value: Any, kind: FieldType, name: str, odd: dict[str, str]) -> Any:
    """The value in its type, or null; what could not be saved is noted in `odd`."""
    if value is None or kind.kind == "any":
        return value
    fitted = _FITTERS[kind.kind](value, kind, name, odd)
    if fitted is None and value not in {"", "-"} if isinstance(value, str) else fitted is None:
        odd.setdefault(name, str(value)[:60])
    return fitted


def _integer(value: Any, _kind: FieldType, _name: str, _odd: dict[str, str]) -> int | None:
    number = value if isinstance(value, int) and not isinstance(value, bool) else None
    if number is None:
        real = _real(value)
        if isinstance(value, str):
            try:
                number = int(value)
            except ValueError:
                number = None
        if number is None and real is not None and real.is_integer():
            number = int(real)
    return number if number is not None and abs(number) <= _LARGEST_INT else None


def _number(value: Any, _kind: FieldType, _name: str, _odd: dict[str, str]) -> float | int | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else _real(value)


def _real(value: Any) -> float | None:
    if isinstance(value, str):
        text = value.strip()
        try:
            real = float(text.replace(",", "") if _GROUPED.fullmatch(text) else text)
        except ValueError:
            return None
        return real if isfinite(real) else None
    return float(value) if isinstance(value, (int, float)) and isfinite(value) else None


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
