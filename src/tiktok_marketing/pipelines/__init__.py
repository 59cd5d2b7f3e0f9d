"""The other ways out: records of a sync as Arrow tables, loaded into a database.

This is the one room that knows pyarrow, dlt and databases, and it imports them only when something is loaded. It
knows the sync, the catalog and the configuration, and nothing of Airbyte or of terminals.

```python
from tiktok_marketing.config import load_config
from tiktok_marketing.pipelines import load

summary = load(load_config("config.json"), "duckdb:///tiktok.duckdb", streams=["campaigns", "ads_reports_daily"])
print(summary)
```
"""

from __future__ import annotations

from tiktok_marketing.pipelines.databases.destination import (
    DEFAULT_DATASET,
    Destination,
    DuckDBFile,
    PostgresDatabase,
    destination_of,
)
from tiktok_marketing.pipelines.load import RunOptions, load, load_async
from tiktok_marketing.pipelines.summary import Snapshot, StreamSummary, Summary, Watcher

__all__ = [
    "DEFAULT_DATASET",
    "Destination",
    "DuckDBFile",
    "PostgresDatabase",
    "RunOptions",
    "Snapshot",
    "StreamSummary",
    "Summary",
    "Watcher",
    "destination_of",
    "load",
    "load_async",
]
