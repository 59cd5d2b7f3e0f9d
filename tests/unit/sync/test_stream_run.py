from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from unit_builders import OAUTH, account, stream

from tiktok_marketing.airbyte.messages import state_line
from tiktok_marketing.api.error_rules import rule_for
from tiktok_marketing.config import AdvertiserId, parse_config
from tiktok_marketing.errors import ConnectorError, PartialAnswerError
from tiktok_marketing.sync.plan.coverage import Covered
from tiktok_marketing.sync.plan.cursors import NO_CURSOR, Cursor, Cursors
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.refresh import RefreshProgress
from tiktok_marketing.sync.plan.selection import RefreshId, Selected, choose_streams
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.run.stream_run import StreamRun

STREAM = stream("ads_reports_daily")
ROW = 2600
"""Bytes of a record of this stream with the shortest values."""


def ids(accounts: int) -> list[str]:
    """Ids as long as TikTok's."""
    return [str(7_000_000_000_000_000_000 + number) for number in range(accounts)]


def simulate(accounts: int, *, rows: int, seconds: int, per_second: int = 10) -> tuple[list[float], int, int]:
    """Read windows with this many rows each, account by account. Returns the times of checkpoints, and the bytes."""
    known = ids(accounts)
    run = StreamRun(
        Selected(STREAM, incremental=True), Cursors("stat_time_day", dict.fromkeys(known, "2020-01-01")), 0.0
    )
    due, states, records = [], 0, 0
    for number in range(seconds * per_second):
        at = number / per_second
        if rows:
            run.delivered(rows, rows * ROW)
            records += rows * ROW
        run.advance(known[number % accounts], f"2026-01-01 {number // accounts:08d}")
        if run.checkpoint_due(at):
            due.append(at)
            checkpoint = run.checkpoint(at)
            states += len(state_line(STREAM.name, checkpoint.state, checkpoint.records))
    return due, states, records


@pytest.mark.parametrize("accounts", [1, 300, 5000])
@pytest.mark.parametrize("rows", [1, 200])
def test_states_are_small_compared_with_records(accounts: int, rows: int) -> None:
    """Less than a twentieth of the bytes, however many accounts a state has and however few rows windows have."""
    due, states, records = simulate(accounts, rows=rows, seconds=1000)
    assert due
    assert states < records / 20


def test_a_killed_sync_of_an_agency_repeats_little() -> None:
    """While there are many records, 300 accounts have a checkpoint every few seconds."""
    due, _, _ = simulate(300, rows=100, seconds=600)
    assert max(later - earlier for earlier, later in pairwise(due)) < 5


def test_a_stream_without_rows_has_checkpoints() -> None:
    """Every half minute, so that empty windows are not read again."""
    due, _, _ = simulate(50, rows=0, seconds=600)
    assert max(later - earlier for earlier, later in pairwise([0.0, *due])) < 31


def test_without_progress_no_checkpoint_is_due() -> None:
    """A state is emitted once, however long ago that was."""
    run = StreamRun(Selected(STREAM, incremental=True), Cursors("stat_time_day", {"7001": "2026-01-01"}), 0.0)
    run.delivered(1000, 1000 * ROW)
    assert not run.checkpoint_due(1e6)


def test_partial_windows_are_named_up_to_a_limit_and_other_failures_once() -> None:
    """An account may have thousands of windows, and thousands of accounts may have the same failure."""
    run = StreamRun(Selected(STREAM, incremental=True), None, 0.0, tolerant=True)
    refused = rule_for(40300).error("no", endpoint="report/integrated/get/", code=40300, advertiser_id="1")
    for day in range(1, 31):
        run.fail("1", f"2026-01-{day:02d}", PartialAnswerError("report/integrated/get/", "code 20001", "1"))
        run.fail("1", f"2026-01-{day:02d}", PartialAnswerError("report/integrated/get/", "code 20001", "1"))
        run.fail("1", f"2026-01-{day:02d}", refused)
    run.fail("2", "2026-01-01", refused)
    assert [failure.what for failure in run.failures if not failure.tolerated] == [
        *(f"2026-01-{day:02d}" for day in range(1, 11)),
        "and more days",
    ]
    assert [(failure.advertiser_id, failure.what) for failure in run.failures if failure.tolerated] == [
        ("1", "2026-01-01"),
        ("2", "2026-01-01"),
    ]
    assert run.phase == "waiting"


