"""How many rows of a report one pass through its pages may read."""

from __future__ import annotations

import msgspec

from tiktok_marketing.sync.read.listing import Budget


class PassLimits(msgspec.Struct, frozen=True):
    """How many rows of several days one pass may read.

    A pass remembers the keys of its rows until it ends, and deep pages drift, so passes should not be long. But each
    pass costs a page that is not full.

    Args:
        least: The limit where many windows share the quota.
        most: The limit where few windows share it.
        per_page_in_flight: Rows for each page that the pass may request at once. Where many windows share the quota
            these are few, so that the keys of all passes together stay within bounds.
        least_of_task: With more rows, an asynchronous report is worth a try: twenty pages cost more than its file.
        most_of_task: With more rows, days are divided before, because a file of them would take too much memory.
    """

    least: int = 10_000
    most: int = 40_000
    per_page_in_flight: int = 8_000
    least_of_task: int = 20_000
    most_of_task: int = 40_000

    def max_rows(self, budget: Budget) -> int:
        """The most rows that one pass should read, now."""
        return max(self.least, min(self.most, budget.pages_in_flight() * self.per_page_in_flight))


USUAL_PASSES = PassLimits()
