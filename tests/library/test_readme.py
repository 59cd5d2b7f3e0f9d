"""The README's first screen: its commands and its Python run, and print what it shows, but for the figures."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from programs import command
from tiktok_marketing.emulator import Emulator

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def shape(text: str) -> list[str]:
    """The text without figures, paths and the width of columns."""
    text = re.sub(r"\S*tiktok\.duckdb", "tiktok.duckdb", text)
    text = re.sub(r"\d[\d,.-]*", "0", text)
    lines = (re.sub(r"\s+|─+", " ", line).strip() for line in text.splitlines())
    return [line for line in lines if line]


def logged_in(emulator: Emulator) -> None:
    """Put the configuration where a login writes it."""
    assert emulator.url
    Path("config.json").rename("tiktok-marketing.json")


def test_the_command_prints_what_the_readme_shows(emulator: Emulator) -> None:
    """From the first line of the table to the last."""
    blocks = re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    (block,) = [block for block in blocks if "\n\n" in block]  # the one with an output
    line, _, expected = block.partition("\n\n")
    sync = next(text for text in line.splitlines() if text.startswith("$ tiktok-marketing sync "))
    logged_in(emulator)
    ended = command(*shlex.split(sync)[2:])
    assert ended.code == 0
    assert shape(ended.out) == shape(expected)


def test_the_python_prints_what_the_readme_shows(emulator: Emulator, capsys: Any) -> None:
    """Line by line."""
    (block,) = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    (expected,) = re.findall(r"^```text\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    logged_in(emulator)
    exec(compile(block, "README.md", "exec"), {})  # noqa: S102 - our own page
    assert shape(capsys.readouterr().out) == shape(expected)
