"""Ids in lists that no request can name: what is missing because of them is reported, and everything else comes."""

from __future__ import annotations

import json

import pytest

from faults.hurry import Result, small, synced
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
