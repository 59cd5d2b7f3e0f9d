"""Reads JSON files that people write or programs leave: configurations, catalogs and states.

Whatever the file holds, the error says what is wrong with it, where, and what to do. It quotes nothing from the file,
which may be a secret.
"""

from __future__ import annotations

import codecs
import errno
import json
import os
import re
import select
import stat
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.permissions import describe_denial

STANDARD_INPUT = "-"
"""The path that stands for standard input."""
_MOST_BYTES = {"configuration": 2**24}
_MOST_BYTES_OF_OTHERS = 2**30
_NO_WRITER = 15.0
"""Seconds after which a named pipe is given up that nobody has opened for writing."""
_PIECE = 2**20

_OTHER_ENCODINGS = (  # the longer marks first, because one begins like another
    ("UTF-32", (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)),
    ("UTF-16", (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)),
)
_SAVE_AS_UTF_8 = "Save it as UTF-8: editors offer that as the encoding, PowerShell as `Out-File -Encoding utf8`."
_YAML = re.compile(r"(?:---|#.*|\s*)*[\w.\-]+:(?:\s|$)")


def read_json(path: Path | str, what: str) -> Any:
    """Read a JSON file that a user named.

    Args:
        path: The file's path; `-` for standard input.
        what: What the file is, for errors: "configuration", "catalog", "state".

    Raises:
        ConfigurationError: If the file does not exist, cannot be read, or is not JSON.
    """
    subject = _subject(path, what)
    text = read_text(path, what)
    if not text.strip():
        raise ConfigurationError(f"{subject} is empty.", remedy="Check the path, or write the file.")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        _raise_fault(text, error, subject)
    except (ValueError, RecursionError) as error:
        fault = "it is nested too deeply" if isinstance(error, RecursionError) else "a number has too many digits"
        raise ConfigurationError(
            f"{subject} is not valid JSON: {fault}.", remedy="Check where it comes from."
        ) from None


def read_text(path: Path | str, what: str) -> str:
    """Read a text file that a user named. It may be empty.

    Args:
        path: The file's path; `-` for standard input.
        what: What the file is, for errors.

    Raises:
        ConfigurationError: If the file does not exist, cannot be read, or is not UTF-8.
    """
    subject = _subject(path, what)
    return _decoded(_content(path, subject, _MOST_BYTES.get(what, _MOST_BYTES_OF_OTHERS)), subject)


def _subject(path: Path | str, what: str) -> str:
    return f"The {what} {'on standard input' if str(path) == STANDARD_INPUT else f'file {path}'}"


def _content(path: Path | str, subject: str, most: int) -> bytes:
    try:
        content = _read(path, most)
    except FileNotFoundError:
        raise ConfigurationError(f"{subject} does not exist.", remedy="Check the path, or create the file.") from None
    except IsADirectoryError:
        raise ConfigurationError(
            f"{subject} cannot be read: it is a folder.", remedy="Give the path of a file in it."
        ) from None
    except TimeoutError:
        raise ConfigurationError(
            f"{subject} is a pipe that no program writes into.", remedy="Start the program that writes into it, too."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its path is not valid"
        denial = describe_denial(path) if isinstance(error, PermissionError) else ""
        raise ConfigurationError(
            f"{subject} cannot be read: {reason}.", remedy=f"{denial} Check the file and its permissions.".strip()
        ) from None
    if len(content) > most:
        raise ConfigurationError(
            f"{subject} has more than {most >> 20:,} MiB, so it is something else.", remedy="Check the path."
        )
    return content


def _read(path: Path | str, most: int) -> bytes:
    """Read a file, or the first bytes of one that is too large.

    Raises:
        TimeoutError: If it is a pipe that nobody writes into.
    """
    if str(path) == STANDARD_INPUT:
        if sys.stdin is None:
            raise OSError(errno.EBADF, "standard input is closed")
        return sys.stdin.buffer.read(most + 1)
    # Opening a pipe would wait for its writer, for ever if there is none.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        pieces = [_first_byte(descriptor)] if is_pipe else []
        os.set_blocking(descriptor, True)
        while sum(map(len, pieces)) <= most and (piece := os.read(descriptor, _PIECE)):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def _first_byte(descriptor: int) -> bytes:
    """Wait for what a program writes into a pipe. Returns the first byte, or nothing if there was none.

    Raises:
        TimeoutError: If no program has opened the pipe for a while. One that has may take its time.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    until = time.monotonic() + _NO_WRITER
    while True:
        was_closed = any(event & select.POLLHUP for _, event in poll.poll(100))
        try:
            first = os.read(descriptor, 1)
        except BlockingIOError:
            continue  # somebody has opened it for writing
        if first or was_closed:
            return first
        if time.monotonic() > until:
            raise TimeoutError


def _decoded(content: bytes, subject: str) -> str:
    for encoding, marks in _OTHER_ENCODINGS:
        if content.startswith(marks):
            raise ConfigurationError(f"{subject} is in {encoding}, not in UTF-8.", remedy=_SAVE_AS_UTF_8)
    if b"\0" in content:
        # JSON begins with an ASCII character, so a NUL beside it is the other half of one of UTF-16.
        if b"\0" in content[:2]:
            raise ConfigurationError(f"{subject} is in UTF-16, not in UTF-8.", remedy=_SAVE_AS_UTF_8)
        where = _position(content.decode("latin-1"), content.index(b"\0"))
        raise ConfigurationError(
            f"{subject} has a NUL byte {where}, so it is not text.", remedy="Check the path, or write the file again."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = _position(content[: error.start].decode("utf-8", "replace"), None)
        raise ConfigurationError(f"{subject} is not UTF-8 text: {where}.", remedy=_SAVE_AS_UTF_8) from None


def _position(text: str, at: int | None) -> str:
    before = text if at is None else text[:at]
    return f"at line {before.count(chr(10)) + 1}, column {len(before) - (before.rfind(chr(10)) + 1) + 1}"


def _raise_fault(text: str, error: json.JSONDecodeError, subject: str) -> NoReturn:
    """Say what is not JSON and where: the position, and the usual mistake that is found there."""
    where = f"at line {error.lineno}, column {error.colno}"
    before, rest = text[: error.pos].rstrip(), text[error.pos :].lstrip()
    if _YAML.match(text) and not text.lstrip().startswith(("{", "[", '"')):
        raise ConfigurationError(f"{subject} looks like YAML, not like JSON.", remedy="Write it as JSON.")
    if (rest.startswith(("}", "]")) and before.endswith(",")) or (
        rest.startswith(",") and rest[1:].lstrip().startswith(("}", "]"))
    ):
        fault, remedy = "a comma stands before the closing bracket", "Remove that comma."
    elif rest.startswith(("'", "\N{LEFT DOUBLE QUOTATION MARK}", "\N{RIGHT DOUBLE QUOTATION MARK}")):
        fault, remedy = "JSON has no quotes of this kind", 'Use " for names and texts.'
    elif rest.startswith(("//", "/*", "#")):
        fault, remedy = "JSON has no comments", "Remove the comment."
    elif not rest:
        fault, remedy = "it ends too early", "Check that each bracket and quote is closed, and copy all of the file."
    elif error.msg.startswith("Extra data"):
        fault, remedy = "something follows after its end", "Leave one object in the file."
    elif error.msg.startswith("Expecting ',' delimiter"):
        fault, remedy = "a comma or a bracket is missing before this place", "Add it."
    else:
        fault, remedy = error.msg[:1].lower() + error.msg[1:], "Fix the JSON there; a stray comma is a common cause."
    raise ConfigurationError(f"{subject} is not valid JSON {where}: {fault}.", remedy=remedy)
