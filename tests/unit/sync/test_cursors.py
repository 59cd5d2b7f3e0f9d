from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import json_values

from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.coverage import Covered
from tiktok_marketing.sync.plan.cursors import NO_CURSOR, Cursor, Cursors, normalize_time, read_state

DAILY = ("ads_reports_daily", "stat_time_day")
HOURLY = ("ads_reports_hourly", "stat_time_hour")
OBJECTS = ("ads", "modify_time")

times = st.datetimes().map(lambda time: f"{time:%Y-%m-%d %H:%M:%S}".rjust(19, "0"))
accounts = st.integers(min_value=1, max_value=10**19).map(str)


def partition(advertiser_id: Any, **cursor: Any) -> dict[str, Any]:
    """An entry of `states` as 4.0 and later write it."""
    return {"partition": {"advertiser_id": advertiser_id, "parent_slice": {}}, "cursor": cursor}


@pytest.mark.parametrize("raw", [None, {}, {"states": []}, {"use_global_cursor": False, "states": []}])
def test_an_empty_state_has_no_cursor(raw: Any) -> None:
    """Nothing was read before."""
    assert read_state(*DAILY, raw).of("7001") is None


@pytest.mark.parametrize(
    "raw",
    [
        {"__ab_full_refresh_state_message": True},
        {"__ab_no_cursor_state_message": True},
        {"__ab_full_refresh_sync_complete": True},
        {"full_refresh": {"accounts": {"7001": "finished"}}},
        {"states": [partition("7001", __ab_full_refresh_sync_complete=True)]},
        {"stat_time_day": ""},
        {"stat_time_day": None},
        {"use_global_cursor": False, "lookback_window": 1},
    ],
)
def test_a_state_of_a_full_refresh_has_no_cursor(raw: Any) -> None:
    """Nor does one whose cursor never moved."""
    assert read_state(*DAILY, raw).of("7001") is None


@pytest.mark.parametrize("raw", [{"__ab_no_cursor_state_message": True}, {"full_refresh": {}}])
def test_a_state_of_a_full_refresh_is_known_as_one(raw: Any) -> None:
    """So that the sync can say why it reads everything."""
    assert read_state(*DAILY, raw).of_full_refresh
    assert not read_state(*DAILY, {"states": []}).of_full_refresh


@pytest.mark.parametrize(
    ("stream", "raw", "expected"),
    [
        (DAILY, {"stat_time_day": "2024-02-15"}, "2024-02-15 00:00:00"),
        (DAILY, {"stat_time_day": "2024-02-15 00:00:00"}, "2024-02-15 00:00:00"),
        (HOURLY, {"stat_time_hour": "2024-02-15"}, "2024-02-15 00:00:00"),
        (HOURLY, {"stat_time_hour": "2024-02-15 06:00:00"}, "2024-02-15 06:00:00"),
        (OBJECTS, {"modify_time": "2024-01-05 10:00:00"}, "2024-01-05 10:00:00"),
        (OBJECTS, {"modify_time": "2024-01-05T10:00:00Z"}, "2024-01-05 10:00:00"),
        (DAILY, {"dimensions": {"stat_time_day": "2024-02-15"}}, "2024-02-15 00:00:00"),
        (DAILY, {"dimensions": {"stat_time_day": "2024-02-15 00:00:00"}}, "2024-02-15 00:00:00"),
    ],
)
def test_the_single_cursor_of_3_9_6_applies_to_every_account(
    stream: tuple[str, str], raw: dict[str, Any], expected: str
) -> None:
    """3.9.6 had one cursor per stream, only dates even for hourly reports, and nested it at one time."""
    cursors = read_state(*stream, raw)
    assert cursors.of("7001") == cursors.of("7999") == expected


def test_the_partitions_of_4_0_are_read() -> None:
    """Each account has its own cursor."""
    cursors = read_state(
        *DAILY,
        {"states": [partition("7001", stat_time_day="2024-01-31"), partition("7002", stat_time_day="2024-02-01")]},
    )
    assert cursors.day_of("7001") == date(2024, 1, 31)
    assert cursors.day_of("7002") == date(2024, 2, 1)


