"""Partial answers (20001): their records are delivered, and nothing counts as complete."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from support import NOW, HurriedClock, Outcome, config_for, cursors_of, read_from
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.errors import PartialAnswerError

REPORT = "report/integrated/get/"
DAILY = "ads_reports_daily"
DAY = "2026-06-10"


def emulator_of(**options: Any) -> Emulator:
    """A few busy accounts."""
    return Emulator(
        Options(now=NOW, tier="unlimited", **{"advertisers": 3, "days": 30, "ads_per_account": 20} | options)
    )


def rows(outcome: Outcome) -> Counter[str]:
    """Every record, in any order."""
    return Counter(
        record["stream"] + json.dumps(record["data"], sort_keys=True) for record in outcome.of_type("RECORD")
    )


async def test_a_partial_report_is_delivered_and_its_state_stays_before_it() -> None:
    """Its rows, later days and other accounts are delivered; the error has account, day and request."""
    async with emulator_of() as emulator:
        config = config_for(emulator, report_granularity=1, attribution_window=0)
        account = emulator.advertiser_ids[0]
        plain = await read_from(emulator, config, [DAILY])
        emulator.faults.add(Fault(path=REPORT, advertiser=account, contains=f"start_date={DAY}", code=20001))
        outcome = await read_from(emulator, config, [DAILY], clock=HurriedClock(NOW))
        emulator.faults.clear()
        then = await read_from(emulator, config, [DAILY], state=outcome.state_file)
    assert outcome.exit_code == 1
    assert outcome.statuses[DAILY][-1] == "INCOMPLETE"
    (error,) = outcome.errors
    assert all(text in error["message"] for text in (DAILY, account, DAY, "code 20001, request_id 2026", "support"))
    missing = rows(plain) - rows(outcome)
    assert missing
    assert all(DAY in row and account in row for row in missing)
    assert not rows(outcome) - rows(plain)
    before, after = cursors_of(plain.last_states)[DAILY], cursors_of(outcome.last_states)[DAILY]
    assert after.pop(account)["stat_time_day"] < DAY <= before.pop(account)["stat_time_day"]
    assert after == before
    assert not missing - rows(then)
    assert cursors_of(then.last_states) == cursors_of(plain.last_states)


async def test_every_partial_day_is_named_and_hides_no_other_failure() -> None:
    """Reading continues after each, so each is reported. A tolerated account does not hide them."""
    async with emulator_of() as emulator:
        account = emulator.advertiser_ids[0]
        config = config_for(emulator, report_granularity=1, skip_inaccessible_advertisers=True, skip_empty_days=False)
        for day in ("2026-06-03", "2026-06-05"):
            emulator.faults.add(Fault(path=REPORT, advertiser=account, contains=f"start_date={day}", code=20001))
        refused = Fault(path=REPORT, advertiser=account, contains="start_date=2026-06-12", code=40300)
        emulator.faults.add(refused)
        outcome = await read_from(emulator, config, [DAILY], clock=HurriedClock(NOW))
    assert outcome.exit_code == 1
    assert outcome.statuses[DAILY][-1] == "INCOMPLETE"
    messages = " ".join(error["message"] for error in outcome.errors)
    assert "2026-06-03" in messages
    assert "2026-06-05" in messages
    assert any("40300" in line["message"] for line in outcome.of_type("LOG"))


@pytest.mark.parametrize(
    ("path", "streams"),
    [
        ("campaign/get/", ["campaigns"]),
        ("pixel/list/", ["pixels", "pixel_events_statistics"]),
        ("adgroup/get/", ["ad_groups", "pixel_instant_page_events"]),
        ("file/music/get/", ["creative_assets_music"]),
    ],
)
async def test_a_partial_list_fails_its_account(path: str, streams: list[str]) -> None:
    """Also if other requests are made from it."""
    async with emulator_of() as emulator:
        account = emulator.advertiser_ids[0]
        config = config_for(emulator, start_date="2024-01-01")
        plain = await read_from(emulator, config, streams)
        emulator.faults.add(Fault(path=path, advertiser=account, code=20001))
        outcome = await read_from(emulator, config, streams, clock=HurriedClock(NOW))
        emulator.faults.clear()
        then = await read_from(emulator, config, streams, state=outcome.state_file)
    assert outcome.exit_code == 1
    for name in streams:
        assert outcome.statuses[name][-1] == "INCOMPLETE"
        # Which account comes first is a matter of time.
        expected, of_others = (
            sorted(repr(record) for record in each.records(name) if str(record["advertiser_id"]) != account)
            for each in (plain, outcome)
        )
        assert of_others == expected
    assert all(f"/{path}" in error["message"] and account in error["message"] for error in outcome.errors)
    assert then.exit_code == 0
    assert not rows(plain) - rows(outcome) - rows(then)


async def test_a_partial_lookup_of_objects_loses_no_row_silently() -> None:
    """A report that is too large is read by campaign, and the list of campaigns was partial."""
    async with emulator_of() as emulator:
        config = config_for(emulator, skip_empty_days=False)
        plain = await read_from(emulator, config, [DAILY])
        emulator.faults.add(Fault(path=REPORT, contains="data_level=AUCTION_AD&", ids_over=50, code=40067))
        emulator.faults.add(Fault(path=REPORT, contains="data_level=AUCTION_CAMPAIGN&", code=20001, keep=0.4))
        outcome = await read_from(emulator, config, [DAILY], clock=HurriedClock(NOW))
    assert outcome.exit_code == 1
    assert rows(plain) - rows(outcome)
    assert all(cursor is None for cursor in cursors_of(outcome.last_states).get(DAILY, {}).values())


async def test_days_of_accounts_missing_from_a_partial_answer_are_read() -> None:
    """The query for days without data proves nothing then."""
    names = [DAILY, "ads_reports_hourly", "campaigns_reports_hourly", "ad_groups_reports_by_country_daily"]
    async with emulator_of(advertisers=5) as emulator:
        config = config_for(emulator)
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, names)
        emulator.faults.add(Fault(path=REPORT, contains="AUCTION_ADVERTISER", code=20001, keep=0.1))
        outcome = await read_from(emulator, config, names, clock=HurriedClock(NOW))
        in_part = sum(int(entry["failed"]) for entry in emulator.faults.entries())  # type: ignore[call-overload]
    assert in_part >= 3
    assert outcome.exit_code == 0
    assert rows(outcome) == rows(plain)


async def test_a_partial_list_of_accounts_is_read_and_every_stream_is_incomplete() -> None:
    """Every stream may lack accounts. Those in the list are read, and none is reported as lost."""
    names = ["campaigns", DAILY, "advertiser_ids", "advertisers"]
    async with emulator_of(advertisers=4) as emulator:
        config = config_for(emulator)
        plain = await read_from(emulator, config, names)
        emulator.faults.add(Fault(path="oauth2/advertiser/get/", code=20001))
        outcome = await read_from(emulator, config, names, state=plain.state_file, clock=HurriedClock(NOW))
        named = await read_from(
            emulator, {**config, "advertiser_ids": list(emulator.advertiser_ids)}, ["campaigns", "advertisers"]
        )
        emulator.faults.clear()
        emulator.faults.add(Fault(path="oauth2/advertiser/get/", code=20001, keep=0))
        with pytest.raises(PartialAnswerError, match="code 20001, request_id 2026"):
            await read_from(emulator, config, names)
    assert outcome.exit_code == 1
    assert {name: messages[-1] for name, messages in outcome.statuses.items()} == dict.fromkeys(names, "INCOMPLETE")
    assert len(outcome.records("advertiser_ids")) == len(outcome.records("advertisers")) == 2
    assert outcome.records("campaigns")
    assert cursors_of(outcome.last_states)["campaigns"].keys() == cursors_of(plain.last_states)["campaigns"].keys()
    messages = [line["message"] for line in outcome.of_type("LOG")] + [error["message"] for error in outcome.errors]
    assert any("the list of accounts" in text and "20001" in text for text in messages)
    assert not any("no longer has access" in text for text in messages)
    assert named.exit_code == 0, "accounts that are asked for by name need no list"


async def test_accounts_missing_from_a_partial_description_are_requested_again() -> None:
    """By half as many at a time, so that those that TikTok describes have their time zones."""
    async with emulator_of(advertisers=4) as emulator:
        config = config_for(emulator)
        plain = await read_from(emulator, config, ["advertisers", DAILY])
        emulator.faults.add(Fault(path="advertiser/info/", code=20001))
        outcome = await read_from(emulator, config, ["advertisers", DAILY], clock=HurriedClock(NOW))
    assert outcome.exit_code == 1, "asked about alone, half of one account is none"
    described = {str(record["advertiser_id"]) for record in outcome.records("advertisers")}
    assert described < {str(record["advertiser_id"]) for record in plain.records("advertisers")}
    assert described
    assert all("advertisers" in error["message"] for error in outcome.errors)
    assert not Counter(map(str, plain.records(DAILY))) - Counter(map(str, outcome.records(DAILY)))
