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
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mutants.operators import Mutant, mutants

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
ROOT = TESTS.parent

OVERLAY = str(HERE / "overlay")
PACKAGE = "tiktok_marketing"
OWN_TESTS: dict[str, tuple[str, ...]] = {
    "sync.plan.coverage": ("unit/sync/test_coverage.py", "unit/sync/test_gaps.py"),
    "sync.plan.cursors": ("unit/sync/test_cursors.py",),
    "sync.plan.frontier": ("unit/sync/test_frontier.py",),
    "sync.plan.gaps": ("unit/sync/test_gaps.py",),
    "sync.plan.partitions": ("unit/sync/test_partitions.py",),
    "sync.plan.plan_sync": ("unit/sync/test_partitions.py", "unit/sync/test_gaps.py", "unit/sync/test_start_date.py"),
    "sync.plan.refresh": ("unit/sync/test_refresh.py",),
    "sync.plan.state_forms": ("unit/sync/test_state_forms.py",),
    "sync.plan.state_repair": ("unit/sync/test_state_repair.py",),
    "sync.plan.windows": ("unit/sync/test_windows.py",),
    "sync.plan.zones": ("unit/sync/test_windows.py",),
    "sync.read.account_days": ("unit/sync/test_empty_days.py",),
    "sync.read.completeness": ("unit/sync/test_completeness.py", "unit/sync/test_page_counts.py"),
    "sync.read.copies": ("unit/sync/test_copies.py",),
    "sync.read.empty_days": ("unit/sync/test_empty_days.py",),
    "sync.read.listing": ("unit/sync/test_listing.py", "unit/sync/test_page_counts.py"),
    "sync.read.objects": ("unit/sync/test_objects.py",),
    "sync.read.page_count": ("unit/sync/test_page_counts.py",),
    "sync.read.repeated_keys": ("unit/sync/test_page_counts.py",),
    "sync.read.report_figures": ("unit/sync/test_reports.py",),
    "sync.read.report_parts": ("unit/sync/test_reports.py",),
    "sync.read.report_requests": ("unit/sync/test_reports.py",),
    "sync.read.reports": ("unit/sync/test_reports.py", "unit/sync/test_refused_names.py"),
    "sync.read.split_check": ("unit/sync/test_split_check.py",),
    "sync.run.stream_run": ("unit/sync/test_stream_run.py",),
    "sync.run.window_reader": ("unit/sync/test_window_reader.py",),
}
"""The modules whose rules decide that no row is lost, with the tests of each."""
READING = ("unit/sync", *(f"reads/test_{name}.py" for name in ("reading", "lists", "days", "empty_days", "refresh")))
SCHEDULES = (40, 300)
_LONGEST = 900.0
"""Seconds after which a mutant's tests hang, which is noticed too."""
_LONGEST_FORK = 45.0
"""The same for quick tests, of which every mutant with an endless loop uses all."""


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


class Stage(NamedTuple):
    """Tests that a mutant has to pass.

    Args:
        name: For the figures.
        command: What runs them. Arguments of pytest alone run in a fork of a process that is ready for them.
    """

    name: str
    command: tuple[str, ...]

    @property
    def forks(self) -> bool:
        """Whether the command is arguments of pytest alone."""
        return self.command[0] != sys.executable


def stages(module: str) -> Iterator[Stage]:
    """The stages for a module, the cheap ones first."""
    pytest = ["-q", "-x", "-p", "no:cacheprovider", "-p", "fixed_examples"]
    simulate = [sys.executable, str(TESTS / "simulation/run.py"), "--processes", "1", "--seed", "1", "--schedules"]
    yield Stage("own tests", (*pytest, *(str(TESTS / file) for file in OWN_TESTS[module])))
    yield Stage("simulation", (*simulate, str(SCHEDULES[0])))
    yield Stage("reading", (sys.executable, "-m", "pytest", *pytest, *(str(TESTS / folder) for folder in READING)))
    yield Stage("more simulation", (*simulate, str(SCHEDULES[1])))


