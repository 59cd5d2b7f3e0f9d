from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import programs
from processes import Folder
from tiktok_marketing.emulator import Emulator, Options


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A business of a few ads."""
    with programs.emulator_beside(Options(tier="unlimited", days=10, ads_per_account=5)) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, emulator: Emulator) -> Iterator[Folder]:
    """A folder, and an emulator without faults."""
    yield Folder(tmp_path, emulator)
    emulator.faults.clear()
