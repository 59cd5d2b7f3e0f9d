"""How many pages of a list to ask for, from what its pages say and from what they contain. Pure.

TikTok's counts may be missing or zero, and may contradict each other and the pages. So a count is believed as far as it
explains the rows that came. A full page that no count explains means that another page may follow. Reading ends at an
empty page, or at a page that repeats earlier ones. If only a count of pages goes on, one empty page is passed over.
"""

from __future__ import annotations

import math
import re
from typing import Any

from tiktok_marketing.errors import TikTokError
from tiktok_marketing.sync.decode.pages import Page

_PARAMETER_ERRORS = frozenset({40000, 40002})
_EMPTY_PAGES = 3
"""After this many empty pages in a row, the pages that a count still promises are not asked for. A single one proves
nothing: TikTok may leave out a page and deliver the next."""


def accepted_size(error: TikTokError, asked: int | None) -> int | None:
    """The size of pages that TikTok accepts, if it refused a larger one and says so; None otherwise.

    Example:
        100 for `page_size: Must be less than or equal to 100.` with code 40002, if 1,000 was asked for.
    """
    if asked is None or error.code not in _PARAMETER_ERRORS or "page_size" not in error.tiktok_message:
        return None
    sizes = (int(number) for number in re.findall(r"\b\d{1,6}\b", error.tiktok_message))
    return max((size for size in sizes if 0 < size < asked), default=None)


class PageCount:
    """The pages of one pass through a list.

    Args:
        asked_size: Records per page, as requested; None if the list has no pages.
        max_records: The most records that TikTok lists; None if it lists all.
    """

    def __init__(self, asked_size: int | None, max_records: int | None = None) -> None:
        self._asked_size = asked_size
        self._max_records = max_records
        self._states_size = False
        self._stated_size: int | None = None
        self._first_rows = 0
        self.rows = 0
        """How many records came, including copies."""
        self.pages_read = 0
        """How many pages arrived."""
        self._total = 0
        self._told_pages = 0
        self._has_counts = False
        self._last_number = 0
        self._last_rows = 0
        self._last_is_new = True
        self._empty_in_a_row = 0
        self._first_empty = math.inf
        self._last_filled = 0

    def note(self, number: int, page: Page[Any]) -> None:
        """A page arrived. The first page must be noted first."""
        rows = len(page.records)
        self._has_counts = self._has_counts or bool(page.total_number or page.total_page)
        self._total = max(self._total, page.total_number or 0)
        self._told_pages = max(self._told_pages, page.total_page or 0)
        self.rows += rows
        self.pages_read += 1
        self._empty_in_a_row = 0 if rows else self._empty_in_a_row + 1
        if rows:
            self._last_filled = max(self._last_filled, number)
        else:
            self._first_empty = min(self._first_empty, number)
        if number == 1:
            self._first_rows = rows
            self._states_size = bool(page.page_size)
            # A server may cap the size of its pages, and says so. A page with more rows than that disproves it.
            if page.page_size and rows <= page.page_size < (self._asked_size or 0):
                self._stated_size = page.page_size
        if number >= self._last_number:
            self._last_number, self._last_rows = number, rows
            self._last_is_new = True

    def note_repeated(self, number: int) -> None:
        """A page has no record that other pages of the pass did not have."""
        if number == self._last_number:
            self._last_is_new = False

    @property
    def size(self) -> int | None:
        """Records of a full page; None if the list has no pages."""
        return self._stated_size or self._asked_size

    @property
    def is_counted(self) -> bool:
        """Whether the count of records explains all that came."""
        return self._total > 0 and self.rows <= self._total

    @property
    def explained(self) -> int:
        """How many pages the count of records explains, at least those that came."""
        if self._asked_size is None or self._empty_in_a_row >= _EMPTY_PAGES:
            return self._last_number
        return max(self._last_number, self._within_reach(-(-self._total // self._row_step)))

    @property
    def asks_next(self) -> bool:
        """Whether to ask for the page after the last, which no count of records explains."""
        if self._asked_size is None or not self._last_is_new:
            return False
        if self._within_reach(self._last_number + 1) <= self._last_number:
            return False
        if not self._last_rows:
            # Only a second empty page shows that a count of pages is wrong.
            return not self.is_counted and self._told_pages > self._last_number and self._empty_in_a_row == 1
        if self._told_pages > self._last_number:
            return True
        if self._last_rows >= (self.size or 0):
            # A count that ends here explains it, unless it may be that of this page alone.
            return not self.is_counted or self._last_number == 1
        # Without any count, not even the size of a full page is known: a size that is stated may be the asked one.
        return not self._has_counts

    @property
    def repeats_itself(self) -> bool:
        """Whether the pass ended at a full page that only repeats earlier ones, so that nothing shows its end."""
        return self._last_number > 1 and not self._last_is_new and self._last_rows >= (self.size or 0)

    @property
    def lacks_a_page(self) -> bool:
        """Whether a page came empty although a later one has records, and no count explains those that came."""
        return self._first_empty < self._last_filled and not self.is_counted

    @property
    def _row_step(self) -> int:
        """Records of a page, for counting pages.

        A first page with fewer than it should have shows a silent cap, unless TikTok says that pages are larger.
        """
        size = self.size or 1
        may_be_capped = not self._states_size or self._told_pages > -(-self._total // size)
        return self._first_rows if may_be_capped and 0 < self._first_rows < min(size, self._total) else size

    def _within_reach(self, pages: int) -> int:
        """Beyond the records that it lists, TikTok may refuse a page or leave it empty; neither is useful."""
        return pages if self._max_records is None else min(pages, -(-self._max_records // (self.size or 1)))
