"""Rows of a report as TikTok gives them now, compared by key with those of the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

import msgspec

from tiktok_marketing.catalog import ReportStream
from tiktok_marketing.config import Config
from tiktok_marketing.doctor.database import MEASURES, Database
from tiktok_marketing.doctor.expected_days import Expected
from tiktok_marketing.doctor.findings import Finding, Fix, Severity
from tiktok_marketing.sync.plan.windows import Window

GAPS, ROWS, VALUES = "gaps", "rows", "values"


class Difference(StrEnum):
    """How rows differ."""

    MISSING = "missing"
    """TikTok has them, the database has not."""
    SURPLUS = "surplus"
    """The database has them, TikTok has not."""
    CHANGED = "changed"
    """Both have them, with other figures."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one day that differ in one way.

    Args:
        expected: The report and the account.
        day: The day.
        difference: How they differ.
        rows: How many.
        delivered: Whether any of them has impressions, clicks or spend.
        alone: Whether the database has no row of that day at all.
        read_at: When the rows were last read, or, where they are missing, their day; None if nothing tells.
        dropped: Whether the day was read again after the rows were, and they did not come any more.
        example: One of them, in words.
    """

    expected: Expected
    day: date
    difference: Difference
    rows: int
    delivered: bool
    alone: bool
    read_at: datetime | None
    dropped: bool
    example: str


def compare(database: Database, expected: Expected, window: Window, rows: Sequence[Any]) -> Iterator[Comparison]:
    """Compare a window of a report.

    Args:
        database: Its census has been taken.
        expected: The report and the account.
        window: The days.
        rows: What TikTok gives of them, as `sync.decode` reads it.
    """
    stream = expected.stream
    advertiser_id = int(expected.account.advertiser_id)
    _bring(database, stream, advertiser_id, window)
    database.memory.register("told", _table(stream, rows))
    try:
        found = database.query(_sql(stream), [stream.name, advertiser_id])
    finally:
        database.memory.unregister("told")
    for day, difference, count, delivered, alone, read_at, dropped, key, here, there in found:
        yield Comparison(
            expected=expected,
            day=day,
            difference=Difference(difference),
            rows=count,
            delivered=delivered,
            alone=alone,
            read_at=None if read_at is None else read_at.replace(tzinfo=UTC),
            dropped=bool(dropped),
            example=_example(key, here, there),
        )


def _table(stream: ReportStream, rows: Sequence[Any]) -> Any:
    import pyarrow as pa

    source = stream.source
    columns: dict[str, Any] = {
        name: pa.array([str(getattr(row.dimensions, name)) for row in rows], pa.string()) for name in source.dimensions
    }
    for name in MEASURES:
        values = [_decimal(getattr(row.metrics, name)) for row in rows]
        columns[name] = pa.array(values, pa.decimal128(38, 4))
    return pa.table(columns)


def _decimal(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value)).quantize(Decimal("0.0001"))
    except InvalidOperation:
        return None


def _bring(database: Database, stream: ReportStream, advertiser_id: int, window: Window) -> None:
    """Make `brought`: the rows that the database has, their dimensions as texts in the form of TikTok's."""
    source = stream.source
    texts = ", ".join(f'"{name}" VARCHAR' for name in source.dimensions)
    numbers = ", ".join(f"{name} DECIMAL(38, 4)" for name in MEASURES)
    database.memory.execute(f"CREATE OR REPLACE TEMP TABLE brought ({texts}, {numbers}, load_id VARCHAR)")
    midnight = " || ' 00:00:00'"
    dimensions = ", ".join(
        f'left("{name}"::VARCHAR{midnight}, 19)' if name == stream.cursor else f'"{name}"::VARCHAR'
        for name in source.dimensions
    )
    database.bring(
        "brought",
        f"SELECT {dimensions}, {', '.join(MEASURES)}, _dlt_load_id FROM {database.table(stream.name)}"  # noqa: S608
        f' WHERE advertiser_id = ? AND "{stream.cursor}" >= ? AND "{stream.cursor}" < ?',
        [advertiser_id, window.start, window.end + timedelta(days=1)],
    )


