"""Rows of reports, as TikTok sends them and as it might."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import strategies as st
from unit_builders import report_source, stream

from tiktok_marketing.catalog import STREAMS, field_types
from tiktok_marketing.sync.decode.native import NATIVE

REPORTS = [one.name for one in STREAMS if one.is_report]
NEEDS_C = pytest.mark.skipif(NATIVE is None, reason="the C extension is not built here: there is no compiler")


def sent_row(name: str, *, text: str = "x", **metrics: Any) -> dict[str, Any]:
    """A row of a report, with ids where ids are, this text in its other dimensions, and 4 of everything."""
    source, types = report_source(name), field_types(stream(name))
    return {
        "dimensions": {one: "700100" if types[one].kind == "integer" else text for one in source.dimensions},
        "metrics": dict.fromkeys(source.metrics, "4") | metrics,
    }


def compact(*rows: Any) -> bytes:
    """Rows as they stand in the list of an answer."""
    return json.dumps(rows, separators=(",", ":")).encode()[1:-1]


texts = st.text(max_size=8) | st.sampled_from(
    ["", "-", " ", "null", "0", "0.00", "12.30", "-1", '"-', ':"-"', "\\", "😀"]
)
values = (
    texts
    | st.integers().map(str)
    | st.decimals(allow_nan=False, places=4, min_value=-(10**12), max_value=10**12).map(str)
    | st.floats().map(str)
)


def rows_of(name: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows of a report with any dimensions, and some of its metrics, of any value."""
    source, types = report_source(name), field_types(stream(name))
    days = st.dates().map(lambda day: f"{day} 00:00:00") | st.datetimes().map(lambda time: f"{time:%Y-%m-%d %H:%M:%S}")
    ids = st.integers(0, 10**19).map(str) | texts
    dimensions = {
        one: ids if types[one].kind == "integer" else days | texts if one.startswith("stat_time") else texts
        for one in source.dimensions
    }
    of = st.dictionaries(
        st.sampled_from([*source.metrics, "unknown"]),
        values | st.none() | st.integers() | st.booleans() | st.lists(texts),
        max_size=12,
    )
    row = st.fixed_dictionaries({"dimensions": st.fixed_dictionaries(dimensions), "metrics": of})
    return st.lists(row, min_size=1, max_size=4)


def damaged(rng: random.Random, rows: bytes) -> bytes:
    """The rows with a few bytes that are others, more, or missing."""
    text = bytearray(rows)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text))
        match rng.randrange(4):
            case 0:
                del text[at : at + rng.randint(1, 8)]
            case 1:
                text[at:at] = rng.choice(
                    [b'"', b"\\", b"{", b"}", b",", b":", b" ", b"\\u12", b"-", b"0", b".", b"null"]
                )
            case 2:
                text[at] = rng.randrange(256)
            case _:
                other = rng.randrange(len(text))
                text[at:at] = text[other : other + rng.randint(1, 40)]
        if not text:
            break
    return bytes(text)
