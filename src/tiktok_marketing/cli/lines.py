"""How a line on stderr looks: plain for a person at a terminal, with time and level in a log, or as JSON."""

from __future__ import annotations

import json
import os
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import Enum
from typing import Literal

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class LineStyle(Enum):
    """How lines are written."""

    PLAIN = "plain"
    TIMED = "text"
    JSON = "json"


_style: ContextVar[LineStyle] = ContextVar("style", default=LineStyle.PLAIN)


def set_line_style(style: LineStyle) -> None:
    """Write all further lines of this run in this style."""
    _style.set(style)


def is_plain() -> bool:
    """Whether lines are for a person at a terminal."""
    return _style.get() is LineStyle.PLAIN


def can_draw() -> bool:
    """Whether stderr is a terminal that can move its cursor, so that a picture can be redrawn in place."""
    return sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in {"", "dumb", "unknown"}


def format_line(text: str, level: Level, at: datetime | None = None) -> str:
    """One line of the log.

    Args:
        text: What it says, on one line.
        level: How much it matters.
        at: When; None for now.

    Example:
        `2026-11-28T16:57:01Z INFO ads: complete, 20 rows read.`
    """
    style = _style.get()
    if style is LineStyle.PLAIN or not text:
        return text
    time = f"{at or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if style is LineStyle.TIMED:
        return f"{time} {level} {text}"
    return json.dumps({"time": time, "level": level, "message": text})
