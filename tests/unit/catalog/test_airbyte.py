"""The catalog beside that of Airbyte's connector 4.7.0; every difference is listed, and the lists hold nothing else."""

from __future__ import annotations

import pytest

from airbyte_470 import TYPED_OTHERWISE, added, declared, left_out
from notation import flatten, notation
from tiktok_marketing.catalog import STREAMS, Stream, json_schema

every_stream = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)


def test_all_streams_are_here() -> None:
    """44 streams there and here, under the same names."""
    assert {stream.name for stream in STREAMS} == set(declared())
    assert len(STREAMS) == 44


@every_stream
def test_key_cursor_and_modes_are_the_same(stream: Stream) -> None:
    """A connection made with 4.7.0 goes on without a change of its catalog."""
    theirs = declared()[stream.name]
    assert stream.primary_key == theirs.primary_key
    assert stream.cursor == theirs.cursor
    assert ("incremental" in theirs.sync_modes) == (stream.cursor is not None)


@every_stream
def test_what_is_left_out_is_listed(stream: Stream) -> None:
    """What 4.7.0 declares and we do not is exactly the list of what it never fills."""
    assert set(declared()[stream.name].fields) - set(flatten(json_schema(stream))) == left_out(stream.name)


@every_stream
def test_what_is_added_is_listed(stream: Stream) -> None:
    """What we declare and 4.7.0 does not is exactly the list of additions."""
    assert set(flatten(json_schema(stream))) - set(declared()[stream.name].fields) == added(stream.name)


def test_types_are_the_same_but_for_a_list() -> None:
    """No column of an existing table changes its type, except where 4.7.0's is wrong."""
    differing = {
        (stream.name, path)
        for stream in STREAMS
        for path, field in flatten(json_schema(stream)).items()
        if declared()[stream.name].fields.get(path, notation(field)) != notation(field)
    }
    assert differing == set(TYPED_OTHERWISE)
