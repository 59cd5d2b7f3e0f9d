from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.windows import FIRST_DAY, Window, count_windows, final_day, first_day, windows
from tiktok_marketing.sync.plan.zones import (
    ZONE_AHEAD_OF_ALL,
    ZONE_BEHIND_ALL,
    day_in,
    earliest_day_in,
    shows_hour_twice,
    zones_of,
)

DAY = timedelta(days=1)
START = date(2026, 1, 1)
LAST = date(2026, 3, 10)

days = st.dates(min_value=date(2012, 1, 1), max_value=date(2032, 12, 31))
spans = st.integers(min_value=-40, max_value=800)
lengths = st.integers(min_value=1, max_value=40)


def all_days(window: Window) -> list[date]:
    """The days of a window."""
    return [window.start + n * DAY for n in range(window.days)]


@given(days, spans, lengths)
def test_windows_cover_every_day_once_in_order(first: date, span: int, length: int) -> None:
    """Each day from the first to the last is in exactly one window, oldest first; none if there is no day."""
    covered = [day for window in windows(first, first + span * DAY, length) for day in all_days(window)]
    assert covered == [first + n * DAY for n in range(span + 1)]


@given(days, spans, lengths)
def test_no_window_exceeds_the_given_days(first: date, span: int, length: int) -> None:
    """All windows but the last are full, and none is empty."""
    sizes = [window.days for window in windows(first, first + span * DAY, length)]
    assert all(size == length for size in sizes[:-1])
    assert all(1 <= size <= length for size in sizes)


@given(days, spans, lengths)
def test_counting_windows_agrees_with_making_them(first: date, span: int, length: int) -> None:
    """The count is exact, and 0 if there is no day."""
    last = first + span * DAY
    assert count_windows(first, last, length) == len(list(windows(first, last, length)))


def test_windows_equal_airbytes() -> None:
    """1 September to 22 November in steps of 30 days are the three windows that Airbyte's connector requests."""
    result = windows(date(2026, 9, 1), date(2026, 11, 22), 30)
    assert [str(window) for window in result] == [
        "2026-09-01 to 2026-09-30",
        "2026-10-01 to 2026-10-30",
        "2026-10-31 to 2026-11-22",
    ]


def test_a_window_of_one_day_is_written_as_the_day() -> None:
    """People read `2026-01-01`, not a range."""
    assert str(Window(START, START)) == "2026-01-01"


@given(days, st.integers(min_value=0, max_value=60))
def test_halves_are_the_same_days(first: date, span: int) -> None:
    """Two halves contain each day once and differ by at most one day; a single day has no halves."""
    window = Window(first, first + span * DAY)
    halves = window.halves()
    if span == 0:
        assert halves is None
    else:
        assert halves is not None
        assert all_days(halves[0]) + all_days(halves[1]) == all_days(window)
        assert 0 <= halves[0].days - halves[1].days <= 1


def test_without_a_state_reading_starts_at_the_start_date() -> None:
    """The lookback applies to a state; a first sync requests no day before `start_date`."""
    assert first_day(START, created=None, state=None, lookback=3, last=LAST) == START


def test_no_day_before_the_account_existed() -> None:
    """Reading starts at the day the account was created, at the earliest."""
    assert first_day(START, created=date(2026, 2, 1), state=None, lookback=3, last=LAST) == date(2026, 2, 1)


def test_an_account_older_than_the_start_changes_nothing() -> None:
    """The day of creation is a lower bound, not a beginning."""
    assert first_day(START, created=date(2020, 1, 1), state=None, lookback=3, last=LAST) == START


def test_reading_starts_at_the_lookback_before_the_state() -> None:
    """With a state of 4 January and a window of 3 days it starts on 1 January, as Airbyte's does."""
    first = first_day(date(2025, 1, 1), created=None, state=date(2026, 1, 4), lookback=3, last=LAST)
    assert first == date(2026, 1, 1)


def test_the_lookback_never_passes_the_start_date() -> None:
    """Days before `start_date` are not read."""
    assert first_day(START, created=None, state=date(2026, 1, 2), lookback=30, last=LAST) == START


