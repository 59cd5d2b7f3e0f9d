"""Peak memory with many accounts, and with an account that is larger than a report may be.

An ad report considers 20,000 ads at most, so the large account is read in parts, by campaign and ad group.

    python benchmarks/large.py [--accounts 3000] [--ads 200000]
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from harness import Figure, catalog_of, config_for, emulator, leave, machine, measure, options, requests_of

REPORT = "ads_reports_daily"
MOST_MB = 150
DAYS = 3


def main() -> None:
    """Read both and print the memory that it took."""
    parser = options(__doc__)
    parser.add_argument("--accounts", type=int, default=3000, help="accounts of the agency, with up to 40 ads each")
    parser.add_argument("--ads", type=int, default=200_000, help="ads of the large account")
    arguments = parser.parse_args()
    print(machine())
    leave(
        [
            look(f"{arguments.accounts:,} accounts", arguments.accounts, 40, ("campaigns", "ads", REPORT)),
            look(f"an account with {arguments.ads:,} ads", 1, arguments.ads, (REPORT,)),
        ],
        arguments.json,
    )


def look(title: str, accounts: int, ads: int, streams: tuple[str, ...]) -> Figure:
    """Read these streams and the reports' last days, and see how much memory that takes."""
    settings = ["--advertisers", str(accounts), "--ads-per-account", str(ads), "--record-requests", "0"]
    first = datetime.now(UTC).date() - timedelta(days=DAYS - 1)
    with emulator(*settings, "--days", "30", "--not-granted", "0") as ready:
        files = {
            "config": config_for(ready, start_date=str(first), include_deleted=True),
            "catalog": catalog_of(*streams),
        }
        run = measure(["read", "--config", "{config}", "--catalog", "{catalog}"], files, url=ready["url"])
        asked = sum(requests_of(ready).values())
    assert run.exit_code == 0
    what = f"{title}: {', '.join(f'`{name}`' for name in streams)}, {run.records:,} records"
    remark = f"{asked:,} requests, {run.cpu:.0f} s CPU"
    print(f"{what}: peak {run.peak_mb:.0f} MB; {remark}, {run.seconds:.0f} s", flush=True)
    return Figure(what=f"{what}: largest resident memory", value=run.peak_mb, unit="MB", most=MOST_MB, remark=remark)


if __name__ == "__main__":
    main()