@pytest.mark.parametrize(
    ("stream", "written", "expected"),
    [
        (DAILY, "2024-01-31", "2024-01-31 00:00:00"),
        (HOURLY, "2024-01-31 06:00:00", "2024-01-31 06:00:00"),
        (OBJECTS, "2024-01-05 10:00:00Z", "2024-01-05 10:00:00"),
    ],
)
def test_the_partitions_of_4_4_are_read(stream: tuple[str, str], written: str, expected: str) -> None:
    """All three forms that 4.4 and later write are read."""
    name, field = stream
    raw = {
        "use_global_cursor": False,
        "states": [partition("7001", **{field: written})],
        "state": {field: written},
        "lookback_window": 1,
    }
    assert read_state(name, field, raw).of("7001") == expected


def test_a_new_account_has_no_cursor() -> None:
    """The global `state` beside the partitions is the farthest account's; a new account starts from `start_date`."""
    raw = {
        "use_global_cursor": False,
        "states": [partition("7001", stat_time_day="2024-01-31")],
        "state": {"stat_time_day": "2024-01-31"},
        "lookback_window": 1,
    }
    assert read_state(*DAILY, raw).of("7999") is None


def test_a_global_cursor_applies_to_every_account() -> None:
    """With `use_global_cursor` the partitions do not count, and the lookback is subtracted as in the CDK."""
    raw = {
        "use_global_cursor": True,
        "states": [partition("7001", stat_time_hour="2020-01-01 00:00:00")],
        "state": {"stat_time_hour": "2024-01-31 01:00:00"},
        "lookback_window": 3600,
    }
    cursors = read_state(*HOURLY, raw)
    assert cursors.of("7001") == cursors.of("7999") == "2024-01-31 00:00:00"


def looking_back(lookback: Any) -> dict[str, Any]:
    """A state with a global cursor and this lookback."""
    return {
        "use_global_cursor": True,
        "state": {"stat_time_hour": "2024-01-31 01:00:00"},
        "lookback_window": lookback,
    }


@pytest.mark.parametrize("lookback", [None, 0, -3600, 0.0, "0"])
def test_a_lookback_of_no_time_changes_no_cursor(lookback: Any) -> None:
    """Only a positive number of seconds reaches back, and nothing reaches ahead."""
    assert read_state(*HOURLY, looking_back(lookback)).of("7001") == "2024-01-31 01:00:00"


@pytest.mark.parametrize("lookback", [3600, 3600.0, 3599.5, "3600", " 03600 "])
def test_a_lookback_may_be_written_in_any_way(lookback: Any) -> None:
    """Airbyte's connector reads each of them as a number, too. Nothing less is read again than the state asks."""
    assert read_state(*HOURLY, looking_back(lookback)).of("7001") == "2024-01-31 00:00:00"


@pytest.mark.parametrize(
    "lookback",
    [[1], {}, True, "an hour", "-1", "", float("nan"), float("inf"), float("-inf"), 1e300, 10**400, "9" * 40],
)
def test_a_lookback_that_is_no_time_is_refused(lookback: Any) -> None:
    """Fewer days would be read again than somebody wanted."""
    with pytest.raises(ConfigurationError, match=r"ads_reports_hourly.*lookback_window"):
        read_state(*HOURLY, looking_back(lookback))


@pytest.mark.parametrize("state", [None, {}, {"stat_time_day": None}])
def test_a_global_cursor_may_be_empty(state: Any) -> None:
    """A global cursor that never moved is no cursor."""
    assert read_state(*DAILY, {"use_global_cursor": True, "state": state}).of("7001") is None
    never_read = {"use_global_cursor": True, "state": state, "states": [partition("7001", stat_time_day="")]}
    assert read_state(*DAILY, never_read).of("7001") is None


def test_accounts_keep_their_cursor_beside_that_of_all_accounts() -> None:
    """Only `use_global_cursor` makes the partitions count for nothing."""
    raw = {"stat_time_day": "2024-02-15", "states": [partition("7001", stat_time_day="2024-01-31")]}
    cursors = read_state(*DAILY, raw)
    assert cursors.day_of("7001") == date(2024, 1, 31)
    assert cursors.day_of("7002") == date(2024, 2, 15)


