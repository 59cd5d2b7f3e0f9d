"""Whether repeated passes through a list that may change meanwhile have delivered all its records. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

from tiktok_marketing.sync.decode.pages import Page
from tiktok_marketing.sync.read.copies import Copies
from tiktok_marketing.sync.read.page_count import PageCount

_PASSES = 4
"""After this many passes through a list that does not change, missing records are an error."""
_PASSES_WHILE_CHANGING = 8
"""The same for a list that changes while it is read, because another pass may find it whole."""
_PASSES_WHILE_GROWING = 3
"""The most passes through a list that only grows: records created since a pass began belong to the next sync."""
_PASSES_TOGETHER = 3
"""How many passes are combined if each misses other records: the order of a list may not be stable."""


class Outcome(Enum):
    """What is known about a list after a pass."""

    WHOLE = auto()
    """All its records were delivered."""
    CONSISTENT = auto()
    """It changed all the time, and the delivered records explain its counts."""
    AGAIN = auto()
    """Another pass may deliver more."""
    SHORT = auto()
    """It does not change, and TikTok does not deliver all the records that it counts."""
    UNSETTLED = auto()
    """It changed all the time, and TikTok did not deliver all the records that it counted."""


class Pass:
    """One pass through all pages of a list.

    Args:
        number: Its number, counted from 1.
        pages: Counts its pages.
        keys: Receives the keys of the pass's records.
        previous: The pass before it.
    """

    def __init__(self, number: int, pages: PageCount, keys: set[Any], previous: Pass | None = None) -> None:
        self.number = number
        self.pages = pages
        self.keys = keys
        self.full = True
        """Whether each page had as many records as its own count requires. However a list changes or is ordered, its
        pages are full; so a page that is not full means that TikTok counts a record that it never delivers."""
        self.copies = Copies()
        """Records whose key came more than once."""
        self.repeated = False
        """Whether a key came more than once in the pass."""
        self._previous = previous
        self._counts: list[int] = []

    @property
    def counts(self) -> Sequence[int]:
        """The number of records in the list, as each page gave it. A page that gives none, or 0, proves nothing."""
        return self._counts or [0]

    def note(self, number: int, page: Page[Any]) -> None:
        """A page arrived."""
        if page.total_number:
            self._counts.append(page.total_number)
        size = self.pages.size
        if size is not None:
            expected = min(size, self.counts[-1] - (number - 1) * size)
            self.full = self.full and len(page.records) >= expected

    @property
    def different(self) -> Sequence[Any]:
        """The keys that belong to several different records."""
        previous = self._previous if self.repeats_previous else None
        return self.copies.different(previous.copies if previous is not None else None)

    @property
    def rows(self) -> int:
        """How many records the pass delivered. Records with one key count once, unless several may have that key."""
        versions = self.copies.versions
        return len(self.keys) + sum(len(versions[key]) - 1 for key in self.copies.counted(self.different))

    @property
    def repeats_previous(self) -> bool:
        """Whether the pass shows the same keys and counts as the one before it."""
        previous = self._previous
        return previous is not None and (previous.counts, previous.keys) == (self.counts, self.keys)

    @property
    def is_unclear(self) -> bool:
        """Whether another pass may show that a key belongs to several records, or to one that moved or was copied."""
        if self.number == 1:
            return self.repeated
        return self.number == 2 and self.copies.unclear

    @property
    def steady(self) -> int | None:
        """The count, if every page gave the same."""
        return self.counts[0] if len(set(self.counts)) == 1 else None

    @property
    def is_whole(self) -> bool:
        """Whether the pass delivered as many records as its largest count, and reached the end of the list.

        A new record can make up for one that a deletion hid, so a first pass whose count grew is not enough.
        """
        largest = max(self.counts)
        if self.rows < largest or self.hides_records:
            return False
        return self.number > 1 or self.counts[0] == largest

    @property
    def is_endless(self) -> bool:
        """Whether TikTok repeats a full page and counts nothing, so that more records may exist."""
        return not max(self.counts) and self.pages.repeats_itself

    @property
    def hides_records(self) -> bool:
        """Whether more records may exist that no count shows."""
        return self.is_endless or self.pages.lacks_a_page

    @property
    def only_grew(self) -> bool:
        """Whether the pass delivered as many records as existed when it began, and nothing shows a deletion."""
        return (
            self.full
            and not self.hides_records
            and self.rows >= self.counts[0]
            and list(self.counts) == sorted(self.counts)
        )


class PassHistory:
    """The passes through one list, one after the other."""

    def __init__(self) -> None:
        self._last: deque[Pass] = deque(maxlen=_PASSES_TOGETHER)

    def judge(self, latest: Pass, seen: int) -> Outcome:
        """What is known after another pass.

        Args:
            latest: The latest pass.
            seen: How many different records all passes delivered.
        """
        self._last.append(latest)
        if latest.is_unclear:
            return Outcome.AGAIN
        if latest.is_whole or (latest.number >= _PASSES_WHILE_GROWING and latest.only_grew):
            return Outcome.WHOLE
        return self._judge_incomplete(latest, seen)

    def _judge_incomplete(self, latest: Pass, seen: int) -> Outcome:
        if latest.number < _PASSES:
            return Outcome.AGAIN
        if self._are_whole_together():
            return Outcome.CONSISTENT
        if latest.repeats_previous:
            return Outcome.SHORT
        if latest.number < _PASSES_WHILE_CHANGING:
            return Outcome.AGAIN
        # The records of the latest pass must explain its smallest count. Earlier records may be deleted by now, and
        # must not stand in for a record that was never delivered.
        explained = (
            latest.full and not latest.hides_records and latest.rows >= min(latest.counts) and seen >= latest.counts[0]
        )
        return Outcome.CONSISTENT if explained else Outcome.UNSETTLED

    def _are_whole_together(self) -> bool:
        """Whether the last passes all had the same count on every page, and together delivered that many records."""
        if not all(each.full and not each.hides_records for each in self._last):
            return False
        (count, *others) = {each.steady for each in self._last}
        return count is not None and not others and len(set().union(*(each.keys for each in self._last))) >= count
