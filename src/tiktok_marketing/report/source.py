"""A database as the report reads it: each view of `views` is a query here, whether it was created or not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from tiktok_marketing.pipelines.databases.destination import Destination, ReadOnlyDatabase
from tiktok_marketing.report.contents import MONEY_SCALE, Columns
from tiktok_marketing.text import one_line
from tiktok_marketing.views import LeftOut, Rendered, read_views

ACCOUNT = "CASE WHEN advertiser_id = ANY(?) THEN advertiser_id END AS advertiser_id, COALESCE(currency, '') AS currency"
"""The account if it is one of those that have a line of their own; null for the others, which are added up."""
TYPE = "COALESCE(campaign_type, '') AS campaign_type"
_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f]")


class Source:
    """A database that is open for reading only, with its views as queries.

    Args:
        database: The database.
        destination: Where it is.
        schema: The schema of the views; None for the one in which `views` put them.
    """

    def __init__(self, database: ReadOnlyDatabase, destination: Destination, schema: str | None = None) -> None:
        self._database = database
        self.memory = database.memory
        self._views = read_views(database, destination, schema)
        self.columns: Mapping[str, set[str]] = database.columns_by_table()

    def has(self, view: str) -> bool:
        """Whether the tables of a view are there."""
        return isinstance(self._views[view], Rendered)

    def reason(self, view: str) -> str:
        """Return why a view cannot be read, with the streams to sync; empty if it can."""
        known = self._views[view]
        return known.reason if isinstance(known, LeftOut) else ""

    def view(self, name: str) -> str:
        """Return a view as a part of `FROM`."""
        known = self._views[name]
        assert isinstance(known, Rendered)  # noqa: S101 - callers ask `has` first
        return f"({known.select}) AS {name}"

    def table(self, name: str) -> str:
        """Return the name of a table of the dataset as SQL accepts it."""
        return self._database.table(name)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Query the database itself."""
        return self._database.rows(sql, values)

    def copy(self, table: str, sql: str, values: Sequence[Any] = ()) -> None:
        """Query the database itself and insert the rows into a table in memory."""
        self._database.copy_to_memory(table, sql, values)

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Query the DuckDB in memory."""
        rows: list[tuple[Any, ...]] = self.memory.execute(sql, list(values)).fetchall()
        return rows


class Measure:
    """A figure that adds up.

    Args:
        name: Its name in the page.
        column: The column of the view.
        money: Whether it is an amount.
    """

    def __init__(self, name: str, column: str = "", *, money: bool = False) -> None:
        self.name = name
        self.column = column or name
        self.money = money

    @property
    def declared(self) -> str:
        """The column of a table in memory."""
        return f"{self.name} {'DECIMAL(38, 4)' if self.money else 'HUGEINT'}"

    @property
    def summed(self) -> str:
        """The sum of the view's column."""
        return f"sum({self.column})"

    @property
    def shown(self) -> str:
        """The sum of the column in memory, as a whole number."""
        return f"CAST(COALESCE(sum({self.name}), 0){f' * {MONEY_SCALE}' if self.money else ''} AS HUGEINT)"


def summed(measures: Iterable[Measure]) -> str:
    """Return the sums of the view's columns, as a part of `SELECT`."""
    return ", ".join(measure.summed for measure in measures)


def columns_of(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Columns:
    """Turn rows into columns."""
    if not rows:
        return {name: [] for name in names}
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def day_text(day: date | None) -> str:
    """Return a day as the page reads it."""
    return day.isoformat()[:10] if day else ""


def shown_text(text: str | None) -> str:
    """Return a text of others as the page shows it: on one line, and with escapes for what would not be seen.

    Marks of direction are left out. The page keeps each name's direction to itself, so they have no effect.
    """
    return one_line(_DIRECTION_MARKS.sub("", text or ""))
