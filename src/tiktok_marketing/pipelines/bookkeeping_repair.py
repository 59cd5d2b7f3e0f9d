"""Brings the tables that a sync and dlt keep for themselves back to the form that they expect.

A user, or a program that tidies up, may have dropped columns, given them other types, or emptied such a table. What
cannot be read is forgotten. Then the streams whose states are gone are read again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tiktok_marketing.errors import DestinationError
from tiktok_marketing.pipelines.contents import refusal_of
from tiktok_marketing.pipelines.databases.bookkeeping import (
    NEWEST_STATE,
    PACKAGES_TABLE,
    PIPELINE,
    SCHEMAS_TABLE,
    STATES_TABLE,
)
from tiktok_marketing.pipelines.databases.destination import Relation, Session
from tiktok_marketing.pipelines.databases.errors import first_line, innermost, text_of

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

_LENGTH = re.compile(r"\(([0-9]+)[0-9, ]*\)")
"""The length in the name of a type."""
_LEAST_LENGTH = 64
"""What dlt gives its shorter texts. No id, name or hash that it writes is longer."""
_LONG = frozenset({"state", "schema"})
"""Texts of any length."""
_TYPES: Mapping[str, tuple[str, frozenset[str]]] = {
    "text": ("VARCHAR", frozenset({"varchar", "text", "character varying"})),
    "bigint": ("BIGINT", frozenset({"bigint", "integer", "smallint", "hugeint"})),
    "timestamptz": (
        "TIMESTAMP WITH TIME ZONE",
        frozenset({"timestamp with time zone", "timestamp without time zone", "timestamp"}),
    ),
}
"""The types above: what SQL calls each, and what the databases call the types that serve as well, in small letters."""


def repair_bookkeeping(session: Session, dataset: str, relations: Mapping[str, Relation]) -> None:
    """Bring the columns of dlt's tables back, and delete the rows that cannot be read without those that are gone.

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
        for name, (data_type, _) in columns.items():
            if name in relation.columns and not _serves(relation.columns[name].type, name, data_type):
                _restore_type(session, dataset, table, name, relation.columns[name].type, _TYPES[data_type][0])
        missing = {name: column for name, column in columns.items() if name not in relation.columns}
        if missing:
            with session.transaction():
                for name, (data_type, value) in missing.items():
                    session.add_column(table, name, data_type)
                    if value:
                        session.execute(f'UPDATE "{dataset}"."{table}" SET "{name}" = {value}')  # noqa: S608 - our own names
                if any(value == _LOST for _, value in missing.values()):
                    session.execute(f'DELETE FROM "{dataset}"."{table}"')  # noqa: S608


def _serves(found: str, column: str, data_type: str) -> bool:
    """Whether a type, such as dlt's own VARCHAR(64), holds what dlt writes."""
    length = _LENGTH.search(found)
    if data_type == "text" and length is not None and (column in _LONG or int(length[1]) < _LEAST_LENGTH):
        return False
    return _LENGTH.sub("", found.lower()) in _TYPES[data_type][1]


def _restore_type(session: Session, dataset: str, table: str, column: str, found: str, needed: str) -> None:
    """Give a column of dlt's the type that dlt gave it.

    Raises:
        DestinationError: Its values do not fit, or something of the user's depends on it.
    """
    change = f'ALTER TABLE "{dataset}"."{table}" ALTER COLUMN "{column}"'
    try:
        with session.transaction():
            session.execute(f'{change} TYPE {needed} USING "{column}"::{needed}')
    except Exception as error:
        raise DestinationError(
            f"The column {column} of the table {table}, which a sync keeps for itself, has the type {found} instead of "
            f"{needed}, and cannot be changed back: {first_line(text_of(innermost(error)))}",
            remedy=f"Drop the column: ALTER TABLE {dataset}.{table} DROP COLUMN {column}. The next sync adds it, "
            "and reads again what it cannot know without it.",
            detail=f"{type(error).__name__}: {error}",
        ) from error


