"""What the states do not cover although the configuration asks for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from unit_builders import account, config, stream

from tiktok_marketing.catalog import ReportFilter, ReportStream
from tiktok_marketing.catalog.custom_reports import CustomReport
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.sync.plan.accounts import Account, Accounts
from tiktok_marketing.sync.plan.bounds import Bounds
from tiktok_marketing.sync.plan.coverage import Covered, covered_report
from tiktok_marketing.sync.plan.cursors import Cursors, read_state
from tiktok_marketing.sync.plan.gaps import Gap, Gaps, describe_gaps, find_gaps, settle_coverage
from tiktok_marketing.sync.plan.plan_sync import SyncPlan, plan_sync, read_states
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.windows import Window

DAILY = stream("ads_reports_daily")
ACCOUNTS = stream("advertisers_reports_daily")
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
TODAY = NOON.date()
METRICS = len(DAILY.metrics)


def state(start: str, *, deleted: bool = True, metrics: int = METRICS, ids: tuple[str, ...] = ("7001",)) -> Any:
    """A state that covers accounts up to 9 November."""
    cursors = Cursors("stat_time_day", dict.fromkeys(ids, "2026-11-09 00:00:00"))
    for advertiser_id in ids:
        cursors.cover(advertiser_id, Covered(start=date.fromisoformat(start), include_deleted=deleted, metrics=metrics))
    return cursors.to_state()


def plan(raw: Any, *, of: Any = DAILY, fill: bool = True, since: date | None = None, **fields: Any) -> SyncPlan:
    """Plan a sync of one stream."""
    accounts = fields.pop("accounts", [account("7001")])
    restart, now = fields.pop("restart", False), fields.pop("now", NOON)
    selected = [Selected(of, incremental=True)]
    settings = config(**{"start_date": "2026-11-01", "include_deleted": True, "attribution_window": 3} | fields)
    cursors = read_states(selected, {of.name: raw})
    clock = ClockReading(now, now, now)
    chosen = Accounts(tuple(accounts))
    return plan_sync(settings, selected, cursors, chosen, clock, bounds=Bounds(since), fill_gaps=fill, restart=restart)


def days(planned: SyncPlan, of: Any = DAILY) -> list[tuple[str, str]]:
    """The first and the last day of each partition."""
    return [(str(partition.first), str(partition.last)) for partition in planned.partitions[of.name]]


def test_nothing_is_missing_if_nothing_has_changed() -> None:
    """The state is followed, and nothing is said."""
    planned = plan(state("2026-11-01"))
    assert days(planned) == [("2026-11-06", "2026-11-10")]
    assert planned.notices == ()


def test_an_earlier_start_date_reads_only_the_days_before() -> None:
    """The days that the state covers are not read again, and no day is read twice."""
    planned = plan(state("2026-11-01"), start_date="2026-10-01")
    assert days(planned) == [("2026-10-01", "2026-10-31"), ("2026-11-06", "2026-11-10")]
    (notice,) = planned.notices
    assert notice.text == (
        "Because start_date is 2026-10-01, this sync also reads the days 2026-10-01 to 2026-10-31 for 1 account of "
        "ads_reports_daily."
    )


def test_the_lookback_does_not_reach_into_the_gap() -> None:
    """Rows that arrive twice in one sync would look like a difference."""
    planned = plan(state("2026-11-08"), start_date="2026-10-01", attribution_window=30)
    assert days(planned) == [("2026-10-01", "2026-11-07"), ("2026-11-08", "2026-11-10")]


def test_a_gap_that_was_begun_goes_on_where_it_ended() -> None:
    """A sync that was killed midway has recorded how far it was."""
    cursors = read_state(DAILY.name, "stat_time_day", state("2026-11-01"))
    covered = cursors.covered_of("7001")
    assert covered is not None
    cursors.cover("7001", covered.with_earlier(date(2026, 10, 1), date(2026, 10, 14)))
    begun = cursors.to_state()
    assert days(plan(begun, start_date="2026-10-01"))[0] == ("2026-10-15", "2026-10-31")
    assert days(plan(begun, start_date="2026-09-01"))[0] == ("2026-09-01", "2026-10-31")
    assert days(plan(begun, start_date="2026-10-20"))[0] == ("2026-10-20", "2026-10-31")


def test_deleted_objects_are_read_from_the_start() -> None:
    """Their rows may be missing on any day."""
    planned = plan(state("2026-11-01", deleted=False))
    assert days(planned) == [("2026-11-01", "2026-11-10")]
    assert planned.restarted == {DAILY.name}
    assert "include_deleted is on, and was off" in planned.notices[0].text.lower()


def test_a_report_of_accounts_hides_nothing() -> None:
    """`include_deleted` changes nothing there."""
    raw = state("2026-11-01", deleted=True, metrics=len(ACCOUNTS.metrics))
    assert plan(raw, of=ACCOUNTS, include_deleted=False).notices == ()
    assert plan(raw, of=ACCOUNTS, include_deleted=True).notices == ()


def test_more_metrics_are_read_from_the_start() -> None:
    """Their columns are empty on every day."""
    planned = plan(state("2026-11-01", metrics=METRICS - 1))
    assert days(planned) == [("2026-11-01", "2026-11-10")]
    assert "this version reads more metrics" in planned.notices[0].text.lower()


def test_a_new_account_is_read_from_the_start() -> None:
    """Others go on from their cursors."""
    planned = plan(state("2026-11-01"), accounts=[account("7001"), account("7002")])
    assert days(planned) == [("2026-11-06", "2026-11-10"), ("2026-11-01", "2026-11-10")]
    assert "for 1 account" in planned.notices[0].text


def test_settings_that_were_off_in_between_do_not_count_as_on() -> None:
    """A sync without deleted objects leaves days without them."""
    planned = plan(state("2026-11-01"), include_deleted=False)
    between = planned.cursors[DAILY.name].to_state()
    assert plan(between).restarted == {DAILY.name}


@pytest.mark.parametrize("since", [None, date(2026, 11, 3)])
@pytest.mark.parametrize("fields", [{"include_deleted": False}, {"start_date": "2026-11-10"}])
def test_a_state_that_covers_less_is_written_before_any_row(since: date | None, fields: dict[str, Any]) -> None:
    """A sync that is killed would leave days that were read without deleted objects under a state that has them."""
    planned = plan(state("2026-10-01"), since=since, **fields)
    assert planned.restarted == {DAILY.name}
    again = plan(planned.cursors[DAILY.name].to_state(), since=since, **fields)
    assert again.restarted == frozenset()


def test_days_between_the_cursor_and_a_later_start_date_are_not_covered() -> None:
    """They are left out, so they are missing once `start_date` moves back."""
    planned = plan(state("2026-10-01"), start_date="2026-11-10")
    back = plan(planned.cursors[DAILY.name].to_state(), start_date="2026-11-01")
    assert days(back) == [("2026-11-06", "2026-11-09"), ("2026-11-10", "2026-11-10")]
    cursors = read_state(DAILY.name, "stat_time_day", state("2026-10-01"))
    cursors.rewind("7001", "2026-11-05 00:00:00")
    left_out = plan(cursors.to_state(), start_date="2026-11-09").cursors[DAILY.name]
    assert left_out.move("7001", "2026-11-10 00:00:00")
    assert days(plan(left_out.to_state()))[0] == ("2026-11-02", "2026-11-08")


@pytest.mark.parametrize("lookback", [0, 3])
def test_a_later_start_date_that_cuts_the_lookback_leaves_days_that_are_not_final(lookback: int) -> None:
    """They were read while they still changed, such as the cursor's own day at noon."""
    first = plan(state("2026-10-01"), start_date="2026-10-01", attribution_window=lookback).cursors[DAILY.name]
    later = plan(first.to_state(), start_date="2026-11-10", attribution_window=lookback).cursors[DAILY.name]
    assert later.move("7001", "2026-11-10 00:00:00")
    back = plan(later.to_state(), start_date="2026-10-01", attribution_window=lookback)
    assert days(back)[0] == (f"2026-11-{9 - lookback:02}", "2026-11-09")


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=8),
    st.integers(0, 7),
)
@example([(0, 0, 0), (0, 20, 4), (5, 20, 0)], 7)
def test_whatever_first_and_last_days_there_were_every_day_is_read_once_it_is_final(
    syncs: list[tuple[int, int, int]], lookback: int
) -> None:
    """Days pass between the syncs, and each begins and ends some days ago. The last one asks for all days."""
    first, now = TODAY - timedelta(days=40), NOON - timedelta(days=20)
    raw: Any = None
    read_at: dict[date, date] = {}
    for passed, since, until in [*syncs, (0, 99, 0)]:
        now += timedelta(days=passed)
        end = now.date() - timedelta(days=until)
        start = max(first, min(end, now.date() - timedelta(days=since)))
        planned = plan(raw, start_date=str(start), end_date=str(end), attribution_window=lookback, now=now)
        raw = read(planned, read_at, now.date())
    assert set(read_at) == set(Window(first, now.date()))
    assert not [day for day, at in read_at.items() if at < min(now.date(), day + timedelta(days=lookback or 1))]


