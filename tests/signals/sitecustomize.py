"""Sends a program a signal at a moment that its environment names, for Python imports this at its start.

SIGNAL_NUMBER: the signal. SIGNAL_AT: what happens then:
- `import NAME`: the program imports this module.
- `import 25`: it imports its 25th module since its own code began.
- `threads`: it has ended, and Python waits for its threads.
- `atexit`: it has ended, and Python calls what was registered for its exit.
"""

import atexit
import os
import sys
import threading

_BEGINNING = "tiktok_marketing.interrupts"
"""The program's own code begins once this module is there; before, there is only Python's."""
_kind, _, _detail = os.environ.get("SIGNAL_AT", "").partition(" ")
_imported: list[str] = []


def _send() -> None:
    os.kill(os.getpid(), int(os.environ["SIGNAL_NUMBER"]))


def _count(event: str, arguments: tuple[object, ...]) -> None:
    if event != "import" or (_BEGINNING not in sys.modules and arguments[0] != _BEGINNING):
        return
    _imported.append(str(arguments[0]))
    if _detail in {str(len(_imported) - 1), arguments[0]}:
        _send()


if _kind == "import":
    sys.addaudithook(_count)
elif _kind == "threads":
    threading._register_atexit(_send)  # type: ignore[attr-defined]
elif _kind == "atexit":
    atexit.register(_send)
