"""Each connector goes on from the other's state, account by account, and no row is lost in between."""

from __future__ import annotations

import pytest

from parity.bench import Reading
from parity.comparison import keys
from parity.faulty import REFRESHED, UNEVEN, Handover
from parity.scenarios import Syncs, options
from tiktok_marketing.catalog import STREAMS, ReportStream, Stream, stream_named
from tiktok_marketing.emulator import Emulator

REPORTS = [stream for stream in STREAMS if stream.cursor and stream.is_report]
OBJECTS = [stream for stream in STREAMS if stream.cursor and not stream.is_report]

every_report = pytest.mark.parametrize("stream", REPORTS, ids=lambda stream: stream.name)
every_object = pytest.mark.parametrize("stream", OBJECTS, ids=lambda stream: stream.name)

ACCOUNTS = Emulator(options()).advertiser_ids
CURSOR_DAY = "2026-06-13"
"""The day of the first sync, which is unfinished then."""


def cursors(reading: Reading, stream: Stream) -> dict[str, str]:
    """The cursor of each account in the last state."""
    assert stream.cursor is not None
    states = reading.outcome.last_states[stream.name]["states"]
    return {state["partition"]["advertiser_id"]: state["cursor"][stream.cursor] for state in states}


def days_reached(stream: Stream) -> dict[str, str]:
    """The day of each account's cursor after our first sync, which reads no day again.

    In the morning of the first account, some audience reports still lack hours of the day before. So it stays there.
    """
    assert isinstance(stream, ReportStream)
    first = "2026-06-12" if stream.source.hours_late > 2 else CURSOR_DAY
    return dict.fromkeys(ACCOUNTS, CURSOR_DAY) | {ACCOUNTS[0]: first}


@every_report
def test_airbytes_goes_on_from_our_day(stream: Stream, report_syncs: Syncs) -> None:
    """From our state, 4.7.0 asks each account for the day of its cursor, and for no day before it."""
    reached = days_reached(stream)
    assert {account: day[:10] for account, day in cursors(report_syncs.first.ours, stream).items()} == reached
    assert report_syncs.from_others.theirs.first_days(stream) == reached


@every_report
def test_we_go_on_from_airbytes_day(stream: Stream, report_syncs: Syncs) -> None:
    """From 4.7.0's state, we ask each account for the day of its cursor."""
    expected = {account: cursor[:10] for account, cursor in cursors(report_syncs.first.theirs, stream).items()}
    assert report_syncs.from_others.ours.first_days(stream) == expected


@every_report
def test_no_row_is_lost_on_the_way_back(stream: Stream, report_syncs: Syncs) -> None:
    """Ours, then 4.7.0 from our state: together all rows of a full read."""
    together = keys(stream, report_syncs.first.ours, report_syncs.from_others.theirs)
    assert together == keys(stream, report_syncs.whole)


@every_report
def test_no_row_is_lost_on_the_way_here(stream: Stream, report_syncs: Syncs) -> None:
    """4.7.0, then ours from its state: together all rows of a full read."""
    together = keys(stream, report_syncs.first.theirs, report_syncs.from_others.ours)
    assert together == keys(stream, report_syncs.whole)


@every_object
def test_changed_objects_come_from_either_state(stream: Stream, object_syncs: Syncs) -> None:
    """What changed since the first sync is delivered, whichever of the two wrote the state, and nothing older."""
    changed = keys(stream, object_syncs.from_own.ours)
    assert changed
    assert keys(stream, object_syncs.from_others.ours) == changed
    assert keys(stream, object_syncs.from_others.theirs) == keys(stream, object_syncs.from_own.theirs)
    assert len(changed) < len(keys(stream, object_syncs.first.ours))


@pytest.mark.parametrize("name", UNEVEN[:2])
def test_airbytes_goes_on_from_each_accounts_own_day(name: str, refused_account: Handover) -> None:
    """4.7.0 asks the account that we could not read for everything, and the other from its day on."""
    stream = stream_named(name)
    assert stream is not None
    # attribution_window is 1
    expected = {ACCOUNTS[0]: "2026-06-12", ACCOUNTS[1]: "2026-06-10"}
    assert refused_account.from_others.theirs.first_days(stream) == expected


@pytest.mark.parametrize("name", UNEVEN[:2])
def test_we_go_on_from_each_accounts_own_day(name: str, refused_account: Handover) -> None:
    """We read the account that 4.7.0 could not read from start_date, and the other from its day on."""
    stream = stream_named(name)
    assert stream is not None
    expected = {ACCOUNTS[0]: "2026-06-12", ACCOUNTS[1]: "2026-06-10"}
    assert refused_account.from_others.ours.first_days(stream) == expected
    assert refused_account.from_own.ours.first_days(stream) == expected


@pytest.mark.parametrize("name", UNEVEN)
def test_rows_of_a_refused_account_arrive_once_it_is_readable(name: str, refused_account: Handover) -> None:
    """Whichever connector wrote the state."""
    stream = stream_named(name)
    assert stream is not None
    both = keys(stream, refused_account.first.ours, refused_account.from_own.ours)
    assert keys(stream, refused_account.first.theirs, refused_account.from_others.ours) == both
    assert keys(stream, refused_account.first.ours, refused_account.from_others.theirs) == both
    assert both > keys(stream, refused_account.first.ours)


@pytest.mark.parametrize("name", REFRESHED)
def test_the_others_state_of_a_full_refresh_leaves_nothing_out(
    name: str, refused_refresh: Handover, finished_refresh: Handover
) -> None:
    """Each connector reads everything in a full refresh that gets the other's state, finished or not."""
    stream = stream_named(name)
    assert stream is not None
    whole = keys(stream, finished_refresh.first.ours)
    for refresh in (refused_refresh, finished_refresh):
        assert keys(stream, refresh.from_others.theirs) == keys(stream, refresh.from_others.ours) == whole
        assert refresh.from_others.theirs.outcome.exit_code == 0
