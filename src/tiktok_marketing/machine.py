"""What the machine refuses to a program: no file, no room, no thread. None of it is a fault of the program."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from tiktok_marketing.errors import ConfigurationError, ConnectorError, OutOfMemoryError

KEY_LOG_VARIABLE = "SSLKEYLOGFILE"
"""Names a file that gets the keys of encrypted connections. Python opens it as soon as a library prepares for them."""
_NO_THREAD = "can't start new thread"
"""Python's own words. It tells neither the limit nor the system's reason."""
_THREADS = ("The system lets the program start no more threads.", "Raise the limit (ulimit -u), then run it again.")
_ROOM = ("No room is left on the disk", "Make room, then run it again.")
_LIMITS = {
    errno.EMFILE: (
        "The system lets the program open no more files",
        "Raise the limit, for example with ulimit -n 1024, then run it again.",
    ),
    errno.ENFILE: (
        "The system can open no more files",
        "End other programs, or raise the limit of the system (fs.file-max), then run it again.",
    ),
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: ("The file system is read-only", "Make it writable, then run it again."),
}
"""The system's number of a refusal to what happened and what to do."""


def refusal_of(error: BaseException) -> ConnectorError | None:
    """What the machine refused, as an error that a person understands; None if the error is about something else.

    Args:
        error: An error that nobody expected where it came from. Those that it was raised from count as well.
    """
    for link in _causes_of(error):
        if isinstance(link, MemoryError) or (isinstance(link, OSError) and link.errno == errno.ENOMEM):
            return OutOfMemoryError()
        if isinstance(link, RuntimeError) and str(link) == _NO_THREAD:
            return ConnectorError(_THREADS[0], remedy=_THREADS[1])
        if isinstance(link, OSError):
            if link.filename and link.filename == os.environ.get(KEY_LOG_VARIABLE):
                return ConfigurationError(
                    f"{KEY_LOG_VARIABLE} is set to {link.filename}, which cannot be written ({link.strerror}).",
                    remedy=f"Set {KEY_LOG_VARIABLE} to a file that can be written, or unset it.",
                )
            if link.errno in _LIMITS:
                message, remedy = _LIMITS[link.errno]
                place = f" ({os.fsdecode(link.filename)})" if isinstance(link.filename, str | bytes) else ""
                return ConnectorError(f"{message}{place}.", remedy=remedy)
    return None


def _causes_of(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it was raised from. What was merely being handled at that moment need not be its cause."""
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__
