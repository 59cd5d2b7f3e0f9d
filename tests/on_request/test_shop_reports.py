"""What GMV Max ads spend by country, over real sockets: accounts, campaigns and the GMV Max reports agree."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from on_request.conftest import emulator_of
from on_request.kit import rows_by_skipping
from support import Outcome, config_for, quickly, read_from
from tiktok_marketing.catalog import report_stream
from tiktok_marketing.catalog.shop_reports import SHOP_REPORTS
from tiktok_marketing.emulator import Fault

NAMES = [stream.name for stream in SHOP_REPORTS]
ACCOUNTS, CAMPAIGNS = "advertisers_shop_reports_by_country", "campaigns_shop_reports_by_country"
GMV_MAX = ("gmv_max_product_campaign_reports_daily", "gmv_max_live_campaign_reports_daily")
DAYS = {"start_date": "2026-06-05", "end_date": "2026-06-08", "include_deleted": True}


def sums(outcome: Outcome, name: str, *by: str, metric: str = "spend") -> dict[tuple[object, ...], Decimal]:
    """A metric for each value of the fields at the root of a report's records, without zeros."""
    totals: defaultdict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for record in outcome.records(name):
        totals[tuple(record[field] for field in by)] += Decimal(str(record["metrics"][metric] or 0))
    return {key: total for key, total in totals.items() if total}


async def test_accounts_campaigns_countries_and_days_agree() -> None:
    """Whatever the rows are broken down by, they are the same money."""
    async with emulator_of(settled=True, advertisers=2) as emulator:
        outcome = await read_from(emulator, config_for(emulator, **DAYS), [*NAMES, *GMV_MAX])
    assert outcome.exit_code == 0, outcome.errors
    for metric in ("spend", "billed_cost"):
        whole = sums(outcome, "advertisers_shop_reports_lifetime", "advertiser_id", metric=metric)
        assert whole
        for name in NAMES:
            assert sums(outcome, name, "advertiser_id", metric=metric) == whole, (name, metric)
    by = ("advertiser_id", "country_code", "stat_time_day")
    assert sums(outcome, f"{ACCOUNTS}_daily", *by) == sums(outcome, f"{CAMPAIGNS}_daily", *by)
    campaigns = sums(outcome, f"{CAMPAIGNS}_daily", "advertiser_id", "campaign_id", "stat_time_day")
    costs: defaultdict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for name in GMV_MAX:
        for key, cost in sums(outcome, name, "advertiser_id", "campaign_id", "stat_time_day", metric="cost").items():
            costs[key] += cost
    owners = {account for account, _, _ in campaigns}  # another account may see the same store
    assert campaigns == {key: cost for key, cost in costs.items() if key[0] in owners}
    assert all(record["metrics"]["campaign_name"] for record in outcome.records(f"{CAMPAIGNS}_daily"))


@pytest.mark.thorough
@pytest.mark.parametrize("name", quickly(f"{CAMPAIGNS}_daily", f"{ACCOUNTS}_daily"))
async def test_days_without_figures_of_other_ads_are_read(name: str) -> None:
    """TikTok does not say whether an account's figures include GMV Max, so an empty day proves nothing."""
    async with emulator_of(settled=True) as emulator:
        rows = await rows_by_skipping(emulator, name)
    assert rows[True] == rows[False] != []


async def test_a_report_that_is_too_large_is_divided_by_days_and_never_filtered() -> None:
    """TikTok refuses filters in these reports. A day that is too large fails, and nothing is lost in silence."""
    name = f"{CAMPAIGNS}_daily"
    async with emulator_of(settled=True, advertisers=1) as emulator:
        whole = await read_from(emulator, config_for(emulator, **DAYS), [name])
        emulator.faults.add(Fault(path="report/integrated/get/", code=40067, times=1))
        divided = await read_from(emulator, config_for(emulator, **DAYS), [name])
        emulator.faults.add(Fault(path="report/integrated/get/", code=40067))
        failed = await read_from(emulator, config_for(emulator, **DAYS), [name])
        asked = [request.params for request in emulator.counters.requests]
    assert divided.exit_code == 0
    by = ("campaign_id", "stat_time_day", "country_code")
    assert len(divided.records(name)) == len(whole.records(name)) > 0
    assert sums(divided, name, *by) == sums(whole, name, *by)
    assert failed.exit_code == 1
    assert failed.statuses[name][-1] == "INCOMPLETE"
    assert not any("filtering" in params for params in asked)


def test_requests_name_what_the_report_type_accepts() -> None:
    """No filter by status, and no metric besides the two amounts and the name."""
    for stream in SHOP_REPORTS:
        assert stream.source.status_field is None
        assert set(stream.metrics) <= {"spend", "billed_cost", "campaign_name"}
        assert stream.on_request
    assert report_stream(f"{CAMPAIGNS}_daily").primary_key == ("campaign_id", "stat_time_day", "country_code")