ONE = AdvertiserId("7001")
OTHER = AdvertiserId("7002")
REFUSED = rule_for(40300).error("no", endpoint="report/integrated/get/", code=40300, advertiser_id="7001")


def run_of(cursors: Cursors | None = None, refresh: RefreshProgress | None = None, *, at: float = 0.0) -> StreamRun:
    """A run of the stream."""
    return StreamRun(Selected(STREAM, incremental=refresh is None), cursors, at, refresh=refresh)


def refresh_of(*accounts: str) -> RefreshProgress:
    """A full refresh that has read a day of each account."""
    reached = {AdvertiserId(each): date(2026, 1, 1) for each in accounts}
    return RefreshProgress(RefreshId(), {}, "2026-02-01", reached)


def cursors_of(*accounts: str) -> Cursors:
    """Cursors of accounts that have been read up to a day."""
    return Cursors("stat_time_day", {AdvertiserId(each): Cursor("2026-01-01 00:00:00") for each in accounts})


@pytest.mark.parametrize(
    ("accounts", "few", "interval"),
    [(1, True, 30.0), (1, False, 2.0), (1000, True, 112_064 / 650), (1000, False, 112_064 / 20_000)],
)
@pytest.mark.parametrize("began", [0.0, 1000.0])
def test_checkpoints_are_as_far_apart_as_the_size_of_the_state_demands(
    accounts: int, few: bool, interval: float, began: float
) -> None:
    """There are few records as long as they are less than 25 times the state."""
    known = ids(accounts)
    run = run_of(cursors_of(*known), at=began)
    run.advance(AdvertiserId(known[0]), Cursor("2026-01-02 00:00:00"))
    run.delivered(1, 25 * (64 + 112 * accounts) - few)
    assert not run.checkpoint_due(began + interval - 1e-6)
    assert run.checkpoint_due(began + interval + 1e-6)
    if not began:
        assert run.checkpoint_due(interval)


@pytest.mark.parametrize(("accounts", "interval"), [(1, 0.05), (10_000, 350_256 / 20_000)])
def test_checkpoints_of_a_full_refresh_are_closer_together(accounts: int, interval: float) -> None:
    """What its next attempt repeats is a second row in a table without keys."""
    known = ids(accounts)
    run = run_of(refresh=refresh_of(*known))
    run.advance(AdvertiserId(known[0]), Cursor("2026-01-02 00:00:00"))
    run.delivered(1, 25 * (256 + 35 * accounts))
    assert not run.checkpoint_due(interval * (1 - 1e-6))
    assert run.checkpoint_due(interval)


def test_a_checkpoint_has_what_came_since_the_last_one() -> None:
    """Its records are counted once, and the next one is due after new progress."""
    run = run_of(cursors_of("7001"))
    run.delivered(3, 10**6)
    run.delivered(4, 10**6)
    run.advance(ONE, Cursor("2026-01-02 00:00:00"))
    first = run.checkpoint(10.0)
    assert (first.records, run.records) == (7, 7)
    assert first.state["states"][0]["cursor"] == {"stat_time_day": "2026-01-02"}
    run.delivered(2, 10)
    assert not run.checkpoint_due(1e6)
    run.advance(ONE, Cursor("2026-01-03 00:00:00"))
    assert not run.checkpoint_due(39.9)
    assert run.checkpoint_due(40.0)
    assert (run.checkpoint(40.0).records, run.records) == (2, 9)


