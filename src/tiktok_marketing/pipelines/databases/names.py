"""Names and texts as SQL accepts them, whatever they contain: users name their own columns and indexes as they like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def quoted_name(name: str) -> str:
    """Return a name in quotes, whatever it contains."""
    return '"' + name.replace('"', '""') + '"'


def quoted_names(names: Iterable[str], of: str = "") -> str:
    """Return names in quotes, with commas between them.

    Args:
        names: The names of columns.
        of: The table's name in the query; empty to leave it out.
    """
    return ", ".join(f"{of}.{quoted_name(name)}" if of else quoted_name(name) for name in names)


def quoted_text(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def without_foreign(columns: Mapping[str, Any], schema: Mapping[str, Any], table: str) -> Mapping[str, Any]:
    """Return a table's columns without those that dlt does not know.

    dlt compares names without their case, and gives up if a column of the user's has the name of another one then.

    Args:
        columns: The columns of the table by name.
        schema: dlt's tables by name.
        table: The table's name.
    """
    known = schema[table]["columns"] if table in schema else {}
    return {name: hints for name, hints in columns.items() if name in known} or columns
