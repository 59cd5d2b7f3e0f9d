"""What one connector gave and the other did not, record by record and field by field."""

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
    """Whether all of their value is in ours, with the same type."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return all(key in ours and equal(value, ours[key]) for key, value in theirs.items())
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(theirs) == len(ours) and all(map(equal, theirs, ours))
    return bool(theirs == ours) and type(theirs) is type(ours)


def differing_fields(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Fields of one record that are not here, or not equal; those of `metrics` and the like one by one."""
    found = []
    for field, value in theirs.items():
        mine = ours.get(field)
        if isinstance(value, dict) and isinstance(mine, dict):
            found += [
                f"{field}.{name}" for name, part in value.items() if name not in mine or not equal(part, mine[name])
            ]
        elif field not in ours or not equal(value, mine):
            found.append(field)
    return found


def differences(stream: Stream, theirs: Outcome, ours: Outcome) -> Counter[str]:
    """How often each field differs; `(missing)` counts records that are not here at all."""

    def key(record: Mapping[str, Any]) -> Any:
        if stream.primary_key:
            return tuple(record.get(field) for field in stream.primary_key)
        return json.dumps({name: value for name, value in record.items() if name != "advertiser_id"}, sort_keys=True)

    here = defaultdict(list)
    for record in ours.records(stream.name):
        here[key(record)].append(record)
    found: Counter[str] = Counter()
    for record in theirs.records(stream.name):
        candidates = [differing_fields(record, mine) for mine in here.get(key(record), [])]
        found.update(min(candidates, key=len) if candidates else [MISSING])
    return found


def all_differences(theirs: Outcome, ours: Outcome) -> dict[tuple[str, str], int]:
    """How often each field of each stream differs."""
    return {
        (stream.name, field): count for stream in STREAMS for field, count in differences(stream, theirs, ours).items()
    }


def failed(outcome: Outcome) -> set[str]:
    """The streams that did not end well."""
    return {name for name, statuses in outcome.statuses.items() if statuses[-1] != "COMPLETE"}


def keys(stream: Stream, *readings: Reading) -> set[tuple[object, ...]]:
    """What tells the records of these readings apart; 4.7.0's do not name their account."""
    return {
        tuple(record[field] for field in stream.primary_key)
        for reading in readings
        for record in reading.outcome.records(stream.name)
    }
