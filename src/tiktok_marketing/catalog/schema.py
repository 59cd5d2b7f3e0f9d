"""The records of a stream: a JSON schema for people and destinations, and a table of types for the reader."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from tiktok_marketing.catalog.dimensions import DIMENSIONS, Dimension
from tiktok_marketing.catalog.metric_index import metric_of
from tiktok_marketing.catalog.stream import AnyStream, ReportSource, ReportStream, Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEMAS = Path(__file__).parent / "schemas"
_DRAFT = "http://json-schema.org/draft-07/schema#"

FieldKind = Literal["integer", "number", "string", "boolean", "object", "array", "any"]


class FieldType(msgspec.Struct, frozen=True, kw_only=True):
    """The type of one field, with the types inside it."""

    kind: FieldKind
    """`any` if the value passes as it comes."""
    nullable: bool = False
    items: FieldType | None = None
    """The type of the items of an array; None if the schema leaves it open."""
    fields: dict[str, FieldType] = {}
    """The declared fields of an object. Other fields pass as they come."""


def json_schema(stream: Stream) -> dict[str, Any]:
    """Return the JSON schema (draft-07) of the records of `stream`.

    It declares the fields that this stream can return and no others, each with a description. The caller owns the
    result and can change it.

    Raises:
        FileNotFoundError: `stream` lists objects, and no schema file has its name.
    """
    if isinstance(stream, ReportStream):
        return _report_schema(stream.source)
    return cast("dict[str, Any]", msgspec.json.decode(_schema_file(stream.name)))


def field_types(stream: AnyStream) -> Mapping[str, FieldType]:
    """Return the type of each declared field of the records of `stream`, in the order of its schema.

    They are the types of the schema, except that the source's `untyped` fields are `any`.

    Raises:
        FileNotFoundError: As `json_schema` does.
    """
    if isinstance(stream, ReportStream):
        return _report_types(stream.source)
    return _object_types(stream.name, stream.source.untyped)


def attribute_of(name: str) -> str:
    """Return the name of a field in structs and tables, where `10_second_live_views` cannot begin with a digit."""
    return name if name.isidentifier() else f"_{name}"


@cache
def _schema_file(name: str) -> bytes:
    return (_SCHEMAS / f"{name}.json").read_bytes()


@cache
def _object_types(name: str, untyped: frozenset[str]) -> Mapping[str, FieldType]:
    declared = _type_of(msgspec.json.decode(_schema_file(name))).fields
    return declared | dict.fromkeys(untyped, FieldType(kind="any", nullable=True))


@cache
def _report_types(source: ReportSource) -> Mapping[str, FieldType]:
    return _type_of(_report_schema(source)).fields


def _type_of(schema: dict[str, Any]) -> FieldType:
    declared = schema.get("type", [])
    names = [declared] if isinstance(declared, str) else declared
    kinds = [name for name in names if name != "null"]
    items = schema.get("items")
    return FieldType(
        kind=cast("FieldKind", kinds[0]) if len(kinds) == 1 else "any",
        nullable="null" in names,
        items=None if items is None else _type_of(items),
        fields={name: _type_of(field) for name, field in schema.get("properties", {}).items()},
    )


def _report_schema(source: ReportSource) -> dict[str, Any]:
    dimensions = [DIMENSIONS[name] for name in source.dimensions]
    root = {dimension.name: dimension for dimension in (DIMENSIONS["advertiser_id"], *dimensions)}
    return {
        "$schema": _DRAFT,
        **_object(
            {
                **{name: _dimension(dimension, airbyte_type=True) for name, dimension in root.items()},
                "dimensions": {
                    # Airbyte's nested copy has no `airbyte_type`. Adding one would change the type, and users who move
                    # here from Airbyte's connector would have to reset their tables.
                    **_object({dimension.name: _dimension(dimension, airbyte_type=False) for dimension in dimensions}),
                    "type": ["null", "object"],
                    "description": "The dimensions as TikTok nests them. The root of the record repeats them.",
                },
                "metrics": {
                    **_object({name: _metric(name, source) for name in source.metrics}),
                    "type": ["null", "object"],
                    "description": "The metrics of the row. A metric is null if TikTok has no value.",
                },
            }
        ),
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": True, "properties": properties}


def _dimension(dimension: Dimension, *, airbyte_type: bool) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": ["null", dimension.type], "description": dimension.description}
    if dimension.timestamp:
        schema["format"] = "date-time"
        if airbyte_type:
            schema["airbyte_type"] = "timestamp_without_timezone"
    return schema


def _metric(name: str, source: ReportSource) -> dict[str, Any]:
    metric = metric_of(source, name)
    if metric is None:
        raise KeyError(name)
    kind = "string" if name in source.texts else metric.type
    return {"type": ["null", kind], "description": metric.description}
