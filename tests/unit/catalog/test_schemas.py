from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from each import for_each
from notation import flatten, notation
from tiktok_marketing import catalog
from tiktok_marketing.catalog import (
    ALL_STREAMS,
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
from tiktok_marketing.catalog.report_rules import AUDIENCE_DIMENSIONS, BASIC_DIMENSIONS, CATALOG_DIMENSIONS

if TYPE_CHECKING:
    from conftest import Airbyte

every_stream = for_each("stream", ALL_STREAMS)
every_airbyte_stream = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
every_report = pytest.mark.parametrize("stream", REPORTS, ids=lambda stream: stream.name)

# Smart+ ads have no modification time. Airbyte's connector declares that it is always there, and loses these ads.
_CORRECTED = {("ads", "modify_time"): "string?:date-time(timestamp_without_timezone)"}


@every_airbyte_stream
def test_every_field_of_airbytes_connector_is_here_with_its_type(stream: Stream, airbyte: Airbyte) -> None:
    """Every field that Airbyte's connector delivers is here, and no column of an existing table changes its type."""
    ours = {path: notation(field) for path, field in flatten(json_schema(stream)).items()}
    theirs = {path: _CORRECTED.get((stream.name, path), kind) for path, kind in airbyte.fields_of(stream.name).items()}
    changed = {path: kind for path, kind in theirs.items() if ours.get(path) != kind}
    assert changed == {}


@every_report
def test_a_report_declares_exactly_the_fields_that_it_requests(stream: ReportStream) -> None:
    """The schema of a report has its own dimensions and metrics, and none of other reports."""
    source = stream.source
    schema = json_schema(stream)["properties"]
    assert list(schema["metrics"]["properties"]) == list(source.metrics)
    assert list(schema["dimensions"]["properties"]) == list(source.dimensions)
    assert set(schema) == {"advertiser_id", "metrics", "dimensions", *source.dimensions}


@every_stream
def test_every_record_has_an_advertiser_id(stream: Stream) -> None:
    """Every stream has an integer `advertiser_id` at the root; only the list of accounts has text, as Airbyte does."""
    expected = "string" if stream.scope is Scope.TOKEN else "integer"
    assert notation(json_schema(stream)["properties"]["advertiser_id"]).rstrip("?") == expected


@every_stream
def test_key_and_cursor_are_declared(stream: Stream) -> None:
    """The primary key and the cursor are fields of the schema."""
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
def test_schemas_use_the_part_of_draft_07_that_destinations_support(stream: Stream) -> None:
    """A field has one type besides null, arrays have typed items, objects are open, and dates have a format."""
    schema = json_schema(stream)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["type"] == "object"
    _check_shape(schema, stream.name)


@every_stream
def test_no_field_lists_its_values(stream: Stream) -> None:
    """TikTok adds values without notice, so a list of values would become wrong."""
    assert [path for path, field in flatten(json_schema(stream)).items() if "enum" in field] == []


def test_fields_that_airbytes_connector_lacks_can_be_null(airbyte: Airbyte) -> None:
    """Older objects lack newer fields, or have null there."""
    strict = [
        f"{stream.name}.{path}"
        for stream in STREAMS
        if not stream.is_report
        for path, field in flatten(json_schema(stream)).items()
        if path not in airbyte.fields_of(stream.name) and "null" not in field["type"]
    ]
    assert strict == []


def test_every_schema_file_belongs_to_a_stream() -> None:
    """There is one schema file per object stream, and no other."""
    files = {path.stem for path in (Path(catalog.__file__).parent / "schemas").iterdir()}
    assert files == {stream.name for stream in ALL_STREAMS if not stream.is_report}


@every_stream
def test_changing_a_returned_schema_changes_no_other(stream: Stream) -> None:
    """The caller owns the schema that it gets."""
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
    """The reader converts values to exactly the types that the schema declares."""
    schema = json_schema(stream)
    types = field_types(stream)
    assert list(types) == list(schema["properties"])
    untyped = frozenset() if isinstance(stream, ReportStream) else stream.source.untyped
    for name, kind in types.items():
        if name in untyped:
            continue
        _agrees(kind, schema["properties"][name], f"{stream.name}.{name}")


def test_untyped_fields_pass_as_they_come() -> None:
    """Airbyte's connector declares these lists as objects. Converting them to objects would lose them."""
    types = field_types(next(stream for stream in STREAMS if stream.name == "ads"))
    anything = FieldType(kind="any", nullable=True)
    assert [name for name, kind in types.items() if kind == anything] == [
        "showcase_products",
        "disclaimer_clickable_texts",
    ]


def test_field_types_are_computed_once() -> None:
    """The reader can ask for the types of every page and gets the same table."""
    assert all(field_types(stream) is field_types(stream) for stream in ALL_STREAMS)


def test_field_types_include_nested_types() -> None:
    """Arrays of objects and nested objects have the types of their fields."""
    ad_groups = field_types(next(stream for stream in STREAMS if stream.name == "ad_groups"))
    assert ad_groups["audience_ids"] == FieldType(kind="array", items=FieldType(kind="integer"))
    actions = ad_groups["actions"].items
    assert actions is not None
    assert actions.nullable
    assert actions.fields["action_period"] == FieldType(kind="number", nullable=True)


def test_metrics_have_the_types_of_airbytes_connector() -> None:
    """Older metrics stay text, newer ones are numbers, and ids are integers or text."""
    types = {name: METRICS[name].type for name in ("spend", "impressions", "likes", "tt_app_id", "mobile_app_id")}
    assert types == {
        "spend": "string",
        "impressions": "string",
        "likes": "number",
        "tt_app_id": "integer",
        "mobile_app_id": "string",
    }


def test_tt_app_id_is_text_in_audience_reports() -> None:
    """Airbyte's connector has two types for this id, and so have the records."""
    types = {
        (stream.source.report_type, notation(json_schema(stream)["properties"]["metrics"]["properties"]["tt_app_id"]))
        for stream in REPORTS
        if "tt_app_id" in stream.source.metrics
    }
    assert types == {("BASIC", "integer?"), ("AUDIENCE", "string?")}


def test_metrics_that_airbytes_connector_lacks_are_numbers(airbyte: Airbyte) -> None:
    """No existing table has them as text, so they have their natural type."""
    known = {path.removeprefix("metrics.") for fields in airbyte.report_fields.values() for path in fields}
    assert {metric.type for name, metric in METRICS.items() if name not in known} == {"number"}


def test_every_described_dimension_is_requested() -> None:
    """The table of dimensions has no dimension that no report requests, be it one of the user's own."""
    reports = [stream for stream in ALL_STREAMS if isinstance(stream, ReportStream)]
    asked = {name for stream in reports for name in stream.source.dimensions}
    of_ones_own = {"ad_id_v2", *BASIC_DIMENSIONS, *AUDIENCE_DIMENSIONS, *CATALOG_DIMENSIONS, "interest_category_v2"} - {
        "interest_category"
    }
    assert set(DIMENSIONS) == asked | of_ones_own
