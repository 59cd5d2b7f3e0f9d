"""What a newcomer has: a folder with nothing in it, a shell, and TikTok's answers from an emulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from browser import chromium
from emulator_process import EmulatorProcess, emulator_process

__all__ = ["chromium"]


@pytest.fixture(scope="module")
def api() -> Iterator[EmulatorProcess]:
    """An emulator whose clock is ours, as the clocks of TikTok and of a laptop agree."""
    with emulator_process("--days", "20", "--ads-per-account", "10") as emulator:
        yield emulator
