"""An endpoint in another version of the API: requests go there, and errors and logs name it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from support import NOW, HurriedClock, config_for
from tiktok_marketing.config import parse_config
from tiktok_marketing.connect import connect
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.errors import TikTokError

STORES, REPORT = "gmv_max/store/list/", "v2.0/gmv_max/report/get/"


async def _report(emulator: Emulator, log: list[str]) -> Any:
    """The spend of a store by day, as version 2.0 of the report has it."""
    account = emulator.advertiser_ids[0]
    config = parse_config(config_for(emulator))
    async with connect(config, clock=HurriedClock(NOW), address=emulator.url, log_request=log.append) as api:
        stores = await api.get(STORES, {"advertiser_id": account}, msgspec.json.decode, advertiser_id=account)
        store = stores.value["data"]["store_list"][0]
        query = {
            "advertiser_id": account,
            "store_ids": [store["store_id"]],
            "store_authorized_bc_id": store["store_authorized_bc_id"],
            "dimensions": ["stat_time_day"],
            "metrics": ["cost"],
            "start_date": "2026-06-10",
            "end_date": "2026-06-12",
        }
        return (await api.get(REPORT, query, msgspec.json.decode, advertiser_id=account, brief=True)).value


async def test_a_path_with_a_version_is_read_there() -> None:
    """The log of requests shows the path that was asked."""
    log: list[str] = []
    async with Emulator(Options(now=NOW, tier="unlimited", gmv_max_report_version="2.0")) as emulator:
        answer = await _report(emulator, log)
    assert answer["data"]["list"]
    assert any("GET /open_api/v2.0/gmv_max/report/get/?" in line for line in log)
    assert any("GET /open_api/v1.3/gmv_max/store/list/?" in line for line in log)


async def test_an_error_names_the_path_with_its_version() -> None:
    """Where TikTok has not moved it, the path is unknown."""
    async with Emulator(Options(now=NOW, tier="unlimited")) as emulator:
        with pytest.raises(TikTokError) as raised:
            await _report(emulator, [])
    assert raised.value.endpoint == REPORT
    assert "v2.0/gmv_max/report/get/" in str(raised.value)
