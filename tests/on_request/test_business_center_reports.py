# ruff: noqa: S608 - the statements are our own
"""The reports of Business Centers on their accounts, over real sockets."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from on_request.conftest import emulator_of
from on_request.kit import load, rows_by_skipping
from support import NOW, Outcome, config_for, read_from
from tiktok_marketing.catalog import report_stream
from tiktok_marketing.catalog.business_center_reports import CENTER_REPORTS
from tiktok_marketing.emulator import Fault

NAMES = [stream.name for stream in CENTER_REPORTS]
DAILY, BY_COUNTRY, BY_PLACEMENT = NAMES
OWN = "advertisers_reports_daily"
DAYS = {"start_date": "2026-06-01", "end_date": "2026-06-13"}
OWNERS = "advertisers"


def sums(outcome: Outcome, name: str, *by: str, metric: str = "spend") -> dict[tuple[object, ...], Decimal]:
    """A metric for each value of the fields at the root of a report's records, without zeros."""
    totals: defaultdict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for record in outcome.records(name):
        totals[tuple(record[field] for field in by)] += Decimal(str(record["metrics"][metric] or 0))
    return {key: total for key, total in totals.items() if total}


async def test_rows_are_those_of_the_accounts_own_reports() -> None:
    """By day, and summed up over countries and placements. Each row says which Business Center it is of."""
    async with emulator_of(settled=True, advertisers=6) as emulator:
        outcome = await read_from(emulator, config_for(emulator, **DAYS), [*NAMES, OWN, OWNERS])
    assert outcome.exit_code == 0, outcome.errors
    owners = {record["advertiser_id"]: record["owner_bc_id"] for record in outcome.records(OWNERS)}
    assert len(set(owners.values())) == 2
    for metric in ("spend", "impressions"):
        own = sums(outcome, OWN, "advertiser_id", "stat_time_day", metric=metric)
        assert own
        for name in NAMES:
            assert sums(outcome, name, "advertiser_id", "stat_time_day", metric=metric) == own, (name, metric)
    for name in NAMES:
        for record in outcome.records(name):
            assert record["bc_id"] == record["dimensions"]["bc_id"] == owners[record["advertiser_id"]]
            assert record["metrics"]["currency"]
    assert all(record["metrics"]["tax_spend"] is not None for record in outcome.records(DAILY))


async def test_a_year_of_an_account_is_one_request() -> None:
    """Other reports by day have windows of 30 days. A smaller report_granularity applies here, too."""
    requests = {}
    async with emulator_of(settled=True, advertisers=1, days=365) as emulator:
        for days in (30, 10):
            start = str((NOW - timedelta(days=364)).date())
            config = config_for(emulator, start_date=start, report_granularity=days)
            outcome = await read_from(emulator, config, [DAILY])
            assert outcome.exit_code == 0, outcome.errors
            assert outcome.records(DAILY)
            requests[days] = sum(
                request.params.get("report_type") == "BC" for request in emulator.counters.requests
            ) - sum(requests.values())
    assert requests == {30: 1, 10: 37}


@pytest.mark.thorough
async def test_days_without_figures_of_the_account_are_read() -> None:
    """TikTok does not say whether a Business Center reports more than the account's own report, such as a tax."""
    async with emulator_of(settled=True) as emulator:
        rows = await rows_by_skipping(emulator, DAILY)
    assert rows[True] == rows[False] != []


async def test_accounts_without_a_finance_role_fail_and_the_others_are_read() -> None:
    """The message names the Business Center and the role. A setting turns it into a warning."""
    async with emulator_of(settled=True, advertisers=6, finance_centers=1) as emulator:
        outcome = await read_from(emulator, config_for(emulator, **DAYS), [DAILY, OWN])
        tolerant = await read_from(emulator, config_for(emulator, **DAYS, skip_inaccessible_advertisers=True), [DAILY])
        ids = [int(advertiser_id) for advertiser_id in emulator.advertiser_ids]
        refused = emulator.counters.total("report/integrated/get/", answer=40001)
    assert outcome.exit_code == 1
    assert outcome.statuses[DAILY][-1] == "INCOMPLETE"
    assert outcome.statuses[OWN][-1] == "COMPLETE"
    assert {record["advertiser_id"] for record in outcome.records(DAILY)} <= set(ids[:4])
    assert outcome.records(DAILY)
    (error, *_) = outcome.errors
    assert "finance role" in str(error)
    assert not refused
    assert tolerant.exit_code == 0
    assert len(tolerant.records(DAILY)) == len(outcome.records(DAILY))


