"""How many pages of a list are asked for, from what its pages say and contain."""

from __future__ import annotations

from typing import Any

import pytest

from tiktok_marketing.api.error_rules import rule_for
from tiktok_marketing.sync.decode.pages import Page, RecordList
from tiktok_marketing.sync.read.page_count import PageCount, accepted_size


def counted(
    *pages: tuple[int, int | None, int | None],
    asked: int | None = 5,
    states: int | None = None,
    most: int | None = None,
) -> PageCount:
    """A pass with these pages: the rows of each, and the counts of rows and of pages that it gives."""
    count = PageCount(asked, most)
    for number, (rows, total, told_pages) in enumerate(pages, 1):
        count.note(number, Page(RecordList([None] * rows), [], total, told_pages, page_size=states))
    return count


def test_before_the_first_page_nothing_is_known() -> None:
    """No page is explained, and none is asked for because of another."""
    count = counted()
    assert (count.rows, count.pages_read, count.explained, count.size) == (0, 0, 0, 5)
    assert not count.is_counted
    assert not count.asks_next
    assert not count.repeats_itself


@pytest.mark.parametrize(
    ("pages", "options", "explained"),
    [
        ([(5, 12, None)], {}, 3),
        ([(5, 10, None)], {}, 2),
        ([(5, None, 3)], {}, 1),
        ([(5, 12, None)], {"asked": None}, 1),
        ([(5, 12, 3)], {"asked": None}, 1),
        ([(5, 2, None)], {}, 1),
        ([(5, 12, None), (5, None, None)], {}, 3),
        ([(5, 12, None), (2, None, None)], {}, 3),
        ([(5, 5, None), (5, 12, None)], {}, 3),
        ([(5, 12, None), (5, 3, None)], {}, 3),
        ([(5, 40, None), (0, None, None), (0, None, None)], {}, 8),
        ([(0, 40, None), (0, None, None)], {}, 8),
        ([(0, 40, None), (0, None, None), (0, None, None)], {}, 3),
        ([(5, 40, None), (0, None, None), (0, None, None), (0, None, None)], {}, 4),
        ([(5, 40, None), (0, None, None), (0, None, None), (1, None, None), (0, None, None)], {}, 8),
    ],
)
def test_a_count_explains_pages_until_three_in_a_row_are_empty(
    pages: list[tuple[int, int | None, int | None]], options: dict[str, Any], explained: int
) -> None:
    """The largest count applies, unless more rows came. Without one, the pages that came explain themselves."""
    assert counted(*pages, **options).explained == explained


@pytest.mark.parametrize(
    ("pages", "options", "explained"),
    [
        ([(2, 12, None)], {}, 6),
        ([(2, 12, 3)], {"states": 5}, 3),
        ([(2, 12, 6)], {"states": 5}, 6),
        ([(2, 12, 4)], {"states": 5}, 6),
        ([(2, 12, 6)], {"states": 2}, 6),
        ([(2, 2, 1)], {}, 1),
        ([(0, 12, None)], {}, 3),
        ([(1, 2, 1)], {}, 2),
        ([(7, 20, None)], {}, 4),
    ],
)
def test_a_short_first_page_shows_a_silent_cap(
    pages: list[tuple[int, int | None, int | None]], options: dict[str, Any], explained: int
) -> None:
    """The pages are counted by its rows, unless TikTok says that pages are larger and counts them so."""
    assert counted(*pages, **options).explained == explained


@pytest.mark.parametrize(
    ("rows", "states", "size"), [(2, 2, 2), (1, 2, 2), (3, 2, 5), (5, 5, 5), (5, 6, 5), (5, None, 5), (0, 1, 1)]
)
def test_the_stated_size_of_pages_counts_if_it_is_smaller_than_asked(rows: int, states: int | None, size: int) -> None:
    """A page with more rows disproves it. A list that was asked for without pages has none."""
    assert counted((rows, None, None), states=states, asked=None).size is None
    assert counted((rows, None, None), states=states).size == size


