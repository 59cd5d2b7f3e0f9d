from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import NOON, account, config, stream

from tiktok_marketing.catalog import STREAMS, Scope
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import Config, Refresh
from tiktok_marketing.shards import Shard
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.bounds import Bounds
from tiktok_marketing.sync.plan.cursors import Cursor, Cursors
from tiktok_marketing.sync.plan.partitions import Partition, creation_day, earliest_day, in_order_of_size, plan_stream
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.plan.zones import ZONE_AHEAD_OF_ALL

TODAY = NOON.date()
DAY = timedelta(days=1)


def plan(
    name: str,
    *accounts: Account,
    cursors: Cursors | None = None,
    settings: Config | None = None,
    now: datetime = NOON,
    **fields: Any,
) -> list[Partition]:
    """The partitions of one stream."""
    selected = Selected(stream(name), incremental=cursors is not None)
    return plan_stream(settings or config(**fields), selected, cursors, accounts or (account(),), ClockReading.at(now))


def days_of(partition: Partition) -> list[date]:
    """Every day that a partition reads."""
    return [
        window.start + n * DAY
        for window in partition.windows()
        if isinstance(window, Window)
        for n in range(window.days)
    ]


def test_without_an_end_today_is_the_last_day() -> None:
    """Reading goes up to the account's today, inclusive."""
    (partition,) = plan("ads_reports_daily")
    assert (partition.first, partition.last) == (date(2026, 1, 1), TODAY)


def test_the_end_date_is_included() -> None:
    """The configured last day is read."""
    (partition,) = plan("ads_reports_daily", end_date=date(2026, 1, 31))
    assert days_of(partition)[-1] == date(2026, 1, 31)


def test_a_sandbox_has_figures_of_days_before_its_account() -> None:
    """TikTok's mock figures are of December 2020, whenever the sandbox account was created."""
    settings = config(sandbox=True, start_date=date(2020, 12, 8), end_date=date(2020, 12, 19))
    (partition,) = plan("ads_reports_daily", account(created=date(2026, 1, 1)), settings=settings)
    assert (partition.first, partition.last) == (date(2020, 12, 8), date(2020, 12, 19))


def test_an_end_in_the_future_is_today() -> None:
    """Days that have not begun are not requested."""
    (partition,) = plan("ads_reports_daily", end_date=date(2030, 1, 1))
    assert partition.last == TODAY


@pytest.mark.parametrize("name", ["ads_reports_daily", "ads_reports_hourly"])
def test_start_equal_to_end_is_one_day(name: str) -> None:
    """Airbyte's connector reads nothing here."""
    (partition,) = plan(name, start_date=date(2026, 1, 5), end_date=date(2026, 1, 5))
    assert days_of(partition) == [date(2026, 1, 5)]
    assert partition.size == 1


def test_a_start_in_the_future_reads_nothing() -> None:
    """A partition without a day does not exist."""
    assert plan("ads_reports_daily", start_date=TODAY + DAY) == []


def test_today_is_the_accounts() -> None:
    """At noon UTC it is tomorrow on Kiritimati and today in Los Angeles."""
    partitions = plan(
        "ads_reports_daily",
        account("1", zone=ZoneInfo("Pacific/Kiritimati")),
        account("2", zone=ZoneInfo("America/Los_Angeles")),
        account("3", zone=ZoneInfo("Pacific/Pago_Pago")),
        now=datetime(2026, 3, 10, 10, 30, tzinfo=UTC),
    )
    assert [partition.last for partition in partitions] == [date(2026, 3, 11), date(2026, 3, 10), date(2026, 3, 9)]


def test_the_state_stays_at_a_day_that_has_certainly_begun() -> None:
    """Days of an account in an unknown zone are read ahead, and read again: they may not be over."""
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    unknown, kiritimati = account("1", zone=ZONE_AHEAD_OF_ALL), account("2", zone=ZoneInfo("Pacific/Kiritimati"))
    partitions = plan("ads_reports_hourly", unknown, kiritimati, now=noon)
    assert [partition.last for partition in partitions] == [date(2026, 3, 11), date(2026, 3, 11)]
    assert [partition.state_limit for partition in partitions] == [date(2026, 3, 10), date(2026, 3, 11)]
    (partition,) = plan("ads_reports_hourly", unknown, now=noon, end_date=date(2026, 3, 1))
    assert partition.state_limit == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("name", "lookback", "limit"),
    [
        ("ads_reports_hourly", 0, 9),
        ("ads_reports_hourly", 1, 10),
        ("ads_reports_daily", 0, 9),
        ("ads_audience_reports_daily", 0, 9),
        ("ads_audience_reports_daily", 1, 10),
    ],
)
def test_without_a_lookback_the_state_waits_for_the_day_before(name: str, lookback: int, limit: int) -> None:
    """Half an hour after midnight yesterday may still lack hours. A look-back of a day reads them anyway."""
    half_past = datetime(2026, 3, 10, 0, 30, tzinfo=UTC)
    (partition,) = plan(name, now=half_past, attribution_window=lookback)
    assert (partition.last, partition.state_limit) == (date(2026, 3, 10), date(2026, 3, limit))


