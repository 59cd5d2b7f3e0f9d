"""TikTok Ads as assets of Dagster: a partition per month of reports, and a partition per account of campaigns and ads.

    pip install tiktok-marketing[load] dagster dagster-webserver
    dagster dev -f dagster_assets.py

The environment has TIKTOK_ACCESS_TOKEN, TIKTOK_APP_ID and TIKTOK_SECRET. Only one sync at a time may write to a
database, so give the pool one slot: `dagster instance concurrency set tiktok 1`.
"""

import os
from datetime import UTC, datetime, timedelta

import dagster as dg

from tiktok_marketing import Result, load, load_config, read

DATABASE = os.environ.get("TIKTOK_DATABASE", "duckdb:///tiktok.duckdb")
FIRST_MONTH = os.environ.get("TIKTOK_FIRST_MONTH", "2026-01-01")
MONTHS = dg.MonthlyPartitionsDefinition(start_date=FIRST_MONTH, end_offset=1)  # up to the current month
ACCOUNTS = dg.DynamicPartitionsDefinition(name="tiktok_accounts")
POOL = "tiktok"
RETRIES = dg.RetryPolicy(max_retries=3, delay=1, backoff=dg.Backoff.EXPONENTIAL)


@dg.asset(partitions_def=MONTHS, backfill_policy=dg.BackfillPolicy.single_run(), retry_policy=RETRIES, pool=POOL)
def reports(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Reports of whole months. A backfill of several months is one read, which uses the whole quota."""
    months = context.partition_time_window
    first, last = months.start.date(), months.end.date() - timedelta(days=1)
    until = last if last < datetime.now(UTC).date() else None  # the current month ends with each account's today
    # The days are replaced in one transaction, so a month that is read again has each row once.
    return outcome(load(load_config(), DATABASE, streams=["ads_reports_daily"], since=first, until=until))


@dg.asset(partitions_def=ACCOUNTS, retry_policy=RETRIES, pool=POOL)
def objects(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Campaigns, ad groups and ads of one account, by key."""
    streams = ["campaigns", "ad_groups", "ads"]
    return outcome(load(load_config(), DATABASE, streams=streams, accounts=[context.partition_key]))


@dg.sensor(target=objects, minimum_interval_seconds=3600)
def accounts(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """A partition for each account that the token has access to, as soon as there is one."""
    rows = [row for batch in read(load_config(), streams=["advertiser_ids"]) for row in batch.to_pylist()]
    known = set(context.instance.get_dynamic_partitions(ACCOUNTS.name))
    new = sorted({str(row["advertiser_id"]) for row in rows} - known)
    return dg.SensorResult(
        run_requests=[dg.RunRequest(partition_key=account) for account in new],
        dynamic_partitions_requests=[ACCOUNTS.build_add_request(new)] if new else [],
    )


def outcome(result: Result) -> dg.MaterializeResult:
    """What Dagster shows of a load. One that is not complete fails the run, and is tried again."""
    if not result.complete:
        raise dg.Failure(description="\n".join(result.missing))
    return dg.MaterializeResult(metadata={"rows": result.rows, "seconds": result.seconds})


defs = dg.Definitions(assets=[reports, objects], sensors=[accounts])