async def test_a_business_center_reports_on_accounts_that_are_shared_with_it() -> None:
    """The owner is asked where the user has a role there, so that no account is reported twice."""
    async with emulator_of(settled=True, advertisers=6, finance_centers=1, shared_accounts=2) as emulator:
        outcome = await read_from(emulator, config_for(emulator, **DAYS), [DAILY, OWN])
    assert outcome.exit_code == 0, outcome.errors
    assert len({record["bc_id"] for record in outcome.records(DAILY)}) == 1
    by = ("advertiser_id", "stat_time_day")
    assert sums(outcome, DAILY, *by) == sums(outcome, OWN, *by)


async def test_both_lists_are_read_once_in_a_sync() -> None:
    """Whatever the number of accounts, streams and windows."""
    async with emulator_of(settled=True, advertisers=6, finance_centers=1, shared_accounts=2) as emulator:
        await read_from(emulator, config_for(emulator, **DAYS), NAMES)
        assert emulator.counters.total("bc/get/") == emulator.counters.total("bc/asset/get/") == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("bc_info.bc_id", None), ("bc_info.bc_id", "abc"), ("ext_user_role.finance_role", []),
     ("ext_user_role.finance_role", {"a": 1}), ("ext_user_role.finance_role", True)],
)  # fmt: skip
async def test_a_business_center_that_cannot_be_asked_costs_its_own_accounts(field: str, value: object) -> None:
    """The accounts of the other one are read, and no setting hides that its own are not."""
    async with emulator_of(settled=True, advertisers=6) as emulator:
        whole = await read_from(emulator, config_for(emulator, **DAYS), [DAILY])
        emulator.faults.add(Fault(path="bc/get/", edit=f"$.data.list[1].{field}", value=value))
        config = config_for(emulator, **DAYS, skip_inaccessible_advertisers=True)
        outcome = await read_from(emulator, config, [DAILY])
    assert outcome.exit_code == 1
    assert sums(outcome, DAILY, "advertiser_id") == sums(whole, DAILY, "advertiser_id") != {}
    name = field.partition(".")[2]
    messages = [error["message"] for error in outcome.errors]
    assert any(
        f"{name} is {value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))!r}" in text
        for text in messages
    )


async def test_an_account_without_a_business_center_has_no_rows() -> None:
    """It is complete, and a line of the log says why."""
    async with emulator_of(settled=True, advertisers=1, finance_centers=0) as emulator:
        emulator.faults.add(Fault(path="advertiser/info/", edit="owner_bc_id", value=""))
        outcome = await read_from(emulator, config_for(emulator, **DAYS), [DAILY])
    assert outcome.exit_code == 0, outcome.errors
    assert not outcome.records(DAILY)
    assert any("belongs to no Business Center" in json.dumps(line) for line in outcome.of_type("LOG"))


@pytest.mark.parametrize("code", [40001, 40002])
async def test_a_refused_list_of_business_centers_is_asked_for_once(code: int) -> None:
    """The stream fails with TikTok's reason, and everything else is read."""
    async with emulator_of(settled=True, advertisers=6) as emulator:
        emulator.faults.add(Fault(path="bc/get/", code=code, message="No permission for this scope."))
        outcome = await read_from(emulator, config_for(emulator, **DAYS), [DAILY, OWN])
        asked = emulator.counters.total("bc/get/")
    assert outcome.exit_code == 1
    assert outcome.statuses[DAILY][-1] == "INCOMPLETE"
    assert outcome.statuses[OWN][-1] == "COMPLETE"
    assert asked == 1


