"""Files that are not what they should be: each gets a sentence with the place of its fault, and what to do."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from processes import COMMAND, SOURCE, Folder
from tiktok_marketing import json_files
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.json_files import read_json

pytestmark = pytest.mark.thorough

GOOD = '{\n  "a": "店",\n  "b": [1, 2]\n}\n'
SECRET = "s3cr3t-t0ken"
ENCODED: dict[str, tuple[bytes, str, str]] = {
    "utf-16 with a mark": (GOOD.encode("utf-16"), "is in UTF-16, not in UTF-8.", "Save it as UTF-8"),
    "utf-16 of the other order": (b"\xfe\xff" + GOOD.encode("utf-16-be"), "is in UTF-16", "Save it as UTF-8"),
    "utf-16-le without a mark": (GOOD.encode("utf-16-le"), "is in UTF-16", "Save it as UTF-8"),
    "utf-16-be without a mark": (GOOD.encode("utf-16-be"), "is in UTF-16", "Save it as UTF-8"),
    "utf-32": (GOOD.encode("utf-32"), "is in UTF-32", "Save it as UTF-8"),
    "latin-1": (
        '{\n "name": "café"}'.encode("latin-1"),
        "is not UTF-8 text: at line 2, column 14.",
        "Save it as UTF-8",
    ),
    "cut in a character": (GOOD.encode()[:12], "is not UTF-8 text: at line 2, column 9.", "Save it as UTF-8"),
    "NUL bytes": (b'{\n"a": "\0"}', "has a NUL byte at line 2, column 7, so it is not text.", "Check the path"),
    "empty": (b"", "is empty.", "Check the path"),
    "blank": (b"\xef\xbb\xbf \n\t\n", "is empty.", "Check the path"),
}
FAULTY = {
    '{"a": "s3cr3t-t0ken",\n "b": [1, 2,]\n}': ("at line 2, column", "a comma stands before", "Remove that comma."),
    '{"a": "s3cr3t-t0ken",\n}': ("at line", "a comma stands before the closing bracket", "Remove that comma."),
    "{'a': 's3cr3t-t0ken'}": ("at line 1, column 2", "no quotes of this kind", 'Use " for names'),
    "{“a”: “s3cr3t-t0ken”}": ("at line 1, column 2", "no quotes of this kind", 'Use " for names'),
    '{"a": 1, // s3cr3t-t0ken\n"b": 2}': ("at line 1, column 10", "JSON has no comments", "Remove the comment."),
    '# s3cr3t-t0ken\n{"a": 1}': ("at line 1, column 1", "JSON has no comments", "Remove the comment."),
    '{"a": {"b": "s3cr3t-t0ken"}': ("at line 1, column 28", "it ends too early", "copy all of the file"),
    '{"a": 1}\n{"b": "s3cr3t-t0ken"}': ("at line 2, column 1", "something follows after its end", "Leave one object"),
    '{"a": 1\n "b": "s3cr3t-t0ken"}': ("at line 2, column 2", "a comma or a bracket is missing", "Add it."),
    '{"a": s3cr3t-t0ken}': ("at line 1, column 7", "expecting value", "Fix the JSON there"),
    "a: s3cr3t-t0ken\nb:\n  - 1\n": ("", "looks like YAML", "Write it as JSON."),
    "---\n# a comment\ncredentials:\n  secret: s3cr3t-t0ken\n": ("", "looks like YAML", "Write it as JSON."),
    "[" * 100_000: ("", "is nested too deeply", "Check where it comes from."),
    f'{{"a": {"9" * 5000}}}': ("", "a number has too many digits", "Check where it comes from."),
}


def fault_of(path: Path | str) -> ConfigurationError:
    """The error for a file that cannot be used."""
    with pytest.raises(ConfigurationError) as raised:
        read_json(path, "configuration")
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None
    return raised.value


@pytest.mark.parametrize("kind", ENCODED)
def test_a_file_in_another_encoding_says_how_to_save_it(tmp_path: Path, kind: str) -> None:
    """Editors and shells on Windows write UTF-16, and old ones Latin-1."""
    content, message, remedy = ENCODED[kind]
    path = tmp_path / "config.json"
    path.write_bytes(content)
    error = fault_of(path)
    assert error.message == f"The configuration file {path} {message}" or message in error.message
    assert remedy in error.remedy


@pytest.mark.parametrize("text", FAULTY, ids=range(len(FAULTY)))
def test_a_fault_in_the_json_has_its_place_and_its_name(tmp_path: Path, text: str) -> None:
    """With a mark of UTF-8 at the beginning or without."""
    where, fault, remedy = FAULTY[text]
    path = tmp_path / "config.json"
    for encoding in ("utf-8", "utf-8-sig"):
        path.write_text(text, encoding=encoding)
        error = fault_of(path)
        assert where in error.message
        assert fault in error.message
        assert remedy in error.remedy


def test_a_mark_of_utf_8_is_no_fault(tmp_path: Path) -> None:
    """Windows' editors write it."""
    path = tmp_path / "config.json"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert read_json(path, "configuration") == {"a": "店", "b": [1, 2]}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (str, "does not exist"),
        (Path.mkdir, "cannot be read: it is a folder."),
        (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
        (lambda path: path.symlink_to("/dev/zero"), "has more than 16 MiB, so it is something else"),
        (lambda path: path.symlink_to("/dev/null"), "is empty"),
        (lambda path: path.symlink_to("/proc/self/mem"), "cannot be read: Input/output error"),
    ],
    ids=["missing", "folder", "loop", "endless", "null", "unreadable"],
)
def test_what_is_no_file_is_named(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    """Whatever the path leads to."""
    path = tmp_path / "config.json"
    make(path)
    assert message in fault_of(path).message


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """Also if its writer begins late, and pauses."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            for piece in (GOOD.encode()[:5], GOOD.encode()[5:]):
                threading.Event().wait(0.3)
                pipe.write(piece)

    thread = threading.Thread(target=write)
    thread.start()
    assert read_json(path, "configuration") == json.loads(GOOD)
    thread.join()


def test_a_pipe_without_a_writer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that waited for it would wait for ever."""
    monkeypatch.setattr(json_files, "_NO_WRITER", 0.2)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert fault_of(path).message == f"The configuration file {path} is a pipe that no program writes into."


def test_a_pipe_that_was_closed_is_empty(folder: Folder) -> None:
    """As bash makes one from `<(true)`."""
    ended = folder.run("bash", "-c", f"{COMMAND} check --config <(true)")
    assert b"is empty." in ended.err
    assert ended.code == 2
    assert b"Every check passed." in folder.run("bash", "-c", f"{COMMAND} check --config <(sleep 0.5; cat c.json)").out


@pytest.mark.parametrize("program", [COMMAND, SOURCE], ids=["command", "source"])
def test_a_dash_is_standard_input(folder: Folder, program: str) -> None:
    """For the configuration; errors say so."""
    passed = b"Every check passed." if program == COMMAND else b"SUCCEEDED"
    assert passed in folder.run("bash", "-c", f"{program} check --config - < c.json").out
    for line, message in {
        "</dev/null": "The configuration on standard input is empty.",
        "<&-": "The configuration on standard input cannot be read",
        "< <(echo '{,')": "The configuration on standard input is not valid JSON at line 1, column 2",
    }.items():
        ended = folder.run("bash", "-c", f"{program} check --config - {line}")
        assert message in ended.text
        assert "Traceback" not in ended.text


@pytest.mark.parametrize("kind", ["utf-16 with a mark", "latin-1", "empty"])
def test_every_command_reports_it_as_a_configuration_that_is_wrong(folder: Folder, kind: str) -> None:
    """With exit code 2, or what Airbyte has for it, and no traceback."""
    content, message, remedy = ENCODED[kind]
    (folder.path / "bad.json").write_bytes(content)
    for line, code in {
        (COMMAND, "check", "--config", "bad.json"): 2,
        (COMMAND, "plan", "--config", "c.json", "--state", "bad.json"): 2,
        (COMMAND, "sync", "--config", "bad.json", "--to", "x.duckdb"): 2,
        (SOURCE, "check", "--config", "bad.json"): 0,
        (SOURCE, "discover", "--config", "bad.json"): 1,
        (SOURCE, "read", "--config", "c.json", "--catalog", "bad.json"): 1,
        (SOURCE, "read", "--config", "c.json", "--catalog", "catalog.json", "--state", "bad.json"): 1,
    }.items():
        if kind == "empty" and "--state" in line:
            continue  # an empty state is none
        ended = folder.run(*line)
        assert (line, ended.code) == (line, code)
        assert message in ended.text
        assert remedy in ended.text
        assert "Traceback" not in ended.text
