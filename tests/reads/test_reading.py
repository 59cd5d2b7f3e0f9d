"""Whole syncs against the emulator, over real sockets."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from support import A_DAY, NOW, Outcome, config_for, key_of, quickly, read_from
from tiktok_marketing.catalog import STREAMS, Grain, ReportStream, stream_named
from tiktok_marketing.emulator import Emulator, Options

START = date(2026, 6, 1)
LEVELS = {
    "AUCTION_ADVERTISER": "advertiser",
    "AUCTION_CAMPAIGN": "campaign",
    "AUCTION_ADGROUP": "adgroup",
    "AUCTION_AD": "ad",
}
GRAINS = {Grain.DAY: "daily", Grain.HOUR: "hourly", Grain.LIFETIME: "lifetime"}
TIMES = {"stat_time_day", "stat_time_hour"}
REPORTS = [stream.name for stream in STREAMS if stream.is_report]
DAILY = [stream.name for stream in STREAMS if stream.cursor == "stat_time_day"]
SPECIAL = {"advertiser_ids", "advertisers"}


def emulator_of(**options: Any) -> Emulator:
    """A small business without a quota, at a fixed time. Its largest reports have several pages."""
    usual = {"now": NOW, "tier": "unlimited", "days": 60, "anchor": NOW.date(), "ads_per_account": 20}
    return Emulator(Options(**usual | options))


def assert_equals_expected(
    emulator: Emulator, outcome: Outcome, *, include_deleted: bool, end: date | None = None
) -> None:
    """Every report has the rows and sums that the emulator calculates, each row once."""
    for stream in STREAMS:
        records = outcome.records(stream.name)
        keys = [(record.get("advertiser_id"), *key_of(stream, record)) for record in records]
        assert len(keys) == len(set(keys)), f"{stream.name} has rows twice"
        if not isinstance(stream, ReportStream):
            continue
        level = LEVELS[stream.source.data_level]
        for advertiser_id in emulator.advertiser_ids:
            truth = emulator.truth(advertiser_id, START, end or date(2026, 12, 31), include_deleted=include_deleted)
            own_records = [record for record in records if record["advertiser_id"] == int(advertiser_id)]
            if len(set(stream.source.dimensions) - TIMES) == 1:  # the parts of a split are not counted, but added up
                assert len(own_records) == truth["rows"][level][GRAINS[stream.source.grain]], (
                    stream.name,
                    advertiser_id,
                )
            if stream.source.grain is Grain.LIFETIME:
                continue
            sums = truth["metrics"][level]
            for metric in ("impressions", "clicks"):
                assert sum(int(record["metrics"][metric]) for record in own_records) == sums[metric], (
                    stream.name,
                    metric,
                )
            spend = sum((Decimal(record["metrics"]["spend"]) for record in own_records), Decimal(0))
            assert spend == Decimal(sums["spend"]), (stream.name, advertiser_id)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=quickly(True, False))
async def everything(request: pytest.FixtureRequest) -> Any:
    """A read of all streams, and its emulator."""
    async with emulator_of() as emulator:
        config = config_for(emulator, include_deleted=request.param)
        yield emulator, await read_from(emulator, config), request.param


@pytest.mark.asyncio(loop_scope="module")
class TestEverything:
    """All streams."""

    async def test_each_row_comes_once_and_sums_are_correct(self, everything: Any) -> None:
        """Rows and sums of every report equal what the emulator calculates from its own figures."""
        emulator, outcome, include_deleted = everything
        assert outcome.exit_code == 0
        assert_equals_expected(emulator, outcome, include_deleted=include_deleted)

    async def test_every_stream_completes(self, everything: Any) -> None:
        """Each stream reports STARTED, RUNNING and COMPLETE, in this order, and its last state precedes COMPLETE."""
        _, outcome, _ = everything
        assert outcome.statuses == {stream.name: ["STARTED", "RUNNING", "COMPLETE"] for stream in STREAMS}
        done: set[str] = set()
        for message in outcome.messages:
            if message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
                status = message["trace"]["stream_status"]
                if status["status"] == "COMPLETE":
                    done.add(status["stream_descriptor"]["name"])
            if message["type"] == "STATE":
                assert message["state"]["stream"]["stream_descriptor"]["name"] not in done
            if message["type"] == "RECORD":
                assert message["record"]["stream"] not in done

    async def test_states_count_their_records(self, everything: Any) -> None:
        """The record counts of a stream's states add up to its records."""
        _, outcome, _ = everything
        counted: Counter[str] = Counter()
        for message in outcome.of_type("STATE"):
            counted[message["stream"]["stream_descriptor"]["name"]] += int(message["sourceStats"]["recordCount"])
        assert counted == Counter(record["stream"] for record in outcome.of_type("RECORD"))

    async def test_objects_of_all_buying_types_and_deleted_ones_are_read(self, everything: Any) -> None:
        """Every object changed since start_date, including TopView, and deleted ones if configured."""
        emulator, outcome, include_deleted = everything
        all_of_it = await read_from(
            emulator,
            config_for(emulator, include_deleted=include_deleted, start_date="2012-01-01"),
            ["campaigns", "ad_groups", "ads"],
        )
        for name, kind in (("campaigns", "campaigns"), ("ad_groups", "adgroups"), ("ads", "ads")):
            expected = 0
            for advertiser_id in emulator.advertiser_ids:
                objects = emulator.truth(advertiser_id, START, START)["objects"][kind]
                expected += objects["total"] - (0 if include_deleted else objects["deleted"])
            assert len(all_of_it.records(name)) == expected
            recent = [
                record for record in all_of_it.records(name) if (record.get("modify_time") or "9") >= "2026-06-01"
            ]
            assert len(recent) == len(outcome.records(name))

    async def test_every_record_has_its_account(self, everything: Any) -> None:
        """`advertiser_id` is an integer at the root of every record that is read per account."""
        emulator, outcome, _ = everything
        known = {int(advertiser_id) for advertiser_id in emulator.advertiser_ids}
        for record in outcome.of_type("RECORD"):
            if record["stream"] != "advertiser_ids":
                assert record["data"]["advertiser_id"] in known

    async def test_the_accounts_are_listed_once(self, everything: Any) -> None:
        """Dozens of streams need one list of accounts and one request for their details."""
        emulator, _, _ = everything
        reads = emulator.counters.total("oauth2/advertiser/get/")
        assert emulator.counters.total("advertiser/info/") == reads


