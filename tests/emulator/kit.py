"""A client that knows only HTTP, and the time at which the emulators of the tests stand still."""

import json
from datetime import UTC, datetime
from typing import Any

import aiohttp

from tiktok_marketing.emulator import Emulator

NOW = datetime(2026, 3, 10, 15, 40, tzinfo=UTC)
"""Two days after clocks went forward in New York. It is 11:40 there, and 04:40 on the 11th in Auckland."""


class Client:
    """Sends requests to an emulator as any HTTP client does."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self.session = session

    async def envelope(self, path: str, token: str | None = "", **params: Any) -> dict[str, Any]:
        """The decoded envelope. Arrays and objects among the parameters are sent as JSON text."""
        headers = {} if token is None else {"Access-Token": token or self.emulator.access_token}
        query = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
        url = f"{self.emulator.url}/open_api/v1.3/{path}"
        async with self.session.get(url, params=query, headers=headers) as response:
            assert response.status == 200
            self.headers = dict(response.headers)
            answer: dict[str, Any] = await response.json()
            return answer

    async def data(self, path: str, token: str | None = "", **params: Any) -> dict[str, Any]:
        """The data of a successful answer."""
        answer = await self.envelope(path, token, **params)
        assert (answer["code"], answer["message"]) == (0, "OK"), answer
        data: dict[str, Any] = answer["data"]
        return data

    async def read_all(
        self, path: str, page_size: int = 1000, list_key: str = "list", **params: Any
    ) -> list[dict[str, Any]]:
        """All records of a paged endpoint. Their number must match page_info."""
        records: list[dict[str, Any]] = []
        page = 1
        while True:
            data = await self.data(path, **params, page=page, page_size=page_size)
            records += data[list_key]
            if page >= data["page_info"]["total_page"]:
                assert len(records) == data["page_info"]["total_number"]
                return records
            page += 1

    async def report(self, level: str, grain: str = "stat_time_day", **params: Any) -> list[dict[str, Any]]:
        """All rows of a BASIC report. Deleted objects are included unless `filtering` is given."""
        dimension = f"{level}_id"
        if "filtering" not in params and level != "advertiser":
            params["filtering"] = [everything(level)]
        request = {
            "advertiser_id": self.emulator.advertiser_ids[0],
            "report_type": "BASIC",
            "data_level": f"AUCTION_{level.upper()}",
            "dimensions": [dimension, grain] if grain else [dimension],
            "metrics": ["spend", "impressions", "clicks", "conversion", "result", "reach"],
        }
        return await self.read_all("report/integrated/get/", **request | params)


def everything(level: str) -> dict[str, str]:
    """The filter that includes deleted objects."""
    return {"field_name": f"{level}_status", "filter_type": "IN", "filter_value": '["STATUS_ALL"]'}


def by_key(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows in the order of their dimensions, because TikTok promises none."""
    return sorted(rows, key=lambda row: [*row["dimensions"].values()])
