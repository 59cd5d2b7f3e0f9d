"""Whether walks through a list that may move meanwhile have brought all that there is. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

from tiktok_marketing.sync.decode.pages import Page

_PASSES = 4
"""How often a list that came short is walked before that is an error, if it stands still."""
_PASSES_WHILE_MOVING = 8
"""The same of one that moves while it is read, so that another walk may find it whole."""
_PASSES_WHILE_GROWING = 3
"""How often one is walked that grows all the time: what is new since a walk began is the next sync's."""
_PASSES_TOGETHER = 3
"""Walks whose records are put together where each misses others: the order of a list may not be stable."""


class Outcome(Enum):
    """What is to be said of a list after a walk."""

    WHOLE = auto()
    """All that there is came."""
    CONSISTENT = auto()
    """It moved all the time, and what came explains what it told."""
    AGAIN = auto()
    """Another walk may bring more."""
    SHORT = auto()
    """It stands still, and records that it counts do not come."""
    UNSETTLED = auto()
    """It moved all the time, and records that it counts did not come."""


class Pass:
    """One walk through all pages of a list.

    Args:
        number: Which one it was, from 1 on.
        page_size: Records that a page should have; None where there are no pages.
        came: Where the keys of those that come are put.
    """

    def __init__(self, number: int, page_size: int | None, came: set[Any]) -> None:
        self.number = number
        self.keys = came
        self.full = True
        """Whether each page had as many records as it should have by its own count. However a list moves, or is
        ordered, its pages are full: what is not there is counted and never given."""
        self._page_size = page_size
        self._counts: list[int] = []

    @property
    def counts(self) -> Sequence[int]:
        """How many records there are, as each page told that came. One that tells of none proves nothing."""
        return self._counts or [0]

    def note(self, number: int, page: Page[Any]) -> None:
        """A page came."""
        if page.total_number:
            self._counts.append(page.total_number)
        if self._page_size is not None:
            due = min(self._page_size, self.counts[-1] - (number - 1) * self._page_size)
            self.full = self.full and len(page.records) >= due

    @property
    def steady(self) -> int | None:
        """The count, if every page told the same."""
        return self.counts[0] if len(set(self.counts)) == 1 else None

    @property
    def is_whole(self) -> bool:
        """Whether as many came as any of its pages told.

        Growth can make up for a deletion that hid a record, so a count that grows is not taken at its first word.
        """
        most = max(self.counts)
        return len(self.keys) >= most and (self.number > 1 or self.counts[0] == most)

    @property
    def only_grew(self) -> bool:
        """Whether as many came as there were when it began, and nothing shows that any went."""
        return self.full and len(self.keys) >= self.counts[0] and list(self.counts) == sorted(self.counts)


class PassHistory:
    """The walks through one list, one after the other."""

    def __init__(self) -> None:
        self._last: deque[Pass] = deque(maxlen=_PASSES_TOGETHER)

    def judge(self, walk: Pass, seen: int) -> Outcome:
        """What another walk has shown.

        Args:
            walk: The latest.
            seen: How many records came in all of them.
        """
        if walk.is_whole or (walk.number >= _PASSES_WHILE_GROWING and walk.only_grew):
            return Outcome.WHOLE
        before = self._last[-1] if self._last else None
        self._last.append(walk)
        if walk.number < _PASSES:
            return Outcome.AGAIN
        if self._are_whole_together():
            return Outcome.CONSISTENT
        if before is not None and (before.counts, before.keys) == (walk.counts, walk.keys):
            return Outcome.SHORT
        if walk.number < _PASSES_WHILE_MOVING:
            return Outcome.AGAIN
        # What came in the last walk must explain the least that it told: what came before may be gone, and must not
        # stand in for a record that never came.
        explained = walk.full and len(walk.keys) >= min(walk.counts) and seen >= walk.counts[0]
        return Outcome.CONSISTENT if explained else Outcome.UNSETTLED

    def _are_whole_together(self) -> bool:
        """Whether the last walks, in which every page told the same count, gave as many records between them."""
        if not all(walk.full for walk in self._last):
            return False
        (count, *others) = {walk.steady for walk in self._last}
        return count is not None and not others and len(set().union(*(walk.keys for walk in self._last))) >= count
