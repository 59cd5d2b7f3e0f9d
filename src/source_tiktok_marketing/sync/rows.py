"""Rows of a report from TikTok's text straight to lines of JSON, without an object for each value.

Most of what a record costs is to make a hundred Python objects of its text, and text of the objects. Where the module
written in C (`native/`) is there, rows do without: it finds the values in the text, sees whether each is of its type,
and copies them to where they belong. It takes a quarter of the time.

It reads what TikTok sends as a rule. Whatever it does not know, it does not read: a value of another type, a field that
is an object, half of a character. Those rows are read by `sync.records`, which has the last word on what a row means;
so a connector without a compiler on its machine, or with `TIKTOK_PURE_PYTHON` set, delivers the very same.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from source_tiktok_marketing.catalog import ReportSource, Stream, field_types

if TYPE_CHECKING:
    from source_tiktok_marketing.sync import _rows

_KINDS = {"integer": "i", "number": "n", "string": "s"}


def _native() -> Any:
    """The module in C; None where it was not built, or is not wanted."""
    if os.environ.get("TIKTOK_PURE_PYTHON"):
        return None
    try:
        from source_tiktok_marketing.sync import _rows
    except ImportError:
        return None
    return _rows


NATIVE = _native()


def lines_of(
    stream: Stream, rows: bytes, before: bytes, after: bytes
) -> tuple[bytes, tuple[Sequence[Any], ...]] | None:
    """Rows as lines of JSON: the dimensions, then those again as `dimensions`, and the `metrics`.

    Args:
        stream: The report.
        rows: Its rows as TikTok sends them, separated by commas.
        before: What each line begins with, up to the first dimension.
        after: What each line ends with, its line end included.

    Returns:
        The lines, and for each dimension of the report its value in each row. None if this cannot be told of all rows;
        nothing is said of their text then, which may be as it should be.
    """
    if NATIVE is None:
        return None
    made: tuple[bytes, tuple[Sequence[Any], ...]] | None = NATIVE.lines(_layout_of(stream), rows, before, after)
    return made


@cache
def _layout_of(stream: Stream) -> _rows.Layout:
    assert isinstance(stream.source, ReportSource)  # noqa: S101 - narrows the type; objects have no rows
    types = field_types(stream)
    parts = (("dimensions", stream.source.dimensions), ("metrics", stream.source.metrics))
    layout: _rows.Layout = NATIVE.layout(
        *([(name.encode(), _KINDS[types[part].fields[name].kind]) for name in names] for part, names in parts)
    )
    return layout