def test_the_later_clock_decides_what_is_read_and_the_earlier_one_the_state() -> None:
    """Whichever of them is wrong, no day is left out."""
    (partition,) = plan_stream(
        config(),
        Selected(stream("ads_reports_daily"), incremental=True),
        None,
        [account()],
        msgspec.structs.replace(
            ClockReading.at(datetime(2026, 3, 12, 1, tzinfo=UTC)), earliest=datetime(2026, 3, 10, 23, tzinfo=UTC)
        ),
    )
    assert (partition.last, partition.state_limit) == (date(2026, 3, 12), date(2026, 3, 10))


def test_no_window_before_the_account_existed() -> None:
    """An account created in February has no January."""
    (partition,) = plan("ads_reports_hourly", account(created=date(2026, 2, 10)))
    assert days_of(partition)[0] == date(2026, 2, 10)


def test_a_creation_time_in_the_future_is_ignored() -> None:
    """It must not leave out days with data."""
    (partition,) = plan("ads_reports_hourly", account(created=TODAY + DAY))
    assert (partition.first, partition.last) == (date(2026, 1, 1), TODAY)


def test_an_account_created_after_the_end_has_no_partition() -> None:
    """It has nothing to read, and that is not a failure."""
    assert plan("ads_reports_daily", account(created=date(2026, 2, 1)), end_date=date(2026, 1, 31)) == []


def test_hourly_windows_hold_one_day() -> None:
    """TikTok accepts one day per request by the hour, whatever the granularity."""
    (partition,) = plan("ads_reports_hourly", report_granularity=30)
    assert {window.days for window in partition.windows() if window} == {1}
    assert partition.size == (TODAY - date(2026, 1, 1)).days + 1


@pytest.mark.parametrize("granularity", [1, 7, 30])
def test_daily_windows_hold_as_many_days_as_configured(granularity: int) -> None:
    """`report_granularity` is the most days in a window."""
    (partition,) = plan("ads_reports_daily", report_granularity=granularity)
    assert max(window.days for window in partition.windows() if window) == granularity


@given(
    st.sampled_from(["ads_reports_daily", "campaigns_reports_hourly", "advertisers_reports_daily"]),
    st.dates(date(2025, 10, 1), date(2026, 4, 1)),
    st.none() | st.integers(min_value=0, max_value=200),
    st.none() | st.dates(date(2025, 10, 1), date(2026, 4, 1)),
    st.none() | st.dates(date(2025, 10, 1), date(2026, 5, 1)),
    st.integers(min_value=0, max_value=60),
    st.integers(min_value=1, max_value=30),
)
def test_every_day_of_a_report_is_read_once(
    name: str,
    start: date,
    span: int | None,
    created: date | None,
    state: date | None,
    lookback: int,
    granularity: int,
) -> None:
    """From the first day that is due to the last, and none outside the configured range."""
    end = None if span is None else start + span * DAY
    field = stream(name).cursor or ""
    cursors = Cursors(field, {"7001": f"{state} 00:00:00"} if state else {})
    partitions = plan(
        name,
        account(created=created),
        cursors=cursors,
        start_date=start,
        end_date=end,
        attribution_window=lookback,
        report_granularity=granularity,
    )
    last = min(end or TODAY, TODAY)
    floor = max(start, created if created is not None and created <= TODAY else start)
    first = floor if state is None else max(floor, min(state, last) - lookback * DAY)
    read = [day for partition in partitions for day in days_of(partition)]
    assert read == [first + n * DAY for n in range(max(0, (last - first).days + 1))]
    assert sum(partition.size for partition in partitions) == sum(
        1 for partition in partitions for _ in partition.windows()
    )


def test_a_full_refresh_ignores_the_state() -> None:
    """Without cursors everything from `start_date` is read."""
    (partition,) = plan("ads_reports_daily", cursors=None)
    assert partition.first == date(2026, 1, 1)


