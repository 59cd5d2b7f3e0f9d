"""Brings the tables that a sync and dlt keep for themselves back to the form that they expect.

A user, or a program that tidies up, may have dropped columns or emptied such a table. What cannot be read is forgotten.
Then the streams whose states are gone are read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tiktok_marketing.pipelines.contents import refusal_of
from tiktok_marketing.pipelines.databases.bookkeeping import PACKAGES_TABLE, PIPELINE, SCHEMAS_TABLE, STATES_TABLE
from tiktok_marketing.pipelines.databases.destination import Relation, Session

_LOST = ""
"""Stands for a value that nothing can replace: rows without it are deleted."""
_COLUMNS: Mapping[str, Mapping[str, tuple[str, str | None]]] = {
    STATES_TABLE: {
        "version": ("bigint", "1"),
        "engine_version": ("bigint", "4"),
        "pipeline_name": ("text", f"'{PIPELINE}'"),
        "state": ("text", _LOST),
        "created_at": ("timestamptz", "now()"),
        "version_hash": ("text", None),
        "_dlt_load_id": ("text", _LOST),
        "_dlt_id": ("text", "'restored-' || _dlt_load_id"),
    },
    PACKAGES_TABLE: {
        "load_id": ("text", _LOST),
        "schema_name": ("text", f"'{PIPELINE}'"),
        "status": ("bigint", "0"),  # dlt writes the row once a package is complete, and no other status
        "inserted_at": ("timestamptz", "now()"),
        "schema_version_hash": ("text", None),
    },
    SCHEMAS_TABLE: {
        "version": ("bigint", _LOST),
        "engine_version": ("bigint", _LOST),
        "inserted_at": ("timestamptz", "now()"),
        "schema_name": ("text", f"'{PIPELINE}'"),
        "version_hash": ("text", _LOST),
        "schema": ("text", _LOST),
    },
}
"""The columns of dlt's tables: for each, its type, and the value for rows that have lost it (None for null)."""


def repair_bookkeeping(session: Session, dataset: str, relations: Mapping[str, Relation]) -> None:
    """Add the columns that are gone to dlt's tables, and delete the rows that cannot be read without them.

    Raises:
        DestinationError: Something else has the name of such a table, or it has columns that a sync cannot fill.
    """
    for table, columns in _COLUMNS.items():
        relation = relations.get(table)
        refusal = refusal_of(table, relation, columns, dataset)
        if refusal is not None:
            raise refusal
        if relation is None:
            continue
        missing = {name: column for name, column in columns.items() if name not in relation.columns}
        if missing:
            with session.transaction():
                for name, (data_type, value) in missing.items():
                    session.add_column(table, name, data_type)
                    if value:
                        session.execute(f'UPDATE "{dataset}"."{table}" SET "{name}" = {value}')  # noqa: S608 - our own names
                if any(value == _LOST for _, value in missing.values()):
                    session.execute(f'DELETE FROM "{dataset}"."{table}"')  # noqa: S608


def delete_unreadable_states(session: Session, dataset: str, relations: Mapping[str, Relation]) -> bool:
    """Delete states that are not as dlt writes them. Returns whether there were any."""
    if STATES_TABLE not in relations:
        return False
    table = f'"{dataset}"."{STATES_TABLE}"'
    rows = session.execute(f"SELECT DISTINCT state FROM {table} WHERE pipeline_name = ?", [PIPELINE])  # noqa: S608
    unreadable = [text for (text,) in rows if not _is_readable(text)]
    if unreadable:
        session.execute(
            f"DELETE FROM {table} WHERE pipeline_name = ? AND (state IS NULL OR state = ANY(?))",  # noqa: S608
            [PIPELINE, [text for text in unreadable if text is not None]],
        )
    return bool(unreadable)


def _is_readable(text: Any) -> bool:
    from dlt.common.versioned_state import decompress_state

    try:
        state = decompress_state(text)
        return isinstance(state, dict) and isinstance(state.get("sources", {}).get(PIPELINE, {}), dict)
    except Exception:  # noqa: BLE001 - whatever is in there, it is not a state
        return False
