"""Loads TikTok Ads with dlt, into a DuckDB file. Run it again: it goes on from where it ended.

Put the credentials into .dlt/secrets.toml, or into the environment as shown here:

    export SOURCES__TIKTOK_MARKETING__ACCESS_TOKEN=...
    export SOURCES__TIKTOK_MARKETING__APP_ID=...
    export SOURCES__TIKTOK_MARKETING__SECRET=...
"""

from __future__ import annotations

import datetime as dt

import dlt
from tiktok_marketing.dlt import raise_if_incomplete, tiktok_marketing


def main() -> None:
    """Load the last 30 days of spend, and the campaigns."""
    pipeline = dlt.pipeline("tiktok", destination="duckdb", dataset_name="tiktok_ads")
    start = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=30)
    source = tiktok_marketing(
        streams=["campaigns", "campaigns_reports_daily"], start_date=start.isoformat(), incomplete="load"
    )
    print(pipeline.run(source))
    raise_if_incomplete(pipeline)

    spend = "SELECT campaign_name, sum(spend) AS spend FROM campaigns_reports_daily GROUP BY 1 ORDER BY 2 DESC LIMIT 5"
    with pipeline.sql_client() as client:
        for name, amount in client.execute_sql(spend) or ():
            print(f"{name}: {amount:,.2f}")


if __name__ == "__main__":
    main()
