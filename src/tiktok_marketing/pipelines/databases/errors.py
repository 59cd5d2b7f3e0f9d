"""What the kinds of database share when they turn an error into a sentence."""

from __future__ import annotations

from typing import Any


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
