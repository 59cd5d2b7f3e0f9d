"""Runs schedules and prints what they were made of: `python tests/simulation/run.py --schedules 1000 --seed 1`.

After a change that only some streams can notice, `--reading 'gmv_max_*'` runs those of the schedules that read one of
them. `--reading async_reports` runs those that read asynchronous reports.

Many of them take an hour: `nice -n 19 python tests/simulation/run.py --schedules 100000 --processes 1` leaves the
machine to others, says every half minute how far it is, and prints the figures so far if it is stopped.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Self

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from simulation.process import Failed
from simulation.schedule import Schedule, schedule_of
from simulation.trial import Report, Simulation
from tiktok_marketing.config import AsyncReports

_AT_ONCE = 20
"""Schedules that a process takes at a time."""
_SAYS_EVERY = 30.0
"""Seconds between two lines that say how far it is."""

Batch = tuple[Report, list[tuple[int, str]]]
"""What happened in some schedules, and the seeds that failed with the reason."""


def run_some(seeds: Sequence[int]) -> Batch:
    """Run the schedules of some seeds."""
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
    total.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
        2**20 if sys.platform == "darwin" else 1024
    )
    return total, failed


def seeds_reading(seeds: Iterable[int], patterns: Sequence[str]) -> list[int]:
    """The seeds whose schedules read a stream whose name fits a pattern, or `async_reports`."""
    return [seed for seed in seeds if _reads(seed, patterns)]


def _reads(seed: int, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in _read_by(schedule_of(seed)) for pattern in patterns)


def _read_by(schedule: Schedule) -> Iterator[str]:
    yield from (each.stream.name for each in schedule.selected)
    if schedule.config.async_reports is not AsyncReports.OFF:
        yield "async_reports"


def run_all(seeds: Sequence[int], processes: int) -> Iterator[Batch]:
    """Run the schedules of these seeds, in several processes or in this one. The caller may stop early."""
    chunks = iter([seeds[start : start + _AT_ONCE] for start in range(0, len(seeds), _AT_ONCE)])
    if processes == 1 or len(seeds) <= _AT_ONCE:
        yield from map(run_some, chunks)
        return
    with ProcessPoolExecutor(processes, initializer=_begin_process) as pool:
        waiting: set[Future[Batch]] = {pool.submit(run_some, chunk) for chunk in islice(chunks, 2 * processes)}
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                waiting |= {pool.submit(run_some, chunk) for chunk in islice(chunks, len(done))}
                for future in done:
                    yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _begin_process() -> None:
    """A signal stops only the main process, which then ends the others. What is imported is never garbage."""
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def quote(report: Report) -> str:
    """The figures in one line."""
    return (
        f"{report.schedules:,} schedules, {report.syncs:,} syncs, {report.faults.total():,} faults, "
        f"{_kills(report):,} kills, {report.endings['stop']:,} stops, "
        f"{report.rows:,} rows compared, {report.lost:,} rows lost"
    )


def figures(report: Report, failed: int) -> str:
    """What happened, as a table, and a last line that sums it up."""
    ends = report.endings
    table = [
        ("schedules", f"{report.schedules:,}"),
        ("  with hours that come late", f"{report.late:,}"),
        ("syncs", f"{report.syncs:,}"),
        ("  killed, or left without a reader", f"{_kills(report):,}"),
        ("  stopped cleanly", f"{ends['stop']:,}"),
        ("  disturbed and complete", f"{ends['exit 0']:,}"),
        ("  reported as incomplete", f"{ends['exit 1']:,}"),
        ("    read in parts while it changed", f"{ends['changed in parts']:,}"),
        ("    a store appeared meanwhile", f"{ends['a new store']:,}"),
        ("  undisturbed", f"{ends['in peace']:,}"),
        ("requests", f"{report.requests:,}"),
        ("injected faults", f"{report.faults.total():,}"),
        *_by_kind(report.faults),
        ("the model's own limits", f"{report.limits.total():,}"),
        *_by_kind(report.limits),
        ("changes of lists", f"{report.moves:,}"),
        ("virtual hours", f"{report.hours:,.0f}"),
        ("rows compared", f"{report.rows:,}"),
        ("rows lost", f"{report.lost:,}"),
        ("failing seeds", f"{failed:,}"),
    ]
    width = max(len(name) for name, _ in table)
    wide = max(len(value) for _, value in table)
    return "\n".join([*(f"{name:<{width}}  {value:>{wide}}" for name, value in table), "", quote(report)])


def _kills(report: Report) -> int:
    return report.endings["kill"] + report.endings["gone"]


def _by_kind(counted: Counter[str]) -> list[tuple[str, str]]:
    return [(f"  {kind}", f"{count:,}") for kind, count in sorted(counted.items())]


class Watch:
    """Reports failing seeds at once and the progress every half minute, however long a schedule takes.

    Args:
        schedules: The number of schedules.
        every: Seconds between two lines.
    """

    def __init__(self, schedules: int, every: float = _SAYS_EVERY) -> None:
        self.total = Report()
        self.failed: list[int] = []
        self._schedules = schedules
        self._every = every
        self._began = time.monotonic()
        self._over = threading.Event()
        self._saying = threading.Thread(target=self._say, daemon=True)

    def __enter__(self) -> Self:
        self._saying.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._saying.join()

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def take(self, report: Report, failures: list[tuple[int, str]]) -> None:
        """Some schedules have ended."""
        self.total.add(report)
        for seed, reason in failures:
            self.failed.append(seed)
            say(f"seed {seed} failed: {reason[:1000]}")
            say(f"  replay: python tests/simulation/run.py --seed {seed}")

    def _say(self) -> None:
        while not self._over.wait(self._every):
            say(
                f"{self.seconds:,.0f} s: {self.total.schedules:,} of {self._schedules:,} schedules, "
                f"{len(self.failed):,} failing seeds, {self.total.lost:,} rows lost, at most {self.total.megabytes} MB"
            )


def say(line: str) -> None:
    """Print a line and flush it."""
    print(line, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and fail if a promise does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=1, help="how many (1)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--reading", nargs="+", metavar="STREAM", help="only those that read one of these")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many processes (all cores)")
    chosen = parser.parse_args(arguments)
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True  # an exception could come up where nobody lets it pass

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    seeds: Sequence[int] = range(chosen.seed, chosen.seed + chosen.schedules)
    text = f"{chosen.schedules:,} schedules from seed {chosen.seed} on"
    if chosen.reading:
        seeds = seeds_reading(seeds, chosen.reading)
        unread = [pattern for pattern in chosen.reading if not any(_reads(seed, [pattern]) for seed in seeds)]
        if unread:
            parser.error(f"none of {text} reads {' or '.join(unread)}")
        text = f"{len(seeds):,} of {text}, which read {' or '.join(chosen.reading)}"
    with Watch(len(seeds)) as watch:
        say(f"{text}, {chosen.processes} at once")
        for some in run_all(seeds, chosen.processes):
            watch.take(*some)
            if stopped:
                break
    if len(seeds) == 1 and not stopped:
        say(story(seeds[0]))
    say(figures(watch.total, len(watch.failed)))
    for seed in watch.failed:
        say(f"failing seed {seed}")
    say(f"took {watch.seconds:,.0f} s{', and was stopped before its end' if stopped else ''}")
    return 130 if stopped else 1 if watch.failed else 0


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