def read(planned: SyncPlan, read_at: dict[date, date], today: date) -> Any:
    """Read everything that is planned of one account. Returns the state."""
    cursors = planned.cursors[DAILY.name]
    for partition in planned.partitions[DAILY.name]:
        assert partition.first is not None
        assert partition.last is not None
        read_at |= dict.fromkeys(Window(partition.first, partition.last), today)
        covered = cursors.covered_of("7001")
        if partition.fills_gap:
            assert covered is not None
            cursors.cover("7001", covered.with_earlier(partition.first, partition.last))
        else:
            cursors.move("7001", f"{partition.state_limit} 00:00:00")
    return cursors.to_state()


def test_with_since_nothing_is_filled_and_nothing_new_counts_as_covered() -> None:
    """The caller has said which days to read."""
    planned = plan(state("2026-11-01", deleted=False), start_date="2026-10-01", since=date(2026, 11, 8))
    assert days(planned) == [("2026-11-08", "2026-11-10")]
    covered = planned.cursors[DAILY.name].covered_of("7001")
    assert covered == Covered(start=date(2026, 11, 1), include_deleted=False, metrics=METRICS)


def test_a_restart_leaves_the_states_of_other_accounts() -> None:
    """`--full` with fewer accounts forgets nothing of the others."""
    planned = plan(state("2026-11-01", ids=("7001", "7002")), restart=True)
    assert days(planned) == [("2026-11-01", "2026-11-10")]
    assert planned.restarted == {DAILY.name}
    assert planned.cursors[DAILY.name].accounts == ("7002",)
    assert planned.notices == ()


