"""Reports by product. Nobody has confirmed their dimensions: a configuration asks for them, and TikTok decides."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from support import NOW, HurriedClock, Outcome, config_for, read_from
from tiktok_marketing.catalog.custom_reports import read_setting
from tiktok_marketing.catalog.objection import Objection
from tiktok_marketing.emulator import Emulator, Fault, Options

BY_PRODUCT = {
    "name": "products",
    "report_type": "CATALOG",
    "level": "ad",
    "dimensions": ["catalog_id", "sku_id"],
    "metrics": ["spend", "impressions", "reach"],
}
BY_CATALOG = {
    "name": "catalogs",
    "report_type": "CATALOG",
    "level": "account",
    "dimensions": ["catalog_id"],
    "metrics": ["spend"],
}


def _emulator(*faults: Fault, **options: Any) -> Emulator:
    """A business whose figures are final."""
    return Emulator(
        Options(now=NOW, tier="unlimited", advertisers=3, settled=True, latency=0, faults=faults, **options)
    )


async def _read(emulator: Emulator, *reports: dict[str, Any]) -> Outcome:
    config = config_for(emulator, start_date="2026-06-08", include_deleted=True, custom_reports=[*reports])
    names = [*(report["name"] for report in reports), "ads", "ads_reports_daily"]
    streams = [{"stream": {"name": name, "json_schema": {}}, "sync_mode": "full_refresh"} for name in names]
    catalog = {"streams": [stream | {"destination_sync_mode": "overwrite"} for stream in streams]}
    return await read_from(emulator, config, catalog=catalog, clock=HurriedClock(NOW))


def _spend(outcome: Outcome, stream: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for record in outcome.records(stream):
        sums[str(record["advertiser_id"])] += Decimal(str(record["metrics"]["spend"]))
    return sums


async def test_products_add_up_to_the_ads_and_are_those_that_ads_show() -> None:
    """By product of each ad, and by catalog of each account."""
    async with _emulator(catalog_reports=True) as emulator:
        outcome = await _read(emulator, BY_PRODUCT, BY_CATALOG)
    assert outcome.exit_code == 0
    whole = _spend(outcome, "ads_reports_daily")
    assert _spend(outcome, "products") == _spend(outcome, "catalogs") == whole
    shown = {ad["ad_id"]: {(ad["catalog_id"], sku) for sku in ad["sku_ids"] or ()} for ad in outcome.records("ads")}
    listed = [row for row in outcome.records("products") if row["catalog_id"] != "-" and row["ad_id"] in shown]
    assert len(listed) > 10
    assert all((row["catalog_id"], row["sku_id"]) in shown[row["ad_id"]] for row in listed)
    keys = [tuple(row[name] for name in ("ad_id", "stat_time_day", "catalog_id", "sku_id")) for row in
            outcome.records("products")]  # fmt: skip
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "faults",
    [
        (),
        (
            Fault(
                path="report/integrated/get/",
                contains="CATALOG",
                code=40002,
                message="Please correct the information in invalid dimension fields and try again. "
                "Invalid dimension fields: ['catalog_id']. ",
            ),
        ),
    ],
)
async def test_a_dimension_that_tiktok_refuses_fails_its_report_alone(faults: tuple[Fault, ...]) -> None:
    """The error has TikTok's words, and the other streams are read."""
    async with _emulator(*faults, catalog_reports=bool(faults)) as emulator:
        outcome = await _read(emulator, BY_CATALOG)
    assert outcome.exit_code == 1
    assert outcome.statuses["ads"][-1] == outcome.statuses["ads_reports_daily"][-1] == "COMPLETE"
    assert outcome.statuses["catalogs"][-1] == "INCOMPLETE"
    [error] = outcome.errors
    assert "catalogs" in error["message"]
    assert "40002" in error["message"]


async def test_a_metric_that_tiktok_refuses_is_left_out() -> None:
    """No list says which metrics go with products, so TikTok is asked once."""
    refusal = Fault(
        path="report/integrated/get/",
        contains="reach",
        code=40002,
        message="Please correct the information in invalid metric fields and try again. "
        "Invalid metric fields: ['reach']. ",
    )
    async with _emulator(refusal, catalog_reports=True) as emulator:
        outcome = await _read(emulator, BY_PRODUCT)
        asked = [request for request in emulator.counters.requests if request.params.get("report_type") == "CATALOG"]
    assert [row["metrics"]["reach"] for row in outcome.records("products")] == [None] * len(outcome.records("products"))
    assert _spend(outcome, "products")
    assert sum("reach" in request.params["metrics"] for request in asked) == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"dimensions": []}, "A CATALOG report needs a dimension of the catalog."),
        ({"dimensions": ["age"]}, "The dimension age does not go with the report type CATALOG."),
        ({"grain": "lifetime"}, "CATALOG reports have no grain lifetime."),
        ({"report_type": "BASIC"}, "The dimension catalog_id does not go with the report type BASIC."),
        ({"dimensions": ["catalog"]}, "catalog_id"),
    ],
)
def test_what_does_not_go_together_is_refused_before_any_request(fields: dict[str, Any], sentence: str) -> None:
    """With a sentence that names the pair."""
    objection = read_setting("custom_reports", [BY_CATALOG | fields])
    assert isinstance(objection, Objection)
    assert sentence in f"{objection.message} {objection.remedy}"
