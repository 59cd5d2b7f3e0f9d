"""What holds for all tests."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Obey Ctrl-C, and so let the programs obey it that tests start and interrupt.

    A shell starts what it runs in the background with this signal ignored, and every process inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
