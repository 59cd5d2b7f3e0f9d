"""Writes the record of a sync into the tables `_tiktok_syncs` and `_tiktok_loads`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tiktok_marketing.pipelines.databases.bookkeeping import LOADS_TABLE, SYNCS_TABLE
from tiktok_marketing.pipelines.databases.destination import Relation, Session
from tiktok_marketing.pipelines.summary import Summary

SYNCS_COLUMNS: Mapping[str, str] = {
    "sync_id": "text",
    "started_at": "timestamp",
    "ended_at": "timestamp",
    "stream": "text",
    "loaded_rows": "bigint",
    "requests_of_sync": "bigint",
    "complete": "bool",
    "missing": "text",
    "read_rows": "bigint",
    "difference": "text",
    "misfits": "bigint",
}
"""The columns of the table of syncs, with their types. An older table gets those that it lacks."""
LOADS_COLUMNS: Mapping[str, str] = {"sync_id": "text", "stream": "text", "load_id": "text", "kept_rows": "bigint"}
_CREATED_AS = {"text": "VARCHAR", "timestamp": "TIMESTAMP", "bigint": "BIGINT", "bool": "BOOLEAN"}
"""Types that every kind of database knows by this name."""

StoredRows = Mapping[str, Mapping[str, int]]
"""Stream name to its packages of this sync, each with the number of rows that it left."""


def write_record(
    session: Session, dataset: str, relations: Mapping[str, Relation], summary: Summary, stored: StoredRows
) -> None:
    """Record a sync: a row per stream, and how many rows each package left.

    The doctor reads the latter, and notices if some of these rows disappear later.
    """
    loads = rows_of_loads(summary, stored)
    _insert(session, dataset, SYNCS_TABLE, SYNCS_COLUMNS, relations.get(SYNCS_TABLE), summary.as_rows())
    _insert(session, dataset, LOADS_TABLE, LOADS_COLUMNS, relations.get(LOADS_TABLE), loads)


def rows_of_loads(summary: Summary, stored: StoredRows) -> list[dict[str, Any]]:
    """Return the rows for the table of loads."""
    return [
        {"sync_id": summary.sync_id, "stream": stream, "load_id": load_id, "kept_rows": rows}
        for stream, of in stored.items()
        for load_id, rows in of.items()
    ]


def _insert(
    session: Session,
    dataset: str,
    table: str,
    columns: Mapping[str, str],
    relation: Relation | None,
    rows: Iterable[Mapping[str, Any]],
) -> None:
    name = f'"{dataset}"."{table}"'
    with session.transaction():
        if relation is None:
            declared = ", ".join(f"{column} {_CREATED_AS[data_type]}" for column, data_type in columns.items())
            session.execute(f"CREATE TABLE {name} ({declared})")
        else:
            for column, data_type in columns.items():
                if column not in relation.columns:
                    session.add_column(table, column, data_type)
        for row in rows:
            places = ", ".join("?" * len(row))
            session.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({places})", list(row.values()))  # noqa: S608 - our own names
