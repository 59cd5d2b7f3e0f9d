"""TikTok Ads in Spark, cell by cell: `pip install tiktok-marketing[load]` where driver and executors run.

The credentials are in the driver's environment: TIKTOK_ACCESS_TOKEN, TIKTOK_APP_ID and TIKTOK_SECRET.
"""

# %% Make the format known to the session. It also turns on Spark's pushdown of filters to Python data sources.
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from tiktok_marketing.cluster.spark import FORMAT, register

spark = SparkSession.builder.appName("tiktok-ads").getOrCreate()
register(spark)

# %% One stream is one data frame. The partitions share the quota, whatever runs at the same time.
ads = (
    spark.read.format(FORMAT)
    .option("stream", "ads_reports_daily")
    .option("start_date", "2026-01-01")
    .option("requests_per_second", "10")
    .option("partitions", "8")
    .load()
)

# %% Filters on accounts and days become smaller reads.
recent = ads.where(f.col("stat_time_day") >= f.date_sub(f.current_date(), 30))
recent.groupBy("advertiser_id").agg(f.sum("spend").alias("spend"), f.sum("clicks").alias("clicks")).show()

# %% What is new since the last run, merged by key. The checkpoint holds the states.
KEY = ("advertiser_id", "ad_id", "stat_time_day")


def merge(batch: DataFrame, _number: int) -> None:
    """Replace the rows of a Delta table that arrive again, and add the others."""
    batch.createOrReplaceTempView("arrived")
    same = " AND ".join(f"t.{name} = s.{name}" for name in KEY)
    batch.sparkSession.sql(
        f"MERGE INTO ads_reports_daily t USING arrived s ON {same} "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )


stream = spark.readStream.format(FORMAT).option("stream", "ads_reports_daily").option("start_date", "2026-01-01").load()
query = (
    stream.writeStream.foreachBatch(merge)
    .option("checkpointLocation", "/checkpoints/ads_reports_daily")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
