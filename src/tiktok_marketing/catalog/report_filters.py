"""Filters of reports: which fields TikTok filters by, in which ways, and how a configuration writes them. Pure.

A filter limits a report to some of an account's campaigns, ad groups or ads (`/report/integrated/get/`, `filtering`).
So its rows are a part of the account's, and their sums are smaller.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tiktok_marketing.catalog.objection import Objection, either, unknown_word
from tiktok_marketing.catalog.stream import ReportFilter

STATUSES = (
    "STATUS_ALL",
    "STATUS_NOT_DELETE",
    "STATUS_DELETE",
    "STATUS_DELIVERY_OK",
    "STATUS_DISABLE",
    "STATUS_NOT_DELIVERY",
    "STATUS_TIME_DONE",
    "STATUS_RF_CLOSED",
    "STATUS_FROZEN",
)
MOST_VALUES = 100
"""The most values of one filter: TikTok accepts no more ids."""
_ONE_TIME = ("GREATER_EQUAL", "GREATER_THAN", "LOWER_EQUAL", "LOWER_THAN")
_TWO_TIMES = ("BETWEEN",)
_VALUES_OF: Mapping[str, int] = {**dict.fromkeys(_ONE_TIME, 1), "BETWEEN": 2, "MATCH": 1}
"""How many values a filter of a type needs. The other types accept several."""
_TIME_FORM = "%Y-%m-%d %H:%M:%S"
_WORD = re.compile(r"[A-Z][A-Z0-9_]*")


class _Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field that reports can be filtered by.

    Args:
        kinds: The ways to compare it. The first one is the usual one.
        values: The values that it has; empty if that is not known, or they are ids, words or times.
        form: What its values look like: `id`, `word`, `text` or `time`.
        report_types: The report types that have it.
    """

    kinds: tuple[str, ...] = ("IN",)
    values: tuple[str, ...] = ()
    form: str = "word"
    report_types: tuple[str, ...] = ("BASIC", "AUDIENCE", "CATALOG")


FILTERS: Mapping[str, _Field] = {
    "campaign_ids": _Field(form="id"),
    "adgroup_ids": _Field(form="id"),
    "ad_ids": _Field(form="id"),
    "ad_ids_v2": _Field(form="id"),
    "campaign_status": _Field(kinds=("IN", "NOT_IN"), values=STATUSES),
    "adgroup_status": _Field(kinds=("IN", "NOT_IN"), values=STATUSES),
    "ad_status": _Field(kinds=("IN", "NOT_IN"), values=STATUSES),
    "buying_type": _Field(kinds=("IN", "NOT_IN"), values=("AUCTION", "RESERVATION_RF", "RESERVATION_TOP_VIEW")),
    "campaign_automation_type": _Field(kinds=("IN", "NOT_IN"), values=("MANUAL", "SMART_PLUS", "UPGRADED_SMART_PLUS")),
    "campaign_system_origins": _Field(values=("TT_ADS_PLATFORM", "PROMOTE")),
    "promotion_type": _Field(kinds=("IN", "NOT_IN")),
    "campaign_label": _Field(kinds=("IN", "CONTAIN_ANY_OF", "MATCH"), form="text", report_types=("BASIC",)),
    "create_time": _Field(kinds=(*_ONE_TIME, *_TWO_TIMES), form="time"),
}
"""The fields that reports can be filtered by."""
_KEYS: Mapping[str, str] = {
    "field": "field",
    "field_name": "field",
    "type": "type",
    "filter_type": "type",
    "values": "values",
    "value": "values",
    "filter_value": "values",
}
"""The keys of a filter, as they are written here and as TikTok writes them."""
_EXAMPLE = '{"field": "campaign_automation_type", "values": ["UPGRADED_SMART_PLUS"]}'


def filter_objections(
    filters: Sequence[ReportFilter], *, report_type: str, id_dimension: str, include_deleted: bool | None, status: str
) -> Iterator[Objection]:
    """What is wrong with the filters of a report, in the order to test it.

    Args:
        filters: The filters.
        report_type: `BASIC`, `AUDIENCE` or `CATALOG`.
        id_dimension: What a row of the report is about, such as `ad_id_v2`.
        include_deleted: Whether the report itself asks for the rows of deleted objects.
        status: The filter that asks for them; empty at account level.
    """
    for condition in filters:
        yield from _field_objections(condition, report_type)
        yield from _value_objections(condition)
    fields = [condition.field for condition in filters]
    for name in dict.fromkeys(fields):
        if fields.count(name) > 1:
            yield Objection(f"There are {fields.count(name)} filters by {name}.", "Write one, with all of its values.")
    if "ad_ids_v2" in fields and id_dimension != "ad_id_v2":
        yield Objection(
            "The filter ad_ids_v2 needs the dimension ad_id_v2.", "Add ad_id_v2 to dimensions, with the level ad."
        )
    if "ad_ids_v2" in fields and "ad_ids" in fields:
        yield Objection("The filters ad_ids and ad_ids_v2 do not go together.", "Leave one of them out.")
    if include_deleted is not None and status in fields:
        yield Objection(
            f"The filter {status} and include_deleted both say whether deleted objects count.", "Leave one of them out."
        )


