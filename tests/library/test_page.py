"""The examples of `docs/python.md`, run one after the other as a reader would."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tiktok_marketing.emulator import Emulator

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def test_the_page_runs_as_it_stands(emulator: Emulator, capsys: Any) -> None:
    """Every block, in one namespace; what they print is looked at where the page promises something."""
    assert emulator.url
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 7
    namespace: dict[str, Any] = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"{PAGE.name}, block {number + 1}", "exec"), namespace)  # noqa: S102 - our own page
    printed = capsys.readouterr().out
    assert "Batch(stream='campaigns'" in printed
    assert "***" in printed
    assert emulator.access_token not in printed
    assert "True" in printed
    assert "40105" in printed
    first, again = (int(count) for count in re.findall(r"(\d+) rows (?:at first|the next time)", printed))
    assert 0 < again < first
