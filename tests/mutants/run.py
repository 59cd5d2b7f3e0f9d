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
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mutants.operators import Mutant, mutants
from mutants.own_tests import OVERLAY, Runner, inherited

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
ROOT = TESTS.parent

PACKAGE = "tiktok_marketing"
OWN_TESTS: dict[str, tuple[str, ...]] = {
    "sync.decode.given_dimensions": ("unit/sync/test_given_dimensions.py",),
    "sync.decode.report_file": ("unit/sync/test_report_file.py", "unit/sync/test_report_tasks.py"),
    "sync.plan.bounds": ("unit/sync/test_bounds.py",),
    "sync.plan.coverage": ("unit/sync/test_coverage.py", "unit/sync/test_gaps.py"),
    "sync.plan.cursors": ("unit/sync/test_cursors.py",),
    "sync.plan.frontier": ("unit/sync/test_frontier.py",),
    "sync.plan.gaps": ("unit/sync/test_gaps.py", "unit/sync/test_new_stores.py", "unit/sync/test_plan_sync.py"),
    "sync.plan.merged_states": ("unit/sync/test_merged_states.py",),
    "sync.plan.new_stores": ("unit/sync/test_new_stores.py", "unit/sync/test_stream_run.py"),
    "sync.plan.partitions": ("unit/sync/test_partitions.py", "unit/sync/test_bounds.py", "unit/sync/test_gaps.py"),
    "sync.plan.plan_sync": (
        "unit/sync/test_plan_sync.py",
        "unit/sync/test_gaps.py",
        "unit/sync/test_new_stores.py",
        "unit/sync/test_start_date.py",
    ),
    "sync.plan.refresh": ("unit/sync/test_refresh.py", "unit/sync/test_merged_states.py"),
    "sync.plan.state_forms": ("unit/sync/test_state_forms.py",),
    "sync.plan.state_repair": ("unit/sync/test_state_repair.py",),
    "sync.plan.windows": ("unit/sync/test_windows.py",),
    "sync.plan.zones": ("unit/sync/test_windows.py",),
    "sync.read.account_days": ("unit/sync/test_account_days.py", "unit/sync/test_empty_days.py"),
    "sync.read.asked_for": ("unit/sync/test_asked_for.py",),
    "sync.read.completeness": ("unit/sync/test_completeness.py",),
    "sync.read.copies": ("unit/sync/test_copies.py",),
    "sync.read.empty_days": ("unit/sync/test_empty_days_refused.py", "unit/sync/test_empty_days.py"),
    "sync.read.idle_accounts": ("unit/sync/test_idle_accounts.py",),
    "sync.read.listing": (
        "unit/sync/test_list_reader.py",
        "unit/sync/test_listing.py",
        "unit/sync/test_page_counts.py",
        "unit/sync/test_pages_in_flight.py",
        "unit/sync/test_pages_in_memory.py",
        "unit/sync/test_windows_from_files.py",
    ),
    "sync.read.metric_search": ("unit/sync/test_metric_search.py",),
    "sync.read.objects": ("unit/sync/test_object_requests.py", "unit/sync/test_objects.py"),
    "sync.read.page_count": ("unit/sync/test_page_count.py",),
    "sync.read.parent_lists": ("unit/sync/test_parent_lists.py",),
    "sync.read.parent_params": (
        "unit/sync/test_parent_params.py",
        "unit/sync/test_object_requests.py",
        "unit/sync/test_objects.py",
    ),
    "sync.read.refused_days": ("unit/sync/test_refused_days.py",),
    "sync.read.refused_names": ("unit/sync/test_refused_names.py",),
    "sync.read.repeated_keys": ("unit/sync/test_page_counts.py", "unit/sync/test_list_reader.py"),
    "sync.read.report_figures": ("unit/sync/test_report_figures.py",),
    "sync.read.report_parts": ("unit/sync/test_report_parts.py", "unit/sync/test_report_windows.py"),
    "sync.read.report_requests": (
        "unit/sync/test_reports.py",
        "unit/sync/test_report_requests.py",
        "unit/sync/test_refused_names.py",
    ),
    "sync.read.report_tasks": ("unit/sync/test_report_tasks.py",),
    "sync.read.report_trial": ("unit/sync/test_report_trial.py",),
    "sync.read.reports": (
        "unit/sync/test_reports.py",
        "unit/sync/test_report_windows.py",
        "unit/sync/test_days_that_fail.py",
        "unit/sync/test_windows_from_files.py",
    ),
    "sync.read.split_check": ("unit/sync/test_split_check.py",),
    "sync.read.store_parts": ("unit/sync/test_store_costs.py", "unit/sync/test_store_parts.py"),
    "sync.run.run_warnings": ("unit/sync/test_run_warnings.py",),
    "sync.run.stream_run": ("unit/sync/test_stream_run.py",),
    "sync.run.window_reader": (
        "unit/sync/test_windows_read.py",
        "unit/sync/test_window_reader.py",
        "on_request/test_stores_that_appear.py",
    ),
}
"""The modules whose rules decide that no row is lost, with the tests of each."""
READING = ("unit/sync", *(f"reads/test_{name}.py" for name in ("reading", "lists", "days", "empty_days", "refresh")))
SCHEDULES = (40, 300)
PYTEST = ("-q", "-p", "no:cacheprovider", "-p", "fixed_examples")
RUNNER = Runner(PYTEST)
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