def delete_unreadable_schemas(session: Session, dataset: str, relations: Mapping[str, Relation]) -> None:
    """Delete descriptions of tables that are not as dlt writes them: dlt looks at the tables themselves then.

    Raises:
        DestinationError: A newer dlt has written the newest one.
    """
    while SCHEMAS_TABLE in relations:
        table = f'"{dataset}"."{SCHEMAS_TABLE}"'
        rows = session.execute(
            f'SELECT version_hash, "schema" FROM {table} WHERE schema_name = ? ORDER BY inserted_at DESC LIMIT 1',  # noqa: S608
            [PIPELINE],
        )
        if not rows or _is_schema(rows[0][1]):
            return
        session.execute(
            f"DELETE FROM {table} WHERE schema_name = ? AND version_hash IS NOT DISTINCT FROM ?",  # noqa: S608
            [PIPELINE, rows[0][0]],
        )


def _is_schema(text: Any) -> bool:
    """Whether a text describes tables, as far as that can be seen quickly: dlt takes seconds to read hundreds."""
    from dlt.common.schema.typing import SCHEMA_ENGINE_VERSION

    try:
        stored = json.loads(text)
        engine, tables = int(stored["engine_version"]), stored["tables"]
    except (TypeError, ValueError, KeyError):
        return False
    _refuse_newer(engine, SCHEMA_ENGINE_VERSION)
    if engine == SCHEMA_ENGINE_VERSION and not {"name", "version", "settings", "normalizers"} <= stored.keys():
        return False
    return isinstance(tables, dict) and all(isinstance(of, dict) and "columns" in of for of in tables.values())


def _refuse_newer(engine: int, known: int) -> None:
    if engine > known:
        raise DestinationError(
            f"A newer dlt has loaded these tables: it writes version {engine} of its own tables, and the installed one "
            f"reads {known}.",
            remedy="Upgrade dlt (pip install -U dlt), and run the sync again.",
        )


def delete_unreadable_states(session: Session, dataset: str, relations: Mapping[str, Relation]) -> bool:
    """Delete states that are not as dlt writes them. Returns whether there were any.

    Raises:
        DestinationError: A newer dlt has written one.
    """
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


def delete_old_states(session: Session, dataset: str) -> None:
    """Keep the current state and the one before it: a long sync writes thousands, and each names every account.

    A package whose states did not change has no row of states, so rows of states are counted, not packages. What would
    hide the newest state goes, too.
    """
    newest = _newest_first(dataset)
    session.execute(
        f'DELETE FROM "{dataset}".{STATES_TABLE} WHERE pipeline_name = ?'  # noqa: S608 - names of our own
        f" AND (_dlt_load_id NOT IN ({newest} LIMIT 2) OR _dlt_load_id > ({newest} LIMIT 1))",
        [PIPELINE, PIPELINE, PIPELINE],
    )


def hides_newest_state(session: Session, dataset: str, relations: Mapping[str, Relation]) -> bool:
    """Whether dlt would take another state for the newest one: that of the package with the latest time.

    A machine whose clock was ahead has dated its packages later than those that follow.
    """
    if not {STATES_TABLE, PACKAGES_TABLE} <= relations.keys():
        return False
    sql = (
        f'SELECT EXISTS (SELECT 1 FROM "{dataset}".{STATES_TABLE} WHERE pipeline_name = ?'  # noqa: S608
        f" AND _dlt_load_id > ({_newest_first(dataset)} LIMIT 1))"
    )
    return bool(session.execute(sql, [PIPELINE, PIPELINE])[0][0])


def _newest_first(dataset: str) -> str:
    """Return the query for the packages of the states that count, the newest first."""
    return (
        f'SELECT s._dlt_load_id FROM "{dataset}".{STATES_TABLE} s'  # noqa: S608 - names of our own
        f' JOIN "{dataset}".{PACKAGES_TABLE} l ON l.load_id = s._dlt_load_id'
        f" WHERE s.pipeline_name = ? AND l.status = 0 ORDER BY {NEWEST_STATE}"
    )


def _is_readable(text: Any) -> bool:
    from dlt.common.versioned_state import decompress_state
    from dlt.pipeline.state_sync import PIPELINE_STATE_ENGINE_VERSION

    try:
        state = decompress_state(text)
        readable = isinstance(state.get("sources", {}).get(PIPELINE, {}), dict)
        engine = int(state.get("_state_engine_version", 1))
    except Exception:  # noqa: BLE001 - whatever is in there, it is not a state
        return False
    _refuse_newer(engine, PIPELINE_STATE_ENGINE_VERSION)
    return readable
