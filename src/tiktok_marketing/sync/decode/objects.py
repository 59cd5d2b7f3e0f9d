"""Decodes pages of objects to dictionaries with the catalog's types. They may contain fields that it does not know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tiktok_marketing.catalog import ObjectStream, field_types
from tiktok_marketing.sync.decode.coercion import Misfit, coerce, to_decimal, to_text
from tiktok_marketing.sync.decode.lenient_json import (
    NOT_AN_OBJECT,
    PageInfo,
    count_of,
    decode_list,
    decode_map,
    decode_record,
)
from tiktok_marketing.sync.decode.pages import Keyer, Page, RawRows, RecordList

_MOST_DIGITS = 300
"""A number with more digits before or behind its point is at the limits of a double, and no amount."""


class ObjectReader:
    """Decodes one stream of objects.

    Args:
        stream: The stream.
        advertiser_id: The account, added to each record as an integer; None if the records have it themselves.
    """

    def __init__(self, stream: ObjectStream, advertiser_id: str | None = None) -> None:
        source = stream.source
        self._source = source
        self.fields: Mapping[str, Any] = {}
        """Fields that the request gives to the records, where TikTok leaves them out."""
        self._types = field_types(stream)
        self._advertiser_id = None if advertiser_id is None else int(advertiser_id)
        self._row_key = stream.row_key
        self._given = {*source.request_fields, *(() if advertiser_id is None else ("advertiser_id",))}

    def read(self, body: bytes) -> Page[RecordList]:
        """Decode a page."""
        rows, info = self._decode(body)
        records = self.typed_all(rows)
        keyed = list(records)
        for misfit in records.misfits:
            if misfit.field in self._row_key:  # what identifies the object is what TikTok sent
                keyed[misfit.row] = keyed[misfit.row] | {misfit.field: to_text(misfit.value)}
        counts = count_of(info.total_number), count_of(info.total_page)
        return Page(records, keyed, *counts, records.misfits, count_of(info.page_size), RawRows(lambda: rows))

    def _decode(self, body: bytes) -> tuple[list[Mapping[str, Any]], PageInfo]:
        source = self._source
        if not source.list_key:
            return decode_record(body)
        if source.map_key:
            return decode_map(body, source.list_key, source.map_key)
        return decode_list(body, source.list_key)

    def typed_all(self, rows: Iterable[Mapping[str, Any]]) -> RecordList:
        """Objects with the catalog's types."""
        misfits: list[Misfit] = []
        return RecordList([self._typed(row, number, misfits) for number, row in enumerate(rows)], misfits)

    def _typed(self, row: Mapping[str, Any], number: int, misfits: list[Misfit]) -> dict[str, Any]:
        """One object with the catalog's types; fields that the catalog does not know pass unchanged.

        What is no object is delivered without fields, and what stands in its place is a misfit of its id.
        """
        types = self._types
        source = self._source
        if NOT_AN_OBJECT in row:
            missing = (name for name in (*self._row_key, *types) if name not in row and name not in self._given)
            name, value = next(missing), row[NOT_AN_OBJECT]
            misfits.append(Misfit(number, name, value, {name: value}))
            row = {key: each for key, each in row.items() if key != NOT_AN_OBJECT} | {name: None}
        if source.promoted_fields:
            row = {name: _nested(row, path) for name, path in source.promoted_fields.items()} | dict(row)
        if source.scaled:
            row = {
                name: _unscaled(value, source.scaled[name]) if name in source.scaled else value
                for name, value in row.items()
            }
        if self.fields:
            row = {**row, **self.fields}
        record = dict(row)
        rejected: dict[str, Any] = {}
        for name, value in row.items():
            if name in types:
                record[name] = coerce(value, types[name], name, rejected)
                if rejected:
                    misfits.append(Misfit(number, name, value, rejected))
                    rejected = {}
        if self._advertiser_id is not None:
            record["advertiser_id"] = self._advertiser_id
        return record

    def keyer(self) -> Keyer:
        """Makes keys of the objects' ids."""
        names = self._row_key

        def key(record: Any) -> Any:
            ids = tuple(record.get(name) for name in names)
            if ids and all(isinstance(value, (int, str)) and value != "" for value in ids):
                return ids
            return msgspec.json.encode(record)  # without an id, and "" is none, only the whole record identifies it

        return lambda keyed: [key(record) for record in keyed]

    def describe(self, keyed: Any) -> str:
        """The object's ids, for people."""
        return ", ".join(f"{name} {keyed.get(name)}" for name in self._row_key)

    def shared_in(self, keyed: Any) -> None:  # noqa: ARG002 - each reader has this method
        """None: an id belongs to one object."""
        return


def _unscaled(value: Any, factor: int) -> Any:
    """A number that TikTok multiplied by a factor, divided again as text; anything else as it is."""
    number = to_decimal(value)
    return value if number is None or abs(number.adjusted()) > _MOST_DIGITS else str(number / factor)


def _nested(record: Any, path: Sequence[str]) -> Any:
    """The value at this path in a record; None if the path does not exist."""
    value = record
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
