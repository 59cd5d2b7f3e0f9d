"""Tables as Iceberg, without a catalog's server: each change is one snapshot, and the newest metadata file counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property, reduce
from typing import Any

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import (
    And,
    BooleanExpression,
    EqualTo,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    NotIn,
    Or,
)
from pyiceberg.table import Table

from tiktok_marketing.catalog import Stream
from tiktok_marketing.pipelines.databases.files.arrow_rows import LOAD_ID, joined, surviving
from tiktok_marketing.pipelines.databases.files.folder import Folder, configuration
from tiktok_marketing.pipelines.databases.files.table_format import File
from tiktok_marketing.pipelines.databases.replacement import Replacement, day_column

_METADATA = ".metadata.json"


class IcebergTables:
    """The tables of one dataset, as Iceberg."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._tables: dict[str, Table] = {}
        self.written: dict[str, dict[str, File]] = {}

    @cached_property
    def _catalog(self) -> SqlCatalog:
        """A catalog in memory. SQLite gives each thread one of its own, so that it is made where it is used."""
        catalog = SqlCatalog(
            "tiktok", uri="sqlite:///:memory:", warehouse=self._folder.url, **_properties(self._folder)
        )
        catalog.create_namespace("tiktok")
        return catalog

    def files(self, table: str) -> None:
        """Return None: the table keeps account of its files."""
        del table

    def columns(self, table: str) -> frozenset[str] | None:
        """Return the columns of a table; None if there is no table."""
        opened = self._opened(table)
        return None if opened is None else frozenset(opened.schema().column_names)

    def has_rows(self, table: str) -> bool:
        """Whether a table has rows."""
        opened = self._opened(table)
        return opened is not None and opened.scan(selected_fields=(LOAD_ID,), limit=1).to_arrow().num_rows > 0

    def replace(self, replacement: Replacement, rows: pa.Table) -> None:
        """Put rows into a table, in place of those that they replace, in one snapshot."""
        name = replacement.stream.name
        opened = self._opened(name)
        if opened is None:
            if rows.num_rows:
                self._created(name, rows).append(rows)
            return
        touched = _touched(replacement, rows)
        if touched is None:
            return
        opened = self._with_columns(name, opened, rows)
        old = opened.scan(row_filter=touched).to_arrow()
        opened.overwrite(joined(surviving(old, replacement, rows), rows), overwrite_filter=touched)

    def remove_vanished(
        self, stream: Stream, packages: Collection[str], read: Collection[int] | None, skipped: Collection[int]
    ) -> None:
        """Remove the rows that other packages brought, of accounts that were read (None for all) and not skipped."""
        opened = self._opened(stream.name)
        if opened is None or (read is not None and not read):
            return
        gone: BooleanExpression = Or(IsNull(LOAD_ID), NotIn(LOAD_ID, set(packages)))
        if read is not None:
            gone = And(gone, In("advertiser_id", set(read)))
        if skipped:
            gone = And(gone, NotIn("advertiser_id", set(skipped)))
        opened.delete(gone)

    def rows_by_package(self, stream: Stream, packages: Collection[str]) -> Mapping[str, int]:
        """Return how many rows of each package are in a table."""
        opened = self._opened(stream.name)
        if opened is None:
            return {}
        column = opened.scan(selected_fields=(LOAD_ID,)).to_arrow().column(LOAD_ID)
        counts = {count["values"]: count["counts"] for count in column.value_counts().to_pylist()}
        return {package: counts[package] for package in packages if package in counts}

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table of the record of syncs."""
        opened = self._opened(table)
        if opened is None:
            self._created(table, rows).append(rows)
        else:
            self._with_columns(table, opened, rows).append(rows)

    def recorded(self, table: str, columns: list[str]) -> pa.Table | None:
        """Return columns of a table of the record of syncs; None if there is no table."""
        opened = self._opened(table)
        return None if opened is None else opened.scan(selected_fields=tuple(columns)).to_arrow()

    def _opened(self, name: str) -> Table | None:
        if name not in self._tables:
            versions = self._folder.names(f"{name}/metadata", _METADATA)
            if not versions:
                return None
            newest = f"{self._folder.url}/{versions[-1]}"
            self._tables[name] = self._catalog.register_table(f"tiktok.{name}", newest)
        return self._tables[name]

    def _created(self, name: str, rows: pa.Table) -> Table:
        location = f"{self._folder.url}/{name}"
        self._tables[name] = self._catalog.create_table(f"tiktok.{name}", rows.schema, location=location)
        return self._tables[name]

    def _with_columns(self, name: str, opened: Table, rows: pa.Table) -> Table:
        if not set(rows.schema.names) <= set(opened.schema().column_names):
            with opened.update_schema() as update:
                update.union_by_name(rows.schema)
            self._tables[name] = opened = self._catalog.load_table(f"tiktok.{name}")
        return opened


def _touched(replacement: Replacement, rows: pa.Table) -> BooleanExpression | None:
    """Return the condition for the accounts and days that a package may change; None if there are none."""
    column = day_column(replacement.stream)
    if column is None:
        accounts = {span.advertiser_id for span in replacement.spans}
        accounts |= set(rows.column("advertiser_id").unique().to_pylist())
        return In("advertiser_id", accounts) if accounts else None
    days: dict[int, list[date]] = {}
    for span in replacement.spans:
        if span.days is not None:
            days.setdefault(span.advertiser_id, []).extend((span.days.start, span.days.end))
    for account, day in zip(rows.column("advertiser_id").to_pylist(), rows.column(column).to_pylist(), strict=True):
        days.setdefault(account, []).append(day.date() if isinstance(day, datetime) else day)
    hours = column == "stat_time_hour"
    conditions = [
        And(
            EqualTo("advertiser_id", account),
            And(
                GreaterThanOrEqual(column, _text(min(of), hours=hours)),
                LessThan(column, _text(max(of) + timedelta(days=1), hours=hours)),
            ),
        )
        for account, of in days.items()
    ]
    return reduce(Or, conditions) if conditions else None


def _text(day: date, *, hours: bool) -> str:
    return datetime.combine(day, time.min).isoformat() if hours else day.isoformat()


def _properties(folder: Folder) -> dict[str, Any]:
    if folder.address.is_local:
        return {}
    properties: dict[str, Any] = dict(configuration(folder.address).credentials.to_pyiceberg_fileio_config())
    return {name: value for name, value in properties.items() if value is not None}
