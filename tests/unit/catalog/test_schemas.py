from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from notation import flatten, notation
from tiktok_marketing import catalog
from tiktok_marketing.catalog import (
    REPORTS,
    STREAMS,
    AnyStream,
    FieldType,
    ReportStream,
    Scope,
    Stream,
    field_types,
    json_schema,
)
from tiktok_marketing.catalog.dimensions import DIMENSIONS
from tiktok_marketing.catalog.metrics import METRICS

if TYPE_CHECKING:
    from conftest import Airbyte

every_stream = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
every_report = pytest.mark.parametrize("stream", REPORTS, ids=lambda stream: stream.name)

# Smart+ ads come without a modification time; Airbyte's declares it as always there, and loses those ads.
_CORRECTED = {("ads", "modify_time"): "string?:date-time(timestamp_without_timezone)"}


@every_stream
def test_every_field_of_airbytes_is_here_with_its_type(stream: Stream, airbyte: Airbyte) -> None:
    """Nothing that Airbyte's connector delivers is taken away, and no type changes under a table that exists."""
    ours = {path: notation(field) for path, field in flatten(json_schema(stream)).items()}
    theirs = {path: _CORRECTED.get((stream.name, path), kind) for path, kind in airbyte.fields_of(stream.name).items()}
    changed = {path: kind for path, kind in theirs.items() if ours.get(path) != kind}
    assert changed == {}


@every_report
def test_a_report_declares_what_it_asks_for_and_nothing_else(stream: ReportStream) -> None:
    """A report's schema names its own dimensions and metrics, not those of its sisters."""
    source = stream.source
    schema = json_schema(stream)["properties"]
    assert list(schema["metrics"]["properties"]) == list(source.metrics)
    assert list(schema["dimensions"]["properties"]) == list(source.dimensions)
    assert set(schema) == {"advertiser_id", "metrics", "dimensions", *source.dimensions}


@every_stream
def test_records_say_which_account_they_are_of(stream: Stream) -> None:
    """Every stream but the bare list of accounts has an integer `advertiser_id` at the root."""
    expected = "string" if stream.scope is Scope.TOKEN else "integer"
    assert notation(json_schema(stream)["properties"]["advertiser_id"]).rstrip("?") == expected


@every_stream
def test_keys_and_cursor_are_declared(stream: Stream) -> None:
    """What tells records apart and what moves the state are among the fields."""
    declared = json_schema(stream)["properties"]
    assert {*stream.primary_key, *filter(None, [stream.cursor])} <= set(declared)


def _check_shape(schema: dict[str, Any], path: str) -> None:
    known = {"integer", "number", "string", "boolean", "object", "array", "null"}
    names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    assert set(names) <= known, path
    assert len(names) == len(set(names)), path
    assert len([name for name in names if name != "null"]) == 1, path
    assert set(schema) <= {
        "$schema",
        "type",
        "format",
        "airbyte_type",
        "description",
        "items",
        "properties",
        "additionalProperties",
    }, path
    assert ("items" in schema) == ("array" in names), path
    assert ("additionalProperties" in schema) == ("object" in names), path
    assert schema.get("additionalProperties", True) is True, path
    assert schema.get("format", "date-time") == "date-time", path
    if "format" in schema:
        assert "string" in names, path
    if "airbyte_type" in schema:
        assert schema["airbyte_type"] == "timestamp_without_timezone", path
        assert "format" in schema, path
    if "properties" in schema:
        assert "object" in names, path
    for name, field in schema.get("properties", {}).items():
        _check_shape(field, f"{path}.{name}")
    if "items" in schema:
        _check_shape(schema["items"], f"{path}[]")


@every_stream
def test_schemas_are_draft_07_as_destinations_like_it(stream: Stream) -> None:
    """One type beside null, open objects, typed items, dates by format: nothing that a destination stumbles over."""
    schema = json_schema(stream)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["type"] == "object"
    _check_shape(schema, stream.name)


@every_stream
def test_enumerations_are_left_open(stream: Stream) -> None:
    """TikTok adds values without notice, so no field lists its values."""
    assert [path for path, field in flatten(json_schema(stream)).items() if "enum" in field] == []


