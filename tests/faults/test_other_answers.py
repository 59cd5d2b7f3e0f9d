"""Answers about other days or another account than asked, as a cache on the way may give them, over real sockets."""

from __future__ import annotations

from typing import Any

import pytest

from faults.hurry import small
from faults.test_refusals import REPORTS, error_of, incomplete, outcome_of, rows_of
from support import config_for, cursors_of, read_from
from tiktok_marketing.emulator import Emulator, Fault

pytestmark = pytest.mark.thorough

OTHER_DAY = {"edit": "dimensions.stat_time_day", "value": "2026-03-05 00:00:00"}
OTHER_HOUR = {"edit": "dimensions.stat_time_hour", "value": "2026-03-05 07:00:00"}
OTHER_ACCOUNT = {"edit": "advertiser_id", "value": "7000000000000000999"}
CASES = [
    ("ads_reports_daily", OTHER_DAY),
    ("campaigns_reports_hourly", OTHER_HOUR),
    ("campaigns", OTHER_ACCOUNT),
    ("smart_plus_ads", OTHER_ACCOUNT),
]


def answered_otherwise(emulator: Emulator, name: str, effect: dict[str, Any], **which: Any) -> None:
    """Answer for the second account about something else."""
    path = {"campaigns": "campaign/get/", "smart_plus_ads": "smart_plus/ad/get/"}.get(name, REPORTS)
    emulator.faults.add(Fault(path=path, advertiser=emulator.advertiser_ids[1], **which, **effect))


@pytest.mark.parametrize(("name", "effect"), CASES)
async def test_an_answer_about_something_else_is_asked_for_again(name: str, effect: dict[str, Any]) -> None:
    """As long as the cache has it: no row is lost, and none comes that belongs elsewhere."""
    async with small() as emulator:
        whole = await outcome_of(emulator, [name], skip_empty_days=False)
        answered_otherwise(emulator, name, effect, first=3)
        outcome = await outcome_of(emulator, [name], skip_empty_days=False)
    assert outcome.exit_code == 0, outcome.errors
    assert rows_of(outcome, name) == rows_of(whole, name)


@pytest.mark.parametrize(("name", "effect"), CASES)
async def test_an_account_that_is_answered_about_something_else_fails_alone(name: str, effect: dict[str, Any]) -> None:
    """None of these rows is delivered, the state stays, and the error says what came."""
    async with small() as emulator:
        whole = await outcome_of(emulator, [name], skip_empty_days=False)
        answered_otherwise(emulator, name, effect)
        outcome = await outcome_of(emulator, [name], skip_empty_days=False)
        refused = emulator.advertiser_ids[1]
    assert outcome.exit_code == 1
    assert incomplete(outcome) == {name}
    others = {key: row for key, row in rows_of(whole, name).items() if row["advertiser_id"] != int(refused)}
    assert rows_of(outcome, name) == others
    message = error_of(outcome, name)["message"]
    assert f"failed for advertiser {refused}: " in message
    assert f"all its records are of {'advertiser 7' if effect is OTHER_ACCOUNT else '2026-03-05'}" in message


LIST = "oauth2/advertiser/get/"
SOME = ["campaigns", "ads_reports_daily"]


async def test_an_account_that_the_list_lacks_is_read_if_tiktok_answers_for_it() -> None:
    """Absence is no answer. Others may be missing as well, so the streams are not complete."""
    async with small() as emulator:
        first = await read_from(emulator, config_for(emulator), SOME)
        whole = await read_from(emulator, config_for(emulator), SOME, state=first.state_file)
        emulator.faults.add(Fault(path=LIST, edit="$.data.list[1]"))
        outcome = await read_from(emulator, config_for(emulator), SOME, state=first.state_file)
        lacking = emulator.advertiser_ids[1]
    assert incomplete(outcome) == set(SOME)
    for name in SOME:
        assert rows_of(outcome, name) == rows_of(whole, name)
    (error,) = outcome.errors
    assert f"TikTok's list of accounts lacks {lacking}, although TikTok answers" in error["message"]
    assert cursors_of(outcome.last_states) == cursors_of(whole.last_states)


@pytest.mark.parametrize("counted", [99, "99"])
async def test_a_list_that_counts_more_accounts_than_it_has_is_not_complete(counted: Any) -> None:
    """The accounts that it has are read."""
    async with small() as emulator:
        whole = await read_from(emulator, config_for(emulator), SOME)
        info = {"page": 1, "page_size": 3, "total_number": counted, "total_page": 33}
        emulator.faults.add(Fault(path=LIST, edit="$.data.page_info", value=info))
        outcome = await read_from(emulator, config_for(emulator), SOME)
    assert incomplete(outcome) == set(SOME)
    for name in SOME:
        assert rows_of(outcome, name) == rows_of(whole, name)
    (error,) = outcome.errors
    assert "lists 3 of the 99 accounts that TikTok counts" in error["message"]


async def test_a_row_of_another_day_is_delivered_and_reported() -> None:
    """All others of its answer are right. But rows may be missing in its place, so the state stays."""
    async with small() as emulator:
        whole = await outcome_of(emulator, ["ads_reports_daily"], skip_empty_days=False)
        answered_otherwise(emulator, "ads_reports_daily", OTHER_DAY, records=1)
        outcome = await outcome_of(emulator, ["ads_reports_daily"], skip_empty_days=False)
    assert incomplete(outcome) == {"ads_reports_daily"}
    assert len(rows_of(outcome, "ads_reports_daily")) == len(rows_of(whole, "ads_reports_daily"))
    assert "it has records of 2026-03-05, and 2026-06-0" in error_of(outcome, "ads_reports_daily")["message"]


NO_METRICS = {"edit": "$.data.list[*].metrics", "value": {}}


async def test_rows_without_metrics_are_asked_for_again() -> None:
    """They would put null in place of figures. If they stay, the account fails alone, and none of them comes."""
    async with small() as emulator:
        whole = await outcome_of(emulator, ["ads_reports_daily"], skip_empty_days=False)
        answered_otherwise(emulator, "ads_reports_daily", NO_METRICS, first=3)
        again = await outcome_of(emulator, ["ads_reports_daily"], skip_empty_days=False)
        answered_otherwise(emulator, "ads_reports_daily", NO_METRICS)
        refused = await outcome_of(emulator, ["ads_reports_daily"], skip_empty_days=False)
        account = int(emulator.advertiser_ids[1])
    assert again.exit_code == 0, again.errors
    assert rows_of(again, "ads_reports_daily") == rows_of(whole, "ads_reports_daily")
    assert incomplete(refused) == {"ads_reports_daily"}
    assert {row["advertiser_id"] for row in rows_of(refused, "ads_reports_daily").values()}.isdisjoint({account})
    assert "none of its rows has a metric that was asked for" in error_of(refused, "ads_reports_daily")["message"]


async def test_a_metric_that_every_answer_leaves_out_is_reported() -> None:
    """Rows come with null in it, and one warning says so for all accounts."""
    async with small() as emulator:
        emulator.faults.add(Fault(path=REPORTS, edit="reach"))
        outcome = await outcome_of(emulator, ["ads_reports_daily"], skip_empty_days=False)
    assert outcome.exit_code == 0, outcome.errors
    assert {row["metrics"]["reach"] for row in rows_of(outcome, "ads_reports_daily").values()} == {None}
    [warning] = [log["message"] for log in outcome.of_type("LOG") if "so they are null" in log["message"]]
    assert "no row of its answers has them, so they are null: reach." in warning
