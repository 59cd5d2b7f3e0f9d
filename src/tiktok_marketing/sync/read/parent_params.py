"""The parameters of requests that come from the records of another list. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tiktok_marketing.catalog import Parent
from tiktok_marketing.config_values import is_advertiser_id
from tiktok_marketing.errors import Action, ConnectorError, TikTokError, UnusableIdError
from tiktok_marketing.sync.decode.coercion import shown, to_text
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.read.listing import Delivery

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
_DIGITS = frozenset("123456789")
_REFUSALS = frozenset({40001, 40002})
"""Codes that may be about one value of a parameter."""
_MOST_REFUSED = 3
"""After so many refusals without an answer, the others are not asked about: the account is refused, or the request."""


class ParentParams(msgspec.Struct, frozen=True):
    """Parameters of a request that come from the records of another list.

    Args:
        params: Their values; lists where a request accepts several.
    """

    params: Mapping[str, Any] = {}

    def halves(self) -> list[ParentParams] | None:
        """The same values divided into two; None if each parameter has one value only."""
        lists = [value for value in self.params.values() if isinstance(value, list)]
        middle = len(lists[0]) // 2 if lists else 0
        if not middle:
            return None
        return [
            ParentParams(
                {name: value[half] if isinstance(value, list) else value for name, value in self.params.items()}
            )
            for half in (slice(middle), slice(middle, None))
        ]

    def several(self, parent: Parent | None) -> dict[str, set[str]]:
        """For each field of the parent's records of which several values are requested at once: these values."""
        return {
            _field_of(path): set(self.params[name])
            for name, path in (parent.parameters.items() if parent is not None else ())
            if isinstance(self.params.get(name), list) and len(self.params[name]) > 1
        }

    def alone(self, parent: Parent | None, missing: Mapping[str, set[str]]) -> list[ParentParams]:
        """The parameters of requests about each of the missing values alone."""
        return [
            ParentParams({name: [value]})
            for name, path in (parent.parameters.items() if parent is not None else ())
            for value in sorted(missing.get(_field_of(path), ()))
        ]


class Unusable(msgspec.Struct, frozen=True):
    """A value in a list that no request can name, so that nothing could be asked about its record.

    Args:
        list_name: The stream that lists the record.
        field: The field of the record.
        value: What TikTok sent.
    """

    list_name: str
    field: str
    value: Any

    def error(self, stream: str, advertiser_id: str, count: int = 1) -> UnusableIdError:
        """The error of a stream that lacks the rows of such records.

        Args:
            stream: The stream.
            advertiser_id: The account.
            count: How many such records there are.
        """
        records = "a record" if count == 1 else f"{count:,} records"
        example = "" if count == 1 else "for example "
        return UnusableIdError(
            f"TikTok lists {records} in {self.list_name} of advertiser {advertiser_id} that cannot be asked about "
            f"({example}{self.field} is {shown(self.value)!r}), so rows of {stream} are missing.",
            remedy="Run the sync again; all other rows were read. If this persists, report it to TikTok with the "
            "account and the value.",
        )


class RefusedParams:
    """Parameters from another list that TikTok refuses. One odd value must not cost the objects of the others.

    Args:
        list_name: The stream whose records have them; None if there are none.
        advertiser_id: The account.
    """

    def __init__(self, list_name: str | None, advertiser_id: str) -> None:
        self._list_name = list_name
        self._advertiser_id = advertiser_id
        self._first: tuple[ParentParams, TikTokError] | None = None
        self._count = 0
        self.answered = False
        """Whether TikTok has answered about any of the parameters."""

    def may_cause(self, error: TikTokError, params: ParentParams) -> bool:
        """Whether other parameters may be answered: TikTok refused these, and nothing shows that it refuses all."""
        refused = error.code in _REFUSALS and error.action is Action.FAIL_ACCOUNT
        return refused and bool(params.params) and (self.answered or self._count < _MOST_REFUSED)

    def note(self, params: ParentParams, error: TikTokError) -> None:
        """TikTok refused the parameters, which cannot be divided."""
        self._count += 1
        self._first = self._first or (params, error)

    def error(self) -> ConnectorError | None:
        """The error to raise once everything else has been read; None if nothing was refused."""
        if self._first is None:
            return None
        params, error = self._first
        if not self.answered:
            return error
        values = {name: value[0] if isinstance(value, list) else value for name, value in params.params.items()}
        named = ", ".join(f"{name} {value}" for name, value in values.items())
        more = f", and {self._count - 1:,} more" if self._count > 1 else ""
        refusal = UnusableIdError(
            f"TikTok refuses to answer about what it lists in {self._list_name} of advertiser "
            f"{self._advertiser_id} ({named}{more}). {error.message}",
            remedy="Run the sync again; all other rows were read. If this persists, send the request_id to TikTok's "
            "support.",
            detail=error.detail,
        )
        refusal.code, refusal.request_id = error.code, error.request_id
        return refusal


