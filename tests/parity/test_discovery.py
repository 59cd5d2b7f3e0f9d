"""The catalog that 4.7.0 discovers, beside ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from airbyte_470 import UNREADABLE_IN_SANDBOX, declared, left_out
from notation import flatten, notation
from parity.bench import Pair
from parity.faulty import Commands
from tiktok_marketing.catalog import ON_REQUEST, STREAMS, Stream


def catalog_of(outcome: Any) -> dict[str, dict[str, Any]]:
    """The discovered streams by name."""
    (catalog,) = outcome.of_type("CATALOG")
    return {stream["name"]: stream for stream in catalog["streams"]}


def fixed_streams(outcome: Any) -> dict[str, dict[str, Any]]:
    """The discovered streams without those on request, which 4.7.0 does not have."""
    on_request = {stream.name for stream in ON_REQUEST}
    return {name: stream for name, stream in catalog_of(outcome).items() if name not in on_request}


@pytest.mark.parametrize(("kind", "count"), [("production", 44), ("sandbox", 28)])
def test_streams_keys_cursors_and_modes_are_equal(kind: str, count: int, discovery: dict[str, Commands]) -> None:
    """Of each stream that the account has, in both kinds of account; `is_file_based` is false by default."""
    theirs, ours = catalog_of(discovery[kind].theirs), fixed_streams(discovery[kind].ours)
    assert len(theirs) == count
    assert set(ours) == set(theirs) - (UNREADABLE_IN_SANDBOX if kind == "sandbox" else set())
    apart = {"json_schema", "is_file_based", "is_resumable"}
    for name in ours:
        expected = {field: value for field, value in theirs[name].items() if field not in apart}
        assert {field: ours[name].get(field) for field in expected} == expected


def test_more_streams_are_resumable_than_in_airbytes(discovery: dict[str, Commands]) -> None:
    """4.7.0 resumes streams with a cursor; ours also the others that are read per account."""
    theirs, ours = catalog_of(discovery["production"].theirs), fixed_streams(discovery["production"].ours)
    assert all(ours[name]["is_resumable"] for name, stream in theirs.items() if stream["is_resumable"])
    assert sum(bool(stream["is_resumable"]) for stream in theirs.values()) == 30
    assert sum(stream["is_resumable"] for stream in ours.values()) == 42


def test_the_catalog_in_the_unit_tests_is_what_airbytes_discovers(discovery: dict[str, Commands]) -> None:
    """So that `make test` compares our catalog with 4.7.0's own."""
    theirs = catalog_of(discovery["production"].theirs)
    discovered = {
        name: {path: notation(field) for path, field in flatten(stream["json_schema"]).items()}
        for name, stream in theirs.items()
    }
    assert discovered == {name: stream.fields for name, stream in declared().items()}


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_fields_that_are_left_out_are_never_filled(
    stream: Stream, reports_in_full: Pair, objects_in_full: Pair, deleted_too: Pair, sandbox_account: Pair
) -> None:
    """No record of 4.7.0 has a value in a field that 4.7.0 declares and we do not."""
    filled = {
        path
        for pair in (reports_in_full, objects_in_full, deleted_too, sandbox_account)
        for record in pair.theirs.outcome.records(stream.name)
        for path in filled_paths(record)
    }
    assert filled & left_out(stream.name) == set()


def filled_paths(record: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The fields with a value, by their dotted path; `[]` stands for the items of an array."""
    for name, value in record.items():
        if value is None:
            continue
        yield prefix + name
        if isinstance(value, Mapping):
            yield from filled_paths(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping):
                    yield from filled_paths(item, f"{prefix}{name}[].")
