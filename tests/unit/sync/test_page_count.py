"""How many pages of a list are asked for, from what its pages say and contain."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tiktok_marketing.sync.decode.pages import Page, RecordList
from tiktok_marketing.sync.read.page_count import PageCount

SIZE = 5
Counts = dict[str, int]


@pytest.mark.parametrize(
    ("pages", "explained", "asks_next"),
    [
        ([(5, {"total_number": 12})], 3, False),
        ([(5, {"total_number": 10})], 2, False),
        ([(5, {"total_number": 5})], 1, False),
        ([(5, {"total_number": 5, "total_page": 2})], 1, True),
        ([(5, {})], 1, True),
        ([(4, {})], 1, True),
        ([(4, {"total_page": 1})], 1, False),
        ([(4, {"page_size": 5})], 1, False),
        ([(4, {"total_page": 2})], 1, True),
        ([(5, {"total_page": 1})], 1, True),
        ([(5, {"total_number": 4})], 1, True),
        ([(1, {"total_number": 1, "total_page": 2})], 1, False),
        ([(0, {})], 1, False),
        ([(2, {"total_number": 12})], 6, False),
        ([(2, {"total_number": 12, "page_size": 2})], 6, False),
        ([(2, {"total_number": 12, "page_size": 5})], 3, False),
        ([(2, {"total_number": 12, "page_size": 5, "total_page": 3})], 3, False),
        ([(2, {"total_number": 12, "page_size": 5, "total_page": 6})], 6, False),
        ([(7, {"total_number": 20})], 4, False),
        ([(5, {"total_number": 12}), (5, {})], 3, False),
        ([(5, {}), (5, {"total_number": 12})], 3, False),
        ([(5, {"total_number": 40}), (5, {}), (0, {}), (0, {})], 8, False),
        ([(5, {"total_number": 40}), (5, {}), (0, {}), (0, {}), (0, {})], 5, False),
        ([(5, {"total_number": 40}), (0, {}), (0, {}), (5, {}), (0, {}), (0, {})], 8, False),
    ],
)  # fmt: skip
def test_what_pages_say_and_contain_decides_how_many_follow(
    pages: Sequence[tuple[int, Counts]], explained: int, asks_next: bool
) -> None:
    """A count is believed as far as it explains what came; a full page that none explains asks for the next."""
    count = PageCount(SIZE)
    for number, (rows, counts) in enumerate(pages, 1):
        given = {"total_number": None, "total_page": None, "page_size": None, **counts}
        count.note(number, Page(RecordList([None] * rows), [], **given))
    assert (count.explained, count.asks_next) == (explained, asks_next)


def test_a_list_without_pages_is_one() -> None:
    """Whatever it counts."""
    count = PageCount(None)
    count.note(1, Page(RecordList([None] * 5), [], 12, 3))
    assert (count.explained, count.asks_next, count.size, count.repeats_itself) == (1, False, None, False)


@pytest.mark.parametrize(("max_records", "explained", "asks_next"), [(None, 8, True), (12, 3, True), (10, 2, False)])
def test_no_page_beyond_what_tiktok_lists_is_asked_for(
    max_records: int | None, explained: int, asks_next: bool
) -> None:
    """It may refuse such a page."""
    counted = PageCount(SIZE, max_records)
    counted.note(1, Page(RecordList([None] * 5), [], 40, None))
    assert counted.explained == explained
    uncounted = PageCount(SIZE, max_records)
    for number in (1, 2):
        uncounted.note(number, Page(RecordList([None] * 5), [], None, None))
    assert uncounted.asks_next is asks_next


def test_a_full_page_that_repeats_others_ends_the_list() -> None:
    """If it is the last. Only a second page can repeat others."""
    count = PageCount(SIZE)
    full = Page(RecordList([None] * 5), [], None, None)
    count.note(1, full)
    count.note_repeated(1)
    assert not count.repeats_itself
    count.note(2, full)
    assert count.asks_next
    count.note_repeated(1)
    assert not count.repeats_itself
    count.note_repeated(2)
    assert count.repeats_itself
    assert not count.asks_next
    count.note(3, Page(RecordList([None] * 4), [], None, None))
    count.note_repeated(3)
    assert not count.repeats_itself
