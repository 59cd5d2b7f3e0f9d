from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mutants.operators import TUNING, Mutant, mutants
from mutants.run import (
    HERE,
    OWN_TESTS,
    RUNNER,
    TESTS,
    BrokenStageError,
    Stage,
    UnknownModuleError,
    Verdict,
    check_without_a_mutant,
    chosen,
    harmless,
    judge,
    keys_of,
    main,
    path_of,
    stages,
    survives,
)

UNCHANGED = Mutant("windows", 1, "a", "b", path_of("sync.plan.windows").read_text())

RULE = '''\
"""What the module does."""
LIMIT = 3


def is_late(day: int, last: int | None = None) -> bool:
    """Whether the day is late."""
    if last is None or day < last:
        return False
    return max(day, LIMIT) > last + 1 and not day == LIMIT
'''


def changes(source: str) -> set[tuple[str, str]]:
    """What each mutant replaces, and with what."""
    return {(mutant.before, mutant.after) for mutant in mutants(source)}


def test_each_operator_makes_its_mutants() -> None:
    """Limits, comparisons, conditions, functions: each is changed once, alone."""
    assert changes(RULE) >= {
        ("LIMIT = 3", "LIMIT = 4"),
        ("day < last", "day <= last"),
        ("last is None or day < last", "last is None"),
        ("last is None or day < last", "last is None and day < last"),
        ("False", "True"),
        ("max(day, LIMIT)", "min(day, LIMIT)"),
        ("last + 1", "last - 1"),
        ("not day == LIMIT", "day == LIMIT"),
    }


def test_a_mutant_differs_in_one_place() -> None:
    """Each is Python, and the rest of the module is untouched."""
    for mutant in mutants(RULE):
        compile(mutant.source, "mutant", "exec")
        kept = set(RULE.splitlines()) & set(mutant.source.splitlines())
        assert len(kept) >= len(set(RULE.splitlines())) - 3
        assert mutant.source != RULE


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("while True:\n    break", "break", "continue"),
        ("total += 1", "total += 1", "pass"),
        ("queue.append(row)", "queue.append(row)", "pass"),
        ("names = [name for name in rows if name]", "[name for name in rows if name]", "[name for name in rows]"),
        ("first = rows[0] if rows else None", "rows[0] if rows else None", "None"),
        ("text = f'{min(first, last)} 00:00:00'", "f'{min(first, last)} 00:00:00'", "f'{max(first, last)} 00:00:00'"),
    ],
)
def test_statements_and_expressions_are_changed(code: str, before: str, after: str) -> None:
    """Statements are left out, conditions of lists too, and what a text computes is changed."""
    assert (before, after) in changes(code)


def test_what_is_not_a_rule_is_left_alone() -> None:
    """Sizes and the lengths of texts, by name and with a reason."""
    assert changes("_MAX_NAMED = 5\n\ndef estimated_bytes(count: int) -> int:\n    return 64 + 112 * count") == set()
    assert changes("_MAX_ROWS = 5") == {("_MAX_ROWS = 5", "_MAX_ROWS = 6")}
    assert all(len(reason.split()) > 3 for reason in TUNING.values())


@pytest.mark.parametrize("code", ['"""Only words."""', "import json", "assert rows > 1", "raise ValueError(1 + 1)"])
def test_what_only_people_read_is_left_alone(code: str) -> None:
    """Such mutants would all be harmless."""
    assert changes(code) == set()


@pytest.mark.parametrize("module", OWN_TESTS)
def test_every_module_has_mutants_and_tests_of_its_own(module: str) -> None:
    """Every mutant is a module that Python accepts."""
    for mutant in mutants(path_of(module).read_text()):
        compile(mutant.source, module, "exec")
    assert all((TESTS / file).exists() for file in OWN_TESTS[module])
    assert next(stages(module)).name == "own tests"