def requested_windows(emulator: Emulator, level: str, dimension: str) -> set[tuple[str, str, str]]:
    """Account, first and last day of every requested report of a level and time dimension."""
    return {
        (request.advertiser_id, request.params["start_date"], request.params["end_date"])
        for request in emulator.counters.requests
        if request.path == "report/integrated/get/"
        and request.params["data_level"] == level
        and dimension in request.params["dimensions"]
    }


def own_fields(record: dict[str, Any]) -> dict[str, Any]:
    """The object's own fields, without statuses that follow from others and addresses made for each answer."""
    return {field: value for field, value in record.items() if field != "secondary_status" and "url" not in field}


@pytest.mark.thorough
async def test_a_day_later_only_what_may_have_changed_is_read_again() -> None:
    """A sync and one a day later from its state together equal a full sync on that day."""
    async with emulator_of(ads_per_account=3, advertisers=4, settled=True) as emulator:
        config = config_for(emulator, include_deleted=True, start_date="2026-06-09", skip_empty_days=False)
        first = await read_from(emulator, config)
        emulator.clock.advance(A_DAY)
        emulator.counters.reset()
        second = await read_from(emulator, config, state=first.state_file, now=NOW + A_DAY)
        request = requested_windows(emulator, "AUCTION_AD", "stat_time_day")
        hours = requested_windows(emulator, "AUCTION_AD", "stat_time_hour")
        whole = await read_from(emulator, config, now=NOW + A_DAY)
    assert first.exit_code == second.exit_code == whole.exit_code == 0
    # three days of attribution before the account's today of the first sync, up to its today of the second
    assert {start for _, start, _ in request} <= {"2026-06-11", "2026-06-12", "2026-06-13"}
    assert len(request) == 4
    assert min(start for _, start, _ in hours) >= "2026-06-11"
    assert len(hours) == 4 * 5
    for stream in STREAMS:
        if stream.cursor is None:
            continue
        union = {key_of(stream, record): record for record in first.records(stream.name) + second.records(stream.name)}
        full = {key_of(stream, record): record for record in whole.records(stream.name)}
        assert union.keys() == full.keys(), stream.name
        if stream.is_report:
            since = "2026-06-13"
            assert {key: row for key, row in union.items() if key[1] >= since} == {
                key: row for key, row in full.items() if key[1] >= since
            }
        else:
            assert {key: own_fields(row) for key, row in union.items()} == {
                key: own_fields(row) for key, row in full.items()
            }