@pytest.mark.parametrize(
    ("pages", "options", "asks"),
    [
        ([(5, None, None)], {}, True),
        ([(5, None, None)], {"asked": None}, False),
        ([(5, None, None), (0, None, None)], {}, False),
        ([(5, None, 3), (0, None, 3)], {}, True),
        ([(5, None, 2), (0, None, 2)], {}, False),
        ([(5, 5, 3), (0, 5, 3)], {}, False),
        ([(5, 4, 3), (0, 4, 3)], {}, True),
        ([(5, None, 9), (0, None, 9), (0, None, 9)], {}, False),
        ([(5, None, 9), (0, None, 9), (5, None, 9), (0, None, 9)], {}, True),
        ([(0, None, 3)], {}, True),
        ([(0, None, 1)], {}, False),
        ([(0, None, 3)], {"asked": None}, False),
        ([(5, 5, 1)], {}, True),
        ([(5, 5, 1), (0, 5, 1)], {}, False),
        ([(5, 10, 2), (5, 10, 2)], {}, False),
        ([(5, 5, 2)], {}, True),
        ([(5, 4, 1)], {}, True),
        ([(5, None, 1)], {}, True),
        ([(4, None, None)], {}, True),
        ([(1, None, None)], {}, True),
        ([(4, None, 1)], {}, False),
        ([(4, 3, None)], {}, False),
        ([(5, None, 1), (4, None, None)], {}, False),
        ([(4, None, 2)], {}, True),
        ([(4, 4, 2)], {}, True),
        ([(1, 1, 2)], {}, True),
        ([(4, 3, 1)], {}, False),
        ([(4, None, None)], {"states": 9}, True),
        ([(2, None, None)], {"states": 2}, True),
        ([(1, None, None)], {"states": 2}, True),
        ([(4, 0, 0)], {"states": 5}, True),
        ([(4, None, 3), (0, None, 3), (0, None, 3)], {}, False),
        ([(4, 4, 3), (0, 4, 3)], {}, False),
    ],
)
def test_the_next_page_is_asked_for_after_a_full_page_that_no_count_explains(
    pages: list[tuple[int, int | None, int | None]], options: dict[str, Any], asks: bool
) -> None:
    """Without any count, it is asked for after every page with rows. One empty page does not end a count of pages.

    A count of records may be that of the first page alone, and the stated size may be the one that was asked for.
    """
    assert counted(*pages, **options).asks_next is asks


@pytest.mark.parametrize(("most", "explained", "asks"), [(5, 1, False), (6, 2, True), (10, 2, True), (None, 8, True)])
def test_no_page_beyond_the_most_records_that_tiktok_lists_is_asked_for(
    most: int | None, explained: int, asks: bool
) -> None:
    """TikTok may refuse it or leave it empty."""
    assert counted((5, 40, None), most=most).explained == explained
    assert counted((5, None, None), most=most).asks_next is asks


def test_a_page_that_repeats_earlier_ones_is_the_last() -> None:
    """If it is full and not the first, nothing shows that the list ends there. A later page with new rows goes on."""
    count = counted((5, None, None), (5, None, None))
    assert not count.repeats_itself
    count.note_repeated(1)
    assert count.asks_next
    assert not count.repeats_itself
    count.note_repeated(2)
    assert not count.asks_next
    assert count.repeats_itself
    count.note(3, Page(RecordList([None]), [], None, None))
    assert count.asks_next
    assert (count.rows, count.pages_read) == (11, 3)
    count.note_repeated(3)
    assert not count.repeats_itself
    alone = counted((5, None, None))
    alone.note_repeated(1)
    assert not alone.repeats_itself


@pytest.mark.parametrize(
    ("pages", "lacks"),
    [
        ({1: 5, 2: 0, 3: 5}, True),
        ({1: 0, 2: 1}, True),
        ({1: 5, 2: 5}, False),
        ({1: 5, 2: 0, 3: 0}, False),
        ({1: 5, 2: 0, 3: 1, 4: 0}, True),
        ({1: 5, 3: 5, 2: 0}, True),
        ({1: 5, 4: 5, 2: 5, 3: 0}, True),
        ({1: 5, 4: 0, 2: 0, 3: 5}, True),
        ({1: 5, 2: 0, 4: 0, 3: 5}, True),
        ({1: 0}, False),
    ],
)
def test_an_empty_page_before_others_may_lack_rows(pages: dict[int, int], *, lacks: bool) -> None:
    """In whichever order they arrive, unless TikTok counts as many rows as came, or more."""
    rows = sum(pages.values())
    for total in (None, rows - 1, rows):
        count = PageCount(5)
        for number, size in pages.items():
            count.note(number, Page(RecordList([None] * size), [], total, 9))
        assert count.lacks_a_page is (lacks and total != rows)


def test_a_page_that_arrives_late_is_not_the_last() -> None:
    """Pages are read in parallel, so an earlier one may be noted after the last."""
    count = counted((5, None, None))
    count.note(3, Page(RecordList([None]), [], None, 3))
    count.note(2, Page(RecordList([None] * 5), [], None, 3))
    assert count.explained == 3
    assert not count.asks_next


@pytest.mark.parametrize(
    ("message", "code", "asked", "size"),
    [
        ("page_size: Must be less than or equal to 100.", 40002, 1000, 100),
        ("page_size: 1000 is not between 1 and 50", 40000, 1000, 50),
        ("page_size: must be 1", 40002, 1000, 1),
        ("page_size: 0 is too small", 40002, 1000, None),
        ("page_size: Must be less than or equal to 100.", 40002, 100, None),
        ("page_size: Must be less than or equal to 100.", 40002, None, None),
        ("page_size: Must be less than or equal to 100.", 50000, 1000, None),
        ("page: Must be less than 100.", 40002, 1000, None),
        ("page_size: Invalid value.", 40002, 1000, None),
    ],
)
def test_a_refusal_may_name_the_size_of_pages(message: str, code: int, asked: int | None, size: int | None) -> None:
    """Only a smaller size than the one that was asked for helps."""
    error = rule_for(code, message).error(message, endpoint="ad/get/", code=code)
    assert accepted_size(error, asked) == size
