"""Schemas as flat lists of fields, each with its type in a short notation."""

from __future__ import annotations

from typing import Any


def notation(schema: dict[str, Any]) -> str:
    """Return the type of a field's schema in Airbyte's notation."""
    declared = schema["type"]
    names = [declared] if isinstance(declared, str) else declared
    (kind,) = (name for name in names if name != "null")
    mark = "?" if "null" in names else ""
    if kind == "array":
        items = notation(schema["items"])
        return f"array{mark}<{f'null|{items[:-1]}' if items.endswith('?') else items}>"
    text = kind + mark
    if "format" in schema:
        text += f":{schema['format']}"
    if "airbyte_type" in schema:
        text += f"({schema['airbyte_type']})"
    return text


def flatten(schema: dict[str, Any], prefix: str = "") -> dict[str, dict[str, Any]]:
    """Return every field of a schema by its dotted path; `[]` stands for the items of an array."""
    fields: dict[str, dict[str, Any]] = {}
    for name, field in schema.get("properties", {}).items():
        fields[prefix + name] = field
        fields |= flatten(field, f"{prefix}{name}.")
        fields |= flatten(field.get("items", {}), f"{prefix}{name}[].")
    return fields
