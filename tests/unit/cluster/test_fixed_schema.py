"""Arrow batches that all have the same columns."""

from __future__ import annotations

import json

from unit_builders import stream

from tiktok_marketing.cluster.arrow import FixedSchema
from tiktok_marketing.sync.decode.coercion import Misfit


def test_a_field_that_tiktok_adds_is_kept() -> None:
    """In `_misfits`, beside values that do not fit their column, because the schema of a data frame is fixed."""
    campaigns = stream("campaigns")
    fixed = FixedSchema(campaigns)
    sink = fixed.sink(campaigns, 7001)
    plain = {"campaign_id": 1, "campaign_name": "one"}
    sink.extend([plain, {**plain, "campaign_id": 2, "brand_new": "x", "budget": "many"}], [Misfit(1, "f", "v", {})])
    (batch,) = fixed.batches(sink)
    assert batch.schema == fixed.schema
    first, second = batch.column("_misfits").to_pylist()
    assert first is None
    kept = json.loads(second)
    assert (kept["brand_new"], kept["f"]) == ("x", "v")
    assert "budget" in kept
    assert batch.column("advertiser_id").to_pylist() == [7001, 7001]


def test_columns_can_be_chosen() -> None:
    """In any order."""
    campaigns = stream("campaigns")
    fixed = FixedSchema(campaigns, ["campaign_name", "advertiser_id"])
    sink = fixed.sink(campaigns, 7001)
    sink.extend([{"campaign_id": 1, "campaign_name": "one", "brand_new": 1}])
    (batch,) = fixed.batches(sink)
    assert batch.to_pylist() == [{"campaign_name": "one", "advertiser_id": 7001}]
