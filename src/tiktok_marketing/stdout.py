"""Standard output of both executables: everything arrives there, or the program says so and exits with 1.

Python itself gives no such promise. Whether text waits in a buffer until the exit depends on the environment
(`PYTHONUNBUFFERED`), what fails then is reported as an ignored exception with exit code 120, an unbuffered stream loses
the rest of a write that was cut short, and argparse, click and Rich each treat failures in their own way: they ignore
them, or exit without a word. So the programs write through streams of this module. A failure of stdout is no `OSError`,
and `run_program` alone decides what becomes of it.

The streams for text have two more duties, whoever prints. They pass on no character that a terminal would obey, except
the colours and cursor movements of the program's own display, and no secret. And they know no encoding error: what the
encoding of the terminal lacks is written in ASCII.
"""

from __future__ import annotations

import atexit
import codecs
import errno
import io
import logging
import os
import select
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TextIO

from tiktok_marketing import interrupts
from tiktok_marketing.errors import OutputError
from tiktok_marketing.text import mask_known, without_controls

_STDOUT, _STDERR = 1, 2
_MOST_BUFFERS = 512
"""Buffers that are handed to the system at once; POSIX lets it refuse more than 1,024."""


def run_program(run: Callable[[], int]) -> NoReturn:
    """Run a program and exit with its code, once everything that it printed has been written.

    If standard output cannot be written, the program ends with a message on stderr and exit code 1. If its reader has
    gone (`| head -1`), it ends with exit code 1 and no message: whoever left has seen enough. If stderr cannot be
    written, the messages there are lost, and nothing else: a sync does not end because its log has no room.

    Args:
        run: The program. Must let an `OutputError` pass.
    """
    # The first to be registered is the last to run. Ctrl-C would kill a program that has ended in order already.
    atexit.register(interrupts.leave_threads)
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    _reserve_closed_descriptors()
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _log_unraisable
    stdout = _StandardFile(_STDOUT)
    codecs.register_error(_IN_ASCII, _in_ascii)
    sys.stdout = _text_stream(stdout, sys.stdout)
    sys.stderr = _text_stream(_StandardFile(_STDERR, is_silent=True), sys.stderr)
    code = _run(run)
    interrupts.end(code if isinstance(code, int) else int(code is not None))
    stdout.is_silent = True
    sys.exit(code)


def _log_unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """Log what went wrong while an object was destroyed, rather than print a traceback.

    A file that a library left open on a full disk fails once more then. The program has reported that already.
    """
    logging.getLogger(__name__).debug("%s", unraisable.err_msg, exc_info=unraisable.exc_value)


def _run(run: Callable[[], int]) -> int | str | None:
    try:
        try:
            code: int | str | None = run()
        except SystemExit as ending:  # how argparse ends after --help and after wrong usage
            code = ending.code
        sys.stdout.flush()
    except OutputError as error:
        if not error.reader_has_gone:
            sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return interrupts.exit_code()
    return code


def write_stdout(buffers: Sequence[bytes | memoryview]) -> None:
    """Write all of it to standard output, from where it lies.

    Args:
        buffers: Bytes that are written one after the other.

    Raises:
        OutputError: If they cannot be written.
    """
    _write(_STDOUT, buffers)


def _write(descriptor: int, buffers: Sequence[bytes | memoryview]) -> None:
    left = deque(memoryview(buffer) for buffer in buffers)
    while left:
        written = _write_some(descriptor, [left[at] for at in range(min(len(left), _MOST_BUFFERS))])
        while left and written >= len(left[0]):
            written -= len(left.popleft())
        if written:
            left[0] = left[0][written:]


def _write_some(descriptor: int, buffers: list[memoryview]) -> int:
    """Write what there is room for, and return how many bytes that were."""
    try:
        if hasattr(os, "writev"):
            return os.writev(descriptor, buffers)
        return os.write(descriptor, buffers[0])  # Windows
    except BlockingIOError:  # the pipe does not block, because whoever else has it open wants it so
        select.select([], [descriptor], [])
        return 0
    except OSError as error:
        reason = "standard output is closed" if error.errno == errno.EBADF else error.strerror or str(error)
        raise OutputError(reason, reader_has_gone=isinstance(error, BrokenPipeError)) from error


class _StandardFile(io.FileIO):
    """The file below `sys.stdout` or `sys.stderr`.

    Args:
        descriptor: Its number.
        is_silent: Whether failures are ignored. Those of stdout are from the moment on at which the program has ended:
            they have been reported, or concern what some library prints on its way out.
    """

    def __init__(self, descriptor: int, *, is_silent: bool = False) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.is_silent = is_silent

    def write(self, data: Any, /) -> int:
        """Write all of it.

        Raises:
            OutputError: If it cannot be written.
        """
        buffer = memoryview(data)
        try:
            _write(self.fileno(), [buffer])
        except OutputError:
            if not self.is_silent:
                raise
        return buffer.nbytes


class _TextStream(io.TextIOWrapper):
    """A stream for text, which checks what it passes on."""

    def write(self, text: str, /) -> int:
        """Write a text. Returns the number of its characters."""
        super().write(mask_known(without_controls(text, display=self._has_display())))
        return len(text)

    def _has_display(self) -> bool:
        """Whether the program's own display may use colours and move the cursor here."""
        return self.isatty() or any(os.environ.get(name) for name in ("FORCE_COLOR", "TTY_COMPATIBLE"))


def _text_stream(file: _StandardFile, replaced: TextIO | None) -> TextIO:
    """A stream for text that is like Python's own, except that it has a buffer in any case."""
    if not isinstance(replaced, io.TextIOWrapper):  # it is None if the descriptor was closed
        return _TextStream(io.BufferedWriter(file), encoding="utf-8", errors=_IN_ASCII)
    return _TextStream(
        io.BufferedWriter(file),
        encoding=replaced.encoding,
        errors=_IN_ASCII,
        line_buffering=replaced.line_buffering or replaced.write_through,
    )


_IN_ASCII = "tiktok_marketing.in_ascii"
_ASCII_FORMS = {
    "\N{CHECK MARK}": "OK",
    "\N{BALLOT X}": "FAILED",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{NO-BREAK SPACE}": " ",
    "\N{BOX DRAWINGS LIGHT HORIZONTAL}": "-",
    "\N{BOX DRAWINGS HEAVY HORIZONTAL}": "-",
}


def _in_ascii(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace characters that an encoding lacks: `\u2713` becomes OK, others become an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    forms = (_ASCII_FORMS.get(character, character) for character in missing)
    return "".join(forms).encode("ascii", "backslashreplace").decode("ascii"), error.end


def _reserve_closed_descriptors() -> None:
    """Open those of stdin, stdout and stderr that are closed, in such a way that they stay of no use.

    Otherwise the next file or connection that the program opens would get the number, and with it what is printed.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if descriptor == 0 else os.O_RDONLY)
