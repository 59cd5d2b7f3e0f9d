"""Rows of a report from TikTok's text straight to lines of JSON or to columns, without an object for each value.

Most of what a record costs is to make a hundred Python objects of its text, and text or columns of the objects. Where
the C extension (`native/`) is there, rows do without: it finds the values in the text, sees whether each is of
its type, and writes them where they belong. It takes a quarter of the time.

It reads what TikTok sends as a rule. Whatever it does not know, it does not read: a value of another type, a field that
is an object, half of a character. Those rows are read by `sync.decode.reports`, which has the last word on what a row
means; so a connector without a compiler on its machine, or with `TIKTOK_PURE_PYTHON` set, delivers the same. Only
escapes in texts differ: the C extension writes them as TikTok does, Python as the characters that they stand for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from tiktok_marketing.catalog import ReportStream, field_types

if TYPE_CHECKING:
    from tiktok_marketing.sync.decode import _rows

Dimensions = tuple[Sequence[Any], ...]
"""For each dimension of the report, its value in each row."""
ColumnKind = Literal["i", "c", "f", "m", "s", "d", "t", "-"]
"""An integer of 64 bits; one that a double can hold as well; a double; a decimal of 128 bits, in ten thousandths; text;
days, and microseconds, since 1970; none."""
Buffers = tuple[bytes | None, bytes, bytes | None, int]
"""Of a column, as Arrow describes them: a bit for each row that has a value (None: all have); the values; of texts,
where each begins and the last one ends (None: they are of a fixed width); how many rows have no value."""

_KINDS = {"integer": "i", "number": "n", "string": "s"}


def _native() -> Any:
    """The C extension; None where it was not built, or is not wanted."""
    if os.environ.get("TIKTOK_PURE_PYTHON"):
        return None
    try:
        from tiktok_marketing.sync.decode import _rows
    except ImportError:
        return None
    return _rows


NATIVE = _native()


def lines_of(stream: ReportStream, rows: bytes, before: bytes, after: bytes) -> tuple[bytes, Dimensions] | None:
    """Rows as lines of JSON: the dimensions, then those again as `dimensions`, and the `metrics`.

    Args:
        stream: The report.
        rows: Its rows as TikTok sends them, separated by commas.
        before: What each line begins with, up to the first dimension.
        after: What each line ends with, its line end included.

    Returns:
        The lines, and the dimensions. None if this cannot be told of all rows; nothing is said of their text then,
        which may be as it should be.
    """
    if NATIVE is None:
        return None
    made: tuple[bytes, Dimensions] | None = NATIVE.lines(_layout_for_lines(stream), rows, before, after)
    return made


class RowColumns:
    """Rows of a report as columns: dimensions and metrics in the catalog's order, but for those that are nowhere.

    Args:
        stream: The report.
        kinds: What each dimension and metric becomes. A metric with the name of a dimension becomes nothing.
    """

    def __init__(self, stream: ReportStream, kinds: Mapping[str, ColumnKind]) -> None:
        self._columns = None if NATIVE is None else NATIVE.columns(_layout(stream, kinds))

    def add(self, rows: bytes) -> Dimensions | None:
        """Take rows as TikTok sends them, separated by commas. Returns None if none of them was taken."""
        if self._columns is None:
            return None
        taken: Dimensions | None = NATIVE.add(self._columns, rows)
        return taken

    def finish(self) -> tuple[int, list[Buffers]]:
        """Give how many rows were taken since the last time, and their columns; no columns if there are no rows."""
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

    def fields(part: str, names: Sequence[str], given: Mapping[str, ColumnKind]) -> list[tuple[bytes, str, str]]:
        return [(name.encode(), _KINDS[types[part].fields[name].kind], given.get(name, "-")) for name in names]

    of_metrics = {name: kind for name, kind in kinds.items() if name not in source.dimensions}
    layout: _rows.Layout = NATIVE.layout(
        fields("dimensions", source.dimensions, kinds), fields("metrics", source.metrics, of_metrics)
    )
    return layout
