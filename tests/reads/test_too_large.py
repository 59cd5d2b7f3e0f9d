"""Reports that TikTok finds too large, on its own: the sync reads them in parts, and loses nothing."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from support import NOW, HurriedClock, Outcome, config_for, quickly, read_from
from tiktok_marketing.emulator import Emulator, Options

REPORT = "report/integrated/get/"
STREAMS = [
    "ads_reports_daily", "ads_reports_hourly", "ad_groups_reports_daily", "campaigns_reports_daily",
    "ads_audience_reports_daily", "ads_reports_by_country_daily", "campaigns_audience_reports_by_country_daily",
]  # fmt: skip


def rows(outcome: Outcome) -> Counter[str]:
    """Every record, in any order."""
    return Counter(
        record["stream"] + json.dumps(record["data"], sort_keys=True) for record in outcome.of_type("RECORD")
    )


async def read(**options: Any) -> tuple[Outcome, Counter[str], int]:
    """Two weeks of reports, their rows, and how many requests were refused as too large or slow."""
    defaults: dict[str, Any] = {"now": NOW, "tier": "unlimited", "advertisers": 2, "ads_per_account": 60, "days": 40}
    async with Emulator(Options(**defaults | options)) as emulator:
        config = config_for(emulator, start_date="2026-06-01", end_date="2026-06-14", include_deleted=True)
        outcome = await read_from(emulator, config, STREAMS, clock=HurriedClock(NOW))
        refused = sum(emulator.counters.total(REPORT, answer=code) for code in ("40067", "50002"))
    return outcome, rows(outcome), refused


@pytest.mark.thorough
@pytest.mark.parametrize("limit", quickly(200_000, 60_000))
async def test_reports_above_the_budget_are_read_in_parts(limit: int) -> None:
    """With a budget that most reports exceed, every row comes as without one, and the sync succeeds."""
    _, expected, unlimited = await read()
    outcome, parts, refused = await read(report_size_limit=limit, minute_suspension=2.0)
    assert unlimited == 0
    assert refused > 0
    assert outcome.exit_code == 0, outcome.errors
    assert parts == expected


async def test_a_breakdown_of_few_objects_is_divided_by_objects() -> None:
    """Fewer days would not help, and each of them costs a refused request."""
    outcomes = {}
    for limited in (True, False):
        options = Options(now=NOW, tier="unlimited", advertisers=1, ads_per_account=420, breakdown_id_limits=limited)
        async with Emulator(options) as emulator:
            config = config_for(emulator, start_date="2026-05-01", end_date="2026-05-30", include_deleted=True)
            name = "ads_audience_reports_by_behavior_daily"
            outcome = await read_from(emulator, config, [name], clock=HurriedClock(NOW))
            refused = emulator.counters.total(REPORT, answer="40067")
            outcomes[limited] = outcome.exit_code, rows(outcome), refused
    assert outcomes[False][2] == 0 < outcomes[True][2] < 20
    assert outcomes[True][:2] == outcomes[False][:2]
    assert outcomes[True][0] == 0
    assert outcomes[True][1].total() > 1_000
