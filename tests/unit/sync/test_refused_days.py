"""Which days TikTok refuses metrics for, and how many requests it takes to know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from tiktok_marketing.api.error_rules import rule_for
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.refused_days import DayRefusals
from tiktok_marketing.sync.read.report_requests import Piece

FIRST, NEWEST = date(2026, 1, 1), date(2026, 3, 31)
WHOLE = Window(FIRST, FIRST + timedelta(days=29))
REACH = frozenset({"reach"})


class Account:
    """An account for which TikTok refuses a metric on some days.

    Args:
        refused: These days.
    """

    def __init__(self, refused: Callable[[date], bool]) -> None:
        self._refused = refused
        self.refusals = DayRefusals(NEWEST)
        self.asked: list[date] = []

    async def ask(self, piece: Piece) -> None:
        """Request a row of one day."""
        assert piece.window is not None
        assert piece.window.days == 1
        self.asked.append(piece.window.start)
        if self._refused(piece.window.start):
            raise rule_for(40002).error("Invalid metric fields: ['reach'].", endpoint="report/", code=40002)

    async def null_days(self, window: Window = WHOLE) -> set[date] | None:
        """The days of a window that are read without the metric; None if TikTok accepts it on no day."""
        of_window = self.refusals.for_window()
        work, without = [Piece(window)], set()
        while work:
            piece = work.pop()
            assert piece.window is not None
            if of_window.of(piece.window):
                without |= set(piece.window)
            elif any(map(self._refused, piece.window)):
                divided = await of_window.divided(piece, REACH, self.ask)
                if divided is None:
                    return None
                work += divided
        return without


@pytest.mark.parametrize("border", [0, 1, 9, 15, 29])
@pytest.mark.parametrize("older", [True, False])
async def test_only_days_that_are_refused_are_read_without_the_metric(border: int, older: bool) -> None:
    """Halving finds the border, and no day is tried twice."""
    day = FIRST + timedelta(days=border)
    account = Account((lambda each: each <= day) if older else (lambda each: day <= each <= WHOLE.end))
    refused = set(Window(FIRST, day) if older else Window(day, WHOLE.end))
    assert await account.null_days() == refused
    assert len(account.asked) == len(set(account.asked)) <= 10


async def test_a_metric_that_is_refused_everywhere_is_asked_for_once() -> None:
    """On the newest day, which is far from the others; later windows need no request."""
    account = Account(lambda _: True)
    assert await account.null_days() is None
    assert await account.null_days(Window(date(2026, 2, 1), date(2026, 2, 10))) is None
    assert await account.null_days(Window(date(2026, 3, 1), NEWEST)) is None
    assert account.asked == [NEWEST]


async def test_the_newest_window_is_compared_with_the_day_before_it() -> None:
    """No newer day has begun."""
    account = Account(lambda day: day == NEWEST)
    assert await account.null_days(Window(date(2026, 3, 20), NEWEST)) == {NEWEST}
    assert account.asked[0] == date(2026, 3, 19)


async def test_a_report_without_days_has_none_that_are_refused() -> None:
    """Its rows are sums over all days."""
    account = Account(lambda _: True)
    of_window = account.refusals.for_window()
    assert await of_window.divided(Piece(None), REACH, account.ask) is None
    assert await of_window.divided(Piece(WHOLE, summed=True), REACH, account.ask) is None
    assert of_window.of(None) == frozenset()
    assert not account.asked


async def test_a_window_that_is_refused_as_a_whole_is_not_divided() -> None:
    """Its first and its last day show it. Days outside of it have the metric, and what has no days too."""
    account = Account(lambda day: day in WHOLE)
    of_window = account.refusals.for_window()
    assert await of_window.divided(Piece(WHOLE), REACH, account.ask) == [Piece(WHOLE)]
    assert account.asked == [NEWEST, WHOLE.start, WHOLE.end]
    assert of_window.of(Window(WHOLE.end, WHOLE.end)) == REACH
    after, before = WHOLE.end + timedelta(days=1), WHOLE.start - timedelta(days=1)
    assert of_window.of(Window(after, after)) == of_window.of(Window(before, before)) == of_window.of(None) == set()


async def test_once_some_days_are_refused_no_other_day_is_asked_about_for_comparison() -> None:
    """It is known then that it is about days."""
    later = date(2026, 3, 20)
    account = Account(lambda day: day in {FIRST, later})
    assert await account.null_days() == {FIRST}
    assert await account.null_days(Window(later, NEWEST)) == {later}
    assert date(2026, 3, 19) not in account.asked


async def test_a_single_day_is_not_tried_again() -> None:
    """TikTok has refused it just now, whatever else its request could be divided by."""
    account = Account(lambda day: day == FIRST)
    piece = Piece(Window(FIRST, FIRST), id_field="campaign_ids", ids=("1", "2"))
    assert await account.refusals.for_window().divided(piece, REACH, account.ask) == [piece]
    assert account.asked == [NEWEST]
