"""A report with filters that is too large for one request is read in parts, which bring all rows that pass."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from support import NOW, Outcome, config_for, read_from
from tiktok_marketing.airbyte.inputs import discovered
from tiktok_marketing.config import AIRBYTE, parse_config
from tiktok_marketing.emulator import Emulator, Fault, Options

_REPORT = "report/integrated/get/"
_MINE: dict[str, Any] = {
    "name": "mine",
    "level": "ad",
    "metrics": ["spend", "impressions", "campaign_id", "adgroup_id"],
}


def _emulator(**options: Any) -> Emulator:
    """One busy account."""
    return Emulator(Options(now=NOW, tier="unlimited", advertisers=1, ads_per_account=60, days=20, **options))


async def _read(emulator: Emulator, filters: Any = (), **fields: Any) -> Outcome:
    settings = config_for(emulator, start_date="2026-06-06", end_date="2026-06-12", skip_empty_days=False)
    report = _MINE | {"filters": filters} | fields
    return await _read_mine(emulator, settings | {"include_deleted": True, "custom_reports": [report]})


async def _read_mine(emulator: Emulator, config: dict[str, Any]) -> Outcome:
    streams = {stream["name"]: stream for stream in discovered(parse_config(config, AIRBYTE))["streams"]}
    chosen = {"stream": streams["mine"], "sync_mode": "incremental", "destination_sync_mode": "append"}
    return await read_from(emulator, config, catalog={"streams": [chosen]})


def _rows(outcome: Outcome) -> Counter[str]:
    return Counter(json.dumps(record["data"], sort_keys=True) for record in outcome.of_type("RECORD"))


async def _ids() -> dict[str, list[str]]:
    """The campaigns, ad groups and ads that have rows."""
    async with _emulator() as emulator:
        records = [record["data"] for record in (await _read(emulator)).of_type("RECORD")]
    return {
        "campaign_ids": sorted({record["metrics"]["campaign_id"] for record in records}),
        "adgroup_ids": sorted({record["metrics"]["adgroup_id"] for record in records}),
        "ad_ids": sorted({str(record["ad_id"]) for record in records}),
    }


@pytest.mark.parametrize("field", ["campaign_ids", "adgroup_ids", "ad_ids"])
@pytest.mark.parametrize("too_large", ["cut", "refused"])
async def test_the_parts_bring_what_the_whole_has(field: str, too_large: str) -> None:
    """Whether TikTok cuts the report or refuses it, and whichever objects it is about: each also splits the report."""
    chosen = (await _ids())[field][::2]
    async with _emulator() as emulator:
        whole = await _read(emulator, {field: chosen})
    options = {"ad_report_limit": 12, "ad_report_limit_lifted_by_filter": True} if too_large == "cut" else {}
    async with _emulator(**options) as emulator:
        if too_large == "refused":
            most = min(5, len(chosen) - 1)
            emulator.faults.add(Fault(path=_REPORT, contains="AUCTION_AD&", code=40067, ids_over=most))
        parts = await _read(emulator, {field: chosen})
        if too_large == "refused":
            assert emulator.faults.entries()[0]["failed"]
    assert (whole.exit_code, parts.exit_code) == (0, 0)
    assert _rows(parts) == _rows(whole) != Counter()


async def test_a_filter_by_a_property_splits_too() -> None:
    """The campaigns that do not pass have no part in the sums."""
    filters = [{"field": "campaign_automation_type", "values": ["MANUAL"]}]
    async with _emulator() as emulator:
        everything = await _read(emulator)
        whole = await _read(emulator, filters)
        emulator.faults.add(Fault(path=_REPORT, contains="AUCTION_AD&", code=40067, ids_over=5))
        parts = await _read(emulator, filters)
    assert (whole.exit_code, parts.exit_code) == (0, 0)
    assert _rows(parts) == _rows(whole)
    assert _rows(everything) > _rows(whole) > Counter()


@pytest.mark.parametrize("lack", [0.4, 1])
async def test_campaigns_that_the_list_lacks_are_still_reported(lack: float) -> None:
    """The list is of all campaigns, so it is compared with the account, whatever the report filters by."""
    async with _emulator() as emulator:
        whole = await _read(emulator, {"buying_type": ["AUCTION"]})
        emulator.faults.add(Fault(path=_REPORT, contains="AUCTION_AD&", code=40067, ids_over=5))
        emulator.faults.add(Fault(path=_REPORT, contains='dimensions=["campaign_id"]', lack=lack))
        parts = await _read(emulator, {"buying_type": ["AUCTION"]})
    assert whole.exit_code == 0
    assert parts.exit_code == 1
    assert "too large for one request" in parts.errors[0]["message"]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("filters", "skips"),
    [({"ad_status": ["STATUS_DELIVERY_OK"]}, True), ({"buying_type": ["RESERVATION_TOP_VIEW"]}, False)],
)
async def test_days_without_rows_of_the_account_are_skipped(filters: Any, skips: bool) -> None:
    """A filter only takes rows away, unless it asks for campaigns that the account's own report may leave out."""
    outcomes, requests = {}, {}
    options = Options(now=NOW, tier="unlimited", advertisers=30, ads_per_account=6, days=30)
    async with Emulator(options) as emulator:
        for skip in (True, False):
            config = config_for(emulator, start_date="2026-05-20", include_deleted=True, skip_empty_days=skip)
            emulator.counters.reset()
            report = _MINE | {"filters": filters, "grain": "hour"}
            outcomes[skip] = await _read_mine(emulator, config | {"custom_reports": [report]})
            requests[skip] = emulator.counters.total(_REPORT)
    assert outcomes[True].exit_code == outcomes[False].exit_code == 0
    assert _rows(outcomes[True]) == _rows(outcomes[False])
    assert (requests[True] < requests[False]) == skips
