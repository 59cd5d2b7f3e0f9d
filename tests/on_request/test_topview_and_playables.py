"""Reports on reserved TopView ads and on playables, over real sockets."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from on_request.conftest import emulator_of
from support import Outcome, config_for, read_from
from tiktok_marketing.catalog import Grain, report_stream
from tiktok_marketing.catalog.playable_reports import PLAYABLE_REPORTS
from tiktok_marketing.catalog.topview_reports import TOPVIEW_REPORTS

TOPVIEW = [stream.name for stream in TOPVIEW_REPORTS]
PLAYABLES, BY_COUNTRY = (stream.name for stream in PLAYABLE_REPORTS)
DAYS = {"start_date": "2026-06-01", "end_date": "2026-06-13", "include_deleted": True}
OWN_METRICS = {
    "playable_page_view_count",
    "playable_first_scene_view_count",
    "playable_second_scene_view_count",
    "playable_third_scene_view_count",
    "playable_download_button_click_count",
}


def sums(outcome: Outcome, name: str, *by: str) -> dict[tuple[object, ...], Decimal]:
    """The spend for each value of the fields at the root of a report's records, without zeros."""
    totals: defaultdict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for record in outcome.records(name):
        totals[tuple(record[field] for field in by)] += Decimal(record["metrics"]["spend"] or 0)
    return {key: total for key, total in totals.items() if total}


async def test_topview_reports_have_the_rows_of_reserved_campaigns_and_no_others() -> None:
    """On each level, by day and hour and by gender and age, they are the same money."""
    daily = [name for name in TOPVIEW if report_stream(name).source.grain is Grain.DAY]
    hourly = "campaigns_topview_reports_hourly"
    async with emulator_of(settled=True, ads_per_account=40) as emulator:
        config = config_for(emulator, **DAYS)
        outcome = await read_from(emulator, config, ["campaigns", "campaigns_reports_daily", hourly, *daily])
    assert outcome.exit_code == 0, outcome.errors
    reserved = {
        record["campaign_id"] for record in outcome.records("campaigns") if record["rf_campaign_type"] == "TOPVIEW"
    }
    by = ("campaign_id", "stat_time_day")
    expected = {
        key: spend for key, spend in sums(outcome, "campaigns_reports_daily", *by).items() if key[0] in reserved
    }
    assert expected
    assert sums(outcome, "campaigns_topview_reports_daily", *by) == expected
    days = sums(outcome, "campaigns_topview_reports_daily", "advertiser_id", "stat_time_day")
    for name in daily:
        assert sums(outcome, name, "advertiser_id", "stat_time_day") == days, name
    assert sums(outcome, hourly, "campaign_id") == sums(outcome, "campaigns_topview_reports_daily", "campaign_id")


async def test_playables_have_rows_in_total_and_by_country() -> None:
    """The countries of a playable add up to no more than it has ever spent."""
    async with emulator_of(settled=True, playable_reports=True, ads_per_account=60) as emulator:
        outcome = await read_from(emulator, config_for(emulator, **DAYS), [PLAYABLES, BY_COUNTRY])
    assert outcome.exit_code == 0, outcome.errors
    whole = sums(outcome, PLAYABLES, "advertiser_id", "playable_id")
    countries = sums(outcome, BY_COUNTRY, "advertiser_id", "playable_id")
    assert whole
    assert countries.keys() <= whole.keys()
    assert all(spend <= whole[key] for key, spend in countries.items())
    assert all(record["metrics"].keys() >= OWN_METRICS for record in outcome.records(PLAYABLES))


async def test_a_report_on_playables_that_tiktok_does_not_answer_fails_alone() -> None:
    """The others come."""
    async with emulator_of(settled=True) as emulator:
        outcome = await read_from(emulator, config_for(emulator, **DAYS), ["campaigns_reports_daily", PLAYABLES])
    assert outcome.exit_code == 1
    assert outcome.statuses[PLAYABLES][-1] == "INCOMPLETE"
    assert outcome.statuses["campaigns_reports_daily"][-1] == "COMPLETE"
    assert outcome.records("campaigns_reports_daily")
