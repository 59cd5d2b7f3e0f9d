"""Ends a program that tries to write into a file system, as a read-only root would refuse it.

Python imports this at its start if the folder is in `PYTHONPATH`. An attempt that a program would overlook counts, too.
"""

import os
import sys

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod"}


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    path = arguments[0] if arguments else None
    if event == "open":
        flags = arguments[2]
        writes = isinstance(path, (str, bytes)) and isinstance(flags, int) and bool(flags & _WRITING)
        if not writes or path in {os.devnull, os.devnull.encode()}:
            return
    elif event not in _CHANGES:
        return
    os.write(2, f"READ-ONLY: {event} {path!r}\n".encode())
    os._exit(70)


sys.addaudithook(_refuse)