def _sql(stream: ReportStream) -> str:
    """Rows of both sides by key, and those that differ, by day and kind."""
    source = stream.source
    time = f'"{stream.cursor}"'
    on = " AND ".join(f'h."{name}" = t."{name}"' for name in source.dimensions)
    first = source.dimensions[0]
    key = " || ' ' || ".join(f'coalesce(h."{name}", t."{name}")' for name in source.dimensions if name != stream.cursor)
    differs = " OR ".join(f"h.{name} IS DISTINCT FROM t.{name}" for name in MEASURES)
    told = ", ".join(f"'{name}': %s.{name}" for name in MEASURES)
    delivers = " OR ".join(f"coalesce(h.{name}, 0) <> 0 OR coalesce(t.{name}, 0) <> 0" for name in MEASURES)
    return f"""
        WITH h AS (
            FROM brought LEFT JOIN reads USING (load_id)
        ), both_sides AS (
            SELECT left(coalesce(h.{time}, t.{time}), 10)::DATE AS day, {key} AS key, h.read_at AS read_at,
                CASE WHEN h."{first}" IS NULL THEN 'missing' WHEN t."{first}" IS NULL THEN 'surplus'
                    ELSE 'changed' END AS kind,
                {{{told % (("h",) * len(MEASURES))}}} AS here, {{{told % (("t",) * len(MEASURES))}}} AS there,
                ({delivers}) AS delivers
            FROM h FULL OUTER JOIN told t ON {on}
            WHERE h."{first}" IS NULL OR t."{first}" IS NULL OR {differs}
        )
        SELECT b.day, kind, count(*), bool_or(delivers), any_value(d.day) IS NULL,
            coalesce(min(b.read_at), any_value(d.read_again_at)), bool_and(b.read_at < d.read_again_at),
            min_by(key, (NOT delivers, key)),
            min_by(here, (NOT delivers, key)), min_by(there, (NOT delivers, key))
        FROM both_sides b LEFT JOIN days d ON d.stream = $1 AND d.advertiser_id = $2 AND d.day = b.day
        GROUP BY b.day, kind ORDER BY b.day, kind
    """  # noqa: S608 - names of the catalog


def _example(key: str, here: dict[str, Any], there: dict[str, Any]) -> str:
    sides = [side for side in (here, there) if any(value is not None for value in side.values())]
    if len(sides) == 1:
        return f"{key} with {', '.join(f'{name} {_shown(value)}' for name, value in sides[0].items())}"
    figures = [
        f"{name} {_shown(here[name])} here and {_shown(there[name])} at TikTok"
        for name in MEASURES
        if here[name] != there[name]
    ]
    return f"{key} with {', '.join(figures)}"


def _shown(value: Decimal | None) -> str:
    if value is None:
        return "none"
    return f"{value.normalize():,f}"


# -- what it means


def judged(config: Config, comparisons: Iterable[Comparison]) -> Iterator[Finding]:
    """What the differences of each report and account mean, those of a kind together."""
    groups: dict[tuple[str, str, str, Severity, Difference, str], list[tuple[Comparison, Fix | None]]] = {}
    for one in comparisons:
        severity, check, fix, why = _meaning(config, one)
        key = one.expected.stream.name, one.expected.account.advertiser_id, check, severity, one.difference, why
        groups.setdefault(key, []).append((one, fix))
    for (stream, advertiser_id, check, severity, difference, why), those in groups.items():
        fixes = [fix for _, fix in those if fix is not None]
        yield Finding(
            severity=severity,
            check=check,
            message=_message(check, difference, [one for one, _ in those]) + why,
            stream=stream,
            advertiser_id=advertiser_id,
            days=tuple(sorted({one.day for one, _ in those})),
            fix=Fix.FULL if Fix.FULL in fixes else next(iter(fixes), None),
        )


def _meaning(config: Config, one: Comparison) -> tuple[Severity, str, Fix | None, str]:
    expected = one.expected
    again = one.day >= expected.again
    fix = Fix.SYNC if again else Fix.FULL
    check = GAPS if one.alone else VALUES if one.difference is Difference.CHANGED else ROWS
    source = expected.stream.source
    hides = source.status_field is not None and not config.include_deleted
    if one.difference is Difference.SURPLUS and hides:
        return Severity.NOTE, check, None, " They are of objects that were deleted after they were read."
    if one.difference is Difference.SURPLUS and one.dropped and one.delivered:
        return Severity.WRONG, check, fix, " The day was read again after them, and the sync should have removed them."
    if not one.delivered:
        return Severity.NOTE, check, None, " Nothing was delivered in them; conversions that came later explain them."
    if not expected.is_final(one.day, one.read_at):
        if again:
            return Severity.NOTE, check, None, " The day was still open when it was read; the next sync reads it again."
        window = f"attribution_window ({config.attribution_window})"
        why = f" The day was last read before its figures were final, and will not be read again: raise {window}."
        return Severity.WARNING, check, Fix.FULL, why
    behind = check == GAPS and one.day <= expected.cursor
    return Severity.WRONG, check, fix, f" The state says that it was read to {expected.cursor}." if behind else ""


def _message(check: str, difference: Difference, those: Sequence[Comparison]) -> str:
    count = sum(one.rows for one in those)
    rows = "1 row" if count == 1 else f"{count:,} rows"
    example = next((one.example for one in those if one.delivered), those[0].example)
    if check == GAPS:
        days = len({one.day for one in those})
        return (
            f"{'A day is' if days == 1 else f'{days:,} days are'} missing: TikTok has {rows} there, such as {example}."
        )
    what = {
        Difference.MISSING: f"TikTok has {rows} that the database lacks",
        Difference.SURPLUS: f"The database has {rows} that TikTok does not have",
        Difference.CHANGED: f"{rows} differ{'s' if count == 1 else ''} from TikTok's",
    }[difference]
    return f"{what}: {example}."
