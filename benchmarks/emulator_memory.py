"""Memory of the emulator over many requests with accounts that do not exist, each another one.

Whoever asks for them gets a refusal. What the emulator remembers of them has bounds, so its memory has, too.

    python benchmarks/emulator_memory.py [--requests 200000]
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp

from harness import Figure, emulator, leave, machine, options, peak_of

ENDPOINT = "/open_api/v1.3/campaign/get/"
FIRST_ACCOUNT = 8_000_000_000_000_000_000
AT_ONCE = 50
MOST_MB = 150


def main() -> None:
    """Run it and print the figures."""
    parser = options(__doc__)
    parser.add_argument("--requests", type=int, default=200_000, help="how many requests")
    arguments = parser.parse_args()
    print(machine())
    with emulator() as ready:
        idle = peak_of(ready["pid"])
        began = time.perf_counter()
        asyncio.run(ask(ready, arguments.requests))
        seconds = time.perf_counter() - began
        peak = peak_of(ready["pid"])
    what = f"{arguments.requests:,} requests with an unknown account each"
    pace = arguments.requests / seconds
    print(f"{what}: {idle:.0f} MB before, largest {peak:.0f} MB, {pace:,.0f} requests per second")
    leave([Figure(what=f"{what}: largest resident memory", value=peak, unit="MB", most=MOST_MB)], arguments.json)


async def ask(ready: dict[str, Any], requests: int) -> None:
    """Send the requests, some at a time."""
    numbers = iter(range(requests))
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    headers = {"Access-Token": ready["access_token"]}
    async with aiohttp.ClientSession(ready["url"], connector=connector, headers=headers) as session:

        async def ask_in_turn() -> None:
            for number in numbers:
                params = {"advertiser_id": str(FIRST_ACCOUNT + number)}
                async with session.get(ENDPOINT, params=params) as answer:
                    assert (await answer.json())["code"] != 0

        await asyncio.gather(*(ask_in_turn() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    main()
