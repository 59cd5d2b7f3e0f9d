"""Time and memory until the first data are asked for: 5,000 accounts, all streams, five years.

A server answers for the accounts and holds back everything else, so that what is seen is the plan and nothing else. The
quota is out of the way: at 10 requests a second, asking about 5,000 accounts takes five seconds.

    python benchmarks/plan.py [--accounts 5000] [--years 5]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from harness import catalog_of, machine
from source_tiktok_marketing.catalog import STREAMS

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


async def measure(accounts: int, years: int) -> str:
    """Start a sync, wait until it asks for data, and say what it took."""
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
        command = [sys.executable, "-m", "source_tiktok_marketing.airbyte", "read"]
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
            cpu, peak = _used(process.pid)
        finally:
            process.kill()
            await process.wait()
            await runner.cleanup()
    assert server.first is not None
    assert server.told is not None
    return (
        f"{accounts:,} accounts, {len(STREAMS)} streams, {years} years: "
        f"first request after {server.first - began:.2f} s, "
        f"first data {max(0.0, planned - server.told):.2f} s after the last account was told of; "
        f"{cpu:.1f} s CPU, peak {peak:.0f} MB"
    )


def _write(folder: Path, **contents: Any) -> dict[str, str]:
    paths = {name: str(folder / f"{name}.json") for name in contents}
    for name, content in contents.items():
        Path(paths[name]).write_text(json.dumps(content))
    return paths


def _used(pid: int) -> tuple[float, float]:
    """Seconds of CPU and the largest resident memory, in MB, of a process that runs (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    return cpu, int(peak) / 1024


def main() -> None:
    """Print it, for few accounts and for many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--years", type=int, default=5)
    arguments = parser.parse_args()
    print(machine())
    for accounts in sorted({50, arguments.accounts}):
        print(asyncio.run(measure(accounts, arguments.years)))


if __name__ == "__main__":
    main()
