"""How much the page holds. What is left out is added up into a row of its own, so that no figure is lost."""

from __future__ import annotations

from collections.abc import Iterable

MOST_DAYS = 366
"""Days of a page without `--since`: a year."""
MOST_ACCOUNTS = 100
"""Accounts that can be chosen. Smaller ones are shown together, per currency."""
MOST_FACTS = 15_000
MOST_CELLS = {"campaigns": 12_000, "ad_groups": 12_000, "ads": 15_000, "creatives": 10_000}
"""Figures per item and day."""
MOST_ITEMS = {"campaigns": 400, "ad_groups": 600, "ads": 800, "creatives": 100}
MOST_BREAKDOWN_ROWS = 9_000
MOST_CHANGES = 100
MOST_COVERAGE = 300


def within(sizes: Iterable[int], most_rows: int, most_items: int) -> int:
    """Return how many items fit, in their order; at least one.

    Args:
        sizes: How many rows each item has.
        most_rows: How many rows may be there.
        most_items: How many items may be there.
    """
    fitting = rows = 0
    for size in sizes:
        rows += size
        if fitting and (rows > most_rows or fitting >= most_items):
            break
        fitting += 1
    return fitting
