"""Each transient fault once at every endpoint of the catalog, and TikTok's five-minute block."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from faults.hurry import Result, small, synced
from support import cursors_of
from tiktok_marketing.api.error_rules import ERROR_RULES, rule_for
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.emulator import Fault
from tiktok_marketing.errors import Action

# One report is enough: all have the same endpoint.
NAMES = [stream.name for stream in STREAMS if not stream.is_report] + ["ads_reports_daily"]
ENDPOINTS = sorted({stream.endpoint for stream in STREAMS})
RETRIABLE = [
    40016, 40100, 40132, 40133, 40200, 40201, 40202, 40700, 50000, 50002, 51001, 51002, 51010, 51039, 51305, 60001,
]  # fmt: skip
"""The codes of TikTok's appendix, and those seen outside it, that may pass."""
TOO_LARGE = [40011, 40067]
TROUBLES = [
    *({"code": code} for code in RETRIABLE + TOO_LARGE),
    {"code": 20001},
    *({"http": status} for status in (429, 500, 502, 503, 504)),
    {"reset": True},
    {"truncate": True},
    {"garbage": True},
    {"hang": True},
]


@pytest.fixture(scope="module")
def whole() -> Result:
    """All rows of the business."""

    async def read() -> Result:
        async with small() as emulator:
            return await synced(emulator, NAMES)

    return asyncio.run(read())


def fault_id(trouble: dict[str, Any]) -> str:
    """A fault as the id of its test."""
    return ",".join(f"{name}={value}" for name, value in trouble.items())


@pytest.mark.parametrize("trouble", TROUBLES, ids=fault_id)
async def test_transient_faults_cost_no_row_at_any_endpoint(trouble: dict[str, Any], whole: Result) -> None:
    """The first request to each endpoint of the catalog fails; all rows and states are as without the fault."""
    async with small(faults=tuple(Fault(path=path, first=1, **trouble) for path in ENDPOINTS)) as emulator:
        result = await synced(emulator, NAMES, read_timeout=2.0)
        assert [entry["failed"] for entry in emulator.faults.entries()] == [1] * len(ENDPOINTS)
    assert result.stopped is None
    assert not result.failures
    assert not result.duplicates
    assert result.rows == whole.rows
    assert all(whole.rows[name] for name in NAMES)
    assert cursors_of(result.states) == cursors_of(whole.states)


async def test_the_five_minute_block_costs_no_row() -> None:
    """Too many requests in a minute block the endpoint for five; the sync waits, and announces it."""
    block = {"requests_per_second": 10_000, "requests_per_minute": 14, "minute_window": 1.0, "minute_suspension": 5.0}
    async with small(tier="basic", **block) as emulator:  # a sixtieth of the times, for the hurried clock
        result = await synced(emulator, ["ads_reports_daily", "campaigns_reports_hourly"], skip_empty_days=False)
        assert emulator.counters.total("report/integrated/get/", answer=40100) > 0
    async with small() as emulator:
        whole = await synced(emulator, ["ads_reports_daily", "campaigns_reports_hourly"], skip_empty_days=False)
    assert result.stopped is None
    assert not result.failures
    assert result.rows == whole.rows
    assert any("code 40100" in wait for wait in result.waits)


def test_every_transient_code_is_tested() -> None:
    """No code of the connector's table that is retried is missing here."""
    again = {Action.RETRY, Action.SLOW_DOWN, Action.SLOW_ACCOUNT, Action.SPLIT}
    assert {code for code, rule in ERROR_RULES.items() if rule.action in again} <= {*RETRIABLE, *TOO_LARGE}
    assert all(rule_for(code).action in again for code in RETRIABLE)
