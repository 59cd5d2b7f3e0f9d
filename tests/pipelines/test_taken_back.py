"""Rows that TikTok no longer returns are removed when their days are read again, and no other rows are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support import NOW, HurriedClock, config_for, quickly, whole_packages
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.pipelines import RunOptions, load_async
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.events import DaysComplete, DaysEmpty, DaysIncomplete, Rows
from tiktok_marketing.sync.plan.windows import Window

DAILY = "campaigns_reports_daily"
HOURLY = "campaigns_reports_hourly"
AUDIENCE = "ads_audience_reports_daily"
LIFETIME = "campaigns_reports_lifetime"
SPAN = "advertisers_audience_reports_lifetime"
STREAMS = [DAILY, HOURLY, AUDIENCE, LIFETIME, SPAN]
LATER = datetime(2026, 6, 17, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def one_package() -> Iterator[None]:
    """No test here is about packages."""
    with whole_packages():
        yield


def rows_in(database: Any, name: str) -> list[tuple[Any, ...]]:
    """All rows of a table, without the columns that dlt adds."""
    columns = [
        column
        for (column,) in database.ask(
            f"SELECT column_name FROM information_schema.columns WHERE table_name = '{name}' ORDER BY 1"  # noqa: S608
        )
        if not column.startswith("_dlt")
    ]
    listed = ", ".join(f'"{column}"' for column in columns)
    return sorted(database.ask(f"SELECT {listed} FROM {name}"), key=repr)  # noqa: S608 - names of the catalog


def business(taken_back: int) -> Options:
    """A business with few, small accounts."""
    return Options(now=NOW, tier="unlimited", advertisers=3, days=30, ads_per_account=10, taken_back=taken_back)


@pytest.mark.parametrize("taken_back", quickly(40, 100), ids=["some", "all"])
async def test_a_second_sync_leaves_the_same_rows_as_a_fresh_one(
    database: Any, tmp_path: Path, taken_back: int
) -> None:
    """TikTok withdraws figures of days that are read again. Their rows go, whether a day keeps other rows or not."""
    async with Emulator(business(taken_back)) as emulator:
        fields = {"start_date": "2026-06-12", "include_deleted": True, "attribution_window": 4}
        config = parse_config(config_for(emulator, **fields))
        now = RunOptions(clock=FixedClock(NOW), address=emulator.url)
        assert (await load_async(config, database.address, streams=STREAMS, options=now)).complete
        before = rows_in(database, DAILY)
        emulator.clock.set(LATER)
        later = RunOptions(clock=FixedClock(LATER), address=emulator.url)
        assert (await load_async(config, database.address, streams=STREAMS, options=later)).complete
        fresh = type(database)(tmp_path / "fresh.duckdb") if database.kind == "duckdb" else database.another()
        assert (await load_async(config, fresh.address, streams=STREAMS, options=later)).complete
    for name in STREAMS:
        assert rows_in(database, name) == rows_in(fresh, name), name
    (day,) = (index for index, value in enumerate(before[0]) if type(value) is date)
    assert {row[day] for row in before if row[day] < date(2026, 6, 16)}
    if taken_back == 100:
        assert {row[day] for row in rows_in(database, DAILY)} == {date(2026, 6, 16), date(2026, 6, 17)}


@pytest.mark.parametrize("of_accounts", quickly(True, False), ids=["accounts-too", "all-accounts"])
async def test_a_partial_answer_removes_nothing(duckdb_only: Any, of_accounts: bool) -> None:
    """A partial answer (20001) says nothing about rows that are not in it, so none is removed."""
    paths = [None] if of_accounts else ["report/integrated/get/", "dmp/custom_audience/list/", "pixel/list/"]
    streams = [DAILY, HOURLY, LIFETIME, "audiences", "pixels", *(["advertiser_ids"] if of_accounts else [])]
    kept: list[dict[str, int]] = []
    async with Emulator(business(0)) as emulator:
        config = parse_config(config_for(emulator, start_date="2026-06-12", include_deleted=True, attribution_window=4))
        for keep in (None, 0.5):
            if keep is not None:
                for path in paths:
                    emulator.faults.add(Fault(path=path, code=20001, keep=keep))
            at = RunOptions(clock=HurriedClock(NOW), address=emulator.url)
            summary = await load_async(config, duckdb_only.address, streams=streams, options=at)
            assert all(stream.complete == (keep is None) for stream in summary.streams)
            kept.append({name: len(rows_in(duckdb_only, name)) for name in streams})
    assert kept[0] == kept[1]
    assert all(kept[0].values())


async def test_whole_days_are_loaded_although_another_day_is_partial(duckdb_only: Any) -> None:
    """A window that is too large is read in pieces. The days of a partial piece are not loaded yet."""
    async with Emulator(business(0)) as emulator:
        config = parse_config(config_for(emulator, start_date="2026-06-01", include_deleted=True))
        account = emulator.advertiser_ids[0]
        report = {"path": "report/integrated/get/", "advertiser": account, "contains": "AUCTION_CAMPAIGN"}
        emulator.faults.add(Fault(**report, days_over=2, code=40067))
        days = f"SELECT DISTINCT stat_time_day::DATE FROM {DAILY} WHERE advertiser_id = {account} ORDER BY 1"  # noqa: S608
        loaded_days = []
        for is_partial in (True, False):
            if is_partial:
                partial = Fault(**report | {"contains": "start_date=2026-06-05&"}, code=20001)
                emulator.faults.add(partial)
            else:
                emulator.faults.clear()
            at = RunOptions(clock=HurriedClock(NOW), address=emulator.url)
            summary = await load_async(config, duckdb_only.address, streams=[DAILY], options=at)
            assert summary.complete is not is_partial
            loaded_days.append([day for (day,) in duckdb_only.ask(days)])
    some, every = loaded_days
    missing = set(every) - set(some)
    assert date(2026, 6, 5) in missing
    assert len(missing) <= 2
    assert len(every) == 15


async def test_a_partial_list_of_campaigns_removes_nothing(duckdb_only: Any) -> None:
    """A report that is limited to the newest ads is read per campaign. If their list is partial, so is every day."""
    options = msgspec.structs.replace(business(0), ads_per_account=40, ad_report_limit=8)
    report = {"path": "report/integrated/get/", "code": 20001, "keep": 0.4}
    kept: list[int] = []
    async with Emulator(options) as emulator:
        fields = {"start_date": "2026-06-01", "attribution_window": 28, "skip_empty_days": False}
        config = parse_config(config_for(emulator, include_deleted=True, **fields))
        for is_partial in (False, True):
            if is_partial:
                emulator.faults.add(Fault(**report, contains="AUCTION_CAMPAIGN"))
                # The pieces per campaign are halved by days; the later halves must not count as whole either.
                emulator.faults.add(Fault(path=report["path"], contains="campaign_ids", days_over=4, code=40067))
            at = RunOptions(clock=HurriedClock(NOW), address=emulator.url)
            summary = await load_async(config, duckdb_only.address, streams=["ads_reports_daily"], options=at)
            assert summary.complete is not is_partial
            kept.append(len(rows_in(duckdb_only, "ads_reports_daily")))
    assert kept[0] == kept[1] > 300


async def test_rows_that_tiktok_may_only_hide_stay(duckdb_only: Any) -> None:
    """Without `include_deleted` TikTok hides rows of deleted objects, so none is removed; an account's own rows are."""
    of_account = "advertisers_reports_daily"
    async with Emulator(business(100)) as emulator:
        fields = {"start_date": "2026-06-12", "attribution_window": 4, "skip_empty_days": False}
        config = parse_config(config_for(emulator, include_deleted=False, **fields))
        kept: list[dict[str, set[Any]]] = []
        for moment in (NOW, LATER):
            emulator.clock.set(moment)
            at = RunOptions(clock=FixedClock(moment), address=emulator.url)
            streams = [DAILY, of_account]
            assert (await load_async(config, duckdb_only.address, streams=streams, options=at)).complete
            key = {DAILY: "campaign_id", of_account: "advertiser_id"}
            kept.append(
                {
                    name: set(duckdb_only.ask(f"SELECT {key[name]}, stat_time_day FROM {name}"))  # noqa: S608
                    for name in streams
                }
            )
    before, after = kept
    assert before[DAILY] < after[DAILY]
    assert before[of_account] - after[of_account]