async def test_late_conversions_are_read_again() -> None:
    """A day within the attribution window has more conversions a day later, and the second sync has them."""
    async with emulator_of() as emulator:
        config = config_for(emulator, attribution_window=7)
        first = await read_from(emulator, config, ["ads_reports_daily"])
        emulator.clock.advance(A_DAY)
        second = await read_from(emulator, config, ["ads_reports_daily"], state=first.state_file, now=NOW + A_DAY)
    yesterday = "2026-06-14 00:00:00"

    def conversions(outcome: Outcome) -> int:
        rows = outcome.records("ads_reports_daily")
        return sum(int(row["metrics"]["conversion"]) for row in rows if row["stat_time_day"] == yesterday)

    assert conversions(second) > conversions(first)


async def test_a_full_refresh_ignores_an_incremental_state() -> None:
    """It reads everything and says why. The state that it writes has no cursor."""
    async with emulator_of() as emulator:
        config = config_for(emulator)
        first = await read_from(emulator, config, ["campaigns_reports_daily"])
        again = await read_from(
            emulator, config, ["campaigns_reports_daily"], state=first.state_file, incremental=False
        )
    assert len(again.records("campaigns_reports_daily")) == len(first.records("campaigns_reports_daily")) > 0
    assert list(again.last_states["campaigns_reports_daily"]) == ["full_refresh"]
    logs = [line["message"] for line in again.of_type("LOG")]
    assert "campaigns_reports_daily: the state is not of this full refresh, so everything is read." in logs


async def test_an_incremental_sync_ignores_the_state_of_a_full_refresh() -> None:
    """It reads everything and says why, whatever part of the refresh was done."""
    async with emulator_of() as emulator:
        config = config_for(emulator)
        whole = await read_from(emulator, config, ["campaigns_reports_daily"], incremental=False)
        after = await read_from(emulator, config, ["campaigns_reports_daily"], state=whole.state_file)
    assert len(after.records("campaigns_reports_daily")) == len(whole.records("campaigns_reports_daily")) > 0
    (reason,) = [line["message"] for line in after.of_type("LOG") if "full refresh" in line["message"]]
    assert "read from start_date" in reason


async def test_a_single_day_is_read() -> None:
    """If start_date equals end_date, that day is read."""
    async with emulator_of() as emulator:
        config = config_for(emulator, start_date="2026-06-10", end_date="2026-06-10")
        outcome = await read_from(emulator, config, DAILY)
    days = {record["stat_time_day"] for name in DAILY for record in outcome.records(name)}
    assert days == {"2026-06-10 00:00:00"}
    cursors = {state["cursor"]["stat_time_day"] for name in DAILY for state in outcome.last_states[name]["states"]}
    assert cursors == {"2026-06-10"}


async def test_no_day_before_an_account_existed_is_requested() -> None:
    """A start_date years ago costs nothing for accounts that are weeks old."""
    async with emulator_of() as emulator:
        await read_from(emulator, config_for(emulator, start_date="2016-09-01"), ["ads_reports_daily"])
        request = requested_windows(emulator, "AUCTION_AD", "stat_time_day")
    assert min(start for _, start, _ in request) >= str(NOW.date() - timedelta(days=62))


async def test_a_killed_sync_continues_from_its_last_state() -> None:
    """Cut the output anywhere, and pass on its last states: the two outputs together lack nothing."""
    names = ["campaigns", "ads", "ads_reports_daily", "campaigns_reports_hourly", "advertisers_reports_lifetime"]
    streams = [stream for stream in STREAMS if stream.name in names]
    cuts = random.Random(5)
    async with emulator_of(ads_per_account=20) as emulator:
        config = config_for(emulator, start_date="2026-06-05", report_granularity=2)
        whole = await read_from(emulator, config, names)
        for _ in range(8):
            killed = whole.until(cuts.randrange(len(whole.messages)))
            resumed = await read_from(emulator, config, names, state=killed.state_file)
            for stream in streams:
                both = killed.records(stream.name) + resumed.records(stream.name)
                assert {key_of(stream, record) for record in both} == {
                    key_of(stream, record) for record in whole.records(stream.name)
                }, stream.name


