"""A few kills at random moments; `make crash` makes hundreds."""

from __future__ import annotations

from pathlib import Path

from crash.killing import kill


def test_killed_at_any_moment_nothing_is_lost_and_no_day_is_half_there(tmp_path: Path) -> None:
    """Reads and loads that were killed and resumed end up with an undisturbed run's rows, and no look shows less."""
    for name, figures in kill(6, 7, tmp_path).items():
        assert figures.kills == 6, name
        assert figures.finished, name
        assert figures.bad == 0, f"{name}: {figures}"
