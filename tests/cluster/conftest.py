"""The parts of `make cluster`, which names them in `CLUSTER`; without it, only what needs no environment of its own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHOSEN = os.environ.get("CLUSTER", "").split()
_NEEDS = {
    "test_airflow.py": "airflow",
    "test_dagster.py": "dagster",
    "test_manifests.py": "kubernetes",
    "test_spark.py": "spark",
}
collect_ignore = [name for name, part in _NEEDS.items() if part not in CHOSEN]
if CHOSEN and "kubernetes" not in CHOSEN:
    collect_ignore.append("test_quota.py")  # the shards of its Job, which need no environment but minutes


def environment_of(part: str) -> Path:
    """The Python of a part's environment."""
    return ROOT / f".venv-cluster-{part}" / "bin" / "python"


def pytest_configure() -> None:
    """A part that is asked for is there, or nothing runs."""
    for part in CHOSEN:
        if part not in _NEEDS.values():
            raise pytest.UsageError(f"There is no part {part}: these are {', '.join(_NEEDS.values())}.")
        if not (ROOT / f".venv-cluster-{part}" / "ready").exists():
            raise pytest.UsageError(f"{part} is not installed. Run `make cluster ONLY={part}`.")
    if "spark" in CHOSEN and shutil.which("java") is None:
        raise pytest.UsageError("Spark needs Java 17 or later, for example `apt-get install openjdk-17-jre-headless`.")


@pytest.fixture
def python(request: pytest.FixtureRequest) -> str:
    """The Python of the environment that the test's module needs."""
    return str(environment_of(_NEEDS[Path(str(request.fspath)).name]))
