"""One state from the states of several processes, each of which read some accounts. Pure.

Of two cursors of an account the later one counts, with what it covers: each is true by itself. So the order of the
states does not matter, nor does a state that is merged twice.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from tiktok_marketing.catalog import AnyStream, report_stream, stream_named
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.coverage import Covered
from tiktok_marketing.sync.plan.cursors import FULL_REFRESH, NO_CURSOR, Cursor, Cursors, read_state
from tiktok_marketing.sync.plan.refresh import merged_refreshes

_Statement = tuple[Cursor, Covered | None, tuple[str, ...] | None]
"""What a state says of an account: its cursor, what it covers, and the stores that were read."""
_REPORT_CURSORS = frozenset({"stat_time_day", "stat_time_hour"})
"""The cursors that reports have."""


def merge_states(states: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The states of all streams that exist, and of reports of a configuration's own, by name.

    Args:
        states: The states of each process: stream name to state, in any known form. A stream that the catalog lacks is
            a report of a configuration's own if its state has the form of one.

    Raises:
        ConfigurationError: If a state has no known form, has one cursor for all accounts, or is of another full
            refresh than the others.
    """
    names = dict.fromkeys(name for of in states for name in of)
    merged = {}
    for name in sorted(names):
        given = [of[name] for of in states if of.get(name)]
        stream = stream_named(name) or _own_report(name, given)
        if stream is not None and given:
            merged[name] = _merged(stream, given)
    return merged


def is_own_report(name: str, state: Any) -> bool:
    """Whether a state is one that a report of a configuration's own has, judged by its form."""
    return stream_named(name) is None and _own_report(name, [state]) is not None


def _own_report(name: str, states: Sequence[Any]) -> AnyStream | None:
    """A stream that has the name and the cursor of the states; None if no sync of this connector wrote them.

    Merging asks a stream for nothing but these.
    """
    written = [state for state in states if isinstance(state, Mapping)]
    fields = {field for state in written for field in _cursor_fields(state)}
    if len(written) < len(states) or len(fields) > 1 or not fields <= _REPORT_CURSORS:
        return None
    if not fields and not any(FULL_REFRESH in state or NO_CURSOR.keys() <= state.keys() for state in written):
        return None
    cursor = next(iter(fields), None)
    return replace(report_stream("ads_reports_daily"), name=name, cursor=cursor)


def _cursor_fields(state: Mapping[str, Any]) -> set[str]:
    """The fields of the cursors of a state's partitions."""
    entries = state.get("states")
    cursors = [of.get("cursor") for of in entries if isinstance(of, Mapping)] if isinstance(entries, list) else []
    return {field for cursor in cursors if isinstance(cursor, Mapping) for field in cursor}


def _merged(stream: AnyStream, states: Sequence[Any]) -> Any:
    parsed = [read_state(stream.name, stream.cursor or "", state) for state in states]
    if any(not cursors.of_full_refresh for cursors in parsed):
        return _merged_cursors(stream, [cursors for cursors in parsed if not cursors.of_full_refresh])
    refreshes = [state for state in states if FULL_REFRESH in state]
    return merged_refreshes(stream, refreshes) if refreshes else dict(NO_CURSOR)


def _merged_cursors(stream: AnyStream, parsed: Sequence[Cursors]) -> Any:
    latest: dict[AdvertiserId, _Statement] = {}
    for cursors in parsed:
        if cursors.has_common:
            raise ConfigurationError(
                f"A state of stream {stream.name} has one cursor for all accounts, so it cannot be merged.",
                remedy="Run a sync with it first, and merge the state that the sync writes.",
            )
        for advertiser_id in cursors.accounts:
            cursor = cursors.of(advertiser_id)
            assert cursor is not None  # noqa: S101 - it is one of its accounts
            candidate = (cursor, cursors.covered_of(advertiser_id), cursors.stores_of(advertiser_id))
            if advertiser_id not in latest or _rank(candidate) > _rank(latest[advertiser_id]):
                latest[advertiser_id] = candidate
    merged = Cursors(stream.cursor or "")
    for advertiser_id, (cursor, covered, stores) in sorted(latest.items()):
        merged.move(advertiser_id, cursor)
        if covered is not None:
            merged.cover(advertiser_id, covered)
        if stores is not None:
            merged.note_stores(advertiser_id, stores)
    return merged.to_state()


def _rank(candidate: _Statement) -> tuple[Any, ...]:
    """The order of two statements about an account. Of equal cursors, the one that covers less counts."""
    cursor, covered, stores = candidate
    fewer_stores = (-len(stores), stores) if stores is not None else (-sys.maxsize,)
    if covered is None:
        return (cursor, 1, *fewer_stores)
    earlier = (date.min, date.min) if covered.earlier is None else (covered.earlier.start, covered.earlier.end)
    less = (covered.start, not covered.include_deleted, not covered.boosted_posts, -covered.metrics, earlier)
    return (cursor, 0, *less, -len(covered.extra), covered.extra, covered.report, *fewer_stores)
