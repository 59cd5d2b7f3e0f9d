"""Formats that are not those of an account in dollars: money without decimals, odd names, a country without figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from support import NOW, config_for, read_from
from tiktok_marketing.emulator import Emulator, Options

STREAMS = [
    "ads", "campaigns", "ad_groups", "advertisers", "ads_reports_daily", "ads_reports_by_country_daily",
    "advertisers_reports_daily", "advertisers_audience_reports_by_country_daily",
]  # fmt: skip


@pytest.mark.parametrize("currency", ["IDR", "JPY"])
async def test_money_without_decimals_adds_up_to_what_the_account_spent(currency: str) -> None:
    """Each report has the account's spend in whole units, whether by ad, by country or in total."""
    options = Options(now=NOW, tier="unlimited", advertisers=1, currencies=(currency,), days=30, ads_per_account=30)
    async with Emulator(options) as emulator:
        config = config_for(emulator, start_date="2026-06-01", end_date="2026-06-10", include_deleted=True)
        outcome = await read_from(emulator, config, STREAMS)
        truth = emulator.truth(emulator.advertiser_ids[0], date(2026, 6, 1), date(2026, 6, 10), hourly=False)
    assert outcome.exit_code == 0, outcome.errors
    assert [record["currency"] for record in outcome.records("advertisers")] == [currency]
    for stream in (name for name in STREAMS if "reports" in name):
        spends = [Decimal(record["metrics"]["spend"]) for record in outcome.records(stream)]
        assert sum(spends) == Decimal(truth["metrics"]["ad"]["spend"]) > 0, stream
        assert all(spend == int(spend) for spend in spends), stream


async def test_odd_names_and_an_unknown_country_are_read_as_they_are() -> None:
    """Names keep their lines, quotes, emoji and scripts in lists and reports, and `None` keeps its rows of zeros."""
    options = Options(now=NOW, tier="unlimited", advertisers=1, days=60, ads_per_account=120)
    async with Emulator(options) as emulator:
        config = config_for(emulator, start_date="2026-06-01", end_date="2026-06-10", include_deleted=True)
        outcome = await read_from(emulator, config, STREAMS)
    assert outcome.exit_code == 0, outcome.errors
    listed: dict[int, Any] = {record["ad_id"]: record["ad_name"] for record in outcome.records("ads")}
    rows = outcome.records("ads_reports_daily")
    reported = {int(record["dimensions"]["ad_id"]): record["metrics"]["ad_name"] for record in rows}
    common = listed.keys() & reported.keys()
    assert {listed[ad] for ad in common} == {reported[ad] for ad in common}
    for text in ("\n", '"', "\\", "春", "ع", "👩"):
        assert any(text in name for name in listed.values()), text
    unknown = [
        record["metrics"]
        for record in outcome.records("ads_reports_by_country_daily")
        if record["dimensions"]["country_code"] == "None"
    ]
    assert unknown
    assert {(row["spend"], row["impressions"]) for row in unknown} == {("0.00", "0")}
