"""What the kinds of database share when they turn an error into a sentence."""

from __future__ import annotations

from typing import Any

RESTORE = (
    "Restore the database from a copy. Without a copy, move it away or load into a new one, which a sync fills from "
    "start_date on."
)
"""What to do about a damaged database: nothing that is done within it repairs it."""
_SIGNS_OF_DAMAGE = (
    *(
        "corrupt database file",
        "computed checksum",
        "could not read enough bytes",
        "failed to load metadata",
    ),  # DuckDB's
    *("invalid page in block", "could not read block"),  # Postgres's
)


def innermost(error: BaseException) -> BaseException:
    """Return the error that came first: dlt wraps errors several times, each with its own advice."""
    seen: set[int] = set()
    inner: Any = error
    while id(inner) not in seen:
        seen.add(id(inner))
        inner = getattr(inner, "dbapi_exception", None) or inner.__cause__ or inner.__context__ or inner
    assert isinstance(inner, BaseException)  # noqa: S101 - narrows the type
    return inner


def text_of(error: BaseException) -> str:
    """Return the text of an error, with the name of the file if it is about one."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror}: {error.filename}"
    return str(error)


def first_line(text: str) -> str:
    """Return the first line of a text, as a sentence."""
    line = text.strip().splitlines()[0] if text.strip() else "unknown reason"
    return line if line.endswith(".") else line + "."


def is_damage(text: str) -> bool:
    """Whether a database says that its files are damaged: a disk failed, or a copy of them ended too early."""
    return any(sign in text.lower() for sign in _SIGNS_OF_DAMAGE)