def inherited() -> dict[str, str]:
    """The environment without the options for pytest that are set in it: they are for other tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


class Forks:
    """A process that forks for the quick tests (`forks.py`), one per thread."""

    def __init__(self) -> None:
        self._threads = threading.local()

    def passes(self, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
        """Whether pytest ends with exit code 0 in time."""
        process = getattr(self._threads, "process", None)
        if process is None:
            process = self._threads.process = subprocess.Popen(  # noqa: S603 - this file's own command
                [sys.executable, str(HERE / "forks.py")],
                cwd=ROOT,
                env={**inherited(), "PYTHONPATH": OVERLAY},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        run = {"arguments": [*arguments], "environment": {**environment}, "seconds": _LONGEST_FORK}
        process.stdin.write(f"{json.dumps(run)}\n")
        process.stdin.flush()
        return int(process.stdout.readline()) == 0


FORKS = Forks()


def judge(module: str, mutant: Mutant, most: int | None = None) -> Verdict:
    """Run the stages until one fails, or as many as that."""
    for stage in islice(stages(module), most):
        if not survives(module, mutant.source, stage):
            check_without_a_mutant(module, stage)
            return Verdict(module, mutant, stage.name)
    return Verdict(module, mutant, None)


def judged(to_try: Sequence[tuple[str, Mutant]], processes: int, most: int | None) -> Iterator[Verdict]:
    """What became of each mutant in as many stages as that, some at a time.

    Raises:
        BrokenStageError: If a stage fails without a mutant.
    """
    pool = ThreadPoolExecutor(processes)
    try:
        yield from pool.map(lambda entry: judge(*entry, most), to_try)
    finally:
        pool.shutdown(cancel_futures=True)


class BrokenStageError(Exception):
    """A stage fails without a mutant, so what it notices proves nothing."""


@lru_cache
def check_without_a_mutant(module: str, stage: Stage) -> None:
    """Run a stage with the module as it is, once.

    Raises:
        BrokenStageError: If it fails.
    """
    if not survives(module, path_of(module).read_text(), stage):
        raise BrokenStageError(f"Without a mutant, {stage.name} of {module} fail: {' '.join(stage.command)}")


def survives(module: str, source: str, stage: Stage) -> bool:
    """Whether a stage passes with this source in place of the module's."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mutant.py"
        file.write_text(source)
        environment = {
            "MUTANT_MODULE": f"{PACKAGE}.{module}",
            "MUTANT_SOURCE": str(file),
            "HYPOTHESIS_STORAGE_DIRECTORY": folder,
        }
        if stage.forks:
            return FORKS.passes(stage.command, environment)
        return passes(stage.command, {**inherited(), **environment, "PYTHONPATH": OVERLAY})


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


def harmless() -> dict[tuple[str, str, str, str, str], str]:
    """For each mutant that makes no difference, the reason.

    The key is its module and name, and the line of code if others have the same name; empty otherwise.
    """
    entries = tomllib.loads((HERE / "harmless.toml").read_text()).get("mutant", [])
    return {
        (entry["module"], entry["function"], entry["before"], entry["after"], entry.get("code", "")): entry["because"]
        for entry in entries
    }


def keys_of(module: str, mutant: Mutant) -> set[tuple[str, str, str, str, str]]:
    """The keys of `harmless` that are about a mutant."""
    return {(module, *mutant.name, ""), (module, *mutant.name, mutant.code)}


def main() -> int:
    """Try the mutants, print those that nothing notices, and the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("only", nargs="*", help="modules, for example sync.plan or listing; all without any")
    parser.add_argument("--sample", type=int, help="how many to draw at random; all if left out")
    parser.add_argument("--seed", type=int, default=1, help="decides which are drawn")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="mutants tried at a time")
    parser.add_argument(
        "--stages", type=int, help="how many stages to run, from the cheap to the costly; all if left out"
    )
    options = parser.parse_args()
    known = harmless()
    to_try = chosen(options.only, options.sample, options.seed)
    excused = [entry for entry in to_try if keys_of(*entry) & known.keys()]
    to_try = [entry for entry in to_try if not keys_of(*entry) & known.keys()]
    started = time.monotonic()
    figures: dict[str, Counter[str]] = defaultdict(Counter)
    for module, _ in excused:
        figures[module]["harmless"] += 1
    try:
        for verdict in judged(to_try, options.processes, options.stages):
            figures[verdict.module][verdict.noticed_by or "unnoticed"] += 1
            if verdict.noticed_by is None:
                sys.stdout.write(f"{describe(verdict)}\n")
                sys.stdout.flush()
    except BrokenStageError as error:
        sys.stderr.write(f"{error}\nFix that first.\n")
        return 1
    names = [stage.name for stage in islice(stages("sync.plan.frontier"), options.stages)]
    columns = [*names, "harmless", "unnoticed"]
    sys.stdout.write(f"{'':<27}{'mutants':>9}{''.join(f'{name:>17}' for name in columns)}\n")
    total: Counter[str] = Counter()
    for module, of in [*sorted(figures.items()), ("all", total)]:
        counts = "".join(f"{of[name]:>17,}" for name in columns)
        sys.stdout.write(f"{module:<27}{of.total():>9,}{counts}\n")
        total += of
    sys.stdout.write(f"in {(time.monotonic() - started) / 60:.0f} minutes\n")
    return 1 if total["unnoticed"] else 0


def describe(verdict: Verdict) -> str:
    """A mutant that nothing noticed, on a line, in a form that `harmless.toml` takes."""
    function, before, after = verdict.mutant.name
    place = path_of(verdict.module).relative_to(ROOT)
    return f"{place}:{verdict.mutant.line} {function or 'module'}: {before!r} -> {after!r}"


if __name__ == "__main__":
    raise SystemExit(main())
