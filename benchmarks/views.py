"""Seconds until a view of a DuckDB file answers, with many rows of `ads_reports_daily`.

A sync from the emulator fills the file. Then SQL copies its reports and ads, with other ids, until the rows are enough.
So they have the columns and values of real rows, and every ad of a report is in the table of ads.

    python benchmarks/views.py [--rows 10000000] [--runs 3]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from harness import Figure, config_for, emulator, leave, machine, options

STREAMS = "advertisers,campaigns,ad_groups,ads,advertisers_reports_daily,campaigns_reports_daily,ads_reports_daily"
COPIED = {
    "ads": ("ad_id",),
    "ads_reports_daily": ("ad_id",),
    "campaigns": ("campaign_id",),
    "campaigns_reports_daily": ("campaign_id",),
}
"""Tables that are copied, with the ids that are another object's in each copy."""
QUERIES = {
    "creating the views": "",
    "spend by day of all ads, a year": "SELECT day, sum(spend), sum(purchases) FROM daily_by_ad GROUP BY 1",
    "the ads of the last day, by spend": "SELECT * FROM daily_by_ad WHERE day = (SELECT max(day) FROM daily_by_ad)"
    " ORDER BY spend DESC LIMIT 100",
    "creatives by spend, a year": "SELECT creative_id, sum(spend), sum(impressions) FROM daily_by_creative GROUP BY 1"
    " ORDER BY 2 DESC LIMIT 100",
    "creatives with text and landing page": "SELECT count(landing_page_url), count(utm_source) FROM creatives",
    "coverage": "SELECT * FROM coverage",
    "open days": "SELECT count(*) FROM open_days",
}
"""What is asked, and the query; the command itself for an empty one."""


def fill(path: Path, rows: int) -> int:
    """Fill a file. Returns the number of rows of `ads_reports_daily`."""
    with emulator("--advertisers", "3", "--days", "365", "--ads-per-account", "120", "--currencies", "USD") as ready:
        config, start = path.with_suffix(".json"), datetime.now(UTC).date() - timedelta(days=364)
        config.write_text(json.dumps(config_for(ready, start_date=str(start))))
        _run("sync", "--config", str(config), "--to", str(path), "--streams", STREAMS, "--quiet", url=str(ready["url"]))
    with duckdb.connect(str(path)) as connection:
        connection.execute("USE tiktok_ads")
        ((real,),) = connection.execute("SELECT count(*) FROM ads_reports_daily").fetchall()
        copies = -(-rows // int(real))
        for table, ids in COPIED.items():
            changed = ", ".join(f"{name} + copy * 1000 AS {name}" for name in ids)
            connection.execute(
                f"INSERT INTO {table} SELECT real.* REPLACE ({changed})"  # noqa: S608 - our own words
                f" FROM {table} AS real, range(1, {copies}) AS copies(copy)"
            )
        ((rows,),) = connection.execute("SELECT count(*) FROM ads_reports_daily").fetchall()
    return int(rows)


def _run(*arguments: str, url: str = "") -> None:
    environment = {**os.environ, **({"TIKTOK_API_URL": url} if url else {})}
    command = [sys.executable, "-m", "tiktok_marketing.cli", *arguments]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603


def seconds(path: Path, sql: str) -> float:
    """Ask once, in a new connection, as a person would. Returns the seconds."""
    began = time.perf_counter()
    if sql:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("USE tiktok_ads")
            assert connection.execute(sql).fetchall()
    else:
        _run("views", "--database", str(path))
    return time.perf_counter() - began


def measured(path: Path, rows: int, runs: int) -> Sequence[Figure]:
    """The fastest of several runs of each question."""
    return [
        Figure(
            what=f"{rows:,} rows, {what}",
            value=min(seconds(path, sql) for _ in range(runs)),
            unit="s",
        )
        for what, sql in QUERIES.items()
    ]


def main() -> None:
    """Print the figures."""
    parser = options(__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "views.duckdb"
        rows = fill(path, arguments.rows)
        print(f"{rows:,} rows of ads_reports_daily, {path.stat().st_size / 2**20:,.0f} MB")
        figures = measured(path, rows, arguments.runs)
    for figure in figures:
        print(f"{figure.what}: {figure.value:.2f} s")
    leave(figures, arguments.json)


if __name__ == "__main__":
    main()
