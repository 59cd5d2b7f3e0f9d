r"""What others wrote cannot move a cursor, fill a clipboard, forge a line or be read as markup, wherever it stands."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processes import BIN, COMMAND, SOURCE, Folder
from tiktok_marketing.emulator.faults import Fault
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.text import one_line, several_lines, without_controls

pytestmark = pytest.mark.thorough

NASTY = (
    "My\x1b]52;c;cm0gLXJmIH4=\x07 shop\x1b[2J\x1b[1;1H\x9b2J\x9d52;c;eA==\x9c \x7f\x08\x00"
    "\nERROR forged\r\nFATAL forged\rWARN forged\x85forged\u2028forged\u2029forged\x0bforged\x0cforged"
    " \u202egnp.exe\u2066\u200f\ufeff\U000e0041 [red]r[/] [/] [link=https://x.example]l[/link] [bold :smile: {path} 店"
)
FORGED = re.compile(r"^(ERROR |FATAL |WARN )?forged", re.MULTILINE)
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\U000e0041]")
DISPLAY = re.compile(r"\x1b\[(?:[\d;]*m|\?25[hl]|1A|2K)|\r")
"""What the progress display itself uses on a terminal: colours, the cursor hidden, one line up, a line cleared."""

COMMANDS = [
    (SOURCE, "check", "--config", "c.json"),
    (SOURCE, "read", "--config", "c.json", "--catalog", "catalog.json"),
    (COMMAND, "check", "--config", "c.json"),
    (COMMAND, "plan", "--config", "c.json", "--json"),
    (COMMAND, "doctor", "--config", "c.json"),
    (COMMAND, "doctor", "--config", "c.json", "--json"),
    (COMMAND, "--debug", "sync", "--config", "c.json", "--to", "x.duckdb", "--streams", "campaigns,ads_reports_daily"),
]
TROUBLE = {
    "names": [
        Fault(path="advertiser/info/", edit="name", value=NASTY),
        Fault(edit="advertiser_name", value=NASTY),
        Fault(edit="campaign_name", value=NASTY),
        Fault(edit="spend", value=NASTY),
    ],
    "zones": [Fault(edit="timezone", value=NASTY), Fault(edit="display_timezone", value=NASTY)],
    "a refused list": [Fault(path="oauth2/advertiser/get/", code=40105, message=NASTY)],
    "refused accounts": [Fault(path="advertiser/info/", code=40300, message=NASTY)],
    "refused reports": [Fault(path="report/integrated/get/", code=40002, message=NASTY)],
    "refused objects": [Fault(path="campaign/get/", code=40118, message=NASTY)],
    "waits": [Fault(path="oauth2/advertiser/get/", code=50000, message=NASTY, first=4)],
    "partial answers": [Fault(code=20001, message=NASTY)],
}


def parts_of(line: str) -> list[str]:
    """The texts that the platform would print for a line of the protocol; other lines as they are.

    A stream is called what the platform's own catalog calls it, or the platform would not know which one is meant.
    """
    try:
        message = json.loads(line)
    except ValueError:
        return [line]
    if not isinstance(message, dict) or message.get("type") in {None, "RECORD", "STATE", "CATALOG", "SPEC"}:
        return []
    texts: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                collect({} if name == "stream_descriptor" else item)
        elif isinstance(value, str):
            texts.append(value)

    collect(message)
    return texts


@pytest.mark.parametrize("trouble", TROUBLE)
def test_no_command_passes_on_what_a_terminal_would_obey(folder: Folder, trouble: str) -> None:
    """Neither on stdout nor on stderr, nor in what Airbyte's platform prints of a message."""
    for arguments in COMMANDS:
        if trouble == "waits" and "doctor" not in arguments and "check" not in arguments:
            continue  # a sync does not announce waits that are this short
        for fault in TROUBLE[trouble]:
            folder.emulator.faults.add(fault)
        ended = folder.run(*arguments)
        folder.emulator.faults.clear()
        assert b"fault of" not in ended.out + ended.err
        shown = ended.out.decode() + ended.err.decode()
        if arguments[0] == SOURCE:
            shown = "\n".join(text for line in shown.split("\n") for text in parts_of(line))
        assert UNSAFE.search(shown) is None
        assert FORGED.search(shown) is None
        if trouble == "names" and arguments[:2] == (COMMAND, "check"):
            assert "[red]r[/] [/] [link=https://x.example]l[/link] [bold :smile: {path} 店" in shown
            assert r"My\x1b]52;c;cm0gLXJmIH4=\x07 shop" in shown


@pytest.mark.parametrize("trouble", ["names", "refused reports", "refused objects"])
@pytest.mark.parametrize("arguments", [COMMANDS[2], COMMANDS[4], COMMANDS[6]], ids=["check", "doctor", "sync"])
def test_a_terminal_gets_no_control_sequence_but_those_of_the_display(
    folder: Folder, arguments: tuple[str, ...], trouble: str
) -> None:
    """Colours and the movements of the progress display are the program's own; the names' are visible text."""
    for fault in TROUBLE[trouble]:
        folder.emulator.faults.add(fault)
    seen = on_a_terminal(folder, *arguments)
    assert UNSAFE.search(DISPLAY.sub("", seen)) is None
    assert FORGED.search(DISPLAY.sub("", seen)) is None
    assert "\x1b[" in seen  # it was a terminal, and the program used it


