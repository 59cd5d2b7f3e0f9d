"""How both executables end on Ctrl-C (SIGINT) and on SIGTERM: with 130 or 143, whenever it comes, and no traceback.

Python raises KeyboardInterrupt wherever it happens to be. While modules are imported, that is inside a library, which
may turn it into an error of its own or lose it. So a program passes through three phases:

- At its start, a signal ends it at once: there is nothing to put in order yet.
- While its command runs, the first signal interrupts it. If that takes too long, or with a second one, it ends at once.
- Once it has ended, its exit code stands, and a signal only cuts short what Python still tidies up.

A sync does more at its end than an interruption could. It lets its event loop call it instead (`call_on_signal`).
This module is imported before everything else. So it imports nothing at its top that Python has not imported already.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import FrameType, TracebackType

_SHOW_CURSOR = b"\x1b[?25h"
"""What undoes the only thing that our display leaves behind on a terminal."""
_GRACE = 5.0
"""Seconds in which an interrupted command has to end. A statement that waits for a lock would go on for ever."""
_STDERR = 2
_WITH_THREADS = "pyarrow"


class _Program:
    """The program of this process: what it does on a signal, and how it ends.

    Args:
        grace: Seconds between an interruption and the end of the program, if that does not come by itself.
    """

    def __init__(self, grace: float) -> None:
        import signal

        self._signal = signal
        self._grace = grace
        self.code: int | None = None
        """The exit code of the program, once it has ended."""
        self._wakeup = -1
        self.received = 0
        """The signal that interrupted the program; 0 if none did."""
        # A shell starts what it runs in the background with Ctrl-C ignored, and so it stays.
        endings = (signal.SIGINT, signal.SIGTERM)
        self.numbers = tuple(number for number in endings if signal.getsignal(number) is not signal.SIG_IGN)

    def end_at_once(self) -> None:
        """From now on, a signal ends the program where it stands."""
        for number in self.numbers:
            self._signal.signal(number, self._leave)

    def interrupt(self) -> None:
        """From now on, a signal raises KeyboardInterrupt, or cancels what the event loop runs."""
        self._watch()
        for number in self.numbers:
            # asyncio cancels its work only if it finds Python's own handler.
            own = number == self._signal.SIGINT
            self._signal.signal(number, self._signal.default_int_handler if own else self._interrupt)

    def end(self, code: int) -> None:
        """From now on, the exit code is this one, whatever arrives."""
        import atexit

        self.code = code
        self.end_at_once()
        # An interruption that came out of a text that a library has run (`exec`) leaves a mark, although it was caught.
        # With `python -m`, Python then ends by killing itself with SIGINT. To run another text removes the mark.
        exec("")  # noqa: S102
        for number in self.numbers:  # Python takes back our handlers, but leaves alone what is ignored
            atexit.register(self._signal.signal, number, self._signal.SIG_IGN)

    def exit_code(self) -> int:
        """The exit code of a program that was interrupted."""
        return 128 + (self.received or self._signal.SIGINT)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """Do on SIGTERM what Ctrl-C does at this moment: asyncio has a handler of its own while it runs."""
        self.received = self.received or number
        handler = self._signal.getsignal(self._signal.SIGINT)
        if not callable(handler):
            raise KeyboardInterrupt
        handler(self._signal.SIGINT, frame)

    def _leave(self, number: int, _: FrameType | None = None) -> None:
        """End the program where it stands."""
        self.received = self.received or number
        leave(self.exit_code() if self.code is None else self.code)

    def _watch(self) -> None:
        """See to it that the program ends some time after a signal.

        Python calls a handler only between two steps of the main thread, and so not while a library waits in C.
        """
        import threading

        reading, self._wakeup = os.pipe()
        os.set_blocking(self._wakeup, False)
        self.watch_signals()
        threading.Thread(target=self._await_end, args=(reading,), name="interrupts", daemon=True).start()

    def watch_signals(self) -> None:
        """Let the watching thread know of signals. An event loop that handles some of its own takes that over."""
        if self._wakeup >= 0:
            self._signal.set_wakeup_fd(self._wakeup, warn_on_full_buffer=False)

    def _await_end(self, reading: int) -> None:
        import select
        from time import monotonic

        first, deadline = 0, float("inf")
        while (left := deadline - monotonic()) > 0:
            if not select.select([reading], [], [], None if first == 0 else left)[0]:
                break
            number = os.read(reading, 1)[0]
            if number not in self.numbers:
                continue
            if first:
                break
            first, deadline = number, monotonic() + self._grace
        self._leave(first)


_programs: list[_Program] = []
"""The program of this process, once one has begun."""


def begin(grace: float = _GRACE) -> None:
    """Begin a program. Until its command runs, a signal ends it at once.

    Args:
        grace: Seconds in which a command has to end once it is interrupted.
    """
    sys.excepthook = _report_uncaught
    try:
        program = _Program(grace)
        program.end_at_once()
        _programs[:] = [program]
    except KeyboardInterrupt:
        leave(130)


def interruptible(command: Callable[[], int]) -> int:
    """Run a command that a signal interrupts.

    Args:
        command: Ends with the code 130 or a KeyboardInterrupt if it is interrupted.

    Returns:
        Its exit code.
    """
    try:
        for program in _programs:
            program.interrupt()
        code = command()
    except KeyboardInterrupt:
        return exit_code()
    return exit_code() if code == 130 else code


def exit_code() -> int:
    """The exit code after an interruption: 130 after Ctrl-C, 143 after SIGTERM."""
    return _programs[0].exit_code() if _programs else 130


def end(code: int) -> None:
    """End the program. From now on, no signal changes its exit code."""
    for program in _programs:
        program.end(code)


def end_at_once() -> None:
    """Let a signal end the program at once again, where nothing has to be put in order."""
    for program in _programs:
        program.end_at_once()


def leave(code: int) -> None:
    """End the process here and now, without what Python does at the end. A terminal gets its cursor back."""
    try:
        if os.isatty(_STDERR):
            os.write(_STDERR, _SHOW_CURSOR)
    finally:
        os._exit(code)


def leave_threads() -> None:
    """End a program that has ended in order before Python stops the threads of a library, if it has one that minds.

    Arrow's threads read files that are Python objects. If one of them comes back while Python ends, Python stops it,
    and C++ then aborts the process: exit code 134 for a command that did everything. That was seen in 13 of 180 runs
    on a busy machine. Whatever else has to be done at the end was done before: this runs last.
    """
    for program in _programs:
        if program.code is not None and _WITH_THREADS in sys.modules:
            for stream in (sys.stdout, sys.stderr):
                try:
                    stream.flush()
                except (OSError, ValueError):  # closed, or full: whatever had to be said of that has been
                    continue
            os._exit(program.code)


def call_on_signal(callback: Callable[[int], object]) -> AbstractContextManager[None]:
    """Let the running event loop call a function on Ctrl-C and SIGTERM, instead of what the program does.

    Args:
        callback: Gets the number of the signal.
    """
    from contextlib import contextmanager

    return contextmanager(_calling)(callback)


def _calling(callback: Callable[[int], object]) -> Iterator[None]:
    import asyncio
    import signal

    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for number in before:
            loop.add_signal_handler(number, callback, number)
    except (NotImplementedError, RuntimeError, ValueError):  # not the main thread, or no such signals
        yield
        return
    try:
        yield
    finally:
        # Between the loop's handler and the one before, there is for a moment the system's, which kills.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, before)
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
        for program in _programs:
            program.watch_signals()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _report_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Replace `sys.excepthook`: between two of the phases, an interruption has nobody who catches it."""
    if issubclass(kind, KeyboardInterrupt):
        leave(exit_code())
    sys.__excepthook__(kind, error, traceback)
