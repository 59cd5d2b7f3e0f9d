"""Breaks each rule of planning and reading in turn, and counts how many mutants the tests notice: `make mutants`.

Every mutant is a copy of one module with one small change (`operators.py`), for example `<` in place of `<=`. It takes
the module's place in the processes of its tests alone, so no file of the checkout changes. The tests run from the cheap
to the costly, until something fails:

1. the module's own tests;
2. a few dozen schedules of the simulation;
3. the tests that read from the emulator;
4. more schedules.

A mutant that nothing notices is a gap in the tests, unless it is listed in `harmless.toml` with the reason why it makes
no difference. Exit 1 if there is a gap.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mutants.operators import Mutant, mutants

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
ROOT = TESTS.parent

PACKAGE = "tiktok_marketing"
OWN_TESTS: dict[str, tuple[str, ...]] = {
    "sync.plan.cursors": ("unit/sync/test_cursors.py",),
    "sync.plan.frontier": ("unit/sync/test_frontier.py",),
    "sync.plan.partitions": ("unit/sync/test_partitions.py",),
    "sync.plan.plan_sync": ("unit/sync/test_partitions.py",),
    "sync.plan.state_repair": ("unit/sync/test_state_repair.py",),
    "sync.plan.windows": ("unit/sync/test_windows.py",),
    "sync.plan.zones": ("unit/sync/test_windows.py",),
    "sync.read.completeness": ("unit/sync/test_listing.py",),
    "sync.read.empty_days": ("unit/sync/test_empty_days.py",),
    "sync.read.listing": ("unit/sync/test_listing.py",),
    "sync.read.objects": ("unit/sync/test_objects.py",),
    "sync.read.report_requests": ("unit/sync/test_reports.py",),
    "sync.read.reports": ("unit/sync/test_reports.py",),
    "sync.run.stream_run": ("unit/sync/test_stream_run.py",),
    "sync.run.window_reader": ("unit/sync/test_window_reader.py",),
}
"""The modules whose rules decide that no row is lost, with the tests of each."""
READING = ("unit/sync", *(f"reads/test_{name}.py" for name in ("reading", "lists", "days", "empty_days", "refresh")))
SCHEDULES = (40, 300)
_LONGEST = 900.0
"""Seconds after which a mutant's tests hang, which is noticed too."""


class Verdict(NamedTuple):
    """What became of a mutant.

    Args:
        module: Its module, below the package.
        mutant: The mutant.
        noticed_by: The stage that failed; None if none did.
    """

    module: str
    mutant: Mutant
    noticed_by: str | None


def stages(module: str) -> Iterator[tuple[str, list[str]]]:
    """The name and the command of each stage for a module."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    simulate = [sys.executable, str(TESTS / "simulation/run.py"), "--processes", "1", "--seed", "1", "--schedules"]
    yield "own tests", [*pytest, *(str(TESTS / file) for file in OWN_TESTS[module])]
    yield "simulation", [*simulate, str(SCHEDULES[0])]
    yield "reading", [*pytest, *(str(TESTS / folder) for folder in READING)]
    yield "more simulation", [*simulate, str(SCHEDULES[1])]


def judge(module: str, mutant: Mutant) -> Verdict:
    """Run the stages until one fails."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "mutant.py"
        source.write_text(mutant.source)
        environment = {
            **os.environ,
            "PYTHONPATH": str(HERE / "overlay"),
            "MUTANT_MODULE": f"{PACKAGE}.{module}",
            "MUTANT_SOURCE": str(source),
            "HYPOTHESIS_STORAGE_DIRECTORY": folder,
        }
        for name, command in stages(module):
            if not passes(command, environment):
                return Verdict(module, mutant, name)
    return Verdict(module, mutant, None)


def passes(command: Sequence[str], environment: dict[str, str]) -> bool:
    """Whether a command ends with exit code 0 in time."""
    with subprocess.Popen(  # noqa: S603 - this file's own commands
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            return process.wait(_LONGEST) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)


def chosen(only: Sequence[str], sample: int | None, seed: int) -> list[tuple[str, Mutant]]:
    """The mutants to try.

    Args:
        only: Beginnings or ends of modules' names; empty for all modules.
        sample: How many to draw at random; None for all.
        seed: Decides which are drawn.
    """
    selected = [
        (module, mutant)
        for module in OWN_TESTS
        if not only or any(module.startswith(name) or module.endswith(name) for name in only)
        for mutant in mutants(path_of(module).read_text())
    ]
    if sample is None or sample >= len(selected):
        return selected
    drawn = sorted(random.Random(seed).sample(range(len(selected)), sample))
    return [selected[position] for position in drawn]


def path_of(module: str) -> Path:
    """The file of a module."""
    return ROOT / "src" / PACKAGE / f"{module.replace('.', '/')}.py"


def harmless() -> dict[tuple[str, str, str, str], str]:
    """For each mutant that makes no difference, by its module and name, the reason."""
    entries = tomllib.loads((HERE / "harmless.toml").read_text()).get("mutant", [])
    return {
        (entry["module"], entry["function"], entry["before"], entry["after"]): entry["because"] for entry in entries
    }


def main() -> int:
    """Try the mutants, print those that nothing notices, and the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("only", nargs="*", help="modules, for example sync.plan or listing; all without any")
    parser.add_argument("--sample", type=int, help="how many to draw at random; all if left out")
    parser.add_argument("--seed", type=int, default=1, help="decides which are drawn")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="mutants tried at a time")
    options = parser.parse_args()
    known = harmless()
    to_try = chosen(options.only, options.sample, options.seed)
    excused = [entry for entry in to_try if (entry[0], *entry[1].name) in known]
    to_try = [entry for entry in to_try if (entry[0], *entry[1].name) not in known]
    for module in sorted({module for module, _ in to_try}):
        if not passes(next(stages(module))[1], dict(os.environ)):
            sys.stderr.write(f"The tests of {module} fail without a mutant. Fix that first.\n")
            return 1
    started = time.monotonic()
    by_stage: Counter[str] = Counter()
    unnoticed = 0
    with ThreadPoolExecutor(options.processes) as pool:
        for verdict in pool.map(lambda entry: judge(*entry), to_try):
            by_stage[verdict.noticed_by or "nothing"] += 1
            if verdict.noticed_by is None:
                unnoticed += 1
                sys.stdout.write(f"{describe(verdict)}\n")
                sys.stdout.flush()
    tried = len(to_try)
    for stage, _ in stages("sync.plan.frontier"):
        sys.stdout.write(f"noticed by {stage:<18}{by_stage[stage]:>6,}\n")
    sys.stdout.write(
        f"{tried + len(excused):,} mutants: {tried - unnoticed:,} noticed, {len(excused):,} harmless for a listed "
        f"reason, {unnoticed:,} unnoticed, in {(time.monotonic() - started) / 60:.0f} minutes\n"
    )
    return 1 if unnoticed else 0


def describe(verdict: Verdict) -> str:
    """A mutant that nothing noticed, on a line, in a form that `harmless.toml` takes."""
    function, before, after = verdict.mutant.name
    place = path_of(verdict.module).relative_to(ROOT)
    return f"{place}:{verdict.mutant.line} {function or 'module'}: {before!r} -> {after!r}"


if __name__ == "__main__":
    raise SystemExit(main())