class Stage(NamedTuple):
    """Tests that a mutant has to pass.

    Args:
        name: For the figures.
        command: What runs them; empty for a module's own tests.
        files: The files with these.
    """

    name: str
    command: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def stages(module: str) -> Iterator[Stage]:
    """The stages for a module, the cheap ones first."""
    pytest = [sys.executable, "-m", "pytest", *PYTEST, "-x"]
    simulate = [sys.executable, str(TESTS / "simulation/run.py"), "--processes", "1", "--seed", "1", "--schedules"]
    yield Stage("own tests", files=tuple(str(TESTS / file) for file in OWN_TESTS[module]))
    yield Stage("simulation", (*simulate, str(SCHEDULES[0])))
    yield Stage("reading", (*pytest, *(str(TESTS / folder) for folder in READING)))
    yield Stage("more simulation", (*simulate, str(SCHEDULES[1])))


def judge(module: str, mutant: Mutant, most: int | None = None) -> Verdict:
    """Run the stages until one fails, or as many as that."""
    for stage in islice(stages(module), most):
        if not survives(module, mutant, stage):
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


class UnknownModuleError(Exception):
    """A name fits no module, so nothing would be tried."""


class BrokenStageError(Exception):
    """A stage fails without a mutant, so what it notices proves nothing.

    Args:
        module: The module.
        stage: The stage.
    """

    def __init__(self, module: str, stage: Stage) -> None:
        super().__init__(f"Without a mutant, {stage.name} of {module} fail: {' '.join(stage.command or stage.files)}")


def survives(module: str, mutant: Mutant, stage: Stage) -> bool:
    """Whether a stage passes with the mutant in place of its module.

    Raises:
        BrokenStageError: If the stage fails without a mutant, too.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mutant.py"
        file.write_text(mutant.source)
        if not stage.command:
            place = f"{PACKAGE}.{module}", path_of(module), stage.files
            if RUNNER.recording(*place) is None:
                raise BrokenStageError(module, stage)
            return RUNNER.pass_with(file, mutant.function, *place)
        if passes(stage, module, file):
            return True
    check_without_a_mutant(module, stage)
    return False


@lru_cache
def check_without_a_mutant(module: str, stage: Stage) -> None:
    """Run a stage of processes with the module as it is, once.

    Raises:
        BrokenStageError: If it fails.
    """
    if not passes(stage, module, path_of(module)):
        raise BrokenStageError(module, stage)


def passes(stage: Stage, module: str, source: Path) -> bool:
    """Whether the command of a stage ends with exit code 0 in time, with this source in place of the module's."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(  # noqa: S603 - this file's own commands
            stage.command,
            cwd=ROOT,
            env={
                **inherited(),
                "PYTHONPATH": OVERLAY,
                "MUTANT_MODULE": f"{PACKAGE}.{module}",
                "MUTANT_SOURCE": str(source),
                "HYPOTHESIS_STORAGE_DIRECTORY": folder,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process,
    ):
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

    Raises:
        UnknownModuleError: If a name fits no module.
    """
    fitting = {
        name: {module for module in OWN_TESTS if module.startswith(name) or module.endswith(name)} for name in only
    }
    unknown = [name for name, modules in fitting.items() if not modules]
    if unknown:
        raise UnknownModuleError(f"no mutants are made of {' or '.join(unknown)}; choose from {', '.join(OWN_TESTS)}")
    selected = [
        (module, mutant)
        for module in OWN_TESTS
        if not only or any(module in modules for modules in fitting.values())
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutants, print those that nothing notices, and the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("only", nargs="*", help="modules, for example sync.plan or listing; all without any")
    parser.add_argument("--sample", type=int, help="how many to draw at random; all if left out")
    parser.add_argument("--seed", type=int, default=1, help="decides which are drawn")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="mutants tried at a time")
    parser.add_argument(
        "--stages", type=int, help="how many stages to run, from the cheap to the costly; all if left out"
    )
    options = parser.parse_args(arguments)
    known = harmless()
    try:
        to_try = chosen(options.only, options.sample, options.seed)
    except UnknownModuleError as error:
        parser.error(str(error))
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
