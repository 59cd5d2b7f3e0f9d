from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = ROOT / ".ci/run"
MAKE = """#!/bin/bash
echo "make $*"
env
"""
PLACES = {"airbyte", "cluster ONLY=spark", "cluster ONLY=airflow dagster kubernetes", "dbt"}
"""What each day has one of."""


def stand_in(folder: Path, name: str, text: str) -> None:
    """A program of this name that is found before the real one."""
    program = folder / name
    program.write_text(text)
    program.chmod(0o755)


def targets_of(folder: Path, day: int) -> list[str]:
    """What a run makes on a day of the year."""
    stand_in(folder, "make", MAKE)
    stand_in(folder, "date", f"#!/bin/sh\necho {day:03}\n")
    environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
    ended = subprocess.run([RUN], env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    return [line.removeprefix("make ") for line in ended.stdout.splitlines() if line.startswith("make ")]


def test_the_checks_see_nothing_of_the_environment_but_what_pip_needs(tmp_path: Path) -> None:
    """A variable of one machine, such as PYTHONUNBUFFERED, never decides whether they pass."""
    stand_in(tmp_path, "make", MAKE)
    allowed = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "PIP_FIND_LINKS": "/some folder/wheels",
    }
    others = {"PYTHONUNBUFFERED": "1", "TIKTOK_API_URL": "http://127.0.0.1:1", "DESTINATION__DUCKDB": "x"}
    ended = subprocess.run([RUN], env=allowed | others, capture_output=True, text=True, check=True)  # noqa: S603
    lines = ended.stdout.splitlines()
    targets = [re.sub(r"PART=[0-9]+$", "PART=n", line) for line in lines if line.startswith("make ")]
    place = targets.pop(-2).removeprefix("make ")
    assert place in PLACES
    destinations = ["make destinations ONLY=sqlite delta s3"] if place != "airbyte" else []
    assert targets == [
        "make test",
        "make check",
        "make site",
        "make browser",
        "make parity",
        "make clients ONLY=sdk tap",
        *destinations,
        "make thorough PART=n",
        "make demo",
    ]
    variables = {line for line in lines if not line.startswith(("make ", "PWD=", "SHLVL=", "_="))}  # bash's own
    assert variables == {f"{name}={value}" for name, value in allowed.items()}


def test_the_checks_run_without_settings_for_pip(tmp_path: Path) -> None:
    """A machine that reaches the index as it is sets none."""
    stand_in(tmp_path, "make", MAKE)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ended = subprocess.run([RUN], env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    assert "make demo" in ended.stdout.splitlines()


def test_44_days_run_each_place_with_each_part(tmp_path: Path) -> None:
    """Four days in a row run all places, eleven run all parts, and 44 leave out no pair."""
    days = [targets_of(tmp_path, day) for day in range(8, 52)]
    pairs = [tuple(day[-3:-1]) for day in days]
    assert {place for _, place in pairs[:4]} == PLACES
    assert len({part for part, _ in pairs[:11]}) == 11
    assert len(set(pairs)) == 44
    assert sum("destinations ONLY=sqlite delta s3" in day for day in days[:4]) == 3


def test_eleven_days_run_all_thorough_tests() -> None:
    """Each part has files of its own, and together they are all files that speak of thorough tests, and more."""
    parts = files_of_the_parts()
    marked = {
        str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py") if "thorough" in path.read_text()
    }
    assert all(parts)
    files = [file for part in parts for file in part]
    assert len(files) == len(set(files))
    assert set(files) >= marked


@pytest.mark.thorough
def test_no_thorough_test_is_in_a_file_that_no_part_has() -> None:
    """Also if it is a fixture's parameter, in another file, that makes the test thorough."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "thorough", "-p", "no:cacheprovider"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    files = set(re.findall(r"^(tests/\S+?\.py)::", listed.stdout, re.MULTILINE))
    assert len(files) > 30
    assert files <= {file for part in files_of_the_parts() for file in part}


def files_of_the_parts() -> list[list[str]]:
    """The files that `make thorough` runs on each of eleven days."""
    make = shutil.which("make")
    assert make
    parts = []
    for part in range(11):
        command = [make, "-n", "thorough", f"PART={part}"]
        planned = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
        parts.append(re.findall(r"tests/\S+\.py", planned.stdout))
    return parts