def test_the_lookback_never_passes_the_accounts_first_day() -> None:
    """Before it there is nothing."""
    first = first_day(START, created=date(2026, 2, 1), state=date(2026, 2, 3), lookback=30, last=LAST)
    assert first == date(2026, 2, 1)


def test_a_lookback_of_zero_reads_the_last_day_again() -> None:
    """That day may not have been over when it was read."""
    assert first_day(START, created=None, state=date(2026, 3, 1), lookback=0, last=LAST) == date(2026, 3, 1)


def test_a_state_ahead_of_today_counts_as_today() -> None:
    """Otherwise the days until then would never be read."""
    first = first_day(START, created=None, state=date(2027, 1, 1), lookback=3, last=LAST)
    assert first == LAST - 3 * DAY


@pytest.mark.parametrize(("lookback", "final"), [(0, date(2026, 3, 9)), (3, date(2026, 3, 6))])
def test_the_last_final_day_is_the_one_before_those_that_are_read_again(lookback: int, final: date) -> None:
    """The last day that was read is read again in any case."""
    assert final_day(LAST, lookback=lookback) == final
    assert first_day(START, created=None, state=LAST, lookback=lookback, last=LAST) == final + DAY
    assert final_day(date.min, lookback=lookback) == date.min


def test_figures_begin_in_2012() -> None:
    """As Airbyte's connector 3.9.6 begins to read."""
    assert date(2012, 1, 1) == FIRST_DAY


def test_the_lookback_ends_at_the_first_day_of_the_calendar() -> None:
    """A state near it has no days before."""
    first = first_day(date.min, created=None, state=date.min + DAY, lookback=3, last=LAST)
    assert first == date.min


@given(
    st.dates(date(2012, 1, 1), date(2032, 1, 1)),
    st.none() | days,
    st.none() | days,
    st.integers(min_value=0, max_value=364),
    days,
)
def test_the_first_day_is_bounded(
    start: date, created: date | None, state: date | None, lookback: int, last: date
) -> None:
    """It is never before `start_date` or the account's first day, and leaves no day between the state and itself."""
    first = first_day(start, created=created, state=state, lookback=lookback, last=last)
    assert first >= start
    assert created is None or first >= created
    floor = max(start, created or start)
    assert first <= floor if state is None else first <= max(floor, min(state, last))


def offset_of(timezone: object, display_timezone: object = None) -> float | None:
    """The offset of an account's days in hours; None if its zone is unknown."""
    zone, _ = zones_of(timezone, display_timezone)
    offset = zone.utcoffset(None)
    assert offset is not None
    return None if zone is ZONE_AHEAD_OF_ALL else offset.total_seconds() / 3600


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("Etc/GMT+8", -8),  # the inverted sign of the time zone database
        ("Etc/GMT-14", 14),
        ("Etc/GMT+12", -12),
        ("Etc/GMT", 0),
        ("Etc/GMT0", 0),
        ("Etc/GMT-5:30", 5.5),
        ("etc/gmt+3:30", -3.5),
        ("Etc/UTC", 0),
        ("UTC", 0),
        ("GMT", 0),
        ("GMT+08:00", 8),  # the sign that people write
        ("GMT-8", -8),
        ("UTC-3:30", -3.5),
        ("UTC+0530", 5.5),
        ("UTC+530", 5.5),
        ("utc +5:30", 5.5),
        ("UTC\u22123:30", -3.5),
        ("(UTC+09:30)", 9.5),
        ("+05:30", 5.5),
        ("-08:00", -8),
        (" Etc/GMT+8 ", -8),
        ("Asia/Kolkata", 5.5),
        ("Asia/Calcutta", 5.5),
        ("Asia/Kathmandu", 5.75),
        ("Pacific/Kiritimati", 14),
        ("America/Los_Angeles", -8),  # standard time, all year
        ("America/St_Johns", -3.5),
        ("Australia/Adelaide", 9.5),  # summer is in January there
        ("Europe/Dublin", 0),  # the time zone database calls its winter time the exception
    ],
)
def test_every_form_of_timezone_is_a_fixed_offset(name: str, hours: float) -> None:
    """An offset may be spelled out or named by a place, whose standard time counts in summer, too."""
    assert offset_of(name) == offset_of(name, "America/New_York") == hours


