"""The destinations of `make destinations`, which names them in `DESTINATIONS`; without it there are no tests here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from destinations.places import ENVIRONMENTS, PLACES, environment_of

CHOSEN = os.environ.get("DESTINATIONS", "").split()
collect_ignore = [] if CHOSEN else [path.name for path in Path(__file__).parent.glob("test_*.py")]
if "ducklake" not in CHOSEN:  # whose environment has the extension
    collect_ignore.append("test_duckdb_ui.py")


def pytest_configure() -> None:
    """A destination that is asked for is there, or nothing runs."""
    for name in CHOSEN:
        if name not in PLACES:
            raise pytest.UsageError(f"There is no destination {name}: these are {', '.join(PLACES)}.")
        environment = ENVIRONMENTS.get(name, name)
        if environment and not (environment_of(environment) / "ready").exists():
            raise pytest.UsageError(f"{name} is not installed. Run `make destinations ONLY={name}`.")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test with each destination that is asked for."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", CHOSEN)
