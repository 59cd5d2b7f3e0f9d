"""Keeps other syncs out of a database, and gives each sync a working folder of its own."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiktok_marketing.errors import DestinationError
from tiktok_marketing.pipelines.databases.destination import Destination


@contextmanager
def reserved(destination: Destination) -> Iterator[Path]:
    """Keep other syncs out of this database and yield an empty working folder, which is removed at the end.

    A database's own locks are not enough: a sync releases them between packages, so that others can look at the data.

    Raises:
        DestinationError: Another sync is loading into the database, or the folder cannot be written to.
    """
    folder = destination.working_folder
    if not folder.parent.is_dir():
        raise DestinationError(f"The folder {folder.parent} does not exist.", remedy="Create it first.")
    lock = -1
    try:
        try:
            lock = _locked(folder, destination)
            for left_over in folder.glob("packages-*"):
                shutil.rmtree(left_over, ignore_errors=True)
            packages = folder / f"packages-{secrets.token_hex(4)}"
            packages.mkdir()
        except OSError as error:
            raise destination.describe_error(error) from error
        with destination.exclusive_lock(packages.name):
            yield packages
    finally:
        if lock >= 0:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _locked(folder: Path, destination: Destination) -> int:
    """Lock the working folder. Returns the open file that holds the lock."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.geteuid():
            raise DestinationError(f"The folder {folder} belongs to another user.", remedy="Remove it first.")
        path = folder / "lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The previous holder may have removed the folder in the meantime: then this lock protects nothing.
            if path.exists() and os.fstat(lock).st_ino == path.stat().st_ino:
                os.ftruncate(lock, 0)
                os.write(lock, str(os.getpid()).encode())
                return lock
        except BlockingIOError:
            pid = os.read(lock, 20).decode(errors="replace")
            os.close(lock)
            raise DestinationError(
                f"Another sync is loading into {destination.display_name}" + (f" (process {pid})." if pid else "."),
                remedy="Wait until it is done, or stop it.",
            ) from None
        except FileNotFoundError:
            pass
        os.close(lock)


def loading_now(destination: Destination) -> str | None:
    """Return the id of the process that is loading into the database now.

    Returns:
        The process id; empty if it is not known; None if nothing is loading.
    """
    try:
        lock = os.open(destination.working_folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(lock, 20).decode(errors="replace")
    finally:
        os.close(lock)
    return None
