"""Loads the records of a sync into a database, as Arrow tables.

Only this room knows pyarrow, dlt and databases, and it imports them only when something is loaded. It knows the sync,
the catalog and the configuration, and nothing of Airbyte or of terminals.

```python
from tiktok_marketing.config import load_config
from tiktok_marketing.pipelines import load

summary = load(load_config("config.json"), "duckdb:///tiktok.duckdb", streams=["campaigns", "ads_reports_daily"])
print(summary)
```
"""

from __future__ import annotations

from tiktok_marketing.pipelines.databases.bookkeeping import states_in
from tiktok_marketing.pipelines.databases.destination import DEFAULT_DATASET, Destination
from tiktok_marketing.pipelines.databases.kinds import destination_of
from tiktok_marketing.pipelines.load import RunOptions, load, load_async
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
    "load",
    "load_async",
    "states_in",
]
