"""Answers whose list, rows or counts are not of the documented kind: what they hold is delivered, and nothing waits."""

from __future__ import annotations

import json

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


@pytest.mark.parametrize("value", [None, "x", 5, []])
@pytest.mark.parametrize("path", ["ad/get/", "report/integrated/get/", "pixel/list/"])
async def test_a_row_that_is_no_object_costs_only_itself(path: str, value: object) -> None:
    """It comes with nulls, a warning shows what stood in its place, and nothing is asked again."""
    key, stream = LISTS[path]
    expected = await read()
    result = await read(Fault(path=path, edit=f"$.data.{key}[0]", value=value))
    assert not result.waits
    assert result.missing <= {("ad_reviews", account) for _, account in result.missing}  # it needs the id of each ad
    text = value if isinstance(value, str) else json.dumps(value)
    assert any(notice.startswith(f"{stream}: the value {text!r} of ") for notice in result.notices)
    odd = {key for key in result.rows[stream] if key not in expected.rows[stream]}
    assert odd
    again = [key for name, key in result.duplicates if name == stream]  # the same key in the other accounts
    assert odd.issuperset(again)
    assert len(result.rows[stream]) + len(again) == len(expected.rows[stream])
    for name in STREAMS:
        kept = {key: row for key, row in result.rows[name].items() if key not in odd}
        assert kept.items() <= expected.rows[name].items()


@pytest.mark.parametrize("path", ["oauth2/advertiser/get/", "advertiser/info/"])
async def test_an_account_that_is_no_object_does_not_stop_the_sync(path: str) -> None:
    """In the list of accounts it is missing from every stream; in an answer about several, it is asked about alone."""
    expected = await read()
    result = await read(Fault(path=path, edit="$.data.list[1]", value=None))
    assert result.stopped is None
    assert not result.waits
    if path == "advertiser/info/":
        assert not result.missing
        assert result.rows == expected.rows
        return
    assert result.missing == {(stream, None) for stream in STREAMS}
    assert 0 < len(result.rows["ads"]) < len(expected.rows["ads"])
