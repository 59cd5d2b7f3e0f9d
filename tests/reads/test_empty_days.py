"""Days without data are not requested, and nothing is missing because of that: against the emulator."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from support import A_DAY, NOW, Outcome, config_for, quickly, read_from
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.emulator import Emulator, Fault, Options

REPORTS = [stream.name for stream in STREAMS if stream.is_report]
SOME = (
    "ads_reports_daily",
    "ads_reports_hourly",
    "campaigns_reports_daily",
    "advertisers_reports_hourly",
    "ads_audience_reports_by_platform_daily",
    "ad_groups_reports_by_country_daily",
)
ENDPOINT = "report/integrated/get/"


def emulator_of(**options: Any) -> Emulator:
    """An emulator with accounts that are idle, new, never used and busy."""
    defaults: dict[str, Any] = {"advertisers": 6, "ads_per_account": 8, "days": 60}
    return Emulator(Options(now=NOW, tier="unlimited", **defaults | options))


def rows(outcome: Outcome) -> Counter[str]:
    """Every record, in any order."""
    return Counter(
        record["stream"] + json.dumps(record["data"], sort_keys=True) for record in outcome.of_type("RECORD")
    )


def sorted_states(states: dict[str, Any]) -> dict[str, Any]:
    """The states, with accounts in the order of their ids."""
    return {
        name: sorted((entry["partition"]["advertiser_id"], str(entry["cursor"])) for entry in state.get("states", []))
        for name, state in states.items()
    }


@pytest.mark.parametrize(
    ("include_deleted", "names"),
    [(True, SOME), *(pytest.param(deleted, REPORTS, marks=pytest.mark.thorough) for deleted in (True, False))],
)
async def test_skipping_empty_days_changes_no_row_and_no_state(include_deleted: bool, names: Sequence[str]) -> None:
    """In a first sync, and in one a day later that reads late data: the same records and states, fewer requests."""
    async with emulator_of() as emulator:
        outcomes, requests = {}, {}
        for skip in (True, False):
            emulator.clock.set(NOW)
            config = config_for(
                emulator, start_date="2026-06-13", include_deleted=include_deleted, skip_empty_days=skip
            )
            emulator.counters.reset()
            first = await read_from(emulator, config, names)
            emulator.clock.advance(A_DAY)
            second = await read_from(emulator, config, names, state=first.state_file, now=NOW + A_DAY)
            outcomes[skip], requests[skip] = (first, second), emulator.counters.total(ENDPOINT)
    for with_skipping, without in zip(outcomes[True], outcomes[False], strict=True):
        assert with_skipping.exit_code == without.exit_code == 0
        assert rows(with_skipping) == rows(without)
        assert rows(without)
        assert sorted_states(with_skipping.last_states) == sorted_states(without.last_states)
    assert requests[True] < requests[False]


@pytest.mark.thorough
async def test_an_idle_account_costs_almost_no_requests() -> None:
    """A query per month and time zone, and no hourly or audience report."""
    async with emulator_of(advertisers=30, ads_per_account=6) as emulator:
        config = config_for(emulator, start_date="2026-05-20")
        outcome = await read_from(emulator, config, SOME)
        requests = [request for request in emulator.counters.requests if request.path == ENDPOINT]
        active = {str(record["data"]["advertiser_id"]) for record in outcome.of_type("RECORD")}
        idle = set(emulator.advertiser_ids) - active
    assert outcome.exit_code == 0
    assert len(idle) >= 2
    levels = {request.params["data_level"] for request in requests if request.params.get("advertiser_id") in idle}
    assert levels <= {"AUCTION_ADVERTISER"}
    alone = Counter(request.params.get("advertiser_id") for request in requests)
    assert all(alone[advertiser_id] <= 1 for advertiser_id in idle)
    for state in outcome.last_states.values():
        moved = {entry["partition"]["advertiser_id"] for entry in state["states"]}
        assert idle <= moved, "finished empty windows move the state on"


async def test_a_forbidden_account_does_not_fail_the_query_for_others() -> None:
    """The others of its group are queried one by one, and the account fails by name as it would otherwise."""
    async with emulator_of(advertisers=6) as emulator:
        forbidden = emulator.advertiser_ids[0]
        emulator.faults.add(Fault(path=ENDPOINT, contains=forbidden, code=40001))
        config = config_for(emulator, start_date="2026-06-01")
        outcome = await read_from(emulator, config, SOME)
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, SOME)
    assert outcome.exit_code == plain.exit_code == 1
    assert rows(outcome) == rows(plain)
    assert all(forbidden in error["message"] for error in outcome.errors)


@pytest.mark.parametrize(
    "fault",
    quickly(
        Fault(path=ENDPOINT, contains="advertiser_ids", code=20001),
        Fault(path=ENDPOINT, contains="AUCTION_ADVERTISER", code=40118),
        Fault(path=ENDPOINT, contains="AUCTION_ADVERTISER", code=40067),
        Fault(path=ENDPOINT, contains="advertiser_ids", code=40002),
    ),
    ids=["in part", "no permission", "too large", "refused"],
)
async def test_a_query_without_an_answer_changes_nothing(fault: Fault) -> None:
    """If TikTok does not answer at account level, the reports are read as without queries."""
    names = [name for name in SOME if not name.startswith("advertisers_")]
    async with emulator_of(advertisers=4) as emulator:
        config = config_for(emulator, start_date="2026-06-01")
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, names)
        emulator.faults.add(fault)
        outcome = await read_from(emulator, config, names)
    assert outcome.exit_code == 0
    assert rows(outcome) == rows(plain)


@pytest.mark.parametrize(
    "changed",
    quickly({"stat_time_day": "-"}, {"stat_time_day": None}, {"advertiser_id": "7999"}, {"advertiser_id": None}),
)
async def test_an_answer_with_an_unexpected_row_proves_nothing(changed: dict[str, Any]) -> None:
    """A query with such an answer counts as unanswered."""
    async with emulator_of(advertisers=4) as emulator:
        config = config_for(emulator, start_date="2026-06-01")
        names = [name for name in SOME if not name.startswith("advertisers_")]
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, names)
        [(field, value)] = changed.items()
        fault = Fault(path=ENDPOINT, contains="AUCTION_ADVERTISER", edit=f"dimensions.{field}", value=value)
        emulator.faults.add(fault)
        outcome = await read_from(emulator, config, names)
    assert outcome.exit_code == 0
    assert rows(outcome) == rows(plain)


async def test_a_wrong_token_stops_the_sync_at_the_query() -> None:
    """An error that ends a sync also ends it there."""
    async with emulator_of(advertisers=4) as emulator:
        emulator.faults.add(Fault(path=ENDPOINT, code=40105))
        outcome = await read_from(emulator, config_for(emulator, start_date="2026-06-01"), SOME)
        assert emulator.counters.total(ENDPOINT) < 20
    assert outcome.exit_code == 1
    assert outcome.errors[0]["failure_type"] == "config_error"


async def test_a_small_report_is_read_without_a_query() -> None:
    """A query must be able to save more than it costs."""
    async with emulator_of(advertisers=3) as emulator:
        config = config_for(emulator, start_date="2026-06-01", advertiser_ids=[emulator.advertiser_ids[0]])
        await read_from(emulator, config, ["ads_reports_daily"])
        requests = [request.params["data_level"] for request in emulator.counters.requests if request.path == ENDPOINT]
    assert set(requests) == {"AUCTION_AD"}