async def test_only_the_selected_accounts_are_read() -> None:
    """`advertiser_ids` and `exclude_advertiser_ids` select, and no request is for another account."""
    async with emulator_of() as emulator:
        first, excluded, last, *_ = emulator.advertiser_ids
        config = config_for(
            emulator, start_date="2026-06-14", advertiser_ids=[first, excluded, last], exclude_advertiser_ids=[excluded]
        )
        outcome = await read_from(emulator, config)
        assert {request.advertiser_id for request in emulator.counters.requests if "report" in request.path} == {
            first,
            last,
        }
    assert {record["advertiser_id"] for record in outcome.records("advertisers")} == {int(first), int(last)}


async def test_an_account_in_the_credentials_needs_no_list() -> None:
    """With `credentials.advertiser_id` the token's list of accounts is never requested."""
    async with emulator_of() as emulator:
        config = config_for(emulator)
        config["credentials"]["advertiser_id"] = emulator.advertiser_ids[0]
        outcome = await read_from(emulator, config, ["campaigns", "ads_reports_daily"])
        assert emulator.counters.total("oauth2/advertiser/get/") == 0
    assert outcome.exit_code == 0
    assert outcome.records("ads_reports_daily")


@pytest.mark.parametrize("described", [False, True])
async def test_a_sandbox_account_is_read(*, described: bool) -> None:
    """A sandbox token reads its campaigns and the days of TikTok's mock figures, which are older than itself."""
    async with emulator_of(sandbox_throttle=False, sandbox_accounts_endpoints=described) as emulator:
        config = {
            "credentials": {
                "auth_type": "sandbox_access_token",
                "advertiser_id": emulator.sandbox_advertiser_id,
                "access_token": emulator.sandbox_access_token,
            },
            "start_date": "2020-12-08",
            "end_date": "2020-12-19",
        }
        outcome = await read_from(emulator, config, ["campaigns", "ads", "ads_reports_daily"])
    assert outcome.exit_code == 0, outcome.errors
    assert outcome.records("campaigns")
    assert outcome.records("ads_reports_daily")


async def test_reports_cut_at_the_newest_ads_are_split_until_nothing_is_cut() -> None:
    """An account with more ads than one answer considers is read by campaign and ad group, without loss."""
    async with emulator_of(ad_report_limit=14, ads_per_account=80) as emulator:
        config = config_for(emulator, include_deleted=True, start_date="2026-06-13")
        outcome = await read_from(emulator, config, ["ads_reports_daily", "ads_reports_hourly", "ads_reports_lifetime"])
        assert outcome.exit_code == 0, outcome.errors
        for advertiser_id in emulator.advertiser_ids:
            rows = emulator.truth(advertiser_id, date(2026, 6, 13), date(2026, 12, 31))["rows"]["ad"]
            for name, grain in (
                ("ads_reports_daily", "daily"),
                ("ads_reports_hourly", "hourly"),
                ("ads_reports_lifetime", "lifetime"),
            ):
                own_records = [row for row in outcome.records(name) if row["advertiser_id"] == int(advertiser_id)]
                assert len(own_records) == rows[grain], (name, advertiser_id)


async def test_an_ad_group_that_cannot_be_split_fails_its_account_by_name() -> None:
    """If TikTok offers no way to all rows, the sync reports it instead of delivering fewer."""
    async with emulator_of(ad_report_limit=1, ads_per_account=60) as emulator:
        outcome = await read_from(emulator, config_for(emulator), ["ads_reports_daily"])
    assert outcome.exit_code == 1
    assert outcome.statuses["ads_reports_daily"][-1] == "INCOMPLETE"
    assert "ad group with more ads" in outcome.errors[0]["message"]


def test_every_report_of_the_catalog_is_tested() -> None:
    """The lists above contain every report."""
    assert len(REPORTS) == 30
    assert len(DAILY) == 19
    assert all(stream_named(name) is not None for name in SPECIAL)
