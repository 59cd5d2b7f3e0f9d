"""Records as Arrow batches of one fixed schema: that of a stream's table, and a column for what does not fit it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from tiktok_marketing.catalog import AnyStream, Stream
from tiktok_marketing.pipelines.arrow.sink import ArrowSink
from tiktok_marketing.pipelines.arrow.tables import MISFITS, TableBuilder


class FixedSchema:
    """Makes tables of a stream that all have the same columns.

    A database gets a column for each field that TikTok adds. Here such fields go to `_misfits`, so that none is lost.

    Args:
        stream: The stream.
        names: The columns that are wanted; None for all.
    """

    def __init__(self, stream: AnyStream, names: Sequence[str] | None = None) -> None:
        self._builder = TableBuilder(stream, _ignore)
        whole = self._builder.schema.append(pa.field(MISFITS, pa.string()))
        self.schema: pa.Schema = whole if names is None else pa.schema([whole.field(name) for name in names])

    def sink(self, _: Stream, advertiser_id: int | None) -> ArrowSink:
        """A new sink for a page."""
        return ArrowSink(self._builder, advertiser_id)

    def batches(self, sink: ArrowSink) -> Iterator[pa.RecordBatch]:
        """The records of a page."""
        table = sink.table()
        declared = {*self._builder.schema.names, MISFITS}
        undeclared = [name for name in table.schema.names if name not in declared]
        if MISFITS in self.schema.names and (undeclared or MISFITS not in table.schema.names):
            table = _with_misfits(table, undeclared)
        yield from table.select(self.schema.names).cast(self.schema).to_batches()


def _with_misfits(table: pa.Table, undeclared: Sequence[str]) -> pa.Table:
    """The table with the undeclared columns in `_misfits`, as JSON."""
    texts: Sequence[str | None] = [None] * table.num_rows
    if MISFITS in table.schema.names:
        texts = table.column(MISFITS).to_pylist()
        table = table.drop_columns([MISFITS])
    if undeclared:
        texts = [
            _merged(text, {name: value for name, value in row.items() if value is not None})
            for text, row in zip(texts, table.select(undeclared).to_pylist(), strict=True)
        ]
    return table.append_column(MISFITS, pa.array(texts, pa.string()))


def _merged(text: str | None, fields: dict[str, Any]) -> str | None:
    if not fields:
        return text
    return msgspec.json.encode({**msgspec.json.decode(text or "{}"), **fields}).decode()


def _ignore(_notice: str) -> None:
    """What does not fit its column stands in `_misfits`."""