def test_a_new_account_starts_from_the_start_date() -> None:
    """Another account's cursor does not apply to it."""
    cursors = Cursors("stat_time_day", {"1": "2026-03-01 00:00:00"})
    old, new = plan("ads_reports_daily", account("1"), account("2"), cursors=cursors, attribution_window=3)
    assert old.first == date(2026, 2, 26)
    assert new.first == date(2026, 1, 1)


def test_an_hourly_cursor_in_the_middle_of_a_day_reads_the_day_again() -> None:
    """4.x leaves cursors like 06:00; the whole day and the lookback before it are read."""
    cursors = Cursors("stat_time_hour", {"7001": "2026-03-01 06:00:00"})
    (partition,) = plan("ads_reports_hourly", cursors=cursors, attribution_window=3)
    assert partition.first == date(2026, 2, 26)


def test_a_lifetime_report_is_one_window_without_days() -> None:
    """It is requested once per account."""
    partitions = plan("ads_reports_lifetime", account("1"), account("2"))
    assert [list(partition.windows()) for partition in partitions] == [[None], [None]]
    assert [partition.size for partition in partitions] == [1, 1]


@given(st.integers(0, 1500), st.integers(0, 900), st.none() | st.integers(0, 1500), st.integers(1, 30))
def test_a_sum_without_days_is_one_window_of_a_year_at_most(
    back: int, until: int, created: int | None, granularity: int
) -> None:
    """Its rows have no day, so two windows would give two rows with one key. It covers the last 365 days."""
    end = TODAY - until * DAY
    start = min(TODAY - back * DAY, end)
    created_on = None if created is None else TODAY - created * DAY
    partitions = plan(
        "advertisers_audience_reports_lifetime",
        account(created=created_on),
        start_date=start,
        end_date=end,
        report_granularity=granularity,
    )
    first = max(start, created_on or start, end - 364 * DAY)
    assert [list(partition.windows()) for partition in partitions] == ([[Window(first, end)]] if first <= end else [])


@pytest.mark.parametrize("name", ["campaigns", "ad_groups", "ads"])
def test_objects_come_whatever_their_age(name: str) -> None:
    """`start_date` limits reports only. The rows of an old ad find it in the table of ads."""
    (partition,) = plan(name)
    assert partition.modified_since == ""
    assert list(partition.windows()) == [None]


@pytest.mark.parametrize("name", ["campaigns", "ad_groups", "ads"])
def test_with_airbytes_defaults_objects_before_the_start_date_are_left_out(name: str) -> None:
    """Without a state, `start_date` is the oldest change that counts."""
    (partition,) = plan(name, objects_since_start_date=True)
    assert partition.modified_since == "2026-01-01 00:00:00"
    assert list(partition.windows()) == [None]


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [("2026-03-01 10:00:00", "2026-03-01 10:00:00"), ("2025-03-01 10:00:00", "2026-01-01 00:00:00")],
)
def test_objects_before_the_later_of_start_and_state_are_left_out(cursor: str, expected: str) -> None:
    """A state older than `start_date` does not extend the range."""
    cursors = Cursors("modify_time", {"7001": cursor})
    (partition,) = plan("ads", cursors=cursors, objects_since_start_date=True)
    assert partition.modified_since == expected


def test_objects_of_a_new_account_start_from_the_start() -> None:
    """An account without a cursor does not follow another's."""
    cursors = Cursors("modify_time", {"1": "2026-03-01 10:00:00"})
    (partition,) = plan("ads", account("2"), cursors=cursors)
    assert partition.modified_since == ""
    (partition,) = plan("ads", account("2"), cursors=cursors, objects_since_start_date=True)
    assert partition.modified_since == "2026-01-01 00:00:00"


@pytest.mark.parametrize("name", [stream.name for stream in STREAMS if stream.scope is not Scope.ACCOUNT])
def test_streams_about_accounts_are_one_partition(name: str) -> None:
    """They are read once, however many accounts there are."""
    (partition,) = plan(name, account("1"), account("2"))
    assert partition.account is None
    assert partition.size == 1


@pytest.mark.parametrize("name", [stream.name for stream in STREAMS if stream.scope is Scope.ACCOUNT])
def test_every_other_stream_is_one_partition_per_account(name: str) -> None:
    """Accounts keep their order."""
    partitions = plan(name, account("1"), account("2"))
    assert [partition.account.advertiser_id for partition in partitions if partition.account] == ["1", "2"]


