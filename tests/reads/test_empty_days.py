"""Days without data are not asked for, and nothing is missed for it: against the emulator."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from support import A_DAY, NOW, Outcome, config_for, read_from
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
    """Every record, however it is ordered."""
    return Counter(
        record["stream"] + json.dumps(record["data"], sort_keys=True) for record in outcome.of_type("RECORD")
    )


def settled(states: dict[str, Any]) -> dict[str, Any]:
    """The states, with accounts in the order of their ids."""
    return {
        name: sorted((entry["partition"]["advertiser_id"], str(entry["cursor"])) for entry in state.get("states", []))
        for name, state in states.items()
    }


@pytest.mark.parametrize("include_deleted", [False, True])
async def test_rows_and_states_are_the_same_with_and_without(include_deleted: bool) -> None:
    """In a first sync and in one a day later that reads late data: the same records and states, fewer requests."""
    async with emulator_of() as emulator:
        outcomes, requests = {}, {}
        for skip in (True, False):
            emulator.clock.set(NOW)
            config = config_for(
                emulator, start_date="2026-06-08", include_deleted=include_deleted, skip_empty_days=skip
            )
            emulator.counters.reset()
            first = await read_from(emulator, config, REPORTS)
            emulator.clock.advance(A_DAY)
            second = await read_from(emulator, config, REPORTS, state=first.state_file, now=NOW + A_DAY)
            outcomes[skip], requests[skip] = (first, second), emulator.counters.total(ENDPOINT)
    for with_skipping, without in zip(outcomes[True], outcomes[False], strict=True):
        assert with_skipping.exit_code == without.exit_code == 0
        assert rows(with_skipping) == rows(without)
        assert rows(without)
        assert settled(with_skipping.last_states) == settled(without.last_states)
    assert requests[True] < requests[False]


async def test_an_idle_account_costs_next_to_nothing() -> None:
    """Accounts without data cost a question for each month and time zone, and no report by hour or audience."""
    async with emulator_of(advertisers=30, ads_per_account=6) as emulator:
        config = config_for(emulator, start_date="2026-05-20")
        outcome = await read_from(emulator, config, SOME)
        asked = [one for one in emulator.counters.requests if one.path == ENDPOINT]
        active = {str(record["data"]["advertiser_id"]) for record in outcome.of_type("RECORD")}
        idle = set(emulator.advertiser_ids) - active
    assert outcome.exit_code == 0
    assert len(idle) >= 2
    levels = {one.params["data_level"] for one in asked if one.params.get("advertiser_id") in idle}
    assert levels <= {"AUCTION_ADVERTISER"}
    alone = Counter(one.params.get("advertiser_id") for one in asked)
    assert all(alone[advertiser_id] <= 1 for advertiser_id in idle)
    for state in outcome.last_states.values():
        moved = {entry["partition"]["advertiser_id"] for entry in state["states"]}
        assert idle <= moved, "finished empty windows move the state on"


async def test_a_forbidden_account_does_not_spoil_the_question() -> None:
    """The others of its group are asked about one by one, and the account fails by name as it would without."""
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
    [
        Fault(path=ENDPOINT, contains="AUCTION_ADVERTISER", code=40118),
        Fault(path=ENDPOINT, contains="AUCTION_ADVERTISER", code=40067),
        Fault(path=ENDPOINT, contains="advertiser_ids", code=40002),
        Fault(path=ENDPOINT, contains="advertiser_ids", code=20001),
    ],
    ids=["no permission", "too large", "refused", "in part"],
)
async def test_a_question_without_an_answer_changes_nothing(fault: Fault) -> None:
    """If TikTok does not answer at account level, the reports are asked for as without it."""
    names = [name for name in SOME if not name.startswith("advertisers_")]
    async with emulator_of(advertisers=4) as emulator:
        config = config_for(emulator, start_date="2026-06-01")
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, names)
        emulator.faults.add(fault)
        outcome = await read_from(emulator, config, names)
    assert outcome.exit_code == 0
    assert rows(outcome) == rows(plain)


@pytest.mark.parametrize(
    ("field", "value"),
    [("stat_time_day", None), ("stat_time_day", "-"), ("advertiser_id", "7999"), ("advertiser_id", None)],
)
async def test_a_row_that_nobody_asked_for_proves_nothing(field: str, value: Any) -> None:
    """A question answered oddly is as good as none."""
    async with emulator_of(advertisers=4) as emulator:
        config = config_for(emulator, start_date="2026-06-01")
        names = [name for name in SOME if not name.startswith("advertisers_")]
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, names)
        fault = Fault(path=ENDPOINT, contains="AUCTION_ADVERTISER", edit=f"dimensions.{field}", value=value)
        emulator.faults.add(fault)
        outcome = await read_from(emulator, config, names)
    assert outcome.exit_code == 0
    assert rows(outcome) == rows(plain)


async def test_a_wrong_token_stops_at_the_question() -> None:
    """What ends a sync ends it there, too."""
    async with emulator_of(advertisers=4) as emulator:
        emulator.faults.add(Fault(path=ENDPOINT, code=40105))
        outcome = await read_from(emulator, config_for(emulator, start_date="2026-06-01"), SOME)
        assert emulator.counters.total(ENDPOINT) < 20
    assert outcome.exit_code == 1
    assert outcome.errors[0]["failure_type"] == "config_error"


async def test_one_small_report_is_not_asked_about_first() -> None:
    """Where a question could not spare more than it costs, there is none."""
    async with emulator_of(advertisers=3) as emulator:
        config = config_for(emulator, start_date="2026-06-01", advertiser_ids=[emulator.advertiser_ids[0]])
        await read_from(emulator, config, ["ads_reports_daily"])
        asked = [one.params["data_level"] for one in emulator.counters.requests if one.path == ENDPOINT]
    assert set(asked) == {"AUCTION_AD"}
