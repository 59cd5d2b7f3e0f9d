"""What 100,000 accounts would take, on paper: the arithmetic of docs/cluster.md, with the figures that it starts from.

It measures nothing. The sizes are those that other benchmarks measured: `states.py`, `plan.py` and `cluster.py`.

    python benchmarks/cluster_model.py [--accounts 100000] [--per-second 50] [--applications 1 4 10]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from math import ceil

import msgspec

USABLE = 0.95
"""Fraction of the quota that is used: what is left is room for requests that arrive unevenly."""
ACCOUNTS_PER_REQUEST = 100
"""Accounts that one request for their facts names (`/advertiser/info/`)."""
WINDOW = 30
"""Days of a daily report that one request spans."""
YEARS = 2
STATE_BYTES = 112
"""Of a state, per account of a stream: `states.py`, 1,000 accounts."""
MB_AT_50, MB_AT_5000, STREAMS = 60.7, 144.0, 44
"""The largest resident memory of a sync of all streams until it asks for the first data, by accounts: `plan.py`."""


class Load(msgspec.Struct, frozen=True):
    """Something to read.

    Args:
        name: What it is.
        requests: How many requests each account needs.
        why: How that follows.
    """

    name: str
    requests: int
    why: str


LOADS = (
    Load("a daily sync of one report", 1, "the lookback fits into one window"),
    Load(
        f"the first load, {YEARS} years of a daily report",
        ceil(365 * YEARS / WINDOW),
        f"{365 * YEARS} days / {WINDOW}, rounded up",
    ),
    Load(f"the first load, {YEARS} years of an hourly report", 365 * YEARS, "a request per day"),
)


def time_of(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def times(accounts: int, per_second: int, applications: Sequence[int]) -> list[str]:
    """The table of times."""
    rate = USABLE * per_second
    facts = ceil(accounts / ACCOUNTS_PER_REQUEST)
    heads = " | ".join(f"{count} application{'s' if count > 1 else ''}" for count in applications)
    lines = [f"| | requests | {heads} |", "|---" * (len(applications) + 2) + "|"]
    rows = [("the accounts are known, and the first data asked for", facts, f"{accounts:,} / {ACCOUNTS_PER_REQUEST}")]
    rows += [(load.name, load.requests * accounts, f"{load.requests} x {accounts:,}: {load.why}") for load in LOADS]
    for name, requests, why in rows:
        cells = " | ".join(time_of(requests / count / rate) for count in applications)
        lines.append(f"| {name} | {requests:,} ({why}) | {cells} |")
    return lines


def sizes(accounts: int, processes: Sequence[int]) -> list[str]:
    """The table of sizes."""
    each_kb = 1000 * (MB_AT_5000 - MB_AT_50) / (5000 - 50)
    heads = " | ".join(f"{count} process{'es' if count > 1 else ''}" for count in processes)
    lines = [f"| for each process | {heads} |", "|---" * (len(processes) + 1) + "|"]
    shares = [accounts / count for count in processes]
    states = " | ".join(f"{STATE_BYTES * share / 1e6:.1f} MB" for share in shares)
    memory = " | ".join(f"{MB_AT_50 + each_kb * share / 1000:,.0f} MB" for share in shares)
    lines.append(f"| accounts | {' | '.join(f'{share:,.0f}' for share in shares)} |")
    lines.append(f"| the state of one stream: {STATE_BYTES} bytes per account | {states} |")
    lines.append(
        f"| memory with all {STREAMS} streams: {MB_AT_50:g} MB + {each_kb:.1f} kB per account"
        f" (({MB_AT_5000:g} - {MB_AT_50:g}) MB / 4,950) | {memory} |"
    )
    return lines


def page(accounts: int = 100_000, per_second: int = 50, applications: Sequence[int] = (1, 4, 10)) -> str:
    """What docs/cluster.md shows."""
    rate = USABLE * per_second
    head = f"At {per_second} requests per second an application sends {USABLE} x {per_second} = {rate:g} per second."
    processes = [1, 16, 40]
    return "\n".join([head, "", *times(accounts, per_second, applications), "", *sizes(accounts, processes)])


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--per-second", type=int, default=50)
    parser.add_argument("--applications", type=int, nargs="+", default=[1, 4, 10])
    arguments = parser.parse_args()
    print(page(arguments.accounts, arguments.per_second, arguments.applications))


if __name__ == "__main__":
    main()
