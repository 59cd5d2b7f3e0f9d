"""Every record and every field of 4.7.0 is here, with an equal value of the same type."""

from __future__ import annotations

from parity.bench import Pair
from parity.comparison import all_differences, failed
from parity.expected import EXPECTED, SILENT, UNREAD
from parity.faulty import truth_of
from parity.scenarios import OBJECTS, REPORTS, WITH_CURSOR, Syncs, reports
from tiktok_marketing.catalog import STREAMS, Grain, ReportSource, ReportStream

SOON = 2
"""Hours after which most reports show all hours of a day."""


def assert_equal(
    name: str, pair: Pair, streams: frozenset[str] = frozenset(), *, longer: frozenset[str] = frozenset()
) -> None:
    """Ours is complete and has everything that theirs has, except for expected differences; theirs is not empty.

    Of the streams in `longer`, theirs reads a day that ours does not.
    """
    theirs, ours = pair.theirs.outcome, pair.ours.outcome
    assert ours.exit_code == 0, ours.errors
    assert failed(ours) == set()
    differences = all_differences(theirs, ours)
    expected = set(EXPECTED.get(name, {})) | {(stream, "(missing)") for stream in longer}
    assert set(differences) == expected, differences
    assert failed(theirs) == set(UNREAD.get(name, {}))
    empty = {stream for stream in streams if not theirs.records(stream)}
    assert empty == SILENT.get(name, frozenset())


def test_reports_are_equal_in_a_full_refresh(reports_in_full: Pair) -> None:
    """Thirty reports, full refresh."""
    assert_equal("reports_in_full", reports_in_full, REPORTS)


def test_objects_are_equal_in_a_full_refresh(objects_in_full: Pair) -> None:
    """Fourteen lists of objects, full refresh."""
    assert_equal("objects_in_full", objects_in_full, OBJECTS)


def test_all_streams_are_compared() -> None:
    """44 streams, 30 of them with a cursor."""
    assert (len(REPORTS), len(OBJECTS)) == (30, 14)
    assert len(WITH_CURSOR) == 30


def test_reports_are_equal_in_a_first_incremental_sync(report_syncs: Syncs) -> None:
    """The first incremental sync of all reports that have a cursor."""
    assert_equal("first report sync", report_syncs.first, REPORTS & WITH_CURSOR)


def test_objects_are_equal_in_a_first_incremental_sync(object_syncs: Syncs) -> None:
    """The first incremental sync of all objects that have a cursor."""
    assert_equal("first object sync", object_syncs.first, OBJECTS & WITH_CURSOR)


def test_reports_are_equal_from_the_own_state(report_syncs: Syncs) -> None:
    """The next day's sync, each from its own state."""
    assert_equal("report sync from the own state", report_syncs.from_own, REPORTS & WITH_CURSOR)


def test_objects_are_equal_from_the_own_state(object_syncs: Syncs) -> None:
    """The same for objects."""
    assert_equal("object sync from the own state", object_syncs.from_own, OBJECTS & WITH_CURSOR)


def test_reports_are_equal_from_the_others_state(report_syncs: Syncs) -> None:
    """The next day's sync, each from the state that the other wrote.

    Without a look-back, our state waits until the last hours of a day are shown. So 4.7.0 reads that day again from it.
    """
    late = frozenset(
        stream.name for stream in STREAMS if isinstance(stream, ReportStream) and stream.source.hours_late > SOON
    )
    late &= WITH_CURSOR
    assert_equal("report sync from the other's state", report_syncs.from_others, REPORTS & WITH_CURSOR, longer=late)


def test_objects_are_equal_from_the_others_state(object_syncs: Syncs) -> None:
    """The same for objects."""
    assert_equal("object sync from the other's state", object_syncs.from_others, OBJECTS & WITH_CURSOR)


def test_records_are_equal_with_include_deleted(deleted_too: Pair) -> None:
    """All reports and advertising objects with include_deleted."""
    assert_equal("deleted_too", deleted_too, REPORTS)


def test_records_are_equal_in_a_sandbox(sandbox_account: Pair) -> None:
    """The 22 streams that a sandbox account answers."""
    streams = {stream.name for stream in STREAMS if stream.sandbox}
    assert len(streams) == 22
    assert_equal("sandbox_account", sandbox_account)
    assert {name for name in streams if sandbox_account.theirs.outcome.statuses.get(name)} == streams


def test_records_are_equal_with_every_older_form_of_the_configuration(forms: dict[str, Pair]) -> None:
    """`environment` for all accounts, for a single one and for a sandbox; `credentials` for a single account."""
    for name, pair in forms.items():
        assert_equal(name, pair)
        assert pair.theirs.outcome.records("campaigns_reports_daily"), name
        stream = "campaigns_reports_daily" if "sandbox" in name else "advertisers"  # which a sandbox does not have
        accounts = {record["advertiser_id"] for record in pair.ours.outcome.records(stream)}
        assert len(accounts) == (2 if name == "environment" else 1), name


def test_ads_are_equal_until_airbytes_fails(smart_plus: Pair) -> None:
    """Ours has every ad without a modification time that 4.7.0 delivers before it fails."""
    assert_equal("smart_plus", smart_plus)


def test_ours_has_every_row_that_the_emulator_counts(reports_in_full: Pair) -> None:
    """Both connectors could miss the same rows. The emulator counts them without a query, except hours by country."""
    truth = truth_of(reports(), "2026-06-12", "2026-06-13", include_deleted=False, breakdowns=True)
    counted = 0
    for stream in STREAMS:
        if not isinstance(stream, ReportStream) or stream.source.grain is Grain.SPAN or "hourly" in stream.name:
            continue
        expected = sum(_rows(account, stream.source) for account in truth.values())
        assert len(reports_in_full.ours.outcome.records(stream.name)) == expected, stream.name
        counted += 1
    assert counted == 23
    for level, name in (
        ("ad", "ads"),
        ("adgroup", "ad_groups"),
        ("campaign", "campaigns"),
        ("advertiser", "advertisers"),
    ):
        expected = sum(account["rows"][level]["hourly"] for account in truth.values())
        assert len(reports_in_full.ours.outcome.records(f"{name}_reports_hourly")) == expected


def _rows(truth: dict[str, dict[str, dict[str, int]]], source: ReportSource) -> int:
    level = source.data_level.removeprefix("AUCTION_").lower()
    split = [name for name in source.dimensions if name != f"{level}_id" and not name.startswith("stat_time")]
    if split:
        return truth["breakdowns"][level]["+".join(split)]
    return truth["rows"][level][{Grain.DAY: "daily", Grain.LIFETIME: "lifetime"}[source.grain]]
