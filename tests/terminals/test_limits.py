"""What the machine refuses to a program: every command tells it in its terms, and blames nobody else."""

from __future__ import annotations

import shlex

import pytest

from processes import COMMAND, SOURCE, Folder

FEW_FILES = 10
"""Open files that are enough to start, and too few to read a configuration and ask TikTok."""


@pytest.mark.parametrize("place", ["missing/keys", ""], ids=["no-such-folder", "folder"])
@pytest.mark.parametrize("program", [COMMAND, SOURCE], ids=["command", "source"])
def test_a_file_for_keys_that_cannot_be_written_is_named(folder: Folder, program: str, place: str) -> None:
    """SSLKEYLOGFILE is Python's own variable. Libraries obey it before the program asks for anything."""
    path = str(folder.path / place) if place else str(folder.path)
    ended = folder.run(program, "check", "--config", "c.json", SSLKEYLOGFILE=path)
    assert f"SSLKEYLOGFILE is set to {path}, which cannot be written" in ended.text
    assert "or unset it" in ended.text
    assert "fault of" not in ended.text
    assert ended.code == (2 if program == COMMAND else 1)


def test_too_few_open_files_are_no_fault_of_the_program(folder: Folder) -> None:
    """The message names the limit, whichever file is the first that cannot be opened."""
    database = folder.run(COMMAND, "sync", "--config", "c.json", "--to", "d.duckdb", "--streams", "campaigns")
    assert database.code == 0, database.text
    line = f"ulimit -n {FEW_FILES}; exec {shlex.quote(COMMAND)} doctor --config c.json --database d.duckdb --quiet"
    ended = folder.run("/bin/sh", "-c", line)
    assert "ulimit -n" in ended.text or "Too many open files" in ended.text
    assert "fault of" not in ended.text
    assert ended.code == 3
