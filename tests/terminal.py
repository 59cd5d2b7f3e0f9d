"""Programs on a terminal of their own: a test types what a person would type, when the screen asks for it."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self


class Terminal:
    """A program that runs on a terminal. Use it as a context manager.

    Args:
        command: The program and its arguments.
        environment: Its environment.
        folder: Its working folder.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.screen = ""
        self._ended: int | None = None
        self._pid, self._descriptor = pty.fork()
        if self._pid == 0:
            # Ctrl-C would do nothing under a runner that a shell has started in the background: it ignores this signal.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.chdir(folder)
            os.execve(command[0], list(command), dict(environment))  # noqa: S606 - our own command

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._ended is None:
            os.kill(self._pid, 9)
            os.waitpid(self._pid, 0)
        os.close(self._descriptor)

    def wait_for(self, pattern: str, seconds: float = 30) -> re.Match[str]:
        """Wait until the screen has a pattern behind what was found last. Returns the match."""
        until = time.monotonic() + seconds
        while (match := re.search(pattern, self.screen)) is None:
            assert time.monotonic() < until, self.screen
            assert self._read(), self.screen
        self.screen = self.screen[match.end() :]
        return match

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self._descriptor, text.encode())

    def interrupt(self) -> int:
        """Press Ctrl-C, as often as it takes: the first one is lost to a program that is about to read a line.

        Returns:
            The program's exit code.
        """
        for _ in range(20):
            self.type("\x03")
            if self._ends_within(2):
                break
        return self.end()

    def end(self, seconds: float = 60) -> int:
        """Wait until the program ends. Returns its exit code."""
        assert self._ends_within(seconds), self.screen
        _, status = os.waitpid(self._pid, 0)
        self._ended = os.waitstatus_to_exitcode(status)
        return self._ended

    def _ends_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not self._read():
                return True
        return False

    def _read(self) -> bool:
        """Read what appears next. Returns whether the program still runs."""
        if not select.select([self._descriptor], [], [], 0.2)[0]:
            return True
        try:
            piece = os.read(self._descriptor, 4096)
        except OSError:  # Linux's way to say that the program has ended
            return False
        self.screen += piece.decode(errors="replace")
        return bool(piece)
