"""Finds rows of reports whose campaign, ad group or ad has no row in its table: joining both would lose them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from tiktok_marketing.catalog import Level, ReportStream, Stream
from tiktok_marketing.config import Config
from tiktok_marketing.doctor.checks.account_sums import levels
from tiktok_marketing.doctor.database import Database
from tiktok_marketing.doctor.findings import Finding, Fix, Severity, money

JOINS = "joins"

_NAMED = 5
"""Accounts that findings name per stream; the others are counted."""
_TABLES = {
    Level.CAMPAIGN: ("campaigns", "campaign_id"),
    Level.AD_GROUP: ("ad_groups", "adgroup_id"),
    Level.AD: ("ads", "ad_id"),
}
"""Where the objects of a level are, and their key there and in reports."""


class LostRows(msgspec.Struct, frozen=True, kw_only=True):
    """What a join of a report with its objects loses of an account.

    Args:
        report: The report.
        table: The table of objects.
        advertiser_id: The account.
        objects: How many objects have no row.
        spend: What the report's rows about them spent.
        total: What all rows of the account spent.
    """

    report: ReportStream
    table: str
    advertiser_id: str
    objects: int
    spend: Decimal
    total: Decimal


def joins(streams: Iterable[Stream]) -> list[tuple[ReportStream, str, str]]:
    """Return the daily reports whose objects are examined, too, each with the table of objects and its key."""
    streams = list(streams)
    names = {stream.name for stream in streams}
    pairs = [(stream, *_TABLES[Level(stream.source.data_level)]) for stream in levels(streams)]
    return [pair for pair in pairs if pair[1] in names and pair[2] in pair[0].dimensions]


def lost_rows(database: Database, streams: Iterable[Stream]) -> list[LostRows]:
    """Find what joins lose, per report and account."""
    lost = []
    for report, table, key in joins(streams):
        rows: Sequence[tuple[Any, ...]] = database.rows(
            "SELECT r.advertiser_id, count(DISTINCT CASE WHEN o.id IS NULL THEN r.id END),"  # noqa: S608
            " sum(CASE WHEN o.id IS NULL THEN r.spend END), sum(r.spend)"
            f' FROM (SELECT advertiser_id, "{key}" AS id, sum(spend) AS spend FROM {database.table(report.name)}'
            " GROUP BY 1, 2) r"
            f' LEFT JOIN (SELECT DISTINCT advertiser_id, "{key}" AS id FROM {database.table(table)}) o'
            " ON o.advertiser_id = r.advertiser_id AND o.id = r.id GROUP BY 1 ORDER BY 3 DESC, 1"
        )
        lost += [
            LostRows(
                report=report,
                table=table,
                advertiser_id=str(advertiser_id),
                objects=objects,
                spend=Decimal(spend or 0),
                total=Decimal(total or 0),
            )
            for advertiser_id, objects, spend, total in rows
            if objects
        ]
    return lost


def join_findings(
    database: Database, config: Config, lost: Iterable[LostRows], currencies: Mapping[str, str]
) -> Iterator[Finding]:
    """Return what joins lose, in money, and what to do about it."""
    by_report: dict[str, list[LostRows]] = {}
    for each in lost:
        by_report.setdefault(each.report.name, []).append(each)
    for of_report in by_report.values():
        of_report.sort(key=lambda each: -each.spend)
        findings = [_finding(database, config, each, currencies.get(each.advertiser_id, "")) for each in of_report]
        yield from findings[:_NAMED]
        if len(findings) > _NAMED:
            more = f"The same is true of {len(findings) - _NAMED:,} more accounts."
            yield msgspec.structs.replace(findings[0], advertiser_id=None, message=more)


def _finding(database: Database, config: Config, each: LostRows, currency: str) -> Finding:
    objects = each.table.replace("_", " ")
    spend, total = money(each.spend, currency), money(each.total, currency)
    share = f" ({each.spend / each.total * 100:.1f} %)" if each.total else ""
    message = (
        f"{each.report.name} has rows of {each.objects:,} {objects} that the table {each.table} lacks. A join of both "
        f"loses {spend} of {total}{share}."
    )
    reason, fix = _reason(database, config, each)
    return Finding(
        severity=Severity.WARNING if each.spend and fix else Severity.NOTE,
        check=JOINS,
        message=f"{message} {reason}",
        stream=each.table,
        advertiser_id=each.advertiser_id,
        fix=fix,
    )


def _reason(database: Database, config: Config, each: LostRows) -> tuple[str, Fix | None]:
    by_name = {stream.name: stream for stream in database.streams()}
    objects_read, rows_read = database.read_at(by_name[each.table]), database.read_at(each.report)
    if objects_read is None or (rows_read is not None and objects_read < rows_read):
        return f"The table was last read before the report: sync {each.table} as often as the report.", Fix.SYNC
    if not config.include_deleted:
        return "They were deleted, and include_deleted is false, so TikTok no longer lists them.", None
    return "TikTok did not list them in the last sync.", Fix.SYNC