def test_a_cursor_that_stays_is_no_progress() -> None:
    """But neither does it take back another account's progress."""
    run = run_of(cursors_of("7001", "7002"))
    run.advance(ONE, Cursor("2026-01-01 00:00:00"))
    assert not run.checkpoint_due(1e6)
    run.advance(OTHER, Cursor("2026-01-02 00:00:00"))
    run.advance(ONE, Cursor("2026-01-01 00:00:00"))
    assert run.checkpoint_due(1e6)


def test_a_stream_without_progress_has_a_state_at_its_end_alone() -> None:
    """It says that there is no cursor."""
    run = run_of()
    run.advance(ONE, Cursor("2026-01-02 00:00:00"))
    run.finish_account(ONE)
    assert not run.checkpoint_due(1e6)
    assert run.checkpoint(1.0).state == NO_CURSOR


def accounts_in(run: StreamRun) -> dict[str, Any]:
    """The accounts in the state of a full refresh."""
    accounts: dict[str, Any] = run.checkpoint(0.0).state["full_refresh"]["accounts"]
    return accounts


def test_a_full_refresh_remembers_days_and_finished_accounts() -> None:
    """Each of them is progress."""
    run = run_of(refresh=refresh_of())
    run.advance(ONE, Cursor("2026-01-02 00:00:00"))
    assert run.checkpoint_due(1e6)
    assert accounts_in(run) == {"7001": "2026-01-02"}
    run.finish_account(ONE)
    assert run.checkpoint_due(1e6)
    assert accounts_in(run) == {"7001": "finished"}


@pytest.mark.parametrize("error", [REFUSED, PartialAnswerError("report/integrated/get/", "code 20001", "7001")])
def test_an_account_with_a_failure_is_not_finished(error: ConnectorError) -> None:
    """The next attempt reads it again; it finishes other accounts."""
    run = run_of(refresh=refresh_of())
    run.fail(ONE, "2026-01-01", error)
    run.finish_account(ONE)
    assert not run.checkpoint_due(1e6)
    run.finish_account(OTHER)
    assert accounts_in(run) == {"7002": "finished"}


def test_the_days_of_a_gap_are_covered_once_they_are_delivered() -> None:
    """They are not the cursor's, and they are progress."""
    cursors = cursors_of("7001", "7002")
    cursors.cover(ONE, Covered(start=date(2026, 1, 1), include_deleted=False))
    gap = Partition(stream=STREAM, account=account("7001"), first=date(2025, 12, 1), last=date(2025, 12, 31))
    run = run_of(cursors)
    run.fill_gap(gap, Cursor("2025-12-10 00:00:00"))
    covered = cursors.covered_of(ONE)
    assert covered is not None
    assert covered.earlier == Window(date(2025, 12, 1), date(2025, 12, 10))
    assert cursors.of(ONE) == "2026-01-01 00:00:00"
    assert run.checkpoint_due(1e6)


def test_a_gap_of_an_account_of_which_nothing_is_known_changes_nothing() -> None:
    """Neither without a state nor without what it covers."""
    gap = Partition(stream=STREAM, account=account("7001"), first=date(2025, 12, 1), last=date(2025, 12, 31))
    for cursors in (None, cursors_of("7001")):
        run = run_of(cursors)
        run.fill_gap(gap, Cursor("2025-12-10 00:00:00"))
        assert not run.checkpoint_due(1e6)
        assert cursors is None or cursors.covered_of(ONE) is None


@pytest.mark.parametrize(("accounts", "answered", "lacks"), [(4, False, False), (5, False, True), (5, True, False)])
def test_a_scope_that_five_accounts_lack_is_the_tokens(accounts: int, answered: bool, lacks: bool) -> None:
    """Unless TikTok has answered for one: then accounts grant it each."""
    run = run_of()
    run.without_scope |= set(map(AdvertiserId, ids(accounts)))
    if answered:
        run.answered_at = 1.0
    assert run.lacks_scope == lacks


def test_a_run_begins_with_nothing() -> None:
    """Nothing was read, nothing failed, and nobody was told anything."""
    run = run_of()
    assert (run.records, run.windows, run.windows_total, run.open_partitions) == (0, 0, 0, 0)
    assert (run.started, run.ended, run.refusals_reported) == (False, False, False)