def test_short_streams_come_first() -> None:
    """A stream with few windows does not wait behind one with many."""
    names = ["ads_reports_hourly", "ads_reports_daily", "ads_reports_lifetime"]
    partitions = {name: plan(name) for name in names}
    assert in_order_of_size(partitions) == ["ads_reports_lifetime", "ads_reports_daily", "ads_reports_hourly"]


def test_streams_of_equal_size_keep_their_order() -> None:
    """The catalog's order decides between equals."""
    partitions: dict[str, list[Partition]] = {"b": [], "a": [], "c": []}
    assert in_order_of_size(partitions) == ["b", "a", "c"]


TODAYS = Cursors("modify_time", {"7001": "2026-03-10 09:00:00"})
YESTERDAYS = Cursors("modify_time", {"7001": "2026-03-09 23:00:00"})
ALL = ""


@pytest.mark.parametrize(
    ("refresh", "cursors", "since", "only_changed"),
    [
        ("changed", TODAYS, "2026-03-10 09:00:00", False),
        ("changed", YESTERDAYS, "2026-03-09 23:00:00", False),
        ("daily", TODAYS, "2026-03-10 09:00:00", True),
        ("daily", YESTERDAYS, ALL, False),
        ("daily", None, ALL, False),
        ("always", TODAYS, ALL, False),
    ],
)
@pytest.mark.parametrize("name", ["campaigns", "ad_groups", "ads"])
def test_refresh_objects_decides_which_objects_are_read(
    name: str, refresh: str, cursors: Cursors | None, since: str, only_changed: bool
) -> None:
    """`daily` delivers all in the first sync of a day, which is the one whose cursor is of an earlier day."""
    (partition,) = plan(name, cursors=cursors, refresh_objects=Refresh(refresh))
    assert (partition.modified_since, partition.only_changed) == (since, only_changed)


def test_assets_have_no_status_to_refresh() -> None:
    """An image changes only with its `modify_time`."""
    (partition,) = plan("creative_assets_images", cursors=YESTERDAYS, refresh_objects=Refresh.ALWAYS)
    assert partition.modified_since == "2026-03-09 23:00:00"


def test_nothing_before_2012_is_requested() -> None:
    """TikTok has no older figures."""
    (partition,) = plan("ads_reports_daily", start_date=date(2000, 1, 1))
    assert partition.first == date(2012, 1, 1)


def test_windows_are_days_unless_a_partition_says_otherwise() -> None:
    """As in hourly reports."""
    partition = Partition(stream=stream("ads_reports_hourly"), account=account(), first=TODAY - 2 * DAY, last=TODAY)
    assert [window and window.days for window in partition.windows()] == [1, 1, 1]


@pytest.mark.parametrize(
    ("first", "last", "numbers"),
    [
        (0, 0, [0]),
        (2, 3, [0, 1]),
        (3, 5, [1]),
        (3, 6, [1, 2]),
        (5, 99, [1, 2, 3]),
        (-9, 2, [0]),
        (-9, -1, []),
        (9, 9, [3]),
        (12, 14, []),
    ],
)
def test_the_windows_in_some_days_have_any_of_them(first: int, last: int, numbers: list[int]) -> None:
    """Of ten days in windows of three, oldest first."""
    partition = Partition(stream=stream("ads_reports_daily"), first=TODAY, last=TODAY + 9 * DAY, days=3)
    windows = list(partition.windows())
    chosen = list(partition.windows_in(Window(TODAY + first * DAY, TODAY + last * DAY)))
    assert chosen == [windows[number] for number in numbers]


def test_a_partition_without_days_is_one_window_without_days() -> None:
    """None of its windows is in any days."""
    partition = Partition(stream=stream("ads"))
    assert (partition.size, list(partition.windows()), partition.window(0)) == (1, [None], None)
    assert list(partition.windows_in(Window(TODAY, TODAY))) == []
    assert (partition.only_changed, partition.fills_gap, partition.days) == (False, False, 1)


@pytest.mark.parametrize(("index", "names"), [(0, ["advertiser_ids", "ads"]), (1, ["ads"])])
def test_the_first_shard_reads_what_is_about_no_account(index: int, names: list[str]) -> None:
    """Each shard reads its own accounts. Without shards, everything is read."""
    settings = msgspec.structs.replace(config(), shard=Shard(index, 2))
    assert [name for name in ("advertiser_ids", "ads") if plan(name, settings=settings)] == names
    assert plan("advertiser_ids")


