"""What a container does to a program: a user other than root, without a name, and files that nobody may write.

The words of these functions go before a command. Where the system does not allow one of them, there are none.
"""

from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path

STRANGER = 64_123
"""A user id without an entry in the list of users, as containers often run under."""
_SEAL = """
mount --make-rprivate / && { test -z "$1" || mount --bind "$1" "$1"; } && mount -o remount,bind,ro / || exit 99
shift && exec "$@"
"""


@functools.cache
def as_stranger() -> tuple[str, ...]:
    """Run a command under a user without a name."""
    return _if_allowed("--user", f"--map-user={STRANGER}", f"--map-group={STRANGER}")


@functools.cache
def sealed(data: Path | None = None) -> tuple[str, ...]:
    """Run a command with all files read-only, but for those of a folder."""
    return _if_allowed("--mount", "/bin/sh", "-c", _SEAL, "sh", str(data or ""))


def denies() -> bool:
    """Whether files can be denied to such a command: root itself may open all of them."""
    return bool(as_stranger()) or os.geteuid() != 0


def user() -> int:
    """The number of the user that a command runs as."""
    return STRANGER if as_stranger() else os.geteuid()


def _if_allowed(*options: str) -> tuple[str, ...]:
    words = ("/usr/bin/unshare", *options)
    try:
        tried = subprocess.run([*words, "true"], capture_output=True, check=False)  # noqa: S603
    except OSError:
        return ()
    return words if tried.returncode == 0 else ()