def test_the_error_of_a_state_with_both_names_both() -> None:
    """The key of the full refresh, and where the cursors are."""
    raw = {"states": [partition("7001", stat_time_day="2024-01-31")], "full_refresh": {}}
    with pytest.raises(ConfigurationError, match=r"full refresh \(full_refresh\) and has cursors \(states\)"):
        read_state(*DAILY, raw)


def test_the_earliest_cursor_of_the_buying_types_counts() -> None:
    """Campaigns of 5.0.8 have a cursor per buying type."""
    entries = [
        {
            "partition": {"advertiser_id": "7001", "parent_slice": {}, "buying_type": kind},
            "cursor": {"modify_time": time},
        }
        for kind, time in [
            ("AUCTION", "2024-03-01 00:00:00Z"),
            ("RESERVATION_RF", "2024-01-01 00:00:00Z"),
            ("RESERVATION_TOP_VIEW", "2024-02-01 00:00:00Z"),
        ]
    ]
    assert read_state("campaigns", "modify_time", {"states": entries}).of("7001") == "2024-01-01 00:00:00"


@pytest.mark.parametrize("kinds", [("AUCTION", "RESERVATION_RF"), ("RESERVATION_RF", "AUCTION")])
def test_an_account_with_a_buying_type_that_was_never_read_has_no_cursor(kinds: tuple[str, str]) -> None:
    """Otherwise its campaigns of that type would never be read; the order of the entries does not matter."""
    cursor_of = {"AUCTION": {"modify_time": "2024-03-01 00:00:00Z"}, "RESERVATION_RF": {}}
    entries = [
        {"partition": {"advertiser_id": "7001", "parent_slice": {}, "buying_type": kind}, "cursor": cursor_of[kind]}
        for kind in kinds
    ]
    assert read_state("campaigns", "modify_time", {"states": entries}).of("7001") is None


@pytest.mark.parametrize("advertiser_id", [7001, " 7001", "7001\n"])
def test_an_advertiser_id_may_be_a_number_or_have_blanks(advertiser_id: Any) -> None:
    """Partitions written by hand or by other tools may contain them."""
    cursors = read_state(*DAILY, {"states": [partition(advertiser_id, stat_time_day="2024-01-31")]})
    assert cursors.accounts == ("7001",)


def test_an_account_whose_cursor_is_empty_was_never_read() -> None:
    """A partition without a value is neither an error nor a cursor."""
    raw = {
        "states": [
            partition("7001", stat_time_day=""),
            partition("7002"),
            partition("7003", stat_time_day="2026-01-02"),
        ]
    }
    cursors = read_state(*DAILY, raw)
    assert cursors.of("7001") is None
    assert cursors.of("7002") is None
    assert cursors.of("7003") == "2026-01-02 00:00:00"