def test_without_accounts_only_what_is_about_the_token_is_read() -> None:
    """There is nobody to ask about."""
    clock = ClockReading.at(NOON)
    for name, size in (("advertiser_ids", 1), ("advertisers", 0), ("ads", 0), ("ads_reports_daily", 0)):
        assert len(plan_stream(config(), Selected(stream(name), incremental=False), None, (), clock)) == size


def test_the_days_of_a_gap_are_a_partition_that_moves_no_cursor() -> None:
    """No day is in both."""
    clock = ClockReading.at(NOON)
    gap = Window(date(2026, 1, 1), date(2026, 1, 31))
    selected = Selected(stream("ads_reports_daily"), incremental=True)
    before, after = plan_stream(config(), selected, None, (account(),), clock, gaps={account().advertiser_id: gap})
    assert (before.first, before.last, before.fills_gap) == (gap.start, gap.end, True)
    assert (after.first, after.last, after.fills_gap) == (date(2026, 2, 1), TODAY, False)


@pytest.mark.parametrize(
    ("bounds", "first", "limit"),
    [
        (Bounds(date(2026, 3, 1)), date(2026, 3, 1), TODAY),
        (Bounds(date(2026, 3, 5)), date(2026, 3, 5), TODAY),
        (Bounds(date(2026, 3, 6)), date(2026, 3, 6), None),
        (Bounds(date(2026, 3, 1), date(2026, 3, 5)), date(2026, 3, 1), date(2026, 3, 5)),
        (Bounds(date(2026, 3, 1), date(2026, 3, 4)), date(2026, 3, 1), None),
        (Bounds(None, date(2026, 3, 8)), date(2026, 3, 5), date(2026, 3, 8)),
    ],
)
def test_between_bounds_the_state_moves_only_over_an_unbroken_run_of_days(
    bounds: Bounds, first: date, limit: date | None
) -> None:
    """Days are due from the fifth on. If some of them are not read, the state stays."""
    cursors = Cursors("stat_time_day", {account().advertiser_id: Cursor("2026-03-08 00:00:00")})
    selected = Selected(stream("ads_reports_daily"), incremental=True)
    clock = ClockReading.at(NOON)
    settings = config(attribution_window=3)
    (partition,) = plan_stream(settings, selected, cursors, (account(),), clock, bounds=bounds)
    assert (partition.first, partition.state_limit) == (first, limit)


def test_a_stream_has_nothing_before_its_account_or_before_its_own_first_day() -> None:
    """Objects have no first day of their own."""
    clock = ClockReading.at(NOON)
    new, old = account(created=date(2026, 1, 5)), account(created=date(2020, 1, 5))
    for name, first in (("ads", date(2020, 1, 5)), ("gmv_max_advertiser_reports_daily", date(2023, 9, 1))):
        assert earliest_day(config(), stream(name), new, clock) == date(2026, 1, 5)
        assert earliest_day(config(), stream(name), old, clock) == first
    assert earliest_day(config(), stream("ads"), account(), clock) is None


@pytest.mark.parametrize(("days", "first"), [(0, TODAY), (-1, TODAY - DAY), (1, None)])
def test_an_account_has_no_figures_before_the_day_of_its_creation(days: int, first: date | None) -> None:
    """No account was created tomorrow."""
    created = account(created=TODAY + days * DAY)
    assert creation_day(config(), created, ClockReading.at(NOON)) == first


@pytest.mark.parametrize(
    ("cursor", "required"),
    [("2026-02-01 10:00:00", "2026-02-01 10:00:00"), ("2025-06-01 10:00:00", "2026-01-01 00:00:00")],
)
def test_objects_older_than_the_state_and_than_start_date_may_be_missing(cursor: str, required: str) -> None:
    """Where TikTok does not list them."""
    (partition,) = plan("audiences", cursors=Cursors("create_time", {account().advertiser_id: Cursor(cursor)}))
    assert partition.required_since == required


def test_a_request_covers_as_many_days_as_tiktok_accepts_unless_the_user_wants_fewer() -> None:
    """Thirty, or a year in a report that allows it."""
    for granularity, name, days in (
        (30, "ads_reports_daily", 30),
        (7, "ads_reports_daily", 7),
        (30, "advertisers_business_center_reports_daily", 365),
        (7, "advertisers_business_center_reports_daily", 7),
    ):
        (partition,) = plan(name, report_granularity=granularity)
        assert partition.days == days