def _field_objections(condition: ReportFilter, report_type: str) -> Iterator[Objection]:
    name, field = condition.field, FILTERS.get(condition.field)
    if name == "country_code":
        yield Objection(
            "TikTok does not filter by country_code.", "Add it to dimensions, and choose the countries in the database."
        )
    if name == "playable_status":
        yield Objection(
            "The filter playable_status belongs to reports about playable ads.", "Leave it out, or use ad_status."
        )
    if field is None:
        yield unknown_word("filter", name, tuple(FILTERS))
        return
    if condition.kind not in field.kinds:
        yield Objection(f"The filter {name} does not go with the type {condition.kind}.", f"Use {either(field.kinds)}.")
    if report_type not in field.report_types:
        yield Objection(
            f"The filter {name} does not go with the report type {report_type}.",
            f"Leave it out, or set report_type to {either(field.report_types)}.",
        )


def _value_objections(condition: ReportFilter) -> Iterator[Objection]:
    name, values = condition.field, condition.values
    if not values:
        yield Objection(f"The filter {name} has no values.", "Name at least one, or leave the filter out.")
    if len(values) > MOST_VALUES:
        yield Objection(
            f"The filter {name} has {len(values)} values, and TikTok accepts {MOST_VALUES}.",
            "Make several reports of it.",
        )
    for value in values:
        yield from _one_value_objections(name, value)
    wanted = _VALUES_OF.get(condition.kind)
    if wanted is not None and len(values) != wanted:
        yield Objection(
            f"The filter {name} has {len(values)} values, and {condition.kind} needs {wanted}.", "Use another type."
        )


def _one_value_objections(name: str, value: str) -> Iterator[Objection]:
    field, shown = FILTERS[name], repr(value[:40])
    if field.values and value not in field.values:
        yield unknown_word(f"value of the filter {name}", value, field.values)
    if field.form == "id" and not (value.isascii() and value.isdecimal()):
        yield Objection(f"The filter {name} has the value {shown}, which is not an id.", "Write numbers.")
    if field.form == "word" and not _WORD.fullmatch(value):
        yield Objection(
            f"The filter {name} has the value {shown}, which is not a word of TikTok's.",
            "Write it in capitals, such as WEBSITE.",
        )
    if field.form == "time" and _time(value) is None:
        yield Objection(
            f"The filter {name} has the value {shown}, which is not a time.",
            'Write it in UTC, such as "2026-03-01 00:00:00".',
        )


def read_filters(raw: Any) -> tuple[ReportFilter, ...] | None:
    """The filters that a configuration describes; None if it describes none.

    They are a list of objects with field, type and values, under these names or under TikTok's, or an object with the
    values of each field.
    """
    if isinstance(raw, Mapping) and not _KEYS.keys() & raw.keys():
        raw = [{"field": name, "values": values} for name, values in raw.items()]
    entries = [raw] if isinstance(raw, Mapping) else raw
    if not isinstance(entries, (list, tuple)):
        return None
    filters = [entry if isinstance(entry, ReportFilter) else _filter(entry) for entry in entries]
    known = tuple(condition for condition in filters if condition is not None)
    return known if len(known) == len(filters) else None


def _filter(entry: Any) -> ReportFilter | None:
    if not isinstance(entry, Mapping) or not entry.keys() <= _KEYS.keys():
        return None
    fields = {_KEYS[key]: value for key, value in entry.items() if value is not None}
    if len(fields) != len([value for value in entry.values() if value is not None]):
        return None
    name, kind, values = fields.get("field"), fields.get("type") or None, _values(fields.get("values"))
    if not isinstance(name, str) or not isinstance(kind, str | None) or values is None:
        return None
    name = name.strip()
    known = FILTERS.get(name)
    kind = (known.kinds[0] if known else "IN") if kind is None else kind.strip().upper()
    if known is not None and known.form == "time":
        values = tuple(_time(value) or value for value in values)
    elif known is not None and known.form == "word":
        values = tuple(value.upper() for value in values)
    # The order of the values means nothing, unless they are the two ends of a span.
    return ReportFilter(field=name, kind=kind, values=values if kind in _TWO_TIMES else tuple(sorted(set(values))))


def _values(raw: Any) -> tuple[str, ...] | None:
    """Values in a list, in a text with commas, or in JSON as TikTok writes it; None if they are something else."""
    if isinstance(raw, str) and raw.lstrip()[:1] in {"[", '"'}:
        try:
            raw = json.loads(raw)
        except ValueError:
            return None
    items = raw.split(",") if isinstance(raw, str) else [raw] if isinstance(raw, int) else raw
    if not isinstance(items, (list, tuple)) or not all(_is_value(item) for item in items):
        return None
    return tuple(str(item).strip() for item in items if str(item).strip())


def _is_value(item: Any) -> bool:
    return isinstance(item, str | int) and not isinstance(item, bool)


def _time(text: str) -> str | None:
    """A time as TikTok writes it; None if the text is not a time without a zone."""
    try:
        time = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return None
    return None if time.tzinfo is not None else time.strftime(_TIME_FORM)
