"""Rows of a report, kept as Arrow tables from the moment they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from tiktok_marketing.pipelines.arrow.tables import TableBuilder
from tiktok_marketing.sync.decode.native import RowColumns
from tiktok_marketing.sync.decode.pages import RowSink


class ArrowSink(RowSink):
    """Rows of a page. Each of them, if somebody wants them one by one, is a table of one row.

    Args:
        maker: Makes tables of the stream.
        advertiser_id: The account.
    """

    def __init__(self, maker: TableBuilder, advertiser_id: int) -> None:
        self._maker = maker
        self._advertiser_id = advertiser_id
        self._columns = None if maker.kinds is None else RowColumns(maker.stream, maker.kinds)
        self._parts: list[pa.Table | list[Any]] = []
        self._decoded: list[Any] = []
        self._count = 0

    def take(self, rows: bytes) -> Sequence[Sequence[Any]] | None:
        """Take rows as TikTok sends them; None if they have to be decoded."""
        taken = None if self._columns is None else self._columns.add(rows)
        if taken is not None:
            self._count += len(taken[0])
            self._put_decoded()  # which came before these
        return taken

    def extend(self, rows: list[Any]) -> None:
        """Take rows, as `sync.events.Batch` describes them."""
        self._put_columns()
        self._decoded += rows
        self._count += len(rows)

    def table(self) -> pa.Table:
        """All rows. Only now is anybody told of values that do not fit: before, their page may yet be refused."""
        self._put_decoded()
        self._put_columns()
        tables = [
            self._maker.table(part, self._advertiser_id) if isinstance(part, list) else part for part in self._parts
        ]
        table = concatenated(tables) if tables else self._maker.schema.empty_table()
        self._parts = [table]
        return table

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[pa.Table]:
        table = self.table()
        for row in range(table.num_rows):
            yield table.slice(row, 1)

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def _put_decoded(self) -> None:
        if self._decoded:
            self._parts.append(self._decoded)
            self._decoded = []

    def _put_columns(self) -> None:
        rows, columns = (0, []) if self._columns is None else self._columns.finish()
        if rows:
            self._parts.append(self._maker.table_of(rows, columns, self._advertiser_id))


def table_of_batch(maker: TableBuilder, records: Sequence[Any], advertiser_id: int | None) -> pa.Table:
    """The records of a batch: rows that were kept, all of them or some, or objects."""
    if isinstance(records, ArrowSink):
        return records.table()
    if records and isinstance(records[0], pa.Table):
        return concatenated(records)
    return maker.table(records, advertiser_id)


def concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    """One table of several, some of which may have a column that others lack."""
    if len(tables) == 1:
        return tables[0]
    return pa.concat_tables(tables, promote_options="default").combine_chunks()
