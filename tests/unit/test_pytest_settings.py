"""Two sets of settings for pytest: ours, and what the older pytest of Airbyte's CDK reads in the same checkout."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_our_settings_are_in_force(pytestconfig: pytest.Config) -> None:
    """Warnings are errors, unknown marks and settings too, and a test that hangs ends."""
    assert pytestconfig.inipath == ROOT / "pytest.toml"
    assert pytestconfig.getini("filterwarnings")[0] == "error"
    assert {"--strict-markers", "--strict-config"} <= set(pytestconfig.getini("addopts"))
    assert int(pytestconfig.getini("timeout")) == 600


def test_an_older_pytest_reads_only_what_it_knows() -> None:
    """It has none of our plugins. It needs the path on which the CDK finds the connector's class."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert set(settings) <= {"testpaths", "pythonpath", "markers"}
    assert "tests" in settings["pythonpath"]
    assert len(list((ROOT / "tests").glob("source_*.py"))) == 1
