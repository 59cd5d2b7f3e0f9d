"""TikTok Ads as a DAG of Airflow: a plan, a mapped task per partition of it, and one task that merges what they read.

    pip install tiktok-marketing[load] apache-airflow

The workers have TIKTOK_ACCESS_TOKEN, TIKTOK_APP_ID and TIKTOK_SECRET in their environment, and share a folder that
TIKTOK_STAGING names. The tables are in the DuckDB file that TIKTOK_DUCKDB names.
"""

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pendulum
import pyarrow.parquet as pq
from airflow.sdk import dag, task

from tiktok_marketing import load_config, stream
from tiktok_marketing.cluster.arrow import FixedSchema
from tiktok_marketing.cluster.partition import ReadPartition
from tiktok_marketing.cluster.planning import Division
from tiktok_marketing.cluster.progress import Progress, advance, merge
from tiktok_marketing.cluster.reading import PartitionReader, credentials_in, plan

STREAMS = ("ads_reports_daily", "campaigns")
DIVISION = Division(partitions=8, at_once=4)  # each of the four tasks at a time has a quarter of the quota


@dag(schedule="15 6 * * *", start_date=pendulum.datetime(2026, 1, 1), catchup=False, max_active_runs=1)
def tiktok_ads() -> None:
    """Read what is new since the last run."""

    @task
    def divide() -> dict[str, Any]:
        """The plan as data: partitions, which hold no secret, and the states that they go on from."""
        with duckdb.connect(os.environ["TIKTOK_DUCKDB"]) as database:
            database.execute("CREATE TABLE IF NOT EXISTS tiktok_states (stream TEXT PRIMARY KEY, state JSON)")
            rows = database.execute("SELECT stream, state FROM tiktok_states").fetchall()
        states = {name: msgspec.json.decode(text) for name, text in rows}
        planned = asyncio.run(plan(load_config(), streams=STREAMS, state=states, division=DIVISION))
        return {"partitions": [each.to_json() for each in planned.partitions], "states": planned.states}

    @task
    def partitions_of(planned: dict[str, Any]) -> list[str]:
        """What is mapped has to be the whole result of a task."""
        return planned["partitions"]

    @task(retries=3, retry_delay=timedelta(seconds=10), max_active_tis_per_dagrun=DIVISION.at_once)
    def read_partition(text: str, dag_run: Any = None, ti: Any = None) -> dict[str, str]:
        """One partition as a Parquet file. Whoever reads it again replaces the file."""
        partition = ReadPartition.from_json(text)
        file = Path(os.environ["TIKTOK_STAGING"], dag_run.run_id, f"{ti.map_index}.parquet")
        progress = asyncio.run(written(partition, file))
        return {"stream": partition.stream, "file": str(file), "progress": progress.to_json()}

    @task
    def merge_files(planned: dict[str, Any], parts: list[dict[str, str]]) -> None:
        """All partitions and the states that they reach, in one transaction: a second merge changes nothing."""
        parts = list(parts)  # Airflow asks for the result of each task when it is its turn
        progress = merge(Progress.from_json(part["progress"]) for part in parts)
        after = advance(load_config(), planned["states"], progress)
        with duckdb.connect(os.environ["TIKTOK_DUCKDB"]) as database:
            database.begin()
            for name in STREAMS:
                replace_rows(database, name, [part["file"] for part in parts if part["stream"] == name])
            for name, state in after.items():
                row = (name, msgspec.json.encode(state).decode())
                database.execute("INSERT OR REPLACE INTO tiktok_states VALUES (?, ?)", row)
            database.commit()

    planned = divide()
    merge_files(planned, read_partition.expand(text=partitions_of(planned)))


async def written(partition: ReadPartition, file: Path) -> Progress:
    """Read a partition into a file, which is there only once it is whole."""
    fixed = FixedSchema(stream(partition.stream))
    reader = PartitionReader(partition, credentials_in({}), sink_factory=fixed.sink)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}")
    with pq.ParquetWriter(partial, fixed.schema) as writer:
        async for rows in reader.rows():
            for batch in fixed.batches(rows.records):
                writer.write_batch(batch)
    partial.replace(file)
    return reader.progress


def replace_rows(database: duckdb.DuckDBPyConnection, name: str, files: list[str]) -> None:
    """Rows that have arrived again replace those with the same key."""
    if not files:
        return
    database.execute(f"CREATE TABLE IF NOT EXISTS {name} AS FROM read_parquet(?) LIMIT 0", [files])
    database.execute("CREATE OR REPLACE TEMP TABLE arrived AS FROM read_parquet(?)", [files])
    keys = stream(name).table_key
    same = " AND ".join(f"{name}.{key} IS NOT DISTINCT FROM arrived.{key}" for key in keys)
    database.execute(f"DELETE FROM {name} USING arrived WHERE {same}")  # noqa: S608 - names of the catalog
    # A partition that was read twice is in two files.
    database.execute(f"INSERT INTO {name} BY NAME SELECT DISTINCT ON ({', '.join(keys)}) * FROM arrived")  # noqa: S608


every_morning = tiktok_ads()
