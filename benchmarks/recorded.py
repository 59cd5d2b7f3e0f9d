"""A server that does nothing but send recorded pages, for any number of rows.

The pages are the emulator's, byte for byte, except for the ids and days of the rows. Each answer has new ones, so that
no row arrives twice.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from harness import emulator
from read_ads import pages_of

_ROWS = 1000
_ID, _DAY = b"@@@@@", b"2001-01-01"


@contextmanager
def recorded(*, accounts: int, rows_a_day: int) -> Iterator[dict[str, Any]]:
    """A server of recorded pages in a process of its own.

    Args:
        accounts: How many accounts the token reaches.
        rows_a_day: Ad rows that each has on every day, in thousands.

    Yields:
        What the emulator says of itself when it is ready, with this server's address.
    """
    today = datetime.now(UTC).date()
    with emulator("--advertisers", "1", "--days", "40", "--ads-per-account", "4000") as ready:
        (page,) = pages_of(ready, today - timedelta(days=20), today - timedelta(days=1), 1)
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(page)
        command = [sys.executable, __file__, file.name, str(accounts), str(rows_a_day)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - our own command
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            yield {**ready, "url": f"http://127.0.0.1:{port}"}
        finally:
            process.terminate()
            process.wait()


def _template(page: bytes) -> list[bytes]:
    """The rows between their ids and days."""
    rows = json.loads(page)["data"]["list"]
    for number, row in enumerate(rows):
        row["dimensions"] = {"ad_id": f"17{_ID.decode()}{number:09d}", "stat_time_day": f"{_DAY.decode()} 00:00:00"}
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    return text.split(_ID)


class _Server:
    def __init__(self, page: bytes, accounts: int, rows_a_day: int) -> None:
        self._rows = _template(page)
        self._ids = [str(7_000_000_000_000_000_000 + number) for number in range(accounts)]
        self._pages_a_day = -(-rows_a_day // _ROWS)

    async def accounts(self, _: web.Request) -> web.Response:
        return _answer({"list": [{"advertiser_id": one, "advertiser_name": one} for one in self._ids]})

    async def infos(self, request: web.Request) -> web.Response:
        ids = json.loads(request.query["advertiser_ids"])
        created = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp())
        return _answer(
            {"list": [{"advertiser_id": one, "display_timezone": "UTC", "create_time": created} for one in ids]}
        )

    async def report(self, request: web.Request) -> web.Response:
        query = request.query
        first, last = date.fromisoformat(query["start_date"]), date.fromisoformat(query["end_date"])
        pages = ((last - first).days + 1) * self._pages_a_day
        number = int(query["page"])
        day = first + timedelta(days=(number - 1) // self._pages_a_day)
        info = {"page": number, "page_size": _ROWS, "total_number": pages * _ROWS, "total_page": pages}
        body = b"".join(
            (
                b'{"code":0,"message":"OK","request_id":"1","data":{"list":',
                (b"%05d" % number).join(self._rows).replace(_DAY, str(day).encode()),
                b',"page_info":',
                json.dumps(info).encode(),
                b"}}",
            )
        )
        return web.Response(body=body, content_type="application/json")


def _answer(data: dict[str, Any]) -> web.Response:
    body = json.dumps({"code": 0, "message": "OK", "request_id": "1", "data": data}, separators=(",", ":"))
    return web.Response(body=body.encode(), content_type="application/json")


async def _serve(server: _Server) -> None:
    app = web.Application()
    for endpoint, handler in {
        "oauth2/advertiser/get/": server.accounts,
        "advertiser/info/": server.infos,
        "report/integrated/get/": server.report,
    }.items():
        app.router.add_get(f"/open_api/v1.3/{endpoint}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(_Server(Path(sys.argv[1]).read_bytes(), int(sys.argv[2]), int(sys.argv[3]))))
