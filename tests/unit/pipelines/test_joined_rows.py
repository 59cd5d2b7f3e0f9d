"""Rows of a Parquet file are joined with new ones, whoever wrote the file."""

from __future__ import annotations

import pyarrow as pa

from tiktok_marketing.pipelines.databases.files.arrow_rows import joined


def test_columns_of_others_that_accept_no_null_have_none_in_new_rows() -> None:
    """Another program may have added them. The old rows keep their values."""
    strict = [pa.field("ad_id", pa.int64(), nullable=False), pa.field("team", pa.string(), nullable=False)]
    old = pa.table({"ad_id": [1], "team": ["a"]}, schema=pa.schema(strict, {"of": "theirs"}))
    new = pa.table({"ad_id": pa.array([None, 2], pa.int64()), "spend": [1.5, 2.5]})
    rows = joined(old, new)
    assert rows.to_pylist() == [
        {"ad_id": 1, "team": "a", "spend": None},
        {"ad_id": None, "team": None, "spend": 1.5},
        {"ad_id": 2, "team": None, "spend": 2.5},
    ]
    assert all(field.nullable for field in rows.schema)
    assert rows.schema.metadata == {b"of": b"theirs"}
