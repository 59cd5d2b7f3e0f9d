"""Joint questions whose answers leave out accounts: nothing is missing because of that, and it costs little."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from support import A_DAY, NOW, Outcome, config_for, read_from
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.config import parse_config
from tiktok_marketing.connect import connect
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.sync.forecast import forecast
from tiktok_marketing.sync.plan.plan_sync import plan_sync, read_states
from tiktok_marketing.sync.plan.selection import Selected, choose_streams
from tiktok_marketing.sync.read.accounts import find_accounts
from tiktok_marketing.sync.read.empty_days import EmptyDayFinder

ENDPOINT = "report/integrated/get/"
INFO = "advertiser/info/"
HOURLY = "campaigns_reports_hourly"
SOME = ("ads_reports_daily", HOURLY, "campaigns_reports_daily", "ads_audience_reports_by_platform_daily")


PLACES = 14
"""The emulator gives its accounts as many places in turn, and joint questions are about accounts of one place."""


def emulator_of(**options: Any) -> Emulator:
    """Accounts that are idle, new, never used and busy, five of each place, without a quota."""
    defaults = {"now": NOW, "tier": "unlimited", "advertisers": 5 * PLACES, "ads_per_account": 6, "days": 60}
    return Emulator(Options(**defaults | options))


def config_of(emulator: Emulator, *, places: int = 2, **fields: Any) -> dict[str, Any]:
    """A configuration with all the accounts of some places."""
    ids = [number for first in range(places) for number in emulator.advertiser_ids[first::PLACES]]
    return config_for(emulator, advertiser_ids=ids, **fields)


def questions(emulator: Emulator, *, joint: bool) -> list[dict[str, Any]]:
    """The questions at account level that are about several accounts, or about one."""
    reports = (request.params for request in emulator.counters.requests if request.path == ENDPOINT)
    return [
        params
        for params in reports
        if params["data_level"] == "AUCTION_ADVERTISER" and ("advertiser_ids" in params) == joint
    ]


def rows(outcome: Outcome) -> Counter[str]:
    """Every record, in any order."""
    return Counter(
        record["stream"] + json.dumps(record["data"], sort_keys=True) for record in outcome.of_type("RECORD")
    )


@pytest.mark.thorough
@pytest.mark.parametrize("accounts", [0, 1, 2, 4])
async def test_accounts_that_a_joint_answer_leaves_out_are_read(accounts: int) -> None:
    """Whether it is about none of five accounts or about four: the same rows come as without joint questions."""
    async with emulator_of() as emulator:
        config = config_of(emulator, start_date="2026-05-01")
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, SOME)
        emulator.faults.add(Fault(path=ENDPOINT, contains="advertiser_ids", accounts=accounts))
        emulator.counters.reset()
        outcome = await read_from(emulator, config, SOME)
        asked = questions(emulator, joint=True)
        alone = questions(emulator, joint=False)
    assert outcome.exit_code == plain.exit_code == 0
    assert rows(outcome) == rows(plain)
    assert asked
    assert alone


@pytest.mark.thorough
async def test_an_account_is_read_if_its_lone_answer_shows_figures_on_other_days() -> None:
    """A joint answer that leaves out an account in some months only does not hide the others."""
    async with emulator_of(days=200) as emulator:
        config = config_of(emulator, places=1, start_date="2025-12-01")
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, [HOURLY])
        emulator.faults.add(Fault(path=ENDPOINT, contains="advertiser_ids", share=0.5, accounts=1))
        outcome = await read_from(emulator, config, [HOURLY])
    assert outcome.exit_code == 0
    assert rows(outcome) == rows(plain)


async def test_days_that_a_joint_answer_leaves_out_are_read() -> None:
    """An answer that holds each account but lacks every second of its rows, with a count that agrees, hides no row."""
    async with emulator_of(days=30) as emulator:
        config = config_of(emulator, places=1, start_date="2026-06-01")
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, [HOURLY])
        emulator.faults.add(Fault(path=ENDPOINT, contains="advertiser_ids", lack=0.5))
        outcome = await read_from(emulator, config, [HOURLY])
    assert outcome.exit_code == plain.exit_code == 0
    assert rows(plain)
    assert rows(outcome) == rows(plain)


@pytest.mark.thorough
@pytest.mark.parametrize("granularity", [1, 7, 30])
@pytest.mark.parametrize("lack", [0.1, 0.4, 0.9])
async def test_no_share_of_missing_days_hides_a_row(lack: float, granularity: int) -> None:
    """Whatever part of a joint answer is missing, and however long the windows of daily reports are."""
    async with emulator_of() as emulator:
        config = config_of(emulator, places=1, start_date="2026-04-20", report_granularity=granularity)
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, SOME)
        emulator.faults.add(Fault(path=ENDPOINT, contains="advertiser_ids", lack=lack))
        outcome = await read_from(emulator, config, SOME)
    assert outcome.exit_code == plain.exit_code == 0
    assert rows(outcome) == rows(plain)


@pytest.mark.thorough
@pytest.mark.parametrize("code", [40002, 40067, 50002, 20001])
async def test_a_lone_question_about_missing_days_without_an_answer_costs_no_row(code: int) -> None:
    """Its days are read."""
    async with emulator_of() as emulator:
        config = config_of(emulator, start_date="2026-05-01")
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, [HOURLY])
        emulator.faults.add(Fault(path=ENDPOINT, contains="advertiser_ids", lack=0.5))
        lone = 'dimensions=["advertiser_id","stat_time_day"]'
        emulator.faults.add(Fault(path=ENDPOINT, contains=lone, code=code, nth=3, times=3))
        outcome = await read_from(emulator, config, [HOURLY])
    assert outcome.exit_code == 0
    assert rows(outcome) == rows(plain)


@pytest.mark.thorough
@pytest.mark.parametrize("code", [40002, 40067, 50002, 20001])
async def test_a_lone_question_without_an_answer_costs_no_row(code: int) -> None:
    """Its days are asked about one by one, or read."""
    async with emulator_of() as emulator:
        config = config_of(emulator, start_date="2026-03-01")
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, [HOURLY])
        emulator.faults.add(Fault(path=ENDPOINT, contains="advertiser_ids", accounts=0))
        emulator.faults.add(Fault(path=ENDPOINT, contains='dimensions=["advertiser_id"]', code=code, times=3))
        outcome = await read_from(emulator, config, [HOURLY])
    assert outcome.exit_code == 0
    assert rows(outcome) == rows(plain)


@pytest.mark.thorough
async def test_an_agency_costs_at_most_700_requests() -> None:
    """50 accounts of which 3 are still active, 18 months of hours: questions are about five accounts or a year."""
    async with emulator_of(advertisers=50, active=3, ads_per_account=30) as emulator:
        outcome = await read_from(emulator, config_for(emulator, start_date="2024-12-15"), [HOURLY])
        requests = emulator.counters.total(ENDPOINT)
    assert outcome.exit_code == 0
    assert outcome.of_type("RECORD")
    assert requests <= 700


@pytest.mark.thorough
@pytest.mark.parametrize(
    "fault", [{}, {"accounts": 0}, {"accounts": 1}, {"lack": 0.3}, {"lack": 0.5}, {"lack": 0.9}], ids=str
)
async def test_the_plan_foresees_the_requests(fault: dict[str, Any]) -> None:
    """With the answers about empty days, it counts the very requests that the sync sends."""
    async with emulator_of() as emulator:
        if fault:
            emulator.faults.add(Fault(path=ENDPOINT, contains="advertiser_ids", **fault))
        fields = config_of(emulator, start_date="2025-11-01", requests_per_second=50)
        config = parse_config(fields)
        selected = [Selected(stream, incremental=True) for stream in choose_streams(config, list(SOME))]
        async with connect(config, clock=FixedClock(NOW), address=emulator.url) as api:
            found = await find_accounts(config, api)
            plan = plan_sync(config, selected, read_states(selected, {}), found, api.clock_reading())
            finder = EmptyDayFinder.of_sync(config, api, plan.all_partitions)
            await finder.ask_all(8)
            planned = forecast(config, plan, found.chosen, finder, api.limiters.tier)
        assert planned.questions_open == 0
        emulator.counters.reset()
        outcome = await read_from(emulator, fields, SOME)
        assert outcome.exit_code == 0
        assert planned.requests[ENDPOINT] == emulator.counters.total(ENDPOINT)


@pytest.mark.thorough
async def test_information_about_a_left_out_account_is_asked_alone() -> None:
    """An answer about ten accounts that holds one does not make the others inaccessible."""
    async with emulator_of() as emulator:
        config = config_of(emulator, start_date="2026-06-01", skip_inaccessible_advertisers=True)
        plain = await read_from(emulator, config, [*SOME, "advertisers"])
        emulator.faults.add(Fault(path=INFO, accounts=1))
        outcome = await read_from(emulator, config, [*SOME, "advertisers"])
    assert outcome.exit_code == plain.exit_code == 0
    assert rows(outcome) == rows(plain)
    assert len(outcome.records("advertisers")) == 10


@pytest.mark.thorough
async def test_a_state_moves_over_days_that_a_lone_answer_shows_to_be_empty() -> None:
    """An idle account that joint answers leave out is not asked about the same days again."""
    async with emulator_of() as emulator:
        config = config_of(emulator, start_date="2026-03-01")
        first = await read_from(emulator, config, [HOURLY])
        emulator.counters.reset()
        second = await read_from(emulator, config, [HOURLY], state=first.state_file, now=NOW + A_DAY)
        requests = [request.params for request in emulator.counters.requests if request.path == ENDPOINT]
    assert first.exit_code == second.exit_code == 0
    assert min(params["start_date"] for params in requests) >= "2026-06-01"


@pytest.mark.thorough
@pytest.mark.parametrize("lack", [0.5, 1])
async def test_pixels_that_a_joint_answer_leaves_out_are_asked_alone(lack: float) -> None:
    """Statistics are requested for ten pixels at once, and for each that the answer leaves out."""
    stream = "pixel_events_statistics"
    async with emulator_of(advertisers=1, ads_per_account=40) as emulator:
        config = config_for(emulator)
        plain = await read_from(emulator, config, [stream])
        emulator.faults.add(Fault(path="pixel/event/stats/", nth=1, lack=lack))
        outcome = await read_from(emulator, config, [stream])
        assert emulator.faults.entries()[0]["failed"]
    assert plain.exit_code == outcome.exit_code == 0
    assert rows(plain)
    assert rows(outcome) == rows(plain)
