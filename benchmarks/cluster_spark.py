"""Reads a stream with Spark on a local cluster of two workers, and prints its number of rows: `cluster.py` runs it.

python benchmarks/cluster_spark.py STREAM PARTITIONS '{"start_date": "2026-01-01", ...}'
"""

from __future__ import annotations

import json
import sys

from pyspark.sql import SparkSession

from tiktok_marketing.cluster.spark import FORMAT, register


def main() -> None:
    """Read the stream."""
    stream, partitions, settings = sys.argv[1:]
    builder = SparkSession.builder.master("local-cluster[2,2,1024]").appName("benchmark")
    usual = {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.executor.memory": "512m",
    }
    for name, value in usual.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    try:
        register(spark)
        frame = spark.read.format(FORMAT).options(**json.loads(settings), stream=stream, partitions=partitions).load()
        rows = frame.select("advertiser_id").rdd.mapPartitions(lambda some: [sum(1 for _ in some)]).sum()
    finally:
        spark.stop()
    print(rows)


if __name__ == "__main__":
    main()