def test_a_run_waits_reads_and_ends() -> None:
    """Only what the configuration does not tolerate makes it incomplete."""
    run = run_of()
    assert run.phase == "waiting"
    run.started = True
    assert run.phase == "reading"
    run.fail(ONE, "", REFUSED)
    assert run.phase == "reading"
    run.ended = True
    assert run.phase == "incomplete"
    tolerant = StreamRun(Selected(STREAM, incremental=True), None, 0.0, tolerant=True)
    tolerant.fail(ONE, "", REFUSED)
    tolerant.ended = True
    assert tolerant.phase == "complete"
    tolerant.fail(OTHER, "", PartialAnswerError("report/integrated/get/", "code 20001", "7002"))
    assert tolerant.phase == "incomplete"


@pytest.mark.parametrize(
    ("advertiser_id", "error", "tolerated"),
    [
        (ONE, REFUSED, True),
        (None, REFUSED, False),
        (ONE, rule_for(50000).error("down", endpoint="report/integrated/get/", code=50000), False),
        (ONE, PartialAnswerError("report/integrated/get/", "code 20001", "7001"), False),
    ],
)
def test_only_an_account_without_access_is_tolerated(
    advertiser_id: AdvertiserId | None, error: ConnectorError, tolerated: bool
) -> None:
    """Not a stream, and no account for another reason."""
    run = StreamRun(Selected(STREAM, incremental=True), None, 0.0, tolerant=True)
    run.fail(advertiser_id, "", error)
    assert [failure.tolerated for failure in run.failures] == [tolerated]


def test_accounts_and_kinds_of_failures_are_told_from_each_other() -> None:
    """A failure after a partial answer is news, and so is another account's."""
    run = run_of()
    partial = PartialAnswerError("report/integrated/get/", "code 20001", "7001")
    for advertiser_id, error in ((ONE, partial), (ONE, REFUSED), (OTHER, REFUSED), (ONE, partial), (OTHER, REFUSED)):
        run.fail(advertiser_id, "2026-01-01", error)
    assert [(failure.advertiser_id, failure.error) for failure in run.failures] == [
        (ONE, partial),
        (ONE, REFUSED),
        (OTHER, REFUSED),
    ]


@pytest.mark.parametrize(("metric", "open_question"), [("spend", False), ("total_registration", True)])
def test_metrics_of_which_no_list_says_whether_they_fit_are_tried(metric: str, open_question: bool) -> None:
    """The usual streams have none, and of the others only those with such a metric."""
    assert run_of().metric_trial is None
    assert run_of().refused_everywhere == frozenset()
    report = {
        "name": "mine",
        "report_type": "AUDIENCE",
        "level": "account",
        "dimensions": ["language"],
        "metrics": ["spend", metric] if open_question else ["spend"],
    }
    config = parse_config({"credentials": OAUTH, "custom_reports": [report]})
    [mine] = choose_streams(config, ["mine"])
    run = StreamRun(Selected(mine, incremental=True), None, 0.0)
    assert (run.metric_trial is not None) == open_question
    if run.metric_trial is not None:
        run.metric_trial.refused = frozenset({metric})
        assert run.refused_everywhere == {metric}


def test_stores_are_noted_unless_the_state_names_some_already() -> None:
    """Those have been compared with the ones that are read."""
    cursors = cursors_of("7001")
    run = run_of(cursors)
    run.note_stores(ONE, None)
    assert cursors.stores_of(ONE) is None
    run.note_stores(ONE, ["71"])
    run.note_stores(ONE, ["71"])
    run.note_stores(ONE, [])
    assert not run.failures
    run.note_stores(ONE, ["72", "71"])
    assert cursors.stores_of(ONE) == ("71",)
    (failure,) = run.failures
    assert failure.advertiser_id == ONE
    assert "(72)" in str(failure.error)
    run_of().note_stores(ONE, ["71"])
