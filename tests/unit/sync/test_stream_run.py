from __future__ import annotations

from itertools import pairwise

import pytest
from unit_builders import stream

from tiktok_marketing.airbyte.messages import state_line
from tiktok_marketing.api.error_rules import rule_for
from tiktok_marketing.errors import PartialAnswerError
from tiktok_marketing.sync.plan.cursors import Cursors
from tiktok_marketing.sync.plan.selection import Selected
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