@pytest.mark.parametrize(
    "raw",
    [
        "2024-01-01",
        5,
        [],
        True,
        {"states": {}},
        {"states": "x"},
        {"states": [None]},
        {"states": [{}]},
        {"states": [{"partition": {"advertiser_id": "1"}}]},
        {"states": [{"cursor": {"stat_time_day": "2024-01-01"}}]},
        {"states": [{"partition": {}, "cursor": {"stat_time_day": "2024-01-01"}}]},
        {"states": [{"partition": "7001", "cursor": {}}]},
        {"states": [{"partition": {"advertiser_id": "1"}, "cursor": "2024-01-01"}]},
        {"states": [partition("7001", stat_time_day="yesterday")]},
        {"states": [partition("7001", stat_time_day=20240101)]},
        *(
            {"states": [partition(advertiser_id, stat_time_day="2024-01-01")]}
            for advertiser_id in ("\uff17001", None, True, {"a": 1}, ["7001"], 7.7e18, -7001, "abc", "", "7001, 7002")
        ),
        {"use_global_cursor": "false", "states": [partition("7001", stat_time_day="2024-01-01")]},
        {"use_global_cursor": 0, "states": [partition("7001", stat_time_day="2024-01-01")]},
        {"use_global_cursor": True, "states": [partition("7001", stat_time_day="2024-01-01")]},
        {"use_global_cursor": True, "states": [partition("7001", stat_time_day="2024-01-01")], "state": None},
        {"use_global_cursor": True, "states": [partition("7001", stat_time_day="2024-01-01")], "state": {}},
        {"full_refresh": {}, "states": [partition("7001", stat_time_day="2024-01-01")]},
        {"full_refresh": {}, "stat_time_day": "2024-01-01"},
        {"full_refresh": {}, "dimensions": {"stat_time_day": "2024-01-01"}},
        {"__ab_no_cursor_state_message": True, "use_global_cursor": True, "state": {"stat_time_day": "2024-01-01"}},
        {"states": [partition("7001", stat_time_day="2024-02-30")]},
        {"states": [partition("7001", stat_time_day=[])]},
        {"states": [partition("7001", stat_time_day={})]},
        {"states": [partition("7001", stat_time_day=["2024-01-01"])]},
        {"states": [partition("7001", stat_time_day="2024-01-01T00:00:00+08:00")]},
        {"foo": "bar"},
        {"modify_time": "2024-01-01"},
        {"dimensions": {"modify_time": "2024-01-01"}},
        {"streamState": {"stat_time_day": "2024-01-01"}},
        {"state": {"stat_time_day": "2024-01-01"}},
        {"use_global_cursor": False, "state": {"stat_time_day": "2024-01-01"}},
        {"use_global_cursor": True, "state": {"modify_time": "2024-01-01"}},
        {"states": [partition("7001", modify_time="2024-01-01")]},
        {"stat_time_day": "2024-13-01"},
        {"stat_time_day": "2024-01-01 25:00:00"},
        {"stat_time_day": 5},
        {"stat_time_day": ["2024-01-01"]},
        {"stat_time_day": {"a": 1}},
        {"dimensions": {"stat_time_day": "x"}},
        {"use_global_cursor": True, "state": "2024-01-01"},
        {"use_global_cursor": True, "state": [1]},
    ],
)
def test_a_malformed_state_is_an_error_that_names_the_stream(raw: Any) -> None:
    """Reading everything again without a message would be worse."""
    with pytest.raises(ConfigurationError) as caught:
        read_state(*DAILY, raw)
    assert "ads_reports_daily" in caught.value.message
    assert caught.value.remedy


_entries = st.fixed_dictionaries(
    {},
    optional={
        "partition": st.fixed_dictionaries({}, optional={"advertiser_id": json_values}) | json_values,
        "cursor": st.fixed_dictionaries({}, optional={"stat_time_day": json_values | st.dates().map(str)})
        | json_values,
    },
)
_states = st.fixed_dictionaries(
    {},
    optional={
        "use_global_cursor": st.booleans() | json_values,
        "states": st.lists(_entries, max_size=3) | json_values,
        "state": st.fixed_dictionaries({}, optional={"stat_time_day": st.dates().map(str) | json_values}) | json_values,
        "dimensions": st.fixed_dictionaries({}, optional={"stat_time_day": json_values}) | json_values,
        "stat_time_day": st.dates().map(str) | json_values,
    },
)


@given(_states | json_values)
def test_any_json_is_a_state_or_a_configuration_error(raw: Any) -> None:
    """No value anywhere in a state raises another exception, and what is read can be used."""
    try:
        cursors = read_state(*DAILY, raw)
    except ConfigurationError:
        return
    cursors.day_of("7001")
    cursors.to_state()


def test_daily_cursors_are_written_as_days() -> None:
    """`%Y-%m-%d`, in the form that 4.4 and later read."""
    assert Cursors("stat_time_day", {"7001": "2024-01-31 00:00:00"}).to_state() == {
        "use_global_cursor": False,
        "states": [
            {"partition": {"advertiser_id": "7001", "parent_slice": {}}, "cursor": {"stat_time_day": "2024-01-31"}}
        ],
        "lookback_window": 0,
    }


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("stat_time_day", "2024-01-31"),
        ("stat_time_hour", "2024-01-31 06:00:00"),
        ("modify_time", "2024-01-31 06:00:00Z"),
    ],
)
def test_each_cursor_is_written_in_its_format(field: str, expected: str) -> None:
    """Days are dates, hours have a time, and objects end with a literal Z."""
    (entry,) = Cursors(field, {"7001": "2024-01-31 06:00:00"}).to_state()["states"]
    assert entry["cursor"] == {field: expected}


