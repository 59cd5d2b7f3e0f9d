"""Compares rows of a report, as TikTok returns them now, by key with those of the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

import msgspec

from tiktok_marketing.catalog import ReportSource, ReportStream
from tiktok_marketing.config import Config
from tiktok_marketing.doctor.database import MEASURES, Database, measures_of
from tiktok_marketing.doctor.expected_days import ExpectedDays
from tiktok_marketing.doctor.findings import Finding, Fix, Severity
from tiktok_marketing.pipelines.arrow.columns import ColumnType
from tiktok_marketing.pipelines.arrow.stand_ins import stand_in
from tiktok_marketing.sync.plan.cursors import normalize_time
from tiktok_marketing.sync.plan.windows import Window

_CHANGING_FILTERS = frozenset({"campaign_status", "adgroup_status", "ad_status", "campaign_label"})
"""Filters by what changes while an object lives."""
_NO_VALUE = (None, "", "-")
_TIMES = frozenset({ColumnType.DAY, ColumnType.TIME})
GAPS, ROWS, VALUES = "gaps", "rows", "values"


class DifferenceKind(StrEnum):
    """How rows differ."""

    MISSING = "missing"
    """TikTok has them, the database does not."""
    SURPLUS = "surplus"
    """The database has them, TikTok does not."""
    CHANGED = "changed"
    """Both have them, with different figures."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one day that differ in one way.

    Args:
        expected: The report and the account.
        day: The day.
        kind: How they differ.
        rows: How many rows differ.
        delivered: Whether any of them has impressions, clicks or spend.
        whole_day: Whether the database has no row of that day at all.
        read_at: When the rows, or, if they are missing, their day, were last read; None if it is not known.
        outdated: Whether the day was read again after the rows were, and the rows did not come again.
        example: One of the rows, in words.
    """

    expected: ExpectedDays
    day: date
    kind: DifferenceKind
    rows: int
    delivered: bool
    whole_day: bool
    read_at: datetime | None
    outdated: bool
    example: str


def differences(
    database: Database, expected: ExpectedDays, window: Window, rows: Sequence[Any]
) -> Iterator[Difference]:
    """Compare a window of a report.

    Args:
        database: A database whose census was taken.
        expected: The report and the account.
        window: The days.
        rows: The rows that TikTok returns for these days, as `sync.decode` reads them.
    """
    stream = expected.stream
    advertiser_id = int(expected.account.advertiser_id)
    _copy_stored_rows(database, stream, advertiser_id, window)
    database.memory.register("tiktok_rows", _table(stream, rows))
    try:
        groups = database.query(_sql(stream), [stream.name, advertiser_id])
    finally:
        database.memory.unregister("tiktok_rows")
    for day, kind, count, delivered, whole_day, read_at, outdated, key, stored, at_tiktok in groups:
        yield Difference(
            expected=expected,
            day=day,
            kind=DifferenceKind(kind),
            rows=count,
            delivered=delivered,
            whole_day=whole_day,
            read_at=None if read_at is None else read_at.replace(tzinfo=UTC),
            outdated=bool(outdated),
            example=_example(key, stored, at_tiktok),
        )


def _table(stream: ReportStream, rows: Sequence[Any]) -> Any:
    import pyarrow as pa

    from tiktok_marketing.pipelines.arrow.tables import columns_of

    source, measures = stream.source, measures_of(stream)
    types = {column.name: column.type for column in columns_of(stream)}
    columns: dict[str, Any] = {
        name: pa.array([_text(getattr(row.dimensions, name), types[name]) for row in rows], pa.string())
        for name in source.dimensions
    }
    for name in MEASURES:
        values = [_decimal(getattr(row.metrics, measures.get(name, name), None)) for row in rows]
        columns[name] = pa.array(values, pa.decimal128(38, 4))
    return pa.table(columns)


def _text(value: Any, type_: ColumnType) -> str:
    """A dimension as text, with what a database has in place of no value. TikTok writes days with or without a time."""
    if type_ in _TIMES:
        return normalize_time(str(value)) or str(value)
    return str(stand_in(type_, None) if value in _NO_VALUE else value)


def _decimal(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value)).quantize(Decimal("0.0001"))
    except InvalidOperation:
        return None


def _copy_stored_rows(database: Database, stream: ReportStream, advertiser_id: int, window: Window) -> None:
    """Create the table `stored_rows`: the rows of the database, with dimensions as texts in TikTok's form."""
    source = stream.source
    texts = ", ".join(f'"{name}" VARCHAR' for name in source.dimensions)
    numbers = ", ".join(f"{name} DECIMAL(38, 4)" for name in MEASURES)
    database.memory.execute(f"CREATE OR REPLACE TEMP TABLE stored_rows ({texts}, {numbers}, load_id VARCHAR)")
    midnight = " || ' 00:00:00'"
    dimensions = ", ".join(
        f'left("{name}"::VARCHAR{midnight}, 19)' if name == stream.cursor else f'"{name}"::VARCHAR'
        for name in source.dimensions
    )
    measures = measures_of(stream)
    stored = ", ".join(measures.get(name, "NULL") for name in MEASURES)
    database.copy_to_memory(
        "stored_rows",
        f"SELECT {dimensions}, {stored}, _dlt_load_id FROM {database.table(stream.name)}"  # noqa: S608
        f' WHERE advertiser_id = ? AND "{stream.cursor}" >= ? AND "{stream.cursor}" < ?',
        [advertiser_id, window.start, window.end + timedelta(days=1)],
    )


