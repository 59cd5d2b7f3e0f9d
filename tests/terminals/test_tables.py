"""Tables on terminals of every width: whatever the width, everything in them can be read."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from tiktok_marketing.cli.common import table
from tiktok_marketing.cli.main import run
from tiktok_marketing.cli.rendering import LiteralConsole

ACCOUNTS = [f"77094909348697394{number:02}" for number in range(9, 12)]
WIDTHS = (20, 30, 40, 50, 60, 67, 68, 80, 120, 200)


def shown(rows: Any, width: int) -> str:
    """What a terminal of this width shows of a table."""
    with io.StringIO() as output:
        LiteralConsole(file=output, width=width, color_system=None).print(rows)
        return output.getvalue()


def of_accounts() -> Any:
    """A table like that of `accounts`."""
    rows = table("Account", "Name", "Currency", "Time zone", "Status", "Spend", right=("Spend",), whole=("Account",))
    for account in ACCOUNTS:
        rows.add_row(account, "Nordlicht Outdoor GmbH", "EUR", "UTC+01:00", Text("enable", "green"), "1,234,567.89")
    return rows


@pytest.mark.parametrize("width", WIDTHS)
def test_no_column_is_cut_or_left_out(width: int) -> None:
    """An id without its last digit is the id of nobody, and looks like one."""
    text = shown(of_accounts(), width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    for words in (*ACCOUNTS, "1,234,567.89"):
        assert words in text
    assert "…" not in text
    folded = re.sub(r"\s", "", text)
    if width < 68:
        assert folded.count("Name:NordlichtOutdoorGmbH") == folded.count("Status:enable") == 3
    else:
        assert re.search(r"^[^:]*Account ", text)


@given(
    st.lists(st.lists(st.text("ab 1", max_size=30), min_size=3, max_size=3), min_size=1, max_size=4),
    st.integers(12, 90),
)
def test_every_letter_is_shown_at_any_width(cells: list[list[str]], width: int) -> None:
    """Letters may be on another line, but none is missing."""
    rows = table("Aa", "Bb", "Cc", right=("Bb",), whole=("Aa",))
    for row in cells:
        rows.add_row(*row)
    text = shown(rows, width)
    for letter in "ab1":
        headings = "AaBb" * (1 if ":" not in text else len(cells))
        assert text.count(letter) == sum(cell.count(letter) for row in cells for cell in row) + headings.count(letter)


def test_a_row_without_a_heading_has_no_colon() -> None:
    """The marks of `doctor` have none."""
    rows = table("", "Account", whole=("Account",))
    rows.add_row("✗", ACCOUNTS[0])
    assert [line.strip() for line in shown(rows, 19).splitlines()] == ["", "✗", "Account:", ACCOUNTS[0], ""]


@pytest.mark.parametrize("columns", ["20", "40", "59"])
def test_the_command_shows_whole_names_on_a_narrow_terminal(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And everything else that it would show on a wide one."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("FORCE_COLOR", "1")  # which rich takes for a terminal
    with io.StringIO() as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert run(["streams", "--presets"]) == 0
        text = re.sub(r"\x1b\[[\d;]*m", "", output.getvalue())
    assert "basics" in text
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= int(columns)