def test_through_airbyte_a_gap_is_only_reported() -> None:
    """The warning stays until the stream is refreshed, and the state is followed."""
    raw = state("2026-11-01", deleted=False)
    for _ in range(2):
        planned = plan(raw, fill=False, start_date="2026-10-01")
        assert days(planned) == [("2026-11-06", "2026-11-10")]
        (notice,) = planned.notices
        assert notice.level == "warning"
        assert "Refresh stream" in notice.text
        raw = planned.cursors[DAILY.name].to_state()


def test_a_state_that_does_not_say_what_it_covers_proves_nothing() -> None:
    """Airbyte's own connector writes such states."""
    raw = {"states": [{"partition": {"advertiser_id": "7001"}, "cursor": {"stat_time_day": "2026-11-09"}}]}
    planned = plan(raw, start_date="2026-01-01", fill=False)
    assert planned.notices == ()
    assert "coverage" not in planned.cursors[DAILY.name].to_state()


@given(
    start=st.dates(date(2026, 1, 1), date(2026, 3, 1)),
    moves=st.lists(st.tuples(st.dates(date(2026, 1, 1), date(2026, 3, 1)), st.integers(0, 70)), max_size=8),
)
def test_no_missing_day_is_ever_recorded_as_covered(start: date, moves: list[tuple[date, int]]) -> None:
    """Whatever `start_date` is in each sync, and wherever each sync ends."""
    covered = Covered(start=start, include_deleted=True)
    have = {start + timedelta(days=number) for number in range((date(2026, 3, 5) - start).days)}
    for first, read in moves:
        gap = covered.gap_from(first)
        if gap is None:
            covered = covered.from_day(first)
        elif read:
            reached = min(gap.end, gap.start + timedelta(days=read - 1))
            have |= {gap.start + timedelta(days=number) for number in range((reached - gap.start).days + 1)}
            covered = covered.with_earlier(gap.start, reached)
        claimed = {covered.start + timedelta(days=n) for n in range((date(2026, 3, 5) - covered.start).days)}
        if covered.earlier is not None:
            claimed |= {covered.earlier.start + timedelta(days=n) for n in range(covered.earlier.days)}
        assert claimed <= have
        gap = covered.gap_from(first)
        missing = set() if gap is None else {gap.start + timedelta(days=n) for n in range(gap.days)}
        wanted = {first + timedelta(days=n) for n in range((date(2026, 3, 5) - first).days)}
        assert wanted - missing <= have


