"""Holds records as Arrow tables from the moment they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tiktok_marketing.pipelines.arrow.tables import TableBuilder
from tiktok_marketing.sync.decode.coercion import Misfit
from tiktok_marketing.sync.decode.pages import RecordList


class ArrowSink:
    """Collects the records of a page in one table.

    Args:
        builder: Builds tables of the stream.
        advertiser_id: The account; None if the stream is not read per account.
    """

    def __init__(self, builder: TableBuilder, advertiser_id: int | None) -> None:
        self._builder = builder
        self._advertiser_id = advertiser_id
        self._columns = builder.row_columns()
        self._chunks: list[pa.Table | RecordList] = []
        """The rows so far, in their order: tables, and decoded records that have yet to become tables."""
        self._decoded = RecordList()
        self._count = 0

    def take(self, rows: bytes) -> Sequence[Sequence[Any]] | None:
        """Add rows as TikTok sends them. Returns their dimensions, or None if the rows have to be decoded."""
        dimensions = None if self._columns is None else self._columns.add(rows)
        if dimensions is not None:
            self._count += len(dimensions[0])
            self._put_decoded()  # they came before these rows
        return dimensions

    def extend(self, records: Sequence[Any], misfits: Sequence[Misfit] = ()) -> None:
        """Add decoded records."""
        self._put_columns()
        self._decoded.extend(records, misfits)
        self._count += len(records)

    def select(self, positions: Sequence[int]) -> ArrowSink:
        """Return a sink with only the records at these positions."""
        selected = ArrowSink(self._builder, self._advertiser_id)
        selected._chunks = [self.table().take(pa.array(positions, pa.int64()))]
        selected._count = len(positions)
        return selected

    def table(self) -> pa.Table:
        """Return all records. Values that do not fit are reported now; earlier, their page could still be refused."""
        self._put_decoded()
        self._put_columns()
        tables = [
            self._builder.table(chunk, self._advertiser_id, chunk.misfits) if isinstance(chunk, RecordList) else chunk
            for chunk in self._chunks
        ]
        table = _concatenated(tables) if tables else self._builder.schema.empty_table()
        self._chunks = [table]
        return table

    def __len__(self) -> int:
        return self._count

    def _put_decoded(self) -> None:
        if self._decoded:
            self._chunks.append(self._decoded)
            self._decoded = RecordList()

    def _put_columns(self) -> None:
        rows, columns = (0, []) if self._columns is None else self._columns.finish()
        if rows:
            assert self._advertiser_id is not None  # noqa: S101 - only rows of reports become columns
            self._chunks.append(self._builder.table_of(rows, columns, self._advertiser_id))


def _concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    """Join tables, some of which may have a column that others lack."""
    if len(tables) == 1:
        return tables[0]
    return pa.concat_tables(tables, promote_options="default").combine_chunks()