@given(st.sampled_from([HOURLY, OBJECTS]), st.dictionaries(accounts, times, max_size=5))
def test_a_written_state_is_read_back_unchanged(stream: tuple[str, str], cursors: dict[str, str]) -> None:
    """A round trip through the state file changes nothing."""
    name, field = stream
    read_back = read_state(name, field, Cursors(field, cursors).to_state())
    assert {advertiser_id: read_back.of(advertiser_id) for advertiser_id in cursors} == cursors
    assert read_back.of("0") is None


@given(st.dictionaries(accounts, st.dates(), max_size=5))
def test_a_written_day_is_read_back(days: dict[str, date]) -> None:
    """A round trip preserves the day."""
    written = Cursors(
        "stat_time_day", {advertiser_id: f"{day} 00:00:00" for advertiser_id, day in days.items()}
    ).to_state()
    read_back = read_state(*DAILY, written)
    assert {advertiser_id: read_back.day_of(advertiser_id) for advertiser_id in days} == days


@given(st.lists(st.tuples(st.sampled_from(["7001", "7002"]), times), max_size=12), st.none() | times)
def test_a_cursor_never_moves_back(moves: list[tuple[str, str]], common: str | None) -> None:
    """It is the later of its old and its new value; `move` returns whether it moved."""
    cursors = Cursors("stat_time_hour", common=common)
    for advertiser_id, time in moves:
        before = cursors.of(advertiser_id)
        assert cursors.move(advertiser_id, time) == (before is None or time > before)
        assert cursors.of(advertiser_id) == max(before or time, time)


def test_moving_one_account_does_not_move_others() -> None:
    """Accounts move independently."""
    cursors = Cursors("stat_time_day", {"7001": "2024-01-01 00:00:00"}, common="2024-01-02 00:00:00")
    cursors.move("7002", "2024-02-01 00:00:00")
    assert cursors.of("7001") == "2024-01-01 00:00:00"
    assert cursors.of("7003") == "2024-01-02 00:00:00"


def test_a_common_cursor_becomes_the_accounts_own() -> None:
    """The written form has no common cursor, so each account of the run gets it."""
    cursors = Cursors("stat_time_day", {"7001": "2024-01-01 00:00:00"}, common="2024-01-02 00:00:00")
    for advertiser_id in ("7001", "7002"):
        cursors.adopt_common(advertiser_id)
    written = {
        entry["partition"]["advertiser_id"]: entry["cursor"]["stat_time_day"] for entry in cursors.to_state()["states"]
    }
    assert written == {"7001": "2024-01-01", "7002": "2024-01-02"}


def test_without_a_common_cursor_nothing_is_adopted() -> None:
    """An account that was never read still has no cursor."""
    cursors = Cursors("stat_time_day")
    cursors.adopt_common("7001")
    assert cursors.to_state()["states"] == []


def test_an_account_that_is_not_in_this_run_keeps_its_cursor() -> None:
    """Leaving out an account for a while does not lose its state."""
    raw = {"states": [partition("7001", stat_time_day="2024-01-31"), partition("7002", stat_time_day="2024-02-01")]}
    cursors = read_state(*DAILY, raw)
    cursors.move("7001", "2024-03-01 00:00:00")
    assert read_state(*DAILY, cursors.to_state()).of("7002") == "2024-02-01 00:00:00"


def test_a_returned_state_does_not_change() -> None:
    """The engine continues while a checkpoint is still being written."""
    cursors = Cursors("stat_time_day", {"7001": "2024-01-01 00:00:00"})
    state = cursors.to_state()
    cursors.move("7001", "2024-03-01 00:00:00")
    cursors.move("7002", "2024-03-01 00:00:00")
    assert state == Cursors("stat_time_day", {"7001": "2024-01-01 00:00:00"}).to_state()


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-05T10:00:00Z",
        "2024-01-05 10:00:00Z",
        "2024-01-05 10:00:00",
        "2024-01-05T10:00:00",
        "2024-01-05T10:00:00.000Z",
        "2024-01-05T10:00:00.123456",
        "2024-01-05T10:00:00+00:00",
        "2024-01-05 10:00:00+0000",
        " 2024-01-05 10:00:00 ",
    ],
)
def test_all_spellings_of_a_time_are_equal(text: str) -> None:
    """Fractions, T and Z make no difference."""
    assert normalize_time(text) == "2024-01-05 10:00:00"


