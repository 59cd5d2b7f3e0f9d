"""Peak memory of reading `ads_reports_daily` through the protocol, by number of rows.

The pages are recorded, because the emulator would be the slow side, and would need memory itself.

    python benchmarks/memory.py [--rows 100000 1000000] [--per-second 20]
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from harness import Figure, leave, machine, options
from read_ads import STREAM, read
from recorded import recorded

ROWS_A_DAY = 10_000
ACCOUNTS = 5
MOST_MB = 150
FLAT = 1.3
"""The growth that still counts as none: the interpreter's heap grows a little before it stays the same."""


def main() -> None:
    """Read each number of rows in a process of its own, and print the memory that it took."""
    parser = options(__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument(
        "--per-second", type=int, default=20, help="requests per second: how many windows are under way"
    )
    arguments = parser.parse_args()
    tier = arguments.per_second
    today = datetime.now(UTC).date()
    figures, peaks = [], []
    what = f"{ACCOUNTS} accounts, {ROWS_A_DAY:,} rows a day each, recorded pages, {tier} requests per second"
    print(f"{machine()}; {STREAM}, {what}")
    with recorded(accounts=ACCOUNTS, rows_a_day=ROWS_A_DAY) as ready:
        for rows in arguments.rows:
            days = max(1, rows // (ACCOUNTS * ROWS_A_DAY))
            run = read(ready, today - timedelta(days=days - 1), skip_empty_days=False, requests_per_second=tier)
            each = run.cpu / run.records * 1e6
            print(
                f"{run.lines:>12,} lines, {run.size / 1e9:6.2f} GB, {run.seconds:6.1f} s, "
                f"{each:5.1f} us CPU per record, peak {run.peak_mb:.0f} MB",
                flush=True,
            )
            assert run.records == days * ACCOUNTS * ROWS_A_DAY
            peaks.append(run.peak_mb)
            remark = f"{run.seconds:.0f} s at {tier} requests per second, {each:.1f} µs CPU per record"
            what = f"`{STREAM}`, {run.records:,} rows: largest resident memory"
            figures.append(Figure(what=what, value=run.peak_mb, unit="MB", most=MOST_MB, remark=remark))
    what = "largest resident memory at the most rows over that at the least"
    figures.append(Figure(what=what, value=peaks[-1] / peaks[0], unit="times", most=FLAT))
    leave(figures, arguments.json)


if __name__ == "__main__":
    main()
