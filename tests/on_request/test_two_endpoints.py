"""Reports at two endpoints wait for the same queries about empty days, and neither holds up the other."""

from __future__ import annotations

import pytest

from on_request.conftest import emulator_of
from support import config_for, read_from

REPORTS = ["campaigns_reports_hourly", "smart_plus_reports_by_creative_daily"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("order", [REPORTS, REPORTS[::-1]], ids=["usual first", "usual last"])
async def test_an_endpoint_waits_for_a_query_that_another_one_has_asked(order: list[str]) -> None:
    """It sleeps meanwhile, so that the answer can be taken."""
    async with emulator_of(advertisers=1, ads_per_account=8, latency=0.2) as emulator:
        outcome = await read_from(emulator, config_for(emulator, start_date="2026-05-20", attribution_window=0), order)
    assert outcome.exit_code == 0
    assert all(outcome.records(name) for name in REPORTS)