def test_a_day_without_a_time_is_its_first_second() -> None:
    """A day sorts before all its hours."""
    assert normalize_time("2024-01-05") == "2024-01-05 00:00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2024",
        "2024-01",
        "20240105",
        "2024-01-05 10:00",
        "1704448800",
        "2024-13-45 99:99:99",
        "2024-02-30",
        "2024-01-05 24:00:00",
    ],
)
def test_text_that_is_not_a_time_is_none(text: str) -> None:
    """It could not be compared with times."""
    assert normalize_time(text) is None


@given(st.datetimes(), st.datetimes())
def test_times_sort_as_text(time: Any, other: Any) -> None:
    """The normal form sorts like the times themselves, so that comparing needs no parsing."""
    time, other = time.replace(microsecond=0), other.replace(microsecond=0)
    first, second = normalize_time(time.isoformat()), normalize_time(other.isoformat(sep=" "))
    assert first is not None
    assert second is not None
    assert (first < second) == (time < other)


def test_the_estimated_size_is_near_the_written_size() -> None:
    """The larger a state is, the less often it is emitted."""
    cursors = Cursors("stat_time_day", {str(7 * 10**18 + n): "2024-01-01 00:00:00" for n in range(100)})
    size = len(str(cursors.to_state()))
    assert size / 2 < cursors.estimated_bytes < size * 2


def test_a_lookback_may_cross_midnight() -> None:
    """A global cursor's lookback is subtracted like any time."""
    raw = {"use_global_cursor": True, "state": {"stat_time_day": "2024-03-01"}, "lookback_window": 1}
    assert read_state(*DAILY, raw).day_of("7001") == date(2024, 3, 1) - timedelta(days=1)


@pytest.mark.parametrize("lookback", [10**12, 10**400], ids=["before the year 1", "beyond doubles"])
def test_a_lookback_beyond_the_calendar_is_an_error(lookback: int) -> None:
    """A time before the first year is an error of the state."""
    raw = {"use_global_cursor": True, "state": {"stat_time_day": "2024-01-01"}, "lookback_window": lookback}
    with pytest.raises(ConfigurationError, match="lookback_window"):
        read_state(*DAILY, raw)


def test_a_lookback_of_centuries_is_subtracted() -> None:
    """The year keeps its four digits, so that the cursor still sorts."""
    raw = {"use_global_cursor": True, "state": {"stat_time_day": "2024-01-01"}, "lookback_window": 1500 * 365 * 86_400}
    assert read_state(*DAILY, raw).of("7001") == "0524-12-30 00:00:00"


def test_a_stream_without_a_cursor_has_the_state_that_airbyte_writes() -> None:
    """Its platform knows this key."""
    assert NO_CURSOR == {"__ab_no_cursor_state_message": True}


@pytest.mark.parametrize(
    ("cursors", "common", "empty"),
    [
        ({}, None, True),
        ({"7001": "2026-01-05 00:00:00"}, None, False),
        ({}, "2026-01-05 00:00:00", False),
        ({"7001": "2026-01-05 00:00:00"}, "2026-01-06 00:00:00", False),
    ],
)
def test_cursors_are_empty_if_no_account_has_one(cursors: dict[str, Any], common: Any, empty: bool) -> None:
    """A common cursor is one of every account."""
    assert Cursors("stat_time_day", cursors, common).empty is empty


def test_a_cursor_that_is_set_back_loses_what_it_no_longer_covers() -> None:
    """An account that counts as not read has no coverage, and no common cursor stands in for its own."""
    covered = Covered(start=date(2026, 1, 1), include_deleted=True)
    cursors = Cursors(
        "stat_time_day",
        dict.fromkeys(("7001", "7002"), "2026-02-09 00:00:00"),
        "2026-02-09 00:00:00",
        dict.fromkeys(("7001", "7002"), covered),
    )
    cursors.rewind("7001", None)
    cursors.rewind("7002", "2026-02-01 00:00:00")
    assert (cursors.of("7001"), cursors.covered_of("7001")) == (None, None)
    assert (cursors.of("7002"), cursors.covered_of("7002")) == ("2026-02-01 00:00:00", covered)
    assert cursors.accounts == ("7002",)


