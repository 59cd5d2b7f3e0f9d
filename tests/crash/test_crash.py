"""A few kills at random moments; `make crash` does hundreds."""

from __future__ import annotations

from pathlib import Path

import pytest

from crash.killing import kill


@pytest.mark.thorough
def test_a_killed_sync_loses_nothing_and_leaves_no_half_day(tmp_path: Path) -> None:
    """Killed and resumed, reads and loads end with the rows of an undisturbed run, and no inspection shows less."""
    for name, figures in kill(6, 7, tmp_path).items():
        assert figures.kills == 6, name
        assert figures.finished, name
        assert figures.bad == 0, f"{name}: {figures}"
