"""What partitions have read: merging in any order, and the states that follow."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from unit_builders import config

from tiktok_marketing.cluster.progress import Progress, Reached, advance, merge
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.plan.cursors import read_state

START = date(2026, 1, 1)
DAILY, OBJECTS = "ads_reports_daily", "campaigns"
days = st.integers(0, 40).map(lambda number: START + timedelta(days=number))
runs = st.tuples(days, days).map(lambda pair: (min(pair), max(pair)))


def of_days(begins: date, *read: tuple[date, date]) -> Reached:
    """What single partitions read of an account, merged."""
    reached = Reached(begins=begins)
    for run in read:
        reached = reached.merged(Reached(begins=begins, days=(run,)))
    return reached


stores = st.none() | st.frozensets(st.sampled_from("123")).map(lambda ids: tuple(sorted(ids)))
reports = st.builds(
    lambda begins, read, seen: replace(of_days(begins, *read), stores=seen), days, st.lists(runs, max_size=4), stores
)
objects = st.builds(Reached, cursor=st.sampled_from(["2026-01-01 10:00:00", "2026-02-01 00:00:00"]))
ids = st.sampled_from([AdvertiserId("7001"), AdvertiserId("7002"), AdvertiserId("7003")])
progresses = st.builds(
    lambda of_reports, of_objects: Progress({DAILY: of_reports, OBJECTS: of_objects}),
    st.dictionaries(ids, reports, max_size=3),
    st.dictionaries(ids, objects, max_size=3),
)


@given(progresses, progresses)
def test_merging_is_commutative(one: Progress, other: Progress) -> None:
    """It does not matter which partition ends first."""
    assert one.merged(other) == other.merged(one)


@given(progresses, progresses, progresses)
def test_merging_is_associative(one: Progress, other: Progress, third: Progress) -> None:
    """It does not matter which results meet first."""
    assert one.merged(other).merged(third) == one.merged(other.merged(third))


@given(progresses, progresses)
def test_merging_is_idempotent(one: Progress, other: Progress) -> None:
    """A result that arrives twice, at any time, changes nothing."""
    merged = one.merged(other)
    assert merged.merged(one) == merged == merged.merged(merged)


@given(progresses)
def test_progress_travels_as_json(progress: Progress) -> None:
    """What was written is read."""
    assert Progress.from_json(progress.to_json()) == progress


@given(st.lists(st.integers(0, 20), min_size=1, max_size=6, unique=True), st.randoms())
def test_a_state_moves_over_an_unbroken_run_of_days_only(read: list[int], random: object) -> None:
    """Of days that were read one by one, in any order, those before the first missing one count."""
    random.shuffle(read)  # type: ignore[attr-defined]
    parts = [
        Progress({DAILY: {AdvertiserId("7001"): of_days(START, (day, day))}})
        for day in (START + timedelta(days=number) for number in read)
    ]
    state = advance(config(), {}, merge(parts))[DAILY]
    cursor = read_state(DAILY, "stat_time_day", state).day_of(AdvertiserId("7001"))
    unbroken = next(number for number in range(22) if number not in read)
    assert cursor == (START + timedelta(days=unbroken - 1) if unbroken else None)


def test_a_state_from_before_is_continued() -> None:
    """Days that begin before the state, because they are read again, connect to it; it never moves back."""
    account = AdvertiserId("7001")
    before = {
        DAILY: advance(config(), {}, Progress({DAILY: {account: of_days(START, (START, date(2026, 1, 20)))}}))[DAILY]
    }
    again = Progress({DAILY: {account: of_days(date(2026, 1, 13), (date(2026, 1, 13), date(2026, 1, 15)))}})
    further = Progress({DAILY: {account: of_days(date(2026, 1, 13), (date(2026, 1, 16), date(2026, 1, 25)))}})
    assert advance(config(), before, again) == before
    after = advance(config(), before, merge([further, again]))
    assert read_state(DAILY, "stat_time_day", after[DAILY]).day_of(account) == date(2026, 1, 25)


def test_the_start_of_a_plan_that_leaves_days_out_is_kept() -> None:
    """If `start_date` is after the state, a sync goes on from there, and so do its partitions."""
    account = AdvertiserId("7001")
    before = advance(config(), {}, Progress({DAILY: {account: of_days(START, (START, date(2026, 1, 5)))}}))
    later = Progress({DAILY: {account: of_days(date(2026, 1, 20), (date(2026, 1, 20), date(2026, 1, 25)))}})
    after = advance(config(), before, later)
    assert read_state(DAILY, "stat_time_day", after[DAILY]).day_of(account) == date(2026, 1, 25)


def test_a_store_counts_as_read_if_all_partitions_of_its_account_saw_it() -> None:
    """The others are new to the next plan. What a state names already was compared when the plan was made."""
    account, by_store = AdvertiserId("7001"), "gmv_max_advertiser_reports_daily"
    day = date(2026, 1, 20)
    parts = [
        Progress({by_store: {account: replace(of_days(START, run), stores=seen)}})
        for run, seen in (((START, day), ("1", "2")), ((day, date(2026, 1, 30)), ("2", "3")))
    ]
    after = advance(config(), {}, merge(parts))
    assert after[by_store]["stores"] == {account: ["2"]}
    later = Progress({by_store: {account: replace(of_days(day, (day, date(2026, 2, 3))), stores=("2", "3"))}})
    assert advance(config(), after, later)[by_store]["stores"] == {account: ["2"]}
