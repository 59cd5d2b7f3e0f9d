from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_page_shows_the_arithmetic_that_the_script_prints() -> None:
    """Whoever changes a figure that it starts from changes the page, too."""
    script = [sys.executable, str(ROOT / "benchmarks" / "cluster_model.py")]
    printed = subprocess.run(script, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own script
    page = (ROOT / "docs" / "cluster.md").read_text()
    begin = "<!-- model: printed by benchmarks/cluster_model.py -->\n"
    assert page.partition(begin)[2].partition("<!-- /model -->")[0] == printed
