"""Which campaigns, ad groups and ads an incremental sync delivers, against the emulator."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from support import A_DAY, NOW, Outcome, config_for, read_from
from tiktok_marketing.emulator import Emulator, Options

OBJECTS = ("campaigns", "ad_groups", "ads")
SOON = timedelta(hours=3)


def emulator_of(**options: Any) -> Emulator:
    """An emulator in which enough changes within a few days."""
    return Emulator(Options(now=NOW, tier="unlimited", days=60, advertisers=3, ads_per_account=60, **options))


def statuses(*outcomes: Outcome) -> dict[tuple[str, int], str]:
    """The latest status of each object, by its own id."""
    return {
        (name, record[f"{name.replace('_', '')[:-1]}_id"]): record["secondary_status"]
        for outcome in outcomes
        for name in OBJECTS
        for record in outcome.records(name)
    }


def requested_filters(emulator: Emulator, path: str) -> list[str]:
    """The `filtering` of each request to an endpoint."""
    return [asked.params.get("filtering", "") for asked in emulator.counters.requests if asked.path == path]


async def syncs(emulator: Emulator, *times: timedelta, **fields: Any) -> list[Outcome]:
    """Syncs at these times after the first, each from the state of the one before."""
    config = config_for(emulator, start_date="2026-04-01", include_deleted=True, **fields)
    outcomes = [await read_from(emulator, config, OBJECTS)]
    passed = timedelta()
    for time in times:
        emulator.clock.advance(time - passed)
        passed = time
        emulator.counters.reset()
        states = outcomes[-1].state_file
        outcomes.append(await read_from(emulator, config, OBJECTS, state=states, now=NOW + time))
    assert [outcome.exit_code for outcome in outcomes] == [0] * len(outcomes)
    return outcomes


@pytest.mark.parametrize(("refresh", "misses"), [("changed", True), ("daily", False), ("always", False)])
async def test_statuses_that_follow_from_others_are_read_if_configured(refresh: str, misses: bool) -> None:
    """Changes of a week that did not move `modify_time` come with `daily` and `always`, not with `changed`."""
    async with emulator_of() as emulator:
        first, second = await syncs(emulator, 7 * A_DAY, refresh_objects=refresh)
        config = config_for(emulator, start_date="2026-04-01", include_deleted=True)
        whole = await read_from(emulator, config, OBJECTS, now=NOW + 7 * A_DAY)
    known, true = statuses(first, second), statuses(whole)
    assert known.keys() == true.keys()
    assert (known != true) is misses


@pytest.mark.parametrize("lists_timeless", [False, True])
async def test_a_later_sync_of_the_day_requests_changed_ads_only(lists_timeless: bool) -> None:
    """With `daily`, the day's first sync reads all ads. The next one uses `modified_after`, and loses no change."""
    async with emulator_of(modified_after_lists_timeless=lists_timeless) as emulator:
        _, daily, later = await syncs(emulator, A_DAY, A_DAY + SOON, refresh_objects="daily")
        asked = requested_filters(emulator, "ad/get/")
        emulator.clock.set(NOW)
        _, _, walked = await syncs(emulator, A_DAY, A_DAY + SOON, refresh_objects="changed")
    assert len(daily.records("ads")) > len(later.records("ads"))
    states = {entry["partition"]["advertiser_id"]: entry["cursor"] for entry in daily.last_states["ads"]["states"]}
    of_today = [cursor for cursor in states.values() if cursor["modify_time"] >= f"{(NOW + A_DAY).date()}"]
    assert of_today, "the emulator changed no ad that day, so that nothing is tried here"
    assert sum("modified_after" in entry for entry in asked) == 2 * len(of_today)

    def changed(outcome: Outcome) -> set[Any]:
        since = str((NOW + A_DAY).date())
        return {record["ad_id"] for record in outcome.records("ads") if (record.get("modify_time") or "") >= since}

    assert changed(later) == changed(walked)


async def test_campaigns_and_ad_groups_are_always_read_completely() -> None:
    """TikTok has no filter for changed ones."""
    async with emulator_of() as emulator:
        await syncs(emulator, A_DAY, A_DAY + SOON, refresh_objects="daily")
        asked = requested_filters(emulator, "campaign/get/") + requested_filters(emulator, "adgroup/get/")
    assert asked
    assert not any("modified_after" in entry for entry in asked)