async def test_metrics_that_tiktok_withdraws_are_left_out() -> None:
    """The rows come with the others."""
    async with emulator_of(settled=True, advertisers=1) as emulator:
        emulator.faults.add(Fault(path="report/integrated/get/", withdraw="tax_spend"))
        outcome = await read_from(emulator, config_for(emulator, **DAYS), [DAILY])
    assert outcome.exit_code == 0, outcome.errors
    assert all(record["metrics"]["tax_spend"] is None for record in outcome.records(DAILY))
    assert outcome.records(DAILY)


def test_requests_name_what_the_report_type_accepts() -> None:
    """The key contains the Business Center, and no filter by status exists."""
    assert report_stream(DAILY).primary_key == ("bc_id", "advertiser_id", "stat_time_day")
    assert report_stream(DAILY).table_key[0] == "advertiser_id"
    for name in NAMES:
        assert report_stream(name).on_request
        assert report_stream(name).source.status_field is None


async def test_a_database_keeps_them_by_account_and_business_center(tmp_path: Path) -> None:
    """A second load with other figures replaces the days, and nothing is there twice."""
    path = tmp_path / "center.duckdb"
    async with emulator_of(advertisers=2) as emulator:
        for now in (NOW, NOW + timedelta(days=1)):
            emulator.clock.set(now)
            await load(emulator, path, [*NAMES, OWN], now=now, start_date="2026-05-20")
    with duckdb.connect(str(path), read_only=True) as database:
        for name in NAMES:
            differing = database.sql(
                f"SELECT advertiser_id, stat_time_day, sum(c.spend), any_value(a.spend) FROM tiktok_ads.{name} c"
                f" FULL JOIN tiktok_ads.{OWN} a USING (advertiser_id, stat_time_day) GROUP BY ALL"
                " HAVING sum(c.spend) IS DISTINCT FROM any_value(a.spend) AND sum(c.spend) + any_value(a.spend) <> 0"
            ).fetchall()
            assert not differing, name
            sql = f"SELECT count(*), count(DISTINCT bc_id) FROM tiktok_ads.{name}"
            [(rows, centers)] = database.sql(sql).fetchall()
            assert rows
            assert centers == 1


async def test_an_interrupted_read_goes_on_where_it_stopped() -> None:
    """Each account has a state of its own, which covers the windows that were delivered."""
    async with emulator_of(settled=True, advertisers=2, days=420) as emulator:
        config = config_for(emulator, start_date=str((NOW - timedelta(days=410)).date()))
        whole = await read_from(emulator, config, [DAILY])
        emulator.faults.add(Fault(path="report/integrated/get/", contains=f"end_date={NOW.date()}", code=40002))
        broken = await read_from(emulator, config, [DAILY])
        emulator.faults.clear()
        rest = await read_from(emulator, config, [DAILY], state=broken.state_file)
    assert (whole.exit_code, broken.exit_code, rest.exit_code) == (0, 1, 0)
    keys = [
        {(record["advertiser_id"], record["stat_time_day"]) for record in outcome.records(DAILY)}
        for outcome in (whole, broken, rest)
    ]
    assert keys[0] == keys[1] | keys[2]
    assert keys[1]
    assert len(keys[2]) < len(keys[0])
    assert rest.last_states[DAILY] == whole.last_states[DAILY]


async def test_many_accounts_without_a_finance_role_do_not_hide_the_others() -> None:
    """Although they come first, and fail before TikTok has answered for any account."""
    async with emulator_of(settled=True, advertisers=500, finance_centers=1, ads_per_account=4, days=20) as emulator:
        ids = emulator.advertiser_ids
        few = await read_from(emulator, config_for(emulator, **DAYS, advertiser_ids=ids[:4]), [DAILY])
        outcome = await read_from(emulator, config_for(emulator, **DAYS, advertiser_ids=ids[::-1]), [DAILY])
    assert (few.exit_code, outcome.exit_code) == (0, 1)
    assert few.records(DAILY)
    assert len(outcome.records(DAILY)) == len(few.records(DAILY))
