"""Runs every benchmark, one after the other, each in a process of its own: `make bench`.

The figures go into a table, into `benchmarks/results/latest.json` and from there into docs/performance.md. A benchmark
that fails keeps its earlier figures and does not stop the others, but the exit code is 1. A missed target is not a
failure.

    python benchmarks/run.py [quota load …] [--size usual|full|small]
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

import page
from harness import Figures
from page import Result

ROOT = Path(__file__).parents[1]
PEERS = (".venv-parity", ".venv-newest-cdk")
LONGEST = 3600
"""Seconds after which a benchmark is stopped."""


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """A script and its command lines.

    Args:
        title: What it measures.
        usual: Its usual options.
        full: Options for whoever has more time; the usual ones if empty.
        small: Options that only show that it works; the usual ones if empty.
        needs: The folders of the environments that it needs.
        made_by: The command that makes them.
    """

    title: str
    usual: str = ""
    full: str = ""
    small: str = ""
    needs: Sequence[str] = ()
    made_by: str = "make peers"

    def options(self, size: str) -> str:
        """Its options for a size."""
        return {"usual": self.usual, "full": self.full or self.usual, "small": self.small or self.usual}[size]


BENCHMARKS = {
    "spec": Benchmark(title="Printing the specification"),
    "check": Benchmark(title="Checking a configuration", small="--accounts 200"),
    "plan": Benchmark(title="Planning a large sync", small="--accounts 200"),
    "states": Benchmark(title="The size of states"),
    "read_ads": Benchmark(
        title="CPU time per record",
        usual="--ads 20000 --days 12 --runs 2",
        full="--ads 40000 --days 50",
        small="--ads 1000 --days 3 --runs 1",
    ),
    "white_space": Benchmark(title="White space in pages", small="--runs 1"),
    "custom_report": Benchmark(title="Custom and fixed reports", small="--runs 1"),
    "memory": Benchmark(
        title="Memory by number of rows",
        usual="--rows 100000 1000000 10000000 --per-second 50",
        small="--rows 50000",
    ),
    "large": Benchmark(title="Many accounts, and a very large one", small="--accounts 50 --ads 25000"),
    "quota": Benchmark(
        title="The quota",
        usual="--seconds 60",
        small="--seconds 5 --requests 50 --tiers 10 --latencies 0.1 --jitters 0.2",
    ),
    "lateness": Benchmark(title="What lateness leaves of a quota", small="--seconds 10 --tiers 10"),
    "cluster": Benchmark(
        title="More than one machine",
        usual="--days 30 --per-second 20",
        full="--days 60 --per-second 50",
        small="--accounts 20 --days 30",
        needs=(".venv-cluster-spark",),
        made_by="make cluster ONLY=spark",
    ),
    "load": Benchmark(
        title="Into a database", usual="--pages 250 --runs 2", full="--pages 1000 --runs 3", small="--pages 10 --runs 1"
    ),
    "views": Benchmark(title="Answers from views", small="--rows 100000 --runs 1"),
    "against_airbyte": Benchmark(
        title="Compared with Airbyte's connector",
        usual=f"{' '.join(PEERS)} --ads 3000 --days 60",
        full=f"{' '.join(PEERS)} --ads 20000 --days 200",
        small=f"{' '.join(PEERS)} --ads 200 --days 3",
        needs=PEERS,
    ),
    "emulator_speed": Benchmark(title="The emulator itself"),
    "emulator_memory": Benchmark(title="Memory of the emulator", small="--requests 2000"),
}


def main() -> int:
    """Run the benchmarks and print their figures. Returns 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="*", metavar="NAME", help=f"run only these: {', '.join(BENCHMARKS)}")
    parser.add_argument(
        "--size",
        choices=("usual", "full", "small"),
        default="usual",
        help="how much to measure; small keeps no figures",
    )
    arguments = parser.parse_args()
    unknown = [name for name in arguments.only if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; choose from {', '.join(BENCHMARKS)}")
    found: dict[str, Result] = {}
    wrong = []
    for name in arguments.only or BENCHMARKS:
        benchmark = BENCHMARKS[name]
        missing = [folder for folder in benchmark.needs if not (ROOT / folder / "ready").exists()]
        if missing:
            print(
                f"\n{name}: left out, because {' and '.join(missing)} is missing. Run "
                f"`{benchmark.made_by}` to create it.",
                flush=True,
            )
            continue
        result = run(name, benchmark, arguments.size)
        if result is None:
            wrong.append(name)
            continue
        found[name] = result
        if arguments.size != "small":
            page.keep(merged(page.results(), found))
    show(found)
    if found:
        print("A small size does not measure targets." if arguments.size == "small" else page.tally(found))
    for name in wrong:
        print(f"{name} failed; its earlier figures stay")
    return 1 if wrong else 0


def run(name: str, benchmark: Benchmark, size: str) -> Result | None:
    """Run a benchmark. Returns None if it failed."""
    options = benchmark.options(size)
    command = f"python benchmarks/{name}.py {options}".rstrip()
    print(f"\n$ {command}", flush=True)
    load, day, began = os.getloadavg()[0], datetime.now(UTC).date(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.json"
        script = Path(__file__).with_name(f"{name}.py")
        arguments = [sys.executable, str(script), *shlex.split(options), "--json", str(path)]
        try:
            subprocess.run(arguments, check=True, cwd=ROOT, timeout=LONGEST)  # noqa: S603 - our own scripts
        except subprocess.SubprocessError as error:
            print(f"{name}: {error}", flush=True)
            return None
        figures = msgspec.json.decode(path.read_bytes(), type=Figures)
    seconds = time.perf_counter() - began
    return Result(title=benchmark.title, command=command, day=str(day), seconds=seconds, load=load, found=figures)


def merged(before: Mapping[str, Result], found: Mapping[str, Result]) -> dict[str, Result]:
    """The earlier results, replaced by new ones where there are any, in the order of the list above."""
    latest = {**before, **found}
    return {name: latest[name] for name in BENCHMARKS if name in latest}


def show(found: Mapping[str, Result]) -> None:
    """Print the figures as a table."""
    rows = [
        (figure.what, page.shown(figure.value, figure.unit), page.target(figure), page.verdict(figure))
        for result in found.values()
        for figure in result.found.figures
    ]
    if not rows:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    print()
    for what, value, target, verdict in rows:
        print(f"{what:<{widths[0]}}  {value:>{widths[1]}}  {target:<{widths[2]}}  {verdict}".rstrip())
    for name, result in found.items():
        print(f"{name}: {result.seconds:.0f} s, `{result.command}`")


if __name__ == "__main__":
    sys.exit(main())
