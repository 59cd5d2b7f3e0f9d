"""Converts rows of a report from TikTok's text directly to lines of JSON or to columns, without Python objects.

Most of a record's cost is to decode its text into a hundred Python objects, and to encode these again. The C extension
(`native/`) avoids that, if it is installed: it finds the values in the text, checks their types, and writes them to the
output. It takes a quarter of the time.

It reads the usual form of TikTok's answers, and rejects everything else: a value of another type, a field that is an
object, half of a character. `sync.decode.reports` then reads those rows, and it alone defines what a row means. So an
installation without the extension, or with `TIKTOK_PURE_PYTHON` set, delivers the same records. Only escapes in texts
differ: the C extension copies them as TikTok writes them, and Python writes the characters that they stand for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from tiktok_marketing.catalog import ReportStream, field_types
from tiktok_marketing.catalog.schema import attribute_of

if TYPE_CHECKING:
    from tiktok_marketing.sync.decode import _rows

Dimensions = tuple[Sequence[Any], ...]
"""For each dimension of the report, its value in each row."""
ColumnKind = Literal["i", "c", "f", "m", "s", "d", "t", "-"]
"""In this order: a 64-bit integer; a 64-bit integer that a double represents exactly; a double; a 128-bit decimal in
ten thousandths; text; days since 1970; microseconds since 1970; no column."""
Buffers = tuple[bytes | None, bytes, bytes | None, int]
"""A column's buffers in Arrow's layout: the validity bitmap (None if every row has a value); the values; for text, the
offsets (None for values of a fixed width); the number of rows without a value."""

_KINDS = {"integer": "i", "number": "n", "string": "s"}


def _native() -> Any:
    """The C extension; None if it is not installed or is switched off."""
    if os.environ.get("TIKTOK_PURE_PYTHON"):
        return None
    try:
        from tiktok_marketing.sync.decode import _rows
    except ImportError:
        return None
    return _rows


NATIVE = _native()


def lines_of(stream: ReportStream, rows: bytes, before: bytes, after: bytes) -> tuple[bytes, Dimensions] | None:
    """Rows as lines of JSON: the dimensions at the root, then again as `dimensions`, and the `metrics`.

    Args:
        stream: The report.
        rows: Its rows as TikTok sends them, separated by commas.
        before: The beginning of each line, up to the first dimension.
        after: The end of each line, including the newline.

    Returns:
        The lines, and the dimensions. None if the extension does not read all the rows, which may be valid all the
        same.
    """
    if NATIVE is None:
        return None
    lines: tuple[bytes, Dimensions] | None = NATIVE.lines(_layout_for_lines(stream), rows, before, after)
    return lines


class RowColumns:
    """Rows of a report as columns: dimensions and metrics in the catalog's order, without those that have no column.

    Args:
        stream: The report.
        kinds: The kind of each dimension's and metric's column. A metric with the name of a dimension has no column.
    """

    def __init__(self, stream: ReportStream, kinds: Mapping[str, ColumnKind]) -> None:
        self._columns = None if NATIVE is None else NATIVE.columns(_layout(stream, kinds))

    def add(self, rows: bytes) -> Dimensions | None:
        """Add rows as TikTok sends them, separated by commas. Returns None if no row was added."""
        if self._columns is None:
            return None
        dimensions: Dimensions | None = NATIVE.add(self._columns, rows)
        return dimensions

    def finish(self) -> tuple[int, list[Buffers]]:
        """Return the number of rows added since the last call, and their columns; no columns if there are no rows."""
        if self._columns is None:
            return 0, []
        finished: tuple[int, list[Buffers]] = NATIVE.finish(self._columns)
        return finished


@cache
def _layout_for_lines(stream: ReportStream) -> _rows.Layout:
    return _layout(stream, {})


def _layout(stream: ReportStream, kinds: Mapping[str, ColumnKind]) -> _rows.Layout:
    source = stream.source
    types = field_types(stream)

    def fields(group: str, names: Sequence[str], columns: Mapping[str, ColumnKind]) -> list[tuple[bytes, str, str]]:
        return [
            (name.encode(), _KINDS[types[group].fields[name].kind], columns.get(attribute_of(name), "-"))
            for name in names
        ]

    metric_kinds = {name: kind for name, kind in kinds.items() if name not in source.dimensions}
    layout: _rows.Layout = NATIVE.layout(
        fields("dimensions", source.dimensions, kinds), fields("metrics", source.metrics, metric_kinds)
    )
    return layout
