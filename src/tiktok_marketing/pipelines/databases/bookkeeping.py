"""What a sync writes into a database beside the streams' tables: a record of itself, and the states.

The states travel with the rows, as dlt keeps them: a state counts once the package that brought it is in the database.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tiktok_marketing.catalog import ALL_STREAMS, AnyStream
from tiktok_marketing.errors import NothingToReadError
from tiktok_marketing.pipelines.databases.destination import Destination, ReadOnlyDatabase
from tiktok_marketing.pipelines.databases.known_streams import REPORTS, known_streams
from tiktok_marketing.pipelines.databases.read_only import opened_read_only

PIPELINE = "tiktok"
"""The name of dlt's pipeline, schema and source. The states in a database are found by it, so it never changes."""

SYNCS_TABLE = "_tiktok_syncs"
"""Has a row per sync and stream, written when the sync ends."""
LOADS_TABLE = "_tiktok_loads"
"""Has a row per package and stream: its sync, and how many rows of the package were there when that sync ended."""
STATES_TABLE = "_dlt_pipeline_state"
PACKAGES_TABLE = "_dlt_loads"
SCHEMAS_TABLE = "_dlt_version"
NEWEST_STATE = "s.version DESC, l.load_id DESC"
"""The order of states, the newest first. dlt counts them up. The id of a package is a time by some machine's clock."""


@contextmanager
def opened_filled(destination: Destination) -> Iterator[ReadOnlyDatabase]:
    """Open a database that a sync has filled, for reading only.

    Raises:
        NothingToReadError: There is no such database, or no sync has filled it.
        ConfigurationError: The address is that of something else, or a library is missing.
        DestinationError: The database cannot be read now.
    """
    with opened_read_only(destination) as database:
        written_by_a_sync = {SYNCS_TABLE, STATES_TABLE, *(stream.name for stream in ALL_STREAMS)}
        filled = {schema for schema, tables in database.tables_by_schema().items() if written_by_a_sync & tables}
        if destination.dataset not in filled:
            elsewhere = f"These schemas look like one: {', '.join(sorted(filled))} (--dataset)." if filled else ""
            raise NothingToReadError(
                f"{destination.display_name} holds no tables of a sync in the schema {destination.dataset}.",
                remedy=elsewhere or "Give the address and the dataset that the sync was given.",
            )
        yield database


def stored_states(database: ReadOnlyDatabase) -> Mapping[str, Any] | None:
    """Return the state of each stream; None if the states are gone or cannot be read."""
    source = stored_source(database)
    streams = {} if source is None else source.get("streams", {})
    return None if source is None or not isinstance(streams, Mapping) else streams


def stored_source(database: ReadOnlyDatabase) -> Mapping[str, Any] | None:
    """Return what the last sync left beside its rows, such as the states; None if it is gone or cannot be read."""
    columns = database.columns_by_table()
    if not {"state", "pipeline_name", "_dlt_load_id"} <= columns.get(STATES_TABLE, set()):
        return None
    if not {"load_id", "status"} <= columns.get(PACKAGES_TABLE, set()):
        return None
    newest = NEWEST_STATE if "version" in columns[STATES_TABLE] else "l.load_id DESC"
    rows = database.rows(
        f"SELECT state FROM {database.table(STATES_TABLE)} s"  # noqa: S608 - names of our own
        f" JOIN {database.table(PACKAGES_TABLE)} l ON l.load_id = s._dlt_load_id"
        f" WHERE s.pipeline_name = ? AND l.status = 0 ORDER BY {newest} LIMIT 1",
        [PIPELINE],
    )
    if not rows:
        return {}
    from dlt.common.versioned_state import decompress_state

    try:
        source = decompress_state(rows[0][0])["sources"][PIPELINE]
    except (KeyError, TypeError, ValueError, zlib.error):
        return None
    return source if isinstance(source, Mapping) and isinstance(source.get("streams", {}), Mapping) else None


def stored_streams(database: ReadOnlyDatabase, configured: Sequence[AnyStream] = ALL_STREAMS) -> tuple[AnyStream, ...]:
    """Return the streams that a database may have tables and states of.

    Args:
        database: The database.
        configured: The streams of the configuration, or those of the catalog where there is none.
    """
    return known_streams((stored_source(database) or {}).get(REPORTS), configured)