async def test_empty_days_that_are_skipped_keep_rows_that_tiktok_may_only_hide(duckdb_only: Any) -> None:
    """Without `include_deleted`, skipping an empty day removes as little as reading it would."""
    kept: list[set[Any]] = []
    async with Emulator(business(100)) as emulator:
        config = parse_config(
            config_for(emulator, start_date="2026-06-12", attribution_window=4, include_deleted=False)
        )
        for moment in (NOW, LATER):
            emulator.clock.set(moment)
            at = RunOptions(clock=FixedClock(moment), address=emulator.url)
            assert (await load_async(config, duckdb_only.address, streams=[HOURLY], options=at)).complete
            kept.append(set(duckdb_only.ask(f"SELECT campaign_id, stat_time_hour FROM {HOURLY}")))  # noqa: S608
    assert kept[0] < kept[1]


async def test_an_account_that_fails_keeps_its_rows(duckdb_only: Any) -> None:
    """Days that could not be read again stay unchanged, while rows of other accounts are replaced."""
    async with Emulator(business(100)) as emulator:
        fields = {"start_date": "2026-06-12", "include_deleted": True, "attribution_window": 4}
        config = parse_config(config_for(emulator, **fields, skip_empty_days=False))
        now = RunOptions(clock=FixedClock(NOW), address=emulator.url)
        assert (await load_async(config, duckdb_only.address, streams=[DAILY], options=now)).complete
        accounts = dict(duckdb_only.ask(f"SELECT advertiser_id, count(*) FROM {DAILY} GROUP BY 1"))  # noqa: S608
        bad = next(iter(accounts))
        emulator.faults.add(Fault(path="report/integrated/get/", advertiser=str(bad), code=40001))
        emulator.clock.set(LATER)
        later = RunOptions(clock=FixedClock(LATER), address=emulator.url)
        assert not (await load_async(config, duckdb_only.address, streams=[DAILY], options=later)).complete
    old = f"SELECT advertiser_id, count(*) FROM {DAILY} WHERE stat_time_day < '2026-06-16' GROUP BY 1"  # noqa: S608
    assert {account for account, _ in duckdb_only.ask(old)} == {bad}


