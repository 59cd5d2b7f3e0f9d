"""What a program does on Ctrl-C and SIGTERM, phase by phase, in processes of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SIGNALS = (signal.SIGINT, signal.SIGTERM)

HEAD = """
import asyncio, contextlib, os, signal, time
from tiktok_marketing import interrupts
say = lambda text: os.write(1, text.encode())
"""
OBSTINATE = (
    HEAD
    + """
def command():
    words = ["ready"]
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            say(words.pop() if words else "")
            time.sleep(60)
interrupts.begin(grace=0.3)
interrupts.interruptible(command)
"""
)
PATIENT = OBSTINATE.replace("grace=0.3", "grace=3600")
ORDERLY = (
    HEAD
    + """
async def work():
    try:
        say("ready")
        await asyncio.sleep(60)
    finally:
        say(" closed")
interrupts.begin()
code = interrupts.interruptible(lambda: asyncio.run(work()))
interrupts.end(code)
raise SystemExit(code)
"""
)
UNCAUGHT = (
    HEAD + 'interrupts.begin()\nsignal.signal(signal.SIGINT, signal.default_int_handler)\nsay("ready")\ntime.sleep(60)'
)
ENDED = HEAD + 'interrupts.begin()\ninterrupts.end(7)\nsay("ready")\ntime.sleep(60)'
IN_A_TEXT = (
    HEAD
    + """
from tiktok_marketing.stdout import run_program
def command():
    exec('say("ready")\\ntime.sleep(60)')
    return 0
interrupts.begin()
run_program(lambda: interrupts.interruptible(command))
"""
)
BY_THE_LOOP = (
    HEAD
    + """
async def work():
    received = asyncio.Event()
    with interrupts.call_on_signal(lambda number: received.set()):
        say("ready")
        await received.wait()
    say(" received")
def command():
    asyncio.run(work())
    os.kill(os.getpid(), signal.SIGTERM)
    return 0
interrupts.begin()
raise SystemExit(interrupts.interruptible(command))
"""
)


def start(*program: str, folder: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a program, a text or the arguments of Python, and wait until it is ready."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-W", "error", *(program if len(program) > 1 else ("-c", *program))],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.read(5) == b"ready"
    return process


@pytest.mark.parametrize("number", SIGNALS)
def test_a_command_that_does_not_end_is_ended(number: int) -> None:
    """Some time after the signal: code that swallows the interruption, or waits in C, cannot prevent it."""
    with start(OBSTINATE) as process:
        process.send_signal(number)
        assert process.communicate(timeout=60) == (b"", b"")
        assert process.returncode == 128 + number


@pytest.mark.parametrize("number", SIGNALS)
def test_a_second_signal_ends_a_command_at_once(number: int) -> None:
    """Whoever presses Ctrl-C again does not want to wait."""
    with start(PATIENT) as process:
        process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(number)
        assert process.communicate(timeout=60) == (b"", b"")
        assert process.returncode == 128 + number


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupted_command_closes_what_it_has_open(number: int) -> None:
    """The event loop cancels its work on SIGTERM, too."""
    with start(ORDERLY) as process:
        process.send_signal(number)
        assert process.communicate(timeout=60) == (b" closed", b"")
        assert process.returncode == 128 + number


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interruption_inside_a_text_that_a_library_runs_ends_with_its_own_code(number: int, tmp_path: Path) -> None:
    """Python remembers it, although it was caught, and `python -m` would die of SIGINT at its end."""
    (tmp_path / "program.py").write_text(IN_A_TEXT, encoding="utf-8")
    with start("-m", "program", folder=tmp_path) as process:
        process.send_signal(number)
        assert process.communicate(timeout=60) == (b"", b"")
        assert process.returncode == 128 + number


def test_an_interruption_that_nobody_catches_has_no_traceback() -> None:
    """Between two phases, Python would print one and kill the process."""
    with start(UNCAUGHT) as process:
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == (b"", b"")
        assert process.returncode == 130


@pytest.mark.parametrize("number", SIGNALS)
def test_the_exit_code_of_an_ended_program_stands(number: int) -> None:
    """Even if Python waits for something at its exit: the signal only cuts that short."""
    with start(ENDED) as process:
        process.send_signal(number)
        assert process.communicate(timeout=60) == (b"", b"")
        assert process.returncode == 7


def test_after_an_event_loop_has_handled_signals_the_program_does_again() -> None:
    """The loop itself would leave the system's handler behind, which kills without the exit code."""
    with start(BY_THE_LOOP) as process:
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=60) == (b" received", b"")
        assert process.returncode == 143