def test_a_gap_is_a_window() -> None:
    """Both ends are missing days."""
    covered = Covered(start=date(2026, 11, 1), include_deleted=True)
    assert covered.gap_from(date(2026, 10, 1)) == Window(date(2026, 10, 1), date(2026, 10, 31))
    assert covered.gap_from(TODAY) is None


# -- the rules by themselves

WANTED = Covered(start=date(2026, 11, 1), include_deleted=True, metrics=METRICS)
CLOCK = ClockReading(NOON, NOON, NOON)


def cursors_of(covered: dict[str, Covered | None], day: str = "2026-11-09") -> Cursors:
    """Cursors of these accounts, and what they cover."""
    known = {advertiser_id: of for advertiser_id, of in covered.items() if of is not None}
    return Cursors("stat_time_day", dict.fromkeys(covered, f"{day} 00:00:00"), covered=known)


def gaps_of(
    cursors: Cursors, *accounts: Account, fill: bool = True, restart: bool = False, start: str = "2026-11-01"
) -> Gaps:
    """What is missing of the daily report."""
    settings = config(start_date=date.fromisoformat(start), include_deleted=True)
    return find_gaps(settings, DAILY, cursors, accounts, CLOCK, fill=fill, restart=restart)


def test_the_first_sync_lacks_nothing_and_covers_what_it_asks_for() -> None:
    """No account has been read before, so nobody is told that one was not."""
    cursors = cursors_of({})
    assert gaps_of(cursors, account("7001"), account("7002")) == Gaps(missing=[], windows={}, restarted=False)
    assert cursors.covered_of("7001") == cursors.covered_of("7002") == WANTED


def test_a_new_account_hides_no_gap_of_the_others() -> None:
    """It is named only if the sync reads it because of that."""
    new, known = account("7000"), account("7001")
    october = Window(date(2026, 10, 1), date(2026, 10, 31))
    filled = gaps_of(cursors_of({"7001": WANTED}), new, known, start="2026-10-01")
    assert filled.windows == {"7001": october}
    assert not filled.restarted
    assert [(gap.accounts, gap.days) for gap in filled.missing] == [(1, None), (1, october)]
    reported = gaps_of(cursors_of({"7001": WANTED}), new, known, fill=False, start="2026-10-01")
    assert reported.windows == {}
    assert [(gap.accounts, gap.days) for gap in reported.missing] == [(1, october)]


@pytest.mark.parametrize("fill", [True, False])
@pytest.mark.parametrize("restart", [True, False])
def test_accounts_that_lack_the_same_are_counted_together(fill: bool, restart: bool) -> None:
    """If they are read from the start, they cover what is asked for. If that was asked for, nothing is said."""
    before = Covered(start=date(2026, 11, 1), include_deleted=False, metrics=METRICS - 1)
    cursors = cursors_of({"7001": before, "7002": before, "7003": None})
    gaps = gaps_of(cursors, account("7001"), account("7002"), fill=fill, restart=restart)
    reason = "include_deleted is on, and was off when it was read and this version reads more metrics"
    assert gaps.missing == ([] if restart else [Gap(DAILY.name, reason, 2)])
    assert gaps.restarted == (fill or restart)
    assert cursors.accounts == (("7003",) if gaps.restarted else ("7001", "7002", "7003"))
    assert cursors.covered_of("7001") == (WANTED if gaps.restarted else before)


@pytest.mark.parametrize(("name", "start"), [("campaigns", date(2026, 11, 1)), (DAILY.name, date(2026, 11, 9))])
def test_only_days_are_read_again_for_late_figures(name: str, start: date) -> None:
    """What was read of objects stays covered, if `start_date` is the day of the cursor."""
    cursors = cursors_of({"7001": Covered(start=date(2026, 11, 1), include_deleted=True, metrics=METRICS)})
    settings = config(
        start_date=date(2026, 11, 9), include_deleted=True, attribution_window=3, objects_since_start_date=True
    )
    settle_coverage(settings, stream(name), cursors, [account("7001")])
    covered = cursors.covered_of("7001")
    assert covered is not None
    assert covered.start == start