def complete(of: Any, window_id: int, account: int, first: str, last: str) -> DaysComplete:
    """The event for whole days of an account."""
    return DaysComplete(of, window_id, account, Window(date.fromisoformat(first), date.fromisoformat(last)), exact=True)


def empty(of: Any, account: int, first: str, last: str) -> DaysEmpty:
    """The event for days of an account without rows."""
    return DaysEmpty(of, account, Window(date.fromisoformat(first), date.fromisoformat(last)), exact=True)


def test_whole_days_replace_only_their_own_rows(run: Any, query: Any, make: Any) -> None:
    """Rows of other days and other accounts stay, and so do rows of days that failed."""
    of, other = make.stream(DAILY), make.account + 1

    def rows(window_id: int, account: int, *days: tuple[int, str]) -> Rows:
        records = RecordList(make.campaign_row(campaign, f"2026-01-{day}") for campaign, day in days)
        return Rows(of, account, records, 9, window_id)

    run(
        make.whole(
            DAILY,
            rows(1, make.account, (1, "01"), (1, "02"), (2, "02"), (1, "03"), (1, "04")),
            complete(of, 1, make.account, "2026-01-01", "2026-01-04"),
            rows(2, other, (9, "02")),
            complete(of, 2, other, "2026-01-01", "2026-01-04"),
        )
    )
    run(
        make.whole(
            DAILY,
            rows(1, make.account, (3, "02")),
            complete(of, 1, make.account, "2026-01-02", "2026-01-02"),
            empty(of, make.account, "2026-01-03", "2026-01-03"),
            rows(2, make.account, (7, "04")),
            DaysIncomplete(of, 2),
        )
    )
    rows_left = query(f"SELECT campaign_id, stat_time_day FROM {DAILY} ORDER BY 2, 1")  # noqa: S608 - a name from above
    assert [(campaign - make.ad, day.day) for campaign, day in rows_left] == [(1, 1), (3, 2), (9, 2), (1, 4)]


