"""Dimensions that an answer does not say stand in its rows afterwards, and nothing else changes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.sync.decode.given_dimensions import with_dimensions

GIVEN = {"store_id": "7495344834629033336", "stat_time_hour": "2026-06-01 00:00:00"}
texts = st.text(max_size=8)
values = st.one_of(st.none(), st.booleans(), st.integers(), texts, st.lists(st.integers(), max_size=2))
objects = st.dictionaries(texts, values, max_size=3)
dimensions = st.dictionaries(st.sampled_from([*GIVEN, "campaign_id"]), st.just("-") | values, max_size=3)
rows = st.one_of(st.builds(lambda of, more: {**more, "dimensions": of}, dimensions | objects, objects), objects)


def answer(rows_of: list[Any], **others: Any) -> dict[str, Any]:
    """An answer with these rows."""
    return {"code": 0, "data": {"page_info": {"total_number": len(rows_of)}, "list": rows_of, **others}}


def expected(row: dict[str, Any]) -> dict[str, Any]:
    """A row with what it lacks."""
    own = row.get("dimensions")
    if not isinstance(own, dict):
        return row
    lacking = {name: value for name, value in GIVEN.items() if own.get(name, "-") == "-"}
    return {**row, "dimensions": {**own, **lacking}}


@given(rows_of=st.lists(rows, max_size=4), indent=st.sampled_from([None, 2]))
def test_rows_get_what_they_lack(rows_of: list[dict[str, Any]], indent: int | None) -> None:
    """A value that TikTok sends stays, and so does everything outside the dimensions."""
    body = json.dumps(answer(rows_of, more=[1]), indent=indent).encode()
    assert json.loads(with_dimensions(body, GIVEN)) == answer(list(map(expected, rows_of)), more=[1])


@pytest.mark.parametrize("value", [b"1e999", b'"\xed\xa0\xbd"', b"123456789012345678901234567890", b"NaN"])
def test_an_odd_value_keeps_its_spelling_or_costs_itself(value: bytes) -> None:
    """The rows are there, with the dimensions."""
    body = b'{"data":{"list":[{"dimensions":{"campaign_id":"1"},"metrics":{"cost":%b}}]}}' % value
    answer_of = with_dimensions(body, GIVEN)
    assert GIVEN["store_id"].encode() in answer_of
    assert value in answer_of or b'"list"' in answer_of


@pytest.mark.parametrize("odd", [b"1", b"NaN"], ids=["usual", "lenient"])
def test_a_dash_gives_way_to_a_given_dimension_alone(odd: bytes) -> None:
    """TikTok writes it for the hour of a store without figures. Elsewhere it is TikTok's word."""
    dimensions = b'{"campaign_id":"-","stat_time_hour":"-","store_id":"7"}'
    body = b'{"data":{"list":[{"dimensions":%b,"metrics":{"cost":%b}}]}}' % (dimensions, odd)
    [row] = json.loads(with_dimensions(body, GIVEN))["data"]["list"]
    assert row["dimensions"] == {
        "campaign_id": "-",
        "stat_time_hour": GIVEN["stat_time_hour"],
        "store_id": "7",
    }


@pytest.mark.parametrize("row", [b"7", b"null", b'"x"', b"[]", b'{"dimensions":7}', b'{"dimensions":null}'])
def test_a_row_that_is_no_row_costs_no_other(row: bytes) -> None:
    """It stays as it is, for the reader to judge."""
    body = b'{"data":{"list":[{"dimensions":{"campaign_id":"1"}},%b]}}' % row
    first, second = json.loads(with_dimensions(body, GIVEN))["data"]["list"]
    assert first["dimensions"] == {"campaign_id": "1", **GIVEN}
    assert second == json.loads(row)


@pytest.mark.parametrize("body", [b"", b"[", b"7", b"<html>", b'{"data":{"list":[{]}}'])
def test_what_is_no_answer_is_an_error_or_stays(body: bytes) -> None:
    """The client tells a damaged answer from an empty one."""
    try:
        assert json.loads(with_dimensions(body, GIVEN)) == json.loads(body)
    except msgspec.DecodeError:
        return


@pytest.mark.parametrize("body", [b'{"code":0}', b'{"data":{}}', b'{"data":null}', b'{"data":{"list":null}}'])
def test_an_answer_without_rows_stays(body: bytes) -> None:
    """There is nothing to add to."""
    assert json.loads(with_dimensions(body, GIVEN)) == json.loads(body)
