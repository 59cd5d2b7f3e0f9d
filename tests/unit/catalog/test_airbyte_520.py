"""The lists of GMV Max compared with Airbyte's connector 5.2.0, as far as its documentation and tests show them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tiktok_marketing.catalog import json_schema, object_stream

DECLARED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "airbyte_5_2_0.json").read_text())


@pytest.mark.parametrize("name", DECLARED)
def test_key_cursor_and_requests_equal_those_of_5_2_0(name: str) -> None:
    """A catalog of 5.2.0 works here without a change, and its tables keep their keys."""
    stream, theirs = object_stream(name), DECLARED[name]
    assert stream.endpoint == theirs["endpoint"]
    assert list(stream.primary_key) == theirs["primary_key"]
    assert list(stream.row_key) == theirs["unique_by"]
    assert stream.cursor == theirs["cursor"]
    source = stream.source
    assert (source.list_key, source.page_size) == (theirs["list_key"], theirs["page_size"])
    assert [query.filtering for query in source.queries] == theirs["filterings"]


@pytest.mark.parametrize("name", DECLARED)
def test_the_fields_of_5_2_0_are_declared(name: str) -> None:
    """Every field that 5.2.0 is known to deliver is in the schema."""
    assert set(DECLARED[name]["fields"]) <= set(json_schema(object_stream(name))["properties"])
