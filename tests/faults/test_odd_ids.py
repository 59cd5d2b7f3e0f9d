"""Ids in lists that no request can name: what is missing because of them is reported, and everything else comes."""

from __future__ import annotations

import asyncio
import json
from functools import cache

import pytest

from faults.hurry import Result, small, synced
from support import quickly
from tiktok_marketing.emulator import Fault

ACCOUNTS = "oauth2/advertiser/get/"


async def read(streams: list[str], *faults: Fault, **options: object) -> Result:
    """What a sync reads with these faults."""
    async with small(faults=faults, **options) as emulator:
        return await synced(emulator, streams)


@pytest.mark.parametrize("value", [None, "", 0, "0", [], "-5", 1.5])
async def test_an_account_that_cannot_be_asked_for_makes_every_stream_incomplete(value: object) -> None:
    """TikTok lists it, so its rows are missing. Those of the others come."""
    streams = ["campaigns", "ads_reports_daily"]
    expected = await read(streams)
    result = await read(streams, Fault(path=ACCOUNTS, edit="advertiser_id", value=value, records=1))
    assert result.missing == {(stream, None) for stream in streams}
    for failure in result.failures:
        assert f"the id {value if isinstance(value, str) else json.dumps(value)!r}," in str(failure.error)
        assert "advertiser_ids" in str(failure.error)
    for stream in streams:
        assert 0 < len(result.rows[stream]) < len(expected.rows[stream])
        assert result.rows[stream].items() <= expected.rows[stream].items()


@pytest.mark.parametrize("form", quickly(" {} ", "+{}", "000{}", "\u00a0{}\n"))
@pytest.mark.parametrize("path", [ACCOUNTS, "advertiser/info/"])
async def test_an_account_is_known_by_the_digits_of_its_id(path: str, form: str) -> None:
    """Space, a sign or zeros around them cost nothing."""
    streams = ["campaigns", "advertisers", "ads_reports_daily"]
    async with small(advertisers=1) as emulator:
        expected = await synced(emulator, streams)
        (advertiser_id,) = emulator.advertiser_ids
        emulator.faults.add(Fault(path=path, edit="advertiser_id", value=form.format(advertiser_id)))
        result = await synced(emulator, streams)
    assert not result.failures
    assert result.rows == expected.rows


STORES = "gmv_max/store/list/"
GMV_MAX = [
    "gmv_max_stores",
    "gmv_max_advertiser_reports_daily",
    "gmv_max_advertiser_reports_lifetime",
    "gmv_max_product_campaign_reports_daily",
    "gmv_max_identities",
]


@cache
def whole(*streams: str) -> Result:
    """The same streams without any fault."""
    return asyncio.run(read(list(streams)))


def check_the_rest(result: Result, streams: list[str], incomplete: set[str]) -> None:
    """Only these streams lack rows, of the accounts that have the odd id; and all their other rows come."""
    expected = whole(*streams)
    assert {stream for stream, _ in result.missing} == incomplete
    assert None not in {account for _, account in result.missing}
    for stream in streams:
        lacking = len(expected.rows[stream]) - len(result.rows[stream])
        assert (lacking > 0) == (stream in incomplete)
        assert result.rows[stream] or not expected.rows[stream]
        assert all(expected.rows[stream][key] == row for key, row in result.rows[stream].items())


@pytest.mark.parametrize("value", [None, "", "x", []])
def test_a_store_that_cannot_be_asked_for_is_named_by_every_report_of_it(value: object) -> None:
    """The other stores' rows come, in all windows."""
    streams = [stream for stream in GMV_MAX if stream != "gmv_max_stores"]
    result = asyncio.run(read(streams, Fault(path=STORES, edit="store_id", value=value, records=1)))
    check_the_rest(result, streams, set(streams))
    for failure in result.failures:
        assert "lists a record in gmv_max_stores of advertiser" in str(failure.error)
        assert "store_id is" in str(failure.error)
        assert failure.stream in str(failure.error)


@pytest.mark.parametrize(
    ("path", "field", "number", "lists", "stream"),
    [
        ("gmv_max/campaign/get/", "campaign_id", "7.6e18", "gmv_max_campaigns", "gmv_max_sessions"),
        ("adgroup/get/", "adgroup_id", "7.6e18", "ad_groups", "ad_groups_bid_protection"),
        (STORES, "store_id", '"7600000000000000001"', "gmv_max_stores", "gmv_max_videos"),
    ],
)
async def test_an_id_that_tiktok_refuses_costs_only_itself(
    path: str, field: str, number: str, lists: str, stream: str
) -> None:
    """The others are asked about without it. The error names it, with TikTok's code and request_id."""
    expected = await read([stream])
    result = await read([stream], Fault(path=path, edit=field, json=number, records=1))
    assert {name for name, _ in result.missing} == {stream}
    assert all(expected.rows[stream][key] == row for key, row in result.rows[stream].items())
    assert len(result.rows[stream]) > 0 or stream == "ad_groups_bid_protection"  # the first has all the rows
    texts = [str(failure.error) for failure in result.failures]
    assert any(f"what it lists in {lists} of advertiser" in text for text in texts)
    assert all("7600000000000000" in text and "request_id" in text for text in texts)


@pytest.mark.parametrize(
    ("path", "field", "value", "lists", "stream"),
    [
        ("pixel/list/", "pixel_id", None, "pixels", "pixel_events_statistics"),
        ("pixel/list/", "pixel_id", "-", "pixels", "pixel_events_statistics"),
        ("pixel/list/", "pixel_id", {}, "pixels", "pixel_events_statistics"),
        ("campaign/get/", "campaign_id", "x", "campaigns", "campaigns_bid_protection"),
        ("adgroup/get/", "adgroup_id", [], "ad_groups", "ad_group_reviews"),
        ("ad/get/", "ad_id", None, "ads", "ad_reviews"),
        ("gmv_max/campaign/get/", "campaign_id", None, "gmv_max_campaigns", "gmv_max_sessions"),
        (STORES, "store_authorized_bc_id", None, "gmv_max_stores", "gmv_max_identities"),
        (STORES, "is_gmv_max_available", "x", "gmv_max_stores", "gmv_max_identities"),
    ],
)
async def test_a_record_that_cannot_be_asked_about_costs_only_itself(
    path: str, field: str, value: object, lists: str, stream: str
) -> None:
    """The stream that its id is needed for ends incomplete and names it; other records are asked about."""
    expected = await read([lists, stream])
    result = await read([lists, stream], Fault(path=path, edit=field, value=value, records=1))
    assert {name for name, _ in result.missing} == {stream}
    assert all(expected.rows[stream][key] == row for key, row in result.rows[stream].items())
    for failure in result.failures:
        assert f"in {lists} of advertiser {failure.advertiser_id} that cannot be asked about" in str(failure.error)
        assert f"{field} is {value if isinstance(value, str) else json.dumps(value)!r}" in str(failure.error)
