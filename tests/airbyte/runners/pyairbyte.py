"""Runs in PyAirbyte's environment: reads through PyAirbyte into a DuckDB cache, and says in JSON what is there then.

Standard input has a request: the connector's executable, its configuration, the file of the cache, and the streams. The
variables of the connector are set only here, because PyAirbyte passes its own environment on.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from airbyte.caches import DuckDBCache

import airbyte


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Check and read; return what the cache has."""
    os.environ.update(request["variables"])
    source = airbyte.get_source(
        "source-tiktok-marketing", config=request["config"], local_executable=request["executable"]
    )
    source.check()
    source.select_streams(request["streams"])
    cache = DuckDBCache(db_path=request["cache"], schema_name="tiktok")
    result = source.read(cache=cache, force_full_refresh=request["full"])
    answer: dict[str, Any] = {"offered": source.get_available_streams(), "read": result.processed_records, "tables": {}}
    for name in request["streams"]:
        frame = result[name].to_pandas()
        answer["tables"][name] = {
            "rows": len(frame),
            "columns": sorted(frame.columns),
            "records": json.loads(frame.to_json(orient="records", date_format="iso")),
        }
    return answer


sys.stdout.write("\n" + json.dumps(main(json.load(sys.stdin))) + "\n")
