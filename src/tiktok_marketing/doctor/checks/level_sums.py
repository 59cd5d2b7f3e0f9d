"""Compares the sums of ads, ad groups, campaigns and accounts day by day, inside the database.

What an ad spent is included in what its ad group, its campaign and its account spent. So the levels agree to the cent
on money, impressions and clicks. This holds if rows of deleted objects are read too. Otherwise a level has at most what
the account has, which includes them in any case. Only days whose figures were final when they were read are compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from tiktok_marketing.catalog import Grain, Level, ReportStream, Stream
from tiktok_marketing.config import Config
from tiktok_marketing.doctor.database import MEASURES, Database, is_comparable
from tiktok_marketing.doctor.findings import Finding, Fix, Severity, day_text

SUMS = "sums"


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """A day of an account on which streams disagree that should agree.

    Args:
        advertiser_id: The account.
        day: The day.
        sums: Stream to its sums, in the order of `MEASURES`.
        plain: Whether the reports have no breakdown, so that only damage explains the disagreement.
    """

    advertiser_id: str
    day: date
    sums: Mapping[str, tuple[Any, ...]]
    plain: bool

    @property
    def suspects(self) -> tuple[str, ...]:
        """The streams that differ from the majority; all of them if there is no majority."""
        (most, count), *_ = Counter(self.sums.values()).most_common(1)
        if count * 2 <= len(self.sums):
            return tuple(self.sums)
        return tuple(name for name, sums in self.sums.items() if sums != most)


def families(streams: Iterable[Stream]) -> list[tuple[ReportStream, ...]]:
    """Group the reports that differ only in their level."""
    groups: dict[tuple[str, Grain, tuple[str, ...]], list[ReportStream]] = {}
    for stream in streams:
        if isinstance(stream, ReportStream) and stream.cursor is not None and is_comparable(stream):
            source = stream.source
            groups.setdefault((source.report_type, source.grain, stream.breakdown), []).append(stream)
    return [tuple(family) for family in groups.values() if len(family) > 1]


def disagreements(database: Database, config: Config, streams: Iterable[Stream]) -> list[Disagreement]:
    """Return the days on which the levels of a report disagree. The database's census must have been taken."""
    sums_or_zero = ", ".join(f"coalesce(d.{name}, 0) AS {name}" for name in MEASURES)
    cell = ", ".join(f"'{name}': {name}" for name in MEASURES)
    differ = " OR ".join(f"max({name}) <> min({name})" for name in MEASURES)
    disagreeing = []
    for family in families(streams):
        for advertiser_id, day, cells in database.query(
            # A day without a row has sums of zero, provided that it should be there.
            "WITH all_days AS (SELECT DISTINCT advertiser_id, day FROM days WHERE list_contains($1, stream)),"  # noqa: S608
            " cells AS (SELECT e.stream, a.advertiser_id, a.day,"
            f" {sums_or_zero},"
            " d.rows IS NULL OR d.read_at >= a.day + INTERVAL 1 DAY + to_seconds(e.final_after) AS final"
            " FROM all_days a JOIN expected e ON e.advertiser_id = a.advertiser_id AND list_contains($1, e.stream)"
            " AND a.day BETWEEN e.first AND e.final_until"
            " LEFT JOIN days d ON d.stream = e.stream AND d.advertiser_id = a.advertiser_id AND d.day = a.day)"
            f" SELECT advertiser_id::VARCHAR, day, list({{'stream': stream, {cell}}}) FROM cells"
            f" GROUP BY advertiser_id, day HAVING count(*) > 1 AND bool_and(final) AND ({differ}) ORDER BY ALL",
            [[stream.name for stream in family]],
        ):
            sums = {cell["stream"]: tuple(cell[name] for name in MEASURES) for cell in cells}
            plain = not family[0].breakdown
            disagreement = Disagreement(advertiser_id=advertiser_id, day=day, sums=sums, plain=plain)
            if config.include_deleted or _exceeds_the_account(disagreement, family):
                disagreeing.append(disagreement)
    return disagreeing


def _exceeds_the_account(disagreement: Disagreement, family: Iterable[ReportStream]) -> bool:
    """Whether a level has more than the account has."""
    for stream in family:
        if stream.source.data_level is Level.ADVERTISER and stream.name in disagreement.sums:
            limits = disagreement.sums[stream.name]
            return any(
                value > limit for sums in disagreement.sums.values() for value, limit in zip(sums, limits, strict=True)
            )
    return False


def to_findings(disagreements: Iterable[Disagreement]) -> Iterator[Finding]:
    """Return what disagreements mean if TikTok was not asked which of the streams is right."""
    groups: dict[tuple[str, tuple[str, ...], bool], list[Disagreement]] = {}
    for disagreement in disagreements:
        key = disagreement.advertiser_id, disagreement.suspects, disagreement.plain
        groups.setdefault(key, []).append(disagreement)
    for (advertiser_id, suspects, plain), group in groups.items():
        example = group[0]
        figures = "; ".join(
            f"{name}: {', '.join(f'{measure} {value:,}' for measure, value in zip(MEASURES, sums, strict=True))}"
            for name, sums in example.sums.items()
        )
        yield Finding(
            severity=Severity.WRONG if plain else Severity.WARNING,
            check=SUMS,
            message=f"The sums of {' and '.join(suspects)} do not agree with the other levels. On "
            f"{day_text([example.day])}: {figures}.",
            stream=suspects[0],
            advertiser_id=advertiser_id,
            days=tuple(disagreement.day for disagreement in group),
            fix=Fix.FULL,
        )