@pytest.mark.parametrize(
    "name",
    [
        *("", "  ", None, "Nowhere/City", "America", "../../etc/passwd", "/etc/localtime", "a\0b", "x" * 5000),
        *("UTC+25", "GMT+8:75", "Etc/GMT+13", "UTC+14:30", "8", "+", 5, 0, True, ["Asia/Tokyo"], {}),
    ],
)
def test_without_a_readable_timezone_the_place_counts(name: object) -> None:
    """Its standard time is the offset. If it is not readable either, the zone is unknown."""
    assert offset_of(name, "America/Los_Angeles") == -8
    assert offset_of(name, "Asia/Tokyo") == 9
    assert offset_of(name, name) is None
    assert zones_of(name, name) == (ZONE_AHEAD_OF_ALL, None)


@given(st.text(max_size=30) | st.text(alphabet="./\\\0ab~", max_size=8) | st.text(alphabet="UTCGM+-:0123456789 /etc"))
def test_any_zone_name_gives_a_zone(name: str) -> None:
    """Whatever TikTok writes."""
    zone, _ = zones_of(name, name)
    offset = zone.utcoffset(None)
    assert offset is not None
    assert timedelta(hours=-12) <= offset <= timedelta(hours=14)


def test_an_account_at_utc_plus_14_has_a_known_zone() -> None:
    """The zone where days begin first is a real one, too."""
    zone, place = zones_of("Etc/GMT-14", "Pacific/Kiritimati")
    assert Account(advertiser_id=AdvertiserId("1"), zone=zone, place=place).zone_is_known
    assert not Account(advertiser_id=AdvertiserId("1")).zone_is_known


@pytest.mark.parametrize(
    ("time", "today", "started"),
    [
        (datetime(2026, 7, 2, 6, 59, tzinfo=UTC), 1, 1),
        (datetime(2026, 7, 2, 7, 30, tzinfo=UTC), 1, 1),  # in Los Angeles, 00:30 of the next day
        (datetime(2026, 7, 2, 8, tzinfo=UTC), 2, 2),
    ],
)
def test_daylight_saving_time_moves_no_day(time: datetime, today: int, started: int) -> None:
    """In summer a day begins at 08:00 UTC for an account at UTC-8, one hour after midnight in Los Angeles."""
    zone, place = zones_of("Etc/GMT+8", "America/Los_Angeles")
    account = Account(advertiser_id=AdvertiserId("1"), zone=zone, place=place)
    assert account.today(time) == date(2026, 7, today)
    assert account.latest_started_day(time) == date(2026, 7, started)


def test_a_day_has_started_only_once_it_has_by_offset_and_place() -> None:
    """If the place is behind the offset, the state waits for the place."""
    zone, place = zones_of("Etc/GMT-8", "America/Los_Angeles")
    account = Account(advertiser_id=AdvertiserId("1"), zone=zone, place=place)
    time = datetime(2026, 7, 2, 6, tzinfo=UTC)
    assert (account.today(time), account.latest_started_day(time)) == (date(2026, 7, 2), date(2026, 7, 1))


