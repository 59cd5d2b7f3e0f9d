"""States of earlier syncs that cannot be right."""

from __future__ import annotations

from typing import Any

import pytest

from support import NOW, catalog_of, config_for, cursors_of, read_from
from tiktok_marketing.emulator import Emulator, Options

NAMES = ["ads_reports_daily", "campaigns"]


def state_of(account: str, **cursors: str) -> list[dict[str, Any]]:
    """A state file with one account's cursor for each stream."""
    return [
        {
            "type": "STREAM",
            "stream": {
                "stream_descriptor": {"name": name},
                "stream_state": {
                    "use_global_cursor": False,
                    "states": [
                        {"partition": {"advertiser_id": account, "parent_slice": {}}, "cursor": {field: cursor}}
                    ],
                },
            },
        }
        for name, field, cursor in (
            ("ads_reports_daily", "stat_time_day", cursors["day"]),
            ("campaigns", "modify_time", cursors["changed"]),
        )
    ]


async def test_a_state_of_next_year_costs_no_row() -> None:
    """The account is read from the start, the log says why, and the next sync has a possible state."""
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=3, days=30, ads_per_account=15)) as emulator:
        config = config_for(emulator, attribution_window=0)
        state = state_of(emulator.advertiser_ids[0], day="2027-05-01", changed="2027-05-01 00:00:00Z")
        fresh = await read_from(emulator, config, NAMES)
        outcome = await read_from(emulator, config, NAMES, state=state)
    assert outcome.exit_code == 0
    for name in NAMES:
        assert sorted(map(str, outcome.records(name))) == sorted(map(str, fresh.records(name)))
    assert cursors_of(outcome.last_states) == cursors_of(fresh.last_states)
    warnings = [line["message"] for line in outcome.of_type("LOG") if "in the future" in line["message"]]
    assert len(warnings) == 2
    assert all(emulator.advertiser_ids[0] in line for line in warnings)


async def test_an_account_that_the_token_lost_is_reported() -> None:
    """Its data end there, which nobody would notice otherwise; an account left out by configuration is not reported."""
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=3, days=30, ads_per_account=15)) as emulator:
        config = config_for(emulator)
        state = state_of("7999999", day="2026-06-20", changed="2026-06-20 00:00:00Z")
        outcome = await read_from(emulator, config, NAMES, state=state)
        chosen = await read_from(
            emulator, {**config, "advertiser_ids": [emulator.advertiser_ids[0]]}, NAMES, state=state
        )
    assert outcome.exit_code == chosen.exit_code == 0
    (warning,) = (line["message"] for line in outcome.of_type("LOG") if "7999999" in line["message"])
    assert "Authorize the application for them again" in warning
    assert cursors_of(outcome.last_states)["ads_reports_daily"]["7999999"] == {"stat_time_day": "2026-06-20"}
    assert not [line for line in chosen.of_type("LOG") if "7999999" in line["message"]]


@pytest.mark.parametrize("day", ["2030-01-01", "9999-12-31"])
async def test_a_full_refresh_whose_state_is_of_next_year_costs_no_row(day: str) -> None:
    """The account is read from the start, and the log says why; the other one goes on where it was."""
    name = "ads_reports_daily"
    async with Emulator(Options(now=NOW, tier="unlimited", advertisers=3, days=30, ads_per_account=15)) as emulator:
        config, catalog = config_for(emulator), catalog_of([name], incremental=False)
        catalog["streams"][0] |= {"sync_id": 7, "generation_id": 3}
        fresh = await read_from(emulator, config, catalog=catalog)
        state = fresh.state_file
        ahead, finished, _ = emulator.advertiser_ids
        progress = state[0]["stream"]["stream_state"]["full_refresh"]
        progress |= {"complete": False, "accounts": {ahead: day, finished: "finished"}}
        outcome = await read_from(emulator, config, catalog=catalog, state=state)
    assert outcome.exit_code == 0
    expected = [record for record in fresh.records(name) if str(record["advertiser_id"]) != finished]
    assert sorted(map(str, outcome.records(name))) == sorted(map(str, expected))
    [warning] = [line["message"] for line in outcome.of_type("LOG") if "in the future" in line["message"]]
    assert ahead in warning
    assert finished not in warning
    assert outcome.last_states[name]["full_refresh"]["accounts"][ahead] == "finished"
