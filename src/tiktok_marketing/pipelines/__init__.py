"""Loads the records of a sync into a database, as Arrow tables.

Only this room knows pyarrow, dlt and databases, and it imports them only when something is loaded. It knows the sync,
the catalog and the configuration, and nothing of Airbyte or of terminals.
"""

from __future__ import annotations

from tiktok_marketing.pipelines.databases.destination import DEFAULT_DATASET, Destination
from tiktok_marketing.pipelines.databases.kinds import destination_of
from tiktok_marketing.pipelines.inspection import next_start, states_in
from tiktok_marketing.pipelines.load import RunOptions, load_async
from tiktok_marketing.pipelines.summary import Snapshot, StreamSummary, Summary, Watcher

__all__ = [
    "DEFAULT_DATASET",
    "Destination",
    "RunOptions",
    "Snapshot",
    "StreamSummary",
    "Summary",
    "Watcher",
    "destination_of",
    "load_async",
    "next_start",
    "states_in",
]
