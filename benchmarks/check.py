"""Requests and CPU time of `check`, for a token with a few accounts and for one with thousands.

    python benchmarks/check.py [--accounts 3000]

It has to list the accounts (one request), read their details (a request per hundred) and read a report of a few
accounts, and of the first one a report of each level with all its metrics. The target is this number of requests.
"""

from __future__ import annotations

from harness import Figure, config_for, emulator, leave, machine, measure, options, requests_of, reset

A_HUNDRED = 100
REPORTS = 5 + 3


def main() -> None:
    """Run it for 10 accounts and for many."""
    parser = options(__doc__)
    parser.add_argument("--accounts", type=int, default=3000)
    arguments = parser.parse_args()
    print(machine())
    figures = []
    for accounts in (10, arguments.accounts):
        with emulator("--advertisers", str(accounts), "--ads-per-account", "1", "--not-granted", "0") as ready:
            files = {"config": config_for(ready)}
            measure(["check", "--config", "{config}"], files, url=ready["url"])  # lets the emulator make its accounts
            reset(ready)
            run = measure(["check", "--config", "{config}"], files, url=ready["url"])
            asked = requests_of(ready)
        assert run.exit_code == 0
        needed = 1 + -(-accounts // A_HUNDRED) + REPORTS
        told = ", ".join(f"{count} {path}" for path, count in sorted(asked.items()))
        total = sum(asked.values())
        print(f"{accounts:>6,} accounts: {total} requests ({told}), {run.cpu:.2f} s CPU, {run.seconds:.2f} s")
        title = f"`check`, {accounts:,} accounts"
        figures += [
            Figure(what=f"{title}: requests", value=total, most=needed, remark=told),
            Figure(what=f"{title}: CPU", value=run.cpu, unit="s", remark=f"{run.seconds:.2f} s on the clock"),
        ]
    leave(figures, arguments.json)


if __name__ == "__main__":
    main()