def _sql(stream: ReportStream) -> str:
    """Return the query that joins the rows of both sides by key, and groups those that differ by day and kind."""
    source = stream.source
    time = f'"{stream.cursor}"'
    on = " AND ".join(f's."{name}" = t."{name}"' for name in source.dimensions)
    first = source.dimensions[0]
    key = " || ' ' || ".join(f'coalesce(s."{name}", t."{name}")' for name in source.dimensions if name != stream.cursor)
    differs = " OR ".join(f"s.{name} IS DISTINCT FROM t.{name}" for name in MEASURES)
    figures = ", ".join(f"'{name}': %s.{name}" for name in MEASURES)
    delivers = " OR ".join(f"coalesce(s.{name}, 0) <> 0 OR coalesce(t.{name}, 0) <> 0" for name in MEASURES)
    if not measures_of(stream):
        delivers = "TRUE"  # nothing shows whether a row has a delivery
    return f"""
        WITH s AS (
            FROM stored_rows LEFT JOIN reads USING (load_id)
        ), both_sides AS (
            SELECT left(coalesce(s.{time}, t.{time}), 10)::DATE AS day, {key} AS key, s.read_at AS read_at,
                CASE WHEN s."{first}" IS NULL THEN 'missing' WHEN t."{first}" IS NULL THEN 'surplus'
                    ELSE 'changed' END AS kind,
                {{{figures % (("s",) * len(MEASURES))}}} AS stored,
                {{{figures % (("t",) * len(MEASURES))}}} AS at_tiktok,
                ({delivers}) AS delivers
            FROM s FULL OUTER JOIN tiktok_rows t ON {on}
            WHERE s."{first}" IS NULL OR t."{first}" IS NULL OR {differs}
        )
        SELECT b.day, kind, count(*), bool_or(delivers), any_value(d.day) IS NULL,
            coalesce(min(b.read_at), any_value(d.read_again_at)), bool_and(b.read_at < d.read_again_at),
            min_by(key, (NOT delivers, key)),
            min_by(stored, (NOT delivers, key)), min_by(at_tiktok, (NOT delivers, key))
        FROM both_sides b LEFT JOIN days d ON d.stream = $1 AND d.advertiser_id = $2 AND d.day = b.day
        GROUP BY b.day, kind ORDER BY b.day, kind
    """  # noqa: S608 - names of the catalog


def _example(key: str, stored: dict[str, Any], at_tiktok: dict[str, Any]) -> str:
    sides = [side for side in (stored, at_tiktok) if any(value is not None for value in side.values())]
    if len(sides) == 1:
        return f"{key} with {', '.join(f'{name} {_shown(value)}' for name, value in sides[0].items())}"
    figures = [
        f"{name} {_shown(stored[name])} here and {_shown(at_tiktok[name])} at TikTok"
        for name in MEASURES
        if stored[name] != at_tiktok[name]
    ]
    return f"{key} with {', '.join(figures)}"


