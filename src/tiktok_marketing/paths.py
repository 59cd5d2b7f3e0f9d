"""The paths that users name, made absolute, whatever has become of the folder that they are relative to."""

from __future__ import annotations

import os
from pathlib import Path

from tiktok_marketing.errors import ConfigurationError, WorkingFolderError


def absolute_path(name: str | Path, *, is_text: bool = True) -> str:
    """Return an absolute path, with the home folder in place of a `~`. Links stay as they are.

    Args:
        name: The path.
        is_text: Whether it must be text that programs of other languages understand, such as DuckDB.

    Raises:
        WorkingFolderError: It is relative, and there is no working folder.
        ConfigurationError: It is not text.
    """
    expanded = os.path.expanduser(name)  # noqa: PTH111 - a Path would lose what is not a path, such as a last slash
    try:
        path = os.path.abspath(expanded)  # noqa: PTH100 - resolve() would follow links
    except OSError:
        raise WorkingFolderError(
            f"The folder in which this command runs no longer exists, so there is no {os.fspath(name)!r} in it.",
            remedy="Change to a folder that exists, or give an absolute path.",
        ) from None
    try:
        path.encode()
    except UnicodeEncodeError:
        if is_text:
            raise ConfigurationError(
                f"The path {path!r} is not text in UTF-8, so not every program could open it.",
                remedy="Rename the file or folder, or give another one.",
            ) from None
    return path