def test_a_sync_without_rows_still_empties_days(run: Any, query: Any, make: Any) -> None:
    """No rows came and no state moved, and still the day matches TikTok."""
    of = make.stream(HOURLY)
    row = make.report_row(HOURLY, {"campaign_id": make.ad, "stat_time_hour": "2026-01-02 23:00:00"}, spend="1.00")
    late = make.report_row(HOURLY, {"campaign_id": make.ad, "stat_time_hour": "2026-01-03 00:00:00"}, spend="1.00")
    run(make.whole(HOURLY, make.batch(HOURLY, [row, late])))
    run(make.whole(HOURLY, empty(of, make.account, "2026-01-01", "2026-01-02")))
    assert query(f"SELECT stat_time_hour::DATE::VARCHAR FROM {HOURLY}") == [("2026-01-03",)]  # noqa: S608


def test_a_day_in_several_packages_loses_only_older_rows(
    run: Any, query: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day that is too large for memory comes in several packages. Once it is whole, only older rows are removed."""
    of = make.stream(DAILY)

    def rows(*campaigns: int) -> Rows:
        return Rows(
            of, make.account, RecordList(make.campaign_row(campaign, "2026-01-01") for campaign in campaigns), 9, 1
        )

    whole = complete(of, 1, make.account, "2026-01-01", "2026-01-01")
    run(make.whole(DAILY, rows(1, 2, 3, 4), whole))
    monkeypatch.setattr("tiktok_marketing.pipelines.package.HELD_BYTES", 1)
    monkeypatch.setattr("tiktok_marketing.pipelines.package.FULL_ROWS", 1)
    run(make.whole(DAILY, rows(3), rows(5), rows(6, 3), whole))
    rows_left = query(f"SELECT campaign_id FROM {DAILY} ORDER BY 1")  # noqa: S608 - a name from above
    assert [campaign - make.ad for (campaign,) in rows_left] == [3, 5, 6]


def test_a_row_of_an_unexpected_day_is_merged_by_key(run: Any, query: Any, make: Any) -> None:
    """It replaces the row with the same key, as if its window had named no days."""
    of = make.stream(DAILY)
    for spend, day in (("1.00", "2026-01-01"), ("2.00", "2026-01-02")):
        page = Rows(of, make.account, RecordList([make.campaign_row(1, "2026-01-01", spend)]), 9, 1)
        run(make.whole(DAILY, page, complete(of, 1, make.account, day, day)))
    assert query(f"SELECT spend::INT FROM {DAILY}") == [(2,)]  # noqa: S608 - a name from above


async def test_the_lifetime_spend_of_a_deleted_object_stays(duckdb_only: Any) -> None:
    """A report without days is read whole each time; without `include_deleted`, rows of deleted objects are hidden."""
    name = "ads_reports_lifetime"
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=3, days=60, ads_per_account=200)) as emulator:
        kept = []
        for deleted in (True, False):
            config = parse_config(config_for(emulator, start_date="2026-06-01", include_deleted=deleted))
            at = RunOptions(clock=FixedClock(NOW), address=emulator.url)
            assert (await load_async(config, duckdb_only.address, streams=[name], options=at)).complete
            kept.append(set(duckdb_only.ask(f"SELECT ad_id FROM {name}")))  # noqa: S608
        hidden = parse_config(config_for(emulator, start_date="2026-06-01", include_deleted=False))
        fresh = type(duckdb_only)(Path(duckdb_only.address).with_name("fresh.duckdb"))
        assert (await load_async(hidden, fresh.address, streams=[name], options=at)).complete
    assert len(fresh.ask(f"SELECT ad_id FROM {name}")) < len(kept[0])  # noqa: S608 - a name from above
    assert kept[0] == kept[1]


async def test_accounts_that_are_not_selected_keep_their_rows(database: Any) -> None:
    """This also holds for streams that are read whole: another sync may load these accounts into the same tables."""
    names = [LIFETIME, "pixels", "advertisers"]
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=3, days=30, ads_per_account=25)) as emulator:
        at = RunOptions(clock=FixedClock(NOW), address=emulator.url)
        kept = []
        for chosen in ([], [emulator.advertiser_ids[0]]):
            fields = {"start_date": "2026-06-01", "include_deleted": True, "advertiser_ids": chosen}
            config = parse_config(config_for(emulator, **fields))
            assert (await load_async(config, database.address, streams=names, options=at)).complete
            kept.append([len(rows_in(database, name)) for name in names])
    assert kept[0] == kept[1]
