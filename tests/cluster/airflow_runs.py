"""Runs the example for Airflow in the environment that has it. Prints a line of JSON per step.

python airflow_runs.py run run double
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow.sdk import DAG

EXAMPLE = Path(__file__).parents[2] / "examples" / "airflow_dag.py"


def run(dag: DAG) -> dict[str, Any]:
    """A run, with as many tries as its tasks need."""
    ended = dag.test()
    tasks = [
        {"task": each.task_id, "state": str(each.state), "tries": each.try_number}
        for each in ended.get_task_instances()
    ]
    return {"state": str(ended.state), "tasks": tasks}


def double(dag: DAG) -> dict[str, Any]:
    """What the tasks do if each partition is read by two of them, and everything is merged twice."""
    divide = dag.get_task("divide").python_callable
    read = dag.get_task("read_partition").python_callable
    merge = dag.get_task("merge_files").python_callable
    planned = divide()
    texts = 2 * planned["partitions"]
    parts = [
        read(text, dag_run=SimpleNamespace(run_id="doubled"), ti=SimpleNamespace(map_index=index))
        for index, text in enumerate(texts)
    ]
    for _ in range(2):
        merge(planned, parts)
    return {"partitions": len(parts)}


def main() -> None:
    """Do the steps, one after the other."""
    (dag,) = [value for value in runpy.run_path(str(EXAMPLE)).values() if isinstance(value, DAG)]
    for step in sys.argv[1:]:
        print(json.dumps({"run": run, "double": double}[step](dag)), flush=True)  # noqa: T201 - its output is its result


if __name__ == "__main__":
    main()
