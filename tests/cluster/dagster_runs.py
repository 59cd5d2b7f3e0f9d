"""Runs the example for Dagster in the environment that has it. Prints one line of JSON per run.

python dagster_runs.py '[{"asset": "reports", "partition": "2026-01-01"}, {"sensor": "accounts"}, …]'
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import dagster as dg

EXAMPLE = Path(__file__).parents[2] / "examples" / "dagster_assets.py"


def run(example: dict[str, Any], instance: dg.DagsterInstance, case: dict[str, Any]) -> dict[str, Any]:
    """What one run or one look of the sensor came to."""
    if "sensor" in case:
        with dg.build_sensor_context(instance=instance) as context:
            result = example[case["sensor"]](context)
        for request in result.dynamic_partitions_requests:
            instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
        return {"keys": [request.partition_key for request in result.run_requests]}
    tags = {}
    if "last" in case:
        tags = {
            "dagster/asset_partition_range_start": case["partition"],
            "dagster/asset_partition_range_end": case["last"],
        }
    result = dg.materialize(
        [example[case["asset"]]],
        partition_key=None if tags else case["partition"],
        instance=instance,
        raise_on_error=False,
        tags=tags,
    )
    retries = [event for event in result.all_events if event.event_type_value == "STEP_RESTARTED"]
    return {"success": result.success, "retries": len(retries)}


def main() -> None:
    """Run all cases with one instance."""
    example = runpy.run_path(str(EXAMPLE))
    with dg.DagsterInstance.ephemeral() as instance:
        for case in json.loads(sys.argv[1]):
            print(json.dumps(run(example, instance, case)), flush=True)  # noqa: T201 - its output is its result


if __name__ == "__main__":
    main()