def is_usable_id(value: Any) -> bool:
    """Whether a request can name the object with this id. TikTok writes 0 where it has no id.

    TikTok's documents call ids of shops and materials texts, and do not say that they have digits only. Those that do
    have 64 bits.
    """
    text = to_text(value)
    if text.isdecimal() and not is_advertiser_id(text):
        return False
    return bool(_ID.fullmatch(text)) and not _DIGITS.isdisjoint(text)


def records_as_sent(records: RecordList) -> list[Mapping[str, Any]]:
    """The records with what TikTok sent where it does not fit its type: null would mean that it sent nothing."""
    sent = list(records)
    for misfit in records.misfits:
        sent[misfit.row] = {**sent[misfit.row], misfit.field: misfit.value}
    return sent


def parent_params(
    parent: Parent, records: Sequence[Mapping[str, Any]], joined: Sequence[Mapping[str, Any]] = ()
) -> tuple[list[ParentParams], list[Unusable]]:
    """The parameters from the parent's records, without duplicates, in the order of the records.

    Args:
        parent: Which fields of the records become which parameters.
        records: The records of the parent stream.
        joined: The records of the stream that is joined to it, if any.

    Returns:
        The parameters, and what should have become one and cannot: one value for each such record.
    """
    field = parent.join_field
    unusable = [
        Unusable(parent.join_stream or "", field, record.get(field))
        for record in joined
        if not is_usable_id(record.get(field))
    ]
    joined_by_id = {to_text(record.get(field)): record for record in joined}
    distinct: dict[tuple[str, ...], None] = {}
    for record in records:
        if any(_differs(record.get(name), value) for name, value in parent.where.items()):
            continue
        odd = {name: record[name] for name, value in parent.where.items() if record.get(name) != value}
        if field and not is_usable_id(record.get(field)):
            odd[field] = record.get(field)
        joined_record = joined_by_id.get(to_text(record.get(field)), {})
        own = {name: value for name, value in record.items() if value or name not in joined_record}
        found = {path: _values({**joined_record, **own}, path) for path in parent.parameters.values()}
        odd |= {path: value for path, values in found.items() for value in values if not _is_usable(path, value)}
        values = [[to_text(value) for value in found[path] if _is_usable(path, value)] for path in found]
        unusable += [Unusable(parent.stream, path, value) for path, value in list(odd.items())[:1]]
        distinct |= dict.fromkeys(itertools.product(*values))
    names, value_tuples = list(parent.parameters), list(distinct)
    if parent.at_once is None:
        return [ParentParams(dict(zip(names, values, strict=True))) for values in value_tuples], unusable
    return [
        ParentParams(
            dict(zip(names, map(list, zip(*value_tuples[start : start + parent.at_once], strict=True)), strict=True))
        )
        for start in range(0, len(value_tuples), parent.at_once)
    ], unusable


def _differs(value: Any, wanted: Any) -> bool:
    """Whether a field certainly does not have the wanted value. A value of another type leaves it open."""
    return value != wanted and (value is None or isinstance(value, type(wanted)))


def _is_usable(path: str, value: Any) -> bool:
    return not path.endswith("_id") or is_usable_id(value)


def _values(record: Mapping[str, Any], path: str) -> list[Any]:
    """The values at a path in a record; none if it has none there. The id of a record itself is never absent."""
    values: list[Any] = [record]
    for name in path.split("."):
        nested = [value.get(name) for value in values if isinstance(value, Mapping)]
        values = [item for value in nested for item in (value if isinstance(value, list) else [value])]
    if path.endswith("_id") and "." not in path:
        return values or [record[path]]  # an empty list
    return [value for value in values if value]


def _field_of(path: str) -> str:
    """The field at the end of a path: what records about the value call it."""
    return path.rpartition(".")[2]


def drop_found(missing: Mapping[str, set[str]], delivery: Delivery[RecordList]) -> None:
    """Leave the values that have no record yet."""
    for field, values in missing.items():
        values.difference_update(str(record.get(field)) for record in delivery.records)