def _shown(value: Decimal | None) -> str:
    if value is None:
        return "none"
    return f"{value.normalize():,f}"


# -- what the differences mean


def to_findings(config: Config, differences: Iterable[Difference]) -> Iterator[Finding]:
    """Return what the differences of each report and account mean; differences of the same kind share a finding."""
    groups: dict[tuple[str, str, str, Severity, DifferenceKind, str], list[tuple[Difference, Fix | None]]] = {}
    for difference in differences:
        severity, check, fix, reason = _meaning(config, difference)
        expected = difference.expected
        key = expected.stream.name, expected.account.advertiser_id, check, severity, difference.kind, reason
        groups.setdefault(key, []).append((difference, fix))
    for (stream, advertiser_id, check, severity, kind, reason), group in groups.items():
        fixes = [fix for _, fix in group if fix is not None]
        yield Finding(
            severity=severity,
            check=check,
            message=_message(check, kind, [difference for difference, _ in group]) + reason,
            stream=stream,
            advertiser_id=advertiser_id,
            days=tuple(sorted({difference.day for difference, _ in group})),
            fix=Fix.FULL if Fix.FULL in fixes else next(iter(fixes), None),
        )


def _meaning(config: Config, difference: Difference) -> tuple[Severity, str, Fix | None, str]:
    """Return the severity, the check, the fix, and the reason in words."""
    expected = difference.expected
    reread = difference.day >= expected.reread_from
    fix = Fix.SYNC if reread else Fix.FULL
    check = GAPS if difference.whole_day else VALUES if difference.kind is DifferenceKind.CHANGED else ROWS
    source = expected.stream.source
    surplus = difference.kind is DifferenceKind.SURPLUS
    if harmless := _harmless_reason(config, source, difference.kind):
        return Severity.NOTE, check, None, harmless
    if surplus and difference.outdated and difference.delivered:
        reason = " A later sync read the day again, and should have removed them."
        return Severity.WRONG, check, fix, reason
    if not difference.delivered:
        return Severity.NOTE, check, None, " They have no delivery, so later conversions explain them."
    if not expected.is_final(difference.day, difference.read_at):
        if reread:
            reason = " The day was still open when it was read; the next sync reads it again."
            return Severity.NOTE, check, None, reason
        reason = (
            " The day was last read before its figures were final, and no sync will read it again: raise "
            f"attribution_window ({config.attribution_window})."
        )
        return Severity.WARNING, check, Fix.FULL, reason
    behind_state = check == GAPS and difference.day <= expected.cursor
    reason = f" The state says that the account was read up to {expected.cursor}." if behind_state else ""
    return Severity.WRONG, check, fix, reason


def _harmless_reason(config: Config, source: ReportSource, kind: DifferenceKind) -> str:
    """Why rows may come and go without any damage; empty if they may not."""
    hides = source.hides_deleted and not source.includes_deleted(config.include_deleted)
    if kind is DifferenceKind.SURPLUS and hides:
        return " They belong to objects that were deleted after they were read."
    if kind is not DifferenceKind.CHANGED and any(of.field in _CHANGING_FILTERS for of in source.filters):
        return " Since they were read, other objects may pass the filters of the report."
    return ""


def _message(check: str, kind: DifferenceKind, group: Sequence[Difference]) -> str:
    count = sum(difference.rows for difference in group)
    rows = "1 row" if count == 1 else f"{count:,} rows"
    example = next((difference.example for difference in group if difference.delivered), group[0].example)
    if check == GAPS:
        days = len({difference.day for difference in group})
        if days == 1:
            return f"A day is missing: TikTok has {rows} on it, such as {example}."
        return f"{days:,} days are missing: TikTok has {rows} on them, such as {example}."
    text = {
        DifferenceKind.MISSING: f"TikTok has {rows} that the database lacks",
        DifferenceKind.SURPLUS: f"The database has {rows} that TikTok does not have",
        DifferenceKind.CHANGED: f"{rows} differ{'s' if count == 1 else ''} from TikTok's",
    }[kind]
    return f"{text}: {example}."
