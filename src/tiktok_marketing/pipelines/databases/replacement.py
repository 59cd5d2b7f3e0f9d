"""Which rows of a table other rows replace, and the SQL that deletes them.

Rows of a report that are whole days of an account replace everything that the table has of that account and those days.
So rows that TikTok no longer returns are removed. All other rows replace those with the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import msgspec

from tiktok_marketing.catalog import Grain, ReportStream, Stream
from tiktok_marketing.sync.plan.windows import Window

Execute = Callable[[str, Sequence[Any]], Any]
"""Runs a statement with `?` for each value."""

_DAY_COLUMNS = {Grain.DAY: "stat_time_day", Grain.HOUR: "stat_time_hour"}


class Span(msgspec.Struct, frozen=True):
    """Whole days of an account.

    Args:
        advertiser_id: The account.
        days: The days; None for a report without days, which is replaced as a whole.
        begun: Whether this sync has already loaded some of the rows, which then stay.
    """

    advertiser_id: int
    days: Window | None
    begun: bool = False

    def with_next(self, following: Span) -> Span | None:
        """Join this span and the following one; None if the following one does not begin where this one ends."""
        if self.days is None or following.days is None or self.begun or following.begun:
            return None
        next_day = self.days.end.toordinal() + 1
        if (self.advertiser_id, next_day) != (following.advertiser_id, following.days.start.toordinal()):
            return None
        return Span(self.advertiser_id, Window(self.days.start, following.days.end))


class Replacement(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of one table a package replaces.

    Args:
        stream: The stream whose table it is.
        spans: Days of accounts that will have only the rows that the package brings.
        loads: The packages of this sync, whose rows stay in spans that have begun.
        by_key: Whether the package brings rows of other days, which replace those with the same key.
        exists: Whether the table exists.
    """

    stream: Stream
    spans: Sequence[Span] = ()
    loads: Sequence[str] = ()
    by_key: bool = True
    exists: bool = True

    def delete_replaced(self, execute: Execute, dataset: str) -> None:
        """Delete the rows that the table has of the spans."""
        table = f'"{dataset}"."{self.stream.name}"'
        for begun in (False, True):
            spans = [span for span in self.spans if span.begun is begun]
            for sql, values in _deletes(table, day_column(self.stream), spans):
                if begun:
                    execute(f"{sql} AND have._dlt_load_id <> ALL(?)", [*values, list(self.loads)])
                else:
                    execute(sql, values)


def day_column(stream: Stream) -> str | None:
    """Return the column with the day or hour of a report's row; None if the report has none."""
    return _DAY_COLUMNS.get(stream.source.grain) if isinstance(stream, ReportStream) else None


def _deletes(table: str, column: str | None, spans: Sequence[Span]) -> Iterator[tuple[str, list[Any]]]:
    delete = f"DELETE FROM {table} AS have"  # noqa: S608 - names of the catalog
    if column is None:
        if spans:
            yield f"{delete} WHERE have.advertiser_id = ANY(?)", [[span.advertiser_id for span in spans]]
        return
    dated = [(span.advertiser_id, span.days) for span in spans if span.days is not None]
    if dated:
        firsts: list[date] = [days.start for _, days in dated]
        whole = "SELECT unnest(?::BIGINT[]) AS account, unnest(?::DATE[]) AS first, unnest(?::DATE[]) AS last"
        within = f'have."{column}" >= whole.first AND have."{column}" < whole.last + 1'
        sql = f"{delete} USING ({whole}) AS whole WHERE have.advertiser_id = whole.account AND {within}"
        yield sql, [[account for account, _ in dated], firsts, [days.end for _, days in dated]]
