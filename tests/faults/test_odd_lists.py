"""Answers whose list, rows or counts are not of the documented kind: what they hold is delivered, and nothing waits."""

from __future__ import annotations

import pytest

from faults.hurry import Result, small, synced
from tiktok_marketing.emulator import Fault

STREAMS = ["campaigns", "ads", "advertisers", "ads_reports_daily", "pixels", "ad_reviews"]
LISTS = {
    "ad/get/": ("list", "ads"),
    "report/integrated/get/": ("list", "ads_reports_daily"),
    "pixel/list/": ("pixels", "pixels"),
    "ad/review_info/": ("ad_review_map", "ad_reviews"),
}
"""For each endpoint: the key of its rows, and a stream."""


async def read(*faults: Fault) -> Result:
    """What a sync reads with these faults."""
    async with small(faults=faults) as emulator:
        return await synced(emulator, STREAMS, skip_empty_days=False)


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_that_is_null_is_empty(path: str) -> None:
    """If TikTok counts no rows, there are none. Nothing is asked again for a quarter of an hour."""
    key, stream = LISTS[path]
    counts = [Fault(path=path, total_number=0)] if path != "ad/review_info/" else []
    result = await read(Fault(path=path, edit=f"$.data.{key}", value=None), *counts)
    assert not result.rows[stream]
    assert {name for name, _ in result.missing} <= {"ad_reviews"} - {stream}
    assert not result.waits


async def test_a_list_that_is_null_lacks_the_rows_that_tiktok_counts() -> None:
    """As a page with too few rows does: the account fails by name, and the others come."""
    result = await read(Fault(path="ad/get/", edit="$.data.list", value=None))
    assert {name for name, _ in result.missing} >= {"ads"}
    assert "rows that TikTok counts" in str(result.failures[0].error)
    assert not result.waits


async def test_a_list_of_accounts_that_is_null_has_no_account() -> None:
    """The error says so, and how to authorize accounts."""
    result = await read(Fault(path="oauth2/advertiser/get/", edit="$.data.list", value=None))
    assert "access to no ad account" in str(result.stopped)
    assert not result.waits
