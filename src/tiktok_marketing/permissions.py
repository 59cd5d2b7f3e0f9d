"""Says whose a file is that this program may not read or write.

In a container, it is often not obvious which user a program runs as.
"""

from __future__ import annotations

import os
from pathlib import Path


def describe_denial(path: Path | str, *, writing: bool = False) -> str:
    """Say in a sentence whose the file or folder is that is in the way, and who this program runs as.

    Args:
        path: What the program could not open. It may not exist.
        writing: Whether it was opened for writing, which needs its folder, too.

    Returns:
        The sentence; empty if nothing is in the way, or if this machine does not know users by number.
    """
    if not hasattr(os, "geteuid"):
        return ""
    try:
        whole = Path(path).absolute()
    except OSError:  # the working folder is gone
        return ""
    places = [whole, whole.parent] if writing else [whole, *whole.parents]
    for place in places:
        needed = os.X_OK if place.is_dir() and not writing else os.W_OK if writing else os.R_OK
        try:
            if not place.exists() or os.access(place, needed):
                continue
            status = place.stat()
        except OSError:  # a folder above it is in the way
            continue
        kind = "folder" if place.is_dir() else "file"
        mode = status.st_mode & 0o7777
        return (
            f"The {kind} {place} belongs to user {status.st_uid} and has mode {mode:04o}; "
            f"this program runs as user {os.geteuid()}."
        )
    return ""
