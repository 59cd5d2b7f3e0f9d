"""How the records of both connectors differ, field by field."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from parity.bench import Reading
from support import Outcome
from tiktok_marketing.catalog import STREAMS, Stream

MISSING = "(missing)"
"""Stands for a field where the whole record is not there."""


def equal(theirs: Any, ours: Any) -> bool:
    """Whether our value has everything that theirs has, with the same type."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return all(key in ours and equal(value, ours[key]) for key, value in theirs.items())
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(theirs) == len(ours) and all(map(equal, theirs, ours))
    return bool(theirs == ours) and type(theirs) is type(ours)


def differing_fields(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Fields of a record that ours lacks or that differ; the fields of nested objects count separately."""
    differing = []
    for field, value in theirs.items():
        mine = ours.get(field)
        if isinstance(value, dict) and isinstance(mine, dict):
            differing += [
                f"{field}.{name}" for name, part in value.items() if name not in mine or not equal(part, mine[name])
            ]
        elif field not in ours or not equal(value, mine):
            differing.append(field)
    return differing


def differences(stream: Stream, theirs: Outcome, ours: Outcome) -> Counter[str]:
    """How often each field differs; `(missing)` counts records that ours lacks."""

    def key(record: Mapping[str, Any]) -> Any:
        if stream.primary_key:
            return tuple(record.get(field) for field in stream.primary_key)
        return json.dumps({name: value for name, value in record.items() if name != "advertiser_id"}, sort_keys=True)

    by_key = defaultdict(list)
    for record in ours.records(stream.name):
        by_key[key(record)].append(record)
    counts: Counter[str] = Counter()
    for record in theirs.records(stream.name):
        candidates = [differing_fields(record, mine) for mine in by_key.get(key(record), [])]
        counts.update(min(candidates, key=len) if candidates else [MISSING])
    return counts


def all_differences(theirs: Outcome, ours: Outcome) -> dict[tuple[str, str], int]:
    """How often each field of each stream differs."""
    return {
        (stream.name, field): count for stream in STREAMS for field, count in differences(stream, theirs, ours).items()
    }


def failed(outcome: Outcome) -> set[str]:
    """The streams that did not end well."""
    return {name for name, statuses in outcome.statuses.items() if statuses[-1] != "COMPLETE"}


def keys(stream: Stream, *readings: Reading) -> set[tuple[object, ...]]:
    """The keys of the records of these readings, without accounts, which 4.7.0's records do not name."""
    return {
        tuple(record[field] for field in stream.primary_key)
        for reading in readings
        for record in reading.outcome.records(stream.name)
    }