@pytest.mark.parametrize("order", [("7001", "7002"), ("7002", "7001")])
def test_one_account_that_covers_less_is_enough(order: tuple[str, str]) -> None:
    """The state of the stream is written before any row, whatever the other accounts cover."""
    shows = Covered(start=date(2026, 11, 1), include_deleted=True, metrics=METRICS)
    hides = Covered(start=date(2026, 11, 1), include_deleted=False, metrics=METRICS)
    settings = config(start_date=date(2026, 11, 1), include_deleted=False)
    cursors = cursors_of({"7001": shows, "7002": hides})
    assert settle_coverage(settings, DAILY, cursors, [account(each) for each in order])
    assert not settle_coverage(settings, DAILY, cursors, [account(each) for each in order])


def test_days_before_an_account_was_created_are_not_missing() -> None:
    """They count as covered, so that the state begins where `start_date` does."""
    cursors = cursors_of({"7001": WANTED})
    gaps = gaps_of(cursors, account("7001", created=date(2026, 11, 1)), start="2026-10-01")
    assert gaps == Gaps(missing=[], windows={}, restarted=False)
    covered = cursors.covered_of("7001")
    assert covered is not None
    assert covered.start == date(2026, 10, 1)
    created = gaps_of(cursors_of({"7001": WANTED}), account("7001", created=date(2026, 10, 20)), start="2026-10-01")
    assert created.windows == {"7001": Window(date(2026, 10, 20), date(2026, 10, 31))}


@pytest.mark.parametrize("limited", [True, False])
def test_start_date_matters_to_objects_only_where_it_limits_them(limited: bool) -> None:
    """Through Airbyte, older ones may be missing. The command and the library have read them whatever their age."""
    campaigns = stream("campaigns")
    fields = {"of": campaigns, "objects_since_start_date": limited, "fill": False}
    read_once = plan(None, start_date="2026-11-01", **fields).cursors["campaigns"]
    assert read_once.move("7001", "2026-11-05 10:00:00")
    later = plan(read_once.to_state(), start_date="2026-11-08", **fields)
    assert later.notices == ()
    back = plan(later.cursors["campaigns"].to_state(), start_date="2026-10-01", **fields)
    assert ["start_date is 2026-10-01" in notice.text for notice in back.notices] == [True] * limited


@pytest.mark.parametrize("created", [None, date(1969, 12, 31)])
def test_days_before_the_first_one_of_tiktok_are_not_missing(created: date | None) -> None:
    """If nobody knows when the account was created, a `start_date` of 1970 costs no request for forty years."""
    filled = gaps_of(cursors_of({"7001": WANTED}), account("7001", created=created), start="1970-01-01")
    assert filled.windows == {"7001": Window(date(2012, 1, 1), date(2026, 10, 31))}


@pytest.mark.parametrize(
    ("start", "lookback", "covered_from", "earlier"),
    [
        ("2026-11-09", 0, 1, None),
        ("2026-11-10", 0, 10, (1, 8)),
        ("2026-11-11", 0, 11, (1, 8)),
        ("2026-11-06", 3, 1, None),
        ("2026-11-07", 3, 7, (1, 5)),
        ("2026-11-02", 9, 2, None),
    ],
)
def test_what_the_cursors_cover_ends_at_days_that_are_left_out(
    start: str, lookback: int, covered_from: int, earlier: tuple[int, int] | None
) -> None:
    """The state goes on without a gap only if `start_date` is not after the first day that is due by the look-back."""
    covered = Covered(start=date(2026, 11, 1), include_deleted=True, metrics=METRICS + 1)
    cursors = cursors_of({"7001": None, "7002": covered})
    cursors.cover("7000", covered)
    settings = config(start_date=date.fromisoformat(start), include_deleted=False, attribution_window=lookback)
    settle_coverage(settings, DAILY, cursors, [account(advertiser_id) for advertiser_id in ("7000", "7001", "7002")])
    assert cursors.covered_of("7000") == covered
    assert cursors.covered_of("7001") is None
    expected = Covered(
        start=date(2026, 11, covered_from),
        include_deleted=False,
        metrics=METRICS,
        earlier=None if earlier is None else Window(*(date(2026, 11, day) for day in earlier)),
    )
    assert cursors.covered_of("7002") == expected


def test_an_account_takes_the_common_cursor_before_its_gaps_are_found() -> None:
    """The form that is written has no common cursor."""
    cursors = Cursors("stat_time_day", common="2026-11-09 00:00:00")
    gaps_of(cursors, account("7001"))
    assert cursors.accounts == ("7001",)