def test_the_mutant_takes_its_modules_place(tmp_path: Path) -> None:
    """In a new process; every other module is the real one."""
    module = "sync.plan.windows"
    source = tmp_path / "mutant.py"
    source.write_text(path_of(module).read_text() + "\nMUTANT = True\n")
    code = f"import tiktok_marketing.{module} as changed, tiktok_marketing.sync.plan.zones as other"
    shown = subprocess.run(  # noqa: S603 - this test's own command
        [
            sys.executable,
            "-c",
            f"{code}; print(changed.MUTANT, hasattr(other, 'MUTANT'), changed.__name__)",
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(HERE / "overlay"),
            "MUTANT_MODULE": f"tiktok_marketing.{module}",
            "MUTANT_SOURCE": str(source),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == ["True", "False", "tiktok_marketing.sync.plan.windows"]


def test_every_harmless_mutant_exists_and_has_a_reason() -> None:
    """A reason for code that has changed excuses nothing."""
    every = [(module, mutant) for module in OWN_TESTS for mutant in mutants(path_of(module).read_text())]
    assert harmless().keys() <= set().union(*(keys_of(module, mutant) for module, mutant in every))
    assert all(len(reason.split()) > 3 for reason in harmless().values())


@pytest.mark.thorough
def test_a_mutant_that_no_stage_notices_is_unnoticed() -> None:
    """As many stages are run as the caller asks for."""
    assert judge("sync.plan.windows", UNCHANGED, 1) == Verdict("sync.plan.windows", UNCHANGED, None)
    broken = UNCHANGED._replace(source="raise ValueError")
    assert judge("sync.plan.windows", broken, 1).noticed_by == "own tests"


def test_a_stage_that_fails_without_a_mutant_notices_none() -> None:
    """Otherwise it would seem to notice all of them."""
    with pytest.raises(BrokenStageError, match="Without a mutant, own tests of"):
        survives("sync.plan.windows", UNCHANGED, Stage("own tests", files=("no such file",)))
    with pytest.raises(BrokenStageError, match="Without a mutant, simulation of"):
        check_without_a_mutant("sync.plan.windows", Stage("simulation", ("false",)))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("function", "before", "after"),
    [
        ("windows", "start = end + _DAY", "start = end + 2 * _DAY"),
        ("Window.days", "(self.end - self.start).days + 1", "(self.end - self.start).days"),
        ("", "_DAY = timedelta(days=1)", "_DAY = timedelta(days=2)"),
    ],
)
def test_own_tests_notice_a_mutant_and_pass_without_one(function: str, before: str, after: str) -> None:
    """In a function, in a method, and where it runs at import. No mutant stays in place for the next."""
    module = "sync.plan.windows"
    stage = next(stages(module))
    assert before in UNCHANGED.source
    mutant = UNCHANGED._replace(function=function, source=UNCHANGED.source.replace(before, after))
    assert not survives(module, mutant, stage)
    assert survives(module, UNCHANGED._replace(function=function), stage)


@pytest.mark.thorough
def test_the_tests_of_a_mutant_are_those_that_call_its_function() -> None:
    """The quickest first. What runs at import concerns them all."""
    module = "sync.plan.windows"
    files = next(stages(module)).files
    recording = RUNNER.recording(f"tiktok_marketing.{module}", path_of(module), files)
    assert recording is not None
    calling = recording.calling("count_windows")
    assert 0 < len(calling) < len(recording.tests)
    assert [test.seconds for test in calling] == sorted(test.seconds for test in calling)
    assert recording.runs_at_import("")
    assert recording.runs_at_import("Window")
    assert not recording.runs_at_import("count_windows")
    assert recording.calling("no_function") == ()


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    """So that a figure can be had again."""
    drawn = chosen((), 20, 7)
    assert drawn == chosen((), 20, 7)
    assert drawn != chosen((), 20, 8)
    assert Counter(module for module, _ in chosen(("windows",), None, 1)).keys() == {"sync.plan.windows"}


def test_a_name_without_a_module_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a misspelled name would pass: nothing was tried, and nothing went unnoticed."""
    with pytest.raises(UnknownModuleError, match=r"made of frontir; choose from .*frontier"):
        chosen(("windows", "frontir"), None, 1)
    with pytest.raises(SystemExit, match="2"):
        main(["frontir"])
    assert "no mutants are made of frontir" in capsys.readouterr().err