@pytest.mark.parametrize(
    ("zone", "time", "expected"),
    [
        ("Pacific/Kiritimati", datetime(2026, 3, 9, 10, tzinfo=UTC), date(2026, 3, 10)),  # UTC+14
        ("Pacific/Kiritimati", datetime(2026, 3, 9, 9, 59, tzinfo=UTC), date(2026, 3, 9)),
        ("Pacific/Pago_Pago", datetime(2026, 3, 10, 10, 59, tzinfo=UTC), date(2026, 3, 9)),  # UTC-11
        ("Pacific/Pago_Pago", datetime(2026, 3, 10, 11, tzinfo=UTC), date(2026, 3, 10)),
        ("Asia/Kolkata", datetime(2026, 3, 9, 18, 29, tzinfo=UTC), date(2026, 3, 9)),  # UTC+5:30
        ("Asia/Kolkata", datetime(2026, 3, 9, 18, 30, tzinfo=UTC), date(2026, 3, 10)),
        ("Asia/Kathmandu", datetime(2026, 3, 9, 18, 15, tzinfo=UTC), date(2026, 3, 10)),  # UTC+5:45
        ("America/St_Johns", datetime(2026, 1, 10, 3, 29, tzinfo=UTC), date(2026, 1, 9)),  # UTC-3:30
        ("America/Los_Angeles", datetime(2026, 3, 8, 7, 59, tzinfo=UTC), date(2026, 3, 7)),  # the clocks go forward
        ("America/Los_Angeles", datetime(2026, 3, 9, 6, 59, tzinfo=UTC), date(2026, 3, 8)),
        ("America/Los_Angeles", datetime(2026, 3, 9, 7, tzinfo=UTC), date(2026, 3, 9)),
        ("Europe/Berlin", datetime(2026, 10, 25, 22, 59, tzinfo=UTC), date(2026, 10, 25)),  # and back
        ("Europe/Berlin", datetime(2026, 10, 25, 23, tzinfo=UTC), date(2026, 10, 26)),
    ],
)
def test_a_day_is_in_the_accounts_time_zone(zone: str, time: datetime, expected: date) -> None:
    """The date of a time is that of the zone's clock."""
    assert day_in(ZoneInfo(zone), time) == expected


def test_the_earliest_day_of_an_unknown_zone_is_where_days_begin_last() -> None:
    """An account may have been created on the day before, and its day may not be over."""
    time = datetime(2026, 3, 10, 11, tzinfo=UTC)
    assert (earliest_day_in(ZONE_AHEAD_OF_ALL, time), day_in(ZONE_AHEAD_OF_ALL, time)) == (
        date(2026, 3, 9),
        date(2026, 3, 11),
    )
    assert earliest_day_in(ZoneInfo("Pacific/Kiritimati"), time) == date(2026, 3, 11)


def test_the_stand_in_for_an_unknown_zone_is_ahead_of_all() -> None:
    """It is on the latest day anywhere."""
    time = datetime(2026, 3, 9, 10, tzinfo=UTC)
    assert day_in(ZONE_AHEAD_OF_ALL, time) == day_in(ZoneInfo("Pacific/Kiritimati"), time)
    assert day_in(ZONE_BEHIND_ALL, time) == day_in(ZoneInfo("Etc/GMT+12"), time)


@pytest.mark.parametrize(
    ("place", "hour", "twice"),
    [
        ("America/New_York", "2025-11-02 01:00:00", True),
        ("America/New_York", "2025-11-02 02:00:00", False),
        ("America/New_York", "2025-03-09 02:00:00", False),  # the hour that clocks skip in spring
        ("America/New_York", "2025-11-03 01:00:00", False),
        ("Australia/Lord_Howe", "2025-04-06 01:30:00", True),
        ("Asia/Kolkata", "2025-11-02 01:00:00", False),
        ("America/New_York", "soon", False),
        (None, "2025-11-05 13:00:00", True),
    ],
)
def test_an_hour_comes_twice_where_clocks_go_back(place: str | None, hour: str, twice: bool) -> None:
    """At the account's place; of an unknown place, any hour may."""
    assert shows_hour_twice(ZoneInfo(place) if place else None, hour) is twice


def test_a_window_goes_through_its_days_in_order() -> None:
    """From the first to the last."""
    window = Window(date(2026, 2, 27), date(2026, 3, 1))
    assert list(window) == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]


def test_without_a_place_the_offset_stands_for_it() -> None:
    """A state then moves by the offset alone."""
    zone, place = zones_of("UTC+05:30", None)
    assert (zone, place) == (timezone(timedelta(hours=5, minutes=30)),) * 2


def test_days_begin_last_twelve_hours_behind_utc() -> None:
    """No place is farther behind."""
    assert ZONE_BEHIND_ALL.utcoffset(None) == timedelta(hours=-12)