def test_fields_beyond_airbytes_may_be_null(airbyte: Airbyte) -> None:
    """TikTok leaves out or nulls whatever an older object does not have."""
    strict = [
        f"{stream.name}.{path}"
        for stream in STREAMS
        if not stream.is_report
        for path, field in flatten(json_schema(stream)).items()
        if path not in airbyte.fields_of(stream.name) and "null" not in field["type"]
    ]
    assert strict == []


def test_every_schema_file_belongs_to_a_stream() -> None:
    """There is one file for each object stream, and none left over."""
    files = {path.stem for path in (Path(catalog.__file__).parent / "schemas").iterdir()}
    assert files == {stream.name for stream in STREAMS if not stream.is_report}


@every_stream
def test_a_schema_is_the_callers_own(stream: Stream) -> None:
    """Changing a schema that was handed out changes nobody else's."""
    json_schema(stream)["properties"].clear()
    assert json_schema(stream)["properties"]


def _agrees(kind: FieldType, schema: dict[str, Any], path: str) -> None:
    names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    assert kind.kind in names, path
    assert kind.nullable == ("null" in names), path
    assert list(kind.fields) == list(schema.get("properties", {})), path
    for name, field in kind.fields.items():
        _agrees(field, schema["properties"][name], f"{path}.{name}")
    assert (kind.items is None) == ("items" not in schema), path
    if kind.items is not None:
        _agrees(kind.items, schema["items"], f"{path}[]")


@every_stream
def test_field_types_agree_with_the_schema(stream: AnyStream) -> None:
    """The reader converts to exactly the types that the catalog announces."""
    schema = json_schema(stream)
    types = field_types(stream)
    assert list(types) == list(schema["properties"])
    untyped = frozenset() if isinstance(stream, ReportStream) else stream.source.untyped
    for name, kind in types.items():
        if name in untyped:
            continue
        _agrees(kind, schema["properties"][name], f"{stream.name}.{name}")


def test_what_tiktok_sends_in_another_shape_passes_as_it_comes() -> None:
    """Airbyte declares these lists as objects; a reader that insisted would lose them."""
    types = field_types(next(stream for stream in STREAMS if stream.name == "ads"))
    anything = FieldType(kind="any", nullable=True)
    assert [name for name, kind in types.items() if kind == anything] == [
        "showcase_products",
        "disclaimer_clickable_texts",
    ]


def test_field_types_are_computed_once() -> None:
    """The reader may ask for every page; it gets the same table."""
    assert all(field_types(stream) is field_types(stream) for stream in STREAMS)


def test_field_types_show_what_is_inside() -> None:
    """Arrays of objects and objects in objects keep the types of their fields."""
    ad_groups = field_types(next(stream for stream in STREAMS if stream.name == "ad_groups"))
    assert ad_groups["audience_ids"] == FieldType(kind="array", items=FieldType(kind="integer"))
    actions = ad_groups["actions"].items
    assert actions is not None
    assert actions.nullable
    assert actions.fields["action_period"] == FieldType(kind="number", nullable=True)


def test_metrics_keep_text_where_airbytes_does() -> None:
    """Money and counts of the old metrics stay text, newer ones are numbers, ids are integers."""
    types = {name: METRICS[name].type for name in ("spend", "impressions", "likes", "tt_app_id", "mobile_app_id")}
    assert types == {
        "spend": "string",
        "impressions": "string",
        "likes": "number",
        "tt_app_id": "integer",
        "mobile_app_id": "string",
    }


def test_the_promoted_app_is_text_in_audience_reports() -> None:
    """Airbyte types this one id in two ways, and so do the records."""
    types = {
        (stream.source.report_type, notation(json_schema(stream)["properties"]["metrics"]["properties"]["tt_app_id"]))
        for stream in REPORTS
        if "tt_app_id" in stream.source.metrics
    }
    assert types == {("BASIC", "integer?"), ("AUDIENCE", "string?")}


def test_metrics_that_airbyte_lacks_are_numbers(airbyte: Airbyte) -> None:
    """No table has them as text, so they are what they are: counts, sums and shares."""
    known = {path.removeprefix("metrics.") for fields in airbyte.report_fields.values() for path in fields}
    assert {metric.type for name, metric in METRICS.items() if name not in known} == {"number"}


def test_every_dimension_is_asked_for() -> None:
    """The table of dimensions holds what is used, and nothing else."""
    asked = {name for stream in REPORTS for name in stream.source.dimensions}
    assert set(DIMENSIONS) == asked
