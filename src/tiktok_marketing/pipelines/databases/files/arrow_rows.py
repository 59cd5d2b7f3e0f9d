"""Which rows of an Arrow table a package replaces, and how tables of different columns become one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tiktok_marketing.pipelines.databases.replacement import Replacement, Span, day_column

LOAD_ID = "_dlt_load_id"


def with_load_id(table: pa.Table, package: str) -> pa.Table:
    """Return a table with the column that says which package brought a row."""
    return table.append_column(LOAD_ID, pa.repeat(pa.scalar(package, pa.string()), table.num_rows))


def surviving(old: pa.Table, replacement: Replacement, new: pa.Table) -> pa.Table:
    """Return the old rows that a package leaves: those of other days, whose keys do not come again.

    Args:
        old: The rows that are there.
        replacement: What the package replaces.
        new: The rows that it brings.
    """
    column = day_column(replacement.stream)
    for span in replacement.spans:
        gone = in_span(old, span, column)
        if span.begun:
            gone = pc.and_(gone, pc.invert(_of_packages(old, replacement.loads)))
        old = old.filter(pc.invert(gone))
    return without_keys(old, new, replacement.stream.table_key)


def in_span(table: pa.Table, span: Span, column: str | None) -> Any:
    """Return which rows are of an account's whole days."""
    inside = pc.fill_null(pc.equal(table.column("advertiser_id"), pa.scalar(span.advertiser_id, pa.int64())), False)
    if column is None or span.days is None:
        return inside
    days = table.column(column)
    first, after = (_day(day, days.type) for day in (span.days.start, span.days.end + timedelta(days=1)))
    within = pc.and_(pc.greater_equal(days, first), pc.less(days, after))
    return pc.and_(inside, pc.fill_null(within, False))


def without_keys(old: pa.Table, new: pa.Table, key: Sequence[str]) -> pa.Table:
    """Return the old rows whose keys no new row has."""
    if not old.num_rows or not new.num_rows:
        return old
    rows = pa.array(range(old.num_rows), pa.int64())
    have = pa.table([*(old.column(name) for name in key), rows], names=[*key, "_row"])
    come = new.select(list(key)).cast(pa.schema([have.schema.field(name) for name in key]))
    left = have.join(come, list(key), join_type="left anti").column("_row").combine_chunks()
    return old if len(left) == old.num_rows else old.take(left.sort())


def of_vanished(
    table: pa.Table, packages: Collection[str], read: Collection[int] | None, skipped: Collection[int]
) -> Any:
    """Return which rows other packages brought, of accounts that were read and not skipped."""
    accounts = table.column("advertiser_id")
    gone = pc.invert(_of_packages(table, packages))
    if skipped:
        gone = pc.and_(gone, pc.invert(pc.is_in(accounts, pa.array(list(skipped), pa.int64()))))
    if read is not None:
        gone = pc.and_(gone, pc.is_in(accounts, pa.array(list(read), pa.int64())))
    return gone


def joined(old: pa.Table, new: pa.Table) -> pa.Table:
    """Return the rows of both tables, with the types of the new one where they differ.

    Another program may have written the old one, with columns of its own that accept no null. The new rows have none.
    """
    fields = [field.with_nullable(True) for field in old.schema]
    old = pa.Table.from_arrays(old.columns, schema=pa.schema(fields, old.schema.metadata))
    for field in new.schema:
        index = old.schema.get_field_index(field.name)
        if index >= 0 and old.schema.field(index).type != field.type:
            old = old.set_column(index, field, old.column(index).cast(field.type))
    return pa.concat_tables([old, new], promote_options="default")


def _of_packages(table: pa.Table, packages: Collection[str]) -> Any:
    return pc.fill_null(pc.is_in(table.column(LOAD_ID), pa.array(list(packages), pa.string())), False)


def _day(day: date, type_: pa.DataType) -> pa.Scalar:
    return pa.scalar(day if pa.types.is_date(type_) else datetime.combine(day, time.min), type_)