def on_a_terminal(folder: Folder, *arguments: str) -> str:
    """What a program writes to a terminal."""
    ours, theirs = pty.openpty()
    environment = folder.environment({"TERM": "xterm-256color", "COLUMNS": "200"})
    with subprocess.Popen(  # noqa: S603 - our own programs
        arguments, cwd=folder.path, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # how Linux ends a terminal that nobody else has open
                break
            if not piece:
                break
            seen += piece
        process.wait(60)
    os.close(ours)
    return seen.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        (COMMAND, "check", "--config", NASTY.replace("\0", "")),
        (COMMAND, NASTY.replace("\0", "")),
        (COMMAND, "sync", "--config", "c.json", "--to", NASTY.replace("\0", "")),
        (COMMAND, "sync", "--config", "c.json", "--to", "duckdb:///" + NASTY.replace("\0", "") + "/x.duckdb"),
        (COMMAND, "sync", "--config", "c.json", "--to", "x.duckdb", "--streams", NASTY.replace("\0", "")),
        (COMMAND, "sync", "--config", "c.json", "--to", "x.duckdb", "--dataset", NASTY.replace("\0", "")),
        (COMMAND, "plan", "--config", "c.json", "--state", NASTY.replace("\0", "")),
        (COMMAND, "check", "--config", "nasty.json"),
        (SOURCE, "check", "--config", "nasty.json"),
        (SOURCE, "read", "--config", "c.json", "--catalog", "nasty_catalog.json"),
        (SOURCE, "read", "--config", NASTY.replace("\0", ""), "--catalog", "catalog.json"),
        (SOURCE, NASTY.replace("\0", "")),
    ],
    ids=["file", "command", "scheme", "folder", "stream", "dataset", "state", "value", "value-airbyte", "catalog",
         "file-airbyte", "command-airbyte"],
)  # fmt: skip
def test_errors_show_odd_input_as_text(folder: Folder, arguments: tuple[str, ...]) -> None:
    """Names of files, options and values of the configuration are quoted in errors."""
    folder.write("nasty.json", folder.config(start_date=NASTY))
    folder.write("nasty_catalog.json", {"streams": [{"stream": {"name": NASTY}, "sync_mode": NASTY}]})
    ended = folder.run(*arguments)
    assert ended.code in {0, 1, 2}
    shown = ended.text
    if arguments[0] == SOURCE and ended.out:
        shown = "\n".join(text for line in ended.out.decode().split("\n") for text in parts_of(line))
    assert UNSAFE.search(shown) is None
    assert FORGED.search(shown) is None
    assert "Traceback" not in shown


def test_whatever_a_library_prints_is_checked_as_well(folder: Folder) -> None:
    """The streams of the executables pass on lines only, so a warning or a traceback cannot do more either."""
    code = (
        "import sys, warnings; from tiktok_marketing.stdout import run_program\n"
        f"def run():\n  print({NASTY!r}); warnings.warn({NASTY!r}); sys.stderr.write({NASTY!r}); return 0\n"
        "run_program(run)"
    )
    ended = folder.run(str(BIN / "python"), "-c", code)
    assert ended.code == 0
    assert UNSAFE.search(ended.text) is None
    assert "店" in ended.text


@given(st.text())
def test_one_line_keeps_whatever_can_be_printed(text: str) -> None:
    """It is one printable line, it is the same text if that was one already, and doing it twice changes nothing."""
    line = one_line(text)
    assert UNSAFE.search(line) is None
    assert "\n" not in line
    assert one_line(line) == line
    line.encode()
    if text.isprintable():
        assert line == text


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d👩\u200d👧",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "Ⓒ\u3000店\u00a0é",
        "e\u0301",
        "❤\ufe0f",
    ],
)
def test_names_of_all_languages_stay_as_they_are(text: str) -> None:
    """Emoji of several characters, joiners of Persian, ideographic spaces and combining accents are not attacks."""
    assert one_line(text) == text
    assert without_controls(text) == text


def test_lines_of_a_text_are_indented() -> None:
    """So none of them can pass for a line of the program."""
    assert several_lines("a\nb\r\nc\x1b\n") == "a\n  b\n  c\\x1b"


def test_an_error_is_a_line_whatever_it_quotes() -> None:
    """For those who use the library, too."""
    error = ConnectorError(f"a {NASTY}", remedy=f"b {NASTY}")
    for text in (str(error), error.message, error.remedy, *error.args):
        assert UNSAFE.search(text) is None
        assert "\n" not in text


def test_every_module_prints_through_these_functions() -> None:
    """No module of the command calls click's own functions with anything but its own JSON."""
    folder = Path(one_line.__code__.co_filename).parent
    calls = {
        f"{path.name}: {line.strip()}"
        for path in folder.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"click\.s?echo\(|(?<!\.)(?<!def )\bprint\(|markup=True|from_markup", line)
    }
    assert calls == {"emulator.py: click.echo(running.ready_line())"}
