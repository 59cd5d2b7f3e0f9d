"""What is new since the last sync, how fresh the streams are, and which days are absent or may still change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from tiktok_marketing.pipelines.databases.bookkeeping import SYNCS_TABLE
from tiktok_marketing.report.bounds import MOST_CHANGES, MOST_COVERAGE
from tiktok_marketing.report.contents import Change, Changes, Coverage, Sync
from tiktok_marketing.report.scope import Scope
from tiktok_marketing.report.source import ACCOUNT, Source, day_text, shown_text

_OBJECTS = (
    ("campaign", "campaigns", "campaign_name"),
    ("ad group", "ad_groups", "adgroup_name"),
    ("ad", "ads", "ad_name"),
)
_NEEDED = {"advertiser_id", "create_time", "modify_time"}


def changes(source: Source, scope: Scope) -> Changes:
    """Return what TikTok says was created or changed since the sync before the last one."""
    if "started_at" not in source.columns.get(SYNCS_TABLE, ()) or "sync_id" not in source.columns[SYNCS_TABLE]:
        return Changes()
    syncs = source.rows(
        f"SELECT min(started_at) FROM {source.table(SYNCS_TABLE)} WHERE started_at IS NOT NULL"  # noqa: S608
        " GROUP BY sync_id ORDER BY 1 DESC LIMIT 2"
    )
    last = time_text(syncs[0][0]) if syncs else ""
    if len(syncs) < 2:
        return Changes(last=last)
    before = syncs[1][0]
    found: list[Change] = []
    total = 0
    for kind, table, label in _OBJECTS:
        if not {label, "operation_status", *_NEEDED} <= source.columns.get(table, set()):
            continue
        newest = "GREATEST(COALESCE(o.modify_time, o.create_time), COALESCE(o.create_time, o.modify_time))"
        total += source.rows(f"SELECT count(*) FROM {source.table(table)} AS o WHERE {newest} >= ?", [before])[0][0]  # noqa: S608
        rows = source.rows(
            f"SELECT o.advertiser_id, o.{label}, o.create_time >= ?, {newest}, o.operation_status"  # noqa: S608
            f" FROM {source.table(table)} AS o WHERE {newest} >= ? ORDER BY 4 DESC, o.{label} LIMIT {MOST_CHANGES}",
            [before, before],
        )
        found += [_change(kind, row, scope) for row in rows]
    found.sort(key=lambda change: change.at, reverse=True)
    return Changes(since=time_text(before), last=last, items=found[:MOST_CHANGES], total=total)


def _change(kind: str, row: Sequence[Any], scope: Scope) -> Change:
    advertiser_id, name, created, at, status = row
    return Change(
        kind=kind,
        name=shown_text(name),
        account=scope.known_account(advertiser_id),
        what="created" if created else "changed",
        at=time_text(at),
        status=status or "",
    )


def syncs(source: Source) -> list[Sync]:
    """Return the last sync of each stream."""
    if not {"sync_id", "started_at", "stream", "complete"} <= source.columns.get(SYNCS_TABLE, set()):
        return []
    rows = source.rows(
        "SELECT stream, last_sync_at, hours_ago, complete, missing, read_rows"  # noqa: S608 - names of our own
        f" FROM {source.view('freshness')} ORDER BY stream"
    )
    return [
        Sync(
            stream=stream,
            last_sync_at=time_text(at),
            hours_ago=None if hours is None else round(float(hours), 1),
            complete=bool(complete),
            missing=missing or "",
            read_rows=read,
        )
        for stream, at, hours, complete, missing, read in rows
    ]


def coverage(source: Source, scope: Scope) -> list[Coverage]:
    """Return the days of each report per account: which are there, which are absent, and which may still change."""
    if scope.is_empty or not source.has("coverage"):
        return []
    rows = source.rows(
        f"SELECT stream, {ACCOUNT}, min(first_day), max(last_day), sum(last_day - first_day + 1 - days_with_rows),"  # noqa: S608
        f" max(last_read_at) FROM {source.view('coverage')} GROUP BY 1, 2, 3",
        [scope.ids],
    )
    opened = _open_days(source, scope)
    lines = [
        Coverage(
            stream=stream,
            account=scope.account(advertiser_id, currency),
            first=day_text(first),
            last=day_text(last),
            empty=int(empty or 0),
            open_from=day_text(opened.get((stream, advertiser_id), (None, 0))[0]),
            open_days=opened.get((stream, advertiser_id), (None, 0))[1],
            read_at=time_text(read_at),
        )
        for stream, advertiser_id, currency, first, last, empty, read_at in rows
    ]
    lines.sort(key=lambda line: (-line.empty, line.account, line.stream))
    return lines[:MOST_COVERAGE]


def _open_days(source: Source, scope: Scope) -> dict[tuple[str, int | None], tuple[date, int]]:
    """Return the first open day and the number of open days, per report and account."""
    if not source.has("open_days"):
        return {}
    rows = source.rows(
        "SELECT stream, CASE WHEN advertiser_id = ANY(?) THEN advertiser_id END, min(day), count(DISTINCT day)"  # noqa: S608
        f" FROM {source.view('open_days')} GROUP BY 1, 2",
        [scope.ids],
    )
    return {(stream, advertiser_id): (first, int(days)) for stream, advertiser_id, first, days in rows}


def time_text(time: datetime | None) -> str:
    """Return a time in UTC as the page reads it."""
    return time.strftime("%Y-%m-%d %H:%M") if time else ""
