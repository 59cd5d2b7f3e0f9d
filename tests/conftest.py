"""What holds for all tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def stays_in_the_folder() -> Iterator[None]:
    """A test that goes to another folder and stays there would disturb those after it."""
    folder = Path.cwd()
    yield
    assert Path.cwd() == folder


def pytest_configure() -> None:
    """Obey Ctrl-C, and so let the programs obey it that tests start and interrupt.

    A shell starts what it runs in the background with this signal ignored, and every process inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
