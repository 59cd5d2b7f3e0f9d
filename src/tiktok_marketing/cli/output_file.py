"""Writes the files that a user names for output: whole or not at all, where the path is one of a regular file."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from tiktok_marketing.errors import ConfigurationError


def write_whole(path: Path, text: str) -> None:
    """Write a file so that nobody ever sees half of it.

    A link stays one: the file that it leads to is written. A file keeps its owner and its permissions. A pipe or a
    terminal gets the text itself, for nothing else could take its place.

    Raises:
        ConfigurationError: It cannot be written, or is neither a file, a pipe nor a terminal.
    """
    try:
        present = _status(path)
        if present is None or stat.S_ISREG(present.st_mode):
            _replace(path.resolve(), text, present)
        elif stat.S_ISFIFO(present.st_mode) or stat.S_ISCHR(present.st_mode):
            with path.open("w", encoding="utf-8") as file:
                file.write(text)
        else:
            raise _refused(path, "it is not a file")
    except (OSError, RuntimeError) as error:  # a circle of links is either, depending on the version of Python
        raise _refused(path, getattr(error, "strerror", None) or str(error)) from error


def _status(path: Path) -> os.stat_result | None:
    """What stands at the end of a path; None if nothing does."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _replace(target: Path, text: str, present: os.stat_result | None) -> None:
    """Put a new file in the place of a regular one, or where there is none."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, prefix=".", delete=False) as file:
        try:
            file.write(text)
            file.close()
            if present is None:
                os.chmod(file.name, 0o666 & ~_umask())  # noqa: PTH101 - as any program writes a file
            else:
                with suppress(PermissionError):  # only root may give files away
                    os.chown(file.name, present.st_uid, present.st_gid)
                os.chmod(file.name, stat.S_IMODE(present.st_mode))  # noqa: PTH101
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _refused(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(f"{path} cannot be written: {reason}.", remedy="Name another file with --output.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
