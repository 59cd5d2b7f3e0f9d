"""Peak memory of reading `ads_reports_daily` through the protocol, against the rows that are read.

The pages are recorded ones: the emulator would be the slow side, and its memory would stand in the way of ours.

    python benchmarks/memory.py [--rows 100000 1000000 10000000] [--per-second 20]
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

from harness import machine
from read_ads import STREAM, read
from recorded import recorded

ROWS_A_DAY = 10_000
ACCOUNTS = 5


def main() -> None:
    """Read so many rows, each time in a process of its own, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 300_000, 1_000_000, 3_000_000])
    parser.add_argument("--per-second", type=int, default=20, help="requests a second: how many windows are under way")
    arguments = parser.parse_args()
    tier = arguments.per_second
    today = datetime.now(UTC).date()
    what = f"{ACCOUNTS} accounts, {ROWS_A_DAY:,} rows a day each, recorded pages, {tier} requests a second"
    print(f"{machine()}; {STREAM}, {what}")
    with recorded(accounts=ACCOUNTS, rows_a_day=ROWS_A_DAY) as ready:
        for rows in arguments.rows:
            days = max(1, rows // (ACCOUNTS * ROWS_A_DAY))
            run = read(ready, today - timedelta(days=days - 1), skip_empty_days=False, requests_per_second=tier)
            print(
                f"{run.lines:>12,} lines, {run.size / 1e9:6.2f} GB, {run.seconds:6.1f} s, "
                f"{run.cpu / run.lines * 1e6:5.1f} us CPU a record, peak {run.peak_mb:.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
