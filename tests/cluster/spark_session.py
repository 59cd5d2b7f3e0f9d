"""What the tests of Spark run in processes of the environment that has it. Prints one line of JSON.

python spark_session.py CASE '{"url": …, "options": {…}}'
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from tiktok_marketing.cluster.spark import FORMAT, register, tables

WORKERS = 2
LAKEFLOW = Path(__file__).parents[2] / "examples" / "lakeflow" / "tiktok_marketing" / "tiktok_marketing.py"
REQUESTS_BEFORE_KILL = 12


def session(folder: str, **settings: str) -> SparkSession:
    """A cluster of two workers, each a process of its own."""
    builder = SparkSession.builder.master(f"local-cluster[{WORKERS},1,1024]").appName("tests")
    usual = {
        "spark.ui.enabled": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": f"file://{folder}",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.executor.memory": "512m",
        "spark.task.maxFailures": "3",
    }
    for name, value in (usual | settings).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    register(spark)
    return spark


def load(spark: SparkSession, options: dict[str, str], **more: str) -> Any:
    """The data frame of a stream."""
    return spark.read.format(FORMAT).options(**options, **more).load()


def sums(frame: Any) -> dict[str, Any]:
    """Rows, distinct keys, and sums of a report, by account."""
    key = [name for name in ("advertiser_id", "ad_id", "campaign_id", "stat_time_day") if name in frame.columns]
    rows = frame.groupBy("advertiser_id").agg(
        f.count("*").alias("rows"),
        f.countDistinct(*key).alias("keys"),
        f.sum("impressions").alias("impressions"),
        f.sum("clicks").alias("clicks"),
        f.sum("spend").cast("string").alias("spend"),
    )
    return {str(row["advertiser_id"]): row.asDict() for row in rows.collect()}


def read(spark: SparkSession, case: dict[str, Any], _: str) -> Any:
    """Whole streams, their schema and their plan."""
    frame = load(spark, case["options"], stream="ads_reports_daily", partitions="4")
    others = tables(spark, ["campaigns", "advertiser_ids"], **case["options"])
    return {
        "sums": sums(frame),
        "partitions": frame.rdd.getNumPartitions(),
        "others": {name: other.count() for name, other in others.items()},
        "schema": {field.name: field.dataType.simpleString() for field in frame.schema},
        "plan": frame._jdf.queryExecution().toString(),
    }


def narrowed(spark: SparkSession, case: dict[str, Any], _: str) -> Any:
    """A few days, one account and some columns."""
    frame = load(spark, case["options"], stream="ads_reports_daily")
    few = frame.where(
        (f.col("advertiser_id") == int(case["account"]))
        & (f.col("stat_time_day") >= case["first"])
        & (f.col("stat_time_day") < case["after"])
    )
    columns = (
        spark.read.format(FORMAT)
        .schema("advertiser_id bigint, spend decimal(18,4)")
        .options(**case["options"], stream="ads_reports_daily")
        .load()
    )
    nothing = frame.where(f.col("advertiser_id") == 1).count()
    return {"sums": sums(few), "columns": columns.columns, "rows": columns.count(), "nothing": nothing}


def killed(spark: SparkSession, case: dict[str, Any], _: str) -> Any:
    """An executor is killed while it reads."""
    frame = load(spark, case["options"], stream="ads_reports_daily", partitions="4")
    gone: list[int] = []
    thread = threading.Thread(target=lambda: gone.extend(kill_one(case["url"])))
    thread.start()
    result = sums(frame)
    thread.join()
    return {"sums": result, "killed": gone}


def own_report(spark: SparkSession, case: dict[str, Any], _: str) -> Any:
    """A report of the configuration's own, and a metric that a fixed report does not have."""
    own = load(spark, case["options"], stream="spend_by_country", partitions="3")
    rows = own.groupBy("advertiser_id").agg(
        f.count("*").alias("rows"),
        f.countDistinct("campaign_id", "country_code", "stat_time_day").alias("keys"),
        f.sum("spend").cast("string").alias("spend"),
    )
    wider = load(spark, case["options"], stream="ads_reports_daily")
    return {
        "sums": {str(row["advertiser_id"]): row.asDict() for row in rows.collect()},
        "columns": own.columns,
        "likes": wider.agg(f.sum("likes")).collect()[0][0],
    }


