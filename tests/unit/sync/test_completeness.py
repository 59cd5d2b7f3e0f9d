"""What is known about a list after each pass through it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from tiktok_marketing.sync.decode.pages import Page, RecordList
from tiktok_marketing.sync.read.completeness import Outcome, Pass, PassHistory
from tiktok_marketing.sync.read.page_count import PageCount

SIZE = 5
Pages = Sequence[tuple[int, int | None]]
"""The rows of each page, and the count of records that it gives."""


def passed(number: int, pages: Pages, keys: Iterable[int] | None = None, previous: Pass | None = None) -> Pass:
    """A pass with these pages. Each record has its own key unless keys are given."""
    count = PageCount(SIZE)
    rows = sum(rows for rows, _ in pages)
    latest = Pass(number, count, set(range(rows) if keys is None else keys), previous)
    for position, (records, total) in enumerate(pages, 1):
        page = Page(RecordList([None] * records), [], total, None)
        count.note(position, page)
        latest.note(position, page)
    return latest


def outcomes(*passes: tuple[Pages, Iterable[int]]) -> list[Outcome]:
    """What is known after each of these passes: their pages and keys."""
    history, previous, seen = PassHistory(), None, set()
    judged = []
    for number, (pages, keys) in enumerate(passes, 1):
        previous = passed(number, pages, keys, previous)
        seen |= previous.keys
        judged.append(history.judge(previous, len(seen)))
    return judged


@pytest.mark.parametrize(
    ("pages", "full"),
    [
        ([(5, 7), (2, 7)], True),
        ([(5, 7), (1, 7)], False),
        ([(4, 7), (2, 7)], False),
        ([(5, 7), (3, 8)], True),
        ([(5, 7), (2, 8)], False),
        ([(5, 7), (2, None)], True),
        ([(5, 7), (2, 0)], True),
        ([(2, None)], True),
        ([(5, 5), (0, 5)], True),
        ([(5, 10), (4, 9), (0, 9)], True),
        ([(5, 12), (4, 12), (2, 12)], False),
    ],
)
def test_each_page_is_full_by_its_own_count(pages: Pages, full: bool) -> None:
    """A page that gives no count, or 0, has that of the page before it."""
    assert passed(1, pages).full is full


def test_an_answer_without_pages_is_full() -> None:
    """Nothing says how many records a page should have."""
    latest = Pass(1, PageCount(None), set())
    latest.note(1, Page(RecordList(), [], 7, None))
    assert latest.full


def test_the_count_is_steady_if_every_page_gives_the_same() -> None:
    """A page without one proves nothing; without any, the count is 0."""
    assert passed(1, [(5, 7), (2, None)]).steady == 7
    assert passed(1, [(5, 7), (2, 8)]).steady is None
    assert passed(1, [(5, None)]).steady == 0


@pytest.mark.parametrize(
    ("number", "pages", "whole"),
    [
        (1, [(5, 7), (2, 7)], True),
        (1, [(5, 7), (1, 7)], False),
        (1, [(5, 7), (3, 8)], False),
        (2, [(5, 7), (3, 8)], True),
        (1, [(5, 8), (3, 7)], True),
        (1, [(5, 4)], True),
        (1, [(3, None)], True),
    ],
)
def test_a_pass_is_whole_if_it_has_as_many_records_as_its_largest_count(number: int, pages: Pages, whole: bool) -> None:
    """A count that grew in the first pass may hide a deletion."""
    assert passed(number, pages).is_whole is whole


@pytest.mark.parametrize(
    ("pages", "grew"),
    [
        ([(5, 7), (2, 7)], True),
        ([(5, 7), (3, 8)], True),
        ([(5, 8), (2, 7)], False),
        ([(5, 7), (3, 8), (0, 7)], False),
        ([(5, 7), (1, 7)], False),
        ([(5, 7), (2, 8)], False),
    ],
)
def test_a_list_only_grew_if_its_counts_rise_and_its_pages_are_full(pages: Pages, grew: bool) -> None:
    """Records that existed when the pass began have come."""
    assert passed(1, pages).only_grew is grew


def test_records_without_the_first_count_are_missing_from_a_list_that_grew() -> None:
    """Full pages with copies have fewer records than existed when the pass began."""
    assert not passed(1, [(5, 7), (2, 7)], range(6)).only_grew


@pytest.mark.parametrize("total", [None, 3])
def test_an_empty_page_before_others_may_hide_records(total: int | None) -> None:
    """If it stays empty, the list is short, although it has as many records as TikTok counts."""
    pages = [(5, total), (0, total), (5, total)]
    gap = passed(2, pages)
    assert gap.hides_records
    assert not gap.is_endless
    assert not gap.is_whole
    assert not gap.only_grew
    assert outcomes(*[(pages, range(10))] * 4) == [Outcome.AGAIN] * 3 + [Outcome.SHORT]
    assert not passed(2, [(5, total), (5, total), (0, total)]).hides_records


def test_a_list_that_repeats_a_full_page_and_counts_nothing_is_endless() -> None:
    """It is never whole. With a count, the count decides."""
    endless = passed(2, [(5, None), (5, None)], range(5))
    endless.pages.note_repeated(2)
    assert endless.is_endless
    assert not endless.is_whole
    assert not endless.only_grew
    counted = passed(2, [(5, 5), (5, 5)], range(5))
    counted.pages.note_repeated(2)
    assert not counted.is_endless
    assert counted.is_whole


@pytest.mark.parametrize(("keys", "different"), [(range(6), ["a"]), (range(1, 7), [])])
def test_different_contents_of_a_key_count_once_two_equal_passes_show_them(
    keys: Iterable[int], different: Sequence[str]
) -> None:
    """If the list changed between the passes, the record may have moved and changed twice."""
    previous = passed(1, [(5, 7), (2, 7)], range(6))
    latest = passed(2, [(5, 7), (2, 7)], keys, previous)
    for each in (previous, latest):
        each.copies.note({"a": [b"1"]})
        each.copies.note({"a": [b"2"]})
    assert latest.different == different
    assert latest.rows == 6, "only one record can have the key, so the second does not count"
    latest.copies.shared["a"] = ""
    assert latest.rows == 6 + len(different)
    assert latest.is_unclear


SHORT: Pages = [(5, 7), (1, 7)]
SHORTER: Pages = [(5, 8), (1, 8)]
GROWN: Pages = [(5, 7), (3, 9)]


def test_a_second_pass_that_has_everything_ends_the_reading() -> None:
    """Another one would show nothing new."""
    assert outcomes((SHORT, range(6)), ([(5, 7), (2, 7)], range(7))) == [Outcome.AGAIN, Outcome.WHOLE]


@pytest.mark.parametrize(("repeated", "outcome"), [(False, Outcome.WHOLE), (True, Outcome.AGAIN)])
def test_a_first_pass_that_has_everything_ends_the_reading_unless_a_key_came_twice(
    repeated: bool, outcome: Outcome
) -> None:
    """One of its records may stand in for another. By itself a pass repeats nothing."""
    latest = passed(1, [(5, 7), (2, 7)])
    assert not latest.repeated
    latest.repeated = repeated
    assert PassHistory().judge(latest, 7) is outcome


@pytest.mark.parametrize(("number", "repeated", "unclear"), [(1, True, True), (1, False, False), (3, True, False)])
def test_a_key_that_came_twice_is_unclear_after_the_first_pass(number: int, repeated: bool, unclear: bool) -> None:
    """A second pass shows whether it moved, and a third one nothing more."""
    latest = passed(number, [(5, 7), (2, 7)])
    latest.repeated = repeated
    latest.copies.note({"a": [b"1"]})
    latest.copies.note({"a": [b"2"]})
    assert latest.is_unclear is unclear


def test_a_list_that_stays_short_is_read_four_times() -> None:
    """The fourth pass shows the same keys and counts as the third."""
    assert outcomes(*[(SHORT, range(6))] * 4) == [*[Outcome.AGAIN] * 3, Outcome.SHORT]


def test_a_list_that_changes_is_read_eight_times() -> None:
    """Then its records must explain its counts."""
    changing = [(SHORT if number % 2 else SHORTER, range(6)) for number in range(8)]
    assert outcomes(*changing) == [*[Outcome.AGAIN] * 7, Outcome.UNSETTLED]


def test_a_list_that_only_grows_is_whole_after_three_passes() -> None:
    """Records created since a pass began belong to the next sync."""
    growing: Pages = [(5, 7), (5, 12), (2, 12)]
    assert outcomes(*[(growing, range(11))] * 3) == [Outcome.AGAIN, Outcome.AGAIN, Outcome.WHOLE]


@pytest.mark.parametrize(
    ("keys", "outcome"),
    [
        ([range(6), range(1, 7), range(6), range(1, 7)], Outcome.CONSISTENT),
        ([range(6), range(6), range(6), range(6)], Outcome.SHORT),
        ([range(1, 7), range(6), range(6), range(6)], Outcome.SHORT),
    ],
)
def test_the_last_three_passes_together_may_be_whole(keys: list[Iterable[int]], outcome: Outcome) -> None:
    """An unstable order hides a record from each pass, and another copy fills its page."""
    steady: Pages = [(5, 7), (2, 7)]
    assert outcomes(*((steady, of) for of in keys))[-1] is outcome


NOISE = [(SHORT if number % 2 else SHORTER, range(6)) for number in range(7)]
"""Passes through a list that changes, each of which lacks a record."""


@pytest.mark.parametrize(
    ("pages", "keys", "earlier", "outcome"),
    [
        ([(5, 9), (2, 7)], range(7), range(9), Outcome.CONSISTENT),
        ([(5, 9), (2, 7)], range(7), range(8), Outcome.UNSETTLED),
        ([(5, 9), (2, 7)], range(6), range(20), Outcome.UNSETTLED),
        ([(4, 9), (2, 6)], range(6), range(20), Outcome.UNSETTLED),
    ],
)
def test_after_eight_passes_the_last_one_must_explain_what_it_counts(
    pages: Pages, keys: Iterable[int], earlier: Iterable[int], outcome: Outcome
) -> None:
    """Its smallest count by itself, its first one with what earlier passes delivered, and its pages are full."""
    assert outcomes((SHORTER, earlier), *NOISE[1:], (pages, keys))[-1] is outcome


def endless(number: int, previous: Pass | None) -> Pass:
    """A pass that ends at a page that repeats the first, and counts nothing."""
    latest = passed(number, [(5, None), (5, None)], range(5), previous)
    latest.pages.note_repeated(2)
    return latest


def test_a_list_without_an_end_is_never_explained() -> None:
    """Neither after eight passes, nor by the last three together."""
    history, previous = PassHistory(), None
    for number, (pages, keys) in enumerate(NOISE, 1):
        previous = passed(number, pages, keys, previous)
        history.judge(previous, 6)
    assert history.judge(endless(8, previous), 20) is Outcome.UNSETTLED
    history, previous = PassHistory(), None
    judged = []
    for number in range(1, 5):
        previous = endless(number, previous)
        judged.append(history.judge(previous, 5))
    assert judged == [*[Outcome.AGAIN] * 3, Outcome.SHORT]


STEADY: Pages = [(5, 7), (2, 7)]


@pytest.mark.parametrize(
    "passes",
    [
        [(SHORT, range(6)), (SHORT, range(1, 7)), (SHORT, range(6)), (SHORT, range(1, 7))],
        [(SHORT, range(6)), (SHORT, range(1, 7)), (STEADY, range(6)), (SHORT, range(1, 7))],
        [(STEADY, range(6)), ([(5, 8), (3, 8)], range(1, 8))] * 2,
    ],
    ids=["pages that are not full", "one page that is", "different counts"],
)
def test_passes_are_whole_together_only_if_each_is_full_and_counts_the_same(
    passes: list[tuple[Pages, Iterable[int]]],
) -> None:
    """Otherwise a record may be on no page, or the list may have changed."""
    assert outcomes(*passes)[-1] is Outcome.AGAIN


def test_passes_with_changing_counts_are_not_whole_together() -> None:
    """No count says how many records there are."""
    shrinking: Pages = [(5, 8), (2, 7)]
    assert outcomes(*[(shrinking, range(7))] * 4) == [*[Outcome.AGAIN] * 3, Outcome.SHORT]
