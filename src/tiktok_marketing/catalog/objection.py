"""What is wrong with a report, in a sentence for people."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import msgspec


class Objection(msgspec.Struct, frozen=True):
    """Why TikTok would refuse a report.

    Args:
        message: What does not go together.
        remedy: What would.
    """

    message: str
    remedy: str


def unknown_word(what: str, word: str, known: tuple[str, ...]) -> Objection:
    """The objection to a word that TikTok does not know, with the most similar one."""
    by_small = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.strip().lower(), by_small, n=1)
    suggestion = f"Did you mean {by_small[near[0]]}? " if near else ""
    return Objection(f"The {what} {word!r} does not exist.", f"{suggestion}Use {either(known)}.")


def either(words: Iterable[str]) -> str:
    """Words as a choice: `a, b or c`."""
    *before, last = words
    return f"{', '.join(before)} or {last}" if before else last
