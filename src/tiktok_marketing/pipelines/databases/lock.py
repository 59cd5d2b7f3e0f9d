"""Keeps other syncs out of a database, and gives each sync a working folder of its own."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tiktok_marketing.errors import DestinationError
from tiktok_marketing.pipelines.databases.destination import Destination


@contextmanager
def reserved(destination: Destination) -> Iterator[Path]:
    """Keep other syncs out of this database and yield an empty working folder, which is removed at the end.

    A database's own locks are not enough: a sync releases them between packages, so that others can look at the data.

    In a folder that strangers may write to, such as /tmp, somebody else may have put something of the working folder's
    name there: a link, or a folder of their own. Nothing of that is followed or emptied. A folder with a new name is
    used instead.

    Raises:
        DestinationError: Another sync is loading into the database, or the folder cannot be written to.
    """
    folder = destination.working_folder
    if not folder.parent.is_dir():
        raise DestinationError(f"The folder {folder.parent} does not exist.", remedy="Create it first.")
    if "%" in str(folder):  # dlt formats the paths of its files with %
        raise DestinationError(
            f"Packages cannot be prepared in {folder.parent}, because its path contains a %.",
            remedy="Use a folder whose path has none.",
        )
    lock = -1
    try:
        try:
            try:
                lock = _locked(folder, destination)
            except _ForeignFolderError as foreign:
                if not _is_shared(folder.parent):
                    raise DestinationError(f"{folder} {foreign}.", remedy="Move it away first.") from None
                folder = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
                lock = _locked(folder, destination)
            for left_over in folder.glob("packages-*"):
                shutil.rmtree(left_over, ignore_errors=True)
            packages = folder / f"packages-{secrets.token_hex(4)}"
            packages.mkdir(mode=0o700)
        except OSError as error:
            raise destination.describe_error(error) from error
        with destination.exclusive_lock(packages.name):
            yield packages
    finally:
        if lock >= 0:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


class _ForeignFolderError(Exception):
    """Something else has the working folder's name. Its text says what, as the rest of a sentence."""


def _is_shared(folder: Path) -> bool:
    """Whether it is a folder for everybody's files: that of temporary files, or one like it."""
    return bool(folder.stat().st_mode & stat.S_ISVTX) or str(folder) == tempfile.gettempdir()


def _opened(folder: Path) -> int:
    """Open a working folder, if it is one. Returns its descriptor.

    Raises:
        _ForeignFolderError: It is something else, or somebody else's.
        OSError: It cannot be opened.
    """
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
            raise
        raise _ForeignFolderError("is a link" if folder.is_symlink() else "is not a folder") from None
    status = os.fstat(opened)
    foreign = ""
    if status.st_uid != os.geteuid():
        foreign = "belongs to another user"
    elif status.st_mode & 0o077 and _is_shared(folder.parent):
        foreign = "is open to other users"
    if foreign:
        os.close(opened)
        raise _ForeignFolderError(foreign)
    return opened


def _locked(folder: Path, destination: Destination) -> int:
    """Lock the working folder, and make it if needed. Returns the open file that holds the lock.

    Raises:
        _ForeignFolderError: Something else has its name.
    """
    while True:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        try:
            opened = _opened(folder)
        except FileNotFoundError:  # the previous holder has just removed it
            continue
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            lock = os.open("lock", flags, 0o600, dir_fd=opened)
        except FileNotFoundError:
            continue
        finally:
            os.close(opened)
        path = folder / "lock"
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The previous holder may have removed the folder in the meantime: then this lock protects nothing.
            if path.exists() and os.fstat(lock).st_ino == path.stat().st_ino:
                os.ftruncate(lock, 0)
                os.write(lock, str(os.getpid()).encode())
                return lock
        except BlockingIOError:
            pid = _process(lock)
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
        opened = _opened(destination.working_folder)
    except (OSError, DestinationError, _ForeignFolderError):
        return None
    try:
        lock = os.open("lock", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=opened)
    except OSError:
        return None
    finally:
        os.close(opened)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process(lock)
    finally:
        os.close(lock)
    return None


def _process(lock: int) -> str:
    """The process that a lock names; empty if it names none."""
    text = os.read(lock, 20).decode("ascii", errors="replace")
    return text if text.isdecimal() else ""
