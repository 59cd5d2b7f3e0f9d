"""What can go wrong with a DuckDB file, in a sentence, with what to do about it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tiktok_marketing.errors import DestinationError, DestinationLockedError
from tiktok_marketing.permissions import describe_denial
from tiktok_marketing.pipelines.databases.errors import RESTORE, first_line, innermost, is_damage, text_of

_PID = re.compile(r"held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")
_NOT_A_DATABASE = "valid duckdb database"
_DENIALS = ("permission denied", "read-only mode")
_OTHER_VERSION = "trying to read a database file with version number"
_OF_ANOTHER_KIND = (
    "{path} exists, and is not a DuckDB database.",
    "Give another file name, or move that file away.",
)


def of_another_kind(path: Path) -> DestinationError:
    """Say that something else wrote a file."""
    message, remedy = _OF_ANOTHER_KIND
    return DestinationError(message.format(path=path), remedy=remedy)


def describe(error: BaseException, path: Path, *, reading: bool) -> DestinationError:
    """Say in one sentence why a file cannot be written to, or read from if `reading`."""
    text = text_of(innermost(error))
    detail = f"{type(error).__name__}: {error}"
    if "lock on file" in text or "being used by another process" in text:
        held = _PID.search(text)
        holder = f"process {held['pid']} ({held['program']})" if held else "another process"
        return DestinationLockedError(
            f"The database {path} is in use by {holder}.",
            remedy="Close it there, for example in a DuckDB shell or notebook, and run this again.",
            detail=detail,
        )
    if is_damage(text):
        return DestinationError(f"{path} is damaged: {first_line(text)}", remedy=RESTORE, detail=detail)
    for sign, message, remedy in _SIGNS:
        if sign in text.lower():
            if sign in _DENIALS:
                remedy = f"{describe_denial(path, writing=not reading)} {remedy}".strip()  # noqa: PLW2901
            folder = Path(os.path.realpath(path)).parent if path.is_symlink() else path.parent
            return DestinationError(message.format(path=path, folder=folder), remedy=remedy, detail=detail)
    action = "read from" if reading else "written to"
    return DestinationError(
        f"Nothing can be {action} {path}: {first_line(text)}", remedy="Fix that and run this again.", detail=detail
    )


def is_about_table(error: BaseException) -> bool:
    """Whether an error lies in one table: a constraint, a type or a name in it."""
    import duckdb

    kinds = (duckdb.ConstraintException, duckdb.ConversionException, duckdb.BinderException, duckdb.CatalogException)
    return isinstance(innermost(error), (*kinds, duckdb.DependencyException))


def is_not_a_database(error: BaseException) -> bool:
    """Whether the file is something else, or was written by a version of DuckDB that the installed one cannot read."""
    text = str(error).lower()
    return _NOT_A_DATABASE in text or "version number" in text


_SIGNS = (
    (
        "no space left",
        "The disk of {folder} is full.",
        "Free some space and run the sync again; it continues from what is loaded.",
    ),
    (
        "file too large",
        "{path} would become larger than its file system, or a limit of this user (ulimit -f), allows.",
        "Raise the limit, or move the file to another disk, and run the sync again; it continues from what is loaded.",
    ),
    ("quota exceeded", "The disk quota of {folder} is used up.", "Free some space and run the sync again."),
    (f"not a {_NOT_A_DATABASE}", *_OF_ANOTHER_KIND),
    (
        _OTHER_VERSION,
        "{path} was written by another version of DuckDB, which the installed one cannot read.",
        "Upgrade DuckDB (pip install -U duckdb), or load into a new file.",
    ),
    (
        "different configuration",
        "{path} is open in this process with other settings.",
        "Close that connection before loading.",
    ),
    ("permission denied", "{path} cannot be opened: permission denied.", "Check who may write to the file's folder."),
    ("read-only file system", "{path} is on a read-only file system.", "Give a path that accepts writes."),
    ("read-only mode", "{path} is read-only.", "Check the permissions of the file."),
    ("no such file or directory", "The folder {folder} does not exist.", "Create it first."),
    ("is a directory", "{path} is a folder.", "Give the path of a file in it."),
    ("out of memory", "There was not enough memory for what was done with {path}.", "Run it with more memory."),
)
