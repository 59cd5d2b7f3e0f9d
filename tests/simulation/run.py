"""Runs schedules and prints what they were made of: `python tests/simulation/run.py --schedules 1000 --seed 1`."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from simulation.process import Failed
from simulation.schedule import schedule_of
from simulation.trial import Report, Simulation

_AT_ONCE = 50
"""Schedules that a process takes at a time."""


def run_some(seeds: Sequence[int]) -> tuple[Report, list[tuple[int, str]]]:
    """Run the schedules of some seeds. Returns what happened, and the seeds that failed with the reason."""
    total, failed = Report(), []
    gc.disable()  # a schedule is small, and its cycles go with the next collection
    for seed in seeds:
        simulation = Simulation(schedule_of(seed))
        try:
            simulation.run()
        except Failed as failure:
            failed.append((seed, str(failure)))
        total.add(simulation.report)
    gc.enable()
    gc.collect()
    return total, failed


def run_all(first: int, count: int, processes: int) -> Iterator[tuple[Report, list[tuple[int, str]]]]:
    """Run so many schedules, from a seed on, in several processes."""
    chunks = [range(start, min(start + _AT_ONCE, first + count)) for start in range(first, first + count, _AT_ONCE)]
    if processes == 1 or len(chunks) == 1:
        yield from map(run_some, chunks)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(run_some, chunks)


def figures(report: Report, failed: int) -> str:
    """What happened, in lines."""
    hits = sum(report.faults.values())
    killed = sum(report.endings[ending] for ending in ("kill", "gone"))
    ends = (
        f"{killed:,} killed, {report.endings['stop']:,} stopped, {report.endings['exit 0']:,} disturbed and complete, "
        f"{report.endings['exit 1']:,} incomplete and said so, {2 * report.schedules:,} in peace"
    )
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(report.faults.items()))
    return "\n".join(
        (
            f"schedules       {report.schedules:,}",
            f"syncs           {report.syncs:,}: {ends}",
            f"requests        {report.requests:,}",
            f"faults          {hits:,} ({kinds})",
            f"lists moved     {report.moves:,} times",
            f"virtual hours   {report.hours:,.0f}",
            f"rows compared   {report.rows:,}",
            f"rows lost       {report.lost:,}",
            f"failing seeds   {failed:,}",
        )
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and fail if a promise does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=1, help="how many (1)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many at once (all cores)")
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    total, failed = Report(), []
    for report, failures in run_all(chosen.seed, chosen.schedules, chosen.processes):
        total.add(report)
        failed += failures
        for seed, reason in failures:
            print(
                f"seed {seed} failed: {reason[:1000]}\n  replay: python tests/simulation/run.py --seed {seed}",
                flush=True,
            )
    if chosen.schedules == 1:
        print(story(chosen.seed))
    print(figures(total, len(failed)))
    print(f"took            {time.monotonic() - began:,.0f} s")
    return 1 if failed else 0


def story(seed: int) -> str:
    """What happened in one schedule, request by request."""
    simulation = Simulation(schedule_of(seed))
    simulation.network.note = simulation.note
    try:
        simulation.run()
    except Failed as failure:
        simulation.note(f"failed: {failure}")
    return "\n".join(simulation.log)


if __name__ == "__main__":
    raise SystemExit(main())
