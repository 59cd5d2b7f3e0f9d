"""The catalog of Airbyte's connector 5.2.0 runs as it is: 44 streams of before, and the four of GMV Max."""

from __future__ import annotations

from on_request.conftest import emulator_of
from support import catalog_of, config_for, read_from
from tiktok_marketing.catalog import STREAMS

ADDED = (
    "gmv_max_stores",
    "gmv_max_campaigns",
    "gmv_max_product_campaign_reports_daily",
    "gmv_max_live_campaign_reports_daily",
)


async def test_its_48_streams_are_read() -> None:
    """Each is complete, with a state where it is incremental, and those of GMV Max have records."""
    names = [*(stream.name for stream in STREAMS), *ADDED]
    catalog = catalog_of(names)
    assert len(catalog["streams"]) == 48
    async with emulator_of(advertisers=1, ads_per_account=6) as emulator:
        outcome = await read_from(
            emulator, config_for(emulator, start_date="2026-06-14", attribution_window=0), catalog=catalog
        )
    assert outcome.exit_code == 0, outcome.errors
    assert {name for name, said in outcome.statuses.items() if said[-1] == "COMPLETE"} == set(names)
    assert all(outcome.records(name) for name in ADDED if name != "gmv_max_campaigns")  # none changed since then
    incremental = {each["stream"]["name"] for each in catalog["streams"] if each["sync_mode"] == "incremental"}
    assert incremental <= set(outcome.last_states)
