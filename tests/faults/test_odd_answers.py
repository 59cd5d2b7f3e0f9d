"""Answers that differ from TikTok's documents: no row is lost, and values that do not fit their type are reported."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st
from msgspec import UNSET

from faults.hurry import Result, small, synced
from tiktok_marketing.catalog import json_schema, stream_named
from tiktok_marketing.emulator import Fault

STREAMS = ["campaigns", "ads", "ads_reports_daily"]
NOT_EDITED = {"campaign_id", "ad_id", "advertiser_id", "modify_time"}
"""What rows are told apart and chosen by."""
PYTHON = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def properties(name: str) -> dict[str, Any]:
    """The types of a stream's fields; for a report, of its metrics."""
    stream = stream_named(name)
    assert stream is not None
    schema = json_schema(stream)["properties"]
    return dict(schema["metrics"]["properties"] if stream.is_report else schema)


FIELDS = sorted({field for name in STREAMS for field in properties(name)} - NOT_EDITED)

other_types = st.one_of(
    st.sampled_from(["", "-", "--", "<5", "1,234.5", "9" * 30, "9" * 400, "1e400", "NaN", "BRAND_NEW", "Not set"]),
    st.sampled_from([0, -1, 2**63, 10**30, 1.5, 1e300, True, None, [], {}, [{"a": None}], {"a": ["b"]}]),
    st.text(max_size=8),
    st.floats(allow_nan=False, allow_infinity=False),
    st.just(UNSET),
)


@cache
def plain() -> Result:
    """The rows without any fault."""

    async def read() -> Result:
        async with small() as emulator:
            return await synced(emulator, STREAMS)

    return asyncio.run(read())


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(field=st.sampled_from(FIELDS), value=other_types)
@example(field="spend", value="<5")
@example(field="impressions", value="1,234.5")
@example(field="impressions", value="9" * 30)
@example(field="operation_status", value="BRAND_NEW")
@example(field="never_seen_before", value={"new": [1]})
def test_no_row_is_lost_to_a_value_of_another_type(field: str, value: Any) -> None:
    """Every row comes with all other fields; the value is converted to its type or to null, and reported once."""

    async def read() -> Result:
        async with small(faults=(Fault(edit=field, value=value),)) as emulator:
            return await synced(emulator, STREAMS)

    result = asyncio.run(read())
    note(f"{result.notices}, {[str(failure.error) for failure in result.failures]}")
    assert not result.failures
    assert not result.duplicates
    for name in STREAMS:
        expected = plain().rows[name]
        assert result.rows[name].keys() == expected.keys()
        for key, row in result.rows[name].items():
            fields, expected_fields = _fields(name, row), _fields(name, expected[key])
            value_read = fields.pop(field, None)
            expected_fields.pop(field, None)
            assert fields == expected_fields
            described = properties(name).get(field)
            if described is not None:
                kinds = described["type"] if isinstance(described["type"], list) else [described["type"]]
                assert value_read is None or isinstance(value_read, tuple(PYTHON[kind] for kind in kinds)), (
                    name,
                    value_read,
                )
            if value_read is None and value not in (UNSET, None, "", "-") and described is not None:
                warnings = [text for text in result.notices if text.startswith(f"{name}: the value ")]
                assert sum(f" of {field} does not fit its type" in text for text in warnings) == 1


def _fields(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return dict(row["metrics"] if name == "ads_reports_daily" else row)


def test_objects_without_a_valid_time_are_delivered() -> None:
    """Without a readable modify_time nobody knows whether an object changed."""

    async def read() -> Result:
        async with small(faults=(Fault(edit="modify_time", value="yesterday"),)) as emulator:
            return await synced(emulator, STREAMS)

    result = asyncio.run(read())
    assert not result.failures
    for name in STREAMS:
        assert result.rows[name].keys() >= plain().rows[name].keys()
