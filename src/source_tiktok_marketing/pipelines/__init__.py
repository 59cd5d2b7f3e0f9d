"""The other ways out: records of a sync as Arrow tables, loaded into a database.

This is the one room that knows pyarrow, dlt and databases, and it imports them only when something is loaded. It
knows the sync, the catalog and the configuration, and nothing of Airbyte or of terminals.

```python
from source_tiktok_marketing.config import load_config
from source_tiktok_marketing.pipelines import load

summary = load(load_config("config.json"), "duckdb:///tiktok.duckdb", streams=["campaigns", "ads_reports_daily"])
print(summary)
```
"""

from __future__ import annotations

from source_tiktok_marketing.pipelines.destination import (
    DEFAULT_DATASET,
    Destination,
    DuckDBFile,
    PostgresDatabase,
    destination_of,
)
from source_tiktok_marketing.pipelines.load import Circumstances, choose_streams, load, load_async
from source_tiktok_marketing.pipelines.summary import StreamSummary, Summary
from source_tiktok_marketing.pipelines.watching import Snapshot, Watcher

__all__ = [
    "DEFAULT_DATASET",
    "Circumstances",
    "Destination",
    "DuckDBFile",
    "PostgresDatabase",
    "Snapshot",
    "StreamSummary",
    "Summary",
    "Watcher",
    "choose_streams",
    "destination_of",
    "load",
    "load_async",
]
