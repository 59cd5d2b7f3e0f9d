"""`plan` foresees the requests of reports on request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

import tiktok_marketing as tiktok
from programs import emulator_beside
from support import config_for
from tiktok_marketing.config import parse_config
from tiktok_marketing.emulator import Emulator, Options

STREAMS = [
    "ads_v2_reports_daily",
    "campaigns_audience_reports_by_language_daily",
    "campaigns_audience_reports_by_interest_lifetime",
    "campaigns_reports_by_image_daily",
    "advertisers_reports_by_country_hourly",
    "campaigns_topview_reports_daily",
    "advertisers_shop_reports_by_country_daily",
    "playables_reports_by_country_lifetime",
    "advertisers_business_center_reports_by_country_daily",
]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A business of two accounts that are older than a month."""
    options = Options(
        tier="unlimited", advertisers=2, days=120, ads_per_account=6, settled=True, latency=0, playable_reports=True
    )
    with emulator_beside(options) as emulator:
        yield emulator


@pytest.mark.parametrize("name", STREAMS)
def test_a_sync_needs_as_many_requests_as_the_plan_says(
    name: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question which metrics TikTok accepts is one of them, where no list says so."""
    monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
    today = datetime.now(UTC).date()
    days = {"start_date": str(today - timedelta(days=40)), "end_date": str(today - timedelta(days=3))}
    config = parse_config(config_for(emulator, **days, skip_empty_days=False))
    [planned] = tiktok.plan(config, streams=[name]).streams
    emulator.counters.reset()
    for _ in tiktok.read(config, streams=[name]):
        pass
    asked = [request for request in emulator.counters.requests if request.path == "report/integrated/get/"]
    refused = [request for request in asked if request.answer == "40002"]
    assert planned.requests == len(asked) - len(refused)


def test_the_plan_foresees_the_list_of_business_centers(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request for all accounts and streams, and none if no stream is about them."""
    monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
    config = parse_config(config_for(emulator, start_date=str(datetime.now(UTC).date() - timedelta(days=3))))
    centers = [f"advertisers_business_center_reports_{rest}daily" for rest in ("", "by_country_", "by_placement_")]
    assert tiktok.plan(config, streams=centers).requests["bc/get/"] == 1
    assert "bc/get/" not in tiktok.plan(config, streams=["ads_reports_daily"]).requests
