"""What becomes of the rows that a table has when others come, and how that is said in SQL.

Rows of a report that are whole days of an account replace what the table has of that account and those days, whatever
it is: so rows that TikTok does not give any more are gone. All other rows replace those with the same key.
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
    """Days of an account that are whole.

    Args:
        advertiser_id: The account.
        days: The days; None for a report that has none, which is whole itself.
        begun: Whether some of its rows were loaded by this sync already, and stay.
    """

    advertiser_id: int
    days: Window | None
    begun: bool = False

    def with_next(self, other: Span) -> Span | None:
        """Both as one; None if the other does not begin where this one ends."""
        if self.days is None or other.days is None or self.begun or other.begun:
            return None
        if (self.advertiser_id, self.days.end.toordinal() + 1) != (other.advertiser_id, other.days.start.toordinal()):
            return None
        return Span(self.advertiser_id, Window(self.days.start, other.days.end))


class Replacement(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the rows of one table when a package is loaded.

    Args:
        stream: Whose table it is.
        spans: Days of accounts of which only the rows that come are to be there.
        loads: Packages of this sync, whose rows stay in spans that have begun.
        by_key: Whether rows come that are not of these days, and replace those with the same key.
        exists: Whether the table is there.
    """

    stream: Stream
    spans: Sequence[Span] = ()
    loads: Sequence[str] = ()
    by_key: bool = True
    exists: bool = True

    def delete_replaced(self, execute: Execute, dataset: str) -> None:
        """Delete what the table has of the spans."""
        table = f'"{dataset}"."{self.stream.name}"'
        for begun in (False, True):
            spans = [span for span in self.spans if span.begun is begun]
            for sql, values in _deletes(table, day_column(self.stream), spans):
                if begun:
                    execute(f"{sql} AND have._dlt_load_id <> ALL(?)", [*values, list(self.loads)])
                else:
                    execute(sql, values)


def day_column(stream: Stream) -> str | None:
    """The column that says which day or hour a report's row is of; None if it has none."""
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