def kill_one(url: str) -> list[int]:
    """Kill an executor of this program once some of the data have been asked for."""
    end = time.monotonic() + 240
    before = sum(row["count"] for row in counts(url))
    while time.monotonic() < end:
        if sum(row["count"] for row in counts(url)) > before + REQUESTS_BEFORE_KILL:
            executors = [pid for pid in descendants(os.getpid()) if "CoarseGrainedExecutorBackend" in command_of(pid)]
            if executors:
                os.kill(executors[0], signal.SIGKILL)
                return executors[:1]
        time.sleep(0.2)
    return []


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(path.name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def command_of(pid: int) -> str:
    """Its command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def streamed(spark: SparkSession, case: dict[str, Any], folder: str) -> Any:
    """Three runs of a stream into a table that is merged by key; the third one has nothing to do yet."""
    merged: dict[Any, Any] = {}
    batches: list[int] = []

    def write(frame: Any, _: int) -> None:
        rows = frame.select("advertiser_id", "ad_id", "stat_time_day", "impressions").collect()
        batches.append(len(rows))
        merged.update({tuple(row)[:3]: row["impressions"] for row in rows})

    for refresh in ("0", "0", "3600"):
        stream = (
            spark.readStream.format(FORMAT)
            .options(**case["options"], stream="ads_reports_daily", refresh=refresh)
            .load()
        )
        query = (
            stream.writeStream.foreachBatch(write)
            .option("checkpointLocation", f"{folder}/checkpoint")
            .trigger(availableNow=True)
            .start()
        )
        query.awaitTermination()
    offsets = [path.read_text() for path in sorted(Path(folder, "checkpoint", "offsets").glob("[0-9]*"))]
    return {"rows": len(merged), "impressions": sum(merged.values()), "batches": batches, "offsets": offsets}


def refused(url: str) -> int:
    """Requests that exceeded the quota so far."""
    return sum(row["count"] for row in counts(url) if row["answer"] == "40100")


def counts(url: str) -> list[dict[str, Any]]:
    """The requests that the emulator counted."""
    with urllib.request.urlopen(f"{url}/_emulator/counters") as answer:  # noqa: S310 - our own
        rows: list[dict[str, Any]] = json.load(answer)["counts"]
    return rows


def lakeflow(_: SparkSession, case: dict[str, Any], __: str) -> Any:
    """Two runs of the example connector, each with the calls that the framework makes."""
    example: Any = runpy.run_path(str(LAKEFLOW), run_name="lakeflow_example")
    credentials = {name: case["options"][name] for name in ("access_token", "app_id", "secret")}
    table = {"start_date": case["options"]["start_date"]}
    name, offset, sizes = "ads_reports_daily", None, []
    for _run in range(2):
        connector = example["TikTokMarketingLakeflowConnect"](credentials)
        for _call in range(2):
            records, offset = connector.read_table(name, offset, table)
            sizes.append(len(list(records)))
    objects, nothing = connector.read_table("advertiser_ids", None, table)
    return {
        "tables": connector.list_tables(),
        "columns": connector.get_table_schema(name, {}).names,
        "metadata": connector.read_table_metadata(name, {}),
        "sizes": sizes,
        "objects": len(list(objects)),
        "snapshot_offset": nothing,
    }


CASES: dict[str, Callable[[SparkSession, dict[str, Any], str], Any]] = {
    "read": read,
    "narrowed": narrowed,
    "streamed": streamed,
    "lakeflow": lakeflow,
    "own_report": own_report,
    "killed": killed,
}


def main() -> None:
    """Run all cases in one session."""
    case = json.loads(sys.argv[1])
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        spark = session(folder)
        try:
            for name, run in CASES.items():
                options = {**case["options"], **case["more"].get(name, {})}
                try:
                    results[name] = run(spark, {**case, "options": options}, folder)
                except Exception as error:  # noqa: BLE001 - the test of the case shows it, and the others go on
                    results[name] = {"error": f"{type(error).__name__}: {error}"}
                results[name]["refused"] = refused(case["url"])
        finally:
            spark.stop()
        logs = [path.read_text(errors="replace") for path in Path(folder).rglob("*") if path.is_file()]
    results["logs"] = {"text": "".join(logs)}
    sys.stdout.write(json.dumps(results, default=str) + "\n")


if __name__ == "__main__":
    main()