def test_a_state_keeps_what_its_cursors_cover() -> None:
    """Without such knowledge it has no field for it."""
    cursors = Cursors("stat_time_day", {"7001": "2026-02-09 00:00:00"})
    assert "coverage" not in cursors.to_state()
    covered = Covered(start=date(2026, 1, 1), include_deleted=True, metrics=7)
    cursors.cover("7001", covered)
    assert read_state(*DAILY, cursors.to_state()).covered_of("7001") == covered


@pytest.mark.parametrize(
    ("count", "field", "words"),
    [
        (5, "stat_time_day", "it has only f0, f1, f2, f3, f4, but not stat_time_day, which is the stream's cursor"),
        (6, "stat_time_day", "it has f0, f1, f2, f3, f4 and more, but not stat_time_day, which is the stream's cursor"),
        (1, "", "it has only f0, and the stream has no cursor"),
    ],
)
def test_the_error_names_five_fields_of_the_state_and_the_one_that_is_missing(
    count: int, field: str, words: str
) -> None:
    """Whoever passed the state of another stream sees it."""
    with pytest.raises(ConfigurationError) as caught:
        read_state("ads", field, {f"f{number}": 1 for number in range(count)})
    assert words in caught.value.message


def test_a_lookback_counts_only_for_a_global_cursor() -> None:
    """The other forms have none."""
    raw = {"stat_time_day": "2026-01-05", "lookback_window": 86_400}
    assert read_state(*DAILY, raw).of("7001") == "2026-01-05 00:00:00"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "is true, which is not a date"),
        (["2026-06-01"], 'is ["2026-06-01"], which is not a date'),
        ("x" * 5000, f'is "{"x" * 39}…, which is not a date'),
    ],
)
def test_an_unreadable_cursor_is_shown_as_json(value: Any, words: str) -> None:
    """As it stands in the state, and cut."""
    state = {"states": [{"partition": {"advertiser_id": "1"}, "cursor": {"stat_time_day": value}}]}
    with pytest.raises(ConfigurationError) as raised:
        read_state("ads_reports_daily", "stat_time_day", state)
    assert words in raised.value.message


def test_a_common_cursor_is_known_as_one() -> None:
    """It applies to every account without one of its own."""
    assert Cursors("stat_time_day", common="2024-01-02 00:00:00").has_common  # type: ignore[arg-type]
    assert not Cursors("stat_time_day", {"7001": "2024-01-02 00:00:00"}).has_common  # type: ignore[dict-item]


def test_the_stores_of_an_account_are_part_of_its_state() -> None:
    """Once it has a cursor. A state without them says nothing of stores."""
    cursors = Cursors("stat_time_day", {AdvertiserId("7001"): Cursor("2024-01-02 00:00:00")})
    assert "stores" not in cursors.to_state()
    cursors.note_stores(AdvertiserId("7001"), ["71", "72"])
    cursors.note_stores(AdvertiserId("7002"), ["73"])
    state = cursors.to_state()
    assert state["stores"] == {"7001": ["71", "72"]}
    assert read_state(*DAILY, state).stores_of(AdvertiserId("7001")) == ("71", "72")
    cursors.rewind(AdvertiserId("7001"), None)
    assert cursors.stores_of(AdvertiserId("7001")) is None


@pytest.mark.parametrize("stores", [None, [], "x", {"7001": "71"}, {"7001": None}])
def test_stores_that_are_not_understood_are_unknown(stores: Any) -> None:
    """The cursors beside them count. Those of other accounts do, too."""
    state = {"states": [partition("7001", stat_time_day="2024-01-02")], "stores": stores}
    read = read_state(*DAILY, state)
    assert read.stores_of(AdvertiserId("7001")) is None
    assert read.of(AdvertiserId("7001")) == "2024-01-02 00:00:00"
    both = read_state(*DAILY, state | {"stores": {"7001": 5, "7002": [71]}})
    assert (both.stores_of(AdvertiserId("7001")), both.stores_of(AdvertiserId("7002"))) == (None, ("71",))
