"""Conditions in SQL for the rows that a package replaces, with literals, so that every dialect understands them. Pure.

The only literals are the ids of accounts and packages, and days. None of them needs escaping.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, timedelta

from tiktok_marketing.pipelines.databases.replacement import Replacement, Span, day_column

Quote = Callable[[str], str]
"""Quotes the name of a column."""
LOAD_ID = "_dlt_load_id"
_MOST_SPANS = 200
"""Spans in one condition: databases limit the length and the depth of a statement."""


def replaced_days(replacement: Replacement, quote: Quote, *, typed: bool = False) -> list[str]:
    """Return the conditions for the rows of the days that a package replaces.

    Args:
        replacement: What the package replaces.
        quote: Quotes the name of a column.
        typed: Whether a literal of a day or time names its type, as `DATE '2026-06-01'`.
    """
    column = day_column(replacement.stream)
    conditions = []
    for begun in (False, True):
        spans = [_of_span(span, column, quote, typed=typed) for span in replacement.spans if span.begun is begun]
        for start in range(0, len(spans), _MOST_SPANS):
            condition = " OR ".join(spans[start : start + _MOST_SPANS])
            others = f"({condition}) AND {_of_other_packages(replacement.loads, quote)}"
            conditions.append(others if begun else condition)
    return conditions


def vanished(
    packages: Collection[str], read: Collection[int] | None, skipped: Collection[int], quote: Quote
) -> str | None:
    """Return the condition for the rows that other packages brought; None if no account was read.

    Args:
        packages: The packages whose rows stay.
        read: The accounts whose rows are removed; None for all.
        skipped: The accounts whose rows stay.
        quote: Quotes the name of a column.
    """
    if read is not None and not read:
        return None
    conditions = [_of_other_packages(packages, quote)]
    if read is not None:
        conditions.append(f"{quote('advertiser_id')} IN ({_listed(read)})")
    if skipped:
        conditions.append(f"{quote('advertiser_id')} NOT IN ({_listed(skipped)})")
    return " AND ".join(conditions)


def _of_span(span: Span, column: str | None, quote: Quote, *, typed: bool) -> str:
    account = f"{quote('advertiser_id')} = {int(span.advertiser_id)}"
    if column is None or span.days is None:
        return f"({account})"
    first, after = (
        _literal(day, hours=column == "stat_time_hour", typed=typed)
        for day in (span.days.start, span.days.end + timedelta(days=1))
    )
    return f"({account} AND {quote(column)} >= {first} AND {quote(column)} < {after})"


def _literal(day: date, *, hours: bool, typed: bool) -> str:
    text = f"'{day} 00:00:00'" if hours else f"'{day}'"
    return f"{'TIMESTAMP' if hours else 'DATE'} {text}" if typed else text


def _of_other_packages(packages: Collection[str], quote: Quote) -> str:
    if not packages:
        return "1 = 1"
    listed = ", ".join(f"'{package}'" for package in sorted(packages))
    return f"({quote(LOAD_ID)} IS NULL OR {quote(LOAD_ID)} NOT IN ({listed}))"


def _listed(accounts: Collection[int]) -> str:
    return ", ".join(str(int(account)) for account in sorted(accounts))


def deletes(table: str, conditions: Sequence[str]) -> list[str]:
    """Return the statements that delete rows of a table.

    Args:
        table: The table, quoted.
        conditions: Each in a statement of its own.
    """
    return [f"DELETE FROM {table} WHERE {condition}" for condition in conditions]  # noqa: S608 - no text of others