@pytest.mark.parametrize(
    ("streams", "accounts", "days", "text"),
    [
        (1, (1,), Window(TODAY, TODAY), "also reads the day 2026-11-10 for 1 account of s0."),
        (5, (3, 1_200), None, "everything from start_date on for 1,200 accounts of s0, s1, s2, s3, s4."),
        (6, (2,), None, "everything from start_date on for 2 accounts of s0, s1, s2, s3, s4 and 1 more stream."),
        (8, (2,), None, "for 2 accounts of s0, s1, s2, s3, s4 and 3 more streams."),
    ],
)
def test_a_notice_names_five_streams_and_counts_the_others(
    streams: int, accounts: tuple[int, ...], days: Window | None, text: str
) -> None:
    """The accounts are those of the stream that has the most."""
    gaps = [Gap(f"s{number}", "of that", count, days) for count in accounts for number in range(streams)]
    (notice,) = describe_gaps(gaps, filled=True)
    assert notice.endswith(text)


@pytest.mark.parametrize(("last", "words"), [(1, "the day 2026-10-01"), (2, "the days 2026-10-01 to 2026-10-02")])
def test_a_notice_names_one_day_or_several(last: int, words: str) -> None:
    """In the singular and the plural."""
    gap = Gap(DAILY.name, "start_date is earlier", 1, Window(date(2026, 10, 1), date(2026, 10, last)))
    (text,) = describe_gaps([gap], filled=True)
    assert f"also reads {words} for 1 account of" in text


def own(*ids: str, metrics: tuple[str, ...] = ("spend",), **fields: Any) -> ReportStream:
    """A report of one's own, with a filter by these ads."""
    filters = (ReportFilter(field="ad_ids", values=ids),) if ids else ()
    return CustomReport(name="mine", metrics=metrics, filters=filters, **fields).stream


def state_of(of: ReportStream) -> Any:
    """A state that covers all days that the configuration asks for."""
    cursors = Cursors("stat_time_day", {"7001": "2026-11-09 00:00:00"})  # type: ignore[dict-item]
    covered = covered_report(of, date(2026, 11, 1), include_deleted=True)
    cursors.cover("7001", covered)  # type: ignore[arg-type]
    return cursors.to_state()


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [
        (own("1"), own("2"), "the dimensions or filters of the report have changed"),
        (own(), own("1"), "the dimensions or filters of the report have changed"),
        (own("1"), own(), "the dimensions or filters of the report have changed"),
        (own(), own(dimensions=("country_code",)), "the dimensions or filters of the report have changed"),
        (own(), own(metrics=("clicks",)), "these metrics were added: clicks"),
        (own(include_deleted=False), own(include_deleted=True), ""),
        (own("1", "2"), own("2", "1"), ""),
        (own(metrics=("spend", "clicks")), own(metrics=("clicks",)), ""),
    ],
)
def test_a_report_that_has_changed_is_read_from_the_start(before: ReportStream, now: ReportStream, reason: str) -> None:
    """Whatever is different about its rows. A metric less changes none."""
    planned = plan(state_of(before), of=now)
    if not reason:
        assert days(planned, now)[0][0] == "2026-11-06"
        return
    assert days(planned, now) == [("2026-11-01", "2026-11-10")]
    [notice] = planned.notices
    assert reason in notice.text


def test_a_change_and_back_is_not_forgotten_where_nothing_is_filled() -> None:
    """Days in between were read with the other filter, so the state covers neither."""
    raw = state_of(own("1"))
    for each in (own("2"), own("1"), own("1")):
        planned = plan(raw, of=each, fill=False)
        [notice] = planned.notices
        assert "may be missing" in notice.text
        cursors = planned.cursors["mine"]
        assert cursors is not None
        raw = cursors.to_state()


def test_extra_metrics_of_a_fixed_report_are_told_apart_by_name() -> None:
    """Another one in the place of the first changes no number."""

    def extended(name: str) -> ReportStream:
        source = DAILY.source  # type: ignore[union-attr]
        more = msgspec.structs.replace(source, metrics=(*source.metrics, name))
        return msgspec.structs.replace(DAILY, source=more)  # type: ignore[return-value]

    planned = plan(state_of(extended("total_checkout")), of=extended("onsite_form"))
    assert days(planned) == [("2026-11-01", "2026-11-10")]
    assert "these metrics were added: onsite_form" in planned.notices[0].text
