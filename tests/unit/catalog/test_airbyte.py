"""The catalog compared with Airbyte's connector 4.7.0. Every difference is listed, and the lists hold nothing else."""

from __future__ import annotations

import pytest

from airbyte_470 import TYPED_OTHERWISE, added, declared, left_out
from notation import flatten, notation
from tiktok_marketing.catalog import STREAMS, Stream, json_schema

IN_BOTH = [stream for stream in STREAMS if stream.name in declared()]
every_stream = pytest.mark.parametrize("stream", IN_BOTH, ids=lambda stream: stream.name)


def test_all_streams_of_4_7_0_are_here() -> None:
    """All 44 streams of 4.7.0 are here under the same names."""
    assert {stream.name for stream in IN_BOTH} == set(declared())
    assert len(IN_BOTH) == 44


@every_stream
def test_key_cursor_and_sync_modes_equal_those_of_4_7_0(stream: Stream) -> None:
    """A connection that was created with 4.7.0 continues without a change to its catalog."""
    theirs = declared()[stream.name]
    assert stream.primary_key == theirs.primary_key
    assert stream.cursor == theirs.cursor
    assert ("incremental" in theirs.sync_modes) == (stream.cursor is not None)


@every_stream
def test_fields_that_only_4_7_0_declares_are_listed(stream: Stream) -> None:
    """The fields that only 4.7.0 declares are exactly those in the list of fields that it never fills."""
    assert set(declared()[stream.name].fields) - set(flatten(json_schema(stream))) == left_out(stream.name)


@every_stream
def test_fields_that_only_this_connector_declares_are_listed(stream: Stream) -> None:
    """The fields that only this connector declares are exactly those in the list of additions."""
    assert set(flatten(json_schema(stream))) - set(declared()[stream.name].fields) == added(stream.name)


def test_only_listed_fields_have_another_type_than_in_4_7_0() -> None:
    """No column of an existing table changes its type, unless the type in 4.7.0 is wrong."""
    differing = {
        (stream.name, path)
        for stream in IN_BOTH
        for path, field in flatten(json_schema(stream)).items()
        if declared()[stream.name].fields.get(path, notation(field)) != notation(field)
    }
    assert differing == set(TYPED_OTHERWISE)
