"""Time and memory until a sync asks for the first data: 5,000 accounts, all streams, five years.

A server answers for the accounts and delays everything else, so that only the plan is measured. There is no quota: at
10 requests per second, asking about 5,000 accounts would take five seconds.

    python benchmarks/plan.py [--accounts 5000] [--years 5]
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from harness import Figure, catalog_of, leave, machine, options, peak_of
from tiktok_marketing.catalog import STREAMS

MOST_SECONDS, MOST_MB = 2, 200
_HELD = 3.0
"""Seconds that what is asked for after the plan is held back, for as much as there is to be under way."""


class _Server:
    """Knows the accounts, and when what was asked for."""

    def __init__(self, accounts: int) -> None:
        self._ids = [str(7_000_000_000_000_000_000 + number) for number in range(accounts)]
        self.first: float | None = None
        self.told: float | None = None
        self.planned = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        now = time.perf_counter()
        self.first = self.first or now
        if request.path.endswith("oauth2/advertiser/get/"):
            rows: list[dict[str, Any]] = [
                {"advertiser_id": one, "advertiser_name": f"Account {one}"} for one in self._ids
            ]
        elif request.path.endswith("advertiser/info/"):
            created = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp())
            rows = [
                {"advertiser_id": one, "name": f"Account {one}", "display_timezone": "UTC", "create_time": created}
                for one in json.loads(request.query["advertiser_ids"])
            ]
            self.told = time.perf_counter()
        else:
            self.planned.set()
            await asyncio.sleep(60)
        return web.json_response({"code": 0, "message": "OK", "request_id": "1", "data": {"list": rows}})


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A sync until data were asked for.

    Args:
        first: Seconds from the start to the first request.
        accounts: Seconds from the start until the last account was told of.
        data: Seconds from the start to the first request for data.
        cpu: Seconds of CPU, a while later.
        peak_mb: Its largest resident memory until then.
    """

    first: float
    accounts: float
    data: float
    cpu: float
    peak_mb: float


async def measure(accounts: int, years: int) -> Planned:
    """Start a sync, wait until it asks for data, and see what it took."""
    server = _Server(accounts)
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    start_date = str((datetime.now(UTC) - timedelta(days=365 * years)).date())
    credentials = {"auth_type": "oauth2.0", "app_id": "1", "secret": "secret", "access_token": "token"}
    config = {"credentials": credentials, "requests_per_second": 1000, "start_date": start_date}
    with tempfile.TemporaryDirectory() as folder:
        paths = _write(Path(folder), config=config, catalog=catalog_of(*(stream.name for stream in STREAMS)))
        command = [sys.executable, "-m", "tiktok_marketing.airbyte", "read"]
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *command,
            *("--config", paths["config"], "--catalog", paths["catalog"]),
            stdout=asyncio.subprocess.DEVNULL,
            env={**os.environ, "TIKTOK_API_URL": url},
        )
        try:
            await asyncio.wait_for(server.planned.wait(), 300)
            planned = time.perf_counter()
            await asyncio.sleep(_HELD)
            cpu, peak = _cpu(process.pid), peak_of(process.pid)
        finally:
            process.kill()
            await process.wait()
            await runner.cleanup()
    assert server.first is not None
    assert server.told is not None
    return Planned(
        first=server.first - began, accounts=server.told - began, data=planned - began, cpu=cpu, peak_mb=peak
    )


def _write(folder: Path, **contents: Any) -> dict[str, str]:
    paths = {name: str(folder / f"{name}.json") for name in contents}
    for name, content in contents.items():
        Path(paths[name]).write_text(json.dumps(content))
    return paths


def _cpu(pid: int) -> float:
    """Seconds of CPU of a process that runs (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print it, for few accounts and for many."""
    parser = options(__doc__)
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--years", type=int, default=5)
    arguments = parser.parse_args()
    print(machine())
    figures = []
    for accounts in sorted({50, arguments.accounts}):
        took = asyncio.run(measure(accounts, arguments.years))
        title = f"{accounts:,} accounts, {len(STREAMS)} streams, {arguments.years} years"
        print(
            f"{title}: first request after {took.first:.2f} s, last account told of after {took.accounts:.2f} s, "
            f"first data asked for after {took.data:.2f} s; {took.cpu:.1f} s CPU, peak {took.peak_mb:.0f} MB"
        )
        remark = f"all accounts known after {took.accounts:.2f} s, data asked for after {took.data:.2f} s"
        figures += [
            Figure(what=f"{title}: first request", value=took.first, unit="s", most=MOST_SECONDS, remark=remark),
            Figure(what=f"{title}: largest resident memory", value=took.peak_mb, unit="MB", most=MOST_MB),
        ]
    leave(figures, arguments.json)


if __name__ == "__main__":
    main()
