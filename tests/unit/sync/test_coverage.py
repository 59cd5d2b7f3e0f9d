"""What a state says about the days and settings that its cursors cover."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import config, stream

from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.plan.coverage import Covered, coverage_in_state, coverage_to_state, wanted_of
from tiktok_marketing.sync.plan.windows import Window

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)
START = FIRST + 20 * DAY
UNTIL = START + 3 * DAY
OBJECTS = Covered(start=START, include_deleted=True)


def days_of(first: date, last: date) -> set[date]:
    """The days from the first to the last, both included."""
    return {first + number * DAY for number in range((last - first).days + 1)}


def claimed(covered: Covered) -> set[date]:
    """The days that it says were read."""
    earlier = set() if covered.earlier is None else days_of(covered.earlier.start, covered.earlier.end)
    return days_of(covered.start, UNTIL) | earlier


numbers = st.integers(0, 18)
windows_before = st.tuples(numbers, numbers).map(lambda ends: Window(FIRST + min(ends) * DAY, FIRST + max(ends) * DAY))


@given(windows_before, st.integers(0, 22).map(lambda number: FIRST + number * DAY))
def test_a_gap_begins_after_the_days_that_were_read_later(earlier: Window, first: date) -> None:
    """They count if they join the first day, so that a gap is one window."""
    gap = Covered(start=START, include_deleted=True, earlier=earlier).gap_from(first)
    missing = days_of(first, START - DAY)
    if earlier.start <= first <= earlier.end + DAY:
        missing -= days_of(earlier.start, earlier.end)
    assert (days_of(gap.start, gap.end) if gap else set()) == missing


@given(st.none() | windows_before, windows_before)
def test_days_that_join_earlier_ones_extend_them(earlier: Window | None, read: Window) -> None:
    """Others take their place. Once they reach `start`, they are part of what follows it."""
    before = Covered(start=START, include_deleted=True, metrics=7, earlier=earlier)
    after = before.with_earlier(read.start, read.end)
    joins = earlier is not None and earlier.start <= read.start <= earlier.end + DAY
    kept = days_of(earlier.start, earlier.end) if earlier is not None and joins else set()
    assert claimed(after) == days_of(START, UNTIL) | days_of(read.start, read.end) | kept
    assert (after.include_deleted, after.metrics) == (True, 7)


@pytest.mark.parametrize(
    ("first", "joined"),
    [(FIRST, False), (FIRST + DAY, True), (FIRST + 4 * DAY, True), (FIRST + 5 * DAY, True), (FIRST + 6 * DAY, False)],
)
def test_days_join_those_from_the_first_of_them_to_the_day_after_the_last(first: date, joined: bool) -> None:
    """In what is missing, and in what was read since."""
    covered = Covered(start=START, include_deleted=True, earlier=Window(FIRST + DAY, FIRST + 4 * DAY))
    assert covered.gap_from(first) == Window(FIRST + 5 * DAY if joined else first, START - DAY)
    after = covered.with_earlier(first, FIRST + 8 * DAY)
    assert after.earlier == Window(FIRST + DAY if joined else first, FIRST + 8 * DAY)


@pytest.mark.parametrize(("last", "joined"), [(START - 2 * DAY, False), (START - DAY, True), (START, True)])
def test_a_gap_is_closed_by_its_last_day(last: date, joined: bool) -> None:
    """The day before `start` closes it."""
    after = OBJECTS.with_earlier(FIRST, last)
    assert after == Covered(
        start=FIRST if joined else START, include_deleted=True, earlier=None if joined else Window(FIRST, last)
    )


@given(
    st.none() | windows_before, st.integers(-2, 22).map(lambda n: FIRST + n * DAY), st.integers(0, 30).map(DAY.__mul__)
)
def test_days_that_stay_as_they_were_are_not_covered(earlier: Window | None, final: date, gap: timedelta) -> None:
    """Nor is anything covered that was not before. Earlier days count up to the last one that is not read again."""
    before = Covered(start=START, include_deleted=True, metrics=7, earlier=earlier)
    first = final + DAY + gap
    after = before.kept_by(final, first)
    assert claimed(after) <= claimed(before) - days_of(final + DAY, first - DAY)
    assert claimed(after) >= days_of(max(START, first), UNTIL)
    if gap and final >= START:
        assert after.earlier == Window(START, final)
    elif not gap:
        assert claimed(after) == claimed(before) - days_of(final + DAY, START - DAY)
    assert (after.include_deleted, after.metrics) == (True, 7)


def test_earlier_days_that_are_all_read_again_are_no_earlier_days() -> None:
    """Nothing is left of them."""
    before = Covered(start=START, include_deleted=True, earlier=Window(FIRST + 2 * DAY, FIRST + 5 * DAY))
    assert before.kept_by(FIRST + DAY, FIRST + 2 * DAY).earlier is None
    assert before.kept_by(FIRST + 2 * DAY, FIRST + 3 * DAY).earlier == Window(FIRST + 2 * DAY, FIRST + 2 * DAY)


@pytest.mark.parametrize(("first", "start"), [(FIRST, FIRST), (START, START), (START + DAY, START)])
def test_an_earlier_first_day_without_a_gap_becomes_the_start(first: date, start: date) -> None:
    """A later one changes nothing: what was read stays read."""
    covered = Covered(start=START, include_deleted=True, earlier=Window(FIRST, FIRST))
    after = covered.from_day(first)
    assert after.start == start
    assert after.earlier == (None if start < START else covered.earlier)


DELETED = "include_deleted is on, and was off when it was read"
METRICS = "this version reads more metrics"


@pytest.mark.parametrize(
    ("read", "wanted", "reasons"),
    [
        ((False, 5), (True, 5), [DELETED]),
        ((True, 5), (False, 5), []),
        ((True, 5), (True, 6), [METRICS]),
        ((True, 6), (True, 5), []),
        ((False, 5), (True, 6), [DELETED, METRICS]),
    ],
)
def test_settings_that_ask_for_more_are_named(
    read: tuple[bool, int], wanted: tuple[bool, int], reasons: list[str]
) -> None:
    """Settings that ask for less lack nothing."""
    covered, asked = (
        Covered(start=START, include_deleted=deleted, metrics=metrics) for deleted, metrics in (read, wanted)
    )
    assert covered.lacks(asked) == reasons


@pytest.mark.parametrize("include_deleted", [True, False])
def test_where_nothing_is_hidden_deleted_objects_are_always_included(include_deleted: bool) -> None:
    """Only streams that hide deleted objects depend on the setting."""
    settings = config(include_deleted=include_deleted, start_date=FIRST, objects_since_start_date=True)
    daily = stream("ads_reports_daily")
    assert wanted_of(settings, stream("ads")) == Covered(start=FIRST, include_deleted=include_deleted)
    assert wanted_of(settings, stream("advertisers")).include_deleted
    assert wanted_of(settings, stream("advertisers_reports_daily")).include_deleted
    assert wanted_of(settings, daily) == Covered(
        start=FIRST, include_deleted=include_deleted, metrics=len(daily.metrics)
    )


def test_accounts_that_cover_the_same_share_an_entry() -> None:
    """If all accounts of the state do, the entry does not list them."""
    wide = Covered(start=FIRST, include_deleted=False, metrics=9, earlier=Window(FIRST - 3 * DAY, FIRST - 2 * DAY))
    assert coverage_to_state({"1": OBJECTS, "2": OBJECTS, "9": wide}, ["1", "2"]) == [
        {"start_date": "2026-01-21", "include_deleted": True}
    ]
    assert coverage_to_state({"1": OBJECTS, "3": wide}, ["1", "2", "3"]) == [
        {"start_date": "2026-01-21", "include_deleted": True, "advertiser_ids": ["1"]},
        {
            "start_date": "2026-01-01",
            "include_deleted": False,
            "metrics": 9,
            "earlier_start_date": "2025-12-29",
            "earlier_end_date": "2025-12-30",
            "advertiser_ids": ["3"],
        },
    ]


@given(
    st.dictionaries(
        st.sampled_from("1234"),
        st.builds(
            Covered,
            start=st.just(START),
            include_deleted=st.booleans(),
            metrics=st.integers(0, 3),
            earlier=st.none() | windows_before,
            report=st.sampled_from(("", "BASIC ad_id,stat_time_day; ad_ids IN 1")),
            extra=st.sampled_from(((), ("likes",), ("likes", "shares"))),
        ),
    )
)
def test_coverage_is_read_as_it_was_written(covered: dict[Any, Covered]) -> None:
    """For every account of the state, and for no other."""
    accounts = ["1", "2", "3"]
    known = {advertiser_id: of for advertiser_id, of in covered.items() if advertiser_id in accounts}
    assert coverage_in_state(coverage_to_state(covered, accounts), accounts) == known


ENTRY = {"start_date": "2026-01-21", "include_deleted": True}


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        "text",
        [7],
        [{"include_deleted": True}],
        [{"start_date": "2026-01-21"}],
        [{**ENTRY, "start_date": "0001-01-01"}],
        [{**ENTRY, "start_date": "9999-12-31"}],
        [{**ENTRY, "start_date": 20260121}],
        [{**ENTRY, "metrics": "many"}],
        [{**ENTRY, "metrics": None}],
        [{**ENTRY, "earlier_start_date": "2026-01-01"}],
        [{**ENTRY, "earlier_start_date": "2026-01-01", "earlier_end_date": "soon"}],
        [{**ENTRY, "advertiser_ids": "1"}],
        [{**ENTRY, "advertiser_ids": ["2"]}],
    ],
)
def test_coverage_that_is_not_understood_is_unknown(raw: Any) -> None:
    """It proves nothing, and stops no sync. A day without neighbours is not understood either."""
    assert coverage_in_state(raw, ["1"]) == {}


@pytest.mark.parametrize("start", ["0001-01-02", "9999-12-30"])
def test_an_entry_that_is_not_understood_hides_no_other(start: str) -> None:
    """Each entry counts by itself. The first and the last day with neighbours are days."""
    covered = coverage_in_state([7, {"metrics": 1}, {**ENTRY, "start_date": start, "advertiser_ids": [1]}], ["1", "2"])
    assert covered == {"1": Covered(start=date.fromisoformat(start), include_deleted=True)}
    assert not coverage_in_state([{**ENTRY, "include_deleted": "true"}], ["1"])["1"].include_deleted


@pytest.mark.parametrize(("covered", "wanted"), [(False, False), (False, True), (True, False), (True, True)])
def test_boosted_posts_are_covered_if_they_were_always_asked_for(covered: bool, wanted: bool) -> None:
    """If they are asked for now, days without them lack some."""
    start = date(2026, 1, 1)
    of = Covered(start=start, include_deleted=True, boosted_posts=covered)
    now = Covered(start=start, include_deleted=True, boosted_posts=wanted)
    assert of.reduced_to(now).boosted_posts == (covered and wanted)
    assert [reason for reason in of.lacks(now) if "include_promote" in reason] == (
        ["include_promote is on, and was off when it was read"] if wanted and not covered else []
    )


def test_metrics_of_the_configuration_are_covered_if_they_are_still_asked_for() -> None:
    """In their order."""
    start = date(2026, 1, 1)
    of = Covered(start=start, include_deleted=True, extra=("a", "b", "c"))
    assert of.reduced_to(Covered(start=start, include_deleted=True, extra=("a", "c", "d"))).extra == ("a", "c")


@pytest.mark.parametrize("boosted", [False, True])
def test_boosted_posts_in_what_is_covered_are_written_and_read_back(boosted: bool) -> None:
    """Otherwise the next sync would read everything again, or miss them."""
    account = AdvertiserId("7001")
    of = Covered(start=date(2026, 1, 1), include_deleted=True, boosted_posts=boosted)
    written = coverage_to_state({account: of}, (account,))
    assert coverage_in_state(written, (account,)) == {account: of}
