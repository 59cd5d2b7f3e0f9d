"""A state moves over an unbroken run of finished windows, to days that have begun, and no farther."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import account

from tiktok_marketing.clock import ClockReading
from tiktok_marketing.sync.plan.frontier import Frontier, ObjectsReached, shown_limit, state_limit
from tiktok_marketing.sync.plan.windows import Window

FIRST = date(2026, 3, 1)
DAY = timedelta(days=1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def window(number: int) -> Window:
    """A window of one day; the first is number 0."""
    return Window(FIRST + number * DAY, FIRST + number * DAY)


def cursor(number: int) -> str:
    """The cursor after all windows up to this one were read."""
    return f"{FIRST + number * DAY} 00:00:00"


def test_a_window_that_finishes_early_does_not_move_the_state() -> None:
    """The state moves once the windows before it are finished, and then over it as well."""
    frontier = Frontier(FIRST + 9 * DAY)
    first, second, third = (frontier.begin(window(number)) for number in range(3))
    assert frontier.finish(second) is None
    assert frontier.finish(first) == cursor(1)
    assert frontier.finish(third) == cursor(2)


def test_the_state_stays_before_a_blocked_window() -> None:
    """Windows before it still count; windows after it do not, whenever they began."""
    frontier = Frontier(FIRST + 9 * DAY)
    first, second, third = (frontier.begin(window(number)) for number in range(3))
    frontier.block(second)
    assert frontier.finish(third) is None
    assert frontier.finish(first) == cursor(0)
    assert frontier.finish(frontier.begin(window(3))) is None


def test_windows_that_begin_after_a_block_may_be_blocked_too() -> None:
    """They change nothing, whether or not windows before the first block are unfinished."""
    frontier = Frontier(FIRST + 9 * DAY)
    first, second = frontier.begin(window(0)), frontier.begin(window(1))
    frontier.block(second)
    frontier.block(frontier.begin(window(2)))
    frontier.block(second)
    assert frontier.finish(first) == cursor(0)
    frontier.block(frontier.begin(window(3)))
    assert not frontier.unbroken


def test_the_state_does_not_pass_its_limit() -> None:
    """A day that may not have begun yet is read, and read again by the next sync."""
    frontier = Frontier(FIRST + DAY)
    assert frontier.finish(frontier.begin(Window(FIRST, FIRST + 5 * DAY))) == cursor(1)


def test_a_report_without_days_moves_no_state() -> None:
    """A lifetime report has no cursor."""
    frontier = Frontier()
    assert frontier.finish(frontier.begin(None)) is None
    assert frontier.finish(frontier.begin(window(0))) is None


@given(
    st.integers(1, 12),
    st.lists(st.tuples(st.integers(0, 11), st.sampled_from(["finish", "finish", "block", "leave open"])), max_size=40),
    st.integers(0, 12),
)
def test_no_order_of_events_covers_a_window_that_was_not_delivered(
    count: int, events: list[tuple[int, str]], limit: int
) -> None:
    """The cursor is the end of the unbroken run of finished windows, up to the limit, and never goes back."""
    frontier = Frontier(FIRST + limit * DAY)
    tickets = [frontier.begin(window(number)) for number in range(count)]
    outcomes: dict[int, str] = {}
    reached = ""
    for number, outcome in events:
        if number >= count or number in outcomes or outcome == "leave open":
            continue
        outcomes[number] = outcome
        moved = None
        if outcome == "block":
            frontier.block(tickets[number])
        else:
            moved = frontier.finish(tickets[number])
        run = next((n for n in range(count) if outcomes.get(n) != "finish"), count)
        if moved is not None:
            assert moved >= reached
            reached = moved
        assert reached == (cursor(min(run - 1, limit)) if run else "")
        assert frontier.unbroken == (run == count)


@given(st.permutations(range(6)), st.integers(0, 5))
def test_every_order_of_ends_reaches_the_last_window_before_the_first_block(order: list[int], blocked: int) -> None:
    """Nothing that was delivered before the block is read again next time."""
    frontier = Frontier(FIRST + 30 * DAY)
    tickets = [frontier.begin(window(number)) for number in range(6)]
    cursors = []
    for number in order:
        if number == blocked:
            frontier.block(tickets[number])
        else:
            cursors.append(frontier.finish(tickets[number]))
    assert max((each for each in cursors if each), default=None) == (cursor(blocked - 1) if blocked else None)


def reached(latest: str, only_changed_since: str | None = None) -> str | None:
    """The cursor of objects whose reading began at noon."""
    frontier = Frontier()
    return frontier.finish(frontier.begin(None), ObjectsReached(latest, NOON, only_changed_since))


@pytest.mark.parametrize(
    ("latest", "expected"),
    [
        ("2026-03-10 09:00:00", "2026-03-10 09:00:00"),
        ("2026-03-10 11:50:00", "2026-03-10 11:50:00"),
        ("2026-03-10 11:50:01", "2026-03-10 11:50:00"),
        ("2026-03-10 12:30:00", "2026-03-10 11:50:00"),
        ("", None),
    ],
)
def test_objects_changed_within_ten_minutes_before_reading_are_read_again(latest: str, expected: str | None) -> None:
    """They may have changed again after their page was read."""
    assert reached(latest) == expected


def test_changed_objects_do_not_move_the_cursor_into_the_next_day() -> None:
    """A cursor of the next day would mean that all objects were read on it."""
    assert reached("2026-03-10 11:00:00", "2026-03-09 23:00:00") == "2026-03-09 23:59:59"
    assert reached("2026-03-10 11:00:00", "2026-03-10 01:00:00") == "2026-03-10 11:00:00"


def test_a_frontier_without_windows_is_unbroken() -> None:
    """A window that is only being read breaks the run until it finishes; a blocked one breaks it for good."""
    frontier = Frontier()
    assert frontier.unbroken
    ticket = frontier.begin(None)
    assert not frontier.unbroken
    frontier.finish(ticket)
    assert frontier.unbroken
    frontier.block(frontier.begin(None))
    assert not frontier.unbroken


def test_a_blocked_list_of_objects_moves_no_cursor() -> None:
    """A partial list may lack the very objects that changed."""
    frontier = Frontier()
    ticket = frontier.begin(None)
    frontier.block(ticket)
    assert frontier.finish(ticket, ObjectsReached("2026-03-10 09:00:00", NOON)) is None


def test_a_day_has_begun_once_it_has_begun_by_both_clocks() -> None:
    """The clock that is behind decides, in the account's time zone."""
    behind = datetime(2026, 3, 9, 22, tzinfo=UTC)
    clock = ClockReading(earliest=behind, latest=NOON, tiktok=NOON)
    assert state_limit(account(), date(2026, 3, 10), clock) == date(2026, 3, 9)
    assert state_limit(account(), date(2026, 3, 5), clock) == date(2026, 3, 5)


@pytest.mark.parametrize(
    ("hours_after_midnight", "late", "first", "limit"),
    [
        (1, 2, 8, 9),
        (2, 2, 8, 10),
        (15, 16, 8, 9),
        (16, 16, 8, 10),
        (1, 2, 10, 10),  # the state is at the tenth already
    ],
)
def test_a_state_without_a_lookback_waits_for_the_last_hours_of_a_day(
    hours_after_midnight: int, late: int, first: int, limit: int
) -> None:
    """It moves into a day once the day before is shown completely, and never back."""
    now = ClockReading.at(datetime(2026, 3, 10, hours_after_midnight, tzinfo=UTC))
    reached = shown_limit(account(), date(2026, 3, first), now, timedelta(hours=late))
    assert reached == date(2026, 3, limit)
